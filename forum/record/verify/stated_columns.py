"""Columns of the tables that an operator states, each with a description; docs/exports.md shows the same list."""

from __future__ import annotations

from forum.record.verify.cycle_columns import WHERE

# Tables that an operator states: they do not follow from the record (stated_tables.py).
STATED: dict[str, dict[str, str]] = {
    "attendance.csv": {
        **WHERE,
        "session": "id of the session",
        "came": "how many people joined with a browser of their own, without those who only watched",
        "proposals_unseen": "how many more proposals were written down: never on the screens, or taken off the list",
        "amendments_unseen": "how many more amendments were written down: never on the screens, or to such a proposal",
    },
    "reasons.csv": {
        **WHERE,
        "session": "id of the session",
        "round": "id of the round",
        "question": "the question",
        "response": "id of the response it was given with; empty where ballots bear several",
        "response_label": "that response in words",
        "mark": "the stance or opinion it was given with; else empty",
        "group": "the group it was shown with; empty where that could single somebody out",
        "words": "the reason as everybody could read it after the result; sorted, so that the order tells nothing",
        "condition": "what follows: I would accept this if ...",
        "too": "how many people said: me too",
    },
    "stops.csv": {
        **WHERE,
        "session": "id of the session",
        "number": "place of the stop among those that were taken, from 1",
        "scenario": "id of the story",
        "scene": "the scene that was played",
        "group": "the group it was credited to; empty where that could single somebody out",
        "character": "who should act differently",
        "how": "what they should do",
        "tried": "what was tried on stage, in the facilitator's words",
        "verdict": "could this really happen? What the facilitator held of it: yes, no or not sure",
        "magic_check": "id of the round in which the room was asked that",
        "response_label": "the answer that it became",
        "round": "id of the round that offered this answer",
    },
    "proposals.csv": {
        **WHERE,
        "session": "id of the session",
        "proposal": "id of the proposal",
        "number": "place of the proposal on the list, from 1",
        "words": "the proposal as it stands",
        "round": "id of the vote on it; empty where it was not put to the vote",
    },
    "amendments.csv": {
        **WHERE,
        "session": "id of the session",
        "proposal": "id of the proposal",
        "number": "place of the amendment among those to this proposal, from 1",
        "before": "the earlier text",
        "after": "the text as it should be",
        "state": "taken, dropped, or in flight until the facilitator settles it",
    },
    "evidence.csv": {
        **WHERE,
        "scenario": "id of the story",
        "evidence": "id of the piece",
        "kind": "link, or the media type of a file",
        "title": "its title",
        "address": "where a link leads; empty for a file, which the story's page has",
        "size": "bytes of a file",
    },
}
