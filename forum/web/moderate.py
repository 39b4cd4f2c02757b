"""The moderators' pages: the queue, longest waiting first; reading, accepting, returning, holding; appeals,
reports.

Of two moderators with the same story the second is told what the first did, and keeps what they typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from forum.adapters.long_texts import MODERATORS
from forum.errors import BadInput, ForumError, IllegalMove, NotAllowed, StoreUnavailable
from forum.ports.long_work import long, parsed
from forum.services import help_pledges
from forum.services.stories import appeals_and_reports, moderation, submissions, suggestions
from forum.services.stories.moderation import ModeratorMove
from forum.services.stories.submissions import must_be_sent
from forum.stories import compose, scenario_twee
from forum.stories.moderation import Report
from forum.stories.shaping import Shape
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.web.auth import need_somewhere, somebody
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext, say
from forum.web.public.checkpoints import page_number
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.stories import marked_text
from forum.web.stories.shaping import AGREE, PROPOSE, for_moderator, words_of
from forum.web.stories.suggestion_words import thanks
from forum.web.stories.versions import Change, changes_between
from forum.web.words.terms import act_words

A_PAGE = 25


@dataclass(frozen=True)
class Row:
    """A story in the queue: how long it has waited there (`age`), its content notes, the number of reports; `shape` is
    the state of its shaping in words.

    `yours` says whether the signed-in moderator may answer: an appeal against their own act goes to another one.
    """

    story: Submission
    commission: str
    group: str
    age: str
    notes: tuple[str, ...]
    reports: int = 0
    yours: bool = True
    others: bool = True
    shape: str = ""


async def queue(request: Request) -> Response:
    """Shows the stories that wait to be read, appeals, readers' reports, and stories held or back with their
    writers."""
    site = site_of(request)
    person, within = await somebody(request), await need_somewhere(request, "moderate stories")

    def here(stories: Iterable[Submission]) -> list[Submission]:
        return [story for story in stories if story.commission in within]

    places = None if within.every else within.commissions
    number = {name: page_number(request.query_params.get(name, "")) for name in ("page", "held", "returned")}
    start = {name: (one - 1) * A_PAGE for name, one in number.items()}
    async with site.store.read() as work:
        pledges = len(await help_pledges.waiting(work, within))
        proposed = await work.drafts.proposed()
        asked, _many = await work.stories.queue(places, status=StoryStatus.SUBMITTED, only=proposed)
        asked = [story for story in asked if story.to_shape]
        submitted, waiting = await work.stories.queue(
            places, status=StoryStatus.SUBMITTED, but=[story.id for story in asked], start=start["page"], most=A_PAGE
        )
        held, holding = await work.stories.queue(places, status=StoryStatus.HELD, start=start["held"], most=A_PAGE)
        returned, back = await work.stories.queue(
            places, status=StoryStatus.RETURNED, start=start["returned"], most=A_PAGE
        )
        revised = here(await work.stories.revised())
        appeals = [one for one in await appeals_and_reports.waiting(work) if one[0].commission in within]
        reported = [one for one in await appeals_and_reports.reported(work) if one[0].commission in within]
        commissions = {c.id: c for c in await work.commissions.list_commissions()}
        beside = await work.evidence.waiting()
        sent, _many = await work.stories.queue(places, only=beside)
        statements = [
            one
            for one in await work.minority.waiting_statements()
            if (await work.decisions.get_decision(one.decision)).commission in within
        ]
        evidence = [(story, beside[story.id]) for story in sent if story.status != StoryStatus.WRITING]
    row = _rows(commissions, site.clock.now())
    return await page(
        request,
        "moderate/queue.html",
        pledges=pledges,
        waiting=[
            replace(await row(story, story.submitted_at), shape=words_of(Shape.WANTED) if story.to_shape else "")
            for story in submitted
        ],
        asked=[await row(story, proposed[story.id], noted=False) for story in asked],
        appeals=[
            await row(story, now.appeal.at if now.appeal else "", yours=now.act.by != person.id, others=now.others)
            for story, now in appeals
        ],
        reported=[await row(story, reports[0].at, reports=len(reports)) for story, reports in reported],
        evidence=evidence,
        statements=statements,
        revised=[await row(story, story.revised_at) for story in revised],
        held=[await row(story, story.moderated_at, noted=False) for story in held],
        returned=[await row(story, story.moderated_at, noted=False) for story in returned],
        number=number,
        pages={name: -(-many // A_PAGE) for name, many in {"page": waiting, "held": holding, "returned": back}.items()},
        done=_said().get(request.query_params.get("done", ""), ""),
    )


def _rows(commissions: dict[str, Commission], now: str) -> Callable[..., Awaitable[Row]]:
    async def row(
        story: Submission,
        since: str,
        *,
        reports: int = 0,
        yours: bool = True,
        others: bool = True,
        noted: bool = True,
    ) -> Row:
        commission = commissions[story.commission]
        text = submissions.waiting_text(story)
        notes = (await parsed(text)).content_notes if text and noted else ()
        await asyncio.sleep(0)  # reading a page of stories at once would hold a live room up
        group = commission.group_label(story.told_by) or ""
        return Row(story, commission.title, group, age(since, now), notes, reports, yours, others)

    return row


def _said() -> dict[str, str]:
    """Returns the sentence that the queue shows after each act."""
    return {
        ModeratorMove.ACCEPT: _("The story is public now."),
        ModeratorMove.RETURN: _("The story went back to its writer, with your reason."),
        ModeratorMove.HOLD: _("The story is held. Its writer reads your reason."),
        ModeratorMove.RELEASE: _("The story waits to be read again."),
        ModeratorMove.TAKE_DOWN: _("The story is no longer public. Its writer reads your reason."),
        ModeratorMove.KEEP: _("The reports are answered. The story stays public."),
        ModeratorMove.ACCEPT_VERSION: _("The new version is public now."),
        ModeratorMove.RETURN_VERSION: _(
            "The new version went back to its writer, with your reason. The public one stays."
        ),
        PROPOSE: _("Your question stands on the writer’s private page. Nothing is published before they say yes."),
        AGREE: _("Agreed. The story is public as soon as its writer says yes to the question."),
        appeals_and_reports.AppealAnswer.UPHOLD: _("The appeal is answered. The story stays as it was decided."),
        appeals_and_reports.AppealAnswer.OVERTURN: _("The appeal is answered. What was decided is undone."),
    }


async def story(request: Request) -> Response:
    """Shows one story to read and decide on; posted, does a moderator's act."""
    if request.method != "POST":
        return await story_page(request, Form({}))
    person = await somebody(request)
    form = await form_of(request)
    action = form.text("action")
    try:
        moderated = await moderate_as_asked(request, form, person.id)
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await story_page(request, form, error)
    await tell_rooms(request, moderated)
    return done(request, f"/moderate?done={action.replace(' ', '+')}", story=moderated.id, status=moderated.status)


