"""Rows of a SQLite database that hold an address, a link or an offer of help: whether anything ties them to a vote."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

# Rows of people who follow, keep a promise, say what they noticed or offer help.
APART = ("follower", "owner_mail", "owner_link", "noticed_answer", "help_pledge")
# Rows of people in a session, their phones and their ballots.
VOTING = ("participant", "voter", "also", "ballot", "casting", "reason", "me_too", "ticket")
# Numbers, states and days are the same by chance; the clock of a test stands still.
_LEAST = 16
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def tied(file: Path) -> list[str]:
    """Lists what ties the tables APART to VOTING: a key to the other, or a value in both, plain or as its digest."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        named = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        missing = [name for name in (*APART, *VOTING) if name not in named]
        keys = [
            f"{one} refers to {row[2]}"
            for one, others in (*((one, VOTING) for one in APART), *((one, APART) for one in VOTING))
            for row in database.execute(f"PRAGMA foreign_key_list({one})")
            if row[2] in others
        ]
        voting = {form for name in VOTING for _, value in _values(database, name) for form in _forms(value)}
        values = [
            f"{name}.{column} has a value of a table of votes"
            for name in APART
            for column, value in _values(database, name)
            if not voting.isdisjoint(_forms(value))
        ]
    return [*(f"{name} is not there" for name in missing), *keys, *values]


def _values(database: sqlite3.Connection, name: str) -> Iterator[tuple[str, str]]:
    """Yields every text of a table that could stand for somebody, with its column."""
    rows = database.execute(f"SELECT * FROM {name}")
    columns = [one[0] for one in rows.description]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, str) and len(value) >= _LEAST and not _MOMENT.fullmatch(value):
                yield column, value


def _forms(value: str) -> Iterable[str]:
    digest = hashlib.sha256(value.encode()).hexdigest()
    return value, digest, digest[:32]
