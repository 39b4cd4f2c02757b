"""House in which everything that people wrote is a word without a space: the longest that is allowed, in any script.

Everything that has a page is there once, and a session goes through every state that screens show.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forum.live.stop_box import Press, Stopping
from forum.ports.accounts import Person, Role
from forum.services import (
    accounts,
    commitments,
    decision_drafts,
    decision_form,
    decisions,
    help_pledges,
    minority_statements,
    owner_links,
    permissions,
    predictions,
)
from forum.services.keys import digest, new_key
from forum.services.noticed import link_of_follower
from forum.services.sessions import (
    asynchronous,
    care,
    commissions_and_sessions,
    cues,
    facilitation,
    helper_links,
    policy_vote,
    second_run,
    tablet_link,
    tickets,
)
from forum.services.sessions.desk import Desk
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.stories import (
    appeals_and_reports,
    build_link,
    draft_edits,
    evidence,
    moderation,
    submissions,
    suggestions,
)
from forum.services.update_files import SentFile
from forum.services.voting import reasons
from forum.sessions.helper_link import Helper
from forum.sessions.session import Entrance, LiveSession, Participant, SessionKind
from forum.stories import compose, scenario_twee
from forum.stories.draft import NO, YES, Card, Draft, Way
from forum.stories.evidence_files import PDF, Checked
from forum.stories.submission import Submission
from forum.stories.suggestion import SuggestionOutcome
from forum.voting.check_back import ANSWERS, MOST_SUMMARY
from forum.voting.commission import Commission, DecisionPower, SupportLine
from forum.voting.methods import METHODS
from forum.voting.minority_statement import groups_against
from forum.voting.question import Terms
from forum.voting.reason import ReasonReading, ReasonState
from forum.voting.round import Round, RoundKind, RoundState
from forum.voting.update_file import MOST_SHOWS
from support.app import House, a_sent_story
from support.evidence_read import read_piece
from support.factories import CLOCK, a_cast, a_commission, a_session, new_id, store_declared_session

PLACE = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
# A link as mail programs rewrite it, a place in Wales, German law, letters as wide as they come, a file's path, hashes.
LATIN = (
    "https://eur03.safelinks.protection.example.com/?url=https%3A%2F%2Fwww.trust.example%2Fcrisis%2Fpathway.pdf&data=05",
    PLACE,
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
    "WWMWMWMWWMMWMWMW",
    "S:\\Shared_Drive\\Crisis_Pathway\\FINAL_v2_(3)\\minutes",
    "0123456789",
)
# Chinese, Arabic, Thai, emoji, Hebrew, Japanese, Tamil, Khmer, Greek, accents piled up.
SCRIPTS = (
    "深夜谁应该来帮助处于危机之中的人们呢",
    "فسيكفيكهموناللهوالمستشفياتوالممرضات",
    "ใครควรมาในเวลากลางคืนเมื่อมีคนอยู่ในภาวะวิกฤต",
    "👩‍⚕️🚑🏥👮🏽‍♀️🚨",
    "והאנציקלופדיותיהםשבמסדרונותיכם",
    "救急車スタッフステーションナースコール",
    "மனநலமருத்துவமனையில்நள்ளிரவுபராமரிப்பு",
    "អ្នកណាគួរតែមកនៅពេលយប់",
    "Ηλεκτροεγκεφαλογραφήματα",
    "Z̸̢͓a̷l̵g̶o̴",
)


@dataclass
class Words:
    """Long words: each call gives another one of at most so many characters, and of no more than 240."""

    kinds: Sequence[str]
    given: int = 0

    def __call__(self, most: int = 240) -> str:
        kind = self.kinds[self.given % len(self.kinds)]
        self.given += 1
        most = min(most, 240)
        return f"{self.given}{kind * (1 + most // len(kind))}"[:most].rstrip("\u200d\ufe0f")


@dataclass(frozen=True)
class Cramped:
    """House of long words and the ids in it: `there` has a value for each part of an address, `more` has further
    addresses."""

    house: House
    words: Words
    commission: Commission
    story: Submission
    there: dict[str, str]
    more: tuple[str, ...]
    people: tuple[Participant, ...]
    person: str


async def cramped(house: House, kinds: Sequence[str]) -> Cramped:
    """Fills a house. `person` is the cookie of somebody with every role; the first of `people` is on the phone."""
    w = Words(kinds)
    commission = a_commission(
        title=w(120),
        question=w(),
        power=DecisionPower("co-design", w(), w(), w(), 28),
        groups=[w(60) for _ in range(commissions_and_sessions.MOST_GROUPS)],
        support=(SupportLine(w(60), w(200)), SupportLine(w(60), "116 123")),
    )
    async with house.store.begin() as work:
        await work.commissions.add_commission(commission)
    staff, token = Person(new_id(), w(60), w(60), permissions.ROLES, created_at=CLOCK.now()), new_id()
    async with house.store.begin() as work:
        await work.people.add_person(staff)
        await work.people.sign_in(digest(token), staff.id, CLOCK.now(), CLOCK.later(hours=2))
    await accounts.make_token(house.store, CLOCK, staff, w(60))
    story, key = await _story(house, commission, w)
    others = await _other_stories(house, commission, w, staff)
    there = {"commission": commission.id, "story": story.id, "key": key, **others}
    there |= await _built(house, key, commission, w)
    live, people = await _session(house, commission, story, w)
    there |= {"session": live.id, "code": live.code}
    scribe, counter, host = await _helpers(house, live, w)
    there["helper"] = scribe
    sealed = predictions.PredictionForm("", "", w(), w())
    await predictions.seal(house.store, CLOCK, staff, live.id, sealed)
    first = await _voted(house, live, people, w)
    there["pledge"] = await _pledged(house, live, w)
    there |= await _decided(house, staff, first, w)
    closes = CLOCK.later(days=3)
    form = asynchronous.AsynchronousForm(
        commission.id, title=w(120), story=story.id, scene=others["question"], day=closes[:10], time=closes[11:16]
    )
    remote = await asynchronous.open_round(house.store, CLOCK, form)
    there |= {"answer_code": remote.code, "asynchronous": remote.id}
    there["right"] = await _understood(house, commission, first[1], w)
    ticketed = a_session(commission, title=w(120), scenarios=(story.id,), entrance=Entrance.TICKETS)
    async with house.store.begin() as work:
        await work.sessions.add_session(ticketed)
    issued = await tickets.issue(house.store, CLOCK, ticketed.id, "g1", 3)
    long_ = w(200)
    more = (
        f"/stories?q={long_}",
        f"/my-story/{others['held']}",
        f"/my-story/{others['returned']}",
        f"/my-story/{others['held']}/appeal",
        f"/moderate/{others['waiting']}",
        f"/moderate/{others['appealed']}",
        f"/moderate/{others['waiting']}/evidence",
        f"/my-story/{others['draft']}/write",
        f"/my-story/{others['draft']}/check",
        f"/organise/sessions/{ticketed.id}/tickets",
        f"/s/{ticketed.code}/ticket/{issued[0].code}",
        f"/s/{ticketed.code}",
        f"/organise/asynchronous/{remote.id}",
        f"/organise/sessions/new?commission={commission.id}",
        f"/organise/asynchronous/new?commission={commission.id}",
        f"/decide/new?round={first[0]}&round={first[1]}",
        f"/build/{there['build']}",
        f"/build/{there['build']}/suggest?kind=response&place=question",
        f"/build/{there['build']}/suggest?kind=correction&place=title",
        f"/helper/{counter}",
        f"/helper/{host}",
        f"/{long_}",
    )
    return Cramped(house, w, commission, story, there, more, people, token)


async def _story(house: House, commission: Commission, w: Words) -> tuple[Submission, str]:
    """Makes a public story with evidence; returns it with the key of its private link."""
    sent = a_sent_story(
        w(120),
        happened=f"{w()}\n\n{w()} {w()}",
        scenes=(w(), w()),
        question=w(),
        responses=tuple(w(200) for _ in range(5)),
        group="g1",
        content_notes=(w(200), w(200)),
        may_perform=True,
        may_publish=True,
        may_quote=True,
    )
    told = replace(sent.story, setting=w(200), characters=tuple(w(200) for _ in range(4)))
    waiting, key = await submissions.submit(house.store, CLOCK, commission.id, replace(sent, story=told))
    story = await house.moderated(waiting, "accept")
    url = f"https://{PLACE}.example/{'a' * 240}"
    link = await evidence.add_link(house.store, CLOCK, key, title=w(120), url=url)
    read, show = await read_piece(house.store, link.id), evidence.EvidenceAnswer.SHOW
    await evidence.moderate(house.store, CLOCK, story.id, link.id, show, read=read)
    declined = await evidence.add_link(house.store, CLOCK, key, title=w(120), url=url + "b")
    read, decline = await read_piece(house.store, declined.id), evidence.EvidenceAnswer.DECLINE
    await evidence.moderate(house.store, CLOCK, story.id, declined.id, decline, read=read, because=w())
    await evidence.add_link(house.store, CLOCK, key, title=w(120), url=url + "c")
    await appeals_and_reports.report(house.store, CLOCK, story.id, w())
    return story, key


async def _other_stories(house: House, commission: Commission, w: Words, staff: Person) -> dict[str, str]:
    """Stories in every other state: their ids or the keys of their private links, and the name of the question."""
    about: dict[str, Any] = {"responses": tuple(w(200) for _ in range(3)), "may_publish": True, "may_quote": True}
    made = {}
    for name in ("waiting", "held", "returned", "appealed"):
        sent = a_sent_story(w(120), happened=w(), scenes=(w(),), question=w(), content_notes=(w(200),), **about)
        story, key = await submissions.submit(house.store, CLOCK, commission.id, sent)
        made[name] = story.id if name in ("waiting", "appealed") else key
        url = f"https://x.example/{'b' * 240}"
        await evidence.add_link(house.store, CLOCK, key, title=w(120), url=url)
        if name != "waiting":
            act = "return" if name == "returned" else "hold"
            await moderation.moderate(
                house.store, CLOCK, story.id, act, because=w(), expected_status="submitted", public=True, by=staff.id
            )
        if name == "appealed":
            await appeals_and_reports.appeal(house.store, CLOCK, key, w())
    cards = (
        Card("c1", w(100), w(), ways=(Way("w1", w(200), "c2"), Way("w2", w(200), "c2"))),
        Card("c2", w(100), w(), stop=YES, decision=YES, ways=tuple(Way(f"r{n}", w(200)) for n in range(1, 4))),
    )
    draft = Draft(w(120), w(200), "\n".join((w(200), w(200))), w(200), NO, YES, YES, YES, cards=cards)
    story, key = await submissions.submit(
        house.store, CLOCK, commission.id, submissions.Sent(compose.compose(draft, str(uuid.uuid4()).upper()))
    )
    await draft_edits.opened(house.store, CLOCK, key)
    return made | {"draft": key, "question": compose.QUESTION}


async def _built(house: House, key: str, commission: Commission, w: Words) -> dict[str, str]:
    """Makes a build link with suggestions that wait, were taken in and were declined; returns the link's key and a
    waiting suggestion's id, by name."""
    link = new_key()
    draft = await draft_edits.opened(house.store, CLOCK, key)
    await build_link.share(house.store, CLOCK, key, link)
    about = {"group": "g2", "name": w(60)}
    scene = suggestions.Offer("scene", w(), draft.cards[0].id, title=w(100), **about)
    words = suggestions.Offer("correction", w(), f"{draft.cards[0].id}.text", **about)
    url = f"https://x.example/{'c' * 240}"
    seen = suggestions.Offer("evidence", title=w(120), url=url, **about)
    for outcome in (SuggestionOutcome.TAKEN, SuggestionOutcome.DECLINED, ""):
        for offer in (scene, words, seen):
            one = await build_link.suggest(house.store, CLOCK, link, replace(offer, words=offer.words and w()))
            if outcome:
                given = build_link.Answer(outcome, because=w())
                await build_link.answer(house.store, CLOCK, key, one.id, given)
            elif offer is words:
                waits = one.id
    return {"build": link, "suggestion": waits}


