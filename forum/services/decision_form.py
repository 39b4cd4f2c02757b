"""A decision as typed, and the checks that make a decision of it; errors come back at the fields."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from forum.errors import filled
from forum.services.decision_matter import Matter
from forum.services.form_errors import Findings, is_day
from forum.services.voting.conditions import answered, given
from forum.stories.visible_text import trimmed, upright
from forum.voting.commitment import Commitment
from forum.voting.decision import (
    OUTCOMES,
    TOLD,
    UNANSWERING,
    Decision,
    DecisionOutcome,
    Difference,
    DifferenceFrom,
    differs,
)
from forum.voting.difference import differences
from forum.voting.result import Result
from forum.voting.round import NONE_OF_THESE, RoundKind
from forum.voting.suppression import POOL

MOST_WORDS = 4000


MOST_ROLE = 200


MOST_WHAT = 1000


MOST_COMMITMENTS = 30


_DIFFERS = "This is not what the room preferred. Say why the decision is different."


_DIFFERS_ALONE = "This is not what people preferred. Say why the decision is different."


_ANSWER = {
    DifferenceFrom.EQUAL_VOICE: "With equal voice something else came first. Say why the decision is different.",
    DifferenceFrom.GROUP: "Say what the decision means for “%(group)s”, who put something else first, and why.",
    DifferenceFrom.QUORUM: "The quorum was missed. Say why it is decided all the same.",
}


_UNTIL = "Say until when it is put off. The question waits again until that day, and is late after it."
_LATER = "There is a later vote on this question. Decide on that one, or say why not."


ID = re.compile(r"[0-9a-f]{32}")


# The address of a story's page on any server, with anything after it, or the story's id alone.
_STORY = re.compile(r"(?:\S*/stories/)?([0-9a-f]{32})(?:[/?#]\S*)?")


@dataclass(frozen=True)
class Promise:
    """A row of the form for commitments, as typed; false in a condition where nothing was typed in it."""

    role: str = ""
    what: str = ""
    by: str = ""
    answers: str = ""
    noticed: str = ""

    def __bool__(self) -> bool:
        return any(trimmed(part) for part in (self.role, self.what, self.by, self.answers, self.noticed))


@dataclass(frozen=True)
class DecisionForm:
    """A decision as typed. `rounds` is one round id, or the ids of a first vote and its vote after the replay.

    `id` is a random id made when the form was shown; where it is empty, one is made. `response` is a response id,
    "none", or None (also "") where the decision is not about one response. `pledges` are the ids of the pledges made
    in the room that this decision confirms. `until` is the day until which a deferred one puts the question off; with
    another outcome it is not looked at. `decided_on` is an ISO date; empty, it is the day of recording. `told` has
    texts by the names in TOLD. `answers` has what is said to each difference, by `answer_field`, and to each condition,
    by the names in `conditions.asked`; None where `why` is the answer to all differences, as on the stage. Errors about
    the n-th promise (from 1) come back under `role_n`, `what_n`, `by_n`, `answers_n` and `noticed_n`, all others under
    the names of these fields.
    """

    rounds: tuple[str, ...]
    id: str = ""
    outcome: str = ""
    response: str | None = None
    rationale: str = ""
    why: str = ""
    dissent: str = ""
    promises: tuple[Promise, ...] = ()
    pledges: tuple[str, ...] = ()
    earlier: str = ""
    decided_on: str = ""
    until: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] | None = None


def answer_field(difference: Difference, result: Result) -> str:
    """Returns the name of the field in which a difference is answered: that of a group by the place of its row."""
    if difference.kind != DifferenceFrom.GROUP:
        return f"answer_{difference.kind.replace(' ', '_')}"
    return f"answer_group_{[row.label for row in result.rows].index(difference.group)}"


def checked(on: Matter, form: DecisionForm, at: str, votes: Sequence[str]) -> Decision:
    """Returns the decision that a form describes, made at this moment; `votes` are the ids of every vote on its
    question. Raises FormErrors with all mistakes."""
    found = Findings()
    passed_over = bool(votes) and votes[-1] not in form.rounds
    response = form.response or None
    if form.outcome not in OUTCOMES:
        found.wrong("outcome", "Choose what was decided.")
    if response is None and form.outcome not in UNANSWERING:
        found.wrong("response", "Choose the answer that the decision is about.")
    if response is not None and response != NONE_OF_THESE and on.later.response(response) is None:
        found.wrong("response", "Choose one of the answers that people voted on.")
    rationale = found.need(
        "rationale", form.rationale, "Give the reasons for the decision. They are published.", MOST_WORDS
    )
    sound = not found.errors.keys() & {"outcome", "response"}
    why = found.at_most("why", form.why, MOST_WORDS)
    if sound and not why and differs(form.outcome, response, on.preference, counted=on.counted):
        found.wrong("why", _DIFFERS_ALONE if on.session.asynchronous else _DIFFERS)
    differing = tuple(_answered(on, form, response, found)) if sound else ()
    # On the stage, where people commit to a proposal as it was voted on, nobody answers one by one.
    on_stage = form.answers is None and on.later.kind == RoundKind.POLICY_VOTE
    conditions = None if on_stage else answered(on.conditions, form.outcome, form.answers or {}, found, MOST_WORDS)
    dissent = found.at_most("dissent", form.dissent, MOST_WORDS)
    told = {name: found.at_most(name, form.told.get(name, ""), MOST_WORDS) for name in TOLD}
    decided_on = _decided_on(on, form.decided_on.strip(), at, found)
    put_off = form.outcome == DecisionOutcome.DEFERRED
    until = found.later_day("until", form.until, _UNTIL, at) if put_off else ""
    earlier = found.at_most("earlier", form.earlier, MOST_WORDS)
    if passed_over and not earlier:
        found.wrong("earlier", _LATER)
    decision = form.id if ID.fullmatch(form.id) else secrets.token_hex(16)
    commitments = tuple(replace(one, at=at) for one in _commitments(form.promises, decision, found))
    if len(commitments) > MOST_COMMITMENTS:
        found.wrong("promises", "Record at most %(most)s commitments with one decision.", most=MOST_COMMITMENTS)
    found.stop()
    return Decision(
        id=decision,
        commission=on.commission.id,
        rounds=tuple(r.id for r in on.rounds),
        outcome=DecisionOutcome(form.outcome),
        response=response,
        rationale=rationale,
        why=why,
        dissent=dissent,
        earlier=earlier if passed_over else "",
        votes=tuple(votes),
        until=until,
        decided_at=at,
        decided_on=decided_on,
        told={name: words for name, words in told.items() if words},
        differences=differing,
        conditions=conditions,
        commitments=commitments,
    )


def says(on: Matter, form: DecisionForm, decision: Decision) -> bool:
    """Tells whether a form says what stands in the decision that it made before; of fields that were not looked at
    then nothing is asked."""
    told = {name: words for name in TOLD if (words := upright(form.told.get(name, "")))}
    put_off, at = form.outcome == DecisionOutcome.DEFERRED, decision.decided_at
    promised = [commitment(one, decision.id, Findings()) for one in form.promises if one]
    answers = {"why": form.why, **(form.answers or {})}
    return (
        (form.outcome, form.response or None) == (decision.outcome, decision.response)
        and upright(form.rationale) == decision.rationale
        and upright(form.why) == decision.why
        and upright(form.dissent) == decision.dissent
        and told == dict(decision.told)
        and decision.earlier in ("", upright(form.earlier))
        and form.decided_on.strip() in ("", decision.decided_on)
        and (form.until.strip() if put_off else "") == decision.until
        and {_promised(one) for one in promised} == {_promised(one) for one in decision.commitments if one.at <= at}
        and all(upright(answers.get(name, "")) == answer for name, answer in _given(on, form, decision))
        and given(on.conditions, form.answers or {}, decision.conditions)
    )


def _promised(one: Commitment) -> tuple[str, ...]:
    return one.role, one.what, one.by, one.answers, one.noticed


def _given(on: Matter, form: DecisionForm, decision: Decision) -> Iterator[tuple[str, str]]:
    """Yields the answers of a decision to what it differs from, each after the name of its field in a form."""
    labels = {row.label for row in on.result.rows} if on.result else set()
    for difference in decision.differences:
        if form.answers is None:
            yield "why", difference.answer
        elif on.result is not None and (difference.kind != DifferenceFrom.GROUP or difference.group in labels):
            yield answer_field(difference, on.result), difference.answer


def _answered(on: Matter, form: DecisionForm, response: str | None, found: Findings) -> Iterator[Difference]:
    """Yields what the decision differs from, beside the head count, with the answers; notes each that has none."""
    if on.result is None:
        return
    for difference in differences(form.outcome, response, on.result, on.later.method):
        name = answer_field(difference, on.result) if form.answers is not None else "why"
        given = form.why if form.answers is None else form.answers.get(name, "")
        group = filled(POOL) if difference.group == POOL else difference.group
        answer = found.need(name, given, _ANSWER[difference.kind], MOST_WORDS, group=group)
        yield replace(difference, answer=answer)


def _decided_on(on: Matter, day: str, at: str, found: Findings) -> str:
    """Returns the day of the decision; notes one that is no day, lies before the vote, or has not come yet.

    A day on either side is allowed, since the day of the place is not always that of UTC. Where none is given it is
    today; by a clock that was put back since the vote, the day of the vote.
    """
    if not day:
        return max(at[:10], (on.later.closed_at or "")[:10])
    if not is_day(day):
        found.wrong("decided_on", "Write the day as year, month, day. For example: 2027-03-31.")
    elif date.fromisoformat(day) > date.fromisoformat(at[:10]) + timedelta(days=1):
        found.wrong("decided_on", "This day has not come yet. Give the day on which it was decided.")
    elif on.later.closed_at and date.fromisoformat(day) < date.fromisoformat(on.later.closed_at[:10]) - timedelta(
        days=1
    ):
        found.wrong("decided_on", "This day lies before the vote. Give the day on which it was decided.")
    return day


def _commitments(promises: Iterable[Promise], decision: str, found: Findings) -> Iterator[Commitment]:
    for number, promise in enumerate(promises, 1):
        if promise:
            yield commitment(promise, decision, found, number)


def commitment(promise: Promise, decision: str, found: Findings, number: int = 1) -> Commitment:
    """Returns the commitment that a promise describes, without its time; adds mistakes to `found`, under `role_n`,
    `what_n`, `by_n`, `answers_n` and `noticed_n`. The address of a story as `answers` becomes the story's id."""
    role = found.name(f"role_{number}", promise.role, "Say which role will do this.", MOST_ROLE)
    what = found.need(f"what_{number}", promise.what, "Say what will be done.", MOST_WHAT)
    by = promise.by.strip()
    if not by:
        found.wrong(f"by_{number}", "Say by which day it will be done.")
    elif not is_day(by):
        found.wrong(f"by_{number}", "Write the day as year, month, day. For example: 2027-03-31.")
    answers = found.at_most(f"answers_{number}", promise.answers, MOST_WHAT)
    story = _STORY.fullmatch(answers)
    noticed = found.at_most(f"noticed_{number}", promise.noticed, MOST_WHAT)
    return Commitment(secrets.token_hex(16), decision, role, what, by, story[1] if story else answers, noticed)
