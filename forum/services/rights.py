"""People's rights to their data, without an account: a copy of what is held, and its erasure.

Somebody is known by what they have: the private link of a story, the cookie of their browser, the link in a letter. By
letter they are known to staff by what they name (`erase_named`): the link, their reference, their e-mail address. The
id of a story that was sent in is in public addresses, so it proves nothing: staff see the story first, and write down
how they made sure that it is its writer who asks. An erasure takes their words and names,
and the link between their browser and its ballots; a counted ballot stays, since nobody can be found by it any more.
While a session goes on, its link stays, so that nobody votes twice; it goes an hour after the session by itself.
Each erasure that took something is an entry "data erased" with a reference, and with nothing about anybody.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from forum.errors import BadInput, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.followers import Follower
from forum.ports.owners import OwnerMail
from forum.ports.personal_data import Kind
from forum.services import record_entries, scrub
from forum.services.keys import digest, is_key
from forum.services.mail import subscriptions
from forum.services.stories import draft_edits, withdrawal
from forum.services.stories.moderation import log_act
from forum.services.stories.parsed_stories import story_of
from forum.services.voting import withdrawn_conditions
from forum.sessions.session import LiveSession, SessionKind
from forum.stories.draft import fields
from forum.stories.moderation import ModerationAction
from forum.stories.scenario import outline
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import upright
from forum.voting.round import RoundState

_REFERENCE = re.compile(r"[0-9a-f]{32}")
# Characters of a story's beginning that staff see before they erase it, and of what they write about who asked.
FIRST_WORDS, MOST_BECAUSE = 400, 500

# The most versions of a story that a copy has in words, and characters of them after which no more are.
WHOLE_VERSIONS, WHOLE_CHARACTERS = 200, 2 * 1024 * 1024
_MARKS = 1000  # marks of browsers that are looked through at a time, so that everybody else has their turn
Rows = dict[str, list[dict[str, Any]]]


class Copy(msgspec.Struct, frozen=True):
    """Copy of what is held of somebody: rows by table. `running` are the titles of sessions that go on, in which the
    link to their browser stays for now; `references` name them in a letter, when their browser is forgotten."""

    rows: Mapping[str, list[dict[str, Any]]]
    running: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass
class Erased:
    """What came of an erasure: its reference ("" where there was nothing to erase), and the ids of live sessions whose
    screens must be drawn again."""

    reference: str = ""
    sessions: list[str] = field(default_factory=list)


async def copy_of_story(store: Store, key: str, *, whole: bool = True) -> Copy:
    """Returns what is held of a story's writer, by the key of their private link; without `whole` no words of versions.

    Of many versions the newest have their words (WHOLE_VERSIONS, WHOLE_CHARACTERS), earlier ones the address where
    those can be read: together they may be a hundred times what is stored. Raises NotFound.
    """
    async with store.read() as work:
        story = await work.stories.by_link(digest(key))
        rows = await work.rights.held_of("story", story.id)
        room = WHOLE_CHARACTERS if whole else 0
        newest_first = sorted(rows.get("version", []), key=lambda row: int(row["number"]), reverse=True)
        for place, row in enumerate(newest_first):
            # Stored as the difference to another version, which nobody could read.
            del row["words"]
            if place < WHOLE_VERSIONS and room > 0:
                draft = (await work.drafts.version(story.id, row["number"])).draft
                row["words"] = draft.to_json()
                room -= sum(len(text) for _, text in fields(draft))
            else:
                row["download"] = f"/my-story/KEY/versions/{row['number']}"
        if files := [one["id"] for one in rows.get("evidence", []) if one["size"]]:
            rows["evidence_file"] = [{"download": f"/my-story/KEY/evidence/{id_}"} for id_ in files]
    return Copy(rows, references=(story.id,))


async def copy_of_browser(store: Store, device: str) -> Copy:
    """Returns what is held of a browser with this cookie: its places in sessions, ballots, words and suggestions."""
    rows: Rows = {}
    running, people = [], []
    async with store.read() as work:
        for person in await work.rights.here(digest(device)) if device else ():
            people.append(person)
            live = await work.sessions.get_session(await work.rights.session_of(person))
            if not await _over(work, live):
                running.append(live.title)
            for table, found in (await work.rights.held_of("participant", person)).items():
                rows.setdefault(table, []).extend(found)
        for row in rows.get("ballot", []):
            asked = await work.rounds.get_round(row["round"])
            row |= {"question": asked.question, "answers": {mark.id: mark.label for mark in asked.columns}}
        if sent := await work.rights.suggested(await _marks(work, device)):
            rows["suggestion"] = sent
        if device and (voted := await work.voters.voted_with(digest(device))):
            rows["voter"] = [{"session": one.session, "group_id": one.group} for one in voted]
    return Copy(rows, tuple(running), tuple(people))


async def copy_of_mail(store: Store, key: str) -> Copy:
    """Returns what is held of an e-mail address, by the key in its letters; nothing for an unknown key."""
    async with store.read() as work:
        try:
            there = await subscriptions.by_key(work, key)
        except NotFound:
            return Copy({})
    told = ["address", "state", "asked_at", "until", "told_until", "not_before"]
    if isinstance(there, Follower):
        table, told = "follower", ["kind", "about", *told]
    elif isinstance(there, OwnerMail):
        table, told = "owner_mail", ["address", "state", "reminders", "written_at", "not_before", "told"]
    else:
        table, told = "mail", [*told, "look_at"]
    return Copy({table: [{name: str(getattr(there, name)) for name in told}]})


async def erase_story(store: Store, clock: Clock, key: str, reference: str) -> Erased:
    """Erases a story with all its words, by the key of its private link, as taking it back does. Raises NotFound."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        done = await _story(work, clock, story.id, reference)
    return await _wiped(store, done, reference)


