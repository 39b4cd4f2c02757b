"""Group commit of ballots: gather while the last commit runs, one transaction, then wake the waiters.

The crash points, and what happens next:

1. A cast is gathered, not yet committed, and the process dies: the phone has no answer, keeps the ballot, says "not
   sent yet", and sends the same cast again on the next connection.
2. The transaction is committed, the process dies before it answers: the phone sends the same cast again, the store
   knows its id, and it is answered as counted. Nothing is counted twice.
3. The store refuses the whole batch (disk full, connection lost): every cast of it is answered "not_stored", and the
   phones try again. Where the store failed after it had persisted the batch, this is case 2.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from forum.live.group_commit import Committed, GroupCommit
from forum.live.message_allowance import Changes
from forum.live.messages import CastMessage
from forum.live.metrics import ACKS, REFUSED
from forum.ports import Store, Work
from forum.stories.visible_text import upright
from forum.voting.ballot import Cast, CastOutcome
from forum.voting.reason import too_long

Answer: TypeAlias = Callable[[CastOutcome], None]
Counted: TypeAlias = Callable[[dict[str, int]], None]

MOST_WAITING = 50_000
RECOUNT = 2.0  # seconds after which the ballots of a round are counted again, as others add to them too
_BATCH = 1_000  # more in one take longer in one step of the event loop, and hardly less of the processor


def new_cast(
    round_id: str, participant: str, cast: str, choice: str, reason: str = "", condition: str = "", *, at: str
) -> Cast:
    """Makes the ballot that somebody sent, by whichever way, with fresh randoms for its leaf.

    `cast` is the id that the sender made for it, `at` when it came (UTC). Nothing of it is checked: `Intake` does that.
    """
    randoms = secrets.token_hex(3 * 16)
    return Cast(
        round=round_id,
        participant=participant,
        cast=cast,
        choice=choice,
        reason=reason,
        ballot=randoms[:32],
        salt=randoms[32:64],
        group_salt=randoms[64:],
        at=at,
        condition=condition,
    )


class _Counted(NamedTuple):
    """How many ballots a round has, and when the database was asked (the event loop's seconds)."""

    ballots: int
    at: float


class Intake:
    """Takes casts from everywhere in this process, checks them, and commits them in batches.

    Sockets, forms, posts, tablets and asynchronous answers all come through here. A cast whose words are too long, or
    whose participant casts far more often than anybody changes their mind, is refused at once; the round and the choice
    are held against each other in the transaction (voting/ballot.choice_refusal). Words are kept trimmed and upright.

    `counted` is called after each commit, before the answers, with the number of ballots of every round in it; those
    that other servers took in the last RECOUNT seconds may not be among them.
    """

    def __init__(self, store: Store, counted: Counted) -> None:
        self._counted = counted
        self._changes = Changes()
        self._voted: dict[str, _Counted] = {}
        self._casts = GroupCommit(store, self._commit, _not_stored, most_waiting=MOST_WAITING, batch=_BATCH)

    def cast(self, cast: Cast, answer: Answer) -> None:
        """Takes a cast and returns at once; `answer` is called exactly once, then or after the commit."""
        refusal = self._refusal(cast)
        if refusal:
            answer(_not_taken(cast, refusal))
        else:
            self._casts.put(_upright(cast), answer)

    async def cast_and_wait(self, cast: Cast) -> CastOutcome:
        """Takes a cast and returns its outcome, for a caller that can wait, as a form post can."""
        refusal = self._refusal(cast)
        return _not_taken(cast, refusal) if refusal else await self._casts.put_and_wait(_upright(cast))

    def storing(self) -> bool:
        """Returns true while casts are being stored, and others may wait for the next commit."""
        return self._casts.storing

    async def drain(self) -> None:
        """Returns when everything taken so far has been answered. For closing down."""
        await self._casts.drain()

    def _refusal(self, cast: Cast) -> str:
        """Gives the code (one of messages.REFUSALS) of a refusal that needs no look at the store; "" for none."""
        code = too_long(cast.reason, cast.condition)
        if code or self._changes.take(cast.participant, asyncio.get_running_loop().time()):
            return code
        return "too_fast"

    async def _commit(self, work: Work, casts: Sequence[Cast]) -> Committed[CastOutcome]:
        outcomes = await work.rounds.cast(list(casts))
        known, now = self._voted, asyncio.get_running_loop().time()
        rounds = {one.cast.round for one in outcomes if not one.refusal}
        old = sorted(one for one in rounds if one not in known or now - known[one].at >= RECOUNT)
        read = await work.rounds.voted(old) if old else {}
        more = Counter(one.cast.round for one in outcomes if one.first)
        counted = {one: read[one] if one in read else known[one].ballots + more[one] for one in rounds}
        refused = [one.refusal for one in outcomes if one.refusal]

        def on_disk() -> None:
            if read:
                self._voted = {one: was for one, was in known.items() if now - was.at < RECOUNT}
            for one, ballots in counted.items():
                self._voted[one] = _Counted(ballots, now if one in read else known[one].at)
            ACKS.inc(len(outcomes) - len(refused))
            for code in refused:
                REFUSED.labels(code).inc()
            self._counted(counted)

        return outcomes, on_disk


def _upright(cast: Cast) -> Cast:
    """Gives the cast with its words as they are kept (visible_text.upright)."""
    reason, condition = upright(cast.reason), upright(cast.condition)
    if (reason, condition) == (cast.reason, cast.condition):
        return cast  # as nearly always: a copy costs more than the rest
    return replace(cast, reason=reason, condition=condition)


def cast_of(message: CastMessage, participant: str, at: str) -> Cast:
    """Makes the ballot in a message."""
    return new_cast(message.round, participant, message.id, message.choice, message.reason, message.condition, at=at)


def _not_taken(cast: Cast, refusal: str) -> CastOutcome:
    REFUSED.labels(refusal).inc()
    return CastOutcome(cast, refusal)


def _not_stored(cast: Cast) -> CastOutcome:
    return _not_taken(cast, "not_stored")
