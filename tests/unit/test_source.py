"""Template files as located nodes: every scalar is text, and whatever is no template is refused with its place."""

from __future__ import annotations

import pytest

from schedules.errors import TemplateError
from schedules.source import DEEPEST_LEVEL, LARGEST_BYTES, Entries, Items, Node, Text, read_source


def refused(data: bytes) -> list[str]:
    """Every problem of some bytes, as ``line:column: message``."""
    with pytest.raises(TemplateError) as caught:
        read_source(data, "x.yaml")
    assert str(caught.value) == "\n".join(problem.located("x.yaml") for problem in caught.value.problems)
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in caught.value.problems]


def plain(node: Node | None) -> object:
    """A node without its places."""
    match node:
        case Entries():
            return {key.value: plain(value) for key, value in node.pairs}
        case Items():
            return [plain(value) for value in node.values]
        case Text():
            return node.value
        case None:
            return None


# What is read


def test_every_scalar_stays_the_text_it_is() -> None:
    data = b"on: no\nyes: 1.0\n0x10: 2026-03-02\n~: null\noctal: 010\ntrue: 1e3\nempty:\nsix: 1_000\ntime: 12:30:45\n"
    assert plain(read_source(data, "x")) == {
        "on": "no",
        "yes": "1.0",
        "0x10": "2026-03-02",
        "~": "null",
        "octal": "010",
        "true": "1e3",
        "empty": "",
        "six": "1_000",
        "time": "12:30:45",
    }


def test_every_node_knows_its_line_and_column() -> None:
    top = read_source(b"# first\na:\n  - b\n  - {c: d, e: 'f'}\n", "x")
    assert (top.line, top.column) == (2, 1)
    items = top.get("a")
    assert isinstance(items, Items)
    assert (items.line, items.column) == (3, 3)
    inner = items.values[1]
    assert isinstance(inner, Entries)
    assert [(key.line, key.column, value.line, value.column) for key, value in inner.pairs] == [
        (4, 6, 4, 9),
        (4, 12, 4, 15),
    ]
    assert [value.plain for _, value in inner.pairs if isinstance(value, Text)] == [True, False]
    assert [value.flow for _, value in inner.pairs if isinstance(value, Text)] == [True, True]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"a: >\n  one\n  two\n", "one two\n"),
        (b"a: |\n  one\n  two\n", "one\ntwo\n"),
        (b"a: one\n  two\n", "one two"),
        (b'a: "one\\ttwo"\n', "one\ttwo"),
        ("a: ±7 – “ü” 中文 10⁶\n".encode(), "±7 – “ü” 中文 10⁶"),
        (b"a: b # c\r\n", "b"),
        (b"\xef\xbb\xbfa: b\n", "b"),
        (b"%YAML 1.1\n---\na: no\n...\n", "no"),
        (b"a: b}\n", "b}"),
    ],
)
def test_texts(data: bytes, value: str) -> None:
    assert plain(read_source(data, "x")) == {"a": value}


def test_only_a_plain_text_on_one_line_has_columns_of_its_own() -> None:
    top = read_source(b"a: b\nc: 'd'\ne: f\n  g\nh: |\n  i\n", "x")
    assert [value.plain for _, value in top.pairs if isinstance(value, Text)] == [True, False, False, False]


def test_keys_of_a_map_are_found_in_their_order() -> None:
    top = read_source(b"b: 1\na: 2\n", "x")
    assert [key.value for key, _ in top.pairs] == ["b", "a"]
    assert plain(top.get("a")) == "2"
    assert top.get("c") is None


# What is no template at all


@pytest.mark.parametrize("data", [b"", b"  \n\n", b"# only a comment\n", b"- a\n- b\n", b"just words\n", b"[a, b]"])
def test_a_file_that_holds_no_map(data: bytes) -> None:
    assert refused(data) == [
        "1:1: A template is a map of keys such as 'protocol:' and 'visits:'; this file holds none."
    ]


