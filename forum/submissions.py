"""Job a: a story comes in, a moderator reads it, and it is published or goes back with a reason.

A writer has no account, only a private link. Its key is random and told once; the store keeps its SHA-256. Every step
is one unit of work against the status it expects, so of two moderators (or two taps) the second is told, and nothing
is half done.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass, replace

from forum import recording, scenario
from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Clock, Store, Submission, Work
from forum.scenario import Scenario
from forum.storyform import from_form

SUBMITTED, RETURNED, ACCEPTED = STATUSES = ("submitted", "returned", "accepted")
ACCEPT, RETURN = ACTIONS = ("accept", "return")
MAX_REASON = 2000

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")
_GONE = {
    SUBMITTED: "This story came back from its writer. Read it again before you decide.",
    RETURNED: "Another moderator has returned this story. Nothing was changed.",
    ACCEPTED: "Another moderator has accepted this story. It is public, and nothing was changed.",
}


@dataclass(frozen=True)
class Telling:
    """A story as it is typed into the plain form.

    `group` is a group id of the commission, None for "prefer not to say".
    """

    title: str
    happened: str
    scenes: tuple[str, ...]
    question: str
    responses: tuple[str, ...]
    group: str | None = None
    content_notes: tuple[str, ...] = ()


def new_key() -> str:
    """The key of a new private link: 192 random bits, 32 characters that need no escaping in an address."""
    return secrets.token_urlsafe(24)


def link_of(key: str) -> str:
    """What the store keeps of a private link's key: its SHA-256, in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def fingerprint(story: Submission) -> str:
    """Names the exact text somebody has read, so that a later one cannot be published in its place (SHA-256, hex)."""
    return hashlib.sha256(story.twee.encode()).hexdigest()


async def submit(
    store: Store, clock: Clock, commission_id: str, telling: Telling, key: str = ""
) -> tuple[Submission, str]:
    """Takes a new story in. Returns it with the key of its private link.

    `key` is one made by `new_key` when the form was shown: the same form sent twice is then one story. Raises NotFound
    for an unknown commission, FormErrors (fields as storyform.from_form names them) for a story that cannot be written.
    """
    key = key if _KEY.fullmatch(key) else new_key()
    async with store.begin() as work:
        commission = await work.commissions.get(commission_id)
        try:
            return await work.stories.by_link(link_of(key)), key
        except NotFound:
            pass
        written = _written(telling, commission.group_label(telling.group))
        story = Submission(
            id=secrets.token_hex(16),
            commission=commission.id,
            title=written.title,
            twee=scenario.write(written),
            status=SUBMITTED,
            told_by=telling.group,
            link=link_of(key),
            submitted_at=clock.now(),
        )
        await work.stories.add(story)
    return story, key


async def resubmit(store: Store, clock: Clock, key: str, telling: Telling) -> Submission:
    """Sends a returned story again, changed.

    Raises NotFound for an unknown key, IllegalMove for a story that was not returned, FormErrors as `submit` does.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(link_of(key))
        if before.status != RETURNED:
            raise IllegalMove("This story has been sent already. It can be changed only when a moderator returns it.")
        commission = await work.commissions.get(before.commission)
        written = _written(telling, commission.group_label(telling.group), scenario.parse(before.twee).ifid)
        story = replace(
            before,
            title=written.title,
            twee=scenario.write(written),
            status=SUBMITTED,
            told_by=telling.group,
            submitted_at=clock.now(),
        )
        await work.stories.save(story, RETURNED)
    return story


async def moderate(
    store: Store,
    clock: Clock,
    story_id: str,
    action: str,
    *,
    because: str,
    expected_status: str,
    read: str = "",
) -> Submission:
    """Publishes a story (ACCEPT), or gives it back to its writer with a reason (RETURN).

    `expected_status` is what the moderator saw; `read` is the `fingerprint` of the text they read, where known. Raises
    IllegalMove where either is no longer so, BadInput(field="because") for a return without a reason.
    """
    because = because.strip()
    if action not in ACTIONS:
        raise BadInput("Choose whether to accept the story or to return it.", field="action")
    if action == RETURN and not because:
        raise BadInput("Say why you return the story. Its writer reads this.", field="because")
    if len(because) > MAX_REASON:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MAX_REASON)
    async with store.begin() as work:
        before = await work.stories.get(story_id)
        if before.status != expected_status or expected_status != SUBMITTED:
            raise IllegalMove(_GONE[before.status])
        if read and read != fingerprint(before):
            raise IllegalMove(_GONE[SUBMITTED])
        status = ACCEPTED if action == ACCEPT else RETURNED
        reason = because if action == RETURN else ""
        story = replace(before, status=status, because=reason, moderated_at=clock.now())
        await work.stories.save(story, SUBMITTED)
        if action == ACCEPT:
            await publish(work, story, story.moderated_at)
    return story


async def publish(work: Work, story: Submission, at: str) -> int | None:
    """Writes the entry "scenario published" for an accepted story; returns its index in the record.

    A rehearsal's story enters no record but that of a database which a rehearsal made: None otherwise.
    """
    commission = await work.commissions.get(story.commission)
    if commission.rehearsal and await work.facts.get("made_by") != "rehearsal":
        return None
    facts = {
        "scenario": story.id,
        "title": recording.Words("title", story.title),
        "text": recording.Words("text", story.twee),
        "told_by": commission.group_label(story.told_by),
    }
    return await recording.append(work, commission, "scenario published", at, facts)


def telling_of(story: Submission) -> Telling:
    """A submitted story as the form showed it, to be changed and sent again."""
    told = scenario.parse(story.twee)
    question = next((scene for scene in told.scenes if scene.decision), None)
    ends = {link.to for link in question.links} if question else set()
    passages = [s.text for s in told.scenes if not s.decision and s.name not in ends]
    return Telling(
        title=told.title,
        happened=passages[0] if passages else "",
        scenes=tuple(passages[1:]),
        question=question.text if question else "",
        responses=tuple(link.text for link in question.links) if question else (),
        group=story.told_by,
        content_notes=told.content_notes,
    )


def _written(telling: Telling, told_by: str | None, ifid: str = "") -> Scenario:
    return from_form(
        title=telling.title,
        what_happened=telling.happened,
        scenes=[("", text) for text in telling.scenes],
        question=telling.question,
        responses=telling.responses,
        told_by=told_by or "",
        content_notes=telling.content_notes,
        ifid=ifid or str(uuid.uuid4()).upper(),
    )
