"""Parts of pages on a story that waits for its question: of the moderator's page, and of its teller's."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request

from forum.ports import Work
from forum.ports.long_work import long
from forum.services.stories import shaping
from forum.stories import scenario
from forum.stories.draft import Draft
from forum.stories.shaping import Shape, open_proposals, shape_of
from forum.stories.submission import StoryStatus, Submission
from forum.stories.suggestion import Suggestion, SuggestionKind
from forum.voting.commission import Commission
from forum.web.forms import Form
from forum.web.i18n.gettext import gettext as _
from forum.web.site import site_of
from forum.web.stories import suggestion_words

PROPOSE, AGREE = "propose", "agree"


class Proposal(msgspec.Struct, frozen=True):
    """A proposed question as pages show it: who gets the credit, its outcome in words, and whether a moderator has
    agreed to the story as it makes it (`agreed`)."""

    suggestion: Suggestion
    who: str
    outcome: str
    tag: str
    agreed: bool


def words_of(shape: Shape) -> str:
    """Returns the state of a story's shaping in words, "" where there is nothing to shape."""
    return {
        Shape.WANTED: _("Waits for somebody to propose the question"),
        Shape.PROPOSED: _("Waits for its writer’s yes"),
        Shape.SHAPED: "",
    }[shape]


def proposals(
    story: Submission, draft: Draft, commission: Commission, suggestions: Sequence[Suggestion]
) -> list[Proposal]:
    """Returns the proposed questions, in their order; `draft` is the text that they would come into."""
    return [
        Proposal(
            one,
            suggestion_words.who(one, commission),
            *suggestion_words.outcome(one),
            bool(one.agreed) and not one.outcome and one.agreed == shaping.read_with(story, draft, commission, one),
        )
        for one in suggestions
        if one.kind == SuggestionKind.QUESTION
    ]


async def for_moderator(work: Work, story: Submission, commission: Commission, form: Form) -> dict[str, Any]:
    """Returns the context of `moderate/_shaping.html`: nothing to shape where `shape` is ""."""
    there = await work.drafts.suggestions(story.id) if story.to_shape else []
    shape = shape_of(story, there)
    if shape == Shape.SHAPED:
        return {"shape": shape}
    draft = await long(shaping.sent_draft, story)
    return {
        "shape": shape,
        "shape_words": words_of(shape),
        "proposals": await long(proposals, story, draft, commission, there),
        "proposal_id": form.text("id") or secrets.token_hex(16),
        "fewest": scenario.MIN_RESPONSES,
        "most_responses": scenario.MAX_RESPONSES,
        "most_question": scenario.MAX_QUESTION,
    }


async def for_teller(
    request: Request, work: Work, story: Submission, draft: Draft | None, commission: Commission
) -> dict[str, Any]:
    """Returns the context of `stories/_shaping.html`: the proposals that wait for the teller, and until when."""
    there = await work.drafts.suggestions(story.id) if draft else []
    waiting = open_proposals(there)
    if draft is None or (not story.to_shape and not waiting):
        return {"shape": Shape.SHAPED, "proposals": [], "answer_by": "", "kept_days": 0, "send_it": False}
    kept = site_of(request).settings.operator.periods["returned"]
    newest = max((one.at for one in waiting), default="")
    until = (datetime.fromisoformat(newest) + timedelta(days=kept)).isoformat() if newest else ""
    has_question = any(card.decision for card in draft.cards)
    return {
        "shape": shape_of(story, there),
        "proposals": [] if has_question else await long(proposals, story, draft, commission, waiting),
        "answer_by": until if story.status == StoryStatus.SUBMITTED and story.to_shape else "",
        "kept_days": kept,
        "send_it": story.to_shape and story.status == StoryStatus.SUBMITTED and has_question,
    }
