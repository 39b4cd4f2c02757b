"""Evidence beside a story: links and files that its writer adds, and that a moderator reads before it is shown.

Files are kept in the database, not in a folder beside it: one backup holds everything, a file exists exactly when its
row does, and taking a story back deletes its files in the same unit of work.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from urllib.parse import urlsplit

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import within
from forum.ports.stories import CheckFile
from forum.services.form_errors import NO_READ
from forum.services.keys import digest
from forum.services.sent_before import SEND_ONCE_MORE, changed, unchanged
from forum.services.stories.moderation import log_act
from forum.services.stories.submissions import must_be_sent
from forum.stories.moderation import Evidence, ModerationAction
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import line, upright

MAX_ITEMS = 10
MAX_TITLE = 120
MAX_URL = 1000
MAX_REASON = 1000


class EvidenceAnswer(StrEnum):
    """Answers of a moderator to a piece of evidence, as the form names them."""

    SHOW = "show"
    DECLINE = "decline"


ACTIONS = tuple(EvidenceAnswer)


ACTS = {
    EvidenceAnswer.SHOW: ModerationAction.SHOWED_EVIDENCE,
    EvidenceAnswer.DECLINE: ModerationAction.DECLINED_EVIDENCE,
}
LINK = "link"

_ID = re.compile(r"[0-9a-f]{32}")
_OTHER_PIECE = "Its writer put another piece in its place meanwhile, so nothing was done. Look at it, and choose again."
_NOT_A_LINK = (
    "This is not a link to a page. It begins with https:// or http://. Copy it from your browser's address bar."
)


def new_id() -> str:
    """Returns the id of a new piece of evidence; made when the form is shown, so that the form sent twice adds one
    piece."""
    return secrets.token_hex(16)


def host_of(url: str) -> str:
    """Returns the host of a link in ASCII, so that look-alike letters cannot deceive a reader (RFC 5890 A-labels)."""
    host = urlsplit(url).hostname or ""
    return host if host.isascii() else host.encode("idna").decode()


def link(url: str) -> str:
    """Returns a link as it is kept. Raises BadInput(field="url") where it is not http or https, or hides where it
    leads."""
    url = url.strip()
    if not url:
        raise BadInput("Give a link, or choose a file.", field="url")
    if len(url) > MAX_URL:
        raise BadInput("Use at most %(most)s characters for the link.", field="url", most=MAX_URL)
    try:
        parts = urlsplit(url)
        host = host_of(url) if parts.port != 0 else ""
    except ValueError as error:
        raise BadInput(_NOT_A_LINK, field="url") from error
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9.:\[\]-]+", host, re.IGNORECASE):
        raise BadInput(_NOT_A_LINK, field="url")
    if parts.username is not None or parts.password is not None:
        raise BadInput("This link has a name or a password in it. Leave that out.", field="url")
    if not url.isprintable() or re.search(r"[\s\\<>\"]", url):
        raise BadInput(_NOT_A_LINK, field="url")
    return url


async def add_link(store: Store, clock: Clock, key: str, *, title: str, url: str, item: str = "") -> Evidence:
    """Adds a link, by the key of the story's private link.

    Raises NotFound for an unknown key, BadInput (fields "title", "url"), IllegalMove where there are MAX_ITEMS
    already or the story was taken back.
    """
    url = link(url)
    return await _add(store, clock, key, titled(title) or host_of(url), item, LINK, url=url)


async def add_file(
    store: Store, clock: Clock, check: CheckFile, key: str, *, title: str, content: bytes, item: str = ""
) -> Evidence:
    """Adds a file: a PDF, or a picture, which is encoded anew. Raises as `add_link` does, and
    BadInput(field="file")."""
    title = titled(title)
    if not title:
        raise BadInput("Say what the file shows. Those who cannot see it read this.", field="title")
    file = await check(content)
    return await _add(store, clock, key, title, item, file.media, content=file.content)


async def remove(store: Store, key: str, item: str) -> None:
    """Deletes a piece of evidence, by the key of the story's private link. Raises NotFound."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        await _piece_of(work, story.id, item)
        await work.evidence.remove_evidence(item)


async def fingerprint(work: Work, piece: Evidence) -> str:
    """Returns the SHA-256 (hex) of all that a moderator sees of a piece, with its file, so that another piece under
    the same id cannot be shown in the place of the one that was read."""
    seen = json.dumps([piece.kind, piece.title, piece.url, piece.size, piece.added_at]).encode()
    content = b"" if piece.kind == LINK or piece.declined_at else await work.evidence.content(piece.id)
    return await within(len(content), _digest, seen, content)


