"""The operator's tables of a real session: what everybody could see on the screens, and nothing that they could not."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from support.factories import CLOCK, new_id
from support.record_keeper import SIGNER
from support.second_run_session import BEN, SCENE, a_replay
from support.voted_session import PEOPLE

from forum.ports import Store
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import FAIL
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import facilitation, policy_vote, second_run
from forum.services.stories import moderation
from forum.services.voting import reasons
from forum.stories.moderation import Evidence
from forum.voting.reason import ReasonReading, ReasonState

Rows = dict[str, list[dict[str, str]]]


async def exported(store: Store) -> Rows:
    """Exports everything, has it verified, and reads its tables."""
    packed = await exports.export(Checkpoints(store, SIGNER))
    assert FAIL not in {check.verdict for check in audit.verify(packed)}
    files, _ = unpack(packed)
    return {
        name: list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        for name, data in files.items()
        if name.endswith(".csv")
    }


async def test_only_what_was_on_the_screens_is_stated(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store, reasons=ReasonReading.READ_FIRST, declared=True)
    live, desk = await playing.live(), playing.acts

    async def give(who: int, words: str, state: str = ReasonState.SHOWN) -> None:
        given = await reasons.give(sqlite_store, CLOCK, live, playing.people[who], playing.first, words, "")
        if state != ReasonState.WAITING:
            await reasons.hear(desk, live.id, given.id, state, ReasonState.WAITING)

    for who in range(5):
        await give(who, f"={5 - who} minutes away")
    await give(16, "The police said this")
    await give(6, "Nobody has read this yet", ReasonState.WAITING)
    await give(7, "The facilitator hid this", ReasonState.HIDDEN)
    await playing.a_tried_stop(0)
    await second_run.move_stop(desk, live.id, (await playing.stops())[0].id, "finish")
    await playing.a_stop(1, "Only the facilitator has read this")

    # One that is taken off again before any screen shows the list, and an amendment that is settled before.
    await policy_vote.propose(desk, live.id, "One nurse, every night")
    await policy_vote.propose(desk, live.id, "This was taken off the list")
    async with sqlite_store.read() as work:
        [first, _] = await work.proposals.list_proposals(live.id)
    for after in ("Nobody has read this either", "Two nurses, every night"):
        await policy_vote.amend(desk, live.id, first.id, first.words, after)
        async with sqlite_store.read() as work:
            *_, amendment = await work.proposals.amendments(live.id)
        await policy_vote.settle_amendment(desk, live.id, amendment.id, "taken" if "Two" in after else "dropped")
    unseen = await exported(sqlite_store)
    assert (unseen["proposals.csv"], unseen["amendments.csv"]) == ([], [])
    [row] = unseen["attendance.csv"]
    assert (row["proposals_unseen"], row["amendments_unseen"]) == ("2", "2")
    async with sqlite_store.read() as work:
        kept, off = await work.proposals.list_proposals(live.id)
    await policy_vote.list_proposal(desk, live.id, off.id, on=False)
    await policy_vote.show_proposals(desk, live.id)
    await policy_vote.amend(desk, live.id, kept.id, kept.words, "Three nurses, every night")
    async with sqlite_store.read() as work:
        *_, amendment = await work.proposals.amendments(live.id)
    await policy_vote.settle_amendment(desk, live.id, amendment.id, "taken")

    there = await exported(sqlite_store)
    assert [row["came"] for row in there["attendance.csv"]] == [str(len(PEOPLE))]
    assert [(row["proposals_unseen"], row["amendments_unseen"]) for row in there["attendance.csv"]] == [("1", "2")]
    text = json.dumps(there)
    assert not [words for words in ("taken off", "One nurse", "read this") if words in text]
    # Sorted, not in order of arrival; five of a group for one answer are enough to name it, two of another are not.
    assert [(row["words"], row["group"]) for row in there["reasons.csv"]] == [
        *((f"'={minutes} minutes away", "People who use services") for minutes in range(1, 6)),
        ("The police said this", ""),
    ]
    [stop] = there["stops.csv"]
    assert (stop["scene"], stop["character"], stop["how"]) == (SCENE, BEN, "Ben could say it himself.")
    assert (stop["tried"], stop["group"]) == ("Ben kneels down and tells her", "People who use services")
    assert [(row["proposal"], row["words"], row["round"]) for row in there["proposals.csv"]] == [
        (kept.id, "Three nurses, every night", "")
    ]
    assert [(row["proposal"], row["before"], row["after"], row["state"]) for row in there["amendments.csv"]] == [
        (kept.id, "Two nurses, every night", "Three nurses, every night", "taken")
    ]

    # Annulled, its reasons are nobody's; with badges off, no stop has a group.
    await facilitation.annul_round(desk, live.id, playing.first, "The screen froze")
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(replace(await work.sessions.get_session(live.id), badges_off=True))
    later = await exported(sqlite_store)
    assert later["reasons.csv"] == []
    assert [row["group"] for row in later["stops.csv"]] == [""]


async def test_evidence_is_stated_once_a_moderator_has_shown_it(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store, declared=True)
    async with sqlite_store.begin() as work:
        story = await work.stories.get_story(playing.story)
        for number, shown in enumerate((CLOCK.now(), "")):
            piece = Evidence(new_id(), story.id, "link", f"Report {number}", "https://example.org/", shown_at=shown)
            await work.evidence.add_evidence(piece, b"")
        await moderation.publish(work, story, CLOCK.now())
    there = (await exported(sqlite_store))["evidence.csv"]
    assert [(row["title"], row["address"]) for row in there] == [("Report 0", "https://example.org/")]
