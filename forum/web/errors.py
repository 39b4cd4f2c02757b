"""The one place that turns errors into HTTP answers (and, for sockets, into close codes)."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from forum import errors
from forum.live.messages import TRY_AGAIN
from forum.web.forms import spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, say, speaking
from forum.web.middleware import protection, spoken_to
from forum.web.responses import page, wants_json
from forum.web.site import site_of

# In the scope of a request whose connection was ended from here: of those there can be thousands.
ENDED_HERE = "forum.ended_here"
# What the same request comes to every time.
_FOR_GOOD = {413, 414, 431}

log = structlog.get_logger()

STATUS: dict[type[errors.ForumError], int] = {
    errors.BadInput: 422,
    errors.NotFound: 404,
    errors.NotAllowed: 403,
    errors.SignInNeeded: 401,
    errors.IllegalMove: 409,
    errors.CastRefused: 409,
    errors.TooMany: 429,
    errors.StoreUnavailable: 503,
}

# RFC 6455, 7.4: codes from 4000 are ours.
CLOSE_NOT_FOUND = 4404
CLOSE_NOT_ALLOWED = 4403
CLOSE_MISBEHAVED = 4400


def status_of(error: errors.ForumError) -> int:
    """The HTTP status for an error: that of the nearest class in STATUS."""
    return next((STATUS[c] for c in type(error).__mro__ if c in STATUS), 500)


def retry_after(answer: Response, error: errors.ForumError | None) -> Response:
    """The answer; to a limit that was reached, with when to come back."""
    if isinstance(error, errors.TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


async def forum_error(request: Request, error: Exception) -> Response:
    """Answers a ForumError that no page handled itself."""
    if not isinstance(error, errors.ForumError):
        raise error
    status = status_of(error)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, errors.TooMany) else {}
    words = say(error.message, error.values)
    if wants_json(request):
        again = error.again or error.code in TRY_AGAIN
        body: dict[str, object] = {"code": error.code, "words": words, "again": again}
        if isinstance(error, errors.BadInput):
            body["fields"] = spoken(error)
            body["words"] = " ".join(spoken(error).values())
        return JSONResponse({"error": body}, status, headers)
    if isinstance(error, errors.SignInNeeded):
        after = request.url.path if request.method in {"GET", "HEAD"} else "/"
        return RedirectResponse(f"/sign-in?next={quote(after)}", 303)
    if isinstance(error, errors.FormErrors):
        words = " ".join(spoken(error).values())
    answer = await page(request, "error.html", status, number=status, words=words)
    answer.headers.update(headers)
    return answer


async def http_error(request: Request, error: Exception) -> Response:
    """Answers Starlette's own errors (no such page, wrong method, body too large) in the house's words, and what the
    protocol did not take.
    """
    if not isinstance(error, HTTPException):
        raise error
    known = {
        404: _("There is no page at this address. Check the link, or start from the front page."),
        400: _("This could not be read. Open the page again, and do it once more."),
        405: _("This address does not take that kind of request."),
        408: _(
            "What you sent did not arrive in time. Try again where the connection is better: nothing of it was saved."
        ),
        413: _("That was too much at once. Make it shorter and send it again."),
        414: _("This address is too long. Check the link, or start from the front page."),
        429: _("There were too many requests at once. Wait a moment and try again."),
        431: _(
            "Your browser sent too much beside its request. Mostly these are cookies: delete the cookies of this site "
            "in your browser's settings, then open the page again."
        ),
    }
    words = known.get(error.status_code, error.detail)
    if wants_json(request):
        # An older or newer Forum may have the address: what ends for good is said by a code of its own.
        body = {"code": f"http_{error.status_code}", "words": words, "again": error.status_code not in _FOR_GOOD}
        return JSONResponse({"error": body}, error.status_code, error.headers)
    answer = await page(request, "error.html", error.status_code, number=error.status_code, words=words)
    answer.headers.update(error.headers or {})
    return answer


async def unexpected(request: Request, error: Exception) -> Response:
    """Answers a bug: logged with its trace, told without it."""
    log.error("unexpected error", error=type(error).__name__, exc_info=error)
    # Whatever is outside the middleware does not know yet who reads, and gets no headers from it.
    with speaking(spoken_to(request, site_of(request).languages)):
        answer = _unexpected(request)
    answer.headers.update(protection(request.scope))
    return answer


async def gone(request: Request, error: Exception) -> Response:
    """Answers a client that went away before all of its request was here: nobody reads this, and one line is logged."""
    if ENDED_HERE not in request.scope:
        log.info("a client went away before it had sent its request", method=request.method)
    return Response(status_code=400)


def _unexpected(request: Request) -> Response:
    words = _("Something went wrong on our side. Nothing you sent was counted. Please try again.")
    if wants_json(request):
        return JSONResponse({"error": {"code": "unexpected", "words": words, "again": True}}, 500)
    # As little as can be: whatever failed may be what draws a page.
    tongue = f'lang="{language().code}" dir="{language().direction}"'
    html = f"<!doctype html><html {tongue}><title>Forum</title><main><h1>Forum</h1><p>{words}</p></main></html>"
    return HTMLResponse(html, 500)


HANDLERS = {
    errors.ForumError: forum_error,
    HTTPException: http_error,
    ClientDisconnect: gone,
    Exception: unexpected,
}
