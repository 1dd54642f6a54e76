"""Templates and sites are registered for good (design §6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from scheduler import Scheduler
from schedules.errors import InvalidInput, TemplateError, UnknownName
from schedules.site import WORKING_WEEK

NOW = "2026-01-05T09:00"
TEMPLATE = b"""\
protocol: TINY
version: "1.0"
title: Tiny
reference: {visit: d1, day: 1}
epochs: {treatment: {}}
visits: {d1: {epoch: treatment, at: enrolment + 28 days}}
"""


def test_the_shipped_protocols_are_in_the_catalogue_unregistered(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        found = {(item.protocol, item.version): item for item in trial.protocols()}
        assert trial.status().protocols == 0
    assert {("NEUK203-13", "1.0"), ("GD2B7H3-CART", "1.0")} <= set(found)
    assert found["NEUK203-13", "1.0"].registered is None
    assert found["NEUK203-13", "1.0"].sha256 == found["NEUK203-13", "1.0"].template.sha256


def test_a_shipped_protocol_registers_itself_at_first_use(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        trial.add_site("BJ01", timezone="Asia/Shanghai")
        trial.enrol("NEUK203-13", "P-001", site="BJ01", now=NOW, by="cora")
        found = next(item for item in trial.protocols() if item.protocol == "NEUK203-13")
    assert found.registered == datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    assert found.by == "cora"


def test_a_template_is_registered_once(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        first = trial.add_protocol(TEMPLATE, "tiny.yaml", now="2026-01-05T09:00Z", by="cora")
        again = trial.add_protocol(TEMPLATE, "copy.yaml", now="2026-02-05T09:00Z", by="someone else")
        assert (first.new, again.new) == (True, False)
        assert again.registered == first.registered == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        assert again.by == "cora"
        assert trial.template("TINY").title == "Tiny"


def test_a_registered_version_never_changes(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        trial.add_protocol(TEMPLATE, "tiny.yaml")
        with pytest.raises(InvalidInput, match=r"TINY 1.0 is there already with another content, and a version never"):
            trial.add_protocol(TEMPLATE.replace(b"28 days", b"29 days"), "tiny.yaml")
        newer = trial.add_protocol(TEMPLATE.replace(b'"1.0"', b'"10.0"'), "tiny.yaml")
        trial.add_protocol(TEMPLATE.replace(b'"1.0"', b'"9.1"'), "tiny.yaml")
        assert newer.new
        assert [item.version for item in trial.protocols() if item.protocol == "TINY"] == ["1.0", "9.1", "10.0"]
        assert trial.template("TINY").version == "10.0"
        assert trial.template("TINY", "9.1").version == "9.1"


def test_a_shipped_version_cannot_be_replaced(database_url: str) -> None:
    with Scheduler(database_url) as trial, pytest.raises(InvalidInput, match=r"NEUK203-13 1.0 is there already"):
        trial.add_protocol(TEMPLATE.replace(b"TINY", b"NEUK203-13"), "mine.yaml")


def test_a_template_with_an_error_is_refused_and_not_registered(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        with pytest.raises(TemplateError, match=r"tiny.yaml:\d+:\d+: error"):
            trial.add_protocol(TEMPLATE.replace(b"treatment, at", b"treatment, att"), "tiny.yaml")
        assert trial.status().protocols == 0


def test_a_dry_run_registers_nothing(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        assert trial.add_protocol(TEMPLATE, "tiny.yaml", dry_run=True).new
        trial.add_site("X1", timezone="UTC", dry_run=True)
        assert (trial.status().protocols, trial.status().sites) == (0, 0)


@pytest.mark.parametrize(
    ("protocol", "version", "message"),
    [
        ("NEUK203-31", None, "There is no protocol 'NEUK203-31'. Did you mean 'NEUK203-13'?"),
        ("NEUK203-13", "2.0", "There is no version '2.0' of NEUK203-13."),
    ],
)
def test_an_unknown_protocol_names_the_nearest(
    database_url: str, protocol: str, version: str | None, message: str
) -> None:
    with Scheduler(database_url) as trial, pytest.raises(UnknownName) as caught:
        trial.template(protocol, version)
    assert message in str(caught.value)


def test_a_site_keeps_its_days(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        added = trial.add_site(
            "BJ01",
            timezone="Asia/Shanghai",
            name="北京一院",
            holidays="CN",
            opens=time(7, 30),
            closed=[(date(2026, 3, 9), "moving house")],
            now=NOW,
        )
        site = trial.site("BJ01")
    assert site == added
    assert (site.revision, site.weekdays, site.holidays, site.opens) == (1, WORKING_WEEK, "CN", time(7, 30))
    assert not site.is_open(date(2026, 10, 1))
    assert site.is_open(date(2026, 2, 14)), "a Saturday worked instead of a day of the Spring Festival"
    assert site.why_closed(date(2026, 3, 9)) == "moving house"


def test_a_site_is_added_once(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        first = trial.add_site("BJ01", timezone="Asia/Shanghai")
        assert trial.add_site("BJ01", timezone="Asia/Shanghai") == first
        with pytest.raises(InvalidInput, match=r"Site BJ01 is there already, with other days or another name"):
            trial.add_site("BJ01", timezone="Europe/Berlin")
        with pytest.raises(InvalidInput, match=r"Site BJ01 is there already"):
            trial.add_site("bj01", timezone="Asia/Shanghai")
        assert [site.timezone for site in trial.sites()] == ["Asia/Shanghai"]


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 41, "../x", "a\nb", "a//b"])
def test_an_id_that_cannot_be_typed_is_refused(database_url: str, name: str) -> None:
    with Scheduler(database_url) as trial, pytest.raises(InvalidInput, match=r"cannot be the id of a site"):
        trial.add_site(name, timezone="UTC")


def test_an_unknown_zone_or_country_is_refused(database_url: str) -> None:
    with Scheduler(database_url) as trial:
        with pytest.raises(UnknownName, match=r"There is no time zone 'Asia/Shanghi'. Did you mean 'Asia/Shanghai'?"):
            trial.add_site("BJ01", timezone="Asia/Shanghi")
        with pytest.raises(UnknownName, match=r"There is no country 'XX'"):
            trial.add_site("BJ01", timezone="Asia/Shanghai", holidays="XX")
        assert trial.sites() == ()
        with pytest.raises(UnknownName, match=r"There is no site 'BJ01'. Add it with 'dayzero site add'"):
            trial.site("BJ01")
