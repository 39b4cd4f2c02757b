"""The outbox: the latest state wins, answers keep their order, and memory for a slow phone is bounded."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.jumping_loop import run_jumping

from forum.live import giving_way
from forum.live.outbox import AT_ONCE, BEHIND, MOST_ANSWERS, Outbox, Rota, Turns


async def test_answers_come_first_and_in_order_then_state_then_tally() -> None:
    outbox = Outbox()
    outbox.tally("tally")
    outbox.state("state")
    outbox.tally("tally 2")
    outbox.answer("ack 1")
    outbox.answer("ack 2")
    assert await outbox.take() == ["ack 1", "ack 2", "state", "tally 2"]


async def test_a_screen_that_is_behind_skips_to_the_latest_state() -> None:
    outbox = Outbox()
    for number in range(1000):
        outbox.state(f"state {number}")
        outbox.tally(f"tally {number}")
    assert await outbox.take() == ["state 999", "tally 999"]


async def test_a_new_state_takes_the_old_states_tally_with_it() -> None:
    outbox = Outbox()
    outbox.state("one")
    outbox.tally("of one")
    outbox.state("two")
    assert await outbox.take() == ["two"]


async def test_take_waits_until_there_is_something() -> None:
    outbox = Outbox()
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    outbox.answer("ack")
    assert await taking == ["ack"]


async def test_close_ends_take_after_what_is_left() -> None:
    outbox = Outbox()
    outbox.answer("bye")
    outbox.close()
    assert await outbox.take() == ["bye"]
    assert await outbox.take() == []


async def test_answers_that_nobody_reads_do_not_pile_up() -> None:
    outbox = Outbox()
    for number in range(MOST_ANSWERS + 10):
        outbox.answer(str(number))
    assert outbox.overflowed
    assert await outbox.take() == [*map(str, range(MOST_ANSWERS)), BEHIND]
    assert await outbox.take() == []


@given(st.lists(st.sampled_from(["state", "tally", "answer"]), max_size=60))
def test_whatever_comes_an_outbox_holds_every_answer_and_at_most_one_state_and_tally(kinds: list[str]) -> None:
    async def run() -> list[str]:
        outbox = Outbox()
        for number, kind in enumerate(kinds):
            getattr(outbox, kind)(f"{kind} {number}")
        outbox.close()
        return await outbox.take()

    frames = asyncio.run(run())
    assert [f for f in frames if f.startswith("answer")] == [
        f"answer {n}" for n, kind in enumerate(kinds) if kind == "answer"
    ]
    assert sum(f.startswith("state") for f in frames) == ("state" in kinds)
    assert sum(f.startswith("tally") for f in frames) <= 1


async def test_a_change_goes_only_to_whoever_was_sent_what_it_is_made_of() -> None:
    box, plain = Outbox(has=""), Outbox()
    for each in (box, plain):
        each.state("one", "m1")
        assert await each.take() == ["one"]
        each.state("two", "m2", "one to two", since="m1")
    assert (await box.take(), await plain.take()) == (["one to two"], ["two"])
    # The second was never sent: what follows from it is of no use.
    box.state("three", "m3", "two to three", since="m2")
    box.state("four", "m4", "three to four", since="m3")
    assert await box.take() == ["four"]
    assert box.has == "m4"


async def test_a_screen_that_is_behind_gets_the_change_from_what_it_has() -> None:
    """However many states came and went meanwhile: what counts is what it was sent last."""
    box = Outbox(has="")
    box.state("one", "m1")
    assert await box.take() == ["one"]
    box.state("two", "m2", "one to two", since="m1")
    box.state("two", "m2", "one to two", since="m1")
    assert (await box.take(), box.has) == (["one to two"], "m2")
    # Two acts beside each other: each was drawn against what was on screens then.
    box.state("three", "m3", "two to three", since="m2")
    box.state("four", "m4", "three to four", since="m3")
    box.state("five", "m5", "two to five", since="m2")
    assert (await box.take(), box.has) == (["two to five"], "m5")
    box.state("six", "m6", "", since="m5")
    assert (await box.take(), box.has) == (["six"], "m6")


async def test_a_whole_room_is_woken_by_turns_and_an_answer_does_not_wait_for_them() -> None:
    turns, order = Turns(), list[str]()
    boxes = [Outbox() for _ in range(3 * AT_ONCE)]

    async def write(number: int, outbox: Outbox) -> None:
        order.extend(f"{number} {frame}" for frame in await outbox.take())

    writing = [asyncio.create_task(write(number, outbox)) for number, outbox in enumerate(boxes)]
    for outbox in boxes:
        outbox.turns = turns
    await asyncio.sleep(0)
    for outbox in boxes:
        outbox.state("state")
        outbox.tally("tally")
    boxes[-1].answer("ack")
    steps = []
    while not all(task.done() for task in writing):
        before = len(order)
        await asyncio.sleep(0)
        steps.append(len(order) - before)
    assert order[:3] == [f"{len(boxes) - 1} ack", f"{len(boxes) - 1} state", f"{len(boxes) - 1} tally"]
    assert len(order) == 2 * len(boxes) + 1
    assert max(steps) <= 2 * AT_ONCE


def test_a_room_waits_while_votes_are_stored_and_is_told_all_the_same_where_they_are_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(giving_way, "GIVE_WAY", 100.0)
    monkeypatch.setattr(giving_way, "LOOK", 1.0)

    async def told(seconds: float) -> list[float]:
        """Returns when each of a room was sent to, where votes are stored for so many seconds from the start."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        rota, at = Rota(lambda: loop.time() - began < seconds), list[float]()
        turns = Turns(rota)

        async def write(outbox: Outbox) -> None:
            await outbox.take()
            at.append(loop.time() - began)

        boxes = [Outbox() for _ in range(3 * AT_ONCE)]
        writing = [asyncio.create_task(write(outbox)) for outbox in boxes]
        await asyncio.sleep(0)
        turns.wake(Outbox())  # the room was told something just now
        await asyncio.sleep(100)
        for outbox in boxes:
            outbox.turns = turns
            outbox.tally("tally")
        await asyncio.gather(*writing)
        return at

    without_end = run_jumping(told(math.inf))
    steps = [without_end[number * AT_ONCE] for number in range(3)]
    assert all(100 <= later - earlier < 110 for earlier, later in pairwise(steps))
    assert run_jumping(told(0))[-1] < steps[1]


