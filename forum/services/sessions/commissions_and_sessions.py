"""Making commissions, live sessions and organisers' tokens: what comes before a room is opened."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services import record_entries
from forum.services.form_errors import Findings
from forum.services.keys import new_key
from forum.services.sessions import as_made, guard
from forum.services.sessions.join_codes import free_code
from forum.services.sessions.session_day import keep_day, read_day
from forum.sessions.programme import Programme
from forum.sessions.session import ENTRANCES, Entrance, LiveSession
from forum.stories.visible_text import alike, line, trimmed
from forum.voting.commission import (
    DEFAULT_THRESHOLD,
    MINIMUM_THRESHOLD,
    MOST_ANSWER_DAYS,
    POWERS,
    STAGES,
    Commission,
    CommissionVersion,
    DecisionPower,
    Group,
    SecondReader,
    SupportLine,
)
from forum.voting.reason import ReasonReading
from forum.voting.suppression import ONLY_WITH_TICKETS, Partition

# Labels that the software itself gives: a group of that name could not be told from them in a table.
RESERVED_LABELS = ("other groups", "everyone", "prefer not to say", "head count", "equal voice")
FEWEST_GROUPS, MOST_GROUPS = 2, 20
MOST_LABEL = 60
MOST_CONTACT = 200
MOST_TITLE = 120
MOST_WORDS = 1000
MOST_THRESHOLD = 1000
MOST_INVITED = 1_000_000

_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class CommissionForm:
    """A commission as typed. `groups` are (label, number invited), `support` (name, contact), empty rows too;
    `group_ids` are the ids of those groups that are there already, "" or nothing for others.

    `id` is a random id made when the form was shown (empty: one is made). Errors about the n-th row (from 1)
    come back under `group_n`, `invited_n`, `support_name_n`, `support_contact_n`; the others under these
    names.
    """

    id: str = ""
    title: str = ""
    question: str = ""
    stage: str = ""
    level: str = ""
    decides: str = ""
    can_change: str = ""
    cannot_change: str = ""
    answer_by_days: str = ""
    threshold: str = ""
    small_numbers: bool = False
    groups: tuple[tuple[str, str], ...] = ()
    group_ids: tuple[str, ...] = ()
    support: tuple[tuple[str, str], ...] = ()
    second_reader: bool = False
    rehearsal: bool = False
    demonstration: bool = False


@dataclass(frozen=True)
class SessionForm:
    """A live session as typed. `scenarios` are ids of accepted stories of the commission, in their order.

    `record` asks for a rehearsal in the record, which only data made by a rehearsal allows; a real session
    always goes into it. `entrance` is how people get in, one of session.ENTRANCES. `reasons` says who reads
    what people write with their votes, a reason.ReasonReading. `whole`: without tickets nothing is given by group.
    `no_receipts`: nobody is given a receipt of their ballot. `planned`: it is opened later, perhaps on that `day`.
    `id` as in CommissionForm.
    """

    commission: str
    id: str = ""
    title: str = ""
    scenarios: tuple[str, ...] = ()
    rehearsal: bool = False
    record: bool = False
    entrance: str = Entrance.OPEN_CODE
    reasons: str = ReasonReading.KEPT
    whole: bool = False
    no_receipts: bool = False
    planned: bool = False
    day: str = ""
    place: str = ""


async def create_commission(store: Store, clock: Clock, form: CommissionForm, *, of_words: bool = False) -> Commission:
    """Makes a commission and publishes it; the same form sent twice makes one (`of_words` as in `create_session`).

    Raises FormErrors with everything that is wrong, IllegalMove where it was kept as a draft.
    """
    findings = Findings()
    commission = replace(read_commission(findings, form, clock.now()), version=0, draft=True)
    findings.stop()
    async with store.begin() as work:
        if form.id == commission.id:
            try:
                made = await work.commissions.get_commission(commission.id, draft=True)
            except NotFound:
                pass
            else:
                if made.draft:
                    raise IllegalMove("This is kept as a draft. Publish it from its own page.")
                return made if of_words else await as_made.commission(work, made, commission)
        await work.commissions.add_commission(commission)
        return await publish(work, commission, clock.now())


async def publish(work: Work, draft: Commission, at: str) -> Commission:
    """Makes a draft public, as its first version; a rehearsal's has no entry in the record."""
    about = replace(draft, version=1, draft=False)
    facts = {"about": about_of(about)}
    entry = None if about.rehearsal else await record_entries.append(work, about, "commission published", at, facts)
    await work.commissions.add_version(CommissionVersion(1, about, "", at, entry))
    return about


