"""Tickets: single-use codes by group, so that a group's vote is that group's.

A ticket is one person. Where it is lost, a new one takes its place: the old one dies, and who came with it goes on with
the new one, on another device, with the ballots that were counted already. Codes are told when they are issued, and
kept as SHA-256 only; a program that sends the same request again is told them again, as they follow from it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace

import msgspec

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.keys import digest, digest_of_no_key
from forum.services.sessions import guard
from forum.sessions.session import Entrance, LiveSession, Participant
from forum.sessions.ticket import Ticket
from forum.stories.visible_text import digits

# No 0 and O, no 1, I and L: what is read out or copied by hand is read right.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH, PART = 12, 4
MOST_AT_ONCE, MOST_TICKETS = 500, 5000
_TOLD = (
    "These tickets were issued already, and their codes cannot be told again. Issue new ones, and revoke those that "
    "nobody has."
)


@dataclass(frozen=True)
class Issued:
    """A new ticket with its code, which is kept nowhere."""

    ticket: Ticket
    code: str


@dataclass(frozen=True)
class Repeatable:
    """A program's request that may come again: its `id`, and the `seed` that its codes are made of, 32 bytes that only
    the same request brings again."""

    id: str
    seed: bytes


class UnknownTicket(BadInput):
    """There is no such ticket: a guess, or a slip."""


def plain(typed: str) -> str:
    """A code as typed, with whatever stands between its letters, as it is compared."""
    return "".join(c for c in digits(typed).upper() if c.isascii() and c.isalnum())


def printed(code: str) -> str:
    """A code as it is printed: "K7MQ-2RXP-9FHT"."""
    return "-".join(code[n : n + PART] for n in range(0, len(code), PART))


def code_digest(code: str) -> str:
    """Gives what is kept of a code, however it was typed: the SHA-256 of its letters and digits, in hex."""
    return digest(plain(code))


async def issue(
    store: Store, clock: Clock, session_id: str, group: str | None, count: int, once: Repeatable | None = None
) -> list[Issued]:
    """Issues so many tickets for one group (None: prefer not to say); those of one request that comes twice are issued
    `once`, and told again as they were.

    Raises BadInput, and IllegalMove where the session takes none, or a repeated request's codes came of another seed.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise BadInput("Issue from 1 to %(most)s tickets at once.", field="count", most=MOST_AT_ONCE)
    async with store.begin() as work:
        held = await guard.of_kind(work, session_id, lock=True)
        if once and (before := _issued_before(await work.tickets.list_tickets(held.id), count, once)):
            return before
        session = await _ticketed(work, session_id)
        commission = await work.commissions.of_session(session)
        if group is not None and commission.group_label(group) is None:
            raise BadInput("Choose a group.", field="group")
        standing = await work.tickets.list_tickets(session.id)
        if len(standing) + count > MOST_TICKETS:
            raise BadInput("A session has at most %(most)s tickets.", field="count", most=MOST_TICKETS)
        first = len(standing) + 1
        codes = [_code_of(once, number) if once else _random_code() for number in range(count)]
        issued = [_new(session, number, group, clock.now(), code) for number, code in enumerate(codes, first)]
        if once:
            issued[0] = replace(issued[0], ticket=replace(issued[0].ticket, id=once.id))
        await work.tickets.add_tickets([new.ticket for new in issued])
    return issued


def _issued_before(standing: list[Ticket], count: int, once: Repeatable) -> list[Issued]:
    """Returns the tickets that a request issued when it came before, [] where it did not. Raises IllegalMove where its
    codes are not those: the signing key was changed since."""
    first = next((ticket for ticket in standing if ticket.id == once.id), None)
    if first is None:
        return []
    tickets = sorted(standing, key=lambda one: one.number)
    batch = [one for one in tickets if first.number <= one.number < first.number + count]
    issued = [Issued(ticket, _code_of(once, number)) for number, ticket in enumerate(batch)]
    if any(one.ticket.code != code_digest(one.code) for one in issued):
        raise IllegalMove(_TOLD)
    return issued


async def renew(store: Store, clock: Clock, session_id: str, number: int) -> Issued:
    """Puts a new ticket in the place of a lost one, which dies. Raises NotFound, IllegalMove where it is dead."""
    async with store.begin() as work:
        session = await _ticketed(work, session_id)
        tickets = await work.tickets.list_tickets(session.id)
        lost = _numbered(tickets, number)
        await _end(work, lost, clock.now())
        fresh = _new(session, len(tickets) + 1, lost.group, clock.now(), _random_code(), lost)
        await work.tickets.add_tickets([fresh.ticket])
    return fresh


