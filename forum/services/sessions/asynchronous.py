"""Asynchronous rounds: a public story's question, open for days, for people who cannot come into a room.

They play the story alone, choose, give a reason, and change their minds until it closes. Casting, intake, tallying,
small groups, leaves and the record are those of a room; facilitation.py closes, reveals and annuls the round, from a
desk for sessions of this kind. Here is the rest: how a round is opened, given more time, and closed by itself.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from forum.errors import IllegalMove, NotFound, StoreUnavailable, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import parsed
from forum.services import record_entries
from forum.services.form_errors import Findings
from forum.services.keys import new_key
from forum.services.periodic import Periodic
from forum.services.sent_before import unchanged
from forum.services.sessions import commissions_and_sessions, cues, facilitation, guard
from forum.services.sessions.desk import Desk
from forum.services.sessions.forget_devices import forget_due
from forum.services.voting import close_rounds
from forum.sessions.local_time import UTC, stored, written
from forum.sessions.session import LiveSession, SessionKind
from forum.stories.scenario import Scene
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import line, upright
from forum.voting import round as rounds
from forum.voting.check_back import is_check_back
from forum.voting.commission import Commission
from forum.voting.round import Round, RoundState

FEWEST_HOURS = 1
MOST_DAYS = 60
# No vowels, so that no code is a word; no l, which looks like a one.
LETTERS = "bcdfghjkmnpqrstvwxz"
CODE_LENGTH = 8
# How long a round is left open for answers that came in time and are still on their way to the database (seconds).
GRACE = 5
# How often the closer looks (seconds).
EVERY = 10

_LOOK = message("Look at the question on its own page. To ask something else, open the form for a question again.")

_ID = re.compile(r"[0-9a-f]{32}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")

log = structlog.get_logger()


@dataclass(frozen=True)
class AsynchronousForm:
    """An asynchronous round as typed. `story` is the id of a public story, `scene` the name of a decision point in it.

    `day` and `time`, as clocks show them in `zone`, are when it closes. `no_receipts` as in SessionForm, `id` as in
    CommissionForm. Errors come back under "title", "question", "day" and "time".
    """

    commission: str
    id: str = ""
    title: str = ""
    story: str = ""
    scene: str = ""
    day: str = ""
    time: str = ""
    rehearsal: bool = False
    no_receipts: bool = False
    zone: ZoneInfo = UTC


async def questions(stories: Iterable[Submission]) -> list[tuple[Submission, Scene]]:
    """The decision points that may be opened: those of public stories that may be performed."""
    return [
        (story, scene)
        for story in stories
        if story.status == StoryStatus.ACCEPTED and story.may_perform
        for scene in (await parsed(story.twee)).decisions
    ]


def desk(store: Store, clock: Clock) -> Desk:
    """Makes the desk for asynchronous sessions: of the acts in a room, close, reveal and annul are for them."""
    return Desk(store, clock, SessionKind.ASYNCHRONOUS)


def new_code() -> str:
    """Draws the code of an asynchronous session: letters, the end of its link."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


async def open_round(store: Store, clock: Clock, form: AsynchronousForm, *, of_words: bool = False) -> LiveSession:
    """Opens a story's question until the time given, in a session of its own; the same form sent twice opens one. With
    `of_words` the form's id follows from its words, as a program's does.

    Raises FormErrors with everything that is wrong, NotFound for an unknown commission, IllegalMove
    for one that is closed.
    """
    findings = Findings()
    title = findings.name("title", form.title, "Give the round a title.", commissions_and_sessions.MOST_TITLE)
    at = clock.now()
    async with store.begin() as work:
        # Held, so that nobody moves or changes it between what is declared here and its entry.
        commission = await work.commissions.get_commission(form.commission, lock=True)
        if _ID.fullmatch(form.id):
            standing = [
                s for s in await work.sessions.list_sessions(commission.id) if s.id == form.id and s.asynchronous
            ]
            if standing:
                return standing[0] if of_words else await _as_made(work, standing[0], form)
        commissions_and_sessions.goes_on(commission)
        scene = await _question(work, commission, form, findings)
        closes_at = _closing_time(findings, form.day, form.time, form.zone)
        _in_bounds(findings, closes_at, clock.later(hours=FEWEST_HOURS), clock.later(days=MOST_DAYS))
        findings.stop()
        rehearsal = form.rehearsal or commission.rehearsal
        session = LiveSession(
            id=form.id if _ID.fullmatch(form.id) else secrets.token_hex(16),
            commission=commission.id,
            title=title,
            code=new_code(),
            projector=new_key(),
            scenarios=(form.story,),
            rehearsal=rehearsal,
            recorded=not rehearsal,
            opened_at=at,
            kind=SessionKind.ASYNCHRONOUS,
            no_receipts=form.no_receipts,
            stage=commission.stage,
            terms=commission.version,
        )
        draft = Round(
            id=secrets.token_hex(16),
            session=session.id,
            question=scene.text,
            responses=cues.offered([link.text for link in scene.links], none=True),
            scenario=form.story,
            scene=scene.name,
            created_at=at,
            closes_at=closes_at,
        )
        await begin(work, commission, session, draft)
    return session


