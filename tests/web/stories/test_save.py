"""A page saves by itself: its script sends edits as JSON, and hears what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.app import ADDRESS, House, a_house, words, write_story

from forum.errors import StoreUnavailable
from forum.services.keys import new_key
from forum.services.stories import draft_edits
from forum.stories.draft import Draft, mark, read
from forum.stories.edits import MOST_CARDS, MOST_WAYS
from forum.stories.submission import StoryStatus

EMPTY = mark("")


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, saves_per_address=40, wrong_links_per_address=3) as house:
        yield house


@pytest.fixture
async def key(house: House) -> str:
    """Makes a story in five steps, with the cards "happened" and "question"."""
    async with house.browser("192.0.2.200") as writer:
        return await write_story(writer, await house.commission())


def to(field: str, text: str, seen: str | list[str], **more: Any) -> dict[str, Any]:
    """Makes an edit that puts text into a field; `seen` is the text that was seen there, or marks."""
    return {"do": "set", "field": field, "text": text, "seen": [mark(seen)] if isinstance(seen, str) else seen} | more


async def save(house: House, key: str, *edits: dict[str, Any], **more: Any) -> dict[str, Any]:
    async with house.browser() as phone:
        answer = await asked(phone, key, *edits, **more)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def asked(phone: httpx2.AsyncClient, key: str, *edits: dict[str, Any], **more: Any) -> httpx2.Response:
    headers = {"Accept": "application/json"}
    return await phone.post(f"/my-story/{key}/save", json={"edits": list(edits), **more}, headers=headers)


async def now(house: House, key: str) -> Draft:
    return await draft_edits.opened(house.store, house.site.clock, key)


async def test_what_is_saved_is_answered_with_its_mark(house: House, key: str) -> None:
    said = await save(house, key, to("setting", "On the ward", "A flat at night"), to("title", "T", "The third knock"))
    assert said["marks"] == {"setting": mark("On the ward"), "title": mark("T")}
    assert (said["clashes"], said["errors"]) == ([], {})
    assert ((await now(house, key)).setting, (await now(house, key)).title) == ("On the ward", "T")


async def test_a_story_begins_with_the_first_words_and_the_same_key_is_one_story(house: House) -> None:
    commission = await house.commission()
    key = new_key()
    for text, seen in (("We", [EMPTY]), ("We waited.", [EMPTY, mark("We")])):
        said = await save(house, key, to("happened.text", text, seen), commission=commission.id)
        assert said["marks"] == {"happened.text": mark(text)}
    async with house.store.read() as work:
        (story,) = await work.stories.list_stories()
    assert story.status == StoryStatus.WRITING
    assert (await now(house, key)).cards[0].text == "We waited."
    async with house.browser() as phone:
        unknown = await asked(phone, new_key(), to("title", "x", ""), commission="0" * 32)
        made_up = await asked(phone, "me", to("title", "x", ""), commission=commission.id)
    assert unknown.status_code == 404
    assert made_up.status_code == 422


async def test_the_steps_make_their_cards_and_answers_as_they_are_written(house: House) -> None:
    commission = await house.commission()
    key = new_key()
    await save(
        house,
        key,
        to("happened.text", "We waited.", ""),
        to("question/r2.text", "Call", ""),
        to("question.text", "What now?", ""),
        to("question/r2.text", "Call again", "Call"),
        to("question/r9.text", "", ""),
        commission=commission.id,
    )
    draft = await now(house, key)
    assert [(card.id, card.decision) for card in draft.cards] == [("happened", ""), ("question", "yes")]
    assert [(way.id, way.text) for way in draft.cards[1].ways] == [("r2", "Call again")]
    assert draft.cards[0].ways[0].to == "question"


async def test_an_answer_that_was_lost_is_no_clash_with_oneself(house: House, key: str) -> None:
    base = mark("A flat at night")
    first = to("setting", "A ward", [base])
    for _ in range(2):
        assert (await save(house, key, first))["marks"] == {"setting": mark("A ward")}
    said = await save(house, key, to("setting", "A ward at night", [base, mark("A ward")]))
    assert said["clashes"] == []
    assert (await now(house, key)).setting == "A ward at night"


async def test_a_clash_brings_both_texts_and_the_rest_is_saved(house: House, key: str) -> None:
    await save(house, key, to("setting", "Their <ward>", "A flat at night"))
    said = await save(house, key, to("setting", "My flat", "A flat at night"), to("title", "T", "The third knock"))
    (clash,) = said["clashes"]
    assert (clash["field"], clash["theirs"], clash["kind"]) == ("setting", "Their <ward>", "text")
    assert "&lt;ward&gt;" in clash["html"]
    assert "<ward>" not in clash["html"]
    assert f'data-seen="{mark("Their <ward>")}"' in clash["html"]
    for choice in ("mine", "theirs", "both"):
        assert f'data-choose="{choice}"' in clash["html"]
    assert said["marks"] == {"title": mark("T")}
    assert (await now(house, key)).setting == "Their <ward>"
    await save(house, key, to("setting", "My flat", "Their <ward>"))
    assert (await now(house, key)).setting == "My flat"


async def test_answers_to_questions_clash_in_words(house: House, key: str) -> None:
    await save(house, key, to("group", "no", "g2"), to("may_quote", "yes", "no"))
    said = await save(house, key, to("group", "g1", "g2"), to("may_quote", "", "no"))
    group, quote = said["clashes"]
    assert "I prefer not to say" in group["html"]
    assert "People who use services" in group["html"]
    assert "No answer yet" in quote["html"]


async def test_words_for_what_was_removed_come_back_with_all_that_was_there(house: House, key: str) -> None:
    draft = await now(house, key)
    card = draft.cards[1]
    seen = {f"question.{name}": mark(getattr(card, name)) for name in ("name", "text", "stop", "decision")}
    for way in card.ways:
        seen |= {f"question/{way.id}.text": mark(way.text), f"question/{way.id}.to": mark(way.to)}
    unseen = await save(house, key, {"do": "remove", "card": "question", "seen": seen | {"question.text": EMPTY}})
    assert unseen["clashes"][0]["kind"] == "removal"
    assert (await save(house, key, {"do": "remove", "card": "question", "seen": seen}))["clashes"] == []
    assert (await now(house, key)).card("question") is None
    mine = to("question.text", "Who could come?", card.text)
    assert (await save(house, key, mine))["clashes"][0]["kind"] == "taken away"
    assert (await save(house, key, mine | {"back": True}))["clashes"] == []
    back = (await now(house, key)).card("question")
    assert back
    assert back.text == "Who could come?"
    assert back.ways == card.ways


async def test_what_was_undone_on_the_page_is_undone_here(house: House, key: str) -> None:
    card = (await now(house, key)).cards[0]
    way = card.ways[0]
    longer = card.text + " More."
    texts = {f"happened.{name}": getattr(card, name) for name in ("name", "stop", "decision")}
    texts |= {"happened.text": longer, f"happened/{way.id}.text": way.text, f"happened/{way.id}.to": way.to}
    seen = {path: mark(text) for path, text in texts.items()}
    said = await save(
        house,
        key,
        to("happened.text", longer, card.text),
        {"do": "remove", "card": "happened", "seen": seen},
        {"do": "put_back", "card": "happened", "text": longer, "ways": [[way.id, way.text, way.to]]},
        to("happened.name", "Night", ""),
    )
    assert (said["clashes"], said["errors"]) == ([], {})
    back = (await now(house, key)).cards[0]
    assert (back.id, back.text, back.name, back.ways) == ("happened", longer, "Night", card.ways)


async def test_a_card_is_added_and_moved_once_however_often_it_is_sent(house: House, key: str) -> None:
    bundle = (
        {"do": "add_card", "card": "new1", "after": "question"},
        {"do": "move", "card": "new1", "by": -1, "behind": "question"},
        {"do": "add_way", "card": "new1", "way": "w1", "text": "Go on", "to": "question"},
        to("new1.text", "Then it rains.", ""),
    )
    for _ in range(2):
        said = await save(house, key, *bundle)
        assert (said["clashes"], said["errors"]) == ([], {})
    draft = await now(house, key)
    assert [card.id for card in draft.cards] == ["happened", "new1", "question"]
    assert draft.cards[1].text == "Then it rains."
    assert len(draft.cards[1].ways) == 1


async def test_what_cannot_be_saved_is_told_by_field_and_keeps_nothing_else_back(house: House, key: str) -> None:
    long = "x" * 4001
    said = await save(
        house,
        key,
        to("happened.text", long, read(await now(house, key), "happened.text") or ""),
        to("no_such_field", "x", ""),
        to("setting", "Here", "A flat at night"),
        {"do": "add_card", "card": "NOT AN ID"},
        *({"do": "add_way", "card": "question", "way": f"w{n}"} for n in range(MOST_WAYS + 1)),
    )
    assert said["marks"] == {"setting": mark("Here")}
    assert said["errors"]["happened.text"] == "This is too long. Use at most 4000 characters."
    assert "cards" in said["errors"]
    assert (await now(house, key)).cards[0].text != long


async def test_parts_of_the_page_are_drawn_anew_where_they_are_asked_for(house: House, key: str) -> None:
    hard = "Notwithstanding uncertainty, the partnership subsequently recommended a new methodology to all."
    first = read(await now(house, key), "happened.text") or ""
    said = await save(house, key, to("happened.text", hard, first), parts=["findings", "hints", "paths", "nothing"])
    assert sorted(said["parts"]) == ["findings", "hint-happened", "paths"]
    assert "Reading age" in said["parts"]["hint-happened"]
    assert said["parts"]["paths"] == ""  # the picture is for a story that branches
    assert "Nothing to mend." in said["parts"]["findings"]
    assert (await save(house, key, to("title", "T", "The third knock")))["parts"] == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"edits": 1}',
        b'{"edits": [{"do": "set"}]}',
        b'{"edits": [{"do": "drop", "card": "happened"}]}',
        b'{"edits": [{"do": "set", "field": "title", "seen": [], "text": "x"}]}',
        b'{"edits": [{"do": "move", "card": "happened", "by": 7, "behind": ""}]}',
        b'{"edits": [{"do": "set", "field": "title", "seen": ["x"], "text": "\xff"}]}',
        b'{"edits": [], "more": ' + b"[" * 400_000,
        b'{"edits": [' + b",".join([b'{"do": "add_way", "card": "a", "way": "b"}'] * 401) + b"]}",
    ],
)
async def test_what_no_page_sends_is_refused_and_changes_nothing(house: House, key: str, body: bytes) -> None:
    before = await now(house, key)
    async with house.browser() as phone:
        answer = await phone.post(
            f"/my-story/{key}/save",
            content=body,
            headers={"Accept": "application/json", "Content-Type": "application/json"},
        )
    assert answer.status_code == 422
    assert answer.json()["error"]["words"] == "This page is out of date. Open it again."
    assert await now(house, key) == before


async def test_too_much_at_once_is_refused(house: House, key: str) -> None:
    async with house.browser() as phone:
        answer = await asked(phone, key, to("title", "x" * 1_100_000, ""))
    assert answer.status_code == 413


async def test_another_sites_page_saves_nothing(house: House, key: str) -> None:
    async with house.browser() as phone:
        phone.headers["Origin"] = "http://elsewhere.test"
        assert (await asked(phone, key, to("title", "x", "The third knock"))).status_code == 403
        phone.headers["Origin"] = ADDRESS
        assert (await asked(phone, key, to("title", "x", "The third knock"))).status_code == 200


async def test_guessed_links_are_counted(house: House, key: str) -> None:
    async with house.browser("192.0.2.66") as guesser:
        answers = [await asked(guesser, new_key(), to("title", "x", "")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]


async def test_saving_too_often_is_told_with_when_to_go_on(house: House, key: str) -> None:
    async with house.browser() as phone, house.browser("192.0.2.9") as other:
        await phone.get(f"/my-story/{key}/write")
        for number in range(40):
            answer = await asked(phone, key, to("title", f"{number}", [mark("The third knock"), mark(f"{number - 1}")]))
            assert answer.status_code == 200
            assert answer.json()["slowly"] is (number >= 31)
        assert "0 more times in ten minutes" in words(await phone.get(f"/my-story/{key}/write"))
        assert "more times" not in words(await other.get(f"/my-story/{key}/write"))
        refused = await asked(phone, key, to("title", "last", "39"))
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 600
        page = await phone.post(
            f"/my-story/{key}/write/where", data={"seen:setting": mark("A flat at night"), "setting": "By hand"}
        )
        assert page.status_code == 429
        assert "By hand" in page.text
        assert (await asked(other, key, to("title", "last", "39"))).status_code == 200
    assert (await now(house, key)).title == "last"


async def test_a_database_that_cannot_take_it_is_asked_again(
    house: House, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: object, **__: object) -> None:
        raise StoreUnavailable("The database could not take this. Nothing was saved.")

    async with house.browser() as phone:
        with monkeypatch.context() as patch:
            patch.setattr(draft_edits, "save", unavailable)
            assert (await asked(phone, key, to("title", "T", "The third knock"))).status_code == 503
        assert (await asked(phone, key, to("title", "T", "The third knock"))).status_code == 200


async def test_writing_from_two_browsers_is_two_versions(house: House, key: str) -> None:
    async with house.browser() as one, house.browser("192.0.2.9") as other:
        for phone in (one, other):
            await phone.get(f"/my-story/{key}/write")
        await asked(one, key, to("title", "Mine", "The third knock"))
        await asked(one, key, to("setting", "Mine too", "A flat at night"))
        await asked(other, key, to("title", "Theirs", "Mine"))
    async with house.store.read() as work:
        (story,) = await work.stories.list_stories()
        versions = await work.drafts.versions(story.id)
    last, before = versions[-1], versions[-2]
    assert (last.draft.title, before.draft.title, before.draft.setting) == ("Theirs", "Mine", "Mine too")
    assert last.by != before.by
    assert last.by


async def test_words_that_were_undone_get_no_mark_of_what_somebody_else_wrote_meanwhile(house: House, key: str) -> None:
    base = mark("A flat at night")
    await save(house, key, to("setting", "Their ward", [base]))
    # Typed without a network, and taken out again: its writer changed nothing, and has not seen theirs.
    said = await save(house, key, to("setting", "A flat at night", [base, mark("A flat at night, late")]))
    assert (said["marks"], said["clashes"]) == ({}, [])
    said = await save(house, key, to("setting", "My flat", [base]))
    assert [clash["theirs"] for clash in said["clashes"]] == ["Their ward"]
    assert (await now(house, key)).setting == "Their ward"


async def test_the_same_clash_many_times_over_is_one(house: House, key: str) -> None:
    await save(house, key, to("setting", "Their ward", "A flat at night"))
    said = await save(house, key, *(to("setting", f"My flat {n}", "A flat at night") for n in range(300)))
    assert len(said["clashes"]) == 1
    assert "My flat 299" in words(httpx2.Response(200, text=said["clashes"][0]["html"]))


async def test_what_has_no_room_to_come_back_keeps_nothing_else_back(house: House, key: str) -> None:
    card = (await now(house, key)).cards[0]
    async with house.browser() as phone:
        seen = {f"{card.id}.{name}": mark(getattr(card, name)) for name in ("name", "text", "stop", "decision")}
        seen |= {f"{card.id}/{w.id}.{name}": mark(getattr(w, name)) for w in card.ways for name in ("text", "to")}
        await asked(phone, key, {"do": "remove", "card": card.id, "seen": seen})
    assert (await now(house, key)).card(card.id) is None
    await save(house, key, *({"do": "add_card", "card": f"n{n}"} for n in range(MOST_CARDS)))
    said = await save(house, key, to(f"{card.id}.text", "Mine.", "", back=True), to("title", "T", "The third knock"))
    assert said["marks"] == {"title": mark("T")}
    assert "at most" in said["errors"]["cards"]
    assert [clash["kind"] for clash in said["clashes"]] == ["taken away"]
    assert (await now(house, key)).title == "T"
