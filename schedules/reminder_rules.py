"""The language of reminders: ``1 day before at 17:00``, ``window opens``, ``moved within 14 days`` (design §4, §8).

A template holds rules by role, and so do a site and a contact that want others. The same words, and the same errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from schedules.errors import InvalidInput, shown
from schedules.spans import Span, parse_span
from schedules.template import DEPARTMENTS, SUBJECT_ROLES, ReminderRule, Template
from schedules.typed import parse_clock

LEAD = r"[0-9]+ (?:minutes?|hours?|days?|weeks?)"
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
# The forms of rules: each with the event that it is about, and how it is written.
FORMS = (
    ("before", rf"(?P<lead>{LEAD}) before"),
    ("opens", r"window opens"),
    ("closes", rf"(?P<lead>{LEAD}) before window closes"),
    ("overdue", rf"(?P<lead>{LEAD}) overdue"),
    ("expires", rf"(?P<lead>{LEAD}) before expiry"),
    ("gate", rf"gate shut (?P<lead>{LEAD}) before"),
    ("period", rf"(?:(?P<lead>{LEAD}) before )?(?P<of>{NAME}) ends"),
    ("expected", rf"(?:(?P<lead>{LEAD}) before )?expected"),
)
# What is told at once, as it happens; so it has no time of day.
NEWS = (
    ("moved", rf"moved(?: within (?P<lead>{LEAD}))?"),
    ("cancelled", rf"cancelled(?: within (?P<lead>{LEAD}))?"),
    ("conflict", r"conflict"),
)
AT = r" at (?P<at>\S+)"
NEWS_EVENTS = frozenset(event for event, _ in NEWS)
ANY_PERIOD = "period"
# What a department cannot be reminded of: these are of no visit, so of none of its activities.
OF_NO_VISIT = frozenset({"period", "expected"})

_READERS = tuple(
    [(event, re.compile(rf"{form}(?:{AT})?")) for event, form in FORMS]
    + [(event, re.compile(form)) for event, form in NEWS]
)
ADVICE = (
    "Write '7 days before at 09:00', 'window opens', '2 days before window closes', '1 day overdue', "
    "'2 days before expiry', 'gate shut 3 days before', 'period ends', 'expected', 'moved', 'cancelled' or 'conflict'."
)

Rules = tuple[ReminderRule, ...]


def parse_rule(text: str) -> ReminderRule:
    """One rule. Raises InvalidInput for what is none."""
    for event, reader in _READERS:
        match = reader.fullmatch(text.strip())
        if match is not None:
            return _rule(text.strip(), event, match.groupdict())
    raise InvalidInput(f"{shown(text)} is no reminder. {ADVICE}")


def _rule(text: str, event: str, found: dict[str, str | None]) -> ReminderRule:
    lead, at, of = found.get("lead"), found.get("at"), found.get("of") or ""
    return ReminderRule(
        text=text,
        event=event,
        lead=parse_span(lead) if lead else Span(),
        at=parse_clock(at) if at else None,
        of="" if of == ANY_PERIOD else of,
    )


def parse_rule_for(role: str) -> Callable[[str], ReminderRule]:
    """Reads the rules of a role. What it gives raises InvalidInput for what is none, or none for that role."""

    def parse(text: str) -> ReminderRule:
        rule = parse_rule(text)
        if role in DEPARTMENTS and rule.event in OF_NO_VISIT:
            raise InvalidInput(
                f"{shown(text)} is no reminder for a department: the {role} is reminded of its own activities only. "
                "Give it to the coordinator."
            )
        return rule

    return parse


def parse_rules(role: str, texts: Iterable[str]) -> Rules:
    """The rules of a role, each once. Raises InvalidInput."""
    parse = parse_rule_for(role)
    return tuple({rule.text: rule for rule in map(parse, texts)}.values())


def _rules(role: str, *texts: str) -> tuple[str, Rules]:
    return role, parse_rules(role, texts)


_FOR_SUBJECTS = ("7 days before at 09:00", "1 day before at 17:00", "period ends at 09:00")
_FOR_DEPARTMENTS = (
    "7 days before at 08:00",
    "1 day before at 08:00",
    "moved within 14 days",
    "cancelled within 14 days",
)
# For a protocol that says nothing of reminders at all. One that says something says all.
DEFAULTS: Mapping[str, Rules] = dict(
    [
        _rules("patient", *_FOR_SUBJECTS, "moved within 14 days", "cancelled within 14 days"),
        _rules(
            "coordinator",
            "window opens",
            "2 days before window closes",
            "1 day overdue",
            "2 days before expiry",
            "gate shut 3 days before",
            "expected",
            "conflict",
        ),
        _rules("monitor", "7 days overdue"),
        *(_rules(department, *_FOR_DEPARTMENTS) for department in DEPARTMENTS),
    ]
)


def rules_for(template: Template, role: str) -> Rules:
    """A template's rules for a role: its own; where it has none at all the usual ones.

    Who stands beside the patient (caregiver, guardian) is reminded as the patient is, unless the template says how.
    """
    known = template.reminders or DEFAULTS
    if role not in known and role in SUBJECT_ROLES:
        return known.get("patient", ())
    return known.get(role, ())
