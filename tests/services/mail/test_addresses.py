"""E-mail addresses: which are taken, and as what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.adapters.smtp import written
from forum.errors import BadInput
from forum.ports.mail import Letter
from forum.services.mail.addresses import MAX_ADDRESS, checked


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@reader.test", "ada@reader.test"),
        ("  Ada.L+stories@Reader.TEST\n", "Ada.L+stories@reader.test"),
        ("o'brien_1@mail-2.nhs.uk", "o'brien_1@mail-2.nhs.uk"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_what_mail_can_be_sent_to_is_taken(typed: str, kept: str) -> None:
    assert checked(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "ada",
        "@reader.test",
        "ada@",
        "ada@reader",
        "ada@@reader.test",
        "ada@reader.test@evil.test",
        "ada@reader.test,eve@evil.test",
        "ada@reader.test\nBcc: eve@evil.test",
        "ada@reader.test\r\n\r\nHello",
        "ada\r@reader.test",
        "ada@rea\u2028der.test",
        "ada@reader.test>",
        "<ada@reader.test>",
        "Ada <ada@reader.test>",
        '"ada b"@reader.test',
        "ada b@reader.test",
        "ada(x)@reader.test",
        ".ada@reader.test",
        "ada.@reader.test",
        "a..da@reader.test",
        "ada@reader..test",
        "ada@-reader.test",
        "ada@192.0.2.1",
        "ada@[192.0.2.1]",
        "ada@reader.test.",
        "émile@reader.test",
        "ada\0@reader.test",
        "\ud800@reader.test",
        "ada@\ud800.test",
        f"{'a' * 65}@reader.test",
        f"ada@{'b' * 64}.test",
        f"ada@{'.'.join(['b' * 60] * 5)}.test",
    ],
)
def test_what_it_cannot_be_sent_to_is_refused_with_what_to_do(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked(typed)
    assert refused.value.field == "address"
    assert str(refused.value).endswith((".", "example.org."))


@given(st.one_of(st.text(), st.from_regex(r"[^@\s]{1,9}@[a-z\r\n, <>]{1,9}\.[a-z]{1,4}[\s,<>]?", fullmatch=True)))
def test_whatever_is_typed_no_second_receiver_and_no_second_header_comes_of_it(typed: str) -> None:
    try:
        address = checked(typed)
    except BadInput:
        return
    assert address.isascii()
    assert address.isprintable()
    assert len(address) <= MAX_ADDRESS
    assert address.count("@") == 1
    letter = Letter(address, "News", "text", "id", "https://x.test/mail/stop/k", "2026-03-01T12:00:00.000Z")
    message = written(letter, "forum@post.test")
    assert [one.addr_spec for one in message["To"].addresses] == [address]
    assert f"\r\nTo: {address}\r\n".encode() in message.as_bytes()
