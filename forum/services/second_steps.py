"""Second step of signing in: a code from an app, or a recovery code, after the password.

A code is taken once: neither it nor an earlier one is taken again. Recovery codes are kept as digests, and are good
once each. Who has lost both is helped by an administrator, who turns the second step off for them.

Wrong codes are counted, however slowly they come: after MOST_WRONG in a row a code of the app does not count any more,
and a recovery code or an administrator helps. Who tries has given the password, so no stranger locks anybody out.
"""

from __future__ import annotations

import re
import secrets

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person, Role
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.ports.second_steps import Codes, Must, SecondStep
from forum.services import audit, sign_ins
from forum.services.accounts import OF_ONE_SELF
from forum.services.keys import digest
from forum.services.sign_ins import Begin

RECOVERY_CODES = 10
MOST_CODE = 40
MOST_WRONG = 20

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_WRONG = "This code is not right, or it was used before. Wait for the next one and type that."
_LOCKED = (
    "Too many wrong codes were tried in a row, so codes of the app do not count any more. Use a recovery code, or ask "
    "an administrator to turn the second step off for you."
)
_WRONG_RECOVERY = "This recovery code is not right, or it was used before. Take another one of your list."
_ON = "The second step is on already."


def must(person: Person, setting: Must) -> bool:
    """Tells whether somebody has to have a second step, by the setting."""
    if setting is Must.ADMINISTRATORS:
        return Role.ADMINISTRATOR in person.roles
    return setting is Must.STAFF and bool(person.roles or any(person.roles_in.values()))


async def is_on(store: Store, person: Person) -> bool:
    """Tells whether somebody's second step is on."""
    async with store.read() as work:
        return await work.second_steps.get_second_step(person.id) is not None


async def turn_on(
    store: Store, codes: Codes, key: bytes, clock: Clock, person: Person, sealed: str, code: str, asked: Begin | None
) -> tuple[list[str], str]:
    """Turns somebody's second step on with a code of their app, which shows that it works. Returns their recovery
    codes, which are told this once, and the key of a sign-in where one is `asked` for.

    Raises BadInput(field="code") for a wrong code, IllegalMove where it is on.
    """
    number = codes.half_minute(key, person.id, sealed, digits(code), clock.now())
    if number is None:
        raise BadInput("This is not the code that the app shows now. Type the six digits that it shows.", field="code")
    async with store.begin() as work:
        if not await work.second_steps.add_second_step(SecondStep(person.id, sealed, clock.now(), number)):
            raise IllegalMove(_ON)
        made = await _new_codes(work, person)
        await audit.note(work, clock.now(), person.id, What.SECOND_STEP_ON)
        token = await sign_ins.begin(work, clock, person, asked) if asked else ""
    return made, token


async def pass_with_code(
    store: Store, codes: Codes, key: bytes, clock: Clock, person: Person, code: str, asked: Begin
) -> str:
    """Signs somebody in with a code of their app. Returns the key of the sign-in. Raises BadInput(field="code")."""
    async with store.begin() as work:
        refusal = await _refusal(work, codes, key, clock, person, code)
        if not refusal:
            return await sign_ins.begin(work, clock, person, asked)
    # Not within the unit of work, which would forget that it was tried.
    raise BadInput(refusal, field="code")


async def pass_with_recovery(store: Store, clock: Clock, person: Person, code: str, asked: Begin) -> str:
    """Signs somebody in with a recovery code, and uses it up. Returns the key of the sign-in. Raises
    BadInput(field="recovery")."""
    async with store.begin() as work:
        if not await _recovered(work, clock, person, code):
            raise BadInput(_WRONG_RECOVERY, field="recovery")
        return await sign_ins.begin(work, clock, person, asked)


