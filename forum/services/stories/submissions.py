"""Job a: a story comes in, a moderator reads it, and it is published, held, or returned with a reason.

A writer has no account, only a private link. Its key is random and told once; the store keeps its SHA-256. Every step
is one unit of work that expects a status, so that of two moderators (or two taps) the second is told, and nothing is
half done. A moderator's act goes to the published moderation log in the same unit of work: the act, the story's id,
and the reason where the moderator lets it be published; never who wrote, nor which moderator it was.

    writing --sent--> submitted (writing.py)
    submitted --accept--> accepted --take down--> held          a held story goes back to the queue (release)
    submitted --return--> returned --sent again--> submitted    or to its writer (return); "keep" answers reports
    submitted --hold----> held                                  and leaves a public story as it is

An accepted story can be changed too: what was sent is kept beside it as its revision, until a moderator accepts that
new version or returns it. Meanwhile the public text stays as it is.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import LONG, within
from forum.services import record_entries, scrubbing
from forum.services.keys import digest, is_key, new_key
from forum.services.stories import draft_versions
from forum.services.voting import closing
from forum.stories import compose, scenario
from forum.stories.draft import NO, Draft
from forum.stories.moderation import Act
from forum.stories.scenario import Scenario
from forum.stories.submission import PUBLISHED, SENT, Submission
from forum.stories.visible_text import upright
from forum.voting.commission import Commission

WRITING, SUBMITTED, RETURNED, ACCEPTED, HELD, WITHDRAWN = STATUSES = (
    "writing",
    "submitted",
    "returned",
    "accepted",
    "held",
    "withdrawn",
)
ACCEPT, RETURN, HOLD, RELEASE, TAKE_DOWN, KEEP, ACCEPT_VERSION, RETURN_VERSION = ACTIONS = (
    "accept",
    "return",
    "hold",
    "release",
    "take down",
    "keep",
    "accept version",
    "return version",
)
MAX_REASON = 2000

# Name of each action once it is done, in the record and in ports.Act. The last two answer an appeal.
ACTS = {
    ACCEPT: "accepted",
    RETURN: "returned",
    HOLD: "held",
    RELEASE: "released",
    TAKE_DOWN: "taken down",
    KEEP: "kept",
    ACCEPT_VERSION: "new version accepted",
    RETURN_VERSION: "new version returned",
    "uphold": "decision upheld",
    "overturn": "decision overturned",
}
# For each action of a moderator: the statuses that it may start from, and the status after it.
_MOVES = {
    ACCEPT: ((SUBMITTED,), ACCEPTED),
    RETURN: ((SUBMITTED, HELD), RETURNED),
    HOLD: ((SUBMITTED,), HELD),
    RELEASE: ((HELD,), SUBMITTED),
    TAKE_DOWN: ((ACCEPTED,), HELD),
    KEEP: ((ACCEPTED,), ACCEPTED),
    ACCEPT_VERSION: ((ACCEPTED,), ACCEPTED),
    RETURN_VERSION: ((ACCEPTED,), ACCEPTED),
}
_NO_REASON = {
    RETURN: "Say why you return the story. Its writer reads this.",
    HOLD: "Say why you hold the story. Its writer reads this.",
    TAKE_DOWN: "Say why you take the story down. Its writer reads this.",
    RETURN_VERSION: "Say why you return the new version. Its writer reads this.",
}
_OF_VERSIONS = (ACCEPT_VERSION, RETURN_VERSION)
# Acts on a text that was public.
_PUBLIC_TEXT = (ACTS[ACCEPT], ACTS[TAKE_DOWN], ACTS[KEEP], ACTS[ACCEPT_VERSION])

_DEAD = "dead link %s"
_GONE = {
    SUBMITTED: "This story came back from its writer. Read it again before you decide.",
    RETURNED: "Another moderator has returned this story. Nothing was changed.",
    ACCEPTED: "Another moderator has accepted this story. It is public, and nothing was changed.",
    HELD: "Another moderator holds this story. Nothing was changed.",
    WITHDRAWN: "Its writer has taken this story back. There is nothing left to read.",
}
_TOO_MANY_NOTES = "With those in the file there are too many notes. Use at most %(most)s."
_NOT_AGAIN = "You have taken this story back. It cannot be sent again."
_ELSEWHERE = "Somebody else dealt with this story a moment ago. Look at it again."


def must_be_public(story: Submission) -> Submission:
    """Returns a public story for a visitor without a key. Raises NotFound for any other, in the words for a story
    that does not exist, so that nobody learns of it."""
    if story.status != ACCEPTED:
        raise NotFound("There is no such story.")
    return story


def must_be_sent(story: Submission) -> Submission:
    """Returns a story that was sent, for a moderator. Raises NotFound for one that is still being written, in the
    words for a story that does not exist: until it is sent, it is its writer's alone, with everything beside it."""
    if story.status == WRITING:
        raise NotFound("There is no such story.")
    return story


