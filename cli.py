"""The command ``dayzero``: each command parses what was typed, calls one use case, and prints (design §2, §9).

Only click is imported here: a small command must not pay for a large import.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from datetime import date

    from calendars.agenda import AgendaItem
    from calendars.rounds import Round
    from scheduler import Scheduler
    from scheduler.simulation.running import Outcome
    from scheduler.values import Approved, Audit, Change, Contact, Message, Queued, Revision, State
    from schedules.plan import Plan
    from schedules.site import Site
    from schedules.template import Template

F = TypeVar("F", bound=Callable[..., Any])

USAGE, UNREACHABLE = 2, 3
DEFECT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # as a shell reports a program that SIGINT ended,
CLOSED_PIPE = 141  # or SIGPIPE


# Options that many commands share


def option(*names: str, metavar: str, text: str, **more: Any) -> Callable[[F], F]:
    """An option with a value."""
    return click.option(*names, metavar=metavar, help=text, **more)


def several(*names: str, metavar: str, text: str) -> Callable[[F], F]:
    """An option that may be given more than once."""
    return click.option(*names, metavar=metavar, multiple=True, help=text)


def flag(*names: str, text: str, **more: Any) -> Callable[[F], F]:
    """An option without a value."""
    return click.option(*names, is_flag=True, help=text, **more)


def remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keeps an option for the whole command line, so that it may stand before or after a command's name."""
    if value:
        context.meta[f"dayzero.{parameter.name}"] = value
        if context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE:
            context.meta[f"dayzero.typed.{parameter.name}"] = value


def remembered(name: str) -> Any:
    """What such an option was given, or None."""
    return click.get_current_context().meta.get(f"dayzero.{name}")


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Options as one decorator, in the order in which the help lists them."""

    def decorate(function: F) -> F:
        for decorator in reversed(options):
            function = decorator(function)
        return function

    return decorate


DATABASE_TEXT = "The database: sqlite:///trial.db, postgresql://user@host/trial … (else DAYZERO_DATABASE)."
KEPT: dict[str, Any] = {"expose_value": False, "callback": remember}
DATABASE = option("--database", metavar="URL", text=DATABASE_TEXT, **KEPT)
JSON = flag("--json", text="Print JSON, for programs.", **KEPT)
NOW = option("--now", metavar="TIME", text="Take this for the present moment.")
BY = option("--by", metavar="NAME", text="Who records this (else DAYZERO_USER, else the login name).")
WHY = option("--why", metavar="TEXT", text="The reason; it is recorded too.", default="")
DRY_RUN = flag("--dry-run", text="Show what would change, and write nothing.")
YES = flag("--yes", text="On a terminal: do not ask before it is recorded.")
SET = several("--set", "dates", metavar="VISIT=WHEN", text="A date, or date and time, set for a visit.")
GROUP = several("--group", "groups", metavar="NAME=VALUE", text="A dose level, arm, cohort …")
HISTORY = several("--history", metavar="NAME=DATE|never", text="An answer; also NAME.half-life='3 days'.")
GIVEN = several("--given", metavar="VISIT:ACTIVITY", text="An optional activity, chosen for this patient.")
ENROLLED = option("--enrolled", metavar="DATE", text="The day of enrolment (else today).")
VERSION = option("--version", metavar="V", text="A version of the protocol (else the newest).")
READS = together(JSON, DATABASE)
ADDS = together(BY, NOW, JSON, DATABASE)
CHANGES = together(NOW, JSON, DATABASE)
SEEN = option(
    "--seen", metavar="REVISION", text="Refuse it if the record has changed since then.", type=click.IntRange(0)
)
BEGINS = together(WHY, BY, DRY_RUN, NOW, JSON, DATABASE)
RECORDS = together(WHY, BY, SEEN, DRY_RUN, NOW, JSON, DATABASE)
# Of what changes several records at once: no revision of one of them can have been seen.
RECORDS_ROUND = together(WHY, BY, DRY_RUN, NOW, JSON, DATABASE)


def store() -> Scheduler:
    """The use cases, on the database of this command line."""
    from scheduler import Scheduler

    return Scheduler(remembered("database"), tell=lambda text: click.echo(text, err=True))


# What was typed


def named(texts: Iterable[str], form: str = "NAME=VALUE") -> dict[str, str]:
    """Texts of a form such as NAME=VALUE as a mapping. Raises InvalidInput for another form, and a name given twice."""
    return dict(pairs(texts, form))


def pairs(
    texts: Iterable[str], form: str = "NAME=VALUE", *, repeats: Callable[[str], bool] = lambda name: False
) -> list[tuple[str, str]]:
    """Texts of a form such as NAME=VALUE as pairs. Raises InvalidInput for another form, and for a name that is given
    twice but for those that may be."""
    from schedules.errors import InvalidInput
    from schedules.typed import parse_assignment

    found: dict[str, str] = {}
    every = []
    for text in texts:
        name, value = parse_assignment(text, form)
        if name in found and not repeats(name):
            raise InvalidInput(f"'{name}' is given twice, as {found[name]} and as {value}. Give it once.")
        found[name] = value
        every.append((name, value))
    return every


def at_visits(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Texts of the form VISIT:ACTIVITY as pairs. Raises InvalidInput for another form."""
    from schedules.errors import InvalidInput, shown

    pairs = []
    for text in texts:
        visit, _, activity = (part.strip() for part in text.partition(":"))
        if not visit or not activity:
            raise InvalidInput(f"{shown(text)} is not of the form VISIT:ACTIVITY, such as d7:il2.")
        pairs.append((visit, activity))
    return pairs


def one_of(subject: str | None, site: str | None) -> dict[str, Any]:
    """A subject or a site. Raises UsageError for both or none."""
    if (subject is None) == (site is None):
        raise click.UsageError("Give either a SUBJECT or --site S.", click.get_current_context())
    return {"subject": subject, "site": site}


# What is printed


def look() -> dict[str, Any]:
    """Width and colours: 80 columns when piped, else the terminal's; colours on a terminal without NO_COLOR."""
    if not sys.stdout.isatty():
        return {"width": 80, "colour": False}
    from shutil import get_terminal_size

    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return {"width": max(60, min(get_terminal_size().columns, 120)), "colour": not plain}


def answer(document: Callable[[], object], text: Callable[[], str]) -> None:
    """Prints an answer as text, or as JSON where that was asked for."""
    if not remembered("json"):
        click.echo(text())
        return
    import json

    unicode = sys.stdout.encoding.lower().startswith("utf")
    click.echo(json.dumps(document(), default=plain, ensure_ascii=not unicode, indent=2))


def plain(value: Any) -> object:
    """What JSON has no form for: dates and times in ISO 8601."""
    return value.isoformat()


def fields(value: Any) -> dict[str, object]:
    """A value's fields by name, as JSON shows them."""
    from dataclasses import asdict

    return asdict(value)


def warn(texts: Iterable[str]) -> None:
    """Prints warnings beside the answer."""
    for text in texts:
        click.echo(f"Warning: {text}", err=True)


def no(code: int = 1) -> None:
    """Ends a command whose answer is no (or with another code)."""
    click.get_current_context().exit(code)


def print_plan(plan: Plan, today: date, *, subject: str = "", site: str = "", revision: int | None = None) -> None:
    """Prints a plan. Only what prints it is loaded."""

    def document() -> object:
        from calendars.document import plan_document

        return plan_document(plan, today=today, subject=subject or None, site=site or None, revision=revision)

    def text() -> str:
        from calendars.tables import plan_table

        return plan_table(plan, today, subject=subject, site=site, revision=revision, **look())

    answer(document, text)


def report(change: Change) -> None:
    """Prints what a use case did to a patient's record, or would have done."""
    warn(change.warnings)
    answer(lambda: change_document(change), lambda: change_text(change))


def change_document(change: Change) -> dict[str, object]:
    from calendars.document import diff_document, plan_document

    head = ("subject", "protocol", "version", "site", "revision", "dry_run")
    plan = {"plan": plan_document(change.after, today=change.today)} if change.before is None else {}
    return {
        **{name: getattr(change, name) for name in head},
        "diff": diff_document(change.diff),
        "warnings": list(change.warnings),
        **plan,
    }


def change_text(change: Change, *, ask: bool = False) -> str:
    """What a use case did; with ``ask`` what it would do, before somebody is asked whether it should."""
    from calendars.changes import diff_text
    from calendars.facts import facts_in_words
    from calendars.layout import paragraph, sections

    view = look()
    facts = facts_in_words(change.record, change.facts)
    head = "not recorded" if change.dry_run else f"recorded (revision {change.revision})"
    return sections(
        (
            paragraph(f"{change.subject}, {head}: {facts}", width=view["width"], rest="  "),
            enrolment_text(change, view)
            if change.before is None
            else diff_text(change.diff, today=change.today, **view),
            "This was a dry run: nothing was written." if change.dry_run and not ask else "",
        )
    )


