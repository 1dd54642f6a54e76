"""Reading what is done at the visits of a template, and the periods that its dates span."""

from __future__ import annotations

from collections.abc import Sequence

from schedules.errors import hint, shown
from schedules.load_frame import label_of, sections
from schedules.load_visits import read_only_for
from schedules.points import Around, parse_offset
from schedules.reader import Reader
from schedules.source import Items, Node, Text
from schedules.spans import Span
from schedules.template import Activity, Epoch, PeriodRule, VisitRule

Sample = tuple[Span, Around | None]


def read_activities(
    reader: Reader,
    node: Node | None,
    visits: list[VisitRule],
    series: dict[str, tuple[str, ...]],
    epochs: dict[str, Epoch],
) -> dict[str, Activity]:
    """The activities, with the visits that their lists, series, epochs and ranges stand for."""
    expand = _Expander(
        reader,
        [visit.id for visit in visits],
        series,
        {e: [v.id for v in visits if v.epoch == e] for e in epochs},
    )
    activities = {}
    for name, value in sections(reader, node, "activities", "an activity"):
        entries = reader.entries(value, f"activity '{name}'")
        reader.keys(
            entries,
            ("label", "visits", "department", "samples", "optional", "only_for"),
            f"Activity '{name}'",
        )
        at = entries.get("visits")
        if at is None or (isinstance(at, Items) and not at.values):
            reader.problem(value, f"Activity '{name}' has no visits. Add 'visits:' with where it is done.")
        activities[name] = Activity(
            id=name,
            label=label_of(reader, entries, name),
            visits=expand.visits(at, f"activity '{name}'"),
            department=reader.text(entries.get("department"), "a department"),
            optional=frozenset(expand.visits(entries.get("optional"), f"activity '{name}'")),
            only_for=read_only_for(reader, entries.get("only_for")),
            samples=_samples(reader, entries.get("samples"), expand),
        )
    return activities


class _Expander:
    """Turns visits, series, epochs and ranges in the order of the file into visits."""

    def __init__(
        self,
        reader: Reader,
        order: list[str],
        series: dict[str, tuple[str, ...]],
        epochs: dict[str, list[str]],
    ) -> None:
        self.reader = reader
        self.order = order
        self.place = {name: index for index, name in enumerate(order)}
        self.known: dict[str, Sequence[str]] = {**epochs, **series, **{name: (name,) for name in order}}

    def visits(self, node: Node | None, what: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for text in self.reader.texts(node, f"the visits of {what}"):
            found.update(dict.fromkeys(self.one(text)))
        return tuple(sorted(found, key=self.place.__getitem__))

    def one(self, text: Text) -> tuple[str, ...]:
        first, dots, last = (part.strip() for part in text.value.partition(".."))
        ends = [self._named(text, name) for name in ((first, last) if dots else (first,))]
        if not all(ends):
            return ()
        if not dots:
            return tuple(ends[0])
        start, stop = self.place[ends[0][0]], self.place[ends[-1][-1]]
        if start > stop:
            self.reader.problem(
                text, f"The range {shown(text.value)} runs backwards in the order of the file. Turn it round."
            )
        return tuple(self.order[start : stop + 1])

    def _named(self, text: Text, name: str) -> list[str]:
        if name in self.known:
            if not self.known[name]:
                self.reader.problem(text, f"Epoch '{name}' has no visits. Name a visit, or give it one.")
            return list(self.known[name])
        if not self.reader.is_broken(name):
            message = f"There is no visit, series or epoch {shown(name)}. {hint('visit', name, self.known)}"
            self.reader.problem(text, message)
        return []


def _samples(reader: Reader, node: Node | None, expand: _Expander) -> dict[str, tuple[Sample, ...]]:
    samples: dict[str, tuple[Sample, ...]] = {}
    for key, value in reader.entries(node, "samples").pairs:
        offsets = (reader.attempt(text, parse_offset, text.value) for text in reader.texts(value, "a sample's time"))
        times = tuple(offset for offset in offsets if offset is not None)
        samples.update(dict.fromkeys(expand.one(key), times))
    return samples


def read_periods(reader: Reader, node: Node | None) -> tuple[PeriodRule, ...]:
    """The periods."""
    periods = []
    for name, value in sections(reader, node, "periods", "a period"):
        entries = reader.entries(value, f"period '{name}'")
        reader.keys(
            entries,
            ("label", "from", "to", "for", "after_each", "and_until_done", "only_for", "show"),
            f"Period '{name}'",
        )
        if (entries.get("from") is None) == (entries.get("after_each") is None):
            reader.problem(value, f"Period '{name}' needs either 'from:' (a point) or 'after_each:' (an activity).")
        if (entries.get("to") is None) == (entries.get("for") is None):
            reader.problem(value, f"Period '{name}' needs either 'to:' (its last day) or 'for:' (how long).")
        periods.append(
            PeriodRule(
                id=name,
                label=label_of(reader, entries, name),
                start=reader.point(entries.get("from"), "from"),
                end=reader.point(entries.get("to"), "to"),
                length=reader.span(entries.get("for"), "for"),
                after_each=reader.text(entries.get("after_each"), "after_each"),
                until_done=tuple(text.value for text in reader.texts(entries.get("and_until_done"), "and_until_done")),
                only_for=read_only_for(reader, entries.get("only_for")),
                show_patient=reader.choice(entries.get("show"), ("patient",), "reader of a period") == "patient",
            )
        )
    return tuple(periods)
