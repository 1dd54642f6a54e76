"""What a change moves, as text for people: short where a whole series or years of follow-up move alike.

Nothing is lost by it: ``calendars.document.diff_document`` has every visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from calendars.layout import Cell, bullets, heading, paragraph, sections, table
from calendars.tables import conflicts_text, deviations_text, section, short, told
from calendars.words import change_in_words, day_of
from schedules.diff import Diff, Move, Turn
from schedules.plan import Status

# Up to so many visits are listed one by one; of more, those that are soon, and the later ones by how far they move.
LISTED_MOVES = 12
SOON = timedelta(days=60)


def diff_text(diff: Diff, *, today: date | None = None, width: int = 80, colour: bool = False) -> str:
    """What a change moves, by how much and why; statuses, conflicts that come and go, deviations.

    With ``today``, a date at the site, what is more than 60 days away is told in one line a distance where more than
    12 visits move. Members of a series whose status turns alike are told in one line.
    """
    return sections(
        (
            _moves("Moves", "Visit", diff.moved, width, colour, today=today),
            _moves("Periods end", "Period", diff.periods, width, colour),
            section("Changes", [*_turns(diff.turned)], width, colour),
            conflicts_text(diff.new_conflicts, title="New conflicts", width=width, colour=colour),
            section("Conflicts resolved", [told(conflict) for conflict in diff.gone_conflicts], width, colour),
            deviations_text(diff.new_deviations, title="New deviations", width=width, colour=colour),
            section("Questions answered", diff.answered, width, colour),
            section("New questions", diff.asked, width, colour),
            "" if diff.moved or diff.periods else "Nothing else moves.",
        )
    )


def _moves(title: str, noun: str, moves: Sequence[Move], width: int, colour: bool, *, today: date | None = None) -> str:
    if not moves:
        return ""
    listed, later = _soon_and_later(moves, today)
    rows = [
        (
            Cell(move.visit, "bold", whole=True),
            move.label,
            Cell(short(move.before), whole=True),
            Cell(short(move.after), whole=True),
            Cell(_moved_by(move), "yellow", whole=True),
        )
        for move in listed
    ]
    parts = [heading(title, colour=colour)]
    if rows:
        parts.append(table((noun, "What", "From", "To", "By"), rows, width=width, colour=colour))
    if later:
        parts.append(bullets(_later(later), width=width))
    return "\n".join([*parts, *_reasons(moves, {move.visit for move in later}, width)])


def _soon_and_later(moves: Sequence[Move], today: date | None) -> tuple[Sequence[Move], Sequence[Move]]:
    """What is listed, and what is told in a line a distance."""
    if today is None or len(moves) <= LISTED_MOVES:
        return moves, ()
    later = [move for move in moves if _first_day(move) > today + SOON]
    return ([move for move in moves if move not in later], later) if len(later) > 1 else (moves, ())


def _first_day(move: Move) -> date:
    return min((day_of(when) for when in (move.before, move.after) if when is not None), default=date.min)


def _later(moves: Iterable[Move]) -> Iterator[str]:
    """``13 later visits, to response-month-24, +2 days``: a line for all that move by the same distance."""
    distances: dict[str, list[Move]] = {}
    for move in moves:
        distances.setdefault(_moved_by(move), []).append(move)
    for distance, group in distances.items():
        number = f"{len(group)} later visits, to " if len(group) > 1 else "1 later visit, "
        yield f"{number}{group[-1].visit}, {distance}"


def _moved_by(move: Move) -> str:
    return "" if move.before is None or move.after is None else change_in_words(move.before, move.after)


def _reasons(moves: Sequence[Move], later: set[str], width: int) -> Iterator[str]:
    """Each reason once, behind all that moves for it; of what is not listed only the number."""
    visits: dict[str, list[str]] = {}
    for move in moves:
        if move.why:
            visits.setdefault(move.why, []).append(move.visit)
    if len(visits) == 1:
        yield from (paragraph(f"Why: {why}.", width=width, first="", rest="  ") for why in visits)
        return
    for why, names in visits.items():
        shown = [name for name in names if name not in later]
        rest = len(names) - len(shown)
        behind = [f"{rest} later visit{'s' if rest > 1 else ''}"] if rest else []
        yield paragraph(f"{', '.join([*shown, *behind])}: {why}", width=width, first="  ", rest="    ")


def _turns(turns: Iterable[Turn]) -> Iterator[str]:
    """A line a visit, or for all members of a series that turn alike, where the first of them would stand."""
    alike: dict[tuple[str, Status | None, Status | None], list[Turn]] = {}
    for turn in turns:
        alike.setdefault((turn.series or f"visit {turn.visit}", turn.before, turn.after), []).append(turn)
    return (_turned(group) for group in alike.values())


def _turned(turns: Sequence[Turn]) -> str:
    """``survival-call-1 … survival-call-8: conditional → planned, first on Mon 20 Jul 2026``."""
    first = turns[0]
    before = "new" if first.before is None else str(first.before)
    after = "no longer in the plan" if first.after is None else str(first.after)
    dated = first.before is Status.CONDITIONAL and first.when is not None
    if len(turns) == 1:
        on = f" for {short(first.when)}" if dated else ""
        return f"{first.visit} ({first.label}): {before} → {after}{on}"
    on = f", first on {short(first.when)}" if dated else ""
    return f"{_members(turns)}: {before} → {after}{on}"


def _members(turns: Sequence[Turn]) -> str:
    if len(turns) == 2:
        return f"{turns[0].visit}, {turns[1].visit}"
    return f"{turns[0].visit} … {turns[-1].visit} ({len(turns)} visits)"
