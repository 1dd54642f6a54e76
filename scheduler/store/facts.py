"""Facts: the append-only record of a subject, each chained to the one before by its hash (design §6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, select

from scheduler.store.codec import canonical, columns_of, digest, from_columns, to_columns, values_of, values_text
from scheduler.store.tables import FactRow
from schedules.errors import StoreUnavailable, shown
from schedules.record import Fact, Kind, Record

NO_HASH = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A fact as it is stored, in its chain: with the revision of the record that it belongs to, the hash of the fact
    before it, and its own. Nothing is read into it, so that a verification sees what is there."""

    subject: str
    number: int
    revision: int
    kind: str
    name: str
    day: date | None
    clock: time | None
    zone: str | None
    moment: datetime | None
    details: str
    why: str
    recorded_by: str
    recorded: datetime
    previous: str
    hash: str

    @property
    def fact(self) -> Fact:
        """The fact as a value. Raises ValueError or KeyError where it was tampered with."""
        return Fact(
            kind=Kind(self.kind),
            name=self.name,
            when=from_columns(self.day, self.clock, self.zone, self.moment),
            values=values_of(self.details),
            why=self.why,
            by=self.recorded_by,
            recorded=self.recorded,
            number=self.number,
        )


_NAMES = tuple(Link.__dataclass_fields__)


def hash_of(link: Link) -> str:
    """SHA-256, in hex, over the canonical JSON of all that is stored of a fact, the hash before it included."""
    plain = {name: _plain(value) for name, value in columns_of(link).items() if name != "hash"}
    return digest(canonical(plain | {"form": 1}))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date | time) else value


def chained(subject: str, facts: Iterable[Fact], revision: int, previous: str) -> tuple[Link, ...]:
    """The facts as links behind the one whose hash is ``previous``."""
    links = []
    for fact in facts:
        bare = _bare(subject, fact, revision, previous)
        previous = hash_of(bare)
        links.append(replace(bare, hash=previous))
    return tuple(links)


def _bare(subject: str, fact: Fact, revision: int, previous: str) -> Link:
    when = to_columns(fact.when)
    if fact.recorded is None:
        raise TypeError("a fact is stored with the moment it was recorded")
    return Link(
        subject=subject,
        number=fact.number,
        revision=revision,
        kind=fact.kind.value,
        name=fact.name,
        day=when.day,
        clock=when.clock,
        zone=when.zone,
        moment=when.moment,
        details=values_text(fact.values),
        why=fact.why,
        recorded_by=fact.by,
        recorded=fact.recorded.astimezone(UTC),
        previous=previous,
        hash=NO_HASH,
    )


def chain_problems(links: Sequence[Link], head: str | None = None) -> tuple[str, ...]:
    """What is wrong with a chain, in words; the first broken fact is named.

    ``head`` is the hash of a last fact that was kept elsewhere: with it a cut tail and a rewritten chain show too.
    """
    previous = NO_HASH
    for number, link in enumerate(links, start=1):
        problem = _problem(link, number, previous)
        if problem is not None:
            return (problem,)
        previous = link.hash
    return _head_problems(links, head)


def _problem(link: Link, number: int, previous: str) -> str | None:
    if link.number != number:
        return f"Fact {number} is missing: the next one there is fact {link.number}."
    named = f"Fact {number} ({shown(f'{link.kind} {link.name}')})"
    if link.previous != previous:
        return f"{named} does not follow from the fact before it: facts were replaced, removed or re-ordered."
    if hash_of(link) != link.hash:
        return f"{named} was changed after it was recorded: its hash does not fit what it says."
    return None


def _head_problems(links: Sequence[Link], head: str | None) -> tuple[str, ...]:
    if head is None or any(link.hash == head for link in links):
        return ()
    return (
        "No fact has the hash that was kept as the head: after it was kept, facts at the end were cut off or the whole "
        f"chain was rewritten. There are {len(links)} facts now.",
    )


class Facts:
    """The facts of all subjects, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def links(self, subject: str) -> tuple[Link, ...]:
        """A subject's facts in order, as they are stored. Raises StoreUnavailable where one cannot be read."""
        links, problem = self.readable(subject)
        if problem is not None:
            raise StoreUnavailable(f"{problem} Run 'dayzero audit {subject} --verify'.")
        return links

    def readable(self, subject: str) -> tuple[tuple[Link, ...], str | None]:
        """A subject's facts up to the first that cannot be read, and what is wrong with that one, in words."""
        try:
            rows = self._session.connection().execute(_OF, {"of_subject": subject})
            return readable_links([_link(row) for row in rows])
        except (ValueError, TypeError):
            # A date in a column that is none makes the whole query fail; one at a time shows which.
            return self._one_by_one(subject)

    def _one_by_one(self, subject: str) -> tuple[tuple[Link, ...], str | None]:
        numbers = self._session.exec(select(FactRow.number).where(FactRow.subject == subject).order_by(_TABLE.c.number))
        links: list[Link] = []
        for number in numbers.all():
            try:
                one = _OF.where(_TABLE.c.number == number)
                links.append(_link(self._session.connection().execute(one, {"of_subject": subject}).one()))
            except (ValueError, TypeError):
                return tuple(
                    links
                ), f"Fact {number} holds what is no date or time: it was changed after it was recorded."
        return readable_links(links)

    def record(self, subject: str) -> Record:
        """A subject's record. Raises StoreUnavailable where a fact cannot be read."""
        return record_of(subject, self.links(subject))

    def append(self, subject: str, links: Sequence[Link], facts: Iterable[Fact], revision: int) -> tuple[Link, ...]:
        """Adds numbered facts behind the ``links`` of a subject, which are all there are, and gives all there are then.

        Nobody else may change the record since they were read (see ``Subjects.find``).
        """
        new = chained(subject, facts, revision, links[-1].hash if links else NO_HASH)
        self.insert(new)
        return (*links, *new)

    def insert(self, links: Iterable[Link]) -> None:
        """Adds facts that are chained already."""
        self._session.connection().execute(_TABLE.insert(), [columns_of(link) for link in links])


# What every change of a record runs is built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
# Rows are read past the session, for its objects take twice as long to make and nothing here changes one.
_TABLE = FactRow.metadata.tables["fact"]
_OF = _TABLE.select().where(_TABLE.c.subject == bindparam("of_subject")).order_by(_TABLE.c.number)


def record_of(subject: str, links: Sequence[Link]) -> Record:
    """The record that stored facts make."""
    return Record(subject=subject, facts=tuple(link.fact for link in links))


def _check_correction(fact: Fact) -> None:
    """Raises ValueError or KeyError for a correction that names no fact before it."""
    if fact.kind is Kind.CORRECTED and not 1 <= fact.corrects < fact.number:
        raise ValueError("a correction names a fact before it")


def readable_links(links: Sequence[Link]) -> tuple[tuple[Link, ...], str | None]:
    """The facts up to the first that cannot be read, and what is wrong with that one, in words."""
    for place, link in enumerate(links):
        try:
            _check_correction(link.fact)
        except (ValueError, KeyError):
            problem = f"Fact {link.number} holds what was never written there: it was changed after it was recorded."
            return tuple(links[:place]), problem
    return tuple(links), None


def _link(row: Any) -> Link:
    return Link(**{name: getattr(row, name) for name in _NAMES})
