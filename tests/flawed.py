"""A small template for tests of what is wrong in one: what stands below its head is on line 8 and on."""

from __future__ import annotations

import pytest

from schedules.errors import TemplateError
from schedules.load import load
from schedules.template import Template

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
