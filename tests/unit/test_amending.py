"""What an amendment does to a plan, and what it leaves alone (design §6; §5, rule 12)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.course import Earlier
from schedules.plan import Plan, Status
from schedules.record import AGAIN, YES, Fact
from schedules.site import Site
from schedules.template import Template
from schedules.why import why
from tests.amendments import amended, planned, revised, version
from tests.support import booked, conflicts, dates, day, deviations, done, event, group, missed, record, visit, withheld

FIRST = version("1.0")
ENROLLED = (group("arm", "A"), booked("d1", "2026-03-02"))
BEGUN = (*ENROLLED, done("labs", "2026-02-24"), done("d1", "2026-03-02"), done("d4", "2026-03-05"))


def to(second: Template, *facts: Fact, on: str = "2026-03-07", then: tuple[Fact, ...] = ()) -> Plan:
    """The plan after facts, an amendment to a second version, and further facts."""
    return planned(*facts, amended(second.version, on), *then, versions=(FIRST, second))


def statuses(plan: Plan, *names: str) -> list[str]:
    found = [plan.visit(name) for name in names]
    return [str(one.status) if one is not None else "-" for one in found]


def test_the_same_protocol_under_another_version_changes_nothing_but_the_version() -> None:
    before = planned(*BEGUN, versions=(FIRST,))
    after = to(version("2.0"), *BEGUN)
    assert after.version == "2.0"
    assert (after.visits, after.periods, after.conflicts, after.deviations, after.questions) == (
        before.visits,
        before.periods,
        before.conflicts,
        before.deviations,
        before.questions,
    )


def test_from_the_day_on_the_new_version_holds() -> None:
    later = version("2.0", ("at: day 15}", "at: day 17}"), ("day 22}", "day 29}"))
    after = to(later, *BEGUN)
    assert dates(after, "d1", "d4", "d8", "d15", "d22") == [
        "2026-03-02",
        "2026-03-05",
        "2026-03-09",
        "2026-03-18",
        "2026-03-23",
    ]
    assert {period.id: str(period.end) for period in after.periods}["dlt"] == "2026-03-30"


def test_identity_is_the_id_and_neither_name_nor_day() -> None:
    renamed = version(
        "2.0", ("label: Day 15, epoch: follow-up, at: day 15", "label: Visit 5, epoch: follow-up, at: day 16")
    )
    after = to(renamed, *BEGUN, booked("d15", "2026-03-17"))
    found = visit(after, "d15")
    assert (found.label, found.status, str(found.planned), str(found.target)) == (
        "Visit 5",
        Status.BOOKED,
        "2026-03-17",
        "2026-03-17",
    )


# The traps


def test_nothing_is_added_to_the_past() -> None:
    more = version(
        "2.0",
        (
            "  d8: {",
            "  d2: {label: Day 2, epoch: treatment, at: day 2}\n"
            "  d10: {label: Day 10, epoch: treatment, at: day 10}\n"
            "  d8: {",
        ),
        ("bloods: {label: Bloods, visits: [d1, ", "bloods: {label: Bloods, visits: [d2, d10, d1, "),
    )
    after = to(more, *BEGUN)
    assert statuses(after, "d2", "d10") == ["not applicable", "planned"]
    assert dates(after, "d10") == ["2026-03-11"]
    lines = why(more, record(*BEGUN, amended("2.0", "2026-03-07")), Site(), "d2", Earlier(templates={"1.0": FIRST}))
    assert lines[1] == (
        "Version 2.0, which holds from 7 March 2026 on, would have it on 3 March 2026; an amendment adds nothing to "
        "the past."
    )


def test_what_was_not_added_to_the_past_is_added_when_its_day_moves_on() -> None:
    more = version("2.0", ("  d8: {", "  d2: {label: Day 2, epoch: treatment, at: day 2}\n  d8: {"))
    assert statuses(to(more, *ENROLLED, on="2026-03-07"), "d2") == ["not applicable"]
    slipped = to(more, *ENROLLED, on="2026-03-07", then=(booked("d1", "2026-03-09"),))
    assert dates(slipped, "d2") == ["2026-03-10"]


def test_a_visit_that_was_added_to_the_past_and_took_place_all_the_same_is_a_fact() -> None:
    more = version("2.0", ("  d8: {", "  d2: {label: Day 2, epoch: treatment, at: day 2}\n  d8: {"))
    after = to(more, *BEGUN, then=(done("d2", "2026-03-03"),))
    assert statuses(after, "d2") == ["done"]


def test_nobody_who_stopped_is_given_more() -> None:
    more = version("2.0", ("  month: {", "  d29: {label: Day 29, epoch: follow-up, at: day 29}\n  month: {"))
    dead = to(more, *BEGUN, event("death", "2026-03-06"))
    assert statuses(dead, "d8", "d29") == ["cancelled", "cancelled"]
    off_visits = to(more, *BEGUN, event("withdrawal-follow-up", "2026-03-06"))
    assert statuses(off_visits, "d29") == ["cancelled"]


@pytest.mark.parametrize("length", ["21 days", "3 weeks", "P3W"])
def test_a_length_said_otherwise_moves_nothing(length: str) -> None:
    # PSC counted such a shift twice, and moved visits by 108 days.
    after = to(version("2.0", ("at: d1 + 3 weeks", f"at: d1 + {length}")), *BEGUN)
    assert dates(after, "d22") == dates(planned(*BEGUN, versions=(FIRST,)), "d22") == ["2026-03-23"]


def test_a_shift_counts_once_however_often_it_is_amended() -> None:
    second = version("2.0", ("at: d1 + 3 weeks", "at: d1 + 4 weeks"))
    third = version("3.0", ("at: d1 + 3 weeks", "at: d1 + 28 days"))
    after = planned(
        *BEGUN, amended("2.0", "2026-03-06"), amended("3.0", "2026-03-07", "2.0"), versions=(FIRST, second, third)
    )
    assert dates(after, "d22") == ["2026-03-30"]


def test_an_activity_that_is_dropped_at_one_visit_stays_at_the_others() -> None:
    # PSC cancelled equal-looking activities in other periods.
    fewer = version("2.0", ("visits: [d1, d4, d15, d22]}", "visits: [d1, d4, d15]}"))
    after = to(fewer, *BEGUN)
    assert {name: visit(after, name).activities for name in ("d1", "d4", "d15", "d22")} == {
        "d1": ("infusion", "bloods"),
        "d4": ("infusion", "bloods"),
        "d15": ("bloods", "scan"),
        "d22": (),
    }


def test_changes_of_the_population_are_carried_over() -> None:
    wider = version(
        "2.0",
        ("arm: {A: Arm A, B: Arm B}", "arm: {A: Arm A, C: Arm C}\n  region: {EU: Europe, CN: China}"),
        ("d22: {", "d22: {only_for: {region: EU}, "),
        ("d15: {", "d15: {only_for: {arm: A}, "),
    )
    kept = to(wider, *BEGUN)
    assert kept.questions == ("region: Region: EU, CN?",)
    assert (statuses(kept, "d15", "d22"), visit(kept, "d22").waiting_for) == (["planned", "conditional"], ("region",))
    removed = to(wider, group("arm", "B"), *BEGUN[1:])
    assert removed.questions == ("arm: Arm: A, C?", "region: Region: EU, CN?")
    assert statuses(removed, "d15") == ["conditional"]
    answered = to(wider, group("arm", "B"), *BEGUN[1:], then=(group("arm", "C"),))
    assert statuses(answered, "d15") == ["not applicable"]


# What happened


def test_nothing_done_is_touched() -> None:
    other = version(
        "2.0",
        ("label: Day 4, epoch: treatment, at: day 4", "label: Second dose, epoch: follow-up, at: day 6"),
        (
            "label: Infusion of 1 million cells, visits: [d1, d4, d8]",
            "label: Infusion of 2 million cells, visits: [d1, d8]",
        ),
        ("bloods: {label: Bloods, visits: [d1, d4, ", "bloods: {label: Bloods, visits: [d1, "),
    )
    before, after = planned(*BEGUN, versions=(FIRST,)), to(other, *BEGUN)
    for name in ("labs", "d1", "d4"):
        assert visit(after, name) == visit(before, name)
    assert after.labels_at("d4")["infusion"] == "Infusion of 1 million cells"
    assert after.labels_at("d8")["infusion"] == "Infusion of 2 million cells"


def test_what_was_done_counts_although_the_new_version_has_no_such_visit() -> None:
    fewer = version("2.0", *DROP_D8)
    after = to(fewer, *BEGUN, done("d8", "2026-03-09"), on="2026-03-12")
    found = visit(after, "d8")
    assert (found.status, str(found.actual), found.label, found.day, found.activities) == (
        Status.DONE,
        "2026-03-09",
        "Day 8",
        "D8",
        ("infusion",),
    )
    # The last infusion is the last that was given, so that follow-up counts from it.
    assert dates(after, "month-1") == ["2026-04-09"]


DROP_D8 = (
    ("  d8: {label: Day 8, epoch: treatment, at: day 8}\n", ""),
    ("visits: [d1, d4, d8]", "visits: [d1, d4]"),
)


def test_what_is_not_done_and_not_in_the_new_version_is_gone() -> None:
    after = to(version("2.0", *DROP_D8), *BEGUN, booked("d8", "2026-03-09"))
    assert after.visit("d8") is None
    assert dates(after, "month-1") == ["2026-04-05"]


def test_a_member_of_a_series_that_was_done_still_counts_as_one() -> None:
    series = "  ld: {epoch: screening, at: {every: 1 day, first: day -5, times: %d, from_previous: true}}\n  d1: {"
    long = version(
        "1.0", ("  d1: {", series % 3), ("no_later_than:", "no_earlier_than: ld.last + 2 days, no_later_than:")
    )
    short = version(
        "2.0", ("  d1: {", series % 2), ("no_later_than:", "no_earlier_than: ld.last + 2 days, no_later_than:")
    )
    facts = (*ENROLLED, *(done(f"ld-{n}", f"2026-02-{25 + n}") for n in (1, 2)), done("ld-3", "2026-03-01"))
    after = planned(*facts, amended("2.0", "2026-03-01"), versions=(long, short))
    assert conflicts(after) == [("d1", 1)]
    assert visit(after, "ld-3").series == "ld"


def test_what_is_done_once_more_stays_although_the_new_version_has_no_such_visit() -> None:
    again = replace(done("d8", "2026-03-14"), values={AGAIN: YES})
    after = to(version("2.0", *DROP_D8), *BEGUN, done("d8", "2026-03-09"), on="2026-03-12", then=(again,))
    found = visit(after, "d8")
    assert ([str(when) for when in found.earlier], str(found.actual)) == (["2026-03-09"], "2026-03-14")


def test_a_missed_visit_stays_missed() -> None:
    after = to(version("2.0", *DROP_D8), *BEGUN, missed("d8"), on="2026-03-12")
    assert (statuses(after, "d8"), deviations(after)) == (["missed"], [("d8", "missed", None)])


def test_each_fact_is_judged_by_the_version_in_force_when_it_was_recorded() -> None:
    wider = version("2.0", ("follow-up: {window: ±2 days}", "follow-up: {window: ±5 days}"))
    late = (done("d8", "2026-03-09"), done("d15", "2026-03-20"))
    before = planned(*BEGUN, *late, versions=(FIRST,))
    assert deviations(before) == [("d15", "late", 2)]
    afterwards = to(wider, *BEGUN, *late, on="2026-03-21")
    assert [(item.visit, item.by and item.by.days, item.version) for item in afterwards.deviations] == [
        ("d15", 2, "1.0")
    ]
    under_new = to(wider, *BEGUN, then=(*late, done("d22", "2026-03-30")))
    assert [(item.visit, item.by and item.by.days, item.version) for item in under_new.deviations] == [
        ("d22", 2, "2.0")
    ]


def test_what_happened_before_the_day_and_is_recorded_after_it_is_judged_by_the_version_before() -> None:
    stricter = version("2.0", ("at: day 4}", "at: day 3}"))
    recorded_late = to(stricter, *BEGUN[:-1], then=(done("d4", "2026-03-05"),))
    assert recorded_late.deviations == ()
    assert str(visit(recorded_late, "d4").target) == "2026-03-05"
    off = to(stricter, *BEGUN[:-1], then=(done("d4", "2026-03-06"),))
    assert [(item.visit, item.kind, item.version) for item in off.deviations] == [("d4", "late", "1.0")]


# Before the day on which it takes effect


def test_until_its_day_the_version_before_goes_on() -> None:
    other = version("2.0", ("at: day 4}", "at: day 6}"), *DROP_D8)
    ahead = to(other, *ENROLLED, done("d1", "2026-03-02"), on="2026-03-12")
    assert dates(ahead, "d4", "d8") == ["2026-03-05", "2026-03-09"]
    assert visit(ahead, "d8").activities == ("infusion",)
    # What moves over the day is the new version's.
    slipped = to(other, *ENROLLED, on="2026-03-12", then=(done("d1", "2026-03-06"),))
    assert dates(slipped, "d4") == ["2026-03-09"]
    assert slipped.visit("d8") is None


def test_what_is_overdue_when_it_is_amended_stays_overdue() -> None:
    after = to(version("2.0", *DROP_D8), *BEGUN, on="2026-03-12")
    assert (statuses(after, "d8"), dates(after, "d8")) == (["planned"], ["2026-03-09"])


def test_a_visit_that_was_to_come_is_not_moved_into_the_past() -> None:
    sooner = version("2.0", ("at: day 8}", "at: day 5}"))
    after = to(sooner, *BEGUN, on="2026-03-08")
    assert dates(after, "d8") == ["2026-03-08"]
    assert conflicts(after) == [("d8", 2)]
    assert after.conflicts[0].rules == ("d8 no earlier than amendment 2.0", "window of d8: ±0 days around day 5")


def test_a_rule_that_the_new_version_cannot_tell_keeps_its_days() -> None:
    chained = version("1.0", ("at: day 8}", "at: d4 + 4 days, window: ±1 day}"))
    fewer = version(
        "2.0",
        ("  d4: {label: Day 4, epoch: treatment, at: day 4}\n", ""),
        ("visits: [d1, d4, d8]", "visits: [d1, d8]"),
        ("visits: [d1, d4, d15, d22]", "visits: [d1, d15, d22]"),
    )
    after = planned(*ENROLLED, done("d1", "2026-03-02"), amended("2.0", "2026-03-08"), versions=(chained, fewer))
    assert dates(after, "d4", "d8") == ["2026-03-05", "2026-03-09"]


# The site's days


def test_a_revision_of_the_sites_days_judges_what_comes_after_it() -> None:
    open_days = Site(revision=1)
    closed = Site(revision=2, closures=((day("2026-03-16"), "inspection"),))
    before = planned(*BEGUN, versions=(FIRST,), sites=(open_days,))
    after = planned(*BEGUN, revised(2, 1), versions=(FIRST,), sites=(open_days, closed))
    assert (dates(before, "d15"), dates(after, "d15")) == (["2026-03-16"], ["2026-03-15"])
    assert visit(after, "d4") == visit(before, "d4")


def test_versions_and_revisions_that_are_not_given_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"went through version or revision '1\.0', which is not among the earlier"):
        planned(*BEGUN, amended("2.0", "2026-03-07"), versions=(version("2.0"),))
    with pytest.raises(ValueError, match=r"version or revision 1, which"):
        planned(*BEGUN, revised(2, 1), versions=(FIRST,))


def test_what_was_withheld_stays_withheld() -> None:
    fewer = version("2.0", *DROP_D8)
    after = to(fewer, *BEGUN, done("d8", "2026-03-09"), withheld("d8", "infusion"), on="2026-03-12")
    assert visit(after, "d8").activities == ()
    assert dates(after, "month-1") == ["2026-04-05"]
