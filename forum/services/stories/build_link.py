"""Building a story together: people with its build link read the draft and suggest; its keepers answer.

A build link only lets people read and suggest: not change the story, not send it, not see who wrote it. A keeper is
anybody with the private link. A suggestion that is taken in becomes part of the draft, as a version of its own; one
that is declined has a reason, which the person who suggested it reads. Suggestions are credited by group, and by name
only if their writer wishes it.

A correction never overwrites words that its keeper has not seen: it is made to the text that the keeper looked at,
else edits.Clash is raised.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace

import msgspec

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.form_errors import Findings
from forum.services.keys import digest, is_key
from forum.services.stories import draft_edits, evidence, shaping, suggestions
from forum.services.stories.suggestions import Offer
from forum.stories import compose
from forum.stories.draft import NO, Draft
from forum.stories.moderation import Evidence
from forum.stories.submission import StoryStatus, Submission, VersionKind
from forum.stories.suggestion import OUTCOMES, Suggestion, SuggestionKind, SuggestionOutcome
from forum.voting.commission import Commission

MOST_WAITING = 200  # unanswered suggestions in one story
MAX_REASON = 1000

_ID = re.compile(r"[0-9a-f]{32}")
_NO_LINK = "There is no story at this link. Check that you have the whole of it. Its keepers may have switched it off."
_CLOSED = "This story takes no suggestions at the moment. Try again later."
_ANSWERED = "Somebody else with your link has answered this suggestion. Nothing was changed."
_FULL = "%(most)s suggestions for this story wait for an answer. Come back when its keepers have read some of them."


class Shared(msgspec.Struct, frozen=True):
    """A story as its build link shows it."""

    story: Submission
    commission: Commission
    draft: Draft


@dataclass(frozen=True)
class Answer:
    """A keeper's answer to a suggestion. `outcome` is one of suggestion.OUTCOMES.

    Where it is taken in with changes, `words`, `title` and `place` replace the suggestion's own. `seen` is the mark
    of the text that stood at a correction's place when the keeper looked.
    """

    outcome: str
    because: str = ""
    words: str = ""
    title: str = ""
    place: str = ""
    seen: str = ""


# ---------------------------------------------------------------- the link


async def share(store: Store, clock: Clock, key: str, new: str, before: str = "") -> None:
    """Gives a story the build link `new`, in the place of `before`, which stops working immediately.

    `new` is a key made by `keys.new_key` when the page was shown, so that it is not lost with a lost answer.
    Raises NotFound for an unknown private link, BadInput(field="new") for a `new` that is no key or in use,
    IllegalMove where somebody else has changed the link since.
    """
    async with store.begin() as work:
        story = await _locked(work, key)
        await draft_edits.take_in(work, story, (), clock.now(), VersionKind.TAKEN_IN)
        build_key = await work.drafts.build_key(story.id)
        if build_key == new and is_key(new):
            return
        if build_key != before:
            raise IllegalMove("Somebody else has changed this link a moment ago. Look at it again.")
        if not is_key(new) or await _leads_somewhere(work, new):
            raise BadInput("This link cannot be used. Here is another one.", field="new")
        await work.drafts.share(story.id, new)


async def unshare(store: Store, key: str) -> None:
    """Switches the build link off. Suggestions made through it stay. Raises NotFound for an unknown private link."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key))
        await work.drafts.share(story.id, "")


async def shared(store: Store, build_key: str) -> Shared:
    """Returns the story, its commission and its draft behind a build link.

    Raises NotFound where the link leads nowhere (any more), IllegalMove while a moderator holds the story.
    """
    async with store.read() as work:
        return await _shared(work, build_key)


async def _shared(work: Work, build_key: str, *, lock: bool = False) -> Shared:
    try:
        story = await work.stories.get_story(await work.drafts.by_build_key(build_key), lock=lock)
    except NotFound as error:
        raise NotFound(_NO_LINK) from error
    if story.status == StoryStatus.WITHDRAWN or not story.link:
        raise NotFound(_NO_LINK)  # nobody is left who could answer a suggestion
    if story.status == StoryStatus.HELD:
        raise IllegalMove(_CLOSED)
    return Shared(story, await work.commissions.get_commission(story.commission), await work.drafts.get_draft(story.id))


async def _locked(work: Work, key: str) -> Submission:
    """Returns the story of a private link, locked, so that nobody takes it back meanwhile. Raises NotFound."""
    return await work.stories.by_link(digest(key), lock=True)


async def _leads_somewhere(work: Work, build_key: str) -> bool:
    try:
        await work.drafts.by_build_key(build_key)
    except NotFound:
        return False
    return True


# ---------------------------------------------------------------- suggesting


