"""Contacts, and the reminders they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Unpack

from scheduler import listing, nightly, recipients, sweeping, trying
from scheduler.backups import KEPT
from scheduler.channels import Send, console
from scheduler.methods.opened import How, Opened
from scheduler.moments import Moment
from scheduler.rationing import PER_HOUR
from scheduler.recording import Terms
from scheduler.values import Contact, Erased, Message, Night, Queued, Sweep

if TYPE_CHECKING:
    from scheduler.running import Rhythm


class Reminding(Opened):
    """Who is reminded, of what, and the service that sends it."""

    def add_contact(
        self,
        *,
        role: str,
        subject: str | None = None,
        site: str | None = None,
        email: str = "",
        notify: str = "",
        zone: str | None = None,
        quiet: str | None = None,
        language: str = "en",
        level: str | None = None,
        rules: Iterable[str] | None = None,
        **how: Unpack[How],
    ) -> Contact:
        """Adds a contact: patient, caregiver, guardian of a subject, others of a site; whoever is enrolled is included.

        ``quiet`` hours are as in ``21:00-08:00``, in ``zone`` (default: the site's). ``level`` is how much a message
        tells: by default private to who is of a subject, coded to the others. ``rules`` are its own.
        """
        new = recipients.NewContact(
            role=role,
            subject=subject,
            site=site,
            email=email,
            notify=notify,
            zone=zone,
            quiet=quiet,
            language=language,
            level=level,
            rules=None if rules is None else tuple(rules),
        )
        return recipients.add_contact(self._desk, new, Terms(**how))

    def contacts(self, *, subject: str | None = None, site: str | None = None) -> tuple[Contact, ...]:
        """The contacts of a subject, of a site, or all."""
        return recipients.contacts(self._desk, subject, site)

    def change_contact(
        self,
        contact: int,
        *,
        zone: str | None = None,
        quiet: str | None = None,
        language: str | None = None,
        level: str | None = None,
        rules: Iterable[str] | None = None,
        own_rules: bool = True,
        **how: Unpack[How],
    ) -> Contact:
        """Changes a contact, by its number; what is None stays. ``quiet`` may be ``none``; ``rules`` are its own, and
        with ``own_rules`` False those of its site or protocol hold again."""
        change = recipients.ContactChange(
            zone=zone,
            quiet=quiet,
            language=language,
            level=level,
            rules=None if rules is None else tuple(rules),
            own_rules=own_rules,
        )
        return recipients.change_contact(self._desk, contact, change, Terms(**how))

    def pause_contact(self, contact: int, *, until: str | None = None, **how: Unpack[How]) -> Contact:
        """Sends a contact nothing any more, or nothing up to a day or moment at its zone."""
        return recipients.pause_contact(self._desk, contact, until, Terms(**how))

    def resume_contact(self, contact: int, **how: Unpack[How]) -> Contact:
        """Sends a paused contact what comes from now on."""
        return recipients.resume_contact(self._desk, contact, Terms(**how))

    def erase_contact(self, contact: int, **how: Unpack[How]) -> Erased:
        """Removes a contact for good, from the database's files too; what waits for it is not sent."""
        return recipients.erase_contact(self._desk, contact, Terms(**how))

    def set_site_rules(
        self, site: str, role: str, rules: Iterable[str] | None, **how: Unpack[How]
    ) -> dict[str, tuple[str, ...]]:
        """By which rules a role is reminded at a site, instead of the protocol's; None goes back to those."""
        texts = None if rules is None else tuple(rules)
        return recipients.set_site_rules(self._desk, site, role, texts, Terms(**how))

    def site_rules(self, site: str) -> dict[str, tuple[str, ...]]:
        """The rules that a site has of its own, by role."""
        return recipients.site_rules(self._desk, site)

    def try_contact(self, number: int, *, say: Send = console) -> Message:
        """Sends a test message to a contact by its channel, now; ``say`` prints it where none is set up for it."""
        return trying.try_contact(self._desk, number, say)

    def reminders(self, subject: str) -> tuple[Queued, ...]:
        """A subject's reminders in the queue and what became of them, by when they are due."""
        return listing.of_subject(self._desk, subject)

    def reminders_in_state(self, state: str, *, site: str | None = None) -> tuple[Queued, ...]:
        """The last 1,000 reminders of a state (``failed``: dead letters; ``missed`` …), at a site or at all."""
        return listing.in_state(self._desk, state, site)

    def remind_once(
        self,
        *,
        now: Moment = None,
        send: Send | None = None,
        say: Send = console,
        random: Random | None = None,
        per_hour: int = PER_HOUR,
        stopping: Callable[[], bool] = sweeping.never,
    ) -> Sweep:
        """Sends every reminder that is due, once, by the channel of its contact.

        ``send`` takes all messages instead; ``say`` prints those for which no channel is set up. ``random`` spreads
        what is tried again; a person is sent at most ``per_hour`` messages; ``stopping`` asks, before each batch,
        whether to end.
        """
        manner = sweeping.Manner(send=send, say=say, stopping=stopping, random=random or Random(), per_hour=per_hour)
        return sweeping.remind_once(self._desk, now, manner)

    def look_after(self, *, now: Moment = None, backups: Path | None = None, keep: int = KEPT) -> Night:
        """What is done every night: horizon, holidays, integrity, and a backup of a SQLite file into ``backups``
        (default: a folder beside it), of which ``keep`` stay."""
        return nightly.look_after(self._desk, now, backups, keep)

    def run(
        self, *, rhythm: Rhythm | None = None, tell: Callable[[str], None] | None = None, say: Send = console
    ) -> None:
        """Sweeps and looks after the database until SIGTERM or SIGINT; several may on one database. ``tell`` takes the
        lines of its log, by default to stderr. Only in a main thread, which gets signals."""
        from scheduler import running

        running.serve(self._desk, rhythm or running.Rhythm(), tell or running.log, say)
