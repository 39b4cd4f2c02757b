"""The page of a commission: what is asked, where it stands, what was decided and promised, and its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from forum.ports.promises import Sought
from forum.services import answers_due, help_pledges, ledger, response_rates
from forum.services.commission_figures import Figures, figures_of
from forum.services.record_cache import declared_of, kept
from forum.services.stages import course_of
from forum.services.voting import results
from forum.sessions.session import LiveSession
from forum.stories.submission import StoryStatus
from forum.voting.commission import STAGES, Commission
from forum.voting.commitment import CommitmentState
from forum.voting.decision import OUTCOMES
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext
from forum.web.organise.programmes import is_planned
from forum.web.pledges import pledges_shown
from forum.web.public.checkpoints import page_number
from forum.web.public.commission_timeline import found_steps, lines_among, steps_of, typed_in
from forum.web.public.decision_lines import decision_lines, entries_of
from forum.web.public.record_words import read_entries
from forum.web.public.session_results import results_in, told_results
from forum.web.record_banner import decisions_shown, ledger_shown, stories_shown, unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.answers_due import moves_words, rate, waits
from forum.web.words.commission_entries import changes
from forum.web.words.terms import outcome_words, promise_words, row_label, session_state, stage_words

NEWEST = 5  # of decisions and promises
MOST_STORIES, MOST_SESSIONS, MOST_WAITING = 12, 6, 10
A_PAGE = 25  # steps of the timeline


async def commission(request: Request) -> Response:
    """Shows one commission, in the order in which a reader asks: the question, where it stands, decisions and promises,
    sessions, stories, who decides, figures; then its timeline, by what the reader chose in the address."""
    site = site_of(request)
    day = today(site.clock.now())
    typed = typed_in(request)
    async with site.store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        size = await work.record.size()
        contents = await kept(site.store).contents_of(work, size)
        public = await work.stories.public_of(about.id)
        stories = await work.stories.list_stories(about.id, StoryStatus.ACCEPTED, MOST_STORIES)
        every = [s for s in await work.sessions.list_sessions(about.id) if about.rehearsal or not s.rehearsal]
        sessions = [s for s in every if not s.asynchronous]
        alone = len(sessions) < len(every)
        asynchronous = (await results.asynchronous_rounds(work, about) if alone else ())[:MOST_SESSIONS]
        plans = await work.programmes.latest_of([s.id for s in sessions])
        decisions = await work.decisions.list_decisions(about.id, NEWEST, recorded=not about.rehearsal)
        promises = await ledger.found(work, Sought(about.id), day, most=NEWEST)
        course = await course_of(work, about)
        versions = await work.commissions.versions(about.id)
        votes = [one for one in contents.answers.due() if one.opened["commission"] == about.id]
        late_first = sorted((one for one in votes if one.answer is None), key=lambda one: one.due_on)
        due = await answers_due.as_now(work, late_first[:MOST_WAITING])
        steps = steps_of(contents, about, size)
        figures = await figures_of(work, about, every, steps)
        found = await found_steps(work, contents, about, steps, public, typed)
        pages = max(-(-len(found) // A_PAGE), 1)
        number = min(page_number(request.query_params.get("page", "")), pages)
        steps_shown = found[(number - 1) * A_PAGE : number * A_PAGE]
        # What is still to come or going on first, then the newest.
        listed = sorted(sessions[:MOST_SESSIONS], key=_when, reverse=True)
        its_results = results_in(contents, size, [s.id for s in (*listed, *(one.session for one in asynchronous))])
        wanted = {one.index for one in steps_shown} | {
            one.index for some, _more in its_results.values() for one in some
        }
        read = await read_entries(work, contents, wanted | set(entries_of(decisions)))
        rows: dict[str, object] = {
            declared_of(about.id): (about, course, versions, [(s.id, s.title) for s in sessions])
        }
        rows |= {
            s.id: (s.title, s.called_off_at, s.called_off_because) for s in listed if s.called_off_at and s.recorded
        }
        rows |= {} if about.rehearsal else stories_shown(stories)
        rows |= {one.round.id: one.round for one in asynchronous if one.session.recorded and one.round.opened_at}
        rows |= {round_.id: (round_, one.postponed) for one in due for round_ in one.rounds}
        pledges, more_pledges = await help_pledges.shown(work, about.id)
        rows |= pledges_shown(pledges)
        await unlike_record(request, work, rows | decisions_shown(decisions) | ledger_shown(promises))
        decided = await decision_lines(work, decisions, read)
    asked = {name: value for name, value in typed.items() if value}
    url = f"/commissions/{about.id}?" + urlencode({**asked, "page": ""})
    return await page(
        request,
        "public/commission.html",
        commission=about,
        pledges=pledges,
        more_pledges=more_pledges,
        today=day,
        waiting=[(one, waits(one, day), moves_words(one)) for one in due if not one.answer],
        more_waiting=len(late_first) - len(due),
        rate=rate(response_rates.of_votes(votes, day)),
        promises=promises,
        stories=stories[::-1],
        stories_in_all=len(public),
        told_by={one.id: about.group_label(one.told_by) or "" for one in stories},
        sessions=[(s, session_state(s)) for s in listed],
        more_sessions=len(sessions) - MOST_SESSIONS,
        results=told_results(its_results, read),
        asynchronous=asynchronous,
        story_titles={id_: title for id_, (title, _group) in public.items()},
        predicted={s.id: one for s in listed if (one := contents.predictions.said(s.id, size))},
        days={session: latest.plan.day for session, latest in plans.items()},
        planned={session for session, latest in plans.items() if is_planned(latest.plan)},
        decisions=decisions,
        lines=decided,
        course=course,
        figures_said=_figures(figures, len(public)),
        groups=_groups(about, dict(figures.voted)),
        versions=[
            (one, changes(before.about, one.about) if before else [])
            for before, one in zip([None, *versions], versions, strict=False)
        ],
        timeline=lines_among(steps_shown, read),
        found=len(found),
        steps=len(steps),
        typed=typed,
        asked=asked,
        choices=_choices(about),
        number=number,
        pages=pages,
        url=url,
        feed=f"/commissions/{about.id}/feed.atom" + (f"?{urlencode(asked)}" if asked else ""),
    )


def _when(session: LiveSession) -> tuple[bool, str]:
    return not session.ended, session.ended_at or session.opened_at


def _groups(about: Commission, voted: Mapping[str, int]) -> list[tuple[str, str]]:
    """Returns for each group in words how many were invited and voted; for the small groups together too."""
    labels = [one.label for one in about.groups]
    invited = {
        one.label: _("Invited: not counted") if one.invited is None else _("Invited: %(n)s") % {"n": one.invited}
        for one in about.groups
    }
    rows = []
    for label in (*labels, *(one for one in voted if one not in invited)):
        n = _("Voted: %(n)s") % {"n": voted[label]} if label in voted else _("Voted: not shown")
        rows.append((row_label(label), " · ".join(filter(None, (invited.get(label, ""), n)))))
    return rows


def _figures(figures: Figures, stories: int) -> list[str]:
    """Returns the figures of a commission in words, without what there is none of."""
    over, votes = figures.over, figures.votes
    came = _("people who came: not shown, as too few came to one of them")
    if figures.came is not None:
        came = ngettext("%(count)s person came to them", "%(count)s people came to them", figures.came)
    said = [
        (over, ngettext("%(count)s session is over", "%(count)s sessions are over", over)),
        (figures.came if over else None, came if over else ""),
        (votes, ngettext("%(count)s vote has a result", "%(count)s votes have a result", votes)),
        (stories, ngettext("%(count)s story can be read", "%(count)s stories can be read", stories)),
    ]
    return [words % {"count": count} for count, words in said if words and count != 0]


def _choices(about: Commission) -> dict[str, list[tuple[str, str]]]:
    """Returns the options of each choice on the timeline as (value, words)."""
    kinds = [
        ("story", _("Stories")),
        ("session", _("Sessions")),
        ("vote", _("Votes")),
        ("decision", _("Decisions")),
        ("promise", _("Promises")),
        ("update", _("What became of promises")),
        ("stage", _("The work itself")),
    ]
    outcomes = [(str(one), outcome_words(one)) for one in OUTCOMES]
    states = [(str(one), promise_words(one)) for one in CommitmentState]
    every = ("", _("Any"))
    return {
        "kind": [every, *kinds],
        "stage": [every, *((one, stage_words(one)) for one in STAGES)],
        "group": [every, *((one.id, one.label) for one in about.groups)],
        "status": [every, *outcomes, *states],
    }
