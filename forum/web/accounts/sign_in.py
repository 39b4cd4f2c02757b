"""Pages for signing in and out, and for the first administrator's link."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import passwords
from forum.errors import BadInput, ForumError, StoreUnavailable, TooMany
from forum.ports.accounts import Person
from forum.ports.passwords import FEWEST, MOST, Fit, prepared
from forum.ports.second_steps import Must
from forum.services import accounts, permissions, sign_ins
from forum.services.accounts import NewAccount
from forum.services.sign_ins import Begin
from forum.web.accounts.browser_names import browser_name
from forum.web.accounts.cookieless import giving, refusing
from forum.web.accounts.devices import keep_entered
from forum.web.accounts.login_check import holder
from forum.web.accounts.pending import next_step
from forum.web.cookies import SIGNED_IN, cookie_of, forget_cookie, set_cookie
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.dates import today
from forum.web.responses import page
from forum.web.site import site_of

# Visible ASCII without the backslash, which browsers read as a slash; a second slash would begin a host.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")

WORK = "/work"


async def sign_in(request: Request) -> Response:
    """Shows the form, and signs in. An unknown login and a wrong password get the same answer in the same time."""
    onward = local_path(request.query_params.get("next", ""))
    if request.method != "POST":
        return giving(request, await sign_in_page(request, Form({}), onward))
    site = site_of(request)
    form = await form_of(request)
    onward = local_path(form.text("next"))
    refusal = await refusing(request, form, "/sign-in")
    if refusal is not None:
        return refusal
    try:
        person, password, fit = await _known(request, form)
        await accounts.renew_hash(site.store, passwords, person, password, fit)
        further = await next_step(request, person, onward)
        if further is not None:
            return further
        token = await accounts.sign_in(site.store, site.clock, person, asked_of(request))
    except (BadInput, TooMany, StoreUnavailable) as error:
        return await sign_in_page(request, form, onward, error)
    return with_cookie(request, RedirectResponse(onward or home(person), 303), token, person)


async def _known(request: Request, form: Form) -> tuple[Person, str, Fit]:
    """Returns the person with this login and password, the password, and how it fits. Raises FormErrors, TooMany, and
    BadInput where nobody has them."""
    login = form.text("login")
    if not login:
        form.wrong("login", "Enter your login.")
    form.fits("login", login, accounts.MOST_NAME)
    password = as_typed(form, "password")
    if not password:
        form.wrong("password", "Enter your password.")
    form.fits("password", prepared(password), MOST)
    form.stop()
    person, fit = await holder(request, login, password)
    if person is None:
        raise BadInput("The login or the password is not right. Check both and try again.", field="login")
    return person, password, fit


async def sign_out(request: Request) -> Response:
    """Ends the sign-in on the server, then in the browser."""
    cookie = cookie_of(request, SIGNED_IN)
    if cookie:
        await sign_ins.end(site_of(request).store, site_of(request).clock, cookie)
    answer = RedirectResponse("/", 303)
    forget_cookie(request, answer, SIGNED_IN)
    return answer


async def first(request: Request) -> Response:
    """Makes the first administrator, by a link that works once; looking at it, or a form with a fault, leaves it."""
    site = site_of(request)
    key = request.path_params["key"]
    await accounts.check_first_link(site.store, site.clock, key)
    if request.method != "POST":
        shown = await page(request, "accounts/first_account.html", form=Form({}), errors={}, fewest=FEWEST)
        return giving(request, shown)
    form = await form_of(request)
    refusal = await refusing(request, form, request.url.path)
    if refusal is not None:
        return refusal
    asked = NewAccount(
        form.text("login"), form.text("name"), permissions.ROLES, as_typed(form, "password"), as_typed(form, "again")
    )
    begin = asked_of(request) if site.settings.second_factor is Must.NONE else None
    try:
        person, token = await accounts.use_first_link(site.store, passwords, site.clock, key, asked, begin)
    except (BadInput, StoreUnavailable) as error:
        errors = errors_of(error)
        return await page(
            request, "accounts/first_account.html", status_of(error), form=form, errors=errors, fewest=FEWEST
        )
    onward = f"{WORK}?done=first"
    further = None if token else await next_step(request, person, onward)
    return further or with_cookie(request, RedirectResponse(onward, 303), token, person)


def local_path(wanted: str) -> str:
    """Returns the wanted path where it leads to a page of this site; "" for any other, and for the sign-in itself."""
    path = re.split("[?#]", wanted, maxsplit=1)[0]
    return wanted if _LOCAL.fullmatch(wanted) and not path.startswith(("/sign-in", "/sign-out")) else ""


def home(person: Person) -> str:
    """Returns the page that somebody comes to who signed in for no page: their work, where they have a role."""
    return WORK if permissions.reach(person, "signed in") else "/"


def as_typed(form: Form, name: str) -> str:
    """Returns a field with every space as it was typed; "" where it is not there."""
    typed = form.values.get(name, ())
    return typed[-1] if typed else ""


def asked_of(request: Request) -> Begin:
    """Returns the sign-in that a browser asks for: in the place of the one that it has, with the browser's name."""
    day = today(site_of(request).clock.now())
    return Begin(cookie_of(request, SIGNED_IN), browser_name(request), day)


def with_cookie(request: Request, answer: Response, token: str, person: Person) -> Response:
    """Adds to an answer the key of a new sign-in, and the proof that this person has signed in on this browser."""
    set_cookie(request, answer, SIGNED_IN, token, sign_ins.HOURS_SIGNED_IN * 3600)
    return keep_entered(request, answer, person)


async def sign_in_page(
    request: Request, form: Form, onward: str, error: ForumError | None = None, status: int = 0
) -> Response:
    """Draws the page to sign in at, with what is wrong; `status` takes the place of the error's."""
    oidc = site_of(request).settings.oidc
    answer = await page(
        request,
        "accounts/sign_in.html",
        status or (status_of(error) if error else 200),
        provider=oidc.name if oidc else "",
        login=form.text("login"),
        onward=onward,
        errors=errors_of(error),
    )
    return retry_after(answer, error)
