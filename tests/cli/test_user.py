from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forum.__main__ import main
from forum.adapters import passwords
from forum.ports.passwords import Fit
from forum.services.keys import digest

PASSWORD = "correct horse battery"


def user(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["user", *map(str, arguments)], input=given)


def add(data: Path, login: str = "ann", *options: str, given: str = PASSWORD + "\n") -> Result:
    return user("add", login, "--role", "organiser", "--password-stdin", "--data", data, *options, given=given)


async def test_add_keeps_a_hash_and_no_password(tmp_path: Path) -> None:
    with closing(sqlite3.connect(_with_ann(tmp_path) / "forum.db")) as database:
        stored = database.execute("SELECT password FROM person WHERE login = 'ann'").fetchone()[0]
    assert await passwords.fit(stored, PASSWORD) is Fit.YES
    assert PASSWORD.encode() not in (tmp_path / "forum.db").read_bytes()


def _with_ann(data: Path) -> Path:
    from concurrent.futures import ThreadPoolExecutor

    # The command runs an event loop of its own, which a test that is in one must leave to another thread.
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(add, data).result()
    assert result.exit_code == 0, result.output
    return data


def test_add_and_list(tmp_path: Path) -> None:
    assert add(tmp_path, "ann", "--name", "Ann Other", "--role", "moderator").exit_code == 0
    shown = user("list", "--data", tmp_path, "--json")
    assert shown.exit_code == 0
    person = json.loads(shown.stdout)["people"][0]
    both = ["organiser", "moderator"]
    assert person == {"id": person["id"], "login": "ann", "name": "Ann Other", "roles": both, "roles_in": {}}
    assert "ann\tAnn Other\torganiser, moderator" in user("list", "--data", tmp_path).stdout


def test_add_asks_for_the_password_twice(tmp_path: Path) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    asked = user("add", "ann", "--role", "commissioner", "--data", tmp_path, "--json", given=typed)
    assert asked.exit_code == 0
    assert json.loads(asked.stdout)["roles"] == ["commissioner"]
    assert "Password" in asked.stderr
    assert PASSWORD not in asked.output


def test_add_refuses_in_one_line(tmp_path: Path) -> None:
    assert add(tmp_path).exit_code == 0
    for result, why in (
        (add(tmp_path, "ANN"), "taken"),
        (add(tmp_path, "bob", given="short\n"), "12"),
        (add(tmp_path, "b ob"), "without spaces"),
        (add(tmp_path, "bob", "--role", "king"), "king"),
        (add(tmp_path, "bob", "--commission", "nowhere"), "no such commission"),
        (user("add", "bob", "--data", tmp_path), "--role"),
    ):
        assert result.exit_code == 2
        assert result.stdout == ""
        assert why in result.stderr
        assert result.stderr.count("\n") == 1
    assert len(json.loads(user("list", "--data", tmp_path, "--json").stdout)["people"]) == 1


def test_token_is_shown_once_and_kept_as_a_digest(tmp_path: Path) -> None:
    add(tmp_path)
    made = user("token", "ann", "--label", "rehearsals", "--data", tmp_path)
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert "only time" in made.stderr
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        assert database.execute("SELECT label, secret FROM token").fetchall() == [("rehearsals", digest(secret))]
    assert secret.encode() not in (tmp_path / "forum.db").read_bytes()


def test_token_only_for_organisers(tmp_path: Path) -> None:
    add(tmp_path)
    given = PASSWORD + "\n"
    user("add", "mo", "--role", "moderator", "--password-stdin", "--data", tmp_path, given=given)
    for login, why in (("mo", "no organiser"), ("nobody", "no account")):
        result = user("token", login, "--data", tmp_path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert why in result.stderr


def test_no_data_yet(tmp_path: Path) -> None:
    result = user("list", "--data", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "There is no Forum data" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_new_password_is_the_only_one(tmp_path: Path) -> None:
    for login in ("ann", "eve"):
        assert add(tmp_path, login).exit_code == 0
        assert user("token", login, "--label", "a script", "--data", tmp_path).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database, database:
        for (id_,) in database.execute("SELECT id FROM person").fetchall():
            database.execute(
                "INSERT INTO sign_in (token, person, at, until) VALUES (?, ?, '2026-01-01', '2999-01-01')",
                (f"of {id_}", id_),
            )
    short = user("password", "ann", "--password-stdin", "--data", tmp_path, given="short\n")
    assert (short.exit_code, "12 to 200 characters" in short.output) == (2, True)
    nobody = user("password", "bob", "--password-stdin", "--data", tmp_path, given="eleven pale wooden bridges\n")
    assert "There is no account bob" in nobody.output
    assert nobody.exit_code != 0
    given = user("password", "ann", "--password-stdin", "--data", tmp_path, given="eleven pale wooden bridges\n")
    assert given.exit_code == 0, given.output
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        stored = database.execute("SELECT password FROM person WHERE login = 'ann'").fetchone()[0]
        signed_in = "SELECT login FROM sign_in JOIN person ON person.id = sign_in.person"
        tokens = "SELECT login FROM token JOIN person ON person.id = token.person WHERE revoked_at = ''"
        # Whoever was in by the old one is out, and nobody else.
        assert [database.execute(those).fetchall() for those in (signed_in, tokens)] == [[("eve",)], [("eve",)]]
    assert passwords._matches(stored, "eleven pale wooden bridges")
    assert not passwords._matches(stored, PASSWORD)


def test_a_login_and_a_password_are_taken_however_they_are_written(tmp_path: Path) -> None:
    assert add(tmp_path, "Tŷ.nos", given="tŷ bach twt ger y lli\n").exit_code == 0
    for login in ("ty\u0302.NOS", "ｔŷ.nos", "tŷ\u200b.nos"):
        assert add(tmp_path, login).exit_code == 2
        given = user("password", login, "--password-stdin", "--data", tmp_path, given="ty\u0302 mawr twt ger y lli\n")
        assert given.exit_code == 0
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        (stored,) = database.execute("SELECT password FROM person").fetchone()
    assert passwords._fit(stored, "tŷ mawr twt ger y lli") is Fit.YES


@pytest.mark.parametrize(
    "options",
    [("\u3164",), ("an\u202en",), ("ann\ue000",), ("ann", "--name", "A\u202enn"), ("ann", "--name", "Ann\nBob")],
)
def test_an_account_has_a_login_and_a_name_that_can_be_read(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert add(tmp_path, *options).exit_code == 2
    assert "Traceback" not in add(tmp_path, *options).stderr


def test_a_name_that_nobody_can_see_is_none(tmp_path: Path) -> None:
    assert add(tmp_path, "ann", "--name", "\u200b").exit_code == 0
    assert "ann\tann\torganiser" in user("list", "--data", tmp_path).stdout


def test_a_token_is_for_something_that_can_be_read(tmp_path: Path) -> None:
    assert add(tmp_path).exit_code == 0
    assert user("token", "ann", "--label", "\u2060", "--data", tmp_path).exit_code == 2
