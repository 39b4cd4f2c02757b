"""Rounds and their ballots."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import msgspec
import sqlalchemy as sa

from forum.sessions.session import Participant
from forum.store.ballot_statements import waits_its_turn
from forum.store.ballots import SqlBallots
from forum.store.base import Row, Steps, having, made, plain
from forum.store.device_digest import GONE
from forum.store.sessions import participant_of
from forum.store.tables import ballot, casting, storable
from forum.store.tables import participant as participants
from forum.store.tables import round_ as rounds_table
from forum.voting.ballot import MOST_CAST_ID, Cast, CastOutcome, choice_refusal
from forum.voting.round import Round, RoundState

_NO_ROUND = "There is no such question."


Key: TypeAlias = tuple[str, str, str]
Voter: TypeAlias = tuple[str, str]

_REFUSED: dict[str, str] = {
    RoundState.DRAFT: "not_open",
    RoundState.CLOSED: "closed",
    RoundState.REVEALED: "closed",
    RoundState.ANNULLED: "annulled",
}


class _Asked(msgspec.Struct, frozen=True):
    """The parts of a round that a cast is checked against: session, state, method, response ids in order, closing time
    or "".
    """

    session: str
    state: str
    method: str
    responses: tuple[str, ...]
    closes_at: str


class _Known(msgspec.Struct, frozen=True):
    """The stored state behind a cast that was not fresh: its participant's session, whether the cast was counted
    before, and the choice that counts for that participant now.
    """

    session: str | None
    observer: bool
    counted: bool
    choice: str


class SqlRounds(SqlBallots):
    """The database's rounds. The contract is ports.voting.Rounds."""

    async def add_round(self, round_: Round) -> None:
        """Adds a round."""
        await self._link.run(sa.insert(rounds_table).values(plain(round_)))

    async def get_round(self, round_id: str, *, lock: bool = False) -> Round:
        """Returns a round. `lock` waits for casts being committed and keeps further ones out until this unit ends.
        Raises NotFound.
        """
        wanted = having(rounds_table.c.id)
        if lock:
            await self._wait_turn(sa.select(rounds_table.c.id).where(rounds_table.c.id == storable(round_id)))
            # FOR NO KEY UPDATE excludes the FOR SHARE that casts hold (ballot_statements.py).
            wanted = wanted.with_for_update(key_share=True)
        return _round(await self._link.one(wanted, _NO_ROUND, {"id": round_id}))

    async def some(self, ids: Collection[str]) -> dict[str, Round]:
        """Returns these rounds by id; unknown ids are left out."""
        wanted = sa.select(rounds_table).where(self._link.among(rounds_table.c.id, ids))
        return {row["id"]: _round(row) for row in await self._link.rows(wanted)}

    async def list_rounds(self, session: str) -> list[Round]:
        """Returns the rounds of a session in the order they were made."""
        wanted = having(rounds_table.c.session, order=rounds_table.c.seq)
        return [_round(row) for row in await self._link.rows(wanted, {"session": session})]

    async def of_all(self, sessions: Collection[str], *, scenario: str | None = None) -> dict[str, list[Round]]:
        """Returns the rounds of several sessions by session id, each list in the order they were made; with `scenario`
        only those about that story.
        """
        wanted = sa.select(rounds_table).where(self._link.among(rounds_table.c.session, sessions))
        if scenario is not None:
            wanted = wanted.where(rounds_table.c.scenario == scenario)
        by_session: dict[str, list[Round]] = {one: [] for one in sessions}
        for row in await self._link.rows(wanted.order_by(rounds_table.c.seq)):
            round_ = _round(row)
            by_session[round_.session].append(round_)
        return by_session

    async def check_backs(self, votes: Collection[str]) -> list[Round]:
        """Returns the rounds that ask about these, in the order they were made."""
        wanted = sa.select(rounds_table).where(self._link.among(rounds_table.c.asks_about, votes))
        return [_round(row) for row in await self._link.rows(wanted.order_by(rounds_table.c.seq))]

    async def timed(self, *, scenario: str | None = None, due: str | None = None) -> list[Round]:
        """Returns the open rounds that have a closing time, earliest first: those of one story, or due by `due`."""
        wanted = (
            sa.select(rounds_table)
            .where(rounds_table.c.state == RoundState.OPEN, rounds_table.c.closes_at != "")
            .order_by(rounds_table.c.closes_at, rounds_table.c.seq)
        )
        if scenario is not None:
            wanted = wanted.where(rounds_table.c.scenario == scenario)
        if due is not None:
            wanted = wanted.where(rounds_table.c.closes_at <= due)
        return [_round(row) for row in await self._link.rows(wanted)]

    async def voting(self) -> dict[str, str]:
        """Returns the sessions in which a room votes, and since when nothing happened; see ports.voting.Rounds."""
        came = sa.select(sa.func.max(participants.c.joined_at)).where(participants.c.session == rounds_table.c.session)
        wanted = sa.select(rounds_table.c.session, rounds_table.c.opened_at, came.scalar_subquery().label("came"))
        open_ = (rounds_table.c.state == RoundState.OPEN, rounds_table.c.closes_at == "")
        found: dict[str, str] = {}
        for row in await self._link.rows(wanted.where(*open_)):
            latest = max(row["opened_at"], row["came"] or "")
            found[row["session"]] = max(latest, found.get(row["session"], ""))
        return found

    async def save_round(self, round_: Round) -> None:
        """Writes a changed round. Raises NotFound."""
        await self._link.change(
            sa.update(rounds_table).where(rounds_table.c.id == round_.id).values(plain(round_)), _NO_ROUND
        )

    async def cast(self, batch: Sequence[Cast]) -> list[CastOutcome]:
        """Counts a batch, as ports.voting.Rounds.cast says, in three statements; a fourth where some casts are not
        fresh.
        """
        return await self._link.in_one_go(self._casting(batch))

    def _casting(self, batch: Sequence[Cast]) -> Steps[list[CastOutcome]]:
        keys = [_key(cast) for cast in batch]
        asked = yield from self._asked({key[0] for key in keys})
        refusals = _refusals(asked, keys, batch)

        fresh = yield from self._fresh(
            {(*key, asked[key[0]].session) for key, refusal in zip(keys, refusals, strict=True) if not refusal}
        )
        counted: dict[Key, int] = {}
        for i, (key, refusal) in enumerate(zip(keys, refusals, strict=True)):
            if key in fresh and not refusal:
                counted.setdefault(key, i)
        first, written = yield from self._count([(key, batch[i]) for key, i in counted.items()])
        late = {key for key in counted if key[:2] not in written}

        others = {key for i, key in enumerate(keys) if counted.get(key) != i}
        known = yield from self._known((others - counted.keys()) | late)
        now = {key[:2]: known[key].choice if key in late else batch[i].choice for key, i in counted.items()}
        outcomes = []
        for i, (key, cast) in enumerate(zip(keys, batch, strict=True)):
            if (at := counted.get(key)) is not None:
                # A cast sent twice in one batch: a sending before the counted one was refused for its choice or reason.
                refusal = refusals[i] if i < at else ""
                choice = "" if refusal else now[key[:2]]
                changed = i == at and key not in first and key not in late
                outcomes.append(CastOutcome(cast, refusal, changed, choice, i == at and key in first))
            else:
                before = known.get(key)
                refusal = _judged(before, asked.get(key[0]), refusals[i])
                outcomes.append(CastOutcome(cast, refusal, choice=before.choice if before and not refusal else ""))
        return outcomes

    async def withdraw_words(self, scenario: str) -> list[str]:
        """Erases a story's words from its rounds and their ballots; see ports.voting.Rounds.withdraw_words."""
        # Locked, so that no cast being committed leaves a reason behind; in the order of ballot_statements.py, so that
        # the two cannot deadlock.
        of_story = rounds_table.c.scenario == scenario
        await self._wait_turn(sa.select(rounds_table.c.id).where(of_story).order_by(rounds_table.c.id))
        wanted = sa.select(rounds_table).where(of_story).order_by(rounds_table.c.id)
        affected = [_round(row) for row in await self._link.rows(wanted.with_for_update(key_share=True))]
        for round_ in affected:
            after = plain(round_.without_words())
            await self._link.run(sa.update(rounds_table).where(rounds_table.c.id == round_.id).values(after))
            await self._link.run(sa.update(ballot).where(ballot.c.round == round_.id).values(reason="", condition=""))
        return [round_.id for round_ in affected]

    async def caster(self, round_id: str, cast: str) -> Participant | None:
        """Returns who cast the ballot with this cast id, or None; see ports.voting.Rounds.caster."""
        wanted = (
            sa.select(participants)
            .join(casting, casting.c.participant == participants.c.id)
            .where(casting.c.round == round_id, casting.c.cast == cast, participants.c.device < GONE)
            .limit(2)
        )
        rows = await self._link.rows(wanted)
        return participant_of(rows[0]) if len(rows) == 1 else None

    async def recast(self, round_id: str, participant: str, cast: str, instead: str) -> bool:
        """Gives a cast that was counted another id; see ports.voting.Rounds.recast."""
        its = (casting.c.round == round_id, casting.c.participant == participant, casting.c.cast == cast)
        return await self._link.run(sa.update(casting).where(*its).values(cast=instead)) == 1

    async def _wait_turn(self, ids: sa.Select[tuple[str]]) -> None:
        if self._link.postgresql:  # SQLite has one writer: whoever is here has its turn
            await self._link.rows(waits_its_turn(ids))

    def _asked(self, ids: set[str]) -> Steps[dict[str, _Asked]]:
        rows = yield self._statements.asked, [(one,) for one in sorted(ids)]
        return {
            round_id: _Asked(
                session, state, method, tuple(one["id"] for one in msgspec.json.decode(responses)), closes_at
            )
            for round_id, session, state, method, responses, closes_at in rows
        }

    def _fresh(self, casts: set[tuple[str, str, str, str]]) -> Steps[set[Key]]:
        """Stores the casts that are new and from somebody in the given session, and returns their keys."""
        stored = yield self._statements.fresh, sorted(casts)
        return {(round_id, who, cast) for round_id, who, cast in stored}

    def _count(self, casts: list[tuple[Key, Cast]]) -> Steps[tuple[set[Key], set[Voter]]]:
        """Writes the ballots of fresh casts, given in order. Returns the keys of those that are somebody's first, and
        those whose ballot it wrote: the ballot of anybody else came later than theirs in the batch.
        """
        first: dict[Voter, Cast] = {}
        last: dict[Voter, Cast] = {}
        opening: dict[Voter, Key] = {}
        for key, cast in casts:
            voter = key[:2]
            if voter not in first:
                first[voter] = cast
                opening[voter] = key
            last[voter] = cast
        # In order, so that rows that lie beside each other are written together.
        ballots = sorted(_values(voter, opener, last[voter]) for voter, opener in first.items())
        written = yield self._statements.count, ballots
        # A ballot returned with another random id than ours existed before.
        opened = {opening[round_id, who] for round_id, who, own in written if own == first[round_id, who].ballot}
        return opened, {(round_id, who) for round_id, who, _ in written}

    def _known(self, keys: set[Key]) -> Steps[dict[Key, _Known]]:
        rows = yield self._statements.known, sorted(keys)
        return {
            (one, who, cast): _Known(session, bool(observer), was is not None, now or "")
            for one, who, cast, session, observer, was, now in rows
        }