async def _session(
    house: House, commission: Commission, story: Submission, w: Words
) -> tuple[LiveSession, tuple[Participant, ...]]:
    """Makes a session with a programme, a tablet, and people of every group but the last."""
    live = a_session(commission, title=w(120), scenarios=(story.id,), reasons=ReasonReading.READ_FIRST)
    groups: list[str | None] = [f"g{n}" for n in range(1, 5) for _ in range(6)]
    people = tuple(Participant(new_id(), live.id, group, CLOCK.now()) for group in [*groups, None])
    await store_declared_session(house.store, commission, live, people)
    await tablet_link.share(house.store, live.id, on=True)
    plan = Programming(house.store, CLOCK, live.id)
    await plan.about("2027-03-12", w(200), public=True)
    for starts in ("11:00", "13:30"):
        planned = await plan.section(SectionForm(title=w(120), starts=starts))
    section = planned.plan.sections[0].id
    await plan.story(section, story.id)
    await plan.note(section, w(300))
    await plan.ask(section, w(), [w(200) for _ in range(4)], "ranked", none=False)
    async with house.store.read() as work:
        return await work.sessions.get_session(live.id), people


async def _voted(house: House, live: LiveSession, people: Sequence[Participant], w: Words) -> tuple[str, str]:
    """Runs two votes on one question, both shown, with reasons and conditions, and one that is annulled; returns the
    two rounds' ids."""
    acts = Desk(house.store, CLOCK)
    rounds: list[str] = []
    asked = await cues.ask_question(acts, live.id, w(), [w(200) for _ in range(4)], none=True)
    for again in (False, True):
        round_ = (await cues.put_second_vote(acts, live.id, rounds[0])).round if again else asked.round
        assert round_ is not None
        rounds.append(round_.id)
        await facilitation.open_round(acts, live.id, round_.id)
        await vote(house, round_, people, w)
        await facilitation.close_round(acts, live.id, round_.id)
        await facilitation.reveal_round(acts, live.id, round_.id)
    annulled = (await cues.ask_question(acts, live.id, w(), [w(200) for _ in range(3)], none=False)).round
    assert annulled is not None
    await facilitation.open_round(acts, live.id, annulled.id)
    await facilitation.annul_round(acts, live.id, annulled.id, w())
    return rounds[0], rounds[1]


