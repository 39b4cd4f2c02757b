"""Checks of exports that differ from a true one in one file: what reads nothing of that file says what it said.

A check is a function of the files it reads. Of a true export each is run on an export of its own that notes what it
reads; on any other export whose files are the same to the byte wherever the check looked it is not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import pytest

from forum.record.verify.ed25519 import signed_by
from forum.record.verify.encoding import parse_lines
from forum.record.verify.export import Export
from forum.record.verify.public_log import Log
from forum.record.verify.table_checks import write_table
from forum.record.verify.verdict import PASS, Check, check

# They read the key by a way of their own, past the export that they are given.
_ALWAYS_RUN = {"checkpoint signature", "package signature"}
_LINES = ("record.jsonl", "disclosures.jsonl", "ballots.jsonl")
_read = Log.read


class _Noted(dict[str, bytes]):
    """Files of an export that note which of them were read, and whether the names of all were."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.read: dict[str, bytes | None] = {}
        self.named = False

    def __getitem__(self, name: str) -> bytes:
        self.read[name] = dict.get(self, name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns a file, or `default`; notes it."""
        self.read[name] = dict.get(self, name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read[str(name)] = dict.get(self, str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self.named = True
        return super().__iter__()

    def items(self) -> Any:
        """Returns every file with its name; notes them all."""
        self.named = True
        self.read |= dict(super().items())
        return super().items()

    def values(self) -> Any:
        """Refuses: no check goes through the files without their names."""
        raise NotImplementedError

    keys = copy = values
    __len__ = values


@dataclass(frozen=True)
class _Said:
    """Outcome of a check, with all that it read: files by name (None for one that was not there), and the names of all
    files where it went through them."""

    outcome: Check
    read: Mapping[str, bytes | None]
    names: list[str] | None

    def holds_for(self, files: Mapping[str, bytes]) -> bool:
        """Returns whether the check would read the very same in other files."""
        return self.names in (None, list(files)) and all(files.get(name) == body for name, body in self.read.items())


class RememberedChecks:
    """What each check says of the true export with the files `true`, for exports that differ from it in some file."""

    def __init__(self, true: Mapping[str, bytes]) -> None:
        self._true = dict(true)
        self._said: dict[str, _Said] = {}
        self._lines = {body: parse_lines(body) for name, body in true.items() if name in _LINES}
        self._signed_by = lru_cache(maxsize=8)(signed_by)
        self._log: Log | None = None
        self._tables: dict[tuple[object, ...], bytes] = {}

    def use(self, patch: pytest.MonkeyPatch) -> None:
        """Lets every check be run only where it reads something else than in the true export, every file be parsed
        once, a signature be worked out once, and tables be made once from the same files; until `patch` is undone."""
        patch.setattr("forum.record.verify.checks.check", self._check)
        patch.setattr("forum.record.audit.check", self._check)
        patch.setattr("forum.record.verify.checks.signed_by", self._signed_by)
        patch.setattr("forum.record.verify.export.parse_lines", lambda body: self._lines.get(body) or parse_lines(body))
        patch.setattr("forum.record.verify.table_checks.Log.read", self._read)
        patch.setattr("forum.record.verify.table_checks.write_table", self._write_table)

    def _check(self, name: str, part: Callable[[], tuple[str, str]]) -> Check:
        if name in _ALWAYS_RUN or not isinstance(part, partial):
            return check(name, part)
        [export] = part.args
        if name not in self._said:
            files = _Noted(self._true)
            outcome = check(name, partial(part.func, Export(files), **part.keywords))
            assert outcome.verdict == PASS, outcome
            self._said[name] = _Said(outcome, files.read, list(self._true) if files.named else None)
        said = self._said[name]
        return said.outcome if said.holds_for(export.files) else check(name, part)

    def _read(self, lines: Callable[[str], list[Any]], commission: str | None, session: str | None) -> Log:
        """Returns one log of the very lines of the true export, however often it is read."""
        if (commission, session) != (None, None) or any(
            lines(name) is not self._lines[self._true[name]] for name in _LINES
        ):
            return _read(lines, commission, session)
        self._log = self._log or _read(lines, None)
        return self._log

    def _write_table(self, log: Log, *which: Any) -> bytes:
        """Returns a table; each of the true export is written once."""
        if log is not self._log:
            return write_table(log, *which)
        if which not in self._tables:
            self._tables[which] = write_table(log, *which)
        return self._tables[which]
