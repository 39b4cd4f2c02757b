"""The page of all accounts: an administrator adds them, and gives them roles and new passwords."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.adapters import passwords
from forum.errors import BadInput, FormErrors, ForumError, IllegalMove, StoreUnavailable
from forum.ports.accounts import Role
from forum.ports.passwords import FEWEST
from forum.services import accounts
from forum.services.accounts import NewAccount
from forum.web.accounts.sign_in import as_typed
from forum.web.errors import status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of


async def people(request: Request) -> Response:
    """Shows everybody with an account, and adds a new one."""
    if request.method != "POST":
        return await people_page(request, Form({}))
    site = site_of(request)
    form = await form_of(request)
    asked = NewAccount(form.text("login"), form.text("name"), form.texts("role"), as_typed(form, "password"))
    try:
        person = await accounts.add_account(site.store, passwords, site.clock, asked)
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
        held = await accounts.set_roles(site_of(request).store, person, form.texts("role"))
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person)
    return done(request, "/people?done=roles", person=person, roles=list(held))


async def give_password(request: Request) -> Response:
    """Gives somebody a new password. Every device of theirs is signed out, every token of theirs is revoked."""
    site = site_of(request)
    form = await form_of(request)
    person = request.path_params["person"]
    try:
        await accounts.give_password(site.store, passwords, site.clock, person, as_typed(form, "password"))
    except (FormErrors, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await people_page(request, Form({}), error, about=person, part="password")
    return done(request, "/people?done=password", person=person)


def role_words() -> list[tuple[str, str, str]]:
    """Returns the roles to choose from: each as it is stored, its name, and what it is for."""
    return [
        (Role.ORGANISER, _("Organiser"), _("Prepares and runs live sessions.")),
        (Role.MODERATOR, _("Moderator"), _("Reads stories before others do.")),
        (Role.COMMISSIONER, _("Commissioner"), _("Records decisions, and exports the record.")),
        (Role.ADMINISTRATOR, _("Administrator"), _("Manages who can sign in.")),
    ]


async def people_page(
    request: Request, form: Form, error: ForumError | None = None, about: str = "", part: str = "roles"
) -> Response:
    """Draws the page of all accounts. An error is about the new one, or about a `part`, "roles" or "password", of the
    account `about`."""
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
        fewest=FEWEST,
    )
