"""Clashes: two people wrote in the same place; the second sees both texts and chooses, and neither text is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.ports.long_work import long
from forum.services.stories.draft_edits import Saved
from forum.stories import compose, draft_comparison
from forum.stories.draft import GROUP, NO, PERMISSIONS, YES, Draft, mark
from forum.stories.draft_comparison import Piece
from forum.stories.edits import Clash
from forum.voting.commission import Commission
from forum.web.forms import Form
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories.edit_requests import NOTES, SEEN, place, wishes_of
from forum.web.stories.workspace_parts import place_words

# Kinds of clashes: two texts, two answers to a question, a place that was deleted, and the deletion of something that
# somebody has just changed.
TEXT, ANSWER, TAKEN_AWAY, REMOVAL = "text", "answer", "taken away", "removal"
_ANSWERS = (GROUP, *PERMISSIONS, "to", "stop", "decision", "start")


class View(msgspec.Struct, frozen=True):
    """A clash as people see it. `theirs` and `mine` are in words, `text` is the second writer's text unchanged,
    `pieces` is theirs beside mine word by word, `seen` is the mark of theirs."""

    field: str
    kind: str
    where: str
    card: str
    theirs: str
    mine: str
    text: str
    seen: str
    pieces: tuple[Piece, ...] = ()


async def views(request: Request, saved: Saved) -> list[View]:
    """Returns the clashes that saving met."""
    if not saved.clashes:
        return []
    async with site_of(request).store.read() as work:
        commission = await work.commissions.get_commission(saved.story.commission)
    return await long(_views, saved, commission)


def _views(saved: Saved, commission: Commission) -> list[View]:
    """Returns one view for each place and kind of clash, the last one, so that asking again and again gives one
    answer."""
    names = compose.sketch(saved.draft).names
    last = {(clash.field, clash.yours is None): clash for clash in saved.clashes}
    return [_view(saved.draft, clash, commission, names) for clash in last.values()]


def _view(draft: Draft, clash: Clash, commission: Commission, names: Mapping[str, str]) -> View:
    theirs, mine = clash.theirs, clash.yours
    name = clash.field.rpartition(".")[2]
    kind = REMOVAL if mine is None else TAKEN_AWAY if theirs is None else ANSWER if name in _ANSWERS else TEXT
    said = [_said(draft, commission, name, text or "", names) for text in (theirs, mine)]
    return View(
        field=clash.field,
        kind=kind,
        where=place_words(draft, clash.field, names),
        card=place(clash.field)[0],
        theirs=said[0],
        mine=said[1],
        text=mine or "",
        seen=mark(theirs or ""),
        pieces=draft_comparison.pieces(theirs or "", mine or "") if kind == TEXT else (),
    )


def _said(draft: Draft, commission: Commission, name: str, text: str, names: Mapping[str, str]) -> str:
    """Returns a text as a person reads it: an answer in words, the scene that a way leads to by its name."""
    if name == GROUP and text not in ("", NO):
        return commission.group_label(text) or text
    if name == GROUP and text == NO:
        return _("I prefer not to say")
    if name in ("to", "start"):
        return place_words(draft, f"{text}.name", names) if text else _("Nowhere yet")
    if name in _ANSWERS:
        return {YES: _("Yes"), NO: _("No")}.get(text, _("No answer yet") if name in PERMISSIONS else _("No"))
    return text


async def drawn(request: Request, saved: Saved) -> list[dict[str, Any]]:
    """Returns the clashes for a page's script: the field, their text (None where it was deleted), and the HTML to
    show."""
    template = site_of(request).templates.get_template("stories/workspace/_conflict.html")
    theirs = {clash.field: clash.theirs for clash in saved.clashes}
    return [
        {"field": view.field, "kind": view.kind, "theirs": theirs[view.field], "html": template.render(clash=view)}
        for view in await views(request, saved)
    ]


def unused(saved: Saved, form: Form) -> dict[str, str]:
    """Returns the fields with mistakes in a form that also had clashes, for its next form to carry along.

    They are shown as they were typed, with their errors, once the writer has chosen.
    """
    clashing = {clash.field for clash in saved.clashes}
    carried: dict[str, str] = {}
    for wish in wishes_of(form):
        if wish.field in (saved.errors or {}) and wish.field not in clashing:
            carried[SEEN + wish.field] = wish.seen[0]
            carried["own_notes" if wish.field == NOTES else wish.field] = wish.text
    return carried


async def clash_page(request: Request, saved: Saved, **more: Any) -> Response:
    """Shows the page on which somebody without a script chooses. `more` has `back`, and the hidden fields of the
    form."""
    return await page(request, "stories/workspace/conflict.html", 409, clashes=await views(request, saved), **more)
