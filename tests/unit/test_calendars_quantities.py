"""How many visits and activities an agenda holds: by department, day and site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from calendars.agenda import BY, AgendaItem, grouped, quantities, quantity
from calendars.layout import columns
from calendars.worklist_document import department_document, grouped_document
from calendars.worklist_tables import department_text, grouped_text
from schedules.plan import Status
from tests.worklists import DAY, TODAY


def item(day: int, subject: str, stage: Status, *activities: str) -> AgendaItem:
    return AgendaItem(
        when=TODAY + day * DAY,
        subject=subject,
        site="S1",
        visit="v",
        label="V",
        status=str(stage),
        activities=activities,
        stage=stage,
    )


ITEMS = (
    item(0, "P-1", Status.BOOKED, "Thaw", "Infusion"),
    item(0, "P-2", Status.PLANNED, "Infusion"),
    item(2, "P-3", Status.DONE, "Infusion"),
)


def test_what_a_department_must_have_ready() -> None:
    assert department_text(ITEMS, "cell lab") == (
        "What cell lab must have ready\n"
        "Date             What      Booked  Not booked  Done  Total\n"
        "───────────────  ────────  ──────  ──────────  ────  ─────\n"
        "Tue 10 Mar 2026  visits    1       1           0     2\n"
        "                 Infusion  1       1           0     2\n"
        "                 Thaw      1       0           0     1\n"
        "Thu 12 Mar 2026  visits    0       0           1     1\n"
        "                 Infusion  0       0           1     1\n\n"
        "In all these days\n"
        "What      Booked  Not booked  Done  Total\n"
        "────────  ──────  ──────────  ────  ─────\n"
        "visits    1       1           1     3\n"
        "Infusion  1       1           1     3\n"
        "Thaw      1       0           0     1"
    )


STAGES = st.sampled_from((Status.PLANNED, Status.BOOKED, Status.DONE))
LABELS = st.lists(st.sampled_from("abc"), unique=True, min_size=1)


@given(
    st.lists(st.builds(lambda day, stage, labels: item(day, "P", stage, *labels), st.integers(0, 3), STAGES, LABELS))
)
def test_quantities_add_up(items: list[AgendaItem]) -> None:
    document = department_document(items, "pharmacy")
    days, total = document["days"], document["total"]
    assert isinstance(days, list)
    assert isinstance(total, dict)
    assert total["visits"]["total"] == quantity(items).total == len(items)
    for stage in ("booked", "planned", "done", "total"):
        assert sum(day["visits"][stage] for day in days) == total["visits"][stage]
        for activity in total["activities"]:
            alike = [one for day in days for one in day["activities"] if one["activity"] == activity["activity"]]
            assert sum(one[stage] for one in alike) == activity[stage]
    assert sum(number.total for number in quantities(items).values()) == sum(len(one.activities) for one in items)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.sampled_from(("S1", "S2")),
            st.sampled_from((Status.PLANNED, Status.BOOKED, Status.DONE)),
            st.lists(st.sampled_from((("Thaw", "cell lab"), ("Scan", "imaging"), ("Exam", ""))), unique=True),
        ),
        max_size=12,
    )
)
def test_numbers_by_day_and_site_add_up_and_by_department_each_visit_counts_where_it_is_concerned(
    found: list[tuple[int, str, Status, list[tuple[str, str]]]],
) -> None:
    items = [
        AgendaItem(
            when=TODAY + days * DAY,
            subject=f"P-{number}",
            site=site,
            visit="v",
            label="V",
            status="planned",
            stage=stage,
            activities=tuple(label for label, _ in done),
            departments=tuple(whose for _, whose in done),
        )
        for number, (days, site, stage, done) in enumerate(found)
    ]
    for by in ("day", "site"):
        assert sum(quantity(group).total for group in grouped(items, by).values()) == len(items)
    for name, group in grouped(items, "department").items():
        assert [item.subject for item in group] == [item.subject for item in items if name in item.departments]
        assert {label for item in group for label in item.activities} == {{"cell lab": "Thaw", "imaging": "Scan"}[name]}
    for by in BY:
        document: Any = grouped_document(items, by)
        concerned = [item for item in items if by != "department" or any(item.departments)]
        assert document["total"]["visits"]["total"] == len(concerned)
        assert max(map(columns, grouped_text(items, by).splitlines())) <= 80


def test_the_numbers_by_department_as_text() -> None:
    one = AgendaItem(
        when=TODAY,
        subject="P-1",
        site="S1",
        visit="d1",
        label="Day 1",
        status="booked",
        stage=Status.BOOKED,
        activities=("Thaw", "Exam", "Infusion"),
        departments=("cell lab", "", "infusion unit"),
    )
    other = replace(one, stage=Status.PLANNED, activities=("Infusion",), departments=("infusion unit",))
    assert grouped_text([one, other], "department").splitlines() == [
        "Department     What      Booked  Not booked  Done  Total",
        "─────────────  ────────  ──────  ──────────  ────  ─────",
        "cell lab       visits    1       0           0     1",
        "               Thaw      1       0           0     1",
        "infusion unit  visits    1       1           0     2",
        "               Infusion  1       1           0     2",
        "Total          visits    1       1           0     2",
        "",
        "A visit at which two departments have something to do counts for each, and once",
        "in all.",
    ]
    assert grouped_text([one, other], "site").splitlines()[2:] == [
        "S1     1       1           0     2",
        "Total  1       1           0     2",
    ]
    assert grouped_text([], "day") == "No visits in these days."
