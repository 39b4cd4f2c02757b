"""Nothing of how people voted is to be had before the reveal: every byte that anybody receives, in two worlds.

The same day is lived twice. Everybody who votes unseen votes otherwise in the second world, gives other reasons and
other conditions, and the papers have other marks; one phone votes alike in both. Whatever any role receives until a
result is shown has to be the same to the byte, so that nobody can tell in which world they are: every frame, page,
feed, export, refusal and line of the log.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from support.factories import new_id
from support.second_run_session import BEN, QUESTION, SCENE
from support.two_worlds import BALLOTS, MARKERS, MINE, PICKS, ROOM, World, a_world, unpacked
from support.voted_session import COMMISSIONER, required

from forum.adapters.signing_key import load_signer
from forum.live import live_count, room
from forum.live.ballot_box import Intake
from forum.live.stop_box import Press, Stopping
from forum.services import check_backs, decision_drafts, exports
from forum.services.decision_form import DecisionForm
from forum.services.sessions import asynchronous, care, cues, facilitation, policy_vote, second_run
from forum.services.sessions.asynchronous import AsynchronousForm
from forum.services.sessions.desk import Desk
from forum.services.voting import close_rounds, reasons, results
from forum.sessions.session import Participant
from forum.sessions.view import RoomView
from forum.voting.ballot import Cast, CastOutcome
from forum.voting.methods import METHODS
from forum.voting.question import Terms
from forum.voting.reason import Reason, ReasonState
from forum.voting.round import Round, RoundKind, RoundState
from forum.voting.suppression import Result

LABELS = ("A nurse from the crisis team", "The police", "An ambulance")
# After these nothing happens to a vote: it stays closed, and is never shown.
LEFT_CLOSED = {"approval", "score", "vote after replay"}

Day = Callable[[World], Awaitable[None]]
Lived = Callable[..., Awaitable[dict[str, dict[str, str]]]]


@pytest.fixture
def lived(tmp_path: Path, sqlite_template: Path) -> Lived:
    """Lives a day in both worlds; returns what everybody received in each."""

    load_signer(tmp_path)

    async def live(day: Day, **changes: object) -> dict[str, dict[str, str]]:
        received = {}
        for name in ("A", "B"):
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            shutil.copy(tmp_path / "signing_key.pem", folder)
            async with a_world(name, folder, sqlite_template, **changes) as world:
                await day(world)
                received[name] = world.received()
        return received

    return live


def told_apart(received: dict[str, dict[str, str]], *, ids: bool = True) -> list[str]:
    """Names each thing in which the two worlds differ, with the first line that does.

    Without `ids` those may differ, and how well a page with them is packed: they were drawn for the same things in
    another order.
    """
    chance = re.compile(r"""\b[0-9a-f]{32}\b|"mark":"[0-9a-f]{16}"|data-shows="[0-9a-f]{16}"|'content-length', '\d+'""")
    one, other = (
        {name: text if ids else chance.sub("[chance]", text) for name, text in received[world].items()}
        for world in ("A", "B")
    )
    assert one.keys() == other.keys()
    found = []
    for name, text in one.items():
        if text != other[name]:
            pairs = zip(text.splitlines(), other[name].splitlines(), strict=False)
            found.append(f"{name}: {next((pair for pair in pairs if pair[0] != pair[1]), 'longer')}"[:600])
    return found


async def through(world: World, round_: Round) -> None:
    """Opens and closes a vote, and mostly annuls it; it is never shown."""
    acts, session = Desk(world.house.store, world.clock), world.live.id
    await facilitation.open_round(acts, session, round_.id)
    await world.changed()
    await world.vote(round_)
    await world.look(round_, "open")
    await facilitation.close_round(acts, session, round_.id)
    await world.changed()
    await world.look(round_, "closed")
    if {round_.kind, round_.method} & LEFT_CLOSED:
        return
    await facilitation.annul_round(acts, session, round_.id, "The question was not clear.")
    await world.changed()
    await world.look(round_, "annulled")


async def own_questions(world: World, *methods: str) -> list[Round]:
    """Questions of the facilitator's own, each in another way of voting."""
    acts, asked = Desk(world.house.store, world.clock), []
    for method in methods:
        labels = LABELS[: min(METHODS[method].MOST, 2)]
        round_ = required(
            (await cues.ask_question(acts, world.live.id, f"By {method}?", labels, Terms(method), none=True)).round
        )
        asked.append(round_)
        await through(world, round_)
    return asked


