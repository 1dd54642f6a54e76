"""Two versions of a small protocol, and short ways to amend a record from the one to the other."""

from __future__ import annotations

from schedules.course import Earlier
from schedules.load import load
from schedules.plan import Plan
from schedules.planner import plan
from schedules.record import Fact, Kind
from schedules.site import Site
from schedules.template import Template
from tests.support import day, record

FIRST = """protocol: SMALL
version: "1.0"
title: A small protocol
reference: {visit: d1, day: 1}
epochs:
  screening: {}
  treatment: {place: ward}
  follow-up: {window: ±2 days}
  calls: {place: phone, window: ±7 days}
groups:
  arm: {A: Arm A, B: Arm B}
milestones:
  eligible: Eligibility confirmed
  progression: {label: Progression, stop: [scan]}
visits:
  consent: {epoch: screening, at: enrolment}
  labs: {label: Labs, epoch: screening, at: day -6, window: day -7 .. day -5}
  d1: {label: Day 1, epoch: treatment, at: enrolment + 28 days, no_later_than: labs + 14 days}
  d4: {label: Day 4, epoch: treatment, at: day 4}
  d8: {label: Day 8, epoch: treatment, at: day 8}
  d15: {label: Day 15, epoch: follow-up, at: day 15}
  d22: {label: Day 22, epoch: follow-up, at: d1 + 3 weeks}
  month: {label: "Month {n}", epoch: follow-up, at: {every: 1 month, from: infusion.last, times: 3}}
activities:
  infusion: {label: Infusion of 1 million cells, visits: [d1, d4, d8], department: infusion unit}
  bloods: {label: Bloods, visits: [d1, d4, d15, d22]}
  scan: {label: Scan, visits: [d15, month], department: imaging}
periods:
  dlt: {label: DLT observation, from: d1, to: day 22}
  near: {label: Stay near, after_each: infusion, for: 1 week, show: patient}
reminders:
  patient: [1 day before at 17:00]
"""


def version(number: str, *changes: tuple[str, str], text: str = FIRST) -> Template:
    """The small protocol under another version, with pieces of its text replaced."""
    return load(version_text(number, *changes, text=text).encode(), "small.yaml", registered=True)


def version_text(number: str, *changes: tuple[str, str], text: str = FIRST) -> str:
    """The text of such a version."""
    for old, new in (('version: "1.0"', f'version: "{number}"'), *changes):
        assert old in text, old
        text = text.replace(old, new)
    return text


def amended(to: str, on: str, from_version: str = "1.0") -> Fact:
    """The fact of an amendment that holds from a day on."""
    values = {"version": to, "from_version": from_version, "template": "0" * 64}
    return Fact(kind=Kind.AMENDED, name="SMALL", when=day(on), values=values)


def revised(revision: int, from_revision: int) -> Fact:
    """The fact that the site's days are those of another revision."""
    values = {"site_revision": str(revision), "from_revision": str(from_revision), "site_snapshot": "0" * 64}
    return Fact(kind=Kind.SITE_REVISED, name="BJ01", values=values)


def planned(*facts: Fact, versions: tuple[Template, ...], sites: tuple[Site, ...] = (Site(),)) -> Plan:
    """The plan of a record that was enrolled on 5 January 2026 and went through these versions and revisions."""
    earlier = Earlier(
        templates={template.version: template for template in versions[:-1]},
        sites={site.revision: site for site in sites[:-1]},
    )
    return plan(versions[-1], record(*facts), sites[-1], earlier)
