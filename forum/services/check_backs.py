"""Acts on a check-back: asking those who voted, before a decision is published, whether they were understood.

It is an asynchronous session with one round, made from the draft of a decision. Closing, counting, small groups,
receipts and the record are those of every asynchronous round; its result is shown as it closes.
"""

from __future__ import annotations

import re
import secrets

import msgspec

from forum.errors import IllegalMove
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import decision_drafts
from forum.services.decision_matter import Matter, matter
from forum.services.form_errors import Findings
from forum.services.keys import digest, new_key
from forum.services.sessions import commissions_and_sessions
from forum.services.sessions.asynchronous import begin, new_code, show_check_back
from forum.services.sessions.forget_devices import remember_voters
from forum.services.voting import close_rounds, results
from forum.sessions.session import Entrance, LiveSession, SessionKind
from forum.voting.check_back import (
    ANSWERS,
    FEWEST_DAYS,
    MOST_DAYS,
    MOST_SUMMARY,
    Voter,
    check_none_stands,
    going_on,
    standing,
)
from forum.voting.partition import Partition
from forum.voting.result import Result
from forum.voting.round import Round, RoundKind, RoundState
from forum.voting.suppression import ONLY_WITH_TICKETS

TITLE = "Did we get you right?"
_DAYS = re.compile(r"[0-9]{1,2}")


class CheckBack(msgspec.Struct, frozen=True):
    """A check-back: its session, its round, and its result once that is shown."""

    session: LiveSession
    round: Round
    result: Result | None = None


async def ask(
    store: Store, clock: Clock, person: Person, draft: str, version: int, summary: str, days: str
) -> LiveSession:
    """Opens a check-back on the vote of a draft, with a summary of what was understood, for some days; returns its
    session. The same sent twice opens one.

    Raises FormErrors ("summary", "days"), NotAllowed and NotFound, and IllegalMove where the draft was changed
    meanwhile, its votes do not stand, their session goes on, nobody is known to have voted, or those who did were
    asked.
    """
    found = Findings()
    said = found.need("summary", summary, "Write what you understood them to say.", MOST_SUMMARY)
    if not _DAYS.fullmatch(days.strip()) or not FEWEST_DAYS <= int(days) <= MOST_DAYS:
        found.wrong("days", "Give them %(fewest)s to %(most)s days.", fewest=FEWEST_DAYS, most=MOST_DAYS)
    at = clock.now()
    async with store.begin() as work:
        kept = await decision_drafts.seen(work, person, draft, version)
        first = await work.rounds.get_round(kept.rounds[0])
        await work.sessions.get_session(first.session, lock=True)  # before its rounds, as everywhere
        on = await matter(work, kept.rounds, lock=True)
        before = await work.rounds.check_backs([on.later.id])
        now = standing(before)
        if now is not None and now.state == RoundState.OPEN and now.question == said:
            return await work.sessions.get_session(now.session)
        check_none_stands(before)
        found.stop()
        # Held, so that nobody moves or changes it between what is declared here and its entry.
        commission = await work.commissions.get_commission(on.commission.id, lock=True)
        commissions_and_sessions.goes_on(commission)
        await _voters_known(work, on, at)
        whole = on.session.partition is not None and on.session.partition.withheld == ONLY_WITH_TICKETS
        session = LiveSession(
            id=secrets.token_hex(16),
            commission=commission.id,
            title=TITLE,
            code=new_code(),
            projector=new_key(),
            scenarios=(),
            rehearsal=on.session.rehearsal,
            recorded=on.session.recorded,
            opened_at=at,
            kind=SessionKind.ASYNCHRONOUS,
            entrance=Entrance.VOTERS,
            no_receipts=on.session.no_receipts,
            stage=commission.stage,
            terms=commission.version,
            partition=Partition((), ONLY_WITH_TICKETS) if whole else None,
        )
        asked = Round(
            id=secrets.token_hex(16),
            session=session.id,
            question=said,
            responses=ANSWERS,
            kind=RoundKind.CHECK_BACK,
            created_at=at,
            closes_at=clock.later(days=int(days)),
            asks_about=on.later.id,
        )
        await begin(work, commission, session, asked)
    return session


async def _voters_known(work: Work, on: Matter, at: str) -> None:
    """Raises IllegalMove where the session of these votes goes on, or nobody is known to have voted in it."""
    if not on.session.asynchronous and not on.session.ended:
        raise IllegalMove("The session of this vote is still on. Ask those who voted once it has ended.")
    await remember_voters(work, on.session, at)
    if not await work.voters.count_voters(on.session.id):
        raise IllegalMove(
            "Forum does not know any more which browsers voted in this session, so nobody can be asked about it."
        )


async def close(store: Store, clock: Clock, person: Person, draft: str, version: int) -> None:
    """Closes the check-back on the vote of a draft before its time, and shows its result; one that has closed by
    itself has it shown. Raises as `ask` does, and IllegalMove where none is going on."""
    async with store.begin() as work:
        kept = await decision_drafts.seen(work, person, draft, version)
        now = standing(await work.rounds.check_backs([kept.rounds[-1]]))
    if now is None or not going_on(now):
        raise IllegalMove("Nobody is being asked now.")
    async with store.begin() as work:
        await close_rounds.close_now(work, now.session, now.id, clock.now())
    await show_check_back(store, clock, now)


async def about(work: Work, vote: str, until: str = "") -> CheckBack | None:
    """Returns the check-back on a vote that stands, with its result once shown; with `until` only one whose result was
    shown by then. None where those who voted were not asked."""
    round_ = standing(await work.rounds.check_backs([vote]))
    if round_ is None or (until and (not round_.revealed_at or round_.revealed_at > until)):
        return None
    session = await work.sessions.get_session(round_.session)
    if round_.state != RoundState.REVEALED:
        return CheckBack(session, round_)
    commission = await work.commissions.of_session(session)
    return CheckBack(session, round_, await results.result_outside(work, round_, commission))


async def on_votes_of(work: Work, session: LiveSession) -> list[CheckBack]:
    """Returns the check-backs on the votes of a session that were not annulled, newest first, without results."""
    asked = await work.rounds.check_backs([one.id for one in await work.rounds.list_rounds(session.id)])
    stand = [one for one in reversed(asked) if one.state != RoundState.ANNULLED]
    return [CheckBack(await work.sessions.get_session(one.session), one) for one in stand]


async def voter_of(work: Work, round_: Round, device: str) -> Voter | None:
    """Returns the browser with this cookie as one that voted in the session that a check-back asks about, or None."""
    if not device:
        return None
    vote = await work.rounds.get_round(round_.asks_about)
    return await work.voters.voter(vote.session, digest(device))