async def erase_browser(store: Store, clock: Clock, device: str, reference: str) -> Erased:
    """Erases the words, suggestions and links of a browser with this cookie; its counted ballots stay."""
    # Looked for before anything is locked: the marks of all stories are gone through.
    async with store.read() as work:
        marks = await _marks(work, device)
    async with store.begin() as work:
        people = await work.rights.here(digest(device)) if device else []
        done = Erased()
        # In one order of sessions, so that two of these never wait for each other.
        for session, person in sorted([(await work.rights.session_of(person), person) for person in people]):
            await _participant(work, session, person, done, clock.now())
        gone = await work.rights.erase_marked(marks)
        gone += await work.voters.forget_voter(digest(device)) if device else 0
        if done.reference or gone:
            await _note(work, clock.now(), reference, done)
    return await _wiped(store, done, reference)


async def erase_mail(store: Store, clock: Clock, key: str, reference: str) -> Erased:
    """Erases an e-mail address, by the key in its letters."""
    async with store.begin() as work:
        try:
            there = await subscriptions.by_key(work, key)
        except NotFound:
            return Erased()
        done = Erased()
        await subscriptions.forget(work, clock, there)
        await _note(work, clock.now(), reference, done)
    return await _wiped(store, done, reference)


class NamedStory(msgspec.Struct, frozen=True):
    """Story that a letter names by its public id, for staff to hold against what the letter says of it."""

    id: str
    title: str
    words: str
    sent_at: str


async def named_story(store: Store, named: str) -> NamedStory | None:
    """Returns the story that `erase_named` would not erase by this name alone; None for every other name."""
    async with store.read() as work:
        story = await _public_story(work, named.strip())
        if story is None:
            return None
        told = await story_of(work.remembered, story.twee, asyncio.to_thread)
    first = next(iter(outline(told)), None)
    return NamedStory(story.id, story.title, first.text[:FIRST_WORDS] if first else "", story.submitted_at)


async def _public_story(work: Work, named: str) -> Submission | None:
    """Returns a story by an id that others than its writer may know; None for one that was never sent, or is gone."""
    try:
        story = await work.stories.get_story(named)
    except NotFound:
        return None
    return None if story.status in {StoryStatus.WRITING, StoryStatus.WITHDRAWN} else story


