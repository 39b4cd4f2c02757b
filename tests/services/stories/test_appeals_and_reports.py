"""Holding, appealing and reporting: who may do what with a story, and what the published log says of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from support.app import a_sent_story
from support.factories import CLOCK, a_commission, a_session, new_id

from forum.adapters.signing_key import load_signer
from forum.errors import BadInput, IllegalMove, NotAllowed, NotFound
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.export import Export
from forum.record.verify.public_log import Log
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.keys import new_key
from forum.services.sessions import cues
from forum.services.sessions.desk import Desk
from forum.services.stories import appeals_and_reports, moderation, private_links, submissions
from forum.stories import scenario_twee
from forum.stories.submission import Submission

MO, MEL = new_id(), new_id()


async def a_story(store: Store, *moderators: str, **changes: Any) -> tuple[Submission, str]:
    """Sends a story in that waits to be read, and makes accounts for these moderators; returns it with its key."""
    commission = a_commission(**changes)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        for person in moderators:
            await work.people.add_person(Person(person, person, "M", (Role.MODERATOR,)))
    return await submissions.submit(store, CLOCK, commission.id, a_sent_story())


async def act(store: Store, story: Submission, action: str, **more: Any) -> Submission:
    """Does it as somebody who has just read the story."""
    async with store.read() as work:
        now = await work.stories.get_story(story.id)
    more = {"because": "A reason.", "by": MO, **more}
    return await moderation.moderate(store, CLOCK, story.id, action, expected_status=now.status, **more)


async def status(store: Store, story: Submission) -> str:
    async with store.read() as work:
        return (await work.stories.get_story(story.id)).status


async def logged(store: Store) -> list[dict[str, Any]]:
    async with store.read() as work:
        entries = [json.loads(entry.body) for entry in await work.record.entries()]
    return [entry for entry in entries if entry["type"] == "moderation action"]


async def the_appeal(store: Store, story: Submission) -> appeals_and_reports.Standing:
    async with store.read() as work:
        standing = await appeals_and_reports.standing(work, await work.stories.get_story(story.id))
    assert standing is not None
    return standing


async def answer(
    store: Store, story: Submission, outcome: str, by: str = MEL, because: str = "Read again."
) -> Submission:
    now = await the_appeal(store, story)
    appeal = now.appeal.id if now.appeal else ""
    return await appeals_and_reports.answer(store, CLOCK, appeal, story.id, outcome, because=because, by=by)


async def test_a_story_is_held_taken_off_hold_returned_and_accepted(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO)
    held = await act(sqlite_store, story, "hold")
    assert (held.status, held.because) == ("held", "A reason.")
    with pytest.raises(IllegalMove):
        await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story())
    assert (await act(sqlite_store, story, "release", because="")).status == "submitted"
    assert (await act(sqlite_store, story, "return")).status == "returned"
    await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story())
    accepted = await act(sqlite_store, story, "accept", because="")
    assert (accepted.status, accepted.because) == ("accepted", "")
    assert [entry["action"] for entry in await logged(sqlite_store)] == ["held", "released", "returned", "accepted"]


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ("submitted", "release"),
        ("submitted", "take down"),
        ("submitted", "keep"),
        ("held", "accept"),
        ("held", "hold"),
        ("returned", "accept"),
        ("returned", "hold"),
        ("returned", "release"),
        ("accepted", "hold"),
        ("accepted", "return"),
        ("accepted", "keep"),  # nobody reported it
    ],
)
async def test_what_does_not_fit_is_refused(sqlite_store: Store, before: str, action: str) -> None:
    story, _ = await a_story(sqlite_store, MO)
    way = {"submitted": "", "held": "hold", "returned": "return", "accepted": "accept"}[before]
    if way:
        await act(sqlite_store, story, way)
    with pytest.raises(IllegalMove):
        await act(sqlite_store, story, action)
    assert await status(sqlite_store, story) == before


@pytest.mark.parametrize("action", ["return", "hold", "take down"])
async def test_whoever_keeps_a_story_back_says_why(sqlite_store: Store, action: str) -> None:
    story, _ = await a_story(sqlite_store, MO)
    if action == "take down":
        await act(sqlite_store, story, "accept")
    with pytest.raises(BadInput) as refused:
        await act(sqlite_store, story, action, because="  ")
    assert refused.value.field == "because"


async def test_a_reason_is_the_writers_and_stands_in_the_log_only_where_it_may(sqlite_store: Store) -> None:
    story, _ = await a_story(sqlite_store, MO)
    await act(sqlite_store, story, "hold", because="It names Dr Brown.")
    await act(sqlite_store, story, "return", because="Please use no names.", public=True)
    private, public = await logged(sqlite_store)
    assert private["because"] is None
    assert set(public["because"]) == {"sd"}
    assert set(public) == {"type", "at", "commission", "scenario", "action", "because"}
    async with sqlite_store.read() as work:
        assert len(await work.record.disclosures()) == 1
        assert [(a.because, a.public) for a in await work.moderation.list_acts(story.id)] == [
            ("It names Dr Brown.", False),
            ("Please use no names.", True),
        ]
        bodies = b"".join(entry.body for entry in await work.record.entries())
    assert MO.encode() not in bodies
    assert b"Brown" not in bodies


async def test_an_appeal_goes_to_another_moderator_who_can_undo_it(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO, MEL)
    await act(sqlite_store, story, "return")
    made = await appeals_and_reports.appeal(sqlite_store, CLOCK, key, " It names nobody. ")
    assert made.others
    assert made.appeal is not None
    assert made.appeal.words == "It names nobody."
    with pytest.raises(NotAllowed):
        await answer(sqlite_store, story, "uphold", by=MO)
    with pytest.raises(BadInput):
        await answer(sqlite_store, story, "uphold", because="")
    with pytest.raises(BadInput):
        await answer(sqlite_store, story, "shrug")
    async with sqlite_store.read() as work:
        assert [found.id for found, _ in await appeals_and_reports.waiting(work)] == [story.id]
    undone = await answer(sqlite_store, story, "overturn")
    assert (undone.status, undone.because) == ("submitted", "")
    async with sqlite_store.read() as work:
        assert await appeals_and_reports.waiting(work) == []
    assert [entry["action"] for entry in await logged(sqlite_store)] == ["returned", "decision overturned"]


async def test_there_is_one_appeal_for_each_return(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO, MEL)
    with pytest.raises(IllegalMove):
        await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "Nothing was done yet.")
    await act(sqlite_store, story, "return")
    for wrong in ("", "x" * 2001):
        with pytest.raises(BadInput):
            await appeals_and_reports.appeal(sqlite_store, CLOCK, key, wrong)
    await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "It names nobody.")
    for _ in range(2):
        with pytest.raises(IllegalMove):
            await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "Once more.")
        if not (await the_appeal(sqlite_store, story)).open:
            break
        await answer(sqlite_store, story, "uphold")
    assert await status(sqlite_store, story) == "returned"
    await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story())
    await act(sqlite_store, story, "return", by=MEL)
    again = await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "Still not.")
    assert again.act.by == MEL
    with pytest.raises(NotAllowed):
        await answer(sqlite_store, story, "overturn", by=MEL)
    assert (await answer(sqlite_store, story, "overturn", by=MO)).status == "submitted"
    with pytest.raises(NotFound):
        await appeals_and_reports.appeal(sqlite_store, CLOCK, new_key(), "Whose?")


async def test_where_there_is_no_other_moderator_that_is_said_and_the_appeal_waits(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO)
    await act(sqlite_store, story, "hold")
    assert not (await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "Why?")).others
    with pytest.raises(NotAllowed):
        await answer(sqlite_store, story, "overturn", by=MO)
    async with sqlite_store.begin() as work:
        await work.people.add_person(Person(MEL, "mel", "Mel", (Role.MODERATOR,)))
    assert (await the_appeal(sqlite_store, story)).others
    assert (await answer(sqlite_store, story, "overturn")).status == "submitted"


async def test_an_appeal_is_over_when_the_story_has_moved_on(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO, MEL)
    await act(sqlite_store, story, "return")
    old = (await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "It names nobody.")).appeal
    assert old is not None
    await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story())
    async with sqlite_store.read() as work:
        assert await appeals_and_reports.waiting(work) == []
    await act(sqlite_store, story, "return")
    async with sqlite_store.read() as work:
        assert await appeals_and_reports.waiting(work) == []
    with pytest.raises(IllegalMove):
        await appeals_and_reports.answer(sqlite_store, CLOCK, old.id, story.id, "overturn", because="Late.", by=MEL)
    assert await status(sqlite_store, story) == "returned"


async def test_two_answers_to_one_appeal_are_one(store: Store) -> None:
    story, key = await a_story(store, MO, MEL)
    await act(store, story, "hold")
    await appeals_and_reports.appeal(store, CLOCK, key, "Why?")
    asked = (await the_appeal(store, story)).appeal
    assert asked is not None

    async def one(outcome: str) -> str:
        try:
            done = await appeals_and_reports.answer(
                store, CLOCK, asked.id, story.id, outcome, because="Read again.", by=new_id()
            )
        except IllegalMove:
            return "refused"
        return done.status

    answers = await asyncio.gather(one("overturn"), one("uphold"), one("overturn"))
    assert sorted(answers) in (["refused", "refused", "submitted"], ["held", "refused", "refused"])
    assert len(await logged(store)) == 2


async def test_readers_report_and_a_moderator_keeps_or_takes_down(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO, MEL)
    with pytest.raises(NotFound):
        await appeals_and_reports.report(sqlite_store, CLOCK, story.id, "It is not public.")
    await act(sqlite_store, story, "accept", because="")
    for wrong in ("", "x" * 1001):
        with pytest.raises(BadInput):
            await appeals_and_reports.report(sqlite_store, CLOCK, story.id, wrong)
    first = await appeals_and_reports.report(sqlite_store, CLOCK, story.id, "It names my brother.", "a" * 32)
    assert await appeals_and_reports.report(sqlite_store, CLOCK, story.id, "It names my brother.", "a" * 32) == first
    other = await appeals_and_reports.report(sqlite_store, CLOCK, story.id, "And my sister.", "a" * 32)
    assert other.id != first.id
    async with sqlite_store.read() as work:
        assert [(s.id, len(reports)) for s, reports in await appeals_and_reports.reported(work)] == [(story.id, 2)]
    await act(
        sqlite_store, story, "keep", because="Nobody can tell who it is.", public=True, reports=[first.id, other.id]
    )
    async with sqlite_store.read() as work:
        assert await appeals_and_reports.reported(work) == []
    third = await appeals_and_reports.report(sqlite_store, CLOCK, story.id, "The street is named.")
    with pytest.raises(IllegalMove):
        await act(sqlite_store, story, "keep", reports=[first.id])
    down = await act(sqlite_store, story, "take down", because="The street is named.", reports=[third.id])
    assert (down.status, down.because) == ("held", "The street is named.")
    # The writer appeals against that too, and is heard: the same text is public again, and in the record once.
    await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "It is not a real street.")
    assert (await answer(sqlite_store, story, "overturn")).status == "accepted"
    assert [entry["action"] for entry in await logged(sqlite_store)] == [
        "accepted",
        "kept",
        "taken down",
        "decision overturned",
    ]


async def test_a_text_that_was_public_before_is_not_published_twice_but_a_changed_one_is(sqlite_store: Store) -> None:
    story, key = await a_story(sqlite_store, MO)

    async def published() -> int:
        async with sqlite_store.read() as work:
            return sum(b'"scenario published"' in entry.body for entry in await work.record.entries())

    await act(sqlite_store, story, "accept")
    await act(sqlite_store, story, "take down")
    await act(sqlite_store, story, "release")
    await act(sqlite_store, story, "accept")
    assert await published() == 1
    await act(sqlite_store, story, "take down")
    await act(sqlite_store, story, "return")
    await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story("Another knock"))
    await act(sqlite_store, story, "accept")
    assert await published() == 2


async def test_an_export_with_moderation_in_it_passes_every_check(sqlite_store: Store, tmp_path: Any) -> None:
    story, key = await a_story(sqlite_store, MO, MEL)
    await act(sqlite_store, story, "hold", because="It names Dr Brown.")
    await appeals_and_reports.appeal(sqlite_store, CLOCK, key, "He is made up.")
    now = await the_appeal(sqlite_store, story)
    assert now.appeal is not None
    await appeals_and_reports.answer(
        sqlite_store, CLOCK, now.appeal.id, story.id, "overturn", because="He is.", by=MEL, public=True
    )
    await act(sqlite_store, story, "accept", because="")
    data = await exports.export(Checkpoints(sqlite_store, load_signer(tmp_path)))
    assert {check.verdict for check in audit.verify(data)} == {"PASS"}
    files, _ = unpack(data)
    log = Log.read(Export(files).lines, None)
    acts = [entry for entry in log.entries if entry["type"] == "moderation action"]
    assert [(entry["action"], log.words(entry["because"])) for entry in acts] == [
        ("held", ""),
        ("decision overturned", "He is."),
        ("accepted", ""),
    ]
    assert not any(b"Dr Brown" in body or b"made up" in body or MO.encode() in body for body in files.values())


async def test_a_rehearsals_moderation_stands_in_no_real_log(sqlite_store: Store) -> None:
    story, _ = await a_story(sqlite_store, MO, rehearsal=True)
    async with sqlite_store.begin() as work:
        await work.facts.set_fact("made_by", "forum")
    await act(sqlite_store, story, "hold")
    assert await logged(sqlite_store) == []
    async with sqlite_store.read() as work:
        assert await work.moderation.count_acts() == 0
        assert [a.action for a in await work.moderation.list_acts(story.id)] == ["held"]


async def test_a_link_is_replaced_once_and_switched_off_for_good(sqlite_store: Store) -> None:
    _, key = await a_story(sqlite_store)
    _, other = await submissions.submit(
        sqlite_store, CLOCK, (await _commission(sqlite_store)), a_sent_story("Somebody else's")
    )
    new = new_key()
    for wrong in ("", "short", key, other):
        with pytest.raises(BadInput):
            await private_links.replace_link(sqlite_store, CLOCK, key, wrong, b"secret")
    await private_links.replace_link(sqlite_store, CLOCK, key, new, b"secret")
    assert await private_links.has_link(sqlite_store, new)
    assert not await private_links.has_link(sqlite_store, key)
    with pytest.raises(NotFound):
        await private_links.replace_link(sqlite_store, CLOCK, key, new_key(), b"secret")
    await private_links.revoke_link(sqlite_store, CLOCK, new)
    again = private_links.revoke_link(sqlite_store, CLOCK, new)
    for act_ in (again, appeals_and_reports.appeal(sqlite_store, CLOCK, new, "Hello?")):
        with pytest.raises(NotFound):
            await act_
    assert not await private_links.has_link(sqlite_store, "")
    assert await private_links.has_link(sqlite_store, other)


async def _commission(store: Store) -> str:
    async with store.read() as work:
        return (await work.commissions.list_commissions())[0].id


async def test_a_story_that_was_taken_down_is_not_put_on_stage(sqlite_store: Store) -> None:
    story, _ = await a_story(sqlite_store, MO)
    await act(sqlite_store, story, "accept")
    async with sqlite_store.begin() as work:
        live = a_session(await work.commissions.get_commission(story.commission), scenarios=(story.id,))
        await work.sessions.add_session(live)
    desk, scene = Desk(sqlite_store, CLOCK), scenario_twee.parse(story.twee).decisions[0].name
    await cues.put_question(desk, live.id, story.id, scene)
    await act(sqlite_store, story, "take down")
    for put in (cues.put_question, cues.show_scene):
        with pytest.raises(IllegalMove, match="moderator holds"):
            await put(desk, live.id, story.id, scene)
