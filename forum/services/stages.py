"""Acts that move a commission through its stages: moving on or back, answering a stage's questions, closing, reopening.

Each is one unit of work with its entry in the record; those of a rehearsal's commission have none. A form says which
acts its page had seen (`seen`), so that nobody moves a commission that somebody else has moved meanwhile.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import msgspec

from forum.errors import IllegalMove, NotFound, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services import record_entries
from forum.services.form_errors import Findings
from forum.services.record_entries import Words
from forum.services.sent_before import SEND_ONCE_MORE, unchanged
from forum.voting import stage
from forum.voting.commission import STAGES, Commission
from forum.voting.stage import QUESTIONS, Closing, GroupNote, StageMove, StageNote, StageQuestion, Standing

MOST_WORDS = 4000
MOST_NOTES = 500
MOVED_MEANWHILE = message(
    "It has been moved meanwhile, perhaps by somebody else. Look where it stands now. What you typed is still here: "
    "send it again if it still fits."
)
_SAY_MORE = message("Answer a question of that stage, to say more of it.")
_CLOSE_AGAIN = message("To give another closing note, reopen the commission, and close it once more.")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class MoveForm:
    """A move to another stage as typed. `id` is a random id made when the form was shown (empty: one is made), `seen`
    how many acts its page had seen (Standing.acts). Errors come back under the names of these fields."""

    id: str = ""
    seen: str = ""
    to: str = ""
    learnt: str = ""
    better: str = ""
    took_part: str = ""


@dataclass(frozen=True)
class ClosingForm:
    """A closing note as typed; `groups` are (label, words) in the order of the commission's groups, empty ones too.

    `id` and `seen` as in MoveForm. Errors about the n-th group (from 1) come back under `group_n`.
    """

    id: str = ""
    seen: str = ""
    closing: str = ""
    groups: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class NoteForm:
    """An answer to a question of a stage as typed; `decision` is an id, "" for none. `id` as in MoveForm."""

    id: str = ""
    stage: str = ""
    question: str = ""
    words: str = ""
    decision: str = ""


class Course(msgspec.Struct, frozen=True):
    """Course of a commission through its stages so far, each part oldest first; `standing` is where it is now."""

    standing: Standing
    moves: tuple[StageMove, ...]
    notes: tuple[StageNote, ...]
    closings: tuple[Closing, ...]


async def course_of(work: Work, commission: Commission) -> Course:
    """Returns the course of a commission through its stages."""
    moves, closings = await work.stages.moves(commission.id), tuple(await work.stages.closings(commission.id))
    notes = await work.stages.notes(commission.id)
    return Course(stage.standing(commission.stage, len(moves), closings), tuple(moves), tuple(notes), closings)


@asynccontextmanager
async def _act_on(store: Store, commission: str) -> AsyncIterator[tuple[Work, Commission]]:
    """Begins one act: gives its unit of work, and the commission, which is held until that ends. Raises NotFound."""
    async with store.begin() as work:
        yield work, await work.commissions.get_commission(commission, lock=True)


async def _as_seen(work: Work, commission: Commission, seen: str) -> Standing:
    """Returns where a commission stands. Raises IllegalMove where the form's page had seen another standing."""
    now = (await course_of(work, commission)).standing
    if seen != str(now.acts):
        raise IllegalMove(MOVED_MEANWHILE)
    return now


async def move(store: Store, clock: Clock, commission: str, form: MoveForm) -> StageMove:
    """Moves a commission to another stage, with what was learnt; the same form sent twice moves it once.

    Raises NotFound for an unknown commission, IllegalMove where it was moved meanwhile or there is no such way,
    FormErrors with everything that is wrong.
    """
    async with _act_on(store, commission) as (work, of):
        found = Findings()
        learnt = found.need("learnt", form.learnt, "Say what was learnt in this stage.", MOST_WORDS)
        better = found.at_most("better", form.better, MOST_WORDS)
        took_part = found.at_most("took_part", form.took_part, MOST_WORDS)
        if done := next((one for one in await work.stages.moves(of.id) if one.id == form.id), None):
            return unchanged(done, _SAY_MORE, went_to=form.to, learnt=learnt, better=better, took_part=took_part)
        now = await _as_seen(work, of, form.seen)
        if form.to not in now.ways and not now.closed:
            found.wrong("to", "From here the work moves on by one stage, or back. Choose one of these.")
        found.stop()
        then = now.moved(form.to)
        moved = StageMove(_id(form.id), of.id, of.stage, then.stage, learnt, better, took_part, clock.now())
        facts = {
            "from": moved.came_from,
            "to": moved.went_to,
            "learnt": Words("learnt", learnt),
            "better": Words("better", better) if better else None,
            "took_part": Words("took_part", took_part) if took_part else None,
        }
        moved = replace(moved, entry=await _record(work, of, "stage moved", moved.at, facts))
        await work.stages.add_move(moved)
        await work.commissions.save_commission(replace(of, stage=then.stage))
    return moved


