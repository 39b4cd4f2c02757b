"""The votes of the worked example: two sessions in a room, and a question that was open for ten days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forum.live.stop_box import Press, Stopping
from forum.ports.accounts import Role
from forum.rehearsal.example.audience import Audience, Choices, Words
from forum.rehearsal.example.commission import (
    BOARD,
    CARERS,
    GPS,
    HOME_CARE,
    NEIGHBOURS,
    NURSES,
    PATIENTS,
    WARDS,
    Example,
    somebody,
)
from forum.services import help_pledges, permissions
from forum.services.help_pledges import HelpForm
from forum.services.keys import new_key
from forum.services.sessions import asynchronous, cues, facilitation, second_run
from forum.services.sessions.asynchronous import AsynchronousForm
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.voting import reasons
from forum.sessions.session import LiveSession
from forum.voting.marks_and_shares import StanceMark
from forum.voting.question import Terms
from forum.voting.reason import ReasonReading
from forum.voting.round import NONE_OF_THESE, Round

PLACE: Final = "Alderbrook Library, first floor. There is a lift."
SCENE, QUESTION = "The lift does not work", "What should happen for Ruth tonight?"
VISIT = "A nurse visits her at home this evening"
CALLS = "Somebody from the ward rings her before eight, and again in the morning"
STAY = "She stays on the ward until Monday"
# The answer that somebody from the audience tried on stage.
CARD = "Before she goes, the ward agrees with her and Carol who rings tonight, on which number"

FIRST: Final[Choices] = {
    PATIENTS: {VISIT: 7, CALLS: 3, STAY: 2},
    CARERS: {VISIT: 8, STAY: 2},
    NURSES: {CALLS: 4, VISIT: 2, NONE_OF_THESE: 1},
    WARDS: {CALLS: 6, VISIT: 1, STAY: 1},
    HOME_CARE: {VISIT: 4, CALLS: 2},
    GPS: {CALLS: 2, VISIT: 1},
    BOARD: {CALLS: 2},
    NEIGHBOURS: {VISIT: 3, NONE_OF_THESE: 1},
    None: {VISIT: 1, CALLS: 1},
}
SECOND: Final[Choices] = {
    PATIENTS: {CARD: 7, VISIT: 4, CALLS: 1},
    CARERS: {VISIT: 6, CARD: 3, STAY: 1},
    NURSES: {CARD: 5, CALLS: 2},
    WARDS: {CARD: 6, CALLS: 2},
    HOME_CARE: {CARD: 4, VISIT: 2},
    GPS: {CARD: 2, CALLS: 1},
    BOARD: {CARD: 1, CALLS: 1},
    NEIGHBOURS: {CARD: 3, VISIT: 1},
    None: {CARD: 2},
}
_FIRST_WORDS: Final = (
    Words(PATIENTS, VISIT, "I said that I was fine. Anybody who had seen my kitchen would have known better."),
    Words(PATIENTS, CALLS, "I would not want a stranger at seven in the evening. A voice is enough."),
    Words(CARERS, VISIT, "On the telephone my mother is always fine."),
    Words(NURSES, CALLS, "There are two of us for the whole town after five."),
    Words(WARDS, CALLS, "I could ring from the ward. I cannot leave it."),
    Words(HOME_CARE, VISIT, "I am in the next street at seven. Nobody tells me that she is home."),
    Words(NEIGHBOURS, NONE_OF_THESE, "Ask the neighbour. I have her key."),
)
_FEWER_SHEETS = "there is one number, and not nine"
_ALONE = "people who live alone are still visited on the first evening"
_SECOND_WORDS: Final = (
    Words(PATIENTS, CARD, "I could go home if I knew the name.", _FEWER_SHEETS),
    Words(CARERS, VISIT, "A card does not see that the lift is broken."),
    Words(CARERS, CARD, "It is better than what we have.", _ALONE),
    Words(WARDS, CARD, "It is ten minutes, and it saves the call at midnight.", "we are given the ten minutes"),
    Words(HOME_CARE, CARD, "Then I would hear of her too."),
    Words(NURSES, CARD, "We can ring everybody, and visit those who need it."),
)
# Who says "me too" to which condition.
_TOO: Final = ((_FEWER_SHEETS, PATIENTS, 6), (_FEWER_SHEETS, CARERS, 3), (_ALONE, CARERS, 5), (_ALONE, NURSES, 2))
_PLEDGES: Final = (
    (
        "I can go with somebody from the ward to their door, on Thursdays and Fridays.",
        "Marion, Alderbrook Good Neighbours",
    ),
    ("I will read the card before it is printed, and say which words nobody understands.", ""),
    ("I have a car with a ramp. Ring me when the hospital transport is full.", "Tom"),
)

TABLETS: Final = "Who should sort out the tablets?"
AT_HOME = "A pharmacist comes to the house in the first three days"
PACKED = "The ward packs them for each day, and explains them before he goes home"
CHEMIST = "The chemist on the corner is told what was changed, and rings Maureen"
_FROM_HOME: Final[Choices] = {
    PATIENTS: {AT_HOME: 8, PACKED: 3},
    CARERS: {AT_HOME: 9, CHEMIST: 4},
    NURSES: {PACKED: 4, AT_HOME: 2},
    WARDS: {PACKED: 4, CHEMIST: 3, AT_HOME: 2},
    HOME_CARE: {PACKED: 5, AT_HOME: 3},
    GPS: {PACKED: 3, CHEMIST: 2},
}

AGREEMENT: Final = (
    "Everybody is rung on the first evening, from one number; whoever lives alone is visited; the home "
    "care worker is told on the same day."
)
_CAN_WE = "Can you live with this agreement?"
_STANCES: Final[Choices] = {
    PATIENTS: {StanceMark.AGREE: 9, StanceMark.AGREE_IF: 1},
    CARERS: {StanceMark.AGREE: 5, StanceMark.AGREE_IF: 2, StanceMark.STAND_ASIDE: 2},
    NURSES: {StanceMark.AGREE: 5, StanceMark.AGREE_IF: 1},
    WARDS: {StanceMark.AGREE: 6},
    HOME_CARE: {StanceMark.AGREE: 6, StanceMark.STAND_ASIDE: 1},
    BOARD: {StanceMark.AGREE: 3},
    None: {StanceMark.AGREE: 1},
}
_MINUTES = "the minutes for the call are in the rota, and not on top of it"
_CONDITIONS: Final = (
    Words(PATIENTS, StanceMark.AGREE_IF, condition="somebody asks us after half a year, and not only the hospital"),
    Words(CARERS, StanceMark.AGREE_IF, condition="we are rung too, if the person agrees"),
    Words(CARERS, StanceMark.AGREE_IF, "It is a start.", "the visit does not end when the money does", who=1),
    Words(NURSES, StanceMark.AGREE_IF, condition=_MINUTES),
)


async def first_day(example: Example) -> Sequence[str]:
    """Plays the first story in a room: a first vote, the scene again with a stop, the vote again, and offers of help.
    Returns the ids of both votes."""
    store, clock = example.store, example.clock
    clock.set(199, "11:00")
    live = await _session(example, "Coming home: a day of forum theatre", (example.first_night,))
    await _programme(example, live, 192, "The first night home", example.first_night)
    clock.set(192, "10:05")
    audience = Audience(store, clock, live.id)
    await audience.join(example.commission, {label: sum(of.values()) for label, of in FIRST.items()})
    desk = Desk(store, clock)
    clock.set(192, "10:30")
    await cues.show_scene(desk, live.id, example.first_night, SCENE)
    clock.set(192, "10:48")
    first = (await cues.put_question(desk, live.id, example.first_night, QUESTION)).round
    await _vote(desk, live, audience, first, FIRST, _FIRST_WORDS)
    clock.set(192, "11:15")
    again = await cues.show_scene(desk, live.id, example.first_night, SCENE, replay=True)
    stopping = Stopping(store, lambda _session: None)
    for group, how in (
        (CARERS, "Ring Carol before Ruth leaves, not after."),
        (NEIGHBOURS, ""),
        (PATIENTS, "Sit down."),
    ):
        await stopping.press_and_wait(
            Press(live.id, audience.people[group][0], again.session.cue.showing, "", how, clock.now())
        )
    async with store.read() as work:
        stop = (await work.stops.list_stops(live.id))[0]
    await second_run.take_stop(desk, live.id, stop.id)
    clock.set(192, "11:35")
    tried = (
        "Before Ruth puts her coat on, Ife rings Carol. All three agree who rings tonight, and write it on one card."
    )
    await second_run.write_tried(desk, live.id, stop.id, tried)
    await second_run.judge(desk, live.id, stop.id, "yes")
    await second_run.offer_response(desk, live.id, stop.id, CARD)
    clock.set(192, "11:50")
    second = (await cues.put_second_vote(desk, live.id, _id(first))).round
    await _vote(desk, live, audience, second, SECOND, _SECOND_WORDS)
    clock.set(192, "12:05")
    await _say_too(example, live, _id(second), audience)
    for words, name in _PLEDGES:
        await help_pledges.make(store, clock, live, HelpForm(new_key(), words, name))
    clock.set(192, "12:30")
    await facilitation.end(desk, live.id)
    clock.set(191, "09:20")
    within = permissions.reach(somebody(Role.MODERATOR), "moderate stories")
    async with store.read() as work:
        waiting = await help_pledges.waiting(work, within)
    for one in waiting:
        await help_pledges.read(store, clock, within, one.pledge.id, publish=True)
    return _id(first), _id(second)


async def from_home(example: Example) -> str:
    """Opens the second story's question for ten days, and shows what people answered. Returns the id of the vote."""
    store, clock = example.store, example.clock
    clock.set(190, "08:00")
    form = AsynchronousForm(
        example.commission.id,
        title="Four boxes of tablets: answer whenever you have ten minutes",
        story=example.tablets,
        scene=TABLETS,
        day=clock.day(180),
        time="20:00",
    )
    live = await asynchronous.open_round(store, clock, form)
    async with store.read() as work:
        [round_] = await work.rounds.list_rounds(live.id)
    audience = Audience(store, clock, live.id)
    # A group an evening, nurses at three in the morning.
    for days_ago, time, label in (
        (189, "19:40", CARERS),
        (188, "03:10", WARDS),
        (187, "20:15", PATIENTS),
        (185, "13:05", GPS),
        (184, "02:50", NURSES),
        (182, "18:30", HOME_CARE),
    ):
        clock.set(days_ago, time)
        await audience.join(example.commission, {label: sum(_FROM_HOME[label].values())})
        await audience.vote(round_, {label: _FROM_HOME[label]})
    clock.set(180, "20:05")
    await asynchronous.close_due(store, clock)
    clock.set(179, "09:15")
    await facilitation.reveal_round(asynchronous.desk(store, clock), live.id, round_.id)
    return round_.id


