"""The whole record out of one database and into another: the same in every respect, or refused (docs/record.md)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import Scheduler, archive_form
from scheduler.archive_checks import check
from scheduler.archive_form import read, written
from scheduler.store.codec import canonical, digest
from scheduler.store.facts import hash_of
from schedules.errors import InvalidInput, StoreUnavailable
from tests.contract.conftest import ENROLLED, SMALL
from tests.contract.databases import Databases, SqliteDatabases

NOW = "2026-03-04T18:00"
LATER = "2026-04-01T09:00"
Document = dict[str, Any]


@pytest.fixture
def told(enrolled: Scheduler) -> Scheduler:
    """A record with most that a record can have, and another patient's beside it."""
    tell(enrolled)
    return enrolled


def tell(trial: Scheduler) -> None:
    """What happens to P-001."""
    trial.event("P-001", "eligible", "2026-03-01", now=NOW, by="cora")
    trial.done("P-001", "d1", "2026-03-04T10:00", withheld=["thaw"], why="fever · 热", now=NOW, by="dan")
    trial.book("P-001", "d15", "2026-03-17T09:30", given=["boost"], now=NOW)
    trial.history("P-001", {"therapy": "2025-12-01"}, now=NOW)
    trial.missed("P-001", "d8", now="2026-03-12T09:00", why="snow")
    trial.correct("P-001", 5, "2026-03-03T10:00", why="misread", now="2026-03-12T09:00")
    trial.event("P-001", "progression", "2026-03-12", now="2026-03-12T09:00", by="dan")
    trial.undo("P-001", now="2026-03-12T10:00", by="dan")
    trial.add_contact(role="patient", subject="P-001", email="patient@example.org", now=NOW)
    trial.enrol("SMALL", "P-002", site="BJ01", now=ENROLLED)


@pytest.fixture
def other(databases: Databases) -> Iterator[Scheduler]:
    """An empty database of the same kind."""
    url = databases.make(migrated=True)
    with Scheduler(url) as opened:
        yield opened
    databases.drop(url)


def state(trial: Scheduler) -> tuple[object, ...]:
    """All that people and programs see of P-001."""
    patient = trial.show("P-001", now=LATER)
    calendar = trial.calendar(subject="P-001")
    audit = trial.audit("P-001", verify=True)
    files = [trial.export(subject="P-001", level=level, extras=["periods", "windows"]) for level in ("private", "full")]
    return patient, calendar, audit, files, trial.why("P-001", "d15"), trial.deviations(subject="P-001")


def test_the_record_is_the_same_in_every_respect(told: Scheduler, other: Scheduler) -> None:
    data = told.export_record("P-001")
    imported = other.import_record(data, now=LATER)
    audit = told.audit("P-001")
    assert (imported.subject, imported.facts, imported.revision) == ("P-001", len(audit.record.facts), 9)
    assert (imported.head, imported.warnings) == (audit.head, ())
    assert state(other) == state(told)
    assert other.export_record("P-001") == data, "the same record gives the same bytes"


def test_the_record_goes_on(told: Scheduler, other: Scheduler) -> None:
    other.import_record(told.export_record("P-001"), now=LATER)
    for trial in (told, other):
        trial.done("P-001", "d15", "2026-04-02T10:00", now=LATER)
        trial.undo("P-001", now=LATER)
    assert state(other)[0] == state(told)[0]
    assert [entry.sequence for entry in other.calendar(subject="P-001").entries] == [
        entry.sequence for entry in told.calendar(subject="P-001").entries
    ]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_from_one_kind_of_database_to_the_other_and_back(told: Scheduler, sqlite_databases: SqliteDatabases) -> None:
    data = told.export_record("P-001")
    with Scheduler(sqlite_databases.make(migrated=True)) as lite:
        lite.import_record(data, now=LATER)
        assert state(lite) == state(told)
        assert lite.export_record("P-001") == data


