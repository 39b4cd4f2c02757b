"""Sign-ins: begun on a browser, listed for their owner, and ended by them or by an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from forum.errors import NotAllowed, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person, SignIn
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.ports.sign_on import Binding
from forum.services import audit
from forum.services.keys import digest, new_token
from forum.sessions.local_time import written

HOURS_SIGNED_IN = 12
MOST_DEVICE = 60
OTHER = (
    "The account with your e-mail address is bound to another identity at %(name)s than the one you came with. If both "
    "are yours, ask your administrator to undo that on the page “People”, and try again."
)
MOST_SHOWN = 50  # of the sign-ins that a page lists


class ToBind(msgspec.Struct, frozen=True):
    """An identity at a provider of single sign-on (`provider` is its name) that is bound to no account yet."""

    issuer: str
    sub: str
    provider: str


@dataclass(frozen=True)
class Begin:
    """A sign-in as a browser asks for it: `before` is the key of the one that it had, which ends, "" for none; `device`
    says in a few words which browser it is, and `day` which day it is where the installation is. `binds` is what the
    account is bound to as it begins, None for nothing."""

    before: str = ""
    device: str = ""
    day: str = ""
    binds: ToBind | None = None


class Listed(msgspec.Struct, frozen=True):
    """A sign-in as its owner sees it: `name` tells it from others, and opens nothing; `here` is this browser's."""

    name: str
    at: str
    used_on: str
    device: str
    here: bool


async def begin(work: Work, clock: Clock, person: Person, asked: Begin, what: What = What.SIGNED_IN) -> str:
    """Signs a person in for HOURS_SIGNED_IN. Returns the key of the sign-in; `what` is how the act is noted. Raises
    NotAllowed where the account, or the identity that it is to be bound to, was bound meanwhile."""
    if asked.binds is not None:
        await _bind(work, clock, person, asked.binds)
    if asked.before:
        await work.people.sign_out(digest(asked.before))
    token, now = new_token(), clock.now()
    until = written(datetime.fromisoformat(now) + timedelta(hours=HOURS_SIGNED_IN))
    made = SignIn(digest(token), person.id, now, until, asked.device[:MOST_DEVICE], asked.day or now[:10])
    await work.people.add_sign_in(made)
    await audit.note(work, now, person.id, what, made.device)
    return token


async def _bind(work: Work, clock: Clock, person: Person, to: ToBind) -> None:
    if await work.bindings.bind(Binding(person.id, to.issuer, to.sub, clock.now())):
        await audit.note(work, clock.now(), person.id, What.BOUND, to.provider)
    elif await work.bindings.bound_to(to.issuer, to.sub) != person.id:
        raise NotAllowed(OTHER, name=to.provider)


async def end(store: Store, clock: Clock, token: str) -> None:
    """Ends the sign-in with this key."""
    async with store.begin() as work:
        found = await work.people.get_sign_in(digest(token), clock.now())
        await work.people.sign_out(digest(token))
        if found is not None:
            await audit.note(work, clock.now(), found[0].id, What.SIGNED_OUT, found[1].device)


async def failed(store: Store, clock: Clock, person: Person) -> None:
    """Notes that somebody tried to sign in as this person, and could not."""
    async with store.begin() as work:
        await audit.note(work, clock.now(), "", What.SIGN_IN_FAILED, whom=person.id)


async def used(store: Store, token: str, day: str) -> None:
    """Notes the day on which the sign-in with this key was last used."""
    async with store.begin() as work:
        await work.people.use_sign_in(digest(token), day)


async def listed(work: Work, clock: Clock, person: Person, token: str) -> list[Listed]:
    """Returns where a person is signed in, this browser (by its key) first, then the latest."""
    mine = digest(token) if token else ""
    found = await work.people.sign_ins(person.id, clock.now(), MOST_SHOWN)
    rows = [Listed(digest(one.token), one.at, one.used_on, one.device, one.token == mine) for one in found]
    return sorted(rows, key=lambda row: not row.here)


async def end_one(store: Store, clock: Clock, person: Person, name: str) -> None:
    """Ends one of a person's sign-ins, by its `Listed.name`. Raises NotFound where there is none such any more."""
    async with store.begin() as work:
        for one in await work.people.sign_ins(person.id, clock.now(), MOST_SHOWN):
            if digest(one.token) == name:
                await work.people.sign_out(one.token)
                await audit.note(work, clock.now(), person.id, What.SIGN_INS_ENDED, one.device)
                return
    raise NotFound("This device is signed out already.")


async def end_others(store: Store, clock: Clock, person: Person, token: str) -> int:
    """Ends every sign-in of a person but the one with this key. Returns how many ended."""
    async with store.begin() as work:
        gone = await work.people.sign_out_everywhere(person.id, but=digest(token))
        if gone:
            await audit.note(work, clock.now(), person.id, What.SIGN_INS_ENDED)
    return gone


async def end_all(store: Store, clock: Clock, whose: str, *, by: Person) -> None:
    """Ends every sign-in of somebody (by id). Raises NotFound where there is no such account."""
    async with store.begin() as work:
        if whose not in {one.id for one in await work.people.list_people()}:
            raise NotFound("There is nobody with this account.")
        if await work.people.sign_out_everywhere(whose):
            await audit.note(work, clock.now(), by.id, What.SIGN_INS_ENDED, whom=whose)
