"""What the use cases share: finding templates, sites and subjects by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from scheduler.values import Registered
from schedules import catalogue
from schedules.course import NOTHING_EARLIER, Course, Earlier, course_of
from schedules.errors import InvalidInput, StoreUnavailable, UnknownName, shown
from schedules.load import load
from schedules.plan import Plan
from schedules.planner import NOTHING_SEEN, Prepared, plan_of, prepare
from schedules.record import Record
from schedules.site import Site
from schedules.template import Template

if TYPE_CHECKING:
    from scheduler.store.facts import Link
    from scheduler.store.looks import Kept
    from scheduler.store.subjects import Subject
    from scheduler.store.templates import StoredTemplate
    from scheduler.store.work import Store, Work
    from schedules.judge import Seen

LONGEST_ID = 40
LONGEST_WHY = 2000
_ID = re.compile(r"\w[\w./-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a record is planned with: the template in force as it is registered (``sha256`` is of its bytes, in hex),
    the site's days in force, and what was before these."""

    template: Template
    sha256: str
    site: Site
    earlier: Earlier = NOTHING_EARLIER


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A subject as a use case finds it: where its record stands, and all that its plan is made of.

    ``template`` is the patient's own: where its record was amended, merged from all versions (see
    :mod:`schedules.merging`). A plan is made with the ``basis``; ``prepared`` is what it was made from. ``links`` are
    the facts as they are stored, and ``kept`` is what is stored of what was seen before them.
    """

    subject: Subject
    basis: Basis
    template: Template
    record: Record
    plan: Plan
    prepared: Prepared | None = None
    links: tuple[Link, ...] = ()
    kept: Kept | None = None

    @property
    def site(self) -> Site:
        """The site, with its days in force for this subject."""
        return self.basis.site

    @property
    def looks(self) -> Mapping[int, Seen]:
        """What was seen before the facts about visits, by their number."""
        return NOTHING_SEEN if self.prepared is None else self.prepared.looks

    @property
    def is_replayed(self) -> bool:
        """Whether any of that had to be worked out, since it is not stored."""
        return self.kept is not None and not self.looks.keys() <= self.kept.good.keys()

    def with_record(self, record: Record) -> Chart:
        """The chart with another record, planned with the same."""
        basis = self.basis
        prepared = prepare(basis.template, record, basis.site, basis.earlier, known=self.prepared)
        return replace(self, record=record, template=prepared.template, plan=plan_of(prepared), prepared=prepared)


class Desk:
    """An open store and the templates it has read so far."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._loaded: dict[str, Template] = {}

    # Templates

    def loaded(self, source: bytes, file: str, sha256: str) -> Template:
        """A registered or shipped template, read once."""
        if sha256 not in self._loaded:
            if hashlib.sha256(source).hexdigest() != sha256:
                raise StoreUnavailable(f"The template {file} was changed in the database. Restore it from a backup.")
            self._loaded[sha256] = load(source, file, registered=True)
        return self._loaded[sha256]

    def registered(self, stored: StoredTemplate) -> Registered:
        """A stored template with what it says."""
        file = f"{stored.protocol} {stored.version}"
        return Registered(
            protocol=stored.protocol,
            version=stored.version,
            sha256=stored.sha256,
            template=self.loaded(stored.source, file, stored.sha256),
            registered=stored.registered,
            by=stored.by,
        )

    def versions(self, work: Work) -> tuple[tuple[str, str], ...]:
        """Protocol and version of all templates, shipped or registered, in order."""
        names = {*work.templates.names(), *((item.protocol, item.version) for item in catalogue.shipped())}
        return tuple(sorted(names, key=lambda name: (name[0], version_order(name[1]))))

    def find_template(self, work: Work, protocol: str, version: str | None = None) -> Registered:
        """A version of a protocol, by default the newest. Raises UnknownName."""
        found = self.versions(work)
        versions = [number for name, number in found if name == protocol]
        if not versions:
            raise UnknownName("protocol", protocol, dict.fromkeys(name for name, _ in found))
        if version is not None and version not in versions:
            # Of numbers the nearest is no help.
            known = f"Known: {', '.join(versions)}."
            raise UnknownName(f"version {{}} of {protocol}", version, versions, advice=known)
        return self.template_of(work, protocol, version or versions[-1])

    def template_of(self, work: Work, protocol: str, version: str) -> Registered:
        """A version that is known to be there: as it was registered, else as it is shipped."""
        stored = work.templates.find(protocol, version)
        if stored is not None:
            return self.registered(stored)
        item = _shipped(protocol, version)
        source = catalogue.read(item)
        sha256 = hashlib.sha256(source).hexdigest()
        template = self.loaded(source, item.file, sha256)
        return Registered(protocol=protocol, version=version, sha256=sha256, template=template)

    def register(self, work: Work, found: Registered, now: datetime, by: str) -> Registered:
        """Registers a shipped template at its first use (design §6)."""
        if found.registered is not None:
            return found
        from scheduler.store.templates import StoredTemplate

        stored = StoredTemplate(
            protocol=found.protocol,
            version=found.version,
            sha256=found.sha256,
            source=catalogue.read(_shipped(found.protocol, found.version)),
            registered=now,
            by=by,
        )
        work.templates.add(stored)
        return self.registered(stored)

    # Sites and subjects

    def find_site(self, work: Work, name: str) -> Site:
        """The newest revision of a site. Raises UnknownName."""
        site = work.sites.find(name) if name.isprintable() else None
        if site is None:
            names = work.sites.names()
            raise UnknownName("site", name, names, advice="" if names else "Add it with 'dayzero site add'.")
        return site

    def find_subject(self, work: Work, name: str, *, lock: bool = False) -> Subject:
        """A subject. Raises UnknownName."""
        # What no terminal prints no record is named by, and a lone surrogate cannot even be looked for.
        subject = work.subjects.find(name, lock=lock) if name.isprintable() else None
        return subject if subject is not None else _no_subject(name, work.subjects.names())

    def chart(self, work: Work, name: str, *, lock: bool = False, replay: bool = False) -> Chart:
        """A subject with its record and plan; with ``replay`` nothing is taken from what is stored of the plan.

        Raises UnknownName.
        """
        from scheduler.store.facts import record_of

        subject = self.find_subject(work, name, lock=lock)
        links = work.facts.links(name)
        kept = work.looks.of(name, links)
        chart = self.charted(work, subject, record_of(name, links), NOTHING_SEEN if replay else kept.good)
        return replace(chart, links=links, kept=kept)

    def keep_looks(self, charts: Iterable[Chart]) -> None:
        """Stores what was seen before the facts of charts that were read, in a short write of its own: of many records
        that is once, after an update of dayzero. Where the database cannot be written, it is worked out again."""
        replayed = [chart for chart in charts if chart.is_replayed]

        def put(work: Work) -> None:
            for chart in replayed:
                work.looks.put(chart.subject.id, chart.links, chart.looks, chart.kept)

        if replayed:
            self.store.keep(put)

    def charted(
        self,
        work: Work,
        subject: Subject,
        record: Record,
        looks: Mapping[int, Seen] = NOTHING_SEEN,
        known: Prepared | None = None,
    ) -> Chart:
        """A subject's chart with this record, under what the record says is in force; ``looks`` are what is known to
        have been seen before single facts, and ``known`` is what the plan of a part of the record was made from."""
        basis = self._basis(work, subject, course_of(record))
        prepared = prepare(basis.template, record, basis.site, basis.earlier, known=known, looks=looks)
        return Chart(
            subject=subject,
            basis=basis,
            template=prepared.template,
            record=record,
            plan=plan_of(prepared),
            prepared=prepared,
        )

    def _basis(self, work: Work, subject: Subject, course: Course) -> Basis:
        """What a course is planned with. The site's row is read as of its revision, so that nothing moves by itself."""
        sites = {revision: work.sites.find(subject.site, revision) for revision in course.revisions}
        known = {revision: site for revision, site in sites.items() if site is not None}
        if len(known) != len(sites):
            raise StoreUnavailable(f"A revision of site {subject.site} is gone. Restore it from a backup.")
        found = self.template_of(work, subject.protocol, course.versions[-1])
        templates = {
            version: self.template_of(work, subject.protocol, version).template for version in course.versions[:-1]
        }
        return Basis(
            template=found.template,
            sha256=found.sha256,
            site=known[course.revisions[-1]],
            earlier=NOTHING_EARLIER if course.is_plain else Earlier(templates=templates, sites=known),
        )