async def test_a_screen_whose_turn_has_not_come_is_sent_the_latest_only() -> None:
    turns = Turns()
    boxes = [Outbox() for _ in range(2 * AT_ONCE)]
    taking = [asyncio.create_task(outbox.take()) for outbox in boxes]
    await asyncio.sleep(0)
    for outbox in boxes:
        outbox.turns = turns
        outbox.tally("tally of one vote")
    await asyncio.sleep(0)
    for outbox in boxes:
        outbox.state("the next vote")
    taken = await asyncio.gather(*taking)
    assert taken[-1] == ["the next vote"]
    assert all(frames[-1:] in (["the next vote"], ["tally of one vote"]) for frames in taken)


@dataclass(eq=False)
class Phone:
    """Somebody with an outbox."""

    outbox: Outbox = field(default_factory=Outbox)

    async def told(self) -> str:
        """Returns the tally that waits in it, "" for none."""
        return "" if self.outbox.empty else (await self.outbox.take())[0]


async def test_a_hall_is_told_a_tally_by_turns_and_a_later_one_in_its_place() -> None:
    turns, hall = Turns(), [Phone() for _ in range(3 * AT_ONCE)]
    turns.tell(hall, "one")
    await asyncio.sleep(0)
    first = {phone for phone in hall if await phone.told() == "one"}
    assert len(first) == AT_ONCE
    turns.tell(hall, "two")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = {phone for phone in hall if await phone.told() == "two"}
    assert second == {*hall} - first, "whoever was not told the first comes before those who were"
    await turns.over()
    assert [phone for phone in hall if await phone.told() == "two"] == [phone for phone in hall if phone in first]


async def test_nobody_is_told_the_tally_of_what_is_shown_no_more() -> None:
    turns, hall = Turns(), [Phone() for _ in range(2 * AT_ONCE)]
    turns.tell(hall, "of one vote")
    await asyncio.sleep(0)
    turns.recall()
    await turns.over()
    assert sum([await phone.told() != "" for phone in hall]) == AT_ONCE


async def test_rooms_that_speak_together_share_each_step_and_a_small_one_does_not_wait_for_a_large_one() -> None:
    rota, order = Rota(), list[str]()

    async def write(room: str, outbox: Outbox) -> None:
        order.extend(room for _ in await outbox.take())

    sizes = {"hall": 5 * AT_ONCE, "other hall": 3 * AT_ONCE, "small": 3, "smaller": 2}
    rooms = {room: [Outbox() for _ in range(size)] for room, size in sizes.items()}
    writing = [asyncio.create_task(write(room, outbox)) for room, boxes in rooms.items() for outbox in boxes]
    await asyncio.sleep(0)
    for boxes in rooms.values():
        turns = Turns(rota)
        for outbox in boxes:
            outbox.turns = turns
            outbox.tally("tally")
    steps = []
    while not all(task.done() for task in writing):
        before = len(order)
        await asyncio.sleep(0)
        steps.append(len(order) - before)
    assert len(order) == sum(sizes.values())
    assert max(steps) <= AT_ONCE
    assert max(where for where, room in enumerate(order) if room in {"small", "smaller"}) < 3 * AT_ONCE


async def test_nothing_is_put_in_behind_a_goodbye_that_waits_for_its_turn() -> None:
    turns, ended = Turns(), list[Outbox]()
    boxes = [Outbox() for _ in range(2 * AT_ONCE)]
    for outbox in boxes:
        outbox.turns = turns
        outbox.at_end = partial(ended.append, outbox)
        outbox.tally("tally")
        outbox.close("bye", with_others=True)
        outbox.state("state")
        outbox.tally("later")
    assert (ended, all(outbox.ended for outbox in boxes)) == ([], True)
    await turns.over()
    assert len(ended) == len(boxes)
    assert [await outbox.take() for outbox in boxes] == [["bye"]] * len(boxes)