@dataclass(frozen=True)
class Sent:
    """A whole story that came as a file, with the answers of the form beside it.

    `group` is a group id of the commission, None for "prefer not to say". `content_notes` are added to those in the
    story itself. The three `may_` fields are what its writer allows.
    """

    story: Scenario
    group: str | None = None
    content_notes: tuple[str, ...] = ()
    may_perform: bool = False
    may_publish: bool = False
    may_quote: bool = False


def waiting_text(story: Submission) -> str:
    """Returns the text that a moderator reads, or was the last to be read: the new version, or else the story
    itself."""
    return story.revision or story.twee


def fingerprint(story: Submission) -> str:
    """Returns the SHA-256 (hex) of `waiting_text`, so that a later text cannot be published in the place of the one
    read."""
    return hashlib.sha256(waiting_text(story).encode()).hexdigest()


async def submit(store: Store, clock: Clock, commission_id: str, sent: Sent, key: str = "") -> tuple[Submission, str]:
    """Takes a new story in; returns it with the key of its private link.

    `key` is made by `keys.new_key` when the form is shown, so that the same form sent twice is one story. Raises
    NotFound for an unknown commission, FormErrors (field "notes") or StoryProblems for a story that cannot be
    written.
    """
    key = key if is_key(key) else new_key()
    async with store.begin() as work:
        commission = await work.commissions.get_commission(commission_id)
        try:
            return _sent_before(await work.stories.by_link(digest(key))), key
        except NotFound:
            pass
        written, text = await within(LONG, _written, sent, commission.group_label(sent.group))
        story = Submission(
            id=secrets.token_hex(16),
            commission=commission.id,
            title=written.title,
            twee=text,
            status=SUBMITTED,
            told_by=sent.group,
            link=digest(key),
            submitted_at=clock.now(),
            may_perform=sent.may_perform,
            may_publish=sent.may_publish,
            may_quote=sent.may_quote,
        )
        await work.stories.add_story(story)
    return story, key


def _sent_before(story: Submission) -> Submission:
    """Returns a story that came with the same form before. Raises IllegalMove where it was taken back, or is a
    draft."""
    if story.status == WITHDRAWN:
        raise IllegalMove(_NOT_AGAIN)
    if story.status == WRITING:
        raise IllegalMove("A story is being written at this link. Open the form again to send a file.")
    return story


