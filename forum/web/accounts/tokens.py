"""Page of one's own tokens for programs: making one for a role in a commission, and revoking it."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, TooMany
from forum.ports.accounts import Token
from forum.services import accounts, api_tokens, permissions, second_steps
from forum.services.api_tokens import TokenForm
from forum.web.accounts.code_check import TOKENS_BY_HAND, by_hand, confirm_act
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of

FIELDS = ("label", "commission", "role", "expires_on")


async def tokens(request: Request) -> Response:
    """Shows the tokens of whoever is signed in; posted, makes one and shows it, this once."""
    if request.method != "POST":
        return await _page(request, Form({}))
    by_hand(request, TOKENS_BY_HAND)
    site, person, form = site_of(request), await somebody(request), await form_of(request)
    asked = TokenForm(**{name: form.text(name) for name in FIELDS})
    try:
        await api_tokens.check(site.store, person, asked, today(site.clock.now()))
        await confirm_act(request, person, form)
        made, secret = await api_tokens.make(site.store, site.clock, person, asked, today(site.clock.now()))
    except (BadInput, IllegalMove, TooMany) as error:
        if wants_json(request):
            raise
        return retry_after(await _page(request, form, error), error)
    if wants_json(request):
        return JSONResponse({"id": made.id, "token": secret})
    # Shown in the answer itself, not after a redirect, so that it is in no address and no log.
    return await _page(request, Form({}), made=(made, secret))


async def revoke(request: Request) -> Response:
    """Revokes a token: it opens nothing from this moment on."""
    by_hand(request, TOKENS_BY_HAND)
    site, token = site_of(request), request.path_params["token"]
    await accounts.revoke_token(site.store, site.clock, await somebody(request), token)
    return done(request, "/account/tokens?done=revoked", id=token)


async def _page(
    request: Request, form: Form, error: ForumError | None = None, made: tuple[Token, str] | None = None
) -> Response:
    site, person = site_of(request), await somebody(request)
    day = today(site.clock.now())
    async with site.store.read() as work:
        kept = [one for one in await work.people.tokens(person.id) if not one.revoked_at]
        every = [one for one in kept if one.role]
        listed = await work.commissions.list_commissions()
        titles = await work.commissions.titles({one.commission for one in every})
    mine = [(one.id, one.title) for one in listed if api_tokens.roles_in(person, one.id)]
    held = {role for id_, _title in mine for role in api_tokens.roles_in(person, id_)}
    names = {
        "organiser": _("Organiser"),
        "moderator": _("Moderator"),
        "commissioner": _("Commissioner"),
        "second reader": _("Second reader"),
    }
    only = len(mine) == 1 and mine[0][0]
    return await page(
        request,
        "accounts/tokens.html",
        status_of(error) if error else 200,
        older=[(one, api_tokens.ends_on(one)) for one in kept if not one.role],
        tokens=[(one, titles.get(one.commission, ""), api_tokens.holds(person, one, day)) for one in reversed(every)],
        made=made,
        said=_("The token is revoked. It opens nothing any more.") if request.query_params.get("done") else "",
        errors=errors_of(error, "code"),
        second=await second_steps.is_on(site.store, person),
        typed={name: form.text(name) for name in FIELDS},
        chosen=form.text("commission") or only or "",
        ends=form.text("expires_on") or (date.fromisoformat(day) + timedelta(days=api_tokens.DAYS)).isoformat(),
        commissions=[("", _("Choose one")), *mine],
        roles=[("", _("Choose one")), *((role, names[role]) for role in permissions.ROLES if role in held)],
        names=names,
        most=accounts.MOST_LABEL,
        start=base_url(request),
    )