def _shipped(protocol: str, version: str) -> catalogue.Shipped:
    return next(item for item in catalogue.shipped() if (item.protocol, item.version) == (protocol, version))


def _no_subject(name: str, known: Iterable[str]) -> NoReturn:
    raise UnknownName("subject", name, known)


def version_order(version: str) -> tuple[tuple[bool, int, str], ...]:
    """What versions are sorted by: numbers as numbers, so that 10.0 comes after 9.1."""
    parts = re.findall(r"\d+|[^\d.]+", version)
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)


def checked_id(kind: str, text: str) -> str:
    """The id of a new subject or site. Raises InvalidInput for one that is hard to type, print or name a file by."""
    if len(text) > LONGEST_ID or not _ID.fullmatch(text) or "//" in text or ".." in text:
        raise InvalidInput(
            f"{shown(text)} cannot be the id of a {kind}. Write at most {LONGEST_ID} letters, digits and '-', '_', '.' "
            "or '/' without spaces, beginning with a letter or digit."
        )
    return text


def checked_why(text: str) -> str:
    """A reason as it is recorded. Raises InvalidInput for one that is too long or not text."""
    clean = " ".join(text.split())
    if not clean.isprintable():
        raise InvalidInput(f"The reason {shown(clean)} holds characters that cannot be printed. Write it without them.")
    if len(clean) > LONGEST_WHY:
        raise InvalidInput(f"The reason has {len(clean):,} characters, and {LONGEST_WHY:,} are kept. Write it shorter.")
    return clean
