"""Whatever happens, and in whatever order: a state machine over both databases (Hypothesis, issue of facts and ends).

It enrols, books, does, misses, withholds, cancels, adds, repeats, starts cycles, withdraws, dies, amends, closes sites,
corrects, undoes, and carries records over into another database, and after each step holds the whole database to the
laws of design §1, §5 and §6 (the invariants). To test a further use case, add a rule to :class:`Trial` that goes
through :meth:`Followed.attempt`; where it changes what was done, it says so to ``self.happened``.
``DAYZERO_STATEFUL_EXAMPLES`` gives another number of runs (of up to 25 steps each).
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler import Scheduler
from scheduler.values import Change, Message
from schedules.errors import InvalidInput, StaleRevision
from schedules.plan import TO_COME, Status
from schedules.record import Fact
from schedules.template import BUILT_IN_MILESTONES, SUBJECT_ROLES
from tests.contract.databases import Databases
from tests.contract.followed import START, Followed
from tests.contract.machine import MACHINE, VERSIONS

EXAMPLES = int(os.environ.get("DAYZERO_STATEFUL_EXAMPLES", "6"))
STEPS = 25
# To shrink a failure takes many minutes, on two databases; what led to it is printed step by step anyway.
PHASES = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]
CLINIC, EVERY_DAY = frozenset(range(5)), frozenset(range(7))


class Trial(Followed):
    """All that can happen to some patients of one trial."""

    # What happens

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        self.scheduler.add_protocol(MACHINE.encode(), "machine.yaml", now=self.moment)
        self.scheduler.add_site("BJ01", timezone="Asia/Shanghai", weekdays=CLINIC, now=self.moment)
        self.scheduler.add_site("NY02", timezone="America/New_York", weekdays=EVERY_DAY, now=self.moment)
        for text in VERSIONS.values():
            self.scheduler.add_protocol(text.encode(), "machine.yaml", now=self.moment)
        for site in ("BJ01", "NY02"):
            self.scheduler.add_contact(site=site, role="coordinator", now=self.moment)
            for number in VERSIONS:
                self.scheduler.approve_version(site, "MACHINE", number, mandatory=True, now=self.moment)
        self.enrol(data)

    @precondition(lambda self: len(self.subjects) < 3)
    @rule(data=st.data())
    def enrol(self, data: st.DataObject) -> None:
        name = f"P-{len(self.subjects) + 1}"
        protocol = data.draw(st.sampled_from(["MACHINE", "MACHINE", "CARNK-SCLC"]), label="protocol")
        reference = "d1" if protocol == "MACHINE" else "d0"
        set_for = self.now.date() + timedelta(days=data.draw(st.integers(14, 40), label="set"))
        dates = {reference: str(set_for)} if data.draw(st.booleans(), label="dated") else {}
        site = data.draw(st.sampled_from(["BJ01", "NY02"]), label="site")
        self.scheduler.enrol(protocol, name, site=site, version="1.0", dates=dates, now=self.moment, by="machine")
        self.scheduler.add_contact(subject=name, role="patient", quiet="21:00-08:00", now=self.moment)
        self.subjects.append(name)
        self.touched.add(name)

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def sweep(self) -> None:
        sent = self.scheduler.remind_once(now=self.moment, send=lambda message: None)
        for message in sent.messages:
            for told in message.parts or (message,):
                self.still_holds(told)

    def still_holds(self, told: Message) -> None:
        """What a message says is so when it is sent; of somebody who is followed no longer only staff hear, once."""
        plan = self.plan(told.subject)
        if plan.stopped is not None:
            assert (told.event, told.role in SUBJECT_ROLES) == ("stopped", False)
        elif told.event == "period":
            assert told.visit in {period.id for period in plan.periods}
        elif told.event == "expected":
            assert told.visit in {item.milestone for item in plan.expected}
        else:
            visit = plan.visit(told.visit)
            assert (visit is not None and visit.status in TO_COME) == (told.event != "cancelled"), told.event

    @rule(data=st.data(), override=st.booleans())
    def book(self, data: st.DataObject, override: bool) -> None:
        subject = self.subject(data)
        visit = self.visit(data, subject)
        if visit is not None:
            when = self.near(data, subject, visit)
            self.attempt(self.scheduler.book, subject, visit.id, when, override=override, why="machine")

    @rule(data=st.data())
    def choose(self, data: st.DataObject) -> None:
        """An optional activity, chosen with a booking."""
        subject = self.subject(data)
        choices = [(visit, item.id) for item in self.template(subject).activities.values() for visit in item.optional]
        if not choices:
            return
        name, activity = data.draw(st.sampled_from(sorted(choices)), label="choice")
        visit = self.plan(subject).visit(name)
        if visit is not None and visit.status in TO_COME:
            when = self.near(data, subject, visit)
            change = self.attempt(self.scheduler.book, subject, name, when, given=[activity])
            if change is not None and self.dosing_goes_on(subject, change):
                chosen = change.after.visit(name)
                assert chosen is None or chosen.status is not Status.BOOKED or activity in chosen.activities

    def dosing_goes_on(self, subject: str, change: Change) -> bool:
        """Whether no event stopped activities at visits that stay (design §5, rules 11 and 16)."""
        stops = {item.id for item in self.template(subject).milestones.values() if item.stop}
        return (stops | {"withdrawal-treatment"}).isdisjoint(change.after.milestones)

    @rule(data=st.data(), shift=st.booleans())
    def move(self, data: st.DataObject, shift: bool) -> None:
        subject = self.subject(data)
        visit = self.visit(data, subject, *TO_COME)
        if visit is not None:
            self.attempt(self.scheduler.move, subject, visit.id, self.near(data, subject, visit), shift=shift)

    @rule(data=st.data(), withhold=st.booleans())
    def do(self, data: st.DataObject, withhold: bool) -> None:
        subject = self.subject(data)
        visit = self.visit(data, subject, *TO_COME)
        if visit is None:
            return
        self.now = max(self.now, datetime.combine(visit.date or self.now.date(), self.now.time()))
        withheld = visit.activities[:1] if withhold else ()
        change = self.attempt(
            self.scheduler.done, subject, visit.id, self.near(data, subject, visit), withheld=withheld, why="as it was"
        )
        if change is not None:
            self.note_done(change)
            done = change.after.visit(visit.id)
            assert done is not None
            assert not set(withheld) & set(done.activities)

    @rule(data=st.data())
    def do_whatever(self, data: st.DataObject) -> None:
        """Facts are never refused for being inconvenient: cancelled, missed, conditional, not applicable."""
        subject = self.subject(data)
        visit = self.visit(data, subject, *(status for status in Status if status is not Status.DONE))
        if visit is not None:
            change = self.attempt(self.scheduler.done, subject, visit.id, self.near(data, subject, visit))
            assert change is not None
            self.note_done(change)

    @rule(data=st.data())
    def do_again(self, data: st.DataObject) -> None:
        subject = self.subject(data)
        visit = self.visit(data, subject, Status.DONE)
        if visit is not None:
            assert self.attempt(self.scheduler.done, subject, visit.id, self.near(data, subject, visit)) is None
            change = self.attempt(self.scheduler.done, subject, visit.id, self.near(data, subject, visit), again=True)
            assert change is not None
            self.note_done(change)

    def note_done(self, change: Change) -> None:
        """Keeps what was done, so that it can be held to have stayed."""
        for fact in change.facts:
            self.note(change.subject, fact)

    def note(self, subject: str, fact: Fact) -> None:
        if fact.kind == "done":
            assert fact.when is not None
            times = self.happened.setdefault((subject, fact.name), [])
            times[:] = [*times, fact.when] if fact.is_repeat else [fact.when]

    @rule(data=st.data())
    def miss(self, data: st.DataObject) -> None:
        subject = self.subject(data)
        visit = self.visit(data, subject)
        if visit is not None:
            change = self.attempt(self.scheduler.missed, subject, visit.id, why="did not come")
            assert (change is None) == (visit.status is Status.DONE)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        subject = self.subject(data)
        visit = self.visit(data, subject)
        if visit is not None:
            change = self.attempt(self.scheduler.cancel, subject, visit.id, why="no bed")
            expected = {Status.PLANNED, Status.BOOKED, Status.CONDITIONAL}
            assert (change is not None) == (visit.status in expected)

    @rule(data=st.data(), days=st.integers(-5, 20))
    def add(self, data: st.DataObject, days: int) -> None:
        subject = self.subject(data)
        before = self.plan(subject)
        change = self.attempt(self.scheduler.add, subject, "Fever", str(self.now.date() + timedelta(days=days)))
        assert change is not None
        assert change.diff.moved == ()
        assert [turn.visit for turn in change.diff.turned] == [change.facts[0].name]
        assert [visit for visit in change.after.visits if visit.id != change.facts[0].name] == [*before.visits]
        self.note_done(change)

    @rule(data=st.data(), days=st.integers(-3, 3))
    def event(self, data: st.DataObject, days: int) -> None:
        """A milestone of the protocol: a gate, a second cycle, progression …; a third cycle is refused."""
        subject = self.subject(data)
        name = data.draw(st.sampled_from(sorted(self.template(subject).milestones)), label="milestone")
        self.attempt(self.scheduler.event, subject, name, str(self.now.date() + timedelta(days=days)))

    @precondition(lambda self: self.now.date() > START + timedelta(days=60))
    @rule(data=st.data(), name=st.sampled_from([name for name in BUILT_IN_MILESTONES if name != "enrolment"]))
    def end(self, data: st.DataObject, name: str) -> None:
        """One of the withdrawals, lost to follow-up, a screen failure, or death."""
        subject = self.subject(data)
        assert self.attempt(self.scheduler.event, subject, name, str(self.now.date())) is not None

    @rule(data=st.data())
    def group(self, data: st.DataObject) -> None:
        subject = self.subject(data)
        groups = self.template(subject).groups
        name = data.draw(st.sampled_from(sorted(groups)), label="group")
        value = data.draw(st.sampled_from(sorted(groups[name].values)), label="value")
        assert self.attempt(self.scheduler.group, subject, {name: value}) is not None

    @rule(data=st.data(), ago=st.integers(0, 60), half_life=st.integers(1, 9), never=st.booleans())
    def history(self, data: st.DataObject, ago: int, half_life: int, never: bool) -> None:
        subject = self.subject(data)
        for name, item in self.template(subject).history.items():
            answers = {name: "never" if never else str(START - timedelta(days=ago))}
            answers |= {f"{name}.{asked}": f"{half_life} days" for asked in item.asks}
            assert self.attempt(self.scheduler.history, subject, answers) is not None

    @rule(data=st.data(), number=st.sampled_from(sorted(VERSIONS)), days=st.integers(-15, 10))
    def amend(self, data: st.DataObject, number: str, days: int) -> None:
        """Nothing that happened is touched, and nothing is put before the day that was not there."""
        subject = self.subject(data)
        effective = self.now.date() + timedelta(days=days)

        def act(subject: str, **how: Any) -> Change:
            found = self.scheduler.amend("MACHINE", to=number, effective=effective, subject=subject, **how)
            if subject not in found.changes:
                raise InvalidInput(f"{found.patients[0].outcome}: {found.patients[0].reason}.")
            return found.changes[subject]

        before = self.plan(subject)
        change = self.attempt(act, subject)
        if change is None:
            return
        for visit in before.visits:
            if visit.status in (Status.DONE, Status.MISSED):
                assert change.after.visit(visit.id) == visit
        assert change.after.deviations == before.deviations
        there = {visit.id: visit.date for visit in before.visits if visit.status in TO_COME}
        for visit in change.after.visits:
            if visit.status in TO_COME and visit.date is not None and visit.date < effective:
                then = there[visit.id]
                assert then is not None
                assert then < effective

    @rule(site=st.sampled_from(["BJ01", "NY02"]), days=st.integers(0, 30), length=st.integers(1, 4))
    def close(self, site: str, days: int, length: int) -> None:
        """All patients of a site get on to its new days, but for those who were stopped; nothing done moves."""
        closed = [self.now.date() + timedelta(days=days + more) for more in range(length)]
        before = {subject: (self.plan(subject), self.trace(subject)) for subject in self.subjects}
        tried = self.scheduler.close_site(site, closed, why="inspection", now=self.moment, by="machine", dry_run=True)
        assert {subject: self.trace(subject) for subject in self.subjects} == {
            subject: trace for subject, (_, trace) in before.items()
        }
        found = self.scheduler.close_site(site, closed, why="inspection", now=self.moment, by="machine")
        assert found.patients == tried.patients
        self.touched.update(found.changes)
        for subject in found.changes:
            assert self.scheduler.show(subject).site == self.scheduler.site(site)
            plan = self.plan(subject)
            for visit in before[subject][0].visits:
                if visit.status in (Status.DONE, Status.MISSED):
                    assert plan.visit(visit.id) == visit

    @rule(data=st.data(), back=st.booleans(), days=st.integers(-3, 3))
    def correct(self, data: st.DataObject, back: bool, days: int) -> None:
        """A fact is taken back or gets another date; so may a correction."""
        subject = self.subject(data)
        facts = self.scheduler.audit(subject).record.facts
        fact = data.draw(st.sampled_from(facts[-8:]), label="fact")
        when = None if back or fact.when is None else str(fact.when + timedelta(days=days))
        change = self.attempt(self.scheduler.correct, subject, fact.number, when, why="misread")
        if change is not None:
            assert self.scheduler.audit(subject).record.facts[: len(facts)] == facts
            self.learn_again(subject)

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """The last use case that still counts is taken back, by corrections alone."""
        subject = self.subject(data)
        change = self.attempt(self.scheduler.undo, subject)
        if change is not None:
            assert all(fact.when is None and fact.corrects for fact in change.facts)
            self.learn_again(subject)

    @rule(data=st.data())
    def carry_over(self, data: st.DataObject) -> None:
        """The record in another database is the same in every respect."""
        subject = self.subject(data)
        written = self.scheduler.export_record(subject)
        url = self.databases.make(migrated=True)
        with Scheduler(url) as other:
            other.import_record(written, now=self.moment)
            assert other.export_record(subject) == written
            assert other.audit(subject, verify=True) == self.scheduler.audit(subject)
            assert other.plan(subject) == self.plan(subject)
            for level in ("private", "full"):
                assert other.export(subject=subject, level=level) == self.scheduler.export(subject=subject, level=level)
        self.databases.drop(url)

    def learn_again(self, subject: str) -> None:
        """What was done, as it counts after corrections."""
        for key in [key for key in self.happened if key[0] == subject]:
            del self.happened[key]
        for fact in self.scheduler.audit(subject).record.effective().facts:
            self.note(subject, fact)

    @rule(data=st.data())
    def stale(self, data: st.DataObject) -> None:
        """Who saw an older revision is refused."""
        subject = self.subject(data)
        revision = self.scheduler.show(subject).revision
        before = self.trace(subject)
        told = f"is at revision {revision}, and this was made for revision {revision - 1}"
        with pytest.raises(StaleRevision, match=told):
            self.scheduler.event(subject, "progression", str(self.now.date()), now=self.moment, seen=revision - 1)
        assert self.trace(subject) == before


def test_whatever_happens_the_laws_hold(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trial, "databases", databases, raising=False)
    run_state_machine_as_test(
        Trial,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
