"""Change of one's own password, on the page of one's account."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import passwords
from forum.errors import BadInput, StoreUnavailable, TooMany
from forum.ports.accounts import Person
from forum.ports.passwords import prepared
from forum.services import accounts
from forum.services.form_errors import Findings
from forum.web.accounts.code_check import confirm
from forum.web.accounts.login_check import holder
from forum.web.accounts.own_account import account_page
from forum.web.accounts.sign_in import as_typed, asked_of, with_cookie
from forum.web.auth import somebody
from forum.web.errors import retry_after
from forum.web.forms import Form, form_of
from forum.web.site import site_of


async def change(request: Request) -> Response:
    """Shows one's account, or changes its password: every other browser is signed out, every token is revoked."""
    person = await somebody(request)
    if request.method != "POST":
        return await account_page(request)
    site = site_of(request)
    form = await form_of(request)
    try:
        chosen = await _chosen(request, form, person)
        await confirm(request, person, form)
        token = await accounts.change_password(site.store, passwords, site.clock, person, chosen, asked_of(request))
    except (BadInput, TooMany, StoreUnavailable) as error:
        return retry_after(await account_page(request, error), error)
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
