"""Types of what moderators' writes take: the fields of the pages' forms, as in asked.py."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from forum.services import minority_statements
from forum.services.stories import appeals_and_reports, evidence, moderation
from forum.stories import scenario
from forum.stories.submission import StoryStatus
from forum.web.api.asked import MOST_ID, Id
from forum.web.api.bodies import field, one_of, text

_READ = text(MOST_ID, "The value `read` of the text that was read.")


class Moderated(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moderator's act on a story. Where its state or its text is another one than was read, nothing is done."""

    act: Annotated[str, one_of(moderation.ACTIONS, "What is done with it.", "action")]
    state: Annotated[str, one_of([*StoryStatus], "The state that it was read in.", "expected")]
    read: Annotated[str, _READ]
    because: Annotated[str, text(moderation.MAX_REASON, "Why. Its writer reads it.")] = ""
    public: Annotated[bool, field("Whether everybody may read the reason.")] = False
    reports: Annotated[tuple[str, ...], field("Ids of the reports that are answered by it.", "report")] = ()


class AnsweredAppeal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to a writer's appeal."""

    appeal: Annotated[str, text(MOST_ID, "The id of the appeal that was read.")]
    answer: Annotated[str, one_of(appeals_and_reports.OUTCOMES, "Whether what was done stands.", "outcome")] = ""
    why: Annotated[str, text(appeals_and_reports.MAX_REASON, "Why. Its writer reads it.")] = ""
    public: Annotated[bool, field("Whether everybody may read the reason.", "public_why")] = False


class ModeratedEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moderator's act on a piece of evidence."""

    read: Annotated[str, _READ]
    act: Annotated[str, one_of(evidence.ACTIONS, "Whether everybody sees it.", "action")] = ""
    because: Annotated[str, text(evidence.MAX_REASON, "Why it is declined. Its writer reads it.")] = ""


class ProposedQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question for a story that waits for one. Its writer says yes or no to it."""

    read: Annotated[str, _READ]
    question: Annotated[str, text(scenario.MAX_QUESTION, "The question.", "title")] = ""
    answers: Annotated[tuple[str, ...], field("The answers that people choose from.", "words")] = ()
    agree: Annotated[bool, field("Whether the story is public as soon as its writer says yes.", "agreed")] = False


class AgreedQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proposed question that a moderator agrees to."""

    read: Annotated[str, _READ]
    proposal: Id = ""


class ReadPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moderator's act on a pledge of help."""

    act: Annotated[str, one_of(("publish", "decline"), "Whether everybody reads it.")] = ""


class PublishedStatement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of a group's statement that are published."""

    read: Annotated[str, _READ]


class ReturnedStatement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for returning a group's statement."""

    read: Annotated[str, _READ]
    because: Annotated[str, text(minority_statements.MOST_BECAUSE, "What to change. The group reads it.")] = ""
