"""What is to become of a claimed reminder, held against the present state just before it is sent (design §1, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.composing import About, compose, compose_digest
from scheduler.desk import Chart, Desk
from scheduler.listing import label_and_when
from scheduler.news import is_news
from scheduler.queueing import after_quiet, revision_of
from scheduler.values import Message
from schedules.plan import TO_COME
from schedules.reminder_rules import parse_rule
from schedules.reminders import reminders, told_together, when_together

if TYPE_CHECKING:
    from scheduler.settings import Settings
    from scheduler.store.outbox import Item
    from scheduler.store.standings import Standing
    from scheduler.store.visits import StoredVisit
    from scheduler.store.work import Step

# What a visit's row alone can tell: its revision rises with anything that these say.
_OF_A_VISIT = frozenset({"before", "opens", "closes", "overdue", "gate", "moved"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to become of a claimed reminder: a state and why, or another time; without either its message is sent.

    ``lost`` says that it is this sweep's no more. Of a digest, ``parts`` are the reminders in its message.
    """

    state: str = ""
    reason: str = ""
    until: datetime | None = None
    message: Message | None = None
    lost: bool = False
    parts: tuple[Item, ...] = ()


class Judge:
    """Judges reminders in one transaction."""

    def __init__(self, desk: Desk, step: Step, settings: Settings, now: datetime) -> None:
        self._desk, self._step, self._settings, self._now = desk, step, settings, now

    def verdict(self, item: Item) -> Verdict:
        """What is to become of a claimed reminder."""
        standing = self._step.standings.of(item)
        if not standing.claimed:
            return Verdict(lost=True)
        dropped = self._dropped(item, standing)
        if dropped is not None:
            return dropped
        contact = standing.contact
        assert contact is not None
        local = self._now.astimezone(ZoneInfo(contact.zone))
        quiet_end = after_quiet(local, contact.quiet)
        if quiet_end != local:
            return Verdict(until=quiet_end.astimezone(UTC))
        return Verdict(message=self._message(item, standing), parts=(item,))

    def digest(self, item: Item) -> Verdict:
        """What is to become of a digest: those in it are judged one by one, and what no longer holds is closed."""
        standing = self._step.standings.of(item)
        if not standing.claimed:
            return Verdict(lost=True)
        said: list[Message] = []
        parts: list[Item] = []
        for member in item.members:
            verdict = self.verdict(member)
            if verdict.until is not None:
                return Verdict(until=verdict.until)
            if verdict.state:
                self._step.marks.finish(member, verdict.state, self._now, verdict.reason)
            elif verdict.message is not None:
                said.append(verdict.message)
                parts.append(member)
        if not said:
            return Verdict(state="suppressed", reason="nothing of it is left")
        message = compose_digest(said, key=item.key, salt=standing.salt, settings=self._settings, site=standing.site)
        return Verdict(message=message, parts=tuple(parts))

    def _dropped(self, item: Item, standing: Standing) -> Verdict | None:
        """Why a reminder is not sent at all, if it is not."""
        if standing.stopped is not None and item.wanted.event != "stopped":
            return Verdict(state="suppressed", reason="the subject is followed no longer")
        if not self._holds(item, standing):
            return Verdict(state="suppressed", reason="the visit has changed")
        if standing.contact is None or standing.contact.is_paused(self._now):
            return Verdict(state="suppressed", reason="the contact is paused or erased")
        if item.wanted.useful_to is not None and item.wanted.useful_to <= self._now:
            if item.attempts:
                return Verdict(state="failed", reason="it could not be delivered in time")
            return Verdict(state="missed", reason="it was past its use")
        return None

    def _holds(self, item: Item, standing: Standing) -> bool:
        wanted, visit = item.wanted, standing.visit
        if wanted.event in _OF_A_VISIT:
            return visit is not None and visit.status in TO_COME and visit.revision == wanted.visit_revision
        if wanted.event == "cancelled":
            return visit is not None and visit.status not in TO_COME and visit.revision == wanted.visit_revision
        if wanted.event == "stopped":
            return standing.stopped == wanted.visit
        chart = self._chart(item)
        if wanted.event == "conflict":
            told = (wanted.visit, wanted.detail)
            return any((conflict.visit, conflict.message) == told for conflict in chart.plan.conflicts)
        return self._is_called_for(item, chart)

    def _is_called_for(self, item: Item, chart: Chart) -> bool:
        """Whether the plan still calls for a reminder of a period, a milestone or a rule that runs out."""
        wanted = item.wanted
        rules = {wanted.role: (parse_rule(wanted.rule),)}
        return any(
            (found.visit, revision_of(found, {found.visit: 0})) == (wanted.visit, wanted.visit_revision)
            for found in reminders(chart.template, chart.plan, chart.site, rules)
        )

    def _chart(self, item: Item) -> Chart:
        return self._desk.chart(self._step.work, item.subject)

    def _message(self, item: Item, standing: Standing) -> Message:
        about = self._about(item, standing.visit)
        return compose(self._desk, self._step, item, standing, settings=self._settings, about=about)

    def _about_entry(self, item: Item) -> About:
        """What is told of a visit that shares its calendar entry: of all of which this message tells."""
        chart, wanted = self._chart(item), item.wanted
        visit = chart.plan.visit(wanted.visit)
        assert visit is not None
        rule = None if is_news(wanted.event, wanted.rule) else parse_rule(wanted.rule)
        found = told_together(chart.template, chart.plan, wanted.role, rule, visit) or (visit,)
        return About(
            label=" + ".join(each.label for each in found),
            when=when_together(found),
            before=wanted.was,
            detail=wanted.detail,
            visits=tuple(each.id for each in found),
        )

    def _about(self, item: Item, visit: StoredVisit | None) -> About:
        """What a message tells besides the visit as it is."""
        wanted = item.wanted
        if visit is not None and (visit.guests or visit.part_of is not None) and wanted.event in _OF_A_VISIT:
            return self._about_entry(item)
        if wanted.event == "moved":
            return About(before=wanted.was)
        if wanted.event == "cancelled":
            return About(when=wanted.was)
        if wanted.event == "expires":
            return About(closes=date.fromordinal(wanted.visit_revision), detail=wanted.detail)
        if visit is not None:
            # A conflict may be of a visit that no day was found for.
            day = None if visit.when is not None else self._now.astimezone(self._chart(item).site.zone).date()
            return About(detail=wanted.detail, when=day)
        chart = self._chart(item)
        label, _ = label_and_when(chart.plan, chart.template, wanted.visit)
        return About(label=label, when=date.fromordinal(wanted.visit_revision))
