"""Dress rehearsals: the copy of a session that made-up people play, what its screens must show, and its report."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forum.errors import IllegalMove, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import parsed
from forum.services.form_errors import Findings
from forum.services.keys import new_key
from forum.services.sent_before import unchanged
from forum.services.sessions import facilitation, guard
from forum.services.sessions.commissions_and_sessions import MOST_TITLE, goes_on
from forum.services.sessions.desk import Desk
from forum.services.sessions.join_codes import free_code
from forum.services.voting import results
from forum.sessions.programme import Item, Planned, Programme, ProgrammeChange, Section, cues_of
from forum.sessions.rehearsal import (
    FEWEST_PEOPLE,
    MOST_PEOPLE,
    Pace,
    Rehearsal,
    RehearsalForm,
    RehearsalState,
)
from forum.sessions.session import Cue, Entrance, LiveSession
from forum.stories.submission import StoryStatus
from forum.voting.round import RoundState
from forum.voting.suppression import ONLY_WITH_TICKETS, Partition

_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_TITLE = "Rehearsal: "
_ANOTHER = message("Send it once more to start another rehearsal.")

NOTHING_TO_PLAY = "There is nothing to play yet. Give the session a story, or put a question into its programme, first."
RESTARTED = "The server was stopped, or started again, in the middle of it."


async def begin(store: Store, clock: Clock, of: str, form: RehearsalForm) -> Rehearsal:
    """Makes the copy of a session, and its rehearsal; the same form sent twice makes one.

    The copy has the session's stories, programme, ways of voting and groups, is marked as a rehearsal, and is not in
    the record. People get in by code. Raises FormErrors (fields "people", "pace"), NotFound, IllegalMove where there
    is nothing to play.
    """
    people, pace = _checked(form)
    async with store.begin() as work:
        session = await guard.of_kind(work, of)
        known = await work.rehearsals.rehearsal_in(form.id) if _ID.fullmatch(form.id) else None
        if known is not None and known.of == of:
            asked = {"slow": form.slow, "dropping": form.dropping, "by_hand": form.by_hand}
            return unchanged(known, _ANOTHER, people=people, pace=pace, **asked)
        await _may_be_rehearsed(work, session)
        plan = await _to_play(work, session)
        at = clock.now()
        copy = await _copy(work, session, form.id if _ID.fullmatch(form.id) and known is None else "", at)
        await work.sessions.add_session(copy)
        await work.programmes.add_programme(Planned(copy.id, 1, plan, ProgrammeChange.ADDED, "", at))
        rehearsal = Rehearsal(copy.id, of, people, form.slow, form.dropping, form.by_hand, pace, at)
        await work.rehearsals.add_rehearsal(rehearsal)
    return rehearsal


def _checked(form: RehearsalForm) -> tuple[int, Pace]:
    """Returns the number of people and the pace of a form. Raises FormErrors."""
    findings = Findings()
    typed = form.people.strip()
    people = int(typed) if _NUMBER.fullmatch(typed) else 0
    if not FEWEST_PEOPLE <= people <= MOST_PEOPLE:
        findings.wrong(
            "people", "Write a whole number from %(fewest)s to %(most)s.", fewest=FEWEST_PEOPLE, most=MOST_PEOPLE
        )
    if form.pace not in tuple(Pace):
        findings.wrong("pace", "Choose how fast it plays.")
    findings.stop()
    return people, Pace(form.pace)


async def _may_be_rehearsed(work: Work, session: LiveSession) -> None:
    if session.called_off_at:
        raise IllegalMove(guard.CALLED_OFF)
    if session.ended:
        raise IllegalMove("This session has ended, so there is nothing to rehearse any more.")
    if await work.rehearsals.rehearsal_in(session.id) is not None:
        raise IllegalMove("This is a rehearsal itself. Rehearse the session that it is a copy of.")
    goes_on(await work.commissions.get_commission(session.commission))


async def _to_play(work: Work, session: LiveSession) -> Programme:
    """Returns the session's programme, or its stories one after the other where it has none. Raises IllegalMove where
    there is nothing in either."""
    plan = (await work.programmes.latest(session.id)).plan
    if plan.items:
        return replace(plan, public=False)
    items: list[Item] = []
    for id_ in session.scenarios:
        story = await work.stories.get_story(id_)
        if story.status == StoryStatus.ACCEPTED and story.may_perform:
            items += [replace(cue, id=secrets.token_hex(16)) for cue in cues_of(id_, await parsed(story.twee))]
    if not items:
        raise IllegalMove(NOTHING_TO_PLAY)
    return Programme(sections=(Section(secrets.token_hex(16), session.title, items=tuple(items)),))


async def _copy(work: Work, session: LiveSession, id_: str, at: str) -> LiveSession:
    whole = session.entrance != Entrance.TICKETS and session.partition == Partition((), ONLY_WITH_TICKETS)
    commission = await work.commissions.get_commission(session.commission)
    return replace(
        session,
        id=id_ or secrets.token_hex(16),
        title=(_TITLE + session.title)[:MOST_TITLE].rstrip(),
        code=await free_code(work),
        projector=new_key(),
        cue=Cue(),
        version=1,
        paused=False,
        rehearsal=True,
        recorded=False,
        partition=Partition((), ONLY_WITH_TICKETS) if whole else None,
        opened_at=at,
        entrance=Entrance.OPEN_CODE,
        tablet="",
        badges_off=False,
        held=(),
        stage=commission.stage,
        terms=commission.version,
    )


async def end(
    store: Store, clock: Clock, session: str, state: RehearsalState, why: str = "", report: dict[str, Any] | None = None
) -> Rehearsal | None:
    """Ends a rehearsal with its report, and its copy, whose open vote is closed. Returns it; None for no rehearsal, and
    the rehearsal as it is where it had ended before."""
    async with store.begin() as work:
        # The copy is held, so that of two who end it one does.
        await work.sessions.get_session(session, lock=True)
        rehearsal = await work.rehearsals.rehearsal_in(session)
        if rehearsal is None or rehearsal.state != RehearsalState.RUNNING:
            return rehearsal
        over = replace(rehearsal, state=state, ended_at=clock.now(), why=why, report=report)
        await work.rehearsals.save_rehearsal(over)
    await close_copy(store, clock, session)
    return over


async def close_copy(store: Store, clock: Clock, session: str) -> None:
    """Ends a rehearsal's copy where it has not ended yet; closes its open vote first."""
    desk = Desk(store, clock)
    async with store.read() as work:
        if (await work.sessions.get_session(session)).ended:
            return
        open_ = [one.id for one in await work.rounds.list_rounds(session) if one.state == RoundState.OPEN]
    try:
        for round_ in open_:
            await facilitation.close_round(desk, session, round_)
        await facilitation.end(desk, session)
    except IllegalMove:
        return  # somebody else was faster on the console


