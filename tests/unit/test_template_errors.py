"""Every error a template can hold: the file, line and column, and the words (design §4)."""

from __future__ import annotations

import pytest

from schedules.errors import TemplateError
from schedules.load import load
from schedules.template import Template
from tests.support import template

HEAD = """\
protocol: X
version: "1"
title: A study
reference: {visit: d1, day: 1}
epochs: {treatment: {}, follow-up: {}}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
"""


def loaded(text: str) -> Template:
    return load(text.encode(), "x.yaml")


def errors(text: str) -> list[str]:
    """Every problem of a template, without the name of the file and the word error."""
    with pytest.raises(TemplateError) as caught:
        loaded(text)
    lines = str(caught.value).split("\n")
    assert all(line.startswith("x.yaml:") for line in lines)
    return [line.removeprefix("x.yaml:").replace(": error: ", " ", 1) for line in lines]


def test_the_head_of_these_tests_is_right() -> None:
    assert loaded(HEAD).warnings == ()


# Each error by itself: what stands below the head (line 8 on), and what is said of it

NAMES = [
    ("d2: {epoch: treatment, at: d11 + 2 days}", "8:30 There is no visit or milestone 'd11'. Did you mean 'd1'?"),
    (
        "d2: {epoch: treatment, at: infusion.last + 2 days}",
        "8:30 There is no series or activity 'infusion'. No series is defined yet.",
    ),
    (
        "d2: {epoch: treatment, at: d1.last + 2 days}",
        "8:30 'd1' is one moment; '.last' follows a series or an activity. Write 'd1'.",
    ),
    (
        "d2: {epoch: treatment, at: enrolment.first}",
        "8:30 'enrolment' is one moment; '.first' follows a series or an activity. Write 'enrolment'.",
    ),
    (
        "s: {epoch: treatment, at: [day 2, day 3]}\n  d9: {epoch: treatment, at: s + 1 day}",
        "9:30 's' stands for several visits. Write 's.first', 's.last' or one of its visits.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, no_earlier_than: [d1, d12]}",
        "8:59 There is no visit or milestone 'd12'. Did you mean 'd2'?",
    ),
    (
        "d2: {epoch: treatment, at: day 2, window: day 1 .. d12}",
        "8:54 There is no visit or milestone 'd12'. Did you mean 'd2'?",
    ),
    ("d2: {epoch: treatment, at: day 2, windw: ±1 day}", "8:37 Visit 'd2' has no key 'windw'. Did you mean 'window'?"),
    ("d2: {epoch: treatment, at: day 2, place: wards}", "8:44 There is no place 'wards'. Did you mean 'ward'?"),
    (
        "d2: {epoch: treatment, at: day 2, requires: [eligble]}\nmilestones: {eligible: E}",
        "8:48 There is no milestone 'eligble'. Did you mean 'eligible'?",
    ),
    (
        "d2: {epoch: treatment, at: day 2, together_with: [d3]}",
        "8:53 There is no visit 'd3'. Did you mean 'd2'?",
    ),
    (
        "d2: {epoch: treatment, at: day 2, only_for: {armm: A}}\ngroups: {arm: {A: Arm A}}",
        "8:48 There is no group 'armm'. Did you mean 'arm'?",
    ),
    (
        "d2: {epoch: treatment, at: day 2, only_for: {arm: [A, C]}}\ngroups: {arm: {A: Arm A}}",
        "8:57 Group 'arm' has no value 'C'. Known: A.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, quote: {windw: x}}",
        "8:45 Visit 'd2' has no key 'windw' to be quote. Did you mean 'window'?",
    ),
]
DAYS = [
    (
        "d2: {epoch: treatment, at: day 0}",
        "8:30 There is no Day 0: the reference is Day 1, and the day before it is Day -1.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, no_earlier_than: 'latest(d1, day 0)'}",
        "8:54 There is no Day 0: the reference is Day 1, and the day before it is Day -1.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, window: +1..+3 days}",
        "8:45 The window +1 day .. +3 days of 'd2' excludes its target. "
        "Let it begin at +0 or before, and end at +0 or after.",
    ),
    (
        "s: {epoch: treatment, at: {a: day 3 +1..+2 days, b: day 4}}",
        "8:33 The window +1 day .. +2 days of 's-a' excludes its target. "
        "Let it begin at +0 or before, and end at +0 or after.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, window: day 3 .. day 5}",
        "8:45 The window day 3 .. day 5 of 'd2' excludes its target, day 2. Mend the window or the target.",
    ),
    (
        "d2: {epoch: treatment, at: d1 + 3 months, window: day 1 .. day 60}",
        "8:53 The window day 1 .. day 60 of 'd2' excludes its target, d1 + 3 months. Mend the window or the target.",
    ),
    (
        "d2: {epoch: treatment, at: pd + 2 days, window: pd + 3 days .. pd + 5 days}\nmilestones: {pd: Progression}",
        "8:51 The window pd + 3 days .. pd + 5 days of 'd2' excludes its target, pd + 2 days. "
        "Mend the window or the target.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, window: day 5 .. day 3}",
        "8:45 The window day 5 .. day 3 of 'd2' ends before it starts. Turn it round.",
    ),
    (
        "d2: {epoch: treatment, at: day 7, window: ±3 days, at_the_latest: day 9}",
        "8:69 day 9 comes before the window of 'd2' ends. Write a later point, or leave 'at_the_latest' out.",
    ),
    (
        "d2: {epoch: treatment, at: d1 + 190 years}\n  d3: {epoch: treatment, at: d2 + 20 years}",
        "9:30 'd3' lies more than 200 years from what it is counted from in the end. Count less far.",
    ),
]
RINGS = [
    (
        "d2: {epoch: treatment, at: d2 + 1 day}",
        "8:30 'd2' is counted from itself: d2 from d2. Count it from another visit.",
    ),
    (
        "d2: {epoch: treatment, at: d3 + 1 day}\n  d3: {epoch: treatment, at: d2 + 1 day}",
        "8:30 'd2' is counted from itself: d2 from d3 from d2. Count it from another visit.",
    ),
    (
        "d2: {epoch: treatment, at: x.last + 1 day}\nactivities: {x: {visits: [d1, d2]}}",
        "8:30 'd2' is counted from itself: d2 from d2. Count it from another visit.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: s.last + 1 day, times: 3}}",
        "8:51 's-1' is counted from itself: s-1 from s-1. Count it from another visit.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: d2, times: 2}}\n  d2: {epoch: treatment, at: s.first}",
        "8:51 's-1' is counted from itself: s-1 from d2 from s-1. Count it from another visit.",
    ),
    (
        "d2: {epoch: treatment, at: day 2, window: d3 - 1 day .. d3}\n  d3: {epoch: treatment, at: d2}",
        "8:30 'd2' is counted from itself: d2 from d3 from d2. Count it from another visit.",
    ),
]
REPETITIONS = [
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2}}",
        "8:29 The repetition of 's' has no end. Add 'times: N' or 'numbers: 1..N'.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 1001}}",
        "8:65 Found '1001' where a number of times was expected: a whole number from 1 to 1,000.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 00000000001001}}",
        "8:65 Found '00000000001001' where a number of times was expected: a whole number from 1 to 1,000.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, numbers: 1..1001}}",
        "8:67 Found '1..1001' where numbers such as '1..5' were expected, at most 1,000 of them.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, numbers: 5..1}}",
        "8:67 Found '5..1' where numbers such as '1..5' were expected, at most 1,000 of them.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, from: day 3, times: 3}}",
        "8:29 The repetition of 's' has both of 'first' and 'from'. "
        "Write 'first: P' (the first member is at P) or 'from: P' (it is one step after P).",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, times: 3}}",
        "8:29 The repetition of 's' has neither of 'first' and 'from'. "
        "Write 'first: P' (the first member is at P) or 'from: P' (it is one step after P).",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, from: day 3, times: 3, numbers: 1..3}}",
        "8:76 The repetition of 's' has both 'times' and 'numbers'. Keep one.",
    ),
    (
        "s: {epoch: treatment, at: {first: day 2, times: 3}}",
        "8:29 The repetition of 's' has no step. Add 'every:' with a length, such as '1 week'.",
    ),
    (
        "s: {epoch: treatment, at: {every: 0 days, first: day 2, times: 3}}",
        "8:29 The step of 's' is 0 days. Write a step of at least a minute.",
    ),
    (
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 3, from_previous: yes}}",
        "8:83 Found 'yes' where 'true' or 'false' was expected.",
    ),
    (
        "s: {epoch: treatment, at: []}",
        "8:29 The list of dates of 's' is empty. Write points in time, such as [day 1, day 8].",
    ),
    (
        "s: {epoch: treatment, at: {}}",
        "8:29 Found an empty map where members ('week-6: d1 + 6 weeks') were expected.",
    ),
    (
        "d: {epoch: treatment, at: [day 2, day 3]}",
        "8:3 A series cannot be called 'd': 'd-1' would read as Day -1. Choose another name.",
    ),
]
SHAPES = [
    ("d2: {epoch: treatment}", "8:3 Visit 'd2' has no date. Add 'at:' with a point in time, such as 'day 4'."),
    ("d2: {at: day 2}", "8:3 Visit 'd2' has no epoch. Add 'epoch:' with one of: treatment, follow-up."),
    ("d2: day 2", "8:7 Found 'day 2' where a map ('key: value') was expected for visit 'd2'."),
    ("d2: [a]", "8:7 Found a list where a map ('key: value') was expected for visit 'd2'."),
    ("d2: {epoch: treatment, at: ''}", "8:30 A point in time is empty. Write a text, or leave the key out."),
    (
        "d2: {epoch: treatment, at: day 2, duration: 3 months}",
        "8:47 A visit cannot last 3 months. Write hours or minutes, such as '4 hours'.",
    ),
    ("d2: {epoch: treatment, at: d1 + 2 fortnights}", "8:35 '2 fortnights' is no length of time. Write a number "
         "and a unit "
     "('6 weeks', '3 months', '8 hours') or ISO 8601 ('P6W')."),
    ("d2: {epoch: treatment, at: 'd1 + 2 fortnights'}", "8:30 '2 fortnights' is no length of time. Write a "
         "number and a "
     "unit ('6 weeks', '3 months', '8 hours') or ISO 8601 ('P6W')."),
    ("d2: {epoch: treatment, at: day-1}", "8:30 'day-1' would read as Day -1. Write 'day -1'."),
    ("D2: {epoch: treatment, at: day 2}", "8:3 'D2' cannot be the name of a visit. Names are made of a-z, 0-9 "
         "and single '-'."),
    ("day-2: {epoch: treatment, at: day 2}", "8:3 'day-2' cannot be the name of a visit: it would read as Day -2. "
     "Choose another name."),
    ("all: {epoch: treatment, at: day 2}", "8:3 'all' cannot be the name of a visit: it has a meaning of its own. "
     "Choose another name."),
    ("unscheduled-1: {epoch: treatment, at: day 2}", "8:3 'unscheduled-1' cannot be the name of a visit: it has a "
     "meaning of its own. Choose another name."),
    ("enrolment: {epoch: treatment, at: day 2}", "8:3 'enrolment' is a built-in milestone already and cannot be "
         "a visit too. "
     "Choose another name."),
    ("follow-up: {epoch: treatment, at: day 2}", "8:3 'follow-up' is an epoch already and cannot be a visit too. "
     "Choose another name."),
    ("s-1: {epoch: treatment, at: day 2}\n  s: {epoch: treatment, at: [day 3]}", "9:3 's-1' is the name of two "
         "visits. "
     "Choose another name."),
    ("d2: {epoch: treatment, at: day 2, label: 'Day {n}'}", "8:44 {n} in this label stands for nothing. "
     "Only the visits of a series have it."),
    ("d2: {epoch: treatment, at: day 2, label: 'Day {amr}'}\ngroups: {arm: {A: Arm A}}", "8:44 {amr} in this "
         "label stands "
     "for nothing. Did you mean 'arm'?"),
    ("d2: {epoch: treatment, at: day 2, quote: [a, b]}", "8:44 Found a list where a text was expected for 'quote'."),
]  # fmt: skip
BOUNDS = [
    ("d2: {epoch: treatment, at: day 5, no_earlier_than: day 9, no_later_than: day 7}", "8:3 No dates can "
         "satisfy the "
     "rules around 'd2', even with every day open: d2 no earlier than day 9; d2 no later than day 7. Loosen one "
         "of them."),
    ("d2: {epoch: treatment, at: day 5, window: ±1 day, no_earlier_than: d1 + 9 days}", "8:3 No dates can "
         "satisfy the "
     "rules around 'd2', even with every day open: d2 no earlier than d1 + 9 days; window of d2: ±1 day around "
         "day 5. "
     "Loosen one of them."),
    ("s: {epoch: treatment, at: [day 2, day 2]}", "8:3 No dates can satisfy the rules around 's-1', even with "
         "every day "
     "open: s-1 is on its target day, day 2; s: each at least a day after the one before; s-2 is on its target "
         "day, day 2. "
     "Loosen one of them."),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), [*NAMES, *DAYS, *RINGS, *REPETITIONS, *SHAPES, *BOUNDS])
