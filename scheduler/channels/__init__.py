"""Where messages go. Importing this loads no transport: each is loaded when a message takes it."""

from __future__ import annotations

from scheduler.channels.channel import Channel, DeliveryFailed, Line, Send
from scheduler.channels.console import Console, console, console_line
from scheduler.channels.picking import EMAIL, channel_for, channel_name, open_channels

__all__ = [
    "EMAIL",
    "Channel",
    "Console",
    "DeliveryFailed",
    "Line",
    "Send",
    "channel_for",
    "channel_name",
    "console",
    "console_line",
    "open_channels",
]
