"""A patient's visits as one HTML page, for the fridge and for the phone: no network, no script (design §1, §7).

At level ``private`` the page is as silent as a calendar of that level: no subject, visit's name, drug or site. What to
keep in mind (no driving, say) has a letter and a line to write on, and so has whose page it is and whom to call.
Besides, it says which visits are calls, since that tells nothing of an illness and one waits for a call elsewhere.

How firm a day is, is told by words and by shape, never by colour alone. There is nothing to operate: the page is read
from top to bottom, by headings, lists and tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from xml.etree.ElementTree import Element

from calendars.entries import Level
from calendars.markup import element, html_text, page_head, spaced
from calendars.page_items import Contents, Keeping, Kind, contents_of
from calendars.page_months import SIGNS, month_section
from calendars.page_sheet import PageOf, Sheet, label, lettered, visit_list
from calendars.page_style import STYLE
from calendars.page_words import PageWords, date_in_words, page_words
from calendars.words import words
from schedules.plan import Plan


def page(
    plan: Plan,
    *,
    today: date,
    of: PageOf,
    level: Level = Level.PRIVATE,
    language: str = "en",
    start: date | None = None,
    end: date | None = None,
) -> str:
    """The page, as HTML. The same plan on the same day gives the same text.

    :param today: the date at the site as of which it is told.
    :param start: with ``end`` the first and last day, both included; without it ``today``, and then earlier visits of
        which nothing is recorded are named too.
    :raises UnknownName: for a language that has no words here.
    """
    sheet = Sheet(
        of=of,
        level=level,
        texts=words(language),
        own=page_words(language),
        today=today,
        activities=plan.activities,
    )
    contents = contents_of(plan, today=today, start=start, end=end)
    title = sheet.texts.visits if sheet.private or not of.subject else f"{sheet.texts.visits} · {of.subject}"
    body = element("body", _header(sheet, title), _main(sheet, contents), class_=level)
    return html_text(element("html", page_head(title, STYLE), body, lang=sheet.own.tag))


def _header(sheet: Sheet, title: str) -> Element:
    own, of = sheet.own, sheet.of
    as_of = own.as_of.format(day=date_in_words(sheet.today, own, long=True, year=True))
    version = own.version.format(number=of.revision) if of.revision is not None else ""
    whose = _line_or(of.subject if not sheet.private else "")
    site = label(of.site, "site") if of.site and not sheet.private else None
    return element(
        "header",
        element("h1", title),
        element("p", as_of, version, own.replaces, class_="as-of"),
        element(
            "dl",
            element("div", element("dt", own.whose), element("dd", whose)),
            element("div", element("dt", own.call), element("dd", *spaced(site, _line_or(of.call)))),
        ),
    )


def _line_or(text: str) -> Element:
    """A text, or else an empty line to write on."""
    return label(text) if text.strip() else element("span", class_="write")


def _main(sheet: Sheet, contents: Contents) -> Element:
    own = sheet.own
    body = element("main")
    if contents.unsettled:
        listed = visit_list(sheet, contents.unsettled, year=True)
        body.append(element("section", element("h2", own.unsettled), listed, class_="unsettled"))
    if contents.keeping:
        body.append(element("section", element("h2", own.mind), _keeping(sheet, contents.keeping), class_="mind"))
    if contents.months or contents.later:
        body.append(_reading(sheet, contents))
    for month in contents.months:
        body.append(month_section(sheet, month, contents.keeping))
    if contents.later:
        heading = [element("h2", own.later)] if contents.months else []
        listed = visit_list(sheet, contents.later, year=True)
        body.append(element("section", *heading, listed, class_="later"))
    if not contents.months and not contents.later:
        body.append(element("p", own.no_visits, class_="gap"))
    return body


# What to keep in mind


def _keeping(sheet: Sheet, keeping: Iterable[Keeping]) -> Element:
    listed = tuple(keeping)
    letters = {item: letter for letter, item in lettered(listed)}
    items = []
    for item in listed:
        letter = letters.get(item)
        sign = element("b", letter, class_="letter") if letter else element("span", "•", class_="bullet")
        what = element("span", class_="write") if sheet.private else label(item.label)
        items.append(element("li", *spaced(sign, what, element("span", _span(sheet.own, item), class_="when"))))
    return element("ul", *items, class_="keeping", role="list")


def _span(own: PageWords, item: Keeping) -> str:
    first = date_in_words(item.start, own, year=True)
    if item.end is None:
        return own.open_end.format(first=first)
    last = date_in_words(item.end, own, year=True)
    return (own.until_told if item.until_told else own.span).format(first=first, last=last)


# How to read it


def _reading(sheet: Sheet, contents: Contents) -> Element:
    own, visit = sheet.own, sheet.texts.visit
    kinds = {item.kind for month in contents.months for item in month.items}
    signs = {
        Kind.BOOKED: (visit, own.booked),
        Kind.PLANNED: (f"{visit}?", own.planned),
        Kind.OPEN: (f"{visit}?", own.unrecorded),
        Kind.DONE: (SIGNS[Kind.DONE], own.done),
        Kind.MISSED: (SIGNS[Kind.MISSED], own.missed),
    }
    legend = [_sign(text, kind, meaning) for kind, (text, meaning) in signs.items() if kind in kinds]
    return element(
        "section",
        element("h2", own.how_to_read),
        element("ul", *legend, class_="legend", role="list") if legend else None,
        element("p", own.may_move, " ", own.local_times),
        class_="reading",
    )


def _sign(text: str, kind: str, meaning: str) -> Element:
    sign = element("span", text, class_=f"mark {kind}", aria_hidden="true")
    return element("li", sign, f" {meaning}")
