"""What of a commission's timeline a reader asked for: by kind, stage, group, status, days and words; a page of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from forum.ports import Work
from forum.ports.result_cache import Drawn
from forum.services.timelines import STORY, Step

# Steps whose words are searched, the newest; and how many are read at once.
MOST_SEARCHED = 1000
_PIECE = 20
# Characters of searched words that are kept, of all commissions.
MOST_KEPT = 4 * 1024 * 1024
_BETWEEN = "\x1e"


class Asked(msgspec.Struct, frozen=True):
    """A choice on a timeline; what is "" chooses nothing. `since` and `until` are ISO dates, `group` a group's id."""

    words: str = ""
    kind: str = ""
    stage: str = ""
    group: str = ""
    status: str = ""
    since: str = ""
    until: str = ""


Words = Callable[[Sequence[int]], Awaitable[Sequence[str]]]


async def chosen(
    work: Work,
    steps: Sequence[Step],
    asked: Asked,
    public: Mapping[str, tuple[str, str | None]],
    words: Words,
    follows_from: object,
) -> list[Step]:
    """Returns the steps that were asked for, newest first.

    A story that is not `public` (title and group by id) does not stand there; to a group belong the stories that it
    told and what goes back to them. Words are looked for in the newest MOST_SEARCHED steps: `words` gives each entry's
    text by index, which stays the same as long as `follows_from` does.
    """
    found = [one for one in reversed(steps) if _fits(one, asked, public)]
    looked_for = asked.words.casefold().split()
    if looked_for:
        found = found[:MOST_SEARCHED]
        texts = await _texts(work, steps, words, follows_from)
        found = [one for one in found if all(word in texts.get(one.index, "") for word in looked_for)]
    return found


def _fits(step: Step, asked: Asked, public: Mapping[str, tuple[str, str | None]]) -> bool:
    if step.kind == STORY and step.story not in public:
        return False
    if asked.group and public.get(step.story or "", ("", None))[1] != asked.group:
        return False
    alike = ((asked.kind, step.kind), (asked.stage, step.stage), (asked.status, step.status))
    if any(wanted not in ("", there) for wanted, there in alike):
        return False
    return asked.since <= step.day and (not asked.until or step.day <= asked.until)


async def _texts(work: Work, steps: Sequence[Step], words: Words, follows_from: object) -> dict[int, str]:
    newest = [one.index for one in steps[-MOST_SEARCHED:]]

    async def made() -> Drawn:
        texts: list[str] = []
        for start in range(0, len(newest), _PIECE):
            texts += [text.replace(_BETWEEN, " ") for text in await words(newest[start : start + _PIECE])]
            await asyncio.sleep(0)
        return Drawn(_BETWEEN.join(texts))

    # Kept as what is drawn from stories is: forgotten whenever one is withdrawn.
    kept = await work.remembered.of(Drawn, MOST_KEPT, ("timeline", follows_from), made, len)
    return dict(zip(newest, kept.split(_BETWEEN), strict=False))
