"""Types of what writes to the API take: the fields of the pages' forms, with the bounds that their acts hold them to.

A field that is left out is empty. An empty field that must not be is told by the act, with every other mistake.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from forum.ports.webhooks import HookEvent
from forum.services import stages, webhooks
from forum.services.sessions import commissions_and_sessions as made
from forum.services.sessions import cues, facilitation, planned_sessions
from forum.services.sessions.session_day import MOST_PLACE
from forum.sessions.programme import ItemKind
from forum.sessions.session import ENTRANCES
from forum.voting import commission
from forum.voting.methods import METHODS
from forum.voting.reason import ReasonReading
from forum.voting.stage import StageQuestion
from forum.web.api.bodies import field, one_of, text

# Characters of an id, a day or a time of day.
MOST_ID, MOST_DAY = 64, 40
MOST_QUESTION, MOST_ANSWER = 2000, 200

Id = Annotated[str, text(MOST_ID, "An id.")]
Day = Annotated[str, text(MOST_DAY, "A day, as 2027-03-31.")]
Method = Annotated[str, one_of([*METHODS], "How people vote on it; “single” where it is left out.")]


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is to be said: an empty object."""


class AskedGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of people of a commission; `id` is that of one which is there already."""

    label: Annotated[str, text(made.MOST_LABEL, "Its name.", "group")]
    invited: Annotated[int | None, field("How many were invited; null where nobody counted.")] = None
    id: Annotated[str, text(MOST_ID, "Its id, where it is there already.", "group_id")] = ""


class AskedSupport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to talk to."""

    name: Annotated[str, text(made.MOST_LABEL, "Who it is.", "support_name")]
    contact: Annotated[str, text(made.MOST_CONTACT, "How to reach them.", "support_contact")]


class AskedCommission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A commission with its terms."""

    title: Annotated[str, text(made.MOST_TITLE, "Its title.")] = ""
    question: Annotated[str, text(made.MOST_WORDS, "The question that this work is to answer.")] = ""
    stage: Annotated[str, one_of(commission.STAGES, "The stage that the work is in.")] = ""
    level: Annotated[str, one_of([*commission.POWERS], "How far a result binds.")] = ""
    decides: Annotated[str, text(made.MOST_WORDS, "Who decides.")] = ""
    can_change: Annotated[str, text(made.MOST_WORDS, "What can change.")] = ""
    cannot_change: Annotated[str, text(made.MOST_WORDS, "What cannot change.")] = ""
    answer_by_days: Annotated[int | None, field("Within how many days a vote is answered; null for no limit.")] = None
    threshold: Annotated[int | None, field("The smallest group whose numbers are shown on their own.")] = None
    small_numbers: Annotated[bool, field("Whether numbers are rounded as well.")] = False
    groups: tuple[AskedGroup, ...] = ()
    support: tuple[AskedSupport, ...] = ()
    second_reader: Annotated[bool, field("Whether a second person reads decisions before they are published.")] = False
    rehearsal: Annotated[bool, field("Whether it is for practice: nothing of it enters the record.")] = False


class ChangedCommission(AskedCommission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published commission with other terms, all of them given again, and why they are changed."""

    version: Annotated[
        int, field("The version that you have seen: where there is a newer one, nothing is changed.", "seen")
    ]
    because: Annotated[str, text(1000, "Why it is changed. Everybody reads it.")] = ""


