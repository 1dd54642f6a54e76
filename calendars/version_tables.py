"""What a version of a protocol changes, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from calendars.layout import bullets, heading, sections
from schedules.versions import Difference, VersionDiff


def versions_text(found: VersionDiff, *, width: int = 80, colour: bool = False) -> str:
    """A section each; members of a series that change alike are told in one line."""
    head = heading(f"{found.protocol}: from {found.before} to {found.after}", colour=colour)
    if not found:
        return f"{head}\nNothing differs."
    parts = [
        f"{heading(section.capitalize(), colour=colour)}\n{bullets([*_lines(list(group))], width=width)}"
        for section, group in groupby(found.differences, key=lambda one: one.section)
    ]
    return sections((head, *parts))


def _lines(differences: Sequence[Difference]) -> Iterator[str]:
    """A line a thing; added, removed or changed members of a series together, where they say the same."""
    alike: dict[tuple[object, ...], list[Difference]] = {}
    for one in differences:
        alike.setdefault(_alike(one), []).append(one)
    for group in alike.values():
        first, last = group[0], group[-1]
        name = first.id if len(group) == 1 else f"{first.id} … {last.id} ({len(group)} visits)"
        yield _line(name, first, alone=len(group) == 1)


def _alike(one: Difference) -> tuple[object, ...]:
    if not one.series:
        return (one.id,)
    # Of a whole series that is new or gone each member says something else; of one that changed, what changed counts.
    return (one.series, one.kind, one.fields if one.kind == "changed" else ())


def _line(name: str, one: Difference, *, alone: bool) -> str:
    if one.kind == "changed":
        return f"{name}: {'; '.join(_field(*field) for field in one.fields)}"
    label = f" ({one.label})" if one.label and alone else ""
    fields = [(field, before or after) for field, before, after in one.fields if field != "label"]
    said = f": {'; '.join(f'{field} {text}' for field, text in fields)}" if fields and alone else ""
    return f"{name}{label} {one.kind}{said}"


def _field(name: str, before: str, after: str) -> str:
    """``window ±1 day → ±2 days``."""
    return f"{name} {before or 'none'} → {after or 'none'}"


def versions_document(found: VersionDiff) -> dict[str, object]:
    """Every difference by section and id, with each field before and after; null where one version says nothing."""
    return {
        "protocol": found.protocol,
        "from": found.before,
        "to": found.after,
        "differences": [
            {
                "section": one.section,
                "id": one.id,
                "kind": one.kind,
                "fields": {name: {"from": before or None, "to": after or None} for name, before, after in one.fields},
            }
            for one in found.differences
        ],
    }
