"""Accounts: one rule for logins, names, passwords and roles, whether a page asks or the command line.

Functions with a `store` are one unit of work each. `passwords` is what hashes (forum/adapters/passwords.py); it is
slow, so it runs before the unit of work begins.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from forum.errors import BadInput, IllegalMove, NotFound, message
from forum.ports import Store, Work
from forum.ports.accounts import LOGIN_TAKEN, Person, Role, Token
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.ports.passwords import FEWEST, MOST, Fit, Passwords, prepared
from forum.services import audit, permissions, sign_ins
from forum.services.form_errors import NO_NAME, Findings
from forum.services.keys import digest, digest_of_no_key, new_key, new_token
from forum.services.sign_ins import Begin

MOST_NAME = 100
MOST_LABEL = 60
TOKEN_DAYS = 365  # of a token whose maker names no day

_NO_LINK = "This link has been used, or it has run out. Restart the server to get a new one."
OF_ONE_SELF = message(
    "You change your own password and second step on the page of your account, with your present password and a code."
)
_NOBODY = "There is nobody with this account."


@dataclass(frozen=True)
class NewAccount:
    """An account as somebody asks for it. `again` is the password typed a second time, None where it is asked for
    once; the roles count in `commission` (by id) alone, or in every one where it is ""."""

    login: str
    name: str
    roles: Sequence[str]
    password: str
    again: str | None = None
    commission: str = ""


async def add_account(
    store: Store, passwords: Passwords, clock: Clock, asked: NewAccount, *, by: str = audit.BY_COMMAND
) -> Person:
    """Adds an account and returns it; `by` is the id of whoever asks.

    With an administrator there is no need of the first one's link: it dies.

    Raises FormErrors (fields "name", "login", "password", "again", "role", "commission") with all that is wrong,
    BadInput(field="login") for a login that is taken.
    """
    person = await _made(passwords, clock, asked)
    async with store.begin() as work:
        await _check_commission(work, asked.commission)
        await work.people.add_person(person)
        await audit.note(work, clock.now(), by, What.ACCOUNT_ADDED, _told(person.roles or asked.roles), whom=person.id)
        if Role.ADMINISTRATOR in person.roles:
            # A link that has run out takes the place of the one that may be on its way.
            await work.people.set_first_link(digest_of_no_key(), person.created_at)
    return person


async def check_account(store: Store, asked: NewAccount) -> None:
    """Raises as `add_account` does, and adds nothing: what is wrong is told before a code is asked for and used up."""
    _checked(asked)
    async with store.read() as work:
        await _check_commission(work, asked.commission)
        if await work.people.by_login(asked.login) is not None:
            raise BadInput(LOGIN_TAKEN, field="login")


async def gives_roles(store: Store, person: str, roles: Sequence[str], commission: str = "") -> bool:
    """Returns True where these roles hold one that somebody (by id) has not there, in this commission (by id) or in
    every one: it opens stories, sessions or exports to them. Raises as `set_roles`, and changes nothing."""
    async with store.read() as work:
        before, held = await _change_of(work, person, roles, commission)
    return not set(held) <= set(_had(before, commission))


async def open_first_link(store: Store, clock: Clock) -> str:
    """Makes the key of the first administrator's link, good for a day and one use; "" where there is an administrator.
    An earlier link dies."""
    async with store.begin() as work:
        if any(Role.ADMINISTRATOR in person.roles for person in await work.people.list_people()):
            return ""
        key = new_key()
        await work.people.set_first_link(digest(key), clock.later(days=1))
    return key


async def check_first_link(store: Store, clock: Clock, key: str) -> None:
    """Raises NotFound where the first administrator's link has not this key, was used, or has run out."""
    async with store.read() as work:
        if not await work.people.first_link_holds(digest(key), clock.now()):
            raise NotFound(_NO_LINK)


async def use_first_link(
    store: Store, passwords: Passwords, clock: Clock, key: str, asked: NewAccount, sign_in: Begin | None
) -> tuple[Person, str]:
    """Uses the first administrator's link up: adds their account and signs them in, where that is asked for. Returns
    them and the sign-in's key.

    Raises NotFound as `check_first_link` does; else as `add_account`, and the link holds.
    """
    person = await _made(passwords, clock, asked)
    async with store.begin() as work:
        if not await work.people.use_first_link(digest(key), clock.now()):
            raise NotFound(_NO_LINK)
        await work.people.add_person(person)
        await audit.note(work, clock.now(), person.id, What.ACCOUNT_ADDED, _told(person.roles), whom=person.id)
        token = await sign_ins.begin(work, clock, person, sign_in) if sign_in else ""
    return person, token


async def renew_hash(store: Store, passwords: Passwords, person: Person, password: str, fit: Fit) -> None:
    """Makes a hash of former days anew, of a password that was found to fit."""
    if fit is Fit.BEFORE:
        fresh = await passwords.hashed(password)
        async with store.begin() as work:
            await work.people.set_password(person.id, fresh)