async def suggest(
    store: Store, clock: Clock, build_key: str, offer: Offer, id_: str = "", device: str = ""
) -> Suggestion:
    """Keeps a suggestion for the story's keepers, and returns it; `id_` is made with the form, so that it is kept
    once.

    Raises NotFound and IllegalMove as `shared` does, IllegalMove where MOST_WAITING wait already, FormErrors (fields
    words, title, url, group, name, place).
    """
    async with store.begin() as work:
        shared_story = await _shared(work, build_key, lock=True)
        earlier = await work.drafts.suggestions(shared_story.story.id)
        sent = next((suggestion for suggestion in earlier if suggestion.id == id_), None)
        if sent is not None and suggestions.same(sent, offer):
            return sent
        if sum(not suggestion.outcome for suggestion in earlier) >= MOST_WAITING:
            raise IllegalMove(_FULL, most=MOST_WAITING)
        kept = suggestions.checked(shared_story.draft, shared_story.commission, offer)
        made = Suggestion(
            id=id_ if _ID.fullmatch(id_) and not sent else secrets.token_hex(16),
            story=shared_story.story.id,
            kind=SuggestionKind(kept.kind),
            words=kept.words,
            at=clock.now(),
            place=kept.place,
            seen=kept.seen,
            title=kept.title,
            url=kept.url,
            group=None if kept.group == NO else kept.group,
            name=kept.name,
            by=draft_edits.browser(shared_story.story.id, device),
        )
        if not await work.drafts.suggest(made):
            raise BadInput("This form cannot be used any more. Open it again; what you typed can be copied over.")
    return made


# ---------------------------------------------------------------- answering


async def answer(store: Store, clock: Clock, key: str, suggestion_id: str, given: Answer) -> Suggestion:
    """Answers a suggestion for a keeper, by the key of the private link: takes it in, as it is or changed, or
    declines it.

    Raises NotFound, IllegalMove where it was answered already or there is no room, FormErrors (fields outcome,
    because, words, title, place), and edits.Clash where the text that a correction is for has changed since the
    keeper looked; then nothing was changed, and both texts are there to choose from.
    """
    because = compose.clean(given.because)
    found = Findings()
    if given.outcome not in OUTCOMES:
        found.wrong("outcome", "Choose what to do with the suggestion.")
    found.fits("because", because, MAX_REASON)
    found.stop()
    async with store.begin() as work:
        story = await _locked(work, key)  # from here on nobody else can answer
        at = clock.now()
        draft = (await draft_edits.take_in(work, story, (), at, VersionKind.TAKEN_IN)).draft
        before = await suggestion_of(work, story, suggestion_id)
        if before.outcome:
            raise IllegalMove(_ANSWERED)
        if given.outcome == SuggestionOutcome.DECLINED and not because and before.kind != SuggestionKind.QUESTION:
            found.wrong("because", "Say why you decline it. Whoever suggested it reads this.")
            found.stop()
        done = replace(before, outcome=SuggestionOutcome(given.outcome), because=because, answered_at=at)
        if given.outcome != SuggestionOutcome.DECLINED:
            changed = await _take_in(work, story, draft, before, given, at)
            if before.kind == SuggestionKind.QUESTION:
                await shaping.follow(work, story, before, at)
            done = replace(done, outcome=SuggestionOutcome.TAKEN_CHANGED if changed else SuggestionOutcome.TAKEN)
        await work.drafts.answer(done)
    return done


async def suggestion_of(work: Work, story: Submission, suggestion_id: str) -> Suggestion:
    """Returns a suggestion for this story. Raises NotFound for a suggestion of another story."""
    suggestion = await work.drafts.suggestion(suggestion_id)
    if suggestion.story != story.id:
        raise NotFound("There is no such suggestion.")
    return suggestion


async def _take_in(work: Work, story: Submission, draft: Draft, before: Suggestion, given: Answer, at: str) -> bool:
    """Makes a suggestion part of the story; returns True where its words, title or place were changed on the way."""
    wanted = Offer(before.kind, before.words, before.place, given.seen or before.seen, before.title, before.url)
    if given.outcome == SuggestionOutcome.TAKEN_CHANGED:
        place = given.place if before.kind in {SuggestionKind.SCENE, SuggestionKind.RESPONSE} else before.place
        wanted = replace(wanted, words=given.words, title=given.title, place=place)
    if before.kind == SuggestionKind.CORRECTION and suggestions.current(draft, before.place) == compose.clean(
        wanted.words
    ):
        return False  # these words stand there already
    said = suggestions.said(draft, wanted)
    if before.kind == SuggestionKind.EVIDENCE:
        made = Evidence(before.id, story.id, evidence.LINK, said.title, said.url, added_at=at)
        await evidence.put(work, story.id, made)
    else:
        edits = [*suggestions.edits(draft, before.id, said)]
        saved = await draft_edits.take_in(work, story, edits, at, VersionKind.TAKEN_IN, before.id)
        if saved.clashes:
            raise saved.clashes[0]
        if saved.errors:
            raise FormErrors({"words": next(iter(saved.errors.values()))})
    return (said.words, said.title, said.place) != (before.words, before.title, before.place)
