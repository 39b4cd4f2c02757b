"""The link of a promise's owner by e-mail: mailed, reminded of, stopped; its address is erased when the link ends."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from support.factories import new_id
from support.mail_followers import BASE, FollowDesk
from support.voted_session import COMMISSIONER
from support.withdrawn_story import rows

from forum.errors import BadInput, IllegalMove, NotFound, SentBefore
from forum.ports.mail import MailState
from forum.ports.owners import OwnerMail
from forum.services import owner_links, rights
from forum.services.commitments import UpdateForm
from forum.services.keys import digest, new_key
from forum.services.mail import subscriptions
from forum.services.mail.owner_desk import Reminder, reminders
from forum.voting.commitment import Commitment, CommitmentState, Update

OWEN = "owen@trust.test"


async def stored(desk: FollowDesk) -> OwnerMail | None:
    async with desk.store.read() as work:
        return await work.owners.owner_mail(desk.day.commitment)


async def mail(desk: FollowDesk, new: str = "", *, reminders: bool = True) -> None:
    await owner_links.mail(
        desk.store, desk.clock, COMMISSIONER, desk.day.commitment, new or new_key(), OWEN, reminders=reminders
    )
    await desk.rounds()


def keys(desk: FollowDesk) -> list[str]:
    """Returns the keys of the links in the mails that came, in their order."""
    return [str(*re.findall(rf"{BASE}/my-promise/(\S+)", one.text)) for one in desk.sent_to(OWEN)]


async def update(desk: FollowDesk, key: str, state: str, **more: str) -> None:
    async with desk.store.read() as work:
        after = (await work.decisions.get_commitment(desk.day.commitment)).updates[-1].id
    await owner_links.update(desk.store, desk.clock, key, UpdateForm("", after, state, said="It stands so.", **more))


def test_what_is_due_follows_from_the_days_and_each_of_it_has_a_word_of_its_own() -> None:
    day, by = date(2027, 3, 31), "2027-03-31"
    made = Commitment(new_id(), new_id(), "Trust", "Two nurses", by, at="2027-01-01T09:00:00.000Z")

    def due(days: int, *updates: Update) -> dict[Reminder, str]:
        one = Commitment(made.id, made.decision, made.role, made.what, by, at=made.at, updates=updates)
        return reminders(one, (day + timedelta(days=days)).isoformat())

    assert due(-15) == {}
    assert due(-14) == due(-2) == {Reminder.SOON: f"soon:{by}"}
    quiet = {Reminder.NO_NEWS: "no-news:2027-01-01:1"}
    assert due(0) == {Reminder.SOON: f"soon:{by}"}
    assert due(1) == {Reminder.LATE: f"late:{by}"} | quiet
    assert due(100)[Reminder.NO_NEWS] == "no-news:2027-01-01:2"
    for state in (CommitmentState.DONE, CommitmentState.NOT_DONE):
        assert due(200, Update(new_id(), made.id, state, "2027-02-01T09:00:00.000Z")) == {}
    handed = Update(new_id(), made.id, CommitmentState.HANDED_ON, "2027-02-01T09:00:00.000Z", handed_to="Council")
    assert list(due(1, handed)) == [Reminder.SOON]


async def test_a_link_is_mailed_once_and_its_owner_is_reminded_before_the_day_when_late_and_without_news(
    followed: FollowDesk,
) -> None:
    new = new_key()
    await mail(followed, new)
    await mail(followed, new)
    [first] = followed.sent_to(OWEN)
    assert first.message["Subject"] == "Your link to a promise"
    assert "Head of night services, by 31 March 2027." in first.text
    assert first.message["List-Unsubscribe"].startswith(f"<{BASE}/mail/stop/")
    assert "nurses" not in first.text
    [key] = keys(followed)
    found = rows(followed.path)
    assert not [column for column, text in found.items() if key in text or new in text]
    assert [column for column, text in found.items() if OWEN in text] == ["owner_mail.address"]
    assert digest(key) in found["owner_link.key"]

    # From the end of November until the summer after, looked at once a week.
    await followed.rounds(34, days=7)
    said = [re.split(r"\n\n", one.text)[0] for one in followed.sent_to(OWEN)[1:]]
    assert [one.split(":")[0].split(" was")[0] for one in said] == [
        "Nothing",
        "The day of this promise comes near",
        "The day of this promise is past",
        "Nothing",
    ]
    assert len(set(keys(followed))) == 5
    await update(followed, key, "on track")  # the first link works as well as the last
    await update(followed, keys(followed)[-1], "done")
    await followed.rounds(days=1)
    assert await stored(followed) is None
    assert len(followed.sent_to(OWEN)) == 5


async def test_the_address_is_erased_when_it_is_stopped_or_its_link_ends(followed: FollowDesk) -> None:
    for how in ("stop", "switched off", "another link", "letter", "no reminders", "handed on"):
        await mail(followed, reminders=how != "no reminders")
        key, there, sent = keys(followed)[-1], await stored(followed), len(followed.sent_to(OWEN))
        assert there is not None
        if how == "stop":
            with pytest.raises(NotFound):
                await subscriptions.confirm(followed.store, followed.clock, there.key)
            assert (await rights.copy_of_mail(followed.store, there.key)).rows["owner_mail"][0]["address"] == OWEN
            await subscriptions.stop(followed.store, followed.clock, there.key)
        elif how == "switched off":
            await owner_links.revoke(followed.store, followed.clock, COMMISSIONER, followed.day.commitment)
        elif how == "handed on":
            await update(followed, key, "handed on", handed_to="The council")
        elif how == "another link":
            await owner_links.make(followed.store, followed.clock, COMMISSIONER, followed.day.commitment, new_key())
        elif how == "letter":
            await rights.erase_named(followed.store, followed.clock, OWEN, new_id())
        await followed.rounds(days=2)
        assert await stored(followed) is None, how
        data = b"".join(file.read_bytes() for file in followed.path.parent.glob("forum.db*"))
        assert OWEN.encode() not in data, how
        await followed.rounds(days=60)
        assert len(followed.sent_to(OWEN)) == sent, how
        if how in ("stop", "letter", "no reminders"):
            await update(followed, key, "on track")  # the address is gone, the link is not
        else:
            with pytest.raises(IllegalMove):
                await update(followed, key, "on track")


async def test_what_cannot_be_mailed_is_told_and_a_refused_address_is_erased_and_said(followed: FollowDesk) -> None:
    with pytest.raises(BadInput, match="one @"):
        await owner_links.mail(
            followed.store, followed.clock, COMMISSIONER, followed.day.commitment, new_key(), "owen", reminders=True
        )
    followed.office.answers[OWEN] = "550 no such box"
    new = new_key()
    await mail(followed, new)
    there = await stored(followed)
    assert there is not None
    assert (there.state, there.address) == (MailState.REFUSED, "")
    async with followed.store.read() as work:
        assert await work.owners.working_owner_link(followed.day.commitment) is None
    with pytest.raises(SentBefore, match="Send it once more"):
        await mail(followed, new)  # gone back to, perhaps with the address put right
    await followed.say("done")
    with pytest.raises(IllegalMove, match="done, or given up"):
        await mail(followed)