async def _as_made(work: Work, made: LiveSession, form: AsynchronousForm) -> LiveSession:
    """Returns the session that a form made. Raises SentBefore where it says something else by now."""
    [round_] = await work.rounds.list_rounds(made.id)
    closes_at = _closing_time(Findings(), form.day, form.time, form.zone)
    unchanged(round_, _LOOK, scenario=form.story, scene=form.scene, closes_at=closes_at)
    return unchanged(made, _LOOK, title=upright(line(form.title)), no_receipts=form.no_receipts)


async def begin(work: Work, commission: Commission, session: LiveSession, draft: Round) -> None:
    """Stores a new session and its one round, opened when it was made, and records both where they are recorded."""
    round_, entries = rounds.apply(draft, rounds.Open(draft.created_at))
    await work.sessions.add_session(session)
    await work.rounds.add_round(round_)
    if session.recorded:
        facts = commissions_and_sessions.opened(session, commission)
        await record_entries.append(work, commission, "session opened", draft.created_at, facts)
        opened = facilitation.opened(round_, commission)
        await record_entries.append(work, commission, entries[0], draft.created_at, opened)


async def _question(work: Work, commission: Commission, form: AsynchronousForm, findings: Findings) -> Scene:
    """The decision point that is asked for; where it cannot be opened that is found wrong, and some scene returned."""
    try:
        # Held, so that nobody takes the story down or back while its question is being opened.
        story = await guard.playable(work, form.story, lock=True)
    except NotFound:
        findings.wrong("question", "Choose the question that people will answer.")
        return Scene("", "")
    except IllegalMove as error:
        findings.wrong("question", error.message)
        return Scene("", "")
    offered = await questions([story]) if story.commission == commission.id else []
    scene = next((scene for _, scene in offered if scene.name == form.scene), None)
    if scene is None:
        findings.wrong("question", "Choose a question of a public story of this commission that may be performed.")
    return scene or Scene("", "")


async def extend(store: Store, clock: Clock, session_id: str, day: str, time: str, zone: ZoneInfo = UTC) -> Round:
    """Gives more time, until the day and time typed, on clocks in `zone`; everybody is told, and the record says so.

    Raises FormErrors ("day", "time") for a time that cannot be or is too far away, BadInput for one that is no later,
    IllegalMove where the question is closed, or its time is over.
    """
    findings = Findings()
    closes_at = _closing_time(findings, day, time, zone)
    async with store.begin() as work:
        session = await guard.going_on(work, session_id, SessionKind.ASYNCHRONOUS)
        [of] = await work.rounds.list_rounds(session.id)
        before = await work.rounds.get_round(of.id, lock=True)
        latest = datetime.fromisoformat(before.opened_at) + timedelta(days=MOST_DAYS)
        _in_bounds(findings, closes_at, "", written(latest))
        findings.stop()
        round_, entries = rounds.apply(before, rounds.Extend(clock.now(), closes_at))
        await work.rounds.save_round(round_)
        await work.sessions.save_session(replace(session, version=session.version + 1))
        if session.recorded:
            commission = await work.commissions.of_session(session)
            facts = {"session": session.id, "round": round_.id, "closes_at": round_.closes_at}
            await record_entries.append(work, commission, entries[0], round_.extended_at, facts)
    return round_