async def confirm(store: Store, codes: Codes, key: bytes, clock: Clock, person: Person, code: str) -> None:
    """Checks a code of somebody's app, or a recovery code, before an act that needs their second step once more;
    nothing where it is off. Raises BadInput(field="code")."""
    async with store.begin() as work:
        if await work.second_steps.get_second_step(person.id) is None:
            return
        if digits(code).isdecimal():
            refusal = await _refusal(work, codes, key, clock, person, code)
        else:
            refusal = "" if await _recovered(work, clock, person, code) else _WRONG_RECOVERY
    if refusal:
        raise BadInput(refusal, field="code")


async def make_codes(store: Store, clock: Clock, person: Person) -> list[str]:
    """Makes new recovery codes in the place of those before. Raises NotFound where the second step is off."""
    async with store.begin() as work:
        if await work.second_steps.get_second_step(person.id) is None:
            raise NotFound("The second step is off.")
        await audit.note(work, clock.now(), person.id, What.RECOVERY_CODES_MADE)
        return await _new_codes(work, person)


async def turn_off(store: Store, clock: Clock, whose: str, *, by: str) -> None:
    """Turns the second step of somebody else off (by id), and ends every sign-in of theirs; nothing where it is off.
    Raises NotFound where there is no such account, IllegalMove for one's own, which `turn_own_off` is for."""
    if by == whose:
        raise IllegalMove(OF_ONE_SELF)
    async with store.begin() as work:
        if whose not in {one.id for one in await work.people.list_people()}:
            raise NotFound("There is nobody with this account.")
        if await work.second_steps.drop_second_step(whose):
            await audit.note(work, clock.now(), by, What.SECOND_STEP_OFF, whom=whose)
            await work.people.sign_out_everywhere(whose)


async def turn_own_off(store: Store, clock: Clock, person: Person, setting: Must) -> None:
    """Turns one's own second step off, after a password and a code; nothing where it is off. Raises IllegalMove where
    one must have it, by the setting."""
    check_optional(person, setting)
    async with store.begin() as work:
        if await work.second_steps.drop_second_step(person.id):
            await audit.note(work, clock.now(), person.id, What.SECOND_STEP_OFF)


def check_optional(person: Person, setting: Must) -> None:
    """Raises IllegalMove where somebody must have a second step, by the setting."""
    if must(person, setting):
        raise IllegalMove("Your role needs the second step, so it stays on.")


def digits(code: str) -> str:
    """Returns a code without the spaces that apps show in it."""
    return re.sub(r"\s", "", code[:MOST_CODE])


async def _new_codes(work: Work, person: Person) -> list[str]:
    made = [
        "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)
    ]
    await work.second_steps.set_recovery_codes(person.id, [_kept(code) for code in made])
    return made


async def _refusal(work: Work, codes: Codes, key: bytes, clock: Clock, person: Person, code: str) -> str:
    """Takes a code of somebody's app, once. Returns why it is refused, "" where it is right."""
    counts = await work.second_steps.count_try(person.id, MOST_WRONG)
    step = await work.second_steps.get_second_step(person.id)
    if step is None or not counts:
        return _LOCKED if step else _WRONG
    number = codes.half_minute(key, person.id, step.sealed, digits(code), clock.now())
    if number is not None and await work.second_steps.use_half_minute(person.id, number):
        await work.second_steps.clear_tries(person.id)
        return ""
    if step.wrong >= MOST_WRONG:
        await audit.note(work, clock.now(), "", What.SECOND_STEP_LOCKED, whom=person.id)
    return _WRONG


async def _recovered(work: Work, clock: Clock, person: Person, code: str) -> bool:
    """Uses a recovery code up; returns False for a wrong one."""
    if not await work.second_steps.use_recovery_code(person.id, _kept(code)):
        return False
    await work.second_steps.clear_tries(person.id)
    await audit.note(work, clock.now(), person.id, What.RECOVERY_CODE_USED)
    return True


def _kept(code: str) -> str:
    """Returns the digest of a recovery code, however it is typed."""
    return digest(re.sub(r"[^a-z0-9]", "", code[:MOST_CODE].lower()))
