"""Live sessions before they are opened: changes to what was planned, the opening itself, copies, and calling off.

Nothing of a planned session is in the record. Its opening is: all that holds for its votes is declared there, once, and
from then on nothing of it can be changed.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from forum.errors import IllegalMove, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services import record_entries
from forum.services.form_errors import Findings
from forum.services.sessions import guard
from forum.services.sessions.commissions_and_sessions import (
    SessionForm,
    create_session,
    goes_on,
    opened,
    read_session,
)
from forum.services.sessions.session_day import keep_day
from forum.sessions.session import Entrance, LiveSession
from forum.voting.suppression import ONLY_WITH_TICKETS, Partition

MOST_BECAUSE = 400

ALREADY = message("This session has been opened. What was declared with it cannot be changed any more.")
MEANWHILE = message(
    "Somebody else changed this session a moment ago. Look at it above, then send yours again if it still fits."
)
ON = message("This session has been opened, so it cannot be called off. End it on its console.")
OFF = message("This session was called off before, for the reason that stands here. What you wrote was not kept.")
TICKETS = message("Tickets were made for this session, so people get in with a ticket.")


async def open_session(store: Store, clock: Clock, session_id: str) -> LiveSession:
    """Opens a planned session: what holds for its votes goes into the record, and phones can join. One that is open
    already stays as it is. Raises NotFound, and IllegalMove where it is over, or its commission is closed."""
    async with store.begin() as work:
        session = await guard.of_kind(work, session_id)
        commission = await work.commissions.get_commission(session.commission, lock=True)
        session = await guard.going_on(work, session_id, planned=True)
        if session.opened_at:
            return session
        goes_on(commission)
        # Stories that were taken back since are not declared.
        playable = {s.id for s in await work.stories.list_stories(commission.id, "accepted") if s.may_perform}
        begun = replace(
            session,
            opened_at=clock.now(),
            stage=commission.stage,
            terms=commission.version,
            scenarios=tuple(id_ for id_ in session.scenarios if id_ in playable),
        ).changed()
        await work.sessions.save_session(begun)
        if begun.recorded:
            facts = opened(begun, commission)
            await record_entries.append(work, commission, "session opened", begun.opened_at, facts)
    return begun


async def change_session(store: Store, clock: Clock, session_id: str, form: SessionForm, seen: str) -> LiveSession:
    """Changes a planned session as a form says; `seen` is the version that the form was drawn from.

    Raises NotFound, FormErrors, and IllegalMove where it was opened or changed since (ALREADY, MEANWHILE), or where
    tickets of it are out (TICKETS).
    """
    async with store.begin() as work:
        session = await guard.of_kind(work, session_id)
        commission = await work.commissions.get_commission(session.commission, lock=True)
        session = await guard.going_on(work, session_id, planned=True)
        if session.opened_at:
            raise IllegalMove(ALREADY)
        values, (day, place) = await read_session(Findings(), work, commission, form)
        if str(session.version) != seen:
            raise IllegalMove(MEANWHILE)
        if session.entrance != values["entrance"] and await work.tickets.list_tickets(session.id):
            raise IllegalMove(TICKETS)
        after = replace(session, **values).changed()
        await work.sessions.save_session(after)
        await keep_day(work, session.id, day, place, clock.now())
    return after


async def copy_session(store: Store, clock: Clock, session_id: str, id_: str) -> LiveSession:
    """Plans a session like another, which may be over: its title, stories, settings and programme, without its day,
    its votes and its people. The same `id_` sent twice makes one. Raises as `create_session` does."""
    async with store.read() as work:
        like = await guard.of_kind(work, session_id)
        plan = (await work.programmes.latest(like.id)).plan
        form = await form_of(work, like)
    # Nobody types anything for a copy, so the same id is the same form.
    asked = replace(form, id=id_ or secrets.token_hex(16), planned=True, day="")
    return await create_session(store, clock, asked, replace(plan, public=False), of_words=True)


async def call_off(store: Store, clock: Clock, session_id: str, because: str) -> LiveSession:
    """Calls a planned session off: it has ended then, and its page, the record and the phones that come say why. The
    same reason sent twice calls it off once.

    Raises NotFound, FormErrors, and IllegalMove for one that was opened, or called off for another reason.
    """
    findings = Findings()
    why = findings.need("because", because, "Say why it is called off. Everybody reads it.", MOST_BECAUSE)
    findings.stop()
    async with store.begin() as work:
        session = await guard.of_kind(work, session_id)
        commission = await work.commissions.get_commission(session.commission, lock=True)
        session = await guard.of_kind(work, session_id, lock=True)
        if session.called_off_at and session.called_off_because == why:
            return session
        if session.called_off_at:
            raise IllegalMove(OFF)
        if session.opened_at:
            raise IllegalMove(guard.ENDED if session.ended else ON)
        at = clock.now()
        off = replace(session, ended=True, ended_at=at, called_off_at=at, called_off_because=why).changed()
        await work.sessions.save_session(off)
        if off.recorded:
            facts = {"session": off.id, "title": off.title, "because": record_entries.Words("because", why)}
            await record_entries.append(work, commission, "session called off", at, facts)
    return off


async def form_of(work: Work, session: LiveSession) -> SessionForm:
    """Returns a session as its form would have been typed, without stories that cannot be played any more."""
    plan = (await work.programmes.latest(session.id)).plan
    playable = {s.id for s in await work.stories.list_stories(session.commission, "accepted") if s.may_perform}
    return SessionForm(
        session.commission,
        title=session.title,
        scenarios=tuple(id_ for id_ in session.scenarios if id_ in playable),
        rehearsal=session.rehearsal,
        entrance=session.entrance,
        reasons=session.reasons,
        whole=session.entrance != Entrance.TICKETS and session.partition == Partition((), ONLY_WITH_TICKETS),
        no_receipts=session.no_receipts,
        day=plan.day,
        place=plan.place,
    )