async def the_second_run(world: World) -> list[Round]:
    """Plays a story: its first vote is shown and equal in both worlds; what comes after it is not."""
    store, session, story = world.house.store, world.live.id, world.there["story"]
    acts = Desk(store, world.clock)
    first = required((await cues.put_question(acts, session, story, QUESTION)).round)
    await facilitation.open_round(acts, session, first.id)
    await world.changed()
    ballots = BALLOTS["single"]
    for n, person in enumerate(world.people):
        await world.cast(first, person, ballots[n % 2], "")
    await facilitation.close_round(acts, session, first.id)
    await facilitation.reveal_round(acts, session, first.id)
    await cues.show_scene(acts, session, story, SCENE, replay=True)
    async with store.read() as work:
        showing = (await work.sessions.get_session(session)).cue.showing
    press = Press(session, world.people[0], showing, BEN, "Ben could kneel down", world.clock.now())
    assert await Stopping(store, lambda session: None).press_and_wait(press) == ""
    async with store.read() as work:
        [stop] = await work.stops.list_stops(session)
    await second_run.take_stop(acts, session, stop.id)
    await second_run.write_tried(acts, session, stop.id, "Ben kneels down and tells her")
    await second_run.offer_response(acts, session, stop.id, "Kneel down and say it")
    await world.changed()
    asked = []
    for act in (
        second_run.ask_room(acts, session, stop.id),
        second_run.put_character_vote(acts, session, story),
        cues.put_second_vote(acts, session, first.id),
    ):
        asked.append(required((await act).round))
        await through(world, asked[-1])
    policy = Desk(store, world.clock)
    await policy_vote.propose(policy, session, "Every waiting room has a host")
    async with store.read() as work:
        [proposal] = await work.proposals.list_proposals(session)
    asked.append(required((await policy_vote.put_policy_vote(policy, session, proposal.id)).round))
    await through(world, asked[-1])
    return asked


async def the_end(world: World, asked: list[Round]) -> None:
    """Asks for every address while one more vote is open beside all that are closed or annulled, and once more after
    the session's end."""
    acts, ids = Desk(world.house.store, world.clock), [round_.id for round_ in asked]
    last = required((await cues.ask_question(acts, world.live.id, "Once more?", LABELS, none=True)).round)
    await facilitation.open_round(acts, world.live.id, last.id)
    await world.changed()
    await world.vote(last)
    await world.walk("open", [*ids, last.id])
    await facilitation.close_round(acts, world.live.id, last.id)
    await facilitation.end(acts, world.live.id)
    await world.changed()
    await world.walk("ended", [*ids, last.id])


@pytest.mark.timeout(600)
async def test_no_byte_tells_how_people_vote_before_it_is_shown_whatever_the_method_and_the_kind(lived: Lived) -> None:
    """Also after a replay, in a magic check, in a vote on characters and in one on a proposal."""
    kinds: set[str] = set()

    async def day(world: World) -> None:
        asked = await own_questions(world, *METHODS)
        played = await the_second_run(world)
        kinds.update(round_.kind for round_ in played)
        await the_end(world, asked + played)

    assert list(METHODS) == list(BALLOTS)
    assert told_apart(await lived(day)) == []
    assert kinds == set(RoundKind) - {RoundKind.FIRST_VOTE, RoundKind.CHECK_BACK}  # that has a test of its own


