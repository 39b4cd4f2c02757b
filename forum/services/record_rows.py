"""Holds the rows of sessions, votes, stories, decisions, stages and moderators' acts against the entries about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from forum.errors import CastRefused, NotFound
from forum.ports import Work
from forum.ports.record import Disclosure
from forum.record.entry_rows import GONE, differences, spoken
from forum.record.verify.disclosures import digests_in, disclosure_digest, open_disclosure
from forum.record.verify.verdict import RecordError
from forum.services import commission_rows, decision_rows
from forum.services.record_known import Entry, Known
from forum.services.row_differences import Unlike, columns, missing, plain_facts, told
from forum.services.sessions import commissions_and_sessions, facilitation
from forum.services.voting import close_rounds, results
from forum.stories.submission import StoryStatus
from forum.voting.ballot import Ballot
from forum.voting.round import Round, RoundState

# Facts of "round opened" that are the commission's, by the column.
_COMMISSIONS = ("groups", "threshold", "small_numbers", "power")
_ABOUT = "about."
# Columns of a ballot that are drawn anew for each.
_DRAWN: dict[str, Callable[[Ballot], str]] = {
    "ballot": lambda one: one.ballot,
    "salt": lambda one: one.salt,
    "group_salt": lambda one: one.group_salt,
}


async def unlike(work: Work, known: Known, index: int, entry: Entry) -> AsyncIterator[Unlike]:
    """Yields what is not as an entry says, of the words beside it and of the rows that it tells of."""
    digests = list(dict.fromkeys(digests_in(entry)))
    words: dict[str, Any] = {}
    beside = {digest: one for digest in digests if (one := known.ahead.words.get(digest)) is not None}
    if more := [digest for digest in digests if digest not in known.ahead.words]:
        beside |= {one.digest: one for one in await work.record.disclosures(more)}
    for digest in digests:
        for found in _disclosure(digest, beside.get(digest), entry):
            yield found
    for one in beside.values():
        if (one.encoded is None) != (one.digest in known.erased):
            there, should = ("no words", "the words") if one.encoded is None else ("words", "none: they were withdrawn")
            yield "disclosure", one.digest, "encoded", there, should
        if one.encoded is not None:
            try:
                salt, _, words[one.digest] = open_disclosure(one.encoded)
            except RecordError:
                return  # told already
            if known.salts.setdefault(salt, one.digest) != one.digest:
                yield "disclosure", one.digest, "encoded", "words with the salt of others", "a salt of their own"
    rows = ROWS.get(entry["type"])
    if rows is not None and not (set(digests) - words.keys() - known.erased):
        async for found in rows(work, known, index, spoken(entry, words)):
            yield found


def _disclosure(digest: str, there: Disclosure | None, entry: Entry) -> Iterator[Unlike]:
    """Yields what is wrong with the row of the words that an entry names."""
    row = ("disclosure", digest)
    if there is None:
        yield *row, "digest", "gone", "the words that the entry names, or their withdrawal"
        return
    if there.commission != entry["commission"]:
        yield *row, "commission", there.commission, entry["commission"]
    if there.encoded is None:
        return
    try:
        open_disclosure(there.encoded)
        fits = disclosure_digest(there.encoded) == digest
    except (RecordError, UnicodeEncodeError):
        fits = False
    if not fits:
        yield *row, "encoded", "other words", "those that the digest stands for"


async def _session_opened(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        live = await work.sessions.get_session(said["session"])
        commission = await work.commissions.of_session(live)
    except NotFound:
        yield missing("session", said["session"])
        return
    if not live.opened_at:
        yield "session", live.id, "opened_at", "planned", "opened: this entry says so"
    if live.called_off_at:
        yield "session", live.id, "called_off_at", live.called_off_at, "never: it was opened"
    made = plain_facts(commissions_and_sessions.opened(live, commission))
    commission_rows.as_early_as(said, made)
    # Stories may be added to a programme, and never taken from it.
    made["scenarios"] = made["scenarios"][: len(said["scenarios"])]
    for column, should, there in differences(_facts(said), made):
        if column.startswith(_ABOUT):
            name = f"{commission.id} {live.terms}"
            yield "commission_version", name, column.removeprefix(_ABOUT), told(there), told(should)
        else:
            yield "session", live.id, column, told(there), told(should)
    # Of a session by itself nothing says what became of its commission since.
    for found in [] if known.apart else await commission_rows.newest(work, known, index, said, live.terms):
        yield found


async def _session_called_off(work: Work, _known: Known, _index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        live = await work.sessions.get_session(said["session"])
    except NotFound:
        yield missing("session", said["session"])
        return
    made = {"title": live.title, "because": live.called_off_because, "at": live.called_off_at}
    if not live.ended:
        yield "session", live.id, "ended", "no", "yes: it was called off"
    for found in columns("session", live.id, said, made):
        yield found
    if live.opened_at:
        yield "session", live.id, "opened_at", live.opened_at, "never: it was called off"


async def _round_opened(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        round_ = await work.rounds.get_round(said["round"])
        commission = await work.commissions.of_session(await work.sessions.get_session(round_.session))
    except NotFound:
        yield missing("round", said["round"])
        return
    facts = _facts(said)
    if "closes_at" in facts:
        facts["closes_at"] = known.closing[round_.id]
    if said["question"] is GONE:
        # Of a story that was taken back no version of the question is left.
        facts.pop("versions", None)
    for column, should, there in differences(facts, plain_facts(facilitation.opened(round_, commission))):
        if column.split("[")[0] in _COMMISSIONS:
            yield "commission_version", f"{commission.id} {commission.version}", column, told(there), told(should)
        else:
            yield "round", round_.id, column, told(there), told(should)
    for problem in await _state(work, known, round_):
        yield problem


async def _state(work: Work, known: Known, round_: Round) -> list[Unlike]:
    """Returns the state of a round's row where it is not what the round's entries say."""
    should = known.states[round_.id]
    if round_.state == should:
        return []
    held = (await work.sessions.get_session(round_.session)).held
    if (should, round_.state) == (RoundState.CLOSED, RoundState.REVEALED) and round_.id in held:
        return []  # shown while badges were off, and recorded when that is lifted
    return [("round", round_.id, "state", round_.state, should)]


async def _round_closed(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        round_ = await work.rounds.get_round(said["round"])
    except NotFound:
        return  # told at the entry that opened it
    live = await work.sessions.get_session(round_.session)
    if round_.closed_at != said["at"]:
        yield "round", round_.id, "closed_at", round_.closed_at, said["at"]
    if live.partition is None:
        yield "session", live.id, "partition", "none", "how its groups are put together: it has a closed vote"
        return
    ballots = await work.rounds.ballots(round_.id)
    for column, drawn in _DRAWN.items():
        # The same on two of them would tell that both are one person's.
        if len(set(map(drawn, ballots))) < len(ballots):
            yield "ballot", f"round {round_.id}", column, "the same on several ballots", "one of its own for each"
    made = await close_rounds.counted(work, live, round_, ballots)
    for column, should, there in differences(
        {k: said[k] for k in ("count", "ballots_root", "paper") if k in said}, made
    ):
        yield "ballot", f"round {round_.id}", column, told(there), told(should)


async def _round_revealed(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        round_ = await work.rounds.get_round(said["round"])
    except NotFound:
        return
    if round_.revealed_at != said["at"] and not round_.revealed_at:
        yield "round", round_.id, "revealed_at", "none", said["at"]
    result = said["result"]
    if result is GONE:
        return
    try:
        made = await results.tally_of(work, round_, however_few=bool(result["counts"]))
    except (ValueError, CastRefused) as error:
        yield "ballot", f"round {round_.id}", "choice", str(error), "a choice that was offered"
        return
    for found in columns("ballot", f"round {round_.id}", result, made):
        yield found


async def _round_annulled(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    try:
        round_ = await work.rounds.get_round(said["round"])
    except NotFound:
        return
    made = {"because": round_.annulled_because, "at": round_.annulled_at}
    for column, should, there in differences({name: said[name] for name in made}, made):
        yield "round", round_.id, f"annulled_{column}", told(there), told(should)


async def _scenario_published(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    if known.entries[said["scenario"]] != index:
        return  # a later version is the one that is shown
    try:
        story = await work.stories.get_story(said["scenario"])
    except NotFound:
        yield missing("story", said["scenario"])
        return
    if (said["text"] is GONE) != (story.status == StoryStatus.WITHDRAWN):
        should = StoryStatus.WITHDRAWN if said["text"] is GONE else "not withdrawn"
        yield "story", story.id, "status", story.status, should
    elif story.status == StoryStatus.ACCEPTED:
        made = {"title": story.title, "twee": story.twee}
        for found in columns("story", story.id, {"title": said["title"], "twee": said["text"]}, made):
            yield found


async def _moderation_action(work: Work, known: Known, index: int, said: Entry) -> AsyncIterator[Unlike]:
    acts = [act for act in await work.moderation.list_acts(said["scenario"]) if act.entry == index]
    if not acts:
        yield "moderation", f"story {said['scenario']}", "entry", "no act with this entry", str(index)
    for act in acts:
        made = {"action": str(act.action), "because": act.because if act.public and act.because else None, "at": act.at}
        for found in columns("moderation", act.id, said, made):
            yield found


# Entries that tell of rows, by type, each with what holds the rows against it.
ROWS: Mapping[str, Callable[[Work, Known, int, Entry], AsyncIterator[Unlike]]] = {
    "session opened": _session_opened,
    "session called off": _session_called_off,
    "round opened": _round_opened,
    "round closed": _round_closed,
    "round revealed": _round_revealed,
    "round annulled": _round_annulled,
    "scenario published": _scenario_published,
    "moderation action": _moderation_action,
    **commission_rows.ROWS,
    **decision_rows.ROWS,
}


async def unrecorded(work: Work, known: Known, commission: str, session: str) -> AsyncIterator[Unlike]:
    """Yields the rows that pages are drawn from and no entry tells of: of one session, or for "" of its commission."""
    if session:
        async for unsaid in _unrecorded_of(work, known, session):
            yield unsaid
        return
    of = await work.commissions.get_commission(commission)
    if not of.rehearsal:
        for story in await work.stories.list_stories(commission, StoryStatus.ACCEPTED):
            if story.id not in known.entries:
                yield "story", story.id, "status", story.status, "something else: no entry says that it was published"
        async for unsaid in commission_rows.unrecorded(work, known, of):
            yield unsaid
    async for unsaid in decision_rows.unrecorded(work, known, commission):
        yield unsaid


async def _unrecorded_of(work: Work, known: Known, session: str) -> AsyncIterator[Unlike]:
    live = await work.sessions.get_session(session)
    rounds = await work.rounds.list_rounds(session)
    # Nothing of a planned session is in the record.
    if live.recorded and (live.opened_at or live.called_off_at) and session not in known.entries:
        yield "session", session, "id", "a recorded session", "none: no entry tells of it"
    for round_ in rounds if live.recorded else ():
        if round_.opened_at and round_.id not in known.entries:
            yield "round", round_.id, "id", f"a vote that is {round_.state}", "none: no entry tells of it"
    predicted = await work.predictions.prediction_for(session)
    if live.recorded and predicted and predicted.id not in known.entries:
        yield "prediction", predicted.id, "id", "a prediction", "none: no entry tells of it"
    async for unsaid in commission_rows.unrecorded_moves(work, known, rounds):
        yield unsaid


def _facts(said: Entry) -> Entry:
    return {name: fact for name, fact in said.items() if name not in ("type", "at", "commission", "demonstration")}
