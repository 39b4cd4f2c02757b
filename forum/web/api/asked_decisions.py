"""Types of what writes about decisions and promises take: the fields of the pages' forms, as in asked.py."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Struct

from forum.services import answers_due, decision_form
from forum.voting import check_back, commitment, decision, prediction, update_file
from forum.web.api.asked import MOST_DAY, MOST_ID, Day
from forum.web.api.bodies import field, numbered, one_of, text

Version = Annotated[int, field("The version that you have seen: where there is a newer one, nothing is changed.")]


class AskedPromise(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A promise that goes with a decision."""

    role: Annotated[str, text(decision_form.MOST_ROLE, "The role that does it.")] = ""
    what: Annotated[str, text(decision_form.MOST_WHAT, "What will be done.")] = ""
    by: Day = ""
    answers: Annotated[str, text(decision_form.MOST_WHAT, "The story that it answers: its address, or words.")] = ""
    noticed: Annotated[str, text(decision_form.MOST_WHAT, "What people will notice once it is done.")] = ""


class AskedTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What else is told of a decision; all of it may be left out."""

    body: Annotated[str, text(decision_form.MOST_WORDS, "Who decided.")] = ""
    interests: Annotated[str, text(decision_form.MOST_WORDS, "Interests that were declared.")] = ""
    options: Annotated[str, text(decision_form.MOST_WORDS, "What else was weighed.")] = ""
    evidence: Annotated[str, text(decision_form.MOST_WORDS, "What it rests on.")] = ""
    cost: Annotated[str, text(decision_form.MOST_WORDS, "What it costs.")] = ""
    equality: Annotated[str, text(decision_form.MOST_WORDS, "Whom it touches more than others.")] = ""
    involvement: Annotated[str, text(decision_form.MOST_WORDS, "Who was involved.")] = ""
    unheard: Annotated[str, text(decision_form.MOST_WORDS, "Who was not heard.")] = ""


class AskedDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision on a vote, with its reasons."""

    second: Annotated[str, text(MOST_ID, "The vote after the replay, where the decision is on both.")] = ""
    outcome: Annotated[str, one_of(decision.OUTCOMES, "What was decided.")] = ""
    answer: Annotated[str, text(MOST_ID, "The id of the answer that it is about, or “none”.", "response")] = ""
    rationale: Annotated[str, text(decision_form.MOST_WORDS, "The reasons. They are published.")] = ""
    why: Annotated[str, text(decision_form.MOST_WORDS, "Why it is not what most people preferred.")] = ""
    differs: Annotated[
        dict[str, str],
        field("What is said to each difference and condition, by the name that a refusal tells.", "answer_"),
    ] = msgspec.field(default_factory=dict)
    dissent: Annotated[str, text(decision_form.MOST_WORDS, "What was said against it.")] = ""
    earlier: Annotated[str, text(decision_form.MOST_WORDS, "Why it is not on the latest vote.")] = ""
    until: Annotated[str, text(MOST_DAY, "Until which day it is put off.")] = ""
    decided_on: Annotated[str, text(MOST_DAY, "The day of the decision; empty for today.")] = ""
    told: AskedTold = AskedTold()
    promises: Annotated[tuple[AskedPromise, ...], numbered("Who will do what by when.")] = ()
    pledges: Annotated[tuple[str, ...], field("Ids of pledges of the room that it confirms.", "pledge")] = ()


class ChangedDraft(AskedDecision, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft of a decision as it is to be, all of it given again."""

    version: Version


class SeenDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it was read."""

    version: Version


class SentBack(SeenDraft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft that its second reader sends back."""

    because: Annotated[str, text(decision_form.MOST_WORDS, "What should be different.")] = ""


class AskedCorrection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that are right in the place of others in a decision, which stay beside them."""

    words: Annotated[str, text(decision_form.MOST_WORDS, "What is right instead.")] = ""
    because: Annotated[str, text(decision_form.MOST_WORDS, "Why it is corrected.")] = ""


class AskedReplacement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A newer decision in the place of one."""

    by: Annotated[str, text(MOST_ID, "The id of the newer decision.")] = ""
    why: Annotated[str, text(decision_form.MOST_WORDS, "Why it takes the place.")] = ""


class AskedUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """News of a promise. Where somebody else told news after `after`, nothing is published."""

    after: Annotated[str, text(MOST_ID, "The id of the latest news that you have seen; empty for none.")] = ""
    state: Annotated[str, one_of(commitment.TOLD, "Where it stands.")] = ""
    said: Annotated[str, text(decision_form.MOST_WORDS, "What was done.")] = ""
    because: Annotated[str, text(decision_form.MOST_WORDS, "Why it was not done, or is handed on.")] = ""
    handed_to: Annotated[str, text(decision_form.MOST_ROLE, "The role that has to do it from now on.")] = ""
    shows: Annotated[str, text(update_file.MOST_SHOWS, "What the file shows, for those who cannot see it.")] = ""


class AskedPrediction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A prediction to be sealed. Where somebody sealed another one than `after` meanwhile, nothing is."""

    after: Annotated[str, text(MOST_ID, "The id of the one that is there, which this replaces; empty for none.")] = ""
    expect: Annotated[str, text(prediction.MOST_PREDICTED, "What the room is expected to say.")] = ""
    minds: Annotated[str, text(prediction.MOST_PREDICTED, "What would change your minds.")] = ""


class AskedBack(SeenDraft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A summary of what was understood, about which those who voted are asked."""

    summary: Annotated[str, text(check_back.MOST_SUMMARY, "What you understood them to say.")] = ""
    days: Annotated[int, field(f"For how many days: {check_back.FEWEST_DAYS} to {check_back.MOST_DAYS}.")]


class AnswerDay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another day until which a vote is answered."""

    seen: Annotated[str, text(MOST_DAY, "The day that stands now.")] = ""
    to: Annotated[str, text(MOST_DAY, "The new day, as 2027-03-31.")] = ""
    because: Annotated[str, text(answers_due.MOST_BECAUSE, "Why. Everybody reads it.")] = ""