async def _pledged(house: House, live: LiveSession, w: Words) -> str:
    """Makes two pledges of help, one of them published; returns the key of the one that waits."""
    keys = [new_key(), new_key()]
    made = [await help_pledges.make(house.store, CLOCK, live, help_pledges.HelpForm(key, w(), w(40))) for key in keys]
    await help_pledges.read(house.store, CLOCK, permissions.Reach(every=True), made[0].id, publish=True)
    return keys[1]


async def _understood(house: House, commission: Commission, vote: str, w: Words) -> str:
    """Asks those who voted whether they were understood; returns the code. It is in no record, as the room goes on."""
    live = a_session(commission, kind=SessionKind.ASYNCHRONOUS, entrance=Entrance.VOTERS, recorded=False)
    asked = replace(
        Round(new_id(), live.id, w(MOST_SUMMARY), ANSWERS, kind=RoundKind.CHECK_BACK, asks_about=vote),
        state=RoundState.OPEN,
        opened_at=CLOCK.now(),
        closes_at=CLOCK.later(days=9),
    )
    async with house.store.begin() as work:
        await work.sessions.add_session(live)
        await work.rounds.add_round(asked)
    return live.code


async def _helpers(house: House, live: LiveSession, w: Words) -> list[str]:
    """Gives each kind of helper a link, and a proposal to the scribe's; returns the keys."""
    await policy_vote.propose(Desk(house.store, CLOCK), live.id, w(400))
    keys = []
    for helper in Helper:
        keys.append(new_key())
        await helper_links.make(house.store, CLOCK, live.id, keys[-1], helper, w(helper_links.MOST_LABEL), "24")
    return keys


