"""The use case of trying a contact's channel: one message that says it is a test."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from scheduler.channels import DeliveryFailed, Send, open_channels
from scheduler.composing import compose_probe
from scheduler.desk import Desk
from scheduler.values import Contact, Message
from schedules.errors import InvalidInput, StoreUnavailable, UnknownName

if TYPE_CHECKING:
    from scheduler.store.work import Work


def try_contact(desk: Desk, number: int, say: Send) -> Message:
    """Sends a test message to a contact, now, whatever its quiet hours; ``say`` is the console's way to print it.

    Raises UnknownName, InvalidInput for a contact to whom nothing may be sent, StoreUnavailable where it cannot be.
    """
    from scheduler.settings_file import load_settings

    settings = load_settings()
    with desk.store.reading() as work:
        contact = work.contacts.find(number)
        if contact is None:
            raise UnknownName("contact", str(number), [str(known.id) for known in work.contacts.of()])
        site = _checked(desk, work, contact)
    message = compose_probe(contact, key=secrets.token_hex(16), settings=settings, site=site)
    with open_channels(settings, say) as send:
        try:
            send(message)
        except DeliveryFailed as failed:
            raise StoreUnavailable(f"The test message to contact {number} was not sent: {failed.reason}.") from None
    return message


def _checked(desk: Desk, work: Work, contact: Contact) -> str:
    """The contact's site. Raises InvalidInput for one that is paused, or whose subject is followed no longer."""
    if contact.paused:
        raise InvalidInput(f"Contact {contact.id} is paused, and gets nothing. End the pause first.")
    if contact.subject is None:
        return contact.site or ""
    subject = desk.find_subject(work, contact.subject)
    if subject.stopped is not None:
        raise InvalidInput(
            f"Contact {contact.id} is of {contact.subject}, who is followed no longer ({subject.stopped}). "
            "Nothing is sent to it."
        )
    return subject.site
