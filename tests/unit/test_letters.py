"""A message as a letter: what it says, in HTML that fetches nothing and keeps what it is given as text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.letters import letter_html, letter_text
from calendars.words import LANGUAGES

TAGS = {"html", "head", "meta", "title", "body", "p", "ul", "li"}


class Reader(HTMLParser):
    """What a reader of the page sees, and what it is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {f"{tag}.{name}": value for name, value in attrs}

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_a_letter_in_text() -> None:
    told = letter_text(["You have an appointment."], questions="Questions: call us.", stop="To stop, tell us.")
    assert told == "Hello,\n\nYou have an appointment.\n\nQuestions: call us.\n\nTo stop, tell us.\n"


def test_a_letter_of_several_messages() -> None:
    told = letter_text(["You have 2 messages:"], items=["One.", "Two."], language="en")
    assert told == "Hello,\n\nYou have 2 messages:\n\n- One.\n- Two.\n"
    page = read(letter_html("2 messages", ["You have 2 messages:"], items=["One.", "Two."]))
    assert page.texts == ["2 messages", "Hello,", "You have 2 messages:", "One.", "Two."]
    assert page.tags.count("li") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_the_same_and_in_which_language(language: str) -> None:
    given = {"questions": "Q", "stop": "S", "language": language}
    page = read(letter_html("A title", ["One.", "Two."], **given))
    told = letter_text(["One.", "Two."], **given)
    assert page.texts == ["A title", *told.strip().split("\n\n")]
    assert page.attributes["html.lang"] == language


def test_the_page_fetches_nothing() -> None:
    page = read(letter_html("A title", ["One."], questions="Q", stop="S"))
    assert set(page.tags) <= TAGS
    assert not [name for name in page.attributes if name.split(".")[1] in ("href", "src", "background", "action")]
    assert "url(" not in letter_html("A title", ["One."])


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_what_a_letter_is_given_stays_text(title: str, line: str, stop: str) -> None:
    page = read(letter_html(title, [line], items=[stop], questions=line, stop=stop))
    assert set(page.tags) <= TAGS
    assert read(letter_html("<b>&amp;", ["<script>"])).texts == ["<b>&amp;", "Hello,", "<script>"]
