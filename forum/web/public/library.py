"""The library: accepted stories, found by their words or by filters. A plain form, so that a search has an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import StoryProblems
from forum.ports.long_work import long
from forum.ports.result_cache import Remembered
from forum.services.stories.parsed_stories import story_of
from forum.stories import search_terms
from forum.stories.scenario import Scenario
from forum.stories.search_terms import Offered, Piece, Query, Shelf, Wanted
from forum.stories.submission import Submission
from forum.voting.commission import STAGES, Commission
from forum.web.i18n.gettext import gettext as _
from forum.web.record_banner import stories_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories.file_form import notes_offered
from forum.web.words.terms import stage_words

A_PAGE = 12
MOST_NOTES = 40
FIELDS = ("words", "setting", "stage", "group", "note", "without")
_DIGITS = 6


class Card(msgspec.Struct, frozen=True):
    """A story as the library shows it. `title`, `place` and `setting` are in pieces, with the searched words marked."""

    story: Submission
    commission: Commission
    told_by: str
    title: tuple[Piece, ...]
    place: tuple[Piece, ...]
    setting: tuple[Piece, ...]
    notes: tuple[str, ...]
    decisions: int


async def stories(request: Request) -> Response:
    """Shows the accepted stories that match a search, a page at a time; all of them for an empty search."""
    typed = {name: _clean(request.query_params.get(name, "")) for name in FIELDS}
    words, setting = search_terms.read(typed["words"]), search_terms.read(typed["setting"])
    # A search of signs and pictures alone can match nothing.
    wordless = next((typed[n] for n, query in (("words", words), ("setting", setting)) if typed[n] and not query), "")
    wanted = Wanted(words, setting, **{name: typed[name] for name in FIELDS[2:]})
    number = _number(request.query_params.get("page", ""))
    async with site_of(request).store.read() as work:
        offered = await work.library.offered()
        commissions = {c.id: c for c in await work.commissions.list_commissions()}
        shelf = Shelf((), 0, {})
        if not wordless:
            shelf = await work.library.find(wanted, start=(number - 1) * A_PAGE, most=A_PAGE)
            if shelf.total and not shelf.stories:
                number = -(-shelf.total // A_PAGE)
                shelf = await work.library.find(wanted, start=(number - 1) * A_PAGE, most=A_PAGE)
        empty = not shelf.total and not (await work.library.find(Wanted(), most=1)).total
        listed = [story for story in shelf.stories if not commissions[story.commission].rehearsal]
        await unlike_record(request, work, stories_shown(listed))
        remembered = work.remembered
    parsed = [await _told(remembered, story) for story in shelf.stories]
    asked = {name: value for name, value in typed.items() if value}
    return await page(
        request,
        "public/stories.html",
        typed=typed,
        asked=asked,
        filtered=any(typed[name] for name in FIELDS[1:]),
        choices=_choices(offered, typed),
        cards=await long(_cards, shelf, parsed, commissions, wanted),
        total=shelf.total,
        number=number,
        pages=-(-shelf.total // A_PAGE),
        url="/stories?" + urlencode({**asked, "page": ""}),
        wordless=wordless,
        left_out=words.left_out or setting.left_out,
        nothing_public=empty,
        most=search_terms.MAX_TYPED,
    )


def _clean(value: str) -> str:
    """Returns a parameter of an address as text that can be stored, shown and compared; cut where it is much too
    long."""
    value = value.replace("\0", " ").encode("utf-8", "replace").decode()
    return " ".join(value[: 2 * search_terms.MAX_TYPED].split())


def _number(value: str) -> int:
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) <= _DIGITS else 1


def _choices(offered: Offered, typed: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Returns the options of each filter as (value, words); the chosen value is among them even where no story has
    it."""
    said = dict(notes_offered())
    known = [note for note in offered.notes if note.casefold() in said]
    others = [note for note in offered.notes if note.casefold() not in said][:MOST_NOTES]
    notes = [(note, said.get(note.casefold(), note)) for note in [*known, *sorted(others, key=str.casefold)]]
    offers = {
        "stage": [(stage, stage_words(stage)) for stage in STAGES],
        "group": [(group, group) for group in sorted(offered.groups, key=str.casefold)],
        "note": notes,
        "without": notes,
    }
    choices = {}
    for name, options in offers.items():
        here = typed[name]
        own = [(here, here)] if here and here not in {value for value, _words in options} else []
        choices[name] = [("", _("Any") if name != "without" else _("Leave none out")), *options, *own]
    return choices


async def _told(remembered: Remembered, story: Submission) -> Scenario | None:
    """Returns the parsed story; None where its text has a mistake."""
    try:
        return await story_of(remembered, story.twee, long)
    except StoryProblems:
        return None


def _cards(
    shelf: Shelf, parsed: Sequence[Scenario | None], commissions: Mapping[str, Commission], wanted: Wanted
) -> list[Card]:
    """Returns the cards of a page. It searches each whole story, so it must run in a thread."""
    return [
        _card(story, scenario, commissions[story.commission], shelf.told_by[story.id], wanted)
        for story, scenario in zip(shelf.stories, parsed, strict=True)
    ]


def _card(story: Submission, scenario: Scenario | None, commission: Commission, told_by: str, wanted: Wanted) -> Card:
    title = search_terms.marked(story.title, wanted.words)
    if scenario is None:
        return Card(story, commission, told_by, title, (), (), (), 0)
    texts = search_terms.text_of(scenario)
    start = scenario.scene(scenario.start)
    place = search_terms.excerpt(texts, wanted.words) or search_terms.opening(start.text if start else "")
    both = Query(wanted.words.terms + wanted.setting.terms)
    return Card(
        story,
        commission,
        told_by,
        title,
        place,
        search_terms.marked(scenario.setting, both),
        scenario.content_notes,
        sum(scene.decision for scene in scenario.scenes),
    )