def test_an_error_among_the_visits(line: str, message: str) -> None:
    assert errors(f"{HEAD}  {line}\n") == [message]


COMMA = "Inside { } an unquoted comma ends the text: put the text in quotes."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vists: {}", "8:1 A template has no key 'vists'. Did you mean 'visits'?"),
        ("timezone: asia/shanghai", "8:11 There is no time zone 'asia/shanghai'. Did you mean 'Asia/Shanghai'?"),
        ("activities: {x: {visits: [d11]}}", "8:27 There is no visit, series or epoch 'd11'. Did you mean 'd1'?"),
        ("activities: {x: {visits: [follow-up]}}", "8:27 Epoch 'follow-up' has no visits. Name a visit, or give "
         "it one."),
        ("activities: {x: {visits: []}}", "8:17 Activity 'x' has no visits. Add 'visits:' with where it is done."),
        ("activities: {x: {label: y}}", "8:17 Activity 'x' has no visits. Add 'visits:' with where it is done."),
        ("activities: {d1: {visits: [d1]}}", "8:14 'd1' is a visit already and cannot be an activity too. "
         "Choose another name."),
        ("activities: {x: {label: 'y {member}', visits: [d1]}}", "8:25 {member} in this label stands for nothing. "
         "Only the visits of a series have it."),
        ("activities: {x: {label: Interleukin-2, 6 mIU, visits: [d1]}}", "8:40 Activity 'x' has no key '6 mIU'. "
         "" + COMMA),
        ("activities: {x: {visits: [d1], quote: one, two}}", "8:44 Activity 'x' has no key 'two'. " + COMMA),
        ("activities: {x: {visits: [d1], samples: {d1: [2 hours before]}}}", "8:55 Found 'before' where the "
         "end, or ' + ' "
         "or ' - ' with spaces around it, was expected. Times within a visit are '-30 minutes', '+2 hours ±15 "
         "minutes'."),
        ("groups: {arm: {A: one, two}}", "8:24 The value 'two' has no label. " + COMMA),
        ("groups: {arm: {values: {}}}", "8:15 Group 'arm' has no values. Write them as 'value: label'."),
        ("groups: {arm: {values: {A: Arm A}, default: B}}", "8:45 There is no value 'B'. Known: A."),
        ("groups: {n: {A: Arm A}}", "8:10 'n' cannot be the name of a group: it has a meaning of its own. "
         "Choose another name."),
        ("milestones: {m: {expected: d11 + 3 days}}", "8:28 There is no visit or milestone 'd11'. Did you mean "
         "'d1'?"),
        ("milestones: {m: {stop: [treatmnt]}}", "8:25 There is no visit, epoch or activity 'treatmnt'. Did you mean "
         "'treatment'?"),
        ("milestones: {m: {label: x, keep: [d1]}}", "8:34 'keep' spares what 'stop' would end, and there is no "
         "'stop'. "
         "Add 'stop: all', or leave it out."),
        ("milestones: {m: 'x {arm}'}", "8:14 {arm} in this label stands for nothing. Write the label without."),
        ("history: {h: {label: X}}", "8:14 History item 'h' needs 'clear:' (how long) and 'before:' (which visit)."),
        ("history: {h: {clear: 4 weks, before: d1}}", "8:22 '4 weks' is no length of time to keep. Write '4 weeks', "
         "'5 × half-life' (at most 99 times), 'shorter(4 weeks, 5 × half-life)' or 'longer(…)'."),
        ("history: {h: {clear: 4 weeks, before: d2}}", "8:39 There is no visit 'd2'. Did you mean 'd1'?"),
        ("periods: {p: {from: d1}}", "8:14 Period 'p' needs either 'to:' (its last day) or 'for:' (how long)."),
        ("periods: {p: {from: d1, to: d1, for: 1 day}}", "8:14 Period 'p' needs either 'to:' (its last day) or "
         "'for:' "
         "(how long)."),
        ("periods: {p: {to: d1}}", "8:14 Period 'p' needs either 'from:' (a point) or 'after_each:' (an activity)."),
        ("periods: {p: {from: d1, to: d1 + 2 week.}}", "8:40 '.' cannot stand in a point in time. "
         "Points are 'day 4', 'd1', 'ld.last', 'd1 + 6 weeks', 'latest(a, b)'."),
        ("reminders: {pateint: [1 day before]}", "8:13 There is no role 'pateint'. Did you mean 'patient'?"),
        ("reminders: {patient: [tomorrow]}", "8:23 'tomorrow' is no reminder. Write '7 days before at 09:00', "
         "'window opens', '2 days before window closes', '1 day overdue', '2 days before expiry', 'gate shut 3 days "
         "before', 'period ends', 'expected', 'moved', 'cancelled' or 'conflict'."),
        ("reminders: {monitor: [moved at 09:00]}", "8:23 'moved at 09:00' is no reminder. Write '7 days before at "
         "09:00', 'window opens', '2 days before window closes', '1 day overdue', '2 days before expiry', 'gate shut "
         "3 days before', 'period ends', 'expected', 'moved', 'cancelled' or 'conflict'."),
        ("reminders: {cell lab: [expected]}", "8:24 'expected' is no reminder for a department: the cell lab is "
         "reminded of its own activities only. Give it to the coordinator."),
        ("periods: {dlt: {from: d1, for: 1 week}}\nreminders: {patient: [1 day before dtl ends]}",
         "9:23 There is no period 'dtl'. Did you mean 'dlt'?"),
        ("reminders: {patient: [ltfu ends]}", "8:23 There is no period 'ltfu'. Known: period."),
        ("reminders: {patient: [1 day before at 9am]}", "8:23 '9am' is no time of day. Write hours and minutes, "
         "such as "
         "08:00."),
    ],
)  # fmt: skip
def test_an_error_elsewhere(text: str, message: str) -> None:
    assert errors(HEAD + text + "\n") == [message]


