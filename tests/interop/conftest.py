"""The readers of calendars that are on this machine; says loudly which are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.readers import READERS, Reader

_MISSING = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session", params=READERS, ids=lambda kind: kind.name)
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Each of the readers."""
    found = request.param()
    if found.problem:
        request.config.stash.setdefault(_MISSING, {})[found.name] = found.problem
        pytest.skip(f"{found.name}: {found.problem}")
    yield found
    found.close()


@pytest.fixture(scope="session")
def readers() -> Iterator[tuple[Reader, ...]]:
    """All the readers that there are."""
    found = tuple(kind() for kind in READERS)
    yield tuple(reader for reader in found if not reader.problem)
    for reader in found:
        reader.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    missing = config.stash.get(_MISSING, {})
    if missing:
        terminalreporter.section("NOT READ BY EVERY PARSER", sep="=", red=True, bold=True)
        for name, problem in missing.items():
            terminalreporter.line(f"Calendars were not read by {name}: {problem}.")
