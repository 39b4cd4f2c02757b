"""Public pages of moderation: the published log, and the form that reports a story."""

from __future__ import annotations

import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, StoreUnavailable, TooMany
from forum.ports import Work
from forum.services.record_cache import acts_on
from forum.services.stories import appeals_and_reports
from forum.services.stories.submissions import must_be_public
from forum.stories.moderation import Act
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.web import volume_limits
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR
from forum.web.record_banner import unlike_record
from forum.web.responses import done, page
from forum.web.site import site_of
from forum.web.words.terms import act_words

A_PAGE = 30
TOLD_FROM = 3


class Logged(msgspec.Struct, frozen=True):
    """One line of the published log: the act in words; the reason and the story where they are public."""

    act: Act
    words: str
    commission: Commission
    story: Submission | None


async def log(request: Request) -> Response:
    """Shows what moderators did, newest first; never which moderator, nor whose story."""
    typed = request.query_params.get("page", "")
    async with site_of(request).store.read() as work:
        size = await work.moderation.count_acts()
        pages = max(1, -(-size // A_PAGE))
        number = min(int(typed), pages) if typed.isascii() and typed.isdigit() and 0 < len(typed) < 8 else 1
        number = max(1, number)
        shown = [await _logged(work, act) for act in await work.moderation.log((number - 1) * A_PAGE, A_PAGE)]
        acts: dict[str, list[Act]] = {}
        for one in shown:
            acts.setdefault(acts_on(one.act.story), []).append(one.act)
        await unlike_record(request, work, acts)
    return await page(request, "public/moderation_log.html", shown=shown, number=number, pages=pages)


async def _logged(work: Work, act: Act) -> Logged:
    story = await work.stories.get_story(act.story)
    commission = await work.commissions.get_commission(story.commission)
    return Logged(act, act_words(act.action), commission, story if story.status == StoryStatus.ACCEPTED else None)


async def report(request: Request) -> Response:
    """Shows the form in which a reader reports a public story; posted, keeps the report. No account is needed."""
    site = site_of(request)
    async with site.store.read() as work:
        story = must_be_public(await work.stories.get_story(request.path_params["story"]))
        commission = await work.commissions.get_commission(story.commission)
    if request.method != "POST":
        sent = request.query_params.get("sent") == "1"
        return await _report_page(request, story, commission, Form({}), sent=sent)
    form = await form_of(request)
    share = _share(request)
    words, id_ = form.text("words"), form.text("id")
    # A report sent again does not count against the limit, and its sender gets the same answer.
    again = await appeals_and_reports.has_report(site.store, story.id, words, id_)
    try:
        if not again:
            share.check(request)
            volume_limits.write(request, len(await request.body()))
        made = await appeals_and_reports.report(site.store, site.clock, story.id, words, id_)
    except (BadInput, TooMany, StoreUnavailable) as error:
        return await _report_page(request, story, commission, form, error=error)
    if not again:
        share.count(request)
    return done(request, f"/stories/{story.id}/report?sent=1", report=made.id)


async def _report_page(
    request: Request,
    story: Submission,
    commission: Commission,
    form: Form,
    *,
    sent: bool = False,
    error: ForumError | None = None,
) -> Response:
    left = _share(request).left(request)
    errors: dict[str, str] = {}
    if error is not None:
        errors = spoken(error) if isinstance(error, BadInput) else {"main": say(error.message, error.values)}
    answer = await page(
        request,
        "public/report.html",
        status_of(error) if error else 200,
        story=story,
        commission=commission,
        id=form.text("id") or secrets.token_hex(16),
        words=form.text("words"),
        most=appeals_and_reports.MAX_REPORT,
        left=left if 0 < left <= TOLD_FROM else None,
        sent=sent,
        errors=errors,
    )
    return keep(request, retry_after(answer, error))


def _share(request: Request) -> Share:
    return Share("reports", site_of(request).settings.reports_per_address, AN_HOUR)
