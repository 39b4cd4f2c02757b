"""E-mail handed over by SMTP (RFC 5321), one connection for each letter.

smtp:// asks for STARTTLS and goes no further without it; a server must prove its name either way (SSL_CERT_FILE names
an authority of one's own). Nothing of what a server says is logged but its code: servers repeat addresses.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib
import structlog

from forum.ports.mail import Letter, Posted
from forum.services.mail.server import PLAIN, STARTTLS, TLS, MailServer

_AT_MOST, _EACH_STEP, _GOODBYE = 60.0, 20.0, 5.0
# Codes that say something of us, whatever they answer: sign in first, encrypt first, come back later.
_OURS = frozenset({421, 454, 530, 534, 535, 538})
# Addresses of pages in the head are longer than a line of mail is; folded they would not be one any more.
_HEAD = SMTP.clone(max_line_length=500)
# In the text they are joined again: a line of quoted-printable has 76 characters at most (RFC 2045, 6.7).
_TEXT = SMTP.clone(max_line_length=76)

log = structlog.get_logger()


class SmtpPost:
    """Implements ports.mail.Post by a mail server."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._tls = None if server.how == PLAIN else ssl.create_default_context()

    async def send(self, letter: Letter) -> Posted:
        """Hands a letter over, and says how the server answered it; an error after that answer changes nothing."""
        message = written(letter, self._server.sender)
        client = self._client()
        try:
            async with asyncio.timeout(_AT_MOST):
                await client.connect()
                await client.sendmail(self._server.sender, letter.to, message.as_bytes())
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=_GOODBYE)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            code, posted = _meant(error)
            log.warning("an e-mail was not taken", outcome=posted.value, code=code, error=type(error).__name__)
            return posted
        finally:
            client.close()
        return Posted.TAKEN

    async def tried(self) -> str:
        """Connects and signs in, and hands nothing over. Returns why it could not, "" where it could."""
        client = self._client()
        try:
            async with asyncio.timeout(_EACH_STEP):
                await client.connect()
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=_GOODBYE)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
        finally:
            client.close()
        return ""

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.how == TLS,
            start_tls=server.how == STARTTLS,
            tls_context=self._tls,
            local_hostname=server.sender.rpartition("@")[2],
            timeout=_EACH_STEP,
        )


def written(letter: Letter, sender: str) -> EmailMessage:
    """Returns a letter as a message. Raises ValueError for a line break in what goes into its head."""
    message = EmailMessage(policy=_TEXT)
    message["From"] = Address(letter.sender or "Forum", addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.fromisoformat(letter.at))
    name = hashlib.sha256(letter.id.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes, please
    message["List-Unsubscribe"] = f"<{letter.stop}>"
    if letter.stop.startswith("https://"):  # RFC 8058 wants it so
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text, cte="quoted-printable")
    message.policy = _HEAD
    return message


def _meant(error: Exception) -> tuple[int, Posted]:
    """Returns the server's code, 0 for none, and what the failure means for the letter."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        code = error.recipients[0].code
    elif isinstance(error, aiosmtplib.SMTPDataError):
        code = error.code
    else:
        # Not yet about this letter: no connection, no encryption, no sign-in, or our own address is not liked.
        return getattr(error, "code", 0), Posted.DOWN
    if code in _OURS:
        return code, Posted.DOWN
    return code, Posted.REFUSED if code >= 500 else Posted.LATER
