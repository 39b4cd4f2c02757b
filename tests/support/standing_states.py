"""Sessions and stories in any state that one can be in, with everything beside them that somebody could act on.

They are written straight into the database, so that each state is reached in a moment; also those that the program
itself would never make (a tablet's link, stops and proposals beside an asynchronous round): an act must be refused for
what the session is, and not for want of something to act on.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from itertools import count

from forum.services.keys import digest, new_key
from forum.services.mail import subscriptions
from forum.services.record_entries import append
from forum.services.sessions.cues import offered
from forum.services.stories import (
    appeals_and_reports,
    build_link,
    draft_edits,
    draft_versions,
    evidence,
    moderation,
    submissions,
    withdrawal,
)
from forum.services.stories.suggestions import Offer
from forum.services.voting import close_rounds
from forum.sessions.helper_link import Helper, HelperLink
from forum.sessions.paper_count import PaperCount
from forum.sessions.programme import Item, ItemKind, Planned, Programme, ProgrammeChange, Section
from forum.sessions.proposal import Amendment, Pledge, Proposal
from forum.sessions.session import CareRequest, Cue, CueKind, Entrance, LastAct, Participant, SessionKind
from forum.sessions.stop import Stop, StopState
from forum.sessions.ticket import Ticket
from forum.stories import compose, scenario_twee
from forum.stories.draft import NO, YES, mark
from forum.stories.moderation import Evidence
from forum.stories.submission import StoryStatus, Submission, VersionKind
from forum.voting.commission import Commission
from forum.voting.reason import Reason, ReasonReading, ReasonState
from forum.voting.round import Response, Round, RoundKind, RoundState
from forum.voting.suppression import freeze
from support.app import House, a_sent_story
from support.factories import a_cast, a_session, new_id
from support.second_run_session import BEN, QUESTION, SCENE, TWEE

# The states of a session: of one in a room, and of one where people answer alone.
IN_A_ROOM = (
    *("lobby", "planned", "draft", "open", "paused", "tickets", "closed"),
    *("shown", "badges", "annulled", "replay", "ended", "off"),
)
ALONE = ("alone:open", "alone:over", "alone:closed", "alone:shown", "alone:annulled")
_ROUND = {
    **dict.fromkeys(("draft", "lobby", "planned", "off"), RoundState.DRAFT),
    **dict.fromkeys(("open", "paused", "tickets", "alone:open", "alone:over"), RoundState.OPEN),
    **dict.fromkeys(("closed", "alone:closed"), RoundState.CLOSED),
    **dict.fromkeys(("annulled", "alone:annulled"), RoundState.ANNULLED),
}
# The states of a story; "changed" is public, with a new version that no moderator has read.
OF_STORIES = ("writing", "sent", "returned", "held", "public", "changed", "taken back")


@dataclass(frozen=True)
class ActIds:
    """Ids to act on, by the names that forms and addresses use; "" for things that do not exist in this state."""

    state: str
    ids: dict[str, str]

    def __getattr__(self, name: str) -> str:
        return self.ids[name]


@dataclass(frozen=True)
class Town:
    """House with one commission, one public story, and an organiser who entered papers."""

    house: House
    commission: Commission
    story: str
    counter: str


async def a_town(house: House) -> Town:
    """Stores the commission, the story and the organiser that all sessions here are about."""
    commission = await house.commission()
    told = scenario_twee.parse(TWEE)
    at = house.site.clock.now()
    story = Submission(
        *(new_id(), commission.id, told.title, TWEE, StoryStatus.ACCEPTED),
        link=new_id() * 2,
        submitted_at=at,
        may_perform=True,
        may_publish=True,
    )
    async with house.store.begin() as work:
        await work.stories.add_story(story)
    counter = await house.person("the-counter", "organiser")
    return Town(house, commission, story.id, counter.id)


_codes = count(1)


def new_code(*, alone: bool) -> str:
    """Returns a join code, or with `alone` the letters of an asynchronous session's address, that no other session of
    this run has."""
    number = next(_codes)
    return "".join("bcdfghjkmn"[int(digit)] for digit in f"{number:08d}") if alone else f"{number:06d}"


async def a_standing_session(town: Town, state: str, *, papers: bool = False) -> ActIds:
    """Makes a session in one of IN_A_ROOM or ALONE; with `papers` one organiser has counted some."""
    clock, story = town.house.site.clock, town.story
    at, alone = clock.now(), state in ALONE
    devices, showing, code = [secrets.token_urlsafe(24) for _ in range(3)], new_id(), "ABCD2345678"
    live = a_session(
        town.commission,
        scenarios=(story,),
        kind=SessionKind.ASYNCHRONOUS if alone else SessionKind.ROOM,
        code=new_code(alone=alone),
        tablet=secrets.token_urlsafe(24),
        reasons=ReasonReading.READ_FIRST,
        entrance=Entrance.TICKETS if state == "tickets" else "open code",
        opened_at="" if state in ("planned", "off") else at,
        called_off_at=at if state == "off" else "",
        called_off_because="The hall is flooded" if state == "off" else "",
    )
    asked = Round(
        new_id(),
        live.id,
        QUESTION,
        offered(["Sit down", "Call the crisis team", "Wait"], none=True),
        scenario=story,
        scene=QUESTION,
        created_at=at,
        opened_at=at,
        # Over, but not for so long that whoever looks closes it (asynchronous.GRACE).
        closes_at=clock.later(seconds=-1 if state == "alone:over" else 3600) if alone else "",
    )
    voted = replace(
        asked, id=new_id(), kind=RoundKind.POLICY_VOTE, method="opinion", responses=(Response("r1", "A host"),)
    )
    people = [Participant(new_id(), live.id, group, at) for group in ("g1", "g1", "g3")]
    reason = Reason(new_id(), asked.id if alone else voted.id, people[1].id, "g1", "", "So", "", at)
    shown = replace(reason, id=new_id(), participant=people[2].id, state=ReasonState.SHOWN)
    stop = Stop(new_id(), live.id, showing, at, story, SCENE, at, people[1].id, "g1", BEN, "Say it")
    stops = {
        "stop": stop,
        "taken": replace(stop, id=new_id(), showing=new_id(), state=StopState.TAKEN, taken_at=at, tried="Ben kneels"),
        "answered": replace(
            stop, id=new_id(), showing=new_id(), state=StopState.DONE, taken_at=at, tried="X", response="Y"
        ),
    }
    proposals = [Proposal(new_id(), live.id, words, at) for words in ("A host", "A bench")]
    amendment = Amendment(new_id(), proposals[1].id, "A bench", "Two benches", at)
    pledge = Pledge(new_id(), live.id, asked.id if alone else voted.id, "The board", "A bench", "2027-01-31", at)
    item = Item(new_id(), ItemKind.NOTE, words="Welcome")
    sections = tuple(Section(new_id(), title, items=(item,) * (title == "Morning")) for title in ("Morning", "Noon"))
    counted = PaperCount(new_id(), asked.id, {"g1": {"r1": 2}}, 5, town.counter, at)
    last = LastAct(new_id(), live.id, "pause", at, {"paused": (state != "paused", state == "paused")})
    rounds = () if state in ("lobby", "planned", "off") else (asked,) if alone else (asked, voted)
    ballots: dict[str | None, int] = {"g1": 2}
    async with town.house.store.begin() as work:
        await work.sessions.add_session(live)
        for person, device in zip(people, devices, strict=True):
            await work.sessions.join(person, digest(device))
        for round_ in rounds:
            final = RoundState.REVEALED if round_ is voted else _ROUND.get(state, RoundState.REVEALED)
            await work.rounds.add_round(replace(round_, state=RoundState.OPEN, closes_at=""))
            if final != RoundState.DRAFT:
                await work.rounds.cast(
                    [a_cast(round_.id, one.id, "agree" if round_ is voted else "r1") for one in people[:2]]
                )
            over = replace(
                round_, state=final, closed_at=at if final in (RoundState.CLOSED, RoundState.REVEALED) else ""
            )
            await work.rounds.save_round(replace(over, revealed_at=at if final == RoundState.REVEALED else ""))
        for one in stops.values():
            await work.stops.add_stop(one)
        for proposal in proposals:
            await work.proposals.add_proposal(proposal)
        await work.proposals.amend(amendment)
        if rounds:
            await work.proposals.pledge(pledge)
            on_screen = [] if alone else [replace(shown, id=new_id(), round=asked.id)]
            await work.reasons.add_reasons([reason, shown, *on_screen])
        await work.programmes.add_programme(
            Planned(live.id, 1, Programme(sections=sections), ProgrammeChange.ADDED, "Morning", at)
        )
        issued = [
            Ticket(new_id(), live.id, n, "g1", hashlib.sha256(f"{code}{n}".encode()).hexdigest(), at) for n in (1, 2)
        ]
        await work.tickets.add_tickets(issued)
        if papers and rounds:
            await work.papers.put_paper_count(counted)
        await work.care.ask(live.id, CareRequest.BREAK)
        await work.last_acts.put_last_act(last)
        on = Cue(
            CueKind.RESULT if _ROUND.get(state, RoundState.REVEALED) == RoundState.REVEALED else CueKind.QUESTION,
            story,
            QUESTION,
            asked.id,
        )
        cues = {
            "lobby": Cue(),
            "planned": Cue(),
            "off": Cue(),
            "replay": Cue(CueKind.SCENE, story, SCENE, replay=True, showing=showing, since=at),
            "ended": Cue(CueKind.ENDED),
        }
        now = replace(
            live,
            cue=Cue() if alone else cues.get(state, on),
            ended=state in ("ended", "off"),
            ended_at=at if state == "off" else "",
            paused=state == "paused",
            badges_off=state == "badges",
            held=(asked.id,) if state == "badges" else (),
            partition=freeze(ballots, town.commission),
        )
        await work.sessions.save_session(now)
        for round_ in rounds:
            kept = await work.rounds.get_round(round_.id)
            if kept.closed_at:
                facts = {
                    "session": live.id,
                    "round": kept.id,
                    **await close_rounds.counted(work, now, kept, await work.rounds.ballots(kept.id)),
                }
                await append(work, town.commission, "round closed", kept.closed_at, facts)
        keys = {helper: new_key() for helper in (Helper.SCRIBE, Helper.CARE)}
        links = [
            HelperLink(new_id(), live.id, helper, "Ann", digest(key), at, town.house.site.clock.later(hours=1))
            for helper, key in keys.items()
        ]
        for link in links:
            await work.helper_links.add_helper_link(link)
    return ActIds(
        state,
        {
            "helper": links[0].id,
            "scribe": keys[Helper.SCRIBE],
            "care": keys[Helper.CARE],
            "session": live.id,
            "code": live.code,
            "answer_code": live.code,
            "tablet": live.tablet,
            "key": live.tablet,
            "device": devices[0],
            "silent": devices[2],  # of somebody who has not voted
            "story": story,
            "round": asked.id,
            "voted": voted.id,
            "showing": showing,
            "stop": stops["stop"].id,
            "taken": stops["taken"].id,
            "answered": stops["answered"].id,
            "proposal": proposals[0].id,
            "amendment": amendment.id,
            "pledge": pledge.id,
            "reason": reason.id,
            "shown": shown.id,
            "section": sections[1].id,
            "item": item.id,
            "papers": counted.id,
            "undo": last.id,
            "ticket": f"{code}2",
            "commission": town.commission.id,
        },
    )


async def a_standing_story(town: Town, state: str, *, appealed: bool = False) -> ActIds:
    """Makes a story in one of OF_STORIES; with `appealed` its writer has appealed, where there is something to appeal
    against."""
    store, clock = town.house.store, town.house.site.clock
    key, build_key = new_key(), new_key()
    told = a_sent_story().story
    draft = compose.draft_of(told, group="g2", may=(True, True, False))
    story = Submission(new_id(), town.commission.id, "", "", StoryStatus.WRITING, link=digest(key))
    item = Evidence(new_id(), story.id, "link", "A page", "https://example.org/page", added_at=clock.now())
    async with store.begin() as work:
        await work.stories.add_story(story)
        await work.drafts.open_draft(story.id, draft, clock.now())
        await draft_versions.keep(work, story.id, draft, clock.now(), VersionKind.WRITTEN)
        await work.evidence.add_evidence(item)
        piece = await evidence.fingerprint(work, item)
    await build_link.share(store, clock, key, build_key)
    card = next(card.id for card in draft.cards if card.decision == YES)
    suggestion = await build_link.suggest(store, clock, build_key, Offer("response", "Call her sister", card, group=NO))
    await subscriptions.ask(store, clock, key, "somebody@example.org")
    async with store.read() as work:
        subscription = await work.mail.get_subscription(story.id)
    assert subscription is not None
    report = appeal = ""
    if state != "writing":
        story = await draft_edits.send(store, clock, key)
    acts = {"returned": ("return",), "held": ("hold",), "public": ("accept",), "changed": ("accept",)}
    for act in acts.get(state, ()):
        story = await moderation.moderate(
            store, clock, story.id, act, because="So that it is told well", expected_status=story.status
        )
    if appealed and state in ("returned", "held"):
        standing = await appeals_and_reports.appeal(store, clock, key, "It is my story")
        appeal = standing.appeal.id if standing.appeal else ""
    if state in ("public", "changed"):
        report = (await appeals_and_reports.report(store, clock, story.id, "A name is in it")).id
    if state == "changed":
        told = a_sent_story("The fourth knock").story
        async with store.begin() as work:
            await work.stories.save_story(
                replace(story, revision=scenario_twee.write(told), revised_at=clock.now()), story.status
            )
    if state == "taken back":
        await withdrawal.withdraw(store, clock, key)
    async with store.read() as work:
        now = await work.stories.get_story(story.id)
    return ActIds(
        state,
        {
            "story": story.id,
            "key": key,
            "build_key": build_key,
            "mail_key": subscription.key,
            "suggestion": suggestion.id,
            "item": item.id,
            "piece": piece,
            "card": card,
            "seen": mark(draft.setting),
            "seen_title": mark(draft.title),
            "appeal": appeal or new_id(),
            "report": report or new_id(),
            "status": now.status,
            "read": submissions.fingerprint(now),
            "commission": town.commission.id,
            "number": "1",
        },
    )
