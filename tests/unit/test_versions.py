"""Comparing two versions of a protocol, as a value, as text and as JSON."""

from __future__ import annotations

from calendars.version_tables import versions_document, versions_text
from schedules.versions import compare_versions
from tests.amendments import version
from tests.support import protocol

FIRST = version("1.0")
SECOND = version(
    "2.0",
    ("  d4: {label: Day 4, epoch: treatment, at: day 4}\n", ""),
    ("  d22: {", "  d18: {label: Day 18, epoch: follow-up, at: day 18}\n  d22: {"),
    ("visits: [d1, d4, d8]", "visits: [d1, d8]"),
    ("visits: [d1, d4, d15, d22]", "visits: [d1, d15, d22]"),
    ("label: Day 15, epoch: follow-up, at: day 15", "label: Visit 5, epoch: follow-up, at: day 16, window: ±3 days"),
    ("arm: {A: Arm A, B: Arm B}", "arm: {A: Arm A, C: Arm C}"),
    ("from: infusion.last, times: 3", "from: d8, times: 3"),
    ("day 22}\n", "day 29}\n"),
    ("[1 day before at 17:00]", "[2 days before at 17:00]"),
)


def test_a_version_differs_in_nothing_from_its_like() -> None:
    found = compare_versions(FIRST, version("2.0"))
    assert not found
    assert versions_text(found) == "SMALL: from 1.0 to 2.0\nNothing differs."


def test_each_difference_by_id() -> None:
    found = compare_versions(FIRST, SECOND)
    assert [(one.section, one.id, one.kind) for one in found.differences if not one.series] == [
        ("groups", "arm", "changed"),
        ("visits", "d15", "changed"),
        ("visits", "d18", "added"),
        ("visits", "d4", "removed"),
        ("activities", "infusion", "changed"),
        ("activities", "bloods", "changed"),
        ("periods", "dlt", "changed"),
        ("reminders", "patient", "changed"),
    ]
    d15 = next(one for one in found.differences if one.id == "d15")
    assert d15.fields == (
        ("label", "Day 15", "Visit 5"),
        ("at", "day 15", "day 16"),
        ("window", "±2 days", "±3 days"),
    )


def test_as_text_and_as_json() -> None:
    text = " ".join(versions_text(compare_versions(FIRST, SECOND)).split())
    assert "d15: label Day 15 → Visit 5; at day 15 → day 16; window ±2 days → ±3 days" in text
    assert "d4 (Day 4) removed" in text
    assert "arm: value C none → Arm C; value B Arm B → none" in text
    assert "dlt: to day 22 → day 29" in text
    document = versions_document(compare_versions(FIRST, SECOND))
    assert (document["from"], document["to"]) == ("1.0", "2.0")
    found = {one["id"]: one for one in document["differences"]}  # type: ignore[attr-defined]
    assert found["d18"]["fields"]["at"] == {"from": None, "to": "day 18"}


def test_the_same_length_in_other_words_is_shown_in_them() -> None:
    other = compare_versions(FIRST, version("2.0", ("at: d1 + 3 weeks", "at: d1 + 21 days")))
    assert [one.fields for one in other.differences] == [(("at", "d1 + 3 weeks", "d1 + 21 days"),)]


def test_what_a_cycle_repeats_is_told_once() -> None:
    cyclic = protocol("GD2B7H3-CART")
    assert not compare_versions(cyclic, cyclic)
