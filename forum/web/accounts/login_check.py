"""Checks a login with its password, within limits, and answers alike for a wrong password and an unknown login.

A wrong password counts for its login at the network it came from, and there for the browser, once that is known: nobody
locks somebody out from elsewhere, nor from beside them whoever has had the page open for a while, until very many have
tried. On a browser on which they signed in before, people are counted by themselves. What logins do not exist is not to
be learnt: every failed try is answered after the same time, and refused after the same number.
"""

from __future__ import annotations

from starlette.requests import Request

from forum.adapters import passwords
from forum.errors import TooMany
from forum.ports.accounts import Person
from forum.ports.passwords import Fit
from forum.services import sign_ins
from forum.services.keys import digest
from forum.stories.visible_text import alike
from forum.web.accounts.devices import entered, who_of
from forum.web.auth import person_of
from forum.web.cookies import DEVICE, cookie_of
from forum.web.rate_limits import TEN_MINUTES, too_many
from forum.web.site import network_of, site_of

# Wrong passwords that one login may get in ten minutes: from one known browser, or all unknown ones of a network, and
# from everywhere together. At this rate nobody guesses a password of twelve signs.
TRIES_PER_LOGIN = 10
TRIES_ANYWHERE = 100
# Seconds after which a failed try is answered, whatever it took: several times what one password takes.
ANSWERED_AFTER = 0.5
_LOCKED = (
    "Too many wrong passwords for this login. Wait %(minutes)s minutes and try again, or sign in on a device on which "
    "you have signed in before."
)


async def holder(request: Request, login: str, password: str) -> tuple[Person | None, Fit]:
    """Returns the person with this login and password, and how the password fits; (None, Fit.NO) for nobody.

    Raises TooMany after too many wrong ones: of this login; or of this network, where this one was wrong too.
    """
    site = site_of(request)
    limits, network = site.limits, network_of(request)
    began = limits.now()
    async with site.store.read() as work:
        person = await work.people.by_login(login)
    keys = _keys(who_of(request).counted, login)
    if person is not None and await _known(request, person):
        keys = {f"sign-in {person.id} on {digest(cookie_of(request, DEVICE))}": TRIES_PER_LOGIN}
    wait = max(limits.wait(key, most, TEN_MINUTES) for key, most in keys.items())
    if wait:
        raise TooMany(_LOCKED, wait)
    failed, most = f"sign-ins at {network}", site.settings.sign_ins_per_address
    over = limits.wait(failed, most, TEN_MINUTES)
    # Counted before the slow check, so that many tries at once are many; given back where the password is right.
    counted = [*keys] if over else [*keys, failed]
    for key in counted:
        limits.count(key)
    # After so many, logins that nobody has are no longer worth a core's time.
    fit = await passwords.fit(person.password if person else "", password) if person or not over else Fit.NO
    if person is not None and fit is not Fit.NO:
        for key in counted:
            limits.give_back(key)
        return person, fit
    if person is not None and not over:
        await sign_ins.failed(site.store, site.clock, person)
    await limits.sleep(max(0.0, began + ANSWERED_AFTER - limits.now()))
    if over:
        raise too_many(over)
    return None, Fit.NO


def _keys(counted: str, login: str) -> dict[str, int]:
    """Returns the keys a try is counted under, each with the wrong tries it allows, however the login is written."""
    known_as = digest(alike(login))
    return {f"sign-in {known_as} at {counted}": TRIES_PER_LOGIN, f"sign-in {known_as}": TRIES_ANYWHERE}


async def _known(request: Request, person: Person) -> bool:
    """Returns True on a browser on which the person has signed in before, or is signed in now."""
    now = await person_of(request)
    return entered(request, person) or (now is not None and now.id == person.id)
