"""Breaks without a name, time that never closes a vote, badges off, questions in other words."""

from __future__ import annotations

from typing import Any

import pytest
from support.entries_with_results import entries_with_results
from support.factories import CLOCK, a_cast, a_room
from support.voted_session import COMMISSIONER, FIRST, PEOPLE

from forum.adapters.signing_key import load_signer
from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store
from forum.record import audit
from forum.record.verify.disclosures import open_disclosure
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.sessions import care, cues, facilitation
from forum.services.sessions.care import MOST_VERSIONS
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import console_view_of
from forum.services.voting import results
from forum.sessions.session import LiveSession
from forum.sessions.view import ConsoleView
from forum.voting.result import BADGES_OFF
from forum.voting.round import Round, Version


class Room:
    """A session with people in it, and what its facilitator can do."""

    def __init__(self, store: Store, live: LiveSession, people: list[str]) -> None:
        self.store, self.live, self.people = store, live, people
        self.acts, self.caring = Desk(store, CLOCK), Desk(store, CLOCK)

    async def ask(self) -> Round:
        round_ = (await cues.ask_question(self.acts, self.live.id, "Who?", ["A", "B", "C"], none=True)).round
        assert round_ is not None
        return round_

    async def vote(self, round_: Round) -> None:
        await facilitation.open_round(self.acts, self.live.id, round_.id)
        async with self.store.begin() as work:
            casts = [a_cast(round_.id, who, choice, "Because") for who, choice in zip(self.people, FIRST, strict=True)]
            assert not any(o.refusal for o in await work.rounds.cast(casts))
        await facilitation.close_round(self.acts, self.live.id, round_.id)
        await facilitation.reveal_round(self.acts, self.live.id, round_.id)

    async def view(self) -> ConsoleView:
        async with self.store.read() as work:
            return await console_view_of(work, await work.sessions.get_session(self.live.id))

    async def entries(self) -> list[dict[str, Any]]:
        return await entries_with_results(self.store)


@pytest.fixture
async def room(sqlite_store: Store) -> Room:
    return Room(sqlite_store, *await a_room(sqlite_store, PEOPLE, declared=True))


async def test_a_break_reaches_the_console_as_a_number_and_is_seen(room: Room) -> None:
    assert [await care.ask_break(room.caring, room.live.id) for _ in range(2)] == [1, 2]
    assert (await room.view()).breaks == 2
    assert not await care.is_break_seen(room.caring, room.live.id, 1)
    await care.see_breaks(room.caring, room.live.id)
    assert (await room.view()).breaks == 0
    assert await care.is_break_seen(room.caring, room.live.id, 2)
    assert await care.ask_break(room.caring, room.live.id) == 3
    assert not await care.is_break_seen(room.caring, room.live.id, 3)
    with pytest.raises(NotFound):
        await care.is_break_seen(room.caring, room.live.id, 4)


async def test_time_is_never_on_by_itself_and_never_closes_a_vote(room: Room) -> None:
    round_ = await room.ask()
    with pytest.raises(IllegalMove):
        await care.say_time(room.caring, room.live.id, round_.id, 3)
    await facilitation.open_round(room.acts, room.live.id, round_.id)
    assert (await room.view()).session.cue.minutes == 0
    await care.say_time(room.caring, room.live.id, round_.id, 3)
    view = await room.view()
    assert (view.session.cue.minutes, view.voting) == (3, True)
    await facilitation.warn_of_close(room.acts, room.live.id, round_.id)
    await care.ask_more_time(room.caring, room.live.id, round_.id)
    view = await room.view()
    assert (view.session.cue.minutes, view.slower, view.voting) == (3, 1, True)
    await care.say_time(room.caring, room.live.id, round_.id, 0)
    assert (await room.view()).session.cue.minutes == 0
    for minutes in (-1, 4, 600):
        with pytest.raises(BadInput):
            await care.say_time(room.caring, room.live.id, round_.id, minutes)
    await facilitation.close_round(room.acts, room.live.id, round_.id)
    with pytest.raises(IllegalMove):
        await care.ask_more_time(room.caring, room.live.id, round_.id)
    with pytest.raises(NotFound):
        await care.ask_more_time(room.caring, room.live.id, "0" * 32)


