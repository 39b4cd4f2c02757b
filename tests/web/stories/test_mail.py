"""E-mail from the private link's page to the button that stops it, as browsers and mail programs ask for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.app import ADDRESS, House, a_house, field, words
from support.factories import CLOCK
from support.smtp_server import PostOffice

from forum.ports.mail import MailState, Subscription
from forum.services.keys import digest, new_key
from forum.services.mail import subscriptions
from forum.services.stories import moderation, timeline, withdrawal
from forum.stories.submission import Submission
from forum.web.stories.mail import ONE_CLICK
from forum.web.words.letters import MailLetters

ADA = "ada@reader.test"
LINK = re.compile(r"http://house\.test(/mail/(?:confirm|stop)/\S+)")
STRANGER = "https://mail.elsewhere.test"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office


@asynccontextmanager
async def with_mail(folder: Path, tables: Path, office: PostOffice, **settings: Any) -> AsyncIterator[House]:
    """Opens a house that sends e-mail."""
    async with a_house(
        folder,
        tables,
        smtp_url=office.url,
        smtp_from="forum@post.test",
        public_url=ADDRESS,
        **settings,
    ) as house:
        yield house


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path, office: PostOffice) -> AsyncIterator[House]:
    async with with_mail(tmp_path, sqlite_template, office, mails_per_address=6) as house:
        yield house


async def there(house: House, story: str) -> Subscription | None:
    async with house.store.read() as work:
        return await work.mail.get_subscription(story)


async def links(house: House, office: PostOffice, number: int = 1) -> tuple[str, str]:
    """Reads the confirming and the stopping link of the newest mail, once `number` mails have come."""
    await office.until(lambda: len(office.arrived) >= number)
    # Whoever sends it has noted so by then: a round of its own waits for the one that is on.
    await house.site.mailing.once()
    confirm, stop = LINK.findall(office.arrived[-1].text)
    return confirm, stop


async def ask(house: House, key: str, address: str = ADA, network: str = "192.0.2.1") -> httpx2.Response:
    async with house.browser(network) as browser:
        return await browser.post(f"/my-story/{key}/mail", data={"address": address})


async def a_story_with_mail(house: House, office: PostOffice) -> tuple[Submission, str, str]:
    """Sends a story and leaves an address; returns the story, its private link's key and the confirming link."""
    story, key = await house.story(await house.commission())
    await ask(house, key)
    confirm, _ = await links(house, office)
    return story, key, confirm


async def test_whoever_replaces_the_link_is_told_that_the_address_goes_with_it(
    house: House, office: PostOffice
) -> None:
    story, key = await house.story(await house.commission())
    said = "The e-mail address that was left on the page is erased with the old link."
    async with house.browser() as writer:
        assert said not in words(await writer.get(f"/my-story/{key}/link"))
        await ask(house, key)
        page = await writer.get(f"/my-story/{key}/link")
        assert said in words(page)
        form = {"action": "replace", "new": field(page, "new")}
        assert (await writer.post(f"/my-story/{key}/link", data=form)).status_code == 303
    assert await there(house, story.id) is None


async def test_asked_confirmed_told_and_stopped(house: House, office: PostOffice) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as writer, house.browser("192.0.2.8") as reader:
        mine = await writer.get(f"/my-story/{key}")
        assert f'action="/my-story/{key}/mail"' in mine.text
        said = words(mine)
        assert "at most 3 in a day to one address. From one network, 6 addresses can be left in an hour." in said
        assert "30 days after the last day by which something was promised, when nothing has happened" in said
        asked = await writer.post(f"/my-story/{key}/mail", data={"address": f" {ADA} "})
        assert (asked.status_code, asked.headers["location"]) == (303, f"/my-story/{key}/mail?done=asked")
        answer = await writer.get(asked.headers["location"])
        assert "Now look into your mailbox" in words(answer)
        assert ADA not in answer.text
        confirm, stop = await links(house, office)

        # Opening a link does nothing: mail programs open every one.
        for path in (confirm, stop):
            assert (await reader.get(path)).status_code == 200
        now = await there(house, story.id)
        assert now is not None
        assert now.state == MailState.SENT_OUT
        yes = await reader.post(confirm)
        assert "You will be told" in words(yes)
        assert (await reader.post(confirm)).status_code == 200
        mine = await writer.get(f"/my-story/{key}")
        assert "We write to the address that was left here" in words(mine)
        assert ADA not in mine.text
        assert story.title not in yes.text + (await reader.get(stop)).text

        ended = await reader.post(stop)
        assert "Your address is erased" in words(ended)
        assert await there(house, story.id) is None
        assert "Be told by e-mail" in words(await writer.get(f"/my-story/{key}"))
        assert words(await reader.post(stop)) == words(ended)
        gone = await reader.get(confirm)
        assert gone.status_code == 404
        assert "does not work any more" in words(gone)