async def interrupted(store: Store, clock: Clock) -> None:
    """Ends the rehearsals that were being played when the server went down. Call it before any is started."""
    async with store.read() as work:
        left = await work.rehearsals.running_rehearsals()
    for rehearsal in left:
        await end(store, clock, rehearsal.session, RehearsalState.INTERRUPTED, RESTARTED)


# ------------------------------------------------------------------ what its screens must show, and what was counted


@dataclass(frozen=True)
class Truth:
    """The state of a copy as the database has it: of the round on screen its state, how many voted, the choice of each
    made-up person (by their number) and the result as it is shown."""

    version: int
    paused: bool
    ended: bool
    round: str = ""
    state: str = ""
    voted: int = 0
    choices: Mapping[int, str] = field(default_factory=dict)
    result: dict[str, Any] | None = None


async def truth_of(store: Store, session_id: str, who: Mapping[str, int]) -> Truth:
    """Reads what every screen of a copy must show now; `who` has the numbers of made-up people by their participants'
    ids."""
    async with store.read() as work:
        session = await work.sessions.get_session(session_id)
        bare = Truth(session.version, session.paused, session.ended)
        if not session.cue.round:
            return bare
        round_ = await work.rounds.get_round(session.cue.round)
        if round_.state not in (RoundState.CLOSED, RoundState.REVEALED):
            return replace(bare, round=round_.id, state=round_.state)
        ballots = await work.rounds.ballots(round_.id)
        result = None
        if round_.state == RoundState.REVEALED:
            commission = await work.commissions.of_session(session)
            found = await results.result_of(work, round_, commission.threshold)
            result = (found.without_groups() if session.badges_off else found).to_json()
    choices = {who[ballot.participant]: ballot.choice for ballot in ballots if ballot.participant in who}
    return replace(bare, round=round_.id, state=round_.state, voted=len(ballots), choices=choices, result=result)


async def numbers_of(store: Store, session: str, devices: Sequence[str]) -> dict[str, int]:
    """Returns the number of each made-up person by their participant's id; `devices` has their digests in order."""
    who: dict[str, int] = {}
    for number, device in enumerate(devices):
        async with store.read() as work:
            participant = await work.sessions.participant(session, device)
        if participant is not None:
            who[participant.id] = number
    return who


@dataclass(frozen=True)
class Counted:
    """One round of a rehearsal as counted: `told` is how many phones were told that they are counted, `lost` those
    whose choice is not there as it was told; `own` are ballots of nobody made up."""

    round: str
    ballots: int
    told: int
    lost: int
    own: int


async def counted(
    store: Store, session: str, who: Mapping[str, int], told: Mapping[str, Mapping[int, str]]
) -> list[Counted]:
    """Holds what phones were told (choices by number, by round) against the ballots, for each round of a copy."""
    async with store.read() as work:
        rows = []
        for round_ in await work.rounds.list_rounds(session):
            if round_.state in (RoundState.DRAFT, RoundState.ANNULLED):
                continue
            ballots = await work.rounds.ballots(round_.id)
            there = {who[one.participant]: one.choice for one in ballots if one.participant in who}
            mine = told.get(round_.id, {})
            lost = sum(there.get(number) != choice for number, choice in mine.items())
            rows.append(Counted(round_.id, len(ballots), len(mine), lost, len(ballots) - len(there)))
        return rows