def test_an_unquoted_comma_in_only_for() -> None:
    text = HEAD + "activities: {x: {visits: [d1], only_for: {arm: A, B}}}\ngroups: {arm: {A: Arm A, B: Arm B}}\n"
    assert errors(text) == [
        "8:51 Group 'B' has no value here. "
        "Inside { } an unquoted comma ends the text: write several values as a list, '{arm: [A, B]}'.",
        "9:10: warning: The value 'B' of group 'arm' is never used. Leave it out, or use it in an 'only_for'.",
    ]


def test_an_optional_or_sampled_visit_must_be_one_of_the_activity() -> None:
    text = HEAD + "  d2: {epoch: treatment, at: day 2}\n"
    text += "activities: {x: {visits: [d1], optional: [d2], samples: {d2: [+1 hour]}}}\n"
    message = "'x' is not done at 'd2'. Add 'd2' to its visits, or take it out here."
    assert errors(text) == [f"9:43 {message}", f"9:58 {message}"]


def test_a_range_that_runs_backwards() -> None:
    text = HEAD + "  d2: {epoch: treatment, at: day 2}\nactivities: {x: {visits: [d2 .. d1]}}\n"
    assert errors(text) == ["9:27 The range 'd2 .. d1' runs backwards in the order of the file. Turn it round."]