async def second_day(example: Example) -> str:
    """Asks a room whether it can live with the agreement. Returns the id of the vote."""
    store, clock = example.store, example.clock
    clock.set(132, "15:00")
    live = await _session(example, "The agreement: can we live with it?", ())
    clock.set(126, "17:35")
    audience = Audience(store, clock, live.id)
    await audience.join(example.commission, {label: sum(of.values()) for label, of in _STANCES.items()})
    desk = Desk(store, clock)
    clock.set(126, "18:10")
    asked = await cues.ask_question(desk, live.id, _CAN_WE, [AGREEMENT], Terms("consent"), none=False)
    await _vote(desk, live, audience, asked.round, _STANCES, _CONDITIONS)
    clock.set(126, "18:40")
    await facilitation.end(desk, live.id)
    return _id(asked.round)


async def _session(example: Example, title: str, stories: tuple[str, ...]) -> LiveSession:
    form = SessionForm(example.commission.id, title=title, scenarios=stories, reasons=ReasonReading.DELAYED)
    return await create_session(example.store, example.clock, form)


async def _programme(example: Example, live: LiveSession, days_ago: int, title: str, story: str) -> None:
    """Publishes the programme of a day with one section, which has one story."""
    programming = Programming(example.store, example.clock, live.id)
    await programming.about(example.clock.day(days_ago), PLACE, public=True)
    planned = await programming.section(SectionForm(title=title, starts="10:30", ends="12:30"))
    await programming.story(planned.plan.sections[-1].id, story)


