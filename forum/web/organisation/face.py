"""The organisation as every page shows it: name, logo, colours, and whom people can ring."""

from __future__ import annotations

import base64
import hashlib
import json

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from forum.adapters.report_pdf import Letterhead
from forum.errors import NotFound
from forum.ports.organisation import EMERGENCY
from forum.services import accent_colour
from forum.services.organisation import Face
from forum.voting.commission import SupportLine
from forum.web.i18n.gettext import language
from forum.web.server.prefix import prefix_of
from forum.web.site import site_of
from forum.web.templates import static

FORUM = "Forum"
_LONG = 22  # letters
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOTHING = "There is nothing at this address."


class Shown(msgspec.Struct, frozen=True):
    """The organisation in the reader's language. `name` is Forum's own where none is said; `logo` and `colours` are
    addresses, "" for none."""

    name: str
    own: bool
    logo: str
    width: int
    height: int
    colours: str
    emergency: str
    support: tuple[SupportLine, ...]
    imprint: bool

    @property
    def long(self) -> str:
        """The class of a name that needs smaller letters, with a space before it."""
        return " long" if len(self.name) > _LONG else ""


def shown(face: Face) -> Shown:
    """Returns the organisation as pages show it."""
    now, code, logo = face.now, language().code, face.logo
    name, sheet = now.get("name", code), style(face)
    return Shown(
        name=name or FORUM,
        own=bool(name),
        logo=f"/logo/{logo.sha256[:16]}.png" if logo else "",
        width=logo.width if logo else 0,
        height=logo.height if logo else 0,
        colours=f"/colours.css?v={hashlib.sha256(sheet.encode()).hexdigest()[:12]}" if sheet else "",
        emergency=now.get("emergency") or EMERGENCY,
        support=lines_of(now.get("support", code)),
        imprint=bool(now.get("imprint", code)),
    )


def lines_of(words: str) -> tuple[SupportLine, ...]:
    """Returns the lines of "Name: how to reach them"."""
    parts = (line.partition(":") for line in words.split("\n") if line.strip())
    return tuple(SupportLine(name.strip(), contact.strip()) for name, _, contact in parts)


def style(face: Face) -> str:
    """Returns the style sheet of the organisation's colours; "" where it has none."""
    light, dark = face.now.get("accent"), face.now.get("accent_dark")
    sheet = _rule(accent_colour.shades(light)) if light else ""
    if dark or light:
        shades = accent_colour.shades(accent_colour.nearest(dark or light, dark=True), dark=True)
        sheet += f"@media screen and (prefers-color-scheme: dark){{{_rule(shades)}}}"
    return sheet


def _rule(of: accent_colour.Shades) -> str:
    return f":root{{--accent:{of.accent};--accent-deep:{of.deep};--accent-pale:{of.pale};--on-accent:{of.on}}}"


def letterhead(face: Face) -> Letterhead | None:
    """Returns the organisation as it stands on paper, in the reader's language; None where it has said no name."""
    name, logo = face.now.get("name", language().code), face.logo
    if not name:
        return None
    if logo is None:
        return Letterhead(name)
    picture = base64.b64encode(logo.content).decode()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {logo.width} {logo.height}">'
        f'<image width="{logo.width}" height="{logo.height}" href="data:image/png;base64,{picture}"/></svg>'
    )
    return Letterhead(name, svg)


async def colours(request: Request) -> Response:
    """Sends the style sheet of the organisation's colours."""
    sheet = style(site_of(request).face)
    if not sheet:
        raise NotFound(_NOTHING)
    return Response(sheet, media_type="text/css", headers=_FOR_GOOD if "v" in request.query_params else {})


async def logo(request: Request) -> Response:
    """Sends the logo; the one before it is gone."""
    held = site_of(request).face.logo
    if held is None or request.path_params["logo"] != f"{held.sha256[:16]}.png":
        raise NotFound(_NOTHING)
    return Response(held.content, media_type="image/png", headers=_FOR_GOOD)


async def manifest(request: Request) -> Response:
    """Sends what a phone needs to put Forum among its apps, under the organisation's name."""
    site = site_of(request)
    below, now = prefix_of(site.settings), shown(site.face)
    said = {
        "name": now.name,
        "short_name": now.name,
        "lang": language().code,
        "dir": language().direction,
        "start_url": f"{below}/",
        "scope": f"{below}/",
        "display": "minimal-ui",
        "background_color": "#fbf6ee",
        "theme_color": site.face.now.get("accent") or "#135e57",
        "icons": [{"src": below + static("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return Response(json.dumps(said), media_type="application/manifest+json")


def face_of(connection: HTTPConnection) -> Shown:
    """Returns the organisation as pages of this server show it."""
    return shown(site_of(connection).face)