# The top of the file


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("protocol: X\n", "", "1:1 The template has no 'protocol:'. Add it at the top."),
        ("A study", "''", "3:8 'title' is empty. Write a text, or leave the key out."),
        ("visit: d1, day: 1", "visit: d12, day: 1", "4:20 There is no visit 'd12'. Did you mean 'd1'?"),
        ("visit: d1, day: 1", "visit: d1, day: 2", "4:29 There is no reference day '2'. Known: 0, 1."),
        ("visit: d1, day: 1", "visit: d1", "4:12 The reference needs both a visit and a day, as in '{visit: d1, "
         "day: 1}'."),
        ("reference: {visit: d1, day: 1}\n", "", "1:1 The template has no reference. "
         "Add 'reference: {visit: d1, day: 1}' (day 0 where there is a Day 0)."),
        ("at: enrolment + 28 days", "at: day 1", "7:30 'd1' is the reference visit, from which days are "
         "counted: it cannot "
         "be counted from itself. Write 'enrolment + 28 days', or another point."),
        ("treatment: {}", "treatment: {place: hospital}", "5:29 There is no place 'hospital'. Known: clinic, "
         "phone, ward, "
         "remote."),
        ("treatment: {}", "treatment: {window: ±7}", "5:30 '±7' cannot stand in a window. "
         "Windows are '±7 days', '-2..+3 days', 'day -28 .. day -1'."),
        ("treatment: {}", "treatment: {window: d2 .. d3}", "5:30 There is no visit or milestone 'd2'. Did you "
         "mean 'd1'?"),
    ],
)  # fmt: skip
def test_an_error_at_the_top(old: str, new: str, message: str) -> None:
    assert message in errors(HEAD.replace(old, new))


