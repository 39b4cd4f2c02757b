"""The templates and their functions: gettext, addresses of static files, charts, times and numbers in words."""

from __future__ import annotations

import hashlib
import re
from functools import cache, lru_cache
from typing import Any

import jinja2
import segno
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from forum import ROOT
from forum.ports.long_work import long
from forum.sessions.attendance import missing
from forum.sessions.next_moves import leading, moves
from forum.sessions.view import listed
from forum.stories.draft import mark
from forum.voting.commitment import days_late, is_quiet
from forum.voting.methods import METHODS
from forum.voting.reason import MOST_CONDITION, MOST_WORDS
from forum.web.charts.view_shift import alluvial
from forum.web.i18n.dates import _day, _minute, clocks, month, planned_time, twice, zone_on
from forum.web.i18n.gettext import gettext, language, ngettext
from forum.web.server.prefix import template_below
from forum.web.words import answers_due, headlines, methods, pictures, terms
from forum.web.words.entries import decided_words
from forum.web.words.question_versions import note_words, reading_name, readings

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
_MOST_IN_QR = 300  # characters; drawing three thousand takes seconds


@cache
def static(name: str) -> str:
    """Returns the address of a file in static/, with a digest of its content, so that browsers may keep it for ever."""
    content = (STATIC / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


@lru_cache(maxsize=256)  # a join code's is drawn into every state of every projector
def qr(text: str) -> str:
    """Returns a QR code as inline SVG in black on white; "" for a text longer than _MOST_IN_QR, which phones cannot
    read."""
    if len(text) > _MOST_IN_QR:
        return ""
    return segno.make(text, error="m").svg_inline(omitsize=True, border=2, light="#fff", dark="#000")


def number(value: int) -> str:
    """Returns a number as the reader writes it: "1,234"."""
    return format_decimal(value, locale=language().locale)


def share(part: int, whole: int) -> str:
    """Returns a part of a whole in per cent, halves rounded up: "17%"."""
    return format_percent((200 * part + whole) // (2 * whole) / 100 if whole else 0, locale=language().locale)


def spaced(code: str) -> Markup:
    """Returns a join code as people read it out: "482 913", from left to right on every page."""
    return Markup('<bdi dir="ltr">{} {}</bdi>').format(code[:3], code[3:])


# Names of templates that a template uses, or the beginning of such a name; ours are always in double quotes.
_NAMED = re.compile(r'{%-?\s*(?:extends|include|from|import)\s+"([^"]+)"')
_ready: set[tuple[jinja2.Environment, str]] = set()


async def ready(env: jinja2.Environment, name: str) -> jinja2.Template:
    """Returns a template. The first time it is compiled in a thread with all that it uses, which takes up to 100 ms."""
    if (env, name) not in _ready:
        await long(_compiled, env, name)
        _ready.add((env, name))
    return env.get_template(name)


def _compiled(env: jinja2.Environment, name: str) -> None:
    ahead = [name]
    for template in ahead:  # grows during the loop
        env.get_template(template)
        for named in _NAMED.findall((TEMPLATES / template).read_text("utf-8")):
            # "methods/" ~ round.method ~ ".html": every template whose name begins with this.
            whole = named.endswith(".html")
            others = [named] if whole else [other for other in env.list_templates() if other.startswith(named)]
            ahead += [other for other in others if other not in ahead]


@cache
def environment(prefix: str = "") -> jinja2.Environment:
    """Returns the Jinja environment of the whole process, which compiles each template once; an undefined name
    raises.

    `prefix` is the path that all addresses on pages are below.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # it would look at every file at every use
    )
    env.template_class = template_below(prefix)
    # The i18n extension adds this method to the environment when it is loaded.
    with_gettext: Any = env
    with_gettext.install_gettext_callables(gettext, ngettext, newstyle=True)
    env.globals["unlike_words"] = terms.UNLIKE_WORDS
    env.globals |= {"static": static, "alluvial": alluvial, "chart_words": terms.chart_words, "share": share}
    env.globals |= {
        name: getattr(terms, name)
        for name in (
            "stage_words",
            "power_words",
            "second_reader_words",
            "answer_by_words",
            "outcome_words",
            "paths_of",
        )
    }
    env.globals |= {"promise_words": terms.promise_words, "days_late": days_late, "is_quiet": is_quiet}
    env.globals |= {"waits": answers_due.waits, "moves_words": answers_due.moves_words}
    env.globals["decided_words"] = decided_words
    env.globals |= {name: getattr(terms, name) for name in ("kind_words", "wave_picture", "minutes")}
    env.globals |= methods.GLOBALS | headlines.GLOBALS | {"methods": METHODS}
    env.globals |= {"most_words": MOST_WORDS, "most_condition": MOST_CONDITION}
    env.globals["shares_picture"] = pictures.shares_picture
    env.globals |= {"clocks": clocks, "twice": twice, "planned_time": planned_time, "zone_on": zone_on}
    env.globals |= {"moves": moves, "leading": leading, "missing": missing, "listed": listed}
    env.globals |= {"reading_name": reading_name, "readings": readings, "note_words": note_words}
    env.filters |= {
        "mark": mark,
        "day": _day,
        "moment": _minute,
        "month": month,
        "spaced": spaced,
        "note_words": note_words,
        "number": number,
    }
    return env
