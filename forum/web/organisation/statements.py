"""The organisation's own statements beside those that Forum makes: accessibility, and the imprint."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum import __version__
from forum.errors import NotFound
from forum.web.i18n.gettext import language
from forum.web.responses import page
from forum.web.site import site_of


def paragraphs(words: str) -> list[str]:
    """Returns the paragraphs of what an organisation wrote: an empty line ends one."""
    return [part.strip("\n") for part in words.split("\n\n") if part.strip()]


def said(request: Request, name: str) -> str:
    """Returns what the organisation says in a field, in the reader's language."""
    return site_of(request).face.now.get(name, language().code)


async def accessibility(request: Request) -> Response:
    """Shows how accessible the pages are, what is tested and how, what is not there, and whom to tell."""
    contact = said(request, "accessibility_contact") or said(request, "contact")
    return await page(
        request,
        "organisation/accessibility.html",
        contact=contact or site_of(request).settings.operator.contact,
        more=paragraphs(said(request, "accessibility")),
        version=__version__,
    )


async def imprint(request: Request) -> Response:
    """Shows who the organisation is. Raises NotFound where it has not said so."""
    words = said(request, "imprint")
    if not words:
        raise NotFound("The organisation has not written an imprint.")
    return await page(request, "organisation/imprint.html", words=paragraphs(words))
