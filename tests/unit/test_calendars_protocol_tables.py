"""A protocol as text: catalogue, schedule of activities, assumptions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.grid import grid_of
from calendars.layout import columns
from calendars.protocol_tables import assumptions_text, catalogue_table, schedule_of_activities
from schedules.points import Around, Day, Named, shifted
from schedules.spans import Span
from schedules.template import Activity, Epoch, Group, Milestone, PeriodRule, Statement, Template, VisitRule
from tests.support import template

WEEK = Around(-Span(days=7), Span(days=7))


def rule(name: str, label: str, epoch: str = "treatment", **fields: object) -> VisitRule:
    given = {"at": Day(1), "place": "ward"}
    return VisitRule(id=name, label=label, epoch=epoch, **(given | fields))  # type: ignore[arg-type]


def repeated(series: str, number: int, **fields: object) -> VisitRule:
    at = shifted(Named("progression"), Span(months=3 * number))
    names = {"series": series, "member": str(number), "number": number, "at": at}
    return rule(f"{series}-{number}", f"Call {number}", "survival", **(names | fields))


TEMPLATE = Template(
    protocol="TINY-1",
    version="1.0",
    title="A tiny protocol",
    sha256="00",
    registry="NCT00000000",
    reference_visit="d1",
    reference_day=1,
    epochs={
        "treatment": Epoch(id="treatment", label="Treatment"),
        "survival": Epoch(id="survival", label="Survival follow-up"),
    },
    groups={"dose_level": Group(id="dose_level", label="Dose level", values={"DL1": "low", "DL2": "high"})},
    milestones={"eligible": Milestone(id="eligible", label="Eligibility confirmed")},
    visits=(
        rule("d1", "Day 1", at=Named("enrolment"), requires=("eligible",)),
        rule(
            "d4",
            "Day 4",
            at=Day(4),
            window=WEEK,
            no_earlier_than=(Named("d1"),),
            no_later_than=(shifted(Named("d1"), Span(days=9)),),
            at_the_latest=Day(14),
            only_for=(("dose_level", ("DL2",)),),
        ),
        repeated("call", 1),
        repeated("call", 2),
        repeated("call", 3),
    ),
    series={"call": ("call-1", "call-2", "call-3")},
    activities={
        "infusion": Activity(
            id="infusion",
            label="Infusion, {dose_level}",
            visits=("d1", "d4"),
            optional=frozenset({"d4"}),
            samples={
                "d1": ((-Span(minutes=30), None), (Span(minutes=120), Around(-Span(minutes=15), Span(minutes=15))))
            },
        ),
        "question": Activity(id="question", label="Questions", visits=("call-1", "call-2", "call-3")),
        "scan": Activity(id="scan", label="Scan", visits=("d4",), only_for=(("dose_level", ("DL1", "DL2")),)),
    },
    periods=(
        PeriodRule(id="near", label="Stay near", after_each="infusion", length=Span(days=14)),
        PeriodRule(id="dlt", label="DLT", start=Named("d1"), end=Day(28), until_done=("d4",)),
    ),
    quotes=(Statement(where="visits.d1", what="", text="first dose | last dose"),),
    assumptions=(
        Statement(where="protocol", what="timezone", text="one hospital"),
        Statement(where="visits.d4", what="window", text="the record gives none"),
        Statement(where="activities.scan", what="", text="as usual"),
    ),
    notes=(("cohorts", "3+3"), ("", "no number of patients")),
)

SCHEDULE = """\
TINY-1 1.0: A tiny protocol (NCT00000000)

                          d1 [1, 2]  d4 [3, 4,  call-1 … 3
                                     5]
────────────────────────  ─────────  ─────────  ───────────
Epoch                     Treatment  Treatment  Survival
                                                follow-up
When                      day 1      day 4      progression
                                                + 3 months,
                                                6 months, 9
                                                months
Window                               ±1 week
Infusion, dose level      x [6]      (x) [7]
Questions                                       x
Scan [8, 9]                          x

