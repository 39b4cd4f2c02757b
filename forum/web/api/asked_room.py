"""Types of what writes about votes before they are opened, programmes and other sites take: the fields of the pages'
forms, as in asked.py."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Struct

from forum.services import embeds
from forum.services.sessions import care
from forum.voting.easy_read import EASY
from forum.web.api.asked import MOST_ID, MOST_QUESTION, Id, SeenProgramme
from forum.web.api.bodies import field, text


class LeftOut(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer that is left out of a question."""

    answer: Annotated[str, text(MOST_ID, "The id of the answer.", "response")]


class AskedWording(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question in other words; without any, those of this kind go."""

    kind: Annotated[str, text(MOST_ID, f"“{EASY}” for easy words, or a language, as “cy”.")] = ""
    question: Annotated[str, text(MOST_QUESTION, "The question.")] = ""
    answers: Annotated[dict[str, str], field("The words of each answer, by its id.", "label-")] = msgspec.field(
        default_factory=dict
    )


class SaidTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time that people may take. It closes no vote."""

    minutes: Annotated[int, field(f"One of {', '.join(map(str, care.MINUTES))}; 0 to say nothing of it.")]


class Badges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether badges are off: then nothing is shown by group, until they are on again."""

    off: bool


class MovedSection(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of a programme, moved one place."""

    id: Id = ""
    down: Annotated[bool, field("Whether it goes down, not up.")] = False


class RemovedSection(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section that is taken out of a programme."""

    id: Id = ""


class PutCue(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another place of a cue in a programme."""

    id: Id = ""
    section: Id = ""
    before: Annotated[str, text(MOST_ID, "The id of the cue that comes after it; empty for the end.")] = ""


class Undone(SeenProgramme, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The latest change of a programme, which is undone."""


class AskedSites(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All sites that may show results: those that are not among them may not any more."""

    addresses: Annotated[tuple[str, ...], field(f"At most {embeds.MOST_ADDRESSES}, as “https://www.example.org”.")]
