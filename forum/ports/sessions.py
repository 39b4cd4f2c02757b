"""Sessions and all that belongs to one: programme, tickets, paper counts, stops, proposals, the last act."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from forum.sessions.paper_count import PaperCount
from forum.sessions.programme import Planned
from forum.sessions.proposal import Amendment, Pledge, Proposal
from forum.sessions.session import ROOM, Asked, LastAct, LiveSession, Participant
from forum.sessions.stop import Stop
from forum.sessions.ticket import Ticket
from forum.voting.ballot import Ballot


class Sessions(Protocol):
    """Live sessions and who joined them."""

    async def add_session(self, session: LiveSession) -> None:
        """Raises BadInput(field="code") where a session that has not ended has this code; make another one then."""

    async def get_session(self, session: str, *, lock: bool = False) -> LiveSession:
        """`lock` keeps every other unit of work from changing it until this one ends."""

    async def session_by_code(self, code: str, *, kind: str = ROOM) -> LiveSession:
        """Of the sessions of this kind the one that has not ended, else the newest that had this code."""

    async def by_projector(self, key: str) -> LiveSession: ...
    async def by_tablet(self, key: str) -> LiveSession:
        """By the key of the link for shared tablets; an empty key is nobody's."""
        ...

    async def list_sessions(self, commission: str | None = None) -> list[LiveSession]:
        """Newest first."""

    async def save_session(self, session: LiveSession) -> None: ...
    async def join(self, participant: Participant, device: str) -> Participant:
        """Adds it, or returns the one that this device (a SHA-256) already is in this session.

        What is kept of a device is different in each session: two of them never tell that a browser was in both.
        """

    async def regroup(self, participant: str, group: str | None) -> bool:
        """Puts a participant into another group, with the stops of theirs that nobody took, as long as no ballot of
        theirs is counted; whether. They are no longer said to belong to it besides."""

    async def group_of(self, participant: str) -> str | None:
        """The id of a participant's group; None for those who prefer not to say, and for nobody."""
        ...

    async def participant(self, session: str, device: str) -> Participant | None: ...
    async def joined(self, session: str) -> dict[str | None, int]:
        """How many joined, by group id (None: prefer not to say); those passing and observers are left out."""

    async def observers(self, session: str) -> int:
        """How many follow without voting."""
        ...

    async def over(self, before: str) -> list[str]:
        """The sessions that were over before this time and still know their devices.

        A room is over when it has ended, an asynchronous session when its result is shown, or its round is void.
        """
        ...

    async def forget_devices(self, session: str) -> None:
        """From now on nobody's browser is known in a session; participants and ballots stay."""

    async def places(self, session: str) -> int:
        """How many have joined in all, observers too; those passing are left out."""
        ...


class Cares(Protocol):
    """What people ask for without a name; the groups that they belong to besides the one they speak from."""

    async def ask(self, session: str, kind: str, about: str = "") -> int:
        """One more asks; how many have by now."""
        ...

    async def see(self, session: str, kind: str, seen: int | None = None) -> None:
        """All that was asked for until now is seen, or so much of it."""

    async def list_asked(self, session: str) -> dict[tuple[str, str], Asked]:
        """By what and about what."""
        ...

    async def belong(self, participant_id: str, groups: Collection[str]) -> None:
        """In the place of those told before."""

    async def belonging(self, session: str) -> dict[str | None, int]:
        """How many told each further group; whoever shows it asks groups.in_the_room."""
        ...


class LastActs(Protocol):
    """The facilitator's last act in each session, for as long as it can be undone."""

    async def get_last_act(self, session: str) -> LastAct | None: ...
    async def put_last_act(self, act: LastAct) -> None:
        """In the place of the one before."""

    async def forget_last_act(self, session: str) -> None:
        """There is nothing to undo in this session."""