def test_contacts_stay_and_reminders_are_queued_from_now(told: Scheduler, other: Scheduler) -> None:
    data = told.export_record("P-001")
    assert b"patient@example.org" not in data
    other.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
    other.add_contact(role="infusion unit", site="BJ01", now=ENROLLED)
    other.import_record(data, now="2026-03-01T09:00")
    assert other.contacts(subject="P-001") == ()
    other.book("P-001", "d15", "2026-03-20", now="2026-03-01T10:00")
    assert {item.role for item in other.reminders("P-001")} <= {"infusion unit"}


def test_templates_and_sites_that_are_there_are_used(told: Scheduler, other: Scheduler) -> None:
    other.add_protocol(SMALL.encode(), "small.yaml", now=LATER)
    other.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
    other.import_record(told.export_record("P-001"), now=LATER)
    assert state(other) == state(told)
    (found,) = [item for item in other.protocols() if item.protocol == "SMALL"]
    assert found.registered != told.protocols()[-1].registered, "as it was registered here"


def test_a_shipped_protocol_comes_with_its_record(trial: Scheduler, other: Scheduler) -> None:
    trial.enrol("NEUK203-13", "P-001", site="BJ01", now=ENROLLED)
    other.import_record(trial.export_record("P-001"), now=ENROLLED)
    assert other.plan("P-001") == trial.plan("P-001")


def test_a_dry_run_writes_nothing(told: Scheduler, other: Scheduler) -> None:
    tried = other.import_record(told.export_record("P-001"), now=LATER, dry_run=True)
    assert tried.dry_run
    found = other.status()
    assert (found.subjects, found.sites, found.protocols) == (0, 0, 0)


def test_a_subject_that_is_there_is_refused(told: Scheduler, other: Scheduler) -> None:
    data = told.export_record("P-001")
    other.import_record(data, now=LATER)
    with pytest.raises(InvalidInput, match=r"^Subject P-001 is there already, and a record is imported once"):
        other.import_record(data, now=LATER)


def test_another_template_or_site_of_that_name_is_refused(told: Scheduler, other: Scheduler) -> None:
    data = told.export_record("P-001")
    other.add_site("BJ01", timezone="Asia/Shanghai", now=ENROLLED)
    with pytest.raises(
        InvalidInput, match=r"^Site BJ01, revision 1, is there already with other days, other clocks or another name"
    ):
        other.import_record(data, now=LATER)
    other.add_protocol(SMALL.replace("Labs", "Lab values").encode(), "small.yaml", now=ENROLLED)
    with pytest.raises(InvalidInput, match=r"^The protocol SMALL 1.0 is there already with another content, and a"):
        other.import_record(data, now=LATER)
    assert other.status().subjects == 0


