"""Mail server for tests, in the test's own event loop: it keeps what it gets, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forum.services.mail.server import MailServer
from forum.settings import Settings

USER, PASSWORD = "forum@post.test", "p@ss/word: #1"
TAKEN = "250 OK"


@dataclass(frozen=True)
class Arrived:
    """Mail as it came: from whom and to whom by the envelope, and its bytes."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Parses the mail."""
        message = message_from_bytes(self.raw, policy=POLICY)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        """Returns the text of the message."""
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class PostOffice:
    """Mail server: `async with PostOffice() as post:` runs it. `answers` are given to senders, receivers and letters.

    `tls` is "", "starttls" or "tls"; with `login` nobody sends before they gave USER and PASSWORD. `held` holds every
    letter until it is set.
    """

    tls: str = ""
    login: bool = False
    certificate: Certificate | None = None
    answers: dict[str, str] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    tried: int = 0
    held: asyncio.Event | None = None
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, so: Callable[[], bool]) -> None:
        """Returns when `so()` is true: looked at whenever a mail begins, or has arrived."""
        async with self._moved:
            await self._moved.wait_for(so)

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def handle_MAIL(self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Answers MAIL FROM."""
        self.tried += 1
        await self._tell()
        answer = self.answers.get("MAIL", TAKEN)
        if self.login and not session.authenticated:
            answer = "530 5.7.0 sign in first"
        if answer == TAKEN:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Answers RCPT TO; an answer of its own for an address comes before the one for all."""
        answer = self.answers.get(address, self.answers.get("RCPT", TAKEN))
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        """Answers DATA, and keeps the letter where it is taken."""
        if self.held is not None:
            await self.held.wait()
        answer = self.answers.get("DATA", TAKEN)
        if answer == TAKEN:
            assert isinstance(envelope.content, bytes)
            assert envelope.mail_from is not None
            self.arrived.append(Arrived(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
            await self._tell()
        return answer

    @property
    def url(self) -> str:
        """Returns its address for FORUM_SMTP_URL."""
        how = {"": "smtp+plain", "starttls": "smtp", "tls": "smtps"}[self.tls]
        who = "forum%40post.test:p%40ss%2Fword%3A%20%231@" if self.login else ""
        return f"{how}://{who}localhost:{self.port}"

    def _protocol(self) -> SMTP:
        options: dict[str, Any] = {"hostname": "post.test", "loop": asyncio.get_running_loop()}
        if self.login:
            options |= {"authenticator": _known, "auth_require_tls": self.tls == "starttls"}
        if self.tls == "starttls" and self.certificate:
            options |= {"tls_context": self.certificate.context(), "require_starttls": True}
        return SMTP(self, **options)

    async def __aenter__(self) -> Self:
        context = self.certificate.context() if self.tls == "tls" and self.certificate else None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0, ssl=context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        if self.held is not None:
            self.held.set()


def server_of(url: str) -> MailServer:
    """Returns the mail server that a setting FORUM_SMTP_URL names."""
    environ = {"FORUM_SMTP_URL": url, "FORUM_SMTP_FROM": "forum@post.test", "FORUM_PUBLIC_URL": "https://f.example"}
    found = Settings.load(environ).mail
    assert found is not None
    return found


def _known(_: SMTP, __: Session, ___: Envelope, ____: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@dataclass(frozen=True)
class Certificate:
    """Certificate for one name, signed by itself, in a file that SSL_CERT_FILE may name."""

    file: Path

    def context(self) -> ssl.SSLContext:
        """Returns the TLS context of the server that has it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


def a_certificate(folder: Path, name: str = "localhost") -> Certificate:
    """Makes a certificate that holds today."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return Certificate(file)
