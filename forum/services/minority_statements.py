"""Minority statements: the links with which groups write them, what they send, and what a moderator does with it.

A commissioner hands the link of a group to somebody in it; only a digest of its key is kept. It opens one form, on one
decision, for one statement. A moderator reads that first, as a story, and nobody else does before; who decided cannot
hold it back.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection
from dataclasses import replace

import msgspec

from forum.errors import BadInput, IllegalMove, NotAllowed, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.ports.minority_statements import GroupLink
from forum.services import permissions, record_entries
from forum.services.form_errors import NO_READ, Findings
from forum.services.keys import digest, is_key
from forum.services.record_entries import Words
from forum.voting.decision import Decision, check_stands
from forum.voting.minority_statement import (
    MOST_WORDS,
    MinorityStatement,
    StatementState,
    closes_at,
    groups_against,
)

MOST_BECAUSE = 2000
REVOKED = (
    "This link was switched off, so nothing was sent. Ask whoever gave it to you for a new one, and copy what you "
    "wrote from here."
)
OVER = "The time for this statement is over, so nothing was sent. You can still copy what you wrote from here."
ANNULLED = "The vote was annulled, so nothing stands against it now. You can still copy what you wrote from here."
REPLACED = (
    "This decision was replaced by another, so nothing was sent. Where your group is against the newer one, ask for a "
    "link on that. You can still copy what you wrote from here."
)
SENT = "Your group has sent its statement already, so this one was not sent. You can copy what you wrote from here."
_READ = "Somebody else read this statement a moment ago. Look at it again."
_OTHER_WORDS = "The group sent other words meanwhile, so nothing was done. Read them, and choose again."
_ID = re.compile(r"[0-9a-f]{32}")


class GroupStanding(msgspec.Struct, frozen=True):
    """A group that may write on a decision: its link that works, its statement, and until when it may send one."""

    group: str
    link: GroupLink | None
    statement: MinorityStatement | None
    closes_at: str


class OpenedLink(msgspec.Struct, frozen=True):
    """A decision as the link of a group opens it. `refused` says why nothing can be sent now, "" where it can be."""

    decision: Decision
    group: str
    statement: MinorityStatement | None
    closes_at: str
    refused: str


async def groups_of(work: Work, decision: Decision) -> list[GroupStanding]:
    """Returns the groups that may write on a decision, in the order of its differences."""
    links = await work.minority.working_group_links(decision.id)
    written = _by_group(await work.minority.statements_on(decision.id))
    return [
        GroupStanding(group, links.get(group), written.get(group), closes_at(decision, written.get(group)))
        for group in groups_against(decision)
    ]


async def make(store: Store, clock: Clock, person: Person, decision: str, group: str, new: str) -> GroupLink:
    """Gives a group a link, in the place of any that there is, and returns it.

    `new` is a key made by `keys.new_key` when the page was shown, so that the same form sent twice makes one link.
    Raises NotAllowed, NotFound (also for a group that is not shown to have put something else first), IllegalMove for a
    decision that another has replaced, and BadInput(field="new") for a `new` that is no key or is in use elsewhere.
    """
    async with store.begin() as work:
        made = await work.decisions.get_decision(decision)
        _may(person, "decide", made, "Only a commissioner can give a group a link.")
        if group not in groups_against(made):
            raise NotFound("This decision is not shown to go against such a group.")
        check_stands(made)
        there = await _link_of(work, new) if is_key(new) else None
        if there is not None and (there.decision, there.group, there.revoked_at) == (decision, group, ""):
            return there
        if not is_key(new) or there is not None:
            raise BadInput("This new link cannot be used. Here is another one.", field="new")
        await work.minority.revoke_group_links(decision, group, clock.now())
        link = GroupLink(secrets.token_hex(16), decision, group, digest(new), clock.now())
        await work.minority.add_group_link(link)
        return link


async def revoke(store: Store, clock: Clock, person: Person, decision: str, group: str) -> None:
    """Switches the link of a group off; does nothing where none works. What it sent stays. Raises NotAllowed."""
    async with store.begin() as work:
        made = await work.decisions.get_decision(decision)
        _may(person, "decide", made, "Only a commissioner can give a group a link.")
        await work.minority.revoke_group_links(decision, group, clock.now())


async def opened(work: Work, clock: Clock, key: str, *, lock: bool = False) -> OpenedLink:
    """Returns what a link with this key opens, also where it was switched off. With `lock` nobody else writes or makes
    links for its group meanwhile. Raises NotFound."""
    link = await work.minority.group_link(digest(key), lock=lock)
    decision = await work.decisions.get_decision(link.decision)
    statement = _by_group(await work.minority.statements_on(decision.id)).get(link.group)
    end = closes_at(decision, statement)
    refused = ""
    if link.group not in groups_against(decision):
        refused = ANNULLED
    elif link.revoked_at:
        refused = REVOKED
    elif statement is not None and statement.state != StatementState.RETURNED:
        refused = SENT
    elif decision.replaced:
        refused = REPLACED
    elif clock.now() > end:
        refused = OVER
    return OpenedLink(decision, link.group, statement, end, refused)


async def write(store: Store, clock: Clock, key: str, id_: str, words: str) -> MinorityStatement:
    """Sends a group's statement to the moderators, and returns it; the same form sent twice is one.

    `id_` is a random id made when the form was shown, or the id of a statement that was returned. Raises NotFound for
    an unknown key, FormErrors for words that are missing or too long, and IllegalMove (REVOKED, REPLACED, OVER,
    ANNULLED, SENT).
    """
    found = Findings()
    words = found.need("words", words, "Write what your group holds against the decision.", MOST_WORDS)
    async with store.begin() as work:
        there = await opened(work, clock, key, lock=True)
        before = there.statement
        if before is not None and (before.id, before.words, before.state) == (id_, words, StatementState.WAITING):
            return before
        if there.refused:
            raise IllegalMove(there.refused)
        found.stop()
        now = clock.now()
        made = id_ if _ID.fullmatch(id_) else secrets.token_hex(16)
        waiting = StatementState.WAITING
        new = before or MinorityStatement(made, there.decision.id, there.group, "", waiting, now)
        sent = replace(new, words=words, state=StatementState.WAITING)
        await work.minority.save_statement(sent)
        return sent


async def take_back(store: Store, clock: Clock, key: str) -> None:
    """Takes a group's statement back, with its link, whether it works or not: its words are deleted everywhere. Does
    nothing where there is none. Raises NotFound."""
    async with store.begin() as work:
        there = await opened(work, clock, key, lock=True)
        if there.statement is not None and there.statement.state != StatementState.TAKEN_BACK:
            await work.minority.save_statement(_emptied(there.statement))
            if digests := await _digests(work, there.statement, "words"):
                commission = await work.commissions.get_commission(there.decision.commission)
                await record_entries.erase(work, commission, clock.now(), digests)


def fingerprint(statement: MinorityStatement) -> str:
    """Returns the SHA-256 (hex) of a statement's words, so that later words cannot be published in the place of those
    that were read."""
    return digest(statement.words)


async def accept(store: Store, clock: Clock, person: Person, statement: str, read: str) -> MinorityStatement:
    """Publishes a statement that waits, beside its decision and in the record, for a moderator who read the words of
    the fingerprint `read`. Raises NotAllowed, NotFound and IllegalMove where it does not wait any more, or has other
    words by now."""
    async with store.begin() as work:
        waiting = await _waiting(work, person, statement, read)
        decision = await work.decisions.get_decision(waiting.decision)
        now = clock.now()
        entry = None
        if decision.entry is not None:
            facts = {
                "statement": waiting.id,
                "decision": decision.id,
                "sent_at": waiting.sent_at,
                "group": Words("minority group", waiting.group),
                "words": Words("minority statement", waiting.words),
            }
            commission = await work.commissions.get_commission(decision.commission)
            entry = await record_entries.append(work, commission, "minority statement", now, facts)
        published = replace(waiting, state=StatementState.PUBLISHED, because="", moderated_at=now, entry=entry)
        await work.minority.save_statement(published)
        return published


async def give_back(
    store: Store, clock: Clock, person: Person, statement: str, read: str, because: str
) -> MinorityStatement:
    """Returns a statement that waits to its group, with the reason. Takes `read` as `accept` does, and
    raises as that does, and FormErrors."""
    found = Findings()
    because = found.need("because", because, "Say what to change. The group reads it.", MOST_BECAUSE)
    async with store.begin() as work:
        waiting = await _waiting(work, person, statement, read)
        found.stop()
        returned = replace(waiting, state=StatementState.RETURNED, because=because, moderated_at=clock.now())
        await work.minority.save_statement(returned)
        return returned


async def empty(work: Work, decisions: Collection[str]) -> list[str]:
    """Empties the statements on decisions whose vote was annulled, with the names of their groups: they say what
    that vote showed. Returns the digests of what the record says of them, for the caller to erase."""
    digests: list[str] = []
    for id_ in decisions:
        for one in await work.minority.statements_on(id_):
            digests += await _digests(work, one, "group", "words")
            await work.minority.save_statement(replace(_emptied(one), group=""))
    return digests


async def commission_of(work: Work, statement: str) -> str:
    """Returns the id of the commission whose decision a statement is on. Raises NotFound."""
    found = await work.minority.get_statement(statement)
    return (await work.decisions.get_decision(found.decision)).commission


def _emptied(statement: MinorityStatement) -> MinorityStatement:
    return replace(statement, words="", because="", state=StatementState.TAKEN_BACK)


async def _digests(work: Work, statement: MinorityStatement, *fields: str) -> list[str]:
    """Returns the digests in these fields of a statement's entry; none where it has no entry."""
    if statement.entry is None:
        return []
    [stored] = await work.record.unchecked_at([statement.entry])
    entry = json.loads(stored.body)
    return [entry[field]["sd"] for field in fields]


async def _waiting(work: Work, person: Person, statement: str, read: str) -> MinorityStatement:
    found = await work.minority.get_statement(statement, lock=True)
    made = await work.decisions.get_decision(found.decision)
    _may(person, "moderate stories", made, "Only a moderator can read what groups send.")
    if found.state != StatementState.WAITING:
        raise IllegalMove(_READ)
    if not read:
        raise IllegalMove(NO_READ)
    if read != fingerprint(found):
        raise IllegalMove(_OTHER_WORDS)
    return found


async def _link_of(work: Work, key: str) -> GroupLink | None:
    try:
        return await work.minority.group_link(digest(key))
    except NotFound:
        return None


def _by_group(statements: Collection[MinorityStatement]) -> dict[str, MinorityStatement]:
    return {one.group: one for one in statements}


def _may(person: Person, permission: str, made: Decision, otherwise: str) -> None:
    if made.commission not in permissions.reach(person, permission):
        raise NotAllowed(otherwise)