# ------------------------------------------------------------------------------------- badges off, and further groups


async def badges_off(world: World) -> list[str]:
    """Lets two groups of six change places between the worlds; shows each vote, and with it every reason.

    The head count, the reasons and who moved from what to what in the whole room are the same in both. So is what
    people answered from home to the very same question. Returns the rounds; the last is the one from home.
    """
    store, session, acts = world.house.store, world.live.id, Desk(world.house.store, world.clock)
    alone = await asynchronous.open_round(store, world.clock, await a_question(world))
    [answered] = await rounds_of(world, alone.id)
    for n, person in enumerate(await joined(world, alone.id)):
        await world.cast(answered, person, BALLOTS["single"][n % 2], "")
    home = asynchronous.desk(store, world.clock)
    await facilitation.close_round(home, alone.id, answered.id)
    await facilitation.reveal_round(home, alone.id, answered.id)
    first = required(
        (await cues.put_question(acts, session, world.there["story"], QUESTION, Terms("single", 5, 5))).round
    )
    await shown_with_badges_off(world, first, moved=0)
    second = required((await cues.put_second_vote(acts, session, first.id)).round)
    await shown_with_badges_off(world, second, moved=2)
    return [first.id, second.id, answered.id]


async def shown_with_badges_off(world: World, round_: Round, moved: int) -> None:
    """Takes a vote from its opening to every reason; `moved` of each of the two groups have changed sides since
    before."""
    store, session, acts = world.house.store, world.live.id, Desk(world.house.store, world.clock)
    sides = {"A": {"g1": 0, "g2": 1}, "B": {"g1": 1, "g2": 0}}[world.name]
    await facilitation.open_round(acts, session, round_.id)
    for n, person in enumerate(world.people):
        side, place = sides.get(ROOM[n] or "", n % 2), n % 6 if ROOM[n] in sides else n
        side = 1 - side if place < moved else side
        await world.cast(round_, person, BALLOTS["single"][side], f"Of {side}: {place}")
    await facilitation.close_round(acts, session, round_.id)
    await facilitation.reveal_round(acts, session, round_.id)
    await world.changed()
    for reason in await reasons_by_words(world, round_):
        await reasons.hear(Desk(store, world.clock), session, reason.id, ReasonState.SHOWN, reason.state)
    await world.changed()


async def a_question(world: World) -> AsynchronousForm:
    """Makes the form that opens the story's question for days."""
    until = world.clock.later(days=3)
    story = world.there["story"]
    return AsynchronousForm(world.commission.id, new_id(), "From home", story, QUESTION, until[:10], until[11:16])


async def rounds_of(world: World, session: str) -> list[Round]:
    async with world.house.store.read() as work:
        return await work.rounds.list_rounds(session)


async def joined(world: World, session: str) -> list[str]:
    """Lets as many people as in the room, of the same groups, join another session."""
    people = [Participant(new_id(), session, group, world.clock.now()) for group in ROOM]
    async with world.house.store.begin() as work:
        for person in people:
            await work.sessions.join(person, new_id() * 2)
    return [person.id for person in people]


async def reasons_by_words(world: World, round_: Round) -> list[Reason]:
    async with world.house.store.read() as work:
        return sorted(await work.reasons.list_reasons(round_.id), key=lambda reason: reason.words)


async def test_with_badges_off_no_byte_tells_which_group_voted_how_until_that_is_lifted(lived: Lived) -> None:
    before: dict[str, dict[str, str]] = {}

    async def day(world: World) -> None:
        rounds = await badges_off(world)
        await world.walk("badges off", rounds[:2], *(f"/decide/new?round={id_}" for id_ in rounds))
        before[world.name] = world.received()
        await care.set_badges(Desk(world.house.store, world.clock), world.live.id, off=False)
        world.heard.clear()
        await world.ask("voter", world.path)
        # Entries hold digests of results; their own pages show the words.
        async with world.house.store.read() as work:
            for index in range(await work.record.size()):
                await world.ask("nobody", f"/record/{index}")

    lifted = await lived(day, badges_off=True)
    assert told_apart(before, ids=False) == []
    assert told_apart(lifted, ids=False)


