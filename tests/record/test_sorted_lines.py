"""Lines sorted through a file."""

from __future__ import annotations

import io
from random import Random

import pytest

from forum.record import sorted_lines
from forum.record.sorted_lines import SortedLines


@pytest.mark.parametrize(("run", "piece"), [(1, 5), (7, 16), (7, 10_000), (1_000, 16)])
def test_lines_come_back_sorted_however_many_lie_in_the_file(
    monkeypatch: pytest.MonkeyPatch, run: int, piece: int
) -> None:
    monkeypatch.setattr(sorted_lines, "RUN", run)
    monkeypatch.setattr(sorted_lines, "_PIECE", piece)
    random = Random(run)
    lines = [random.randbytes(random.randrange(40)).replace(b"\n", b"") for _ in range(200)]
    file = io.BytesIO()
    kept = SortedLines(file)
    for start in range(0, len(lines), 3):
        kept.add(lines[start : start + 3])
    assert (len(file.getvalue()) > 0) == (run < len(lines))
    assert list(kept) == sorted(lines)


def test_of_no_lines_there_are_none() -> None:
    assert list(SortedLines(io.BytesIO())) == []
