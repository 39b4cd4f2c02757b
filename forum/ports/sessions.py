"""Sessions and all that belongs to one: participants, programme, tickets, paper counts, stops, proposals, the
last act.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from forum.sessions.paper_count import PaperCount
from forum.sessions.programme import Planned
from forum.sessions.proposal import Amendment, Pledge, Proposal
from forum.sessions.session import Asked, LastAct, LiveSession, Participant, SessionKind
from forum.sessions.stop import Stop
from forum.sessions.ticket import Ticket
from forum.voting.ballot import Ballot


class Sessions(Protocol):
    """Live and asynchronous sessions with their participants."""

    async def add_session(self, session: LiveSession) -> None:
        """Adds a session. Raises BadInput(field="code") where a session that has not ended has this code: take another
        one.
        """

    async def get_session(self, session: str, *, lock: bool = False) -> LiveSession:
        """Returns a session. `lock` keeps every other unit of work from changing it until this one ends. Raises
        NotFound.
        """

    async def session_by_code(self, code: str, *, kind: SessionKind = SessionKind.ROOM) -> LiveSession:
        """Returns the session of this kind with this code: the one that has not ended, else the newest. Raises
        NotFound.
        """

    async def by_projector(self, key: str) -> LiveSession:
        """Returns the session whose projector link has this key. Raises NotFound."""

    async def by_tablet(self, key: str) -> LiveSession:
        """Returns the session whose link for shared tablets has this key. Raises NotFound; always for an empty key."""

    async def list_sessions(self, commission: str | None = None) -> list[LiveSession]:
        """Returns the sessions of a commission, or all, newest first."""

    async def titles(self, commission: str) -> list[tuple[str, str]]:
        """Returns id and title of the sessions of a commission, oldest first."""

    async def save_session(self, session: LiveSession) -> None:
        """Writes a changed session. Raises NotFound."""

    async def join(self, participant: Participant, device: str) -> Participant:
        """Adds a participant, or returns the one that this device (a SHA-256) already has in this session.

        The device is stored as a digest that differs from session to session, so two sessions never show that one
        browser was in both.
        """

    async def regroup(self, participant: str, group: str | None) -> bool:
        """Moves a participant, with their stops that were not taken yet, into another group. Returns False, and changes
        nothing, once a ballot of theirs is counted. That group is removed from the further groups they named.
        """

    async def participant(self, session: str, device: str) -> Participant | None:
        """Returns the participant that this device (a SHA-256) has in a session, or None."""

    async def joined(self, session: str, until: str = "") -> dict[str | None, int]:
        """Returns how many joined by group id (None: prefer not to say), without passing participants and observers;
        with `until` those who had joined by then.
        """

    async def came(self, sessions: Collection[str]) -> dict[str, int]:
        """Returns how many joined each of these sessions, as `joined` counts them; those whom nobody joined are left
        out."""

    async def observers(self, session: str) -> int:
        """Returns how many follow without voting."""

    async def over(self, before: str) -> list[str]:
        """Returns the ids of the sessions that were over before this time and still know their devices.

        A room is over when it has ended; an asynchronous session when its result is shown or its round is annulled.
        """

    async def forget_devices(self, session: str) -> None:
        """Erases which browser and ticket each participant of a session used; participants and ballots stay."""

    async def places(self, session: str) -> int:
        """Returns how many have joined, observers included and passing participants left out."""


class Cares(Protocol):
    """Anonymous requests for help, and the groups people belong to besides the one they speak from."""

    async def ask(self, session: str, kind: str, about: str = "") -> int:
        """Adds one to the requests of this kind and subject, and returns how many there are now."""

    async def see(self, session: str, kind: str, seen: int | None = None) -> None:
        """Marks all requests of this kind, or the first `seen` of each subject, as seen."""

    async def list_asked(self, session: str) -> dict[tuple[str, str], Asked]:
        """Returns the requests of a session by (kind, subject)."""

    async def belong(self, participant_id: str, groups: Collection[str]) -> None:
        """Replaces the further groups of a participant."""

    async def belonging(self, session: str) -> dict[str | None, int]:
        """Returns how many people named each further group. Before showing it, call voting/suppression.in_the_room."""


class LastActs(Protocol):
    """The facilitator's last act in each session, kept as long as it can be undone."""

    async def get_last_act(self, session: str) -> LastAct | None:
        """Returns the last act of a session, or None."""

    async def put_last_act(self, act: LastAct) -> None:
        """Stores an act and replaces the one before it."""

    async def forget_last_act(self, session: str) -> None:
        """Deletes the last act of a session: nothing can be undone any more."""


class Programmes(Protocol):
    """Programmes of sessions with their earlier states."""

    async def latest(self, session: str) -> Planned:
        """Returns a session's programme as it is now; number 0 where nothing was planned yet."""

    async def latest_of(self, sessions: Collection[str]) -> dict[str, Planned]:
        """Returns the current programmes of several sessions by session; those with nothing planned are left out."""

    async def at(self, session: str, number: int) -> Planned:
        """Returns the programme as it was after change `number`. Raises NotFound where that state is no longer kept."""

    async def add_programme(self, planned: Planned) -> None:
        """Adds the next state and deletes states too old to keep. Raises IllegalMove where this number is taken."""

    async def erase_story(self, story: str) -> None:
        """Removes a story from every programme and deletes the earlier states of those programmes."""


