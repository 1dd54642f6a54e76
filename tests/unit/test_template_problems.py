"""Problems of a template as a whole: many at once, once each, no false alarm, and warnings."""

from __future__ import annotations

import pytest

from schedules.errors import TemplateError
from tests.flawed import HEAD, errors, loaded
from tests.support import template

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
