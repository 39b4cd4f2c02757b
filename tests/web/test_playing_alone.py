"""Everything works on a plain-HTTP local network without internet: no other host, no secure context."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from forum.web.routes import routes
from forum.web.static_files import NOT_ON_PHONES
from forum.web.templates import STATIC, TEMPLATES

FILES = sorted([*TEMPLATES.rglob("*.html"), *STATIC.rglob("*.js"), *STATIC.rglob("*.css")])
# What a page makes a browser fetch; where a link leads that somebody follows is another matter.
LOADS = re.compile(
    r"""\b(?:src|srcset|poster|action|data|formaction)\s*=\s*["'](?:https?:)?//|<link\b[^>]*href=["'](?:https?:)?//"""
)
IN_SCRIPT = re.compile(r"""["'`](?:(?:https?|wss?):)?//[\w.]""")
IN_STYLE = re.compile(r"""url\(\s*["']?(?:https?:)?//|@import""")
COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
# A page from http://192.168.0.10 has none of these.
SECURE_ONLY = re.compile(
    r"crypto\.subtle|randomUUID|serviceWorker|wakeLock|navigator\.(?:share|clipboard|storage|locks|mediaDevices|"
    r"geolocation|usb|bluetooth|serial|credentials|getBattery)|caches\.|Notification|SharedArrayBuffer|DeviceMotionEvent"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_page_or_script_loads_anything_from_another_host(file: Path) -> None:
    text = file.read_text()
    wrong = {".html": LOADS, ".js": IN_SCRIPT, ".css": IN_STYLE}[file.suffix]
    assert wrong.findall(text) == []


@pytest.mark.parametrize("file", [file for file in FILES if file.suffix == ".js"], ids=lambda file: file.name)
def test_no_script_needs_a_secure_context(file: Path) -> None:
    assert SECURE_ONLY.findall(COMMENT.sub("", file.read_text())) == []


async def test_scripts_go_without_their_comments_and_whole_otherwise() -> None:
    transport = httpx2.ASGITransport(Starlette(routes=routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://forum.test") as http:
        for file in STATIC.rglob("*.js"):
            path = f"/static/{file.relative_to(STATIC)}"
            answer = await http.get(f"{path}?v=1")
            assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
            assert answer.headers["etag"]
            lines = [line for line in file.read_text().split("\n") if not line.lstrip().startswith("//")]
            assert answer.text == "\n".join(lines), file
            same = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (same.status_code, same.content) == (304, b""), file
        for file in [file for file in STATIC.rglob("*.*") if file.suffix != ".js"]:
            answer = await http.get(f"/static/{file.relative_to(STATIC)}")
            assert answer.content == file.read_bytes(), file
        # To phones of a room the style goes without what only other pages need: whole sections, and no other rule.
        sent = (await http.get("/static/forum.css?for=phone")).text
        whole = re.sub(r"/\*.*?\*/", "", (STATIC / "forum.css").read_text(), flags=re.DOTALL)
        assert set(re.findall(r"/\* -+ ([a-z ]+?)(?: \*/|:)", (STATIC / "forum.css").read_text())) >= NOT_ON_PHONES
        assert {line.strip() for line in sent.split("\n")} < {line.strip() for line in whole.split("\n")}
        assert ".dock" in sent
        assert ".console .next" not in sent