async def resubmit(store: Store, clock: Clock, key: str, sent: Sent) -> Submission:
    """Sends a returned story again, changed.

    Raises NotFound for an unknown key, BadInput(field="may_publish") where a story that was public may not be any
    more, IllegalMove for a story that was not returned, FormErrors as `submit` does.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(digest(key), lock=True)
        if before.status == WITHDRAWN:
            raise IllegalMove(_NOT_AGAIN)
        if before.status != RETURNED:
            raise IllegalMove("This story has been sent already. It can be changed only when a moderator returns it.")
        if before.published_at and not sent.may_publish:
            raise BadInput("This story was public before. To end that for good, take it back.", field="may_publish")
        commission = await work.commissions.get_commission(before.commission)
        label = commission.group_label(sent.group)
        written, text = await within(LONG, _written, sent, label, before.twee)
        story = replace(
            before,
            title=written.title,
            twee=text,
            status=SUBMITTED,
            told_by=sent.group,
            submitted_at=clock.now(),
            may_perform=sent.may_perform,
            may_publish=sent.may_publish,
            may_quote=sent.may_quote,
        )
        await work.stories.save_story(story, RETURNED)
        await work.stories.allow(story)
        await _redraft(work, story)
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
    by: str = "",
    public: bool = False,
    reports: Sequence[str] = (),
) -> Submission:
    """Does one of ACTIONS with a story, and writes it into the published moderation log.

    `expected_status` is the status that the moderator saw; `read` is the `fingerprint` of the text they read, where
    known. `by` is the moderator's id, kept so that an appeal goes to another one. The writer reads `because`, and so
    does the log where `public` is set. `reports` are the ids of the readers' reports on the page: "take down" and
    "keep" answer them.

    Raises IllegalMove where any of this has changed, BadInput(field="because") for a return, a hold or a taking down
    without a reason, BadInput(field="action") for an unknown action, or for accepting a story that may not be
    published.
    """
    because = upright(because)
    if action not in ACTIONS:
        raise BadInput("Choose what to do with the story.", field="action")
    if action in _NO_REASON and not because:
        raise BadInput(_NO_REASON[action], field="because")
    if len(because) > MAX_REASON:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MAX_REASON)
    allowed = _MOVES[action][0]
    async with store.begin() as work:
        # Locked: its writer may be sending a new version at this moment.
        before = must_be_sent(await work.stories.get_story(story_id, lock=True))
        text = fingerprint(before)
        if before.status != expected_status:
            raise IllegalMove(_GONE.get(before.status, _ELSEWHERE))
        if before.status not in allowed or (action == KEEP and not reports):
            raise IllegalMove(_ELSEWHERE)
        if action in _OF_VERSIONS and not before.revision:
            raise IllegalMove(_ELSEWHERE)
        if read and read != text:
            raise IllegalMove(_GONE[SUBMITTED])
        if action == ACCEPT and not before.may_publish:
            raise BadInput(
                "Its writer does not allow that it is published. You can return it, and ask.", field="action"
            )
        at = clock.now()
        story = await within(len(before.revision), _after, before, action, because, at)
        await work.stories.save_story(story, before.status)
        if story.status != ACCEPTED:
            await closing.stop(work, story.id, at)
        if action in {KEEP, TAKE_DOWN}:
            await work.moderation.answer_reports(story.id, reports, ACTS[action], at)
        if action in {ACCEPT, ACCEPT_VERSION} and not await _stood_before(work, story, text):
            await publish(work, story, at)
            with suppress(NotFound):  # locked: its writer's saves add versions too
                await work.drafts.get_draft(story.id, lock=True)
            await draft_versions.keep(work, story.id, await within(len(story.twee), _draft, story.twee), at, PUBLISHED)
        await note(work, before, ACTS[action], at, because=because, public=public, by=by)
    return story


def _after(before: Submission, action: str, because: str, at: str) -> Submission:
    """Returns the story as it is after a moderator's action."""
    if action == KEEP:
        return before
    after = _MOVES[action][1]
    story = replace(before, status=after, because="", moderated_at=at, revision="", revised_at="")
    if after in {RETURNED, HELD} or action == RETURN_VERSION:
        return replace(story, because=because)
    if action == ACCEPT:
        return replace(story, published_at=before.published_at or at)
    if action == ACCEPT_VERSION:
        return replace(story, title=scenario.parse(before.revision).title, twee=before.revision)
    return story


async def _redraft(work: Work, story: Submission) -> None:
    """Replaces the draft of a story, where it has one, by the file that was sent in its place."""
    try:
        await work.drafts.get_draft(story.id, lock=True)
    except NotFound:
        return
    may = (story.may_perform, story.may_publish, story.may_quote)
    draft = await within(len(story.twee), _draft, story.twee, group=story.told_by or NO, may=may)
    await work.drafts.save_draft(story.id, draft, story.submitted_at)
    await draft_versions.keep(work, story.id, draft, story.submitted_at, SENT)