async def test_further_groups_are_nowhere_but_on_the_console(lived: Lived) -> None:
    async def day(world: World) -> None:
        other = {"A": "g2", "B": "g3"}[world.name]
        async with world.house.store.begin() as work:
            for person in world.people[:6]:
                await work.care.belong(person, {other})
        asked = required(
            (
                await cues.ask_question(Desk(world.house.store, world.clock), world.live.id, "Who?", LABELS, none=True)
            ).round
        )
        await facilitation.open_round(Desk(world.house.store, world.clock), world.live.id, asked.id)
        await world.changed()
        await world.walk("open", [asked.id])

    apart = told_apart(await lived(day))
    assert any("organiser: open GET /console/" in found for found in apart)
    assert [found for found in apart if "/console/" not in found and not found.startswith("console: frames")] == []


# ------------------------------------------------------------------------------------------------ over days, from home


async def from_home(world: World) -> list[str]:
    """Makes three rounds that people answer over days: one is open, one closed, one annulled; none is shown. Returns
    where they stand."""
    store, acts, more = world.house.store, asynchronous.desk(world.house.store, world.clock), []
    for state in ("open", "closed", "annulled"):
        live = await asynchronous.open_round(store, world.clock, await a_question(world))
        [round_] = await rounds_of(world, live.id)
        path = f"/answer/{live.code}"
        assert (await world.seats["voter"].post(f"{path}/join", data={"group": "g1"})).status_code == 303
        mine = {"choice": "r1", "reason": MINE}
        assert (await world.seats["voter"].post(f"{path}/question", data=mine)).status_code == 303
        for n, person in enumerate(await joined(world, live.id)):
            await world.cast(round_, person, PICKS[world.name](BALLOTS["single"], n), f"{MARKERS[world.name]} {n}")
        if state != "open":
            await facilitation.close_round(acts, live.id, round_.id)
        if state == "annulled":
            await facilitation.annul_round(acts, live.id, round_.id, "The question was not clear.")
        more += [path, f"{path}/question", f"/rounds/{round_.id}/ballots.jsonl", f"/decide/new?round={round_.id}"]
        await world.ask("organiser", f"/organise/asynchronous/{live.id}")
    await world.changed()
    return more


async def test_no_byte_tells_how_people_answer_from_home_before_it_is_shown(lived: Lived) -> None:
    async def day(world: World) -> None:
        await world.walk("from home", [], *(await from_home(world)))

    assert told_apart(await lived(day)) == []


# ----------------------------------------------------------------------------------------------- did we get you right?


