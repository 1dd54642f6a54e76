"""A patient's record: the append-only list of facts from which every plan is rebuilt (design §6).

A fact says what happened or was decided, of which date it speaks, and who recorded it, when and why. Nothing is
changed or removed; a later fact on the same thing counts instead of the earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

When = date | datetime
AGAIN, YES = "again", "yes"
RECONSENTED = "reconsented"
LABEL, OVERRIDE = "label", "override"
# What a correction's values are named: the number of the fact it corrects, and of an undo the revision it takes back.
CORRECTS, UNDOES = "corrects", "undoes"


class Kind(StrEnum):
    """What a fact is about."""

    ENROLLED = "enrolled"
    BOOKED = "booked"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"
    ADDED = "added"
    WITHHELD = "withheld"
    GIVEN = "given"
    EVENT = "event"
    GROUP = "group"
    HISTORY = "history"
    CORRECTED = "corrected"
    AMENDED = "amended"
    SITE_REVISED = "site-revised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One entry of a record.

    ``name`` is the visit (booked, done, missed, cancelled, added, withheld, given), milestone (event), group or history
    item it speaks of; of an enrolment it is the subject. ``when`` is a date at the site, or an aware moment in the
    site's zone. ``values`` carries the rest by kind: ``{"value": …}`` of a group or an answer (a date, ``never``) and
    what else was asked for (``{"half-life": "3 days"}``), ``{"activity": …}`` of a withheld or given one, ``{"label":
    …}`` of an added (unscheduled) visit, ``{"override": …}`` the shut gates that a booking overrode, ``{"again":
    "yes"}`` of a visit that was done before and is repeated, and of an enrolment the protocol, version, template hash,
    site, site revision and salt.

    A correction (corrected) has the name of the fact it corrects, that one's number under ``corrects``, and the right
    date; without a date it takes that fact back. Of an undo ``undoes`` is the revision it takes back.

    An amendment (amended) has the protocol's id as its name, the day from which the version holds as its date, and in
    its values the ``version``, the one before (``from_version``), the ``template``'s hash and, where the patient had to
    consent anew, the day of that (``reconsented``). That the days of the site
    are those of another revision (site-revised) has the site's id as its name, and in its values ``site_revision``,
    ``from_revision`` and the ``site_snapshot``'s hash.
    """

    kind: Kind
    name: str
    when: When | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    by: str = ""
    recorded: datetime | None = None
    number: int = 0

    @property
    def is_repeat(self) -> bool:
        """Whether it says that a visit which was done before was done again (design §5, rule 14)."""
        return self.kind is Kind.DONE and self.values.get(AGAIN) == YES

    @property
    def corrects(self) -> int:
        """The number of the fact that a correction corrects; 0 of other facts."""
        return int(self.values[CORRECTS]) if self.kind is Kind.CORRECTED else 0

    def dated(self, when: When) -> Fact:
        """The same fact on another date; the value of an answer is its date."""
        if self.kind is not Kind.HISTORY:
            return replace(self, when=when)
        day = when.date() if isinstance(when, datetime) else when
        return replace(self, when=day, values={**self.values, "value": day.isoformat()})

    @property
    def day(self) -> date | None:
        """The date it speaks of, without a time."""
        return self.when.date() if isinstance(self.when, datetime) else self.when


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All facts of one subject, in the order in which they were recorded; the first is the enrolment."""

    subject: str
    facts: tuple[Fact, ...]

    def with_facts(self, *facts: Fact) -> Record:
        """The record with further facts behind its own, numbered on."""
        first = len(self.facts) + 1
        numbered = tuple(replace(fact, number=first + index) for index, fact in enumerate(facts))
        return replace(self, facts=self.facts + numbered)

    def before(self, fact: Fact) -> Record:
        """The record as it was just before ``fact`` was recorded."""
        return replace(self, facts=tuple(earlier for earlier in self.facts if earlier.number < fact.number))

    def corrections(self) -> dict[int, Fact]:
        """The corrections that count, by the number of the fact they correct.

        Of several of one fact the last counts, of those that were not themselves taken back. Each comes as it counts,
        with the date that a correction of it gave.
        """
        found: dict[int, Fact] = {}
        # A correction names a fact before it, so from the end on what counts of each is known when it is reached.
        for fact in reversed(self.facts):
            counted = _as_corrected(fact, found.get(fact.number)) if fact.kind is Kind.CORRECTED else None
            if counted is not None:
                found.setdefault(fact.corrects, counted)
        return found

    def effective(self) -> Record:
        """The facts as they count: each at its place, with its date corrected or, where it was taken back, left out.

        Corrections themselves are left out too, so this is what would have been recorded without the mistakes. All
        that is planned and judged follows from it (design §6).
        """
        if not any(fact.kind is Kind.CORRECTED for fact in self.facts):
            return self
        corrections = self.corrections()
        counted = (
            _as_corrected(fact, corrections.get(fact.number)) for fact in self.facts if fact.kind is not Kind.CORRECTED
        )
        return replace(self, facts=tuple(fact for fact in counted if fact is not None))

    @property
    def enrolment(self) -> Fact:
        """The fact of enrolment."""
        return self.facts[0]


def _as_corrected(fact: Fact, correction: Fact | None) -> Fact | None:
    """The fact as a correction of it leaves it; None where it is taken back."""
    if correction is None:
        return fact
    return None if correction.when is None else fact.dated(correction.when)


def enrolled(subject: str, day: date, **values: str) -> Record:
    """A record that holds nothing but an enrolment on ``day``."""
    return Record(subject=subject, facts=(Fact(kind=Kind.ENROLLED, name=subject, when=day, values=values, number=1),))
