"""Building a story together: what a build link can do, and that no suggestion goes anywhere unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.co_written_story import CORRECTION, EVIDENCE, RESPONSE, SCENE, Built, a_built_story
from support.factories import CLOCK, new_id

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits, private_links, withdrawal
from forum.store import SqlStore
from forum.stories import compose
from forum.stories.draft import Card, Way, mark, mark_of
from forum.stories.edits import AddCard, AddWay, Clash, Edit, RemoveCard, RemoveWay, SetField


@pytest.fixture
async def built(sqlite_store: SqlStore) -> Built:
    return await a_built_story(sqlite_store)


# ---------------------------------------------------------------- the link


async def test_a_build_link_reads_the_draft_and_dies_when_it_is_switched_off_or_replaced(built: Built) -> None:
    found = await build_link.shared(built.store, built.link)
    assert (found.story.id, found.draft) == (built.story, await built.draft())
    new = new_key()
    await build_link.share(built.store, CLOCK, built.key, new, before=built.link)
    await build_link.share(built.store, CLOCK, built.key, new, before=built.link)  # the answer was lost
    assert (await build_link.shared(built.store, new)).story.id == built.story
    with pytest.raises(NotFound, match="switched it off"):
        await build_link.shared(built.store, built.link)
    with pytest.raises(NotFound):
        await built.suggest()
    await build_link.unshare(built.store, built.key)
    for key in (new, ""):
        with pytest.raises(NotFound):
            await build_link.shared(built.store, key)


async def test_a_link_that_cannot_be_given_is_refused(built: Built) -> None:
    other = await a_built_story(built.store, built.commission)
    for new in ("", "x", other.link):
        with pytest.raises(BadInput) as refused:
            await build_link.share(built.store, CLOCK, built.key, new, before=built.link)
        assert refused.value.field == "new"
    with pytest.raises(IllegalMove, match="Somebody else"):
        await build_link.share(built.store, CLOCK, built.key, new_key(), before="")
    for act in (
        build_link.share(built.store, CLOCK, built.link, new_key()),
        build_link.unshare(built.store, built.link),
    ):
        with pytest.raises(NotFound):
            await act


async def test_nothing_can_be_read_or_suggested_while_the_story_is_held_or_after_it_is_gone(built: Built) -> None:
    await draft_edits.send(built.store, CLOCK, built.key)
    await built.moderated("hold", "We ask first.")
    for act in (build_link.shared(built.store, built.link), built.suggest()):
        with pytest.raises(IllegalMove, match="at the moment"):
            await act
    await withdrawal.withdraw(built.store, CLOCK, built.key)
    with pytest.raises(NotFound):
        await build_link.shared(built.store, built.link)


async def test_a_build_link_dies_with_the_private_link_since_nobody_could_answer(built: Built) -> None:
    await private_links.revoke_link(built.store, CLOCK, built.key)
    with pytest.raises(NotFound):
        await build_link.shared(built.store, built.link)


# ---------------------------------------------------------------- suggesting


async def test_a_suggestion_changes_nothing_until_a_keeper_takes_it_in(built: Built) -> None:
    before = await built.draft()
    for offer in (RESPONSE, SCENE, CORRECTION, EVIDENCE):
        await built.suggest(offer)
    assert await built.draft() == before
    async with built.store.read() as work:
        assert await work.evidence.list_evidence(built.story) == []
    kept = await built.suggestions()
    assert [(one.kind, one.group, one.name) for one in kept] == [
        ("response", "g3", ""),
        ("scene", "g4", "Kim"),
        ("correction", None, ""),
        ("evidence", "g1", ""),
    ]
    assert kept[2].seen == mark("It is past two. A neighbour knocks.")
    assert {one.by for one in kept} == {draft_edits.browser(built.story, "theirs")}


async def test_the_same_form_sent_twice_is_one_suggestion(built: Built) -> None:
    id_ = new_id()
    for _ in range(2):
        await build_link.suggest(built.store, CLOCK, built.link, RESPONSE, id_)
    other = await a_built_story(built.store, built.commission)
    with pytest.raises(BadInput):
        await build_link.suggest(built.store, CLOCK, other.link, RESPONSE, id_)
    await built.answer((await built.suggestions())[0])
    await build_link.suggest(built.store, CLOCK, built.link, RESPONSE, id_)
    assert [one.id for one in await built.suggestions()] == [id_]
    # Other words in the same form, kept on a phone since, are another suggestion.
    await build_link.suggest(built.store, CLOCK, built.link, replace(RESPONSE, words="Sing to him"), id_)
    assert [one.words for one in await built.suggestions()] == [RESPONSE.words, "Sing to him"]


async def test_a_form_that_comes_back_changed_is_another_suggestion_whatever_was_changed(built: Built) -> None:
    for offer, otherwise in (
        (replace(RESPONSE, words=" Ask  the\nneighbour "), {"name": "Kim"}),
        (SCENE, {"title": "The doctor"}),
        (replace(SCENE, title=" The\ncrew ", words="It comes.\r\nLate. "), {"words": "It comes. Late."}),
        (SCENE, {"place": "c2"}),
        (CORRECTION, {"group": "g3"}),
        (replace(CORRECTION, place="c2/w1.text", words="Sit down\nand talk"), {"place": "c2/w2.text"}),
        (EVIDENCE, {"title": "Another report"}),
        (replace(EVIDENCE, title="", url=" https://example.org/report "), {"title": "A report"}),
        (replace(EVIDENCE, title=" A\nreport"), {"url": "https://example.org/other"}),
    ):
        other, id_ = await a_built_story(built.store, built.commission), new_id()
        for _ in range(2):
            await build_link.suggest(other.store, CLOCK, other.link, offer, id_)
        assert [one.id for one in await other.suggestions()] == [id_], f"unchanged, however it was typed: {offer}"
        changed = await build_link.suggest(other.store, CLOCK, other.link, replace(offer, **otherwise), id_)
        assert {one.id for one in await other.suggestions()} == {id_, changed.id}
        assert {name: getattr(changed, name) for name in otherwise} == otherwise


async def test_a_question_with_five_responses_takes_no_sixth(built: Built) -> None:
    early = await built.suggest(RESPONSE, words="The sixth")
    await built.save(AddWay("c2", "w4", "Four"), AddWay("c2", "w5", "Five"))
    with pytest.raises(FormErrors) as refused:
        await built.suggest(RESPONSE, words="Another")
    assert "has 5 responses" in str(refused.value.fields["place"])
    with pytest.raises(FormErrors) as refused:
        await built.answer(early)
    assert "has 5 responses" in str(refused.value.fields["place"])
    draft = await built.draft()
    way = (draft.card("c2") or Card("")).way("w5") or Way("")
    await built.save(RemoveWay("c2", "w5", mark_of(way)))
    assert (await built.answer(early)).outcome == "accepted"


async def test_only_so_many_suggestions_wait_at_a_time(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_link, "MOST_WAITING", 2)
    first = await built.suggest()
    await built.suggest(SCENE)
    with pytest.raises(IllegalMove, match="2 suggestions for this story wait"):
        await built.suggest(CORRECTION)
    await built.answer(first)
    await built.suggest(CORRECTION)


# ---------------------------------------------------------------- answering


async def test_a_response_is_taken_in_as_a_version_of_its_own(built: Built) -> None:
    one = await built.suggest(RESPONSE)
    done = await built.answer(one)
    assert (done.outcome, done.because) == ("accepted", "")
    card = (await built.draft()).card("c2")
    assert card is not None
    assert [way.text for way in card.ways][-1] == "Ask the neighbour to stay"
    async with built.store.read() as work:
        last = (await work.drafts.history(built.story))[-1]
        assert (await work.drafts.version(built.story, last.number)).draft == await built.draft()
    assert (last.kind, last.by) == ("suggestion taken in", one.id)


async def test_a_scene_is_put_between_two_that_followed_each_other(built: Built) -> None:
    await built.answer(await built.suggest(SCENE))
    told = compose.sketch(await built.draft()).story
    assert [scene.name for scene in told.scenes] == [
        "What happened",
        "The crew",
        "What should happen now?",
        "After the vote",
    ]
    assert [link.to for scene in told.scenes[:2] for link in scene.links] == ["The crew", "What should happen now?"]


async def test_a_scene_follows_one_response_and_leaves_the_others_as_they_are(built: Built) -> None:
    one = await built.suggest(SCENE, place="c2/w2")
    two = await built.suggest(SCENE, place="c2/w2", title="", words="Before that, the phone rings.")
    await built.answer(one)
    await built.answer(two)
    draft = await built.draft()
    card = draft.card("c2")
    assert card is not None
    first, second = draft.card(f"s{two.id[:15]}"), draft.card(f"s{one.id[:15]}")
    assert first is not None
    assert second is not None
    assert [way.to for way in card.ways] == ["", first.id, ""]
    assert [way.to for way in first.ways] == [second.id]
    assert second.ways == ()


async def test_the_first_scene_of_an_empty_story_can_be_suggested(built: Built) -> None:
    for card in (await built.draft()).cards:
        await built.save(RemoveCard(card.id, mark_of(card)))
    await built.answer(await built.suggest(SCENE, place=""))
    assert [card.name for card in (await built.draft()).cards] == ["The crew"]


async def test_a_suggestion_is_taken_in_with_changes_and_keeps_what_was_suggested(built: Built) -> None:
    one = await built.suggest(SCENE)
    done = await built.answer(
        one, "accepted with changes", words="The crew is late.", title="Late", place="c2/w1", because="It fits there."
    )
    assert (done.outcome, done.words, done.because) == ("accepted with changes", SCENE.words, "It fits there.")
    draft = await built.draft()
    made = draft.card(f"s{one.id[:15]}")
    assert made is not None
    assert (made.name, made.text) == ("Late", "The crew is late.")
    two = await built.suggest(RESPONSE)
    assert (await built.answer(two, "accepted with changes", words=two.words, place=two.place)).outcome == "accepted"


async def test_a_declined_suggestion_needs_a_reason_and_changes_nothing(built: Built) -> None:
    before = await built.draft()
    one = await built.suggest(CORRECTION)
    for because, outcome, wrong in (
        ("", "declined", "because"),
        ("x" * 1001, "declined", "because"),
        ("", "", "outcome"),
    ):
        with pytest.raises(FormErrors) as refused:
            await built.answer(one, outcome, because=because)
        assert set(refused.value.fields) == {wrong}
    await built.answer(one, "declined", because="It was two.")
    (kept,) = await built.suggestions()
    assert (kept.outcome, kept.because) == ("declined", "It was two.")
    assert await built.draft() == before


async def test_of_two_keepers_the_second_is_told(built: Built) -> None:
    one = await built.suggest()
    await built.answer(one)
    before = await built.draft()
    for outcome in ("accepted", "declined"):
        with pytest.raises(IllegalMove, match="has answered this"):
            await built.answer(one, outcome, because="No.")
    assert await built.draft() == before


async def test_a_correction_goes_over_the_words_that_its_writer_or_keeper_saw(built: Built) -> None:
    one, two = await built.suggest(CORRECTION), await built.suggest(CORRECTION, words="It is past four.")
    await built.answer(one)
    now = "It is past three. A neighbour knocks."
    assert ((await built.draft()).card("c1") or Card("")).text == now
    with pytest.raises(Clash) as clash:
        await built.answer(two)
    assert (clash.value.theirs, clash.value.yours) == (now, "It is past four.")
    assert not (await built.suggestions())[1].outcome
    await built.answer(two, seen=mark(now))
    assert ((await built.draft()).card("c1") or Card("")).text == "It is past four."


async def test_a_correction_of_something_gone_is_told_so_and_can_be_declined(built: Built) -> None:
    one = await built.suggest(CORRECTION, place="c2/w1.text", words="Sit down")
    scene = await built.suggest(SCENE, place="c2/w1")
    way = ((await built.draft()).card("c2") or Card("")).way("w1") or Way("")
    await built.save(RemoveWay("c2", "w1", mark_of(way)))
    for suggestion in (one, scene):
        with pytest.raises(FormErrors) as refused:
            await built.answer(suggestion)
        assert "not there any more" in str(refused.value.fields["place"])
    await built.answer(scene, "accepted with changes", words=scene.words, title=scene.title, place="c1")
    await built.answer(one, "declined", because="We took it out.")


async def test_a_correction_that_a_keeper_has_made_already_is_taken_in_without_a_version(built: Built) -> None:
    one = await built.suggest(CORRECTION)
    await built.save(SetField("c1.text", (mark("It is past two. A neighbour knocks."),), CORRECTION.words))
    async with built.store.read() as work:
        before = await work.drafts.history(built.story)
    assert (await built.answer(one)).outcome == "accepted"
    async with built.store.read() as work:
        assert await work.drafts.history(built.story) == before


async def test_evidence_taken_in_waits_for_its_moderator_as_any_does(built: Built) -> None:
    one = await built.suggest(EVIDENCE, title="")
    await built.answer(one, "accepted with changes", title="What the report says")
    async with built.store.read() as work:
        (item,) = await work.evidence.list_evidence(built.story)
        assert await work.evidence.waiting() == {built.story: 1}
    assert (item.kind, item.title, item.url, item.shown_at) == ("link", "What the report says", EVIDENCE.url, "")


async def test_evidence_that_has_no_room_is_not_taken_in(built: Built) -> None:
    from forum.services.stories import evidence

    one = await built.suggest(EVIDENCE)
    for number in range(evidence.MAX_ITEMS):
        await evidence.add_link(built.store, CLOCK, built.key, title=f"{number}", url=EVIDENCE.url)
    with pytest.raises(IllegalMove, match="10 pieces"):
        await built.answer(one)
    assert not (await built.suggestions())[0].outcome


async def test_a_suggestion_that_makes_the_story_too_long_is_told_so(built: Built) -> None:
    one = await built.suggest(SCENE)
    long: list[Edit] = [AddCard(f"l{n}", text="x" * 4000) for n in range(24)]
    saved = await built.save(*long, AddCard("last", text="x" * 3600))
    assert not saved.errors
    with pytest.raises(FormErrors) as refused:
        await built.answer(one, "accepted with changes", words="y" * 4000, place="c1")
    assert "as long as it can be" in str(refused.value.fields["words"])
    assert not (await built.suggestions())[0].outcome


async def test_only_its_own_keepers_answer_a_suggestion(built: Built) -> None:
    other = await a_built_story(built.store, built.commission)
    one = await built.suggest()
    for act in (other.answer(one), replace(built, key=built.link).answer(one)):
        with pytest.raises(NotFound):
            await act
    await withdrawal.withdraw(built.store, CLOCK, built.key)
    with pytest.raises(IllegalMove, match="taken this story back"):
        await built.answer(one, "declined", because="Gone.")
