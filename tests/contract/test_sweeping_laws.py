"""Moves, cancellations, deaths, withdrawals and other zones between and within sweeps: nothing is sent for a state that
no longer held, nothing to the contacts of the dead, and no message twice (design §1, guarantees 4 and 6)."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scheduler import Scheduler
from scheduler.store.outbox import STATES
from scheduler.values import Message
from schedules.errors import DayzeroError
from schedules.plan import TO_COME
from schedules.template import SUBJECT_ROLES
from tests.contract.conftest import SMALL

NAMES = ("P-001", "P-002")
VISITS = ("labs", "d1", "d8", "d15", "sample")
ZONES = ("Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Europe/Berlin")
DAYS = st.dates(date(2026, 2, 20), date(2026, 3, 25))
RULES = ["7 days before at 09:00", "1 day before at 17:00", "moved", "cancelled", "period ends at 09:00"]
QUIET = "22:00-07:00"
START = datetime(2026, 2, 15, tzinfo=UTC)


class Sweeps(RuleBasedStateMachine):
    """A database, a clock, and a channel that looks at the state anew at each message."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.url = f"sqlite:///{Path(self.folder).as_posix()}/trial.db"
        self.now = START
        self.keys: set[str] = set()
        self.meanwhile: Callable[[Scheduler], object] | None = None
        self.trial = Scheduler(self.url).__enter__()
        self.trial.add_protocol(SMALL.encode(), "small.yaml", now=START)
        self.trial.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=START)
        self.trial.add_contact(site="BJ01", role="coordinator", rules=["1 day overdue", "conflict"], now=START)
        for name in NAMES:
            self.trial.enrol("SMALL", name, site="BJ01", enrolled="2026-02-02", dates={"d1": "2026-03-02"}, now=START)
            self.trial.add_contact(subject=name, role="patient", rules=RULES, quiet=QUIET, now=START)

    @rule(name=st.sampled_from(NAMES), visit=st.sampled_from(VISITS), day=DAYS)
    def move(self, name: str, visit: str, day: date) -> None:
        self._do(lambda trial: trial.move(name, visit, self._when(visit, day), now=self.now))

    @rule(name=st.sampled_from(NAMES), visit=st.sampled_from(VISITS))
    def cancel(self, name: str, visit: str) -> None:
        self._do(lambda trial: trial.cancel(name, visit, why="so", now=self.now))

    @rule(name=st.sampled_from(NAMES), visit=st.sampled_from(VISITS), day=DAYS)
    def done(self, name: str, visit: str, day: date) -> None:
        self._do(lambda trial: trial.done(name, visit, self._when(visit, day), now=self.now))

    @rule(name=st.sampled_from(NAMES), what=st.sampled_from(["death", "withdrawal-contact", "withdrawal-follow-up"]))
    def end(self, name: str, what: str) -> None:
        self._do(lambda trial: trial.event(name, what, self.now.date(), now=self.now))

    @rule(name=st.sampled_from(NAMES))
    def undo(self, name: str) -> None:
        self._do(lambda trial: trial.undo(name, why="so", now=self.now))

    @rule(contact=st.integers(1, 3), zone=st.sampled_from(ZONES))
    def another_zone(self, contact: int, zone: str) -> None:
        self._do(lambda trial: trial.change_contact(contact, zone=zone, now=self.now))

    @rule(contact=st.integers(1, 3))
    def pause(self, contact: int) -> None:
        self._do(lambda trial: trial.pause_contact(contact, now=self.now))

    @rule(hours=st.integers(1, 60))
    def sweep(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.trial.remind_once(now=self.now, send=self._receive)

    @rule(hours=st.integers(6, 60), name=st.sampled_from(NAMES), day=DAYS, dies=st.booleans())
    def sweep_while_something_happens(self, hours: int, name: str, day: date, dies: bool) -> None:
        """Just after the first message of a batch."""
        self.meanwhile = (
            (lambda trial: trial.event(name, "death", self.now.date(), now=self.now))
            if dies
            else (lambda trial: trial.move(name, "d1", day, now=self.now))
        )
        self.sweep(hours)
        self.meanwhile = None

    def _when(self, visit: str, day: date) -> date | str:
        return f"{day}T14:00" if visit == "sample" else day

    def _do(self, change: Callable[[Scheduler], object]) -> None:
        """Refused is what cannot be: to move what is done, to undo an enrolment."""
        with contextlib.suppress(DayzeroError):
            change(self.trial)

    def _receive(self, message: Message) -> None:
        assert message.key not in self.keys, "no message goes out twice"
        self.keys.add(message.key)
        with Scheduler(self.url) as other:
            for part in message.parts or (message,):
                self._check(other, part)
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile is not None:
                self._do_with(other, meanwhile)

    def _do_with(self, other: Scheduler, change: Callable[[Scheduler], object]) -> None:
        with contextlib.suppress(DayzeroError):
            change(other)

    def _check(self, other: Scheduler, part: Message) -> None:
        plan = other.plan(part.subject)
        contact = next(one for one in other.contacts() if one.id == part.contact.id)
        assert not contact.is_paused(self.now)
        if contact.quiet is not None:
            assert 7 <= self.now.astimezone(ZoneInfo(contact.zone)).hour < 22
        if plan.stopped is not None:
            assert part.role not in SUBJECT_ROLES, "nothing to the contacts of the dead"
            assert part.event == "stopped", "staff get the notice alone"
            return
        visit = plan.visit(part.visit)
        if part.event in ("before", "moved", "overdue"):
            assert visit is not None
            assert visit.status in TO_COME
            assert visit.date is not None
            assert part.event == "overdue" or f"{visit.date.day} {visit.date:%B %Y}" in part.sentence
        if part.event == "cancelled":
            assert visit is None or visit.status not in TO_COME
        if part.event == "conflict":
            assert any(conflict.visit == part.visit for conflict in plan.conflicts)

    @invariant()
    def each_reminder_is_in_one_state(self) -> None:
        counts = self.trial.status(now=self.now).reminders
        assert tuple(counts) == STATES
        assert counts["failed"] == 0

    def teardown(self) -> None:
        if hasattr(self, "trial"):
            self.trial.__exit__(None, None, None)
            shutil.rmtree(self.folder)


Sweeps.TestCase.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSweeps = Sweeps.TestCase
