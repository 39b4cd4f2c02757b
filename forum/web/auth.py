"""The person who asks, and whether they may do what they ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from starlette.requests import HTTPConnection

from forum.errors import NotAllowed, NotFound, SignInNeeded, StoreUnavailable, message
from forum.ports import Work
from forum.ports.accounts import Person
from forum.services import (
    api_tokens,
    commitments,
    decision_drafts,
    minority_statements,
    permissions,
    sign_ins,
    update_files,
)
from forum.services.keys import digest
from forum.services.permissions import Reach
from forum.web.cookies import SIGNED_IN, cookie_of
from forum.web.i18n.dates import today
from forum.web.site import site_of

API = "/api/v1/"
TOKEN_UNKNOWN = message("This token is not known: it was revoked, it has run out, or it was copied wrong.")


async def person_of(request: HTTPConnection) -> Person | None:
    """Returns the person signed in, by cookie or by an organiser's token in `Authorization: Bearer ...`; None for
    nobody. Reads them once a request."""
    if not hasattr(request.state, "person"):
        request.state.person = await _read_person(request, using=True)
    person: Person | None = request.state.person
    return person


def token_of(request: HTTPConnection) -> str:
    """Returns the name of the token that somebody is known by, "" for none."""
    label: str = getattr(request.state, "token", "")
    return label


def bears_token(request: HTTPConnection) -> bool:
    """Tells whether a request comes with a token, that holds or not."""
    return request.headers.get("authorization", "").partition(" ")[0].lower() == "bearer"


async def _read_person(request: HTTPConnection, *, using: bool = False) -> Person | None:
    """Returns the person signed in; with `using`, notes the first use of a sign-in on a day."""
    site = site_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return await _token_holder(request, secret.strip(), using=using)
    cookie = cookie_of(request, SIGNED_IN)
    # Pages of other sites may ask the API and frame what is embedded: neither knows anybody by a cookie.
    if not cookie or request.url.path.startswith((API, "/embed/")):
        return None
    async with site.store.read() as work:
        found = await work.people.get_sign_in(digest(cookie), site.clock.now())
    if found is None:
        return None
    person, sign_in = found
    day = today(site.clock.now())
    if using and sign_in.used_on != day:
        # Where nothing can be written, pages are shown all the same.
        with suppress(StoreUnavailable):
            await sign_ins.used(site.store, cookie, day)
    return person


async def _token_holder(request: HTTPConnection, secret: str, *, using: bool) -> Person | None:
    """Returns whose token has this key, as the role alone that it stands for; such a token opens the API alone."""
    site = site_of(request)
    day = today(site.clock.now())
    async with site.store.read() as work:
        found = await api_tokens.holder(work, secret, day)
    if found is None or (found[1].role and not request.url.path.startswith(API)):
        return None
    person, token = found
    request.state.token = token.label
    if using and token.used_on != day:
        with suppress(StoreUnavailable):
            await api_tokens.used(site.store, token, day)
    return person


async def need(request: HTTPConnection, permission: str, commission: str = "") -> Person | None:
    """Returns the person signed in, who has this permission; None for a stranger, where it is "public".

    It is needed in one commission (by id), or in every one where none is named. Raises SignInNeeded where nobody is
    signed in, NotAllowed where the person's roles do not give it.
    """
    person = await person_of(request)
    there = permissions.reach(person, permission)
    if there.every or commission in there:
        return person
    raise _refused(request, person)


async def need_here(request: HTTPConnection, permission: str) -> None:
    """Checks that the person signed in has a permission in the commission that the address is about, by its path; where
    the path names none, in every one. Raises as `need` does.
    """
    # Most people's roles count everywhere: only for the others the commission is looked up.
    if permissions.reach(await person_of(request), permission).commissions:
        await need(request, permission, await _commission_of(request))
    else:
        await need(request, permission)


async def need_somewhere(request: HTTPConnection, permission: str) -> Reach:
    """Returns the commissions in which the person signed in has a permission, one at least. Raises as `need` does."""
    person = await person_of(request)
    there = permissions.reach(person, permission)
    if not there:
        raise _refused(request, person)
    return there


# How the commission of what a path names is found, by the name.
_COMMISSION_OF: Mapping[str, Callable[[Work, str], Awaitable[str]]] = {
    "statement": minority_statements.commission_of,
    "update": update_files.commission_of,
    "commitment": commitments.commission_of,
    "draft": decision_drafts.commission_of,
}


async def _commission_of(request: HTTPConnection) -> str:
    """Returns the id of the commission that a path leads to; "" where it leads to none, or to nothing that is here."""
    named = request.path_params
    async with site_of(request).store.read() as work:
        try:
            if "session" in named:
                return (await work.sessions.get_session(named["session"])).commission
            if "round" in named:
                return (
                    await work.sessions.get_session((await work.rounds.get_round(named["round"])).session)
                ).commission
            if "story" in named:
                return (await work.stories.get_story(named["story"])).commission
            for name, commission_of in _COMMISSION_OF.items():
                if name in named:
                    return await commission_of(work, named[name])
            if "decision" in named:
                return (await work.decisions.get_decision(named["decision"])).commission
        except NotFound:
            return ""
    return str(named.get("commission", ""))


def _refused(request: HTTPConnection, person: Person | None) -> SignInNeeded | NotAllowed:
    if person is None and bears_token(request):
        return SignInNeeded(TOKEN_UNKNOWN)
    if person is None:
        return SignInNeeded("Sign in to see this page.")
    if request.url.path.startswith(API):
        return NotAllowed("The role of this token does not allow this, or not in this commission.")
    return NotAllowed("This page is not for your role. Ask an administrator if you need it.")


async def still_may(request: HTTPConnection, permission: str, commission: str) -> bool:
    """Returns True while the person has this permission in this commission. Reads them anew at each call, for
    connections that outlive a sign-out or a change of roles."""
    return commission in permissions.reach(await _read_person(request), permission)


async def somebody(request: HTTPConnection) -> Person:
    """Returns the person signed in. Raises SignInNeeded where there is none."""
    person = await person_of(request)
    if person is None:
        raise SignInNeeded("Sign in to see this page.")
    return person
