"""What became of a story: received, read, published, played, voted on, decided, promised; from the store, by one job.

`life` is for the story's writer, who also sees each step of moderation with its reason. `public_life` is what anybody
may see of a story, and `commission_life` of all of a commission's. Results are tallied again from committed ballots and
hold published rows only. Sessions that are not recorded (rehearsals, trials) are told to nobody.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from forum import tallying
from forum.commission import Commission
from forum.groups import Result
from forum.ports import Act, Appeal, Commitment, Decision, Submission, Work
from forum.round import ANNULLED, REVEALED, Round
from forum.session import LiveSession
from forum.submissions import ACCEPTED, SUBMITTED, must_be_public

KINDS = (
    RECEIVED,
    MODERATED,
    APPEALED,
    PUBLISHED,
    PLAYED,
    VOTED,
    ANNULLED_VOTE,
    DECIDED,
    PROMISED,
) = (
    "received",
    "moderated",
    "appealed",
    "published",
    "played",
    "voted",
    "vote annulled",
    "decided",
    "promised",
)


@dataclass(frozen=True)
class Event:
    """One thing that happened, at a time (UTC), of a kind of KINDS; what else is there depends on the kind.

    `id` is the same for ever and in every list that tells of it. `again` marks a story that was received not for the
    first time. A vote has its session, round and result; a decision its last round, a promise the decision too. A story
    that was "played" asynchronously has the round: by it people could answer for some days.
    """

    kind: str
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
    commitment: Commitment | None = None


async def life(work: Work, story: Submission) -> list[Event]:
    """Everything that became of a story, oldest first: for its writer."""
    acts = await work.moderation.of(story.id)
    appeals = await work.moderation.appeals(story.id)
    events = [*_received(story, acts), *_moderated(story, acts)]
    events += [Event(APPEALED, one.at, _id(one.id, APPEALED), story, appeal=one) for one in appeals]
    commission = await work.commissions.get(story.commission)
    events += [event async for event in _votes(work, commission, story)]
    return _in_order(events)


async def public_life(work: Work, story: Submission) -> list[Event]:
    """What anybody may know of a public story, oldest first. Raises NotFound for one that is not public."""
    must_be_public(story)
    commission = await work.commissions.get(story.commission)
    return _in_order([*_published(story), *[event async for event in _votes(work, commission, story)]])


async def commission_life(work: Work, commission: Commission) -> list[Event]:
    """What anybody may know of a commission: its public stories, its votes, decisions and promises; oldest first."""
    events = [event async for event in _votes(work, commission)]
    for story in await work.stories.of(commission.id, ACCEPTED):
        events += _published(story)
    return _in_order(events)


def _in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.at, KINDS.index(event.kind)))


def _id(of: str, what: str) -> uuid.UUID:
    return uuid.uuid5(uuid.UUID(hex=of), what)


def _received(story: Submission, acts: Iterable[Act]) -> list[Event]:
    times = sorted(({act.sent_at for act in acts} | {story.submitted_at, story.revised_at}) - {""})
    return [
        Event(RECEIVED, at, _id(story.id, f"{RECEIVED} {at}"), story, again=number > 0)
        for number, at in enumerate(times)
    ]


def _moderated(story: Submission, acts: Iterable[Act]) -> list[Event]:
    events = [Event(MODERATED, act.at, _id(act.id, MODERATED), story, act=act) for act in acts]
    if events or story.status == SUBMITTED or not story.moderated_at:
        return events
    # Moderated before acts were kept, or published with the demonstration.
    act = Act(story.id, story.id, story.status, SUBMITTED, story.because, at=story.moderated_at)
    return [Event(MODERATED, act.at, _id(story.id, MODERATED), story, act=act)]


def _published(story: Submission) -> list[Event]:
    return [Event(PUBLISHED, story.published_at or story.moderated_at, _id(story.id, PUBLISHED), story)]


async def _votes(work: Work, commission: Commission, story: Submission | None = None) -> AsyncIterator[Event]:
    """What was played and voted on in recorded sessions, decided and promised: about one story, or about all."""
    about: dict[str, tuple[LiveSession, Round, Submission | None]] = {}
    stories: dict[str, Submission | None] = {story.id: story} if story else {}
    for session in await work.sessions.of(commission.id):
        if not session.recorded:
            continue
        played: set[str] = set()
        for round_ in await work.rounds.of(session.id):
            if not round_.opened_at or (story and round_.scenario != story.id):
                continue
            if round_.scenario and round_.scenario not in stories:
                stories[round_.scenario] = await _public(work, round_.scenario)
            of = stories.get(round_.scenario or "")
            about[round_.id] = (session, round_, of)
            if of and of.id not in played:
                played.add(of.id)
                about_it = round_ if session.asynchronous else None
                told = _id(session.id, f"{PLAYED} {of.id}")
                yield Event(PLAYED, round_.opened_at, told, of, session=session, round=about_it)
            if round_.state == REVEALED:
                result = await tallying.shown(work, round_, commission.threshold)
                yield Event(
                    VOTED, round_.revealed_at, _id(round_.id, VOTED), of, session=session, round=round_, result=result
                )
            elif round_.state == ANNULLED:
                yield Event(
                    ANNULLED_VOTE, round_.annulled_at, _id(round_.id, ANNULLED_VOTE), of, session=session, round=round_
                )
    for decision in await work.decisions.of(commission.id):
        rests_on = next((about[one] for one in reversed(decision.rounds) if one in about), None)
        if rests_on is None:
            continue
        session, round_, of = rests_on
        yield Event(
            DECIDED,
            decision.decided_at,
            _id(decision.id, DECIDED),
            of,
            session=session,
            round=round_,
            decision=decision,
        )
        for one in decision.commitments:
            yield Event(
                PROMISED,
                decision.decided_at,
                _id(one.id, PROMISED),
                of,
                session=session,
                round=round_,
                decision=decision,
                commitment=one,
            )


async def _public(work: Work, story: str) -> Submission | None:
    """The story, where everybody may read it: the others' votes are told without it."""
    found = await work.stories.get(story)
    return found if found.status == ACCEPTED else None
