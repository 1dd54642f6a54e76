"""Plans, diffs, agendas and records as text for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.agenda import AgendaItem, agenda_items
from calendars.changes import diff_text
from calendars.facts import audit_text
from calendars.layout import columns
from calendars.tables import (
    agenda_table,
    conflicts_text,
    deviations_text,
    fact_in_words,
    plan_table,
    questions_text,
)
from schedules.diff import Diff, Move, Turn, compare
from schedules.plan import Conflict, Deviation, Expectation, Period, Plan, Status, Visit
from schedules.record import Fact, Kind, enrolled

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 3, 3)


def visit(name: str, label: str, status: Status, planned: date | None, **fields: object) -> Visit:
    return Visit(id=name, label=label, epoch="e", place="clinic", status=status, planned=planned, **fields)  # type: ignore[arg-type]


D1 = visit("d1", "Day 1", Status.DONE, datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), day="D1", activities=("infusion",))
LD = visit(
    "ld-1", "Lymphodepletion, day 1", Status.PLANNED, date(2026, 2, 25), day="D-5", waiting_for=("product-on-site",)
)
D10 = visit(
    "d10",
    "第十天 Day 10",
    Status.PLANNED,
    date(2026, 3, 11),
    day="D10",
    window_start=date(2026, 3, 10),
    window_end=date(2026, 3, 12),
    activities=("il2",),
)
CALLS = tuple(
    visit(
        f"survival-call-{n}",
        f"Survival call {n}",
        Status.CONDITIONAL,
        None,
        series="survival-call",
        waiting_for=("progression",),
    )
    for n in (1, 2, 3)
)
YEARS = tuple(visit(f"ltfu-{n}", f"Year {n}", Status.NOT_APPLICABLE, None) for n in (1, 2))
CONFLICT = Conflict(
    visit="d10",
    by=timedelta(days=1),
    message="d10 is booked 1 day too late: d10 no later than d1 + 8 days.",
    rules=("d10 is booked for 11 March 2026", "d10 no later than d1 + 8 days"),
)
DEVIATION = Deviation(visit="d1", kind="gate", by=None, message="done before its gate", version="1.0")
PLAN = Plan(
    protocol="NEUK203-13",
    version="1.0",
    timezone="Asia/Shanghai",
    visits=(LD, D1, D10, *CALLS, *YEARS),
    periods=(
        Period(
            id="dlt",
            label="DLT observation",
            start=date(2026, 3, 2),
            end=date(2026, 3, 29),
            waiting_for=("d28",),
        ),
    ),
    conflicts=(CONFLICT,),
    deviations=(DEVIATION,),
    questions=("stroke: Last stroke or TIA: when, or never?",),
    activities={"infusion": "NEUK203-13 IV infusion", "il2": "Interleukin-2"},
    departments={"infusion": "infusion unit", "il2": "pharmacy"},
)

WHOLE = """\
NEUK203-13 1.0 · P-001 · BJ01 · Asia/Shanghai

Date                   Day  Visit  What               Status   Window
─────────────────────  ───  ─────  ─────────────────  ───────  ─────────
Wed 25 Feb 2026        D-5  ld-1   Lymphodepletion,   overdue
                                   day 1
                                   waits for product-on-site
Mon 2 Mar 2026, 10:00  D1   d1     Day 1              done
· Tue 3 Mar 2026, today ·
Wed 11 Mar 2026        D10  d10    第十天 Day 10      planned  10–12 Mar

Without a date
Visit          What                        Waits for
─────────────  ──────────────────────────  ───────────
survival-call  Survival call 1 and 2 more  progression

Not applicable: 2 visits.

Periods
Period           From            To               Status  Waits for
───────────────  ──────────────  ───────────────  ──────  ─────────
DLT observation  Mon 2 Mar 2026  Sun 29 Mar 2026  open    d28

Conflicts
  ! d10 is booked 1 day too late: d10 no later than d1 + 8 days.
      - d10 is booked for 11 March 2026
      - d10 no later than d1 + 8 days

Deviations
  - d1: done before its gate [gate]

