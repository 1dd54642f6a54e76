"""PostgreSQL through psycopg 3: its connections, how its transactions begin, and its errors in words.

SQLite lets one transaction write at a time, from its beginning on. Here an advisory lock of the whole database gives
the same: a transaction that writes *alone* holds it, others wait. Those that write *together* share it, and lock the
rows they rely on: two records can be changed at once, and a sweep of the outbox goes on beside them, but none of them
beside an enrolment or a change of a site. All see what was committed before their locks were theirs (READ COMMITTED);
a transaction that only reads sees one state throughout (REPEATABLE READ), and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from scheduler.store.engine import ALONE, BUSY_MILLISECONDS, HURRIED, HURRY_MILLISECONDS, UNSYNCED, WRITING
from scheduler.store.guards import SQLSTATE, WORDS
from schedules.errors import StoreUnavailable

# Not READ ONLY: SQLAlchemy would then make later transactions READ WRITE, even in a database that is set read-only.
READING: Mapping[str, object] = MappingProxyType({"isolation_level": "REPEATABLE READ"})
ERRORS: tuple[type[Exception], ...] = (psycopg.Error,)
# Advisory locks have numbers; this one is the name in ASCII.
LOCK = int.from_bytes(b"dayzero", "big")
SETTINGS = {
    "lock_timeout": f"{BUSY_MILLISECONDS}ms",
    # Somebody whose machine fell asleep in the middle of a transaction must not keep all others waiting.
    "idle_in_transaction_session_timeout": f"{10 * BUSY_MILLISECONDS}ms",
    "TimeZone": "UTC",
    # What psycopg reads; a server may be set to write dates in the way of its country.
    "DateStyle": "ISO",
}
CONNECTING = {"connect_timeout": "10", "application_name": "dayzero", "client_encoding": "utf8"}


def make_engine(url: URL) -> Engine:
    """An engine for the server's database; nothing is connected yet."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg").update_query_dict(
            {name: value for name, value in CONNECTING.items() if name not in url.query}
        ),
        # A server may be restarted while a service runs.
        pool_pre_ping=True,
        # Rows hold personal details; an error must not repeat them.
        hide_parameters=True,
        isolation_level="READ COMMITTED",
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    try:
        connection.autocommit = True
        encoding = _set_up(connection)
        connection.autocommit = False
        if encoding != "UTF8":
            raise StoreUnavailable(
                f"The database keeps text as {encoding}, which cannot hold every name. Make one with ENCODING 'UTF8'."
            )
    except BaseException:
        connection.close()
        raise


def _set_up(connection: Any) -> str:
    """Makes the settings, in one round trip each way, and gives the encoding of the database."""
    calls = [f"set_config('{name}', '{value}', false)" for name, value in SETTINGS.items()]
    # What was acknowledged is there after a crash (design §1): a server that trades that for speed is asked not to.
    durable = "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' END"
    calls.append(f"set_config('synchronous_commit', coalesce({durable}, current_setting('synchronous_commit')), false)")
    (*_, encoding) = connection.execute(f"SELECT {', '.join(calls)}, current_setting('server_encoding')").fetchone()
    return str(encoding)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITING)
    if writes:
        if writes == HURRIED:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {HURRY_MILLISECONDS}")
        if writes == UNSYNCED:
            # The server writes it to the disk a moment later, or with the next commit that waits for that.
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        function = "pg_advisory_xact_lock" if writes == ALONE else "pg_advisory_xact_lock_shared"
        connection.exec_driver_sql(f"SELECT {function}({LOCK})")


def scrub(engine: Engine) -> bool:
    """Writes the table of contacts anew. What the server keeps beside it (its log, its backups) is its own business."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (FULL) contact")
    return True


def file_of(_engine: Engine) -> None:
    """A server keeps its files to itself."""


def damage(_engine: Engine) -> tuple[str, ...]:
    """Nothing: whether its files are sound a server finds out by itself, with checksums, or with amcheck."""
    return ()


def trouble(error: BaseException) -> str:
    """What is wrong and what to do. Messages of the server may hold values of rows, so none is repeated."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    if state is None:
        return _unreached(str(original)) if isinstance(original, psycopg.Error) else _other(original, "")
    return next((words for known, words in _STATES.items() if state.startswith(known)), None) or _other(original, state)


_LOST = "cannot be reached any more: the connection was lost. Nothing of this was recorded. Try again."
# By the beginning of the SQLSTATE (PostgreSQL, appendix A).
_STATES = {
    "08": _LOST,
    "25006": "is read-only: a standby, or set so. Give the one that is written to with --database.",
    "25P": _LOST,
    "3F": "has no schema that tables can be made in. Ask who runs the server to set the search_path of this user.",
    "40": "was changed by somebody else at the same moment. Nothing of this was recorded. Try again.",
    "42501": "does not give this user the right to do this. Ask who runs the server for the right to make and change "
    "tables in it.",
    "53100": "cannot grow: the disk of the server is full. Nothing of this was recorded. Make room and try again.",
    "53300": "has no connection to spare. Try again later, or ask who runs the server.",
    "55P03": "is being written to by another program, which did not finish in time. Try again.",
    "57P": _LOST,
    SQLSTATE: WORDS,
}


def is_uncertain(error: BaseException) -> bool:
    """Only when the connection is lost, which SQLAlchemy tells."""
    return False


def _other(error: BaseException | None, state: str) -> str:
    code = f" ({state})" if state else ""
    return f"could not be used: {type(error).__name__}{code}. Nothing of this was recorded."


# libpq tells why it cannot connect in words only; a server may have its own language, then the last line holds.
_UNREACHED = (
    ("password authentication failed", "refuses this user or password. Check both."),
    ("no password supplied", "wants a password. Write it in the URL, or in the file that PGPASSFILE names."),
    ("authentication failed", "refuses this user. Check the user in the URL."),
    ("no pg_hba.conf entry", "lets this user not in from here. Ask who runs the server."),
    ("too many clients", _STATES["53300"]),
    ("does not exist", "is not there: the server knows no such database or user. Make it with createdb."),
    ("starting up", "is just starting. Try again."),
    ("shutting down", "is just shutting down. Try again later."),
    ("certificate", "cannot be trusted: its certificate does not hold. Check the sslmode and sslrootcert of the URL."),
    ("SSL", "cannot be reached in the way that the sslmode of the URL asks for. Check it."),
    ("closed the connection unexpectedly", _LOST),
    ("connection is lost", _LOST),
    ("connection is closed", _LOST),
    ("invalid connection option", "has something in its URL after the '?' that PostgreSQL does not know. Check it."),
    ("invalid URI", "has something in its URL that PostgreSQL does not know. Check it."),
)


def _unreached(text: str) -> str:
    found = next((words for known, words in _UNREACHED if known in text), None)
    return found or "cannot be reached. Check that the server runs, and the host and port of the URL."
