"""The Atom feed of a commission: the newest of its timeline, or of what a reader chose on it in the address.

It is told from the entries of the record themselves; what the entries tell of is held against the rows of now.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from forum.ports import Work
from forum.services.record_cache import Contents, alone, declared_of, kept
from forum.services.stages import course_of
from forum.services.stories.timeline import EventKind, event_id
from forum.voting.commission import Commission
from forum.web.i18n.gettext import gettext as _
from forum.web.public.commission_timeline import Line, found_steps, lines, steps_of, typed_in
from forum.web.public.feeds import MOST, Told, answer
from forum.web.record_banner import Unlike, decisions_shown, unlike_record
from forum.web.site import base_url, site_of
from forum.web.words import methods
from forum.web.words.terms import marked

MOST_SUMMARY = 2000  # characters of the summary of one entry
# Entries whose event has the same id in other feeds: the field with the id of its subject, and its kind there.
_IDS = {
    "round revealed": ("round", EventKind.VOTED),
    "round annulled": ("round", EventKind.ANNULLED_VOTE),
    "decision": ("decision", EventKind.DECIDED),
    "decision corrected": ("correction", EventKind.CORRECTED),
    "decision replaced": ("correction", EventKind.CORRECTED),
    "commitment": ("commitment", EventKind.PROMISED),
    "commitment update": ("update", EventKind.UPDATED),
}
_PUBLISHED = "scenario published"


async def commission(request: Request) -> Response:
    """Sends the feed of a commission: its stories, sessions, votes, decisions, promises, what became of these, and the
    moves of the work itself; only what was chosen, where the address chooses."""
    site, typed = site_of(request), typed_in(request)
    async with site.store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        size = await work.record.size()
        contents = await kept(site.store).contents_of(work, size)
        public = await work.stories.public_of(about.id)
        steps = steps_of(contents, about, size)
        found = await found_steps(work, contents, about, steps, public, typed)
        told = await lines(work, contents, found[:MOST])
        unlike = await _unlike(request, work, about, told)
    asked = {name: value for name, value in typed.items() if value}
    own, feed = f"/commissions/{about.id}", f"/commissions/{about.id}/feed.atom"
    query = f"?{urlencode(asked)}" if asked else ""
    return answer(
        request,
        id_=uuid.uuid5(uuid.NAMESPACE_URL, base_url(request) + own + query).hex if asked else about.id,
        title=marked(_("%(title)s: what you chose") % {"title": about.title} if asked else about.title, about),
        author=about.title,
        page=own + query,
        since=about.created_at,
        told=[_told(about, contents, one) for one in reversed(told)],
        unlike=unlike,
        address=feed + query,
    )


def _told(about: Commission, contents: Contents, line: Line) -> Told:
    words, type_ = line.words, line.facts["type"]
    details = [f"{term}: {text}" for term, text in words.details] if type_ != _PUBLISHED else []
    if words.result is not None and words.round is not None:
        labels = {one.id: one.label for one in words.round.responses}
        alone = bool(words.round.closes_at)
        said = [f"{row.label}: {methods.said_by_row(row, words.round.method, labels)}" for row in words.result.rows]
        details = [
            methods.outcome_of_vote(words.result, words.round.method, labels, asynchronous=alone),
            "; ".join(said),
            *details,
        ]
    summary = "\n".join(filter(None, details))
    return Told(
        _id_of(about, contents, line),
        line.at,
        words.sentence,
        f"{summary[:MOST_SUMMARY]}…" if len(summary) > MOST_SUMMARY else summary,
        words.link or f"/record/{line.index}",
    )


def _id_of(about: Commission, contents: Contents, line: Line) -> uuid.UUID:
    type_ = line.facts["type"]
    if type_ in _IDS:
        field, kind = _IDS[type_]
        return event_id(line.facts[field], kind)
    # A later version of a story is an event of its own.
    if type_ == _PUBLISHED and contents.about[line.facts["scenario"]][0] == line.index:
        return event_id(line.facts["scenario"], EventKind.PUBLISHED)
    return uuid.uuid5(uuid.UUID(hex=about.id), f"entry {line.index}")


async def _unlike(request: Request, work: Work, about: Commission, told: Sequence[Line]) -> list[Unlike]:
    """Returns where the rows that these entries tell of do not agree with them."""

    def named(field: str) -> set[str]:
        return {line.facts[field] for line in told if line.facts.get(field)}

    titles = await work.sessions.titles(about.id)
    course, versions = await course_of(work, about), await work.commissions.versions(about.id)
    rows: dict[str, object] = {declared_of(about.id): (about, course, versions, titles)}
    rows |= dict.fromkeys((*map(alone, named("decision")), *named("commitment"), *named("round")))
    rows |= decisions_shown(await work.decisions.heads(named("decision")))
    rows |= {one.id: one for one in await work.decisions.some_commitments(named("commitment"))}
    rows |= await work.rounds.some(named("round"))
    if not about.rehearsal:
        rows |= await work.stories.titles(named("scenario"))
    return await unlike_record(request, work, rows)
