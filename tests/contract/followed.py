"""Patients whom the state machine follows: how its rules act on them, and the laws that hold after each step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from scheduler import Scheduler
from scheduler.values import Change
from schedules.errors import InvalidInput
from schedules.evaluating import is_timed
from schedules.plan import TO_COME, Plan, Status, Visit
from schedules.planner import plan as planned
from schedules.planner import prepare
from schedules.record import When
from schedules.template import STOP_EVERYTHING, SUBJECT_ROLES, Template
from tests.contract.databases import Databases

START = date(2026, 1, 5)


class Followed(RuleBasedStateMachine):
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