def test_ten_megabytes() -> None:
    assert refused(b"a: b\n" * 2_097_152) == [
        "1:1: The file has 10,240 KiB; a template has at most 512 KiB. Is it a template?"
    ]
    assert len(b"a: " + b"x" * (LARGEST_BYTES - 3)) == LARGEST_BYTES
    assert plain(read_source(b"a: " + b"x" * (LARGEST_BYTES - 3), "x")) == {"a": "x" * (LARGEST_BYTES - 3)}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "1:1"),
        (b"\x1f\x8b\x08\x00", "1:2"),
        (b"a: b\nc: d\xff\n", "2:5"),
        ("a: b\nü: ".encode() + b"\xff", "2:4"),
        (b"\xef\xbb\xbfa: b\nc: \xff", "2:4"),
        (b"a: \xed\xa0\x80", "1:4"),
        ("a: b".encode("utf-16"), "1:1"),
    ],
)
def test_what_is_not_utf_8(data: bytes, place: str) -> None:
    assert refused(data) == [f"{place}: The file is not UTF-8 text. A template is a YAML text file; save it as UTF-8."]


@pytest.mark.parametrize(
    ("data", "place", "code"),
    [
        (b"a: \x00", "1:4", "0000"),
        (b"a: b\nc: \x1b[31mred", "2:4", "001B"),
        (b"a: \x7f", "1:4", "007F"),
        ("ä: b\nc: \x85".encode(), "2:4", "0085"),
        ("a: b\u2028c: d".encode(), "1:5", "2028"),
        ("a: b\ufeff".encode(), "1:5", "FEFF"),
        ("a: \uffff".encode(), "1:4", "FFFF"),
    ],
)
def test_control_characters(data: bytes, place: str, code: str) -> None:
    assert refused(data) == [
        f"{place}: The file holds a control character (U+{code}). A template is a text file; take it out."
    ]


@pytest.mark.parametrize(
    ("data", "code"), [(b'a: "\\x00"', "0000"), (b'a: "x\\ud800"', "D800"), (b'a: "\\e[0m"', "001B")]
)
def test_control_characters_written_as_escapes(data: bytes, code: str) -> None:
    assert refused(data) == [f"1:4: The text holds a control character (U+{code}). Write it without."]


# What is YAML, and not in the language


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert refused("\n".join(lines).encode()) == [
        "1:5: Found a YAML anchor ('&a0'). Anchors are not part of the language; leave it out."
    ]


def test_anchors_aliases_and_tags() -> None:
    assert refused(b"a: &m {x: y}\n") == [
        "1:4: Found a YAML anchor ('&m'). Anchors are not part of the language; leave it out."
    ]
    assert refused(b"a: b\nc: *b\n") == [
        "2:4: Found a YAML alias ('*name'). Aliases are not part of the language; write the text out."
    ]
    tag = "Found a YAML tag ('!…'). Tags are not part of the language; leave it out."
    assert refused(b"a: !!int 5\nb: [!x y]\nc: ! d\ne: !<tag:yaml.org,2002:str> f\n") == [
        f"1:4: {tag}",
        f"2:5: {tag}",
        f"3:4: {tag}",
        f"4:4: {tag}",
    ]
    assert refused(b"a: !!python/object/apply:os.system [ls]\n") == [f"1:4: {tag}"]


def test_a_long_anchor_is_cut_in_the_message() -> None:
    (message,) = refused(b"a: &" + b"x" * 100_000 + b" b")
    assert len(message) < 200


@pytest.mark.parametrize("data", [b"a: b\n---\nc: d\n", b"a: b\n...\n---\n- x\n", b"a: b\n---\n" * 10_000])
def test_a_second_document(data: bytes) -> None:
    (message,) = refused(data)
    assert message.endswith(": A second document begins here. Write one protocol version a file.")


def test_keys_twice_and_keys_that_are_no_names() -> None:
    assert refused(b"a: b\nc: d\na: e\nf: {g: 1, g: 2}\n? [h, i]\n: j\n? {k: l}\n: m\n") == [
        "3:1: 'a' stands here a second time; it stands on line 1 already. Keep one.",
        "4:11: 'g' stands here a second time; it stands on line 4 already. Keep one.",
        "5:3: A key must be a name, not a list or a map.",
        "7:3: A key must be a name, not a list or a map.",
    ]