async def test_the_answer_is_the_same_whatever_is_known_of_an_address(house: House, office: PostOffice) -> None:
    commission = await house.commission()
    stories = [await house.story(commission, f"Story {n}") for n in range(5)]
    pages = []
    for number, (_, key) in enumerate(stories, 1):
        asked = await ask(house, key)
        assert asked.status_code == 303
        async with house.browser() as writer:
            page = await writer.get(asked.headers["location"].replace("=asked", "="))
            pages.append(page.text.replace(key, "KEY"))
        if number == 1:
            confirm, _stop = await links(house, office)
            async with house.browser() as reader:
                await reader.post(confirm)
    assert len(set(pages)) == 1
    # Known and confirmed elsewhere, asked three times today, and asked too often: nobody can tell.
    await links(house, office, 3)
    assert [one.to for one in office.arrived] == [[ADA]] * 3
    assert "at most 3 such mails to one address in a day" in pages[0]


async def test_leaving_another_address_begins_anew(house: House, office: PostOffice) -> None:
    story, key, confirm = await a_story_with_mail(house, office)
    async with house.browser() as reader:
        await reader.post(confirm)
        await ask(house, key, "bob@reader.test")
        now = await there(house, story.id)
        assert now is not None
        assert (now.address, now.state == MailState.CONFIRMED) == ("bob@reader.test", False)
        assert (await reader.get(confirm)).status_code == 404


async def test_a_network_that_leaves_too_many_is_told_when_to_come_back_and_keeps_what_it_typed(house: House) -> None:
    story, key = await house.story(await house.commission())
    for number in range(6):
        assert (await ask(house, key, f"a{number}@reader.test")).status_code == 303
    limited = await ask(house, key, "a6@reader.test")
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= 3600
    assert "Wait 60 minutes and try again" in words(limited)
    assert (await ask(house, key, "a6@reader.test", "192.0.2.77")).status_code == 303
    now = await there(house, story.id)
    assert now is not None
    assert now.address == "a6@reader.test"


@pytest.mark.parametrize(
    "wrong",
    ["", "ada", "ada@", "@reader.test", "a b@x.test", "a@b@x.test", "x\nBcc: eve@evil.test", "é@x.test"],
)
async def test_what_is_no_address_comes_back_as_it_was_typed(house: House, wrong: str) -> None:
    story, key = await house.story(await house.commission())
    answer = await ask(house, key, wrong)
    assert answer.status_code == 422
    assert '<a href="#address">' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{wrong}"' in answer.text
    assert await there(house, story.id) is None


async def test_stopping_from_the_private_page(house: House, office: PostOffice) -> None:
    story, key = await house.story(await house.commission())
    await ask(house, key)
    await links(house, office)
    async with house.browser() as writer:
        stopped = await writer.post(f"/my-story/{key}/mail", data={"stop": "1"})
        assert stopped.status_code == 303
        assert "The address is erased" in words(await writer.get(stopped.headers["location"]))
    assert await there(house, story.id) is None


async def test_the_page_says_why_an_address_is_gone(house: House) -> None:
    _, key = await house.story(await house.commission())
    await ask(house, key)
    async with house.store.begin() as work:
        story = await work.stories.by_link(digest(key))
        asked = await work.mail.get_subscription(story.id)
    assert asked is not None
    for state, said in (
        (MailState.REFUSED, "would not take our mail"),
        (MailState.DONE, "Nothing more was to be told for a long time"),
    ):
        async with house.store.begin() as work:
            await work.mail.add_subscription(
                Subscription(asked.id, story.id, "", asked.key, state, asked.asked_at, asked.until, "", "", "")
            )
        async with house.browser() as writer:
            mine = await writer.get(f"/my-story/{key}")
        assert said in words(mine)
        assert 'name="address"' in mine.text


