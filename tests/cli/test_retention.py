"""`forum retention`: what is kept and for how long, and the word that the clock is right."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner, Result

from forum.__main__ import main
from forum.ports.personal_data import PERIODS


def retention(data: Path, *options: str, **environ: str) -> Result:
    return CliRunner().invoke(main, ["retention", "--data", str(data), *options], env=environ)


def test_it_shows_the_periods_and_takes_the_word_for_the_clock(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "forum.db")
    shown = json.loads(retention(tmp_path, "--json", FORUM_RETENTION="drafts=90").stdout)
    assert shown == {
        "periods": {**PERIODS, "drafts": 90},
        "ran_at": "",
        "refused_at": "",
        "confirmed": False,
        "open_votes": [],
    }
    assert "There was nothing to confirm." in retention(tmp_path, "--confirm").stdout
    state = {"ran_at": "2026-03-01T22:00:00.000Z", "refused_at": "2027-03-01T22:00:00.000Z"}
    with closing(sqlite3.connect(tmp_path / "forum.db")) as database:
        database.execute("INSERT INTO fact VALUES ('retention', ?)", [json.dumps(state)])
        database.commit()
    assert f"Nothing is removed since {state['refused_at']}" in retention(tmp_path).stdout
    assert "The clock is confirmed." in retention(tmp_path, "--confirm").stdout
    assert json.loads(retention(tmp_path, "--json").stdout)["confirmed"]