def test_a_template_without_visits() -> None:
    assert errors('protocol: X\nversion: "1"\ntitle: y\nreference: {visit: d1, day: 1}\n') == [
        "1:1 The template has no visits. Add 'visits:' with at least the reference visit."
    ]


@pytest.mark.parametrize("visits", ["visits:", "visits: {}", "visits: ''"])
def test_a_template_whose_visits_are_empty(visits: str) -> None:
    head = HEAD[: HEAD.index("visits:")]
    with pytest.raises(TemplateError, match="The template has no visits") as error:
        load(f"{head}{visits}\n".encode(), "study.yaml")
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(("key", "text"), [("protocol", '"A\\nB"'), ("version", "1" * 101), ("version", '"\\u202e1"')])
def test_a_protocol_and_a_version_are_words_on_one_line(key: str, text: str) -> None:
    lines = [f"{key}: {text}" if line.startswith(f"{key}:") else line for line in HEAD.splitlines()]
    with pytest.raises(TemplateError, match=f"cannot be the {key} of a template. Write at most 100 printable"):
        load("\n".join(lines).encode(), "study.yaml")


# Many at once, once each, and where they stop


def test_a_file_with_ten_errors_reports_ten() -> None:
    text = """\
protocol: X
version: "1"
reference: {visit: d1, day: 1}
timezone: Mars/Olympus
epochs: {treatment: {place: hospital}}
visits:
  d1: {epoch: treatment, at: enrolment + 28 days}
  d2: {epoch: treatment, at: day 0}
  d3: {epoch: treatment, at: d33}
  d4: {epoch: treatment, at: day 4, window: +1..+2 days}
  d5: {epoch: treatment, at: {every: 1 day, first: day 5}}
  d6: {epoch: treatment, at: day 6, requires: [gate]}
activities:
  x: {visits: [d7]}
reminders:
  nobody: [1 day before]
"""
    found = [message.split(" ")[0] for message in errors(text)]
    assert found == ["1:1", "4:11", "5:29", "8:30", "9:30", "10:45", "11:30", "12:48", "14:16", "16:3"]


