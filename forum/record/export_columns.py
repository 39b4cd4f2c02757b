"""Columns of an export's tables, each with a description; docs/exports.md shows the same list."""

from __future__ import annotations

from enum import StrEnum

from forum.record.verify.table_schemas import DAYS, INTEGERS, TIMES
from forum.voting.methods import METHODS


class ColumnType(StrEnum):
    """Types of a column's cells, each of which may be empty too."""

    TEXT = "text"
    NUMBER = "whole number"
    TIME = "time (UTC)"
    DAY = "day"


# Those of the further tables, which only the workbook has.
_FURTHER = {"invited", "rounds_opened", "rounds_revealed", "rounds_annulled", "number", "version", "texts"}


def type_of(column: str) -> ColumnType:
    """Returns the type of the columns with this name, which is the same in every table."""
    if column in INTEGERS | _FURTHER:
        return ColumnType.NUMBER
    if column in TIMES:
        return ColumnType.TIME
    return ColumnType.DAY if column in DAYS else ColumnType.TEXT


WHERE = {
    "demonstration": "yes where it comes from a demonstration or a recorded rehearsal, else empty",
    "commission": "id of the commission",
    "commission_title": "its title",
}
_KIND = {"session_kind": "room, or asynchronous: answered by people on their own, over days"}
_ROUND = {
    **WHERE,
    "session": "id of the session",
    **_KIND,
    "round": "id of the round",
    "question": "the question",
    "state": "revealed, or annulled where the round was declared void after its result was shown",
}

COLUMNS: dict[str, dict[str, str]] = {
    "decisions.csv": {
        **WHERE,
        "decision": "id of the decision",
        "at": "when it was recorded (UTC)",
        "rounds": "ids of the round or the two rounds it rests on",
        **_KIND,
        "outcome": "adopted, adopted with changes, not adopted or deferred",
        "response": "id of the response it is about; empty where it is about none",
        "response_label": "that response in words",
        "preference": "ids of the responses that most people chose",
        "preference_labels": "those responses in words",
        "differs": "yes where the decision differs from what most people chose, else no",
        "rationale": "the reasons given for the decision",
        "why": "why it differs, where it does",
        "dissent": "what was held against it",
        "entry": "number of its entry in the record, from 0",
    },
    "rounds.csv": {
        **WHERE,
        "session": "id of the session",
        **_KIND,
        "session_title": "title of the session",
        "round": "id of the round",
        "kind": "first vote, vote after replay, magic check, character vote or policy vote",
        "second_of": "id of the first vote, for a vote after replay",
        "scenario": "id of the story the question comes from",
        "scene": "the scene it comes from",
        "question": "the question",
        "responses": "the responses in words, in the order shown",
        "method": f"how people voted: {', '.join([*METHODS][:-1])} or {[*METHODS][-1]}",
        "quorum": "how many ballots had been declared to be needed; empty for no quorum",
        "quorum_each_group": "how many from every group that is shown; empty for no quorum by group",
        "live": "yes where the head count was shown while voting was open, else no",
        "power": "the declared decision power: how far the result binds",
        "threshold": "the smallest group that is shown on its own",
        "state": "open, closed, revealed or annulled",
        "opened_at": "when voting opened (UTC)",
        "closes_at": "asynchronous only: until when it was to be answered, as told last (UTC)",
        "closed_at": "when it closed (UTC)",
        "revealed_at": "when the result was shown (UTC)",
        "annulled_at": "when it was declared void (UTC)",
        "annulled_because": "why it was declared void",
        "ballots": "how many ballots were counted; empty while voting is open",
        "papers": "how many of these were papers, counted by hand",
        "ballots_root": "the hash that stands for all its ballots in the record",
        "entry": "number of the entry that opened it, from 0",
    },
    "results_by_group.csv": {
        **_ROUND,
        "measure": "head count, group, equal voice, run-off, mean, median, consensus, quorum or withheld",
        "label": "everyone, or the group (other groups: the small ones together)",
        "response": "id of the response",
        "response_label": "the response in words",
        "mark": "what was counted of it: a score from 1 to 5, a stance or an opinion; else empty",
        "run_off_round": "run-off only: the round, from 1",
        "n": "how many ballots chose it; empty for what is no number of ballots",
        "of": "how many ballots there were in all under this label",
        "basis_points": "equal voice and consensus: hundredths of a percent; of scores, ten thousandths of a point",
        "note": "what became of a response in the run-off; whether the quorum was reached; what was withheld, and why",
    },
    "view_shift.csv": {
        **_ROUND,
        "first": "id of the first vote",
        "measure": "voted in both, joined, left (once people are followed by lot: all others) or withheld",
        "label": "everyone, or the group",
        "from": "id of the response in the first vote; empty for those who joined or are not followed",
        "from_label": "that response in words",
        "to": "id of the response in the vote after the replay; empty for those who left or are not followed",
        "to_label": "that response in words",
        "n": "how many people",
        "note": "what was withheld, and why",
    },
    "commitments.csv": {
        **WHERE,
        "decision": "id of the decision it belongs to",
        "commitment": "id of the commitment",
        "at": "when it was recorded (UTC)",
        "role": "who will do it",
        "what": "what will be done",
        "by": "the day by which it will be done",
        "entry": "number of its entry in the record, from 0",
    },
}