def test_a_site_that_differs_in_case_only_is_refused(told: Scheduler, other: Scheduler) -> None:
    other.add_site("bj01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
    with pytest.raises(
        InvalidInput, match=r"^Site bj01 is there already with other days, other clocks or another name"
    ):
        other.import_record(told.export_record("P-001"), now=LATER)


def test_a_record_that_does_not_verify_is_not_exported(told: Scheduler, tamper: Callable[[str], None]) -> None:
    tamper("UPDATE fact SET why = 'none' WHERE number = 4 AND subject = 'P-001'")
    with pytest.raises(
        StoreUnavailable, match=r"was changed after it was recorded.* Run 'dayzero audit P-001 --verify"
    ):
        told.export_record("P-001")


# Files with something wrong in them


@pytest.fixture(scope="module")
def exported(sqlite_databases: SqliteDatabases) -> bytes:
    """The record of P-001."""
    with pytest.MonkeyPatch.context() as patch, Scheduler(sqlite_databases.make(migrated=True)) as trial:
        patch.setenv("DAYZERO_USER", "tester")
        trial.add_protocol(SMALL.encode(), "small.yaml", now=ENROLLED)
        trial.add_site("BJ01", timezone="Asia/Shanghai", weekdays=frozenset(range(7)), now=ENROLLED)
        trial.enrol("SMALL", "P-001", site="BJ01", dates={"d1": "2026-03-02"}, groups={"arm": "A"}, now=ENROLLED)
        tell(trial)
        return trial.export_record("P-001")


@pytest.fixture
def file(exported: bytes) -> Document:
    """The same as an object, to change."""
    found: Document = json.loads(exported)
    return found


def refused(document: Document) -> str:
    """The message with which such a file is refused, before any database is looked at."""
    with pytest.raises(InvalidInput) as caught:
        check(read(sealed(document)))
    return str(caught.value)


def sealed(document: Document) -> bytes:
    """The file with a checksum that fits."""
    document.pop("sha256", None)
    return json.dumps(document | {"sha256": digest(canonical(document))}).encode()


def rechained(document: Document) -> Document:
    """The chain written anew, as somebody would who changes a fact and knows how."""
    archive = read(sealed(document))
    previous, links = "", []
    for number, link in enumerate(archive.facts, start=1):
        bare = replace(link, number=number, previous=previous)
        links.append(replace(bare, hash=hash_of(bare)))
        previous = links[-1].hash
    found: Document = json.loads(written(replace(archive, facts=tuple(links))))
    return found


Change = Callable[[Document], object]


def fact(document: Document, number: int) -> Document:
    found: Document = document["facts"][number - 1]
    return found


def set_in(*path: str | int, to: object) -> Change:
    """A change of the value at a path."""

    def change(document: Document) -> None:
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            set_in("format", to="song"),
            "The file is no record of dayzero. Such a file is written by 'dayzero record exp",
        ),
        (
            set_in("version", to=3),
            "The record has form '3', and this dayzero knows forms 1 and 2. Use the newer dayzero",
        ),
        (set_in("version", to=True), "The record has form 'True', and this dayzero knows forms 1 and 2. Use the newer"),
        (lambda d: d.pop("approvals"), "The record has no 'approvals'."),
        (set_in("approvals", to=[{"version": "1.0"}]), "approvals[0] has no 'mandatory'."),
        (lambda d: d.pop("facts"), "The record has no 'facts'."),
        (set_in("songs", to=[]), "The record has a key 'songs', which means nothing here."),
        (set_in("facts", to={}), "facts is an object; expected a list of at most 20000."),
        (set_in("facts", 0, to=1), "facts[0] is '1'; expected an object."),
        (lambda d: fact(d, 3).pop("hash"), "facts[2] has no 'hash'."),
        (set_in("facts", 2, "colour", to="red"), "facts[2] has a key 'colour', which means nothing here."),
        (set_in("facts", 2, "day", to="2 March"), "facts[2].day is '2 March'; expected a date, such as 2026-03-02."),
        (
            set_in("facts", 2, "day", to="0001-01-01"),
            "facts[2].day is '0001-01-01'; expected a date from 1900 to 2199.",
        ),
        (set_in("facts", 4, "clock", to="10:00+01"), "facts[4].clock is '10:00+01'; expected a time of day without"),
        (set_in("facts", 4, "clock", to="10 am"), "facts[4].clock is '10 am'; expected a time of day, such as"),
        (
            set_in("facts", 2, "recorded", to="2026-03-04T10:00"),
            "facts[2].recorded is '2026-03-04T10:00'; expected a mo",
        ),
        (set_in("facts", 2, "recorded", to="now"), "facts[2].recorded is 'now'; expected a moment, such as"),
        (set_in("facts", 2, "why", to=None), "facts[2].why is 'None'; expected text."),
        (set_in("facts", 2, "why", to="a\x00b"), "facts[2].why is 'a�b'; expected text."),
        (set_in("facts", 2, "number", to="3"), "facts[2].number is '3'; expected a whole number."),
        (set_in("facts", 2, "number", to=True), "facts[2].number is 'True'; expected a whole number."),
        (set_in("facts", 2, "details", to=[]), "facts[2].details is a list; expected an object."),
        (set_in("facts", 2, "details", "x", to=1), "facts[2].details.x is '1'; expected text."),
        (set_in("sites", 0, "snapshot", to="x"), "sites[0].snapshot is 'x'; expected an object."),
        (set_in("visits", 0, "sequence", to=-1), "visits[0].sequence is '-1'; expected a whole number."),
        (set_in("subject", to=None), "subject is 'None'; expected an object."),
        (set_in("facts", to=[]), "The record in the file does not verify: it holds no facts. Nothing was imported."),
    ],
)
def test_what_has_not_the_form_is_named(file: Document, change: Change, message: str) -> None:
    change(file)
    assert refused(file).startswith(message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in("facts", 3, "why", to="\x1b[2J"), "Fact 4 holds text that is too long, or that cannot be printed."),
        (set_in("facts", 3, "why", to="x" * 2001), "Fact 4 holds text that is too long, or that cannot be printed."),
        (set_in("facts", 1, "details", "value", to="\u202e"), "Fact 2 holds text that is too long, or that cannot be"),
        (set_in("sites", 0, "recorded_by", to="\n"), "It holds a name that cannot be printed."),
        (set_in("subject", "id", to="../../x"), "'../../x' cannot be the id of a subject. Write at most 40 letters"),
        (set_in("sites", 0, "id", to="a b"), "'a b' cannot be the id of a site. Write at most 40 letters"),
        (set_in("facts", 3, "why", to="x"), "Fact 4 ('event eligible') was changed after it was recorded"),
        (lambda d: d["facts"].pop(3), "Fact 4 is missing: the next one there is fact 5."),
        (lambda d: d["facts"].insert(3, d["facts"].pop(4)), "Fact 4 is missing: the next one there is fact 5."),
        (set_in("facts", 3, "kind", to="song"), "Fact 4 holds what was never written there"),
        (lambda d: d["facts"].pop(), "It is said to be at revision 9, and its last fact is of revision 8."),
        (set_in("subject", "id", to="P-009"), "Fact 1 ('enrolled P-001') was changed after it was recorded"),
        (set_in("subject", "revision", to=10), "It is said to be at revision 10, and its last fact is of revision 9."),
        (
            set_in("templates", 0, "source", to=SMALL.replace("28 days", "29 days")),
            "The template 'SMALL 1.0' was changed: its SHA-256 does not fit.",
        ),
        (set_in("templates", to=[]), "It is planned by 'SMALL 1.0', which is not in the file."),
        (set_in("subject", "version", to="2.0"), "It is planned by 'SMALL 2.0', which is not in the file."),
        (
            set_in("sites", 0, "snapshot", "opens", to="09:00"),
            "Site 'BJ01', revision 1, was changed: its SHA-256 does not fit.",
        ),
        (set_in("sites", to=[]), "It is planned at site 'BJ01', revision 1, which is not in the file."),
        (lambda d: d["visits"].append(d["visits"][0]), "The visit 'call-1' stands in it twice."),
        (lambda d: d["periods"].append(d["periods"][0]), "The period 'near-1' stands in it twice."),
    ],
)
def test_what_does_not_fit_together_is_named(file: Document, change: Change, message: str) -> None:
    change(file)
    told = refused(file)
    assert told.startswith(f"The record in the file does not verify: {message}")
    assert told.endswith(" Nothing was imported.")