async def _vote(
    desk: Desk, live: LiveSession, audience: Audience, round_: Round | None, choices: Choices, words: Sequence[Words]
) -> None:
    """Opens a vote that is on screen, lets everybody vote, closes it, shows its result, and then what people wrote."""
    id_ = _id(round_)
    opened = await facilitation.open_round(desk, live.id, id_)
    if opened.round is not None:
        await audience.vote(opened.round, choices, words)
    await facilitation.close_round(desk, live.id, id_)
    await facilitation.reveal_round(desk, live.id, id_)
    await reasons.publish_due(desk.store, desk.clock.later(minutes=2), live.id)


async def _say_too(example: Example, live: LiveSession, round_: str, audience: Audience) -> None:
    """Lets people say "me too" to conditions; whose own it is says nothing."""
    async with example.store.read() as work:
        given = {one.condition: one for one in await work.reasons.list_reasons(round_)}
    for condition, group, number in _TOO:
        others = [one for one in audience.people[group] if one != given[condition].participant]
        for one in others[:number]:
            await reasons.me_too(example.store, live, one, given[condition].id, on=True)


def _id(round_: Round | None) -> str:
    """Returns the id of a round that an act gave. Raises ValueError for none."""
    if round_ is None:
        raise ValueError("the act gave no round")
    return round_.id
