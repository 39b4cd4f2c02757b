"""Letters handed over to a real mail server: encrypted, signed in, refused, slow, away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.smtp_server import PASSWORD, USER, Certificate, PostOffice, a_certificate, server_of

from forum.adapters import smtp
from forum.adapters.smtp import SmtpPost
from forum.ports.mail import Letter, Posted

LETTER = Letter(
    to="ada@reader.test",
    subject="News of your story",
    text="The café: “it” was played.\n.\nhttps://forum.example.org/record?session=0123456789abcdef0123456789ab\n" * 2,
    id="one",
    stop="https://forum.example.org/mail/stop/0123456789abcdef0123456789abcdef",
    at="2026-03-01T12:00:00.000Z",
)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """Makes a certificate for localhost, which this program trusts as an installer makes it trust their own."""
    made = a_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


async def test_a_letter_arrives_whole_with_what_stops_it() -> None:
    async with PostOffice() as office:
        assert await SmtpPost(server_of(office.url)).send(LETTER) is Posted.TAKEN
    (one,) = office.arrived
    assert (one.sender, one.to) == ("forum@post.test", ["ada@reader.test"])
    assert one.text == LETTER.text
    message = one.message
    assert message["From"] == "Forum <forum@post.test>"
    assert message["To"] == "ada@reader.test"
    assert message["Subject"] == "News of your story"
    assert message["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    # RFC 8058, byte for byte: a mail program reads these.
    assert f"\r\nList-Unsubscribe: <{LETTER.stop}>\r\n".encode() in one.raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in one.raw
    assert one.raw.isascii()


def test_no_line_of_its_text_is_longer_than_quoted_printable_allows() -> None:
    letter = replace(LETTER, text=f"“{'Ä' * 200}”\n{LETTER.stop}\n")
    message = smtp.written(letter, "forum@post.test")
    _, _, text = message.as_bytes().partition(b"\r\n\r\n")
    assert max(map(len, text.split(b"\r\n"))) <= 76
    assert message.get_content().replace("\r\n", "\n") == letter.text


async def test_the_same_letter_again_is_recognisably_the_same() -> None:
    async with PostOffice() as office:
        post = SmtpPost(server_of(office.url))
        for letter in (LETTER, replace(LETTER, at="2026-03-02T12:00:00.000Z"), replace(LETTER, id="two")):
            await post.send(letter)
    first, again, other = (one.message["Message-ID"] for one in office.arrived)
    assert first == again
    assert first != other
    assert first.endswith("@post.test>")
    assert LETTER.id not in first


async def test_without_https_no_one_click_is_promised() -> None:
    message = smtp.written(replace(LETTER, stop="http://forum.lan/mail/stop/x"), "forum@post.test")
    assert message["List-Unsubscribe"] == "<http://forum.lan/mail/stop/x>"
    assert "List-Unsubscribe-Post" not in message


@pytest.mark.parametrize("place", ["to", "subject", "stop"])
@pytest.mark.parametrize("line", ["\r\nBcc: eve@evil.test", "\nBcc: eve@evil.test", "\rBcc: eve@evil.test"])
def test_nothing_can_put_a_line_into_a_letters_head(place: str, line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        smtp.written(replace(LETTER, **{place: f"{getattr(LETTER, place)}{line}"}), "forum@post.test")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_it_is_encrypted_and_signed_in(certificate: Certificate, tls: str) -> None:
    async with PostOffice(tls=tls, login=True, certificate=certificate) as office:
        server = server_of(office.url)
        assert (server.user, server.password) == (USER, PASSWORD)
        assert await SmtpPost(server).send(LETTER) is Posted.TAKEN
        with capture_logs() as logs:
            assert await SmtpPost(replace(server, password="wrong")).send(LETTER) is Posted.DOWN
    assert [entry["code"] for entry in logs] == [535]
    assert len(office.arrived) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_server_that_cannot_prove_its_name_gets_nothing(
    certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    other = a_certificate(tmp_path, "elsewhere.test")
    for shown, trusted in ((certificate, other), (other, other)):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
        async with PostOffice(tls=tls, login=True, certificate=shown) as office:
            assert await SmtpPost(server_of(office.url)).send(LETTER) is Posted.DOWN
        assert office.tried == 0


async def test_a_server_without_starttls_is_told_no_password() -> None:
    async with PostOffice() as office:
        server = replace(server_of(office.url), how="smtp", user=USER, password=PASSWORD)
        assert await SmtpPost(server).send(LETTER) is Posted.DOWN
    assert office.tried == 0


@pytest.mark.parametrize(
    ("answers", "posted"),
    [
        ({"RCPT": "550 5.1.1 <ada@reader.test> is unknown"}, Posted.REFUSED),
        ({"RCPT": "451 4.7.1 greylisted, ada@reader.test"}, Posted.LATER),
        ({"RCPT": "452 4.2.2 mailbox of ada@reader.test full"}, Posted.LATER),
        ({"RCPT": "530 5.7.0 sign in first"}, Posted.DOWN),
        ({"RCPT": "421 4.3.0 going down"}, Posted.DOWN),
        ({"MAIL": "550 5.7.1 you are not forum@post.test"}, Posted.DOWN),
        ({"MAIL": "451 4.3.0 not now"}, Posted.DOWN),
        ({"DATA": "554 5.7.1 ada@reader.test wants none"}, Posted.REFUSED),
        ({"DATA": "451 4.3.0 the disk is full"}, Posted.LATER),
    ],
)
async def test_what_a_refusal_means(answers: dict[str, str], posted: Posted) -> None:
    async with PostOffice(answers=answers) as office:
        with capture_logs() as logs:
            assert await SmtpPost(server_of(office.url)).send(LETTER) is posted
    assert office.arrived == []
    assert [entry["outcome"] for entry in logs] == [posted.value]
    assert "ada" not in str(logs)


async def test_a_server_that_is_away_or_says_nothing_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    async with PostOffice() as office:
        url = office.url
    assert await SmtpPost(server_of(url)).send(LETTER) is Posted.DOWN
    limits: list[asyncio.Timeout] = []
    timeout = asyncio.timeout

    def noted(seconds: float) -> asyncio.Timeout:
        limits.append(timeout(seconds))
        return limits[-1]

    monkeypatch.setattr(asyncio, "timeout", noted)
    async with PostOffice(held=asyncio.Event()) as office:
        sending = asyncio.create_task(SmtpPost(server_of(office.url)).send(LETTER))
        await office.until(lambda: office.tried == 1)
        now, ends = asyncio.get_running_loop().time(), limits[0].when()
        assert ends is not None
        assert ends <= now + smtp._AT_MOST
        limits[0].reschedule(now)  # the minute is over
        assert await sending is Posted.DOWN
    assert office.tried == 1


async def test_a_server_that_talks_nonsense_is_down() -> None:
    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff" * 600 + b"\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await SmtpPost(server_of(f"smtp+plain://127.0.0.1:{port}")).send(LETTER) is Posted.DOWN
    server.close()
    await server.wait_closed()
