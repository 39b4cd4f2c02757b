"""Page of what staff did with accounts, exports and settings, for administrators; and the same as a file to keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from forum.ports.accounts import Person
from forum.ports.audit import StaffAct, What
from forum.services import audit
from forum.web.accounts.people import role_words
from forum.web.auth import somebody
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import page
from forum.web.site import site_of

A_PAGE = 50
MOST_IN_FILE = 10_000

# Kinds to choose from, each with its acts.
KINDS: Mapping[str, tuple[What, ...]] = {
    "sign-ins": (
        What.SIGNED_IN,
        What.SIGNED_IN_BY_PROVIDER,
        What.SIGN_IN_FAILED,
        What.SIGNED_OUT,
        What.SIGN_INS_ENDED,
    ),
    "secrets": (
        What.PASSWORD_CHANGED,
        What.SECOND_STEP_ON,
        What.SECOND_STEP_OFF,
        What.RECOVERY_CODES_MADE,
        What.RECOVERY_CODE_USED,
        What.SECOND_STEP_LOCKED,
    ),
    "accounts": (What.ACCOUNT_ADDED, What.ROLES_CHANGED, What.BOUND, What.UNBOUND),
    "tokens": (What.TOKEN_MADE, What.TOKEN_REVOKED),
    "other programs": (
        What.WEBHOOK_ADDED,
        What.WEBHOOK_STARTED,
        What.WEBHOOK_REMOVED,
        What.EMBEDDERS_CHANGED,
    ),
    "exports": (What.EXPORTED,),
    "organisation": (What.ORGANISATION_CHANGED,),
}


async def acts(request: Request) -> Response:
    """Shows a page of what staff did, newest first: all of it, or of one person or one kind."""
    site, asked = site_of(request), request.query_params
    kind = asked.get("kind", "") if asked.get("kind", "") in KINDS else ""
    async with site.store.read() as work:
        people = {one.id: one for one in await work.people.list_people()}
        person = asked.get("person", "") if asked.get("person", "") in people else ""
        number = await work.audit.count_acts(person=person, what=KINDS.get(kind, ()))
        pages = max(1, -(-number // A_PAGE))
        at = min(max(1, int(asked["page"])), pages) if asked.get("page", "").isdecimal() else 1
        found = await work.audit.acts(person=person, what=KINDS.get(kind, ()), most=A_PAGE, skip=A_PAGE * (at - 1))
    chosen = {name: value for name, value in (("person", person), ("kind", kind)) if value}
    return await page(
        request,
        "accounts/audit.html",
        rows=[(act, words_of(act, people), _about(act)) for act in found],
        everybody=sorted(((one.id, one.name) for one in people.values()), key=lambda one: one[1].casefold()),
        kinds=_kinds(),
        chosen_person=person,
        kind=kind,
        number=number,
        at=at,
        pages=pages,
        query=urlencode(chosen),
        days=site.settings.operator.periods["staff_acts"],
    )


async def acts_file(request: Request) -> Response:
    """Sends what staff did as CSV, the newest MOST_IN_FILE; that it was sent is noted too."""
    site, asked = site_of(request), request.query_params
    by = await somebody(request)
    async with site.store.begin() as work:
        people = {one.id: one for one in await work.people.list_people()}
        found = await work.audit.acts(
            person=asked.get("person", ""), what=KINDS.get(asked.get("kind", ""), ()), most=MOST_IN_FILE
        )
        name = f"forum-acts-of-staff-{today(site.clock.now())}.csv"
        await audit.note(work, site.clock.now(), by.id, What.EXPORTED, name)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["at", "by", "what", "whom", "about"])
    rows.writerows(
        [act.at, _cell(_login(people, act.by)), act.what, _cell(_login(people, act.whom)), _cell(act.about)]
        for act in found
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue().encode(), media_type="text/csv; charset=utf-8", headers=headers)


def words_of(act: StaffAct, people: Mapping[str, Person]) -> str:
    """Returns an act as a sentence, with names."""
    said: Mapping[What, Callable[[], str]] = {
        What.SIGNED_IN: lambda: _("%(who)s signed in"),
        What.SIGNED_IN_BY_PROVIDER: lambda: _("%(who)s signed in by single sign-on"),
        What.BOUND: lambda: _("%(who)s signed in by single sign-on for the first time, and was bound to it"),
        What.UNBOUND: lambda: _("%(who)s undid how %(whom)s is bound to single sign-on"),
        What.SIGN_IN_FAILED: lambda: _("Somebody tried to sign in as %(whom)s, and could not"),
        What.SIGNED_OUT: lambda: _("%(who)s signed out"),
        What.PASSWORD_CHANGED: lambda: _("%(who)s changed their own password"),
        What.ACCOUNT_ADDED: lambda: _("%(who)s made the account of %(whom)s"),
        What.ROLES_CHANGED: lambda: _("%(who)s changed the roles of %(whom)s"),
        What.SIGN_INS_ENDED: lambda: _("%(who)s signed out other browsers of their own"),
        What.SECOND_STEP_ON: lambda: _("%(who)s turned their second step on"),
        What.SECOND_STEP_OFF: lambda: _("%(who)s turned their second step off"),
        What.RECOVERY_CODES_MADE: lambda: _("%(who)s made new recovery codes"),
        What.RECOVERY_CODE_USED: lambda: _("%(who)s used a recovery code"),
        What.SECOND_STEP_LOCKED: lambda: _(
            "Too many wrong codes were tried for %(whom)s, who needs a recovery code now"
        ),
        What.WEBHOOK_ADDED: lambda: _("%(who)s added a webhook"),
        What.WEBHOOK_STARTED: lambda: _("%(who)s started a webhook again"),
        What.WEBHOOK_REMOVED: lambda: _("%(who)s removed a webhook"),
        What.EMBEDDERS_CHANGED: lambda: _("%(who)s changed which sites may show results"),
        What.TOKEN_MADE: lambda: _("%(who)s made a token for a program"),
        What.TOKEN_REVOKED: lambda: _("%(who)s revoked a token"),
        What.EXPORTED: lambda: _("%(who)s downloaded an export"),
        What.ORGANISATION_CHANGED: lambda: _("%(who)s changed what the organisation says of itself"),
    }
    of_others: Mapping[What, Callable[[], str]] = {
        What.PASSWORD_CHANGED: lambda: _("%(who)s gave %(whom)s a new password"),
        What.SIGN_INS_ENDED: lambda: _("%(who)s signed %(whom)s out everywhere"),
        What.SECOND_STEP_OFF: lambda: _("%(who)s turned the second step of %(whom)s off"),
    }
    sentence = of_others.get(act.what) if act.whom and act.whom != act.by else None
    names = {"who": _name(people, act.by), "whom": _name(people, act.whom)}
    return (sentence or said[act.what])() % names


def _kinds() -> list[tuple[str, str]]:
    return [
        ("sign-ins", _("Signing in and out")),
        ("secrets", _("Passwords and second steps")),
        ("accounts", _("Accounts and roles")),
        ("tokens", _("Tokens for programs")),
        ("other programs", _("Webhooks and other sites")),
        ("exports", _("Exports")),
        ("organisation", _("The organisation")),
    ]


def _about(act: StaffAct) -> str:
    """Returns what an act was about in the reader's language: roles by their names, all else as it was noted."""
    roles = audit.roles_in(act)
    if act.what is What.EMBEDDERS_CHANGED and act.about == "-":
        return _("None")
    if roles is None:
        about, token = audit.token_in(act)
        return _("%(what)s, by the token “%(token)s”") % {"what": about, "token": token} if token else about
    names = {str(role): words for role, words, _hint in role_words()}
    return ", ".join(names.get(role, role) for role in roles) or _("No role")


def _name(people: Mapping[str, Person], person: str) -> str:
    return people[person].name if person in people else _("Somebody at the server")


def _login(people: Mapping[str, Person], person: str) -> str:
    return people[person].login if person in people else ""


def _cell(text: str) -> str:
    """Returns a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
