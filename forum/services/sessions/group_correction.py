"""A participant's own group: put right by themselves until their first vote is counted, and no more afterwards."""

from __future__ import annotations

from forum.errors import BadInput, IllegalMove
from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.sessions import guard
from forum.sessions.session import Entrance
from forum.voting.round import RoundState

FIXED = (
    "Your first vote was counted with your group, so it stays in this session. "
    "If it is wrong, tell the facilitator or the organisers: they can say so beside the result."
)


async def put_right(store: Store, clock: Clock, session_id: str, participant: str, group: str | None) -> None:
    """Puts a participant into another group (None: prefer not to say).

    Raises BadInput for a group that the commission does not have, IllegalMove once a vote of theirs is counted, where
    their ticket or their vote says the group, or where the session has ended or its question is closed.
    """
    async with store.begin() as work:
        # No round can be opened meanwhile, and casts in those that are open come before this or after it: so all
        # ballots of one participant are of one group.
        session = await guard.going_on(work, session_id, None)
        if session.entrance == Entrance.TICKETS:
            raise IllegalMove("Your ticket says which group you come from. Ask the organiser for another one.")
        if session.entrance == Entrance.VOTERS:
            raise IllegalMove("Your answer is counted with the group that you voted with.")
        commission = await work.commissions.of_session(session)
        if group is not None and commission.group_label(group) is None:
            raise BadInput("Choose a group, or “Prefer not to say”.", field="group")
        every = await work.rounds.list_rounds(session_id)
        if session.asynchronous and not any(round_.takes(clock.now()) for round_ in every):
            raise IllegalMove(guard.OVER)
        for round_ in every:
            if round_.state == RoundState.OPEN:
                await work.rounds.get_round(round_.id, lock=True)
        if not await work.sessions.regroup(participant, group):
            raise IllegalMove(FIXED)