async def test_with_badges_off_no_screen_and_no_record_has_anything_by_group(room: Room) -> None:
    await care.set_badges(room.caring, room.live.id, off=True)
    round_ = await room.ask()
    await room.vote(round_)
    outcome = await facilitation.reveal_round(room.acts, room.live.id, round_.id)
    view = await room.view()
    for result in (view.result, outcome.result):
        assert result is not None
        assert (result.rows, result.equal_voice, result.consensus, result.withheld) == ((), None, None, BADGES_OFF)
        assert result.n == len(PEOPLE)
    assert {reason.group for reason in view.reasons} <= {""}
    assert [e["type"] for e in await room.entries()][-1] == "round closed"
    async with room.store.read() as work:
        with pytest.raises(NotFound):
            await exports.opened_ballots(work, round_.id)
    with pytest.raises(IllegalMove):
        await decide(room.store, CLOCK, COMMISSIONER, DecisionForm((round_.id,), "", "adopted", "r1", "Because"))


async def test_with_badges_off_whoever_asks_for_a_result_that_was_shown_gets_nothing_by_group(room: Room) -> None:
    """Feeds, a story's page, what stands beside another vote: all of them ask here."""
    await care.set_badges(room.caring, room.live.id, off=True)
    round_ = await room.ask()
    await room.vote(round_)
    await facilitation.reveal_round(room.acts, room.live.id, round_.id)
    async with room.store.read() as work:
        shown = await work.rounds.get_round(round_.id)
        result = await results.result_of(work, shown, 5)
        assert (result.rows, result.withheld) == ((), BADGES_OFF)
        assert (await results.result_of(work, shown, 5, whole=True)).rows
    await care.set_badges(room.caring, room.live.id, off=False)
    async with room.store.read() as work:
        assert (await results.result_of(work, shown, 5)).rows


@pytest.mark.parametrize("how", ["lifted", "ended"])
async def test_with_badges_on_again_the_record_has_the_whole_result_and_an_export_passes(
    room: Room, how: str, tmp_path: Any
) -> None:
    await care.set_badges(room.caring, room.live.id, off=True)
    round_ = await room.ask()
    await room.vote(round_)
    if how == "lifted":
        await care.set_badges(room.caring, room.live.id, off=False)
        view = await room.view()
        assert view.result is not None
        assert view.result.rows
    else:
        await facilitation.end(room.acts, room.live.id)
    [revealed] = [e for e in await room.entries() if e["type"] == "round revealed"]
    assert revealed["result"]["by_group"]
    data = await exports.export(Checkpoints(room.store, load_signer(tmp_path)))
    assert [check for check in audit.verify(data) if check.verdict == "FAIL"] == []
    async with room.store.read() as work:
        assert len(await exports.opened_ballots(work, round_.id)) == len(PEOPLE)
        assert (await work.sessions.get_session(room.live.id)).held == ()


async def test_a_vote_annulled_while_badges_were_off_is_never_opened(room: Room, tmp_path: Any) -> None:
    await care.set_badges(room.caring, room.live.id, off=True)
    round_ = await room.ask()
    await room.vote(round_)
    await facilitation.annul_round(room.acts, room.live.id, round_.id, "A mistake")
    await care.set_badges(room.caring, room.live.id, off=False)
    assert "round revealed" not in [e["type"] for e in await room.entries()]
    async with room.store.read() as work:
        with pytest.raises(NotFound):
            await exports.opened_ballots(work, round_.id)
    data = await exports.export(Checkpoints(room.store, load_signer(tmp_path)))
    assert [check for check in audit.verify(data) if check.verdict == "FAIL"] == []


