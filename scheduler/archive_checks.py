"""Whether a record that was read from a file fits together: chain, template, site, facts. Pure; nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from scheduler.archive_form import Archive, ArchivedSite
from scheduler.desk import LONGEST_WHY, checked_id
from scheduler.store.codec import canonical, digest, site_text, site_value
from scheduler.store.facts import Link, chain_problems, readable_links
from schedules.errors import DayzeroError, InvalidInput, TemplateError, shown
from schedules.facts_check import check_fact
from schedules.load import load
from schedules.record import Fact, Kind, Record
from schedules.site import ALL_WEEK, Site
from schedules.template import Template
from schedules.typed import parse_zone

# Facts that are of no use to the planner without a date.
_DATED = frozenset({Kind.ENROLLED, Kind.BOOKED, Kind.DONE, Kind.EVENT})


def check(archive: Archive) -> None:
    """Raises InvalidInput for the first thing that does not fit, in words."""
    for problem in _problems(archive):
        raise InvalidInput(f"The record in the file does not verify: {problem} Nothing was imported.")


def _problems(archive: Archive) -> Iterator[str]:
    if not archive.facts:
        yield "it holds no facts."
        return
    yield from _text_problems(archive)
    facts, unreadable = readable_links(archive.facts)
    yield from (unreadable,) if unreadable else chain_problems(facts)
    yield from _enrolment_problems(archive)
    yield from _revision_problems(archive)
    yield from _template_problems(archive)
    yield from _site_problems(archive)
    yield from _fact_problems(archive)
    yield from _calendar_problems(archive)
    yield from _approval_problems(archive)


def _text_problems(archive: Archive) -> Iterator[str]:
    """What is recorded by commands is printable and bounded, and so is what comes from a file: it is printed too."""
    for kind, name in (("subject", archive.subject.id), *(("site", site.id) for site in archive.sites)):
        try:
            checked_id(kind, name)
        except InvalidInput as error:
            yield str(error)
    for link in archive.facts:
        texts = (link.name, link.recorded_by, link.why, link.details)
        if not all(text.isprintable() and len(text) <= LONGEST_WHY for text in texts):
            yield f"Fact {link.number} holds text that is too long, or that cannot be printed."
    by = [each.recorded_by for each in archive.templates] + [each.recorded_by for each in archive.sites]
    by += [each.recorded_by for each in archive.approvals]
    if not all(name.isprintable() for name in by):
        yield "It holds a name that cannot be printed."


def _enrolment_problems(archive: Archive) -> Iterator[str]:
    places = [link.number for link in archive.facts if link.kind == Kind.ENROLLED]
    if places != [1]:
        yield f"A record begins with its one enrolment; here fact {places[-1] if places else 1} is otherwise."
    enrolment = archive.facts[0].fact
    if enrolment.name != archive.subject.id:
        yield f"It is said to be of {archive.subject.id}, and {shown(enrolment.name)} was enrolled."
    needed = ("protocol", "version", "template", "site", "site_revision", "site_snapshot", "salt")
    missing = [name for name in needed if not enrolment.values.get(name)]
    if missing:
        yield f"Its enrolment does not say the {missing[0].replace('_', ' ')}."


def _revision_problems(archive: Archive) -> Iterator[str]:
    revision = 0
    for link in archive.facts:
        if link.revision not in (revision, revision + 1) or not link.revision:
            yield f"Fact {link.number} belongs to revision {link.revision}, after one of revision {revision}."
        revision = link.revision
    if revision != archive.subject.revision:
        yield f"It is said to be at revision {archive.subject.revision}, and its last fact is of revision {revision}."


def _template_problems(archive: Archive) -> Iterator[str]:
    there = {(template.protocol, template.version): template for template in archive.templates}
    for protocol, version in sorted(versions(archive.facts, (archive.subject.protocol, archive.subject.version))):
        if (protocol, version) not in there:
            yield f"It is planned by {shown(f'{protocol} {version}')}, which is not in the file."
    for template in archive.templates:
        name = shown(f"{template.protocol} {template.version}")
        sha256 = hashlib.sha256(template.source.encode()).hexdigest()
        if sha256 != template.sha256:
            yield f"The template {name} was changed: its SHA-256 does not fit."
        loaded = _loaded(template.source)
        if loaded is None or (loaded.protocol, loaded.version) != (template.protocol, template.version):
            yield f"The template {name} is none of that protocol and version that this dayzero can read."
    for number, key, sha256 in _naming_templates(archive.facts, archive.subject.protocol):
        if there[key].sha256 != sha256:
            yield f"Its template {shown(' '.join(key))} is not the one that fact {number} names."


@lru_cache(maxsize=8)
def _loaded(source: str) -> Template | None:
    try:
        return load(source.encode(), "template", registered=True)
    except TemplateError:
        return None


def _site_problems(archive: Archive) -> Iterator[str]:
    there = {(site.id, site.revision): site for site in archive.sites}
    for name, revision in sorted(revisions(archive.facts, (archive.subject.site, archive.subject.site_revision))):
        if (name, revision) not in there:
            yield f"It is planned at site {shown(name)}, revision {revision}, which is not in the file."
    for site in archive.sites:
        named = f"Site {shown(site.id)}, revision {site.revision},"
        if digest(canonical(site.snapshot)) != site.sha256:
            yield f"{named} was changed: its SHA-256 does not fit."
        try:
            site_of(site)
        except InvalidInput as error:
            yield f"{named} {error}"
    for number, key, sha256 in _naming_sites(archive.facts, archive.subject.site):
        if there[key].sha256 != sha256:
            yield f"Its site {shown(key[0])}, revision {key[1]}, is not the one that fact {number} names."


def site_of(site: ArchivedSite) -> Site:
    """The site of an archived snapshot. Raises InvalidInput for one that is none."""
    text = canonical(site.snapshot)
    try:
        found = site_value(site.id, site.revision, text)
        texts = [site.snapshot[name] for name in ("name", "holidays")]
        if not all(isinstance(text, str) and text.isprintable() for text in texts):
            raise ValueError
        if site_text(found) != text or parse_zone(found.timezone) != found.timezone:
            raise ValueError
        if not isinstance(site.snapshot["announced_to"], int | None) or not found.weekdays <= ALL_WEEK:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError, DayzeroError):
        raise InvalidInput("holds what is no site.") from None
    return found


def _fact_problems(archive: Archive) -> Iterator[str]:
    named = versions(archive.facts, (archive.subject.protocol, archive.subject.version))
    read = [_loaded(each.source) for each in archive.templates if (each.protocol, each.version) in named]
    templates = [template for template in read if template is not None]
    record = Record(subject=archive.subject.id, facts=())
    for link in archive.facts:
        problem = _problem_of(templates, record, link.fact)
        if problem is not None:
            yield f"Fact {link.number} cannot be: {problem}"
        record = record.with_facts(link.fact)


def _problem_of(templates: Sequence[Template], record: Record, fact: Fact) -> str | None:
    """What is wrong with a fact after those before it; of several versions of a protocol one must know it."""
    if fact.kind in _DATED and fact.when is None:
        return f"'{fact.kind} {fact.name}' has no date."
    if fact.kind is Kind.ENROLLED:
        return None
    problem = None
    for template in templates:
        try:
            check_fact(template, record, fact)
        except InvalidInput as error:
            problem = str(error)
        else:
            return None
    return problem


def _calendar_problems(archive: Archive) -> Iterator[str]:
    for kind, found in (
        ("visit", [visit.visit for visit in archive.visits]),
        ("period", [period.period for period in archive.periods]),
    ):
        twice = next((name for name in found if found.count(name) > 1), None)
        if twice is not None:
            yield f"The {kind} {shown(twice)} stands in it twice."


def _approval_problems(archive: Archive) -> Iterator[str]:
    there = {template.version for template in archive.templates if template.protocol == archive.subject.protocol}
    listed = [approval.version for approval in archive.approvals]
    for version in dict.fromkeys(listed):
        if version not in there:
            name = shown(f"{archive.subject.protocol} {version}")
            yield f"Its site approved {name}, which is not in the file."
    if listed != sorted(listed):
        yield "The approvals of its site are not in the order of their versions."


def salt(archive: Archive) -> str:
    """What the UIDs of its calendar are made from."""
    return archive.facts[0].fact.values["salt"]


def versions(links: Iterable[Link], present: tuple[str, str]) -> frozenset[tuple[str, str]]:
    """Protocol and version of all templates that a record names: of the present one, and in its facts."""
    return frozenset({present, *(key for _, key, _ in _naming_templates(links, present[0]))})


def revisions(links: Iterable[Link], present: tuple[str, int]) -> frozenset[tuple[str, int]]:
    """The site revisions that a record names: the present one, and in its facts."""
    return frozenset({present, *(key for _, key, _ in _naming_sites(links, present[0]))})


def _naming_templates(links: Iterable[Link], protocol: str) -> Iterator[tuple[int, tuple[str, str], str]]:
    """By each fact that says by what is planned from then on: its number, the template, and its SHA-256."""
    for link in links:
        values = link.fact.values
        if "version" in values and "template" in values:
            yield link.number, (values.get("protocol", protocol), values["version"]), values["template"]


def _naming_sites(links: Iterable[Link], site: str) -> Iterator[tuple[int, tuple[str, int], str]]:
    """As of templates, of the revisions of a site."""
    for link in links:
        values = link.fact.values
        revision = values.get("site_revision", "")
        if revision.isascii() and revision.isdigit() and "site_snapshot" in values:
            yield link.number, (values.get("site", site), int(revision)), values["site_snapshot"]
