"""The mail server as its address says it: how it is spoken to, where it is, and who signs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from forum.errors import BadInput, StartupProblem
from forum.services.mail.addresses import checked

STARTTLS, TLS, PLAIN = ("smtp", "smtps", "smtp+plain")
_SMTP_PORTS = {STARTTLS: 587, TLS: 465, PLAIN: 25}


@dataclass(frozen=True)
class MailServer:
    """The mail server and the sender's address. `how` is STARTTLS, TLS or PLAIN; with `user` "" nobody signs in."""

    how: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str


def mail_server(url: str, sender: str, public_url: str) -> MailServer | None:
    """Reads the mail server, None for none. No error repeats the address: there is a password in it."""
    if not url:
        return None
    how = url.partition("://")[0].lower()
    if how not in _SMTP_PORTS:
        raise StartupProblem("FORUM_SMTP_URL must begin with smtp://, smtps:// or smtp+plain://.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0 or parts.path.strip("/") or parts.query or parts.fragment:
        raise StartupProblem(
            "FORUM_SMTP_URL must be as smtp://USER:PASSWORD@HOST:587. In the name and the password write @ as %40, "
            ": as %3A, / as %2F, # as %23, ? as %3F and % as %25."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise StartupProblem("FORUM_SMTP_URL must have both a user and a password, or neither.")
    if user and how == PLAIN:
        raise StartupProblem("FORUM_SMTP_URL: smtp+plain:// would send the password for all to read. Use smtp://.")
    if not sender:
        raise StartupProblem("FORUM_SMTP_URL needs FORUM_SMTP_FROM too: the address that e-mails come from.")
    if not public_url:
        raise StartupProblem("FORUM_SMTP_URL needs FORUM_PUBLIC_URL too: there are links in every e-mail.")
    try:
        sender = checked(sender)
    except BadInput as error:
        words = "FORUM_SMTP_FROM must be an e-mail address as forum@example.org, not %(value)s."
        raise StartupProblem(words, value=sender) from error
    return MailServer(how, host, port or _SMTP_PORTS[how], user, password, sender)
