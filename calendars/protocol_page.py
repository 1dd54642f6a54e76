"""The schedule of activities as a page of its own: one HTML file that loads nothing and runs nothing.

A table that a screen reader can walk: every visit and activity is a header of its column or row, every mark is a word,
every footnote a link to its text. It scrolls sideways under its fixed first column, and prints on landscape paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from calendars.grid import DONE, OPTIONAL, Column, Grid, grid_of
from calendars.markup import Child, element, html_text, page_head
from calendars.page_style import DARK, LIGHT
from calendars.protocol_tables import periods_of, title_of
from schedules.template import Template

_NUMBERS = re.compile(r" \[([0-9]+(?:, [0-9]+)*)\]$")
_WORDS = {DONE: "done", OPTIONAL: "optional"}
_RULES = """\
body { margin: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; }
.quiet { color: var(--quiet); }
/* Relative, so that the hidden words of its marks do not make the page itself as wide as the table. */
.scroll { position: relative; overflow-x: auto; border: 1px solid var(--line); }
.scroll:focus-visible { outline: 3px solid var(--accent); }
table { border-collapse: separate; border-spacing: 0; font-size: 0.85rem; }
th, td { border-bottom: 1px solid var(--faint); border-right: 1px solid var(--faint); padding: 0.3rem 0.5rem; }
thead th, thead td { background: var(--shade); vertical-align: bottom; text-align: left; }
td { text-align: center; }
thead td { min-width: 5rem; color: var(--quiet); }
tbody th, thead th:first-child { position: sticky; left: 0; background: var(--shade); text-align: left;
  min-width: 13rem; max-width: 18rem; font-weight: normal; }
a { color: var(--accent); }
sup a { padding: 0 0.15rem; }
li:target { outline: 3px solid var(--accent); }
.word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  body { margin: 0.75rem; } tbody th, thead th:first-child { min-width: 8rem; max-width: 9rem; }
}
@media print {
  @page { size: landscape; margin: 10mm; }
  body { margin: 0; } .scroll { overflow: visible; border: 0; } table { font-size: 0.55rem; }
  thead td, tbody th, thead th:first-child { position: static; min-width: 0; } th, td { padding: 0.1rem 0.15rem; }
}
"""


def protocol_page(template: Template) -> str:
    """The page, as HTML. The same template gives the same text."""
    grid = grid_of(template)
    main = element(
        "main",
        element("h1", title_of(template)),
        element("p", "Visits go across, activities down. Marks: x done, (x) optional.", class_="quiet"),
        element("div", _table(grid), class_="scroll", tabindex="0", role="region", aria_label="Schedule of activities"),
        *_listed("Footnotes", list(grid.notes), "ol", "note-"),
        *_listed("Periods", periods_of(template), "ul"),
        *_listed("Notes", [f"{name}: {text}" if name else text for name, text in template.notes], "ul"),
    )
    style = f"{_palette(LIGHT)}\n@media (prefers-color-scheme: dark) {{ {_palette(DARK)} }}\n{_RULES}"
    return html_text(element("html", page_head(title_of(template), style), element("body", main), lang="en"))


def _palette(colours: dict[str, str]) -> str:
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in colours.items())} }}"


def _table(grid: Grid) -> Element:
    visits = element(
        "tr",
        element("th", "Activity", scope="col"),
        *(element("th", *_marked(visit.name), scope="col") for visit in grid.columns),
    )
    rows = (
        element(
            "tr",
            element("th", *_marked(row.label), scope="row"),
            *(element("td", *_mark(mark)) for mark in row.marks),
        )
        for row in grid.rows
    )
    return element("table", element("thead", visits, *_heads(grid.columns)), element("tbody", *rows))


def _heads(visits: Sequence[Column]) -> Iterator[Element]:
    """Epoch, time and window of each visit; a line that would be empty is left out."""
    texts = (
        ("Epoch", [visit.epoch for visit in visits]),
        ("When", [visit.when for visit in visits]),
        ("Window", [visit.window for visit in visits]),
    )
    for name, cells in texts:
        if any(cells):
            yield element("tr", element("th", name, scope="row"), *(element("td", cell) for cell in cells))


def _marked(text: str) -> Iterator[Child]:
    """A text, its footnotes as links."""
    match = _NUMBERS.search(text)
    yield text[: match.start()] if match else text
    if match:
        links: list[Child] = []
        for number in match[1].split(", "):
            links += [" ", element("a", number, href=f"#note-{number}", aria_label=f"footnote {number}")]
        yield element("sup", *links)


def _mark(mark: str) -> Iterator[Child]:
    """A mark and, for those who hear it, what it means."""
    sign = _NUMBERS.sub("", mark)
    if sign in _WORDS:
        yield element("span", sign, aria_hidden="true")
        yield element("span", _WORDS[sign], class_="word")
        yield from list(_marked(mark))[1:]


def _listed(title: str, texts: Sequence[str], tag: str, anchor: str = "") -> Iterator[Element]:
    if texts:
        items = (
            element("li", text, id=f"{anchor}{number}" if anchor else None)
            for number, text in enumerate(texts, start=1)
        )
        yield element("h2", title)
        yield element(tag, *items)