async def _decided(house: House, staff: Person, rounds: tuple[str, str], w: Words) -> dict[str, str]:
    """Records a decision that is not what the room preferred; returns its id and the round's, by name."""
    promises = tuple(decision_form.Promise(w(200), w(), "2027-03-31", w(), w()) for _ in range(3))
    form = decision_form.DecisionForm(rounds, "", "adopted", "none", w(), w(), w(), promises)
    made = await decisions.decide(house.store, CLOCK, staff, form)
    draft = await decision_drafts.save(house.store, CLOCK, staff, replace(form, id=new_id()))
    commitment = made.commitments[0].id
    news = commitments.UpdateForm("", "", "handed on", w(), w(), w(200))
    await commitments.update(house.store, CLOCK, staff, commitment, news)
    owner = new_key()
    await owner_links.make(house.store, CLOCK, staff, made.commitments[1].id, owner)
    kept = made.commitments[2].id
    done = commitments.UpdateForm("", "", "done", w())
    beside = SentFile(w(MOST_SHOWS), Checked(PDF, b"%PDF-1.7 %%EOF"))
    said = await commitments.update(house.store, CLOCK, staff, kept, done, beside)
    there = {"decision": made.id, "draft": draft.id, "round": rounds[1]}
    [against, *_], minority = groups_against(made), new_key()
    await minority_statements.make(house.store, CLOCK, staff, made.id, against, minority)
    sent = await minority_statements.write(house.store, CLOCK, minority, new_id(), w())
    there |= {"minority": minority, "statement": sent.id}
    asked = {"update": said.id, "done": kept, "noticed": link_of_follower(house.site.noticed_secret, said.id)}
    return there | asked | {"commitment": commitment, "owner": owner}


