"""The JSON Schema of the template language: in step with the loader, and never stricter than it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.catalogue import PROTOCOLS
from schedules.errors import DayzeroError, TemplateError
from schedules.json_schema import as_text, json_schema
from schedules.load import load
from schedules.points import parse_offset, parse_point, parse_target, parse_window
from schedules.reader import Reader
from schedules.source import Entries, Items, Node, Text, read_source
from schedules.spans import parse_span
from schedules.template import ROLES

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json_schema()
Schema = dict[str, Any]


# A validator of the keywords that the schema uses, and of no others

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}
OF_ANYTHING: dict[str, Callable[[Any, Any], bool]] = {
    "$ref": lambda name, value: valid(SCHEMA["$defs"][name.removeprefix("#/$defs/")], value),
    "type": lambda kinds, value: any(TYPES[kind](value) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
    "enum": lambda values, value: any(type(value) is type(one) and value == one for one in values),
    "anyOf": lambda schemas, value: any(valid(one, value) for one in schemas),
    "oneOf": lambda schemas, value: sum(valid(one, value) for one in schemas) == 1,
    "not": lambda schema, value: not valid(schema, value),
}  # fmt: skip
OF_TYPE: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "pattern": ("string", lambda pattern, value: re.search(pattern, value) is not None),
    "minimum": ("number", lambda least, value: value >= least),
    "maximum": ("number", lambda most, value: value <= most),
    "items": ("array", lambda schema, value: all(valid(schema, item) for item in value)),
    "minItems": ("array", lambda least, value: len(value) >= least),
    "minProperties": ("object", lambda least, value: len(value) >= least),
    "required": ("object", lambda keys, value: all(key in value for key in keys)),
    "propertyNames": ("object", lambda schema, value: all(valid(schema, key) for key in value)),
    "properties": ("object", lambda of, value: all(valid(of[key], inner) for key, inner in value.items() if key in of)),
}
TOGETHER = {"if", "then", "else", "additionalProperties"}
ANNOTATIONS = {"$schema", "$defs", "title", "description", "patternErrorMessage"}


def valid(schema: Schema | bool, value: Any) -> bool:
    """Whether a value is what a schema describes."""
    if isinstance(schema, bool):
        return schema
    if "if" in schema and not valid(schema["then" if valid(schema["if"], value) else "else"], value):
        return False
    if isinstance(value, dict) and "additionalProperties" in schema:
        others = [inner for key, inner in value.items() if key not in schema.get("properties", {})]
        if not all(valid(schema["additionalProperties"], inner) for inner in others):
            return False
    for keyword, argument in schema.items():
        if keyword in OF_ANYTHING and not OF_ANYTHING[keyword](argument, value):
            return False
        kind, holds = OF_TYPE.get(keyword, ("", None))
        if holds is not None and TYPES[kind](value) and not holds(argument, value):
            return False
    return True


def schemas(schema: Any) -> Iterator[Schema]:
    """A schema and every schema within it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword, argument in schema.items():
        if keyword in ("properties", "$defs"):
            inner: Iterable[Any] = argument.values()
        else:
            inner = argument if isinstance(argument, list) else [argument]
        for one in inner:
            yield from schemas(one)


def test_the_validator_knows_every_keyword_of_the_schema() -> None:
    used = {keyword for schema in schemas(SCHEMA) for keyword in schema}
    assert used == {*OF_ANYTHING, *OF_TYPE, *TOGETHER, *ANNOTATIONS}


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    named = {schema["$ref"].removeprefix("#/$defs/") for schema in schemas(SCHEMA) if "$ref" in schema}
    assert named == set(SCHEMA["$defs"])


# A template as an editor reads it

_NULL = re.compile("|~|null|Null|NULL")
_BOOLEAN = re.compile("true|True|TRUE|false|False|FALSE")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def as_an_editor_reads(node: Node) -> Any:
    """A node with its plain scalars resolved by the core schema of YAML 1.2."""
    match node:
        case Entries():
            return {key.value: as_an_editor_reads(value) for key, value in node.pairs}
        case Items():
            return [as_an_editor_reads(value) for value in node.values]
        case Text():
            return resolved(node.value) if node.plain else node.value


def resolved(word: str) -> Any:
    if _NULL.fullmatch(word):
        return None
    if _BOOLEAN.fullmatch(word):
        return word.lower() == "true"
    if _NUMBER.fullmatch(word):
        return float(word) if set(word) & set(".eE") else int(word)
    return word


