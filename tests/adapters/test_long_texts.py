"""Long texts are worked through in a process of their own: the same comes of it, and it ends with whoever waits."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import time
from dataclasses import replace

import pytest
from adapters.test_picture_process import children
from attack.large_files import of_names, of_signs

from forum.adapters import long_texts
from forum.adapters.long_texts import LONG, MODERATORS, WRITERS, apart
from forum.errors import BadInput, FormErrors, ForumError, Problem, StoryProblems, TooMany, filled
from forum.stories import scenario_twee, twine
from forum.web.stories import marked_text


async def test_the_same_comes_of_a_long_text_as_of_a_short_one() -> None:
    for text in (of_names(20_000), of_names()):
        content = text.encode()
        read = await apart(WRITERS, len(content), twine.read_file, "a.twee", content)
        assert read == twine.read_file("a.twee", content)
    told = replace(read.scenarios[0], characters=("Xu, a nurse",))
    assert await marked_text.looked_through(MODERATORS, told) == marked_text.for_moderators(told)


async def test_what_is_wrong_is_told_in_the_same_words() -> None:
    for text in (of_signs("Ana Xu ", 200_000), of_signs("$a"), "no story" * LONG):
        with pytest.raises(StoryProblems) as here:
            twine.read_file("a.twee", text.encode())
        with pytest.raises(StoryProblems) as there:
            await apart(WRITERS, len(text), twine.read_file, "a.twee", text.encode())
        assert there.value.problems == here.value.problems
        assert there.value.notes == here.value.notes
        assert [getattr(p.message, "values", None) for p in there.value.problems] == [
            getattr(p.message, "values", None) for p in here.value.problems
        ]


@pytest.mark.parametrize(
    "error",
    [
        BadInput("%(size)s of 100 %% is too much.", field="file", size=3),
        FormErrors({"a": BadInput("Say %(it)s.", field="a", it="no"), "b": BadInput("No: 5 %", field="b")}),
        StoryProblems([Problem(2, filled("a %(b)s", b="100 %")), Problem(1, "c")], [Problem(3, "d")]),
    ],
)
def test_an_error_comes_back_whole(error: ForumError) -> None:
    came = pickle.loads(pickle.dumps(error))
    assert type(came) is type(error)
    assert str(came) == str(error)
    assert came.__dict__.keys() == error.__dict__.keys()
    assert (came.message, came.values) == (error.message, error.values)


async def test_what_takes_too_long_is_killed_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()
    monkeypatch.setattr(long_texts, "DEADLINE", 0.02)  # no process has even started by then
    with pytest.raises(BadInput, match="takes too long"):
        await apart(WRITERS, LONG, time.sleep, 60)
    assert children() == before


async def test_what_falls_is_said_too() -> None:
    with pytest.raises(BadInput, match="takes too long"):
        await apart(WRITERS, LONG, os.abort)
    assert await apart(WRITERS, LONG, len, "the next one") == 12


async def test_a_process_ends_with_whoever_waits_for_it(started: asyncio.Event) -> None:
    before = children()
    waiting = asyncio.create_task(apart(WRITERS, LONG, signal.pause))
    await started.wait()
    assert children() != before
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert children() == before


async def test_a_process_has_no_socket_of_the_servers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        there = await apart(WRITERS, LONG, os.listdir, "/proc/self/fd")
    assert len(there) <= 4  # what it reads, writes and complains on, and the folder


async def test_what_strangers_send_keeps_no_moderator_waiting(
    started: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = children()
    busy = [asyncio.create_task(apart(WRITERS, LONG, signal.pause)) for _ in range(2)]
    await started.wait()
    assert children() != before
    assert await apart(MODERATORS, LONG, len, "abc") == 3
    assert await apart(WRITERS, LONG - 1, len, "abc") == 3
    monkeypatch.setattr(long_texts, "MOST_WAITING", 2)
    with pytest.raises(TooMany):
        await apart(WRITERS, LONG, len, "abc")
    for task in busy:
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)
    assert children() == before


async def test_what_a_page_carries_along_is_counted_as_a_file_is() -> None:
    from forum.web.stories.files import _carried

    with pytest.raises(StoryProblems, match="links in this file"):
        _carried("[[a]]" * 2500)
    told = twine.read_file("a.twee", of_names(20_000).encode()).scenarios[0]
    assert _carried(scenario_twee.write(told)) == told
