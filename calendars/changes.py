"""What a change moves, as text for people: short where a whole series or years of follow-up move alike.

Nothing is lost by it: ``calendars.document.diff_document`` has every visit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from calendars.deviations import expiry_in_words
from calendars.layout import Cell, bullets, heading, paragraph, sections, table
from calendars.tables import conflicts_text, deviations_text, section, short, told
from calendars.words import change_in_words, day_of
from schedules.diff import ActivityChange, Diff, ExpiryChange, Move, Turn
from schedules.gates import GateChange
from schedules.plan import Status

NO_DATE = "no date"
# Up to so many visits are listed one by one; of more, those that are soon, and the later ones by how far they move.
LISTED_MOVES = 12
SOON = timedelta(days=60)
# Up to so many lines of visits or series that turn alike; of more, one line for all.
LISTED_TURNS = 6


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
            section("Activities", [activity_in_words(change) for change in diff.activities], width, colour),
            section("Gates", [gate_in_words(gate) for gate in diff.gates], width, colour),
            section("Expiries", [expiry_change_in_words(change) for change in diff.expiries], width, colour),
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
            Cell(short(move.before) or NO_DATE, whole=True),
            Cell(short(move.after) or NO_DATE, whole=True),
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
    """Each reason once, behind all that moves for it; of what is not listed only the number, and no weekends."""
    visits: dict[str, list[str]] = {}
    for move in moves:
        reason = (move.root if move.visit in later else "") or move.why
        if reason:
            visits.setdefault(reason, []).append(move.visit)
    if len(visits) == 1:
        yield from (paragraph(f"Why: {why}.", width=width, first="", rest="  ") for why in visits)
        return
    for why, names in visits.items():
        shown = [name for name in names if name not in later]
        rest = len(names) - len(shown)
        behind = [f"{rest} later visit{'s' if rest > 1 else ''}"] if rest else []
        yield paragraph(f"{', '.join([*shown, *behind])}: {why}", width=width, first="  ", rest="    ")


def activity_in_words(change: ActivityChange) -> str:
    """``Tumour assessment no longer at response-month-3, response-month-6``."""
    return f"{change.label} {'also' if change.added else 'no longer'} at {visits_in_words(change.visits)}"


def gate_in_words(gate: GateChange) -> str:
    """``product-on-site is open: ld-1 … ld-3 (3 visits), d1 no longer wait for it``."""
    visits, many = visits_in_words(gate.visits), len(gate.visits) > 1
    wait = "wait" if many else "waits"
    if gate.after == "open":
        told = f"is open: {visits} no longer {wait} for it" if gate.before else f"is open for {visits}"
    else:
        told = f"is shut{' again' if gate.before else ''}: {visits} {wait} for it"
    return f"{gate.milestone} {told}"


def visits_in_words(names: Sequence[str]) -> str:
    """``ld-1 … ld-3 (3 visits), d1``: members of a series that follow one another at one step are told in short."""
    found: list[list[str]] = []
    for name in names:
        if found and _goes_on(found[-1], name):
            found[-1].append(name)
        else:
            found.append([name])
    return ", ".join(f"{run[0]} … {run[-1]} ({len(run)} visits)" if len(run) > 2 else ", ".join(run) for run in found)


def _goes_on(run: Sequence[str], name: str) -> bool:
    """Whether a name is the next of a run: the same but for a number, which rises by as much as between the others."""
    parts = [part.rpartition("-") for part in (*run[-2:], name)]
    if len({stem for stem, _, _ in parts}) > 1 or not all(stem and number.isdecimal() for stem, _, number in parts):
        return False
    steps = {int(later[2]) - int(earlier[2]) for earlier, later in pairwise(parts)}
    return len(steps) == 1 and min(steps) > 0


def expiry_change_in_words(change: ExpiryChange) -> str:
    """``labs + 7 days allows d1 up to Tue 10 Mar 2026 …; before, up to Tue 3 Mar 2026``."""
    one, two = change.before, change.after
    if two is None:
        assert one is not None
        return f"{one.rule} no longer bounds {one.visit}, which it allowed up to {short(one.last)}"
    before = f"; before, up to {short(one.last)}" if one is not None and one.last != two.last else ""
    return f"{expiry_in_words(two)}{before}"


def _turns(turns: Iterable[Turn]) -> Iterator[str]:
    """A line a visit, or for all members of a series that turn alike, where the first of them would stand.

    Where many turn alike it is one line for all of them.
    """
    alike: dict[tuple[str, Status | None, Status | None], list[Turn]] = {}
    for turn in turns:
        alike.setdefault((turn.series or f"visit {turn.visit}", turn.before, turn.after), []).append(turn)
    number = Counter(key[1:] for key in alike)
    many: dict[tuple[Status | None, Status | None], list[Turn]] = {}
    lines: dict[object, list[Turn]] = {}
    for key, group in alike.items():
        kind = key[1:]
        if number[kind] > LISTED_TURNS:
            many.setdefault(kind, []).extend(group)
            lines[kind] = many[kind]
        else:
            lines[key] = group
    return (_all_turned(group) if key in many else _turned(group) for key, group in lines.items())


def _all_turned(turns: Sequence[Turn]) -> str:
    """``conditional → planned, Fri 17 Apr to Fri 15 May 2026 (11 visits): second/d0, second/d1 …``."""
    days = sorted(day_of(turn.when) for turn in turns if turn.when is not None)
    dated = turns[0].before is Status.CONDITIONAL and days
    span = f", {short(days[0])} to {short(days[-1])}" if dated else ""
    return f"{_from_to(turns[0])}{span} ({len(turns)} visits): {visits_in_words([turn.visit for turn in turns])}"


def _from_to(turn: Turn) -> str:
    before = "new" if turn.before is None else str(turn.before)
    return f"{before} → {'no longer in the plan' if turn.after is None else turn.after}"


def _turned(turns: Sequence[Turn]) -> str:
    """``survival-call-1 … survival-call-8: conditional → planned, first on Mon 20 Jul 2026``."""
    first = turns[0]
    dated = first.before is Status.CONDITIONAL and first.when is not None
    if len(turns) == 1:
        on = f" for {short(first.when)}" if dated else ""
        return f"{first.visit} ({first.label}): {_from_to(first)}{on}"
    on = f", first on {short(first.when)}" if dated else ""
    return f"{_members(turns)}: {_from_to(first)}{on}"


def _members(turns: Sequence[Turn]) -> str:
    if len(turns) == 2:
        return f"{turns[0].visit}, {turns[1].visit}"
    return f"{turns[0].visit} … {turns[-1].visit} ({len(turns)} visits)"
