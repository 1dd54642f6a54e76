"""The schedule of activities as a page: self-contained, a table with headers, marks in words, footnotes as links."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from calendars.grid import grid_of
from calendars.protocol_page import protocol_page
from schedules.catalogue import shipped
from tests.support import protocol

PROTOCOLS = [item.protocol for item in shipped()]


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, and the text in each row of its table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_visit_and_activity_of_a_protocol_is_a_header_and_every_mark_a_word(name: str) -> None:
    grid = grid_of(protocol(name))
    page = Page(protocol_page(protocol(name)))
    assert {len(row) for row in page.rows} == {len(grid.columns) + 1}
    scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert scopes.count("col") == len(grid.columns) + 1
    assert scopes.count("row") == len(page.rows) - 1
    by_label = {row[0].split(" ")[0]: row for row in page.rows}
    assert len(by_label) > 3
    for row, shown in zip(reversed(grid.rows), reversed(page.rows), strict=False):
        for mark, cell in zip(row.marks, shown[1:], strict=True):
            assert ("done" in cell or "optional" in cell) == bool(mark), (row.label, cell)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_footnote_is_linked_and_every_link_has_its_footnote(name: str) -> None:
    page = Page(protocol_page(protocol(name)))
    anchors = [attributes["id"] for tag, attributes in page.tags if tag == "li" and "id" in attributes]
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert len(anchors) == len(set(anchors)) == len(grid_of(protocol(name)).notes)
    assert links == {f"#{anchor}" for anchor in anchors}


def test_the_page_loads_and_runs_nothing() -> None:
    text = protocol_page(protocol("NEUK203-13"))
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert not [value for _, attributes in page.tags for value in attributes.values() if value and "//" in value]
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert "url(" not in style
    assert protocol_page(protocol("NEUK203-13")) == text


def test_what_a_template_says_cannot_become_markup() -> None:
    of = replace(protocol("NEUK203-13"), title="</style><script>alert(1)</script>", notes=(("", "<b>x</b>"),))
    page = Page(protocol_page(of))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "b"})
