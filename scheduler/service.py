"""The scheduler: its use cases as methods, one transaction each (design §9)."""

from __future__ import annotations

from scheduler.methods.looking import Looking
from scheduler.methods.protocols_and_sites import ProtocolsAndSites
from scheduler.methods.records import Records
from scheduler.methods.reminding import Reminding


class Scheduler(ProtocolsAndSites, Records, Looking, Reminding):
    """A database of trials, opened with ``with``; every method is one transaction.

    Dates and moments at a site are given as ``date``, ``datetime`` or text (``2026-03-02``, ``2026-03-02T10:00``);
    without an offset they are read at the site's zone. All errors are DayzeroErrors: InvalidInput and UnknownName for
    what is given, TemplateError, StaleRevision, and StoreUnavailable where the database cannot be used.
    """
