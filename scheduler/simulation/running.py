"""Running invented patients through the real use cases, day by day, with an injected clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from scheduler.simulation.chance import Chance
from scheduler.simulation.days import Action, Course, evening
from scheduler.simulation.fates import Fate, fate
from schedules.errors import InvalidInput
from schedules.site import Site

if TYPE_CHECKING:
    from scheduler import Scheduler
    from scheduler.values import Change, Message

# Where the invented sites are; their zones have both kinds of clocks, and none.
SITES = (
    ("SIM-CN", "Asia/Shanghai", "CN"),
    ("SIM-US", "America/New_York", "US-NY"),
    ("SIM-DE", "Europe/Berlin", "DE-BY"),
)
STAFF = ("coordinator", "pharmacy", "infusion unit")
SWEEPS = (time(1, tzinfo=UTC), time(10, tzinfo=UTC), time(19, tzinfo=UTC))
# The day is over at all three sites, or all but.
EVENING = time(22, tzinfo=UTC)
MOST_PATIENTS, MOST_DAYS = 100_000, 20 * 366
# Enrolment is over when this share of the time is.
ENROLLING = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What is to be run: so many ``patients`` from ``start`` on for ``days`` days; the same ``seed``, the same story.

    They are spread over the ``protocols`` (none: all there are, each in its newest version) and over three sites.
    """

    protocols: tuple[str, ...] = ()
    patients: int
    start: date
    days: int
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it. ``reminders`` are rows of the queue by state, ``sweeps`` what the sweeps said they did;
    ``repeated`` counts messages that were handed to the channel more than once."""

    patients: int = 0
    days: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0
    deviations: int = 0
    reminders: dict[str, int] = field(default_factory=dict)
    sweeps: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    repeated: int = 0

    def document(self) -> dict[str, object]:
        """The object that ``simulate --json`` prints."""
        return {
            "patients": self.patients,
            "days": self.days,
            "facts": dict(sorted(self.facts.items())),
            "ended": dict(sorted(self.ended.items())),
            "conflicts": self.conflicts,
            "deviations": self.deviations,
            "reminders": self.reminders,
            "sweeps": dict(sorted(self.sweeps.items())),
            "messages": dict(sorted(self.messages.items())),
            "repeated": self.repeated,
        }


def checked(what: Simulation) -> Simulation:
    """The same. Raises InvalidInput for numbers that make no simulation."""
    for name, number, most in (("patients", what.patients, MOST_PATIENTS), ("days", what.days, MOST_DAYS)):
        if not 1 <= number <= most:
            raise InvalidInput(f"A simulation has 1 to {most:,} {name}, and {number:,} were asked for.")
    return what


def simulate_in(url: str | None, what: Simulation, progress: Callable[[int], object] = lambda days: None) -> Outcome:
    """As :func:`simulate`, on the database at ``url``; without one on a temporary one, which is gone afterwards."""
    from tempfile import TemporaryDirectory

    from scheduler import Scheduler

    checked(what)
    if url is not None:
        with Scheduler(url) as trial:
            return simulate(trial, what, progress)
    with TemporaryDirectory(prefix="dayzero-") as folder, Scheduler(f"sqlite:///{folder}/simulated.db") as trial:
        return simulate(trial, what, progress)


def simulate(trial: Scheduler, what: Simulation, progress: Callable[[int], object] = lambda days: None) -> Outcome:
    """Runs invented patients on an opened scheduler; ``progress`` is told how many days have passed since it was last.

    Raises InvalidInput where the database holds subjects: what is invented must not mix with what is real.
    """
    checked(what)
    if trial.status().subjects:
        raise InvalidInput(
            "The database holds subjects already, and invented patients must not mix with real ones. "
            "Name a new one with --database, such as sqlite:///simulated.db."
        )
    return _Run(trial, what).whole(progress)


class _Run:
    """One simulation on the way."""

    def __init__(self, trial: Scheduler, what: Simulation) -> None:
        self.trial, self.what = trial, what
        self.chance = Chance(str(what.seed))
        self.outcome = Outcome(patients=what.patients, days=what.days)
        self.courses: list[Course] = []
        self.sent: set[str] = set()
        names = what.protocols or dict.fromkeys(found.protocol for found in trial.protocols())
        self.templates = [trial.template(name) for name in names]
        self.sites = [self._site(*place) for place in SITES]

    def _site(self, name: str, timezone: str, holidays: str) -> Site:
        now = datetime.combine(self.what.start, time(), UTC)
        site = self.trial.add_site(name, timezone=timezone, holidays=holidays, now=now)
        for role in STAFF:
            self.trial.add_contact(role=role, site=name, now=now)
        return site

    def whole(self, progress: Callable[[int], object]) -> Outcome:
        arriving = self._arriving()
        for number in range(self.what.days):
            day = self.what.start + timedelta(days=number)
            for moment in SWEEPS:
                self._sweep(datetime.combine(day, moment))
            self._evening(day, [place for place, when in enumerate(arriving) if when == day])
            progress(1)
        self._sweep(datetime.combine(self.what.start + timedelta(days=self.what.days), time(), UTC))
        return self._counted()

    def _arriving(self) -> list[date]:
        """The day of each patient's consent: spread over the first part of the time, on days the site is open."""
        span = max(1, int(self.what.days * ENROLLING))
        days = [place * span // self.what.patients for place in range(self.what.patients)]
        return [self._open_day(place, self.what.start + timedelta(days=day)) for place, day in enumerate(days)]

    def _open_day(self, place: int, day: date) -> date:
        site = self.sites[place % len(self.sites)]
        return next(later for later in (day + timedelta(days=wait) for wait in range(366)) if site.is_open(later))

    def _evening(self, day: date, arriving: Sequence[int]) -> None:
        now = datetime.combine(day, EVENING)
        for course in self.courses:
            if not course.over:
                for action in evening(course, day):
                    self._keep(course, self._do(course.subject, action, now))
        for place in arriving:
            self.courses.append(self._enrol(place, day, now))

    def _enrol(self, place: int, day: date, now: datetime) -> Course:
        subject = f"SIM-{place + 1:05}"
        chance = self.chance.of(subject)
        template, site = self.templates[place % len(self.templates)], self.sites[place % len(self.sites)]
        drawn = fate(template, chance)
        change = self.trial.enrol(
            template.protocol,
            subject,
            site=site.id,
            version=template.version,
            enrolled=day,
            groups=drawn.groups,
            history=dict(_answers(drawn, day)),
            by="simulation",
            now=now,
        )
        self.trial.add_contact(role="patient", subject=subject, quiet="21:00-08:00", now=now)
        course = Course(subject=subject, template=template, fate=drawn, chance=chance, enrolled=day, plan=change.after)
        self._keep(course, change)
        return course

    def _do(self, subject: str, action: Action, now: datetime) -> Change:
        method: Callable[..., Change] = getattr(self.trial, action.what)
        how: dict[str, Any] = {"by": "simulation", "now": now, "why": action.why}
        if action.what == "group":
            return method(subject, {action.name: action.value}, **how)
        if action.withheld:
            how["withheld"] = action.withheld
        given = (action.name,) if action.when is None else (action.name, action.when)
        return method(subject, *given, **how)

    def _keep(self, course: Course, change: Change) -> None:
        course.plan = change.after
        self.outcome.facts.update(fact.kind.value for fact in change.facts)

    def _sweep(self, now: datetime) -> None:
        found = self.trial.remind_once(now=now, send=self._send)
        self.outcome.sweeps.update({name: getattr(found, name) for name in ("sent", "suppressed", "missed", "failed")})

    def _send(self, message: Message) -> None:
        self.outcome.repeated += message.key in self.sent
        self.sent.add(message.key)
        self.outcome.messages[message.role] += 1

    def _counted(self) -> Outcome:
        for course in self.courses:
            self.outcome.ended.update([course.plan.stopped] if course.plan.stopped else [])
            self.outcome.conflicts += len(course.plan.conflicts)
            self.outcome.deviations += len(course.plan.deviations)
        self.outcome.reminders = dict(self.trial.status().reminders)
        return self.outcome


def _answers(drawn: Fate, day: date) -> Iterator[tuple[str, str]]:
    """Answers in days before enrolment as dates."""
    for name, answer in drawn.history.items():
        yield name, f"{day - timedelta(days=int(answer))}" if answer.isdigit() else answer
