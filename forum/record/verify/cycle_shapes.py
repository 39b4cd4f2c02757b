"""The shapes of entries about the commissioning cycle: stages of a commission, decisions, commitments, updates."""

from __future__ import annotations

from forum.record.verify.kinds import (
    COUNT,
    DAY,
    RESPONSE,
    SEALED,
    TEXT,
    TIME,
    TRUE,
    TRUTH,
    Field,
    Shape,
    a_list,
    an_object,
    known,
    new,
    once_text,
    one_of,
    or_null,
    whole,
    withdrawn_with_its_round,
    words,
)
from forum.record.verify.noticed import WHO_NOTICED
from forum.record.verify.updates import UPDATE_STATES

STAGE = one_of("assess needs", "plan", "secure", "monitor")
POWERS = one_of("informing", "consultation", "engagement", "co-design", "co-production")
EXACT = "where it does not, as in records from before it could"
_BEFORE_VERSIONS = "in records from before commissions had versions"
ABOUT = an_object(
    Field("title", TEXT),
    Field("question", TEXT),
    Field("stage", STAGE),
    Field(
        "power",
        an_object(
            Field("level", POWERS),
            Field("decides", once_text(words("decides"))),
            Field("can_change", TEXT),
            Field("cannot_change", TEXT),
            Field(
                "answer_by_days",
                whole(1, 365),
                "within how many days after the close of a vote they answer it",
                "where nobody said so, as in records from before they could",
            ),
        ),
    ),
    Field("groups", a_list(an_object(Field("label", TEXT), Field("invited", or_null(COUNT))))),
    Field("threshold", COUNT),
    Field("small_numbers", TRUE, "what leaves the room keeps to [small-number rules](#small-number-rules)", EXACT),
    Field(
        "second_reader",
        one_of("none", "required"),
        "whether another person reads a decision before it is published",
        _BEFORE_VERSIONS,
    ),
)
_NOTICED = (
    ("yes", "how many had noticed it, rounded; null for fewer than the threshold, as in both below"),
    ("partly", "how many in part"),
    ("no", "how many had not"),
)
_IN_WEIGHED = "since `weighed` has it"
_NOT_ASKED = "in records from before that was asked"
_TOLD = {
    "body": "who decided: a body, roles",
    "interests": "interests that they declared",
    "options": "options beside the answers voted on",
    "evidence": "on what evidence",
    "cost": "cost and running period",
    "equality": "equality considerations",
    "involvement": "how the duty to involve people was met",
    "unheard": "who was not heard",
}
_WEIGHED = an_object(
    Field("preference", a_list(TEXT), "what most people chose"),
    Field("differs", TRUTH, "whether it departs from that"),
    Field(
        "differences",
        a_list(
            an_object(
                Field("from", one_of("equal voice", "group", "quorum")),
                Field("group", or_null(TEXT)),
                Field("answer", TEXT),
            )
        ),
        "what else it departs from, and what those who decided say to it",
    ),
)
CONDITIONS = an_object(
    Field("given", COUNT, "how many there were"),
    Field(
        "answered",
        a_list(
            an_object(
                Field("round", known("round"), "the vote it was given with, one of `rounds`"),
                Field("condition", words("condition", withdrawable=True), "its words"),
                Field("asked", whole(1), "how many asked for it, as far as that was shown"),
                Field("taken_up", TRUTH, "whether it is part of what is done"),
                Field("answer", words("condition answered"), "how, or why not"),
            )
        ),
        "those that are answered, the ones that most people asked for first",
    ),
)
_NO_VOTES = "in records from before decisions named the votes on their question"
_NO_UNTIL = "in records from before a deferred decision had a new date"
_NO_NEED = "in records from before commitments said which need they answer"

