"""Pictures are looked at in a process of their own, which ends when its time is up or nobody waits for it any more."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from attack.ending import large_one
from attack.pictures import of_scans
from PIL import Image
from stories.test_evidence_files import picture

from forum.adapters import picture_process
from forum.errors import BadInput, TooMany
from forum.stories import evidence_files


def children() -> set[str]:
    """Returns the ids of the processes that this one started and that are not gone."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


async def test_a_picture_comes_back_as_here_and_a_fault_in_the_same_words() -> None:
    good = picture("JPEG")
    assert await picture_process.checked(good) == evidence_files.checked(good)
    for bad in (b"\x89PNG\r\n\x1a\n" + b"no" * 50, b"hello"):
        with pytest.raises(BadInput) as here:
            evidence_files.checked(bad)
        with pytest.raises(BadInput) as there:
            await picture_process.checked(bad)
        assert (there.value.message, there.value.values, there.value.field) == (
            here.value.message,
            here.value.values,
            here.value.field,
        )


async def test_what_takes_too_long_is_killed_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()
    monkeypatch.setattr(picture_process, "DEADLINE", 0.05)  # no process has even started by then
    with pytest.raises(BadInput, match="takes too long"):
        await picture_process.checked(large_one(1))
    assert children() == before


async def test_nobody_waits_behind_a_process_that_nobody_wants(started: asyncio.Event) -> None:
    before = children()
    waiting = [asyncio.create_task(picture_process.checked(large_one(n))) for n in range(3)]
    await started.wait()
    assert children() != before
    for one in waiting:
        one.cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in ended} == {asyncio.CancelledError}
    assert children() == before


async def test_only_so_many_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_process, "MOST_WAITING", 2)
    asked = [picture_process.checked(picture("PNG")) for _ in range(3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in answers] == [evidence_files.Checked, evidence_files.Checked, TooMany]


@pytest.mark.parametrize(
    "content",
    [
        of_scans(evidence_files.MOST_SCANS, (64, 64)),
        picture("JPEG")[:2] + b"\xff\xfe\x00\x02" * (evidence_files.MOST_SEGMENTS + 1) + picture("JPEG")[2:],
        picture("PNG")[:33] + b"\x00\x00\x00\x00tEXtabcd" * evidence_files.MOST_CHUNKS + picture("PNG")[33:],
    ],
    ids=["scans", "segments", "chunks"],
)
def test_a_picture_of_too_many_parts_is_refused_before_it_is_decoded(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(Image, "open", opened)
    with pytest.raises(BadInput, match="more parts than a camera makes"):
        evidence_files.checked(content)


def test_scans_count_by_the_pixels_that_they_go_over(monkeypatch: pytest.MonkeyPatch) -> None:
    progressive = picture("JPEG", progressive=True)
    assert evidence_files.checked(progressive).media == evidence_files.JPEG
    monkeypatch.setattr(evidence_files, "MOST_SCANNED", 40 * 30 * progressive.count(b"\xff\xda") - 1)
    with pytest.raises(BadInput, match="more parts"):
        evidence_files.checked(progressive)


def test_without_the_library_for_pictures_that_is_told_at_the_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(BadInput, match="library Pillow is not installed") as refused:
        picture_process._read(picture_process._answer(b"\x89PNG\r\n\x1a\n" + bytes(40)))
    assert refused.value.field == "file"
