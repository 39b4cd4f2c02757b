"""Page of one's own account: where one is signed in, and one's password."""

from __future__ import annotations

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import ForumError, NotFound
from forum.ports.passwords import FEWEST
from forum.services import sign_ins
from forum.web.auth import somebody
from forum.web.cookies import SIGNED_IN, cookie_of
from forum.web.errors import status_of
from forum.web.forms import errors_of, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import done, page
from forum.web.site import site_of


async def account_page(request: Request, error: ForumError | None = None) -> Response:
    """Draws the page, with what was wrong with a form of it."""
    site, person = site_of(request), await somebody(request)
    async with site.store.read() as work:
        step = await work.second_steps.get_second_step(person.id)
        left = await work.second_steps.count_recovery_codes(person.id)
        listed = await sign_ins.listed(work, site.clock, person, cookie_of(request, SIGNED_IN))
    said = {
        "1": _(
            "Your password is changed. Every other device has to sign in again, and the tokens of your programs have "
            "ended."
        ),
        "second-step-off": _("The second step is off. Your password alone signs you in."),
        "signed-out": _("That browser is signed out."),
        "alone": _("You are signed out everywhere else."),
    }
    return await page(
        request,
        "accounts/own_account.html",
        status_of(error) if error else 200,
        errors=errors_of(error, "before"),
        said="" if error else said.get(request.query_params.get("done", ""), ""),
        step=step,
        left=left,
        sign_ins=listed,
        others=any(not one.here for one in listed),
        hours=sign_ins.HOURS_SIGNED_IN,
        fewest=FEWEST,
    )


async def sign_out(request: Request) -> Response:
    """Ends one of one's own sign-ins, by its name, or all others. What has ended already stays so."""
    site, person, form = site_of(request), await somebody(request), await form_of(request)
    if form.flag("others"):
        await sign_ins.end_others(site.store, site.clock, person, cookie_of(request, SIGNED_IN))
        return done(request, "/account?done=alone")
    # Twice, or its time had run out: what was asked for holds.
    with suppress(NotFound):
        await sign_ins.end_one(site.store, site.clock, person, form.text("sign_in"))
    return done(request, "/account?done=signed-out")
