"""Addresses as they go over the wire, and what is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.channels.addresses import ascii_host, has_password, is_address, is_loopback, mailbox


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("visits@example.org", "", "visits@example.org"),
        ("Visits <visits@example.org>", "Visits", "visits@example.org"),
        ('"Visits, Köln" <visits@Example.ORG>', "Visits, Köln", "visits@example.org"),
        ("<visits@example.org>", "", "visits@example.org"),
        ("o'brien+a.b_c@mail.example", "", "o'brien+a.b_c@mail.example"),
        ("jörg@straße.example", "", "jörg@xn--strae-oqa.example"),
        ("用户@例子.example", "", "用户@xn--fsqu00a.example"),
        ("root@localhost", "", "root@localhost"),
    ],
)
def test_one_address(text: str, name: str, address: str) -> None:
    found = mailbox(text)
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "@", "a@", "@b.org", "a@b@c.org", "a b@c.org", "a..b@c.org", ".a@b.org", "a@b..org", "a@-b.org"),
        *("a@b.org, c@d.org", "group: a@b.org;", "a@b.org\r\nBcc: c@d.org", "a@[127.0.0.1]", "a@b.org>", '"a b"@c.org'),
        *("A <a@b.org> <c@d.org>", "=?utf-8?q?a?= <a@b.org>", f"{'a' * 250}@b.org", "a\x00@b.org", "a@\u2028.org"),
    ],
)
def test_what_is_not_one_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"one e-mail address|host's name"):
        mailbox(text)


@given(st.text(max_size=40) | st.from_regex(r"[a-z]{0,2}[@<>\".,;:()\[\]\\ =?\r\n]{1,4}[a-z.@]{0,8}", fullmatch=True))
def test_no_text_is_anything_else(text: str) -> None:
    """It is one address that is on one line, or a ValueError."""
    with suppress(ValueError):
        found = mailbox(text)
        assert found.addr_spec.isprintable()
        assert found.addr_spec.count("@") == 1
        assert found.domain.isascii()


def test_a_contact_has_an_address_without_a_name() -> None:
    assert is_address("a@b.org")
    assert not is_address("A <a@b.org>")
    assert not is_address("a..b@c.org")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://user:password@hook.example/", True),
        ("HTTP://user@hook.example", True),
        ("https://hook.example/@name?a=b@c", False),
        ("sms://anna@example.org", False),
        ("", False),
    ],
)
def test_a_password_in_a_web_address(url: str, found: bool) -> None:
    assert has_password(url) is found


def test_a_host_that_is_a_namesake_in_the_older_standard() -> None:
    assert ascii_host("straße.example") == "xn--strae-oqa.example"
    assert "straße.example".encode("idna") == b"strasse.example"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *[("localhost", True), ("LOCALHOST.", True), ("127.0.0.1", True), ("127.1.2.3", True), ("[::1]", True)],
        *[("::1", True), ("10.0.0.1", False), ("localhost.example", False), ("0.0.0.0", False), ("", False)],
    ],
)
def test_what_stays_on_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here
