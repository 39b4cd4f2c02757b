"""A story is written in pieces, sent, sent again, changed once it is public; and its versions stay."""

from __future__ import annotations

import pytest
from support.factories import CLOCK, SetClock, a_commission

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store
from forum.services.keys import digest, new_key
from forum.services.stories import draft_edits, moderation, private_links, submissions, withdrawal
from forum.stories import scenario_twee
from forum.stories.draft import Draft, mark, mark_of, read
from forum.stories.edits import AddCard, AddWay, Edit, RemoveCard, SetField
from forum.stories.submission import StoryStatus, Submission, Version, VersionKind
from forum.voting.commission import Commission

ANSWERS: list[Edit] = [
    SetField("title", (mark(""),), "The third knock"),
    SetField("group", (mark(""),), "g1"),
    SetField("may_perform", (mark(""),), "yes"),
    SetField("may_publish", (mark(""),), "yes"),
    SetField("may_quote", (mark(""),), "no"),
]
SCENES: list[Edit] = [
    AddCard("a", text="Somebody knocks."),
    AddCard("b", after="a", text="What could the crew do?", decision="yes"),
    *(AddWay("b", f"w{n}", words) for n, words in enumerate(("Wait", "Call the team", "Take her in"), 1)),
]


async def a_written_story(store: Store) -> tuple[Commission, str]:
    """Makes a commission with a story that could be sent; returns the key of the story's private link too."""
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    key = new_key()
    await draft_edits.begin(store, CLOCK, commission.id, key, [*ANSWERS, *SCENES])
    return commission, key


async def story_of(store: Store, key: str) -> Submission:
    async with store.read() as work:
        return await work.stories.by_link(digest(key))


async def versions_of(store: Store, key: str) -> list[Version]:
    story = await story_of(store, key)
    async with store.read() as work:
        return await work.drafts.versions(story.id)


async def write(store: Store, key: str, path: str, text: str, device: str = "") -> draft_edits.Saved:
    """Writes over a field as somebody who sees it as it is."""
    draft = await draft_edits.opened(store, CLOCK, key)
    return await draft_edits.save(store, CLOCK, key, [SetField(path, (mark(read(draft, path) or ""),), text)], device)


async def moderate(store: Store, key: str, action: str) -> Submission:
    story = await story_of(store, key)
    return await moderation.moderate(
        store,
        CLOCK,
        story.id,
        action,
        because="A reason.",
        expected_status=story.status,
        read=submissions.fingerprint(story),
    )