@pytest.mark.parametrize(
    "data",
    [b"[" * 200_000, b"a: " + b"{a: " * 100_000, b"- " * 200_000, b"? " * 200_000, b": " * 200_000,
     b"".join(b" " * n + b"a:\n" for n in range(400))],
    ids=["[", "{", "-", "?", ":", "block"],
)  # fmt: skip
def test_very_deep_nesting(data: bytes) -> None:
    (message,) = refused(data)
    assert message.endswith("The file has more than 40 levels. Is it a template?")


def test_nesting_up_to_the_limit() -> None:
    data = b"a: " + b"[" * (DEEPEST_LEVEL - 1) + b"]" * (DEEPEST_LEVEL - 1)
    assert isinstance(read_source(data, "x"), Entries)


def test_too_many_entries() -> None:
    (message,) = refused(b"a: [" + b"b," * 60_000 + b"]")
    assert message.endswith("The file has more than 50,000 entries. Is it a template?")


# What is not YAML, in words that help


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a:\n\tb: c\n", "2:1: This is not YAML: a tab stands here. Indent with spaces."),
        (
            b"title: Phase 1: a study\n",
            "1:15: This is not YAML: no ':' can stand here. "
            "Put a text that holds ': ' in quotes, or mend the indentation.",
        ),
        (
            b"a: b\n  c: d\n",
            "2:4: This is not YAML: no ':' can stand here. "
            "Put a text that holds ': ' in quotes, or mend the indentation.",
        ),
        (
            b"a:\n   b: c\n  d: e\n",
            "3:3: This is not YAML: the indentation differs from that of the lines above. "
            "Begin all keys of the map of line 1 in one column.",
        ),
        (
            b"a: {b: c\nd: e\n",
            "2:2: This is not YAML: the '{' of line 1 is not closed. "
            "Add '}', a comma, or quotes around a text with ':' or ','.",
        ),
        (
            b"a: [b, c\nd: e\n",
            "2:2: This is not YAML: the '[' of line 1 is not closed. "
            "Add ']', a comma, or quotes around a text with ':' or ','.",
        ),
        (b'a: "b\nc: d\n', "3:1: This is not YAML: the quotation mark of line 1 has no partner. Close the text."),
        (
            b"label: {n} of x\n",
            "1:12: This is not YAML: the text goes on behind its end. Put the whole text in quotes.",
        ),
        (b"a: b\nwords\nc: d\n", "3:1: This is not YAML: the key of line 2 has no ':'. Write 'key: value'."),
        (b"a: %b\n", "1:4: This is not YAML: no text can begin with this character. Put the text in quotes."),
        (b"a: @b\n", "1:4: This is not YAML: no text can begin with this character. Put the text in quotes."),
        (b"a: * b\n", "1:5: This is not YAML: a text cannot begin with '*'. Put it in quotes."),
        (
            b"a: - b\n",
            "1:4: This is not YAML: no list can begin here. Begin it on a line of its own, or put the text in quotes.",
        ),
        (
            b'a: "\\q"\n',
            "1:6: This is not YAML: inside \" \" a backslash begins an escape. Use ' ' around the text.",
        ),
        (b"a: ]\n", "1:4: This is not YAML: a value is missing here. Write it, or put the text in quotes."),
        (
            b"%x\na: b\n",
            "2:1: This is not YAML: a line that begins with '%' has a meaning of its own. Take it out.",
        ),
    ],
)
def test_what_is_not_yaml(data: bytes, message: str) -> None:
    assert refused(data) == [message]


def test_a_comma_inside_braces_ends_the_text() -> None:
    top = read_source(b"a: {label: Interleukin-2, 6 mIU, visits: [d1]}\n", "x")
    inner = top.get("a")
    assert isinstance(inner, Entries)
    rest = inner.get("6 mIU")
    assert isinstance(rest, Text)
    assert (rest.value, rest.flow) == ("", True)
