"""A protocol with one of everything, and two amendments of it, for the state machine."""

from __future__ import annotations

# Gates, a cycle with a gate of its own, series in days and in hours, a choice, bounds both ways, a repetition that a
# second cycle re-anchors, visits that wait for an event or a group, and events that stop some or all of it.
MACHINE = """\
protocol: MACHINE
version: "1.0"
title: A protocol with one of everything
reference: {visit: d1, day: 1}
epochs:
  screening: {}
  lymphodepletion: {place: ward}
  treatment: {place: ward}
  follow-up: {window: ±3 days}
  calls: {place: phone, window: ±7 days}
  long-term: {window: ±30 days}
groups:
  arm: {A: Arm A, B: Arm B}
  ltfu: {values: {in: Long-term follow-up, out: None}, default: in}
milestones:
  on-site: Product on site
  second-cycle: Second cycle decided
  suspected: {label: Suspected progression, repeats: true}
  progression: {label: Progression, stop: [scan, infusion]}
  relapse: {label: Relapse, stop: all, keep: [calls]}
  withdrawal-treatment: {label: Treatment withdrawn, stop: [infusion]}
history:
  therapy: {label: Last therapy, clear: "shorter(4 weeks, 5 × half-life)", before: d1}
visits:
  consent: {epoch: screening, at: enrolment}
  labs: {epoch: screening, at: day -6, window: day -7 .. day -6}
  ld:
    epoch: lymphodepletion
    at: {every: 1 day, first: day -5, times: 3, from_previous: true}
    requires: [on-site]
  d1:
    epoch: treatment
    at: enrolment + 28 days
    no_earlier_than: ld.last + 2 days
    no_later_than: [ld.first + 14 days, labs + 7 days]
    duration: 4 hours
  sample: {epoch: treatment, at: {every: 2 hours, first: d1 + 1 hour, times: 2}, window: ±30 minutes}
  d4: {epoch: treatment, at: day 4}
  d8: {epoch: treatment, place: clinic, at: day 8, window: ±1 day, at_the_latest: day 12}
  month: {epoch: follow-up, at: {every: 1 month, from: d1, times: 3}}
  scan-again: {epoch: follow-up, at: {every: 1 month, from: suspected, times: 2}}
  arm-b: {epoch: follow-up, only_for: {arm: B}, at: day 20}
  eot: {epoch: follow-up, at: withdrawal-treatment + 7 days, window: ±7 days}
  call: {epoch: calls, at: {every: 1 month, from: "earliest(progression, relapse)", times: 3}}
  ltfu: {epoch: long-term, only_for: {ltfu: in}, at: {every: 1 year, from: infusion.last, numbers: 1..2}}
cycles:
  second: {repeat: [lymphodepletion, treatment], from: second-cycle + 7 days, max: 1, no_earlier_than: d1 + 21 days}
activities:
  infusion: {label: Infusion, visits: [d1, d4], optional: [d4], department: infusion unit}
  blood: {label: Blood, visits: [labs, d1, d4, d8, month], department: laboratory}
  scan: {label: Scan, visits: [month, scan-again], department: imaging}
periods:
  near: {label: Near, after_each: infusion, for: 2 weeks, show: patient}
  watch: {label: Watch, from: d1, to: day 28, and_until_done: [month-1]}
reminders:
  patient: [7 days before at 09:00, 1 day before at 17:00]
  coordinator: [window opens, 1 day before window closes, 1 day overdue]
"""


def version(number: str, *changes: tuple[str, str]) -> str:
    """The protocol under another version, with pieces of its text replaced."""
    text = MACHINE
    for old, new in (('version: "1.0"', f'version: "{number}"'), *changes):
        assert old in text, old
        text = text.replace(old, new)
    return text


# What an amendment may do: visits that move, come and go, also out of series and cycles; activities, groups, periods.
VERSIONS = {
    "2.0": version(
        "2.0",
        ("at: day 8,", "at: day 9,"),
        ("  d4: {", "  d2: {epoch: treatment, at: day 2}\n  d4: {"),
        ("first: day -5, times: 3,", "first: day -5, times: 2,"),
        ("from: d1, times: 3}", "from: infusion.last, times: 4}"),
        ("arm: {A: Arm A, B: Arm B}", "arm: {A: Arm A, C: Arm C}\n  region: {EU: Europe, CN: China}"),
        ("only_for: {arm: B}, at: day 20", "only_for: {arm: C}, at: day 22"),
        ("visits: [labs, d1, d4, d8, month]", "visits: [labs, d1, d2, month]"),
        ("from: d1, to: day 28", "from: d1, to: day 35"),
    ),
    "3.0": version(
        "3.0",
        ("  d4: {epoch: treatment, at: day 4}\n", ""),
        ("visits: [d1, d4], optional: [d4],", "visits: [d1],"),
        ("visits: [labs, d1, d4, d8, month]", "visits: [labs, d1, d8, month]"),
        ("at: day -6, window: day -7 .. day -6", "at: day -3, window: day -7 .. day -1"),
        ("times: 2}, window: ±30 minutes", "times: 1}, window: ±10 minutes"),
        ("no_later_than: [ld.first + 14 days, labs + 7 days]", "no_later_than: labs + 10 days"),
        ("  second: {repeat: [lymphodepletion, treatment]", "  second: {repeat: [treatment]"),
    ),
}
