"""What PostgreSQL needs beside the contract: its URL, its locks, its errors in words, and the same bytes as SQLite."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import psycopg.sql
import pytest

from scheduler import Scheduler, enrolling
from scheduler.store import postgresql
from scheduler.store.engine import make_engine, read_url, shown_url
from scheduler.store.outbox import Item
from scheduler.store.work import Store
from schedules.errors import InvalidInput, StoreUnavailable
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import PostgresDatabases, SqliteDatabases

NOW = "2026-03-04T18:00"
PRECISELY = datetime(2026, 3, 4, 10, 0, 1, 1, tzinfo=UTC)
ON_POSTGRES = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
DUE = datetime(2026, 2, 24, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has to wait gives up at once."""
    monkeypatch.setattr(postgresql, "SETTINGS", postgresql.SETTINGS | {"lock_timeout": "100ms"})


@pytest.fixture
def store(enrolled: Scheduler, hurried: None, database_url: str) -> Iterator[Store]:
    """The store where P-001 is enrolled and P-002 too, with seven reminders waiting; nobody waits for a lock."""
    enrolled.enrol("SMALL", "P-002", site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    opened = Store(database_url)
    yield opened
    opened.close()


# URLs


@pytest.mark.parametrize("url", ["postgresql://me@host/trial", "postgresql+psycopg://me@host/trial"])
def test_a_postgresql_url_is_accepted(url: str) -> None:
    assert read_url(url).database == "trial"


@pytest.mark.parametrize("url", ["postgres://me:secret@host/trial", "postgresql+asyncpg://me:secret@host/trial"])
def test_another_name_or_driver_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not supported. Write .* as in postgresql://user@host/trial") as caught:
        read_url(url)
    assert "secret" not in str(caught.value)


def test_no_password_is_printed_wherever_it_stands() -> None:
    found = shown_url("postgresql://me:hush@host/trial?sslmode=require&password=secret&sslpassword=psst")
    assert found == "postgresql://me:***@host/trial?password=%2A%2A%2A&sslmode=require&sslpassword=%2A%2A%2A"


def test_a_driver_that_is_not_installed_is_named() -> None:
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from scheduler import Scheduler\n"
        "from schedules.errors import StoreUnavailable\n"
        "try: Scheduler('postgresql://me@host/trial').__enter__()\n"
        "except StoreUnavailable as error: print(error.exit_code, error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == (
        "3 PostgreSQL needs a driver that is not installed. Install it with: pip install 'dayzero[postgresql]'.\n"
    )


def test_sqlite_loads_no_driver_of_postgresql() -> None:
    script = "import sys\nfrom scheduler import Scheduler\nwith Scheduler('sqlite://'): print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"


