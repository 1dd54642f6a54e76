"""A database with data is brought up to date: nothing is lost, a copy is kept, and it refuses to forget (design §6)."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

import cli
from scheduler import Scheduler
from scheduler.store import backup, schema
from scheduler.store.engine import ALONE, WRITING, backend_of, make_engine
from scheduler.store.facts import Facts, chain_problems
from scheduler.store.schema import HEAD, MIGRATIONS, alembic_config, bring_up_to_date
from schedules.errors import StoreUnavailable

# Every table as it was written by the program of schema 0001: values as SQLite keeps them.
ROWS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "data" / "schema_0001.json").read_text(encoding="utf-8")
)
NOW = "2026-03-13T09:00"
# A change of a table that others refer to: SQLite can only make it by making the table anew.
BATCH = """
from __future__ import annotations
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", "{head}", None, None

def upgrade() -> None:
    with op.batch_alter_table("{table}") as table:
        table.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
        table.create_check_constraint("note_is_short", "length(note) < 100")
"""
SQLITE_ONLY = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    """A database without tables, in raw."""
    made = make_engine(empty_database_url)
    yield made
    made.dispose()


@pytest.fixture
def old_url(empty_database_url: str, engine: Engine) -> str:
    """A database with the first schema and two subjects in it."""
    with engine.connect().execution_options(**{WRITING: ALONE}) as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0001")
        for table, rows in ROWS.items():
            _insert(connection, table, rows)
    engine.dispose()
    return empty_database_url


def _insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    on_postgres = connection.dialect.name == "postgresql"
    for row in rows:
        values = {name: value.encode() if name == "source" else value for name, value in row.items()}
        if on_postgres:
            values = {name: str(value) if isinstance(value, int) else value for name, value in values.items()}
        places = ", ".join(f":{name}" for name in values)
        connection.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"), values)
    if on_postgres and "id" in rows[0] and isinstance(rows[0]["id"], int):
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))


def contents(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the first schema's tables and columns, in order."""
    with engine.connect() as connection:
        return {
            table: sorted(
                (tuple(row) for row in connection.execute(text(f"SELECT {', '.join(rows[0])} FROM {table}"))), key=repr
            )
            for table, rows in ROWS.items()
        }


def test_the_data_is_of_every_table(old_url: str, engine: Engine) -> None:
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        assert tables == set(ROWS)
        for table, rows in ROWS.items():
            assert {column["name"] for column in inspect(connection).get_columns(table)} == set(rows[0])
    assert {table: len(rows) for table, rows in contents(engine).items()} == {
        table: len(rows) for table, rows in ROWS.items()
    }


def test_nothing_is_lost(old_url: str, engine: Engine) -> None:
    before = contents(engine)
    told: list[str] = []
    with Scheduler(old_url, tell=told.append):
        pass
    assert contents(engine) == before
    assert told[0].startswith(f"The database was brought up to date, from schema 0001 to {HEAD}.")
    with Scheduler(old_url, tell=told.append):
        pass
    assert len(told) == 1, "once"


