"""Sites as text and JSON, worked by hand."""

from __future__ import annotations

from datetime import date, time

from calendars.sites import site_details, site_document, site_rules_text, site_text, sites_text
from schedules.site import Site

CLOSED = tuple((date(2026, 4, day), "inspection") for day in (22, 20, 21, 23, 24))
SITE = Site(
    id="BJ01",
    revision=3,
    name="Seven Hills",
    timezone="Asia/Shanghai",
    weekdays=frozenset({4, 0, 2}),
    holidays="CN",
    closures=(*CLOSED, (date(2026, 4, 25), "moving"), (date(2026, 4, 27), "moving")),
    announced_to=2026,
    opens=time(7, 30),
)


def test_days_in_a_row_for_one_reason_are_one_line() -> None:
    told = site_details(SITE, ["SMALL 1.0, by re-consent"], {"monitor": (), "patient": ("1 day before at 17:00",)})
    assert told.split("\n\n")[1:] == [
        "Closed\n"
        "  - Mon 20 Apr 2026 to Fri 24 Apr 2026: inspection\n"
        "  - Sat 25 Apr 2026: moving\n"
        "  - Mon 27 Apr 2026: moving",
        "Approved\n  - SMALL 1.0, by re-consent",
        "Reminders\n  - monitor: nobody is reminded\n  - patient: 1 day before at 17:00",
    ]


def test_what_a_site_has_nothing_of_is_left_out() -> None:
    told = site_details(Site(id="X"), [], {})
    assert told == (
        "Site X, revision 0: UTC, open mon, tue, wed, thu, fri, sat, sun from 08:00.\n\n"
        "Reminders\n  - Site X has no rules of its own: those of each protocol hold."
    )


def test_a_site_in_a_sentence_tells_how_far_its_holidays_are_known() -> None:
    told = site_text(SITE, " is added", width=300)
    assert told == (
        "Site BJ01 (Seven Hills) is added: Asia/Shanghai, open mon, wed, fri from 07:30. It keeps the public holidays "
        "of CN, which are announced to 2026; later ones may change."
    )


def test_sites_as_a_table_and_none() -> None:
    head, _, row = sites_text([SITE], width=120).splitlines()
    assert head.split() == ["Site", "Name", "Zone", "Open", "From", "Holidays"]
    assert row.split("  ") == ["BJ01", "Seven Hills", "Asia/Shanghai", "mon, wed, fri", "07:30", "CN"]
    assert sites_text([]) == "There is no site yet. Add one with 'dayzero site add'."


def test_a_site_for_programs() -> None:
    assert site_document(SITE) == {
        "id": "BJ01",
        "revision": 3,
        "name": "Seven Hills",
        "timezone": "Asia/Shanghai",
        "holidays": "CN",
        "announced_to": 2026,
        "open": ["mon", "wed", "fri"],
        "opens": "07:30",
    }


def test_rules_of_a_site_are_in_order_of_the_role() -> None:
    assert (
        site_rules_text("X", {"pharmacy": ("a", "b"), "monitor": ()}) == "monitor: nobody is reminded\npharmacy: a, b"
    )