Open questions
  - stroke: Last stroke or TIA: when, or never?"""


def test_a_plan_with_everything() -> None:
    found = plan_table(PLAN, TODAY, subject="P-001", site="BJ01", width=72)
    assert found == WHOLE


def test_a_section_without_content_is_left_out() -> None:
    bare = Plan(protocol="TINY", version="2.0", timezone="UTC", visits=(D10,))
    assert plan_table(bare, date(2026, 3, 1)) == (
        "TINY 2.0 · UTC\n\n"
        "Date             Day  Visit  What           Status   Window\n"
        "───────────────  ───  ─────  ─────────────  ───────  ─────────\n"
        "Wed 11 Mar 2026  D10  d10    第十天 Day 10  planned  10–12 Mar"
    )


def test_a_plan_without_dates_says_so() -> None:
    bare = Plan(protocol="TINY", version="2.0", timezone="UTC", visits=CALLS[:1])
    assert "\n\nNo visit has a date yet.\n\n" in plan_table(bare, TODAY)
    assert plan_table(bare, TODAY).endswith("survival-call  Survival call 1  progression")


def test_a_cancelled_visit_without_a_date_is_shown() -> None:
    off = visit("eot", "End of treatment", Status.CANCELLED, None)
    assert plan_table(replace(PLAN, visits=(D1, off, YEARS[0])), TODAY).split("\n\n")[2] == (
        "Without a date\nVisit  What              Waits for\n─────  ────────────────  ─────────\n"
        "eot    End of treatment  cancelled"
    )


def test_what_stopped_a_plan_is_told() -> None:
    stopped = replace(PLAN, stopped="death")
    assert "\n\nStopped: death.\n\n" in plan_table(stopped, TODAY)
    dated = replace(stopped, milestones={"death": date(2026, 3, 8)})
    assert "\n\nStopped: death on Sun 8 Mar 2026.\n\n" in plan_table(dated, TODAY)


def test_bounds_stand_where_there_is_no_window() -> None:
    bounded = replace(D10, window_start=None, window_end=None, not_before=date(2026, 3, 6), not_after=None)
    assert plan_table(replace(PLAN, visits=(bounded,)), TODAY).splitlines()[4].endswith("planned  from 6 Mar")


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b" not in plan_table(PLAN, TODAY)
    coloured = plan_table(PLAN, TODAY, colour=True)
    assert "\x1b[31moverdue\x1b[0m" in coloured
    assert "\x1b[32mdone\x1b[0m" in coloured
    assert "\x1b[31mConflicts\x1b[0m" in coloured


LABELS = st.text(st.characters(codec="utf-8"), max_size=80)


@given(LABELS, LABELS, st.integers(60, 100))
def test_no_label_breaks_the_table(label: str, name: str, width: int) -> None:
    odd = replace(D10, label=label, id=f"v{name}", waiting_for=(name,))
    waiting = replace(CALLS[0], label=label, series="", id=name, waiting_for=(label,))
    plan = replace(PLAN, visits=(LD, D1, odd, waiting), questions=(label,))
    text = plan_table(plan, TODAY, subject=name, width=width)
    body = text.split("\n")[1:]
    assert max(map(columns, body)) <= width
    assert "\x1b" not in text


def test_a_conflict_and_a_deviation_say_whose_and_by_how_much_once() -> None:
    plain = Conflict(visit="d4", by=timedelta(days=2), message="too early", rules=())
    assert conflicts_text([plain], title="New conflicts") == "New conflicts\n  ! d4: too early (by 2 days)"
    late = Deviation(visit="d4", kind="late", by=timedelta(hours=6), message="d4 was late", version="1.0")
    assert deviations_text([late]) == "Deviations\n  - d4 was late (by 6 hours) [late]"
    assert conflicts_text([]) == deviations_text([]) == questions_text([]) == ""


def test_a_diff() -> None:
    moves = (
        Move(visit="d4", label="Day 4", before=date(2026, 3, 5), after=date(2026, 3, 7), why="d1 was done late"),
        Move(visit="d7", label="Day 7", before=date(2026, 3, 8), after=date(2026, 3, 10), why="d1 was done late"),
        Move(visit="d10", label="Day 10", before=date(2026, 3, 11), after=date(2026, 3, 10)),
    )
    diff = Diff(
        moved=moves,
        turned=(
            Turn(visit="d1", label="Day 1", before=Status.BOOKED, after=Status.DONE),
            Turn(visit="x1", label="Extra", before=None, after=Status.DONE),
            Turn(visit="d14", label="Day 14", before=Status.PLANNED, after=None),
        ),
        gone_conflicts=(CONFLICT,),
        new_deviations=(DEVIATION,),
        periods=(Move(visit="dlt", label="DLT", before=date(2026, 3, 29), after=date(2026, 3, 31)),),
    )
    assert diff_text(diff) == (
        "Moves\n"
        "Visit  What    From             To               By\n"
        "─────  ──────  ───────────────  ───────────────  ───────\n"
        "d4     Day 4   Thu 5 Mar 2026   Sat 7 Mar 2026   +2 days\n"
        "d7     Day 7   Sun 8 Mar 2026   Tue 10 Mar 2026  +2 days\n"
        "d10    Day 10  Wed 11 Mar 2026  Tue 10 Mar 2026  -1 day\n"
        "Why: d1 was done late.\n"
        "\n"
        "Periods end\n"
        "Period  What  From             To               By\n"
        "──────  ────  ───────────────  ───────────────  ───────\n"
        "dlt     DLT   Sun 29 Mar 2026  Tue 31 Mar 2026  +2 days\n"
        "\n"
        "Changes\n"
        "  - d1 (Day 1): booked → done\n"
        "  - x1 (Extra): new → done\n"
        "  - d14 (Day 14): planned → no longer in the plan\n"
        "\n"
        "Conflicts resolved\n"
        "  - d10 is booked 1 day too late: d10 no later than d1 + 8 days.\n"
        "\n"
        "New deviations\n"
        "  - d1: done before its gate [gate]"
    )


def test_an_empty_diff() -> None:
    assert diff_text(compare(PLAN, PLAN)) == "Nothing else moves."


def test_a_diff_that_moves_nothing_says_so() -> None:
    after = replace(PLAN, visits=(LD, D1, replace(D10, status=Status.DONE)), conflicts=())
    before = replace(PLAN, visits=(LD, D1, D10), conflicts=())
    assert (
        diff_text(compare(before, after)) == "Changes\n  - d10 (第十天 Day 10): planned → done\n\nNothing else moves."
    )


def test_an_agenda() -> None:
    start, end = date(2026, 2, 20), date(2026, 3, 31)
    first = agenda_items(PLAN, subject="P-001", site="BJ01", start=start, end=end, today=TODAY)
    early = datetime(2026, 3, 2, 8, 30, tzinfo=SHANGHAI)
    other = AgendaItem(when=early, subject="P-002", site="BJ01", visit="d4", label="Day 4", status="booked")
    assert agenda_table([*first, other]) == (
        "Date                   Subject       Visit  What                    Status\n"
        "─────────────────────  ────────────  ─────  ──────────────────────  ───────\n"
        "Wed 25 Feb 2026        P-001 (BJ01)  ld-1   Lymphodepletion, day 1  overdue\n"
        "                       waits for product-on-site\n"
        "Mon 2 Mar 2026, 08:30  P-002 (BJ01)  d4     Day 4                   booked\n"
        "Mon 2 Mar 2026, 10:00  P-001 (BJ01)  d1     Day 1                   done\n"
        "                       NEUK203-13 IV infusion\n"
        "Wed 11 Mar 2026        P-001 (BJ01)  d10    第十天 Day 10           planned\n"
        "                       Interleukin-2"
    )


def test_an_agenda_of_empty_days() -> None:
    assert agenda_table([]) == "No visits in these days."


def test_an_agenda_has_no_cancelled_missed_or_conditional_visits() -> None:
    off = (replace(D1, status=Status.CANCELLED), replace(D10, status=Status.MISSED), *CALLS, *YEARS)
    plan = replace(PLAN, visits=off)
    start, end = date(2026, 1, 1), date(2026, 12, 31)
    assert agenda_items(plan, subject="P-001", site="BJ01", start=start, end=end, today=TODAY) == ()


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (
            Fact(kind=Kind.BOOKED, name="d1", when=datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)),
            "d1 booked for Mon 2 Mar 2026, 10:00",
        ),
        (Fact(kind=Kind.DONE, name="d1", when=date(2026, 3, 2)), "d1 done on Mon 2 Mar 2026"),
        (Fact(kind=Kind.MISSED, name="d4"), "d4 missed"),
        (Fact(kind=Kind.WITHHELD, name="d7", values={"activity": "il2"}), "il2 withheld at d7"),
        (Fact(kind=Kind.GIVEN, name="d7", values={"activity": "infusion"}), "infusion given at d7"),
        (Fact(kind=Kind.EVENT, name="progression", when=date(2026, 5, 1)), "progression on Fri 1 May 2026"),
        (Fact(kind=Kind.GROUP, name="dose_level", values={"value": "DL1"}), "dose_level is DL1"),
        (
            Fact(kind=Kind.HISTORY, name="systemic-therapy", values={"value": "2026-02-10", "half-life": "3 days"}),
            "systemic-therapy: 2026-02-10, half-life 3 days",
        ),
        (Fact(kind=Kind.HISTORY, name="radiotherapy", values={"dose": "low"}), "radiotherapy: dose low"),
        (Fact(kind=Kind.ENROLLED, name="P-001", when=date(2026, 2, 2)), "enrolled on Mon 2 Feb 2026"),
    ],
)
def test_facts_in_words(fact: Fact, text: str) -> None:
    assert fact_in_words(fact) == text


def test_an_audit_trail_tells_who_when_and_why() -> None:
    record = enrolled("P-001", date(2026, 2, 2), protocol="NEUK203-13", version="1.0", salt="secret")
    done = Fact(
        kind=Kind.DONE,
        name="d1",
        when=date(2026, 3, 4),
        by="m.li",
        why="fever",
        recorded=datetime(2026, 3, 4, 11, 5, tzinfo=SHANGHAI),
    )
    assert audit_text(record.with_facts(done), width=90) == (
        "No.  Recorded (UTC)    By    What                                          Why\n"
        "───  ────────────────  ────  ────────────────────────────────────────────  ─────\n"
        "1                            enrolled in NEUK203-13 1.0 on Mon 2 Feb 2026\n"
        "2    2026-03-04 03:05  m.li  d1 done on Wed 4 Mar 2026                     fever"
    )


def test_recorded_times_are_utc_wherever_they_were_recorded() -> None:
    moment = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    facts = [Fact(kind=Kind.MISSED, name="d4", recorded=moment.astimezone(zone)) for zone in (UTC, SHANGHAI)]
    text = audit_text(enrolled("P-001", date(2026, 2, 2)).with_facts(*facts))
    assert text.count("2026-03-04 23:30") == 2


def test_dates_of_years_whose_holidays_are_not_announced_are_called_provisional() -> None:
    visit = Visit(
        id="month-12", label="Month 12", epoch="f", place="clinic", status=Status.PLANNED, planned=date(2027, 3, 2)
    )
    note = "Dates after 2026 are provisional: the public holidays of those years are not announced yet."

    def shown(announced_to: int | None, place: str = "clinic") -> str:
        plan = Plan(
            protocol="P", version="1", timezone="UTC", visits=(replace(visit, place=place),), announced_to=announced_to
        )
        return " ".join(plan_table(plan, date(2026, 1, 1)).split())

    assert note in shown(2026)
    assert "provisional" not in shown(2027) + shown(None) + shown(2026, "ward")


def test_what_is_expected_is_listed_and_called_overdue_when_its_day_is_over() -> None:
    product = Expectation(milestone="product-on-site", label="Product on site", day=date(2026, 2, 16))
    plan = Plan(protocol="P", version="1", timezone="UTC", visits=(), expected=(product,))
    on_the_day, after = (plan_table(plan, day) for day in (date(2026, 2, 16), date(2026, 2, 17)))
    assert "product-on-site  Product on site  Mon 16 Feb 2026" in on_the_day
    assert "overdue" not in on_the_day
    assert "overdue" in after
