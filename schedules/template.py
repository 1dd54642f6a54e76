"""A schedule template as a value: what one version of a protocol says (design §4). Made by :mod:`schedules.load`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from schedules.points import Around, Named, Point, Window
from schedules.spans import Span

PLACES = ("clinic", "phone", "ward", "remote")
OPEN_DAYS_ONLY = frozenset({"clinic", "phone"})
BUILT_IN_MILESTONES = {
    "enrolment": "Enrolment",
    "death": "Death",
    "withdrawal-treatment": "Withdrawal from treatment",
    "withdrawal-follow-up": "Withdrawal from follow-up visits",
    "withdrawal-contact": "Withdrawal from all contact",
    "lost-to-follow-up": "Lost to follow-up",
    "screen-failure": "Screen failure",
}
STOP_EVERYTHING = ("death", "withdrawal-contact", "lost-to-follow-up", "screen-failure")
ROLES = (
    "patient",
    "caregiver",
    "guardian",
    "coordinator",
    "pharmacy",
    "apheresis",
    "cell lab",
    "infusion unit",
    "imaging",
    "monitor",
)
# Those of one subject; the others are of a site, and departments among them have to do with some activities only.
SUBJECT_ROLES = frozenset({"patient", "caregiver", "guardian"})
DEPARTMENTS = ("pharmacy", "apheresis", "cell lab", "infusion unit", "imaging")

OnlyFor = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """A part of the protocol, and what its visits share unless they say otherwise."""

    id: str
    label: str
    place: str | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What tells one patient's schedule from another's. ``later`` groups are known only after enrolment."""

    id: str
    label: str
    values: Mapping[str, str]
    default: str | None = None
    later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """An event that is no visit. ``stop`` and ``keep`` name what it ends and spares; ``("all",)`` ends everything.

    It may happen again (``repeats``); as a gate it is asked again in every cycle, unless ``once``.
    """

    id: str
    label: str
    expected: Point | None = None
    stop: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    repeats: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A part of the protocol given again, at most ``maximum`` times: the epochs, series or visits it repeats, and
    its start."""

    id: str
    repeat: tuple[str, ...]
    start: Point
    maximum: int = 1
    no_earlier_than: tuple[Point, ...] = ()
    no_later_than: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """One length that a history item asks to pass: a span, or ``factor`` times an answered one (``5 × half-life``)."""

    span: Span | None = None
    factor: int = 1
    asks: str = ""

    def __str__(self) -> str:
        return self.span.text() if self.span is not None else f"{self.factor} × {self.asks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Something asked at screening whose date keeps ``before`` (a visit) at a distance: the ``which`` of ``clear``."""

    id: str
    label: str
    clear: tuple[Clearance, ...]
    which: str
    before: str

    @property
    def asks(self) -> tuple[str, ...]:
        """What else must be answered besides the date."""
        return tuple(item.asks for item in self.clear if item.asks)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRule:
    """What the template says of one visit; a series comes expanded, one rule a member.

    ``step`` is ``day`` or ``time`` for members of a stepped series or a list, which follow one another in order, and
    empty for others. ``until`` is the last point at which a repetition still has members. ``cycle`` is set on the
    copy of a
    visit for a further cycle; ``stands_in_for`` on the member that takes over once a cycle re-anchors a repetition
    whose
    member of that id was done before (rule 15).
    """

    id: str
    label: str
    epoch: str
    place: str
    at: Point
    series: str = ""
    member: str = ""
    number: int | None = None
    step: str = ""
    window: Window | None = None
    no_earlier_than: tuple[Point, ...] = ()
    no_later_than: tuple[Point, ...] = ()
    at_the_latest: Point | None = None
    until: Point | None = None
    duration: timedelta | None = None
    requires: tuple[str, ...] = ()
    only_for: OnlyFor = ()
    together_with: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    cycle: str = ""
    stands_in_for: str = ""

    @property
    def needs_open_day(self) -> bool:
        """Whether it can only be on an open day: at the clinic or by phone, unless it is at exactly ``enrolment``
        and has
        no window (design §5, rules 4 and 5)."""
        at_enrolment = self.window is None and self.at == Named("enrolment")
        return self.place in OPEN_DAYS_ONLY and not at_enrolment


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What is done at visits; ``optional`` are the visits where it is only done once chosen for a patient."""

    id: str
    label: str
    visits: tuple[str, ...]
    department: str = ""
    optional: frozenset[str] = frozenset()
    only_for: OnlyFor = ()
    samples: Mapping[str, tuple[tuple[Span, Around | None], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRule:
    """A span of days. With ``after_each`` it is repeated from every visit at which that activity is given."""

    id: str
    label: str
    start: Point | None = None
    end: Point | None = None
    length: Span | None = None
    after_each: str = ""
    until_done: tuple[str, ...] = ()
    only_for: OnlyFor = ()
    show_patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRule:
    """When a role is reminded. ``event`` is what of: before, opens, closes, overdue, expires or gate of a visit,
    period, expected (a milestone), or what is told as it happens: moved, cancelled, conflict.

    ``lead`` counts from it; of what moved or was cancelled it is how soon the visit must be. ``of`` names one period.
    """

    text: str
    event: str
    lead: Span = field(default_factory=Span)
    at: time | None = None
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A ``quote`` from the record, or what the template ``assumed``, on one field of one thing (or on the whole)."""

    where: str
    what: str
    text: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Template:
    """One version of a protocol. ``sha256`` is the hex digest of the file's bytes.

    ``kept`` is of a patient's own template after an amendment: the visits that stay as an earlier version has them,
    each with that version (see :mod:`schedules.merging`).
    """

    protocol: str
    version: str
    title: str
    sha256: str
    reference_visit: str
    reference_day: int
    registry: str = ""
    record: str = ""
    timezone: str | None = None
    epochs: Mapping[str, Epoch]
    groups: Mapping[str, Group] = field(default_factory=dict)
    milestones: Mapping[str, Milestone] = field(default_factory=dict)
    history: Mapping[str, History] = field(default_factory=dict)
    visits: tuple[VisitRule, ...]
    series: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    activities: Mapping[str, Activity] = field(default_factory=dict)
    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    periods: tuple[PeriodRule, ...] = ()
    reminders: Mapping[str, tuple[ReminderRule, ...]] = field(default_factory=dict)
    quotes: tuple[Statement, ...] = ()
    assumptions: tuple[Statement, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)

    def version_of(self, visit: str) -> str:
        """The version whose rules hold for a visit."""
        return self.kept.get(visit, self.version)

    def event_label(self, name: str) -> str:
        """What an event is called: a milestone's label, or a built-in's."""
        milestone = self.milestones.get(name)
        return milestone.label if milestone is not None else BUILT_IN_MILESTONES.get(name, name)

    def may_repeat(self, event: str) -> bool:
        """Whether a milestone may be recorded more than once; a built-in one may not."""
        milestone = self.milestones.get(event)
        return milestone is not None and milestone.repeats

    def members(self, name: str) -> tuple[str, ...]:
        """The visits a name stands for: itself, or all of a series or an epoch."""
        if name in self.series:
            return tuple(rule.id for rule in self.visits if rule.series.rpartition("/")[2] == name)
        if name in self.epochs:
            return tuple(visit.id for visit in self.visits if visit.epoch == name)
        return (name,)
