"""Deviations with the facts they were judged by, as a list, text and CSV (design §5, rule 12)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from calendars.layout import Cell, Note, heading, sections, table
from calendars.tables import questions_text, section
from calendars.words import day_in_words, length_in_words
from schedules.expiries import Expiry
from schedules.plan import Deviation, Plan
from schedules.record import Fact, Record, When
from schedules.spans import iso_duration

_COLUMNS = (
    *("protocol", "version", "site", "subject", "visit", "label", "kind", "by", "days", "deviation"),
    *("date", "recorded_by", "recorded", "reason"),
)
# What a spreadsheet takes for a formula, also in the wide forms of Chinese and Japanese keyboards.
_FORMULA = tuple("=+-@＝＋－＠")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationItem:
    """A deviation with whose it is, and the fact it was judged by.

    ``message`` has the rule in words; ``version`` is the template's by which it was judged; ``when`` is the date of the
    fact at the site (None of a missed visit), ``recorded`` the moment it was recorded in UTC, ``why`` its reason.
    """

    protocol: str
    version: str
    site: str
    subject: str
    visit: str
    label: str
    kind: str
    by: timedelta | None
    message: str
    when: When | None
    recorded_by: str
    recorded: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviations:
    """Deviations in the order of protocol, site, subject and record. Of one ``subject`` also what expires and what is
    asked; of all, or of a protocol, ``subject`` is None and there is nothing of that."""

    items: tuple[DeviationItem, ...]
    subject: str | None = None
    expiries: tuple[Expiry, ...] = ()
    questions: tuple[str, ...] = ()

    def counts(self) -> Counter[tuple[str, str]]:
        """How many there are, by protocol with version, and kind."""
        return Counter((f"{item.protocol} {item.version}", item.kind) for item in self.items)


def deviation_items(plan: Plan, record: Record, *, subject: str, site: str) -> Iterator[DeviationItem]:
    """The deviations of a plan, each with the fact of ``record`` by which it was judged."""
    for deviation in plan.deviations:
        fact = _judged(record, deviation)
        visit = plan.visit(deviation.visit)
        yield DeviationItem(
            protocol=plan.protocol,
            version=deviation.version,
            site=site,
            subject=subject,
            visit=deviation.visit,
            label=visit.label if visit else "",
            kind=deviation.kind,
            by=deviation.by,
            message=deviation.message,
            when=fact.when if fact else None,
            recorded_by=fact.by if fact else "",
            recorded=fact.recorded.astimezone(UTC) if fact and fact.recorded else None,
            why=fact.why if fact else "",
        )


def _judged(record: Record, deviation: Deviation) -> Fact | None:
    """The fact that says of the visit what the deviation is about: that it was missed, or was done."""
    return next((fact for fact in record.facts if fact.number == deviation.fact), None)


def deviations_report(found: Deviations, *, width: int = 80, colour: bool = False) -> str:
    """The deviations as a table with their numbers; of one subject also what expires and what is asked."""
    if not found.items:
        told = "No deviation is on record."
    else:
        told = sections((_table(found.items, width, colour), _numbers(found.counts(), width, colour)))
    expiring = [expiry_in_words(expiry) for expiry in found.expiries]
    return sections(
        (
            told,
            section("Expiries", expiring, width, colour),
            questions_text(found.questions, width=width, colour=colour),
        )
    )


def expiry_in_words(expiry: Expiry) -> str:
    """``labs + 7 days allows d1 up to Tue 3 Mar 2026; it is booked for Wed 4 Mar 2026: 1 day too late``."""
    last, planned = (day_in_words(day, short=True) for day in (expiry.last, expiry.planned))
    late = "" if expiry.holds else f": {length_in_words(expiry.planned - expiry.last)} too late"
    return f"{expiry.rule} allows {expiry.visit} up to {last}; it is {expiry.status} for {planned}{late}"


def _table(items: Iterable[DeviationItem], width: int, colour: bool) -> str:
    rows: list[Sequence[str | Cell] | Note] = []
    for item in items:
        by = length_in_words(item.by) if item.by else ""
        subject = f"{item.subject} ({item.site})"
        rows.append((subject, Cell(item.visit, "bold", whole=True), item.kind, by, item.message))
        rows.append(Note(_recorded(item), 1, "dim"))
    return table(("Subject", "Visit", "Kind", "By", "What, and by which rule"), rows, width=width, colour=colour)


def _recorded(item: DeviationItem) -> str:
    moment = f" on {item.recorded:%Y-%m-%d %H:%M} UTC" if item.recorded else ""
    reason = f": {item.why}" if item.why else ", without a reason"
    return f"{item.protocol} {item.version}; recorded by {item.recorded_by}{moment}{reason}"


def _numbers(counts: Counter[tuple[str, str]], width: int, colour: bool) -> str:
    """How many of each kind in each protocol, and in all."""
    protocols, kinds = (sorted({key[place] for key in counts}) for place in (0, 1))
    rows: list[Sequence[str | Cell]] = [
        (name, *(str(counts[name, kind]) for kind in kinds), str(sum(counts[name, kind] for kind in kinds)))
        for name in protocols
    ]
    totals = [sum(counts[name, kind] for name in protocols) for kind in kinds]
    rows.append(tuple(Cell(text, "bold") for text in ("Total", *map(str, totals), str(sum(totals)))))
    head = heading("How many", colour=colour)
    return f"{head}\n" + table(("Protocol", *kinds, "Total"), rows, width=width, colour=colour)


def deviations_csv(found: Deviations) -> str:
    """The deviations as CSV (RFC 4180: a header, lines that end in CRLF). ``by`` is an ISO 8601 duration, ``days`` the
    same in days. A text that a spreadsheet would take for a formula is led by an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for item in found.items:
        writer.writerow([_harmless(text) for text in _fields(item)])
    return out.getvalue()


def _fields(item: DeviationItem) -> tuple[str, ...]:
    by = (
        ("", "")
        if item.by is None
        else (iso_duration(item.by), f"{item.by / timedelta(days=1):.2f}".rstrip("0").rstrip("."))
    )
    return (
        *(item.protocol, item.version, item.site, item.subject, item.visit, item.label, item.kind, *by),
        item.message,
        item.when.isoformat() if item.when else "",
        item.recorded_by,
        item.recorded.isoformat(timespec="seconds") if item.recorded else "",
        item.why,
    )


def _harmless(text: str) -> str:
    # Spreadsheets pass over white space before a formula, of any kind; and a cell that begins with it may be split.
    begins = text.lstrip()
    return f"'{text}" if begins.startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n") else text
