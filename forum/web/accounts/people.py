"""The page of all accounts: an administrator adds them, and gives them roles and new passwords."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from forum.adapters import passwords
from forum.errors import BadInput, ForumError, IllegalMove, StoreUnavailable, TooMany
from forum.ports.accounts import Role
from forum.ports.passwords import FEWEST
from forum.services import accounts, second_steps, sign_ins, sign_on
from forum.services.accounts import NewAccount
from forum.services.form_errors import Findings
from forum.web.accounts.code_check import PEOPLE_BY_HAND, by_hand, confirm_act
from forum.web.accounts.sign_in import as_typed
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of


async def people(request: Request) -> Response:
    """Shows everybody with an account, and adds a new one."""
    if request.method != "POST":
        return await people_page(request, Form({}))
    by_hand(request, PEOPLE_BY_HAND)
    site = site_of(request)
    form = await form_of(request)
    asked = NewAccount(form.text("login"), form.text("name"), form.texts("role"), as_typed(form, "password"))
    asked = replace(asked, commission=form.text("commission"))
    try:
        by = await somebody(request)
        await accounts.check_account(site.store, asked)
        await confirm_act(request, by, form)
        person = await accounts.add_account(site.store, passwords, site.clock, asked, by=by.id)
    except (BadInput, IllegalMove, TooMany, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, form, error)
    return done(request, "/people?done=added", person=person.id)


async def set_roles(request: Request) -> Response:
    """Gives somebody these roles and no others, in every commission or in the one that the form names, with a code of
    one's own second step where one of them is new to them there. The last administrator stays one."""
    by_hand(request, PEOPLE_BY_HAND)
    form = await form_of(request)
    person, commission = request.path_params["person"], form.text("commission")
    try:
        if form.flag("one") and not commission:
            form.wrong("commission", "Choose the commission in which these roles count.")
            form.stop()
        site, by, roles = site_of(request), await somebody(request), form.texts("role")
        if await accounts.gives_roles(site.store, person, roles, commission):
            await confirm_act(request, by, form)
        held = await accounts.set_roles(site.store, site.clock, person, roles, commission, by=by.id)
    except (BadInput, IllegalMove, TooMany, StoreUnavailable) as error:
        if wants_json(request):
            raise
        part = "one" if form.flag("one") else "roles"
        return await people_page(request, Form({}), error, about=person, part=part, typed=form)
    return done(request, "/people?done=roles", person=person, roles=list(held))


async def give_password(request: Request) -> Response:
    """Gives somebody else a new password, with a code of one's own second step. Every device of theirs is signed out,
    every token of theirs is revoked."""
    by_hand(request, PEOPLE_BY_HAND)
    site = site_of(request)
    form = await form_of(request)
    person = request.path_params["person"]
    try:
        findings, given = Findings(), as_typed(form, "password")
        accounts.check_password(findings, given)
        findings.stop()
        by = await _confirmed(request, person, form)
        await accounts.give_password(site.store, passwords, site.clock, person, given, by=by)
    except (BadInput, TooMany, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person, part="password")
    return done(request, "/people?done=password", person=person)


async def sign_out_everywhere(request: Request) -> Response:
    """Ends every sign-in of somebody, on whatever device. Their tokens stay."""
    by_hand(request, PEOPLE_BY_HAND)
    site, person = site_of(request), request.path_params["person"]
    await sign_ins.end_all(site.store, site.clock, person, by=await somebody(request))
    return done(request, "/people?done=signed-out", person=person)


async def drop_second_step(request: Request) -> Response:
    """Turns the second step of somebody else off, who lost their phone and their recovery codes, with a code of one's
    own. Every sign-in of theirs ends."""
    by_hand(request, PEOPLE_BY_HAND)
    site, person, form = site_of(request), request.path_params["person"], await form_of(request)
    try:
        await second_steps.turn_off(site.store, site.clock, person, by=await _confirmed(request, person, form))
    except (BadInput, TooMany) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person, part="second-step")
    return done(request, "/people?done=second-step", person=person)


async def unbind(request: Request) -> Response:
    """Undoes how somebody's account is bound to single sign-on, with a code of one's own second step. Every sign-in of
    theirs ends."""
    by_hand(request, PEOPLE_BY_HAND)
    site, person, form = site_of(request), request.path_params["person"], await form_of(request)
    try:
        by = await somebody(request)
        await confirm_act(request, by, form)
        await sign_on.unbind(site.store, site.clock, person, by=by.id)
    except (BadInput, TooMany) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person, part="unbind")
    return done(request, "/people?done=unbound", person=person)


async def _confirmed(request: Request, person: str, form: Form) -> str:
    """Checks the code that a form brings, before an act on somebody else (by id); of one's own the act is refused
    anyway. Returns the id of whoever is signed in. Raises as `confirm_act`."""
    by = await somebody(request)
    if by.id != person:
        await confirm_act(request, by, form)
    return by.id


def role_words() -> list[tuple[str, str, str]]:
    """Returns the roles to choose from: each as it is stored, its name, and what it is for."""
    return [
        (Role.ORGANISER, _("Organiser"), _("Prepares and runs live sessions.")),
        (Role.MODERATOR, _("Moderator"), _("Reads stories before others do.")),
        (Role.COMMISSIONER, _("Commissioner"), _("Records decisions, and exports the record.")),
        (Role.SECOND_READER, _("Second reader"), _("Reads a decision before it is published, or sends it back.")),
        (Role.ADMINISTRATOR, _("Administrator"), _("Manages who can sign in.")),
    ]


async def people_page(
    request: Request,
    form: Form,
    error: ForumError | None = None,
    about: str = "",
    part: str = "roles",
    typed: Form | None = None,
) -> Response:
    """Draws the page of all accounts. An error is about the new one, or about a `part` of the account `about`: its
    "roles" or those in "one" commission (both as `typed`), its "password", its "second-step", or how to "unbind" it."""
    async with site_of(request).store.read() as work:
        everybody = await work.people.list_people()
        commissions = await work.commissions.list_commissions(drafts=True)
        second = await work.second_steps.all_second_steps()
        bound = await work.bindings.all_bindings()
    said = {
        "added": _("The account is ready."),
        "roles": _("The roles are changed."),
        "signed-out": _("They are signed out, everywhere."),
        "second-step": _("Their second step is off. They sign in with the password alone, and can turn it on again."),
        "unbound": _("The account is bound to single sign-on no more. They are signed out, everywhere."),
        "password": _("The password is changed. They have to sign in again, everywhere."),
    }
    errors = errors_of(error, "code" if isinstance(error, TooMany) else "form")
    answer = await page(
        request,
        "accounts/people.html",
        status_of(error) if error else 200,
        people=sorted(everybody, key=lambda p: p.name.casefold()),
        second_steps=second,
        bound=bound,
        role_words=role_words(),
        role_words_in_one=[one for one in role_words() if one[0] != Role.ADMINISTRATOR],
        commissions=[(one.id, one.title) for one in commissions],
        typed=typed or Form({}),
        form=form,
        errors={f"{_part_of(part, field)}-{about}": words for field, words in errors.items()} if about else errors,
        about=about,
        part=part,
        done=said.get(request.query_params.get("done", ""), ""),
        fewest=FEWEST,
    )
    return retry_after(answer, error)


def _part_of(part: str, field: str) -> str:
    """Returns the name under which the page shows an error of a field, in a part of an account."""
    if part == "one":
        return "one-role" if field == "form" else f"one-{field}"
    return f"{part}-code" if field == "code" else part
