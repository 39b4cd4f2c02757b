"""One table of settings. Each can be set by an environment variable; docs/settings.md is generated from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from forum.errors import StartupProblem

MOST_DIGITS = 9


@dataclass(frozen=True)
class Setting:
    """One row of the table: the variable, what it is when unset, and what it does."""

    env: str
    default: str
    help: str


TABLE = (
    Setting("FORUM_DATA", "forum-data", "Folder that holds the database and the signing key."),
    Setting("FORUM_HOST", "0.0.0.0", "Address to listen on. 0.0.0.0 is every network of this machine."),
    Setting("FORUM_PORT", "8000", "Port to listen on; 0 takes a free one."),
    Setting(
        "FORUM_DATABASE_URL",
        "",
        "Database; empty: SQLite in FORUM_DATA. Or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    ),
    Setting("FORUM_PUBLIC_URL", "", "Address that people type, as https://forum.example.org; empty: found out."),
    Setting(
        "FORUM_LOCALES",
        "",
        "Folder with further languages, each as LANGUAGE/LC_MESSAGES/forum.po; empty: those that come with Forum.",
    ),
    Setting("FORUM_JOINS_PER_ADDRESS", "3000", "Phones that may join from one network address in ten minutes."),
    Setting("FORUM_WRONG_CODES_PER_ADDRESS", "300", "Wrong join codes that one address may try in ten minutes."),
    Setting(
        "FORUM_WRONG_TICKETS_PER_ADDRESS", "100", "Tickets that do not exist, which one address may try in ten minutes."
    ),
    Setting("FORUM_STORIES_PER_ADDRESS", "60", "Stories that one network address may submit in an hour."),
    Setting("FORUM_REPORTS_PER_ADDRESS", "20", "Reports of stories that one network address may send in an hour."),
    Setting(
        "FORUM_WRONG_LINKS_PER_ADDRESS",
        "60",
        "Private links that do not exist, which one network address may try in ten minutes.",
    ),
    Setting("FORUM_SIGN_INS_PER_ADDRESS", "30", "Failed sign-ins that one network address may try in ten minutes."),
)


@dataclass(frozen=True)
class Settings:
    """How this server runs. Build it with `load`, which reads the environment and checks every value."""

    data: Path
    host: str
    port: int
    database_url: str
    public_url: str
    locales: Path | None
    joins_per_address: int
    wrong_codes_per_address: int
    wrong_tickets_per_address: int
    stories_per_address: int
    reports_per_address: int
    wrong_links_per_address: int
    sign_ins_per_address: int

    @classmethod
    def load(cls, environ: Mapping[str, str], **given: object) -> Settings:
        """From the environment; `given` values (not None) win. Raises StartupProblem for a value that cannot be."""
        raw = {row.env: environ.get(row.env, "") or row.default for row in TABLE}
        raw |= {f"FORUM_{name.upper()}": str(value) for name, value in given.items() if value is not None}
        numbers = {env: _number(env, raw[env]) for env in raw if env.endswith(("_PORT", "_PER_ADDRESS"))}
        if numbers["FORUM_PORT"] > 65535:
            raise StartupProblem("FORUM_PORT must be from 0 to 65535, not %(value)s.", value=raw["FORUM_PORT"])
        try:
            data = Path(raw["FORUM_DATA"]).expanduser().absolute()
        except RuntimeError as error:
            raise StartupProblem("There is no home folder for %(folder)s.", folder=raw["FORUM_DATA"]) from error
        _check_address(raw["FORUM_PUBLIC_URL"])
        return cls(
            data=data,
            host=raw["FORUM_HOST"],
            port=numbers["FORUM_PORT"],
            database_url=raw["FORUM_DATABASE_URL"] or sqlite_url(data / "forum.db"),
            public_url=raw["FORUM_PUBLIC_URL"].rstrip("/"),
            locales=Path(raw["FORUM_LOCALES"]) if raw["FORUM_LOCALES"] else None,
            joins_per_address=numbers["FORUM_JOINS_PER_ADDRESS"],
            wrong_codes_per_address=numbers["FORUM_WRONG_CODES_PER_ADDRESS"],
            wrong_tickets_per_address=numbers["FORUM_WRONG_TICKETS_PER_ADDRESS"],
            stories_per_address=numbers["FORUM_STORIES_PER_ADDRESS"],
            reports_per_address=numbers["FORUM_REPORTS_PER_ADDRESS"],
            wrong_links_per_address=numbers["FORUM_WRONG_LINKS_PER_ADDRESS"],
            sign_ins_per_address=numbers["FORUM_SIGN_INS_PER_ADDRESS"],
        )


def sqlite_url(file: Path) -> str:
    """The address of a SQLite file, whatever signs there are in its name."""
    return "sqlite+aiosqlite:///" + str(file).replace("%", "%25").replace("?", "%3F")


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if url and not sound:
        words = "FORUM_PUBLIC_URL must be an address as https://forum.example.org, not %(value)s."
        raise StartupProblem(words, value=url)


def _number(env: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > MOST_DIGITS:
        raise StartupProblem("%(env)s must be a whole number, not %(value)s.", env=env, value=value)
    return int(value)
