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


class Kind(StrEnum):
    """What a fact is about."""

    ENROLLED = "enrolled"
    BOOKED = "booked"
    DONE = "done"
    MISSED = "missed"
    WITHHELD = "withheld"
    GIVEN = "given"
    EVENT = "event"
    GROUP = "group"
    HISTORY = "history"
    AMENDED = "amended"
    SITE_REVISED = "site-revised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One entry of a record.

    ``name`` is the visit (booked, done, missed, withheld, given), milestone (event), group or history item it speaks
    of; of an enrolment it is the subject. ``when`` is a date at the site, or an aware moment in the site's zone.
    ``values`` carries the rest by kind: ``{"value": …}`` of a group or an answer (a date, ``never``) and what else
    was asked for (``{"half-life": "3 days"}``), ``{"activity": …}`` of a withheld or given one, and of an enrolment the
    protocol, version, template hash, site, site revision and salt.

    An amendment (amended) has the protocol's id as its name, the day from which the version holds as its date, and in
    its values the ``version``, the one before (``from_version``) and the ``template``'s hash. That the days of the site
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

    @property
    def enrolment(self) -> Fact:
        """The fact of enrolment."""
        return self.facts[0]


def enrolled(subject: str, day: date, **values: str) -> Record:
    """A record that holds nothing but an enrolment on ``day``."""
    return Record(subject=subject, facts=(Fact(kind=Kind.ENROLLED, name=subject, when=day, values=values, number=1),))
