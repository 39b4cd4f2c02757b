"""The moderators' desk: what came in, longest waiting first; accept a story, or return it with a reason."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from forum import scenario, submissions
from forum.errors import BadInput, ForumError, IllegalMove, StoreUnavailable
from forum.ports import Submission
from forum.submissions import ACCEPT, ACCEPTED, RETURN, RETURNED, SUBMITTED
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.pages import done, page, wants_json
from forum.web.site import site_of
from forum.web.words import gettext as _
from forum.web.words import say, translations


async def queue(request: Request) -> Response:
    """The stories that wait to be read, and those that wait for their writers."""
    site = site_of(request)
    async with site.store.read() as work:
        waiting = sorted(await work.stories.of(status=SUBMITTED), key=lambda s: s.submitted_at)
        returned = await work.stories.of(status=RETURNED)
        commissions = {c.id: c for c in await work.commissions.all()}
    now = site.clock.now()

    def told(story: Submission) -> tuple[Submission, str, str, str]:
        commission = commissions[story.commission]
        since = story.submitted_at if story.status == SUBMITTED else story.moderated_at
        return story, commission.title, commission.group_label(story.told_by) or "", age(since, now)

    said = {ACCEPT: _("The story is public now."), RETURN: _("The story went back to its writer, with your reason.")}
    return await page(
        request,
        "moderate/queue.html",
        waiting=[told(story) for story in waiting],
        returned=[told(story) for story in returned],
        done=said.get(request.query_params.get("done", ""), ""),
    )


async def story(request: Request) -> Response:
    """One story to read and decide on. Whoever comes second is told so, and what they typed stays."""
    if request.method != "POST":
        return await _story_page(request, Form({}))
    site = site_of(request)
    form = await form_of(request)
    action = form.text("action")
    try:
        moderated = await submissions.moderate(
            site.store,
            site.clock,
            request.path_params["story"],
            action,
            because=form.text("because"),
            expected_status=form.text("expected"),
            read=form.text("read"),
        )
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await _story_page(request, form, error)
    return done(request, f"/moderate?done={action}", story=moderated.id, status=moderated.status)


async def _story_page(request: Request, form: Form, error: ForumError | None = None) -> Response:
    site = site_of(request)
    async with site.store.read() as work:
        found = await work.stories.get(request.path_params["story"])
        commission = await work.commissions.get(found.commission)
    errors = spoken(error) if isinstance(error, BadInput) else {}
    return await page(
        request,
        "moderate/story.html",
        status_of(error) if error else 200,
        story=found,
        told=scenario.parse(found.twee),
        commission=commission,
        age=age(found.submitted_at, site.clock.now()),
        read=submissions.fingerprint(found),
        action=form.text("action"),
        because=form.text("because"),
        errors=errors,
        clash=say(error.message, error.values) if error and not errors else "",
        waiting=found.status == SUBMITTED,
        accepted=found.status == ACCEPTED,
        most=submissions.MAX_REASON,
    )


def age(since: str, now: str) -> str:
    """How long ago, in the largest unit that says it: "3 days", "5 hours", "2 minutes"."""
    minutes = max(0, int((datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds() // 60))
    ngettext = translations().ngettext
    if minutes >= 2 * 24 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if minutes >= 60:
        hours = minutes // 60
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    if minutes:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    return _("less than a minute")
