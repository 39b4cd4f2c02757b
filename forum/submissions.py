"""Job a: a story comes in, a moderator reads it, and it is published, held, or goes back with a reason.

A writer has no account, only a private link. Its key is random and told once; the store keeps its SHA-256. Every step
is one unit of work against the status it expects, so of two moderators (or two taps) the second is told, and nothing
is half done. What a moderator did goes to the published moderation log in the same unit of work: the act, the story's
id, and the reason where the moderator says that it may be published; never who wrote, nor which moderator it was.

    submitted --accept--> accepted --take down--> held          a held story goes back to the queue (release)
    submitted --return--> returned --sent again--> submitted    or to its writer (return); "keep" answers reports
    submitted --hold----> held                                  and leaves a public story as it is
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forum import recording, scenario
from forum.commission import Commission
from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Act, Clock, Store, Submission, Work
from forum.scenario import Scenario
from forum.storyform import from_form

SUBMITTED, RETURNED, ACCEPTED, HELD, WITHDRAWN = STATUSES = ("submitted", "returned", "accepted", "held", "withdrawn")
ACCEPT, RETURN, HOLD, RELEASE, TAKE_DOWN, KEEP = ACTIONS = ("accept", "return", "hold", "release", "take down", "keep")
MAX_REASON = 2000

# What each action is called once it was done: in the record, and in ports.Act. The last two answer an appeal.
ACTS = {
    ACCEPT: "accepted",
    RETURN: "returned",
    HOLD: "held",
    RELEASE: "released",
    TAKE_DOWN: "taken down",
    KEEP: "kept",
    "uphold": "decision upheld",
    "overturn": "decision overturned",
}
# From which status a moderator may do what, and what the story is then.
_MOVES = {
    ACCEPT: ((SUBMITTED,), ACCEPTED),
    RETURN: ((SUBMITTED, HELD), RETURNED),
    HOLD: ((SUBMITTED,), HELD),
    RELEASE: ((HELD,), SUBMITTED),
    TAKE_DOWN: ((ACCEPTED,), HELD),
    KEEP: ((ACCEPTED,), ACCEPTED),
}
_NO_REASON = {
    RETURN: "Say why you return the story. Its writer reads this.",
    HOLD: "Say why you hold the story. Its writer reads this.",
    TAKE_DOWN: "Say why you take the story down. Its writer reads this.",
}
# The acts whose text stood in public.
_PUBLIC_TEXT = (ACTS[ACCEPT], ACTS[TAKE_DOWN], ACTS[KEEP])

_KEY = re.compile(r"[A-Za-z0-9_-]{32}")
_GONE = {
    SUBMITTED: "This story came back from its writer. Read it again before you decide.",
    RETURNED: "Another moderator has returned this story. Nothing was changed.",
    ACCEPTED: "Another moderator has accepted this story. It is public, and nothing was changed.",
    HELD: "Another moderator holds this story. Nothing was changed.",
    WITHDRAWN: "Its writer has taken this story back. There is nothing left to read.",
}
_TOO_MANY_NOTES = "With those in the file there are too many notes. Use at most %(most)s."
_ELSEWHERE = "Somebody else dealt with this story a moment ago. Look at it again."


@dataclass(frozen=True)
class Telling:
    """A story as it is typed into the plain form.

    `group` is a group id of the commission, None for "prefer not to say". The three `may_` are what the writer allows.
    """

    title: str
    happened: str
    scenes: tuple[str, ...]
    question: str
    responses: tuple[str, ...]
    group: str | None = None
    content_notes: tuple[str, ...] = ()
    may_perform: bool = False
    may_publish: bool = False
    may_quote: bool = False


@dataclass(frozen=True)
class Sent:
    """A whole story that came as a file, with what the form beside it says; the rest is as in `Telling`.

    `content_notes` are added to those that the story has itself.
    """

    story: Scenario
    group: str | None = None
    content_notes: tuple[str, ...] = ()
    may_perform: bool = False
    may_publish: bool = False
    may_quote: bool = False


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
    store: Store, clock: Clock, commission_id: str, telling: Telling | Sent, key: str = ""
) -> tuple[Submission, str]:
    """Takes a new story in. Returns it with the key of its private link.

    `key` is one made by `new_key` when the form was shown: the same form sent twice is then one story. Raises NotFound
    for an unknown commission, FormErrors (fields as storyform.from_form names them) or StoryProblems for a story that
    cannot be written.
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
            may_perform=telling.may_perform,
            may_publish=telling.may_publish,
            may_quote=telling.may_quote,
        )
        await work.stories.add(story)
    return story, key


