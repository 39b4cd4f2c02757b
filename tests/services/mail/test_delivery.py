"""Letters about stories: when they go out, what they tell, what becomes of one that is not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from structlog.testing import capture_logs
from support.app import a_sent_story
from support.mail_subscription import ADA, BASE, MO, MailDesk
from support.smtp_server import PostOffice, server_of

from forum.adapters import smtp
from forum.adapters.smtp import SmtpPost
from forum.errors import NotFound, StoreUnavailable
from forum.ports.mail import MailState, Subscription
from forum.services.keys import digest
from forum.services.mail import subscriptions
from forum.services.mail.delivery import Mailing
from forum.services.stories import moderation, submissions
from forum.services.stories.timeline import Event
from forum.store import open_store
from forum.stories.submission import Submission
from forum.web.words.letters import MailLetters


async def test_nothing_but_one_question_is_sent_before_the_address_is_confirmed(desk: MailDesk) -> None:
    await desk.ask()
    await desk.moderate("accept")
    await desk.run_rounds(5, hours=2)
    (asked,) = desk.office.arrived
    there = await desk.subscription()
    assert there.state == MailState.SENT_OUT
    assert asked.to == [ADA]
    assert f"{BASE}/mail/confirm/{there.key}\n" in asked.text
    assert f"{BASE}/mail/stop/{there.key}\n" in asked.text
    assert asked.message["List-Unsubscribe"] == f"<{BASE}/mail/stop/{there.key}>"
    # Whoever is written to against their will reads nothing that somebody chose for them.
    for word in ("velvet", desk.commission.title, desk.key, digest(desk.key), desk.story.id):
        assert word not in asked.raw.decode()
    await subscriptions.confirm(desk.store, desk.clock, there.key)
    await desk.run_rounds()
    (news,) = desk.letters
    assert "accepted it" in news.text


async def test_one_letter_tells_all_that_is_new_and_nothing_twice(desk: MailDesk) -> None:
    key = await desk.confirm()
    await desk.moderate("accept", "Thank you, velvet writer.")
    desk.clock.move(minutes=5)
    await desk.decide("2026-06-30", "2026-07-31")
    await desk.run_rounds(minutes=2)
    await desk.run_rounds(30, minutes=7)
    (news,) = desk.letters
    assert news.to == [ADA]
    assert news.message["Subject"] == "News of your story"
    said = news.text
    for sentence in (
        "Something became of your story “The velvet knock”.",
        f": A moderator read it and accepted it. Everybody can read it.\n  {BASE}/stories/{desk.story.id}",
        "- 1 March 2026: It was played in the live session “A day in March”.",
        f"- 1 March 2026: People voted on it.\n  {BASE}/record/entries?session=",
        f"- 1 March 2026: Something was decided on it.\n  {BASE}/decisions/",
        "- 1 March 2026: Something was promised: The trust, by 30 June 2026.",
        "- 1 March 2026: Something was promised: The trust, by 31 July 2026.",
        f"{BASE}/mail/stop/{key}",
    ):
        assert sentence in said
    assert said.count("velvet") == 1  # the title, once: no reason, no question, no promise's words
    for words in ("anvil", "crew", "knocks", "Call the crisis team", "What could", desk.key, "none of", " of 0"):
        assert words not in said
    desk.clock.move(hours=3)
    await desk.moderate("take down", "It names somebody.")
    await desk.run_rounds(3, minutes=2)
    assert [one.text.count("took it down") for one in desk.letters] == [0, 1]
    assert "accepted" not in desk.letters[1].text
    ids = [one.message["Message-ID"] for one in desk.office.arrived]
    assert len(set(ids)) == 3


async def test_a_busy_day_is_not_a_mail_a_minute(desk: MailDesk) -> None:
    await desk.confirm()
    await desk.moderate("accept")
    await desk.run_rounds(minutes=2)
    for _ in range(10):
        await desk.decide("2027-01-31")
        await desk.run_rounds(3, minutes=1)
    assert len(desk.letters) == 1
    await desk.run_rounds(2, minutes=31)
    assert len(desk.letters) == 2
    assert desk.letters[1].text.count("Something was decided") == 10


async def test_what_the_writer_did_is_no_news_to_the_writer(desk: MailDesk) -> None:
    await desk.confirm()
    await desk.moderate("return")
    await desk.run_rounds(minutes=2)
    await submissions.resubmit(desk.store, desk.clock, desk.key, a_sent_story("The velvet knock"))
    await desk.run_rounds(5, hours=1)
    assert len(desk.letters) == 1
    assert "sent it back to you" in desk.letters[0].text
    assert "no names" not in desk.letters[0].text


async def test_after_a_crash_the_same_letter_comes_again_and_is_recognisably_the_same(
    desk: MailDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.confirm()
    await desk.moderate("accept")
    desk.clock.move(minutes=2)

    async def gone(*_: object) -> None:
        raise StoreUnavailable("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Mailing, "_save", gone)
        with pytest.raises(StoreUnavailable):
            await desk.mailing.once()
    await desk.run_rounds(5, minutes=1)
    first, again = desk.letters
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert first.text == again.text


async def test_a_receiver_who_takes_none_for_now_is_asked_less_and_less_often_and_then_given_up(desk: MailDesk) -> None:
    await desk.confirm()
    desk.office.answers[ADA] = "452 4.2.2 the mailbox is full"
    await desk.moderate("accept")
    tried = desk.office.tried
    await desk.run_rounds(60, minutes=1)
    assert desk.office.tried - tried == 5  # after 1, 2, 4, 8, 16 and then 32 minutes
    there = await desk.subscription()
    assert (there.state, there.tries) == (MailState.CONFIRMED, 5)
    del desk.office.answers[ADA]
    await desk.run_rounds(60, minutes=1)
    assert len(desk.letters) == 1
    desk.office.answers[ADA] = "452 4.2.2 the mailbox is full"
    await desk.moderate("take down")
    await desk.run_rounds(20, hours=12)
    there = await desk.subscription()
    assert (there.state, there.address) == (MailState.REFUSED, "")
    assert len(desk.letters) == 1


@pytest.mark.parametrize("confirmed", [False, True])
async def test_who_refuses_for_good_is_forgotten_and_the_page_can_say_so(desk: MailDesk, *, confirmed: bool) -> None:
    if confirmed:
        await desk.confirm()
        await desk.moderate("accept")
    else:
        await desk.ask()
    desk.office.answers[ADA] = f"550 5.1.1 {ADA} is unknown"
    with capture_logs() as logs:
        await desk.run_rounds(minutes=2)
    there = await desk.subscription()
    assert (there.state, there.address) == (MailState.REFUSED, "")
    assert desk.words_in_files(ADA) == set()
    for secret in (ADA, desk.story.id, "velvet", there.key):
        assert secret not in str(logs)
    tried = desk.office.tried
    await desk.run_rounds(10, hours=1)
    assert desk.office.tried == tried
    with pytest.raises(NotFound):
        await subscriptions.confirm(desk.store, desk.clock, there.key)


@pytest.mark.parametrize("answers", [{"MAIL": "550 5.7.1 not from you"}, {"RCPT": "421 4.3.0 going down"}])
async def test_what_is_wrong_with_the_mail_server_costs_nobody_their_address(
    desk: MailDesk, answers: dict[str, str]
) -> None:
    await desk.confirm()
    await desk.moderate("accept")
    desk.office.answers |= answers
    tried = desk.office.tried
    await desk.run_rounds(60, minutes=1)
    assert 4 <= desk.office.tried - tried <= 6
    desk.office.answers.clear()
    await desk.run_rounds(31, minutes=1)
    assert len(desk.letters) == 1


async def test_one_at_whose_address_the_server_hangs_does_not_hold_up_the_others(
    desk: MailDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "_EACH_STEP", 0.2)
    hangs = asyncio.Event()

    class Hangs(PostOffice):
        async def handle_RCPT(self, _: SMTP, __: Session, to: Envelope, address: str, options: list[str]) -> str:
            if address == "bob@reader.test":
                await hangs.wait()
            return await super().handle_RCPT(_, __, to, address, options)

    _, key = await submissions.submit(desk.store, desk.clock, desk.commission.id, a_sent_story("Another"))
    await subscriptions.ask(desk.store, desk.clock, key, "bob@reader.test")
    desk.clock.move(seconds=1)
    await desk.ask()
    async with Hangs() as office:
        sends = Mailing(desk.store, desk.clock, SmtpPost(server_of(office.url)), MailLetters(BASE))
        for _ in range(3):
            await sends.once()
            desk.clock.move(minutes=3)
        hangs.set()
    assert [one.to for one in office.arrived] == [[ADA]]


async def test_a_letter_that_is_not_begun_when_the_server_stops_is_left_for_the_next_start(
    desk: MailDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = Mailing(desk.store, desk.clock, SmtpPost(server_of(desk.office.url)), MailLetters(BASE))
    await desk.ask()
    asking, go_on = asyncio.Event(), asyncio.Event()
    carefully = Mailing._carefully

    async def slowly(self: Mailing, *of: Any) -> None:
        asking.set()
        await go_on.wait()
        await carefully(self, *of)

    monkeypatch.setattr(Mailing, "_carefully", slowly)
    sends.start()
    await asking.wait()
    stopped = asyncio.ensure_future(sends.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopped
    assert desk.office.tried == 0
    assert (await desk.subscription()).state == "asked"


async def test_of_two_the_one_whose_letter_fails_does_not_hold_up_the_other(desk: MailDesk) -> None:
    await desk.confirm()
    other, key = await submissions.submit(desk.store, desk.clock, desk.commission.id, a_sent_story("Another"))

    class OneFails(MailLetters):
        def news(self, to: Subscription, story: Submission, events: Sequence[Event], at: str) -> Any:
            if story.id == desk.story.id:
                raise ZeroDivisionError
            return super().news(to, story, events, at)

    sends = Mailing(desk.store, desk.clock, SmtpPost(server_of(desk.office.url)), OneFails(BASE))
    await subscriptions.ask(desk.store, desk.clock, key, "bob@reader.test")
    desk.clock.move(seconds=1)
    await sends.once()
    async with desk.store.read() as work:
        bob = await work.mail.get_subscription(other.id)
    assert bob is not None
    await subscriptions.confirm(desk.store, desk.clock, bob.key)
    await desk.moderate("accept")
    await moderation.moderate(
        desk.store, desk.clock, other.id, "accept", because="", expected_status="submitted", by=MO
    )
    desk.clock.move(minutes=2)
    with capture_logs() as logs:
        await sends.once()
    assert [one.to for one in desk.letters] == [["bob@reader.test"], ["bob@reader.test"]]
    assert [(entry["event"], entry["error"]) for entry in logs] == [
        ("an e-mail could not be made", "ZeroDivisionError")
    ]


async def test_without_a_mail_server_nothing_is_sent_and_addresses_still_go_in_their_time(desk: MailDesk) -> None:
    await desk.confirm()
    off = Mailing(desk.store, desk.clock, None, MailLetters(BASE))
    await desk.moderate("accept")
    desk.clock.move(minutes=2)
    await off.once()
    await desk.run_rounds()
    assert len(desk.letters) == 1
    desk.clock.move(days=370)
    await off.once()
    assert desk.words_in_files(ADA) == set()


async def test_a_slow_mail_server_holds_up_neither_the_store_nor_the_end(desk: MailDesk) -> None:
    desk.office.held = asyncio.Event()
    sends = Mailing(desk.store, desk.clock, SmtpPost(server_of(desk.office.url)), MailLetters(BASE))
    sends.start()
    await desk.ask()
    sends.wake()
    await desk.office.until(lambda: desk.office.tried > 0)
    async with desk.store.begin() as work:
        await work.facts.set_fact("made_by", "forum")
    async with asyncio.timeout(5):
        await sends.stop()
    there = await desk.subscription()
    assert there.state == "asked"


async def test_a_round_that_fails_is_followed_by_others_and_the_log_tells_nothing(
    desk: MailDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, once = asyncio.Event(), Mailing.once

    async def fails_first(self: Mailing) -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError(ADA)
        await once(self)

    monkeypatch.setattr(Mailing, "once", fails_first)
    with capture_logs() as logs:
        sends = Mailing(desk.store, desk.clock, SmtpPost(server_of(desk.office.url)), MailLetters(BASE))
        sends.start()
        await failed.wait()
    assert [entry["error"] for entry in logs] == ["ValueError"]
    assert ADA not in str(logs)
    await desk.ask()
    sends.wake()
    await desk.office.until(lambda: len(desk.office.arrived) > 0)
    await sends.stop()


async def test_after_a_restart_what_was_due_is_sent(desk: MailDesk, sqlite_database: Any) -> None:
    await desk.confirm()
    await desk.moderate("accept")
    store = await open_store(sqlite_database.url)
    desk.clock.move(minutes=2)
    await Mailing(store, desk.clock, SmtpPost(server_of(desk.office.url)), MailLetters(BASE)).once()
    await store.close()
    assert len(desk.letters) == 1
    await desk.run_rounds(3, minutes=2)
    assert len(desk.letters) == 1
