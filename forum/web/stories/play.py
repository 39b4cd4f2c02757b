"""Playing a story alone, as a reader: one scene a page, each way on a link.

Any story can be played, finished or not. The address holds the scene as its number in `paths.places`, and after it
the scenes that the reader came through, so that going back needs no script and no cookie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import NotFound
from forum.ports.long_work import long
from forum.services.stories.parsed_stories import story_of
from forum.services.stories.submissions import must_be_public
from forum.stories import paths
from forum.stories.scenario import Scenario
from forum.voting.commission import Commission
from forum.web.i18n.gettext import gettext as _
from forum.web.record_banner import stories_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories import marked_text

# Scenes kept for going back; more would make an address that no server takes, where somebody goes round in a circle.
MOST_BACK = 40
_DIGITS = 4


class Way(msgspec.Struct, frozen=True):
    """A way on as the page shows it: its words, and its address; `url` is "" where it leads to nothing written yet."""

    words: str
    url: str


async def public(request: Request) -> Response:
    """Plays a story of the library. Raises NotFound for one that is not public."""
    async with site_of(request).store.read() as work:
        story = must_be_public(await work.stories.get_story(request.path_params["story"]))
        commission = await work.commissions.get_commission(story.commission)
        await unlike_record(request, work, {} if commission.rehearsal else stories_shown([story]))
        remembered = work.remembered
    here = f"/stories/{story.id}"
    scenario = await story_of(remembered, story.twee, long)
    return await play(request, scenario, commission, base=f"{here}/play", back=here, back_words=_("About this story"))


async def play(
    request: Request,
    scenario: Scenario,
    commission: Commission,
    *,
    base: str,
    back: str,
    back_words: str,
    draft: bool = False,
) -> Response:
    """Shows the scene that the request's query names (?scene=), or the page before the first one.

    `base` is the path of this player, `back` the page to leave to. `draft` says that the story is still being
    written, so that missing parts are said to be "not written yet". Raises NotFound for an unknown scene.
    """
    every = await long(paths.places, scenario)
    asked = request.query_params.get("scene", "")
    came = numbers(request.query_params.get("came", ""), len(every))
    place = None
    if asked:
        place = next((one for one in every if one.number in numbers(asked, len(every))), None)
        if place is None:
            raise NotFound("This scene is not there any more. Begin the story again.")
    away = "away" in request.query_params

    def url(number: int, through: Sequence[int] = (), **more: str) -> str:
        trail = {"came": ".".join(map(str, through[-MOST_BACK:]))} if through else {}
        return f"{base}?" + urlencode({"scene": number, **trail, **more})

    here = base if place is None else url(place.number, came)

    def ways_on() -> tuple[Way, ...]:
        trail = (*came, place.number) if place else ()
        each = place.ways if place else ()
        return tuple(Way(way.words or _("Go on"), url(way.number, trail) if way.number else "") for way in each)

    return await page(
        request,
        "stories/away.html" if away else "stories/play.html",
        told=scenario,
        commission=commission,
        place=place,
        ways=await long(ways_on),
        notes=await long(marked_text.for_readers, replace(scenario, scenes=(place.scene,) if place else ())),
        begin=url(every[0].number) if every else "",
        again=base,
        before=url(came[-1], came[:-1]) if came else base,
        here=here,
        look_away=f"{here}{'&' if place else '?'}away=1",
        back=back,
        back_words=back_words,
        draft=draft,
    )


def numbers(text: str, most: int) -> tuple[int, ...]:
    """Returns the numbers of places in an address, from 1 to `most`; leaves out everything else."""
    each = [int(part) for part in text.split(".") if part.isascii() and part.isdigit() and len(part) <= _DIGITS]
    return tuple(number for number in each if 1 <= number <= most)[-MOST_BACK:]
