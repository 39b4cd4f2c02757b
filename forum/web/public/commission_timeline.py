"""The timeline of a commission as readers choose from it in the address: the same for its page and its feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request

from forum.ports import Work
from forum.services.commission_timeline import Asked, chosen
from forum.services.form_errors import is_day
from forum.services.record_cache import Contents
from forum.services.timelines import Step
from forum.voting.commission import Commission
from forum.web.i18n.gettext import language
from forum.web.public.record_words import Read, in_words, read_entries
from forum.web.words.entries import words_of
from forum.web.words.entry_words import EntryWords

FIELDS = ("words", "kind", "stage", "group", "status", "since", "until")
_MOST_TYPED = 200


class Line(msgspec.Struct, frozen=True):
    """A step of the timeline as readers see it: the facts of its entry, and these in words."""

    facts: Mapping[str, Any]
    words: EntryWords

    @property
    def index(self) -> int:
        """Returns the index of its entry."""
        return int(self.facts["index"])

    @property
    def at(self) -> str:
        """Returns the time of its entry."""
        return str(self.facts["at"])


def typed_in(request: Request) -> dict[str, str]:
    """Returns what an address chooses of a timeline, by FIELDS, "" for nothing; days that are none are left out."""
    typed = {name: _clean(request.query_params.get(name, "")) for name in FIELDS}
    return typed | {name: typed[name] if is_day(typed[name]) else "" for name in ("since", "until")}


def _clean(value: str) -> str:
    """Returns a parameter of an address as text that can be shown and compared; cut where it is too long."""
    return " ".join(value[:_MOST_TYPED].replace("\0", " ").encode("utf-8", "replace").decode().split())


def steps_of(contents: Contents, about: Commission, size: int) -> list[Step]:
    """Returns the steps of a commission's timeline in a record of this size, oldest first."""
    # Another request may have read further than this one's snapshot reaches.
    return [one for one in contents.timelines.of.get(about.id, ()) if one.index < size]


async def found_steps(
    work: Work,
    contents: Contents,
    about: Commission,
    steps: Sequence[Step],
    public: Mapping[str, tuple[str, str | None]],
    typed: Mapping[str, str],
) -> list[Step]:
    """Returns the steps that were chosen, newest first. `public` are the commission's public stories, as
    `public_of` gives them."""

    async def words(indexes: Sequence[int]) -> list[str]:
        told = await in_words(work, contents, await work.record.entries_at(indexes))
        texts = {facts["index"]: [words.sentence, *(text for _, text in words.details)] for words, facts in told}
        return ["\n".join(texts.get(index, ())).casefold() for index in indexes]

    key = (about.id, len(steps), steps[-1].index if steps else -1, len(contents.erased), len(contents.held.grounds))
    return await chosen(work, steps, Asked(**typed), public, words, (*key, language().code))


async def lines(work: Work, contents: Contents, steps: Sequence[Step]) -> list[Line]:
    """Returns steps as readers see them, in their order."""
    return lines_among(steps, await read_entries(work, contents, [one.index for one in steps]))


def lines_among(steps: Sequence[Step], read: Read) -> list[Line]:
    """Returns steps as readers see them, in their order, from the entries among `read`."""
    return [Line(read[one.index][0], words_of(*read[one.index])) for one in steps if one.index in read]
