"""Stories: drafts and versions, suggestions, moderation, the library, and evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from forum.stories.draft import Draft
from forum.stories.evidence_files import Checked
from forum.stories.moderation import Act, Appeal, Evidence, Report, ReportAnswer
from forum.stories.search_terms import Offered, Shelf, Wanted
from forum.stories.submission import Kept, Submission, Version
from forum.stories.suggestion import Suggestion


class Stories(Protocol):
    """Stories of every status."""

    async def add_story(self, story: Submission) -> bool:
        """Adds a story. Returns False, and stores nothing, where its private link is taken."""

    async def get_story(self, story: str, *, lock: bool = False) -> Submission:
        """Returns a story. `lock` keeps every other unit of work from changing it until this one ends. Raises
        NotFound.
        """

    async def by_link(self, link: str, *, lock: bool = False) -> Submission:
        """Returns the story whose private link has this key (a SHA-256); `lock` as in `get_story`. Raises NotFound."""

    async def save_story(self, story: Submission, expected_status: str) -> None:
        """Writes everything of a story except its private link and its writer's permissions.

        Raises IllegalMove where its status is no longer `expected_status` (somebody else was faster), or where it would
        become accepted and its writer does not allow publication.
        """

    async def allow(self, story: Submission) -> None:
        """Writes only the three permissions (`may_...`). Raises IllegalMove where the stored status is not that of
        `story`.
        """

    async def relink(self, old: str, new: str) -> None:
        """Replaces the private link `old` (a SHA-256) by `new`; "" is no link. Raises NotFound where no story has the
        old one.
        """

    async def newest_public(self, most: int) -> list[Submission]:
        """Returns the newest public stories, newest first; none of a rehearsal or a draft."""

    async def list_stories(
        self, commission: str | None = None, status: str | None = None, newest: int | None = None
    ) -> list[Submission]:
        """Returns stories, oldest first; only those of a commission or with a status where given, and only so many of
        the newest."""

    async def titles(self, stories: Collection[str]) -> dict[str, str]:
        """Returns the titles of those of these stories that are public, by id."""

    async def some_stories(self, stories: Collection[str]) -> list[Submission]:
        """Returns these stories in the order in which they are asked for; unknown ids are left out."""

    async def public_of(self, commission: str) -> dict[str, tuple[str, str | None]]:
        """Returns the title and the group of the writer of each public story of a commission, by its id, the oldest
        first."""

    async def queue(
        self,
        within: Collection[str] | None,
        *,
        status: str | None = None,
        only: Collection[str] | None = None,
        but: Collection[str] = (),
        start: int = 0,
        most: int | None = None,
    ) -> tuple[list[Submission], int]:
        """Returns stories of these commissions (None: all), those sent first first, `most` of them from `start` on; and
        how many there are. With a `status`, `only` those with these ids, and none of `but`.
        """

    async def revised(self) -> list[Submission]:
        """Returns the accepted stories with a new version that waits for a moderator, the longest waiting first."""


class Drafts(Protocol):
    """Drafts of stories with their versions, and suggestions for them."""

    async def open_draft(self, story: str, draft: Draft, at: str) -> bool:
        """Opens a draft. Returns False, and stores nothing, where the story has one."""

    async def get_draft(self, story: str, *, lock: bool = False) -> Draft:
        """Returns a story's draft. `lock` keeps every other unit of work from changing it until this one ends. Raises
        NotFound.
        """

    async def save_draft(self, story: str, draft: Draft, at: str) -> None:
        """Writes a changed draft. Raises NotFound."""

    async def step(self, story: str) -> str:
        """Returns the page on which a story's writer was last, "" for none. Raises NotFound."""

    async def save_step(self, story: str, step: str) -> None:
        """Writes down the page on which a story's writer is. Raises NotFound."""

    async def versions(self, story: str) -> list[Version]:
        """Returns the versions of a story, oldest first."""

    async def history(self, story: str) -> list[Kept]:
        """Returns the versions of a story without their words, oldest first."""

    async def version(self, story: str, number: int) -> Version:
        """Returns a version exactly as it was put, whatever was put or dropped since. Raises NotFound."""

    async def last_version(self, story: str) -> Version | None:
        """Returns the newest version, or None."""

    async def put_version(self, version: Version) -> None:
        """Stores a version and replaces the one with the same number, which the writer has gone on editing."""

    async def sizes(self, story: str) -> dict[int, int]:
        """Returns the stored size of each version in characters, by number. Dropping a version may enlarge another."""

    async def drop_versions(self, story: str, numbers: Collection[int]) -> None:
        """Deletes these versions."""

    async def build_key(self, story: str) -> str:
        """Returns the key of the build link, "" where the story is not shared. Raises NotFound."""

    async def share(self, story: str, key: str) -> None:
        """Sets the key of the build link; "" removes the link. Raises NotFound."""

    async def by_build_key(self, key: str) -> str:
        """Returns the id of the story whose build link has this key. Raises NotFound."""

    async def suggest(self, suggestion: Suggestion) -> bool:
        """Adds a suggestion. Returns False, and stores nothing, where its id is taken."""

    async def suggestion(self, suggestion: str) -> Suggestion:
        """Returns a suggestion. Raises NotFound."""

    async def suggestions(self, story: str) -> list[Suggestion]:
        """Returns the suggestions for a story, oldest first."""

    async def proposed(self) -> dict[str, str]:
        """Returns the time of the newest question that waits for an answer, by the id of its story."""

    async def agree(self, suggestion: str, agreed: str, by: str) -> None:
        """Writes down that a moderator (`by`) agrees to the story of this fingerprint with the question. Raises
        IllegalMove where the suggestion was answered already.
        """

    async def answer(self, suggestion: Suggestion) -> None:
        """Writes outcome, reason and time of the answer. Raises IllegalMove where the suggestion was answered
        already.
        """

    async def erase_story(self, story: str) -> None:
        """Deletes the draft, all versions and all suggestions of a story."""


