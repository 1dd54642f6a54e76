"""What a plan was made with over time: the versions of the protocol and the revisions of the site's days that the
facts of a record put in force (design §6). All of it is on record, so a plan can be rebuilt as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schedules.record import Fact, Kind, Record
from schedules.site import Site
from schedules.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was in force before: templates by version, and the site's days by revision. Nothing, of most records."""

    templates: Mapping[str, Template] = field(default_factory=dict)
    sites: Mapping[int, Site] = field(default_factory=dict)


NOTHING_EARLIER = Earlier()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The versions of the protocol and the revisions of the site that a record went through, in order.

    ``versions`` and ``revisions`` begin with those of the enrolment and end with those in force; ``amendments`` and
    ``revised`` are the facts that brought each of the others.
    """

    versions: tuple[str, ...]
    revisions: tuple[int, ...]
    amendments: tuple[Fact, ...] = ()
    revised: tuple[Fact, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether everything is as it was at enrolment."""
        return not self.amendments and not self.revised


def course_of(record: Record) -> Course:
    """The course that the facts of a record tell, as they count after corrections.

    The record of a preview names no version and no revision at its enrolment; there the first change tells them.
    """
    facts = record.effective().facts
    amendments, revised = _of(Kind.AMENDED, facts), _of(Kind.SITE_REVISED, facts)
    enrolment = record.enrolment.values
    first = enrolment.get("version") or next((fact.values["from_version"] for fact in amendments), "")
    days = enrolment.get("site_revision") or next((fact.values["from_revision"] for fact in revised), "0")
    return Course(
        versions=(first, *(fact.values["version"] for fact in amendments)),
        revisions=(int(days), *(int(fact.values["site_revision"]) for fact in revised)),
        amendments=amendments,
        revised=revised,
    )


def _of(kind: Kind, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.kind is kind)


class Sources:
    """The templates and sites of a course as values, so that each can be told as of a fact."""

    def __init__(self, course: Course, template: Template, site: Site, earlier: Earlier) -> None:
        """``template`` and ``site`` are those in force. Raises ValueError where an earlier one is not given."""
        self.course = course
        try:
            self.templates = (*(earlier.templates[version] for version in course.versions[:-1]), template)
            self.sites = (*(earlier.sites[revision] for revision in course.revisions[:-1]), site)
        except KeyError as missing:
            raise ValueError(
                f"the record went through version or revision {missing}, which is not among the earlier ones given"
            ) from None

    def begin_with(self, other: Sources) -> bool:
        """Whether these are the same as others, as far as those go."""
        versions, revisions = len(other.templates), len(other.sites)
        same = len(self.templates) >= versions and all(
            one is two for one, two in zip(self.templates[:versions], other.templates, strict=True)
        )
        return same and self.sites[:revisions] == other.sites

    def site_at(self, facts: Record) -> Site:
        """The site's days in force after the facts of a record."""
        return self.sites[sum(fact.kind is Kind.SITE_REVISED for fact in facts.facts)]