def read_commission(findings: Findings, form: CommissionForm, at: str, *, whole: bool = True) -> Commission:
    """Returns the commission that a form describes, made at this time; notes what is wrong in `findings`. Unless it
    must be `whole`, what is missing yet, the title apart, is not wrong.
    """

    def need(name: str, value: str, otherwise: str, most: int) -> str:
        return findings.need(name, value, otherwise, most) if whole else findings.at_most(name, value, most)

    none = () if whole else ("",)
    return Commission(
        id=form.id if _ID.fullmatch(form.id) else secrets.token_hex(16),
        title=findings.name("title", form.title, "Give the commission a title.", MOST_TITLE),
        question=need("question", form.question, "Write the question that this work is to answer.", MOST_WORDS),
        stage=_one_of(findings, "stage", form.stage, (*STAGES, *none), "Choose the stage that the work is in."),
        power=DecisionPower(
            level=_one_of(findings, "level", form.level, (*POWERS, *none), "Choose how far the result binds."),
            decides=need("decides", form.decides, "Say who decides.", MOST_WORDS),
            can_change=need("can_change", form.can_change, "Say what can change.", MOST_WORDS),
            cannot_change=need("cannot_change", form.cannot_change, "Say what cannot change.", MOST_WORDS),
            answer_by_days=_answer_by_days(findings, form.answer_by_days),
        ),
        groups=tuple(_groups(findings, form.groups, form.group_ids, whole=whole)),
        threshold=_threshold(findings, form.threshold),
        small_numbers=form.small_numbers,
        support=tuple(_support(findings, form.support)),
        second_reader=SecondReader.REQUIRED if form.second_reader else SecondReader.NONE,
        rehearsal=form.rehearsal,
        demonstration=form.demonstration,
        created_at=at,
    )


def _one_of(findings: Findings, name: str, value: str, options: Sequence[str], otherwise: str) -> str:
    if value not in options:
        findings.wrong(name, otherwise)
    return value


def _answer_by_days(findings: Findings, typed: str) -> int | None:
    if not trimmed(typed):
        return None
    number = _number(typed)
    if number is None or not 1 <= number <= MOST_ANSWER_DAYS:
        findings.wrong(
            "answer_by_days",
            "Write the number of days as a whole number from 1 to %(most)s, or leave it empty.",
            most=MOST_ANSWER_DAYS,
        )
        return None
    return number


def _threshold(findings: Findings, typed: str) -> int:
    number = _number(typed) if trimmed(typed) else DEFAULT_THRESHOLD
    if number is None or not MINIMUM_THRESHOLD <= number <= MOST_THRESHOLD:
        findings.wrong(
            "threshold",
            "Write a whole number from %(fewest)s to %(most)s.",
            fewest=MINIMUM_THRESHOLD,
            most=MOST_THRESHOLD,
        )
        return DEFAULT_THRESHOLD
    return number


def _groups(findings: Findings, rows: Iterable[tuple[str, str]], ids: Sequence[str], *, whole: bool) -> Iterator[Group]:
    seen: list[str] = []
    taken: set[str] = set()
    for number, (typed, many) in enumerate(rows, 1):
        label, invited = line(typed), trimmed(many)
        if not label and not invited:
            continue
        field = f"group_{number}"
        findings.name(field, label, "Name this group.", MOST_LABEL)
        same = alike(label[: MOST_LABEL + 1])
        if same in RESERVED_LABELS:
            findings.wrong(field, "Forum uses this name itself. Give the group another one.")
        if same in seen:
            findings.wrong(field, "Two groups have this name. Change one.")
        seen.append(same)
        count = _number(invited) if invited else None
        if invited and (count is None or count > MOST_INVITED):
            findings.wrong(
                f"invited_{number}",
                "Write how many people were invited as a whole number, or leave it empty.",
            )
        known = ids[number - 1] if number <= len(ids) else ""
        id_ = known if _ID.fullmatch(known) and known not in taken else secrets.token_hex(16)
        taken.add(id_)
        yield Group(id_, label, count)
    if not (FEWEST_GROUPS if whole else 0) <= len(seen) <= MOST_GROUPS:
        findings.wrong("group_1", "Give from %(fewest)s to %(most)s groups.", fewest=FEWEST_GROUPS, most=MOST_GROUPS)


def _support(findings: Findings, rows: Iterable[tuple[str, str]]) -> Iterator[SupportLine]:
    for number, (name, contact) in enumerate(rows, 1):
        if trimmed(name) or trimmed(contact):
            yield SupportLine(
                findings.name(f"support_name_{number}", name, "Say who people can talk to.", MOST_LABEL),
                findings.need(f"support_contact_{number}", contact, "Say how to reach them.", MOST_CONTACT),
            )