def _key(cast: Cast) -> Key:
    return storable(cast.round), storable(cast.participant), storable(cast.cast)


def _values(voter: Voter, first: Cast, last: Cast) -> tuple[str, ...]:
    reason = storable(last.reason)
    condition = storable(last.condition)
    return (*voter, last.choice, reason, first.ballot, first.salt, first.group_salt, last.at, condition)


def _refusals(asked: Mapping[str, _Asked], keys: Sequence[Key], batch: Sequence[Cast]) -> list[str]:
    # Most ballots of a batch are alike: each kind is held against its round once.
    judged: dict[tuple[str, ...], str] = {}
    refusals = []
    for key, cast in zip(keys, batch, strict=True):
        round_ = asked.get(key[0])
        refusal = _not_taken(round_, cast)
        if not refusal and round_ is not None:
            kind = cast.round, cast.choice, cast.reason, cast.condition
            if kind not in judged:
                judged[kind] = choice_refusal(round_.method, round_.responses, *kind[1:])
            refusal = judged[kind]
        refusals.append(refusal)
    return refusals


def _not_taken(asked: _Asked | None, cast: Cast) -> str:
    """Returns the refusal of any ballot that comes now, whatever its choice; "" for none."""
    if asked is None:
        return "unknown_round"
    if not 0 < len(cast.cast) <= MOST_CAST_ID:
        return "malformed"
    if asked.state != RoundState.OPEN:
        return _REFUSED[asked.state]
    return _REFUSED[RoundState.CLOSED] if asked.closes_at and cast.at >= asked.closes_at else ""


def _judged(known: _Known | None, asked: _Asked | None, refusal: str) -> str:
    """Returns the refusal of a cast that was not fresh; "" where it was counted before."""
    if known is not None and known.counted:
        return ""
    if known is None or asked is None or known.session != asked.session:
        return "unknown_round"
    return refusal or ("observing" if known.observer else "unknown_round")


def _round(row: Row) -> Round:
    # `versions` is NULL in rounds made before the column existed.
    return made(row, Round, versions=row["versions"] or ())