def new_source(document: Document, source: str) -> None:
    document["templates"][0] |= {"source": source, "sha256": digest(source)}


def new_snapshot(document: Document, **changes: object) -> None:
    site = document["sites"][0]
    site["snapshot"] |= changes
    site["sha256"] = digest(canonical(site["snapshot"]))
    fact(document, 1)["details"]["site_snapshot"] = site["sha256"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_in("facts", 3, "name", to="song"), "Fact 4 cannot be: There is no milestone 'song'"),
        (set_in("facts", 4, "day", to=None), "Fact 5 cannot be: 'done d1' has no date."),
        (set_in("facts", 1, "details", "value", to="C"), "Fact 2 cannot be: There is no value 'C' of group 'arm'"),
        (
            set_in("facts", 1, "kind", to="enrolled"),
            "A record begins with its one enrolment; here fact 2 is otherwise.",
        ),
        (set_in("facts", 0, "kind", to="missed"), "A record begins with its one enrolment; here fact 1 is otherwise."),
        (set_in("facts", 0, "name", to="P-009"), "It is said to be of P-001, and 'P-009' was enrolled."),
        (lambda d: fact(d, 1)["details"].pop("salt"), "Its enrolment does not say the salt."),
        (set_in("facts", 3, "revision", to=7), "Fact 4 belongs to revision 7, after one of revision 1."),
        (lambda d: new_source(d, SMALL + "#"), "Its template 'SMALL 1.0' is not the one that fact 1 names."),
        (
            lambda d: fact(d, 1)["details"].update(site_snapshot="0" * 64),
            "Its site 'BJ01', revision 1, is not the one that fact 1 names.",
        ),
        (lambda d: new_source(d, "protocol: SMALL"), "The template 'SMALL 1.0' is none of that protocol and version"),
        (lambda d: new_source(d, SMALL.replace("SMALL", "LARGE")), "The template 'SMALL 1.0' is none of that protocol"),
        (lambda d: new_snapshot(d, timezone="Mars/Base"), "Site 'BJ01', revision 1, holds what is no site."),
        (lambda d: new_snapshot(d, weekdays=[9]), "Site 'BJ01', revision 1, holds what is no site."),
        (lambda d: new_snapshot(d, name="\x1b"), "Site 'BJ01', revision 1, holds what is no site."),
        (lambda d: new_snapshot(d, name=5), "Site 'BJ01', revision 1, holds what is no site."),
        (lambda d: new_snapshot(d, closed=[["x"]]), "Site 'BJ01', revision 1, holds what is no site."),
        (lambda d: new_snapshot(d, announced_to="x"), "Site 'BJ01', revision 1, holds what is no site."),
        (lambda d: new_snapshot(d, opens=None), "Site 'BJ01', revision 1, holds what"),
        (set_in("facts", 10, "details", "corrects", to="99"), "Fact 11 holds what was never written there"),
        (set_in("facts", 10, "details", "corrects", to="x"), "Fact 11 holds what was never written there"),
        (set_in("facts", 10, "details", "corrects", to="2"), "Fact 11 cannot be: Fact 2 (group arm) has no date of"),
    ],
)
def test_a_forged_record_is_refused_where_it_cannot_be(file: Document, change: Change, message: str) -> None:
    """Whoever writes the chain anew can claim what could have been, and no more."""
    assert (fact(file, 11)["kind"], fact(file, 5)["kind"]) == ("corrected", "done")
    change(file)
    assert refused(rechained(file)).startswith(f"The record in the file does not verify: {message}")