async def note(
    work: Work, story: Submission, act: str, at: str, *, because: str = "", public: bool = False, by: str = ""
) -> None:
    """Keeps a moderator's act on a story (given as it was before it), and appends the entry "moderation action".

    `act` is one of the values of ACTS. A rehearsal's act has no entry, but for the exception in `publish`.
    """
    entry = None
    commission = await work.commissions.get_commission(story.commission)
    public = public and bool(because)
    if await _recorded(work, commission):
        reason = record_entries.Words("because", because) if public else None
        facts = {"scenario": story.id, "action": act, "because": reason}
        entry = await record_entries.append(work, commission, "moderation action", at, facts)
    await work.moderation.add_act(
        Act(
            id=secrets.token_hex(16),
            story=story.id,
            action=act,
            before=story.status,
            because=because,
            public=public,
            by=by,
            read=fingerprint(story),
            sent_at=story.revised_at or story.submitted_at,
            at=at,
            entry=entry,
        )
    )


async def publish(work: Work, story: Submission, at: str) -> int | None:
    """Appends the entry "scenario published" for an accepted story, and returns its index in the record.

    Returns None for a rehearsal's story, which enters no record but that of a database that a rehearsal made.
    """
    commission = await work.commissions.get_commission(story.commission)
    if not await _recorded(work, commission):
        return None
    facts = {
        "scenario": story.id,
        "title": record_entries.Words("title", story.title),
        "text": record_entries.Words("text", story.twee),
        "told_by": commission.group_label(story.told_by),
    }
    return await record_entries.append(work, commission, "scenario published", at, facts)


async def replace_link(store: Store, clock: Clock, key: str, new: str) -> None:
    """Gives a story a new private link; the old one stops working immediately.

    It erases an e-mail address left on the story's page, as anybody with the old link may have left it. `new` is a
    key made by `keys.new_key` when the page was shown, so that nobody loses a story with a lost answer. Raises
    NotFound for an unknown key, BadInput(field="new") for a `new` that is no key or in use.
    """
    async with store.begin() as work:
        if not is_key(new) or await _is_link(work, new):
            raise BadInput("This new link cannot be used. Here is another one.", field="new")
        story = await work.stories.by_link(digest(key), lock=True)
        await work.stories.relink(story.link, digest(new))
        await _bury(work, story.link, clock.now())
        if await work.mail.erase_story(story.id):
            await scrubbing.to_do(work, clock.now())
    await scrubbing.scrub(store)


async def revoke_link(store: Store, clock: Clock, key: str) -> None:
    """Switches a private link off for good, and erases an e-mail address left on the story's page. Raises NotFound."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key))
        await work.stories.relink(story.link, "")
        await _bury(work, story.link, clock.now())
        if await work.mail.erase_story(story.id):
            await scrubbing.to_do(work, clock.now())
    await scrubbing.scrub(store)


async def is_dead(work: Work, link: str) -> bool:
    """Tells whether a story once had this private link (given by its SHA-256).

    No other story may begin under it: somebody who still has the link could put words where its writers will look.
    """
    return await work.facts.get_fact(_DEAD % link) is not None


async def _bury(work: Work, link: str, at: str) -> None:
    await work.facts.set_fact(_DEAD % link, at)


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


async def _recorded(work: Work, commission: Commission) -> bool:
    return not commission.rehearsal or await work.facts.get_fact("made_by") == "rehearsal"


async def _stood_before(work: Work, story: Submission, text: str) -> bool:
    """Tells whether exactly this text was published before (and held since), so that the record has it already."""
    return any(act.read == text and act.action in _PUBLIC_TEXT for act in await work.moderation.list_acts(story.id))


def _draft(twee: str, group: str = "", may: tuple[bool, bool, bool] | None = None) -> Draft:
    """Returns a kept story opened for writing (`compose.draft_of`)."""
    return compose.draft_of(scenario.parse(twee), group=group, may=may)


def _written(sent: Sent, told_by: str | None, before: str = "") -> tuple[Scenario, str]:
    """Returns the story that was sent, and its text; it keeps the Twine identity (IFID) of the text before it."""
    ifid = scenario.parse(before).ifid if before else ""
    notes = tuple(dict.fromkeys((*sent.story.content_notes, *sent.content_notes)))
    story = replace(sent.story, told_by=told_by or "", content_notes=notes, ifid=ifid or sent.story.ifid)
    if len(notes) > scenario.MAX_DETAILS:
        raise FormErrors({"notes": BadInput(_TOO_MANY_NOTES, most=scenario.MAX_DETAILS)})
    return story, scenario.write(story)