async def appeal(request: Request) -> Response:
    """Answers an appeal against another moderator's act."""
    site = site_of(request)
    person = await somebody(request)
    form = await form_of(request)
    outcome = form.text("outcome")
    try:
        answered = await appeals_and_reports.answer(
            site.store,
            site.clock,
            form.text("appeal"),
            request.path_params["story"],
            outcome,
            because=form.text("why"),
            by=person.id,
            public=form.flag("public_why"),
        )
    except (BadInput, IllegalMove, NotAllowed, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await story_page(request, form, error)
    await tell_rooms(request, answered)
    return done(request, f"/moderate?done={outcome}", story=answered.id, status=answered.status)


async def moderate_as_asked(request: Request, form: Form, by: str) -> Submission:
    """Does the act that a moderator asks for, on a page or by a program. Raises as moderation.moderate does."""
    return await moderation.moderate(
        site_of(request).store,
        site_of(request).clock,
        request.path_params["story"],
        form.text("action"),
        because=form.text("because"),
        expected_status=form.text("expected"),
        read=form.text("read"),
        by=by,
        public=form.flag("public"),
        reports=form.texts("report"),
    )


async def tell_rooms(request: Request, story: Submission) -> None:
    """Has the screens drawn anew that may show a story: one that is held goes from them at once."""
    for session in await submissions.sessions_with(site_of(request).store, story):
        await site_of(request).rooms.changed(session)


async def story_page(request: Request, form: Form, error: ForumError | None = None) -> Response:
    """Draws the page of one story, with what a moderator typed and what was wrong with it."""
    site = site_of(request)
    person = await somebody(request)
    async with site.store.read() as work:
        story = must_be_sent(await work.stories.get_story(request.path_params["story"]))
        commission = await work.commissions.get_commission(story.commission)
        standing = await appeals_and_reports.standing(work, story)
        reports = await work.moderation.reports(story.id)
        acts = await work.moderation.list_acts(story.id)
        evidence = await work.evidence.list_evidence(story.id)
        helped = await suggestions.credits(work, story, waiting=True)
        to_shape = await for_moderator(work, story, commission, form)
    errors = spoken(error) if isinstance(error, BadInput) else {}
    text = submissions.waiting_text(story)
    parsed = await long(scenario_twee.parse, text) if text else None
    changes = await long(_changes, story) if story.revision else []
    return await page(
        request,
        "moderate/story.html",
        status_of(error) if error else 200,
        story=story,
        told=parsed,
        notes=await marked_text.looked_through(MODERATORS, parsed) if parsed else None,
        commission=commission,
        age=age(story.revised_at or story.submitted_at, site.clock.now()),
        changes=changes,
        read=submissions.fingerprint(story),
        form=form,
        errors=errors,
        clash=say(error.message, error.values) if error and not errors else "",
        actions=_actions(story, _unanswered(reports)),
        evidence_waiting=sum(not (item.shown_at or item.declined_at) for item in evidence),
        standing=standing,
        yours=standing is not None and standing.act.by != person.id,
        reports=_unanswered(reports),
        reports_answered=len(reports) - len(_unanswered(reports)),
        acts=[(act, act_words(act.action)) for act in reversed(acts)],
        status_words=_status_words(story),
        thanks=thanks(helped),
        most=moderation.MAX_REASON,
        **to_shape,
    )


def _changes(story: Submission) -> list[Change]:
    """Returns what a new version would change in the public story."""
    public, new = (compose.draft_of(scenario_twee.parse(text)) for text in (story.twee, story.revision))
    return changes_between(public, new)


def _unanswered(reports: Iterable[Report]) -> list[Report]:
    return [report for report in reports if not report.answer]


def _actions(story: Submission, reports: Sequence[Report]) -> list[tuple[str, str, str]]:
    """Returns the acts possible on a story now, as radio buttons: value, label, consequence."""
    accept = (
        ModeratorMove.ACCEPT,
        _("Accept"),
        _("Everybody can read it from now on. It goes into the public record, and cannot be taken back in silence."),
    )
    back = (
        ModeratorMove.RETURN,
        _("Return"),
        _("Its writer sees your reason, and can change the story and send it again."),
    )
    hold = (
        ModeratorMove.HOLD,
        _("Hold"),
        _("Keep it back while something is cleared up. Its writer sees your reason, and waits."),
    )
    if story.status == StoryStatus.SUBMITTED:
        return [back, hold] if story.to_shape else [accept, back, hold]
    if story.status == StoryStatus.HELD:
        again = (ModeratorMove.RELEASE, _("Take off hold"), _("It waits to be read again, by you or by somebody else."))
        return [again, back]
    if story.status == StoryStatus.ACCEPTED:
        down = (
            ModeratorMove.TAKE_DOWN,
            _("Take down"),
            _("Nobody else can see it from now on. It is held, and its writer sees why."),
        )
        keep = (ModeratorMove.KEEP, _("Keep it public"), _("The reports are answered, and the story stays as it is."))
        new = (ModeratorMove.ACCEPT_VERSION, _("Accept the new version"), _("It takes the place of the public one."))
        old = (
            ModeratorMove.RETURN_VERSION,
            _("Return the new version"),
            _("Its writer sees your reason. The public one stays."),
        )
        of_version = [new, old] if story.revision else []
        return [*of_version, *([keep] if reports else []), down]
    return []


def _status_words(story: Submission) -> tuple[str, str]:
    """Returns a story's status in words, and the kind of its tag."""
    if story.revision:
        return _("Public, with a new version to read"), ""
    return {
        StoryStatus.SUBMITTED: (_("Waiting to be read"), ""),
        StoryStatus.RETURNED: (_("Returned"), "warning"),
        StoryStatus.HELD: (_("Held"), "warning"),
        StoryStatus.ACCEPTED: (_("Accepted"), "good"),
    }.get(story.status, (_("Taken back by its writer"), "quiet"))


def age(since: str, now: str) -> str:
    """Returns the time from `since` to `now` in its largest unit: "3 days", "5 hours", "2 minutes"."""
    minutes = max(0, int((datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds() // 60))
    if minutes >= 2 * 24 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if minutes >= 60:
        hours = minutes // 60
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    if minutes:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    return _("less than a minute")