def test_another_patients_calendar_is_refused(exported: bytes, file: Document, other: Scheduler) -> None:
    other.import_record(exported, now=LATER)
    file["subject"]["id"] = file["facts"][0]["name"] = "P-007"
    with pytest.raises(InvalidInput, match=r"^The record of P-007 has the calendar of subject P-001, which is there"):
        other.import_record(sealed(rechained(file)), now=LATER)


def test_what_is_planned_otherwise_here_is_a_change(told: Scheduler, other: Scheduler) -> None:
    """Another release may place a visit elsewhere; then calendars must be told."""
    file: Document = json.loads(told.export_record("P-001"))
    visits = {visit["visit"]: visit for visit in file["visits"]}
    assert visits["sample"]["day"] == "2026-03-03"
    visits["sample"] |= {"day": "2026-03-02", "clock": None, "zone": None, "moment": None}
    visits["labs"]["visit"] = "labs-before"
    file["periods"][0]["last"] = "2026-03-01"
    imported = other.import_record(sealed(file), now=LATER)
    assert imported.warnings == (
        "labs, sample, labs-before, near-1: planned here otherwise than where the record was exported. "
        "Calendars are told of it as of a change.",
    )
    assert other.plan("P-001") == told.plan("P-001")
    assert other.audit("P-001", verify=True).ok
    before = {entry.visit.id: entry.sequence for entry in told.calendar(subject="P-001").entries}
    after = {entry.visit.id: entry.sequence for entry in other.calendar(subject="P-001").entries}
    assert after["sample"] == before["sample"] + 1
    assert after["labs"] == 0
    assert after.pop("labs-before") == before["labs"] + 1, "calendars that have it are told that it is cancelled"
    assert {name: after[name] for name in after if name not in ("labs", "sample")} == {
        name: before[name] for name in before if name not in ("labs", "sample")
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is no record: line 1, column 1 is no JSON"),
        (b'{"format": "dayzero record",', "The file is no record: line 1, column 29 is no JSON"),
        (b"\xff\xfe", "The file is no record: it holds bytes that are not UTF-8 text."),
        (b"[1]", "The file is no record: it holds no JSON object."),
        (b'{"a": 1, "a": 2}', "The file is no record: the key 'a' stands twice in one object."),
        (b'{"a": NaN}', "The file is no record: it holds 'NaN', and a record has whole numbers only."),
        (b'{"a": 1.5}', "The file is no record: it holds '1.5', and a record has whole numbers only."),
        (b'{"a": "\\ud800"}', "The file is no record: it holds bytes that are not UTF-8 text."),
        (b"[" * 100_000, "The file is no record: it is nested too deeply."),
        (b'{"a": ' + b"9" * 5000 + b"}", "The file is no record: "),
        (b"{}", "The file is no record of dayzero."),
        (b" " * (archive_form.LARGEST_BYTES + 1), "The file is larger than 16 MiB, and so no record."),
    ],
)
def test_what_is_no_record_is_named(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(data)
    assert str(caught.value).startswith(message)


def test_a_file_that_was_changed_is_named_and_nothing_written(
    exported: bytes, other: Scheduler, file: Document
) -> None:
    with pytest.raises(InvalidInput, match=r"^The file was changed after it was written: its sha256 does not fit"):
        other.import_record(exported.replace(b"fever", b"colds"), now=LATER)
    file["facts"].pop()
    with pytest.raises(InvalidInput, match=r"^The record in the file does not verify: It is said to be at revision 9"):
        other.import_record(sealed(file), now=LATER)
    found = other.status()
    assert (found.subjects, found.sites, found.protocols) == (0, 0, 0)


# Whatever is in a file

WORDS = (
    "d1 d15 labs call-1 arm A eligible therapy never thaw booked done missed enrolled event group history given "
    "corrected added cancelled 2026-03-02 10:00:00 Asia/Shanghai 2026-03-02T10:00:00+00:00 1 3 SMALL 1.0 P-001 BJ01"
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 20), st.text(max_size=6), st.sampled_from(WORDS.split()))
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=4), SCALARS, max_size=2))