def enrolment_text(change: Change, view: dict[str, Any]) -> str:
    from calendars.layout import sections
    from calendars.tables import conflicts_text, plan_table, questions_text

    plan = change.after
    if change.dry_run:
        return plan_table(plan, change.today, subject=change.subject, site=change.site, **view)
    dated = sum(visit.date is not None for visit in plan.visits)
    told = f"{dated} visits have a date: 'dayzero show {change.subject}' prints them."
    return sections((conflicts_text(plan.conflicts, **view), questions_text(plan.questions, **view), told))


# The command, and the protocols


class ClosedPipe(Exception):
    """Whoever read the output has had enough of it."""


class Dayzero(click.Group):
    """All commands. Where the output is closed click would exit with 1, which means that the answer is no."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are of use, which is the order of this file."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ClosedPipe from None


@click.group(cls=Dayzero, context_settings={"help_option_names": ["-h", "--help"]})
@option("--database", metavar="URL", text=DATABASE_TEXT, envvar="DAYZERO_DATABASE", **KEPT)
@click.version_option(package_name="dayzero")
def dayzero() -> None:
    """Schedules the visits of people who receive cell therapy.

    A protocol becomes a patient's calendar; the calendar follows what really happens; the people concerned get
    reminders and calendar files. Dates are written 2026-03-02, times 2026-03-02T10:00.

    \b
    Examples:
      dayzero demo
      dayzero preview NEUK203-13 --set d1=2026-03-02
      dayzero site add BJ01 --timezone Asia/Shanghai --holidays CN
      dayzero enrol NEUK203-13 P-001 --site BJ01 --set d1=2026-03-02
      dayzero show P-001
    """


@dayzero.group(invoke_without_command=True)
@READS
@click.pass_context
def protocols(context: click.Context) -> None:
    """Lists the protocols; shows, checks and adds them.

    \b
    Examples:
      dayzero protocols
      dayzero protocols show NEUK203-13
      dayzero protocols check my-study.yaml
    """
    if context.invoked_subcommand is not None:
        return
    from calendars.document import catalogue_document
    from calendars.protocol_tables import catalogue_table

    with store() as trial:
        templates = [found.template for found in trial.protocols()]
    answer(lambda: catalogue_document(templates), lambda: catalogue_table(templates, **look()))


@protocols.command("show")
@click.argument("protocol", metavar="ID|FILE")
@VERSION
@click.option("--markdown", is_flag=True, help="Print Markdown tables, for a document.")
@click.option("--html", is_flag=True, help="Print a page of its own, to be opened in a browser or printed.")
@READS
def protocols_show(protocol: str, version: str | None, markdown: bool, html: bool) -> None:
    """Prints a protocol's schedule of activities.

    Its visits go across, its activities down; footnotes say what a mark cannot.

    \b
    Examples:
      dayzero protocols show NEUK203-13
      dayzero protocols show GD2B7H3-CART --version 1.0 --json
      dayzero protocols show my-study.yaml
      dayzero protocols show CD70-CART --markdown
      dayzero protocols show CD70-CART --html > cd70-cart.html
    """
    from calendars.document import template_document

    if html and markdown:
        raise click.UsageError("--html and --markdown are two forms of one table. Give one of them.")
    template = template_or_file(protocol, version)

    def table() -> str:
        if html:
            from calendars.protocol_page import protocol_page

            return protocol_page(template).rstrip("\n")
        from calendars.protocol_tables import schedule_of_activities

        return schedule_of_activities(template, markdown=markdown, **look())

    answer(lambda: template_document(template), table)


@protocols.command("assumptions")
@click.argument("protocol", metavar="ID|FILE")
@VERSION
@READS
def protocols_assumptions(protocol: str, version: str | None) -> None:
    """Lists what a study team must confirm, and what is quoted.

    A template takes from its record whatever that says, word for word. The rest is assumed, and to be confirmed before
    it is used on a patient.

    \b
    Examples:
      dayzero protocols assumptions NEUK203-13
      dayzero protocols assumptions my-study.yaml
    """
    from calendars.document import assumptions_document
    from calendars.protocol_tables import assumptions_text

    template = template_or_file(protocol, version)
    answer(lambda: assumptions_document(template), lambda: assumptions_text(template, **look()))


@protocols.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@flag("--strict", text="Exit with 1 if there are warnings.")
@JSON
def protocols_check(files: tuple[str, ...], strict: bool) -> None:
    """Prints every problem of template files, with line and column.

    Exits with 2 if there is an error.

    \b
    Examples:
      dayzero protocols check my-study.yaml
      dayzero protocols check studies/*.yaml --strict
    """
    found = [problems_of(file) for file in files]
    if remembered("json"):
        answer(lambda: found, str)
    else:
        for item in found:
            lines = [*item["errors"], *item["warnings"]]
            click.echo("\n".join(lines) or f"{item['file']}: no problems", err=bool(lines))
    if any(item["errors"] for item in found):
        no(USAGE)
    if strict and any(item["warnings"] for item in found):
        no()


FILE_ENDINGS = (".yaml", ".yml")


def template_or_file(protocol: str, version: str | None) -> Template:
    """A template in a file, which need not be registered, or one of the database."""
    found = template_in_file(protocol, version) if protocol.endswith(FILE_ENDINGS) else None
    if found is not None:
        return found
    with store() as trial:
        return trial.template(protocol, version)


def template_in_file(protocol: str, version: str | None) -> Template | None:
    """The template in a file of that name, with its warnings told; None where an ID is meant."""
    from scheduler.files import file_bytes
    from schedules.load import load

    if not (protocol.endswith(FILE_ENDINGS) or os.path.isfile(protocol)):
        return None
    if version is not None:
        raise click.UsageError("--version goes with an ID, not with a file.", click.get_current_context())
    template = load(file_bytes(protocol), protocol)
    warn(template.warnings)
    return template


def problems_of(file: str) -> dict[str, Any]:
    """What is wrong with one template file, a line a problem."""
    from scheduler.files import file_bytes
    from schedules.errors import DayzeroError, TemplateError
    from schedules.load import load

    try:
        return {"file": file, "errors": [], "warnings": load(file_bytes(file), file).warnings}
    except TemplateError as error:
        lines = {
            kind: [item.located(file) for item in error.problems if item.warning is kind] for kind in (False, True)
        }
        return {"file": file, "errors": lines[False], "warnings": lines[True]}
    except DayzeroError as error:
        return {"file": file, "errors": [str(error)], "warnings": []}


@protocols.command("add")
@click.argument("file", metavar="FILE")
@ADDS
def protocols_add(file: str, **recorded: Any) -> None:
    """Registers a version of a protocol, for good.

    \b
    Examples:
      dayzero protocols add my-study.yaml
    """
    from scheduler.files import file_bytes

    data = file_bytes(file)
    with store() as trial:
        added = trial.add_protocol(data, file, **recorded)
    warn(added.template.warnings)
    said = "is registered" if added.new else "was registered before; nothing has changed"
    answer(
        lambda: {name: getattr(added, name) for name in ("protocol", "version", "sha256", "new")},
        lambda: f"{added.protocol} {added.version} {said}.\nSHA-256 {added.sha256}",
    )


@protocols.command("diff")
@click.argument("protocol", metavar="ID")
@click.argument("old", metavar="V1")
@click.argument("new", metavar="V2")
@READS
def protocols_diff(protocol: str, old: str, new: str) -> None:
    """Tells what a version of a protocol changes in another.

    Visits, activities and the rest are the same ones if they have the same id, whatever their names and days.

    \b
    Examples:
      dayzero protocols diff NEUK203-13 1.0 2.0
      dayzero protocols diff NEUK203-13 1.0 2.0 --json
    """
    from calendars.version_tables import versions_document, versions_text

    with store() as trial:
        found = trial.compare_versions(protocol, old, new)
    answer(lambda: versions_document(found), lambda: versions_text(found, **look()))


@dayzero.command()
@click.argument("protocol", metavar="ID|FILE")
@VERSION
@ENROLLED
@SET
@several("--done", metavar="VISIT=WHEN", text="A visit that was done.")
@several("--missed", metavar="VISIT", text="A visit that was missed.")
@several("--withheld", metavar="VISIT:ACTIVITY", text="What was not given at a visit.")
@GIVEN
@several("--event", "events", metavar="NAME=DATE", text="A milestone that was reached.")
@GROUP
@HISTORY
@option("--site", metavar="S", text="A site of the database. Or a site that is only described:")
@option("--timezone", metavar="Z", text="Its zone (else the template's, else UTC).")
@option("--open", "weekdays", metavar="DAYS", text="Its open weekdays, such as tue,wed,thu.")
@option("--holidays", metavar="COUNTRY", text="Its public holidays, such as CN or DE-BY.")
@several("--closed", metavar="DATE", text="A day on which it is closed, or DATE..DATE.")
@option("--opens", metavar="TIME", text="When it opens (else 08:00).")
@flag("--strict", text="Exit with 1 if the plan has conflicts.")
@NOW
@READS
def preview(
    protocol: str, version: str | None, *, site: str | None, now: str | None, strict: bool, **typed: Any
) -> None:
    """Prints the plan of a patient who is not enrolled.

    An ID is looked for among the protocols that come with dayzero; with --site, or if it is not there, in the database.

    Every day is open where neither a site nor any of --open, --holidays, --closed is given; with --holidays or --closed
    alone, Monday to Friday are.

    \b
    Examples:
      dayzero preview NEUK203-13 --enrolled 2026-02-02 --set d1=2026-03-02
      dayzero preview NEUK203-13 --set d1=2026-03-02 --holidays CN \\
          --history systemic-therapy=2026-02-10 \\
          --history systemic-therapy.half-life='8 days'
      dayzero preview my-study.yaml --done d1=2026-03-04 --missed d10 --json
    """
    from scheduler.preview import preview as plan_of

    described: Any = {name: typed.pop(name) for name in ("timezone", "weekdays", "holidays", "closed", "opens")}
    if site is not None and any(value not in (None, ()) for value in described.values()):
        raise click.UsageError("Give either --site or a description of one, not both.", click.get_current_context())
    template, found_site = what_to_plan(protocol, version, site)
    for name, form in (
        ("dates", "VISIT=WHEN"),
        ("done", "VISIT=WHEN"),
        ("history", "NAME=DATE"),
    ):
        typed[name] = named(typed[name], form)
    typed["events"] = pairs(typed["events"], "NAME=DATE", repeats=template.may_repeat)
    typed |= {"groups": named(typed["groups"]), **{name: at_visits(typed[name]) for name in ("withheld", "given")}}
    found = plan_of(template, found_site or described, now=now, **typed)
    warn(found.warnings)
    print_plan(found.plan, found.today, site=site or "")
    if strict and found.plan.conflicts:
        no()


def what_to_plan(protocol: str, version: str | None, site: str | None) -> tuple[Template, Site | None]:
    """Template and site of a preview. The store is only opened for a site, and for a protocol that is nowhere else."""
    from scheduler.preview import shipped_template

    template = shipped_template(protocol, version) if site is None else None
    template = template or template_in_file(protocol, version)
    if template is not None and site is None:
        return template, None
    with store() as trial:
        return template or trial.template(protocol, version), None if site is None else trial.site(site)


# Sites and patients


@dayzero.group()
def site() -> None:
    """Keeps sites: their zones, open days and versions.

    \b
    Examples:
      dayzero site add BJ01 --timezone Asia/Shanghai --holidays CN
      dayzero site list
      dayzero site show BJ01
    """


@site.command("list")
@READS
def site_list() -> None:
    """Lists the sites.

    \b
    Examples:
      dayzero site list
      dayzero site list --json
    """
    from calendars.sites import site_document, sites_text

    with store() as trial:
        found = trial.sites()
    answer(lambda: [site_document(one) for one in found], lambda: sites_text(found, **look()))


@site.command("show")
@click.argument("id", metavar="ID")
@READS
def site_show(id: str) -> None:
    """Tells a site's open days, closures and approved versions.

    \b
    Examples:
      dayzero site show BJ01
    """
    from calendars.sites import site_details, site_document

    with store() as trial:
        found, approved, rules = trial.site(id), trial.approvals(id), trial.site_rules(id)
    answer(
        lambda: (
            site_document(found)
            | {
                "closures": [{"date": day, "why": why} for day, why in found.closures],
                "approved": [fields(one) for one in approved],
                "reminders": rules,
            }
        ),
        lambda: site_details(found, [approval_text(one) for one in approved], rules, **look()),
    )


@site.command("add")
@click.argument("id", metavar="ID")
@option("--timezone", metavar="Z", text="Its zone, such as Asia/Shanghai.", required=True)
@option("--name", metavar="NAME", text="What it is called.", default="")
@option("--open", "weekdays", metavar="DAYS", text="Its open weekdays (else mon,tue,wed,thu,fri).")
@option("--holidays", metavar="COUNTRY", text="Its public holidays, such as CN or DE-BY.", default="")
@option("--opens", metavar="TIME", text="When it opens (else 08:00).", default="08:00")
@ADDS
def site_add(id: str, weekdays: str | None, opens: str, **given: Any) -> None:
    """Adds a site, with its public holidays as they are known today.

    \b
    Examples:
      dayzero site add BJ01 --timezone Asia/Shanghai --holidays CN
      dayzero site add NY02 --timezone America/New_York --holidays US-NY \\
          --open tue,wed,thu --opens 07:30
    """
    from calendars.sites import site_document, site_text
    from schedules.typed import parse_clock, parse_weekdays

    days = parse_weekdays(weekdays) if weekdays else None
    with store() as trial:
        known = {one.id for one in trial.sites()}
        added = trial.add_site(id, weekdays=days, opens=parse_clock(opens), **given)
    told = " was there before, and nothing has changed" if id in known else " is added"
    answer(lambda: site_document(added), lambda: site_text(added, told, width=look()["width"]))


@site.command("remind")
@click.argument("id", metavar="ID")
@option("--role", metavar="R", text="patient, coordinator, pharmacy …")
@several("--rule", "rules", metavar="RULE", text="When to remind, as in a template.")
@flag("--none", "nobody", text="Remind nobody of this role.")
@flag("--as-protocol", text="Back to the rules of each protocol.")
@ADDS
def site_remind(
    id: str, role: str | None, rules: tuple[str, ...], *, nobody: bool, as_protocol: bool, **how: Any
) -> None:
    """Sets by which rules a role is reminded at a site, or shows them.

    They hold instead of each protocol's; a contact's own go before them.

    \b
    Examples:
      dayzero site remind BJ01
      dayzero site remind BJ01 --role patient --rule '1 day before at 17:00'
      dayzero site remind BJ01 --role monitor --none
    """
    from calendars.sites import site_rules_text

    if sum((bool(rules), nobody, as_protocol)) > 1 or (role is None) != (not rules and not nobody and not as_protocol):
        context = click.get_current_context()
        raise click.UsageError(
            "Give --role R with --rule, --none or --as-protocol; or none of these to see them.", context
        )
    with store() as trial:
        found = (
            trial.site_rules(id)
            if role is None
            else trial.set_site_rules(id, role, None if as_protocol else rules, **how)
        )
    answer(lambda: found, lambda: site_rules_text(id, found))


@site.command("close")
@click.argument("id", metavar="ID")
@click.argument("days", metavar="DATE[..DATE]")
@YES
@RECORDS_ROUND
def site_close(id: str, days: str, *, yes: bool, **recorded: Any) -> None:
    """Closes a site on some days, and prints what that moves.

    What is booked on these days stays, as a conflict, and is listed. On a terminal it is shown before it is recorded.
    Run again after an interruption, it goes on with the patients not yet reached.

    \b
    Examples:
      dayzero site close BJ01 2026-04-20..2026-04-24 --why 'inspection' --dry-run
    """
    from schedules.typed import parse_days

    with store() as trial:
        revise(partial(trial.close_site, id, parse_days(days)), ask=not yes, **recorded)


@site.command("refresh")
@click.argument("id", metavar="ID")
@YES
@RECORDS_ROUND
def site_refresh(id: str, *, yes: bool, **recorded: Any) -> None:
    """Takes a site's holidays and clock changes as they are known now.

    Where they differ from those it has, what that moves is shown; on a terminal before it is recorded.

    \b
    Examples:
      dayzero site refresh BJ01 --dry-run
    """
    with store() as trial:
        revise(partial(trial.refresh_site, id), ask=not yes, **recorded)


def revise(use_case: Callable[..., Revision], *, ask: bool, **recorded: Any) -> None:
    """Gives a site new days; on a terminal what that does is shown first and, with ``ask``, only then done."""
    asks = at_a_terminal(ask, recorded)
    with progress_bar("Planning anew") as progress:
        found = use_case(progress=progress, **recorded | ({"dry_run": True} if asks else {}))
    answer(lambda: revision_document(found), lambda: revision_text(found, ask=asks))
    if asks and (found.new or found.changes):
        confirm()
        with progress_bar("Planning anew") as progress:
            found = use_case(progress=progress, **recorded)
        click.echo(f"Site {found.after.id}, revision {found.after.revision}. {counts_of(found.patients)}")


def at_a_terminal(ask: bool, recorded: Mapping[str, Any]) -> bool:
    """Whether somebody can be asked before it is recorded, and is to be."""
    asks = ask and not recorded["dry_run"] and not remembered("json")
    return asks and sys.stdin.isatty() and sys.stdout.isatty()


def confirm() -> None:
    """Asks whether what is shown shall be recorded; ends the command where somebody says no."""
    if not click.confirm("\nRecord this?"):
        click.echo("Nothing was recorded.")
        no()


def counts_of(patients: Sequence[Round]) -> str:
    from calendars.rounds import counts_text

    return counts_text(patients)


def revision_document(found: Revision) -> dict[str, object]:
    from calendars.rounds import rounds_document

    head = {"site": found.after.id, "revision": found.after.revision, "new": found.new, "dry_run": found.dry_run}
    return head | {"clocks": list(found.clocks)} | rounds_document(found.patients)


def revision_text(found: Revision, *, ask: bool = False) -> str:
    """What new days of a site do; with ``ask`` what they would do, before somebody is asked whether they should."""
    from calendars.layout import bullets, sections
    from calendars.rounds import rounds_text

    view = look()
    told = f"has {' and '.join(found.news)}" if found.new else "has these days already"
    dry = "This was a dry run: nothing was written." if found.dry_run and not ask else ""
    head = f"Site {found.after.id} {told}, revision {found.after.revision}."
    clocks = bullets(found.clocks, width=view["width"]) if found.clocks else ""
    return sections((head, clocks, rounds_text(found.patients, **view), dry))


def approval_text(found: Approved) -> str:
    return f"{found.protocol} {found.version}, {'for every patient' if found.mandatory else 'by re-consent'}"


@site.command("approve")
@click.argument("id", metavar="ID")
@click.argument("protocol", metavar="PROTOCOL")
@option("--version", metavar="V", text="The version that the site may use.", required=True)
@flag("--mandatory", text="It is for every patient; else for those who consent to it anew.")
@ADDS
def site_approve(id: str, protocol: str, version: str, *, mandatory: bool, **recorded: Any) -> None:
    """Records that a site may use a version of a protocol.

    New patients get the newest version that their site approved; of a site that approved none, the newest there is.
    'dayzero amend' moves those who are enrolled.

    \b
    Examples:
      dayzero site approve BJ01 NEUK203-13 --version 2.0 --mandatory
    """
    with store() as trial:
        found = trial.approve_version(id, protocol, version, mandatory=mandatory, **recorded)
    told = f"{found.site} approves {approval_text(found)}."
    answer(lambda: fields(found), lambda: told if found.new else f"{told} So it did before; nothing has changed.")


@dayzero.command()
@click.argument("protocol", metavar="ID")
@click.argument("subject")
@option("--site", metavar="S", text="The site the patient comes to.", required=True)
@VERSION
@ENROLLED
@SET
@GROUP
@HISTORY
@GIVEN
@BEGINS
def enrol(protocol: str, subject: str, **typed: Any) -> None:
    """Enrols a patient: the protocol becomes a calendar.

    \b
    Examples:
      dayzero enrol NEUK203-13 P-001 --site BJ01 \\
          --set d1=2026-03-02 --group dose_level=DL1
      dayzero enrol GD2B7H3-CART P-002 --site BJ01 --enrolled 2026-07-20 --dry-run
    """
    typed["dates"] = named(typed["dates"], "VISIT=WHEN")
    typed["groups"] = named(typed["groups"])
    typed["history"] = named(typed["history"], "NAME=DATE")
    typed["given"] = at_visits(typed["given"])
    with store() as trial:
        change = trial.enrol(protocol, subject, **typed)
    report(change)


def write_timeline(subject: str, file: str, now: str | None) -> None:
    """Writes the picture of a patient's plan, and says so beside what else is printed."""
    from scheduler.files import write_file

    with store() as trial:
        picture = trial.timeline(subject, now=now)
    write_file(file, picture.encode(), example="timeline.svg")
    click.echo(f"{file}: the timeline of {subject}.", err=remembered("json") is not None)


@dayzero.command()
@option("--site", metavar="S", text="Only the patients of this site.")
@option("--protocol", metavar="ID", text="Only the patients in this protocol.")
@NOW
@READS
def subjects(**asked: Any) -> None:
    """Lists the patients: what comes next, and what is overdue.

    Those whom an event stopped, such as death, are listed below the others.

    \b
    Examples:
      dayzero subjects
      dayzero subjects --site BJ01 --json
    """
    from calendars.subjects import subjects_document, subjects_text

    with store() as trial:
        found = trial.subjects(**asked)
    answer(lambda: subjects_document(found), lambda: subjects_text(found, **look()))


@dayzero.command()
@click.argument("subject")
@option("--timeline", metavar="FILE.svg", text="Write a picture of it instead.")
@NOW
@READS
def show(subject: str, timeline: str | None, now: str | None) -> None:
    """Prints a patient's calendar.

    With it come its conflicts, deviations and open questions.

    \b
    Examples:
      dayzero show P-001
      dayzero show P-001 --json
      dayzero show P-001 --timeline p-001.svg
    """
    if timeline is not None:
        write_timeline(subject, timeline, now)
        if not remembered("json"):
            return
    with store() as trial:
        patient = trial.show(subject, now=now)
    print_plan(patient.plan, patient.today, subject=subject, site=patient.site.id, revision=patient.revision)


@dayzero.command()
@click.argument("subject")
@click.argument("visit")
@READS
def why(subject: str, visit: str) -> None:
    """Tells where the date of a visit comes from.

    \b
    Examples:
      dayzero why P-001 d4
    """
    from calendars.layout import paragraph

    with store() as trial:
        steps = trial.why(subject, visit)
    width = look()["width"]
    answer(
        lambda: {"subject": subject, "visit": visit, "steps": steps},
        lambda: "\n".join(paragraph(step, width=width, rest="  ") for step in steps),
    )


@dayzero.command()
@option("--site", metavar="S", text="Only the patients of this site.")
@option("--department", metavar="D", text="Only what this department must have ready.")
@option("--from", "start", metavar="DATE", text="The first day (else today).")
@option("--days", metavar="N", text="How many days (else 14).", type=click.IntRange(1, 3660), default=14)
@option("--count", "grouping", metavar="BY", text="Count the visits by day, site or department instead.")
@NOW
@READS
def agenda(grouping: str | None, **asked: Any) -> None:
    """Lists who comes when, and for what.

    For a department it also counts the visits, by day and by what must be ready. With --count it counts them instead:
    by day, by site, or by department and what each must have ready.

    \b
    Examples:
      dayzero agenda --site BJ01 --days 7
      dayzero agenda --department pharmacy --from 2026-03-02
      dayzero agenda --count department --days 7
    """
    from calendars.document import agenda_document
    from calendars.tables import agenda_table

    check_grouping(grouping)
    with store() as trial:
        items = trial.agenda(**asked)
    if grouping is not None:
        print_numbers(items, grouping)
        return
    if asked["department"] is not None:
        print_department(items, asked["department"])
        return
    answer(lambda: agenda_document(items), lambda: agenda_table(items, **look()))


def check_grouping(name: str | None) -> None:
    """Raises UnknownName for what visits cannot be counted by."""
    from calendars.agenda import BY
    from schedules.errors import UnknownName

    if name is not None and name not in BY:
        raise UnknownName("way {} to count visits by", name, BY, advice=f"Choose one of {', '.join(BY)}.")


def print_numbers(items: Sequence[AgendaItem], by: str) -> None:
    """Prints how many visits of an agenda there are, by day, site or department."""
    from calendars.worklist_document import grouped_document
    from calendars.worklist_tables import grouped_text

    answer(lambda: grouped_document(items, by), lambda: grouped_text(items, by, **look()))


def print_department(items: Sequence[AgendaItem], department: str) -> None:
    """Prints the part of an agenda that a department has to do with, and what it must have ready."""
    from calendars.layout import sections
    from calendars.tables import agenda_table
    from calendars.worklist_document import department_document
    from calendars.worklist_tables import department_text

    answer(
        lambda: department_document(items, department),
        lambda: sections((agenda_table(items, **look()), department_text(items, department, **look()))),
    )


@dayzero.command()
@option("--site", metavar="S", text="Only the patients of this site.")
@NOW
@READS
def overdue(**asked: Any) -> None:
    """Lists what is overdue, and what soon will be.

    A visit is overdue when its window is over, or the day of one that is booked or has no window, and nothing of it is
    recorded. Below them: windows that close, labs that expire and periods that end within 7 days, and visits booked
    within 14 days that wait for a milestone.

    \b
    Examples:
      dayzero overdue --site BJ01
      dayzero overdue --json
    """
    from calendars.worklist_document import worklist_document
    from calendars.worklist_tables import worklist_text

    with store() as trial:
        found = trial.overdue(**asked)
    answer(lambda: worklist_document(found), lambda: worklist_text(found, **look()))


@dayzero.command()
@click.argument("subject", required=False)
@option("--protocol", metavar="ID", text="Only those of patients in this protocol.")
@option("--site", metavar="S", text="Only those of this site's patients.")
@flag("--csv", "as_csv", text="Print CSV, for spreadsheets.")
@READS
def deviations(subject: str | None, protocol: str | None, site: str | None, as_csv: bool) -> None:
    """Lists what happened against the protocol, and why.

    Of one patient also what expires, and which questions are open.

    \b
    Examples:
      dayzero deviations P-001
      dayzero deviations --protocol NEUK203-13 --csv > deviations.csv
    """
    from calendars.deviations import deviations_csv, deviations_report
    from calendars.worklist_document import deviations_document

    if as_csv and remembered("json"):
        raise click.UsageError("Give either --csv or --json, not both.", click.get_current_context())
    with store() as trial:
        found = trial.deviations(subject=subject, protocol=protocol, site=site)
    if as_csv:
        sys.stdout.buffer.write(deviations_csv(found).encode())
        return
    answer(lambda: deviations_document(found), lambda: deviations_report(found, **look()))


@dayzero.command()
@option("--site", metavar="S", text="Only of this site's patients.")
@option("--protocol", metavar="ID", text="Only of patients in this protocol.")
@option("--since", metavar="TIME", text="From this day or time on (else from yesterday on).")
@NOW
@READS
def changes(**asked: Any) -> None:
    """Lists what was recorded lately, of all patients.

    By whom, when and why, as 'dayzero audit' tells of one patient. Days begin at midnight at each site.

    \b
    Examples:
      dayzero changes
      dayzero changes --site BJ01 --since 2026-03-02
    """
    from calendars.subjects import recorded_document, recorded_text

    with store() as trial:
        found = trial.changes(**asked)
    answer(lambda: recorded_document(found), lambda: recorded_text(found, **look()))


# What happens, and what that moves


@dayzero.command()
@click.argument("subject")
@click.argument("visit")
@click.argument("when")
@several("--given", metavar="ACTIVITY", text="An optional activity, chosen for this visit.")
@flag("--override", text="Book it although it waits for a milestone; say --why.")
@RECORDS
def book(subject: str, visit: str, when: str, **recorded: Any) -> None:
    """Books a visit, and prints what that moves.

    \b
    Examples:
      dayzero book P-001 d1 2026-03-02T10:00
      dayzero book P-001 d1 2026-03-04 --dry-run
    """
    with store() as trial:
        change = trial.book(subject, visit, when, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("visit")
@click.argument("when")
@flag("--shift", text="Move everything booked later by as many days.")
@flag("--yes", text="With --shift on a terminal: do not ask before it is done.")
@RECORDS
def move(subject: str, visit: str, when: str, *, yes: bool, **recorded: Any) -> None:
    """Moves a visit to another day, and prints what that moves.

    Unlike book it is never refused because the visit waits for a milestone. On a terminal --shift shows what would move
    and asks before anything does.

    \b
    Examples:
      dayzero move P-001 d1 2026-03-05 --why 'fever on the planned day'
      dayzero move P-001 d1 2026-03-05 --shift --dry-run
    """
    shift, dry_run = recorded["shift"], recorded["dry_run"]
    if yes and (not shift or dry_run):
        raise click.UsageError("--yes goes with --shift, and without --dry-run.", click.get_current_context())
    with store() as trial:
        once_confirmed(partial(trial.move, subject, visit, when), ask=shift and not yes, **recorded)


def once_confirmed(use_case: Callable[..., Change], *, ask: bool, **recorded: Any) -> None:
    """Does what changes more than was typed. On a terminal it is shown first and, with ``ask``, only then done if
    somebody says yes; what was recorded meanwhile refuses it."""
    if not at_a_terminal(ask, recorded):
        report(use_case(**recorded))
        return
    tried = use_case(**recorded | {"dry_run": True})
    warn(tried.warnings)
    click.echo(change_text(tried, ask=True))
    confirm()
    change = use_case(**recorded | {"seen": tried.revision - 1})
    click.echo(f"{change.subject}, recorded (revision {change.revision}).")


@dayzero.command()
@click.argument("subject")
@click.argument("visit")
@click.argument("when")
@several("--withheld", metavar="ACTIVITY", text="What was not given.")
@several("--given", metavar="ACTIVITY", text="An optional activity that was given.")
@flag("--again", text="It was done before, and was done once more.")
@RECORDS
def done(subject: str, visit: str, when: str, **recorded: Any) -> None:
    """Records a visit that took place, and prints what that moves.

    A visit that is done --again counts instead of the time before, which stays on record.

    \b
    Examples:
      dayzero done P-001 d1 2026-03-04 --why 'fever on the planned day'
      dayzero done P-001 d7 2026-03-10 --withheld il2
      dayzero done P-001 labs 2026-03-01 --again
    """
    with store() as trial:
        change = trial.done(subject, visit, when, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("visit")
@RECORDS
def missed(subject: str, visit: str, **recorded: Any) -> None:
    """Records a visit that did not take place.

    \b
    Examples:
      dayzero missed P-001 d10 --why 'snow, no trains'
    """
    with store() as trial:
        change = trial.missed(subject, visit, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("visit")
@RECORDS
def cancel(subject: str, visit: str, **recorded: Any) -> None:
    """Cancels a visit, for a reason; booked again, it is live again.

    \b
    Examples:
      dayzero cancel P-001 d10 --why 'scanner out of order'
    """
    with store() as trial:
        change = trial.cancel(subject, visit, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("label")
@click.argument("when")
@RECORDS
def add(subject: str, label: str, when: str, **recorded: Any) -> None:
    """Adds an unscheduled visit, which moves nothing.

    It gets an id of its own, such as unscheduled-1. It is recorded as done if WHEN is not in the future, else it is
    booked. LABEL stays in the record for good, so it names no person.

    \b
    Examples:
      dayzero add P-001 'Fever, seen in the ward' 2026-03-12
      dayzero add P-001 'Extra blood count' 2026-03-20T09:30
    """
    with store() as trial:
        change = trial.add(subject, label, when, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("milestone")
@click.argument("day", metavar="DATE")
@RECORDS
def event(subject: str, milestone: str, day: str, **recorded: Any) -> None:
    """Records a milestone: product on site, progression, death …

    \b
    Examples:
      dayzero event P-001 product-on-site 2026-02-20
      dayzero event P-001 progression 2026-06-02
    """
    with store() as trial:
        change = trial.event(subject, milestone, day, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("groups", metavar="NAME=VALUE...", nargs=-1, required=True)
@RECORDS
def group(subject: str, groups: tuple[str, ...], **recorded: Any) -> None:
    """Records a patient's dose level, arm, cohort or stratum.

    \b
    Examples:
      dayzero group P-001 dose_level=DL2
    """
    values = named(groups)
    with store() as trial:
        change = trial.group(subject, values, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("answers", metavar="NAME=DATE|never...", nargs=-1, required=True)
@RECORDS
def history(subject: str, answers: tuple[str, ...], **recorded: Any) -> None:
    """Records what was asked at screening: a date, or never.

    \b
    Examples:
      dayzero history P-001 stroke=never major-surgery=2025-11-20
      dayzero history P-001 systemic-therapy=2026-01-12 \\
          systemic-therapy.half-life='6 days'
    """
    values = named(answers, "NAME=DATE")
    with store() as trial:
        change = trial.history(subject, values, **recorded)
    report(change)


@dayzero.command()
@click.argument("subject")
@click.argument("fact", metavar="FACT-ID", type=int)
@click.argument("when", required=False)
@YES
@RECORDS
def correct(subject: str, fact: int, when: str | None, *, yes: bool, **recorded: Any) -> None:
    """Corrects the date of a fact; without WHEN takes the fact back.

    FACT-ID is its number in 'dayzero audit SUBJECT'. Nothing is removed: the correction is a fact too, with its reason,
    and the plan is then what it would have been. On a terminal the change is shown before it is recorded.

    \b
    Examples:
      dayzero correct P-001 12 2026-03-04 --why 'misread the chart'
      dayzero correct P-001 12 --why 'it was another patient' --dry-run
    """
    with store() as trial:
        once_confirmed(partial(trial.correct, subject, fact, when), ask=not yes, **recorded)


@dayzero.command()
@click.argument("subject")
@YES
@RECORDS
def undo(subject: str, *, yes: bool, **recorded: Any) -> None:
    """Takes back what the same person last recorded.

    All facts of that one command are taken back by corrections. A further undo goes one further back; the enrolment
    stays. On a terminal the change is shown before it is recorded.

    \b
    Examples:
      dayzero undo P-001
      dayzero undo P-001 --by cora --dry-run
    """
    with store() as trial:
        once_confirmed(partial(trial.undo, subject), ask=not yes, **recorded)


@dayzero.command()
@click.argument("protocol", metavar="ID")
@option("--to", metavar="VERSION", text="The version to go to.", required=True)
@option("--effective", metavar="DATE", text="The day from which it holds.", required=True)
@option("--subject", metavar="S", text="Only this patient.")
@option("--site", metavar="S", text="Only the patients of this site.")
@option("--reconsented", metavar="DATE", text="With --subject: the day on which the patient consented to it.")
@YES
@RECORDS_ROUND
def amend(protocol: str, *, yes: bool, **asked: Any) -> None:
    """Moves patients to another version of their protocol.

    Their site must have approved it. From the day on the version holds: nothing that was done changes, what is dated
    before the day stays as it is, and nothing is added to the past. Patients who died, withdrew or were lost are left
    alone. Run again after an interruption, it goes on with those not yet moved. On a terminal what changes is shown
    before it is recorded.

    A version that a site approved by re-consent moves only patients named with --subject and --reconsented.

    \b
    Examples:
      dayzero amend NEUK203-13 --to 2.0 --effective 2026-04-01 --dry-run
      dayzero amend NEUK203-13 --to 2.0 --site BJ01 --effective 2026-04-01
      dayzero amend NEUK203-13 --to 2.0 --subject P-001 \\
          --effective 2026-04-01 --reconsented 2026-03-30
    """
    from calendars.rounds import rounds_document, rounds_text

    asks = at_a_terminal(not yes, asked)
    with store() as trial:
        with progress_bar("Amending") as progress:
            found = trial.amend(protocol, progress=progress, **asked | ({"dry_run": True} if asks else {}))
        head = {"protocol": found.protocol, "version": found.version, "dry_run": found.dry_run}
        dry = "\n\nThis was a dry run: nothing was written." if asked["dry_run"] else ""
        answer(lambda: head | rounds_document(found.patients), lambda: rounds_text(found.patients, **look()) + dry)
        if asks and found.changes:
            confirm()
            with progress_bar("Amending") as progress:
                found = trial.amend(protocol, progress=progress, **asked)
            click.echo(counts_of(found.patients))


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """What is called with how many are done, and of how many; on a terminal it draws a bar beside the answer."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def drawn(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield drawn


# Calendar files, contacts, reminders


@dayzero.command()
@click.argument("subject", required=False)
@option("--site", metavar="S", text="All patients of a site, instead of one.")
@option("-o", "--output", metavar="FILE.ics", text="The file to write (else standard output).")
@option("--department", metavar="D", text="Only what a department has to do.")
@option("--role", metavar="R", text="For a role: patient, caregiver, coordinator, a department …")
@option("--level", metavar="LEVEL", text="How much it tells: private (if not given; for staff coded), coded, full.")
@option("--language", metavar="L", text="en (if not given), zh, de or es.", default="en")
@option("--from", "start", metavar="DATE", text="The first day.")
@option("--to", "end", metavar="DATE", text="The last day.")
@option("--with", "extras", metavar="LIST", text="What to add: periods,samples,windows.", default="")
@option("--alarm", "alarms", metavar="LIST", text="Alarms before a visit, at most two.", default="")
@DATABASE
def export(subject: str | None, site: str | None, output: str | None, **asked: Any) -> None:
    """Writes a calendar file (iCalendar).

    At level private it has a neutral title and no name, drug or diagnosis.

    \b
    Examples:
      dayzero export P-001 -o visits.ics
      dayzero export P-001 --role patient -o visits.ics \\
          --alarm '1 day before at 17:00'
      dayzero export --site BJ01 --level coded --from 2026-03-01 --to 2026-03-31
      dayzero export --site BJ01 --role pharmacy --level full --with samples
    """
    from calendars.entries import parse_extras
    from scheduler.exporting import level_of
    from scheduler.files import write_file
    from schedules.typed import parse_day
    from schedules.words import counted

    asked["extras"] = parse_extras(asked["extras"])
    asked |= {name: parse_day(asked[name]) for name in ("start", "end") if asked[name]}
    with store() as trial:
        data = trial.export(**one_of(subject, site), **asked)
    if output is None:
        sys.stdout.buffer.write(data)
        return
    write_file(output, data)
    number = data.count(b"BEGIN:VEVENT")
    click.echo(f"{output}: {counted(number, 'event')}, level {level_of(asked['level'], asked['role'])}.")


@dayzero.command("print")
@click.argument("subject")
@option("-o", "--output", metavar="FILE.html", text="The file to write (else standard output).")
@option("--level", metavar="LEVEL", text="How much it tells: private (if not given), coded, full.", default="private")
@option("--language", metavar="L", text="en (if not given), zh, de or es.", default="en")
@option("--from", "start", metavar="DATE", text="The first day (else today).")
@option("--to", "end", metavar="DATE", text="The last day (else that of the last visit).")
@option("--call", metavar="TEXT", text="Whom to call (else a line to write on).", default="")
@NOW
@DATABASE
def print_page(subject: str, output: str | None, **asked: Any) -> None:
    """Writes a page for the patient, to be printed.

    It has months, visits and what to keep in mind. A browser shows it on any screen and prints it on paper. At level
    private it has no name, drug or diagnosis, and lines to write on.

    \b
    Examples:
      dayzero print P-001 -o visits.html --call 'Study nurse, +1 555 0100'
      dayzero print P-001 -o visits.html --language zh --to 2026-06-30
    """
    from scheduler.files import write_file
    from schedules.typed import parse_day
    from schedules.words import counted

    asked |= {name: parse_day(asked[name]) for name in ("start", "end") if asked[name]}
    with store() as trial:
        text = trial.page(subject, **asked)
    if output is None:
        sys.stdout.buffer.write(text.encode())
        return
    write_file(output, text.encode(), example="visits.html")
    number = text.count('<li class="visit ')
    click.echo(f"{output}: {counted(number, 'visit')}, level {asked['level']}.")


@dayzero.group()
def contact() -> None:
    """Keeps whom to remind: patients, caregivers, staff.

    \b
    Examples:
      dayzero contact add P-001 --role patient --email patient@example.org
      dayzero contact list P-001
    """


@contact.command("add")
@click.argument("subject", required=False)
@option("--site", metavar="S", text="A site, for a coordinator, the pharmacy and other staff.")
@option("--role", metavar="R", text="patient, caregiver, coordinator, pharmacy, cell lab …", required=True)
@option("--email", metavar="A", text="An address for e-mail.", default="")
@option("--notify", metavar="URL", text="A webhook's https://…, or SERVICE://WHOM, as in sms://+49…", default="")
@option("--zone", metavar="Z", text="Their time zone (else the site's).")
@option("--quiet", metavar="FROM-TO", text="When to send nothing, such as 21:00-08:00 (if not given, none).")
@option("--language", metavar="L", text="en (if not given), zh, de or es.", default="en")
@option("--level", metavar="LEVEL", text="How much messages tell: private, coded, full (else by the role).")
@several("--rule", "rules", metavar="RULE", text="Its own rules, instead of the site's or protocol's.")
@ADDS
def contact_add(subject: str | None, site: str | None, **details: Any) -> None:
    """Adds somebody who gets reminders.

    Where no way of sending is set up for an address, its messages go to the console.

    \b
    Examples:
      dayzero contact add P-001 --role patient --email patient@example.org \\
          --quiet 21:00-08:00
      dayzero contact add --site BJ01 --role pharmacy --zone Asia/Shanghai
    """
    details["rules"] = details["rules"] or None
    with store() as trial:
        added = trial.add_contact(**one_of(subject, site), **details)
    answer(lambda: contact_document(added), lambda: f"Contact {added.id} is added: {added.role} of {added.owner}.")


@contact.command("list")
@click.argument("subject", required=False)
@option("--site", metavar="S", text="The contacts of a site.")
@READS
def contact_list(subject: str | None, site: str | None) -> None:
    """Lists the contacts of a patient or a site.

    \b
    Examples:
      dayzero contact list P-001
      dayzero contact list --site BJ01 --json
    """
    with store() as trial:
        found = trial.contacts(**one_of(subject, site))
    answer(lambda: [contact_document(item) for item in found], lambda: contacts_text(found))


@contact.command("test")
@click.argument("number", metavar="NO", type=click.IntRange(1, 2**31 - 1))
@READS
def contact_test(number: int) -> None:
    """Sends a test message to a contact, by whatever is set up for it.

    NO is the contact's number, as 'contact list' shows it.

    \b
    Examples:
      dayzero contact test 3
    """
    with store() as trial:
        sent = trial.try_contact(number, say=say)
    answer(sent.document, lambda: f"A test message went to contact {number} by {sent.channel}.")


@contact.command("change")
@click.argument("number", metavar="NO", type=int)
@option("--zone", metavar="Z", text="Their time zone.")
@option("--quiet", metavar="FROM-TO", text="When to send nothing, such as 21:00-08:00, or none.")
@option("--language", metavar="L", text="en, zh, de or es.")
@option("--level", metavar="LEVEL", text="How much messages tell: private, coded, full.")
@several("--rule", "rules", metavar="RULE", text="Its own rules, instead of the site's or protocol's.")
@flag("--no-rules", text="Back to the rules of the site or protocol.")
@CHANGES
def contact_change(number: int, *, no_rules: bool, **changes: Any) -> None:
    """Changes a contact; what waits for it is re-timed.

    \b
    Examples:
      dayzero contact change 3 --zone Asia/Kathmandu
      dayzero contact change 3 --rule '1 day before at 17:00' --rule moved
    """
    changes["rules"] = changes["rules"] or None
    with store() as trial:
        changed = trial.change_contact(number, own_rules=not no_rules, **changes)
    answer(
        lambda: contact_document(changed), lambda: f"Contact {number} is changed: {changed.role} of {changed.owner}."
    )


@contact.command("pause")
@click.argument("number", metavar="NO", type=int)
@option("--until", metavar="TIME", text="A day or time at their zone (else for good).")
@CHANGES
def contact_pause(number: int, until: str | None, **recorded: Any) -> None:
    """Sends a contact nothing any more, or nothing for a while.

    \b
    Examples:
      dayzero contact pause 3
      dayzero contact pause 3 --until 2026-04-01
    """
    with store() as trial:
        paused = trial.pause_contact(number, until=until, **recorded)
    told = f" until {until}" if until else ""
    answer(lambda: contact_document(paused), lambda: f"Contact {number} gets nothing{told}: {paused.role}.")


@contact.command("resume")
@click.argument("number", metavar="NO", type=int)
@CHANGES
def contact_resume(number: int, **recorded: Any) -> None:
    """Sends a paused contact what comes from now on.

    \b
    Examples:
      dayzero contact resume 3
    """
    with store() as trial:
        resumed = trial.resume_contact(number, **recorded)
    answer(lambda: contact_document(resumed), lambda: f"Contact {number} gets its reminders again: {resumed.role}.")


@contact.command("erase")
@click.argument("number", metavar="NO", type=int)
@CHANGES
def contact_erase(number: int, **recorded: Any) -> None:
    """Removes a contact for good; what waits for it is not sent.

    Backups made before still have it, until they are removed.

    \b
    Examples:
      dayzero contact erase 3
    """
    with store() as trial:
        erased = trial.erase_contact(number, **recorded)
    if not erased.scrubbed:
        warn(["Another program reads the database, so the file may still hold its pages. Stop it and erase again."])
    told = f"Contact {number} is erased: {erased.role} of {erased.owner}. {erased.suppressed} reminders are not sent."
    answer(lambda: fields(erased), lambda: told)


def contact_document(contact: Contact) -> dict[str, object]:
    return fields(contact) | {"quiet": quiet_hours(contact) or None}


def quiet_hours(contact: Contact) -> str:
    return "-".join(f"{moment:%H:%M}" for moment in contact.quiet or ())


def contacts_text(contacts: Sequence[Contact]) -> str:
    from calendars.layout import table

    rows = [
        (str(item.id), item.role, item.email or item.notify or "console", item.zone, quiet_hours(item), item.language)
        for item in contacts
    ]
    return (
        table(("No.", "Role", "Where", "Zone", "Quiet", "Language"), rows, **look()) if rows else "No contact is there."
    )


@dayzero.group(invoke_without_command=True)
@flag("--once", text="Send what is due now, each reminder once.")
@NOW
@READS
@click.pass_context
def remind(context: click.Context, once: bool, now: str | None) -> None:
    """Sends the reminders that are due, or lists them.

    \b
    Examples:
      dayzero remind --once
      dayzero remind --once --now 2026-03-01T17:00 --json
      dayzero remind list P-001
    """
    if context.invoked_subcommand is not None:
        if once or now:
            raise click.UsageError(f"--once and --now do not go with {context.invoked_subcommand}.", context)
        return
    if not once:
        raise click.UsageError("Give --once to send what is due, or 'list SUBJECT' to see what is queued.", context)
    with store() as trial:
        sweep = trial.remind_once(now=now, say=say)
    told = f"{sweep.sent} sent, {sweep.suppressed} suppressed, {sweep.missed} missed, {sweep.failed} failed."
    answer(sweep.document, lambda: told)


def say(message: Message) -> None:
    """The console as a channel: for which role, and the text; beside the answer where that is JSON."""
    say_aloud(message, err=bool(remembered("json")))


def say_aloud(message: Message, *, err: bool = False) -> None:
    """As :func:`say`, and of use in any thread: click's command line is known to its own alone."""
    from calendars.layout import paragraph

    click.echo(paragraph(f"{message.role}: {message.text}", width=look()["width"], rest="  "), err=err)


@remind.command("list")
@click.argument("subject", required=False)
@flag("--dead", text="What could not be delivered, of all patients.")
@flag("--missed", text="What was past its use before it could be sent, of all patients.")
@option("--site", metavar="S", text="With --dead or --missed: only of this site.")
@READS
def remind_list(subject: str | None, *, dead: bool, missed: bool, site: str | None) -> None:
    """Lists a patient's reminders: what, when, to which role, why.

    \b
    Examples:
      dayzero remind list P-001
      dayzero remind list --dead --site BJ01
      dayzero remind list P-001 --json
    """
    if (subject is not None) + dead + missed != 1 or (site is not None and subject is not None):
        context = click.get_current_context()
        raise click.UsageError("Give a SUBJECT, or --dead or --missed, which may be of one --site S.", context)
    with store() as trial:
        if subject is not None:
            queued = trial.reminders(subject)
        else:
            queued = trial.reminders_in_state("failed" if dead else "missed", site=site)
    nothing = "No reminder is queued." if subject is not None else "There is none."
    answer(
        lambda: [fields(item) for item in queued], lambda: queued_text(queued, nothing, with_subject=subject is None)
    )


def queued_text(queued: Sequence[Queued], nothing: str, *, with_subject: bool) -> str:
    from calendars.layout import Cell, Note, table

    rows: list[Sequence[str | Cell] | Note] = []
    for item in queued:
        told = (f"{item.due:%Y-%m-%d %H:%M}", item.role, item.visit, item.rule, item.state)
        rows += [(*((item.subject,) if with_subject else ()), *told), Note(f"  {item.why}")]
    heads = (*(("Subject",) if with_subject else ()), "Due (UTC)", "Role", "Visit", "Rule", "State")
    return table(heads, rows, **look()) if rows else nothing


@dayzero.command("run")
@option("--every", "seconds", metavar="SECONDS", text="How often to sweep.", type=click.IntRange(1, 3600), default=30)
@option("--night", metavar="TIME", text="When to look after the database (else 03:00, the machine's).", default="03:00")
@option("--backups", metavar="FOLDER", text="Where a SQLite file's backups are (else beside it).")
@option("--keep", metavar="N", text="How many backups to keep.", type=click.IntRange(1, 1000), default=14)
@DATABASE
def run_service(seconds: int, night: str, backups: str | None, keep: int) -> None:
    """Sends reminders as they fall due, until it is stopped.

    Every night it verifies all records and makes a backup. Stopped (SIGTERM, Ctrl-C) it finishes what it has begun.

    \b
    Examples:
      dayzero run
      dayzero run --every 60 --night 02:30 --backups /backups/trial
    """
    from pathlib import Path

    from scheduler.running import Rhythm
    from schedules.typed import parse_clock

    folder = None if backups is None else Path(backups)
    with store() as trial:
        trial.run(rhythm=Rhythm(seconds=seconds, night=parse_clock(night), backups=folder, keep=keep), say=say_aloud)


# Looking after it


@dayzero.command()
@click.argument("subject")
@flag("--verify", text="Exit with 1 if a fact was changed, removed or re-ordered.")
@option(
    "--head", metavar="[HASH]", text="Print the last hash; with --verify, look for HASH.", is_flag=False, flag_value=""
)
@READS
def audit(subject: str, verify: bool, head: str | None) -> None:
    """Tells who recorded what, when and why.

    Keep the last hash elsewhere: with it, facts that were cut off at the end or a chain that was written anew show too.

    \b
    Examples:
      dayzero audit P-001 --verify
      dayzero audit P-001 --head > P-001.head
      dayzero audit P-001 --verify --head "$(cat P-001.head)"
    """
    if head and not verify:
        raise click.UsageError(
            "HASH is looked for with --verify; --head alone prints the last one.", click.get_current_context()
        )
    with store() as trial:
        found = trial.audit(subject, verify=verify, head=head or None)
    answer(lambda: audit_document(found, verify), lambda: audit_text(found, verify, head is not None))
    if not found.ok:
        click.echo("\n".join(f"Error: {problem}" for problem in found.problems), err=True)
        no()


def audit_document(found: Audit, verify: bool) -> dict[str, object]:
    from calendars.document import audit_document as facts_document

    return {
        "subject": found.subject,
        "facts": facts_document(found.record),
        "head": found.head,
        "verified": found.ok if verify else None,
        "problems": found.problems,
    }


def audit_text(found: Audit, verify: bool, head: bool) -> str:
    from calendars.facts import audit_text as facts_text
    from calendars.layout import sections

    if head and not verify:
        return found.head
    verdict = f"Verified: {len(found.record.facts)} facts, none changed, removed or re-ordered." if verify else ""
    return sections(
        (
            facts_text(found.record, **look()),
            verdict if found.ok else "Not verified.",
            f"Last hash: {found.head}" if head else "",
        )
    )


@dayzero.group()
def record() -> None:
    """Takes a patient's whole record out, and into another database.

    \b
    Examples:
      dayzero record export P-001 -o p-001.json
      dayzero record import p-001.json --database sqlite:///other.db
    """


@record.command("export")
@click.argument("subject")
@option("-o", "--output", metavar="FILE", text="The file to write (else standard output).")
@DATABASE
def record_export(subject: str, output: str | None) -> None:
    """Writes a patient's whole record as JSON.

    It holds the facts with their hashes, the protocol, the site's days, and what calendars have been told. Contacts are
    not in it. Whoever has the file can tell whose a calendar is: keep it as you keep the database.

    \b
    Examples:
      dayzero record export P-001 -o p-001.json
    """
    from scheduler.files import write_file

    with store() as trial:
        data = trial.export_record(subject)
    if output is None:
        sys.stdout.buffer.write(data)
        return
    write_file(output, data, example=f"{subject}.json", own=True)
    click.echo(f"{output}: the whole record of {subject}, without contacts.")


@record.command("import")
@click.argument("file", metavar="FILE")
@DRY_RUN
@NOW
@READS
def record_import(file: str, **how: Any) -> None:
    """Reads such a file, into a database without that patient.

    All of it is verified first. The plan, the dates, and what calendars are told are then the same as where it was
    exported; reminders are queued from now on.

    \b
    Examples:
      dayzero record import p-001.json --dry-run
      dayzero record import p-001.json --database sqlite:///other.db
    """
    from scheduler.files import file_bytes

    data = file_bytes(file)
    with store() as trial:
        imported = trial.import_record(data, **how)
    warn(imported.warnings)
    done = "can be imported (this was a dry run: nothing was written)" if imported.dry_run else "is imported"
    answer(
        lambda: fields(imported),
        lambda: (
            f"The record of {imported.subject} {done}: {imported.facts} facts, revision {imported.revision}.\n"
            f"Last hash: {imported.head}\n"
            f"Contacts are in no record: add them with 'dayzero contact add {imported.subject} --role patient'."
        ),
    )


@dayzero.command()
@flag("--strict", text="Exit with 1 if something needs somebody.")
@NOW
@READS
def status(strict: bool, now: str | None) -> None:
    """Tells which database is used, and how it stands.

    \b
    Examples:
      dayzero status
      dayzero status --strict --json
    """
    with store() as trial:
        state = trial.status(now=now)
    answer(lambda: fields(state), lambda: state_text(state))
    if strict and state.health:
        no()


def state_text(state: State) -> str:
    reminders = ", ".join(f"{number} {name}" for name, number in state.reminders.items())
    rows = {
        "Schema": state.schema,
        "Protocols": state.protocols,
        "Sites": state.sites,
        "Subjects": f"{state.subjects}, with {state.visits_to_come} visits to come",
        "Reminders": f"{reminders}; {state.reminders_due} due now",
        "Channels": state.settings_problem or ", ".join(state.channels),
        "Last sweep": f"{state.last_sweep:%Y-%m-%d %H:%M} UTC, {how_long_ago(state)}" if state.last_sweep else "never",
        "Last night": f"{state.last_night:%Y-%m-%d %H:%M} UTC, {state.night}" if state.last_night else "never",
        "Last backup": f"{state.last_backup:%Y-%m-%d %H:%M} UTC" if state.last_backup else "never",
        "Health": " ".join(state.health) or "good",
    }
    # An address is copied from here, so it stays in one piece.
    return f"Database    {state.database}\n{in_rows({name: str(value) for name, value in rows.items()})}"


def in_rows(rows: Mapping[str, str]) -> str:
    """A line a name and its value, which goes on below itself where it is long."""
    from calendars.layout import paragraph

    width = look()["width"]
    return "\n".join(paragraph(text, width=width, first=f"{name:<11} ", rest=" " * 12) for name, text in rows.items())


def how_long_ago(state: State) -> str:
    """The time since the last sweep in words, such as "3 hours ago"; with another --now it may be still to come."""
    import pendulum

    assert state.last_sweep is not None
    length = pendulum.instance(state.last_sweep).diff_for_humans(pendulum.instance(state.now), True, "en")
    return f"{length} ago" if state.last_sweep <= state.now else f"in {length}"


@dayzero.command()
@click.argument("protocols", metavar="[ID]...", nargs=-1)
@click.option("--patients", metavar="N", default=20, show_default=True, help="How many are invented.")
@click.option("--days", metavar="N", default=365, show_default=True, help="For how many days they are followed.")
@option("--start", metavar="DATE", text="The first day.", default="2026-01-05", show_default=True)
@click.option("--seed", metavar="N", default=1, show_default=True, help="The same seed gives the same patients.")
@READS
def simulate(protocols: tuple[str, ...], start: str, **numbers: int) -> None:
    """Runs invented patients through a trial.

    They are delayed, miss visits, progress, withdraw and die. Everything is recorded by the real commands' use cases
    and reminded of by the real sweep; only the clock is not real. Without --database it is on a temporary database,
    which is gone afterwards, also where DAYZERO_DATABASE is set; with it, the database must be new, since what is
    invented must not mix with what is real.

    \b
    Examples:
      dayzero simulate
      dayzero simulate NEUK203-13 --patients 100 --days 200 --seed 7
      dayzero simulate --database sqlite:///simulated.db --json
    """
    from scheduler.simulation.running import Simulation, simulate_in
    from schedules.typed import parse_day

    what = Simulation(protocols=protocols, start=parse_day(start), **numbers)
    with click.progressbar(length=what.days, label="Days", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        outcome = simulate_in(remembered("typed.database"), what, bar.update)
    answer(outcome.document, lambda: outcome_text(outcome))


def outcome_text(outcome: Outcome) -> str:
    def told(numbers: Mapping[str, int]) -> str:
        return ", ".join(f"{number} {name}" for name, number in numbers.items()) or "none"

    rows = {
        "Patients": f"{outcome.patients}, followed for {outcome.days} days",
        "Recorded": told(dict(sorted(outcome.facts.items()))),
        "Ended": told(dict(sorted(outcome.ended.items()))),
        "Plans": f"{outcome.conflicts} conflicts, {outcome.deviations} deviations",
        "Reminders": told(outcome.reminders),
        "Messages": f"{told(dict(sorted(outcome.messages.items())))}; {outcome.repeated} sent twice",
    }
    return in_rows(rows)


@dayzero.command()
def demo() -> None:
    """Tells one patient's first weeks, with real commands.

    They run on a temporary database, which is gone afterwards.

    \b
    Examples:
      dayzero demo
    """
    from scheduler.demo import tell

    no(tell(run, click.echo))


# Running a command line


def run(arguments: Sequence[str] | None) -> int:
    """Runs a command line (None: the process's own) and gives its exit code; raises what went wrong."""
    code = dayzero.main(args=arguments, prog_name="dayzero", standalone_mode=False)
    return code if isinstance(code, int) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """As :func:`run`, with whatever goes wrong turned into a message and an exit code."""
    try:
        # A character that a terminal cannot show must not end a command whose work is done.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        code = run(arguments)
        sys.stdout.flush()
        return code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (ClosedPipe, BrokenPipeError):
        drop_output()
        return CLOSED_PIPE
    except click.ClickException as error:
        return misused(error)
    except Exception as error:
        if os.environ.get("DAYZERO_DEBUG"):
            raise
        return failed(error)


def misused(error: click.ClickException) -> int:
    """Tells of a command line that is none, in two lines."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return USAGE
    click.echo(f"Error: {error.format_message()}", err=True)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
    return USAGE


def failed(error: Exception) -> int:
    """Tells what went wrong. The one place where an error becomes an exit code."""
    from schedules.errors import DayzeroError, TemplateError

    if isinstance(error, DayzeroError):
        click.echo(f"{'' if isinstance(error, TemplateError) else 'Error: '}{error}", err=True)
        return error.exit_code
    if isinstance(error, UnicodeEncodeError):
        click.echo("Error: Something that was typed is no text, since it holds bytes that are not UTF-8.", err=True)
        return USAGE
    if isinstance(error, OSError):
        drop_output()
        click.echo(f"Error: The output could not be written: {error.strerror or error}.", err=True)
        return UNREACHABLE
    name = type(error).__name__
    click.echo(f"Error: This is a defect of dayzero ({name}). DAYZERO_DEBUG=1 shows where; please report it.", err=True)
    return DEFECT


def drop_output() -> None:
    """Sends nowhere what is still to be written, so that it does not fail again when Python exits."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    sys.exit(main())
