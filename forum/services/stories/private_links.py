"""Private links of stories: replace one, or switch it off for good; both erase the e-mail address left on its page."""

from __future__ import annotations

from forum.errors import BadInput, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services import noticed, scrub
from forum.services.keys import digest, is_key
from forum.stories.submission import Submission

_DEAD = "dead link %s"


async def replace_link(store: Store, clock: Clock, key: str, new: str, noticed_secret: bytes) -> None:
    """Gives a story a new private link; the old one stops working immediately, and so do the links with which whoever
    had it answered whether a promise was noticed (`noticed_secret` is what those are made with).

    It erases an e-mail address left on the story's page, as anybody with the old link may have left it. `new` is a
    key made by `keys.new_key` when the page was shown, so that nobody loses a story with a lost answer. Raises
    NotFound for an unknown key, BadInput(field="new") for a `new` that is no key or in use.
    """
    async with store.begin() as work:
        if not is_key(new) or await _is_link(work, new):
            raise BadInput("This new link cannot be used. Here is another one.", field="new")
        story = await work.stories.by_link(digest(key), lock=True)
        await work.stories.relink(story.link, digest(new))
        await noticed.end_storytellers_links(work, clock, noticed_secret, story.id, key)
        await _end(work, story, clock.now())
    await scrub.scrub(store)


async def revoke_link(store: Store, clock: Clock, key: str) -> None:
    """Switches a private link off for good, and erases an e-mail address left on the story's page. Raises NotFound."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key))
        await work.stories.relink(story.link, "")
        await _end(work, story, clock.now())
    await scrub.scrub(store)


async def is_dead(work: Work, link: str) -> bool:
    """Tells whether a story once had this private link (given by its SHA-256).

    No other story may begin under it: somebody who still has the link could put words where its writers will look.
    """
    return await work.facts.get_fact(_DEAD % link) is not None


async def bury(work: Work, link: str, at: str) -> None:
    """Notes that a private link (given by its SHA-256) is dead from now on."""
    await work.facts.set_fact(_DEAD % link, at)


async def _end(work: Work, story: Submission, at: str) -> None:
    """Notes that the story's link of until now is dead, and erases the e-mail address left on its page."""
    await bury(work, story.link, at)
    if await work.mail.erase_story(story.id):
        await scrub.to_do(work, at)


async def has_link(store: Store, key: str) -> bool:
    """Tells whether a private link with this key leads to a story."""
    async with store.read() as work:
        return await _is_link(work, key)


async def _is_link(work: Work, key: str) -> bool:
    try:
        await work.stories.by_link(digest(key))
    except NotFound:
        return False
    return True
