"""What runs: the database, the use cases (one transaction each), reminders and their delivery (design §2).

``from scheduler import Scheduler`` is the Python API. Importing this package costs nothing; the store is loaded when a
Scheduler is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.service import Scheduler

__all__ = ["Scheduler"]


def __getattr__(name: str) -> object:
    if name == "Scheduler":
        from scheduler.service import Scheduler

        return Scheduler
    raise AttributeError(f"module 'scheduler' has no attribute '{name}'")
