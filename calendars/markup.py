"""Elements of HTML and SVG, written by ElementTree: whatever a label holds, it comes out as text."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from xml.etree.ElementTree import Element, tostring

from calendars.layout import clean

Child = Element | str | None
_BLOCKS = frozenset(
    (
        *("head", "meta", "title", "body", "header", "main", "footer", "section", "h1", "h2", "h3", "p", "ol", "ul"),
        *("li", "dl", "div", "table", "thead", "tbody", "tr", "svg", "g", "desc"),
    )
)
# XML 1.0, production [2]: what is left of the noncharacters once control characters and surrogates are gone.
_NO_XML = re.compile("[\ufffe\uffff]")


def element(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """An element with its children, where text is cleaned and None left out.

    In attributes ``class_`` is ``class`` and ``stroke_width`` is ``stroke-width``; those that are None are left out.
    """
    made = Element(tag, {_name(name): _value(value) for name, value in attributes.items() if value is not None})
    for child in children:
        append(made, child)
    if tag in _BLOCKS:
        made.tail = "\n"
    return made


def spaced(*children: Child) -> Iterator[Child]:
    """Children with a space between them, so that without a style they are still words of their own."""
    for number, child in enumerate(child for child in children if child is not None):
        if number:
            yield " "
        yield child


def append(parent: Element, child: Child) -> None:
    """Adds a child, or text behind the last one."""
    if isinstance(child, Element):
        parent.append(child)
    elif child:
        text = plain(child)
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text


def raw(tag: str, text: str) -> Element:
    """An element whose text is our own, line breaks included: a style sheet."""
    made = Element(tag)
    made.text = f"\n{text}\n"
    made.tail = "\n"
    return made


def page_head(title: str, style: str) -> Element:
    """The head of a page that stands by itself: its policy lets the browser load nothing at all, and apply this one
    style sheet (Content Security Policy Level 3, hash sources)."""
    sheet = raw("style", style)
    digest = b64encode(sha256((sheet.text or "").encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("title", title),
        sheet,
    )


def plain(text: str) -> str:
    """Text without characters that XML does not have, or that could turn a line around; its outer spaces stay."""
    if not text:
        return ""
    inner = clean(_NO_XML.sub("�", text))
    return f"{text[: len(text) - len(text.lstrip(' '))]}{inner}{text[len(text.rstrip(' ')) :]}" if inner else " "


def html_text(root: Element) -> str:
    """A whole HTML document."""
    return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}"


def svg_text(root: Element) -> str:
    """A whole SVG document, to be saved as UTF-8."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}'


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    """Text as it is shown; numbers to a tenth, which is finer than a pixel."""
    return plain(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
