"""Signing in and out, the first administrator's link, and the people who have accounts."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import passwords
from forum.adapters.passwords import Fit
from forum.errors import BadInput, FormErrors, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.ports import Work
from forum.ports.accounts import Person
from forum.services import permissions
from forum.services.keys import digest, new_token
from forum.sessions.local_time import written
from forum.web.accounts.cookieless import giving, refusing
from forum.web.accounts.devices import keep_entered
from forum.web.accounts.login_check import holder
from forum.web.cookies import SIGNED_IN, cookie_of, forget_cookie, set_cookie
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of

HOURS_SIGNED_IN = 12
MOST_NAME = 100

# Visible ASCII without the backslash, which browsers read as a slash; a second slash would begin a host.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")


async def sign_in(request: Request) -> Response:
    """The form, and the sign-in. An unknown login and a wrong password get the same answer in the same time."""
    onward = local_path(request.query_params.get("next", ""))
    if request.method != "POST":
        return giving(request, await _sign_in_page(request, Form({}), onward))
    site = site_of(request)
    form = await form_of(request)
    onward = local_path(form.text("next"))
    refusal = await refusing(request, form, "/sign-in")
    if refusal is not None:
        return refusal
    try:
        person, fresh = await _known(request, form)
        async with site.store.begin() as work:
            if fresh:
                await work.people.set_password(person.id, fresh)
            token = await signed_in(request, work, person)
    except (BadInput, TooMany, StoreUnavailable) as error:
        return await _sign_in_page(request, form, onward, error)
    return with_cookie(request, RedirectResponse(onward or "/", 303), token, person)


async def _known(request: Request, form: Form) -> tuple[Person, str]:
    """Whose login and password these are, and a fresh hash where the stored one is to be made anew (else "").

    Raises FormErrors, TooMany, and BadInput where they are nobody's.
    """
    login = form.need("login", "Enter your login.", most=MOST_NAME)
    password = typed_password(form, "password", "Enter your password.")
    form.stop()
    person, fit = await holder(request, login, password)
    if person is None:
        raise BadInput("The login or the password is not right. Check both and try again.", field="login")
    return person, await passwords.hashed(password) if fit is Fit.BEFORE else ""


async def sign_out(request: Request) -> Response:
    """Ends the sign-in on the server, then in the browser."""
    cookie = cookie_of(request, SIGNED_IN)
    if cookie:
        async with site_of(request).store.begin() as work:
            await work.people.sign_out(digest(cookie))
    answer = RedirectResponse("/", 303)
    forget_cookie(request, answer, SIGNED_IN)
    return answer


async def first(request: Request) -> Response:
    """The first administrator's one-time link: looking at it, or a form with a fault, does not use it up."""
    site = site_of(request)
    key = digest(request.path_params["key"])
    async with site.store.read() as work:
        holds = await work.people.first_link_holds(key, site.clock.now())
    if not holds:
        raise NotFound("This link has been used, or it has run out. Restart the server to get a new one.")
    if request.method != "POST":
        shown = await page(request, "accounts/first.html", form=Form({}), errors={}, fewest=passwords.FEWEST)
        return giving(request, shown)
    form = await form_of(request)
    refusal = await refusing(request, form, request.url.path)
    if refusal is not None:
        return refusal
    try:
        person = await _new_person(request, form, permissions.ROLES, twice=True)
        async with site.store.begin() as work:
            if not await work.people.use_first_link(key, site.clock.now()):
                raise NotFound("This link has been used, or it has run out. Restart the server to get a new one.")
            await work.people.add_person(person)
            token = await signed_in(request, work, person)
    except (BadInput, StoreUnavailable) as error:
        errors = errors_of(error)
        return await page(
            request, "accounts/first.html", status_of(error), form=form, errors=errors, fewest=passwords.FEWEST
        )
    return with_cookie(request, RedirectResponse("/people", 303), token, person)


async def people(request: Request) -> Response:
    """Everybody with an account; a new one can be made."""
    if request.method != "POST":
        return await people_page(request, Form({}))
    form = await form_of(request)
    try:
        person = await _new_person(request, form, _roles(form), twice=False)
        async with site_of(request).store.begin() as work:
            await work.people.add_person(person)
    except (BadInput, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, form, error)
    return done(request, "/people?done=added", person=person.id)


async def set_roles(request: Request) -> Response:
    """Gives somebody these roles and no others. The last administrator stays one."""
    form = await form_of(request)
    person = request.path_params["person"]
    try:
        held = _roles(form)
        form.stop()
        async with site_of(request).store.begin() as work:
            await give(work, person, held)
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person)
    return done(request, "/people?done=roles", person=person, roles=list(held))


async def give(work: Work, person: str, held: tuple[str, ...]) -> None:
    """Gives somebody these roles and no others. Raises NotFound, IllegalMove where nobody would be administrator."""
    # Locked: of two administrators who take the role from each other at once, one keeps it.
    everybody = {p.id: p for p in await work.people.list_people(lock=True)}
    if person not in everybody:
        raise NotFound("There is nobody with this account.")
    everybody[person] = replace(everybody[person], roles=held)
    if not any(permissions.ADMINISTRATOR in p.roles for p in everybody.values()):
        raise IllegalMove("Somebody has to be administrator. Give that role to somebody else first.")
    await work.people.set_roles(person, held)


