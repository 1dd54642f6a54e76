"""The months of a patient's page: a grid of weeks from Monday to Sunday, and beside it the visits one by one."""

from __future__ import annotations

from datetime import date, datetime
from xml.etree.ElementTree import Element

from calendars.markup import element, spaced
from calendars.page_items import DAY, Item, Keeping, Kind, Month
from calendars.page_sheet import Sheet, lettered, visit_list
from calendars.page_words import PageWords, month_in_words, sentence, time_at_site, weekday_in_words
from schedules.spans import add_months

MONDAY = date(2026, 3, 2)  # any will do
SIGNS = {Kind.DONE: "✓", Kind.MISSED: "×"}


def month_section(sheet: Sheet, month: Month, keeping: tuple[Keeping, ...]) -> Element:
    """A month under its heading, with what is to be kept in mind on its days."""
    title = sentence(month_in_words(month.first, sheet.own))
    name = f"month-{month.first:%Y-%m}"
    return element(
        "section",
        _gap(sheet.own, month),
        element("h2", title, id=name),
        element(
            "div",
            _grid(sheet, month, keeping, name),
            visit_list(sheet, month.items, year=False),
            class_="side-by-side",
        ),
        class_="month",
    )


def _gap(own: PageWords, month: Month) -> Element | None:
    """That there are no visits in the months before, so that nobody looks for a page that is lost."""
    if not month.empty_before:
        return None
    first = month_in_words(add_months(month.first, -month.empty_before), own)
    last = month_in_words(add_months(month.first, -1), own)
    text = own.nothing_in if month.empty_before == 1 else own.nothing_between
    return element("p", text.format(first=first, last=last), class_="gap")


def _grid(sheet: Sheet, month: Month, keeping: tuple[Keeping, ...], name: str) -> Element:
    own = sheet.own
    week = (MONDAY + DAY * number for number in range(7))
    heads = (
        element("th", weekday_in_words(day, own, short=True), scope="col", abbr=weekday_in_words(day, own))
        for day in week
    )
    weeks = (element("tr", *(_day(sheet, month, day, keeping) for day in week)) for week in month.weeks)
    return element(
        "table", element("thead", element("tr", *heads)), element("tbody", *weeks), class_="grid", aria_labelledby=name
    )


def _day(sheet: Sheet, month: Month, day: date | None, keeping: tuple[Keeping, ...]) -> Element:
    if day is None:
        return element("td", class_="blank")
    marks = [_mark(sheet, item) for item in month.items if item.day == day]
    letters = " ".join(letter for letter, item in lettered(keeping) if item.covers(day))
    classes = " ".join(name for name, holds in (("weekend", day.weekday() > 4), ("marked", marks)) if holds)
    number = element("span", str(day.day), class_="number")
    held = element("span", letters, class_="letters", aria_hidden="true") if letters else None
    return element("td", *spaced(number, *marks, held), class_=classes or None)


def _mark(sheet: Sheet, item: Item) -> Element:
    """A visit in the grid: its time, or that it is one; a question mark as long as it is not booked."""
    word = sheet.own.short_phone if item.visit.place == "phone" else sheet.texts.visit
    text = time_at_site(item.when) if isinstance(item.when, datetime) else word
    if item.kind in (Kind.PLANNED, Kind.OPEN):
        text += "?"
    return element(
        "span",
        SIGNS.get(item.kind, text),
        element("span", f" {sheet.firmness(item)}", class_="unseen"),
        class_=f"mark {item.kind}",
    )
