"""What a patient reads is at a sixth-grade level: the Flesch-Kincaid grade of the English is at most 6.

    grade = 0.39 · words per sentence + 11.8 · syllables per word - 15.59

J. P. Kincaid et al., Derivation of new readability formulas for Navy enlisted personnel, 1975.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from calendars.entries import Level
from calendars.letters import letter_text
from calendars.messages import EVENTS, digest_text, probe_text, reminder_text, stop_text, title_text

GRADE = 6.0
# Which no rule of vowels gets right, by syllables.
IRREGULAR = {"something": 2, "wednesday": 2, "every": 2, "january": 4, "february": 4}
BEFORE, WHEN = date(2026, 3, 3), datetime(2026, 3, 5, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def syllables(word: str) -> int:
    """The syllables of an English word: its groups of vowels, without those that are silent at its end."""
    silent = re.sub(r"(?<=[^aeiou])e$|(?<=[^aeioutd])ed$|(?<=[^aeiouscgxzh])es$", "", word)
    silent = re.sub(r"([^aeioul])l$", r"\1el", silent) if word.endswith("le") else silent
    return IRREGULAR.get(word, max(1, len(re.findall(r"[aeiouy]+", silent))))


def grade(text: str) -> float:
    """The grade of a text. Figures are words of one syllable; an address is one word."""
    plain = re.sub(r"\S+@\S+", "address", text).replace(",\n", ".\n")
    sentences = [part for part in re.split(r"[.!?:]+\s+|\n+|[.!?:]+$", plain) if part.strip(" -.")]
    words = re.findall(r"[a-z]+|\d[\d:]*", plain.lower())
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.parametrize(
    ("word", "number"),
    [
        *[("care", 1), ("please", 1), ("call", 1), ("moved", 1), ("ends", 1), ("plan", 1), ("comes", 1)],
        *[("tuesday", 2), ("wednesday", 2), ("cancelled", 2), ("something", 2), ("questions", 2), ("people", 2)],
        *[("appointment", 3), ("anything", 3), ("messages", 3), ("november", 3), ("every", 2), ("january", 4)],
    ],
)
def test_syllables_are_counted_as_they_are_spoken(word: str, number: int) -> None:
    assert syllables(word) == number


def test_the_grade_is_that_of_the_formula() -> None:
    """13 words and 24 syllables in one sentence."""
    hard = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
    assert grade(hard) == pytest.approx(0.39 * 13 + 11.8 * 24 / 13 - 15.59)
    assert grade(hard) > 11


def private(event: str) -> str:
    return reminder_text(event, subject="P-001", label="Day 1", when=WHEN, level=Level.PRIVATE, before=BEFORE)


TEXTS = {
    **{event: private(event) for event in EVENTS},
    **{f"title of {e}": title_text(e, subject="P-001", label="Day 1", when=WHEN, level=Level.PRIVATE) for e in EVENTS},
    "digest": digest_text([private("before"), private("moved")]),
    "stop by mail": stop_text("team@example.org"),
    "stop by asking": stop_text(""),
    "test": probe_text(),
    "letter": letter_text([private("before")], questions="Questions: call the ward.", stop=stop_text("")),
}


@pytest.mark.parametrize("name", TEXTS)
def test_whatever_a_patient_reads_is_plain(name: str) -> None:
    assert grade(TEXTS[name]) <= GRADE, TEXTS[name]


def test_a_sentence_of_the_kind_that_is_not_written_is_found() -> None:
    assert (
        grade("Your longitudinal follow-up assessment has been rescheduled for administrative considerations.") > GRADE
    )