def test_what_is_wrong_in_a_series_is_told_once() -> None:
    text = HEAD + "  s: {epoch: treatment, at: {every: 1 day, first: d11, times: 500}, window: d12 .. d13}\n"
    assert errors(text) == [
        "8:51 There is no visit or milestone 'd11'. Did you mean 'd1'?",
        "8:77 There is no visit or milestone 'd12'. Did you mean 'd1'?",
        "8:84 There is no visit or milestone 'd13'. Did you mean 'd1'?",
    ]


def test_what_names_a_visit_that_could_not_be_read_is_no_second_error() -> None:
    broken = "  x: {epoch: treatment, at: {every: 1 day, first: d1, time: 4}}\n"
    broken += "  d9: {epoch: treatment, at: x-2 + 1 day}\n"
    assert errors(f"{HEAD}{broken}activities:\n  labs: {{label: Labs, visits: [x, x-3]}}\n") == [
        "8:29 The repetition of 'x' has no end. Add 'times: N' or 'numbers: 1..N'.",
        "8:55 The repetition of 'x' has no key 'time'. Did you mean 'times'?",
    ]
    assert errors(HEAD.replace("28 days", "28 dys")) == [
        "7:42 '28 dys' is no length of time. Write a number and a unit ('6 weeks', '3 months', '8 hours') or "
        "ISO 8601 ('P6W')."
    ]


