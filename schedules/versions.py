"""What a version of a protocol changes in another: a comparison by id, never by name or day (design §6). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schedules.spans import iso_duration
from schedules.template import Activity, OnlyFor, PeriodRule, ReminderRule, Statement, Template, VisitRule

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# What a thing says, by the name that the template language has for it; what it does not say is left out.
Said = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two versions say differently: ``section`` and ``id`` name it, ``kind`` is added, removed or
    changed. ``fields`` are what it says: (name, before, after) in words, an empty text where one says nothing."""

    section: str
    id: str
    kind: str
    label: str = ""
    series: str = ""
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """All that differs from one version to another, section by section in the order of a template."""

    protocol: str
    before: str
    after: str
    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.differences)


def compare_versions(old: Template, new: Template) -> VersionDiff:
    """The difference from ``old`` to ``new``, two versions of one protocol."""
    sections: Iterable[tuple[str, Mapping[str, Said], Mapping[str, Said], Mapping[str, str]]] = (
        ("protocol", *_both(_head, old, new), {}),
        ("epochs", *_both(_epochs, old, new), {}),
        ("groups", *_both(_groups, old, new), {}),
        ("milestones", *_both(_milestones, old, new), {}),
        ("history", *_both(_history, old, new), {}),
        ("visits", *_both(_visits, old, new), {rule.id: rule.series for rule in (*old.visits, *new.visits)}),
        ("activities", *_both(_activities, old, new), {}),
        ("cycles", *_both(_cycles, old, new), {}),
        ("periods", *_both(_periods, old, new), {}),
        ("reminders", *_both(_reminders, old, new), {}),
        ("assumptions", *_both(_assumptions, old, new), {}),
        ("quotes", *_both(_quotes, old, new), {}),
        ("notes", *_both(_notes, old, new), {}),
    )
    found = tuple(one for section in sections for one in _differences(*section))
    return VersionDiff(protocol=new.protocol, before=old.version, after=new.version, differences=found)


def _both(told: object, old: Template, new: Template) -> tuple[Mapping[str, Said], Mapping[str, Said]]:
    assert callable(told)
    return told(old), told(new)


def _differences(
    section: str, old: Mapping[str, Said], new: Mapping[str, Said], series: Mapping[str, str]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name, {}), new.get(name, {})
        fields = tuple(
            (field, before.get(field, ""), after.get(field, ""))
            for field in dict.fromkeys((*after, *before))
            if before.get(field, "") != after.get(field, "")
        )
        if name in old and name in new and not fields:
            continue
        kind = CHANGED if name in old and name in new else ADDED if name in new else REMOVED
        label = (after or before).get("label", "")
        yield Difference(section=section, id=name, kind=kind, label=label, series=series.get(name, ""), fields=fields)


def _said(**fields: object) -> Said:
    """Fields as words; what is empty is left out."""
    return {name: text for name, value in fields.items() if (text := _words(value))}


def _words(value: object) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, tuple):
        return ", ".join(map(_words, value))
    return "yes" if value is True else str(value)


def _is_repeated(name: str) -> bool:
    """Whether a name is one that a cycle made, such as ``second/d1``."""
    return "/" in name


def _only_for(only_for: OnlyFor) -> str:
    return "; ".join(f"{group}: {', '.join(values)}" for group, values in only_for)


def _head(template: Template) -> Mapping[str, Said]:
    day = f"{template.reference_visit} is day {template.reference_day}"
    return {
        "protocol": _said(title=template.title, registry=template.registry, timezone=template.timezone, reference=day)
    }


def _epochs(template: Template) -> Mapping[str, Said]:
    return {one.id: _said(label=one.label, place=one.place, window=one.window) for one in template.epochs.values()}


def _groups(template: Template) -> Mapping[str, Said]:
    return {
        one.id: _said(label=one.label, default=one.default, later=one.later)
        | {f"value {name}": text for name, text in one.values.items()}
        for one in template.groups.values()
    }


def _milestones(template: Template) -> Mapping[str, Said]:
    return {
        one.id: _said(
            label=one.label, expected=one.expected, stop=one.stop, keep=one.keep, repeats=one.repeats, once=one.once
        )
        for one in template.milestones.values()
        if not _is_repeated(one.id)
    }


def _history(template: Template) -> Mapping[str, Said]:
    return {
        one.id: _said(label=one.label, clear=f"{one.which} of {_words(one.clear)}", before=one.before)
        for one in template.history.values()
    }


def _visits(template: Template) -> Mapping[str, Said]:
    # What a cycle repeats follows from what it repeats.
    return {rule.id: _visit(rule) for rule in template.visits if not rule.cycle}


def _visit(rule: VisitRule) -> Said:
    return _said(
        label=rule.label,
        epoch=rule.epoch,
        place=rule.place,
        at=rule.at,
        window=rule.window,
        no_earlier_than=rule.no_earlier_than,
        no_later_than=rule.no_later_than,
        at_the_latest=rule.at_the_latest,
        until=rule.until,
        duration=None if rule.duration is None else iso_duration(rule.duration),
        requires=rule.requires,
        only_for=_only_for(rule.only_for),
        together_with=rule.together_with,
    )


def _activities(template: Template) -> Mapping[str, Said]:
    return {one.id: _activity(one) for one in template.activities.values()}


def _activity(activity: Activity) -> Said:
    samples = tuple(
        f"{visit}: {', '.join(f'{span.text()} {around or str()}'.strip() for span, around in times)}"
        for visit, times in activity.samples.items()
        if not _is_repeated(visit)
    )
    return _said(
        label=activity.label,
        visits=tuple(visit for visit in activity.visits if not _is_repeated(visit)),
        department=activity.department,
        optional=frozenset(visit for visit in activity.optional if not _is_repeated(visit)),
        only_for=_only_for(activity.only_for),
        samples=samples,
    )


def _cycles(template: Template) -> Mapping[str, Said]:
    return {
        one.id: _said(
            repeat=one.repeat,
            start=one.start,
            maximum=one.maximum,
            no_earlier_than=one.no_earlier_than,
            no_later_than=one.no_later_than,
        )
        for one in template.cycles.values()
    }


def _periods(template: Template) -> Mapping[str, Said]:
    return {rule.id: _period(rule) for rule in template.periods}


def _period(rule: PeriodRule) -> Said:
    return _said(
        label=rule.label,
        **{"from": rule.start, "to": rule.end, "for": None if rule.length is None else rule.length.text()},
        after_each=rule.after_each,
        and_until_done=rule.until_done,
        only_for=_only_for(rule.only_for),
        show="patient" if rule.show_patient else "",
    )


def _reminders(template: Template) -> Mapping[str, Said]:
    return {role: _said(rules=_texts(rules)) for role, rules in template.reminders.items()}


def _texts(rules: Iterable[ReminderRule]) -> tuple[str, ...]:
    return tuple(rule.text for rule in rules)


def _assumptions(template: Template) -> Mapping[str, Said]:
    return _statements(template.assumptions)


def _quotes(template: Template) -> Mapping[str, Said]:
    return _statements(template.quotes)


def _statements(statements: Iterable[Statement]) -> Mapping[str, Said]:
    return {f"{one.where}{f' ({one.what})' if one.what else ''}": {"text": one.text} for one in statements}


def _notes(template: Template) -> Mapping[str, Said]:
    return {name: {"text": text} for name, text in template.notes}