async def resubmit(store: Store, clock: Clock, key: str, telling: Telling | Sent) -> Submission:
    """Sends a returned story again, changed.

    Raises NotFound for an unknown key, IllegalMove for a story that was not returned, FormErrors as `submit` does.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(link_of(key))
        if before.status == WITHDRAWN:
            raise IllegalMove("You have taken this story back. It cannot be sent again.")
        if before.status != RETURNED:
            raise IllegalMove("This story has been sent already. It can be changed only when a moderator returns it.")
        if before.published_at and not telling.may_publish:
            raise BadInput("This story was public before. To end that for good, take it back.", field="may_publish")
        commission = await work.commissions.get(before.commission)
        written = _written(telling, commission.group_label(telling.group), scenario.parse(before.twee).ifid)
        story = replace(
            before,
            title=written.title,
            twee=scenario.write(written),
            status=SUBMITTED,
            told_by=telling.group,
            submitted_at=clock.now(),
            may_perform=telling.may_perform,
            may_publish=telling.may_publish,
            may_quote=telling.may_quote,
        )
        await work.stories.save(story, RETURNED)
        await work.stories.allow(story)
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

    `expected_status` is what the moderator saw; `read` is the `fingerprint` of the text they read, where known. `by`
    is the moderator's id, kept so that an appeal goes to another one. `because` goes to the writer, and where `public`
    says so to the log. `reports` are the readers' reports that were on the page: taking down and keeping answer them.

    Raises IllegalMove where any of this is no longer so, BadInput(field="because") for a return, a hold or a taking
    down without a reason.
    """
    because = because.strip()
    if action not in ACTIONS:
        raise BadInput("Choose what to do with the story.", field="action")
    if action in _NO_REASON and not because:
        raise BadInput(_NO_REASON[action], field="because")
    if len(because) > MAX_REASON:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MAX_REASON)
    allowed, after = _MOVES[action]
    async with store.begin() as work:
        before = await work.stories.get(story_id)
        text = fingerprint(before)
        if before.status != expected_status:
            raise IllegalMove(_GONE.get(before.status, _ELSEWHERE))
        if before.status not in allowed or (action == KEEP and not reports):
            raise IllegalMove(_ELSEWHERE)
        if read and read != text:
            raise IllegalMove(_GONE[SUBMITTED])
        if action == ACCEPT and not before.may_publish:
            raise BadInput(
                "Its writer does not allow that it is published. You can return it, and ask.", field="action"
            )
        at = clock.now()
        reason = because if after in {RETURNED, HELD} else ""
        story = before if action == KEEP else replace(before, status=after, because=reason, moderated_at=at)
        if action == ACCEPT:
            story = replace(story, published_at=before.published_at or at)
        await work.stories.save(story, before.status)
        if action in {KEEP, TAKE_DOWN}:
            await work.moderation.answer_reports(story.id, reports, ACTS[action], at)
        if action == ACCEPT and not await _stood_before(work, story, text):
            await publish(work, story, at)
        await note(work, before, ACTS[action], at, because=because, public=public, by=by)
    return story