[1]   d1: enrolment, until its date is set.
[2]   d1: not before Eligibility confirmed.
[3]   d4: only for Dose level: high.
[4]   d4: no earlier than d1; no later than d1 + 9 days; with a reason at the
      latest day 14.
[5]   d4, assumed (window): the record gives none
[6]   Infusion, dose level: at -30 minutes, +2 hours ±15 minutes from the start
      of the visit.
[7]   (x) is optional: done where it is chosen for a patient.
[8]   Scan: only for Dose level: low or high.
[9]   Scan, assumed: as usual

Periods
  - Stay near: after each infusion for 2 weeks
  - DLT: from d1 to day 28, until d4 is done or missed

Notes
  - cohorts: 3+3
  - no number of patients"""


def test_a_schedule_of_activities() -> None:
    assert schedule_of_activities(TEMPLATE) == SCHEDULE


def test_members_of_a_series_share_a_column_only_where_they_are_alike() -> None:
    assert [column.name.partition(" [")[0] for column in grid_of(TEMPLATE).columns] == ["d1", "d4", "call-1 … 3"]
    visits = (*TEMPLATE.visits[:3], replace(TEMPLATE.visits[3], window=WEEK), TEMPLATE.visits[4])
    apart = grid_of(replace(TEMPLATE, visits=visits))
    assert [column.name for column in apart.columns[2:]] == ["call-1", "call-2", "call-3"]


TIMES = """epochs: {t: {}}
milestones: {progression: Progression, crs: Severe CRS}
visits:
  d1: {epoch: t, at: enrolment + 28 days}
  plain: {epoch: t, at: d1 + 8 weeks}
  after: {epoch: t, at: e-7 + 1 day}
  e-7: {epoch: t, at: day 7}
  ld: {epoch: t, at: {every: 1 day, first: day -5, times: 3, from_previous: true}}
  daily: {epoch: t, at: {every: 1 day, first: day 2, times: 6}}
  dose: {epoch: t, at: [day 1, day 8, day 12, day 15, day 22]}
  response: {epoch: t, at: {week-6: d1 + 6 weeks, month-3: d1 + 3 months, month-6: d1 + 6 months}}
  call: {epoch: t, at: {every: 3 months, from: progression, times: 8}}
  check: {epoch: t, at: {every: 2 days, first: crs + 1 day, times: 3, from_previous: true}}
  odd: {epoch: t, at: {a: progression, b: crs + 2 days}}
