"""Single sign-on: whoever the provider says that somebody is signs in to the account that is theirs here.

The first time that is the account whose login is the e-mail address that the provider has verified; it is bound to
the identity then, and from then on the identity alone counts, whatever the address becomes. Nobody gets an account so.
"""

from __future__ import annotations

from dataclasses import replace

from forum.errors import NotAllowed, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.ports.second_steps import Must
from forum.ports.sign_on import Identity
from forum.services import audit, sign_ins
from forum.services.second_steps import must
from forum.services.sign_ins import OTHER, Begin, ToBind

_NO_EMAIL = (
    "%(name)s does not say that it has verified your e-mail address, so nobody can tell which account is yours. "
    "Verify it there and try again, or ask your administrator."
)
_NO_ACCOUNT = (
    "You are signed in at %(name)s, but no account here has your e-mail address as its login. Ask your administrator "
    "for one."
)


async def enter(
    store: Store, clock: Clock, name: str, identity: Identity, asked: Begin, setting: Must
) -> tuple[Person, str, ToBind | None]:
    """Signs in whose identity this is, and binds their account to it. Returns them and the key of the sign-in; where
    they have, or must have, a second step here and the provider does not say that it asked for one, "" and what is
    bound once that is passed. Raises NotAllowed, with what to do, where no account is theirs; `name` is the
    provider's."""
    async with store.begin() as work:
        bound = await work.bindings.bound_to(identity.issuer, identity.sub)
        people = {one.id: one for one in await work.people.list_people()}
        person = people[bound] if bound else await _first(work, name, identity)
        binds = None if bound else ToBind(identity.issuer, identity.sub, name)
        further = await work.second_steps.get_second_step(person.id) is not None or must(person, setting)
        if further and not identity.second:
            return person, "", binds
        asked = replace(asked, binds=binds)
        token = await sign_ins.begin(work, clock, person, asked, What.SIGNED_IN_BY_PROVIDER)
    return person, token, None


async def unbind(store: Store, clock: Clock, whose: str, *, by: str) -> None:
    """Undoes the binding of an account (by id), and ends every sign-in of theirs; nothing where there is none. Raises
    NotFound where there is no such account."""
    async with store.begin() as work:
        if whose not in {one.id for one in await work.people.list_people()}:
            raise NotFound("There is nobody with this account.")
        if await work.bindings.unbind(whose):
            await audit.note(work, clock.now(), by, What.UNBOUND, whom=whose)
            await work.people.sign_out_everywhere(whose)


async def _first(work: Work, name: str, identity: Identity) -> Person:
    """Returns the account whose login is the address of an identity, which is bound to none yet."""
    # Letters beyond ASCII are compared by what they look like: an address with such is nobody's by itself.
    if not identity.email or not identity.email.isascii():
        raise NotAllowed(_NO_EMAIL, name=name)
    person = await work.people.by_login(identity.email)
    if person is None:
        raise NotAllowed(_NO_ACCOUNT, name=name)
    if person.id in await work.bindings.all_bindings():
        raise NotAllowed(OTHER, name=name)
    return person