async def test_a_story_is_there_from_its_first_words_and_waits_for_nobody_until_it_is_sent(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    story = await story_of(sqlite_store, key)
    assert (story.status, story.twee, story.title) == (StoryStatus.WRITING, "", "")
    sent = await draft_edits.send(sqlite_store, CLOCK, key)
    assert (sent.status, sent.title, sent.told_by) == (StoryStatus.SUBMITTED, "The third knock", "g1")
    assert (sent.may_perform, sent.may_publish, sent.may_quote) == (True, True, False)
    told = scenario_twee.parse(sent.twee)
    assert told.told_by == "People who use services"
    assert [len(scene.links) for scene in told.scenes] == [1, 3, 0]


async def test_what_can_be_saved_is_saved_and_the_rest_is_told(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    saved = await draft_edits.save(
        sqlite_store,
        CLOCK,
        key,
        [
            SetField("title", (mark("something else"),), "Another title"),
            SetField("setting", (mark(""),), "A flat, at night"),
            SetField("a.name", (mark(""),), "x" * 500),
        ],
    )
    assert saved.draft.setting == "A flat, at night"
    assert [(clash.field, clash.theirs) for clash in saved.clashes] == [("title", "The third knock")]
    assert set(saved.errors or ()) == {"a.name"}
    assert (await draft_edits.opened(sqlite_store, CLOCK, key)).setting == "A flat, at night"


async def test_an_unfinished_story_cannot_be_sent_and_says_what_is_missing(sqlite_store: Store) -> None:
    commission, _ = await a_written_story(sqlite_store)
    key = new_key()
    await draft_edits.begin(sqlite_store, CLOCK, commission.id, key, [AddCard("a")])
    with pytest.raises(FormErrors) as told:
        await draft_edits.send(sqlite_store, CLOCK, key)
    assert set(told.value.fields) == {"title", "group", "may_perform", "may_publish", "may_quote", "a.text"}
    assert (await story_of(sqlite_store, key)).status == StoryStatus.WRITING


async def test_a_group_that_the_commission_does_not_have_is_asked_for_again(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await write(sqlite_store, key, "group", "g99")
    with pytest.raises(FormErrors) as told:
        await draft_edits.send(sqlite_store, CLOCK, key)
    assert set(told.value.fields) == {"group"}
    await write(sqlite_store, key, "group", "no")
    assert (await draft_edits.send(sqlite_store, CLOCK, key)).told_by is None


async def test_a_returned_story_is_changed_and_sent_again_and_keeps_its_identity(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    first = await draft_edits.send(sqlite_store, CLOCK, key)
    assert (await moderate(sqlite_store, key, "return")).status == StoryStatus.RETURNED
    await write(sqlite_store, key, "a.text", "Somebody knocks three times.")
    again = await draft_edits.send(sqlite_store, CLOCK, key)
    assert (again.status, again.because) == (StoryStatus.SUBMITTED, "")
    assert scenario_twee.parse(again.twee).ifid == scenario_twee.parse(first.twee).ifid
    assert "three times" in again.twee


async def test_a_story_that_waits_can_still_be_changed_and_the_moderator_is_told(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    read_by_moderator = await draft_edits.send(sqlite_store, CLOCK, key)
    await write(sqlite_store, key, "a.text", "Somebody knocks three times.")
    await draft_edits.send(sqlite_store, CLOCK, key)
    with pytest.raises(IllegalMove):
        await moderation.moderate(
            sqlite_store,
            CLOCK,
            read_by_moderator.id,
            "accept",
            because="",
            expected_status=StoryStatus.SUBMITTED,
            read=submissions.fingerprint(read_by_moderator),
        )


async def test_a_new_version_of_a_public_story_stands_beside_it_until_it_is_accepted(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    public = await draft_edits.send(sqlite_store, CLOCK, key)
    await moderate(sqlite_store, key, "accept")
    with pytest.raises(IllegalMove):
        await draft_edits.send(sqlite_store, CLOCK, key)
    await write(sqlite_store, key, "a.text", "Somebody knocks three times.")
    await write(sqlite_store, key, "title", "Three knocks")
    revised = await draft_edits.send(sqlite_store, CLOCK, key)
    assert (revised.status, revised.twee, revised.title) == (StoryStatus.ACCEPTED, public.twee, "The third knock")
    assert "three times" in revised.revision
    returned = await moderate(sqlite_store, key, "return version")
    assert (returned.status, returned.twee, returned.revision, returned.because) == (
        StoryStatus.ACCEPTED,
        public.twee,
        "",
        "A reason.",
    )
    await write(sqlite_store, key, "setting", "A flat")
    await draft_edits.send(sqlite_store, CLOCK, key)
    accepted = await moderate(sqlite_store, key, "accept version")
    assert (accepted.status, accepted.title, accepted.revision) == (StoryStatus.ACCEPTED, "Three knocks", "")
    assert "three times" in accepted.twee
    published = [version for version in await versions_of(sqlite_store, key) if version.kind == VersionKind.PUBLISHED]
    assert [version.draft.title for version in published] == ["The third knock", "Three knocks"]
    with pytest.raises(IllegalMove):
        await moderate(sqlite_store, key, "accept version")


async def test_a_new_version_is_called_back_by_sending_the_public_text_again(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    public = await draft_edits.send(sqlite_store, CLOCK, key)
    await moderate(sqlite_store, key, "accept")
    await write(sqlite_store, key, "a.text", "Somebody knocks. It is Ada Lovelace.")
    await draft_edits.send(sqlite_store, CLOCK, key)
    with pytest.raises(IllegalMove):
        await draft_edits.send(sqlite_store, CLOCK, key)
    await write(sqlite_store, key, "a.text", "Somebody knocks.")
    story = await draft_edits.send(sqlite_store, CLOCK, key)
    assert (story.status, story.twee, story.revision, story.revised_at) == (StoryStatus.ACCEPTED, public.twee, "", "")
    async with sqlite_store.read() as work:
        assert await work.stories.revised() == []
    with pytest.raises(IllegalMove):
        await moderate(sqlite_store, key, "accept version")
    with pytest.raises(IllegalMove):
        await draft_edits.send(sqlite_store, CLOCK, key)


async def test_the_record_has_both_public_texts_of_a_changed_story(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await draft_edits.send(sqlite_store, CLOCK, key)
    await moderate(sqlite_store, key, "accept")
    await write(sqlite_store, key, "a.text", "Somebody knocks three times.")
    await draft_edits.send(sqlite_store, CLOCK, key)
    await moderate(sqlite_store, key, "accept version")
    async with sqlite_store.read() as work:
        entries = [entry.body for entry in await work.record.entries()]
    assert [b'"type":"scenario published"' in body for body in entries].count(True) == 2
    assert sum(b"new version accepted" in body for body in entries) == 1


async def test_a_held_story_is_written_on_and_not_sent(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await draft_edits.send(sqlite_store, CLOCK, key)
    assert (await moderate(sqlite_store, key, "hold")).status == StoryStatus.HELD
    await write(sqlite_store, key, "a.text", "Somebody knocks three times.")
    with pytest.raises(IllegalMove):
        await draft_edits.send(sqlite_store, CLOCK, key)


async def test_a_story_that_was_taken_back_has_no_draft_and_takes_none(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await withdrawal.withdraw(sqlite_store, CLOCK, key)
    story = await story_of(sqlite_store, key)
    assert story.status == StoryStatus.WITHDRAWN
    async with sqlite_store.read() as work:
        with pytest.raises(NotFound):
            await work.drafts.get_draft(story.id)
        assert await work.drafts.versions(story.id) == []
    for attempt in (
        draft_edits.save(sqlite_store, CLOCK, key, SCENES),
        draft_edits.opened(sqlite_store, CLOCK, key),
        draft_edits.send(sqlite_store, CLOCK, key),
        draft_edits.bring_back(sqlite_store, CLOCK, key, 1),
    ):
        with pytest.raises(IllegalMove):
            await attempt


async def test_what_is_allowed_later_is_not_undone_by_the_next_sending(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await draft_edits.send(sqlite_store, CLOCK, key)
    await withdrawal.permit(sqlite_store, CLOCK, key, perform=False, publish=True, quote=True)
    await write(sqlite_store, key, "a.text", "Somebody knocks three times.")
    again = await draft_edits.send(sqlite_store, CLOCK, key)
    assert (again.may_perform, again.may_publish, again.may_quote) == (False, True, True)


async def test_a_no_that_is_written_while_a_story_waits_holds_at_once(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await draft_edits.send(sqlite_store, CLOCK, key)
    await write(sqlite_store, key, "may_publish", "no")
    story = await story_of(sqlite_store, key)
    assert (story.may_perform, story.may_publish, story.may_quote) == (True, False, False)
    with pytest.raises(BadInput):
        await moderate(sqlite_store, key, "accept")
    for name in ("may_publish", "may_quote"):
        await write(sqlite_store, key, name, "yes")
    assert not (await story_of(sqlite_store, key)).may_publish  # until it is sent again
    await draft_edits.send(sqlite_store, CLOCK, key)
    accepted = await moderate(sqlite_store, key, "accept")
    await write(sqlite_store, key, "may_perform", "no")
    assert await story_of(sqlite_store, key) == accepted  # what is public is asked about on its own page
    await moderate(sqlite_store, key, "take down")
    await write(sqlite_store, key, "may_publish", "no")
    held = await story_of(sqlite_store, key)
    assert (held.may_perform, held.may_publish, held.may_quote) == (False, True, True)


async def test_one_sitting_is_one_version_but_a_cut_and_another_browser_are_not(sqlite_store: Store) -> None:
    commission, _ = await a_written_story(sqlite_store)
    clock, key = SetClock(), new_key()

    async def say(text: str, device: str) -> None:
        draft = await draft_edits.opened(sqlite_store, clock, key)
        seen = (mark(read(draft, "a.text") or ""),)
        await draft_edits.save(sqlite_store, clock, key, [SetField("a.text", seen, text)], device)

    await draft_edits.begin(sqlite_store, clock, commission.id, key, [AddCard("a", text="A")], "anna")
    for text in ("A long", "A long story, told", "A long story, told slowly and at night"):
        clock.move(seconds=30)
        await say(text, "anna")
    assert [v.kind for v in await versions_of(sqlite_store, key)] == [VersionKind.BEGUN, VersionKind.WRITTEN]
    await say("A", "anna")
    assert [v.draft.cards[0].text for v in (await versions_of(sqlite_store, key))[1:]] == [
        "A long story, told slowly and at night",
        "A",
    ]
    await say("Something else altogether, and longer", "anna")
    await say("Another text in its place, and longer yet", "anna")
    texts = [v.draft.cards[0].text for v in (await versions_of(sqlite_store, key))[2:]]
    assert texts == ["Something else altogether, and longer", "Another text in its place, and longer yet"]
    await say("A", "anna")
    await say("A b", "ben")
    await say("A b a", "anna")
    clock.move(minutes=11)
    await say("A b a c", "anna")
    assert [v.draft.cards[0].text for v in (await versions_of(sqlite_store, key))[4:]] == [
        "A",
        "A b",
        "A b a",
        "A b a c",
    ]
    assert len({v.by for v in await versions_of(sqlite_store, key)} - {""}) == 2


async def test_an_earlier_version_is_brought_back_and_the_present_one_stays_too(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    before = await draft_edits.opened(sqlite_store, CLOCK, key)
    number = (await versions_of(sqlite_store, key))[-1].number
    card = before.card("b")
    assert card is not None
    await draft_edits.save(sqlite_store, CLOCK, key, [RemoveCard("b", mark_of(card))])
    await write(sqlite_store, key, "may_quote", "yes")
    without = await draft_edits.opened(sqlite_store, CLOCK, key)
    after = await draft_edits.bring_back(sqlite_store, CLOCK, key, number)
    assert after.cards == before.cards
    assert after.may_quote == "yes"
    there = await versions_of(sqlite_store, key)
    assert there[-1].kind == VersionKind.BROUGHT_BACK
    assert without in [version.draft for version in there]
    with pytest.raises(NotFound):
        await draft_edits.bring_back(sqlite_store, CLOCK, key, 99)


async def test_a_story_that_came_as_a_file_is_opened_for_writing_as_it_is(sqlite_store: Store) -> None:
    commission, first = await a_written_story(sqlite_store)
    told = scenario_twee.parse((await draft_edits.send(sqlite_store, CLOCK, first)).twee)
    sent, key = await submissions.submit(
        sqlite_store, CLOCK, commission.id, submissions.Sent(told, "g2", may_publish=True)
    )
    draft = await draft_edits.opened(sqlite_store, CLOCK, key)
    assert (draft.title, draft.group, draft.may_publish, draft.may_perform) == (told.title, "g2", "yes", "no")
    await moderate(sqlite_store, key, "return")
    assert (await draft_edits.send(sqlite_store, CLOCK, key)).twee == sent.twee
    await moderate(sqlite_store, key, "return")
    changed = scenario_twee.parse(sent.twee.replace("Somebody knocks.", "Nobody knocks."))
    await submissions.resubmit(sqlite_store, CLOCK, key, submissions.Sent(changed, "g2", may_publish=True))
    assert (await draft_edits.opened(sqlite_store, CLOCK, key)).cards[0].text == "Nobody knocks."
    assert [v.kind for v in await versions_of(sqlite_store, key)] == [
        VersionKind.BEGUN,
        VersionKind.SENT,
        VersionKind.SENT,
    ]


async def test_what_was_taken_away_is_found_in_the_last_version_that_had_it(sqlite_store: Store) -> None:
    _, key = await a_written_story(sqlite_store)
    await write(sqlite_store, key, "b.text", "What could the neighbour do?")
    before = await draft_edits.opened(sqlite_store, CLOCK, key)
    card = before.card("b")
    assert card is not None
    await draft_edits.save(sqlite_store, CLOCK, key, [RemoveCard("b", mark_of(card))])
    found = (await draft_edits.taken_out(sqlite_store, key, {"b", "never"})).pop("b")
    assert (found.card, found.after) == (card, "a")
    await draft_edits.save(sqlite_store, CLOCK, key, [found])
    assert (await draft_edits.opened(sqlite_store, CLOCK, key)).card("b") == card
    assert await draft_edits.taken_out(sqlite_store, key, {"never"}) == {}
    with pytest.raises(NotFound):
        await draft_edits.taken_out(sqlite_store, new_key(), {"b"})


async def test_a_browser_has_one_mark_in_a_story_and_another_in_the_next(sqlite_store: Store) -> None:
    assert (
        draft_edits.browser("story", "device")
        == draft_edits.browser("story", "device")
        != draft_edits.browser("two", "device")
    )
    assert draft_edits.browser("story", "") == ""
    with pytest.raises(NotFound):
        await draft_edits.save(sqlite_store, CLOCK, new_key(), [])
    assert Draft().first is None


async def test_no_other_story_begins_under_a_link_that_was_replaced_or_switched_off(sqlite_store: Store) -> None:
    commission, key = await a_written_story(sqlite_store)
    new = new_key()
    await private_links.replace_link(sqlite_store, CLOCK, key, new, b"secret")
    await private_links.revoke_link(sqlite_store, CLOCK, new)
    for dead in (key, new):
        with pytest.raises(NotFound):
            await draft_edits.begin(sqlite_store, CLOCK, commission.id, dead, [*ANSWERS, *SCENES])
    async with sqlite_store.read() as work:
        assert len(await work.stories.list_stories(commission.id)) == 1