def test_the_command_line_says_so_beside_its_answer(old_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--json", "--database", old_url]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["schema"] == HEAD
    assert printed.err.startswith(f"The database was brought up to date, from schema 0001 to {HEAD}.")


def test_records_verify_plan_as_before_and_go_on(old_url: str, engine: Engine) -> None:
    with Scheduler(old_url) as trial:
        planned = {visit.id: str(visit.date) for visit in trial.plan("P-001").visits if visit.date is not None}
        assert planned == {
            row["visit"]: row["day"] for row in ROWS["visit"] if row["subject"] == "P-001" and row["day"]
        }
        assert trial.plan("P-002").stopped == "death"
        assert trial.done("P-001", "d15", "2026-03-18T10:00", now="2026-03-18T12:00").revision == 6
        assert trial.audit("P-001", verify=True).ok, "the projection is written anew with a change"
        assert {item.state for item in trial.reminders("P-001")} >= {"sent", "pending"}
    with engine.connect() as connection:
        for name in ("P-001", "P-002"):
            assert chain_problems(Facts(_session(connection)).links(name)) == ()


def _session(connection: Connection) -> Any:
    from sqlmodel import Session

    return Session(connection)


# A copy is kept before


def copies(url: str) -> list[Path]:
    file = Path(str(make_url(url).database))
    return sorted(file.parent.glob("*.backup"))


@SQLITE_ONLY
def test_a_copy_is_kept_before(old_url: str, engine: Engine) -> None:
    file = Path(str(make_url(old_url).database))
    file.chmod(0o640)
    before = contents(engine)
    told: list[str] = []
    with Scheduler(old_url, tell=told.append) as trial:
        trial.event("P-001", "progression", "2026-03-13", now=NOW)
    (copy,) = copies(old_url)
    assert told[0].endswith(f" As it was before it is kept in {copy}.")
    assert copy.name.startswith("trial.db.schema-0001.")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    kept = make_engine(f"sqlite:///{copy}")
    assert contents(kept) == before
    with kept.connect() as connection:
        assert schema.stored_revision(connection) == "0001"
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    kept.dispose()


@SQLITE_ONLY
def test_the_newest_three_copies_are_kept(old_url: str) -> None:
    file = Path(str(make_url(old_url).database))
    for number in range(4):
        older = file.with_name(f"trial.db.schema-000{number}.2020010{number}T000000Z.backup")
        older.write_text("a copy")
    (file.parent / "trial.db.notes.backup").write_text("not ours")
    with Scheduler(old_url):
        pass
    names = [copy.name for copy in copies(old_url)]
    assert len(names) == backup.KEPT + 1
    assert "trial.db.schema-0003.20200103T000000Z.backup" in names
    assert "trial.db.notes.backup" in names


@SQLITE_ONLY
def test_without_a_copy_nothing_is_changed(old_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(engine)
    with monkeypatch.context() as patch:
        # A name that no file system takes.
        patch.setattr(backup, "clock", _LongClock)
        with pytest.raises(StoreUnavailable, match=r"a copy of it cannot be made before: File name too long. Nothing"):
            Scheduler(old_url).__enter__()
    assert contents(engine) == before
    with engine.connect() as connection:
        assert schema.stored_revision(connection) == "0001"
    assert [path.name for path in Path(str(make_url(old_url).database)).parent.glob("*.new")] == []
    with Scheduler(old_url) as trial:
        assert trial.status().subjects == 2


class _LongClock:
    """A clock whose moments are written at length."""

    @staticmethod
    def now() -> Any:
        class Moment:
            def astimezone(self, zone: object) -> Moment:
                return self

            def strftime(self, form: str) -> str:
                return "1" * 300

        return Moment()


def test_a_new_database_needs_no_copy(empty_database_url: str) -> None:
    told: list[str] = []
    with Scheduler(empty_database_url, tell=told.append):
        pass
    assert told == []
    assert empty_database_url.startswith("postgresql") or copies(empty_database_url) == []


# Changing tables that others refer to


@pytest.fixture
def with_batch_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Adds a migration that changes a table, as a newer program would."""

    def add(table: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "9001_batch.py").write_text(BATCH.format(head=HEAD, table=table))
        monkeypatch.setattr(schema, "MIGRATIONS", folder)
        monkeypatch.setattr(schema, "HEAD", "9001")

    return add


@pytest.mark.parametrize("table", ["subject", "site", "template"])
def test_a_change_of_a_parent_keeps_its_children(
    old_url: str, engine: Engine, with_batch_change: Callable[[str], None], table: str
) -> None:
    before = contents(engine)
    with_batch_change(table)
    told = bring_up_to_date(engine)
    assert told is not None
    assert told.startswith("The database was brought up to date, from schema 0001 to 9001.")
    assert contents(engine) == before
    with engine.connect() as connection:
        assert "note" in {column["name"] for column in inspect(connection).get_columns(table)}
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@SQLITE_ONLY
def test_a_migration_that_forgets_the_triggers_is_found_out(
    old_url: str, with_batch_change: Callable[[str], None]
) -> None:
    with_batch_change("site")
    with Scheduler(old_url) as trial:
        trial.event("P-001", "progression", "2026-03-13", now=NOW)
        assert trial.audit("P-001", verify=True).problems == (
            "The database no longer refuses to change what is recorded: its triggers site_never_changed, "
            "site_never_removed, site_never_replaced were removed or switched off.",
        )


# What the database itself refuses


def approved(url: str) -> tuple[Any, ...]:
    """Brings the database up to date, with an approval in it; gives the approvals there are."""
    with Scheduler(url) as trial:
        patient = trial.show("P-001", now=NOW)
        trial.approve_version(patient.site.id, patient.protocol, patient.version, now=NOW)
        return trial.approvals(patient.site.id)


@pytest.mark.parametrize("table", ["fact", "site", "template", "approval"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET recorded_by = 'eve'", "DELETE FROM {}"])
def test_the_database_refuses_to_forget(old_url: str, engine: Engine, table: str, statement: str) -> None:
    known = approved(old_url)
    before = contents(engine)
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"what is recorded is only ever added to"):
        connection.execute(text(statement.format(table)))
    assert (contents(engine), approved(old_url)) == (before, known)


@pytest.mark.parametrize("table", ["fact", "site", "template", "approval"])
def test_the_database_refuses_to_replace(old_url: str, engine: Engine, table: str) -> None:
    known = approved(old_url)
    before = contents(engine)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        else:
            statement = f"TRUNCATE {table} CASCADE"
        with pytest.raises(DBAPIError, match=r"what is recorded is only ever added to"):
            connection.execute(text(statement))
    assert (contents(engine), approved(old_url)) == (before, known)


def test_what_the_database_refuses_is_told(old_url: str, engine: Engine) -> None:
    parts = make_url(old_url)
    with Scheduler(old_url):
        pass
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("DELETE FROM fact"))
    assert backend_of(parts).trouble(caught.value) == (
        "refuses to change what is recorded: facts, templates, sites and approvals are only ever added. "
        "Nothing was changed."
    )


def test_contacts_can_be_erased(old_url: str, engine: Engine) -> None:
    with Scheduler(old_url):
        pass
    with engine.connect() as connection, connection.begin():
        connection.execute(text("DELETE FROM contact"))
    with Scheduler(old_url) as trial:
        assert trial.contacts() == ()
        assert trial.event("P-001", "progression", "2026-03-13", now=NOW).revision == 6
        assert trial.audit("P-001", verify=True).ok


def test_every_trigger_is_there_and_one_that_is_gone_is_named(old_url: str, engine: Engine) -> None:
    with Scheduler(old_url) as trial:
        trial.event("P-001", "progression", "2026-03-13", now=NOW)
        assert trial.audit("P-001", verify=True).ok
        on_postgres = old_url.startswith("postgresql")
        gone = "ALTER TABLE fact DISABLE TRIGGER USER" if on_postgres else "DROP TRIGGER fact_never_changed"
        with engine.connect() as connection, connection.begin():
            connection.execute(text(gone))
        (problem,) = trial.audit("P-001", verify=True).problems
        assert "its triggers fact_never_changed" in problem
        assert problem.endswith("were removed or switched off.")
