"""Every ``quote:`` of the shipped templates stands word for word in the registry record it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
TEMPLATES = sorted((ROOT / "schedules" / "protocols").glob("*.yaml"))

RECORDS = {
    "CARNK-SCLC": "001_bd4711c101b7b25a.txt",
    "CD70-CART": "003_b506003ba5a18192.txt",
    "CLDN18.2-PDL1-CART": "002_127a31b63cf18fac.txt",
    "GD2B7H3-CART": "000_4e3c419abf45341d.txt",
    "NEUK203-13": "004_faa363c5a8fd5d30.txt",
}

needs_records = pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the registry records are not beside this checkout (../shared/seeds)"
)
each_template = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    content = yaml.load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), f"{path.name} holds no map"
    return content


def texts(node: object, where: str) -> Iterator[tuple[str, str]]:
    """All texts at or below a node, each with the path that leads to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(value, f"{where}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node, start=1):
            yield from texts(value, f"{where}.{number}")
    else:
        yield where, str(node)


def quotes(node: object, where: str = "") -> Iterator[tuple[str, str]]:
    """All texts under a ``quote`` key, wherever it stands and whether it is a text or a map by field."""
    if isinstance(node, dict):
        for key, value in node.items():
            inner = f"{where}.{key}" if where else str(key)
            yield from texts(value, inner) if key == "quote" else quotes(value, inner)
    elif isinstance(node, list):
        for number, value in enumerate(node, start=1):
            yield from quotes(value, f"{where}.{number}")


def quoted_in_notes(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the notes give between “ and ” as the record's own words."""
    for where, note in texts(template.get("notes", []), "notes"):
        assert note.count("“") == note.count("”"), f"{where}: a quotation mark has no partner"
        for words in re.findall(r"“([^”]*)”", note):
            yield where, words


def plain(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def record_of(template: dict[str, Any]) -> str:
    return plain((SEEDS / RECORDS[template["protocol"]]).read_text(encoding="utf-8"))


def not_in(record: str, found: list[tuple[str, str]]) -> list[str]:
    return [f"{where}: {text}" for where, text in found if not plain(text) or plain(text) not in record]


def test_templates_are_shipped() -> None:
    assert TEMPLATES, "schedules/protocols holds no template"


@each_template
def test_a_template_cites_a_known_record_and_quotes_it(path: Path) -> None:
    template = read(path)
    assert template["protocol"] in RECORDS, f"name the record of {template['protocol']} in RECORDS"
    assert template.get("record"), f"{path.name} does not say which record it cites: add 'record:'"
    assert list(quotes(template)), f"{path.name} quotes nothing from its record"


@needs_records
@each_template
def test_the_record_is_the_one_the_template_names(path: Path) -> None:
    template = read(path)
    record = record_of(template)
    assert plain(template["record"]) in record
    assert template.get("registry", "") in record


@needs_records
@each_template
def test_every_quote_stands_word_for_word_in_the_record(path: Path) -> None:
    template = read(path)
    found = [*quotes(template), *quoted_in_notes(template)]
    assert not_in(record_of(template), found) == []


def test_quotes_are_found_wherever_they_stand() -> None:
    template = {
        "quote": {"title": "a"},
        "visits": {"d1": {"quote": "b", "at": "day 1"}, "d2": [{"quote": {"at": "c", "window": "d"}}]},
    }
    assert list(quotes(template)) == [
        ("quote.title", "a"),
        ("visits.d1.quote", "b"),
        ("visits.d2.1.quote.at", "c"),
        ("visits.d2.1.quote.window", "d"),
    ]


def test_only_white_space_may_differ_from_the_record() -> None:
    record = plain("within 14 days\n  prior to infusion")
    found = [("a", "14 days prior\nto infusion"), ("b", "14 days Prior to infusion"), ("c", " ")]
    assert not_in(record, found) == ["b: 14 days Prior to infusion", "c:  "]
