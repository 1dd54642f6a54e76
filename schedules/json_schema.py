"""The template language (design §4) as a JSON Schema, for editors that complete, explain and check while one writes.

``python -m schedules.json_schema`` prints it; ``docs/template.schema.json`` holds it. It never refuses what
:mod:`schedules.load` accepts: whether a name is defined, and what dates can be, is left to the loader. The loader
reads every scalar as text while an editor reads ``1`` as a number and ``true`` as a boolean, so those are texts here
too. What an editor reads as nothing (an empty value, ``~``, ``null``) is no text: the first is an error to the loader
as well, the other two want quotes.

Draft 2020-12, and within it the keywords that mean the same in draft 7, which older editors know.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from schedules.load import TOP_KEYS
from schedules.load_frame import MOST_CYCLES
from schedules.load_visits import MOST_MEMBERS, REPETITION_KEYS, VISIT_KEYS
from schedules.points import POINTS, SAMPLES, WINDOWS
from schedules.reader import TAKEN, TAKEN_BY_GROUPS
from schedules.reminder_rules import ADVICE, FORMS, NEWS
from schedules.spans import UNITS
from schedules.template import PLACES, ROLES

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = ["string", "number", "boolean"]
_NAME = "[a-z0-9]+(?:-[a-z0-9]+)*"
_UNITS = "|".join(UNITS)
_ISO = "P[0-9A-Z]+"
_LENGTH = rf"(?:[0-9]+\s*(?:{_UNITS})s?|{_ISO})"
_AROUND = rf"(?:±\s*{_LENGTH}|[+-]?(?:{_LENGTH}|[0-9]+)\s*\.\.\s*[+-]?{_LENGTH})"
# What stands inside the brackets of earliest(…) and latest(…) is again a point, and too deep for a pattern.
_EXTREME = r"(?:earliest|latest)\s*\([\sa-zA-Z0-9/.,()+-]*\)"
_TERM = rf"(?:{_EXTREME}|day\s+[+-]?[0-9]+|{_NAME}(?:/{_NAME})?(?:\.first|\.last)?)"
_POINT = rf"{_TERM}(?:\s*[+-]\s*{_LENGTH})*"
_CLEARANCE = rf"\s*(?:{_LENGTH}|[1-9][0-9]?\s*[×x*]\s*{_NAME})\s*"
_GROUPS = re.compile(r"\(\?P<\w+>")  # editors have no names for groups
_REMINDER = _GROUPS.sub(
    "(?:",
    rf"(?:{'|'.join(form for _, form in FORMS)})(?: at [0-9:]+)?|{'|'.join(form for _, form in NEWS)}",
)


def _whole(pattern: str) -> str:
    return rf"^\s*(?:{pattern})\s*$"


def _text(description: str = "", *, pattern: str = r"\S", advice: str = "") -> Schema:
    """A scalar; ``advice`` is what an editor says where the pattern does not match (a keyword of editors)."""
    schema: Schema = {"type": _TEXT, "pattern": pattern}
    return {**schema, **({"patternErrorMessage": advice} if advice else {}), **_described(description)}


def _pattern(pattern: str, advice: str, description: str = "") -> Schema:
    """A text that no editor reads as anything else."""
    found = {"type": "string", "pattern": _whole(pattern), "patternErrorMessage": advice}
    return {**found, **_described(description)}


def _described(description: str) -> Schema:
    return {"description": description} if description else {}


def _ref(name: str, description: str = "") -> Schema:
    return {"$ref": f"#/$defs/{name}", **_described(description)}


def _one_or_more(item: str, description: str, *, least: int = 0) -> Schema:
    several: Schema = {"type": "array", "items": _ref(item), **({"minItems": least} if least else {})}
    return {"anyOf": [_ref(item), several], "description": description}


def _word(words: Iterable[str], description: str) -> Schema:
    return {"enum": [*words], "description": description}


def _number(least: int, most: int, description: str) -> Schema:
    limits = {"type": "integer", "minimum": least, "maximum": most}
    return {"anyOf": [limits, {"type": "string", "pattern": "^[0-9]{1,9}$"}], "description": description}


def _flag(description: str) -> Schema:
    return {"enum": [True, False, "true", "false"], "description": description}


def _statement(fields: Iterable[str], description: str) -> Schema:
    """A ``quote`` or ``assumed``: for the whole, or by field."""
    by_field = {"type": "object", "properties": {name: _ref("text") for name in fields}, "additionalProperties": False}
    return {"anyOf": [_ref("text"), by_field], "description": description}


def _fields(keys: Iterable[str], described: Mapping[str, Schema]) -> dict[str, Schema]:
    return {key: described[key] for key in keys}


def _map(fields: Mapping[str, Schema], *, required: Iterable[str] = (), empty: bool = False) -> Schema:
    """A map with these keys and no others; ``quote`` and ``assumed`` may stand on anything."""
    needed = {"required": list(required)} if required else {}
    statements = {"quote": _statement(fields, _QUOTE), "assumed": _statement(fields, _ASSUMED)}
    kind: Any = ["object", "null"] if empty else "object"
    return {"type": kind, "properties": {**fields, **statements}, "additionalProperties": False, **needed}


def _section(item: Schema, description: str, *, names: str = "new-name", empty: bool = True) -> Schema:
    """A section of the file: names and what each of them is."""
    return {
        "type": ["object", "null"] if empty else "object",
        "description": description,
        "propertyNames": _ref(names),
        "additionalProperties": item,
    }


_QUOTE = "The words of the protocol or the record that this follows: a text for the whole, or a map by key."
_ASSUMED = "What the protocol leaves open and this template assumes, to be confirmed: a text, or a map by key."
_ONLY_FOR = (
    "The groups it is meant for: {stratum: neuroblastoma, arm: [A, B]}. All keys must fit; of a list, one value."
)
_LABEL = "What people read. Without it, the name as words."

_TOP: dict[str, Schema] = {
    "protocol": _text("The protocol's id, such as NEUK203-13."),
    "version": _text('The version of the protocol. Put it in quotes: "1.0".'),
    "title": _text("The title of the study, on one line."),
    "registry": _text("The number in a registry, such as NCT07366658."),
    "record": _text("Which record the quotes are from."),
    "timezone": _text("The zone where a site names none: a name of the IANA list, such as Asia/Shanghai."),
    "reference": {
        **_map(
            {
                "visit": _ref("name", "The visit from which days are counted, such as d1."),
                "day": {"enum": ["0", "1", 0, 1], "description": "Its own number: 1 (no Day 0), or 0."},
            },
            required=("visit", "day"),
        ),
        "description": "What 'day N' is counted from: {visit: d1, day: 1} has no Day 0, {visit: d0, day: 0} has one.",
    },
    "epochs": _section(_ref("epoch"), "The parts of the protocol in order, and what the visits of each share."),
    "groups": _section(_ref("group"), "What tells patients' schedules apart: arm, dose level.", names="group-name"),
    "milestones": _section(_ref("milestone"), "Events that are no visits: product released, progression."),
    "history": _section(_ref("history"), "Earlier treatments, and how long before a visit they must be over."),
    "visits": _section(_ref("visit"), "The columns of the schedule: when a patient is seen.", empty=False),
    "cycles": _section(_ref("cycle"), "Parts of the protocol that may be given again."),
    "activities": _section(_ref("activity"), "The rows of the schedule: what is done at which visits."),
    "periods": _section(_ref("period"), "Spans of days with a last day that somebody waits for."),
    "reminders": {
        "type": ["object", "null"],
        "description": "Who is reminded, and when: 'patient: [7 days before at 09:00]'.",
        "properties": {
            **{role: _one_or_more("reminder", f"When to remind: {role}.") for role in ROLES},
            "quote": _statement(ROLES, _QUOTE),
            "assumed": _statement(ROLES, _ASSUMED),
        },
        "additionalProperties": False,
    },
    "notes": {
        "description": "What is no matter of dates: 3+3 rules, cohort sizes. A text, a list, or texts by name.",
        "anyOf": [
            _ref("text"),
            {"type": "array", "items": _ref("text")},
            {"type": "object", "additionalProperties": _ref("text")},
        ],
    },
}  # fmt: skip

_VISIT: dict[str, Schema] = {
    "label": _text("What people read. {n} and {member} stand for a member of a series, a group's name for its value."),
    "epoch": _ref("name", "The part of the protocol it belongs to."),
    "at": _ref("at", "When: a point (day 8), a list of points, named members, or a repetition (every, first or from)."),
    "window": _ref("window", "The days around the target on which it may be."),
    "place": _word(PLACES, "Where. Clinic (the default) and phone are on open days, ward and remote on every day."),
    "no_earlier_than": _one_or_more("point", "It is never planned before this point, or any of these."),
    "no_later_than": _one_or_more("point", "It is never planned after this point, or any of these."),
    "at_the_latest": _ref("point", "After its window it may be booked up to here, with a reason; never planned."),
    "duration": _ref("length", "How long it takes: 4 hours."),
    "requires": _one_or_more("name", "Milestones that must be recorded before it is booked or done."),
    "only_for": _ref("only-for", _ONLY_FOR),
    "together_with": _one_or_more("name", "Visits to hold on the same day, where the windows overlap."),
}  # fmt: skip

_REPETITION: dict[str, Schema] = {
    "every": _ref("length", "The step from one member to the next: 1 day, 3 months."),
    "first": _ref("point", "The first member is at this point."),
    "from": _ref("point", "The first member is one step after this point."),
    "times": _number(1, MOST_MEMBERS, "How many members."),
    "numbers": _pattern(r"[0-9]{1,4}\s*\.\.\s*[0-9]{1,4}", "Numbers are '1..5'.", "The numbers of the members: 1..5."),
    "until": _ref("point", "No member after this point (inclusive)."),
    "from_previous": _flag("Each member is counted from the one before as it really was, so that a delay carries on."),
}  # fmt: skip

_EPOCH: dict[str, Schema] = {
    "label": _text(_LABEL),
    "place": _word(PLACES, "Where its visits are, unless they say otherwise."),
    "window": _ref("window", "The window of its visits, unless they say otherwise."),
}
_GROUP: dict[str, Schema] = {
    "label": _text(_LABEL),
    "values": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": _ref("text"),
        "description": "Its values and their labels.",
    },
    "default": _text("The value of a patient for whom none is given."),
    "later": _flag("The value is known only after enrolment."),
}
_MILESTONE: dict[str, Schema] = {
    "label": _text(_LABEL),
    "expected": _ref("point", "When it is expected: shown and reminded, but it dates nothing."),
    "stop": _one_or_more("name", "What it ends: activities, visits, series, epochs, or 'all'."),
    "keep": _one_or_more("name", "What it spares of what 'stop' ends."),
    "repeats": _flag("It may happen more than once, and calls for its visits each time."),
    "once": _flag("As a gate it is not asked again in a further cycle."),
}
_HISTORY: dict[str, Schema] = {
    "label": _text(_LABEL),
    "clear": _pattern(
        rf"{_CLEARANCE}|(?:shorter|longer)\(.+\)",
        "Write '4 weeks', '5 × half-life', 'shorter(4 weeks, 5 × half-life)' or 'longer(…)'.",
        "How long it must be over: 4 weeks, 5 × half-life, shorter(4 weeks, 5 × half-life), longer(…).",
    ),
    "before": _ref("name", "The visit it must be over before."),
}
_CYCLE: dict[str, Schema] = {
    "repeat": _one_or_more("name", "The epochs, series or visits that are given again."),
    "from": _ref("point", "Where its reference visit is, from a milestone: second-cycle + 7 days."),
    "max": _number(1, MOST_CYCLES, "How often at most; 1 unless said otherwise."),
    "no_earlier_than": _one_or_more("point", "A bound of its reference visit; names mean the cycle before."),
    "no_later_than": _one_or_more("point", "A bound of its reference visit; names mean the cycle before."),
}
_ACTIVITY: dict[str, Schema] = {
    "label": _text("What people read. A group's name in { } stands for the patient's value."),
    "visits": _one_or_more("visits", "Where it is done: visits, series, epochs, ranges (d1 .. d28).", least=1),
    "department": _text("Who prepares it: pharmacy, apheresis, cell lab, infusion unit, imaging, or another name."),
    "samples": {
        "type": ["object", "null"],
        "description": "Times within a visit: {d1: [-30 minutes, +2 hours ±15 minutes]}.",
        "propertyNames": _ref("visits"),
        "additionalProperties": _one_or_more("sample", "Times counted from the visit."),
    },
    "optional": _one_or_more("visits", "Those of its visits where it is done only once it is chosen for a patient."),
    "only_for": _ref("only-for", _ONLY_FOR),
}
_PERIOD: dict[str, Schema] = {
    "label": _text(_LABEL),
    "from": _ref("point", "Its first day."),
    "to": _ref("point", "Its last day."),
    "for": _ref("length", "How long it is, instead of 'to'."),
    "after_each": _ref("name", "An activity: the period begins anew at every visit where that is given. Needs 'for'."),
    "and_until_done": _one_or_more("name", "It stays open until these visits are done or missed."),
    "only_for": _ref("only-for", _ONLY_FOR),
    "show": _word(("patient",), "patient: it stands in the patient's calendar too."),
}

_MEMBERS: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": _ref("name"),
    "properties": {
        key: {"anyOf": [_ref("text"), {"type": "object", "additionalProperties": _ref("text")}], "description": words}
        for key, words in (("quote", _QUOTE), ("assumed", _ASSUMED))
    },
    "additionalProperties": _ref("target"),
}
_DEFINITIONS: dict[str, Schema] = {
    "text": _text(),
    "name": _text(pattern=rf"^{_NAME}$", advice="Names are made of a-z, 0-9 and single '-'."),
    "new-name": {
        "pattern": rf"^(?!(?:day|d|unscheduled)-[0-9]+$|(?:{'|'.join(TAKEN)})$){_NAME}$",
        "patternErrorMessage": "Names are made of a-z, 0-9 and single '-', and are no day ('day-1') nor a word of the "
        f"language ({', '.join(TAKEN)}).",
    },
    "group-name": {
        "pattern": rf"^(?!(?:{'|'.join(TAKEN_BY_GROUPS)})$)[a-z][a-z0-9_-]*$",
        "patternErrorMessage": "Names of groups are made of a-z, 0-9, '-' and '_', begin with a letter, and are no "
        f"word of the language ({', '.join(TAKEN_BY_GROUPS)}).",
    },
    "point": _text(pattern=_whole(_POINT), advice=POINTS),
    "target": _text(pattern=_whole(rf"{_POINT}(?:\s*{_AROUND})?"), advice=POINTS),
    "window": _pattern(rf"{_AROUND}|{_POINT}\s*\.\.\s*{_POINT}", WINDOWS),
    "length": _pattern(_LENGTH, "Lengths of time are '6 weeks', '3 months', '8 hours', 'P6W'."),
    "sample": _pattern(rf"[+-]?\s*{_LENGTH}(?:\s*{_AROUND})?", SAMPLES),
    "visits": _text(
        pattern=_whole(rf"{_NAME}(?:\s*\.\.\s*{_NAME})?"),
        advice="A visit, a series, an epoch, or a range such as 'd1 .. d28'.",
    ),
    "reminder": _pattern(
        _REMINDER,
        ADVICE,
    ),
    "only-for": {
        "type": ["object", "null"],
        "propertyNames": _ref("group-name"),
        "additionalProperties": {"anyOf": [_ref("text"), {"type": "array", "items": _ref("text"), "minItems": 1}]},
    },
    "epoch": _map(_EPOCH, empty=True),
    "group": {
        "type": "object",
        "if": {"required": ["values"]},
        "then": _map(_GROUP),
        "else": {
            "minProperties": 1,
            "properties": {"quote": _statement(("values",), _QUOTE), "assumed": _statement(("values",), _ASSUMED)},
            "additionalProperties": _ref("text"),
        },
    },
    "milestone": {"anyOf": [_text("Its label."), _map(_MILESTONE)]},
    "history": _map(_HISTORY, required=("clear", "before")),
    "visit": _map(_fields(VISIT_KEYS, _VISIT), required=("epoch", "at")),
    "at": {
        "anyOf": [
            _ref("target"),
            {"type": "array", "items": _ref("target"), "minItems": 1},
            {
                "type": "object",
                "if": {"anyOf": [{"required": [key]} for key in REPETITION_KEYS]},
                "then": _ref("repetition"),
                "else": _MEMBERS,
            },
        ]
    },
    "repetition": {
        **_map(_fields(REPETITION_KEYS, _REPETITION), required=("every",)),
        "oneOf": [{"required": ["first"]}, {"required": ["from"]}],
        "anyOf": [{"required": [key]} for key in ("times", "numbers", "until")],
        "not": {"required": ["times", "numbers"]},
    },
    "cycle": _map(_CYCLE, required=("repeat", "from")),
    "activity": _map(_ACTIVITY, required=("visits",)),
    "period": {
        **_map(_PERIOD),
        "oneOf": [{"required": keys} for keys in (["from", "to"], ["from", "for"], ["after_each", "for"])],
    },
}


def json_schema() -> Schema:
    """The schema of a whole template, as a value that JSON can hold."""
    return {
        "$schema": DIALECT,
        "title": "dayzero schedule template",
        "description": "One version of a protocol: its visits, when they are, and what is done there.",
        **_map(_fields(TOP_KEYS, _TOP), required=("protocol", "version", "title", "reference", "visits")),
        "$defs": _DEFINITIONS,
    }


def as_text() -> str:
    """The schema as the text of ``docs/template.schema.json``."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
