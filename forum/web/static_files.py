"""Files of static/ as they are sent: without comments, to phones without what only other pages need, and what has a
version in its address for good."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# Sections of the stylesheet, by the line that begins them, that no phone of a room has anything of.
NOT_ON_PHONES = frozenset(
    {
        "the console",
        "writing a story",
        "the programme",
        "lists of work and of the record",
        "playing a story alone",
        "building together",
        "on paper",
        "the page of a session",
    }
)


class StaticScripts(StaticFiles):
    """Files of static/. Their addresses carry a digest of their content, so that browsers keep them for ever.

    Scripts are sent without their comment lines, which are a sixth of what an old phone has to load; the style with
    `for=phone` in its address without comments and NOT_ON_PHONES, which are a quarter of it.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Returns a file, as the class says."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and path.endswith(".js"):
            marks = {name: response.headers[name] for name in ("etag", "last-modified")}
            response = Response(_code(str(response.path)), media_type=response.media_type, headers=marks)
        elif isinstance(response, FileResponse) and path == "forum.css" and b"for=phone" in scope["query_string"]:
            response = Response(phone_style(str(response.path)), media_type="text/css")
        if path.endswith((".js", ".css")):
            # The page's policy governs what they do; that of a page is as long as a small script.
            response.headers["Content-Security-Policy"] = "default-src 'none'"
        if b"v=" in scope["query_string"]:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@cache
def _code(script: str) -> str:
    """Returns a script without the lines that hold only a comment."""
    return re.sub(r"^ *//.*\n", "", Path(script).read_text("utf-8"), flags=re.MULTILINE)


@cache
def phone_style(sheet: str) -> str:
    """Returns a stylesheet without its comments and the sections in NOT_ON_PHONES."""
    sections = re.split(r"^/\* -{20,} ", Path(sheet).read_text("utf-8"), flags=re.MULTILINE)
    kept = [one for one in sections if re.split(r" ?\*/|:", one)[0] not in NOT_ON_PHONES]
    code = kept[0] + "".join(f"/* {one}" for one in kept[1:])
    return re.sub(r"\n\s*", "\n", re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)).strip()
