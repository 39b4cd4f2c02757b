"""The page on which somebody changes their own password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import passwords
from forum.errors import BadInput, ForumError, StoreUnavailable, TooMany
from forum.ports.accounts import Person
from forum.ports.passwords import FEWEST, prepared
from forum.services import accounts
from forum.services.form_errors import Findings
from forum.web.accounts.login_check import holder
from forum.web.accounts.sign_in import as_typed, with_cookie
from forum.web.auth import somebody
from forum.web.cookies import SIGNED_IN, cookie_of
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.responses import page
from forum.web.site import site_of


async def change(request: Request) -> Response:
    """Changes one's own password. This device stays signed in; every other is signed out, every token is revoked."""
    person = await somebody(request)
    if request.method != "POST":
        return await _own_page(request, saved=request.query_params.get("done") == "1")
    site = site_of(request)
    form = await form_of(request)
    try:
        chosen = await _chosen(request, form, person)
        before = cookie_of(request, SIGNED_IN)
        token = await accounts.change_password(site.store, passwords, site.clock, person, chosen, before=before)
    except (BadInput, TooMany, StoreUnavailable) as error:
        return retry_after(await _own_page(request, error), error)
    return with_cookie(request, RedirectResponse("/account?done=1", 303), token, person)


async def _chosen(request: Request, form: Form, person: Person) -> str:
    """Returns the new password. Raises FormErrors, TooMany, and BadInput where the present one is wrong."""
    findings = Findings()
    before = as_typed(form, "before")
    if not before:
        findings.wrong("before", "Enter your present password.")
    accounts.check_length(findings, "before", prepared(before))
    chosen = accounts.check_password(findings, as_typed(form, "password"), as_typed(form, "again"))
    findings.stop()
    if (await holder(request, person.login, before))[0] is None:
        raise BadInput("This is not your present password. Type it again.", field="before")
    return chosen


async def _own_page(request: Request, error: ForumError | None = None, *, saved: bool = False) -> Response:
    return await page(
        request,
        "accounts/own_password.html",
        status_of(error) if error else 200,
        errors=errors_of(error, "before"),
        saved=saved,
        fewest=FEWEST,
    )