def _digest(seen: bytes, content: bytes) -> str:
    return hashlib.sha256(hashlib.sha256(seen).digest() + content).hexdigest()


async def moderate(
    store: Store, clock: Clock, story_id: str, item: str, action: str, *, read: str, because: str = "", by: str = ""
) -> Evidence:
    """Shows a piece of evidence beside the story (SHOW), or declines it with a reason (DECLINE), for a moderator who
    read the piece of the fingerprint `read`.

    A declined file is deleted at once; its writer reads the reason. Raises NotFound, BadInput(field="because" or
    "action"), IllegalMove where another moderator was faster, or another piece is in its place by now.
    """
    because = upright(because)
    if action not in ACTIONS:
        raise BadInput("Choose whether to show or to decline it.", field="action")
    if action == EvidenceAnswer.DECLINE and not because:
        raise BadInput("Say why you decline it. Its writer reads this.", field="because")
    if len(because) > MAX_REASON:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MAX_REASON)
    async with store.begin() as work:
        story = must_be_sent(await work.stories.get_story(story_id, lock=True))
        before = await _piece_of(work, story_id, item)
        if before.declined_at or (before.shown_at and action == EvidenceAnswer.SHOW):
            raise IllegalMove("Another moderator has dealt with this already. Nothing was changed.")
        if not read:
            raise IllegalMove(NO_READ)
        if read != await fingerprint(work, before):
            raise IllegalMove(_OTHER_PIECE)
        at = clock.now()
        if action == EvidenceAnswer.SHOW:
            after = replace(before, shown_at=at)
        else:
            after = replace(before, shown_at="", declined_at=at, because=because)
        await work.evidence.save_evidence(after, before)
        await log_act(work, story, ACTS[EvidenceAnswer(action)], at, because=because, by=by)
    return after


async def shown(work: Work, story: Submission) -> Sequence[Evidence]:
    """Returns the evidence that everybody may see: shown by a moderator, beside a story that is public."""
    if story.status != StoryStatus.ACCEPTED:
        return []
    return [piece for piece in await work.evidence.list_evidence(story.id) if piece.shown_at]


async def put(work: Work, story: str, made: Evidence, content: bytes = b"") -> Evidence:
    """Puts a piece beside a story and returns it; the same with the same id is put there once.

    Raises IllegalMove where there are MAX_ITEMS already, or another piece, or one that was declined, has its id
    (SentBefore).
    """
    pieces = await work.evidence.list_evidence(story)
    sent = next((piece for piece in pieces if piece.id == made.id), None)
    if sent is not None:
        # Of a piece that was declined the link or the file is gone: nobody can tell whether it is another one now.
        if sent.declined_at:
            raise changed(SEND_ONCE_MORE)
        if made.kind != LINK and await work.evidence.content(sent.id) != content:
            raise changed(SEND_ONCE_MORE)
        return unchanged(sent, SEND_ONCE_MORE, kind=made.kind, title=made.title, url=made.url)
    if len(pieces) >= MAX_ITEMS:
        raise IllegalMove(
            "There are %(most)s pieces of evidence already. Take one away before you add another.", most=MAX_ITEMS
        )
    await work.evidence.add_evidence(made, content)
    return made


async def _add(
    store: Store, clock: Clock, key: str, title: str, item: str, kind: str, *, url: str = "", content: bytes = b""
) -> Evidence:
    item = item if _ID.fullmatch(item) else new_id()
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        if story.status == StoryStatus.WITHDRAWN:
            raise IllegalMove("You have taken this story back. Nothing can be added to it.")
        made = Evidence(item, story.id, kind, title, url, len(content), clock.now())
        return await put(work, story.id, made, content)


async def _piece_of(work: Work, story_id: str, item: str) -> Evidence:
    """Returns a piece of evidence beside this story. Raises NotFound for one beside another."""
    piece = await work.evidence.get_evidence(item)
    if piece.story != story_id:
        raise NotFound("There is nothing at this address.")
    return piece


def titled(title: str) -> str:
    """Returns the title of a piece on one line. Raises BadInput(field="title") where it is too long."""
    title = upright(line(title))
    if len(title) > MAX_TITLE:
        raise BadInput("Use at most %(most)s characters.", field="title", most=MAX_TITLE)
    return title
