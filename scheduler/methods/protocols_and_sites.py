"""Protocols and their versions, sites and their days."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, time
from typing import TYPE_CHECKING, Unpack

from scheduler import approving, reading, registering, revising
from scheduler.methods.opened import How, Opened
from scheduler.recording import Terms
from scheduler.values import Approved, Registered, Revision
from schedules.site import OPENING, Site
from schedules.template import Template

if TYPE_CHECKING:
    from schedules.versions import VersionDiff


class ProtocolsAndSites(Opened):
    """What a trial is made of: templates, sites, and which site may use which version."""

    def protocols(self) -> tuple[Registered, ...]:
        """The catalogue: every shipped or registered template, by protocol and version."""
        return reading.protocols(self._desk)

    def template(self, protocol: str, version: str | None = None) -> Template:
        """A template, by default of the protocol's newest version."""
        return reading.template(self._desk, protocol, version)

    def add_protocol(self, data: bytes, file: str, **how: Unpack[How]) -> Registered:
        """Registers the template in ``data`` for good; ``file`` is its name in messages. Raises TemplateError.

        The same bytes again change nothing; other bytes under a version that is there are refused.
        """
        return registering.add_protocol(self._desk, data, file, Terms(**how))

    def sites(self) -> tuple[Site, ...]:
        """All sites, by id, each as of its newest revision."""
        return reading.sites(self._desk)

    def site(self, site: str) -> Site:
        """One site."""
        return reading.site(self._desk, site)

    def add_site(
        self,
        site: str,
        *,
        timezone: str,
        name: str = "",
        weekdays: frozenset[int] | None = None,
        holidays: str = "",
        opens: time = OPENING,
        closed: Iterable[tuple[date, str]] = (),
        **how: Unpack[How],
    ) -> Site:
        """Adds a site. ``weekdays`` are 0 (Monday) to 6, by default Monday to Friday; ``holidays`` as in ``CN`` or
        ``DE-BY``; ``closed`` are its own closures with their reasons."""
        new = registering.NewSite(
            id=site,
            timezone=timezone,
            name=name,
            weekdays=weekdays,
            holidays=holidays,
            opens=opens,
            closed=tuple(closed),
        )
        return registering.add_site(self._desk, new, Terms(**how))

    def close_site(
        self,
        site: str,
        days: Iterable[date],
        *,
        why: str,
        progress: Callable[[int, int], None] | None = None,
        **how: Unpack[How],
    ) -> Revision:
        """Closes a site on some days: a new revision of its days, which each patient's plan then follows by a fact, one
        transaction each. Bookings on these days stay, as conflicts. Run again, it goes on where it was interrupted."""
        return revising.close(self._desk, site, days, Terms(why=why, **how), progress)

    def refresh_site(
        self,
        site: str,
        *,
        why: str = "",
        progress: Callable[[int, int], None] | None = None,
        **how: Unpack[How],
    ) -> Revision:
        """Takes a site's public holidays from the release of ``holidays`` that is installed now; as
        :meth:`close_site`."""
        return revising.refresh(self._desk, site, Terms(why=why, **how), progress)

    def compare_versions(self, protocol: str, old: str, new: str) -> VersionDiff:
        """What a version of a protocol changes in another, by id."""
        from schedules.versions import compare_versions

        with self._desk.store.reading() as work:
            first, second = (self._desk.find_template(work, protocol, version).template for version in (old, new))
        return compare_versions(first, second)

    def approve_version(
        self, site: str, protocol: str, version: str, *, mandatory: bool = False, **how: Unpack[How]
    ) -> Approved:
        """Records that a site may use a version: for every patient (``mandatory``), or for whoever consents to it
        anew. New patients of a site get the newest version it approved, of one that approved none the newest there
        is."""
        return approving.approve(self._desk, site, protocol, version, mandatory=mandatory, terms=Terms(**how))

    def approvals(self, site: str) -> tuple[Approved, ...]:
        """What a site has approved, by protocol and version."""
        return approving.approvals(self._desk, site)
