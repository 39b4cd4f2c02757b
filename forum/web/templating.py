"""The templates, with what they may call: gettext, static files by content, the charts, times in words."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import segno

from forum import charts
from forum.draft import mark
from forum.web import terms
from forum.web.words import translations

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


@cache
def static(name: str) -> str:
    """The address of a file in static/, with a mark of its content, so that browsers may keep it for ever."""
    content = (STATIC / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def qr(text: str) -> str:
    """A QR code as inline SVG without any styling of its own but black on white."""
    return segno.make(text, error="m").svg_inline(omitsize=True, border=2, light="#fff", dark="#000")


def day(at: str) -> str:
    """A stored time (UTC) as "22 November 2026"."""
    return f"{_moment(at):%-d %B %Y}" if at else ""


def moment(at: str) -> str:
    """A stored time (UTC) as "22 November 2026, 13:44 UTC"."""
    return f"{_moment(at):%-d %B %Y, %H:%M} UTC" if at else ""


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)


def spaced(code: str) -> str:
    """A join code as people read it out: "482 913"."""
    return f"{code[:3]} {code[3:]}"


def environment() -> jinja2.Environment:
    """The Jinja environment of the whole site; a name that a template does not get is an error."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The i18n extension gives the environment this method when it is loaded.
    with_gettext: Any = env
    with_gettext.install_gettext_translations(translations(), newstyle=True)
    env.globals |= {"static": static, "charts": charts, "chart_words": terms.chart_words}
    env.globals |= {name: getattr(terms, name) for name in ("stage_words", "power_words", "outcome_words", "paths_of")}
    env.filters |= {"mark": mark, "day": day, "moment": moment, "spaced": spaced}
    return env
