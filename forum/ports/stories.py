"""Stories, their drafts, what moderators did, the library, and evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from forum.stories.draft import Draft
from forum.stories.moderation import Act, Appeal, Evidence, Report
from forum.stories.search_terms import Offered, Shelf, Wanted
from forum.stories.submission import Kept, Submission, Version
from forum.stories.suggestion import Suggestion


class Stories(Protocol):
    """Stories, whatever their status."""

    async def add_story(self, story: Submission) -> bool:
        """False, and nothing is kept, where there is one with this private link."""
        ...

    async def get_story(self, story: str, *, lock: bool = False) -> Submission:
        """`lock` keeps every other unit of work from changing it until this one ends."""

    async def by_link(self, link: str, *, lock: bool = False) -> Submission:
        """By the SHA-256 of the private link's key; `lock` as in `get`."""
        ...

    async def save_story(self, story: Submission, expected_status: str) -> None:
        """All but its link and what its writer allows. Raises IllegalMove where the story's status is no longer
        `expected_status` (somebody was faster), or it would be accepted and its writer does not allow that."""

    async def allow(self, story: Submission) -> None:
        """Writes the three `may_` alone. Raises IllegalMove where the story's status is another than `story` has."""

    async def relink(self, old: str, new: str) -> None:
        """The private link `old` (a SHA-256) is dead from now on, and `new` in its place; "" is no link at all. Raises
        NotFound where no story has the old one."""

    async def list_stories(self, commission: str | None = None, status: str | None = None) -> list[Submission]:
        """Oldest first."""

    async def statuses(self, stories: Collection[str]) -> dict[str, str]:
        """The status of those of them that there are, by id."""
        ...

    async def revised(self) -> list[Submission]:
        """The public ones of which a new version waits to be read; the longest waiting first."""
        ...


class Drafts(Protocol):
    """Drafts of stories with their versions, and what others suggest for them."""

    async def open_draft(self, story: str, draft: Draft, at: str) -> bool:
        """Opens a draft; False, and nothing is kept, where the story has one."""
        ...

    async def get_draft(self, story: str, *, lock: bool = False) -> Draft:
        """`lock` keeps every other unit of work from changing it until this one ends."""
        ...

    async def save_draft(self, story: str, draft: Draft, at: str) -> None: ...
    async def versions(self, story: str) -> list[Version]:
        """Oldest first."""
        ...

    async def history(self, story: str) -> list[Kept]:
        """Every version without its words, oldest first."""
        ...

    async def version(self, story: str, number: int) -> Version:
        """Exactly as it was put, whatever was put and dropped since."""
        ...

    async def last_version(self, story: str) -> Version | None: ...
    async def put_version(self, version: Version) -> None:
        """Keeps it; one with its number, which its writer has gone on from, is replaced."""

    async def sizes(self, story: str) -> dict[int, int]:
        """How much each version of a story takes as it is kept, in characters, by its number; dropping one may make
        another larger."""
        ...

    async def drop_versions(self, story: str, numbers: Collection[int]) -> None:
        """Deletes these versions."""

    async def build_key(self, story: str) -> str:
        """The key of the build link; "" where the story is not shared."""
        ...

    async def share(self, story: str, key: str) -> None:
        """The build link has this key from now on; "" is no link."""

    async def by_build_key(self, key: str) -> str:
        """The id of the story that this build link leads to."""
        ...

    async def suggest(self, suggestion: Suggestion) -> bool:
        """False, and nothing is kept, where there is one with this id."""
        ...

    async def suggestion(self, suggestion: str) -> Suggestion: ...
    async def suggestions(self, story: str) -> list[Suggestion]:
        """Oldest first."""
        ...

    async def answer(self, suggestion: Suggestion) -> None:
        """Keeps outcome, reason and when. Raises IllegalMove where it was answered already."""

    async def erase_story(self, story: str) -> None:
        """Deletes the draft, all versions and all suggestions of a story."""


class Moderation(Protocol):
    """What moderators did, what writers appealed against, what readers reported."""

    async def add_act(self, act: Act) -> None: ...
    async def list_acts(self, story: str) -> list[Act]:
        """Oldest first."""

    async def log(self, start: int = 0, most: int = 50) -> list[Act]:
        """The acts that stand in the record, newest first, without the first `start` of them."""

    async def count_acts(self) -> int:
        """How many acts stand in the record."""

    async def add_appeal(self, appeal: Appeal) -> bool:
        """False, and nothing is kept, where there was an appeal against this act before."""

    async def appeals(self, story: str | None = None) -> list[Appeal]:
        """Those of one story, or all that nobody has answered; oldest first."""

    async def answer_appeal(self, appeal: Appeal) -> None:
        """Keeps outcome, reason, who and when. Raises IllegalMove where it was answered already."""

    async def add_report(self, report: Report) -> bool:
        """False where there is a report with this id already."""

    async def reports(self, story: str | None = None) -> list[Report]:
        """Those of one story, or all that nobody has answered; oldest first."""

    async def answer_reports(self, story: str, ids: Sequence[str], answer: str, at: str) -> None:
        """Raises IllegalMove where one of them is not there, another story's, or answered already."""

    async def erase_story(self, story: str) -> None:
        """Takes every word about a story out: reasons, appeals, reports. What was done, and when, stays."""


class Library(Protocol):
    """The accepted stories, found by words and by what they are about.

    It follows `stories` by itself, in the same unit of work: a story is here exactly while its status is "accepted".
    Words are compared as search_terms.py folds them (no case, no accents), whole or as the beginning of a word; a story
    that has them in its title comes before one that has them in its text.
    """

    async def find(self, wanted: Wanted, *, start: int = 0, most: int = 10) -> Shelf:
        """From the best fit on where words are looked for, else the newest first; never raises for what was typed."""
        ...

    async def offered(self) -> Offered: ...


class Evidences(Protocol):
    """Links and files beside stories, with the files' content."""

    async def add_evidence(self, item: Evidence, content: bytes = b"") -> None:
        """Raises BadInput(field="item") where the id is another's."""

    async def get_evidence(self, item: str) -> Evidence: ...
    async def content(self, item: str) -> bytes:
        """Raises NotFound for a link, and for a file that is no longer kept."""
        ...

    async def list_evidence(self, story: str) -> list[Evidence]:
        """In the order in which it was added."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """How many pieces no moderator has dealt with, by story id; the story that waits longest first."""
        ...

    async def save_evidence(self, item: Evidence, before: Evidence) -> None:
        """Raises IllegalMove where it is no longer as `before`. What was declined loses its content and its url."""

    async def remove_evidence(self, item: str) -> None: ...
    async def erase_story(self, story: str) -> None:
        """Deletes all evidence of a story, content and all."""