def accepts(text: str) -> bool:
    """Whether the schema accepts a template."""
    return valid(SCHEMA, as_an_editor_reads(read_source(text.encode(), "x.yaml")))


def loads(text: str) -> bool:
    """Whether the loader does."""
    try:
        load(text.encode(), "x.yaml")
    except TemplateError:
        return False
    return True


def test_an_editor_reads_numbers_and_words_of_its_own() -> None:
    text = 'a: 1\nb: 1.0\nc: "1"\nd: true\ne:\nf: no\ng: [~, 1..5]\nh: {-2..+3 days: -30 minutes}\n'
    read = as_an_editor_reads(read_source(text.encode(), "x.yaml"))
    found = {"a": 1, "b": 1.0, "c": "1", "d": True, "e": None, "f": "no", "g": [None, "1..5"]}
    assert read == {**found, "h": {"-2..+3 days": "-30 minutes"}}


# In step

EVERYTHING = """\
protocol: X
version: 1
title: A study
reference: {visit: d1, day: 1, quote: {day: one}}
epochs: {treatment: {place: ward}}
groups: {arm: {values: {A: Arm A, B: Arm B}, default: A}, dose: {1: One, quote: two}}
milestones: {again: {label: Again}, gate: The gate}
history: {drug: {clear: 5 × half-life, before: d1}}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
  s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 3}}
cycles: {second: {repeat: [treatment], from: again + 7 days}}
activities: {x: {visits: [d1]}}
periods: {p: {from: d1, for: 1 week}}
reminders: {patient: window opens}
"""
PLACES_OF_KEYS = {
    "A template": SCHEMA,
    "The reference": SCHEMA["properties"]["reference"],
    "Epoch": SCHEMA["$defs"]["epoch"],
    "Group": SCHEMA["$defs"]["group"]["then"],
    "Milestone": SCHEMA["$defs"]["milestone"]["anyOf"][1],
    "History item": SCHEMA["$defs"]["history"],
    "Visit": SCHEMA["$defs"]["visit"],
    "The repetition of": SCHEMA["$defs"]["repetition"],
    "Cycle": SCHEMA["$defs"]["cycle"],
    "Activity": SCHEMA["$defs"]["activity"],
    "Period": SCHEMA["$defs"]["period"],
}


def test_the_file_is_what_the_module_makes() -> None:
    written = (ROOT / "docs" / "template.schema.json").read_text(encoding="utf-8")
    assert written == as_text(), "run: python -m schedules.json_schema > docs/template.schema.json"
    assert json.loads(written) == SCHEMA


def test_the_keys_are_those_of_the_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, set[str]] = {}
    keys = Reader.keys

    def spy(self: Reader, entries: Entries, allowed: Iterable[str], what: str) -> None:
        fields = tuple(allowed)
        found[what.partition(" '")[0]] = {*fields, "quote", "assumed"}
        keys(self, entries, fields, what)

    monkeypatch.setattr(Reader, "keys", spy)
    load(EVERYTHING.encode(), "x.yaml")
    assert found == {place: set(schema["properties"]) for place, schema in PLACES_OF_KEYS.items()}


def test_the_roles_are_those_of_the_loader() -> None:
    assert set(SCHEMA["properties"]["reminders"]["properties"]) == {*ROLES, "quote", "assumed"}


@pytest.mark.parametrize("place", PLACES_OF_KEYS)
def test_every_key_is_explained(place: str) -> None:
    fields = PLACES_OF_KEYS[place]["properties"]
    assert [name for name, schema in fields.items() if len(schema["description"]) < 10] == []


# What is right

SHIPPED = sorted(PROTOCOLS.glob("*.yaml"))
DESIGN = ROOT / "tests" / "unit" / "design_example.yaml"


@pytest.mark.parametrize("file", [*SHIPPED, DESIGN], ids=lambda file: file.name)
def test_real_templates_are_valid(file: Path) -> None:
    assert accepts(file.read_text(encoding="utf-8"))