"""


def test_the_head_of_the_table_says_when_every_visit_is() -> None:
    times = {item.name.partition(" [")[0]: item.when for item in grid_of(template(TIMES)).columns}
    assert times == {
        "d1": "day 1",
        "plain": "d1 + 8 weeks",
        "after": "e-7 + 1 day (day 8)",
        "e-7": "day 7",
        "ld-1 … 3": "day -5, -4, -3",
        "daily-1 … 6": "day 2 … 7, every 1 day",
        "dose-1 … 5": "day 1, 8, 12, 15, 22",
        "response-week-6, month-3, month-6": "d1 + 6 weeks, 3 months, 6 months",
        "call-1 … 8": "progression + 3 months … 2 years, every 3 months",
        "check-1 … 3": "crs + 1 day, then every 2 days",
        "odd-a, b": "progression, crs + 2 days",
    }


def test_a_footnote_of_several_visits_is_one() -> None:
    of = template(
        "epochs: {t: {}}\nvisits:\n  d1: {epoch: t, at: enrolment}\n"
        "  d2: {epoch: t, at: day 2, assumed: seen daily}\n  d3: {epoch: t, at: day 3, assumed: seen daily}\n"
        "  d4: {epoch: t, at: day 4, no_earlier_than: d3, assumed: seen daily}\n"
    )
    grid = grid_of(of)
    assert grid.notes == (
        "d1: enrolment, until its date is set.",
        "d2; d3; d4, assumed: seen daily",
        "d4: no earlier than d3.",
    )
    assert [item.name for item in grid.columns] == ["d1 [1]", "d2 [2]", "d3 [2]", "d4 [2, 3]"]


def test_an_abbreviation_in_a_label_stays_one() -> None:
    of = template(
        "groups: {construct: {label: CAR construct, values: {A: a}}, level: {label: Dose level, values: {L: low}}}\n"
        "visits: {d1: {epoch: t, at: enrolment}}\n"
        "activities: {drug: {label: 'Infusion, {construct}, {level}', visits: [d1]}}\n"
    )
    assert [row.label for row in grid_of(of).rows] == ["Infusion, CAR construct, dose level"]


def test_every_mark_is_in_one_block() -> None:
    visits = tuple(rule(f"d{day}", f"Day {day}", at=Day(day)) for day in range(1, 41))
    daily = Activity(id="daily", label="Daily check", visits=tuple(visit.id for visit in visits))
    never = Activity(id="never", label="Not in every block", visits=("d40",))
    many = replace(TEMPLATE, visits=visits, series={}, activities={"daily": daily, "never": never}, assumptions=())
    text = schedule_of_activities(many)
    assert sum(line.split().count("x") for line in text.splitlines()) == 41
    assert text.count("Not in every block") == 1
    assert max(map(columns, text.splitlines())) <= 80


def test_markdown_is_one_table() -> None:
    lines = schedule_of_activities(TEMPLATE, markdown=True).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert rows[0] == "| Activity | d1 \\[1, 2] | d4 \\[3, 4, 5] | call-1 … 3 |"
    assert rows[1] == "| --- | --- | --- | --- |"
    assert rows[-1] == "| Scan \\[8, 9] |  | x |  |"
    assert {row.count(" | ") for row in rows} == {3}
    assert lines[0] == "# TINY-1 1.0: A tiny protocol (NCT00000000)"
    assert "4. d4: no earlier than d1; no later than d1 + 9 days; with a reason at the latest day 14." in lines
    assert "## Periods" in lines


def test_markup_in_a_label_is_escaped() -> None:
    odd = replace(TEMPLATE.activities["question"], label="a|b *c* <script> `d`")
    text = schedule_of_activities(replace(TEMPLATE, activities={"question": odd}), markdown=True)
    assert "| a\\|b \\*c\\* \\<script> \\`d\\` |" in text


@given(st.text(max_size=60), st.integers(60, 120))
def test_no_label_breaks_the_schedule(label: str, width: int) -> None:
    odd = {name: replace(activity, label=label) for name, activity in TEMPLATE.activities.items()}
    text = schedule_of_activities(replace(TEMPLATE, activities=odd, title=label), width=width)
    assert max(map(columns, text.split("\n"))) <= width


def test_the_catalogue() -> None:
    other = replace(
        TEMPLATE, protocol="OTHER", title="Another, with a title that is too long for its column in the table"
    )
    assert catalogue_table([TEMPLATE, other], width=64) == (
        "Protocol  Version  Title                     Visits  Assumptions\n"
        "────────  ───────  ────────────────────────  ──────  ───────────\n"
        "TINY-1    1.0      A tiny protocol           5       3\n"
        "OTHER     1.0      Another, with a title     5       3\n"
        "                   that is too long for its\n"
        "                   column in the table"
    )
    assert catalogue_table([]) == "No protocol is registered."


def test_what_must_be_confirmed_and_what_is_quoted() -> None:
    assert assumptions_text(TEMPLATE) == (
        "TINY-1 1.0: A tiny protocol (NCT00000000)\n\n"
        "To be confirmed by the study team: 3\n\n"
        "Protocol\n  - timezone: one hospital\n\n"
        "Visits\n  - d4 (window): the record gives none\n\n"
        "Activities\n  - scan: as usual\n\n"
        "Quoted from the record NCT00000000: 1\n\n"
        "Visits\n  - d1: first dose | last dose"
    )


@pytest.mark.parametrize("record", ["NCT1", ""])
def test_the_record_is_named_where_it_is_known(record: str) -> None:
    named = assumptions_text(replace(TEMPLATE, record=record, registry="")).splitlines()
    assert f"Quoted from the record{' NCT1' if record else ''}: 1" in named