async def note(store: Store, clock: Clock, commission: str, form: NoteForm) -> StageNote:
    """Adds an answer to a question of a stage; the same form sent twice adds one.

    Raises NotFound for an unknown commission, IllegalMove where it is closed or has MOST_NOTES answers, FormErrors.
    """
    async with _act_on(store, commission) as (work, of):
        notes = await work.stages.notes(of.id)
        found = Findings()
        words = found.need("words", form.words, "Write the answer.", MOST_WORDS)
        decision = form.decision or None
        if done := next((one for one in notes if one.id == form.id), None):
            about = {"stage": form.stage, "question": form.question, "decision": decision}
            return unchanged(done, SEND_ONCE_MORE, words=words, **about)
        if of.closed_at:
            raise IllegalMove("This commission is closed. Reopen it first.")
        if len(notes) >= MOST_NOTES:
            raise IllegalMove("A commission has at most %(most)s answers.", most=MOST_NOTES)
        if form.stage not in STAGES or form.question not in QUESTIONS[form.stage]:
            found.wrong("question", "Choose a question of this stage.")
        if decision is not None and not await _decided(work, of, decision):
            found.wrong("decision", "Choose one of the decisions of this commission.")
        found.stop()
        made = StageNote(_id(form.id), of.id, form.stage, StageQuestion(form.question), words, clock.now(), decision)
        facts = {
            "stage": made.stage,
            "question": made.question,
            "words": Words("note", words),
            "decision": made.decision,
        }
        made = replace(made, entry=await _record(work, of, "stage note", made.at, facts))
        await work.stages.add_note(made)
    return made


async def _decided(work: Work, of: Commission, decision: str) -> bool:
    """Tells whether this is a decision of the commission that may be named: in the record, unless it is a rehearsal."""
    try:
        found = await work.decisions.get_decision(decision)
    except NotFound:
        return False
    return found.commission == of.id and (of.rehearsal or found.entry is not None)


async def close(store: Store, clock: Clock, commission: str, form: ClosingForm) -> Closing:
    """Ends a commission with a closing note; the same form sent twice ends it once.

    Raises as `move` does.
    """
    async with _act_on(store, commission) as (work, of):
        found = Findings()
        words = found.need("closing", form.closing, "Write a closing note.", MOST_WORDS)
        labels = {group.label for group in of.groups}
        groups = []
        for number, (label, typed) in enumerate(form.groups, 1):
            said = found.at_most(f"group_{number}", typed, MOST_WORDS)
            if said and label not in labels:
                found.wrong(f"group_{number}", "No group of this commission has this name now.")
            elif said:
                groups.append(GroupNote(label, said))
        if done := next((one for one in await work.stages.closings(of.id) if one.id == form.id), None):
            return unchanged(done, _CLOSE_AGAIN, words=words, groups=tuple(groups))
        now = await _as_seen(work, of, form.seen)
        now.ended()
        found.stop()
        made = Closing(_id(form.id), of.id, words, tuple(groups), clock.now())
        facts = {
            "words": Words("closing", words),
            "groups": [{"group": one.group, "words": Words("closing of a group", one.words)} for one in groups],
        }
        made = replace(made, entry=await _record(work, of, "commission closed", made.at, facts))
        await work.stages.add_closing(made)
        await work.commissions.save_commission(replace(of, closed_at=made.at))
    return made


async def reopen(store: Store, clock: Clock, commission: str, seen: str, because: str) -> Closing:
    """Reopens a closed commission, in the stage it was in, and says why.

    Raises as `move` does; sent twice, the second is told that it was moved meanwhile.
    """
    async with _act_on(store, commission) as (work, of):
        now = await _as_seen(work, of, seen)
        now.reopened()
        found = Findings()
        why = found.need("because", because, "Say why it goes on.", MOST_WORDS)
        found.stop()
        at = clock.now()
        entry = await _record(work, of, "commission reopened", at, {"because": Words("because", why)})
        last = (await work.stages.closings(of.id))[-1]
        opened = replace(last, because=why, reopened_at=at, reopening=entry)
        await work.stages.save_closing(opened)
        await work.commissions.save_commission(replace(of, closed_at=""))
    return opened


async def _record(work: Work, of: Commission, type_: str, at: str, facts: dict[str, object]) -> int | None:
    return None if of.rehearsal else await record_entries.append(work, of, type_, at, facts)


def _id(typed: str) -> str:
    return typed if _ID.fullmatch(typed) else secrets.token_hex(16)
