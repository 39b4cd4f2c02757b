"""Reasons: gathered at the reveal, given to those who may read them by then, supported with "me too", taken back.

No reason can be read while its round is open or closed: reasons are made from the ballots in the unit of work that
reveals the round. They carry the label of a group only where the round's result is shown by group, at least the
threshold of that group gave reasons for the same response, and nobody was made to give one; and they stand beside
their answer only where a count of the round is given.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.sessions import guard
from forum.services.sessions.desk import Desk
from forum.services.voting import withdrawn_conditions
from forum.sessions.local_time import written
from forum.sessions.session import LiveSession
from forum.stories.visible_text import upright
from forum.voting.ballot import Ballot
from forum.voting.commission import Commission
from forum.voting.methods import METHODS
from forum.voting.reason import (
    DELAY,
    MOST_CONDITION,
    MOST_WORDS,
    Reason,
    ReasonReading,
    ReasonState,
    Said,
    names_beside,
)
from forum.voting.round import Round, RoundState
from forum.voting.suppression import EVERYONE, label_of, no_count, opened_by

_NOT_YET = "Reasons can be given here once the result is shown. Until then they go with the vote."


async def gather(work: Work, live: LiveSession, round_: Round, at: str) -> None:
    """Makes reasons from the words given with the ballots of a round that is being revealed."""
    written = await work.rounds.ballots_with_words(round_.id)
    await work.reasons.add_reasons([_reason(live, round_, b, b.reason, b.condition, at) for b in written])


async def said_of(work: Work, live: LiveSession, round_: Round, commission: Commission) -> tuple[Said, ...]:
    """Returns every reason of a revealed round with its number of "me too", sorted by its words; () before the
    reveal."""
    if round_.state != RoundState.REVEALED or live.partition is None:
        return ()
    too = await work.reasons.counts(round_.id)
    present = await work.rounds.by_group(round_.id)
    partition = opened_by(live.partition.of_round(round_.id), commission)
    label = label_of(partition, present, commission.threshold, round_.method, round_.leaf_edition)
    given = await work.reasons.list_reasons(round_.id)
    by = [(label(reason.group) if reason.group in present else EVERYONE, reason.choice) for reason in given]
    if no_count(live.partition.of_round(round_.id), sum(present.values()), commission.threshold):
        # An answer beside a reason would tell of a vote of which nothing else is told.
        given, by = [replace(reason, choice="") for reason in given], [(EVERYONE, "") for _ in given]
    needed = {mark.id for mark in round_.columns if METHODS[round_.method].lacks(mark.id, "", "")}
    names = [""] * len(by) if live.badges_off else names_beside(by, commission.threshold, needed)
    said = [
        Said(r.id, r.choice, name, r.words, r.condition, r.state, too.get(r.id, 0))
        for name, r in zip(names, given, strict=True)
    ]
    # Sorted, so that the order does not tell who wrote them, or when.
    return tuple(sorted(said, key=lambda r: (r.words, r.condition, r.id)))


async def give(
    store: Store, clock: Clock, live: LiveSession, participant: str, round_id: str, words: str, condition: str
) -> Reason:
    """Saves a reason given after the reveal, in the place of the participant's earlier one, and returns it.

    Raises NotFound, IllegalMove (not revealed, not voted, session ended), BadInput (nothing written, too long).
    """
    words, condition = upright(words), upright(condition)
    if not words and not condition:
        raise BadInput("Write a few words.", field="reason")
    for field, text, most in (("reason", words, MOST_WORDS), ("condition", condition, MOST_CONDITION)):
        if len(text) > most:
            raise BadInput("Use at most %(most)s characters.", field=field, most=most)
    async with store.begin() as work:
        live, round_ = await _open_for(work, live.id, round_id, lock=True)
        if round_.state != RoundState.REVEALED:
            raise IllegalMove(_NOT_YET)
        mine = await work.rounds.ballots_by(participant, [round_.id])
        if not mine:
            raise IllegalMove("Only those who voted on this question can give a reason for it.")
        reason = _reason(live, round_, mine[0], words, condition, clock.now())
        before = await work.reasons.reason_by(participant, round_.id)
        await work.reasons.put_reason(reason)
        if before is not None and before.condition:
            await withdrawn_conditions.take_back(work, live.commission, [round_.id], clock.now())
    return reason


async def take_back(store: Store, clock: Clock, live: LiveSession, participant: str, round_id: str) -> bool:
    """Deletes a participant's reason in a round; returns True where it was on screens until now.

    Raises NotFound, IllegalMove where the session has ended.
    """
    async with store.begin() as work:
        _, round_ = await _open_for(work, live.id, round_id, lock=True)
        before = await work.reasons.reason_by(participant, round_.id)
        await work.reasons.remove_reason(round_.id, participant)
        if before is not None and before.condition:
            await withdrawn_conditions.take_back(work, live.commission, [round_.id], clock.now())
    return before is not None and before.state == ReasonState.SHOWN


async def me_too(store: Store, live: LiveSession, participant: str, reason: str, *, on: bool) -> None:
    """Says "me too" to a shown reason (`on`), or takes that back. Raises NotFound for a reason that is not shown,
    IllegalMove for one's own."""
    async with store.begin() as work:
        found = await work.reasons.get_reason(reason)
        await _open_for(work, live.id, found.round)
        if found.state != ReasonState.SHOWN:
            raise NotFound("There is no such reason.")
        if found.participant == participant:
            raise IllegalMove("This is your own reason.")
        await work.reasons.too(reason, participant, on=on)


