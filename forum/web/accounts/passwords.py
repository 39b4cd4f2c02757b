"""A new password: one's own, with the old one; or somebody else's, given by an administrator who tells it to them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import passwords
from forum.errors import BadInput, FormErrors, ForumError, StoreUnavailable, TooMany
from forum.ports.accounts import Person
from forum.services.sessions import organising
from forum.web.accounts.accounts import errors_of, new_password, people_page, signed_in, typed_password, with_cookie
from forum.web.accounts.login_check import holder
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of


async def own(request: Request) -> Response:
    """Changes one's own password. Every other device that was signed in is signed out, and every token is revoked:
    whoever had the old password may have made one. This device stays."""
    person = await somebody(request)
    if request.method != "POST":
        return await _own_page(request, saved=request.query_params.get("done") == "1")
    form = await form_of(request)
    try:
        hashed = await passwords.hashed(await _chosen(request, form, person))
        async with site_of(request).store.begin() as work:
            await organising.replace_password(work, person.id, hashed, site_of(request).clock.now())
            token = await signed_in(request, work, person)
    except (BadInput, TooMany, StoreUnavailable) as error:
        return retry_after(await _own_page(request, error), error)
    return with_cookie(request, RedirectResponse("/account?done=1", 303), token, person)


async def _chosen(request: Request, form: Form, person: Person) -> str:
    """The new password. Raises FormErrors, TooMany, and BadInput where the present one is wrong."""
    before = typed_password(form, "before", "Enter your present password.")
    chosen = new_password(form, twice=True)
    form.stop()
    if (await holder(request, person.login, before))[0] is None:
        raise BadInput("This is not your present password. Type it again.", field="before")
    return chosen


async def given(request: Request) -> Response:
    """Gives somebody a new password. Every device of theirs is signed out, every token of theirs is revoked."""
    form = await form_of(request)
    person = request.path_params["person"]
    try:
        chosen = new_password(form, twice=False)
        form.stop()
        hashed = await passwords.hashed(chosen)
        async with site_of(request).store.begin() as work:
            await organising.replace_password(work, person, hashed, site_of(request).clock.now())
    except (FormErrors, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person, part="password")
    return done(request, "/people?done=password", person=person)


async def _own_page(request: Request, error: ForumError | None = None, *, saved: bool = False) -> Response:
    return await page(
        request,
        "accounts/own.html",
        status_of(error) if error else 200,
        errors=errors_of(error, "before"),
        saved=saved,
        fewest=passwords.FEWEST,
    )