def local_path(wanted: str) -> str:
    """The path to go on to, where it is one of this site and nothing else; "" otherwise."""
    path = re.split("[?#]", wanted, maxsplit=1)[0]
    return wanted if _LOCAL.fullmatch(wanted) and path not in ("/sign-in", "/sign-out") else ""


def role_words() -> list[tuple[str, str, str]]:
    """The roles to choose from: what is stored, its name, and what it is for."""
    return [
        (permissions.ORGANISER, _("Organiser"), _("Prepares and runs live sessions.")),
        (permissions.MODERATOR, _("Moderator"), _("Reads stories before others do.")),
        (permissions.COMMISSIONER, _("Commissioner"), _("Records decisions, and exports the record.")),
        (permissions.ADMINISTRATOR, _("Administrator"), _("Manages who can sign in.")),
    ]


def typed_password(form: Form, name: str, otherwise: str) -> str:
    """A password exactly as it was typed, outer space included; its length is that of its one form."""
    typed = form.values.get(name, ())
    value = typed[-1] if typed else ""
    if not value:
        form.wrong(name, otherwise)
    form.at_most(name, passwords.prepared(value), passwords.MOST)
    return value


def _roles(form: Form) -> tuple[str, ...]:
    wanted = form.texts("role")
    if any(role not in permissions.ROLES for role in wanted):
        form.wrong("role", "Choose from the roles in the list.")
    return tuple(role for role in permissions.ROLES if role in wanted)


def new_password(form: Form, *, twice: bool) -> str:
    """The password chosen under "password", and again under "again"; what is wrong with it stays in the form."""
    password = passwords.prepared(typed_password(form, "password", "Choose a password."))
    if password and len(password) < passwords.FEWEST:
        form.wrong(
            "password", "Use at least %(fewest)s characters. A few words in a row are good.", fewest=passwords.FEWEST
        )
    if twice and password != passwords.prepared(typed_password(form, "again", "Type the password a second time.")):
        form.wrong("again", "The two passwords are not the same. Type both again.")
    return password


async def _new_person(request: Request, form: Form, held: Sequence[str], *, twice: bool) -> Person:
    """The person in a form. Raises FormErrors with everything that is wrong."""
    name = form.name("name", "Enter a name.", most=MOST_NAME)
    login = form.name("login", "Enter a login: a short name or an e-mail address.", most=MOST_NAME)
    if any(c.isspace() for c in login):
        form.wrong("login", "Leave out the spaces.")
    password = new_password(form, twice=twice)
    form.stop()
    return Person(
        id=secrets.token_hex(16),
        login=login,
        name=name,
        roles=tuple(held),
        password=await passwords.hashed(password),
        created_at=site_of(request).clock.now(),
    )


async def signed_in(request: Request, work: Work, person: Person) -> str:
    """Starts a sign-in under a new token, and ends the one this browser had."""
    before = cookie_of(request, SIGNED_IN)
    if before:
        await work.people.sign_out(digest(before))
    token = new_token()
    now = site_of(request).clock.now()
    until = written(datetime.fromisoformat(now) + timedelta(hours=HOURS_SIGNED_IN))
    await work.people.sign_in(digest(token), person.id, now, until)
    return token


def with_cookie(request: Request, answer: Response, token: str, person: Person) -> Response:
    """The answer, with the token of a new sign-in for this browser, and the proof that they have signed in on it."""
    set_cookie(request, answer, SIGNED_IN, token, HOURS_SIGNED_IN * 3600)
    return keep_entered(request, answer, person)


def errors_of(error: ForumError | None, under: str = "form") -> dict[str, str]:
    """What is wrong with a form, in the reader's language, by field; what belongs to no field stands `under` a name."""
    if error is None:
        return {}
    if isinstance(error, FormErrors) or (isinstance(error, BadInput) and error.field):
        return spoken(error)
    return {under: say(error.message, error.values)}


async def _sign_in_page(request: Request, form: Form, onward: str, error: ForumError | None = None) -> Response:
    answer = await page(
        request,
        "accounts/sign_in.html",
        status_of(error) if error else 200,
        login=form.text("login"),
        onward=onward,
        errors=errors_of(error),
    )
    return retry_after(answer, error)


async def people_page(
    request: Request, form: Form, error: ForumError | None = None, about: str = "", part: str = "roles"
) -> Response:
    """Everybody with an account. An error is about the new account, or about a `part` of somebody's."""
    async with site_of(request).store.read() as work:
        everybody = await work.people.list_people()
    said = {
        "added": _("The account is ready."),
        "roles": _("The roles are changed."),
        "password": _("The password is changed. They have to sign in again, everywhere."),
    }
    return await page(
        request,
        "accounts/people.html",
        status_of(error) if error else 200,
        people=sorted(everybody, key=lambda p: p.name.casefold()),
        role_words=role_words(),
        form=form,
        errors={f"{part}-{about}": words for words in errors_of(error).values()} if about else errors_of(error),
        about=about,
        part=part,
        done=said.get(request.query_params.get("done", ""), ""),
        fewest=passwords.FEWEST,
    )
