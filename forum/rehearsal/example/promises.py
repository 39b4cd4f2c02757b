"""What became of the promises of the worked example, and the stages that it went through."""

from __future__ import annotations

import secrets
from typing import Final

from forum.ports.accounts import Role
from forum.rehearsal.example.commission import Example, somebody
from forum.services import commitments, noticed, owner_links, stages
from forum.services.commitments import UpdateForm
from forum.services.keys import new_key
from forum.services.stages import MoveForm, NoteForm
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision
from forum.voting.noticed import Noticed

# The days (ago) by which the promises were to be kept.
DAYS: Final = {"card": 118, "visit": 24, "transport": 88, "tablets": 70}
# Answers to "have you noticed?", of people who follow the promise of the card.
_NOTICED: Final = (Noticed.YES,) * 17 + (Noticed.PARTLY,) * 7 + (Noticed.NO,) * 2


async def secured(example: Example, decided: Decision) -> None:
    """Moves the work from planning on to securing."""
    clock = example.clock
    clock.set(150, "10:00")
    words = (
        "A visit, a call, or a longer stay; and, from the stage, an agreement before somebody leaves. The fourth was "
        "nobody's idea before the day."
    )
    await _note(example, "plan", "options", words, decided)
    clock.set(148, "13:30")
    await _move(
        example,
        "secure",
        "What people lack on the first evening is seldom a nurse. It is knowing who knows that they are at home.",
        "We asked the wards late. The night staff first heard of it from a poster.",
        "54 people in the library, 52 from home, two of each group at the board's table.",
    )


async def first_news(example: Example, card: Commitment, visit: Commitment) -> str:
    """Tells first news of a promise, and gives the owner of another a link. Returns its key."""
    store, clock, person = example.store, example.clock, somebody(Role.COMMISSIONER)
    clock.set(140, "09:00")
    said = "The post for the evening is advertised."
    await commitments.update(store, clock, person, visit.id, UpdateForm(state="on track", said=said))
    clock.set(139, "10:10")
    key = new_key()
    await owner_links.make(store, clock, person, card.id, key)
    return key


async def kept(example: Example, card: Commitment, key: str) -> None:
    """Tells that a promise was kept, as its owner does, and asks people whether they have noticed it."""
    store, clock = example.store, example.clock
    clock.set(121, "17:25")
    said = "All eleven wards give the card out. The number has been answered since Monday."
    done = await owner_links.update(store, clock, key, UpdateForm(state="done", said=said))
    clock.set(112, "18:00")
    secret = secrets.token_bytes(32)
    for answer in _NOTICED:
        link = noticed.link_of_follower(secret, done.id)
        await noticed.answer(store, clock, secret, card.id, link, answer)


async def later_news(
    example: Example, visit: Commitment, transport: Commitment, tablets: Commitment, decided: Decision
) -> None:
    """Tells later news: what was not done, what was handed on, and what is late; moves the work on to monitoring."""
    store, clock, person = example.store, example.clock, somebody(Role.COMMISSIONER)
    clock.set(92, "03:00")
    await noticed.count_ended(store, clock)
    clock.set(90, "11:45")
    because = (
        "The contract for transport runs until next spring, with journeys until eleven at night. To change it now "
        "costs more than all the rest of this plan. Eight o'clock is in the text of the next one."
    )
    await commitments.update(store, clock, person, transport.id, UpdateForm(state="not done", because=because))
    clock.set(84, "14:00")
    because = "The chemists of the town pack tablets already, with better machines. The money goes with the work."
    handed_to = "Pharmacy lead, Alderbrook Federation of GPs"
    await commitments.update(
        store, clock, person, tablets.id, UpdateForm(state="handed on", because=because, handed_to=handed_to)
    )
    clock.set(77, "10:20")
    words = (
        "The contract for community nursing now names the call on the first evening, the one number and the visit to "
        "whoever lives alone, with the day from which each is owed."
    )
    await _note(example, "secure", "specified", words, decided)
    clock.set(75, "15:10")
    await _move(
        example,
        "monitor",
        "A contract can hold what a room has asked for, if somebody reads the room's own words aloud at the table.",
        "The transport contract was signed before anybody asked. We should have looked first at which ones end when.",
        "Forty people on the second evening, and the group of people who have been in hospital.",
    )
    clock.set(52, "16:00")
    async with store.read() as work:
        latest = (await work.decisions.get_commitment(visit.id)).updates[-1].id
    said = "Visits on five evenings of the week. Nobody has been found yet for Saturdays and Sundays."
    form = UpdateForm(after=latest, state="partly", said=said)
    await commitments.update(store, clock, person, visit.id, form)
    clock.set(33, "09:50")
    words = (
        "Twelve people who have been in hospital ring others who came home, four weeks later, and ask three questions. "
        "They are paid for it."
    )
    await _note(example, "monitor", "judges", words, decided)


async def _move(example: Example, to: str, learnt: str, better: str, took_part: str) -> None:
    async with example.store.read() as work:
        acts = (await stages.course_of(work, example.commission)).standing.acts
    form = MoveForm(seen=str(acts), to=to, learnt=learnt, better=better, took_part=took_part)
    await stages.move(example.store, example.clock, example.commission.id, form)


async def _note(example: Example, stage: str, question: str, words: str, decided: Decision) -> None:
    form = NoteForm(stage=stage, question=question, words=words, decision=decided.id)
    await stages.note(example.store, example.clock, example.commission.id, form)
