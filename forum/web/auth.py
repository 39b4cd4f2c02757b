"""The person who asks, and whether they may do what they ask for."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from forum.errors import NotAllowed, SignInNeeded
from forum.ports.accounts import Person
from forum.services import permissions
from forum.services.keys import digest
from forum.web.cookies import SIGNED_IN, cookie_of
from forum.web.site import site_of


async def person_of(request: HTTPConnection) -> Person | None:
    """Returns the person signed in, by cookie or by an organiser's token in `Authorization: Bearer ...`; None for
    nobody. Reads them once a request."""
    if not hasattr(request.state, "person"):
        request.state.person = await _read_person(request)
    person: Person | None = request.state.person
    return person


async def _read_person(request: HTTPConnection) -> Person | None:
    site = site_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        async with site.store.read() as work:
            return await work.people.token_holder(digest(secret.strip()))
    cookie = cookie_of(request, SIGNED_IN)
    if not cookie:
        return None
    async with site.store.read() as work:
        return await work.people.signed_in(digest(cookie), site.clock.now())


async def need(request: HTTPConnection, permission: str) -> Person | None:
    """Returns the person signed in, who has this permission; None for a stranger, where it is "public".

    Raises SignInNeeded where nobody is signed in, NotAllowed where the person's roles do not give the permission.
    """
    person = await person_of(request)
    if permissions.may(person.roles if person else (), permission):
        return person
    if person is None:
        raise SignInNeeded("Sign in to see this page.")
    raise NotAllowed("This page is not for your role. Ask an administrator if you need it.")


async def still_may(request: HTTPConnection, permission: str) -> bool:
    """Returns True while the person has this permission. Reads them anew at each call, for connections that outlive a
    sign-out or a change of roles."""
    person = await _read_person(request)
    return permissions.may(person.roles if person else (), permission)


async def somebody(request: HTTPConnection) -> Person:
    """Returns the person signed in. Raises SignInNeeded where there is none."""
    person = await person_of(request)
    if person is None:
        raise SignInNeeded("Sign in to see this page.")
    return person