def test_a_visit_without_an_epoch_where_there_are_none_yet() -> None:
    first = "visits:\n  d1: {at: enrolment + 28 days}\n"
    head = HEAD[: HEAD.index("epochs")]
    assert errors(head + first) == ["6:3 Visit 'd1' has no epoch. Add 'epoch:' with a name, such as 'treatment'."]


def test_an_epochs_window_is_wrong_at_the_epoch() -> None:
    text = HEAD.replace("follow-up: {}", "follow-up: {window: +1..+3 days}")
    text += "  d2: {epoch: follow-up, at: day 2}\n"
    assert [message.split(" ")[0] for message in errors(text)] == ["5:45"]


def test_at_most_two_hundred_problems_are_told() -> None:
    lines = "".join(f"  v{number}: {{epoch: treatment, at: nowhere}}\n" for number in range(2000))
    assert len(errors(HEAD + lines)) == 200


def test_too_many_visits() -> None:
    lines = "".join(
        f"  s{number}: {{epoch: treatment, at: {{every: 1 day, first: day 2, times: 1000}}}}\n" for number in range(50)
    )
    assert errors(HEAD + lines) == ["10:3 With 's2' the template has more than 3,000 visits. Write fewer."]


def test_a_ring_of_many_visits_is_cut_short() -> None:
    lines = "".join(f"  v{n}: {{epoch: treatment, at: v{(n + 1) % 900} + 1 day}}\n" for n in range(900))
    assert errors(HEAD + lines) == [
        "8:30 'v0' is counted from itself: v0 from v1 from v2 from v3 from v4 from v5 from v6 from … from v0. "
        "Count it from another visit."
    ]


def test_a_contradiction_of_two_visits_names_both_rules() -> None:
    text = HEAD + "  d2: {epoch: treatment, at: day 5, no_later_than: d3 - 2 days}\n"
    text += "  d3: {epoch: treatment, at: day 6, no_later_than: d2 + 1 day}\n"
    (message,) = errors(text)
    assert message.startswith("8:3 No dates can satisfy the rules around 'd2', even with every day open: ")
    assert "d2 no later than d3 - 2 days" in message
    assert "d3 no later than d2 + 1 day" in message