def _closing_time(findings: Findings, day: str, time: str, zone: ZoneInfo) -> str:
    """The moment typed, as it is stored; "" where that is none, which is then found wrong."""
    try:
        date = datetime.fromisoformat(day.strip()) if _DAY.fullmatch(day.strip()) else None
    except ValueError:
        date = None
    if date is None:
        findings.wrong("day", "Write the day as year, month, day. For example: 2027-03-31.")
    hour, _, minute = time.strip().partition(":")
    if not _TIME.fullmatch(time.strip()) or int(hour) > 23 or int(minute) > 59:
        findings.wrong("time", "Write the time as hours and minutes. For example: 18:00.")
        return ""
    if date is None:
        return ""
    try:
        return stored(date.replace(hour=int(hour), minute=int(minute)), zone)
    except ValueError:
        findings.wrong("time", "Clocks skip this time, because summer time begins. Choose an hour later.")
        return ""


def _in_bounds(findings: Findings, closes_at: str, first: str, last: str) -> None:
    if closes_at and closes_at < first:
        findings.wrong("day", "It must be open for at least %(hours)s hour.", hours=FEWEST_HOURS)
    if closes_at > last:
        findings.wrong("day", "It may be open for at most %(days)s days.", days=MOST_DAYS)


# ---------------------------------------------------------------- closing by itself


def overdue(clock: Clock) -> str:
    """What closes at this time or earlier is over for good: nothing that came in time is still on its way."""
    return clock.later(seconds=-GRACE)


async def close_due(store: Store, clock: Clock) -> list[Round]:
    """Closes every round whose time is over; returns those that this call has closed. One that cannot be closed now
    keeps no other from it, and is tried again the next time: nothing is counted in it any more in any case."""
    due = overdue(clock)
    async with store.read() as work:
        waiting = await work.rounds.timed(due=due)
    closed = []
    for due_round in waiting:
        try:
            async with store.begin() as work:
                round_ = await close_rounds.close_now(work, due_round.session, due_round.id, clock.now(), due=due)
        except (StoreUnavailable, IllegalMove) as error:
            log.warning("a round whose time is over is not closed yet", round=due_round.id, error=error.message)
            continue
        if round_ is not None:
            closed.append(round_)
            await _shown_at_once(store, clock, round_)
    return closed


async def _shown_at_once(store: Store, clock: Clock, closed: Round) -> None:
    try:
        await show_check_back(store, clock, closed)
    except (StoreUnavailable, IllegalMove) as error:
        log.warning("the answers of those who voted are not shown yet", round=closed.id, error=error.message)


async def show_check_back(store: Store, clock: Clock, closed: Round) -> None:
    """Shows the result of a check-back that has closed; does nothing for other rounds. Raises IllegalMove where its
    ballots were changed."""
    if not is_check_back(closed):
        return
    async with store.begin() as work:
        session = await work.sessions.get_session(closed.session, lock=True)
        round_ = await work.rounds.get_round(closed.id, lock=True)
        if round_.state == RoundState.CLOSED:
            commission = await work.commissions.of_session(session)
            await facilitation.shown(work, session, round_, commission, clock.now())
            await work.sessions.save_session(session.changed())


async def up_to_date(store: Store, clock: Clock, round_: Round) -> Round:
    """The round, closed now where its time is over and nobody has closed it yet."""
    if round_.state != RoundState.OPEN or round_.closes_at > overdue(clock):
        return round_
    await close_due(store, clock)
    async with store.read() as work:
        return await work.rounds.get_round(round_.id)


def closer(store: Store, clock: Clock, every: float = EVERY) -> Periodic:
    """Makes the task that closes rounds whose time is over, and forgets the devices of sessions that are.

    What it needs to know is in the database, so that a restart forgets nothing. Rounds must close tomorrow too: an
    error is logged, whatever it is.
    """

    async def look() -> None:
        await close_due(store, clock)
        await forget_due(store, clock)

    return Periodic(look, every, _failed)


def _failed(error: Exception) -> None:
    log.error("what is over was not closed, or not forgotten", exc_info=error)
