"""People whose password was right, and who have a second step before them.

Nobody is signed in meanwhile. A cookie that only this server can make says whose password was right, for MINUTES; it
ends with that password.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.ports.accounts import Person
from forum.services import second_steps
from forum.web.cookies import PENDING, cookie_of, set_cookie
from forum.web.site import site_of

MINUTES = 10
_PENDING = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})")


async def next_step(request: Request, person: Person, onward: str) -> Response | None:
    """Returns the way to the page that somebody has to pass whose password was right; None where there is none."""
    site = site_of(request)
    if await second_steps.is_on(site.store, person):
        path = "/sign-in/code"
    elif second_steps.must(person, site.settings.second_factor):
        path = "/sign-in/second-step"
    else:
        return None
    answer = RedirectResponse(f"{path}?next={quote(onward)}" if onward else path, 303)
    until = int(datetime.fromisoformat(site.clock.now()).timestamp()) + MINUTES * 60
    set_cookie(request, answer, PENDING, f"{person.id}.{until}.{_proof(request, person, until)}", MINUTES * 60)
    return answer


async def pending(request: Request) -> Person | None:
    """Returns whose password was right on this browser; None where there is nobody, or not any more."""
    found = _PENDING.fullmatch(cookie_of(request, PENDING))
    site = site_of(request)
    if found is None or int(found[2]) < datetime.fromisoformat(site.clock.now()).timestamp():
        return None
    async with site.store.read() as work:
        person = next((one for one in await work.people.list_people() if one.id == found[1]), None)
    if person is None or not hmac.compare_digest(found[3], _proof(request, person, int(found[2]))):
        return None
    return person


def _proof(request: Request, person: Person, until: int) -> str:
    """Signs that a person's password, as it is now, was right."""
    text = f"pending {person.id} {until} {person.password}"
    return hmac.new(site_of(request).device_secret, text.encode(), hashlib.sha256).hexdigest()