async def asked_back(world: World) -> list[str]:
    """Ends the session after a vote that is equal in both worlds, and asks those who voted whether they were
    understood: it is open, then closed, and not shown. Returns where it stands."""
    store, acts, session = world.house.store, Desk(world.house.store, world.clock), world.live.id
    first = required((await cues.ask_question(acts, session, "Who first?", LABELS, none=True)).round)
    await facilitation.open_round(acts, session, first.id)
    mine = {"round": first.id, "choice": "r1", "cast": new_id()}
    assert (await world.seats["voter"].post(f"{world.path}/vote", data=mine)).status_code == 303
    for n, person in enumerate(world.people):
        await world.cast(first, person, BALLOTS["single"][n % 2], "")
    await facilitation.close_round(acts, session, first.id)
    await facilitation.reveal_round(acts, session, first.id)
    await facilitation.end(acts, session)
    form = DecisionForm((first.id,), new_id(), "adopted", "r1", "It is near.")
    draft = await decision_drafts.save(store, world.clock, COMMISSIONER, form)
    live = await check_backs.ask(store, world.clock, COMMISSIONER, draft.id, draft.version, "You want a nurse.", "7")
    [round_] = await rounds_of(world, live.id)
    said = {"choice": "r1", "reason": MINE, "cast": new_id()}
    assert (await world.seats["voter"].post(f"/answer/{live.code}/right", data=said)).status_code == 303
    for n, person in enumerate(await joined(world, live.id)):
        await world.cast(round_, person, PICKS[world.name](BALLOTS["single"], n), f"{MARKERS[world.name]} {n}")
    there = [f"/answer/{live.code}/{page}" for page in ("right", "question", "day", "receipts")]
    there += [f"/rounds/{round_.id}/ballots.jsonl", f"{world.path}/day", "/export/rounds.csv", "/record"]
    there += [f"/commissions/{world.commission.id}", f"/organise/asynchronous/{live.id}", f"/decide/drafts/{draft.id}"]
    for state in ("open", "closed"):
        if state == "closed":
            async with store.begin() as work:
                await close_rounds.close_now(work, live.id, round_.id, world.clock.now())
        for who in ("nobody", "voter", "organiser", "commissioner"):
            for path in there:
                await world.ask(who, path)
        for act in ("publish", "discard"):
            pressed = {"act": act, "version": "1"}
            refused = await world.seats["commissioner"].post(f"/decide/drafts/{draft.id}", data=pressed)
            world.hear("commissioner", f"{state} {act}", refused)
        world.heard |= {f"{state} | {what}": world.heard.pop(what) for what in [*world.heard] if " | " not in what}
        world.heard[f"disk: {state} | "] = unpacked(await exports.export(world.house.site.checkpoints))
    return there


async def test_no_byte_tells_whether_those_who_voted_were_understood_before_it_is_shown(lived: Lived) -> None:
    async def day(world: World) -> None:
        await asked_back(world)

    assert told_apart(await lived(day)) == []


# --------------------------------------------------------------------------------------------- and if something did?


async def test_a_count_that_gets_out_while_a_vote_is_open_is_found(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    def every_open_round(round_: Round | None) -> str:
        return round_.id if round_ is not None and round_.state == RoundState.OPEN else ""

    for module in (live_count, room):
        monkeypatch.setattr(module, "counting", every_open_round)
    # As often as a session with tickets would: its room of a few people never has votes for more.
    monkeypatch.setattr(RoomView, "live_step", property(lambda view: view.commission.threshold))
    assert any("tally" in found for found in told_apart(await lived(one_question)))


async def test_a_line_of_the_log_with_a_choice_in_it_is_found(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Intake.cast_and_wait

    async def chatty(self: Intake, cast: Cast) -> CastOutcome:
        structlog.get_logger().info("cast", choice=cast.choice)
        return await taken(self, cast)

    monkeypatch.setattr(Intake, "cast_and_wait", chatty)
    assert [found.partition(":")[0] for found in told_apart(await lived(one_question))] == ["log"]


async def test_a_result_from_home_that_is_given_when_it_closes_is_found(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def day(world: World) -> None:
        await from_home(world)
        await world.ask("organiser", f"/console/{world.live.id}")

    monkeypatch.setattr(results, "RoundState", SimpleNamespace(CLOSED=RoundState.CLOSED, REVEALED=RoundState.CLOSED))
    assert any("/console/" in found for found in told_apart(await lived(day)))


async def test_a_result_by_group_that_gets_out_with_badges_off_is_found(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def day(world: World) -> None:
        for round_id in await badges_off(world):
            await world.ask("commissioner", f"/decide/new?round={round_id}")

    monkeypatch.setattr(Result, "without_groups", lambda self: self)
    found = told_apart(await lived(day, badges_off=True), ids=False)
    assert any(one.startswith("projector: frames") for one in found)
    assert any(one.startswith("commissioner:") for one in found)


async def one_question(world: World) -> None:
    await own_questions(world, "single")