HEAD = """\
protocol: 12
version: 1.0
title: true
reference: {visit: d1, day: 1}
epochs: {treatment: , follow-up: {}}
groups:
milestones: {gate: The gate, pd: {label: Progression, stop: all, keep: d1, repeats: "true"}}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
  2: {epoch: follow-up, at: d1 + 2 days, duration: P1DT2H}
"""
ACCEPTED = [
    "  x: {epoch: follow-up, at: 2, window: +0 .. +4 hours, only_for: }",
    "  x: {epoch: follow-up, at: 'latest( d1,earliest(2,pd) )+ 1 day - 2 hours'}",
    "  x: {epoch: follow-up, at: [day 5, 'd1 + 6 weeks -7..+14 days']}",
    "  x: {epoch: follow-up, at: {week-6: d1 + P6W ±7 days, month-3: d1 + 3 months, quote: {week-6: z}}}",
    "  x: {epoch: follow-up, at: {every: 1 year, from: 2, numbers: 1 .. 5, assumed: {numbers: z}}}",
    "  x: {epoch: follow-up, at: {every: 8 hours, first: d1, times: '3', from_previous: false}}",
    "  x: {epoch: follow-up, at: {every: 1 day, first: d1, until: d1 + 3 days}}",
    "  x: {epoch: follow-up, at: 'day  +5', window: day +4..day 6, requires: [], no_later_than: [2 + 1 year]}",
    "activities: {x: {visits: d1, optional: [d1 .. d1], samples: {d1: '- 30 minutes', d1 .. d1: [0 hours]}}}",
    "activities: {x: {visits: [treatment, 2], samples: , only_for: {}}}",
    "history: {x: {clear: ' longer( 4 weeks,5*half-life )', before: 2}}",
    "periods: {x: {from: 2, for: 14days, show: patient, and_until_done: treatment}}",
    "reminders: {cell lab: [7 days before at 09:00, 1 day before window closes], patient: 1 day overdue, quote: a}",
    "reminders: {coordinator: [2 days before expiry at 08:00, gate shut 5 days before, conflict, moved, cancelled]}",
    "reminders: {patient: [period ends, moved within 2 weeks], monitor: expected}",
    "periods: {p: {from: d1, for: 1 week}}\nreminders: {patient: [p ends, 2 days before p ends at 09:00]}",
    "reminders: {coordinator: [1 week before expected, 2 days before period ends]}",
    "notes: [a, 1, true]",
    "notes: {Any name: 3}",
    "notes: 3",
]


@pytest.mark.parametrize("line", ACCEPTED)
def test_what_the_loader_accepts_the_schema_accepts(line: str) -> None:
    text = f"{HEAD}{line}\n"
    load(text.encode(), "x.yaml")
    assert accepts(text)


PIECES = (
    "day", "d1", "ld.first", "second/d1", "earliest", "latest", "(", ")", ",", "+", "-", "±", "..", " ", "  ", "\n",
    "4", "12", " - 3", "6 weeks", "1 day", "2hours", "minutes", "P6W", "PT8H", "3", "×", "half-life", "0", "\u3000",
)  # fmt: skip
READERS: dict[str, Callable[[str], object]] = {
    "point": parse_point,
    "target": parse_target,
    "window": parse_window,
    "length": parse_span,
    "sample": parse_offset,
}