async def note(
    work: Work, story: Submission, act: str, at: str, *, because: str = "", public: bool = False, by: str = ""
) -> None:
    """Keeps what a moderator did with a story (as it was before), with the entry "moderation action" for the log.

    `act` is one of the values of ACTS. A rehearsal's entry is written as `publish` does it.
    """
    entry = None
    commission = await work.commissions.get(story.commission)
    public = public and bool(because)
    if await _recorded(work, commission):
        reason = recording.Words("because", because) if public else None
        facts = {"scenario": story.id, "action": act, "because": reason}
        entry = await recording.append(work, commission, "moderation action", at, facts)
    await work.moderation.add(
        Act(
            id=secrets.token_hex(16),
            story=story.id,
            action=act,
            before=story.status,
            because=because,
            public=public,
            by=by,
            read=fingerprint(story),
            sent_at=story.submitted_at,
            at=at,
            entry=entry,
        )
    )


async def publish(work: Work, story: Submission, at: str) -> int | None:
    """Writes the entry "scenario published" for an accepted story; returns its index in the record.

    A rehearsal's story enters no record but that of a database which a rehearsal made: None otherwise.
    """
    commission = await work.commissions.get(story.commission)
    if not await _recorded(work, commission):
        return None
    facts = {
        "scenario": story.id,
        "title": recording.Words("title", story.title),
        "text": recording.Words("text", story.twee),
        "told_by": commission.group_label(story.told_by),
    }
    return await recording.append(work, commission, "scenario published", at, facts)


async def replace_link(store: Store, key: str, new: str) -> None:
    """Gives a story a new private link; the old one is dead at once.

    `new` is a key made by `new_key` when the page was shown, so that nobody loses a story with a lost answer. Raises
    NotFound for an unknown key, BadInput(field="new") for a `new` that is no key, or in use.
    """
    async with store.begin() as work:
        if not _KEY.fullmatch(new) or await _is_link(work, new):
            raise BadInput("This new link cannot be used. Here is another one.", field="new")
        await work.stories.relink(link_of(key), link_of(new))


async def revoke_link(store: Store, key: str) -> None:
    """Switches a private link off for good: nobody can come back to the story by a link. Raises NotFound."""
    async with store.begin() as work:
        await work.stories.relink(link_of(key), "")


async def has_link(store: Store, key: str) -> bool:
    """Whether a private link with this key leads to a story."""
    async with store.read() as work:
        return await _is_link(work, key)


async def _is_link(work: Work, key: str) -> bool:
    try:
        await work.stories.by_link(link_of(key))
    except NotFound:
        return False
    return True


async def _recorded(work: Work, commission: Commission) -> bool:
    return not commission.rehearsal or await work.facts.get("made_by") == "rehearsal"


async def _stood_before(work: Work, story: Submission, text: str) -> bool:
    """Whether this very text was published before (and held since): the record has it already."""
    return any(act.read == text and act.action in _PUBLIC_TEXT for act in await work.moderation.of(story.id))


def telling_of(story: Submission) -> Telling:
    """A submitted story as the form showed it, to be changed and sent again; one that was taken back is empty."""
    if not story.twee:
        return Telling("", "", (), "", ())
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
        may_perform=story.may_perform,
        may_publish=story.may_publish,
        may_quote=story.may_quote,
    )


def is_plain(story: Submission) -> bool:
    """Whether the plain form can show the whole story: it has no branches, facts or names of its own."""
    told = scenario.parse(story.twee)
    try:
        return _written(telling_of(story), told.told_by, told.ifid) == told
    except BadInput:
        return False


def check(telling: Telling | Sent) -> None:
    """Raises FormErrors, as `submit` does, for a story that cannot be written."""
    _written(telling, None)


def _written(telling: Telling | Sent, told_by: str | None, ifid: str = "") -> Scenario:
    if isinstance(telling, Sent):
        notes = tuple(dict.fromkeys((*telling.story.content_notes, *telling.content_notes)))
        story = replace(telling.story, told_by=told_by or "", content_notes=notes, ifid=ifid or telling.story.ifid)
        if len(notes) > scenario.MAX_DETAILS:
            raise FormErrors({"notes": BadInput(_TOO_MANY_NOTES, most=scenario.MAX_DETAILS)})
        scenario.validate(story)
        return story
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
