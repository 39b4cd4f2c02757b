"""One table of settings. Each can be set by an environment variable; docs/settings.md is generated from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time as Time
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from forum.errors import StartupProblem
from forum.ports.data_operator import PERIODS_TOLD, Operator, operator_of
from forum.ports.second_steps import Must
from forum.ports.sign_on import IdentityProvider
from forum.record.witnesses import Witness
from forum.services import setting_values as values
from forum.services.backup_plan import BackupPlan, backup_plan
from forum.services.identity_provider import identity_provider
from forum.services.mail.server import MailServer, mail_server
from forum.services.setting_values import Network, sqlite_url
from forum.services.time_zone import time_zone

_NOT_NONE = ("FORUM_CONNECTIONS_PER_ADDRESS", "FORUM_IDLE_SECONDS", "FORUM_HEAD_SECONDS", "FORUM_STALL_SECONDS")


class Setting(msgspec.Struct, frozen=True):
    """One row of the table: the variable, what it is when unset, and what it does."""

    env: str
    default: str
    help: str


TABLE = (
    Setting("FORUM_DATA", "forum-data", "Folder that holds the database and the signing key."),
    Setting("FORUM_HOST", "0.0.0.0", "Address to listen on. 0.0.0.0 is every network of this machine."),
    Setting("FORUM_PORT", "8000", "Port to listen on; 0 takes a free one."),
    Setting(
        "FORUM_EXAMPLE",
        "yes",
        "yes: the first start makes a worked example, a whole cycle with invented people, marked as a demonstration; "
        "no: it does not. `forum serve --no-demo` leaves out both it and the demonstration's stories.",
    ),
    Setting(
        "FORUM_DATABASE_URL",
        "",
        "Database; empty: SQLite in FORUM_DATA. Or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    ),
    Setting(
        "FORUM_BROKER_URL",
        "",
        "Valkey or Redis through which several servers of one PostgreSQL database tell each other what is new, as "
        "redis://HOST:6379 or rediss://USER:PASSWORD@HOST:6379; empty: this server is the only one. See "
        "docs/scaling.md.",
    ),
    Setting(
        "FORUM_SIGNING_KEY_FILE",
        "",
        "File with the signing key (PEM), as a mounted secret; empty: signing_key.pem in FORUM_DATA, made at the first "
        "start. Several servers need one key. See docs/several-processes.md.",
    ),
    Setting("FORUM_SIGNING_KEY", "", "The signing key itself (PEM, line ends also as \\n), in the place of a file."),
    Setting(
        "FORUM_PUBLIC_URL",
        "",
        "Address that people type, as https://forum.example.org or https://example.org/forum; empty: found out.",
    ),
    Setting(
        "FORUM_TRUSTED_PROXIES",
        "127.0.0.1, ::1",
        "Proxies that are believed when they say who asks: addresses and networks, as 127.0.0.1, 10.0.0.0/8, fd00::/8; "
        "none: nobody. See docs/proxy.md.",
    ),
    Setting(
        "FORUM_LOCALES",
        "",
        "Folder with further languages, each as LANGUAGE/LC_MESSAGES/forum.po; empty: those that come with Forum.",
    ),
    Setting(
        "FORUM_TIMEZONE",
        "",
        "Time zone in which times are shown and typed, as Europe/London; empty: this machine's, or Europe/London where "
        "it keeps UTC, as most servers do. The record and exports keep UTC.",
    ),
    Setting("FORUM_LICENCE", "", "Licence of exports, as CC-BY-4.0, OGL-UK-3.0 or an address; empty: they name none."),
    Setting(
        "FORUM_CONTROLLER", "", "Who answers for the data about people here (the controller), for /data-protection."
    ),
    Setting("FORUM_CONTROLLER_CONTACT", "", "How to reach them about data: e-mail, telephone or address, in one line."),
    Setting("FORUM_LEGAL_GROUND", "", "Legal ground on which data is held, in one line, as /data-protection says it."),
    Setting(
        "FORUM_RETENTION",
        "",
        "Shorter times to keep data, in days, as drafts=90, notes=180. None can be made longer; empty: "
        f"{PERIODS_TOLD}.",
    ),
    Setting(
        "FORUM_RECORD_CHECK",
        "03:00",
        "Time of day at which the whole database is held against the record, in FORUM_TIMEZONE, as 03:00; also at each "
        "start. never: only by `forum record check`.",
    ),
    Setting(
        "FORUM_SECOND_FACTOR",
        "none",
        "Who must sign in with a second step, a code from an app: none, staff (whoever has a role) or administrators. "
        "Anybody may.",
    ),
    Setting(
        "FORUM_OIDC_ISSUER",
        "",
        "Provider of single sign-on (OpenID Connect), as https://login.example.org/realms/ours; empty: people sign in "
        "with a password. Needs FORUM_PUBLIC_URL and the extra oidc. See docs/sign-on.md.",
    ),
    Setting("FORUM_OIDC_CLIENT_ID", "", "How the provider knows this Forum."),
    Setting("FORUM_OIDC_CLIENT_SECRET", "", "Secret of this Forum at the provider."),
    Setting("FORUM_OIDC_CLIENT_SECRET_FILE", "", "File that holds that secret, in its place."),
    Setting("FORUM_OIDC_NAME", "", "What people call the provider, as on the button; empty: the host of its address."),
    Setting(
        "FORUM_LOG",
        "text",
        "Form of the log, on standard error: text, or json (one object a line). See docs/deploy.md for its fields.",
    ),
    Setting(
        "FORUM_LOG_LEVEL",
        "info",
        "Least that is logged: debug (also a line for each request, by its route, never its address), info, warning or "
        "error.",
    ),
    Setting("FORUM_METRICS_TOKEN", "", "Secret with which Prometheus reads /metrics; empty: nobody does."),
    Setting("FORUM_WEBHOOK_PRIVATE", "no", "yes: webhooks may lead to this machine and its network, also over http."),
    Setting("FORUM_BACKUPS", "", "Folder in which the server backs itself up; empty: it does not. See docs/backup.md."),
    Setting("FORUM_BACKUP_AT", "02:00", "When: a time of day in FORUM_TIMEZONE, as 02:00, or every so often, as 6h."),
    Setting("FORUM_BACKUPS_KEPT", "14", "Backups that are kept in that folder; older ones are deleted."),
    Setting(
        "FORUM_WITNESSES",
        "",
        "Witnesses outside, who cosign the record (C2SP tlog-witness): for each its verifier key and its address, as "
        "w1.example+1a2b3c4d+BA... https://w1.example, with spaces between them; empty: none. See docs/record.md.",
    ),
    Setting(
        "FORUM_JOINS_PER_SESSION",
        "10000",
        "Phones that may join one session; its organiser lets so many more in by one press on the console.",
    ),
    Setting(
        "FORUM_WRONG_CODES_PER_ADDRESS",
        "300",
        "Wrong join codes that one address may try in ten minutes; right ones always work. Here and below: a browser "
        "that Forum has known for half a minute is counted alone, others of an address (IPv6: of its /64) together.",
    ),
    Setting(
        "FORUM_WRONG_TICKETS_PER_ADDRESS",
        "3000",
        "Tickets that do not exist, which one address may try in ten minutes.",
    ),
    Setting(
        "FORUM_CONNECTIONS_PER_ADDRESS",
        "4000",
        "Connections that one network address may have at once, phones included; a trusted proxy has as many as there "
        "are.",
    ),
    Setting("FORUM_IDLE_SECONDS", "15", "Seconds after which a connection on which nothing is asked is closed."),
    Setting("FORUM_HEAD_SECONDS", "20", "Seconds in which the head of a request, or a handshake, must have arrived."),
    Setting(
        "FORUM_STALL_SECONDS",
        "30",
        "Seconds in which 16 KB of a form or file, or its end, must come; in twice as many an answer must be read on.",
    ),
    Setting("FORUM_STORIES_PER_ADDRESS", "60", "Stories that one network address may begin, and submit, in an hour."),
    Setting("FORUM_SAVES_PER_ADDRESS", "3000", "Times that writers at one network address may save in ten minutes."),
    Setting(
        "FORUM_MEGABYTES_PER_ADDRESS",
        "50",
        "Megabytes of stories, suggestions, reports and evidence that may be written from one network address in an "
        "hour; one known browser may write a fifth of it.",
    ),
    Setting(
        "FORUM_SUGGESTIONS_PER_ADDRESS",
        "60",
        "Suggestions for stories that one network address may send in an hour.",
    ),
    Setting("FORUM_REPORTS_PER_ADDRESS", "20", "Reports of stories that one network address may send in an hour."),
    Setting(
        "FORUM_WRONG_LINKS_PER_ADDRESS",
        "60",
        "Private links that do not exist, which one network address may try in ten minutes.",
    ),
    Setting(
        "FORUM_SMTP_URL",
        "",
        "Mail server, as smtp://USER:PASSWORD@HOST:587 (with STARTTLS) or smtps://USER:PASSWORD@HOST:465; empty: no "
        "e-mail is sent, and no page speaks of it. See docs/email.md.",
    ),
    Setting("FORUM_SMTP_FROM", "", "Address that e-mails come from, as forum@example.org."),
    Setting("FORUM_MAILS_PER_ADDRESS", "20", "E-mail addresses that one network address may leave in an hour."),
    Setting(
        "FORUM_SIGN_INS_PER_ADDRESS",
        "30",
        "Failed sign-ins of one network address in ten minutes after which a wrong one is only told to wait.",
    ),
)


# Settings of earlier versions that are not read any more, with the one that is meant now.
RENAMED = {"FORUM_JOINS_PER_ADDRESS": "FORUM_JOINS_PER_SESSION"}


@dataclass(frozen=True)
class Settings:
    """The settings of a server. Build it with `load`, which reads the environment and checks every value."""

    data: Path
    host: str
    port: int
    example: bool
    database_url: str
    broker_url: str
    signing_key: str
    signing_key_file: Path | None
    public_url: str
    trusted_proxies: tuple[Network, ...]
    locales: Path | None
    timezone: ZoneInfo
    record_check: Time | None
    witnesses: tuple[Witness, ...]
    licence: str
    operator: Operator
    joins_per_session: int
    wrong_codes_per_address: int
    wrong_tickets_per_address: int
    connections_per_address: int
    idle_seconds: int
    head_seconds: int
    stall_seconds: int
    stories_per_address: int
    saves_per_address: int
    megabytes_per_address: int
    suggestions_per_address: int
    reports_per_address: int
    wrong_links_per_address: int
    mails_per_address: int
    sign_ins_per_address: int
    mail: MailServer | None
    backups: BackupPlan | None
    log: str
    log_level: str
    metrics_token: str
    second_factor: Must
    oidc: IdentityProvider | None
    webhook_private: bool

    @classmethod
    def load(cls, environ: Mapping[str, str], **given: object) -> Settings:
        """Reads the environment; `given` values (not None) win. Raises StartupProblem for a value that cannot be."""
        raw = {row.env: environ.get(row.env, "") or row.default for row in TABLE}
        raw |= {f"FORUM_{name.upper()}": str(value) for name, value in given.items() if value is not None}
        counts = ("_PORT", "_PER_ADDRESS", "_PER_SESSION", "_SECONDS")
        numbers = {env: values.number(env, raw[env]) for env in raw if env.endswith(counts)}
        if numbers["FORUM_PORT"] > 65535:
            raise StartupProblem("FORUM_PORT must be from 0 to 65535, not %(value)s.", value=raw["FORUM_PORT"])
        for env in _NOT_NONE:
            if not numbers[env]:
                raise StartupProblem("%(env)s must be at least 1: with 0 nobody could connect.", env=env)
        try:
            data = Path(raw["FORUM_DATA"]).expanduser().absolute()
        except RuntimeError as error:
            raise StartupProblem("There is no home folder for %(folder)s.", folder=raw["FORUM_DATA"]) from error
        return cls(
            data=data,
            host=raw["FORUM_HOST"],
            port=numbers["FORUM_PORT"],
            example=values.yes("FORUM_EXAMPLE", raw["FORUM_EXAMPLE"]),
            database_url=raw["FORUM_DATABASE_URL"] or sqlite_url(data / "forum.db"),
            broker_url=values.broker(raw["FORUM_BROKER_URL"]),
            signing_key=raw["FORUM_SIGNING_KEY"],
            signing_key_file=values.key_file(raw["FORUM_SIGNING_KEY_FILE"], raw["FORUM_SIGNING_KEY"]),
            public_url=values.public(raw["FORUM_PUBLIC_URL"]),
            trusted_proxies=values.networks(raw["FORUM_TRUSTED_PROXIES"]),
            locales=Path(raw["FORUM_LOCALES"]) if raw["FORUM_LOCALES"] else None,
            timezone=time_zone(raw["FORUM_TIMEZONE"]),
            record_check=values.time_of_day(raw["FORUM_RECORD_CHECK"]),
            witnesses=values.witnesses(raw["FORUM_WITNESSES"]),
            licence=values.licence(raw["FORUM_LICENCE"]),
            operator=operator_of(raw),
            joins_per_session=numbers["FORUM_JOINS_PER_SESSION"],
            wrong_codes_per_address=numbers["FORUM_WRONG_CODES_PER_ADDRESS"],
            wrong_tickets_per_address=numbers["FORUM_WRONG_TICKETS_PER_ADDRESS"],
            connections_per_address=numbers["FORUM_CONNECTIONS_PER_ADDRESS"],
            idle_seconds=numbers["FORUM_IDLE_SECONDS"],
            head_seconds=numbers["FORUM_HEAD_SECONDS"],
            stall_seconds=numbers["FORUM_STALL_SECONDS"],
            stories_per_address=numbers["FORUM_STORIES_PER_ADDRESS"],
            saves_per_address=numbers["FORUM_SAVES_PER_ADDRESS"],
            megabytes_per_address=numbers["FORUM_MEGABYTES_PER_ADDRESS"],
            suggestions_per_address=numbers["FORUM_SUGGESTIONS_PER_ADDRESS"],
            reports_per_address=numbers["FORUM_REPORTS_PER_ADDRESS"],
            wrong_links_per_address=numbers["FORUM_WRONG_LINKS_PER_ADDRESS"],
            mails_per_address=numbers["FORUM_MAILS_PER_ADDRESS"],
            sign_ins_per_address=numbers["FORUM_SIGN_INS_PER_ADDRESS"],
            mail=mail_server(raw["FORUM_SMTP_URL"], raw["FORUM_SMTP_FROM"], raw["FORUM_PUBLIC_URL"]),
            backups=backup_plan(raw, time_zone(raw["FORUM_TIMEZONE"])),
            log=values.one_of("FORUM_LOG", raw["FORUM_LOG"], ("text", "json")),
            log_level=values.one_of("FORUM_LOG_LEVEL", raw["FORUM_LOG_LEVEL"], values.LOG_LEVELS),
            metrics_token=values.token(raw["FORUM_METRICS_TOKEN"]),
            second_factor=values.second_factor(raw["FORUM_SECOND_FACTOR"]),
            oidc=identity_provider(raw),
            webhook_private=values.yes("FORUM_WEBHOOK_PRIVATE", raw["FORUM_WEBHOOK_PRIVATE"]),
        )
