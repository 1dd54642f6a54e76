"""A database is made, brought up to date, or refused with a clear message."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from scheduler import Scheduler
from scheduler.store import sqlite as sqlite_module
from scheduler.store import tables
from scheduler.store.engine import default_url, make_engine, read_url, shown_url
from scheduler.store.schema import HEAD, MIGRATIONS, alembic_config, bring_up_to_date
from schedules.errors import InvalidInput, StoreUnavailable


def run(script: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_importing_loads_no_database() -> None:
    assert run("import sys; from scheduler import Scheduler; print('sqlalchemy' in sys.modules)") == "False"


def test_an_unknown_name_in_the_package_is_an_attribute_error() -> None:
    import scheduler

    with pytest.raises(AttributeError, match=r"module 'scheduler' has no attribute 'Schedular'"):
        scheduler.Schedular  # noqa: B018


def test_a_new_database_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "down" / "trial.db"
    with Scheduler(f"sqlite:///{file}") as trial:
        assert trial.status().subjects == 0
        assert trial.status().schema == HEAD
    assert file.stat().st_size > 0


def test_an_up_to_date_database_opens_without_alembic(database_url: str) -> None:
    with Scheduler(database_url):
        pass
    script = f"import sys; from scheduler import Scheduler\nwith Scheduler({database_url!r}): "
    assert run(script + "print('alembic' in sys.modules)") == "False"


def test_head_is_the_newest_migration() -> None:
    from alembic.script import ScriptDirectory

    engine = make_engine("sqlite://")
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
    engine.dispose()
    assert script.get_heads() == [HEAD]
    assert (MIGRATIONS / "script.py.mako").exists()


def test_the_migrated_schema_is_the_one_of_the_models(empty_database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = make_engine(empty_database_url)
    bring_up_to_date(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()
    assert tables.FactRow.metadata is SQLModel.metadata


def test_sqlite_is_durable_and_keeps_foreign_keys(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'trial.db'}")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_foreign_keys_are_on_after_a_migration(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'trial.db'}")
    bring_up_to_date(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
def test_a_new_sqlite_file_is_its_owners_alone_and_one_of_before_keeps_its_rights(tmp_path: Path) -> None:
    def rights() -> set[int]:
        return {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("trial.db*")}

    url = f"sqlite:///{tmp_path / 'trial.db'}"
    before = os.umask(0o022)
    try:
        with Scheduler(url) as trial:
            trial.add_site("BJ01", timezone="Asia/Shanghai")
            assert len(list(tmp_path.glob("trial.db*"))) > 1  # with its write-ahead log
            assert rights() == {0o600}
        (tmp_path / "trial.db").chmod(0o660)
        with Scheduler(url) as trial:
            trial.add_site("BJ02", timezone="Asia/Shanghai")
            assert rights() == {0o660}
    finally:
        os.umask(before)


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'trial.db'}"
    with Scheduler(url):
        pass
    with sqlite3.connect(tmp_path / "trial.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"has the schema '9999', which this dayzero does not know") as caught:
        Scheduler(url).__enter__()
    assert caught.value.exit_code == 3


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"holds other tables \(songs\) and none of dayzero's"):
        Scheduler(f"sqlite:///{tmp_path / 'other.db'}").__enter__()
    with sqlite3.connect(tmp_path / "other.db") as connection:
        assert [name for (name,) in connection.execute("SELECT name FROM sqlite_master")] == ["songs"]
    connection.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader,\n" * 100)
    with pytest.raises(StoreUnavailable, match=r"is not a SQLite database. Give another file with --database"):
        Scheduler(f"sqlite:///{tmp_path / 'letter.txt'}").__enter__()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match=r"The folder .*file.deeper of the database cannot be made"):
        Scheduler(f"sqlite:///{tmp_path / 'file' / 'deeper' / 'trial.db'}").__enter__()


def test_a_place_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreUnavailable, match=r"cannot be opened for writing. Check its folder and your rights"):
        Scheduler(f"sqlite:///{tmp_path / 'folder.db'}").__enter__()


def test_a_database_that_is_read_only_is_named(tmp_path: Path) -> None:
    with Scheduler(f"sqlite:///{tmp_path / 'trial.db'}"):
        pass
    url = f"sqlite:///file:{tmp_path / 'trial.db'}?mode=ro&uri=true"
    with Scheduler(url) as trial, pytest.raises(StoreUnavailable, match=r"cannot be opened for writing"):
        trial.add_site("BJ01", timezone="Asia/Shanghai")


def test_a_database_that_is_being_written_to_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "SETTINGS", ("busy_timeout=50", "journal_mode=WAL"))
    url = f"sqlite:///{tmp_path / 'trial.db'}"
    with Scheduler(url) as trial:
        other = sqlite3.connect(tmp_path / "trial.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert trial.sites() == (), "reading goes on"
        with pytest.raises(StoreUnavailable, match=r"is being written to by another program.* Try again"):
            trial.add_site("BJ01", timezone="Asia/Shanghai")
        other.execute("ROLLBACK")
        other.close()
        assert trial.add_site("BJ01", timezone="Asia/Shanghai").id == "BJ01"


def test_a_full_disk_is_named_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'trial.db'}"
    with Scheduler(url) as trial:
        trial.add_site("BJ01", timezone="Asia/Shanghai")
    with sqlite3.connect(tmp_path / "trial.db") as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    with monkeypatch.context() as full:
        full.setattr(sqlite_module, "SETTINGS", (*sqlite_module.SETTINGS, f"max_page_count={pages}"))
        with Scheduler(url) as trial:
            with pytest.raises(StoreUnavailable, match=r"cannot grow: the disk is full. Nothing of this was recorded"):
                trial.enrol("NEUK203-13", "P-001", site="BJ01")
            assert (trial.status().subjects, trial.status().protocols) == (0, 0)
    with Scheduler(url) as trial:
        assert trial.enrol("NEUK203-13", "P-001", site="BJ01").revision == 1, "it goes on when there is room again"


@pytest.mark.parametrize("url", ["trial.db", "", "sqlite", "://", "a b", "sqlite:///a\x00b"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"The database is no URL. Write it as in sqlite:///trial.db."):
        read_url(url)


def test_another_database_is_refused_without_its_password() -> None:
    with pytest.raises(InvalidInput, match=r"The database 'mysql' is not supported") as caught:
        read_url("mysql://me:secret@host/trial")
    assert "secret" not in str(caught.value)


def test_the_default_is_in_the_users_data_folder() -> None:
    assert default_url().startswith("sqlite:///")
    assert default_url().endswith("dayzero/dayzero.db")
    assert shown_url("sqlite:///trial.db") == "sqlite:///trial.db"


def test_a_closed_scheduler_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"The scheduler is not open"):
        Scheduler("sqlite://").protocols()


def test_two_first_openings_at_once_make_one_schema(empty_database_url: str) -> None:
    opening = f"with Scheduler({empty_database_url!r}) as trial: print(trial.status().schema)"
    script = f"from scheduler import Scheduler\n{opening}"
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60) for process in both] == [(f"{HEAD}\n", "")] * 2
