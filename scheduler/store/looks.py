"""What was seen before each fact about a visit (design §5, rule 12), kept so that a record need not be replayed.

All of it follows from facts, templates and sites, and each look is good only for the very facts it follows from: its
*basis*. Where that is another, or nothing is stored, the fact is judged by replay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Insert, Update, bindparam
from sqlmodel import Session

from scheduler.store.codec import canonical, digest, when_of_text, when_text
from scheduler.store.facts import Link
from scheduler.store.tables import LookRow
from schedules.judge import FORM, Seen
from schedules.plan import Deviation
from schedules.record import Kind

# Facts that change how those before them count or are laid out: by a correction each fact counts anew, and groups are
# the patient's as they are known by now.
_LOOKING_BACK = frozenset({Kind.CORRECTED.value, Kind.GROUP.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is stored of a subject: those looks that are good, and the basis of each (none of others), by the number of
    their fact."""

    bases: Mapping[int, str] = field(default_factory=dict)
    good: Mapping[int, Seen] = field(default_factory=dict)


NOTHING_KEPT = Kept()


class Looks:
    """The looks of all subjects, in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, subject: str, links: Sequence[Link]) -> Kept:
        """What is stored of a subject with these facts."""
        rows = self._session.connection().execute(_OF, {"of_subject": subject}).all()
        if not rows:
            return NOTHING_KEPT
        current = bases_of(links)
        read = {row.fact: _readable(row.data) for row in rows if current.get(row.fact) == row.basis}
        good = {number: look for number, look in read.items() if look is not None}
        return Kept(bases={row.fact: row.basis if row.fact in good else "" for row in rows}, good=good)

    def put(self, subject: str, links: Sequence[Link], looks: Mapping[int, Seen], kept: Kept | None) -> None:
        """Stores the looks of a subject with these facts, as far as they are not ``kept`` already."""
        kept = kept or NOTHING_KEPT
        current = bases_of(links) if looks else {}
        rows = [
            {"subject": subject, "fact": number, "basis": current[number], "data": seen_text(look)}
            for number, look in looks.items()
            if kept.bases.get(number) != current[number]
        ]
        self._write(_TABLE.insert(), (row for row in rows if row["fact"] not in kept.bases))
        over = (row for row in rows if row["fact"] in kept.bases)
        self._write(_ONE, ({"of_subject": row["subject"], "of_fact": row["fact"], **row} for row in over))

    def _write(self, statement: Insert | Update, rows: Iterable[dict[str, object]]) -> None:
        listed = list(rows)
        if listed:
            self._session.connection().execute(statement, listed)


_TABLE = LookRow.metadata.tables["look"]
_OF = _TABLE.select().where(_TABLE.c.subject == bindparam("of_subject"))
_ONE = _TABLE.update().where(_TABLE.c.subject == bindparam("of_subject"), _TABLE.c.fact == bindparam("of_fact"))


def bases_of(links: Sequence[Link]) -> dict[int, str]:
    """What the look of each fact follows from, by number: the form of judging, the facts before it with the templates
    and sites that they name by hash (all in the hash it is chained to), the fact, and what looks back at it."""
    last = next((link.hash for link in reversed(links) if link.kind in _LOOKING_BACK), "")
    return {link.number: digest(f"{FORM} {last} {link.hash}")[:32] for link in links}


def differing(kept: Kept, looks: Mapping[int, Seen]) -> tuple[int, ...]:
    """The facts of which another look is stored than follows, by number."""
    both = sorted(kept.good.keys() & looks.keys())
    return tuple(number for number in both if seen_text(kept.good[number]) != seen_text(looks[number]))


def seen_text(look: Seen) -> str:
    """A look as canonical JSON."""
    days = [when_text(when) for when in (look.planned, look.target, look.start, look.end)]
    return canonical([*days, [_deviation_list(deviation) for deviation in look.deviations]])


def _deviation_list(deviation: Deviation) -> list[object]:
    by = None if deviation.by is None else deviation.by.total_seconds()
    return [deviation.visit, deviation.kind, by, deviation.message, deviation.version, deviation.fact]


def seen_of_text(text: str) -> Seen:
    """The look again."""
    *days, deviations = json.loads(text)
    planned, target, start, end = map(when_of_text, days)
    return Seen(planned=planned, target=target, start=start, end=end, deviations=tuple(map(_deviation, deviations)))


def _readable(text: str) -> Seen | None:
    """A look, or None where it cannot be read, and is made anew."""
    try:
        return seen_of_text(text)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _deviation(values: list[Any]) -> Deviation:
    visit, kind, by, message, version, fact = values
    span = None if by is None else timedelta(seconds=by)
    return Deviation(visit=visit, kind=kind, by=span, message=message, version=version, fact=fact)