@given(st.data(), st.integers(1, 3))
@settings(max_examples=200)
def test_whatever_is_changed_in_a_file_it_is_refused_or_holds(
    exported: bytes, sqlite_databases: SqliteDatabases, data: st.DataObject, times: int
) -> None:
    """Changed anywhere, sealed, and its chain written anew: there is a message, or it can be imported and verifies."""
    document: Document = json.loads(exported)
    for _ in range(times):
        change_somewhere(document, data)
    with contextlib.suppress(InvalidInput):
        document = rechained(document)
    url = sqlite_databases.make(migrated=True)
    try:
        with Scheduler(url) as trial:
            hold_or_refuse(trial, sealed(document))
    finally:
        sqlite_databases.drop(url)


def hold_or_refuse(trial: Scheduler, data: bytes) -> None:
    try:
        imported = trial.import_record(data, now=LATER)
    except InvalidInput:
        assert trial.status().protocols == 0
        return
    assert trial.audit(imported.subject, verify=True).ok
    assert trial.show(imported.subject).plan.visits


def change_somewhere(document: Document, data: st.DataObject) -> None:
    """Another value, or none, at some place; facts are the likeliest."""
    node: Any = document
    step: Any = data.draw(st.sampled_from([*document, *(["facts"] * 5 if "facts" in document else [])]))
    while isinstance(node[step], list | dict) and node[step] and data.draw(st.integers(0, 9), label="deeper"):
        node = node[step]
        step = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))), label="step")
    if data.draw(st.integers(0, 4), label="removed") == 0:
        del node[step]
        return
    node[step] = data.draw(VALUES, label="value")
