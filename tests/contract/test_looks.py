"""What was seen before facts is stored, and a record is planned from it as if it had been replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scheduler import Scheduler
from scheduler.desk import Chart
from schedules import judge
from schedules.layout import Layout, lay_out

NOW = "2026-03-20T18:00"


@pytest.fixture
def gone_on(enrolled: Scheduler) -> Scheduler:
    """A record in which three visits were done, one of them early and one without its gate."""
    for visit, when in (("labs", "2026-02-20"), ("d1", "2026-03-04T10:00"), ("d8", "2026-03-11")):
        enrolled.done("P-001", visit, when, now=NOW)
    return enrolled


def chart(trial: Scheduler, *, replay: bool = False) -> Chart:
    with trial._desk.store.reading() as work:
        return trial._desk.chart(work, "P-001", replay=replay)


def kept(trial: Scheduler) -> set[int]:
    """The facts of which a good look is stored."""
    found = chart(trial).kept
    assert found is not None
    return {*found.good}


def test_nothing_is_replayed_that_is_stored(gone_on: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = chart(gone_on, replay=True)
    assert kept(gone_on) == {4, 5, 6}
    assert {deviation.kind for deviation in replayed.plan.deviations} == {"early", "gate"}

    def never(*_: object) -> None:
        raise AssertionError("a record was laid out to judge what is judged already")

    monkeypatch.setattr(judge, "lay_out", never)
    read = chart(gone_on)
    assert read.plan == replayed.plan
    assert [item.fact for item in read.plan.deviations] == [item.fact for item in replayed.plan.deviations]


def test_only_what_is_new_is_judged(gone_on: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out = []

    def noted(*given: Any) -> Layout:
        laid_out.append(given)
        return lay_out(*given)

    monkeypatch.setattr(judge, "lay_out", noted)
    gone_on.done("P-001", "d15", "2026-03-19", now=NOW)
    assert len(laid_out) == 1
    assert kept(gone_on) == {4, 5, 6, 7}


@pytest.mark.parametrize("fact", [4, 5])
def test_a_correction_has_all_judged_anew(gone_on: Scheduler, fact: int) -> None:
    gone_on.correct("P-001", fact, "2026-03-03" if fact == 5 else "2026-02-10", why="mistyped", now=NOW)
    assert chart(gone_on).plan == chart(gone_on, replay=True).plan
    assert kept(gone_on) == {4, 5, 6}
    gone_on.undo("P-001", why="it was right", now=NOW)
    assert chart(gone_on).plan == chart(gone_on, replay=True).plan
    assert gone_on.audit("P-001", verify=True).problems == ()


def test_a_group_that_is_known_later_has_all_judged_anew(gone_on: Scheduler) -> None:
    gone_on.group("P-001", {"arm": "B"}, now=NOW)
    assert kept(gone_on) == {4, 5, 6}
    assert gone_on.audit("P-001", verify=True).problems == ()


def test_what_is_thrown_away_is_made_and_stored_again(gone_on: Scheduler, tamper: Callable[[str], None]) -> None:
    told = gone_on.deviations()
    tamper("DELETE FROM look")
    assert kept(gone_on) == set()
    assert gone_on.deviations() == told
    assert kept(gone_on) == {4, 5, 6}
    tamper("DELETE FROM look WHERE fact = 5")
    gone_on.overdue(now=NOW)
    assert kept(gone_on) == {4, 5, 6}


@pytest.mark.parametrize("data", ["", "[]", "[1, 2, 3, 4, 5]", '["x", null, null, null, []]', "{}"])
def test_what_cannot_be_read_is_made_and_stored_again(
    gone_on: Scheduler, tamper: Callable[[str], None], data: str
) -> None:
    told = gone_on.deviations()
    tamper(f"UPDATE look SET data = '{data}' WHERE fact = 5")
    assert kept(gone_on) == {4, 6}
    assert gone_on.deviations() == told
    assert kept(gone_on) == {4, 5, 6}


def test_a_look_that_hides_a_deviation_is_found(gone_on: Scheduler, tamper: Callable[[str], None]) -> None:
    tamper("""UPDATE look SET data = '["2026-03-10",null,null,null,[]]' WHERE fact = 6""")
    assert gone_on.audit("P-001", verify=True).problems == (
        "What is stored of how the visits of facts 6 went is not what follows from the facts.",
    )


def test_a_look_of_another_fact_is_not_taken(gone_on: Scheduler, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE look SET fact = 60 WHERE fact = 6; UPDATE look SET fact = 6 WHERE fact = 5")
    assert kept(gone_on) == {4}
    assert chart(gone_on).plan == chart(gone_on, replay=True).plan
    gone_on.missed("P-001", "d15", now=NOW)
    assert gone_on.audit("P-001", verify=True).problems == ()
