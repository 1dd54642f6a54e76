"""Calendars read by parsers that share no code with icalendar: what each makes of an event, or that it refuses.

vobject and ical come from PyPI. ical.js is used where Node is: ``DAYZERO_ICAL_JS`` names the folder in which ``npm
install ical.js`` was run. libical (Evolution's) is used where it is installed, or where
``DAYZERO_LIBICAL`` names its file.
"""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import vobject
from ical.calendar_stream import IcsCalendarStream

SECONDS = 20


class Refused(Exception):
    """A parser does not read a calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An event as a parser gives it; moments in UTC, dates as dates."""

    uid: str
    summary: str
    description: str
    location: str
    status: str
    sequence: int
    start: date
    end: date


class Reader:
    """A parser. ``problem`` says why there is none on this machine; ``read`` raises Refused."""

    name = ""
    problem = ""

    def read(self, data: bytes) -> list[Read]:
        """The events of a calendar, in its order."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends what it runs."""


def _utc(when: Any) -> date:
    assert isinstance(when, date)
    return when.astimezone(UTC) if isinstance(when, datetime) else when


class VObject(Reader):
    """vobject, of which Radicale is made."""

    name = "vobject"

    def read(self, data: bytes) -> list[Read]:
        try:
            calendars = list(vobject.readComponents(data.decode("utf-8")))
            return [self._event(event) for found in calendars for event in found.contents.get("vevent", ())]
        except Exception as error:
            raise Refused(f"vobject: {error}") from error

    def _event(self, event: Any) -> Read:
        text = {name: event.contents[name][0].value for name in event.contents if name != "valarm"}
        return Read(
            uid=text["uid"],
            summary=text["summary"],
            description=text.get("description", ""),
            location=text.get("location", ""),
            status=text["status"],
            sequence=int(text["sequence"]),
            start=_utc(text["dtstart"]),
            end=_utc(text["dtend"]),
        )


class Ical(Reader):
    """ical, which Home Assistant uses."""

    name = "ical"

    def read(self, data: bytes) -> list[Read]:
        try:
            return [self._event(event) for event in IcsCalendarStream.calendar_from_ics(data.decode("utf-8")).events]
        except Exception as error:
            raise Refused(f"ical: {error}") from error

    def _event(self, event: Any) -> Read:
        return Read(
            uid=event.uid,
            summary=event.summary,
            description=event.description or "",
            location=event.location or "",
            status=event.status.value,
            sequence=event.sequence,
            start=_utc(event.dtstart),
            end=_utc(event.dtend),
        )


_SCRIPT = """
const I = require(process.argv[1]), ICAL = I.default || I;
const when = (t) => t.isDate ? t.toString() : new Date(t.toUnixTime() * 1000).toISOString();
function read(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const zones = {};
  for (const zone of calendar.getAllSubcomponents("vtimezone"))
    zones[zone.getFirstPropertyValue("tzid")] = new ICAL.Timezone(zone);
  return calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    for (const name of ["dtstart", "dtend"]) {
      const zone = component.getFirstProperty(name).getParameter("tzid");
      if (zone && !zones[zone]) throw new Error("no VTIMEZONE " + zone);
    }
    return {uid: event.uid, summary: event.summary, description: event.description || "",
      location: event.location || "", status: component.getFirstPropertyValue("status"),
      sequence: event.sequence, start: when(event.startDate), end: when(event.endDate)};
  });
}
require("readline").createInterface({input: process.stdin}).on("line", (line) => {
  let answer;
  try { answer = {events: read(Buffer.from(line, "base64").toString("utf8"))}; }
  catch (error) { answer = {error: String(error)}; }
  console.log(JSON.stringify(answer));
});
"""


