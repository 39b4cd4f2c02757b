"""Cases of what a commissioning cycle leaves in the record, changed by somebody with the key: how each is told."""

from __future__ import annotations

from typing import Any

from forum.record.verify.disclosures import disclosure, open_disclosure
from support.record_keeper import QUIET
from support.tampered_cases import NOWHERE, Case, named
from support.tampering import Tampered


def _opened(tampered: Tampered, place: dict[str, str]) -> Any:
    """Returns the words that a digest stands for."""
    [line] = [line for line in tampered.disclosures if line["digest"] == place["sd"]]
    return open_disclosure(line["disclosure"])[2]


def _say(tampered: Tampered, place: dict[str, str], words: Any) -> None:
    """Puts other words in the place of those that a digest stands for."""
    [line] = [line for line in tampered.disclosures if line["digest"] == place["sd"]]
    salt, name, _ = open_disclosure(line["disclosure"])
    line["digest"], line["disclosure"] = disclosure(salt, name, words)
    place["sd"] = line["digest"]


def nobody_read(tampered: Tampered) -> str:
    """A second reader was declared, and the decision is of nobody else."""
    for entry in tampered.entries:
        if "about" in entry:
            entry["about"]["second_reader"] = "required"
    return f"{tampered.place(tampered.entry('decision'))}: its commission had declared a second reader, and nobody"


def moved_from_elsewhere(tampered: Tampered) -> str:
    """A stage is moved from one that the commission was not in."""
    tampered.set("stage moved", "to", "assess needs")
    return f"{tampered.set('stage moved', 'from', 'secure')}: field from is not the stage that the commission is in, p"


def moved_after_the_answer(tampered: Tampered) -> str:
    """The day until which a vote is answered is moved once it was answered."""
    moved = tampered.entry("answer date moved")
    tampered.entries.remove(moved)
    return f"{tampered.insert(None, moved)}: field round names a vote that was answered before"


def condition_of_nobody(tampered: Tampered) -> str:
    """A decision answers to a condition that stands beside no vote."""
    _say(tampered, tampered.entry("decision")["conditions"]["answered"][0]["condition"], "-nobody asked for it")
    return "answer 1 is to a condition that is not in reasons.csv"


def condition_unanswered(tampered: Tampered) -> str:
    """A decision leaves out its answer to a condition."""
    decision = tampered.entry("decision")
    gone = decision["conditions"]["answered"].pop()
    words = {gone["condition"]["sd"], gone["answer"]["sd"]}
    tampered.disclosures = [line for line in tampered.disclosures if line["digest"] not in words]
    return f"decision {decision['decision']}: a condition has no answer: it answers 1 of 2"


def difference_untold(tampered: Tampered) -> str:
    """A decision does not say that it goes against groups."""
    decision = tampered.entry("decision", -1)
    _say(tampered, decision["weighed"], _opened(tampered, decision["weighed"]) | {"differences": []})
    return f"decision {decision['decision']}: what else it differs from is told wrongly"


def statement_of_who_agreed(tampered: Tampered) -> str:
    """A minority statement is of a group that the decision does not go against."""
    statement = tampered.entry("minority statement")
    _say(tampered, statement["group"], "Police")
    return f"statement {statement['statement']}: its group is not shown to have put something else first"


def statement_sent_late(tampered: Tampered) -> str:
    """A minority statement was sent after the days for it."""
    statement = tampered.entry("minority statement")
    statement["sent_at"] = "2026-12-31T00:00:00.000Z"
    return f"statement {statement['statement']}: it was sent before the decision, or after the 14 days for it"


def noticed_by_a_few(tampered: Tampered) -> str:
    """A count of what was noticed is so exact that it tells of a few."""
    noticed = tampered.entry("commitment noticed")
    noticed["answers"][0].update(n=7, yes=2, no=None)
    return f"noticed {noticed['update']}: a number is below the threshold, or not rounded"


def handed_to_nobody(tampered: Tampered) -> str:
    """A promise is handed on, and nobody has it now."""
    update = tampered.entry("commitment update")
    update["state"] = "handed on"
    return f"update {update['update']}: a role to which it is handed stands with `handed on`"


NO_DECISION = "field decision names no decision that was there before"

# Entries out of order: beside those of tampered_cases, and told as they are.
CYCLE_ORDERS: dict[str, Case] = {
    "a decision that no second reader read": nobody_read,
    "a date of an answer moved from another day": named(
        "answer date moved", "from", "2026-12-31", "field from is not the day until which the vote is to be answered"
    ),
    "a date of an answer moved after the answer": moved_after_the_answer,
    "a date of an answer moved for no vote": named(
        "answer date moved", "round", NOWHERE, "field round names no round that was there before"
    ),
    "a stage moved from one it was not in": moved_from_elsewhere,
    "a stage passed over": named("stage moved", "to", "monitor", "field to is neither the next stage nor one before"),
    "a commission changed without its version": named(
        "commission changed", "version", 3, "field version does not follow version 1"
    ),
    "a note of a stage on no decision": named("stage note", "decision", NOWHERE, NO_DECISION),
    "a statement on no decision": named("minority statement", "decision", NOWHERE, NO_DECISION),
    "a statement of another commission": named(
        "minority statement", "commission", QUIET.id, "field decision names a decision of another commission"
    ),
    "a decision replaced by an older one": lambda t: (
        f"{t.set('decision replaced', 'by', t.entry('decision')['decision'])}: field by names no newer decision"
    ),
    "what was noticed in another commission": named(
        "commitment noticed", "commission", QUIET.id, "field commitment names a commitment of another commission"
    ),
}

# What each check of words and numbers says of the place.
CYCLE_LINES: dict[str, tuple[str, Case]] = {
    "a condition that nobody gave": ("tables", condition_of_nobody),
    "a condition without its answer": ("order of rounds", condition_unanswered),
    "a difference that is not told": ("decisions", difference_untold),
    "a statement of a group that agreed": ("order of rounds", statement_of_who_agreed),
    "a statement sent after its days": ("order of rounds", statement_sent_late),
    "what was noticed by a few": ("order of rounds", noticed_by_a_few),
    "a promise handed on to nobody": ("order of rounds", handed_to_nobody),
}

# A table, a column of its first row, and what is put there.
CYCLE_CELLS = [
    ("answers_due.csv", "due", "2027-06-30"),
    ("answers_due.csv", "days_late", "9"),
    ("commissions.csv", "question", "Another one?"),
    ("commissions.csv", "second_reader", "required"),
    ("commitments.csv", "by", "2029-01-01"),
    ("commitments.csv", "state", "done"),
    ("conditions.csv", "answer", "Yes"),
    ("conditions.csv", "taken_up", "no"),
    ("corrections.csv", "words", "Nothing"),
    ("decisions.csv", "cost", "nothing"),
    ("decisions.csv", "decided_on", "2026-01-01"),
    ("decisions.csv", "second_reader", "read"),
    ("differences.csv", "answer", "None"),
    ("dissent.csv", "group", "Police"),
    ("dissent.csv", "words", "We agree"),
    ("noticed.csv", "yes", "15"),
    ("pledges.csv", "name", "Ann"),
    ("pledges.csv", "words", "Nothing"),
    ("stages.csv", "better", "Nothing"),
    ("stages.csv", "to", "monitor"),
    ("updates.csv", "given_by", "commissioner"),
    ("updates.csv", "state", "on track"),
]
