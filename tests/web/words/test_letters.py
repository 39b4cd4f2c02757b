"""E-mails in words: a sentence for everything that can happen, and no word of a story but its title."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import uuid4

from support.async_round import TITLE, an_async_round
from support.factories import SetClock, new_id

from forum.adapters.smtp import written
from forum.ports import Store
from forum.ports.mail import MailState, Subscription
from forum.ports.organisation import Organisation
from forum.services.stories import timeline
from forum.services.stories.timeline import Event, EventKind
from forum.stories.moderation import Act, ModerationAction
from forum.stories.submission import StoryStatus, Submission
from forum.web.words.letters import MailLetters

LETTERS = MailLetters("https://forum.example.org")
AT = "2026-03-01T12:00:00.000Z"
TO = Subscription(new_id(), new_id(), "ada@reader.test", "k" * 32, MailState.CONFIRMED, AT, AT, AT, AT, AT)
STORY = Submission(TO.story, new_id(), "The\nvelvet knock", "twee", StoryStatus.ACCEPTED)


def moderated(action: str) -> str:
    """Writes the mail about an act and gives its text."""
    act = Act(
        new_id(), STORY.id, cast("ModerationAction", action), StoryStatus.SUBMITTED, "A reason with anvils.", at=AT
    )
    event = Event(EventKind.MODERATED, AT, uuid4(), STORY, act=act)
    return LETTERS.news(TO, STORY, [event], AT).text


def test_every_act_of_a_moderator_has_its_sentence_and_none_gives_the_reason() -> None:
    acts = set(ModerationAction)
    said = {act: moderated(act) for act in acts}
    assert [act for act, text in said.items() if "did something" in text] == []
    assert len(set(said.values())) == len(acts)
    assert "anvils" not in "".join(said.values())


def test_what_nobody_has_thought_of_yet_is_told_all_the_same() -> None:
    assert "A moderator did something with it." in moderated("polished")


def test_the_title_stays_on_its_line() -> None:
    assert "“The velvet knock”" in moderated("held")


async def test_an_asynchronous_round_is_told_with_its_page_and_its_end(sqlite_store: Store) -> None:
    night = await an_async_round(sqlite_store, SetClock())
    async with sqlite_store.read() as work:
        events = await timeline.life(work, night.story)
    letter = LETTERS.news(TO, night.story, [event for event in events if event.kind == timeline.EventKind.PLAYED], AT)
    assert f"opened for answers from where people are, in “{TITLE}”, until 4 March 2026, 22:00 GMT" in letter.text
    assert f"https://forum.example.org/answer/{night.live.code}" in letter.text


def test_the_same_news_to_another_is_another_letter() -> None:
    act = Act(new_id(), STORY.id, ModerationAction.ACCEPTED, StoryStatus.SUBMITTED, at=AT)
    event = Event(EventKind.MODERATED, AT, uuid4(), STORY, act=act)
    first = LETTERS.news(TO, STORY, [event], AT)
    assert LETTERS.news(TO, STORY, [event], "2026-03-02T12:00:00.000Z").id == first.id
    assert LETTERS.news(replace(TO, id=new_id()), STORY, [event], AT).id != first.id


def test_a_letter_comes_from_the_organisation_and_ends_with_its_name() -> None:
    assert LETTERS.confirmation(TO, AT).sender == ""
    named = MailLetters("https://forum.example.org", lambda: Organisation(1, said={"name": "Anytown Board"}))
    letter = named.confirmation(TO, AT)
    assert letter.sender == "Anytown Board"
    assert letter.text.endswith("\n-- \nAnytown Board\nhttps://forum.example.org\n")
    assert written(letter, "forum@post.test")["From"] == "Anytown Board <forum@post.test>"