class Programmes(Protocol):
    """The programmes of sessions, change by change."""

    async def latest(self, session: str) -> Planned:
        """As it is now; number 0 where nothing was planned yet."""
        ...

    async def latest_of(self, sessions: Collection[str]) -> dict[str, Planned]:
        """The same of several sessions at once, by session; those for which nothing was planned yet are not in it."""
        ...

    async def at(self, session: str, number: int) -> Planned:
        """As it was from that change on. Raises NotFound where that is no longer kept."""
        ...

    async def add_programme(self, planned: Planned) -> None:
        """The next state; the oldest are forgotten in time. Raises IllegalMove where this number is there already."""

    async def erase_story(self, story: str) -> None:
        """Takes a story out of every programme, and forgets how those programmes were before."""


class Tickets(Protocol):
    """Tickets to sessions. Codes come in hashed (SHA-256 hex)."""

    async def add_tickets(self, tickets: Sequence[Ticket]) -> None:
        """Raises IllegalMove where a number is taken: somebody else issued tickets at this moment."""

    async def list_tickets(self, session: str) -> list[Ticket]:
        """By number."""
        ...

    async def ticket_by_code(self, session: str, code: str) -> Ticket | None: ...
    async def use(self, ticket: str, participant: str, at: str) -> bool:
        """Ties a ticket to who came with it. False, and nothing changes, where it was used or revoked before."""
        ...

    async def revoke(self, ticket: str, at: str) -> bool:
        """False where it was revoked before."""
        ...

    async def move_ticket(self, participant: str, device: str) -> None:
        """The participant is on this device (a SHA-256) from now on; the one before is nobody's."""


class Papers(Protocol):
    """Papers counted by hand, one count for each round."""

    async def get_paper_count(self, round_id: str) -> PaperCount | None: ...
    async def put_paper_count(self, count: PaperCount) -> None:
        """Keeps a count in the place of an unconfirmed one. Raises IllegalMove where it was confirmed already."""

    async def discard(self, round_id: str, id_: str) -> bool:
        """False where that count is no longer there, or was confirmed."""
        ...

    async def confirm(self, count: PaperCount, ballots: Sequence[tuple[Participant, str, Ballot]]) -> None:
        """Counts every paper once: a participant, their device (a SHA-256 of nobody's) and their ballot for each.
        Raises IllegalMove where the count is no longer as `count` was entered, or was confirmed already."""


class Stops(Protocol):
    """What audience members call out while a scene is played again, and what came of it."""

    async def press(self, stop: Stop) -> Stop | None:
        """Keeps a stop of a participant, with that participant's group; the one that this participant has in this
        showing gets the character and the words of the new one instead, unless it is `fixed`. Returns the stop as it
        is kept now, None where there is no such participant in the stop's session, or one who only observes."""

    async def add_stop(self, stop: Stop) -> None:
        """A stop that somebody shouted: it has no participant."""

    async def get_stop(self, stop: str) -> Stop: ...
    async def list_stops(self, session: str) -> list[Stop]:
        """In the order in which they came."""

    async def stop_by(self, participant: str, showing: str) -> Stop | None: ...
    async def save_stop(self, stop: Stop) -> None:
        """All but what its presser wrote."""

    async def erase_story(self, story: str) -> None:
        """Takes every word out of the stops of a story. That somebody stopped, and when, stays."""


class Proposals(Protocol):
    """Proposals of a session, with their amendments and pledges."""

    async def add_proposal(self, proposal: Proposal) -> bool:
        """False where there is one with this id already."""

    async def get_proposal(self, proposal: str) -> Proposal: ...
    async def list_proposals(self, session: str) -> list[Proposal]:
        """In the order they were made."""

    async def save_proposal(self, proposal: Proposal) -> None: ...
    async def amend(self, amendment: Amendment) -> bool:
        """False where an amendment of this proposal is in flight."""

    async def amendments(self, session: str) -> list[Amendment]:
        """Of all its proposals, in the order they were made."""

    async def close_amendment(self, amendment: Amendment) -> None: ...
    async def pledge(self, pledge: Pledge) -> bool:
        """False where there is one with this id already."""

    async def pledges(self, session: str) -> list[Pledge]:
        """In the order they were made."""

    async def pledges_on(self, rounds: Sequence[str]) -> list[Pledge]:
        """Those about these rounds."""

    async def save_pledge(self, pledge: Pledge) -> None: ...
    async def erase_story(self, story: str) -> None:
        """Takes the words out of every proposal that grew from a story, out of its amendments and pledges."""
