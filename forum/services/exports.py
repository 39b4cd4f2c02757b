"""Opened ballots and exports, made only from rounds whose result was shown."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any, BinaryIO, TypeAlias

from forum.errors import NotFound, RecordDamaged
from forum.ports import Store, Work
from forum.ports.long_work import long
from forum.record import ballot_leaves, export_zip
from forum.record.receipts import BallotTree
from forum.record.sorted_lines import SortedLines
from forum.record.verify.encoding import canonical, parse_canonical
from forum.record.verify.public_log import Log
from forum.record.verify.rounds import result_of
from forum.services.checkpoints import Checkpoints
from forum.services.record_cache import Kept, kept, same
from forum.services.stated_tables import stated
from forum.services.voting.close_rounds import counts_stand
from forum.voting.methods import METHODS
from forum.voting.round import RoundRevealed, RoundState
from forum.voting.small_numbers import sealed
from forum.voting.suppression import label_of, no_count, opened_by, origin_of

LabelOf: TypeAlias = Callable[[str | None], str]
OriginOf: TypeAlias = Callable[[bool], str]


async def opened_ballots(work: Work, round_id: str, *, however_few: bool = False) -> list[dict[str, Any]]:
    """Returns a round's ballots as `ballot_leaves` writes them, in the order of their leaf hashes.

    Raises NotFound for an unknown round, and equally for one whose result was not shown, is withdrawn, or gives no
    count but with `however_few`: for the tree over them, of which a receipt shows its owner hashes.
    """
    label, origin = await _opening(work, round_id, however_few=however_few)
    return await asyncio.to_thread(ballot_leaves.open_all, await work.rounds.ballots(round_id), label, origin)


async def _opening(work: Work, round_id: str, *, however_few: bool = False) -> tuple[LabelOf, OriginOf]:
    """Returns what a round's opened ballots say beside what was cast: the label of a group, and the origin of a ballot
    that was on paper or not. Raises NotFound as `opened_ballots` does.
    """
    round_ = await work.rounds.get_round(round_id)
    session = await work.sessions.get_session(round_.session)
    if not round_.revealed_at or session.partition is None or round_id in session.held:
        raise NotFound("There are no opened ballots here.")
    commission = await work.commissions.of_session(session)
    origins = list(Counter(await work.rounds.origins(round_id)).elements())
    partition = session.partition.of_round(round_id)
    uncounted = None if however_few else no_count(partition, len(origins), commission.threshold)
    if commission.small_numbers and not however_few:
        choices = list(Counter(await work.rounds.choices(round_id)).elements())
        counts = METHODS[round_.method].tally(choices, [r.id for r in round_.responses])
        if sealed(counts, choices, commission.threshold):
            raise NotFound("The votes are not opened: an answer was given by so few that it could show who they are.")
    partition = opened_by(partition, commission)
    # Where the counts stand in the record, nobody can withdraw them, and the ballots are checked with them.
    if (uncounted or round_.state == RoundState.ANNULLED) and not await counts_stand(work, round_id):
        if uncounted:
            raise NotFound(uncounted)
        raise NotFound("This vote was annulled, so its votes are not open any more.")
    terms = commission.threshold, round_.method, round_.leaf_edition
    return label_of(partition, Counter(group for group, _ in origins), *terms), origin_of(partition, origins, *terms)


# Number of rounds whose opened lines are kept in memory, under everything that they follow from.
MOST_KEPT = 16


async def opened_lines(work: Work, round_id: str) -> bytes:
    """Returns a round's opened ballots as canonical JSON, one a line; kept in memory while the round does not
    change.

    Raises NotFound as `opened_ballots` does.
    """

    async def lines() -> bytes:
        opened = await opened_ballots(work, round_id)
        return await asyncio.to_thread(lambda: b"".join(canonical(line) + b"\n" for line in opened))

    return await work.remembered.of(bytes, MOST_KEPT, await _follows_from(work, round_id), lines)


# The same of trees, whose memory is larger: of 3,000 ballots about 4 MB.
MOST_TREES = 4


async def ballot_tree(work: Work, round_id: str) -> BallotTree:
    """Returns the tree over a round's opened ballots, for receipts; kept in memory as `opened_lines` are.

    Raises NotFound as `opened_ballots` does.
    """

    async def tree() -> BallotTree:
        return await asyncio.to_thread(BallotTree, await opened_ballots(work, round_id, however_few=True))

    return await work.remembered.of(BallotTree, MOST_TREES, await _follows_from(work, round_id), tree)


async def _follows_from(work: Work, round_id: str) -> tuple[object, ...]:
    """Returns everything that a round's opened ballots follow from."""
    round_ = await work.rounds.get_round(round_id)
    session = await work.sessions.get_session(round_.session)
    commission = await work.commissions.of_session(session)
    voted = (await work.rounds.voted([round_id]))[round_id]
    return round_, session.partition, round_id in session.held, commission.threshold, commission.small_numbers, voted


Progress: TypeAlias = Callable[[int, int], None]


