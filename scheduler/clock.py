"""The machine's clock, read here and nowhere else; every use case takes ``now`` instead."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in the machine's own zone."""
    return datetime.now(UTC).astimezone()