# What goes wrong, in words


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://me:hush@127.0.0.1:1/trial", "cannot be reached. Check that the server runs"),
        ("postgresql://me:hush@127.0.0.1:1/trial?colour=red", "something in its URL after the '?'"),
    ],
)
def test_a_server_that_cannot_be_reached_is_exit_code_3(url: str, message: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        Scheduler(url).__enter__()
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith("The database postgresql://me:***@127.0.0.1:1/trial")
    assert message in str(caught.value)
    assert "hush" not in str(caught.value)


@ON_POSTGRES
def test_a_database_that_is_not_there_is_named(database_url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"is not there: the server knows no such database or user"):
        Scheduler(database_url.replace("/dayzero_test_", "/dayzero_none_")).__enter__()


@ON_POSTGRES
def test_a_database_of_another_program_is_refused_and_left_alone(
    databases: PostgresDatabases, empty_database_url: str
) -> None:
    databases.run(empty_database_url, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreUnavailable, match=r"holds other tables \(songs\) and none of dayzero's"):
        Scheduler(empty_database_url).__enter__()
    with psycopg.connect(empty_database_url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert names == [("songs",)]


@ON_POSTGRES
def test_a_database_of_a_newer_program_is_refused(database_url: str, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match=r"has the schema '9999', which this dayzero does not know"):
        Scheduler(database_url).__enter__()


@ON_POSTGRES
def test_a_database_that_is_read_only_is_named(trial: Scheduler, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(
                psycopg.sql.Identifier(connection.info.dbname)
            )
        )
    with Scheduler(database_url) as other:
        assert other.site("BJ01").id == "BJ01", "reading goes on"
        with pytest.raises(StoreUnavailable, match=r"is read-only: a standby, or set so"):
            other.add_site("BJ02", timezone="Asia/Shanghai")


@ON_POSTGRES
@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("53100", "cannot grow: the disk of the server is full. Nothing of this was recorded."),
        ("40001", "was changed by somebody else at the same moment. Nothing of this was recorded. Try again."),
        ("42501", "does not give this user the right to do this."),
        ("53300", "has no connection to spare."),
        ("XX001", "could not be used: DataCorrupted (XX001). Nothing of this was recorded."),
    ],
)
def test_an_error_of_the_server_is_told_without_values(
    enrolled: Scheduler, tamper: Callable[[str], None], state: str, message: str
) -> None:
    tamper(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION 'no room for %', NEW.subject USING ERRCODE = '{state}'; END$$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON fact FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    with pytest.raises(StoreUnavailable) as caught:
        enrolled.done("P-001", "d1", "2026-03-04", now=NOW)
    assert message in str(caught.value)
    assert "P-001" not in str(caught.value)
    assert enrolled.show("P-001").revision == 1


@ON_POSTGRES
def test_a_right_that_is_missing_is_named(databases: PostgresDatabases, empty_database_url: str) -> None:
    role = f"dayzero_test_{secrets.token_hex(4)}"
    databases.run(empty_database_url, f"CREATE ROLE {role} LOGIN PASSWORD 'hush'")
    url = read_url(empty_database_url).set(username=role, password="hush").render_as_string(hide_password=False)
    try:
        with pytest.raises(StoreUnavailable, match=r"does not give this user the right to do this. Ask who") as caught:
            Scheduler(url).__enter__()
        assert "hush" not in str(caught.value)
    finally:
        databases.run(empty_database_url, f"DROP ROLE {role}")


@ON_POSTGRES
def test_text_in_another_encoding_is_refused(databases: PostgresDatabases, database_url: str) -> None:
    name = f"dayzero_test_{secrets.token_hex(8)}"
    latin = read_url(database_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'".encode())
    try:
        with pytest.raises(StoreUnavailable, match=r"keeps text as LATIN1, which cannot hold every name"):
            Scheduler(latin).__enter__()
    finally:
        databases.drop(latin)


def end_all_others(url: str) -> None:
    """What a restart of the server does to those who are connected."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@ON_POSTGRES
def test_a_restart_of_the_server_between_two_uses_is_not_noticed(enrolled: Scheduler, database_url: str) -> None:
    end_all_others(database_url)
    assert enrolled.done("P-001", "d1", "2026-03-04", now=NOW).revision == 2


@ON_POSTGRES
def test_a_connection_lost_in_the_middle_is_named_and_nothing_stays(store: Store, database_url: str) -> None:
    def go_on() -> None:
        with store.writing() as work:
            work.subjects.advance("P-001", revision=7)
            end_all_others(database_url)
            work.subjects.advance("P-001", revision=8)

    with pytest.raises(StoreUnavailable, match=r"the connection was lost. Nothing of this was recorded"):
        go_on()
    with store.reading() as work:
        subject = work.subjects.find("P-001")
    assert subject is not None
    assert subject.revision == 1


@ON_POSTGRES
def test_a_connection_lost_at_the_commit_is_told_to_be_uncertain(store: Store, database_url: str) -> None:
    def go_on() -> None:
        with store.writing() as work:
            work.subjects.advance("P-001", revision=7)
            end_all_others(database_url)

    with pytest.raises(StoreUnavailable, match=r"was lost while .* so it may be there or not. Look before"):
        go_on()


# Two at once


@ON_POSTGRES
def test_two_records_are_changed_at_once_and_one_is_waited_for(store: Store, database_url: str) -> None:
    with store.writing(together=True) as work, Scheduler(database_url) as other:
        assert work.subjects.find("P-001", lock=True) is not None
        assert other.book("P-002", "d15", "2026-03-17", now=NOW).revision == 2
        with pytest.raises(StoreUnavailable, match=r"is being written to by another program.* Try again"):
            other.book("P-001", "d15", "2026-03-17", now=NOW)
        assert other.show("P-001").revision == 1, "reading waits for nobody"
    with Scheduler(database_url) as other:
        assert other.book("P-001", "d15", "2026-03-17", now=NOW).revision == 2


@ON_POSTGRES
@pytest.mark.parametrize("together", [True, False])
def test_an_enrolment_and_a_site_wait_for_all_who_write(store: Store, database_url: str, together: bool) -> None:
    with store.writing(together=together) as work, Scheduler(database_url) as other:
        assert work.sites.names() == ("BJ01",)
        with pytest.raises(StoreUnavailable, match=r"is being written to by another program"):
            other.enrol("SMALL", "P-003", site="BJ01", now=NOW)
        with pytest.raises(StoreUnavailable, match=r"is being written to by another program"):
            other.add_site("BJ02", timezone="Asia/Shanghai", now=NOW)
    with Scheduler(database_url) as other:
        assert other.enrol("SMALL", "P-003", site="BJ01", now=NOW).revision == 1


@ON_POSTGRES
def test_a_record_waits_for_one_who_writes_alone(store: Store, database_url: str) -> None:
    with store.writing() as work, Scheduler(database_url) as other:
        assert work.sites.names() == ("BJ01",)
        with pytest.raises(StoreUnavailable, match=r"is being written to by another program"):
            other.book("P-002", "d15", "2026-03-17", now=NOW)


def test_the_same_enrolment_twice_at_once_is_recorded_once(trial: Scheduler, database_url: str) -> None:
    gate = threading.Barrier(3)
    outcomes: list[str] = []

    def enrol() -> None:
        with Scheduler(database_url) as other:
            gate.wait(timeout=10)
            try:
                other.enrol("SMALL", "P-001", site="BJ01", now=ENROLLED)
                outcomes.append("recorded")
            except InvalidInput as error:
                outcomes.append(str(error).partition(".")[0])

    people = [threading.Thread(target=enrol) for _ in range(3)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=60)
    assert sorted(outcomes) == ["Subject P-001 is enrolled already"] * 2 + ["recorded"]
    assert trial.audit("P-001", verify=True).ok


def claimed(items: tuple[Item, ...]) -> set[int]:
    return {item.id for item in items}


@ON_POSTGRES
def test_two_sweeps_at_once_claim_different_reminders(store: Store) -> None:
    with store.writing(together=True) as one, store.writing(together=True) as two:
        first = one.outbox.claim(DUE, DUE + LEASE, 1)
        second = two.outbox.claim(DUE, DUE + LEASE, 2)
        assert (len(first), len(second)) == (1, 2)
        assert claimed(first) & claimed(second) == set()


def test_what_is_claimed_is_claimed_by_nobody_else_before_its_lease_ends(
    enrolled: Scheduler, database_url: str
) -> None:
    enrolled.add_contact(subject="P-001", role="patient", now=ENROLLED)
    store = Store(database_url)
    with store.writing(together=True) as work:
        first = work.outbox.claim(DUE, DUE + LEASE, 3, sites=["BJ01"])
    with store.writing(together=True) as work:
        second = work.outbox.claim(DUE, DUE + LEASE, 3, sites=["BJ01"])
    with store.writing(together=True) as work:
        third = work.outbox.claim(DUE + LEASE, DUE + 2 * LEASE, 100)
    store.close()
    assert (len(first), len(claimed(first) & claimed(second))) == (3, 0)
    assert claimed(third) == claimed(first) | claimed(second)


@ON_POSTGRES
def test_a_sweep_leaves_what_is_being_changed(store: Store) -> None:
    with store.writing(together=True) as change, store.writing(together=True) as sweep:
        waiting = change.outbox.relevant("P-001", DUE)
        assert waiting
        assert sweep.outbox.claim(DUE, DUE + LEASE, 100) == ()


def test_who_reads_sees_one_state_throughout(enrolled: Scheduler, database_url: str) -> None:
    store = Store(database_url)
    with store.reading() as work:
        before = work.subjects.find("P-001")
        enrolled.book("P-001", "d15", "2026-03-17", now=NOW)
        assert work.subjects.find("P-001") == before
    with store.reading() as work:
        assert work.subjects.find("P-001") != before
    store.close()


# The same on both


def story(url: str) -> tuple[object, ...]:
    """What a few weeks leave in a database."""
    with Scheduler(url) as trial:
        trial.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        trial.add_site("北京", timezone="Asia/Shanghai", name="Klinik Ä", holidays="CN", now=ENROLLED)
        trial.enrol("SMALL", "P-001", site="北京", dates={"d1": "2026-03-02T09:30"}, groups={"arm": "A"}, now=ENROLLED)
        trial.add_contact(subject="P-001", role="patient", quiet="21:00-08:00", now=ENROLLED)
        trial.history("P-001", {"therapy": "2026-01-20"}, now=ENROLLED, why="Fièvre 发热 🌡 'quoted' \\ %s")
        trial.remind_once(now="2026-02-24T09:00", send=lambda _message: None)
        trial.done("P-001", "d1", "2026-03-04T10:15", withheld=["thaw"], now=PRECISELY, by="Zoë")
        trial.done("P-001", "sample", "2026-03-04T16:20", now=NOW)
        audit = trial.audit("P-001", verify=True)
        assert audit.ok
        return (
            audit.head,
            trial.show("P-001", now=NOW),
            trial.calendar(subject="P-001"),
            trial.export(subject="P-001", level="full", extras=["periods", "windows"]),
            trial.reminders("P-001"),
            trial.agenda(start="2026-03-01", days=60, now=NOW),
            trial.contacts(),
        )


def test_both_databases_keep_the_same_to_the_byte(
    sqlite_databases: SqliteDatabases, postgres_databases: PostgresDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [kind.make(migrated=True) for kind in (sqlite_databases, postgres_databases)]
    monkeypatch.setattr(enrolling, "secrets", SimpleNamespace(token_hex=lambda size: "5a" * size))
    on_sqlite, on_postgres = (story(url) for url in urls)
    sqlite_databases.drop(urls[0])
    postgres_databases.drop(urls[1])
    assert on_sqlite == on_postgres


def test_names_are_sorted_by_their_code_points(trial: Scheduler) -> None:
    names = ["p-1", "P-2", "Ä-3", "p_4", "P.5", "北-6"]
    for name in names:
        trial.enrol("SMALL", name, site="BJ01", dates={"d1": "2026-03-02"}, now=ENROLLED)
        trial.add_site(name, timezone="UTC", now=ENROLLED)
    found = [item.subject for item in trial.agenda(start="2026-03-02", days=1, now=NOW)]
    assert list(dict.fromkeys(found)) == sorted(names)
    assert [site.id for site in trial.sites()] == sorted([*names, "BJ01"])


@pytest.mark.parametrize("name", ["p-001", "Ä-1", "ä-1"])
def test_an_id_that_differs_only_in_case_is_taken(enrolled: Scheduler, name: str) -> None:
    if name != "p-001":
        enrolled.enrol("SMALL", "Ä-1", site="BJ01", now=ENROLLED)
    with pytest.raises(InvalidInput, match=r"Subject (P-001|Ä-1) is enrolled already"):
        enrolled.enrol("SMALL", name, site="BJ01", now=ENROLLED)


@ON_POSTGRES
def test_all_text_is_sorted_by_its_code_points(database_url: str) -> None:
    """A migration that adds text has to say so: see TEXT in the first one."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type = 'character varying' AND collation_name IS DISTINCT FROM 'C' "
            "AND table_name <> 'alembic_version'"
        ).fetchall()
    assert found == []


@ON_POSTGRES
def test_a_connection_is_durable_and_as_we_need_it_whatever_the_server_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c synchronous_commit=off -c timezone=Asia/Tokyo -c datestyle=German")
    engine = make_engine(database_url)
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("synchronous_commit", "lock_timeout", "timezone", "datestyle", "transaction_isolation")
        }
    engine.dispose()
    assert found == {
        "synchronous_commit": "on",
        "lock_timeout": "30s",
        "timezone": "UTC",
        "datestyle": "ISO, DMY",
        "transaction_isolation": "read committed",
    }
