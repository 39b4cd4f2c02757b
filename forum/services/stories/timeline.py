"""Events of a story: received, read, published, played, voted on, decided, promised, updated; read from the store.

`life` is for the story's writer, who also sees each step of moderation with its reason. `public_life` has the events
of a story that anybody may see, `session_life` those of one session.
Results are tallied from committed ballots and hold published rows only. Sessions that are not recorded (rehearsals,
trials) are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from forum.ports import Work
from forum.services.stories.submissions import must_be_public
from forum.services.voting.results import shown_all
from forum.sessions.session import LiveSession
from forum.stories.moderation import Act, Appeal, ModerationAction
from forum.stories.submission import StoryStatus, Submission
from forum.stories.suggestion import SuggestionKind
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment, Update
from forum.voting.decision import Correction, Decision
from forum.voting.round import Round, RoundState
from forum.voting.suppression import Result


class EventKind(StrEnum):
    """Kinds of an event, in the order in which those of one moment are told."""

    RECEIVED = "received"
    MODERATED = "moderated"
    APPEALED = "appealed"
    PROPOSED = "question proposed"
    PUBLISHED = "published"
    PLAYED = "played"
    VOTED = "voted"
    ANNULLED_VOTE = "vote annulled"
    DECIDED = "decided"
    CORRECTED = "corrected"
    PROMISED = "promised"
    UPDATED = "updated"


_ORDER = tuple(EventKind)
_AFTER_A_VOTE = (EventKind.VOTED, EventKind.DECIDED, EventKind.CORRECTED, EventKind.PROMISED, EventKind.UPDATED)
# What a moderator did with a story of which only the status is known.
_MODERATED_INTO = {
    StoryStatus.ACCEPTED: ModerationAction.ACCEPTED,
    StoryStatus.RETURNED: ModerationAction.RETURNED,
    StoryStatus.HELD: ModerationAction.HELD,
}


@dataclass(frozen=True)
class Event:
    """One event at a time (UTC), ; its kind says which other fields are set.

    `id` is the same for ever, in every list that has the event. `again` marks a story that was received before. A
    vote has its session, round and result; a decision has its last round too, a correction or a promise its decision,
    and an update of a promise all of these. `cited`: a decision on another vote names the story. An asynchronous
    "played" has its round, through which people could answer for some days.
    """

    kind: EventKind
    at: str
    id: uuid.UUID
    story: Submission | None = None
    again: bool = False
    act: Act | None = None
    appeal: Appeal | None = None
    session: LiveSession | None = None
    round: Round | None = None
    result: Result | None = None
    decision: Decision | None = None
    correction: Correction | None = None
    commitment: Commitment | None = None
    update: Update | None = None
    cited: bool = False


async def life(work: Work, story: Submission) -> list[Event]:
    """Returns all events of a story, oldest first, for its writer."""
    acts = await work.moderation.list_acts(story.id)
    appeals = await work.moderation.appeals(story.id)
    events = [*_received(story, acts), *_moderated(story, acts)]
    events += [
        Event(EventKind.APPEALED, appeal.at, event_id(appeal.id, EventKind.APPEALED), story, appeal=appeal)
        for appeal in appeals
    ]
    events += [
        Event(EventKind.PROPOSED, one.at, event_id(one.id, EventKind.PROPOSED), story)
        for one in await work.drafts.suggestions(story.id)
        if one.kind == SuggestionKind.QUESTION
    ]
    commission = await work.commissions.get_commission(story.commission)
    events += [event async for event in _votes(work, commission, {story.id: story}, story.id)]
    return await _tallied(work, commission, events)


async def public_life(work: Work, story: Submission, commission: Commission, newest: int | None = None) -> list[Event]:
    """Returns the events of a public story of this commission that anybody may know, oldest first.

    `newest` limits them to so many of the newest. Raises NotFound for a story that is not public.
    """
    must_be_public(story)
    events = [*_published(story), *[event async for event in _votes(work, commission, {story.id: story}, story.id)]]
    return await _tallied(work, commission, events, newest)


async def session_life(work: Work, commission: Commission, live: LiveSession) -> list[Event]:
    """Returns what a session's votes came to and what was decided and promised on them, oldest first, as anybody may
    read it: without votes that were annulled or whose result is held back, and without those on a story that nobody
    may read any more. There is nothing of a session that is not in the record."""
    public = {id_: story for id_ in live.scenarios if (story := await _public(work, id_)) is not None}
    events = [
        event
        async for event in _votes(work, commission, public, sessions=[live])
        if event.kind in _AFTER_A_VOTE and event.round is not None
        if event.round.state == RoundState.REVEALED and event.round.id not in live.held
        if event.story is not None or not event.round.scenario
    ]
    return await _tallied(work, commission, events)


async def _tallied(
    work: Work, commission: Commission, events: Iterable[Event], newest: int | None = None
) -> list[Event]:
    """Returns the events in order, limited to the `newest`, and adds the results of the votes among those."""
    limited = _in_order(events)[-newest if newest else 0 :]
    votes = [
        (event.session, event.round)
        for event in limited
        if event.kind == EventKind.VOTED and event.session and event.round
    ]
    results = await shown_all(work, votes, commission)
    return [
        replace(event, result=results[event.round.id]) if event.kind == EventKind.VOTED and event.round else event
        for event in limited
    ]


def _in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.at, _ORDER.index(event.kind)))


def event_id(hex_id: str, what: str) -> uuid.UUID:
    """Makes the id of an event from the id of its subject (32 hex digits) and the kind of event; always the same."""
    return uuid.uuid5(uuid.UUID(hex=hex_id), what)


def _received(story: Submission, acts: Iterable[Act]) -> list[Event]:
    times = sorted(({act.sent_at for act in acts} | {story.submitted_at, story.revised_at}) - {""})
    return [
        Event(EventKind.RECEIVED, at, event_id(story.id, f"{EventKind.RECEIVED} {at}"), story, again=number > 0)
        for number, at in enumerate(times)
    ]


def _moderated(story: Submission, acts: Iterable[Act]) -> list[Event]:
    events = [Event(EventKind.MODERATED, act.at, event_id(act.id, EventKind.MODERATED), story, act=act) for act in acts]
    done = _MODERATED_INTO.get(story.status)
    if events or done is None or not story.moderated_at:
        return events
    # Moderated before acts were kept, or published with the demonstration.
    act = Act(story.id, story.id, done, StoryStatus.SUBMITTED, story.because, at=story.moderated_at)
    return [Event(EventKind.MODERATED, act.at, event_id(story.id, EventKind.MODERATED), story, act=act)]


def _published(story: Submission) -> list[Event]:
    return [
        Event(
            EventKind.PUBLISHED,
            story.published_at or story.moderated_at,
            event_id(story.id, EventKind.PUBLISHED),
            story,
        )
    ]


async def _votes(
    work: Work,
    commission: Commission,
    public: Mapping[str, Submission],
    only: str | None = None,
    sessions: Sequence[LiveSession] | None = None,
) -> AsyncIterator[Event]:
    """Yields what was played and voted on in recorded sessions (of these `sessions`, else of all of the commission),
    decided and promised: about the story `only`, or all.

    `public` are stories known to be public, by id. The votes carry no results yet (`_tallied` adds them).
    """
    about: dict[str, tuple[LiveSession, Round, Submission | None]] = {}
    stories: dict[str, Submission | None] = dict(public)
    every = await work.sessions.list_sessions(commission.id) if sessions is None else sessions
    sessions = [session for session in every if session.recorded]
    rounds = await work.rounds.of_all([session.id for session in sessions], scenario=only)
    for session in sessions:
        played: set[str] = set()
        for round_ in rounds[session.id]:
            if not round_.opened_at:
                continue
            if round_.scenario and round_.scenario not in stories:
                stories[round_.scenario] = await _public(work, round_.scenario)
            story = stories.get(round_.scenario or "")
            about[round_.id] = (session, round_, story)
            if story and story.id not in played:
                played.add(story.id)
                about_it = round_ if session.asynchronous else None
                id_ = event_id(session.id, f"{EventKind.PLAYED} {story.id}")
                yield Event(EventKind.PLAYED, round_.opened_at, id_, story, session=session, round=about_it)
            if round_.state == RoundState.REVEALED:
                yield Event(
                    EventKind.VOTED,
                    round_.revealed_at,
                    event_id(round_.id, EventKind.VOTED),
                    story,
                    session=session,
                    round=round_,
                )
            elif round_.state == RoundState.ANNULLED:
                yield Event(
                    EventKind.ANNULLED_VOTE,
                    round_.annulled_at,
                    event_id(round_.id, EventKind.ANNULLED_VOTE),
                    story,
                    session=session,
                    round=round_,
                )
    decisions = await work.decisions.list_decisions(commission.id) if about or only else []
    for decision in decisions:
        rests_on = next((about[round_id] for round_id in reversed(decision.rounds) if round_id in about), None)
        if rests_on is None:
            continue
        session, round_, story = rests_on
        yield Event(
            EventKind.DECIDED,
            decision.decided_at,
            event_id(decision.id, EventKind.DECIDED),
            story,
            session=session,
            round=round_,
            decision=decision,
        )
        for event in of_decision(decision)[1:]:
            yield replace(event, story=story, session=session, round=round_)
    if only is not None:
        elsewhere = [one for one in decisions if one.entry is not None and not about.keys() & set(one.rounds)]
        for event in await _naming(work, elsewhere, public[only]):
            yield event


async def _naming(work: Work, decisions: Sequence[Decision], story: Submission) -> list[Event]:
    """Returns the events of those of these decisions that name a story as evidence, and of promises in any of them that
    answer it."""
    citing = [one for one in decisions if f"/stories/{story.id}" in one.told.get("evidence", "")]
    rounds = await work.rounds.some({one.rounds[-1] for one in citing}) if citing else {}
    events = [
        Event(
            EventKind.DECIDED,
            one.decided_at,
            event_id(one.id, EventKind.DECIDED),
            story,
            round=rounds[one.rounds[-1]],
            decision=one,
            cited=True,
        )
        for one in citing
    ]
    answering = [(made, one) for made in decisions for one in made.commitments if one.story == story.id]
    return events + [replace(event, story=story) for made, one in answering for event in of_commitment(made, one)]


def of_decision(decision: Decision) -> list[Event]:
    """Returns the events of a decision in their order: that it was made first, its corrections and those of its
    commitments; without story and vote."""
    made = Event(EventKind.DECIDED, decision.decided_at, event_id(decision.id, EventKind.DECIDED), decision=decision)
    promised = [event for one in decision.commitments for event in of_commitment(decision, one)]
    corrected = [
        replace(made, kind=EventKind.CORRECTED, at=one.at, id=event_id(one.id, EventKind.CORRECTED), correction=one)
        for one in decision.corrections
    ]
    return [made, *_in_order([*corrected, *promised])]


def of_commitment(decision: Decision, commitment: Commitment) -> list[Event]:
    """Returns the events of a commitment, oldest first: that it was made, and each update; without story and vote."""
    at = commitment.at or decision.decided_at
    id_ = event_id(commitment.id, EventKind.PROMISED)
    promised = Event(EventKind.PROMISED, at, id_, decision=decision, commitment=commitment)
    return [
        promised,
        *(
            replace(promised, kind=EventKind.UPDATED, at=one.at, id=event_id(one.id, EventKind.UPDATED), update=one)
            for one in commitment.updates
        ),
    ]


async def _public(work: Work, story_id: str) -> Submission | None:
    """Returns the story where everybody may read it; else None, and votes on it are listed without its title."""
    story = await work.stories.get_story(story_id)
    return story if story.status == StoryStatus.ACCEPTED else None