async def erase_named(
    store: Store, clock: Clock, named: str, reference: str, *, seen: str = "", because: str = "", by: str = ""
) -> Erased:
    """Erases, for staff (`by`) who had a letter, what is held under what it names: a story's private link, a reference,
    or an e-mail address.

    A story by its id only where it is the one that they have `seen` (`named_story`), and with `because`: how they made
    sure that its writer asks. That is kept with the acts of moderators, of which the record says "erased". Raises
    BadInput(field="because") where that is missing, BadInput(field="named") where there is nothing under the name.
    """
    named, because = named.strip(), upright(because)
    if len(because) > MOST_BECAUSE:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MOST_BECAUSE)
    async with store.begin() as work:
        done = Erased()
        story = await _public_story(work, named)
        if story is not None:
            if seen != story.id or not because:
                raise BadInput(
                    "Look at the story, and say how you made sure that it is its writer who asks.", field="because"
                )
            done = await _story(work, clock, story.id, reference, because=because, by=by)
        elif "@" in named:
            stories = await work.rights.addressed(named)
            for addressed in stories:
                await work.mail.erase_story(addressed)
            others = await work.followers.erase_followers_at(named) + await work.owners.erase_owner_mails_at(named)
            if stories or others:
                await _note(work, clock.now(), reference, done)
        elif _REFERENCE.fullmatch(named):
            try:
                done = await _story(work, clock, named, reference)
            except NotFound:
                await _by_participant(work, clock, named, reference, done)
        elif key := _key_in(named):
            with suppress(NotFound):
                linked = await work.stories.by_link(digest(key), lock=True)
                done = await _story(work, clock, linked.id, reference)
        if not done.reference:
            raise BadInput("There is nothing to erase under this. Check it sign by sign.", field="named")
    return await _wiped(store, done, reference)


def _key_in(named: str) -> str:
    """Returns the key in a private link, or the key itself; "" for neither."""
    key = named.partition("/my-story/")[2].partition("/")[0].partition("?")[0] if "/" in named else named
    return key if is_key(key) else ""


async def _by_participant(work: Work, clock: Clock, named: str, reference: str, done: Erased) -> None:
    try:
        session = await work.rights.session_of(named)
    except NotFound:
        return
    await _participant(work, session, named, done, clock.now())
    if done.reference:
        await _note(work, clock.now(), reference, done)


async def _story(work: Work, clock: Clock, story_id: str, reference: str, *, because: str = "", by: str = "") -> Erased:
    done = Erased()
    story = await work.stories.get_story(story_id, lock=True)
    if not story.withdrawn_at:
        taken = await withdrawal.take_back(work, story, clock.now())
        if because:
            # After its words went, so that nothing is kept of the text that was read.
            emptied = replace(story, twee="", revision="")
            await log_act(work, emptied, ModerationAction.ERASED, clock.now(), because=because, by=by)
        done.sessions = list(taken.sessions)
        await _note(work, clock.now(), reference, done)
    return done


async def _participant(work: Work, session_id: str, person: str, done: Erased, at: str) -> None:
    """Erases a participant's words, and their link where the session is over; marks `done` where there was anything."""
    live = await work.sessions.get_session(session_id, lock=True)
    found = await work.rights.erase_participant(person, device=await _over(work, live))
    if not found:
        return
    done.reference = "there was something"
    if Kind.REASON in found:
        shown = [one.id for one in await work.rounds.list_rounds(session_id) if one.state == RoundState.REVEALED]
        await withdrawn_conditions.take_back(work, live.commission, shown, at)
    if found & {Kind.REASON, Kind.STOP}:
        # The last act may hold these words, and undoing it would lead back to them.
        await work.last_acts.forget_last_act(session_id)
        await work.sessions.save_session(live.changed())
        done.sessions.append(session_id)


async def _over(work: Work, live: LiveSession) -> bool:
    """Tells whether nobody can vote in a session any more."""
    if live.kind == SessionKind.ASYNCHRONOUS:
        over = {RoundState.REVEALED, RoundState.ANNULLED}
        return all(round_.state in over for round_ in await work.rounds.list_rounds(live.id))
    return live.ended


async def _marks(work: Work, device: str) -> list[str]:
    """Returns the marks that this browser has in stories."""
    found: list[str] = []
    last = ("", "")
    while device:
        piece = await work.rights.marks(last, _MARKS)
        found += [mark for mark, story in piece if draft_edits.browser(story, device) == mark]
        if len(piece) < _MARKS:
            break
        last = piece[-1]
    return found


async def _note(work: Work, at: str, reference: str, done: Erased) -> None:
    """Records the erasure under this reference, or under a new one where it is none or was used before."""
    if not _REFERENCE.fullmatch(reference) or await work.record.naming([reference]):
        reference = secrets.token_hex(16)
    await record_entries.append_of_record(work, "data erased", at, {"reference": reference})
    await scrub.to_do(work, at)
    done.reference = reference


async def _wiped(store: Store, done: Erased, reference: str) -> Erased:
    """Wipes what was erased from what is kept drawn and from the database's files; a request that was sent again gets
    the reference of the first."""
    async with store.read() as work:
        withdrawal.forget_drawn(work.remembered)
        if not done.reference and _REFERENCE.fullmatch(reference) and await work.record.naming([reference]):
            done.reference = reference
    if done.reference:
        await scrub.scrub(store)
    return done