async def sign_in(store: Store, clock: Clock, person: Person, asked: Begin) -> str:
    """Signs a person in whose password was found to fit, and returns the key of the sign-in."""
    async with store.begin() as work:
        return await sign_ins.begin(work, clock, person, asked)


async def change_password(
    store: Store, passwords: Passwords, clock: Clock, person: Person, chosen: str, asked: Begin
) -> str:
    """Gives a person the password that they chose, and signs them in anew. Returns the key of the sign-in.

    All their other sign-ins end and their tokens are revoked: whoever had the old password may have made them. The
    password is one that `check_password` has passed.
    """
    hashed = await passwords.hashed(chosen)
    async with store.begin() as work:
        await _replace_password(work, clock, person.id, hashed, by=person.id)
        return await sign_ins.begin(work, clock, person, asked)


async def give_password(
    store: Store, passwords: Passwords, clock: Clock, person: str, password: str, *, by: str = audit.BY_COMMAND
) -> None:
    """Gives somebody else (by id) a new password, ends all their sign-ins and revokes their tokens.

    Raises FormErrors (field "password"), NotFound, IllegalMove for one's own, which `change_password` is for.
    """
    if by == person:
        raise IllegalMove(OF_ONE_SELF)
    found = Findings()
    chosen = check_password(found, password)
    found.stop()
    hashed = await passwords.hashed(chosen)
    async with store.begin() as work:
        await _replace_password(work, clock, person, hashed, by=by)


async def set_roles(
    store: Store, clock: Clock, person: str, roles: Sequence[str], commission: str = "", *, by: str = audit.BY_COMMAND
) -> tuple[Role, ...]:
    """Gives somebody (by id) these roles and no others, in one commission (by id) alone, or in every one where it is
    "". None at all leaves an account that opens nothing there.

    Returns the roles in the order of permissions.ROLES. Raises FormErrors (field "role") for one that there is not,
    BadInput(field="commission"), NotFound, IllegalMove where nobody would be administrator.
    """
    async with store.begin() as work:
        before, held = await replace_roles(work, person, roles, commission)
        if set(_had(before, commission)) != set(held):
            await audit.note(work, clock.now(), by, What.ROLES_CHANGED, _told(held), whom=person)
    return held


async def replace_roles(
    work: Work, person: str, roles: Sequence[str], commission: str = ""
) -> tuple[Person, tuple[Role, ...]]:
    """Gives somebody these roles as `set_roles` does, within a unit of work. Returns them as they were before, and the
    roles as they are kept."""
    # Locked: of two administrators who take the role from each other at once, one keeps it.
    before, held = await _change_of(work, person, roles, commission, lock=True)
    if commission:
        await work.people.set_roles_in(person, {**before.roles_in, commission: held})
    else:
        await work.people.set_roles(person, held)
    return before, held


async def _change_of(
    work: Work, person: str, roles: Sequence[str], commission: str, *, lock: bool = False
) -> tuple[Person, tuple[Role, ...]]:
    """Returns somebody as they are, and the roles asked for as they are kept. Raises as `set_roles` does."""
    found = Findings()
    held = _roles(found, roles, commission)
    found.stop()
    await _check_commission(work, commission)
    everybody = {one.id: one for one in await work.people.list_people(lock=lock)}
    if person not in everybody:
        raise NotFound(_NOBODY)
    others = (one for one in everybody.values() if one.id != person)
    if not commission and Role.ADMINISTRATOR not in held and not any(Role.ADMINISTRATOR in one.roles for one in others):
        raise IllegalMove("Somebody has to be administrator. Give that role to somebody else first.")
    return everybody[person], held


def _had(before: Person, commission: str) -> Sequence[Role]:
    """Returns the roles that somebody has in one commission (by id) alone, or in every one where it is ""."""
    return before.roles_in.get(commission, ()) if commission else before.roles


async def make_token(store: Store, clock: Clock, person: Person, label: str) -> tuple[Token, str]:
    """Makes a token for a program, which ends after TOKEN_DAYS. Returns it with its key, which is told once and kept as
    a digest only.

    Raises FormErrors where the label is missing.
    """
    label = check_label(label)
    secret = new_token()
    ends = clock.later(days=TOKEN_DAYS)[: len("2026-11-30")]
    token = Token(secrets.token_hex(16), person.id, label, clock.now(), expires_on=ends)
    async with store.begin() as work:
        await work.people.add_token(token, digest(secret))
        await audit.note(work, clock.now(), person.id, What.TOKEN_MADE, label)
    return token, secret


def check_label(label: str) -> str:
    """Returns what a token is for, as it is kept. Raises FormErrors where that is missing or too long."""
    found = Findings()
    label = found.name("label", label, "Say what the token is for.", MOST_LABEL)
    found.stop()
    return label


