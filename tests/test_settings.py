"""Settings: what an installer may write, and what is said of the rest."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest
from support.record_keeper import SIGNER
from support.witness import WitnessServer

from forum.cli import unread
from forum.errors import StartupProblem
from forum.ports.personal_data import PERIODS
from forum.services.mail.server import MailServer
from forum.settings import RENAMED, TABLE, Settings

SOUND = {
    "FORUM_SMTP_URL": "smtp://mail.example.org",
    "FORUM_SMTP_FROM": "forum@example.org",
    "FORUM_PUBLIC_URL": "https://forum.example.org",
}


def loaded(**changes: str) -> MailServer | None:
    return Settings.load(SOUND | changes).mail


@pytest.mark.parametrize("name", ["Europe/London", "Europe/Dublin", "Asia/Kolkata", "UTC"])
def test_a_time_zone_is_read(name: str) -> None:
    assert Settings.load({"FORUM_TIMEZONE": name}).timezone.key == name


@pytest.mark.parametrize(
    ("machine", "zone"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        ("UTC", "Europe/London"),
        ("Etc/UTC", "Europe/London"),
        ("Nowhere/Atall", "Europe/London"),
    ],
)
def test_without_a_time_zone_it_is_the_machines_or_where_that_says_no_place_the_fields(
    machine: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", machine)
    assert Settings.load({}).timezone.key == zone
    assert Settings.load({"FORUM_TIMEZONE": "UTC"}).timezone.key == "UTC"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("London", "not London. Do you mean Europe/London?"),
        ("europe/londn", "not europe/londn. Do you mean Europe/London?"),
        ("New York", "not New York. Do you mean America/New_York?"),
        ("GMT+1 or so", "not GMT[+]1 or so. Leave it empty for this machine's."),
        ("../../etc/passwd", "not ../../etc/passwd. Leave it empty for this machine's."),
        ("Europe/", "not Europe/"),
    ],
)
def test_what_is_no_time_zone_is_refused_in_one_line_that_says_what_to_do(name: str, told: str) -> None:
    with pytest.raises(StartupProblem, match=f"FORUM_TIMEZONE must be a time zone as Europe/London, {told}"):
        Settings.load({"FORUM_TIMEZONE": name})


WITNESS = WitnessServer(0)


def test_witnesses_are_read_with_spaces_or_commas_between_them() -> None:
    other = WitnessServer(0, "w2/x")
    text = f"{WITNESS.verifier_key} https://w1.example/prefix/,\n {other.verifier_key}, http://10.0.0.7:8080"
    one, two = Settings.load({"FORUM_WITNESSES": text}).witnesses
    assert (one.name, one.url, two.name, two.url) == (
        WITNESS.name,
        "https://w1.example/prefix",
        "w2/x",
        "http://10.0.0.7:8080",
    )
    assert one.key == WITNESS.key.public_key().public_bytes_raw()
    assert Settings.load({}).witnesses == ()


@pytest.mark.parametrize(
    "text",
    [
        WITNESS.verifier_key,
        "https://w1.example",
        f"https://w1.example {WITNESS.verifier_key}",
        f"{WITNESS.verifier_key} ftp://w1.example",
        f"{WITNESS.verifier_key} https://ada:word@w1.example",
        f"{WITNESS.verifier_key} https://w1.example/?a=b",
        f"{WITNESS.verifier_key} https://w1.example:99999",
        f"{WITNESS.verifier_key} https://w1.example {WITNESS.verifier_key} https://w2.example",
        f"{SIGNER.verifier_key} https://w1.example",
        f"x{WITNESS.verifier_key} https://w1.example",
        f"{WITNESS.verifier_key[:-4]} https://w1.example",
        f"{WITNESS.verifier_key} https://w1.example " * 21,
    ],
)
def test_what_is_no_witness_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(StartupProblem, match="FORUM_WITNESSES cannot be used: "):
        Settings.load({"FORUM_WITNESSES": text})


def test_times_to_keep_data_can_be_made_shorter() -> None:
    assert Settings.load({}).operator.periods == PERIODS
    assert Settings.load({"FORUM_RETENTION": "drafts=90, notes=1"}).operator.periods == {
        **PERIODS,
        "drafts": 90,
        "notes": 1,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drafts=366", "must be from 1 to 365 days"),
        ("drafts=0", "must be from 1 to 365 days"),
        ("drafts", "must be from 1 to 365 days"),
        ("drafts=-1", "must be from 1 to 365 days"),
        ("letters=3", "there is no period letters"),
    ],
)
def test_times_to_keep_data_cannot_be_made_longer(text: str, said: str) -> None:
    with pytest.raises(StartupProblem, match=said):
        Settings.load({"FORUM_RETENTION": text})


def test_without_a_mail_server_there_is_no_e_mail() -> None:
    assert Settings.load({}).mail is None
    assert Settings.load({"FORUM_SMTP_FROM": "whatever"}).mail is None


@pytest.mark.parametrize(
    ("url", "how", "host", "port", "user", "password"),
    [
        ("smtp://mail.example.org", "smtp", "mail.example.org", 587, "", ""),
        ("SMTPS://mail.example.org/", "smtps", "mail.example.org", 465, "", ""),
        ("smtp://ada:word@mail.example.org:2525", "smtp", "mail.example.org", 2525, "ada", "word"),
        ("smtps://a%40b.test:p%2F%23%3A%25@[2001:db8::1]", "smtps", "2001:db8::1", 465, "a@b.test", "p/#:%"),
        ("smtp+plain://10.0.0.7", "smtp+plain", "10.0.0.7", 25, "", ""),
    ],
)
def test_a_mail_server_is_read(url: str, how: str, host: str, port: int, user: str, password: str) -> None:
    assert loaded(FORUM_SMTP_URL=url) == MailServer(how, host, port, user, password, "forum@example.org")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"FORUM_SMTP_URL": "mail.example.org"}, "must begin with smtp://"),
        ({"FORUM_SMTP_URL": "http://u:hush@mail.example.org"}, "must begin with smtp://"),
        ({"FORUM_SMTP_URL": "smtp://"}, "must be as smtp://USER:PASSWORD@HOST:587"),
        ({"FORUM_SMTP_URL": "smtp://u:hush@host:port"}, "must be as smtp://USER:PASSWORD@HOST:587"),
        ({"FORUM_SMTP_URL": "smtp://u:hush@host:0"}, "must be as smtp://USER:PASSWORD@HOST:587"),
        ({"FORUM_SMTP_URL": "smtp://u:hush/word@host"}, "write @ as %40, : as %3A, / as %2F"),
        ({"FORUM_SMTP_URL": "smtp://u:hush#word@host"}, "write @ as %40"),
        ({"FORUM_SMTP_URL": "smtp://u:hush?word@host"}, "write @ as %40"),
        ({"FORUM_SMTP_URL": "smtp://u:hush@[host"}, "must be as smtp://USER:PASSWORD@HOST:587"),
        ({"FORUM_SMTP_URL": "smtp://hush@host"}, "both a user and a password"),
        ({"FORUM_SMTP_URL": "smtp://:hush@host"}, "both a user and a password"),
        ({"FORUM_SMTP_URL": "smtp+plain://u:hush@host"}, "would send the password for all to read"),
        ({"FORUM_SMTP_FROM": ""}, "needs FORUM_SMTP_FROM"),
        ({"FORUM_SMTP_FROM": "forum"}, "FORUM_SMTP_FROM must be an e-mail address as forum@example.org, not forum"),
        ({"FORUM_SMTP_FROM": "a@x.test\nBcc: b@x.test"}, "FORUM_SMTP_FROM must be an e-mail address"),
        ({"FORUM_PUBLIC_URL": ""}, "needs FORUM_PUBLIC_URL"),
        ({"FORUM_CONNECTIONS_PER_ADDRESS": "0"}, "FORUM_CONNECTIONS_PER_ADDRESS must be at least 1"),
        ({"FORUM_IDLE_SECONDS": "0"}, "FORUM_IDLE_SECONDS must be at least 1"),
        ({"FORUM_STALL_SECONDS": "-1"}, "FORUM_STALL_SECONDS must be a whole number"),
        ({"FORUM_MAILS_PER_ADDRESS": "many"}, "FORUM_MAILS_PER_ADDRESS must be a whole number"),
    ],
)
def test_one_that_cannot_be_is_told_so_before_anything_starts_and_no_password_with_it(
    changes: dict[str, str], said: str
) -> None:
    with pytest.raises(StartupProblem) as problem:
        loaded(**changes)
    assert said in str(problem.value)
    assert "hush" not in str(problem.value)
    assert "hush" not in repr(problem.value)


def test_a_password_is_in_no_print_of_the_settings() -> None:
    settings = Settings.load(SOUND | {"FORUM_SMTP_URL": "smtp://ada:hush@mail.example.org"})
    assert settings.mail is not None
    assert settings.mail.password == "hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("https://forum.example.org", "https://forum.example.org"),
        ("HTTPS://forum.example.org/", "https://forum.example.org"),
        ("http://192.168.1.20:8000", "http://192.168.1.20:8000"),
        ("http://[2001:db8::7]:8000/", "http://[2001:db8::7]:8000"),
        ("https://example.org/forum", "https://example.org/forum"),
        ("https://example.org/a-b/C_2///", "https://example.org/a-b/C_2"),
    ],
)
def test_a_public_address_is_kept_without_a_slash_at_its_end(typed: str, kept: str) -> None:
    assert Settings.load({"FORUM_PUBLIC_URL": typed}).public_url == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("https://ada:hush@example.org", "Leave out what is before @"),
        ("https://ada@example.org", "Leave out what is before @"),
        ("https://@example.org", "Leave out what is before @"),
        ("https://example.org/?a=hush", "cannot have ? or #"),
        ("https://example.org?", "cannot have ? or #"),
        ("https://example.org/#top", "cannot have ? or #"),
        ("https://example.org/a b", "must be an address as"),
        ("https://exa mple.org", "must be an address as"),
        (" https://example.org", "must be an address as"),
        ("https://example.org\n", "must be an address as"),
        ("https://example.org\t/forum", "must be an address as"),
        ("https://b\u00fccher.example", "must be an address as"),
        ("https://example.org:99999", "must be an address as"),
        ("https://example.org:0", "must be an address as"),
        ("https://example.org\\forum", "must be an address as"),
        ("https://exa_mple.org", "must be an address as"),
        ("https:///forum", "must be an address as"),
        ("ftp://example.org", "must be an address as"),
        ("https://example.org/a//b", "letters, digits, - and _"),
        ("https://example.org/../b", "letters, digits, - and _"),
        ("https://example.org/%66orum", "letters, digits, - and _"),
        ('https://example.org/"x', "letters, digits, - and _"),
    ],
)
def test_a_public_address_below_which_no_page_can_stand_is_told(typed: str, said: str) -> None:
    with pytest.raises(StartupProblem) as problem:
        Settings.load({"FORUM_PUBLIC_URL": typed})
    assert said in str(problem.value)
    assert "hush" not in str(problem.value) or "?" in typed


def test_a_setting_that_nothing_reads_is_told_with_the_one_that_may_be_meant() -> None:
    told = unread(
        {
            "FORUM_JOINS_PER_ADDRESS": "3000",
            "FORUM_SAVES_PER_ADRES": "5",
            "forum_port": "80",
            "FORUM_XYZ": "secret",
            "FORUM_TOKEN": "t",
            "PATH": "/bin",
        }
        | {row.env: row.default for row in TABLE}
    )
    assert told == [
        "FORUM_JOINS_PER_ADDRESS is not read any more: FORUM_JOINS_PER_SESSION is in its place. See docs/settings.md.",
        "FORUM_SAVES_PER_ADRES is no setting, and is not read. Is FORUM_SAVES_PER_ADDRESS meant? See docs/settings.md.",
        "FORUM_XYZ is no setting, and is not read. See docs/settings.md.",
        "forum_port is no setting, and is not read. Is FORUM_PORT meant? See docs/settings.md.",
    ]


def test_what_was_renamed_leads_to_a_setting_that_there_is() -> None:
    known = {row.env for row in TABLE}
    assert not known & RENAMED.keys()
    assert set(RENAMED.values()) <= known


@pytest.mark.parametrize(
    "named", ["", "CC-BY-4.0", "OGL-UK-3.0", "https://www.nationalarchives.gov.uk/doc/open-government-licence/"]
)
def test_a_licence_is_a_short_name_or_an_address(named: str) -> None:
    assert Settings.load({"FORUM_LICENCE": named}).licence == named


@pytest.mark.parametrize(
    "named", ["CC BY", "see https://example.org", "https://", "ftp://example.org", "CC0\nCC1", "ŵ"]
)
def test_what_is_no_licence_is_refused_in_one_line(named: str) -> None:
    with pytest.raises(StartupProblem, match="FORUM_LICENCE must be a short name as "):
        Settings.load({"FORUM_LICENCE": named})


def test_the_nightly_check_has_a_time_or_none() -> None:
    assert Settings.load({}).record_check == time(3)
    assert Settings.load({"FORUM_RECORD_CHECK": "23:59"}).record_check == time(23, 59)
    assert Settings.load({"FORUM_RECORD_CHECK": "never"}).record_check is None
    for wrong in ("24:00", "3:00", "03:60", "at night", "03:00:00"):
        with pytest.raises(StartupProblem, match="FORUM_RECORD_CHECK must be a time as 03:00, or never"):
            Settings.load({"FORUM_RECORD_CHECK": wrong})


def test_backups_have_a_folder_a_time_and_a_number() -> None:
    assert Settings.load({"FORUM_BACKUP_AT": "6h"}).backups is None
    plan = Settings.load({"FORUM_BACKUPS": "/srv/backups", "FORUM_BACKUPS_KEPT": "3"}).backups
    assert plan is not None
    assert (plan.folder, plan.at, plan.kept) == (Path("/srv/backups"), time(2), 3)
    often = Settings.load({"FORUM_BACKUPS": "/srv/backups", "FORUM_BACKUP_AT": "6h"}).backups
    assert often is not None
    assert often.at == timedelta(hours=6)
    for env, wrong in (("_AT", "2"), ("_AT", "0h"), ("_AT", "24:00"), ("S_KEPT", "0"), ("S_KEPT", "many")):
        with pytest.raises(StartupProblem, match=f"FORUM_BACKUP{env} must be a "):
            Settings.load({f"FORUM_BACKUP{env}": wrong})


def test_the_worked_example_is_wanted_or_not() -> None:
    assert Settings.load({}).example
    assert not Settings.load({"FORUM_EXAMPLE": "no"}).example
    with pytest.raises(StartupProblem, match="FORUM_EXAMPLE must be yes or no, not perhaps"):
        Settings.load({"FORUM_EXAMPLE": "perhaps"})


def test_the_secret_of_the_figures_is_long_and_not_repeated() -> None:
    assert Settings.load({}).metrics_token == ""
    assert Settings.load({"FORUM_METRICS_TOKEN": "seven-quiet-kettles-"}).metrics_token == "seven-quiet-kettles-"
    for wrong in ("seven-quiet-kettles", "seven quiet green kettles", "seven-quiet-grün-kettles"):
        with pytest.raises(StartupProblem, match="FORUM_METRICS_TOKEN must have 20 ") as problem:
            Settings.load({"FORUM_METRICS_TOKEN": wrong})
        assert "seven" not in str(problem.value)