def _number(typed: str) -> int | None:
    return int(typed.strip()) if _NUMBER.fullmatch(typed.strip()) else None


async def create_session(
    store: Store, clock: Clock, form: SessionForm, plan: Programme | None = None, *, of_words: bool = False
) -> LiveSession:
    """Makes a live session with its join code and its projector's link, and the programme `plan`; once for a form. With
    `of_words` the form's id follows from its words, as a program's does.

    A real session is in the record from its opening, now unless it is `planned`; a rehearsal only where that is asked
    for and a rehearsal made this data: else IllegalMove, as for a closed commission. Raises NotFound, FormErrors.
    """
    async with store.begin() as work:
        # Held, so that nobody moves or changes it between what is declared here and its entry.
        commission = await work.commissions.get_commission(form.commission, lock=True)
        if _ID.fullmatch(form.id):
            standing = [s for s in await work.sessions.list_sessions(commission.id) if s.id == form.id]
            if standing:
                return standing[0] if of_words else await as_made.session(work, standing[0], form)
        goes_on(commission)
        if form.record and (form.rehearsal or commission.rehearsal):
            await guard.may_record(work, commission)
        values, (day, place) = await read_session(Findings(), work, commission, form)
        session = LiveSession(
            id=form.id if _ID.fullmatch(form.id) else secrets.token_hex(16),
            commission=commission.id,
            code=await free_code(work),
            projector=new_key(),
            opened_at="" if form.planned else clock.now(),
            stage=commission.stage,
            terms=commission.version,
            **values,
        )
        await work.sessions.add_session(session)
        if session.recorded and session.opened_at:
            of = opened(session, commission)
            await record_entries.append(work, commission, "session opened", session.opened_at, of)
        await keep_day(work, session.id, day, place, clock.now(), plan)
    return session


async def read_session(
    findings: Findings, work: Work, commission: Commission, form: SessionForm
) -> tuple[dict[str, Any], tuple[str, str]]:
    """Returns what a form says of a session, by the names of its fields, and its day and place. Raises FormErrors."""
    title = findings.name("title", form.title, "Give the session a title.", MOST_TITLE)
    playable = {s.id for s in await work.stories.list_stories(commission.id, "accepted") if s.may_perform}
    if not set(form.scenarios) <= playable:
        findings.wrong("scenario", "Choose from the accepted stories of this commission that may be played.")
    reasons = _one_of(findings, "reasons", form.reasons, tuple(ReasonReading), "Choose who reads the reasons.")
    entrance = _one_of(findings, "entrance", form.entrance, ENTRANCES, "Choose how people get in.")
    day = read_day(findings, form.day, form.place)
    findings.stop()
    values: dict[str, Any] = {
        "title": title,
        "scenarios": tuple(dict.fromkeys(form.scenarios)),
        "rehearsal": (rehearsal := form.rehearsal or commission.rehearsal),
        "recorded": form.record or not rehearsal,
        "entrance": Entrance(entrance),
        "reasons": ReasonReading(reasons),
        "no_receipts": form.no_receipts,
        # Fixed from the start; otherwise it is when the first round closes.
        "partition": Partition((), ONLY_WITH_TICKETS) if form.whole and entrance != Entrance.TICKETS else None,
    }
    return values, day


def goes_on(commission: Commission) -> None:
    """Raises IllegalMove where the commission is closed."""
    if commission.closed_at:
        raise IllegalMove("This commission is closed. Reopen it before you open a session for it.")


def opened(session: LiveSession, commission: Commission) -> dict[str, object]:
    """The facts of a "session opened" entry: what was declared before any vote."""
    anybody = session.asynchronous and session.entrance != Entrance.VOTERS
    return {
        "session": session.id,
        "title": session.title,
        "about": about_of(commission),
        "scenarios": list(session.scenarios),
        "kind": session.kind,
        "entrance": Entrance.OPEN_LINK if anybody else session.entrance,
        **({"no_receipts": True} if session.no_receipts else {}),
    }


def about_of(commission: Commission) -> dict[str, object]:
    """Returns what is declared of a commission, as the field `about` of an entry has it."""
    within = commission.power.answer_by_days
    return {
        "title": commission.title,
        "question": commission.question,
        "stage": commission.stage,
        "power": {
            "level": commission.power.level,
            "decides": record_entries.Words("decides", commission.power.decides),
            "can_change": commission.power.can_change,
            "cannot_change": commission.power.cannot_change,
            **({"answer_by_days": within} if within is not None else {}),
        },
        "groups": [{"label": g.label, "invited": g.invited} for g in commission.groups],
        "threshold": commission.threshold,
        **({"small_numbers": True} if commission.small_numbers else {}),
        "second_reader": commission.second_reader,
    }
