"""People whose password was right, or whom a provider named, and who have a second step before them.

Nobody is signed in meanwhile. A cookie that only this server can make says whose password was right, for MINUTES; it
ends with that password. It holds the identity too that an account is bound to once the step is passed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.ports.accounts import Person
from forum.services import second_steps
from forum.services.sign_ins import ToBind
from forum.web.cookies import PENDING, cookie_of, set_cookie
from forum.web.site import site_of

MINUTES = 10
_PENDING = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})(?:\.([A-Za-z0-9_=-]{1,1400}))?\.([0-9a-f]{64})")


async def next_step(request: Request, person: Person, onward: str, binds: ToBind | None = None) -> Response | None:
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
    sub = urlsafe_b64encode(binds.sub.encode()).decode() if binds else ""
    text = f"{person.id}.{until}" + (f".{sub}" if sub else "")
    set_cookie(request, answer, PENDING, f"{text}.{_proof(request, person, until, sub)}", MINUTES * 60)
    return answer


async def pending(request: Request) -> Person | None:
    """Returns whose password was right on this browser; None where there is nobody, or not any more."""
    found = _PENDING.fullmatch(cookie_of(request, PENDING))
    site = site_of(request)
    if found is None or int(found[2]) < datetime.fromisoformat(site.clock.now()).timestamp():
        return None
    async with site.store.read() as work:
        person = next((one for one in await work.people.list_people() if one.id == found[1]), None)
    if person is None or not hmac.compare_digest(found[4], _proof(request, person, int(found[2]), found[3] or "")):
        return None
    return person


def to_bind(request: Request) -> ToBind | None:
    """Returns the identity that an account is bound to once the second step is passed, None for none. `pending` has
    found the cookie to be this server's."""
    found, provider = _PENDING.fullmatch(cookie_of(request, PENDING)), site_of(request).settings.oidc
    if found is None or not found[3] or provider is None:
        return None
    return ToBind(provider.issuer, urlsafe_b64decode(found[3]).decode(), provider.name)


def _proof(request: Request, person: Person, until: int, sub: str) -> str:
    """Signs that a person's password, as it is now, was right, or that the provider named them by `sub`."""
    text = f"pending {person.id} {until} {person.password}"
    if sub:
        provider = site_of(request).settings.oidc
        text += f"\n{provider.issuer if provider else ''}\n{sub}"
    return hmac.new(site_of(request).device_secret, text.encode(), hashlib.sha256).hexdigest()