def unheard(done: int, of: int) -> None:
    """Takes progress that nobody wants to hear of."""


# Entries, and ballots, that are worked through before others have their turn.
PIECE_OF_ENTRIES = 50
PIECE_OF_BALLOTS = 500


async def read_log(store: Store, commission: str | None = None, session: str | None = None) -> Log:
    """Returns what exports of one session, of one commission, or of all (both None), are made of, without the ballots.

    Raises NotFound for an unknown commission or session, one of another commission than is given, and one of which
    nothing is in the record; RecordDamaged.
    """
    async with store.read() as work:
        return await _read(work, kept(store), commission, session)


async def _read(work: Work, record: Kept, commission: str | None, session: str | None) -> Log:
    if session is not None:
        live = await work.sessions.get_session(session)
        if commission not in (None, live.commission):
            raise NotFound("There is no such session.")
        commission = live.commission
    if commission is not None:
        await work.commissions.get_commission(commission)
    size = await work.record.size()
    tree = await record.tree_of(work, size)
    entries: list[dict[str, Any]] = []
    words: dict[str, str] = {}
    for start in range(0, size, PIECE_OF_ENTRIES):
        stop = min(start + PIECE_OF_ENTRIES, size)
        stored = await work.record.entries(start, stop)
        entries += [parse_canonical(entry.body) for entry in same(tree, stored)]
        if len(entries) != stop:
            raise RecordDamaged.at(len(entries))
        for one in await work.record.disclosures_of(start, stop):
            if one.encoded is not None and commission in (None, one.commission):
                words[one.digest] = one.encoded
    log = Log(tuple(entries), words, (), commission, session)
    for digest in await long(lambda: log.held):
        words.pop(digest, None)
    if session is not None:
        if session not in log.sessions:
            raise NotFound("Nothing of this session is in the record: it has not begun, or was a rehearsal.")
        needed = await long(log.digests)
        log = replace(log, disclosures={digest: words[digest] for digest in needed if digest in words})
    # Worked out before the tables ask for it, which they do on the event loop.
    await long(lambda: (log.rounds, log.sessions, log.titles))
    return replace(log, stated=await stated(work, log))


async def _open_all(work: Work, log: Log, lines: SortedLines, progress: Progress) -> None:
    """Adds the opened ballots of all votes of a log whose counts are shown to `lines`, in pieces."""
    shown = await long(
        lambda: [
            entry["round"]
            for _, entry in log.chosen(RoundRevealed)
            if (said := result_of(entry, log.disclosures) or {}).get("counts") and not said.get("sealed")
        ]
    )
    of, done = sum((await work.rounds.voted(shown)).values()), 0
    for round_id in shown:
        places = await _opening(work, round_id)
        last = ""
        while ballots := await work.rounds.ballots_after(round_id, last, PIECE_OF_BALLOTS):
            await long(lines.add, ballot_leaves.opened_lines(ballots, *places))
            last = ballots[-1].participant
            done += len(ballots)
            progress(done, of)


async def write(
    checkpoints: Checkpoints,
    out: BinaryIO,
    aside: BinaryIO,
    commission: str | None = None,
    licence: str = "",
    progress: Progress = unheard,
    session: str | None = None,
) -> dict[str, int]:
    """Writes the export of one session, of one commission, or of all (both None), to the file `out`, as a zip that
    names this licence.

    `out` and `aside` are empty files, to be sought in; the ballots are sorted in `aside`, so that they are never all in
    memory. `progress` is told how many ballots of how many have been opened, after each piece. Everything is done in
    pieces, those that take longer in a thread; none runs on once this is cancelled.

    Returns what the export holds: {"entries": ..., "ballots": ...}, the latter being opened ballots. Raises NotFound as
    `read_log` does, and where the record is not to be signed CheckpointRefused or RecordDamaged.
    """
    store, lines, opened = checkpoints.store, SortedLines(aside), 0

    def counted(done: int, of: int) -> None:
        nonlocal opened
        opened = done
        progress(done, of)

    async with store.read() as work:
        log = await _read(work, kept(store), commission, session)
        await _open_all(work, log, lines, counted)
        tree = await kept(store).tree_of(work, len(log.entries))
    note = await checkpoints.with_cosignatures(await checkpoints.sign(tree, len(log.entries)))
    ballots = (line[ballot_leaves.HASH_IN_HEX :] + b"\n" for line in lines)
    with closing(export_zip.written(out, log, checkpoints.signer, note, licence, ballots)) as steps:
        while await long(next, steps, None) is not None:
            pass
    return {"entries": len(log.entries), "ballots": opened}


async def export(
    checkpoints: Checkpoints,
    commission: str | None = None,
    licence: str = "",
    progress: Progress = unheard,
    session: str | None = None,
) -> bytes:
    """Returns what `write` writes, for exports that are small enough."""
    out = io.BytesIO()
    await write(checkpoints, out, io.BytesIO(), commission, licence, progress, session)
    return out.getvalue()