async def test_a_story_that_was_taken_back_takes_no_address(house: House) -> None:
    story, key = await house.story(await house.commission())
    await ask(house, key)
    await withdrawal.withdraw(house.store, CLOCK, key)
    assert await there(house, story.id) is None
    async with house.browser() as writer:
        assert "Be told by e-mail" not in words(await writer.get(f"/my-story/{key}"))
        assert "Nothing more will become of it" in words(await writer.get(f"/my-story/{key}/mail"))
    refused = await ask(house, key)
    assert refused.status_code == 409
    assert await there(house, story.id) is None


async def test_only_a_private_link_leaves_an_address(house: House) -> None:
    assert (await ask(house, new_key())).status_code == 404


async def test_links_that_nobody_sent_are_limited_and_stopping_tells_nothing(
    tmp_path: Path, sqlite_template: Path, office: PostOffice
) -> None:
    opened = with_mail(tmp_path, sqlite_template, office, wrong_links_per_address=3)
    async with opened as house, house.browser() as guesser:
        for _ in range(3):
            assert (await guesser.get(f"/mail/confirm/{new_key()}")).status_code == 404
        limited = await guesser.post(f"/mail/confirm/{new_key()}")
        assert limited.status_code == 429
        assert 0 < int(limited.headers["retry-after"]) <= 600
        assert (await guesser.post(f"/mail/stop/{new_key()}")).status_code == 200


@pytest.mark.parametrize("origin", [None, STRANGER, "null"])
async def test_a_mail_program_unsubscribes_in_one_post_from_wherever_it_runs(
    house: House, office: PostOffice, origin: str | None
) -> None:
    """RFC 8058: no cookie, no page before it, no redirect after it."""
    story, key = await house.story(await house.commission())
    await ask(house, key)
    _, stop = await links(house, office)
    header = str(office.arrived[0].message["List-Unsubscribe"])
    assert header == f"<http://house.test{stop}>"
    assert ONE_CLICK.fullmatch(stop)
    async with house.browser() as program:
        del program.headers["Origin"]
        headers = {"Origin": origin} if origin else {}
        with_cookie = headers | {"Cookie": "forum_device=x"}
        assert (await program.post(stop, headers=with_cookie)).status_code == 403
        assert await there(house, story.id) is not None
        done = await program.post(stop, data={"List-Unsubscribe": "One-Click"}, headers=headers)
        assert done.status_code == 200
        assert await there(house, story.id) is None
        # The exception is for this address alone.
        for path in (f"/my-story/{key}/mail", stop.replace("stop", "confirm"), f"{stop}/x", "/sign-in", stop[:-1]):
            other = await program.post(path, headers={"Origin": STRANGER})
            assert other.status_code == 403, path


async def test_news_come_by_mail_with_public_addresses_that_open(house: House, office: PostOffice) -> None:
    story, key, confirm = await a_story_with_mail(house, office)
    async with house.browser() as reader:
        await reader.post(confirm)
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        async with house.store.begin() as work:
            now = await work.mail.get_subscription(story.id)
            assert now is not None
            events = await timeline.life(work, await work.stories.get_story(story.id))
        letter = MailLetters(house.site.address).news(now, story, events, CLOCK.now())
        found = re.findall(r"http://house\.test(/stories/\S+)", letter.text)
        assert found == [f"/stories/{story.id}"]
        assert (await reader.get(found[0])).status_code == 200
        assert key not in letter.text


async def test_without_a_mail_server_no_page_speaks_of_e_mail(tmp_path: Path, sqlite_template: Path) -> None:
    async with a_house(tmp_path, sqlite_template) as house:
        story, key = await house.story(await house.commission())
        async with house.browser() as writer:
            for path in (f"/my-story/{key}", f"/stories/{story.id}", "/"):
                assert not re.search(r"e-?mail", words(await writer.get(path)), re.IGNORECASE), path
            assert (await writer.get(f"/my-story/{key}/mail")).status_code == 404
            assert (await writer.post(f"/my-story/{key}/mail", data={"address": ADA})).status_code == 404
            # A mail from before the mail server was taken away still stops.
            await subscriptions.ask(house.store, CLOCK, key, ADA)
            kept = await there(house, story.id)
            assert kept is not None
            assert (await writer.post(f"/mail/stop/{kept.key}")).status_code == 200
            assert await there(house, story.id) is None