def test_a_contradiction_under_one_value_of_a_group_is_found() -> None:
    groups = "groups: {arm: {A: Arm A, B: Arm B}, dose: {x: X, y: Y}}\n"
    text = HEAD + "  d2: {epoch: treatment, at: day 5, window: ±1 day, no_earlier_than: x.last + 9 days}\n"
    text += (
        "  d0: {epoch: treatment, at: day 2, only_for: {arm: B}}\nactivities: {x: {visits: [d1], only_for: {arm: A}}}\n"
    )
    (message,) = errors(text + groups)
    assert "d2 no earlier than x.last + 9 days; window of d2: ±1 day around day 5" in message


def test_a_series_that_does_not_fit_between_its_bounds() -> None:
    line = "  s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 5}, no_earlier_than: day 2, "
    line += "no_later_than: day 4}\n"
    (message,) = errors(HEAD + line)
    assert "s: each at least a day after the one before" in message


# No false alarm


@pytest.mark.parametrize(
    "line",
    [
        "d2: {epoch: treatment, at: d1 + 3 months, window: day 1 .. day 92}",
        "d2: {epoch: treatment, at: day 5, no_earlier_than: d1 + 4 days, no_later_than: d1 + 4 days}",
        "s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 5}, no_later_than: day 4}",
        "s: {epoch: treatment, at: [day 2, day 3], window: ±1 day}",
        "d2: {epoch: treatment, at: d1 + 190 years, window: ±5 years, no_earlier_than: d1 + 186 years}",
        "d2: {epoch: treatment, at: d1 + 8 hours, window: +0..+4 hours}",
        "s: {epoch: treatment, at: {every: 8 hours, first: d1 + 8 hours, times: 6}}",
        "d2: {epoch: treatment, at: day 7, window: ±3 days, at_the_latest: day 10}",
        "d2: {epoch: treatment, at: day 2, label: 'x {arm}'}\ngroups: {arm: {A: Arm A}}",
        "d2: {epoch: treatment, at: 'latest(d1 + 28 days, crs + 15 days)'}\nmilestones: {crs: Severe CRS}",
        "d2: {epoch: treatment, at: day 31, window: d1 + 1 month - 3 days .. d1 + 1 month + 3 days}",
        "d2: {epoch: new, at: day 2}\nactivities: {x: {visits: [d1..d2]}, y: {visits: [new]}}",
    ],
)
def test_what_is_right_is_not_an_error(line: str) -> None:
    assert loaded(f"{HEAD}  {line}\n").warnings == ()


# Warnings


def test_a_value_that_is_never_used_is_a_warning() -> None:
    text = HEAD + "  d2: {epoch: treatment, at: day 2, only_for: {arm: A}}\n"
    text += "groups: {arm: {A: Arm A, B: Arm B}, dose: {x: X}, late: {values: {i: I, o: O}, default: o}}\n"
    assert loaded(text).warnings == (
        "x.yaml:9:10: warning: The value 'B' of group 'arm' is never used. Leave it out, or use it in an 'only_for'.",
    )


def test_a_template_too_large_to_search_says_so() -> None:
    line = "  s: {epoch: treatment, at: {every: 1 day, first: day 2, times: 1000}, no_earlier_than: s.first - 1 "
    line += "day}\n"
    assert loaded(HEAD + line).warnings == (
        "x.yaml:7:3: warning: The template is too large to be searched for rules that contradict one another: "
        "that was left out. Repeat less often, or bound fewer visits.",
    )


def test_rules_that_contradict_one_another_do_so_from_every_reference_day() -> None:
    body = """\
visits:
  d1: {epoch: t, place: ward, at: enrolment}
  x:
    epoch: t
    place: ward
    at: d1 + 29 days
    no_earlier_than: [d1 + 1 month + 1 day, d1 + 30 days]    # the first is possible from 31 January
    no_later_than: d1 + 29 days
"""
    with pytest.raises(TemplateError) as caught:
        template(body)
    (problem,) = caught.value.problems
    rules = problem.message.partition("open: ")[2].partition(". Loosen")[0].split("; ")
    assert sorted(rules) == ["x no earlier than d1 + 30 days", "x no later than d1 + 29 days"]
