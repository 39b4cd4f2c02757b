"""Single sign-on: the way to the provider, and back from it.

A cookie that only this server can make ties the two together on one browser, for MINUTES. It holds a random number, of
which state, nonce and PKCE's verifier are made with a secret of this server, so none of them can be worked out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, NotAllowed, NotFound, StoreUnavailable, TooMany
from forum.ports.sign_on import Provider, TokenRefused
from forum.services import sign_on
from forum.web.accounts.devices import who_of
from forum.web.accounts.pending import next_step
from forum.web.accounts.sign_in import asked_of, home, local_path, sign_in_page, with_cookie
from forum.web.cookies import SIGN_ON, cookie_of, forget_cookie, set_cookie
from forum.web.forms import Form
from forum.web.rate_limits import TEN_MINUTES
from forum.web.site import site_of

MINUTES = 10
MOST_ONWARD = 500
_BEGUN = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([A-Za-z0-9_=-]{0,700})\.([0-9a-f]{64})")
_NOT_BEGUN = (
    "This sign-in was not begun on this browser, it took longer than ten minutes, or it was used already. Begin again."
)
_AWAY = "%(name)s does not answer properly just now. Try again in a minute, or sign in with your login and password."
_DENIED = "%(name)s did not sign you in. Try again, or sign in with your login and password."
_UNPROVED = (
    "The answer of %(name)s does not prove who you are, so it was refused. Try again; if it stays so, tell your "
    "administrator."
)

log = structlog.get_logger()


class _Begun(msgspec.Struct, frozen=True):
    """A sign-in that was begun on this browser, and where it leads."""

    state: str
    nonce: str
    verifier: str
    onward: str = ""


async def start(request: Request) -> Response:
    """Sends the browser to the provider."""
    provider, name = _provider(request)
    onward = local_path(request.query_params.get("next", ""))
    onward = onward if len(onward) <= MOST_ONWARD else ""
    seed, until = secrets.token_hex(16), _now(request) + MINUTES * 60
    begun = _of_seed(request, seed, onward)
    try:
        address = await provider.sign_in_address(begun.state, begun.nonce, begun.verifier)
    except OSError as error:
        log.warning("The provider of single sign-on cannot be used", why=str(error))
        return await sign_in_page(request, Form({}), onward, BadInput(_AWAY, name=name), 503)
    answer = RedirectResponse(address, 303)
    text = f"{seed}.{until}.{urlsafe_b64encode(onward.encode()).decode()}"
    set_cookie(request, answer, SIGN_ON, f"{text}.{_signed(request, f'begun {text}')}", MINUTES * 60)
    return answer


async def back(request: Request) -> Response:
    """Signs in who comes back from the provider, or says on the sign-in page why not and what to do."""
    _, name = _provider(request)
    begun = _begun(request)
    onward = begun.onward if begun else ""
    try:
        answer = await _entered(request, begun)
    except OSError as error:
        log.warning("The provider of single sign-on cannot be used", why=str(error))
        answer = await sign_in_page(request, Form({}), onward, BadInput(_AWAY, name=name), 503)
    except TokenRefused as error:
        log.warning("A sign-in by the provider was refused", why=str(error))
        answer = await sign_in_page(request, Form({}), onward, NotAllowed(_UNPROVED, name=name))
    except (BadInput, NotAllowed, TooMany, StoreUnavailable) as error:
        answer = await sign_in_page(request, Form({}), onward, error)
    forget_cookie(request, answer, SIGN_ON)
    return answer


async def _entered(request: Request, begun: _Begun | None) -> Response:
    site, asked = site_of(request), request.query_params
    provider, name = _provider(request)
    if begun is None or not hmac.compare_digest(asked.get("state", "").encode(), begun.state.encode()):
        raise BadInput(_NOT_BEGUN)
    if site.limits.lately(_once(begun), TEN_MINUTES):
        raise BadInput(_NOT_BEGUN)
    if asked.get("error") or not asked.get("code"):
        raise NotAllowed(_DENIED, name=name)
    if site.settings.oidc is None or asked.get("iss", site.settings.oidc.issuer) != site.settings.oidc.issuer:
        raise TokenRefused("the browser came back from another issuer")
    # A browser that is known is counted alone, so nobody is kept out by what others of their network do.
    counted = f"sign-on at {who_of(request).counted}"
    site.limits.take(counted, site.settings.sign_ins_per_address, TEN_MINUTES)
    site.limits.count(_once(begun))
    identity = await provider.identity(asked["code"], begun.nonce, begun.verifier, site.clock.now())
    setting = site.settings.second_factor
    person, token, binds = await sign_on.enter(site.store, site.clock, name, identity, asked_of(request), setting)
    site.limits.give_back(counted)
    further = None if token else await next_step(request, person, begun.onward, binds)
    if further is not None:
        return further
    return with_cookie(request, RedirectResponse(begun.onward or home(person), 303), token, person)


def _provider(request: Request) -> tuple[Provider, str]:
    """Returns the provider and its name. Raises NotFound where there is none."""
    site = site_of(request)
    if site.provider is None or site.settings.oidc is None:
        raise NotFound("There is no single sign-on here. Sign in with your login and password.")
    return site.provider, site.settings.oidc.name


def _begun(request: Request) -> _Begun | None:
    """Returns the sign-in that was begun on this browser; None where there is none, or not any more."""
    found = _BEGUN.fullmatch(cookie_of(request, SIGN_ON))
    if found is None or int(found[2]) < _now(request):
        return None
    if not hmac.compare_digest(found[4], _signed(request, f"begun {found[1]}.{found[2]}.{found[3]}")):
        return None
    return _of_seed(request, found[1], local_path(urlsafe_b64decode(found[3]).decode()))


def _of_seed(request: Request, seed: str, onward: str) -> _Begun:
    state, nonce, verifier = (_signed(request, f"{what} {seed}") for what in ("state", "nonce", "verifier"))
    return _Begun(state, nonce, verifier, onward)


def _once(begun: _Begun) -> str:
    """Returns the key under which it is counted that a sign-in was used."""
    return f"sign-on {begun.state}"


def _signed(request: Request, text: str) -> str:
    key = site_of(request).device_secret
    return hmac.new(key, f"sign-on {text}".encode(), hashlib.sha256).hexdigest()


def _now(request: Request) -> int:
    return int(datetime.fromisoformat(site_of(request).clock.now()).timestamp())
