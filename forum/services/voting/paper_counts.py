"""Paper ballots, for people without a phone: one organiser counts them, a second confirms; each becomes a ballot.

They are counted only while the vote is open, so that the ballots root written at closing holds every ballot. A count
that nobody has confirmed keeps the vote from being closed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from forum.errors import BadInput, IllegalMove
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.form_errors import Findings
from forum.services.keys import digest_of_no_key
from forum.services.sessions import guard
from forum.sessions.paper_count import PaperCount
from forum.sessions.session import LiveSession, Participant
from forum.voting.ballot import Ballot, choice_refusal
from forum.voting.commission import Commission
from forum.voting.methods import METHODS
from forum.voting.round import Round

MOST_PAPERS = 2000
_MOST_DIGITS = 6
_NOT_OPEN = "Papers are counted while the vote is open. This one is not."


class PaperForm(msgspec.Struct, frozen=True):
    """A count as typed: `counts` by (group id, mark), where "" stands for "prefer not to say". Errors about a group
    come back under `count_GROUP`."""

    counts: Mapping[tuple[str, str], str] = msgspec.field(default_factory=dict)
    handed_out: str = ""


def countable(round_: Round) -> tuple[str, ...]:
    """Returns the marks that a paper may bear in this round; () where a paper is not just one mark."""
    way = METHODS[round_.method]
    if not way.FOLLOWED or not way.WITH_GROUP:
        return ()
    responses = [r.id for r in round_.responses]
    # A mark that needs a reason beside it cannot be counted in heaps.
    return tuple(mark for mark in way.columns(responses) if not choice_refusal(round_.method, responses, mark, "", ""))


async def enter(store: Store, clock: Clock, by: str, session: str, round_id: str, form: PaperForm) -> PaperCount:
    """Saves a count and returns it; it replaces one that nobody has confirmed yet, but for the same entered twice. `by`
    is the id of the account, or of the helper's link, of whoever counted.

    Raises FormErrors for impossible numbers, BadInput where the method takes no papers, IllegalMove where the vote is
    not open.
    """
    async with store.begin() as work:
        live, round_ = await _open(work, session, round_id, clock.now())
        commission = await work.commissions.of_session(live)
        counts, handed_out = _checked(form, round_, commission)
        there = await work.papers.get_paper_count(round_.id)
        if there is not None and (there.counts, there.handed_out, there.entered_by) == (counts, handed_out, by):
            return there
        count = PaperCount(secrets.token_hex(16), round_.id, counts, handed_out, by, clock.now())
        await work.papers.put_paper_count(count)
    return count


async def discard(store: Store, clock: Clock, session: str, round_id: str, id_: str) -> None:
    """Deletes an unconfirmed count. Raises IllegalMove where it was corrected or confirmed meanwhile."""
    async with store.begin() as work:
        await _open(work, session, round_id, clock.now())
        if not await work.papers.discard(round_id, id_):
            raise IllegalMove("This count was corrected or confirmed meanwhile. Look at it again.")


async def confirm(store: Store, clock: Clock, by: str, session: str, round_id: str, id_: str) -> PaperCount:
    """Confirms a count that somebody else entered, and turns each of its papers into a ballot; `by` is as in `enter`.

    Raises IllegalMove where the same person entered it, or made the helper's link that confirms it, where it was
    corrected meanwhile, or the vote is not open.
    """
    async with store.begin() as work:
        live, _round = await _open(work, session, round_id, clock.now())
        entered = await work.papers.get_paper_count(round_id)
        if entered is None or entered.id != id_:
            raise IllegalMove("This count was corrected or confirmed meanwhile. Look at it again.")
        if entered.entered_by == by:
            raise IllegalMove("You entered this count yourself. Somebody else must confirm it.")
        if await is_of_their_link(work, entered, by):
            raise IllegalMove(
                "Whoever made this link entered this count. Somebody else must confirm it, signed in as themselves or "
                "with a link that another organiser makes."
            )
        count = replace(entered, confirmed_by=by, confirmed_at=clock.now())
        await work.papers.confirm(count, _ballots(live, count))
    return count


async def is_of_their_link(work: Work, entered: PaperCount, by: str) -> bool:
    """Returns True where `by` is a helper's link that was made by the account which entered a count: whoever made it
    has it too."""
    session = (await work.rounds.get_round(entered.round)).session
    links = await work.helper_links.helper_links(session)
    return any(one.id == by and one.made_by == entered.entered_by for one in links)


async def _open(work: Work, session: str, round_id: str, at: str) -> tuple[LiveSession, Round]:
    """Returns the session and its open round, both locked until this unit of work ends. Raises IllegalMove."""
    live = await guard.going_on(work, session)
    return live, await guard.taking(work, live, round_id, at, _NOT_OPEN)


def _checked(form: PaperForm, round_: Round, commission: Commission) -> tuple[dict[str, dict[str, int]], int]:
    marks = countable(round_)
    if not marks:
        raise BadInput("Papers can be counted only where each person chooses one answer.", field="form")
    found = Findings()
    counts: dict[str, dict[str, int]] = {}
    for group in (*(g.id for g in commission.groups), ""):
        typed = {mark: form.counts.get((group, mark), "") for mark in marks}
        numbers = {mark: _number(text) for mark, text in typed.items()}
        if None in numbers.values():
            found.wrong(f"count_{group}", "Write whole numbers, or leave a field empty.")
            continue
        counts[group] = {mark: n for mark, n in numbers.items() if n}
        papers = sum(counts[group].values())
        invited = next((g.invited for g in commission.groups if g.id == group), None)
        if invited is not None and papers > invited:
            found.wrong(
                f"count_{group}",
                "You counted %(papers)s papers from this group, but %(invited)s people were invited from it.",
                papers=papers,
                invited=invited,
            )
    handed_out = _number(form.handed_out)
    papers = sum(n for of_group in counts.values() for n in of_group.values())
    if not form.handed_out.strip() or handed_out is None:
        found.wrong("handed_out", "Say how many people in the room got a paper, as a whole number.")
    elif papers > handed_out:
        found.wrong(
            "handed_out",
            "You counted %(papers)s papers, but only %(handed_out)s people got one. Count again.",
            papers=papers,
            handed_out=handed_out,
        )
    elif papers > MOST_PAPERS:
        found.wrong("handed_out", "At most %(most)s papers can be counted.", most=MOST_PAPERS)
    elif not papers and not found.errors:
        found.wrong("handed_out", "There is no paper in this count.")
    found.stop()
    return {group: of_group for group, of_group in counts.items() if of_group}, handed_out or 0


def _number(typed: str) -> int | None:
    typed = typed.strip()
    if not typed:
        return 0
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS else None


def _ballots(live: LiveSession, count: PaperCount) -> list[tuple[Participant, str, Ballot]]:
    """Returns for each paper a new participant, the digest of a device that nobody has, and the ballot."""
    found = []
    for group, of_group in count.counts.items():
        for mark, papers in of_group.items():
            for _ in range(papers):
                person = Participant(secrets.token_hex(16), live.id, group or None, count.confirmed_at, passing=True)
                device = digest_of_no_key()
                ids = (secrets.token_hex(16), secrets.token_hex(16), secrets.token_hex(16))
                found.append(
                    (person, device, Ballot(count.round, person.id, mark, "", group or None, *ids, paper=True))
                )
    return found
