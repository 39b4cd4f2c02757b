"""Pledges of help: made on a phone after a vote, read by a moderator, published in the record, taken back by a link.

A pledge knows its commission and nothing of its maker. What limits how many one browser makes is counted in memory and
forgotten (`web/pledges.py`). Only a digest of the private link's key is kept.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import msgspec

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.record.verify.disclosures import digests_in
from forum.services import record_entries, scrub
from forum.services.form_errors import Findings
from forum.services.keys import digest, is_key
from forum.services.permissions import Reach
from forum.services.record_entries import Words
from forum.services.sent_before import SEND_ONCE_MORE, unchanged
from forum.sessions.session import LiveSession
from forum.stories.visible_text import trimmed
from forum.voting.commission import Commission
from forum.voting.help_pledge import MOST_NAME, MOST_SHOWN, MOST_WAITING, MOST_WORDS, HelpPledge, HelpState
from forum.voting.round import RoundState

_NOT_YET = "You can say how you can help once the first vote of this session has closed."
_FULL = "So many people want to help that %(most)s pledges wait to be read. Come back to this page tomorrow."
READ = "Somebody else read this pledge a moment ago, or it was taken back. Look at the list again."


class HelpForm(msgspec.Struct, frozen=True):
    """A pledge as typed; `new` is a key made by `keys.new_key` when the form was shown, the end of its private link.
    Errors come back under the names of these fields."""

    new: str = ""
    words: str = ""
    name: str = ""


class Offered(msgspec.Struct, frozen=True):
    """A pledge with the commission that it is for."""

    pledge: HelpPledge
    commission: Commission


async def must_be_open(work: Work, session: LiveSession) -> Commission:
    """Returns the commission for which somebody may pledge help in a session. Raises IllegalMove in one that is not
    in the record, and before its first vote has closed."""
    commission = await work.commissions.get_commission(session.commission)
    if not session.recorded or session.rehearsal or commission.rehearsal:
        raise IllegalMove("This is a rehearsal, so nobody can pledge help in it.")
    if not any(
        one.state in (RoundState.CLOSED, RoundState.REVEALED) for one in await work.rounds.list_rounds(session.id)
    ):
        raise IllegalMove(_NOT_YET)
    return commission


def checked(form: HelpForm) -> tuple[str, str]:
    """Returns the words and the name of a pledge as they are kept. Raises FormErrors with all mistakes."""
    found = Findings()
    words = found.need("words", form.words, "Say in a few words how you can help.", MOST_WORDS)
    name = found.name("name", form.name, "", MOST_NAME) if trimmed(form.name) else ""
    if not is_key(form.new):
        found.wrong("new", "This form cannot be used. Here is another one.")
    found.stop()
    return words, name


async def make(store: Store, clock: Clock, session: LiveSession, form: HelpForm) -> HelpPledge:
    """Keeps a pledge until a moderator has read it; the same form sent twice makes one.

    Raises FormErrors, and IllegalMove as `must_be_open` does and while too many wait.
    """
    words, name = checked(form)
    async with store.begin() as work:
        commission = await must_be_open(work, session)
        pledge = HelpPledge(secrets.token_hex(16), commission.id, words, name, digest(form.new), clock.now()[:10])
        if await work.help_pledges.add_help_pledge(pledge):
            if await work.help_pledges.count_help_pledges(HelpState.WAITING, commission.id) > MOST_WAITING:
                raise IllegalMove(_FULL, most=MOST_WAITING)
            return pledge
        there = await work.help_pledges.help_pledge_by_key(pledge.key)
        return unchanged(there, SEND_ONCE_MORE, commission=commission.id, words=words, name=name)


async def by_link(work: Work, key: str) -> Offered:
    """Returns the pledge of a private link, whatever its state. Raises NotFound."""
    pledge = await work.help_pledges.help_pledge_by_key(digest(key))
    return Offered(pledge, await work.commissions.get_commission(pledge.commission))


async def take_back(store: Store, clock: Clock, key: str) -> None:
    """Takes a pledge back by its private link: its words are deleted everywhere when this returns. Does nothing the
    second time. Raises NotFound."""
    async with store.begin() as work:
        there = await work.help_pledges.help_pledge_by_key(digest(key))
        there = await work.help_pledges.help_pledge(there.id, lock=True)
        if there.state not in (HelpState.WAITING, HelpState.SHOWN):
            return
        await _without_words(work, clock, there, HelpState.WITHDRAWN)
        if there.entry is not None:
            [stored] = await work.record.entries_at([there.entry])
            commission = await work.commissions.get_commission(there.commission)
            await record_entries.erase(work, commission, clock.now(), list(digests_in(json.loads(stored.body))))
    await scrub.scrub(store)


async def waiting(work: Work, within: Reach) -> list[Offered]:
    """Returns the pledges that wait to be read in these commissions."""
    listed = [one for one in await work.help_pledges.list_help_pledges(HelpState.WAITING) if one.commission in within]
    of = {id_: await work.commissions.get_commission(id_) for id_ in {one.commission for one in listed}}
    return [Offered(one, of[one.commission]) for one in listed]


async def read(store: Store, clock: Clock, within: Reach, pledge: str, *, publish: bool) -> None:
    """Publishes a pledge that a moderator has read, with its entry in the record, or declines it: its words then go.

    Raises NotFound where it is of none of these commissions, IllegalMove where somebody else was faster.
    """
    async with store.begin() as work:
        there = await work.help_pledges.help_pledge(pledge, lock=True)
        if there.commission not in within:
            raise NotFound("There is no such pledge.")
        if there.state != HelpState.WAITING:
            raise IllegalMove(READ)
        if publish:
            commission = await work.commissions.get_commission(there.commission)
            facts = {
                "pledge": there.id,
                "words": Words("pledge", there.words),
                "name": Words("pledge_name", there.name) if there.name else None,
            }
            entry = await record_entries.append(work, commission, "pledge", clock.now(), facts)
            await work.help_pledges.save_help_pledge(replace(there, state=HelpState.SHOWN, entry=entry))
        else:
            await _without_words(work, clock, there, HelpState.DECLINED)
    await scrub.scrub(store)


async def shown(work: Work, commission: str | None = None) -> tuple[list[HelpPledge], int]:
    """Returns the pledges that everybody reads, of a commission or of all, the first MOST_SHOWN; and how many more
    there are."""
    listed = await work.help_pledges.list_help_pledges(HelpState.SHOWN, commission, MOST_SHOWN)
    if len(listed) < MOST_SHOWN:
        return listed, 0
    return listed, await work.help_pledges.count_help_pledges(HelpState.SHOWN, commission) - len(listed)


async def _without_words(work: Work, clock: Clock, pledge: HelpPledge, state: HelpState) -> None:
    await work.help_pledges.save_help_pledge(replace(pledge, state=state, words="", name=""))
    await scrub.to_do(work, clock.now())
