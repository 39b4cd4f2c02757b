"""The page "My day" of a session: what was asked, what came out of it, and what was decided, promised and done since.

It is the same for everybody and says nothing of who voted how. Which answers are this phone's own is known to the phone
alone, whose script (static/live/my-day.js) adds them.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.services import check_backs
from forum.services.stories import timeline
from forum.services.stories.timeline import EventKind
from forum.services.voting.receipts import gives_none
from forum.sessions.session import LiveSession
from forum.voting.methods import METHODS
from forum.voting.round import NONE_OF_THESE, Round
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.later_lines import lines_of
from forum.web.live.receipts import place
from forum.web.record_banner import events_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of

MOST_LATER = 50  # of what was decided, promised and done since, the newest
MOST_VOTES = 100
MOST_ASKED = 5


async def day(request: Request) -> Response:
    """Shows "My day" of the session of the code in the address, whether it has ended or not; of one that was called
    off there is none, and its own page says why."""
    session, _participant, _back = await place(request)
    if session.called_off_at:
        return RedirectResponse(f"/s/{session.code}", 303)
    return await day_page(request, session)


async def day_page(request: Request, session: LiveSession) -> Response:
    """Builds "My day" of a session, asynchronous ones too."""
    async with site_of(request).store.read() as work:
        commission = await work.commissions.of_session(session)
        events = await timeline.session_life(work, commission, session)
        votes = [one for one in events if one.kind == EventKind.VOTED][:MOST_VOTES]
        later = [one for one in events if one.kind != EventKind.VOTED]
        shown = [*votes, *later[-MOST_LATER:]]
        lines, said = await lines_of(request, work, commission, shown, session.id)
        rows = events_shown(shown)
        rows |= {
            one.round.id: (rows[one.round.id], line.due)
            for one, line in zip(shown, lines, strict=True)
            if one.round and line.due
        }
        await unlike_record(request, work, rows)
        asked = await check_backs.on_votes_of(work, session)
    since = sorted([*lines[len(votes) :], *said], key=lambda line: line.at)
    return await page(
        request,
        "live/my_day.html",
        session=session,
        commission=commission,
        path_of_session=f"/answer/{session.code}" if session.asynchronous else f"/s/{session.code}",
        votes=[(one.round, line, _answers(one.round)) for one, line in zip(votes, lines, strict=False) if one.round],
        asked=asked[:MOST_ASKED],
        later=since[: -MOST_LATER - 1 : -1],
        more=len(later) + len(said) > MOST_LATER,
        undecided=not any(one.kind == EventKind.DECIDED for one in later),
        today=today(site_of(request).clock.now()),
        receipts=not gives_none(session),
        helping=bool(votes) and not session.asynchronous and not commission.rehearsal,
    )


def _answers(round_: Round) -> str:
    """Returns as JSON the words of everything that a ballot's choice may name, by its mark."""
    labels = {response.id: response.label for response in round_.responses}
    own = {str(mark): _(words) for mark, words in METHODS[round_.method].MARKS.items()}
    return json.dumps(labels | own | {NONE_OF_THESE: _("None of these")}, ensure_ascii=False)
