"""The colours and the words of a page."""

from __future__ import annotations

import re
from dataclasses import fields
from string import Formatter

import pytest

from calendars.page_style import DARK, LIGHT, SEEN_ON, STYLE, TEXT_ON
from calendars.page_words import PageWords, page_words
from calendars.words import LANGUAGES
from schedules.errors import UnknownName
from tests.pages import plan_of, text

# Colours


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_signs_stand_out_from_their_ground(palette: dict[str, str]) -> None:
    weak = [pair for pair in TEXT_ON if contrast(palette[pair[0]], palette[pair[1]]) < 4.5]
    unseen = [pair for pair in SEEN_ON if contrast(palette[pair[0]], palette[pair[1]]) < 3]
    assert (weak, unseen) == ([], [])


def test_the_style_uses_the_palettes_colours_in_the_pairs_that_are_tested() -> None:
    assert LIGHT.keys() == DARK.keys()
    rules = re.sub(r"--[\w-]+: #[0-9a-f]{6};", "", STYLE)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", rules) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= LIGHT.keys()
    grounds = {"on-accent": "accent"}
    for block in re.findall(r"\{([^{}]*)\}", rules):
        colour = re.search(r"(?<![\w-])color: var\(--([\w-]+)\)", block)
        ground = re.search(r"background: var\(--([\w-]+)\)", block)
        if colour:
            below = ground[1] if ground else grounds.get(colour[1], "paper")
            assert (colour[1], below) in TEXT_ON


# Words


def test_every_language_has_every_word_with_the_same_blanks() -> None:
    def blanks(value: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(value) if name}

    optional = {"long", "plain", "month_title", "with_year"}
    for item in fields(PageWords):
        values = [getattr(page_words(language), item.name) for language in LANGUAGES]
        assert all(values), item.name
        if isinstance(values[0], str):
            assert len({frozenset(blanks(value)) for value in values}) == 1 or item.name in optional, item.name
        else:
            assert len({len(value) for value in values}) == 1, item.name


def test_chinese_has_the_punctuation_of_chinese() -> None:
    told = [str(getattr(page_words("zh"), item.name)) for item in fields(PageWords)]
    assert [value for value in told if re.search("[,.;:?!]", value)] == []


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"There is no language 'fr'. Choose one of en, zh, de, es."):
        text(plan_of(), language="fr")
