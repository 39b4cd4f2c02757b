"""Checks of the second step on a page: tries are counted, and acts of weight ask for a code once more."""

from __future__ import annotations

from starlette.requests import Request

from forum.adapters import one_time_codes
from forum.errors import BadInput, IllegalMove, NotAllowed, TooMany, message
from forum.ports.accounts import Person
from forum.services import second_steps
from forum.services.keys import digest
from forum.services.second_steps import MOST_CODE
from forum.web.accounts.devices import entered, who_of
from forum.web.auth import bears_token
from forum.web.cookies import DEVICE, cookie_of
from forum.web.forms import Form
from forum.web.rate_limits import TEN_MINUTES
from forum.web.site import site_of

# Wrong codes in ten minutes: from one browser, or all unknown ones of a network, and from everywhere together.
TRIES = 5
TRIES_ANYWHERE = 20
TOKENS_BY_HAND = message("Tokens are made and revoked by people who are signed in, not by programs.")
LINKS_BY_HAND = message("Links for people are made and switched off by people who are signed in, not by programs.")
PEOPLE_BY_HAND = message("Accounts and roles are changed by people who are signed in, not by programs.")
_LOCKED = "Too many wrong codes. Wait %(minutes)s minutes and try again."


async def counted(request: Request, person: Person) -> list[str]:
    """Counts a try, which is given back where it was right; returns the names it is counted under. Raises TooMany."""
    limits = site_of(request).limits
    by = digest(cookie_of(request, DEVICE)) if entered(request, person) else who_of(request).counted
    keys = {f"code of {person.id} at {by}": TRIES, f"code of {person.id}": TRIES_ANYWHERE}
    wait = max(limits.wait(key, most, TEN_MINUTES) for key, most in keys.items())
    if wait:
        raise TooMany(_LOCKED, wait)
    for key in keys:
        limits.count(key)
    return [*keys]


async def confirm(request: Request, person: Person, form: Form) -> None:
    """Checks the code that a form brings, where whoever sends it has a second step. Raises BadInput(field="code"),
    TooMany."""
    site, typed = site_of(request), form.text("code")
    if not await second_steps.is_on(site.store, person):
        return
    if not typed or len(typed) > MOST_CODE:
        raise BadInput("Enter the code that your app shows, or a recovery code.", field="code")
    keys = await counted(request, person)
    await second_steps.confirm(site.store, one_time_codes, site.second_step_secret, site.clock, person, typed)
    for key in keys:
        site.limits.give_back(key)


def by_hand(request: Request, refusal: str) -> None:
    """Raises NotAllowed for a program with a token, which could give itself more, or go on for ever."""
    if bears_token(request):
        raise NotAllowed(refusal)


async def confirm_act(request: Request, person: Person, form: Form) -> None:
    """Checks that somebody may make a token, or change an account, now: with a code where they have a second step, and
    only with one where they must have it. Raises as `confirm`, IllegalMove where the second step is off."""
    site = site_of(request)
    on = await second_steps.is_on(site.store, person)
    if not on and second_steps.must(person, site.settings.second_factor):
        raise IllegalMove("Turn on the second step first, on the page of your account: your role needs it.")
    await confirm(request, person, form)