class IcalJs(Reader):
    """ical.js, Thunderbird's and Nextcloud's: one Node process, a calendar a line."""

    name = "ical.js"

    def __init__(self) -> None:
        folder, self._node = os.environ.get("DAYZERO_ICAL_JS"), shutil.which("node")
        self._process: subprocess.Popen[str] | None = None
        self._module = Path(folder or ".") / "node_modules" / "ical.js" / "dist" / "ical.es5.cjs"
        if self._node is None:
            self.problem = "there is no Node on this machine"
        elif folder is None:
            self.problem = "DAYZERO_ICAL_JS names no folder in which 'npm install ical.js' was run"
        elif not self._module.is_file():
            self.problem = f"DAYZERO_ICAL_JS names a folder without {self._module.relative_to(folder)}"

    def read(self, data: bytes) -> list[Read]:
        answer = json.loads(self._answer(data))
        if "error" in answer:
            raise Refused(f"ical.js: {answer['error']}")
        return [
            Read(**{**event, "start": self._when(event["start"]), "end": self._when(event["end"])})
            for event in answer["events"]
        ]

    def _when(self, text: str) -> date:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)

    def _answer(self, data: bytes) -> str:
        if self._process is None:
            assert self._node is not None
            self._process = subprocess.Popen(
                [self._node, "-e", _SCRIPT, str(self._module.resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(data).decode() + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=SECONDS)


class LibIcal(Reader):
    """libical through ctypes; texts and dates as it gives them, its count of errors as a refusal."""

    name = "libical"
    _EVENT, _ANY = 4, 1

    def __init__(self) -> None:
        file = os.environ.get("DAYZERO_LIBICAL") or ctypes.util.find_library("ical")
        if file is None:
            self.problem = "libical is not installed, and DAYZERO_LIBICAL names none"
            return
        self._lib = ctypes.CDLL(file)
        for name, result, *arguments in (
            ("icalparser_parse_string", ctypes.c_void_p, ctypes.c_char_p),
            ("icalcomponent_count_errors", ctypes.c_int, ctypes.c_void_p),
            ("icalcomponent_free", None, ctypes.c_void_p),
            ("icalcomponent_get_first_component", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int),
            ("icalcomponent_get_next_component", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int),
            ("icalcomponent_get_first_property", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int),
            ("icalproperty_string_to_kind", ctypes.c_int, ctypes.c_char_p),
            ("icalproperty_get_value_as_string", ctypes.c_char_p, ctypes.c_void_p),
            ("icalproperty_get_parameter_as_string", ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p),
            ("icalproperty_get_value", ctypes.c_void_p, ctypes.c_void_p),
            ("icalvalue_get_text", ctypes.c_char_p, ctypes.c_void_p),
        ):
            function = getattr(self._lib, name)
            function.restype, function.argtypes = result, list(arguments)

    def read(self, data: bytes) -> list[Read]:
        root = self._lib.icalparser_parse_string(data)
        if root is None:
            raise Refused("libical: nothing was read")
        try:
            errors = self._lib.icalcomponent_count_errors(root)
            if errors:
                raise Refused(f"libical: {errors} errors")
            return [self._event(event) for event in self._events(root)]
        except ValueError as error:
            raise Refused(f"libical: {error}") from error
        finally:
            self._lib.icalcomponent_free(root)

    def _events(self, root: int) -> Iterator[int]:
        event = self._lib.icalcomponent_get_first_component(root, self._EVENT)
        while event is not None:
            yield event
            event = self._lib.icalcomponent_get_next_component(root, self._EVENT)

    def _property(self, event: int, name: str) -> int | None:
        kind = self._lib.icalproperty_string_to_kind(name.encode())
        found: int | None = self._lib.icalcomponent_get_first_property(event, kind)
        return found

    def _text(self, event: int, name: str) -> str:
        found = self._property(event, name)
        if found is None:
            return ""
        return str(self._lib.icalvalue_get_text(self._lib.icalproperty_get_value(found)).decode("utf-8"))

    def _plain(self, event: int, name: str) -> str:
        found = self._property(event, name)
        if found is None:
            raise Refused(f"libical: an event without {name}")
        return str(self._lib.icalproperty_get_value_as_string(found).decode("utf-8"))

    def _when(self, event: int, name: str) -> date:
        text = self._plain(event, name)
        if len(text) == len("20260302"):
            return date.fromisoformat(text)
        zone = self._lib.icalproperty_get_parameter_as_string(self._property(event, name), b"TZID")
        wall = datetime.fromisoformat(text.removesuffix("Z"))
        return wall.replace(tzinfo=UTC if zone is None else ZoneInfo(zone.decode())).astimezone(UTC)

    def _event(self, event: int) -> Read:
        return Read(
            uid=self._text(event, "UID"),
            summary=self._text(event, "SUMMARY"),
            description=self._text(event, "DESCRIPTION"),
            location=self._text(event, "LOCATION"),
            status=self._plain(event, "STATUS"),
            sequence=int(self._plain(event, "SEQUENCE")),
            start=self._when(event, "DTSTART"),
            end=self._when(event, "DTEND"),
        )


READERS: tuple[type[Reader], ...] = (VObject, Ical, IcalJs, LibIcal)
