"""Following by e-mail: asked once, told what is published, stopped and erased; no address leads to a vote."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from support.factories import new_id
from support.mail_followers import BASE, FAY, SECRET, FollowDesk
from support.withdrawn_story import rows

from forum.errors import IllegalMove, NotFound
from forum.ports.followers import Followed, Subject
from forum.ports.mail import MailState
from forum.services import noticed, rights
from forum.services.keys import digest
from forum.services.mail import following, subscriptions
from forum.store.tables import metadata
from forum.voting.noticed import Noticed


async def test_nothing_is_told_before_the_address_was_confirmed_and_then_all_that_is_new(followed: FollowDesk) -> None:
    await following.follow(followed.store, followed.clock, followed.promise, f" {FAY} ")
    await followed.say("on track", "A secret kazoo.")
    await followed.rounds(5, hours=2)
    [asked] = followed.sent_to()
    there = await followed.stored(followed.promise)
    assert there is not None
    assert there.state == MailState.SENT_OUT
    assert f"{BASE}/mail/confirm/{there.key}\n" in asked.text
    assert asked.message["List-Unsubscribe"] == f"<{BASE}/mail/stop/{there.key}>"
    assert asked.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # Whoever is written to against their will reads nothing that somebody typed.
    for word in ("Night", "nurses", "kazoo", followed.day.commitment):
        assert word not in asked.text

    await subscriptions.confirm(followed.store, followed.clock, there.key)
    await followed.rounds(3, hours=2)
    [_, news] = followed.sent_to()
    assert news.message["Subject"] == "News of what you follow"
    page = f"{BASE}/promises/{followed.day.commitment}"
    assert f": There is news of a promise. How it stands: On track.\n  {page}" in news.text
    assert f"{BASE}/mail/stop/{there.key}" in news.text
    assert news.text.count("\n- ") == 1  # what was published before the address was left is no news
    assert "kazoo" not in news.text


async def test_each_thing_is_told_as_much_as_its_own_page_shows_and_in_one_mail(followed: FollowDesk) -> None:
    decision = Subject(Followed.DECISION, followed.day.decision)
    for address, subject in (("a@x.test", followed.commission), ("b@x.test", decision), ("c@x.test", followed.promise)):
        await followed.follow(subject, address)
    await followed.say("on track")
    await followed.rounds()
    assert [len(followed.sent_to(one)) for one in ("a@x.test", "b@x.test", "c@x.test")] == [1, 1, 1]  # it settles first
    await followed.rounds(minutes=2)
    await followed.say("done")
    await followed.rounds(10, minutes=7)
    # A busy day is two mails, and not one for each round.
    assert [len(followed.sent_to(one)) for one in ("a@x.test", "b@x.test", "c@x.test")] == [3, 3, 3]
    ids = [one.message["Message-ID"] for one in followed.office.arrived]
    assert len(set(ids)) == len(ids)
    assert "Done." in followed.sent_to("a@x.test")[-1].text


async def test_who_follows_a_promise_is_asked_by_a_link_of_their_own_whether_they_have_noticed_it(
    followed: FollowDesk,
) -> None:
    addresses = ("a@x.test", "b@x.test")
    for address in addresses:
        await followed.follow(followed.promise, address)
    await followed.follow(followed.commission, "c@x.test")
    await followed.say("done")
    await followed.rounds(minutes=2)
    asked = [re.findall(r"/noticed/([0-9a-f]{32})/(\S+)", followed.sent_to(one)[-1].text) for one in addresses]
    assert [[of for of, _ in one] for one in asked] == [[followed.day.commitment]] * 2
    keys = [key for [(_, key)] in asked]
    assert len(set(keys)) == 2
    assert "/noticed/" not in followed.sent_to("c@x.test")[-1].text  # who follows more is not asked by a second mail
    # The link is in no row; the answer is, under its digest, and leads to neither address nor follower.
    found = rows(followed.path)
    assert not [column for column, text in found.items() if any(key in text or digest(key) in text for key in keys)]
    async with followed.store.read() as work:
        there = [await work.followers.follower(followed.promise, one) for one in addresses]
    await noticed.answer(followed.store, followed.clock, SECRET, followed.day.commitment, keys[0], Noticed.PARTLY)
    found = rows(followed.path)
    assert [column for column, text in found.items() if digest(keys[0]) in text] == ["noticed_answer.key"]
    for one in there:
        assert one is not None
        assert not any(own in found["noticed_answer.key"] for own in (one.id, one.key, digest(one.key)))
    await followed.rounds(days=29)
    await noticed.count_ended(followed.store, followed.clock)
    assert "noticed_answer.key" not in rows(followed.path)


async def test_asking_again_says_and_sends_nothing_to_who_follows_already(followed: FollowDesk) -> None:
    key = await followed.follow(followed.promise)
    before = await followed.stored(followed.promise)
    await following.follow(
        followed.store, followed.clock, followed.promise, FAY.upper().replace("READER.TEST", "reader.test")
    )
    await followed.rounds(3, hours=1)
    assert len(followed.sent_to()) == 1
    assert await followed.stored(followed.promise) == before
    # A question that was not answered is sent again, with the link that is on its way already.
    for _ in range(2):
        await following.follow(followed.store, followed.clock, followed.commission, FAY)
        await followed.rounds(minutes=1)
    asked = followed.sent_to()[1:]
    assert len(asked) == 2
    there = await followed.stored(followed.commission)
    assert there is not None
    assert all(there.key in one.text for one in asked)
    assert there.key != key


async def test_what_is_no_part_of_the_record_cannot_be_followed_and_so_many_may(
    followed: FollowDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in Followed:
        with pytest.raises(NotFound):
            await following.follow(followed.store, followed.clock, Subject(kind, new_id()), FAY)
    monkeypatch.setattr(following, "MOST_FOLLOWERS", 1)
    await followed.follow(followed.promise)
    for address in (FAY, "another@x.test"):  # alike, so that the answer tells of nobody
        with pytest.raises(IllegalMove, match="feed instead"):
            await following.follow(followed.store, followed.clock, followed.promise, address)


async def test_an_address_is_erased_when_stopped_or_late_or_after_a_quiet_year(followed: FollowDesk) -> None:
    def in_files(*words: str) -> set[str]:
        data = b"".join(file.read_bytes() for file in followed.path.parent.glob("forum.db*"))
        return {word for word in words if word.encode() in data}

    key = await followed.follow(followed.promise)
    assert in_files(FAY) == {FAY}
    await subscriptions.stop(followed.store, followed.clock, key)
    assert in_files(FAY, key) == set()
    await subscriptions.stop(followed.store, followed.clock, key)
    await followed.say("on track")
    await followed.rounds(3, hours=1)
    assert len(followed.sent_to()) == 1

    await following.follow(followed.store, followed.clock, followed.promise, "late@x.test")
    await followed.follow(followed.commission, "quiet@x.test")
    await followed.rounds(days=4)
    assert in_files("late@x.test", "quiet@x.test") == {"quiet@x.test"}
    await followed.rounds(days=366)
    assert in_files("quiet@x.test") == set()
    assert len(followed.sent_to("quiet@x.test")) == 1

    key = await followed.follow(followed.promise, "copy@x.test")
    copy = await rights.copy_of_mail(followed.store, key)
    assert [row["address"] for row in copy.rows["follower"]] == ["copy@x.test"]
    await rights.erase_named(followed.store, followed.clock, "Copy@x.test", new_id())
    assert in_files("copy@x.test") == set()
    key = await followed.follow(followed.promise, "own@x.test")
    await rights.erase_mail(followed.store, followed.clock, key, new_id())
    assert in_files("own@x.test") == set()


async def test_no_row_or_column_leads_from_an_address_to_a_ballot_a_browser_or_a_person(followed: FollowDesk) -> None:
    table = metadata.tables["follower"]
    assert not table.foreign_keys
    assert not [one for one in metadata.tables.values() for key in one.foreign_keys if key.column.table is table]
    key = await followed.follow(followed.promise)
    there = await followed.stored(followed.promise)
    assert there is not None
    found = rows(followed.path)
    for own in (FAY, key, there.id):
        assert [column.partition(".")[0] for column, text in found.items() if own in text] == ["follower"]
    # What they have in common with other rows is the thing that everybody can follow, and times of no ballot.
    with closing(sqlite3.connect(f"file:{followed.path}?mode=ro", uri=True)) as connection:
        times = {at for (at,) in connection.execute("SELECT at FROM ballot UNION SELECT joined_at FROM participant")}
        # The table has no order of its own: not even the hidden number of a row says who began when.
        with pytest.raises(sqlite3.OperationalError, match="no such column"):
            connection.execute("SELECT rowid FROM follower")
    assert not times & {there.asked_at, there.told_until, there.not_before}