async def test_other_words_stand_in_the_record_as_disclosures_from_the_opening_on(room: Room) -> None:
    round_ = await room.ask()
    await care.reword(room.caring, room.live.id, round_.id, "easy", " Who comes? ", {"r1": "Ann", "r2": " "})
    await care.reword(room.caring, room.live.id, round_.id, "cy", "Pwy?", {})
    await care.reword(room.caring, room.live.id, round_.id, "cy", "Pwy sy'n dod?", {"r1": "Ann"})
    await room.vote(round_)
    [opened] = [e for e in await room.entries() if e["type"] == "round opened"]
    async with room.store.read() as work:
        kept = await work.rounds.get_round(round_.id)
        told = {d.digest: open_disclosure(d.encoded or "")[2] for d in await work.record.disclosures()}
    assert kept.versions == (
        Version("easy", "Who comes?", {"r1": "Ann"}),
        Version("cy", "Pwy sy'n dod?", {"r1": "Ann"}),
    )
    assert [v["kind"] for v in opened["versions"]] == ["easy", "cy"]
    assert [told[v["question"]["sd"]] for v in opened["versions"]] == ["Who comes?", "Pwy sy'n dod?"]
    assert [(r["id"], told[r["label"]["sd"]]) for r in opened["versions"][0]["responses"]] == [("r1", "Ann")]
    with pytest.raises(IllegalMove):
        await care.reword(room.caring, room.live.id, round_.id, "easy", "Too late?", {})


async def test_a_question_without_other_words_has_the_entry_it_always_had(room: Room) -> None:
    await room.vote(await room.ask())
    [opened] = [e for e in await room.entries() if e["type"] == "round opened"]
    assert "versions" not in opened


@pytest.mark.parametrize(
    ("kind", "question", "labels", "field"),
    [
        ("EASY", "Who?", {}, "kind"),
        ("", "Who?", {}, "kind"),
        ("../etc", "Who?", {}, "kind"),
        ("easy", "x" * 2001, {}, "question"),
        ("easy", "Who?", {"r1": "x" * 201}, "response"),
        ("easy", "Who?", {"r9": "Nobody"}, "response"),
    ],
)
async def test_other_words_that_cannot_be_are_told(
    room: Room, kind: str, question: str, labels: dict[str, str], field: str
) -> None:
    round_ = await room.ask()
    with pytest.raises(BadInput) as caught:
        await care.reword(room.caring, room.live.id, round_.id, kind, question, labels)
    assert caught.value.field == field


async def test_without_words_a_version_is_taken_out_and_there_is_an_end_to_them(room: Room) -> None:
    round_ = await room.ask()
    codes = [f"a{chr(ord('a') + n)}" for n in range(MOST_VERSIONS)]
    for code in codes:
        await care.reword(room.caring, room.live.id, round_.id, code, "Who?", {})
    with pytest.raises(BadInput):
        await care.reword(room.caring, room.live.id, round_.id, "easy", "Who?", {})
    await care.reword(room.caring, room.live.id, round_.id, codes[0], " ", {"r1": ""})
    after = (await care.reword(room.caring, room.live.id, round_.id, "easy", "Who?", {})).round
    assert after is not None
    assert [v.kind for v in after.versions] == [*codes[1:], "easy"]


async def test_nothing_is_done_in_a_session_that_has_ended_or_in_another(room: Room) -> None:
    round_ = await room.ask()
    other, _ = await a_room(room.store, [])
    with pytest.raises(NotFound):
        await care.reword(room.caring, other.id, round_.id, "easy", "Who?", {})
    await facilitation.annul_round(room.acts, room.live.id, round_.id, "Enough")
    await facilitation.end(room.acts, room.live.id)
    for act in (
        care.ask_break(room.caring, room.live.id),
        care.see_breaks(room.caring, room.live.id),
        care.ask_more_time(room.caring, room.live.id, round_.id),
        care.set_badges(room.caring, room.live.id, off=True),
    ):
        with pytest.raises(IllegalMove):
            await act


async def test_a_second_vote_while_badges_are_off_leaves_a_record_that_passes(room: Room, tmp_path: Any) -> None:
    await care.set_badges(room.caring, room.live.id, off=True)
    first = await room.ask()
    await room.vote(first)
    second = (await cues.put_second_vote(room.acts, room.live.id, first.id)).round
    assert second is not None
    await room.vote(second)
    await care.set_badges(room.caring, room.live.id, off=False)
    data = await exports.export(Checkpoints(room.store, load_signer(tmp_path)))
    assert [check for check in audit.verify(data) if check.verdict == "FAIL"] == []
