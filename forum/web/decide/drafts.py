"""The page of a draft: the decision as everybody will see it, with what can be done with it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, NotAllowed
from forum.services import check_backs, decision_drafts, decision_matter, permissions
from forum.services.decision_form import MOST_WORDS
from forum.voting import check_back
from forum.voting.commission import SecondReader
from forum.voting.decision import DecisionState
from forum.voting.decision_draft import DecisionDraft
from forum.web.auth import somebody
from forum.web.decide.decision import came_from, context
from forum.web.decide.form import draft_of, version_of
from forum.web.forms import Form, errors_of, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.check_backs import in_words
from forum.web.words.decisions import draft_words


async def draft(request: Request) -> Response:
    """Shows a draft as the decision that it will be, or the mistakes in it; posted, does one act on it.

    The act is "hand over", "send back", "publish", "ask" (those who voted), "close" (what they are asked) or "discard".
    """
    await somebody(request)
    if request.method != "POST":
        kept = await draft_of(request)
        return (
            RedirectResponse(f"/decisions/{request.path_params['draft']}", 303)
            if kept is None
            else await _page(request, kept)
        )
    form = await form_of(request)
    try:
        return await _act(request, form)
    except (BadInput, IllegalMove, NotAllowed) as error:
        kept = None if wants_json(request) else await draft_of(request)
        if kept is None:
            raise
        return await _page(request, kept, form, error)


async def _act(request: Request, form: Form) -> Response:
    """Does the act that a form on a draft's page names. Raises as the acts of services/decision_drafts.py do."""
    person, site, id_ = await somebody(request), site_of(request), request.path_params["draft"]
    seen = version_of(form)
    match form.text("act"):
        case "publish":
            made = await decision_drafts.publish(site.store, site.clock, person, id_, seen)
            return done(request, f"/decisions/{id_}", id=id_, entry=made.entry)
        case "hand over":
            await decision_drafts.hand_over(site.store, site.clock, person, id_, seen)
        case "send back":
            back = await decision_drafts.send_back(site.store, site.clock, person, id_, seen, form.text("because"))
            if back.commission not in permissions.reach(person, "decide"):
                return done(request, "/decide", id=id_)
        case "ask":
            asked = form.text("summary"), form.text("days")
            live = await check_backs.ask(site.store, site.clock, person, id_, seen, *asked)
            return done(request, f"/decide/drafts/{id_}", id=id_, session=live.id, code=live.code)
        case "close":
            await check_backs.close(site.store, site.clock, person, id_, seen)
        case "discard":
            await decision_drafts.discard(site.store, person, id_, seen)
            return done(request, "/decide", id=id_)
        case _:
            raise BadInput("Choose what to do with this draft.", field="act")
    return done(request, f"/decide/drafts/{id_}", id=id_)


async def _page(
    request: Request, kept: DecisionDraft, form: Form | None = None, error: ForumError | None = None
) -> Response:
    person, site = await somebody(request), site_of(request)
    decision_drafts.check_may_read(person, kept)
    mistakes: dict[str, str] = {}
    made = None
    async with site.store.read() as work:
        on = await decision_matter.past_matter(work, kept.rounds)
        try:
            on, made = await decision_drafts.check(work, site.clock, kept)
        except BadInput as wrong:
            mistakes = spoken(wrong)
        except IllegalMove as wrong:
            mistakes = {"id": say(wrong.message, wrong.values)}
        apart = await decision_matter.beside(work, on)
        every = await decision_matter.votes_on(work, on)
        goes_back_to = await came_from(work, on)
        names = {one.id: one.name for one in await work.people.list_people()}
        asked = await check_backs.about(work, on.later.id)
        reasons = await work.reasons.list_reasons(asked.round.id) if asked and asked.result else []
    shown = context(request, made, on, previewed=True) if made else {}
    errors = errors_of(error, "act")
    return await page(
        request,
        "decide/draft.html",
        _status(error),
        **{**shown, "came_from": goes_back_to, "made": made, "on": on, "statements": ()},
        draft=kept,
        beside=apart,
        every=every,
        mistakes=mistakes,
        writers=[names.get(one, _("Somebody who has no account any more")) for one in kept.writers],
        mine=person.id in kept.writers,
        decides=kept.commission in permissions.reach(person, "decide"),
        required=on.commission.second_reader == SecondReader.REQUIRED,
        with_reader=kept.state == DecisionState.WITH_READER,
        draft_words=draft_words,
        kept_days=site_of(request).settings.operator.periods["decision_drafts"],
        asked=asked,
        asked_round=in_words(asked.round) if asked else None,
        reasons=sorted(one.words for one in reasons if one.words),
        bounds=check_back,
        taken_over=str(kept.form.get("rationale", ""))[: check_back.MOST_SUMMARY],
        form=form or Form({}),
        errors=errors,
        most=MOST_WORDS,
    )


def _status(error: ForumError | None) -> int:
    if error is None:
        return 200
    return 422 if isinstance(error, BadInput) else 403 if isinstance(error, NotAllowed) else 409