async def revoke_token(store: Store, clock: Clock, person: Person, token: str) -> None:
    """Makes a token useless. Raises NotFound where the person has no such token."""
    async with store.begin() as work:
        await work.people.revoke_token(person.id, token, clock.now())
        await audit.note(work, clock.now(), person.id, What.TOKEN_REVOKED)


def check_names(found: Findings, login: str, name: str) -> tuple[str, str]:
    """Returns a new account's login and name as they are kept (visible_text.line); notes what is wrong under "login"
    and "name"."""
    # line() would make one name of two that stand on two lines.
    if len(name.strip().splitlines()) > 1:
        found.wrong("name", NO_NAME)
    name = found.name("name", name, "Enter a name.", MOST_NAME)
    login = found.name("login", login, "Enter a login: a short name or an e-mail address.", MOST_NAME)
    if any(char.isspace() for char in login):
        found.wrong("login", "Leave out the spaces.")
    return login, name


def check_password(found: Findings, password: str, again: str | None = None) -> str:
    """Returns the `prepared` form of a new password; notes under "password" and "again" what is wrong with it.

    It is taken exactly as typed, outer space included: nothing is trimmed.
    """
    chosen = prepared(password)
    if not password:
        found.wrong("password", "Choose a password.")
    elif _cannot_be_sent(password):
        found.wrong("password", "Some characters of this password cannot be typed on a page. Choose another one.")
    elif len(chosen) < FEWEST:
        found.wrong("password", "Use at least %(fewest)s characters. A few words in a row are good.", fewest=FEWEST)
    check_length(found, "password", chosen)
    if again is not None:
        if not again:
            found.wrong("again", "Type the password a second time.")
        check_length(found, "again", prepared(again))
        if prepared(again) != chosen:
            found.wrong("again", "The two passwords are not the same. Type both again.")
    return chosen


def check_length(found: Findings, field: str, password: str) -> None:
    """Notes under `field` where a `prepared` password is longer than MOST characters."""
    if len(password) > MOST:
        found.wrong(field, "Use at most %(most)s characters. This has %(length)s.", most=MOST, length=len(password))


def _cannot_be_sent(password: str) -> bool:
    """True for U+0000 and halves of surrogate pairs: forms replace them, so nobody could sign in with them."""
    return "\0" in password or any("\ud800" <= char <= "\udfff" for char in password)


async def _made(passwords: Passwords, clock: Clock, asked: NewAccount) -> Person:
    """Returns the person that an account is asked for. Raises FormErrors with all that is wrong."""
    login, name, password, roles = _checked(asked)
    everywhere, here = ((), {asked.commission: roles}) if asked.commission else (roles, {})
    hashed = await passwords.hashed(password)
    return Person(secrets.token_hex(16), login, name, everywhere, hashed, clock.now(), here)


def _checked(asked: NewAccount) -> tuple[str, str, str, tuple[Role, ...]]:
    """Returns login, name, password and roles as they are kept. Raises FormErrors with all that is wrong."""
    found = Findings()
    login, name = check_names(found, asked.login, asked.name)
    password = check_password(found, asked.password, asked.again)
    roles = _roles(found, asked.roles, asked.commission)
    if not roles:
        found.wrong("role", "Choose at least one role.")
    found.stop()
    return login, name, password, roles


async def _check_commission(work: Work, commission: str) -> None:
    """Raises BadInput(field="commission") where there is no such commission; "" stands for every one."""
    if commission and commission not in {one.id for one in await work.commissions.list_commissions(drafts=True)}:
        raise BadInput("There is no such commission. Choose one from the list.", field="commission")


def _roles(found: Findings, wanted: Sequence[str], commission: str = "") -> tuple[Role, ...]:
    """Returns the roles wanted, each once, in the order of permissions.ROLES; notes one that there is not, and an
    administrator of one commission.
    """
    if any(role not in permissions.ROLES for role in wanted):
        found.wrong("role", "Choose from the roles in the list.")
    if commission and Role.ADMINISTRATOR in wanted:
        found.wrong("role", "An administrator manages everybody’s account: that role counts in every commission.")
    return tuple(role for role in permissions.ROLES if role in wanted)


def _told(roles: Sequence[str]) -> str:
    """Returns roles as an act of staff is about them; "-" for none."""
    return ", ".join(roles) or "-"


async def _replace_password(work: Work, clock: Clock, person: str, hashed: str, *, by: str) -> None:
    await work.people.set_password(person, hashed)
    await work.people.sign_out_everywhere(person)
    await audit.note(work, clock.now(), by, What.PASSWORD_CHANGED, whom=person)
    for token in await work.people.tokens(person):
        await work.people.revoke_token(person, token.id, clock.now())
