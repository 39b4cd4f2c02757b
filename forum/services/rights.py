"""People's rights to their data, without an account: a copy of what is held, and its erasure.

Somebody is known by what they have: the private link of a story, the cookie of their browser, the link in a letter. By
letter they are known to staff by a reference that they name (`erase_named`). An erasure takes their words and names,
and the link between their browser and its ballots; a counted ballot stays, since nobody can be found by it any more.
While a session goes on, its link stays, so that nobody votes twice; it goes an hour after the session by itself.
Each erasure that took something is an entry "data erased" with a reference, and with nothing about anybody.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forum.errors import BadInput, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.personal_data import Kind
from forum.services import record_entries, scrub
from forum.services.keys import digest
from forum.services.stories import draft_edits, withdrawal
from forum.sessions.session import LiveSession, SessionKind
from forum.stories.draft import fields
from forum.voting.round import RoundState

_REFERENCE = re.compile(r"[0-9a-f]{32}")

# The most versions of a story that a copy has in words, and characters of them after which no more are.
WHOLE_VERSIONS, WHOLE_CHARACTERS = 200, 2 * 1024 * 1024
_MARKS = 1000  # marks of browsers that are looked through at a time, so that everybody else has their turn
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Copy:
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
    return Copy(rows, tuple(running), tuple(people))


async def copy_of_mail(store: Store, key: str) -> Copy:
    """Returns what is held of an e-mail address, by the key in its letters; nothing for an unknown key."""
    async with store.read() as work:
        try:
            there = await work.mail.by_key(key)
        except NotFound:
            return Copy({})
    told = ("address", "state", "asked_at", "until", "told_until", "not_before", "look_at")
    return Copy({"mail": [{name: str(getattr(there, name)) for name in told}]})


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
            await _participant(work, session, person, done)
        gone = await work.rights.erase_marked(marks)
        if done.reference or gone:
            await _note(work, clock.now(), reference, done)
    return await _wiped(store, done, reference)


async def erase_mail(store: Store, clock: Clock, key: str, reference: str) -> Erased:
    """Erases an e-mail address, by the key in its letters."""
    async with store.begin() as work:
        try:
            there = await work.mail.by_key(key)
        except NotFound:
            return Erased()
        done = Erased()
        await work.mail.erase_story(there.story)
        await _note(work, clock.now(), reference, done)
    return await _wiped(store, done, reference)


async def erase_named(store: Store, clock: Clock, named: str, reference: str) -> Erased:
    """Erases, for staff who had a letter, what is held under a reference (of a story or a participant) or an e-mail
    address. Raises BadInput(field="named") where there is nothing under it."""
    named = named.strip()
    async with store.begin() as work:
        done = Erased()
        if "@" in named:
            stories = await work.rights.addressed(named)
            for story in stories:
                await work.mail.erase_story(story)
            if stories:
                await _note(work, clock.now(), reference, done)
        elif _REFERENCE.fullmatch(named):
            try:
                done = await _story(work, clock, named, reference)
            except NotFound:
                await _by_participant(work, clock, named, reference, done)
        if not done.reference:
            raise BadInput("There is nothing to erase under this. Check it sign by sign.", field="named")
    return await _wiped(store, done, reference)


async def _by_participant(work: Work, clock: Clock, named: str, reference: str, done: Erased) -> None:
    try:
        session = await work.rights.session_of(named)
    except NotFound:
        return
    await _participant(work, session, named, done)
    if done.reference:
        await _note(work, clock.now(), reference, done)


async def _story(work: Work, clock: Clock, story_id: str, reference: str) -> Erased:
    done = Erased()
    story = await work.stories.get_story(story_id, lock=True)
    if not story.withdrawn_at:
        taken = await withdrawal.take_back(work, story, clock.now())
        done.sessions = list(taken.sessions)
        await _note(work, clock.now(), reference, done)
    return done


async def _participant(work: Work, session_id: str, person: str, done: Erased) -> None:
    """Erases a participant's words, and their link where the session is over; marks `done` where there was anything."""
    live = await work.sessions.get_session(session_id, lock=True)
    found = await work.rights.erase_participant(person, device=await _over(work, live))
    if not found:
        return
    done.reference = "there was something"
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
