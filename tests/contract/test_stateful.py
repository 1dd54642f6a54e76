"""Whatever happens, and in whatever order: a state machine over both databases (Hypothesis, issue of facts and ends).

It enrols, books, does, misses, withholds, cancels, adds, repeats, starts cycles, withdraws, dies, amends, closes sites,
corrects, undoes, and carries records over into another database, and after each step holds the whole database to the
laws of design §1, §5 and §6 (the invariants). To test a further use case, add a rule to :class:`Trial` that goes
through :meth:`Trial.attempt`; where it changes what was done, it says so to ``self.happened``.
``DAYZERO_STATEFUL_EXAMPLES`` gives another number of runs (of up to 25 steps each).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler import Scheduler
from scheduler.values import Change, Message
from schedules.errors import InvalidInput, StaleRevision
from schedules.evaluating import is_timed
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.planner import plan as planned
from schedules.planner import prepare
from schedules.record import Fact, When
from schedules.template import BUILT_IN_MILESTONES, STOP_EVERYTHING, SUBJECT_ROLES, Template
from tests.contract.databases import Databases

EXAMPLES = int(os.environ.get("DAYZERO_STATEFUL_EXAMPLES", "6"))
STEPS = 25
# To shrink a failure takes many minutes, on two databases; what led to it is printed step by step anyway.
PHASES = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]
START = date(2026, 1, 5)
CLINIC, EVERY_DAY = frozenset(range(5)), frozenset(range(7))

# Gates, a cycle with a gate of its own, series in days and in hours, a choice, bounds both ways, a repetition that a
# second cycle re-anchors, visits that wait for an event or a group, and events that stop some or all of it.
MACHINE = """\
protocol: MACHINE
version: "1.0"
title: A protocol with one of everything
reference: {visit: d1, day: 1}
epochs:
  screening: {}
  lymphodepletion: {place: ward}
  treatment: {place: ward}
  follow-up: {window: ±3 days}
  calls: {place: phone, window: ±7 days}
  long-term: {window: ±30 days}
groups:
  arm: {A: Arm A, B: Arm B}
  ltfu: {values: {in: Long-term follow-up, out: None}, default: in}
milestones:
  on-site: Product on site
  second-cycle: Second cycle decided
  suspected: {label: Suspected progression, repeats: true}
  progression: {label: Progression, stop: [scan, infusion]}
  relapse: {label: Relapse, stop: all, keep: [calls]}
  withdrawal-treatment: {label: Treatment withdrawn, stop: [infusion]}
history:
  therapy: {label: Last therapy, clear: "shorter(4 weeks, 5 × half-life)", before: d1}
visits:
  consent: {epoch: screening, at: enrolment}
  labs: {epoch: screening, at: day -6, window: day -7 .. day -6}
  ld:
    epoch: lymphodepletion
    at: {every: 1 day, first: day -5, times: 3, from_previous: true}
    requires: [on-site]
  d1:
    epoch: treatment
    at: enrolment + 28 days
    no_earlier_than: ld.last + 2 days
    no_later_than: [ld.first + 14 days, labs + 7 days]
    duration: 4 hours
  sample: {epoch: treatment, at: {every: 2 hours, first: d1 + 1 hour, times: 2}, window: ±30 minutes}
  d4: {epoch: treatment, at: day 4}
  d8: {epoch: treatment, place: clinic, at: day 8, window: ±1 day, at_the_latest: day 12}
  month: {epoch: follow-up, at: {every: 1 month, from: d1, times: 3}}
  scan-again: {epoch: follow-up, at: {every: 1 month, from: suspected, times: 2}}
  arm-b: {epoch: follow-up, only_for: {arm: B}, at: day 20}
  eot: {epoch: follow-up, at: withdrawal-treatment + 7 days, window: ±7 days}
  call: {epoch: calls, at: {every: 1 month, from: "earliest(progression, relapse)", times: 3}}
  ltfu: {epoch: long-term, only_for: {ltfu: in}, at: {every: 1 year, from: infusion.last, numbers: 1..2}}
cycles:
  second: {repeat: [lymphodepletion, treatment], from: second-cycle + 7 days, max: 1, no_earlier_than: d1 + 21 days}
activities:
  infusion: {label: Infusion, visits: [d1, d4], optional: [d4], department: infusion unit}
  blood: {label: Blood, visits: [labs, d1, d4, d8, month], department: laboratory}
  scan: {label: Scan, visits: [month, scan-again], department: imaging}
periods:
  near: {label: Near, after_each: infusion, for: 2 weeks, show: patient}
  watch: {label: Watch, from: d1, to: day 28, and_until_done: [month-1]}