async def hear(desk: Desk, session: str, reason: str, state: str, before: str) -> LiveSession:
    """Shows or hides a reason, or puts it back to WAITING (to SHOWN where its delay is over by now), for a
    facilitator who saw it in the state `before`. Returns the session.

    Raises NotFound, IllegalMove (this session keeps its reasons from others; somebody else was faster), BadInput.
    """
    async with desk.act_on(session) as (work, live):
        found = await work.reasons.get_reason(reason)
        await guard.round_of(work, live, found.round, lock=False)
        if state == ReasonState.SHOWN and live.reasons == ReasonReading.KEPT:
            raise IllegalMove("People were told that only you and those who decide read their reasons.")
        if state not in (ReasonState.SHOWN, ReasonState.HIDDEN, ReasonState.WAITING):
            raise BadInput("Show it, hide it, or put it back.", field="state")
        if state == ReasonState.WAITING and found.due_at and found.due_at <= desk.clock.now():
            state = ReasonState.SHOWN
        if found.state == state:
            return live
        if found.state != before:
            raise IllegalMove("Somebody else dealt with this reason a moment ago. Look at it again.")
        await work.reasons.move_reason(reason, ReasonState(state))
        if found.condition and state != ReasonState.SHOWN:
            await withdrawn_conditions.take_back(work, live.commission, [found.round], desk.clock.now())
        return await _show(work, live)


async def publish_due(store: Store, at: str, session: str) -> bool:
    """Shows every reason of a session whose delay is over; returns True where there was one."""
    async with store.begin() as work:
        live = await work.sessions.get_session(session, lock=True)
        due = await work.reasons.show_due_reasons(session, at)
        if due:
            await _show(work, live)
    return bool(due)


async def redraw(store: Store, session: str) -> None:
    """Raises the session's version, so that a screen that connects again asks for the state anew."""
    async with store.begin() as work:
        await _show(work, await work.sessions.get_session(session, lock=True))


async def _open_for(work: Work, session: str, round_id: str, *, lock: bool = False) -> tuple[LiveSession, Round]:
    """Returns a session that has not ended, and its round. `lock` keeps others from gathering its reasons, or
    taking the words of its story back, while one reason is written or deleted."""
    live = await guard.going_on(work, session, lock=False)
    return live, await guard.round_of(work, live, round_id, lock=lock)


async def _show(work: Work, live: LiveSession) -> LiveSession:
    after = live.changed()
    await work.sessions.save_session(after)
    return after


def _reason(live: LiveSession, round_: Round, ballot: Ballot, words: str, condition: str, at: str) -> Reason:
    way = METHODS[round_.method]
    return Reason(
        id=secrets.token_hex(16),
        round=round_.id,
        participant=ballot.participant,
        group=ballot.group,
        # Never a ballot of several marks, by which its voter could be recognised.
        choice=way.marks(ballot.choice)[0] if way.FOLLOWED else "",
        words=words,
        condition=condition,
        at=at,
        due_at=_later(at) if live.reasons == ReasonReading.DELAYED else "",
    )


def _later(at: str) -> str:
    return written(datetime.fromisoformat(at) + timedelta(seconds=DELAY))
