"""The file form of a whole record: JSON, written the same each time and read within bounds (``docs/record.md``). Pure.

What is read here has the right shape and nothing more; whether it fits together is ``scheduler.archive``'s to check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any, NoReturn, TypeVar

from scheduler.store.codec import canonical, columns_of, digest
from scheduler.store.facts import Link
from schedules.errors import InvalidInput, shown

FORMAT, VERSION = "dayzero record", 2
# Of form 1 all is read too; it held no approvals.
READABLE = (1, VERSION)
LARGEST_BYTES = 16 * 1024 * 1024
LONGEST_LIST, LONGEST_TEXT, LARGEST_NUMBER = 20_000, 600_000, 2**31 - 1
FIRST_YEAR, LAST_YEAR = 1900, 2199

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Whose record it is, and what it is planned by."""

    id: str
    protocol: str
    version: str
    site: str
    site_revision: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedTemplate:
    """A registered protocol version; ``source`` are its bytes, which are UTF-8."""

    protocol: str
    version: str
    sha256: str
    source: str
    registered: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedSite:
    """A revision of a site; ``sha256`` is of the canonical JSON of ``snapshot``."""

    id: str
    revision: int
    sha256: str
    snapshot: dict[str, Any]
    registered: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedApproval:
    """That the site may use a version of the protocol; of several for one version they are in their order."""

    version: str
    mandatory: bool
    registered: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedVisit:
    """A visit as calendars have it. Its UID follows from the salt in the enrolment, and is not repeated here."""

    visit: str
    label: str
    place: str
    status: str
    day: date | None
    clock: time | None
    zone: str | None
    moment: datetime | None
    minutes: int | None
    window_start: date | None
    window_end: date | None
    part_of: str | None
    guests: str
    served: bool
    revision: int
    sequence: int
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPeriod:
    """A period as calendars have it."""

    period: str
    label: str
    first: date | None
    last: date | None
    show_patient: bool
    off: bool
    revision: int
    sequence: int
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A whole record."""

    subject: Head
    facts: tuple[Link, ...]
    templates: tuple[ArchivedTemplate, ...]
    sites: tuple[ArchivedSite, ...]
    visits: tuple[ArchivedVisit, ...]
    periods: tuple[ArchivedPeriod, ...]
    approvals: tuple[ArchivedApproval, ...] = ()


# Writing


def written(archive: Archive) -> bytes:
    """The file: the same record gives the same bytes."""
    document: dict[str, object] = {"format": FORMAT, "version": VERSION, "subject": _plain_fields(archive.subject)}
    document["facts"] = [_plain_fact(link) for link in archive.facts]
    for name in ("templates", "sites", "visits", "periods", "approvals"):
        document[name] = [_plain_fields(item) for item in getattr(archive, name)]
    document["sha256"] = digest(canonical(document))
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _plain_fact(link: Link) -> dict[str, object]:
    plain = _plain_fields(link) | {"details": json.loads(link.details)}
    del plain["subject"]
    return plain


def _plain_fields(value: Any) -> dict[str, object]:
    return {name: _plain(item) for name, item in columns_of(value).items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date | time) else value


# Reading


def read(data: bytes) -> Archive:
    """The record in a file. Raises InvalidInput for what is none, was changed, or is of a newer dayzero."""
    document = _document(data)
    _check_head(document)
    checksum = document.pop("sha256", None)
    if checksum != digest(canonical(document)):
        raise InvalidInput(
            "The file was changed after it was written: its sha256 does not fit what it says. Export the record anew."
        )
    document.setdefault("approvals", [])
    subject = _read(Head, document.get("subject"), "subject")
    return Archive(
        subject=subject,
        facts=_all(partial(_read_fact, subject.id), document, "facts"),
        templates=_all(partial(_read, ArchivedTemplate), document, "templates"),
        sites=_all(partial(_read, ArchivedSite), document, "sites"),
        visits=_all(partial(_read, ArchivedVisit), document, "visits"),
        periods=_all(partial(_read, ArchivedPeriod), document, "periods"),
        approvals=_all(partial(_read, ArchivedApproval), document, "approvals"),
    )


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_BYTES:
        raise InvalidInput(f"The file is larger than {LARGEST_BYTES // 1024**2} MiB, and so no record.")
    try:
        found = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_no_number)
        # A lone surrogate, which JSON can write, is text to nobody else.
        canonical(found).encode()
    except UnicodeError:
        raise InvalidInput("The file is no record: it holds bytes that are not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"The file is no record: line {error.lineno}, column {error.colno} is no JSON ({error.msg})."
        ) from None
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidInput(f"The file is no record: {reason}.") from None
    if not isinstance(found, dict):
        raise InvalidInput("The file is no record: it holds no JSON object.")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"it holds {shown(text)}, and a record has whole numbers only")


def _check_head(document: Mapping[str, Any]) -> None:
    if document.get("format") != FORMAT:
        raise InvalidInput(
            "The file is no record of dayzero. Such a file is written by 'dayzero record export SUBJECT -o FILE'."
        )
    if document.get("version") not in READABLE or document["version"] is True:
        raise InvalidInput(
            f"The record has form {shown(str(document.get('version')))}, and this dayzero knows forms 1 and {VERSION}. "
            "Use the newer dayzero that wrote it."
        )
    known = {"format", "version", "sha256", *(field.name for field in fields(Archive))}
    if document["version"] == 1:
        known -= {"approvals"}
    _check_keys(document, known - {"sha256"}, known, "The record")


def _check_keys(found: Mapping[str, Any], needed: set[str], known: set[str], where: str) -> None:
    missing, unknown = sorted(needed - set(found)), sorted(set(found) - known)
    if missing:
        raise InvalidInput(f"{where} has no '{missing[0]}'.")
    if unknown:
        raise InvalidInput(f"{where} has a key {shown(unknown[0])}, which means nothing here.")


def _all(item: Callable[[object, str], T], document: Mapping[str, Any], name: str) -> tuple[T, ...]:
    found = document[name]
    if not isinstance(found, list) or len(found) > LONGEST_LIST:
        _wrong(found, name, f"a list of at most {LONGEST_LIST}")
    return tuple(item(value, f"{name}[{place}]") for place, value in enumerate(found))


def _read_fact(subject: str, node: object, where: str) -> Link:
    if not isinstance(node, dict):
        _wrong(node, where, "an object")
    details = _texts(node.get("details"), f"{where}.details")
    return _read(Link, {**node, "subject": subject, "details": canonical(details)}, where)


def _read(kind: type[T], node: object, where: str) -> T:
    """A flat value of that dataclass, each field read by its type."""
    if not isinstance(node, dict):
        _wrong(node, where, "an object")
    types = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    _check_keys(node, set(types), set(types), where)
    return kind(**{name: _value(node[name], type, f"{where}.{name}") for name, type in types.items()})


def _value(value: object, type: str, where: str) -> object:
    if type.endswith(" | None"):
        return None if value is None else _value(value, type.removesuffix(" | None"), where)
    return _READERS[type](value, where)


def _wrong(value: object, where: str, expected: str) -> NoReturn:
    # Of a list or an object only what it is, since it may be long.
    found = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else shown(str(value))
    raise InvalidInput(f"{where} is {found}; expected {expected}.")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\x00" in value:
        _wrong(value, where, "text")
    return value


def _number(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_NUMBER:
        _wrong(value, where, "a whole number")
    return value


def _yes_or_no(value: object, where: str) -> bool:
    return value if isinstance(value, bool) else _wrong(value, where, "true or false")


def _texts(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        _wrong(value, where, "an object")
    return {name: _text(item, f"{where}.{name}") for name, item in value.items()}


def _object(value: object, where: str) -> dict[str, Any]:
    return value if isinstance(value, dict) else _wrong(value, where, "an object")


def _day(value: object, where: str) -> date:
    try:
        day = date.fromisoformat(_text(value, where))
    except ValueError:
        _wrong(value, where, "a date, such as 2026-03-02")
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else _wrong(value, where, "a date from 1900 to 2199")


def _clock(value: object, where: str) -> time:
    try:
        clock = time.fromisoformat(_text(value, where))
    except ValueError:
        _wrong(value, where, "a time of day, such as 10:00:00")
    return clock if clock.tzinfo is None else _wrong(value, where, "a time of day without a zone")


def _moment(value: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, where))
    except ValueError:
        _wrong(value, where, "a moment, such as 2026-03-02T02:00:00+00:00")
    if moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        _wrong(value, where, "a moment with its offset from UTC, from 1900 to 2199")
    return moment.astimezone(UTC)


_READERS: Mapping[str, Callable[[object, str], object]] = {
    "str": _text,
    "int": _number,
    "bool": _yes_or_no,
    "date": _day,
    "time": _clock,
    "datetime": _moment,
    "dict[str, Any]": _object,
}


def counted(number: int, noun: str) -> str:
    """``1 fact``, ``2 facts``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def names(items: Iterable[str]) -> str:
    """Names on one line, the first few of them."""
    found = tuple(items)
    return ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
