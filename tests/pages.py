"""A patient's page read back as a tree, and the plans that tests make pages of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from html.parser import HTMLParser

from calendars.page import page
from calendars.page_sheet import PageOf
from schedules.catalogue import shipped
from schedules.plan import Period, Plan, Status, Visit
from tests.support import booked, day, done, event, group, missed, planned, protocol

TODAY = day("2026-02-20")
OF = PageOf(subject="P-001", site="Clinic of the Seven Hills", revision=3)
PROTOCOLS = [item.protocol for item in shipped()]
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Tree(HTMLParser):
    """Elements in order, each with its attributes, its ancestors' tags and classes, and the text inside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[dict[str, str]] = []
        self.open: list[int] = []
        self.style = ""
        self.feed(text)
        self.close()
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = " ".join(self.elements[index]["tag"] for index in self.open)
        element = {"tag": tag, "inside": inside, "text": "", **{name: value or "" for name, value in attrs}}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()]["tag"] == tag, "elements are closed in order"

    def handle_data(self, data: str) -> None:
        if self.open and self.elements[self.open[-1]]["tag"] == "style":
            self.style += data
            return
        for index in self.open:
            self.elements[index]["text"] += data

    def all(self, tag: str, class_: str = "") -> list[dict[str, str]]:
        return [
            item
            for item in self.elements
            if item["tag"] == tag and (not class_ or class_ in item.get("class", "").split())
        ]

    def texts(self, tag: str, class_: str = "") -> list[str]:
        return [" ".join(item["text"].split()) for item in self.all(tag, class_)]


def made(plan: Plan, **options: object) -> Tree:
    return Tree(text(plan, **options))


def text(plan: Plan, **options: object) -> str:
    return page(plan, **{"today": TODAY, "of": OF, **options})  # type: ignore[arg-type]


def plan_of(*visits: Visit, periods: tuple[Period, ...] = (), **more: object) -> Plan:
    """The visits are given in order of their dates, as those of a plan are."""
    values = {"protocol": "TEST", "version": "1", "timezone": "UTC", "visits": visits, "periods": periods, **more}
    return Plan(**values)  # type: ignore[arg-type]


def a_visit(name: str, when: date | datetime, status: object = Status.PLANNED, **more: object) -> Visit:
    values = {"id": name, "label": f"Label of {name}", "epoch": "one", "place": "clinic", "status": status}
    actual = when if status is Status.DONE else None
    return Visit(**{**values, "planned": when, "target": when, "actual": actual, **more})  # type: ignore[arg-type]


def courses() -> Iterator[tuple[str, Plan]]:
    """Every shipped protocol at moments of a course: enrolled, treated, delayed, stopped."""
    for name in PROTOCOLS:
        of = protocol(name)
        first = of.reference_visit
        groups = [group("ltfu", "in")] if "ltfu" in of.groups else []
        start = [*groups, booked(first, "2026-03-02")]
        yield f"{name} enrolled", planned(of, *start)
        yield (
            f"{name} treated",
            planned(of, *start, done("ld-1", "2026-02-25"), done(first, "2026-03-02"), missed("d3")),
        )
        yield f"{name} delayed", planned(of, *start, done("ld-1", "2026-02-28"))
        yield f"{name} died", planned(of, *start, done(first, "2026-03-02"), event("death", "2026-03-09"))


COURSES = dict(courses())


def a_period(name: str, start: str, end: str | None, **more: object) -> Period:
    values = {"id": name, "label": name.rstrip("-0123456789"), "start": day(start), "show_patient": True}
    return Period(**{**values, "end": end and day(end), **more})  # type: ignore[arg-type]