CYCLE_SHAPES: dict[str, Shape] = {
    "prediction sealed": Shape(
        "Those who decide have written what they expect a room to say. The words stay sealed until they decide.",
        (
            Field("prediction", new("prediction")),
            Field("session", known("session", ("session opened",), ("round opened",)), "the session that it is about"),
            Field("expect", SEALED, "what they expect; as `expect` of `prediction opened`"),
            Field("minds", SEALED, "what would change their minds; in the same way"),
        ),
    ),
    "prediction opened": Shape(
        "A sealed prediction is opened, with the first decision on a vote of its session.",
        (
            Field("prediction", known("prediction", before=("prediction opened",)), "the last one sealed for it"),
            Field("decision", known("decision"), "the decision"),
            Field("expect", words("expect"), "what they expected, with the digest that was sealed"),
            Field("minds", words("minds"), "what would have changed their minds, in the same way"),
        ),
    ),
    "decision": Shape(
        "What those with the power decided.",
        (
            Field("decision", new("decision")),
            Field(
                "rounds",
                a_list(
                    known(
                        "round",
                        after=("round revealed",),
                        before=("round annulled",),
                        only=("first vote", "vote after replay", "policy vote"),
                    )
                ),
                "the vote or the two votes it rests on",
            ),
            Field(
                "votes",
                a_list(known("round", after=("round revealed",), before=("round annulled",))),
                "every vote on its question that stood, in the order in which they were closed",
                _NO_VOTES,
            ),
            Field("earlier", or_null(words("earlier")), "why it does not rest on the latest of these votes", _NO_VOTES),
            Field("outcome", one_of("adopted", "adopted with changes", "not adopted", "deferred", "acknowledged")),
            Field("response", or_null(RESPONSE), "what it is about"),
            Field("preference", a_list(TEXT), "what most people chose", _IN_WEIGHED),
            Field("differs", TRUTH, "whether it departs from that", _IN_WEIGHED),
            Field(
                "weighed",
                withdrawn_with_its_round("weighed", _WEIGHED),
                "the decision beside what people preferred",
                "in records that have `preference` and `differs` in plain text",
            ),
            Field(
                "second_reader",
                one_of("read", "none"),
                "how it was read before it was published: by somebody who did not write on it, or by nobody else",
                "in records from before decisions had readers",
            ),
            Field("decided_on", DAY, "the day of the decision", _NOT_ASKED),
            Field("until", or_null(DAY), "deferred only: until when the question waits again", _NO_UNTIL),
            Field(
                "told",
                an_object(*(Field(name, or_null(words(name)), about) for name, about in _TOLD.items())),
                "what else is said of it",
                _NOT_ASKED,
            ),
            Field(
                "conditions",
                or_null(CONDITIONS),
                "the conditions that could be read with its votes (`I would accept this if ...`); null where it was "
                "made on the stage, on a policy vote",
                "in records from before they were answered",
            ),
            Field("rationale", words("rationale"), "the reasons for it"),
            Field("why", or_null(words("why")), "why it differs"),
            Field("dissent", or_null(words("dissent")), "what was held against it"),
        ),
    ),
    "decision corrected": Shape(
        "Something in a decision is said in other words from now on. Its own words stay.",
        (
            Field("correction", new("correction")),
            Field("decision", known("decision"), "the decision it is about"),
            Field("words", words("correction"), "what is right instead"),
            Field("because", words("because"), "why"),
        ),
    ),
    "decision replaced": Shape(
        "Another decision took the place of one, which stays in the record. Nothing can be added to it from then on.",
        (
            Field("correction", new("correction")),
            Field("decision", known("decision"), "the decision that is replaced"),
            Field("by", known("decision"), "the newer one that took its place"),
            Field("because", words("because"), "why"),
        ),
    ),
    "minority statement": Shape(
        "What a group that put something else first holds against a decision, in its own words.",
        (
            Field("statement", new("minority statement")),
            Field("decision", known("decision"), "the decision that it is about"),
            Field("sent_at", TIME, "when the group sent it; a moderator published it"),
            Field("group", words("minority group", withdrawable=True), "the group, withdrawn if its vote is annulled"),
            Field("words", words("minority statement", withdrawable=True), "the statement"),
        ),
    ),
    "commitment": Shape(
        "Who will do what, by when.",
        (
            Field("commitment", new("commitment")),
            Field("decision", known("decision"), "the decision it belongs to"),
            Field("role", once_text(words("role")), "who will do it"),
            Field("what", words("what"), "what will be done"),
            Field("by", DAY, "the day by which it will be done"),
            Field("answers", or_null(words("answers")), "the need that it answers, or the id of a story", _NO_NEED),
            Field("noticed", or_null(words("noticed")), "how people would notice that it was done", _NO_NEED),
        ),
    ),
    "commitment update": Shape(
        "What became of a commitment. It takes no earlier update away.",
        (
            Field("update", new("update")),
            Field("commitment", known("commitment"), "the commitment it is about"),
            Field("state", one_of(*UPDATE_STATES), "how the commitment stands now"),
            Field("said", or_null(words("said")), "what was done, in words"),
            Field("because", or_null(words("because")), "why it was not done, or is no longer done or not done"),
            Field("handed_to", or_null(words("handed_to")), "the role that has to do it from now on"),
            Field("given_by", one_of("commissioner", "owner"), "a commissioner, or whoever has the owner's link"),
            Field(
                "file",
                an_object(
                    Field("shows", words("shows", withdrawable=True), "what it shows"),
                    Field("media", one_of("application/pdf", "image/png", "image/jpeg")),
                    Field("size", whole(1), "in bytes"),
                    Field("sha256", words("sha256", withdrawable=True), "its SHA-256 in hex"),
                ),
                "a file beside it, as it was shown",
                "where there is none",
            ),
        ),
    ),
    "answer date moved": Shape(
        "The day until which a vote is answered was moved.",
        (
            Field(
                "round",
                known(
                    "round",
                    after=("round closed",),
                    before=("round annulled",),
                    only=("first vote", "vote after replay", "policy vote"),
                ),
                "the vote; of a first vote and the vote after its replay the later",
            ),
            Field("from", DAY, "the day until which it was to be answered"),
            Field("to", DAY, "the day until which it is to be answered now"),
            Field("because", words("because"), "why it was moved"),
        ),
    ),
    "commitment noticed": Shape(
        "What those a commitment was made to answered, asked whether they had noticed it: by kind of people, never "
        "together, as one kind could take its own from the whole; a row where the threshold and five more did.",
        (
            Field("commitment", known("commitment"), "the commitment it is about"),
            Field("update", known("update"), "the update at which they were asked"),
            Field(
                "answers",
                a_list(
                    an_object(
                        Field("who", one_of(*WHO_NOTICED), "a kind of people of which enough answered"),
                        Field("n", COUNT, "how many answered, rounded"),
                        *(Field(name, or_null(COUNT), about) for name, about in _NOTICED),
                    )
                ),
            ),
        ),
    ),
    "pledge": Shape(
        "Somebody offers help on a phone, after a vote. It binds nobody, and is no commitment.",
        (
            Field("pledge", new("pledge")),
            Field("words", words("pledge", withdrawable=True), "what they can help with"),
            Field("name", or_null(words("pledge_name", withdrawable=True)), "a first name, as they chose"),
        ),
    ),
    "commission published": Shape(
        "A commission is public: what is asked, who decides, and what people will vote under.",
        (Field("about", ABOUT, "as in `session opened`"),),
    ),
    "commission changed": Shape(
        "A commission has a new version. Sessions that are there already keep the one they were opened under.",
        (
            Field("version", whole(2), "its number; the one published is 1"),
            Field("about", ABOUT, "as in `session opened`, all of it"),
            Field("because", words("because"), "why it was changed"),
        ),
    ),
    "stage moved": Shape(
        "The work of a commission moved on by one stage, or back.",
        (
            Field("from", STAGE, "the stage it was in"),
            Field("to", STAGE, "the next one, or one before"),
            Field("learnt", words("learnt"), "what was learnt"),
            Field("better", or_null(words("better")), "what could have been better"),
            Field("took_part", or_null(words("took_part")), "who took part"),
        ),
    ),
    "stage note": Shape(
        "An answer to a question of a stage.",
        (
            Field("stage", STAGE),
            Field(
                "question",
                one_of("lacks", "has", "options", "specified", "judges", "measures"),
                "see [the stages](#the-stages)",
            ),
            Field("words", words("note"), "the answer"),
            Field("decision", or_null(known("decision")), "the decision that it follows from"),
        ),
    ),
    "commission closed": Shape(
        "A commission ended.",
        (
            Field("words", words("closing"), "the closing note"),
            Field(
                "groups",
                a_list(an_object(Field("group", TEXT), Field("words", words("closing of a group")))),
                "the closing words of groups that added theirs",
            ),
        ),
    ),
    "commission reopened": Shape(
        "A commission that had ended goes on, in the stage it was in.",
        (Field("because", words("because"), "why"),),
    ),
}
