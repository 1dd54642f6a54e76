"""A message as a letter, in plain text and in HTML, for e-mail.

The HTML has no picture, no link, no style sheet and no script: nothing is fetched when it is read, and a screen reader
reads it in order. It is as wide as the window it is read in.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from calendars.phrases import phrases

_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin: 1em; max-width: 38em; font: 1.125em/1.5 sans-serif">
{paragraphs}
</body>
</html>
"""


def letter_text(
    lines: Sequence[str], *, items: Sequence[str] = (), questions: str = "", stop: str = "", language: str = "en"
) -> str:
    """A letter in plain text: a greeting, ``lines``, ``items`` as a list, whom to ask, how to get no more of them."""
    words = phrases(language)
    listed = "\n".join(f"{words.bullet}{item}" for item in items)
    return "\n\n".join(part for part in (words.greeting, *lines, listed, questions, stop) if part) + "\n"


def letter_html(
    title: str,
    lines: Sequence[str],
    *,
    items: Sequence[str] = (),
    questions: str = "",
    stop: str = "",
    language: str = "en",
) -> str:
    """The same letter as an HTML page; ``items`` are a list after the lines."""
    parts = [f"<p>{escape(line)}</p>" for line in (phrases(language).greeting, *lines)]
    if items:
        parts += ["<ul>", *(f"<li>{escape(item)}</li>" for item in items), "</ul>"]
    if questions:
        parts.append(f"<p>{escape(questions)}</p>")
    if stop:
        parts.append(f'<p style="font-size: 0.875em">{escape(stop)}</p>')
    return _PAGE.format(language=language, title=escape(title), paragraphs="\n".join(parts))