async def revoke(store: Store, clock: Clock, session_id: str, number: int) -> Ticket:
    """Makes a ticket useless; ballots that were counted stay. Raises NotFound, IllegalMove where it is dead already."""
    async with store.begin() as work:
        session = await _ticketed(work, session_id)
        ticket = _numbered(await work.tickets.list_tickets(session.id), number)
        await _end(work, ticket, clock.now())
    return ticket


class JoinAnswers(msgspec.Struct, frozen=True):
    """Answers that somebody gives when they come in: the ids of the groups that they belong to besides their ticket's,
    and `observe`, true where they only follow. They count at the first time: whoever goes on with another ticket goes
    on as they were."""

    also: frozenset[str] = frozenset()
    observe: bool = False


NO_ANSWERS = JoinAnswers()


async def admit(
    store: Store, clock: Clock, session: LiveSession, typed: str, device: str, answers: JoinAnswers = NO_ANSWERS
) -> Participant:
    """Who comes with this ticket on this device (a SHA-256): once; the same device may ask again.

    Raises UnknownTicket for a code that is none of this session's, BadInput for one that is dead or in use elsewhere.
    """
    async with store.begin() as work:
        ticket = await work.tickets.ticket_by_code(session.id, code_digest(typed))
        if ticket is None:
            raise UnknownTicket("There is no such ticket for this session. Check each letter.", field="ticket")
        here = await work.sessions.participant(session.id, device)
        if ticket.used_at and ticket.participant and here and here.id == ticket.participant and not ticket.revoked_at:
            return here
        if ticket.revoked_at:
            raise BadInput("This ticket no longer lets anybody in. Ask the organiser for a new one.", field="ticket")
        if here is not None:
            raise BadInput("Somebody came in on this device with another ticket already.", field="ticket")
        person = await _person(work, session, ticket, device, clock.now(), answers)
        # The one place that says whether it was used: by one statement, whoever comes at the same moment. Where it was,
        # what _person did goes back with the rest.
        if not await work.tickets.use(ticket.id, person.id, clock.now()):
            raise BadInput(
                "This ticket is in use on another device. Go on there: each ticket has one vote. "
                "If that device is lost, ask the organiser for a new ticket.",
                field="ticket",
            )
    return person


async def _person(
    work: Work, session: LiveSession, ticket: Ticket, device: str, at: str, answers: JoinAnswers
) -> Participant:
    if ticket.participant is not None:
        await work.tickets.move_ticket(ticket.participant, device)
        return Participant(ticket.participant, session.id, ticket.group, at)
    person = Participant(secrets.token_hex(16), session.id, ticket.group, at, observer=answers.observe)
    joined = await work.sessions.join(person, device)
    if joined.id == person.id:
        await work.care.belong(person.id, answers.also - {ticket.group})
    return joined


async def _ticketed(work: Work, session_id: str) -> LiveSession:
    session = await guard.going_on(work, session_id, planned=True)
    if session.entrance != Entrance.TICKETS:
        raise IllegalMove("People join this session with its code. It has no tickets.")
    return session


def _random_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _code_of(once: Repeatable, number: int) -> str:
    """Returns the code of a ticket of a request by its place there: nobody tells it from a random one without the
    seed."""
    left, letters = int.from_bytes(hmac.digest(once.seed, str(number).encode(), hashlib.sha256)), []
    for _ in range(LENGTH):
        left, letter = divmod(left, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def _new(
    session: LiveSession, number: int, group: str | None, at: str, code: str, lost: Ticket | None = None
) -> Issued:
    ticket = Ticket(
        secrets.token_hex(16),
        session.id,
        number,
        group,
        code_digest(code),
        at,
        participant=lost.participant if lost else None,
        replaces=lost.number if lost else None,
    )
    return Issued(ticket, code)


def _numbered(tickets: list[Ticket], number: int) -> Ticket:
    ticket = next((ticket for ticket in tickets if ticket.number == number), None)
    if ticket is None:
        raise NotFound("There is no ticket with this number.")
    return ticket


async def _end(work: Work, ticket: Ticket, at: str) -> None:
    if not await work.tickets.revoke(ticket.id, at):
        raise IllegalMove("This ticket is dead already.")
    if ticket.participant is not None:
        # Its device is out; nobody has the new one.
        await work.tickets.move_ticket(ticket.participant, digest_of_no_key())
