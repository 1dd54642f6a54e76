"""Sites as people and programs see them: their zone, open days, closures, approved versions and reminders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from calendars.layout import Cell, bullets, heading, paragraph, sections, table
from calendars.words import day_in_words
from schedules.site import WEEKDAYS, Site


def sites_text(sites: Sequence[Site], *, width: int = 80, colour: bool = False) -> str:
    """Sites as a table; where there is none, how to add one."""
    if not sites:
        return "There is no site yet. Add one with 'dayzero site add'."
    rows = [
        (
            Cell(one.id, "bold", whole=True),
            one.name,
            one.timezone,
            ", ".join(_open(one)),
            f"{one.opens:%H:%M}",
            one.holidays,
        )
        for one in sites
    ]
    return table(("Site", "Name", "Zone", "Open", "From", "Holidays"), rows, width=width, colour=colour)


def site_text(site: Site, told: str, *, width: int = 80) -> str:
    """``Site BJ01 is added: Asia/Shanghai, open mon, … from 08:00. It keeps …``; ``told`` stands after the name."""
    name = f" ({site.name})" if site.name else ""
    text = f"Site {site.id}{name}{told}: {site.timezone}, open {', '.join(_open(site))} from {site.opens:%H:%M}."
    if site.holidays:
        text += f" It keeps the public holidays of {site.holidays}"
        text += f", which are announced to {site.announced_to}; later ones may change." if site.announced_to else "."
    return paragraph(text, width=width)


def site_details(
    site: Site,
    approved: Sequence[str],
    rules: Mapping[str, Sequence[str]],
    *,
    width: int = 80,
    colour: bool = False,
) -> str:
    """All of a site: ``approved`` are the versions it may use, in words; ``rules`` its own reminders, by role."""
    parts = {
        "Closed": [*_closures(site)],
        "Approved": approved,
        "Reminders": site_rules_text(site.id, rules).splitlines(),
    }
    return sections(
        (
            site_text(site, f", revision {site.revision}", width=width),
            *(
                f"{heading(name, colour=colour)}\n{bullets(texts, width=width)}"
                for name, texts in parts.items()
                if texts
            ),
        )
    )


def site_rules_text(site: str, rules: Mapping[str, Sequence[str]]) -> str:
    """By which rules of its own a site reminds each role, a line each."""
    told = [f"{role}: {', '.join(texts) or 'nobody is reminded'}" for role, texts in sorted(rules.items())]
    return "\n".join(told) or f"Site {site} has no rules of its own: those of each protocol hold."


def site_document(site: Site) -> dict[str, object]:
    """A site for JSON; ``opens`` is wall-clock time there, ``announced_to`` the last year of announced holidays."""
    told = {name: getattr(site, name) for name in ("id", "revision", "name", "timezone", "holidays", "announced_to")}
    return told | {"open": _open(site), "opens": f"{site.opens:%H:%M}"}


def _open(site: Site) -> list[str]:
    return [WEEKDAYS[day] for day in sorted(site.weekdays)]


def _closures(site: Site) -> Iterator[str]:
    """``Mon 20 Apr 2026 to Fri 24 Apr 2026: inspection``: days in a row that are closed for one reason in one line."""
    runs: list[tuple[date, date, str]] = []
    for day, why in sorted(site.closures):
        if runs and runs[-1][1:] == (day - timedelta(days=1), why):
            runs[-1] = (runs[-1][0], day, why)
        else:
            runs.append((day, day, why))
    for first, last, why in runs:
        until = f" to {day_in_words(last, short=True)}" if last > first else ""
        yield f"{day_in_words(first, short=True)}{until}: {why}"
