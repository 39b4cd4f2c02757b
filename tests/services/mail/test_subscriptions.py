"""An e-mail address beside a story: taken, kept, and erased, so that no row and no byte of a file holds it."""

from __future__ import annotations

import pytest
from support.factories import new_id
from support.mail_subscription import ADA, MailDesk
from support.withdrawn_story import rows

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports.mail import MailState
from forum.services.keys import new_key
from forum.services.mail import subscriptions
from forum.services.stories import private_links, withdrawal


async def test_who_does_not_confirm_in_three_days_is_forgotten(desk: MailDesk) -> None:
    await desk.ask()
    await desk.run_rounds()
    there = await desk.subscription()
    desk.clock.move(days=3)
    with pytest.raises(NotFound, match="older than 3 days"):
        await subscriptions.confirm(desk.store, desk.clock, there.key)
    await desk.run_rounds()
    assert await desk.stored() is None
    assert desk.words_in_files(ADA, there.key) == set()
    with pytest.raises(NotFound):
        await subscriptions.confirm(desk.store, desk.clock, there.key)
    assert len(desk.office.arrived) == 1


async def test_stopping_erases_the_address_at_once_from_every_row_and_file(desk: MailDesk) -> None:
    key = await desk.confirm()
    assert desk.words_in_files(ADA) == {ADA}
    assert [column for column, text in rows(desk.path).items() if ADA in text] == ["mail.address"]
    await subscriptions.stop(desk.store, desk.clock, key)
    assert desk.words_in_files(ADA, key) == set()
    assert [column for column, text in rows(desk.path).items() if ADA in text] == []
    await subscriptions.stop(desk.store, desk.clock, key)
    await subscriptions.stop(desk.store, desk.clock, new_id())
    await desk.moderate("accept")
    await desk.run_rounds(3, hours=1)
    assert desk.letters == []


async def test_the_address_goes_with_the_story_and_with_its_link_and_when_another_takes_its_place(
    desk: MailDesk,
) -> None:
    await desk.confirm()
    await desk.ask("bob@reader.test")
    await desk.run_rounds()
    assert desk.words_in_files(ADA, "bob@reader.test") == {"bob@reader.test"}
    await subscriptions.stop_for(desk.store, desk.clock, desk.key)
    assert desk.words_in_files("bob@reader.test") == set()
    await desk.ask("cy@reader.test")
    await private_links.revoke_link(desk.store, desk.clock, desk.key)
    assert desk.words_in_files("cy@reader.test") == set()
    assert await desk.stored() is None
    for act in (desk.ask(), subscriptions.stop_for(desk.store, desk.clock, desk.key)):
        with pytest.raises(NotFound):
            await act


async def test_whoever_left_an_address_by_a_link_that_was_replaced_is_told_nothing_more(desk: MailDesk) -> None:
    await desk.confirm("stranger@reader.test")
    await private_links.replace_link(desk.store, desk.clock, desk.key, new_key(), b"secret")
    assert desk.words_in_files("stranger@reader.test") == set()
    await desk.moderate("return")
    await desk.run_rounds(3, hours=1)
    assert desk.letters == []


async def test_taking_the_story_back_takes_the_address(desk: MailDesk) -> None:
    await desk.confirm()
    await withdrawal.withdraw(desk.store, desk.clock, desk.key)
    assert desk.words_in_files(ADA) == set()
    with pytest.raises(IllegalMove, match="taken this story back"):
        await desk.ask()
    assert await desk.stored() is None
    await desk.run_rounds(2, hours=1)
    assert desk.letters == []


async def test_it_is_done_when_nothing_has_happened_for_a_year(desk: MailDesk) -> None:
    await desk.confirm()
    desk.clock.move(days=100)
    await desk.moderate("accept")
    await desk.run_rounds(2, minutes=2)
    await desk.run_rounds(36, days=10)
    there = await desk.subscription()
    assert (there.state, there.address) == (MailState.CONFIRMED, ADA)
    await desk.run_rounds(days=6)
    there = await desk.subscription()
    assert (there.state, there.address) == (MailState.DONE, "")
    assert desk.words_in_files(ADA) == set()
    assert len(desk.letters) == 1


async def test_it_is_done_thirty_days_after_the_last_promised_day(desk: MailDesk) -> None:
    await desk.confirm()
    await desk.moderate("accept")
    await desk.decide("2026-05-01", "2026-05-31")
    await desk.run_rounds(minutes=2)
    desk.clock.move(days=121)  # the thirtieth day after it
    await desk.run_rounds(minutes=1)
    there = await desk.subscription()
    assert there.state == MailState.CONFIRMED
    await desk.run_rounds(days=1)
    there = await desk.subscription()
    assert (there.state, there.address) == (MailState.DONE, "")
    # Asked anew, it is not done again at once.
    await desk.confirm()
    await desk.run_rounds(29, days=1)
    there = await desk.subscription()
    assert there.state == MailState.CONFIRMED


async def test_two_words_for_the_same_address_are_kept_as_one(desk: MailDesk) -> None:
    await desk.ask("  Ada@Bücher.Example ")
    there = await desk.subscription()
    assert there.address == "Ada@xn--bcher-kva.example"
    await desk.run_rounds()
    assert desk.office.arrived[0].to == ["Ada@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "wrong", ["", "ada", "a@b@c.test", f"{ADA}\r\nBcc: eve@evil.test", "é@x.test", "ada@[192.0.2.1]"]
)
async def test_what_is_no_address_is_refused_before_anything_is_kept(desk: MailDesk, wrong: str) -> None:
    with pytest.raises(BadInput) as refused:
        await desk.ask(wrong)
    assert refused.value.field == "address"
    assert await desk.stored() is None


async def test_one_that_was_asked_too_often_is_not_asked_and_everything_else_is_the_same(desk: MailDesk) -> None:
    await desk.ask(send=False)
    async with desk.store.read() as work:
        standing = await subscriptions.standing(work, desk.story.id)
    assert standing.waiting
    await desk.run_rounds(3, minutes=2)
    assert desk.office.arrived == []
