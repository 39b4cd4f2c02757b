"""Pages of the second step: the code after the password, and turning it on and off.

Between password and code nobody is signed in: pending.py says whose password was right.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import one_time_codes
from forum.errors import BadInput, FormErrors, ForumError, IllegalMove, StoreUnavailable, TooMany
from forum.ports.accounts import Person
from forum.ports.passwords import MOST, prepared
from forum.services import second_steps, sign_ins
from forum.services.second_steps import MOST_CODE
from forum.web.accounts.code_check import confirm, counted
from forum.web.accounts.login_check import holder
from forum.web.accounts.pending import pending, to_bind
from forum.web.accounts.sign_in import as_typed, asked_of, home, local_path, with_cookie
from forum.web.auth import somebody
from forum.web.cookies import PENDING, forget_cookie
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import language
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.templates import qr


async def code(request: Request) -> Response:
    """Asks for the code of somebody's app, or a recovery code, and signs them in."""
    person, site = await pending(request), site_of(request)
    if person is None:
        return RedirectResponse("/sign-in", 303)
    if request.method != "POST":
        return await _code_page(request, local_path(request.query_params.get("next", "")))
    form = await form_of(request)
    onward = local_path(form.text("next"))
    asked, recovery = replace(asked_of(request), binds=to_bind(request)), form.text("recovery")
    try:
        if not recovery and not form.text("code"):
            form.wrong("code", "Enter the code that your app shows.")
        form.stop()
        keys = await counted(request, person)
        if recovery:
            token = await second_steps.pass_with_recovery(site.store, site.clock, person, recovery, asked)
        else:
            typed = form.text("code")
            token = await second_steps.pass_with_code(
                site.store, one_time_codes, site.second_step_secret, site.clock, person, typed, asked
            )
    except FormErrors as error:
        return await _code_page(request, onward, error)
    except BadInput as error:
        await sign_ins.failed(site.store, site.clock, person)
        return await _code_page(request, onward, error, recovery=bool(recovery))
    except (TooMany, StoreUnavailable) as error:
        return await _code_page(request, onward, error)
    for key in keys:
        site.limits.give_back(key)
    return _signed_in(request, RedirectResponse(onward or home(person), 303), token, person)


async def enrol(request: Request) -> Response:
    """Leads somebody who must have a second step through turning it on, and signs them in."""
    person, site = await pending(request), site_of(request)
    if person is None:
        return RedirectResponse("/sign-in", 303)
    form = await form_of(request) if request.method == "POST" else Form({})
    onward = local_path(form.text("next") or request.query_params.get("next", ""))
    if await second_steps.is_on(site.store, person):
        return RedirectResponse("/sign-in/code", 303)
    if request.method != "POST":
        return await _enrol_page(request, person, form, onward)
    try:
        made, token = await _turned_on(request, person, form, signing_in=True)
    except (BadInput, IllegalMove, TooMany, StoreUnavailable) as error:
        return await _enrol_page(request, person, form, onward, error)
    answer = await page(request, "accounts/recovery_codes.html", codes=made, onward=onward or home(person))
    return _signed_in(request, answer, token, person)


async def own(request: Request) -> Response:
    """Turns one's own second step on or off, or makes new recovery codes; each needs the password once more,
    and what weakens it a code too."""
    person, site = await somebody(request), site_of(request)
    on = await second_steps.is_on(site.store, person)
    form = await form_of(request) if request.method == "POST" else Form({})
    if form.text("act") not in {"on", "codes", "off"}:
        return await _own_page(request, person, form, on=on)
    try:
        await _check_password(request, person, form)
        if form.text("act") == "on":
            made, _token = await _turned_on(request, person, form, signing_in=False)
        elif form.text("act") == "codes":
            await confirm(request, person, form)
            made = await second_steps.make_codes(site.store, site.clock, person)
        else:
            second_steps.check_optional(person, site.settings.second_factor)
            await confirm(request, person, form)
            await second_steps.turn_own_off(site.store, site.clock, person, site.settings.second_factor)
            return RedirectResponse("/account?done=second-step-off", 303)
    except (BadInput, IllegalMove, TooMany, StoreUnavailable) as error:
        return await _own_page(request, person, form, error, on=on)
    return await page(request, "accounts/recovery_codes.html", codes=made, onward="/account")


async def _turned_on(request: Request, person: Person, form: Form, *, signing_in: bool) -> tuple[list[str], str]:
    site = site_of(request)
    keys = await counted(request, person)
    asked = replace(asked_of(request), binds=to_bind(request)) if signing_in else None
    sealed, typed = form.text("sealed"), form.text("code")
    made = await second_steps.turn_on(
        site.store, one_time_codes, site.second_step_secret, site.clock, person, sealed, typed, asked
    )
    for key in keys:
        site.limits.give_back(key)
    return made


async def _check_password(request: Request, person: Person, form: Form) -> None:
    before = as_typed(form, "before")
    if not before:
        form.wrong("before", "Enter your present password.")
    form.fits("before", prepared(before), MOST)
    form.stop()
    if (await holder(request, person.login, before))[0] is None:
        raise BadInput("This is not your present password. Type it again.", field="before")


def _signed_in(request: Request, answer: Response, token: str, person: Person) -> Response:
    forget_cookie(request, answer, PENDING)
    return with_cookie(request, answer, token, person)


async def _code_page(
    request: Request, onward: str, error: ForumError | None = None, *, recovery: bool = False
) -> Response:
    answer = await page(
        request,
        "accounts/code.html",
        status_of(error) if error else 200,
        errors=errors_of(error, "code"),
        onward=onward,
        recovery=recovery,
        most=MOST_CODE,
    )
    return retry_after(answer, error)


def _offered(request: Request, person: Person, form: Form) -> dict[str, str]:
    """Returns what a page that turns it on shows: the secret that the form had, else a new one, in its three forms."""
    key = site_of(request).second_step_secret
    sealed = form.text("sealed")
    if not one_time_codes.typed_key(key, person.id, sealed):
        sealed = one_time_codes.new_secret(key, person.id)
    typed = one_time_codes.typed_key(key, person.id, sealed)
    name = site_of(request).face.now.get("name", language().code) or "Forum"
    address = one_time_codes.address(key, person.id, sealed, person.login, name)
    return {
        "sealed": sealed,
        "typed_key": " ".join(typed[at : at + 4] for at in range(0, len(typed), 4)),
        "address": address,
        "picture": qr(address),
    }


async def _enrol_page(
    request: Request, person: Person, form: Form, onward: str, error: ForumError | None = None
) -> Response:
    answer = await page(
        request,
        "accounts/enrol.html",
        status_of(error) if error else 200,
        errors=errors_of(error, "code"),
        onward=onward,
        **_offered(request, person, form),
    )
    return retry_after(answer, error)


async def _own_page(
    request: Request, person: Person, form: Form, error: ForumError | None = None, *, on: bool
) -> Response:
    async with site_of(request).store.read() as work:
        left = await work.second_steps.count_recovery_codes(person.id)
    answer = await page(
        request,
        "accounts/second_step.html",
        status_of(error) if error else 200,
        errors=errors_of(error, "before"),
        on=on,
        left=left,
        stays=second_steps.must(person, site_of(request).settings.second_factor),
        **_offered(request, person, form),
    )
    return retry_after(answer, error)