class Tickets(Protocol):
    """Tickets to sessions. Codes are passed as SHA-256 (hex)."""

    async def add_tickets(self, tickets: Sequence[Ticket]) -> None:
        """Adds tickets. Raises IllegalMove where a number is taken: somebody else issued tickets at this moment."""

    async def list_tickets(self, session: str) -> list[Ticket]:
        """Returns the tickets of a session by number."""

    async def ticket_by_code(self, session: str, code: str) -> Ticket | None:
        """Returns the ticket with this code, or None."""

    async def use(self, ticket: str, participant: str, at: str) -> bool:
        """Gives a ticket to a participant. Returns False, and changes nothing, where it was used or revoked before."""

    async def revoke(self, ticket: str, at: str) -> bool:
        """Revokes a ticket. Returns False where it was revoked before."""

    async def move_ticket(self, participant: str, device: str) -> None:
        """Moves a participant to this device (a SHA-256); the device used before is nobody's. Raises NotFound."""


class Papers(Protocol):
    """Papers counted by hand: one count for each round."""

    async def get_paper_count(self, round_id: str) -> PaperCount | None:
        """Returns the count of a round, or None."""

    async def put_paper_count(self, count: PaperCount) -> None:
        """Stores a count and replaces an unconfirmed one. Raises IllegalMove where the round's count was confirmed
        already.
        """

    async def discard(self, round_id: str, id_: str) -> bool:
        """Deletes an unconfirmed count. Returns False where it is gone or was confirmed."""

    async def confirm(self, count: PaperCount, ballots: Sequence[tuple[Participant, str, Ballot]]) -> None:
        """Confirms a count and adds, for each paper, a participant, their device (a SHA-256 of no browser) and their
        ballot. Raises IllegalMove where the stored count is not the one that `count` was made from, or was confirmed
        already.
        """


class Stops(Protocol):
    """Stops that audience members call while a scene is played again, and their outcomes."""

    async def press(self, stop: Stop) -> Stop | None:
        """Stores a participant's stop with that participant's group and returns it as stored.

        A participant has one stop in a showing: pressing again replaces its character and words, unless it is `fixed`.
        Returns None where the session has no such participant, or one who only observes.
        """

    async def add_stop(self, stop: Stop) -> None:
        """Adds a stop that somebody shouted; it has no participant."""

    async def get_stop(self, stop: str) -> Stop:
        """Returns a stop. Raises NotFound."""

    async def list_stops(self, session: str) -> list[Stop]:
        """Returns the stops of a session in the order they came."""

    async def taken(self, session: str) -> list[Stop]:
        """Returns the stops of a session that were on every screen, in the order in which they were taken."""

    async def save_stop(self, stop: Stop) -> None:
        """Writes everything of a stop except what its presser wrote. Raises NotFound."""

    async def erase_story(self, story: str) -> None:
        """Deletes every word in the stops of a story. That somebody stopped, and when, stays."""


class Proposals(Protocol):
    """Proposals of a session, with their amendments and pledges."""

    async def add_proposal(self, proposal: Proposal) -> bool:
        """Adds a proposal. Returns False where its id is taken."""

    async def get_proposal(self, proposal: str) -> Proposal:
        """Returns a proposal. Raises NotFound."""

    async def list_proposals(self, session: str) -> list[Proposal]:
        """Returns the proposals of a session in the order they were made."""

    async def save_proposal(self, proposal: Proposal) -> None:
        """Writes a changed proposal. Raises NotFound."""

    async def note_shown(self, session: str) -> None:
        """Notes that the proposals which stand, and the amendments in flight, are on the screens."""

    async def amend(self, amendment: Amendment) -> bool:
        """Adds an amendment. Returns False where another amendment of its proposal is still open."""

    async def amendments(self, session: str) -> list[Amendment]:
        """Returns the amendments of all proposals of a session, in the order they were made."""

    async def close_amendment(self, amendment: Amendment) -> None:
        """Writes an amendment's state. Raises NotFound."""

    async def pledge(self, pledge: Pledge) -> bool:
        """Adds a pledge. Returns False where its id is taken."""

    async def pledges(self, session: str) -> list[Pledge]:
        """Returns the pledges of a session in the order they were made."""

    async def pledges_on(self, rounds: Sequence[str]) -> list[Pledge]:
        """Returns the pledges made on these rounds, in the order they were made."""

    async def save_pledge(self, pledge: Pledge) -> None:
        """Writes a pledge's state and the decision that confirmed it. Raises NotFound."""

    async def erase_story(self, story: str) -> None:
        """Deletes the words of every proposal that grew from a story, of its amendments and of its pledges."""