@pytest.mark.parametrize("name", READERS)
@given(pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=9))
def test_no_pattern_is_stricter_than_its_reader(name: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        READERS[name](text)
    except DayzeroError:
        return
    assert valid(SCHEMA["$defs"][name], text)


@pytest.mark.parametrize("name", READERS)
def test_a_long_wrong_text_is_refused_at_once(name: str) -> None:
    assert not valid(SCHEMA["$defs"][name], "d1-1-1 + 6 weeks" * 2000 + "!")


# What is wrong, to both

REFUSED = [
    "vists: {}",
    "protocol: {a: b}",
    "timezone: []",
    "epochs: [treatment]",
    "epochs: {treatment: {place: hospital}}",
    "epochs: {treatment: {palce: ward}}",
    "epochs: {treatment: {window: ±7}}",
    "epochs: {Treatment: {}}",
    "groups: {arm: {}}",
    "groups: {arm: {A: }}",
    "groups: {arm: {A: [x]}}",
    "groups: {arm: {values: {A: x}, late: true}}",
    "groups: {arm: {values: {A: x}, later: yes}}",
    "groups: {n: {A: x}}",
    "groups: {quote: {A: x}}",
    "groups: {arm: {values: {}}}",
    "milestones: {gate: }",
    "milestones: {gate: [x]}",
    "milestones: {gate: {lable: x}}",
    "milestones: {gate: {repeats: 1}}",
    "milestones: {gate: {expected: in 3 days}}",
    "milestones: {day-1: x}",
    "milestones: {all: x}",
    "history: {x: {clear: 4 weeks}}",
    "history: {x: {clear: 4 weks, before: d1}}",
    "cycles: {x: {repeat: [treatment]}}",
    "cycles: {x: {repeat: [treatment], from: pd + 1 day, max: 21}}",
    "activities: {x: {label: y}}",
    "activities: {x: {visits: []}}",
    "activities: {x: {visits: {d1: x}}}",
    "activities: {x: {visits: [d1 ... d2]}}",
    "activities: {x: {visits: [d1], samples: {d1: [2 hours before]}}}",
    "activities: {x: {visits: [d1], only_for: {arm: {A: B}}}}",
    "activities: {x: {visits: [d1], quote: {visit: y}}}",
    "periods: {x: {from: d1}}",
    "periods: {x: {to: d1}}",
    "periods: {x: {from: d1, to: 2, for: 1 week}}",
    "periods: {x: {from: d1, for: 1 week, after_each: y}}",
    "periods: {x: {from: d1, for: 1 week, show: doctor}}",
    "reminders: {pateint: [1 day before]}",
    "reminders: {patient: [tomorrow]}",
    "reminders: {patient: [1 day before at 9am]}",
    "reminders: {patient: [overdue]}",
    "reminders: {patient: [moved at 09:00]}",
    "reminders: {patient: [gate shut]}",
    "notes:",
    "notes: {a: [b]}",
    "reference: {visit: d1}",
    "reference: {visit: d1, day: 2}",
    "reference: d1",
]
REFUSED_VISITS = [
    "x: day 2",
    "x: {at: day 2}",
    "x: {epoch: treatment}",
    "x: {epoch: treatment, at: }",
    "x: {epoch: treatment, at: []}",
    "x: {epoch: treatment, at: {}}",
    "x: {epoch: treatment, at: on day 2}",
    "x: {epoch: treatment, at: d1 + 2 fortnights}",
    "x: {epoch: treatment, at: day 2, windw: ±1 day}",
    "x: {epoch: treatment, at: day 2, window: 3}",
    "x: {epoch: treatment, at: day 2, place: wards}",
    "x: {epoch: treatment, at: day 2, duration: 4}",
    "x: {epoch: treatment, at: day 2, only_for: {arm: []}}",
    "x: {epoch: treatment, at: day 2, requires: {gate: x}}",
    "x: {epoch: treatment, at: day 2, requires: [The gate]}",
    "x: {epoch: treatment, at: day 2, no_earlier_than: [[d1]]}",
    "x: {epoch: treatment, at: day 2, label: ''}",
    "x: {epoch: treatment, at: {every: 1 day, first: day 2}}",
    "x: {epoch: treatment, at: {every: 1 day, times: 2}}",
    "x: {epoch: treatment, at: {first: day 2, times: 2}}",
    "x: {epoch: treatment, at: {every: 1 day, first: day 2, from: d1, times: 2}}",
    "x: {epoch: treatment, at: {every: 1 day, first: day 2, times: 2, numbers: 1..2}}",
    "x: {epoch: treatment, at: {every: 1 day, first: day 2, times: 1001}}",
    "x: {epoch: treatment, at: {every: 1 day, first: day 2, numbers: 5}}",
    "x: {epoch: treatment, at: {every: 1 day, first: day 2, times: 2, step: 3}}",
    "x: {epoch: treatment, at: {Week 6: d1 + 6 weeks}}",
    "X: {epoch: treatment, at: day 2}",
    "day-2: {epoch: treatment, at: day 2}",
    "all: {epoch: treatment, at: day 2}",
]


def with_section(line: str) -> str:
    """The head with a section of its own replaced, or added."""
    name = line.partition(":")[0]
    kept = [old for old in HEAD.splitlines() if not old.startswith(f"{name}:")]
    place = kept.index("visits:")
    return "\n".join([*kept[:place], line, *kept[place:]]) + "\n"


def test_the_head_of_these_tests_is_right() -> None:
    assert loads(HEAD)
    assert accepts(HEAD)


@pytest.mark.parametrize("text", [*map(with_section, REFUSED), *(f"{HEAD}  {line}\n" for line in REFUSED_VISITS)])
def test_what_is_wrong_is_refused_by_both(text: str) -> None:
    assert not loads(text)
    assert not accepts(text)


@pytest.mark.parametrize("key", ["protocol", "version", "title", "reference", "visits"])
def test_what_is_missing_is_refused_by_both(key: str) -> None:
    lines = HEAD.splitlines(keepends=True)
    without = [line for line in lines if not line.startswith(f"{key}:") and (key != "visits" or line[0] != " ")]
    assert len(without) < len(lines)
    assert not loads("".join(without))
    assert not accepts("".join(without))