reminders:
  patient: [7 days before at 09:00, 1 day before at 17:00]
  coordinator: [window opens, 1 day before window closes, 1 day overdue]
"""


def version(number: str, *changes: tuple[str, str]) -> str:
    """The protocol under another version, with pieces of its text replaced."""
    text = MACHINE
    for old, new in (('version: "1.0"', f'version: "{number}"'), *changes):
        assert old in text, old
        text = text.replace(old, new)
    return text


# What an amendment may do: visits that move, come and go, also out of series and cycles; activities, groups, periods.
VERSIONS = {
    "2.0": version(
        "2.0",
        ("at: day 8,", "at: day 9,"),
        ("  d4: {", "  d2: {epoch: treatment, at: day 2}\n  d4: {"),
        ("first: day -5, times: 3,", "first: day -5, times: 2,"),
        ("from: d1, times: 3}", "from: infusion.last, times: 4}"),
        ("arm: {A: Arm A, B: Arm B}", "arm: {A: Arm A, C: Arm C}\n  region: {EU: Europe, CN: China}"),
        ("only_for: {arm: B}, at: day 20", "only_for: {arm: C}, at: day 22"),
        ("visits: [labs, d1, d4, d8, month]", "visits: [labs, d1, d2, month]"),
        ("from: d1, to: day 28", "from: d1, to: day 35"),
    ),
    "3.0": version(
        "3.0",
        ("  d4: {epoch: treatment, at: day 4}\n", ""),
        ("visits: [d1, d4], optional: [d4],", "visits: [d1],"),
        ("visits: [labs, d1, d4, d8, month]", "visits: [labs, d1, d8, month]"),
        ("at: day -6, window: day -7 .. day -6", "at: day -3, window: day -7 .. day -1"),
        ("times: 2}, window: ±30 minutes", "times: 1}, window: ±10 minutes"),
        ("no_later_than: [ld.first + 14 days, labs + 7 days]", "no_later_than: labs + 10 days"),
        ("  second: {repeat: [lymphodepletion, treatment]", "  second: {repeat: [treatment]"),
    ),
}


class Trial(RuleBasedStateMachine):
    """Some patients of one trial, its database, and what should be true of them.

    ``happened`` holds by subject and visit all times that it was done, the one that counts last; ``heads`` the hash
    after each revision, kept elsewhere; ``sequences`` the highest calendar sequence number seen, by UID.
    """

    databases: ClassVar[Databases]

    def __init__(self) -> None:
        super().__init__()
        self.url = self.databases.make(migrated=True)
        self.scheduler = Scheduler(self.url)
        self.scheduler.__enter__()
        self.now = datetime(START.year, START.month, START.day, 9)
        self.subjects: list[str] = []
        self.happened: dict[tuple[str, str], list[When]] = {}
        self.heads: dict[str, str] = {}
        self.sequences: dict[str, int] = {}
        self.uids: dict[tuple[str, str], str] = {}
        self.touched: set[str] = set()
        self.refusals: list[str] = []

    def teardown(self) -> None:
        """Also holds that every refusal was a whole sentence, or ended with the command to give instead."""
        assert all(text.endswith((".", "WHEN", "?")) for text in self.refusals), self.refusals
        self.scheduler.__exit__(None, None, None)
        self.databases.drop(self.url)

    # What every rule uses

    def attempt(self, act: Callable[..., Change], subject: str, *given: Any, **how: Any) -> Change | None:
        """One use case at the present moment, after the same as a dry run; None where it was refused for a reason.

        A refusal and a dry run leave no trace; a dry run tells what the real run then does.
        """
        before = self.trace(subject)
        options = {"now": self.moment, "by": "machine", **how}
        try:
            tried = act(subject, *given, dry_run=True, **options)
        except InvalidInput as error:
            note(f"refused: {error}")
            self.refusals.append(str(error))
            assert self.trace(subject) == before
            return None
        assert self.trace(subject) == before
        change = act(subject, *given, **options)
        assert (change.diff, change.after, change.warnings) == (tried.diff, tried.after, tried.warnings)
        assert change.revision == tried.revision
        self.touched.add(subject)
        return change

    def trace(self, subject: str) -> tuple[object, ...]:
        """All that a dry run or a refusal could leave behind."""
        if subject not in self.subjects:
            return ()
        return (
            self.scheduler.audit(subject).head,
            self.scheduler.show(subject).revision,
            self.scheduler.reminders(subject),
        )

    @property
    def moment(self) -> str:
        return self.now.isoformat(timespec="minutes")

    def plan(self, subject: str) -> Plan:
        return self.scheduler.plan(subject)

    def template(self, subject: str) -> Template:
        """The patient's own template: once it was amended, merged from its versions."""
        patient = self.scheduler.show(subject)
        return prepare(patient.template, patient.record, patient.site, patient.earlier).template

    def subject(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.subjects), label="subject")

    def visit(self, data: st.DataObject, subject: str, *statuses: Status) -> Visit | None:
        """Some visit of these statuses, or of any; sooner the ones that come first."""
        found = {visit.id: visit for visit in self.plan(subject).visits if not statuses or visit.status in statuses}
        return found[data.draw(st.sampled_from([*found][:12]), label="visit")] if found else None

    def near(self, data: st.DataObject, subject: str, visit: Visit) -> str:
        """A day near the visit's own, with a time where it needs one, or sometimes."""
        day = (visit.date or self.now.date()) + timedelta(days=data.draw(st.integers(-2, 4), label="days"))
        hours = {rule.id for rule in self.template(subject).visits if is_timed(rule.at)}
        timed = visit.id in hours or data.draw(st.integers(0, 5), label="timed") == 0
        return f"{day}T{data.draw(st.integers(8, 17), label='hour'):02}:30" if timed else f"{day}"

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

    # What holds, after each step; only whose record was touched can have changed

    @invariant()
    def everything_holds(self) -> None:
        for subject in sorted(self.touched):
            self.replanning_gives_the_stored_dates(subject)
            self.nothing_done_has_moved(subject)
            self.the_dead_have_no_dates_and_no_reminders(subject)
            self.the_chain_verifies(subject)
            self.sequence_numbers_never_fall(subject)
        self.touched.clear()

    def replanning_gives_the_stored_dates(self, subject: str) -> None:
        patient = self.scheduler.show(subject)
        plan = planned(patient.template, patient.record, patient.site, patient.earlier)
        assert plan == patient.plan
        with self.scheduler._desk.store.reading() as work:
            rows = work.visits.visits(subject)
            periods = work.visits.periods(subject)
        for visit in plan.visits:
            row = rows.pop(visit.id)
            assert (row.status, row.label) == (visit.status.value, visit.label)
            # One that has no date any more is cancelled in calendars under its last one.
            assert row.when == visit.planned or visit.planned is None
        assert {row.status for row in rows.values()} <= {"cancelled"}
        spans = {period.id: (period.start, period.end) for period in plan.periods}
        for name, period in periods.items():
            span = spans.pop(name, (None, None))
            # So is a period that is no longer there, or has no dates any more; one that never had both is not in any.
            assert (period.first, period.last) == span or period.off
            assert not (period.off and all(span))
        assert spans == {}

    def nothing_done_has_moved(self, subject: str) -> None:
        plan = self.plan(subject)
        done = {visit.id: [*visit.earlier, visit.actual] for visit in plan.visits if visit.actual is not None}
        assert done == {visit: times for (name, visit), times in self.happened.items() if name == subject}

    def the_dead_have_no_dates_and_no_reminders(self, subject: str) -> None:
        plan = self.plan(subject)
        ends = [day for name, day in plan.milestones.items() if name in STOP_EVERYTHING]
        assert (plan.stopped is not None) == bool(ends)
        for visit in plan.visits if ends else ():
            assert visit.status is not Status.CONDITIONAL
            assert visit.status not in TO_COME or (visit.date is not None and visit.date <= max(ends))
        waiting = [item for item in self.scheduler.reminders(subject) if item.state == "pending"]
        if ends:
            # Staff get one notice, and nobody anything else.
            assert {(item.event, item.role in SUBJECT_ROLES) for item in waiting} <= {("stopped", False)}
            return
        things = {period.id for period in plan.periods} | {item.milestone for item in plan.expected}
        coming = things | {visit.id for visit in plan.visits if visit.status in TO_COME}
        # What tells that a visit was called off is of none to come.
        assert {item.visit for item in waiting if item.event != "cancelled"} <= coming

    def the_chain_verifies(self, subject: str) -> None:
        audit = self.scheduler.audit(subject, verify=True, head=self.heads.get(subject))
        assert audit.problems == ()
        self.heads[subject] = audit.head

    def sequence_numbers_never_fall(self, subject: str) -> None:
        for entry in self.scheduler.calendar(subject=subject).entries:
            assert entry.sequence >= self.sequences.get(entry.uid, 0)
            assert self.uids.setdefault((subject, entry.visit.id), entry.uid) == entry.uid
            self.sequences[entry.uid] = entry.sequence


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
