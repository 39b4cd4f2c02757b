"""The page for browsers that keep no cookies: what to do, before anything is made or used up for them.

A page with a form that will know its sender by a cookie gives the browser one beforehand, and its form says so (FIELD).
Where that form comes back without it, the browser keeps none: nobody is joined, signed in or counted.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.web.accounts.devices import keep
from forum.web.cookies import DEVICE, cookie_of
from forum.web.forms import Form
from forum.web.responses import page

FIELD = "kept"


def giving(request: Request, answer: Response) -> Response:
    """Adds a cookie to an answer for a browser that has none yet."""
    return keep(request, answer)


async def refusing(request: Request, form: Form, back: str) -> Response | None:
    """Returns the page for a browser that keeps no cookies, with a link to `back`; None for any other browser."""
    if not form.flag(FIELD) or cookie_of(request, DEVICE):
        return None
    return giving(request, await page(request, "accounts/cookieless.html", 400, back=back))


async def about(request: Request) -> Response:
    """Shows the page on what cookies are for here, and how to allow them."""
    return await page(request, "accounts/cookieless.html", back="")