# ---------------------------------------------------------------- a live session

BALLOTS = {
    "single": ("r1", "r1", "r2", "r3", "none"),
    "approval": ("r1", "r1 r2", "r3"),
    "ranked": ("r1>r2", "r2>r1", "r1>r3", "r2>r3", "r3>r2", "r4>r3>r2", "r5>r4>r3>r1", "r1>r4", "r2>r5", "none"),
    "score": ("r1=1 r2=5 r3=3 r4=4 r5=1 r6=2", "r1=5 r2=2 r3=3 r4=5 r5=2 r6=2"),
    "consent": ("agree", "agree_if", "stand_aside", "cannot_live_with"),
    "opinion": ("agree", "disagree", "pass"),
}


async def vote(house: House, round_: Round, people: Sequence[Participant], w: Words) -> None:
    """Casts a ballot for each of `people`, with a reason and a condition."""
    ballots = BALLOTS[round_.method]
    casts = []
    for n, one in enumerate(people):
        choice = ballots[(n + n // 5) % len(ballots)]
        if choice == "none" and round_.response("none") is None:
            choice = ballots[0]
        casts.append(replace(a_cast(round_.id, one.id, choice, w(480)), condition=w(290)))
    async with house.store.begin() as work:
        outcomes = await work.rounds.cast(casts)
    assert {one.refusal for one in outcomes} == {""}


async def a_room(c: Cramped) -> tuple[LiveSession, list[Participant]]:
    """Makes a session of its own with the story, and the same people in it."""
    live = a_session(c.commission, title=c.words(120), scenarios=(c.story.id,), reasons=ReasonReading.READ_FIRST)
    async with c.house.store.begin() as work:
        await work.sessions.add_session(live)
        people = [replace(one, id=new_id(), session=live.id) for one in c.people]
        for one, before in zip(people, c.people, strict=True):
            await work.sessions.join(one, digest(before.id))
    return await tablet_link.share(c.house.store, live.id, on=True), people


async def states(c: Cramped, live: LiveSession, people: Sequence[Participant]) -> AsyncIterator[str]:
    """Takes the session through whatever its screens can show; gives what it has come to, each time.

    The first of `people` votes by itself, if it likes.
    """
    store, w, id_ = c.house.store, c.words, live.id
    acts, second, policy = Desk(store, CLOCK), Desk(store, CLOCK), Desk(store, CLOCK)
    async with store.read() as work:
        staff = next(one for one in await work.people.list_people() if one.roles == permissions.ROLES)
    scenes = [scene.name for scene in scenario_twee.parse(c.story.twee).scenes]

    async def told(what: str) -> str:
        """Tells the screens that the session has changed; returns `what`."""
        await c.house.site.rooms.changed(id_)
        return what

    async def result(round_: Round | None, what: str) -> AsyncIterator[str]:
        """Opens a round, has everybody vote, closes and shows it; yields a name of each state on the way."""
        assert round_ is not None
        yield await told(f"{what} put")
        await facilitation.open_round(acts, id_, round_.id)
        yield await told(f"{what} open")
        await vote(c.house, round_, people[1:], w)
        await facilitation.close_round(acts, id_, round_.id)
        if round_.method == "single":
            yield await told(f"{what} closed")
        await facilitation.reveal_round(acts, id_, round_.id)
        yield await told(f"{what} shown")
        if not round_.second_of:
            await second_run.show_groups(second, id_, round_.id, on=True)
            yield await told(f"{what} by group")

    yield await told("welcome")
    await cues.show_scene(acts, id_, c.story.id, scenes[0])
    yield await told("a scene")
    asked = (await cues.put_question(acts, id_, c.story.id, compose.QUESTION)).round
    assert asked is not None
    await care.reword(Desk(store, CLOCK), id_, asked.id, "easy", w(), {r.id: w(200) for r in asked.responses[:3]})
    async for what in result(asked, "the story's question"):
        yield what
    async with store.read() as work:
        given = await work.reasons.list_reasons(asked.id)
    for reason in given[:4]:
        await reasons.hear(Desk(store, CLOCK), id_, reason.id, ReasonState.SHOWN, reason.state)
    yield await told("reasons on phones")
    await second_run.show_reasons(second, id_, asked.id, on=True)
    yield await told("reasons on the big screen")
    await cues.show_scene(acts, id_, c.story.id, scenes[0], replay=True)
    async with store.read() as work:
        showing = (await work.sessions.get_session(id_)).cue.showing
    names = scenario_twee.parse(c.story.twee).characters
    stopping = Stopping(store, lambda session: None)
    for n in range(1, 10):
        press = Press(id_, people[n].id, showing, names[n % 4], w(290), CLOCK.now())
        assert await stopping.press_and_wait(press) == ""
    async with store.read() as work:
        stops = await work.stops.list_stops(id_)
    yield await told("stops")
    await second_run.take_stop(second, id_, stops[0].id)
    yield await told("a stop taken")
    await second_run.write_tried(second, id_, stops[0].id, w(480))
    async for what in result((await second_run.ask_room(second, id_, stops[0].id)).round, "the magic check"):
        yield what
    await second_run.take_stop(second, id_, stops[0].id)
    await second_run.judge(second, id_, stops[0].id, "not sure")
    await second_run.offer_response(second, id_, stops[0].id, w(190))
    yield await told("a stop judged")
    await second_run.move_stop(second, id_, stops[0].id, "finish")
    async for what in result((await cues.put_second_vote(acts, id_, asked.id)).round, "the second vote"):
        yield what
    for method in BALLOTS:
        answers = [w(200) for _ in range(METHODS[method].MOST)]
        terms = Terms(method, quorum=40, live=True)
        round_ = (await cues.ask_question(acts, id_, w(), answers, terms, none=True)).round
        async for what in result(round_, method):
            yield what
        if method in ("score", "consent"):
            assert round_ is not None
            async for what in result((await cues.put_second_vote(acts, id_, round_.id)).round, f"{method} again"):
                yield what
    for _ in range(3):
        await policy_vote.propose(policy, id_, w(390))
    await policy_vote.show_proposals(policy, id_)
    yield await told("proposals")
    async with store.read() as work:
        proposal = (await work.proposals.list_proposals(id_))[0]
    await policy_vote.amend(policy, id_, proposal.id, proposal.words, w(390))
    yield await told("an amendment")
    async with store.read() as work:
        amendment = (await work.proposals.amendments(id_))[0]
    await policy_vote.settle_amendment(policy, id_, amendment.id, "taken")
    voted = (await policy_vote.put_policy_vote(policy, id_, proposal.id)).round
    async for what in result(voted, "a proposal"):
        yield what
    assert voted is not None
    for _ in range(2):
        promise = decision_form.Promise(w(200), w(), "2027-03-31")
        await policy_vote.promise(policy, id_, staff, voted.id, promise, rationale=w(), why=w())
    noted = replace(staff, roles=(Role.ORGANISER,))
    await policy_vote.promise(policy, id_, noted, voted.id, decision_form.Promise(w(200), w(), "2027-03-31"))
    yield await told("promises")
    await second_run.put_character_vote(second, id_, c.story.id)
    yield await told("characters")
    await cues.show_note(acts, id_, w(300))
    yield await told("a note")
    await facilitation.pause(acts, id_, paused=True)
    yield await told("a break")
    annulled = (await cues.ask_question(acts, id_, w(), [w(200) for _ in range(3)], none=False)).round
    assert annulled is not None
    await facilitation.open_round(acts, id_, annulled.id)
    await facilitation.annul_round(acts, id_, annulled.id, w(480))
    yield await told("an annulled vote")
    await facilitation.end(acts, id_)
    yield await told("the end")


async def crowd(c: Cramped) -> AsyncIterator[tuple[str, str]]:
    """Makes a session with people of as many groups as there can be and shows results in it; yields each method with
    the key of the session's projector."""
    live = a_session(c.commission, title=c.words(120))
    groups = [group.id for group in c.commission.groups for _ in range(5)]
    people = [Participant(new_id(), live.id, group, CLOCK.now()) for group in groups]
    async with c.house.store.begin() as work:
        await work.sessions.add_session(live)
        for one in people:
            await work.sessions.join(one, digest(one.id))
    acts = Desk(c.house.store, CLOCK)
    for method in ("single", "ranked", "score"):
        answers = [c.words(200) for _ in range(METHODS[method].MOST)]
        round_ = (
            await cues.ask_question(acts, live.id, c.words(), answers, Terms(method, quorum=1000), none=True)
        ).round
        assert round_ is not None
        await facilitation.open_round(acts, live.id, round_.id)
        await vote(c.house, round_, people, c.words)
        await facilitation.close_round(acts, live.id, round_.id)
        await facilitation.reveal_round(acts, live.id, round_.id)
        await second_run.show_groups(acts, live.id, round_.id, on=True)
        await c.house.site.rooms.changed(live.id)
        yield method, live.projector
