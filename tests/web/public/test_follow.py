"""Following from its page: asked for by anybody, confirmed and stopped from the mails, and alike for every address."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.app import ADDRESS, House, a_house, field, words
from support.factories import CLOCK, SetClock, new_id
from support.recorded_day import a_day
from support.smtp_server import PostOffice
from support.voted_session import COMMISSIONER

from forum.record import audit
from forum.services import commitments, noticed
from forum.services.commitments import UpdateForm
from forum.services.keys import new_key
from forum.services.noticed import link_of_follower

FAY = "fay@reader.test"


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path, office: PostOffice) -> AsyncIterator[House]:
    async with a_house(
        tmp_path,
        sqlite_template,
        smtp_url=office.url,
        smtp_from="forum@post.test",
        public_url=ADDRESS,
        mails_per_address=4,
    ) as house:
        yield house


async def test_anybody_follows_confirms_and_stops_with_one_press_each(house: House, office: PostOffice) -> None:
    day = await a_day(house.store)
    commission = day.voted.live.commission
    async with house.browser() as anybody:
        for page in (f"/commissions/{commission}", f"/decisions/{day.decision}", f"/promises/{day.commitment}"):
            [path] = set(re.findall(r'href="(/follow/[a-z]+/[0-9a-f]{32})"', (await anybody.get(page)).text))
            shown = await anybody.get(path)
            assert f'href="{page}/feed.atom"' in shown.text
            assert (await anybody.get(f"{page}/feed.atom")).status_code == 200
        wrong = await anybody.post(path, data={"address": "fay at reader"})
        assert wrong.status_code == 422
        assert "has one @ in it" in words(wrong)
        assert "fay at reader" in wrong.text
        asked = await anybody.post(path, data={"address": FAY})
        assert (asked.status_code, asked.headers["location"]) == (303, f"{path}?done=asked")
        answer = await anybody.get(asked.headers["location"])
        assert "Now look into your mailbox" in words(answer)
        assert FAY not in answer.text
        await office.until(lambda: len(office.arrived) > 0)
        await house.site.mailing.once()
        confirm, stop = re.findall(r"http://house\.test(/mail/(?:confirm|stop)/\S+)", office.arrived[-1].text)
        assert "a decision or a promise. Was it you?" in words(await anybody.get(confirm))
        yes = await anybody.post(confirm)
        assert "when there is news" in words(yes)
        assert f'href="/promises/{day.commitment}"' in yes.text
        held = await anybody.get(f"/mail/data/{stop.rpartition('/')[2]}?copy=json")
        assert FAY in held.text

        # Whether or not an address follows already, the answer is the same to the byte, and so is one for too many.
        pages = {answer.text}
        for address in (FAY, "gus@reader.test"):
            again = await anybody.post(path, data={"address": address})
            assert again.status_code == 303
            pages.add((await anybody.get(again.headers["location"])).text)
        assert len(pages) == 1
        assert (await anybody.post(path, data={"address": "hal@reader.test"})).status_code == 303
        assert (await anybody.post(path, data={"address": FAY})).status_code == 429  # a fifth address in an hour

        # A mail program's own button posts from anywhere, without a cookie (RFC 8058).
        one_click = {"List-Unsubscribe": "One-Click"}
        ended = await anybody.post(stop, data=one_click, headers={"Origin": "https://mail.elsewhere.test"})
        assert "Your address is erased" in words(ended)
        assert (await anybody.get(f"/mail/data/{stop.rpartition('/')[2]}?copy=json")).text.count(FAY) == 0
    async with house.signed_in("commissioner") as staff:
        export = await staff.get(f"/export?commission={commission}")
        assert export.status_code == 200
    with zipfile.ZipFile(io.BytesIO(export.content)) as packed:
        for own in (b"reader.test", stop.rpartition("/")[2].encode()):
            assert not [name for name in packed.namelist() if own in packed.read(name)]


async def test_nothing_that_is_not_public_can_be_followed_nor_without_a_mail_server(
    house: House, tmp_path: Path, sqlite_template: Path
) -> None:
    rehearsal = await house.commission(rehearsal=True)
    async with house.browser() as anybody:
        for path in (f"/follow/commission/{rehearsal.id}", f"/follow/promise/{new_id()}", f"/follow/story/{new_id()}"):
            assert (await anybody.get(path)).status_code == 404
            assert (await anybody.post(path, data={"address": FAY})).status_code == 404
        assert "/follow/" not in (await anybody.get(f"/commissions/{rehearsal.id}")).text
    (tmp_path / "other").mkdir()
    async with a_house(tmp_path / "other", sqlite_template) as silent, silent.browser() as anybody:
        commission = await silent.commission()
        page = await anybody.get(f"/follow/commission/{commission.id}")
        assert 'type="email"' not in page.text
        assert "feed.atom" in page.text
        assert (await anybody.post(f"/follow/commission/{commission.id}", data={"address": FAY})).status_code == 404


async def test_a_commissioner_has_the_owners_link_mailed_and_nobody_sees_the_address(
    house: House, office: PostOffice
) -> None:
    day = await a_day(house.store)
    path = f"/decide/promises/{day.commitment}/owner"
    async with house.signed_in("commissioner") as staff, house.browser() as owner:
        page = await staff.get(path)
        form = {"act": "mail", "new": field(page, "new"), "reminders": "1"}
        wrong = await staff.post(path, data={**form, "address": "owen at trust"})
        assert wrong.status_code == 422
        assert "has one @ in it" in words(wrong)
        assert 'value="owen at trust"' in wrong.text
        assert (await staff.post(path, data={**form, "address": "owen@trust.test"})).status_code == 303
        await office.until(lambda: len(office.arrived) > 0)
        await house.site.mailing.once()
        shown = await staff.get(path)
        assert "A link was mailed. We remind them" in words(shown)
        assert "owen@trust.test" not in shown.text
        [link] = re.findall(r"http://house\.test(/my-promise/\S+)", office.arrived[-1].text)
        [stop] = re.findall(r"http://house\.test(/mail/stop/\S+)", office.arrived[-1].text)
        assert "Two nurses" in words(await owner.get(link))
        assert (await owner.get(stop.replace("stop", "confirm"))).status_code == 404
        assert "Your address is erased" in words(await owner.post(stop))
        assert "A link was mailed" not in words(await staff.get(path))
        assert (await owner.get(link)).status_code == 200
        often = [await staff.post(path, data={**form, "new": new_key(), "address": "owen@trust.test"}) for _ in "abc"]
        assert [one.status_code for one in often] == [303, 303, 409]
        assert "Wait until tomorrow" in words(often[-1])


async def test_a_private_link_says_whether_a_promise_was_noticed_and_the_count_stands_beside_its_state(
    house: House,
) -> None:
    day = await a_day(house.store)
    async with house.store.read() as work:
        after = (await work.decisions.get_commitment(day.commitment)).updates[-1].id
    form = UpdateForm(after=after, state="done", said="Both are here.")
    asking = (await commitments.update(house.store, CLOCK, COMMISSIONER, day.commitment, form)).id
    paths = [f"/noticed/{day.commitment}/{link_of_follower(house.site.noticed_secret, asking)}" for _ in range(9)]
    async with house.browser() as anybody:
        shown = await anybody.get(paths[0])
        assert "Have you noticed it?" in words(shown)
        assert "Two nurses" in words(shown)
        wrong = await anybody.post(paths[0], data={})
        assert (wrong.status_code, "Choose one of the answers." in words(wrong)) == (422, True)
        for path in paths:
            for said in ("yes", "no"):
                assert (await anybody.post(path, data={"said": said})).status_code == 303
        again = await anybody.get(paths[0] + "?done=said")
        assert "You can change your answer" in words(again)
        assert re.search(r'value="no"[^>]* checked', again.text)
        assert (await anybody.get(paths[0][:-1] + "~")).status_code == 404
        # No look at any page before the count differs from one without an answer.
        page = f"/promises/{day.commitment}"
        assert "noticed it" not in words(await anybody.get(page))
        later = SetClock((datetime.now(UTC) + timedelta(days=29)).isoformat())
        await noticed.count_ended(house.store, later)
        told = words(await anybody.get(page))
        assert "Hardly anybody has noticed it" in told
        assert (
            "Of about 10 people who follow it and answered: noticed it: few or none, in part: few or none, not: 10"
            in told
        )
        number = re.findall(r'href="/record/([0-9]+)">entry', (await anybody.get(page)).text)[-1]
        assert "What was noticed of a promise" in words(await anybody.get(f"/record/{number}"))
    async with house.signed_in("commissioner") as staff:
        export = await staff.get(f"/export?commission={day.voted.live.commission}")
    assert {check.name: check.verdict for check in audit.verify(export.content)}["order of rounds"] == "PASS"
    with zipfile.ZipFile(io.BytesIO(export.content)) as packed:
        [row] = packed.read("noticed.csv").decode().splitlines()[1:]
        assert ",followers,10,,,10," in row
        assert not [name for name in packed.namelist() for path in paths if path[-32:].encode() in packed.read(name)]
