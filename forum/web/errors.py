"""Turns errors into HTTP answers, and for sockets into close codes; no other place does."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from forum import errors
from forum.live.messages import TRY_AGAIN
from forum.web.auth import bears_token
from forum.web.forms import spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, say, speaking
from forum.web.middleware import protection, spoken_to
from forum.web.problems import of_api, problem
from forum.web.request_log import about
from forum.web.responses import page, wants_json
from forum.web.site import site_of

# Set in the scope of a request whose connection was ended from here, so that thousands of those log nothing.
ENDED_HERE = "forum.ended_here"
# Statuses that the same request gets every time.
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
    errors.RecordDamaged: 503,
    errors.CheckpointRefused: 503,
    errors.LibraryMissing: 503,
}

# RFC 6455, section 7.4: close codes from 4000 are for applications.
CLOSE_NOT_FOUND = 4404
CLOSE_NOT_ALLOWED = 4403
CLOSE_MISBEHAVED = 4400


def status_of(error: errors.ForumError) -> int:
    """Returns the HTTP status for an error: that of the nearest class in STATUS."""
    return next((STATUS[c] for c in type(error).__mro__ if c in STATUS), 500)


def retry_after(answer: Response, error: errors.ForumError | None) -> Response:
    """Returns the answer; where a limit was reached, with the header Retry-After."""
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
    if of_api(request):
        return _problem(request, error, words)
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


def _problem(request: Request, error: errors.ForumError, words: str) -> Response:
    fields: dict[str, str] = {}
    if isinstance(error, errors.BadInput):
        fields = spoken(error)
        words = " ".join(fields.values())
    if isinstance(error, errors.SignInNeeded) and not bears_token(request):
        words = _("This needs a token. Send it in the header “Authorization: Bearer”, followed by the token.")
    again = error.again or error.code in TRY_AGAIN
    return retry_after(problem(request, status_of(error), error.code, words, again=again, fields=fields), error)


async def http_error(request: Request, error: Exception) -> Response:
    """Answers Starlette's own errors (no such page, wrong method, body too large), and requests that the protocol
    refused."""
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
        415: _("Send the body as JSON, with the header “Content-Type: application/json”."),
        429: _("There were too many requests at once. Wait a moment and try again."),
        431: _(
            "Your browser sent too much beside its request. Mostly these are cookies: delete the cookies of this site "
            "in your browser's settings, then open the page again."
        ),
    }
    words = known.get(error.status_code, error.detail)
    if of_api(request):
        if error.status_code == 404:
            words = _("The API has no such address. The page /api lists those that it has.")
        refused = problem(request, error.status_code, f"http_{error.status_code}", words)
        refused.headers.update(error.headers or {})
        return refused
    if wants_json(request):
        # The code, not the status, says that something ends for good: an older or newer Forum may have the address.
        body = {"code": f"http_{error.status_code}", "words": words, "again": error.status_code not in _FOR_GOOD}
        return JSONResponse({"error": body}, error.status_code, error.headers)
    answer = await page(request, "error.html", error.status_code, number=error.status_code, words=words)
    answer.headers.update(error.headers or {})
    return answer


async def unexpected(request: Request, error: Exception) -> Response:
    """Answers a bug: logs it with its trace, and shows a page without it."""
    log.error("unexpected error", **about(request.scope), error=type(error).__name__, exc_info=error)
    # Outside the middleware, which would set the reader's language and the headers.
    with speaking(spoken_to(request, site_of(request).languages)):
        answer = _unexpected(request)
    answer.headers.update(protection(request.scope))
    return answer


async def gone(request: Request, error: Exception) -> Response:
    """Answers a client that went away before its request was complete: logs one line; nobody reads the answer."""
    if ENDED_HERE not in request.scope:
        log.info("a client went away before it had sent its request", **about(request.scope))
    return Response(status_code=400)


def _unexpected(request: Request) -> Response:
    words = _("Something went wrong on our side. Nothing you sent was counted. Please try again.")
    if of_api(request):
        return problem(request, 500, "unexpected", words, again=True)
    if wants_json(request):
        return JSONResponse({"error": {"code": "unexpected", "words": words, "again": True}}, 500)
    # As simple as possible, since the failure may be in drawing pages.
    tongue = f'lang="{language().code}" dir="{language().direction}"'
    html = f"<!doctype html><html {tongue}><title>Forum</title><main><h1>Forum</h1><p>{words}</p></main></html>"
    return HTMLResponse(html, 500)


HANDLERS = {
    errors.ForumError: forum_error,
    HTTPException: http_error,
    ClientDisconnect: gone,
    Exception: unexpected,
}
