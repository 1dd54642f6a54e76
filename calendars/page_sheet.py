"""What every part of a patient's page needs: whose it is, how much it tells, in which words; and its list of visits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from xml.etree.ElementTree import Element

from calendars.entries import Level
from calendars.markup import Child, element
from calendars.page_items import Item, Keeping, Kind
from calendars.page_words import PageWords, between_in_words, date_in_words, length_of_visit, sentence, time_at_site
from calendars.words import Words
from schedules.plan import Visit

# A page tells of these at every level: they are no places that one goes to.
_CALLS = frozenset({"phone", "remote"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOf:
    """Whose page it is. ``site`` is what the site is called; ``call`` is printed as it is given, if it is."""

    subject: str = ""
    site: str = ""
    call: str = ""
    revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What every part of the page needs; ``activities`` are labels by id."""

    of: PageOf
    level: Level
    texts: Words
    own: PageWords
    today: date
    activities: Mapping[str, str] = field(default_factory=dict)

    @property
    def private(self) -> bool:
        """Whether nothing of the study may be told."""
        return self.level is Level.PRIVATE

    def word(self, visit: Visit) -> str:
        """What a visit is called without a name: a visit, or a call."""
        return self.own.phone if visit.place == "phone" else self.texts.visit

    def firmness(self, item: Item) -> str:
        """How firm its day is: booked, or not yet and between which days."""
        own = self.own
        if not item.movable:
            firm = {Kind.BOOKED: own.booked, Kind.DONE: own.done, Kind.MISSED: own.missed, Kind.OPEN: own.unrecorded}
            return firm.get(item.kind, own.planned)
        return f"{own.planned}{own.comma}{between_in_words(item.first, item.last, own, year=item.day.year)}"


def label(text: str, class_: str | None = None) -> Element:
    """A text in a language that nobody told us."""
    return element("bdi", text, lang="", class_=class_)


def lettered(keeping: Iterable[Keeping]) -> Iterator[tuple[str, Keeping]]:
    """What the days of a month show, with the letter by which they do; after Z come numbers."""
    for number, item in enumerate(item for item in keeping if item.marked):
        yield chr(ord("A") + number) if number < 26 else str(number + 1), item


def visit_list(sheet: Sheet, items: Iterable[Item], *, year: bool) -> Element:
    """The visits one by one, each under its day as a heading; with the ``year`` where no heading above tells it."""
    return element("ol", *(_visit(sheet, item, year) for item in items), class_="visits", role="list")


def _visit(sheet: Sheet, item: Item, year: bool) -> Element:
    own = sheet.own
    name = sheet.word(item.visit) if sheet.private else label(item.label)
    return element(
        "li",
        element("h3", *_when(own, item, year)),
        element("p", element("strong", name), *(f" · {detail}" for detail in _details(sheet, item))),
        element("p", own.unsure, class_="warning") if item.unsure else None,
        element("p", sentence(own.unrecorded), class_="warning") if item.kind is Kind.OPEN else None,
        _activities(sheet, item),
        class_=f"visit {item.kind}",
    )


def _when(own: PageWords, item: Item, year: bool) -> Iterator[Child]:
    """The day of a visit: ``Monday 2 March, 10:00``, or ``About Tuesday 12 May``."""
    when = item.when
    day = date_in_words(item.day, own, long=True, year=year)
    text = own.at.format(day=day, time=time_at_site(when)) if isinstance(when, datetime) else day
    machine = when.isoformat(timespec="minutes") if isinstance(when, datetime) else item.day.isoformat()
    before, _, after = (own.about if item.movable else "{day}").partition("{day}")
    yield sentence(before)
    yield element("time", text if before else sentence(text), datetime=machine)
    yield after


def _details(sheet: Sheet, item: Item) -> Iterator[str]:
    visit = item.visit
    if item.kind is not Kind.OPEN:
        yield sentence(sheet.firmness(item))
    if visit.place in _CALLS or not sheet.private:
        yield sheet.texts.place.get(visit.place, visit.place)
    if item.duration:
        yield sheet.own.takes.format(length=length_of_visit(item.duration, sheet.own))


def _activities(sheet: Sheet, item: Item) -> Element | None:
    if sheet.level is not Level.FULL or not item.activities:
        return None
    labels = (label(sheet.activities.get(name, name)) for name in item.activities)
    return element("ul", *(element("li", text) for text in labels), class_="activities", role="list")
