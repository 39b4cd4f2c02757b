"""Tokens for programs that use the API: each stands for one role in one commission, which its maker has there.

A token can do no more than its maker may now: where that role is taken from them, it opens nothing any more.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date, timedelta

import msgspec

from forum.ports import Store, Work
from forum.ports.accounts import Person, Role, Token
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.services import audit, permissions
from forum.services.accounts import MOST_LABEL, TOKEN_DAYS
from forum.services.form_errors import Findings, is_day
from forum.services.keys import digest, new_token

DAYS, MOST_DAYS = TOKEN_DAYS, 730
MOST_TOKENS = 50  # of a person that hold


class TokenForm(msgspec.Struct, frozen=True):
    """A token as somebody asks for it: what it is for, the commission (by id) and role that it stands for, and the ISO
    date from which it does not hold any more. Errors come back under the names of these fields."""

    label: str = ""
    commission: str = ""
    role: str = ""
    expires_on: str = ""


def roles_in(person: Person, commission: str) -> tuple[Role, ...]:
    """Returns the roles that a person has in a commission and that a token may stand for, in their order. Accounts are
    of every commission, so no token manages them."""
    held = {*person.roles, *person.roles_in.get(commission, ())} - {Role.ADMINISTRATOR}
    return tuple(role for role in permissions.ROLES if role in held)


def may_have(person: Person) -> bool:
    """Tells whether somebody has a role that a token may stand for."""
    return any(permissions.reach(person, one) for one in ("keep commissions", "moderate stories", "read drafts"))


async def make(store: Store, clock: Clock, person: Person, form: TokenForm, today: str) -> tuple[Token, str]:
    """Makes a token and returns it with its key, which is told once and kept as a digest only. `today` is an ISO date.

    Raises FormErrors with all mistakes.
    """
    async with store.begin() as work:
        label = await _checked(work, person, form, today)
        secret, now = new_token(), clock.now()
        made = Token(
            secrets.token_hex(16),
            person.id,
            label,
            now,
            commission=form.commission,
            role=form.role,
            expires_on=form.expires_on,
        )
        await work.people.add_token(made, digest(secret))
        await audit.note(work, now, person.id, What.TOKEN_MADE, f"{label}: {form.role}")
    return made, secret


async def check(store: Store, person: Person, form: TokenForm, today: str) -> None:
    """Raises FormErrors where `make` would."""
    async with store.read() as work:
        await _checked(work, person, form, today)


async def _checked(work: Work, person: Person, form: TokenForm, today: str) -> str:
    """Returns the label of a token that can be made so. Raises FormErrors with all mistakes."""
    found = Findings()
    label = found.name("label", form.label, "Say what the token is for.", MOST_LABEL)
    last = (date.fromisoformat(today) + timedelta(days=MOST_DAYS)).isoformat()
    if not is_day(form.expires_on):
        found.wrong("expires_on", "Enter the day on which it ends.")
    elif not today < form.expires_on <= last:
        found.wrong("expires_on", "Choose a day after today, and at most two years from now.")
    if form.commission not in await work.commissions.titles({form.commission}):
        found.wrong("commission", "Choose the commission that it is for.")
    if not form.role:
        found.wrong("role", "Choose the role that it stands for.")
    elif "commission" not in found.errors and form.role not in roles_in(person, form.commission):
        found.wrong("role", "You do not have this role in this commission. A token can do no more than you.")
    tokens = [one for one in await work.people.tokens(person.id) if holds(person, one, today)]
    if len(tokens) >= MOST_TOKENS:
        found.wrong("label", "You have %(most)s tokens. Revoke one that is not used any more.", most=MOST_TOKENS)
    found.stop()
    return label


def ends_on(token: Token) -> str:
    """Returns the day (ISO) from which a token does not hold any more: a year after it was made, where an older version
    named none."""
    return token.expires_on or (date.fromisoformat(token.created_at[:10]) + timedelta(days=DAYS)).isoformat()


def holds(person: Person, token: Token, today: str) -> bool:
    """Tells whether a token of a person opens anything on the day `today` (ISO)."""
    if token.revoked_at or ends_on(token) <= today:
        return False
    return not token.role or token.role in roles_in(person, token.commission)


async def holder(work: Work, secret: str, today: str) -> tuple[Person, Token] | None:
    """Returns whose token has this key, with the role and the commission alone that it stands for, and the token; None
    where there is none that holds."""
    found = await work.people.token_with(digest(secret))
    if found is None or not holds(*found, today):
        return None
    person, token = found
    if token.role:
        person = replace(person, roles=(), roles_in={token.commission: (Role(token.role),)})
    return person, token


async def used(store: Store, token: Token, today: str) -> None:
    """Notes the day on which a token was last used."""
    async with store.begin() as work:
        await work.people.use_token(token.id, today)
