"""What is stored of what was seen before facts comes back as it was, where all it follows from is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scheduler.store.facts import Link, chained
from scheduler.store.looks import bases_of, seen_of_text, seen_text
from schedules.judge import FORM, Seen
from schedules.load import load
from schedules.plan import TO_COME, Deviation, Plan
from schedules.planner import prepare
from schedules.record import Fact, Kind
from schedules.site import Site
from schedules.template import Template
from tests.support import booked, done, group, missed, planned, record
from tests.unit.test_store_codec import WHENS, same

DEVIATIONS = st.builds(
    Deviation,
    visit=st.text(),
    kind=st.sampled_from(["early", "late", "gate", "missed"]),
    by=st.one_of(st.none(), st.integers(0, 10**7).map(lambda minutes: timedelta(minutes=minutes))),
    message=st.text(),
    version=st.text(),
    fact=st.integers(1, 500),
)
LOOKS = st.builds(
    Seen, planned=WHENS, target=WHENS, start=WHENS, end=WHENS, deviations=st.lists(DEVIATIONS, max_size=3).map(tuple)
)


@given(LOOKS)
def test_a_look_comes_back_as_it_was(look: Seen) -> None:
    back = seen_of_text(seen_text(look))
    assert back == look
    assert [deviation.fact for deviation in back.deviations] == [deviation.fact for deviation in look.deviations]
    assert all(same(getattr(back, name), getattr(look, name)) for name in ("planned", "target", "start", "end"))


def stored(*facts: Fact) -> tuple[Link, ...]:
    """The facts of a subject as they are stored."""
    whole = [
        replace(fact, number=number, recorded=datetime(2026, 3, 1, tzinfo=UTC), by="cora")
        for number, fact in enumerate(record(*facts).facts, start=1)
    ]
    return chained("P-001", whole, 1, "")


def test_what_a_look_follows_from_stays_the_same_while_the_record_goes_on() -> None:
    links = stored(done("labs", "2026-02-24"), done("d1", "2026-03-02"))
    longer = stored(done("labs", "2026-02-24"), done("d1", "2026-03-02"), missed("d4"))
    assert bases_of(longer) == bases_of(links) | {4: bases_of(longer)[4]}
    assert len(set(bases_of(longer).values())) == len(longer)


def test_a_look_follows_from_its_fact_and_those_before() -> None:
    one = bases_of(stored(done("labs", "2026-02-24"), done("d1", "2026-03-02")))
    other = bases_of(stored(done("labs", "2026-02-23"), done("d1", "2026-03-02")))
    assert one[1] == other[1]
    assert (one[2] != other[2], one[3] != other[3]) == (True, True)


def test_a_correction_and_a_group_change_what_all_looks_follow_from() -> None:
    facts = (done("labs", "2026-02-24"), done("d1", "2026-03-02"))
    before = bases_of(stored(*facts))
    correction = Fact(kind=Kind.CORRECTED, name="labs", when=date(2026, 2, 23), values={"corrects": "2"})
    for looking_back in (correction, group("arm", "A")):
        after = bases_of(stored(*facts, looking_back))
        assert all(after[number] != basis for number, basis in before.items())


# Of all that is seen before the facts below, by FORM: something else seen wants another FORM, else stored looks are
# stale.
DIGESTS = {1: "344796f45cd5ffc09ce4d6709f1979f9f0aa06bed89746c3f223404e321d07be"}


def test_the_form_is_raised_with_every_change_of_what_is_seen() -> None:
    example = load((Path(__file__).parent / "design_example.yaml").read_bytes(), "example.yaml")
    told = [seen_text(look) for pace in (1, 2, 3, 7) for look in looks_of(example, pace)]
    assert len(told) > 50
    assert hashlib.sha256("\n".join(told).encode()).hexdigest() == DIGESTS[FORM]


def looks_of(of: Template, pace: int) -> Iterator[Seen]:
    """What was seen before the facts of a patient for whom little goes as planned."""
    facts = [booked("d1", "2026-03-02")]
    while (fact := next_fact(planned(of, *facts), len(facts) * pace)) is not None:
        facts.append(fact)
    found = prepare(of, record(*facts), Site()).looks
    yield from (found[number] for number in sorted(found))


def next_fact(plan: Plan, number: int) -> Fact | None:
    """What becomes of the next visit: it is missed, or done some days early or late."""
    visit = next((visit for visit in plan.visits if visit.status in TO_COME and visit.planned is not None), None)
    if visit is None or visit.planned is None:
        return None
    if number % 6 == 5:
        return missed(visit.id)
    return done(visit.id, (visit.planned + timedelta(days=number % 5 - 2)).isoformat())
