"""Two exports compared: is one record the beginning of the other, or are they two?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from forum.errors import NotAnExport
from forum.record.verify.archive import read_export
from forum.record.verify.verdict import NoExport


@dataclass(frozen=True)
class Comparison:
    """How the records of two exports lie to each other: their sizes, and the index of the first entry that differs.

    That is None where the shorter one is the beginning of the longer one. `same_key`: both name one key.
    """

    sizes: tuple[int, int]
    differs_at: int | None
    same_key: bool

    def __str__(self) -> str:
        if self.differs_at is not None:
            return f"These are two records: entry {self.differs_at} differs. At most one of them is the true one."
        shorter, longer = sorted(self.sizes)
        told = f"One record: the {shorter} entries of one export are the beginning of the {longer} of the other."
        return told if self.same_key else f"{told} They are signed with two keys: ask why."


def compare(one: Path, other: Path) -> Comparison:
    """Compares the exports at two paths (a zip or a folder each), entry by entry. Raises NotAnExport, OSError."""
    files = [_files(path) for path in (one, other)]
    lines = [found["record.jsonl"].splitlines() for found in files]
    shorter = min(map(len, lines))
    pairs = enumerate(zip_longest(*(some[:shorter] for some in lines)))
    differs = next((at for at, (ours, theirs) in pairs if ours != theirs), None)
    keys = [found["public_key.pem"] for found in files]
    return Comparison((len(lines[0]), len(lines[1])), differs, keys[0] == keys[1])


def _files(path: Path) -> dict[str, bytes]:
    try:
        files, _ = read_export(path)
    except NoExport as error:
        raise NotAnExport("This is no Forum export: %(why)s", why=str(error)) from error
    for name in ("record.jsonl", "public_key.pem"):
        if name not in files:
            raise NotAnExport("This is no Forum export: %(why)s", why=f"{path} has no {name}")
    return files
