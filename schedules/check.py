"""Checks across a whole template (design §4, "What a template error looks like"): names, groups, labels, cycles."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schedules.check_dates import DateChecks, Spots
from schedules.cycles import Dropped, expand
from schedules.distances import Distances
from schedules.errors import hint, shown
from schedules.points import Between, Day, Named, Point, names_in
from schedules.protocol_days import days_from_reference
from schedules.reader import Reader
from schedules.reminder_rules import ANY_PERIOD
from schedules.source import Entries, Items, Node, Text
from schedules.template import BUILT_IN_MILESTONES, Activity, OnlyFor, PeriodRule, Template, VisitRule

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check(reader: Reader, template: Template) -> Template:
    """The template with its cycles written out; every problem of it is added to ``reader``."""
    checker = _Checker(reader, template)
    checker.namespace()
    checker.reference()
    checker.visits()
    checker.milestones()
    checker.history()
    checker.activities()
    checker.periods()
    checker.reminders()
    checker.repeated()
    checker.labels()
    checker.unused_values()
    DateChecks(reader, template).windows()
    if checker.wrong:
        return template
    expanded, dropped = expand(template)
    checker.drops(dropped)
    dates = DateChecks(reader, expanded)
    dates.anchors()
    if not checker.wrong:
        dates.forecast()
    return expanded


class _Checker(Spots):
    """Names, and what they stand for."""

    def __init__(self, reader: Reader, template: Template) -> None:
        super().__init__(reader)
        self.template = template
        self.visit_ids = [rule.id for rule in template.visits]
        self.known_visits = tuple(dict.fromkeys((*self.visit_ids, *template.series, *template.epochs)))
        # Beside its own names a template may use those of its cycles, such as second/d1.
        self.written_out = expand(template)[0] if template.cycles and self.cycles_are_sound() else template
        self.events = {
            **BUILT_IN_MILESTONES,
            **{name: item.label for name, item in template.milestones.items()},
        }

    @property
    def wrong(self) -> bool:
        """Whether an error was found."""
        return any(not problem.warning for problem in self.reader.problems)

    def repeated(self) -> None:
        """What cycles repeat, where they begin, and their bounds."""
        for cycle in self.template.cycles.values():
            self.each(cycle.repeat, self.known_visits, "visit, series or epoch", ("cycles", cycle.id, "repeat"))
            self.point(cycle.start, self.spot("cycles", cycle.id, "from"))
            for key, points in (("no_earlier_than", cycle.no_earlier_than), ("no_later_than", cycle.no_later_than)):
                for node, point in self.nodes(("cycles", cycle.id, key), points):
                    self.point(point, node)
            repeated = {
                visit for name in cycle.repeat if name in self.known_visits for visit in self.template.members(name)
            }
            if self.template.reference_visit not in repeated:
                message = (
                    f"Cycle '{cycle.id}' does not repeat the reference visit '{self.template.reference_visit}', "
                    "so its days count from nothing. Repeat the epoch that holds it."
                )
                self.reader.problem(self.spot("cycles", cycle.id, "repeat"), message)
            if not any(
                isinstance(named, Named) and named.name in self.template.milestones for named in names_in(cycle.start)
            ):
                message = (
                    f"Cycle '{cycle.id}' begins at no milestone. Let 'from' name one, such as 'second-cycle + 7 days'."
                )
                self.reader.problem(self.spot("cycles", cycle.id, "from"), message)

    def drops(self, dropped: Iterable[Dropped]) -> None:
        """Bounds that a cycle cannot keep."""
        for item in dropped:
            if item.upper is None:
                message = (
                    f"In cycle '{item.cycle}' '{item.visit}' counts from {item.point}, which is on the same day in "
                    "every cycle. Repeat what that names too, or count from a visit of the cycle."
                )
                self.reader.problem(self.spot("visits", item.visit, "at"), message, warning=True)
                continue
            key = "no_later_than" if item.upper else "no_earlier_than"
            message = (
                f"In cycle '{item.cycle}' the bound '{key}: {item.point}' of '{item.visit}' is dropped: "
                "it names a visit the cycle does not repeat."
            )
            self.reader.problem(self.spot("visits", item.visit, key), message, warning=True)

    def unknown(self, node: Node, kind: str, name: str, known: Iterable[str]) -> None:
        """A name that is not defined; one whose definition could not be read is no second problem."""
        if self.reader.is_broken(name):
            return
        self.reader.problem(_text_node(node, name), f"There is no {kind} {shown(name)}. {hint(kind, name, known)}")

    def namespace(self) -> None:
        """Visits, series, activities, milestones, periods and epochs share one namespace."""
        template = self.template
        taken: dict[str, str] = {
            name: "a built-in milestone" for name in BUILT_IN_MILESTONES if name not in template.milestones
        }
        kinds: list[tuple[str, str, Iterable[str]]] = [
            ("epochs", "an epoch", template.epochs),
            ("milestones", "a milestone", template.milestones),
            ("visits", "a series", template.series),
            ("visits", "a visit", self.visit_ids),
            ("activities", "an activity", template.activities),
            ("periods", "a period", [rule.id for rule in template.periods]),
            ("cycles", "a cycle", template.cycles),
        ]
        series = {rule.id: rule.series for rule in template.visits if rule.series}
        for section, what, names in kinds:
            for name in names:
                if name in taken:
                    node = self.spot(section, series.get(name, name) if section == "visits" else name)
                    double = (
                        f"{taken[name]} already and cannot be {what} too"
                        if what != taken[name]
                        else "the name of two visits"
                    )
                    self.reader.problem(node, f"'{name}' is {double}. Choose another name.")
                taken[name] = what

    def reference(self) -> None:
        """The reference visit is one visit of the file."""
        name = self.template.reference_visit
        if name and self.visit_ids and name not in self.visit_ids:
            self.unknown(self.spot("reference"), "visit", name, self.visit_ids)

    def visits(self) -> None:
        """Every point, window, gate and group of every visit."""
        seen: set[str] = set()
        for rule in self.template.visits:
            self.point(rule.at, self.at_node(rule))
            if isinstance(rule.window, Between):
                self.point(rule.window.start, self.window_node(rule))
                self.point(rule.window.end, self.window_node(rule))
            name = rule.series or rule.id
            if name in seen:
                continue
            seen.add(name)
            for key, points in (
                ("no_earlier_than", rule.no_earlier_than),
                ("no_later_than", rule.no_later_than),
                ("at_the_latest", (rule.at_the_latest,)),
            ):
                for node, point in self.nodes(("visits", name, key), points):
                    self.point(point, node)
            self.point(rule.until, self.at_node(rule))
            self.each(rule.requires, self.events, "milestone", ("visits", name, "requires"))
            self.each(rule.together_with, self.visit_ids, "visit", ("visits", name, "together_with"))
            self.only_for(rule.only_for, "visits", name)

    def each(self, names: Iterable[str], known: Iterable[str], kind: str, path: tuple[str, ...]) -> None:
        """Names in a list that must be defined."""
        for name in names:
            if name not in known:
                self.unknown(self.spot(*path), kind, name, known)

    def nodes(self, path: tuple[str, ...], points: tuple[Point | None, ...]) -> Iterable[tuple[Node, Point | None]]:
        """Each point of a list with its own node."""
        node = self.spot(*path)
        own = isinstance(node, Items) and len(node.values) == len(points)
        return zip(node.values if own and isinstance(node, Items) else [node] * len(points), points, strict=True)

    def point(self, point: Point | None, node: Node) -> None:
        """Every name of a point, and Day 0 where there is none."""
        for named in names_in(point) if point is not None else ():
            message = self.wrong_day(named) if isinstance(named, Day) else self.wrong_name(named)
            if message:
                offset = node.value.find(str(named)) if isinstance(node, Text) else 0
                self.reader.problem(node, message, offset=max(offset, 0))

    def wrong_day(self, day: Day) -> str:
        """What is wrong with a protocol day, or nothing."""
        if day.number == 0 and self.template.reference_day == 1:
            return "There is no Day 0: the reference is Day 1, and the day before it is Day -1."
        return ""

    def wrong_name(self, named: Named) -> str:
        """What is wrong with a name in a point, or nothing."""
        name = named.name.partition("#")[0]
        edges = {**self.template.series, **self.template.activities}
        if self.reader.is_broken(name) or ("/" in name and self.is_of_a_cycle(named)):
            return ""
        if named.which:
            return "" if name in edges else self.wrong_edge(name, named.which, edges)
        points = [*self.visit_ids, *self.events]
        if name in points:
            return ""
        if name in edges:
            return f"'{name}' stands for several visits. Write '{name}.first', '{name}.last' or one of its visits."
        return f"There is no visit or milestone {shown(name)}. {hint('visit', name, points)}"

    def wrong_edge(self, name: str, which: str, edges: Iterable[str]) -> str:
        """What is wrong with a ``.first`` or ``.last`` of what is no series and no activity."""
        if name in self.visit_ids or name in self.events:
            return f"'{name}' is one moment; '.{which}' follows a series or an activity. Write '{name}'."
        return f"There is no series or activity {shown(name)}. {hint('series', name, edges)}"

    def cycles_are_sound(self) -> bool:
        """Whether the cycles repeat what there is, so that they can be written out."""
        return all(name in self.known_visits for cycle in self.template.cycles.values() for name in cycle.repeat)

    def is_of_a_cycle(self, named: Named) -> bool:
        """Whether a name such as ``second/d1`` or ``second/ld.last`` is one that a cycle brings."""
        cycle, _, name = named.name.partition("/")
        visits = [rule for rule in self.written_out.visits if rule.cycle == cycle]
        if not named.which:
            return named.name in self.written_out.milestones or any(rule.id == named.name for rule in visits)
        activity = self.template.activities.get(name)
        copied = {rule.id for rule in visits}
        done = activity is not None and not copied.isdisjoint(self.written_out.activities[name].visits)
        return named.name in self.written_out.series or done

    def only_for(self, only_for: OnlyFor, section: str, name: str) -> None:
        """Groups and their values."""
        node = self.spot(section, name, "only_for")
        for group, values in only_for:
            if not values:
                self.reader.problem(node, f"'{name}' is only for no value of '{group}', so for nobody. Name a value.")
            known = self.template.groups.get(group)
            if known is None:
                self.unknown(node, "group", group, self.template.groups)
                continue
            for value in values:
                if value not in known.values:
                    message = f"Group '{group}' has no value {shown(value)}. {hint('value', value, known.values)}"
                    self.reader.problem(_text_node(node, value), message)

    def milestones(self) -> None:
        """What milestones expect, stop and keep."""
        names = (*self.known_visits, *self.template.activities, "all")
        for item in self.template.milestones.values():
            self.point(item.expected, self.spot("milestones", item.id, "expected"))
            self.each(item.stop or (), names, "visit, epoch or activity", ("milestones", item.id, "stop"))
            if item.keep and not item.stop:
                message = (
                    "'keep' spares what 'stop' would end, and there is no 'stop'. Add 'stop: all', or leave it out."
                )
                self.reader.problem(self.spot("milestones", item.id, "keep"), message)
            self.each(item.keep, names, "visit, epoch or activity", ("milestones", item.id, "keep"))

    def history(self) -> None:
        """The visits that history keeps at a distance."""
        for item in self.template.history.values():
            self.each((item.before,), self.visit_ids, "visit", ("history", item.id, "before"))

    def activities(self) -> None:
        """Groups of activities, and optional visits that are none of theirs."""
        for item in self.template.activities.values():
            self.only_for(item.only_for, "activities", item.id)
            for key, visits in (("optional", item.optional), ("samples", item.samples)):
                for visit in sorted({*visits} - {*item.visits}):
                    node = _text_node(self.spot("activities", item.id, key), visit)
                    message = f"'{item.id}' is not done at '{visit}'. Add '{visit}' to its visits, or take it out here."
                    self.reader.problem(node, message)

    def periods(self) -> None:
        """Points, activities, visits and groups of periods."""
        for rule in self.template.periods:
            for key, point in (("from", rule.start), ("to", rule.end)):
                self.point(point, self.spot("periods", rule.id, key))
            if rule.after_each:
                self.each(
                    (rule.after_each,),
                    self.template.activities,
                    "activity",
                    ("periods", rule.id, "after_each"),
                )
                if rule.length is None:
                    node = self.spot("periods", rule.id)
                    self.reader.problem(
                        node,
                        f"Period '{rule.id}' is repeated after each '{rule.after_each}'. Add 'for:' with its length.",
                    )
            self.backwards(rule)
            self.each(rule.until_done, self.known_visits, "visit", ("periods", rule.id, "and_until_done"))
            self.only_for(rule.only_for, "periods", rule.id)

    def reminders(self) -> None:
        """Periods that reminders name."""
        periods = [rule.id for rule in self.template.periods]
        for role, rules in self.template.reminders.items():
            for rule in rules:
                if rule.of and rule.of not in periods:
                    node = self.spot("reminders", role, rule.text)
                    message = f"There is no period {shown(rule.of)}. {hint('period', rule.of, [*periods, ANY_PERIOD])}"
                    self.reader.problem(node, message)

    def backwards(self, rule: PeriodRule) -> None:
        """A period that ends before it starts, as far as its points tell."""
        if rule.start is None or rule.end is None or self.template.reference_visit not in self.visit_ids:
            return
        distances = Distances(days_from_reference(self.template), self.template.reference_day)
        if distances.certainly_before(rule.end, rule.start):
            message = f"Period '{rule.id}' ends before it starts: from {rule.start} to {rule.end}. Turn it round."
            self.reader.problem(self.spot("periods", rule.id, "to"), message)

    def labels(self) -> None:
        """Placeholders in labels that stand for nothing."""
        template, known = self.template, (*self.template.groups, "cycle")
        for section, items, words in (
            ("visits", [(rule.series or rule.id, rule.label) for rule in template.visits], known),
            ("activities", [(item.id, item.label) for item in template.activities.values()], known),
            ("periods", [(rule.id, rule.label) for rule in template.periods], known),
            ("epochs", [(item.id, item.label) for item in template.epochs.values()], ()),
            ("milestones", [(item.id, item.label) for item in template.milestones.values()], ()),
            ("history", [(item.id, item.label) for item in template.history.values()], ()),
        ):
            for name, label in dict(items).items():
                for word in _PLACEHOLDER.findall(label):
                    if word not in words:
                        message = f"{{{word}}} in this label stands for nothing. {_placeholder_advice(word, words)}"
                        self.reader.problem(self.spot(section, name, "label"), message)

    def unused_values(self) -> None:
        """Group values that no ``only_for`` names, of groups that some ``only_for`` does."""
        template = self.template
        used: dict[str, set[str]] = {}
        things: tuple[VisitRule | Activity | PeriodRule, ...] = (
            *template.visits,
            *template.activities.values(),
            *template.periods,
        )
        for thing in things:
            for group, values in thing.only_for:
                used.setdefault(group, set()).update(values)
        for name, known in template.groups.items():
            for value in known.values:
                if name in used and value not in used[name] and value != known.default:
                    message = f"The value '{value}' of group '{name}' is never used."
                    self.reader.problem(
                        self.spot("groups", name), f"{message} Leave it out, or use it in an 'only_for'.", warning=True
                    )


def _text_node(node: Node, name: str) -> Node:
    if isinstance(node, Items):
        return next((item for item in node.values if getattr(item, "value", None) == name), node)
    if isinstance(node, Entries):
        for key, value in node.pairs:
            if key.value == name:
                return key
            if value is not node and getattr(value, "value", None) == name:
                return value
            if isinstance(value, Items) and _text_node(value, name) is not value:
                return _text_node(value, name)
    return node


def _placeholder_advice(word: str, known: Iterable[str]) -> str:
    if word in ("n", "member"):
        return "Only the visits of a series have it."
    return hint("placeholder", word, known) if known else "Write the label without."