class AskedMove(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A move of a commission to another stage."""

    acts: Annotated[int, field("The number `acts` of its stages that you have seen.", "seen")]
    to: Annotated[str, one_of(commission.STAGES, "The next stage, or the one before.")] = ""
    learnt: Annotated[str, text(stages.MOST_WORDS, "What was learnt in this stage.")] = ""
    better: Annotated[str, text(stages.MOST_WORDS, "What to do better next time.")] = ""
    took_part: Annotated[str, text(stages.MOST_WORDS, "Who took part.")] = ""


class AskedNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to a question of a stage."""

    stage: Annotated[str, one_of(commission.STAGES, "The stage.")] = ""
    question: Annotated[str, one_of([*StageQuestion], "The question of that stage.")] = ""
    words: Annotated[str, text(stages.MOST_WORDS, "The answer.")] = ""
    decision: Annotated[str, text(MOST_ID, "The decision that it follows from, if any.")] = ""


class GroupClosing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said at the end to one group."""

    group: Annotated[str, text(made.MOST_LABEL, "The name of the group.")]
    words: Annotated[str, text(stages.MOST_WORDS, "What it reads.", "group_words")]


class AskedClosing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The note with which a commission is closed."""

    acts: Annotated[int, field("The number `acts` of its stages that you have seen.", "seen")]
    closing: Annotated[str, text(stages.MOST_WORDS, "What became of the work.")] = ""
    groups: Annotated[tuple[GroupClosing, ...], field("What is said to each group beside it.")] = ()


class Reopened(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for reopening a commission."""

    acts: Annotated[int, field("The number `acts` of its stages that you have seen.", "seen")]
    because: Annotated[str, text(stages.MOST_WORDS, "Why. Everybody reads it.")] = ""


class AskedSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A live session. Unless it is planned, it is opened at once."""

    title: Annotated[str, text(made.MOST_TITLE, "Its title.")] = ""
    stories: Annotated[tuple[str, ...], field("Ids of accepted stories, in the order of the day.", "scenario")] = ()
    rehearsal: Annotated[bool, field("Whether it is for practice: nothing of it enters the record.")] = False
    entrance: Annotated[str, one_of(ENTRANCES, "How people get in.")] = ""
    reasons: Annotated[str, one_of([*ReasonReading], "Who reads what people write with their votes.")] = ""
    whole: Annotated[bool, field("Whether nothing is given by group.")] = False
    no_receipts: Annotated[bool, field("Whether nobody is given a receipt of their ballot.")] = False
    planned: Annotated[bool, field("Whether it is opened later.")] = False
    day: Day = ""
    place: Annotated[str, text(MOST_PLACE, "Where it is.")] = ""


class ChangedSession(AskedSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A planned session as it is to be, all of it given again."""

    version: Annotated[
        int, field("The version that you have seen: where there is a newer one, nothing is changed.", "seen")
    ]


class CalledOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for calling a session off."""

    because: Annotated[str, text(planned_sessions.MOST_BECAUSE, "Why. Everybody reads it.")] = ""


class SeenProgramme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The programme as it was read."""

    number: Annotated[int, field("The `number` of the programme that you have seen: after another change, nothing is.")]


class AskedDay(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When and where a session is."""

    day: Day = ""
    place: Annotated[str, text(MOST_PLACE, "Where it is.")] = ""
    public: Annotated[bool, field("Whether everybody may read the programme beforehand.")] = False


class AskedSection(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of a programme: a new one, or changes of the one with this `id`."""

    id: Annotated[str, text(MOST_ID, "The id of a section that is there already.")] = ""
    title: Annotated[str, text(made.MOST_TITLE, "Its title.")] = ""
    starts: Annotated[str, text(MOST_DAY, "When it starts, as 11:00.")] = ""
    ends: Annotated[str, text(MOST_DAY, "When it ends, as 12:30.")] = ""


class PlannedStory(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole story, cue by cue, at the end of a section."""

    section: Id = ""
    story: Id = ""


class PlannedCue(PlannedStory, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scene or a question of one of the session's stories, at the end of a section."""

    kind: Annotated[
        str, one_of([ItemKind.SCENE, "replay", ItemKind.QUESTION, ItemKind.AGAIN], "What of the story it is.")
    ] = ""
    scene: Annotated[str, text(MOST_QUESTION, "The name of the scene.")] = ""
    method: Method = ""


class PlannedNote(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words for every screen, at the end of a section."""

    section: Id = ""
    words: Annotated[str, text(cues.MOST_NOTE, "As “Break”.")] = ""


class PlannedQuestion(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question of the organisers' own, at the end of a section."""

    section: Id = ""
    question: Annotated[str, text(MOST_QUESTION, "The question.")] = ""
    answers: Annotated[tuple[str, ...], field("The answers that people choose from.", "response")] = ()
    none: Annotated[bool, field("Whether “none of these” is an answer too.")] = False
    method: Method = ""


class RemovedCue(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cue that is taken out of a programme."""

    id: Id = ""


class PutScene(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scene of a story of the session, for every screen."""

    story: Annotated[str, text(MOST_ID, "The id of the story.", "scenario")] = ""
    scene: Annotated[str, text(MOST_QUESTION, "The name of the scene.")] = ""
    replay: Annotated[bool, field("Whether it is played again, with the room stepping in.")] = False


class AskedTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people vote on a question, and what is declared before."""

    method: Method = ""
    quorum: Annotated[int, field("How many must vote for the vote to count; 0 for no such number.")] = 0
    quorum_each: Annotated[int, field("How many of every group that is shown must vote.")] = 0
    live: Annotated[bool, field("Whether the head count is shown while the vote is open.")] = False


class PutQuestion(AskedTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The question of a scene, for every screen, with how people vote on it."""

    story: Annotated[str, text(MOST_ID, "The id of the story.", "scenario")] = ""
    scene: Annotated[str, text(MOST_QUESTION, "The name of the scene.")] = ""


class AskedQuestion(AskedTerms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question of the facilitator's own, for every screen, with how people vote on it."""

    question: Annotated[str, text(MOST_QUESTION, "The question.")] = ""
    answers: Annotated[tuple[str, ...], field("The answers that people choose from.", "response")] = ()
    none: Annotated[bool, field("Whether “none of these” is an answer too.")] = False


class ShownNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words for every screen."""

    words: Annotated[str, text(cues.MOST_NOTE, "As “Break”.")] = ""


class NextCue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step to a cue of the programme; where the room has gone on from `after` meanwhile, nothing is put up."""

    item: Id = ""
    after: Annotated[str, text(MOST_ID, "The id of the cue before it; empty where none was put up.")] = ""


class Annulled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for annulling a vote."""

    because: Annotated[str, text(facilitation.MOST_BECAUSE, "Why. Everybody reads it, and the record keeps it.")] = ""


class AskedAlone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question of a public story that people answer on their own, for some days."""

    title: Annotated[str, text(made.MOST_TITLE, "Its title.")] = ""
    story: Id = ""
    scene: Annotated[str, text(MOST_QUESTION, "The name of the scene with the question.")] = ""
    day: Day = ""
    time: Annotated[str, text(MOST_DAY, "When it closes on that day, as 18:00.")] = ""
    rehearsal: Annotated[bool, field("Whether it is for practice: nothing of it enters the record.")] = False
    no_receipts: Annotated[bool, field("Whether nobody is given a receipt of their ballot.")] = False


class MoreTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A later end of a question that people answer on their own."""

    day: Day = ""
    time: Annotated[str, text(MOST_DAY, "When it closes on that day, as 18:00.")] = ""


class AskedWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that is told of events of a commission."""

    url: Annotated[str, text(webhooks.MOST_URL, "The address.")] = ""
    events: Annotated[tuple[str, ...], field(f"Some of {', '.join(HookEvent)}.", "event")] = ()
