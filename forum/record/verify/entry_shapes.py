"""The shapes of entries: for every type its fields, closed, so that nothing else can stand in the record.

A new type, or a new field, is a row here: the check, the server that appends and docs/record.md all go by this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from forum.record.verify.cycle_shapes import ABOUT, CYCLE_SHAPES, EXACT, POWERS
from forum.record.verify.kinds import (
    COUNT,
    HASH,
    ID,
    NAME,
    RESPONSE,
    SIGNATURE,
    TAKEN_BACK,
    TEXT,
    TIME,
    TRUE,
    Field,
    Kind,
    Shape,
    a_list,
    an_object,
    known,
    leaves,
    misfits,
    new,
    once_text,
    one_of,
    or_null,
    whole,
    withdrawn_with_its_round,
    words,
)
from forum.record.verify.result_shapes import NONE, QUORUM, RESULT, VIEW_SHIFT

_ROUNDED = "with small-number rules: the result says it, rounded"
_OLD_ROOMS = "in records from before there were asynchronous rounds"

COMMON = (
    Field("type", TEXT, "one of those below"),
    Field("at", TIME, "when it happened (UTC)"),
    Field("commission", ID, "whose it is"),
    Field("demonstration", TRUE, "it comes from the demonstration or a recorded rehearsal", "where it does not"),
)

_SESSION = Field("session", known("session", after=("session opened",)), "the session it belongs to")
_SIZE = Field("size", COUNT, "how many entries")
_OF_THE_RECORD = Field("commission", Kind("empty", lambda value: value == ""), "it is about the record itself")
_REMOVED = an_object(
    Field(
        "kind",
        one_of("drafts", "returned", "marks", "notes", "attendance", "sign_ins", "undo", "decision_drafts"),
    ),
    Field("number", or_null(whole(5)), "null: fewer than five"),
)
_RESPONSES = a_list(an_object(Field("id", RESPONSE), Field("label", words("response", withdrawable=True))))


def _round(after: str, *before: str) -> Field:
    return Field("round", known("round", after=(after,), before=before), "the vote it is about")


SHAPES: dict[str, Shape] = {
    "scenario published": Shape(
        "A story, or a new version of it, is public.",
        (
            Field("scenario", ID, "id of the story"),
            Field("title", words("title", withdrawable=True), "its title"),
            Field("text", words("text", withdrawable=True), "the story itself, as Twee"),
            Field("told_by", or_null(once_text(words("told_by", withdrawable=True))), "the group of its writer"),
        ),
    ),
    "session opened": Shape(
        "What was declared before any vote.",
        (
            Field("session", new("session")),
            Field("title", TEXT, "its title"),
            Field("about", ABOUT, "the commission as it was declared: groups, threshold, power"),
            Field("scenarios", a_list(ID), "ids of the stories chosen for it"),
            Field("kind", one_of("room", "asynchronous"), "an event, or one vote over days", _OLD_ROOMS),
            Field("entrance", one_of("open code", "tickets", "open link", "those who voted"), "how people got in"),
            Field("no_receipts", TRUE, "nobody is given a receipt of their ballot", "where people may keep one"),
        ),
    ),
    "session called off": Shape(
        "A session that was planned, and never opened, does not take place.",
        (
            Field("session", new("session"), "its id, of which there is no `session opened`"),
            Field("title", TEXT, "its title"),
            Field("because", words("because"), "why"),
        ),
    ),
    "round opened": Shape(
        "A vote begins: all that was declared about it.",
        (
            _SESSION,
            Field("round", new("round")),
            Field(
                "kind",
                one_of("first vote", "vote after replay", "magic check", "character vote", "policy vote", "check back"),
                "see [the second run](#the-second-run)",
            ),
            Field("second_of", or_null(known("round")), "for a vote after replay: the first vote"),
            Field("closes_at", or_null(TIME), "when an asynchronous round closes; null in a room", _OLD_ROOMS),
            Field("scenario", or_null(ID), "the story that the question comes from"),
            Field(
                "scene",
                or_null(once_text(words("scene", withdrawable=True))),
                "its scene",
            ),
            Field("question", words("question", withdrawable=True)),
            Field("responses", _RESPONSES, "in the order shown"),
            Field(
                "method",
                NAME,
                "see [methods.md](methods.md)",
            ),
            Field("groups", a_list(TEXT), "labels of the groups"),
            Field("threshold", COUNT, "the smallest group that is shown on its own"),
            Field("small_numbers", TRUE, "as its session declared", EXACT),
            Field("power", POWERS, "how far the result binds"),
            Field("quorum", an_object(*QUORUM), "ballots that are needed, in all and of each group", NONE),
            Field("live", TRUE, "the head count is shown while voting is open", "where it is not"),
            Field(
                "versions",
                a_list(
                    an_object(
                        Field("kind", TEXT),
                        Field("question", or_null(words("question", withdrawable=True))),
                        Field("responses", _RESPONSES),
                    )
                ),
                "the question in easy words or another language",
                NONE,
            ),
            Field(
                "asks_about",
                replace(
                    known(
                        "round",
                        after=("round revealed",),
                        before=("round annulled",),
                        only=("first vote", "vote after replay", "policy vote"),
                    ),
                    elsewhere=True,
                ),
                "for a check back: the vote that those who voted are asked about",
                "where it is none",
            ),
        ),
    ),
    "round extended": Shape(
        "An asynchronous round is open for longer.",
        (
            _SESSION,
            _round("round opened", "round closed", "round annulled"),
            Field("closes_at", TIME, "until when"),
        ),
    ),
    "round closed": Shape(
        "From here on a ballot is in or out.",
        (
            _SESSION,
            _round("round opened", "round closed", "round annulled"),
            Field("count", COUNT, "how many ballots there are", _ROUNDED),
            Field("ballots_root", HASH, "the hash that stands for all of them"),
            Field("paper", whole(1), "how many of them are papers", "where there is none, or with small-number rules"),
        ),
    ),
    "round revealed": Shape(
        "The result is shown.",
        (
            _SESSION,
            _round("round closed", "round revealed", "round annulled"),
            Field("result", RESULT, "the result"),
            Field("view_shift", withdrawn_with_its_round("view_shift", VIEW_SHIFT), "as `result.view_shift`", NONE),
        ),
    ),
    "round annulled": Shape(
        "A vote is annulled.",
        (
            _SESSION,
            _round("round opened", "round annulled"),
            Field("because", words("because"), "the reason that everybody reads"),
        ),
    ),
    **CYCLE_SHAPES,
    "moderation action": Shape(
        "What a moderator did with a story; never who wrote it, nor which moderator.",
        (
            Field("scenario", ID, "id of the story"),
            Field(
                "action",
                one_of(
                    *("accepted", "returned", "held", "released", "taken down", "kept"),
                    *("new version accepted", "new version returned", "decision upheld", "decision overturned"),
                    *("evidence shown", "evidence declined", "erased"),
                ),
            ),
            Field(
                "because",
                or_null(words("because", withdrawable=True)),
                "the reason; null where it is for the writer alone",
            ),
        ),
    ),
    "erasure": Shape(
        "Words were taken back.", (Field("digests", a_list(TAKEN_BACK), "those of the words that were taken back"),)
    ),
    "key changed": Shape(
        "The record goes on under a new key, which the old one signed.",
        (
            _OF_THE_RECORD,
            Field("before", TEXT, "the key until then, as a verifier key (C2SP signed-note)"),
            Field("key", TEXT, "the new key, in the same way"),
            Field("signature", SIGNATURE, "that of the old key; see [the key](#the-key)"),
        ),
    ),
    "data erased": Shape(
        "Somebody's words and data were erased, because they asked for it.",
        (_OF_THE_RECORD, Field("reference", new("erasure"), "as they were given it; it says nothing of them")),
    ),
    "retention": Shape(
        "Data was removed because it had been kept long enough.",
        (_OF_THE_RECORD, Field("removed", a_list(_REMOVED), "how much of each kind")),
    ),
    "key lost": Shape(
        "The key was lost for good, and the record goes on under another. Nothing but this entry joins the two.",
        (
            _OF_THE_RECORD,
            Field("before", TEXT, "the record's name under the lost key"),
            Field("key", TEXT, "the new key, as a verifier key (C2SP signed-note)"),
        ),
    ),
    "record restored": Shape(
        "An older copy of the database was put back, and the record goes on from there.",
        (
            _OF_THE_RECORD,
            Field(
                "before",
                an_object(_SIZE, Field("root", or_null(HASH))),
                "the head that is given up; null: never signed",
            ),
            Field("after", an_object(_SIZE, Field("root", HASH)), "the head that was there, before this entry"),
        ),
    ),
}
# A shape may say more of a common field.
_KINDS = {
    type_: an_object(*{field.name: field for field in (*COMMON, *shape.fields)}.values())
    for type_, shape in SHAPES.items()
}


def misfits_of(entry: Any) -> Iterator[str]:
    """Yields a problem for each place in an entry, as parsed from the record, that does not fit the table."""
    kind = _kind_of(entry)
    if kind is None:
        yield "field type is none that there is"
    else:
        yield from misfits(kind, entry, "")


def place_of(number: int, entry: Any) -> str:
    """Returns how a message names an entry: its number in the record, from 0, and its type."""
    return f"entry {number} ({entry['type']!a})"


def leaves_of(entry: Any) -> Iterator[tuple[Kind, Any, str]]:
    """Yields every value without parts in an entry that fits its shape: its kind, itself and its place in the entry."""
    kind = _kind_of(entry)
    if kind is not None:
        yield from leaves(kind, entry, "")


def _kind_of(entry: Any) -> Kind | None:
    type_ = entry.get("type") if type(entry) is dict else None
    return _KINDS.get(type_) if type(type_) is str else None