class Moderation(Protocol):
    """Moderators' acts, writers' appeals and readers' reports."""

    async def add_act(self, act: Act) -> None:
        """Adds an act."""

    async def list_acts(self, story: str) -> list[Act]:
        """Returns the acts on a story, oldest first."""

    async def log(self, start: int = 0, most: int = 50) -> list[Act]:
        """Returns up to `most` acts that stand in the record, newest first, after skipping `start`."""

    async def count_acts(self) -> int:
        """Returns how many acts stand in the record."""

    async def add_appeal(self, appeal: Appeal) -> bool:
        """Adds an appeal. Returns False, and stores nothing, where there was one against this act before."""

    async def appeals(self, story: str | None = None) -> list[Appeal]:
        """Returns the appeals of one story, or all that are unanswered; oldest first."""

    async def answer_appeal(self, appeal: Appeal) -> None:
        """Writes outcome, reason, moderator and time. Raises IllegalMove where the appeal was answered already."""

    async def add_report(self, report: Report) -> bool:
        """Adds a report. Returns False where its id is taken."""

    async def reports(self, story: str | None = None) -> list[Report]:
        """Returns the reports on one story, or all that are unanswered; oldest first."""

    async def answer_reports(self, story: str, ids: Sequence[str], answer: ReportAnswer, at: str) -> None:
        """Writes the answer to these reports. Raises IllegalMove where one is missing, another story's, or answered
        already.
        """

    async def erase_story(self, story: str) -> None:
        """Deletes every word about a story: reasons, appeals, reports. What was done, and when, stays."""


class Library(Protocol):
    """Accepted stories, searched by words and filtered by subject.

    The library follows `stories` in the same unit of work: a story is in it exactly while its status is "accepted".
    Words are compared as stories/search_terms.py folds them (no case, no accents), as whole words or as the beginning
    of one. A story with the words in its title comes before one with them in its text.
    """

    async def find(self, wanted: Wanted, *, start: int = 0, most: int = 10) -> Shelf:
        """Returns the matching stories: best match first where words are given, else newest first. Never raises for any
        input.
        """

    async def offered(self) -> Offered:
        """Returns the groups and content notes that accepted stories can be filtered by."""


class Evidences(Protocol):
    """Links and files beside stories, with the files' content."""

    async def add_evidence(self, item: Evidence, content: bytes = b"") -> None:
        """Adds a link or a file. Raises BadInput(field="item") where the id is taken."""

    async def get_evidence(self, item: str) -> Evidence:
        """Returns a piece of evidence without its content. Raises NotFound."""

    async def content(self, item: str) -> bytes:
        """Returns a file's bytes. Raises NotFound for a link, and for a file that is no longer kept."""

    async def list_evidence(self, story: str) -> list[Evidence]:
        """Returns the evidence of a story in the order it was added."""

    async def waiting(self) -> Mapping[str, int]:
        """Returns how many pieces wait for a moderator, by story id; the longest waiting story first."""

    async def save_evidence(self, item: Evidence, before: Evidence) -> None:
        """Writes changed evidence; declined evidence loses its content and url. Raises IllegalMove where it was shown
        or declined since `before` was read.
        """

    async def remove_evidence(self, item: str) -> None:
        """Deletes one piece of evidence with its content."""

    async def erase_story(self, story: str) -> None:
        """Deletes all evidence of a story with its content."""


class CheckFile(Protocol):
    """Checks a file of evidence where it can hold nobody else up, however long its sender made it take."""

    async def __call__(self, content: bytes) -> Checked:
        """Returns the file as it may be kept: a PDF unchanged, a picture redrawn. Raises BadInput(field="file") for
        what is neither or takes too long, TooMany where many wait already."""
        ...
