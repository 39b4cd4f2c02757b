"""Appeals of writers and reports of readers against what moderators did, and the answers to both.

A writer can appeal once against each return or hold of a story, from its private link. The appeal goes to a moderator
other than the one who acted; where there is no other it waits, and everybody concerned is told so. It is over without
an answer where the story moved on meanwhile: its writer sent it again, or a moderator changed it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from forum.errors import BadInput, IllegalMove, NotAllowed
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services import permissions
from forum.services.keys import digest
from forum.services.stories.moderation import log_act
from forum.services.stories.submissions import must_be_public, must_be_sent
from forum.stories.moderation import Act, Appeal, AppealOutcome, ModerationAction, Report
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import upright


class AppealAnswer(StrEnum):
    """Answers of a moderator to an appeal, as the form names them."""

    UPHOLD = "uphold"
    OVERTURN = "overturn"


OUTCOMES = tuple(AppealAnswer)


MAX_APPEAL = 2000
MAX_REPORT = 1000
MAX_REASON = 2000

_KEPT_BACK = (ModerationAction.RETURNED, ModerationAction.HELD, ModerationAction.TAKEN_DOWN)
# What each answer makes of the appeal, and what the record calls it.
_ANSWERED = {
    AppealAnswer.UPHOLD: (AppealOutcome.UPHELD, ModerationAction.UPHELD),
    AppealAnswer.OVERTURN: (AppealOutcome.OVERTURNED, ModerationAction.OVERTURNED),
}
_ID = re.compile(r"[0-9a-f]{32}")
_NOTHING = "There is nothing to appeal against: no moderator has returned or held this story."
_TWICE = "You have appealed against this already. Another moderator reads it once."
_OWN = "You did this yourself, so another moderator answers the appeal."
_OVER = "This appeal is over: it was answered, or the story has moved on. Look at it again."


@dataclass(frozen=True)
class Standing:
    """State of a story that is kept back: the act that did it, the appeal against it (or None), and whether there
    is another moderator who can answer an appeal (`others`)."""

    act: Act
    appeal: Appeal | None
    others: bool

    @property
    def open(self) -> bool:
        """Tells whether an appeal waits to be answered."""
        return self.appeal is not None and not self.appeal.outcome


async def standing(work: Work, story: Submission) -> Standing | None:
    """Returns the state of a returned or held story; None for any other, and where no act of a moderator is known."""
    if story.status not in {StoryStatus.RETURNED, StoryStatus.HELD}:
        return None
    acts = [act for act in await work.moderation.list_acts(story.id) if act.action in _KEPT_BACK]
    if not acts:
        return None
    act = acts[-1]
    appeals = [appeal for appeal in await work.moderation.appeals(story.id) if appeal.act == act.id]
    return Standing(act, appeals[0] if appeals else None, await _others(work, story, act.by))


async def waiting(work: Work) -> list[tuple[Submission, Standing]]:
    """Returns the stories whose appeals wait for an answer, longest waiting first."""
    unanswered = []
    for appeal in await work.moderation.appeals():
        story = await work.stories.get_story(appeal.story)
        state = await standing(work, story)
        if state is not None and state.appeal is not None and state.appeal.id == appeal.id:
            unanswered.append((story, state))
    return unanswered


async def appeal(store: Store, clock: Clock, key: str, words: str) -> Standing:
    """Appeals for a story's writer, by the key of their private link; returns the story's state after it.

    Raises NotFound for an unknown key, BadInput(field="words"), IllegalMove where there is nothing to appeal against,
    or it was appealed against before.
    """
    words = upright(words)
    if not words:
        raise BadInput("Say why you think that this was wrong.", field="words")
    if len(words) > MAX_APPEAL:
        raise BadInput(
            "Use at most %(most)s characters. This has %(length)s.", field="words", most=MAX_APPEAL, length=len(words)
        )
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        state = await standing(work, story)
        if state is None:
            raise IllegalMove(_NOTHING)
        made = Appeal(secrets.token_hex(16), story.id, state.act.id, words, clock.now())
        if not await work.moderation.add_appeal(made):
            raise IllegalMove(_TWICE)
        return replace(state, appeal=made)


async def answer(
    store: Store,
    clock: Clock,
    appeal_id: str,
    story_id: str,
    outcome: str,
    *,
    because: str,
    by: str,
    public: bool = False,
) -> Submission:
    """Answers an appeal for another moderator: UPHOLD leaves the story as it is, OVERTURN takes it back to where it
    was before the act (to be read, or public again). The writer reads `because`.

    Raises NotAllowed for the moderator who acted, BadInput (fields "outcome", "why"), IllegalMove where the appeal
    was answered or is over.
    """
    because = upright(because)
    if outcome not in OUTCOMES:
        raise BadInput("Choose whether to uphold or to overturn what was done.", field="outcome")
    if not because:
        raise BadInput("Say why. The writer reads this.", field="why")
    if len(because) > MAX_REASON:
        raise BadInput("Use at most %(most)s characters for the reason.", field="why", most=MAX_REASON)
    async with store.begin() as work:
        before = must_be_sent(await work.stories.get_story(story_id))
        state = await standing(work, before)
        if state is None or state.appeal is None or state.appeal.id != appeal_id or state.appeal.outcome:
            raise IllegalMove(_OVER)
        if by and by == state.act.by:
            raise NotAllowed(_OWN)
        if outcome == AppealAnswer.OVERTURN and state.act.before == StoryStatus.ACCEPTED and not before.may_publish:
            raise BadInput("Its writer no longer allows that it is published.", field="outcome")
        at = clock.now()
        said, action = _ANSWERED[AppealAnswer(outcome)]
        await work.moderation.answer_appeal(replace(state.appeal, outcome=said, because=because, by=by, answered_at=at))
        story = before
        if outcome == AppealAnswer.OVERTURN:
            story = replace(before, status=state.act.before, because="", moderated_at=at)
        await work.stories.save_story(story, before.status)
        await log_act(work, before, action, at, because=because, public=public, by=by)
    return story


async def report(store: Store, clock: Clock, story_id: str, words: str, report_id: str = "") -> Report:
    """Keeps a reader's report of a public story. `report_id` is made when the form is shown, so that sending the
    form twice makes one report.

    Raises NotFound for a story that is not public, BadInput(field="words").
    """
    words = upright(words)
    if not words:
        raise BadInput("Say what is wrong with the story.", field="words")
    if len(words) > MAX_REPORT:
        raise BadInput(
            "Use at most %(most)s characters. This has %(length)s.", field="words", most=MAX_REPORT, length=len(words)
        )
    made = Report(report_id if _ID.fullmatch(report_id) else secrets.token_hex(16), story_id, words, clock.now())
    async with store.begin() as work:
        must_be_public(await work.stories.get_story(story_id, lock=True))
        if not await work.moderation.add_report(made):
            kept = [earlier for earlier in await work.moderation.reports(story_id) if earlier.id == made.id]
            if [earlier.words for earlier in kept] == [made.words]:
                return kept[0]
            # The reader went back to the form and wrote something else.
            made = replace(made, id=secrets.token_hex(16))
            await work.moderation.add_report(made)
    return made


async def has_report(store: Store, story_id: str, words: str, report_id: str) -> bool:
    """Tells whether this report was kept already; browsers send one again where the answer was lost on the way."""
    async with store.read() as work:
        reports = await work.moderation.reports(story_id)
    return any((report.id, report.words) == (report_id, upright(words)) for report in reports)


async def reported(work: Work) -> list[tuple[Submission, Sequence[Report]]]:
    """Returns the public stories with reports that nobody has answered, longest waiting first."""
    by_story: dict[str, list[Report]] = {}
    for report in await work.moderation.reports():
        by_story.setdefault(report.story, []).append(report)
    stories = [(await work.stories.get_story(story), reports) for story, reports in by_story.items()]
    return [(story, reports) for story, reports in stories if story.status == StoryStatus.ACCEPTED]


async def _others(work: Work, story: Submission, by: str) -> bool:
    """Tells whether a story has a moderator besides `by`, who acted."""
    people = [person for person in await work.people.list_people() if person.id != by]
    return any(story.commission in permissions.reach(person, "moderate stories") for person in people)
