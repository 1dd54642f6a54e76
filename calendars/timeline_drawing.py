"""Draws a timeline from top to bottom: a heading, panels of rows, the legend, lists of words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from xml.etree.ElementTree import Element

from calendars.markup import Child, append, element, raw, svg_text
from calendars.timeline_labels import Place, Wish, lanes, placed, shortened, text_width
from calendars.timeline_marks import ADDED, EVENTS, SIGNS, Mark, R, Row, sign
from calendars.timeline_scale import LEFT, RIGHT, Panel
from calendars.timeline_style import SIZE, SMALL, STYLE
from calendars.words import day_in_words
from schedules.plan import Period

WIDTH = 1280.0
MARGIN = 20.0
LONGEST_LIST = 8
MOST_LANES = 4  # of visits; in the last they may touch
MOST_EVENTS = 12  # one above the other
_LINE = 18.0
_LABEL = 15.0  # a row of labels,
_LANE = 17.0  # a lane of signs,
_PERIOD = 16.0  # and a row of periods


class Drawing:
    """A picture that grows downwards."""

    def __init__(self) -> None:
        self._parts: list[Element] = []
        self._y = MARGIN

    def finished(self, title: str, description: str) -> str:
        """The whole document."""
        height = self._y + MARGIN
        root = element(
            "svg",
            element("title", title, id="title"),
            element("desc", description, id="description"),
            raw("style", STYLE),
            element("rect", width=WIDTH, height=height, class_="ground"),
            *self._parts,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH:g} {height:g}",
            width=WIDTH,
            height=height,
            role="graphics-document document",
            lang="en",
            aria_labelledby="title",
            aria_describedby="description",
        )
        return svg_text(root)

    def _add(self, *parts: Element) -> None:
        self._parts.extend(parts)

    def _text(self, text: str, class_: str, *, x: float = MARGIN, hidden: bool = False) -> Element:
        return _text(text, x, self._y, class_, hidden=hidden)

    def head(self, title: str, summary: str) -> None:
        """The heading, and the plan in numbers."""
        self._y += 12
        self._add(self._text(shortened(title, WIDTH - 2 * MARGIN, 20), "head"))
        for line in _wrapped(summary, WIDTH - 2 * MARGIN):
            self._y += _LINE + 4
            self._add(self._text(line, ""))
        self._y += 16

    # Panels

    def panel(
        self,
        panel: Panel,
        events: Sequence[Mark],
        rows: Sequence[Row],
        periods: Sequence[Period],
        today: date,
    ) -> None:
        """A panel with its scale, a row for whatever has marks in it, its periods, and today if it is in it."""
        self._y += 16
        self._add(self._text(panel.caption(), "title"))
        self._y += 6 + _LINE
        top = self._y
        ground, now = element("g", aria_hidden="true"), element("g")
        self._add(ground, now)
        shown = [(row.name, [mark for mark in row.marks if panel.shows(mark.day)]) for row in rows]
        self._events(panel, [mark for mark in events if panel.shows(mark.day)])
        for number, (name, marks) in enumerate((name, marks) for name, marks in shown if marks):
            self._row(panel, name, marks, shaded=number % 2 == 0, ground=ground)
        self._periods(panel, periods)
        for part in _scale(panel, top, self._y):
            append(ground, part)
        if panel.shows(today):
            append(now, _today(panel.x(today), today, top, self._y))
        self._y += 30

    def _events(self, panel: Panel, marks: Sequence[Mark]) -> None:
        """Flags with their labels beside them, one above the other where they would touch."""
        if not marks:
            return
        ordered = sorted(marks, key=lambda mark: mark.day)
        spans = [_event_span(panel.x(mark.day), mark.label) for mark in ordered]
        lane_of = lanes(spans, MOST_EVENTS)
        row = element("g", role="graphics-object group", aria_label="Events")
        append(row, _gutter("Events", self._y + 6 + _LANE / 2, "bold"))
        for mark, (start, _), lane in zip(ordered, spans, lane_of, strict=True):
            x, y = panel.x(mark.day), self._y + 6 + _LANE / 2 + lane * _LANE
            append(row, _sign(mark, x, y))
            beside = (x + 10, "quiet") if start >= x - 10 else (x - 10, "quiet end")
            append(row, _text(mark.label, beside[0], y + 3, beside[1], hidden=True))
        self._add(row)
        self._y += 12 + (1 + max(lane_of)) * _LANE

    def _row(self, panel: Panel, name: str, marks: Sequence[Mark], *, shaded: bool, ground: Element) -> None:
        xs = [panel.x(mark.day) for mark in marks]
        lane_of = lanes([(x - R, x + R + 1) for x in xs], MOST_LANES)
        wishes = [Wish(text=mark.label, x=x, weight=mark.weight) for mark, x in zip(marks, xs, strict=True)]
        labels = placed(wishes, SIZE)
        label_rows = 1 + max((place.row for place in labels if place is not None), default=0)
        # The ring of a conflict reaches further up than a sign.
        rise = 12 if any("conflict" in mark.added for mark in marks) else 3
        top, first_lane = self._y, self._y + 3 + rise + label_rows * _LABEL + _LANE / 2
        self._y += 9 + rise + label_rows * _LABEL + (1 + max(lane_of)) * _LANE
        if shaded:
            band = element("rect", x=MARGIN, y=top, width=RIGHT - MARGIN, height=self._y - top, class_="band")
            append(ground, band)
        row = element("g", role="graphics-object group", aria_label=name, class_="shaded" if shaded else None)
        append(row, _gutter(name, first_lane, "bold"))
        for mark, lane in zip(marks, lane_of, strict=True):
            append(row, _window(panel, mark, first_lane + lane * _LANE))
        for mark, x, lane, place in zip(marks, xs, lane_of, labels, strict=True):
            y = first_lane + lane * _LANE
            if place is not None:
                for part in _label(mark, x, y, place, first_lane - _LANE / 2 - rise - place.row * _LABEL):
                    append(row, part)
            append(row, _sign(mark, x, y))
        self._add(row)

    def _periods(self, panel: Panel, periods: Sequence[Period]) -> None:
        """A row for each kind of period that touches the panel, its repetitions in it side by side."""
        touching = [
            period
            for period in periods
            if period.start is not None
            and period.start <= panel.last
            and (period.end is None or period.end >= panel.first)
        ]
        if not touching:
            return
        self._y += 8
        group = element("g", role="graphics-object group", aria_label="Periods")
        for label, repeated in groupby(touching, key=lambda period: period.label):
            append(group, _gutter(label, self._y + _PERIOD / 2, "quiet"))
            for part in _bars(panel, list(repeated), self._y):
                append(group, part)
            self._y += _PERIOD
        self._add(group)
        self._y += 6

    # Words

    def legend(self) -> None:
        """Every sign with its meaning, in lines as they fit."""
        self._y += 8
        group = element("g", role="graphics-object group", aria_label="Legend")
        x = MARGIN + 10
        entries: list[tuple[str, Sequence[Element]]] = [
            *((meaning, sign(name)) for name, (meaning, _) in {**SIGNS, **EVENTS}.items()),
            *(
                (meaning, sign("planned" if name == "conflict" else "done", name))
                for name, (meaning, _) in ADDED.items()
            ),
            ("window", (element("path", d="M-12 -4L-12 4M-12 0L12 0M12 -4L12 4", class_="window"),)),
        ]
        for meaning, shapes in entries:
            room = 44 + text_width(meaning, SIZE)
            if x + room > RIGHT:
                x, self._y = MARGIN + 10, self._y + 28
            append(group, element("g", *shapes, transform=f"translate({x + 6:g} {self._y:g})", aria_hidden="true"))
            append(group, _text(meaning, x + 24, self._y + 4, "quiet"))
            x += room
        self._add(group)
        self._y += 20

    def text_list(self, title: str, texts: Sequence[str], *, warns: bool = False) -> None:
        """Texts in lines under a title; nothing at all if there are none."""
        if not texts:
            return
        self._y += 26
        self._add(self._text(title, "title"))
        more = [f"and {len(texts) - LONGEST_LIST} more"] if len(texts) > LONGEST_LIST else []
        for text in [*texts[:LONGEST_LIST], *more]:
            for number, line in enumerate(_wrapped(text, WIDTH - 3 * MARGIN)):
                self._y += _LINE
                self._add(self._text(line, "warn" if warns else "", x=MARGIN if not number else 2 * MARGIN))


def _text(text: str, x: float, y: float, class_: str, *, hidden: bool = False) -> Element:
    return element("text", text, x=x, y=y, class_=class_ or None, aria_hidden="true" if hidden else None)


def _gutter(name: str, middle: float, class_: str) -> Element:
    """The name of a row, left of it; what does not fit is in its title."""
    size = SIZE if class_ == "bold" else SMALL
    shown = shortened(name, LEFT - MARGIN - 12, size * (1.06 if class_ == "bold" else 1))
    return element("text", shown, element("title", name), x=MARGIN + 4, y=middle + 4, class_=class_)


def _event_span(x: float, label: str) -> tuple[float, float]:
    """From the flag to the end of its label: to the right of it, or to the left where there is no room."""
    room = 16 + text_width(label, SMALL)
    return (x - 8, x + room) if x + room <= WIDTH - MARGIN else (x - room, x + 8)


def _label(mark: Mark, x: float, y: float, place: Place, base: float) -> Iterable[Element]:
    if place.row or y - base > _LANE + 12:
        yield element("line", x1=x, y1=base + 3, x2=x, y2=y - R, class_="leader")
    yield _text(mark.label, place.x, base, _label_class(mark), hidden=True)


def _label_class(mark: Mark) -> str:
    return "middle warn" if mark.added or mark.sign in {"overdue", "missed"} else "middle"


def _sign(mark: Mark, x: float, y: float) -> Element:
    return element(
        "g",
        element("title", mark.title),
        *sign(mark.sign, *mark.added),
        transform=f"translate({x:.1f} {y:.1f})",
        role="graphics-symbol img",
        class_="mark",
    )


def _window(panel: Panel, mark: Mark, y: float) -> Element | None:
    """A line from the first to the last day, open where the panel ends before."""
    if mark.window is None or mark.window[0] == mark.window[1]:
        return None
    first, last = mark.window
    start, end = panel.x(first), panel.x(last)
    ends = [f"M{x:.1f} {y - 4:.1f}L{x:.1f} {y + 4:.1f}" for x, day in ((start, first), (end, last)) if panel.shows(day)]
    return element("path", d=f"M{start:.1f} {y:.1f}L{end:.1f} {y:.1f}{''.join(ends)}", class_="window")


def _bars(panel: Panel, periods: Sequence[Period], top: float) -> Iterable[Child]:
    for period in periods:
        assert period.start is not None
        start = panel.x(period.start)
        # Both ends are inclusive; one that ends with the panel's last day goes on to its edge.
        end = RIGHT if period.end is None else max(panel.x(period.end), start + 2)
        told = day_in_words(period.end, short=True) if period.end else "open"
        title = f"{period.label}: {day_in_words(period.start, short=True)} to {told}"
        bar = element("rect", element("title", title), x=start, y=top + 3, width=end - start, height=_PERIOD - 7)
        bar.set("class", "period")
        bar.set("role", "graphics-symbol img")
        yield bar
    last = max((period.end for period in periods if period.end is not None), default=None)
    if last is not None and panel.shows(last):
        text = f"to {day_in_words(last, short=True)}"
        yield _text(text, panel.x(last) + 6, top + _PERIOD / 2 + 4, "quiet", hidden=True)


def _scale(panel: Panel, top: float, bottom: float) -> Iterable[Element]:
    end = MARGIN
    for tick in sorted(panel.ticks(), key=lambda tick: tick.x):
        yield element("line", x1=tick.x, y1=top, x2=tick.x, y2=bottom, class_="coarse" if tick.label else "fine")
        half = text_width(tick.label, SMALL) / 2
        if tick.label and tick.x - half >= end and tick.x + half <= WIDTH:
            yield _text(tick.label, tick.x, top - 6, "quiet middle")
            end = tick.x + half + 4


def _today(x: float, today: date, top: float, bottom: float) -> Element:
    text = f"today, {day_in_words(today, short=True)}"
    half = text_width(text, SIZE) / 2
    middle = min(max(x, LEFT + half), RIGHT - half)
    return element(
        "g",
        element("title", f"Today, {day_in_words(today)}"),
        element("line", x1=x, y1=top, x2=x, y2=bottom, class_="today"),
        _text(text, middle, bottom + 14, "middle warn", hidden=True),
        role="graphics-symbol img",
    )


def _wrapped(text: str, room: float) -> Iterable[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, SIZE) > room:
            yield line
            longer = word
        line = shortened(longer, room, SIZE)
    if line:
        yield line
