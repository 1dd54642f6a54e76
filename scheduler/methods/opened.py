"""An open database, and what the methods on it take in common."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict

from scheduler.moments import Moment

if TYPE_CHECKING:
    from scheduler.desk import Desk


class How(TypedDict, total=False):
    """What every change takes besides: ``by`` whom (default: ``DAYZERO_USER``, else the login name), ``now`` (default:
    the machine's clock; without an offset it is at the site's zone), and ``dry_run``, which writes nothing."""

    by: str | None
    now: Moment
    dry_run: bool


class HowOnRecord(How, total=False):
    """For a change of a record also: ``why``, and ``seen``, the revision it was made for. An older one is refused with
    StaleRevision, which says what happened since."""

    why: str
    seen: int | None


class Opened:
    """A database, opened with ``with``."""

    def __init__(self, database_url: str | None = None, *, tell: Callable[[str], None] | None = None) -> None:
        """``database_url`` names the database: ``sqlite:///trial.db``, ``postgresql://user@host/trial``.

        The default is the user's own SQLite file. ``tell`` is given a sentence where a database of an older dayzero was
        brought up to date: with where it is kept as it was.
        """
        self._url, self._tell = database_url, tell
        self._opened: Desk | None = None

    def __enter__(self) -> Self:
        from scheduler.desk import Desk
        from scheduler.store.engine import default_url
        from scheduler.store.work import Store

        opened = Store(self._url or default_url())
        self._opened = Desk(opened)
        if opened.migrated and self._tell is not None:
            self._tell(opened.migrated)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._desk.store.close()
        self._opened = None

    @property
    def _desk(self) -> Desk:
        if self._opened is None:
            raise RuntimeError("The scheduler is not open. Use it as in: with Scheduler(url) as trial: …")
        return self._opened
