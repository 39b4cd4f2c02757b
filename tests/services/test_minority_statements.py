"""Minority statements: who may write one, until when, what a moderator does, and what is left when it goes again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.decided import ANSWERS, MODERATOR
from support.factories import CLOCK, SetClock, new_id
from support.forged_exports import details, entry_of_type, failed, signed_again
from support.record_keeper import CRISIS, SIGNER, Keeper, a_keeper
from support.voted_session import COMMISSIONER, Voted, a_vote

from forum.errors import BadInput, FormErrors, IllegalMove, NotAllowed, NotFound
from forum.ports import Store
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.disclosures import digests_in
from forum.record.verify.verdict import FAIL
from forum.services import decision_corrections, exports, minority_statements, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.decision_corrections import ReplacementForm
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.keys import new_key
from forum.services.minority_statements import ANNULLED, OVER, REPLACED, REVOKED, SENT, fingerprint
from forum.services.sessions import facilitation
from forum.voting.decision import Decision
from forum.voting.minority_statement import MOST_WORDS, OPEN_DAYS, RETURNED_DAYS, StatementState, groups_against

NURSES, WORDS = "Nurses", "Two of us cannot cover a whole night."


@pytest.fixture
async def voted(sqlite_store: Store) -> Voted:
    return await a_vote(sqlite_store, declared=True)


async def decided(store: Store, voted: Voted) -> Decision:
    """Adopts what the room preferred, against what the nurses, and groups that are shown together, put first."""
    form = DecisionForm(voted.rounds, "", "adopted", "r1", "It can be done.", answers=ANSWERS)
    return await decide(store, CLOCK, COMMISSIONER, form)


async def linked(store: Store, made: Decision) -> str:
    key = new_key()
    await minority_statements.make(store, CLOCK, COMMISSIONER, made.id, NURSES, key)
    return key


async def sound(store: Store) -> bytes:
    """Checks the database, and an export of it by both verifiers; returns the export."""
    checkpoints = Checkpoints(store, SIGNER)
    async for progress in record_check.check(checkpoints):
        assert progress.findings == []
    packed = await exports.export(checkpoints)
    assert [check for check in audit.verify(packed) if check.verdict == FAIL] == []
    return packed


async def test_only_a_group_that_is_shown_to_prefer_something_else_has_a_link(
    sqlite_store: Store, voted: Voted
) -> None:
    made = await decided(sqlite_store, voted)
    assert groups_against(made) == (NURSES,)
    for group in ("other groups", "Police", "People who use services", ""):
        with pytest.raises(NotFound):
            await minority_statements.make(sqlite_store, CLOCK, COMMISSIONER, made.id, group, new_key())
    with pytest.raises(NotAllowed):
        await minority_statements.make(sqlite_store, CLOCK, MODERATOR, made.id, NURSES, new_key())
    key = await linked(sqlite_store, made)
    again = await minority_statements.make(sqlite_store, CLOCK, COMMISSIONER, made.id, NURSES, key)
    with pytest.raises(BadInput):
        await minority_statements.make(sqlite_store, CLOCK, COMMISSIONER, made.id, NURSES, "short")
    other = await linked(sqlite_store, made)
    async with sqlite_store.read() as work:
        assert (await minority_statements.opened(work, CLOCK, key)).refused == REVOKED
        assert (await minority_statements.opened(work, CLOCK, other)).refused == ""
        assert again.key not in (key, "")
    await minority_statements.revoke(sqlite_store, CLOCK, COMMISSIONER, made.id, NURSES)
    with pytest.raises(IllegalMove, match="switched off"):
        await minority_statements.write(sqlite_store, CLOCK, other, new_id(), WORDS)


async def test_a_statement_is_read_first_then_stands_in_the_record_and_can_be_taken_back(
    sqlite_store: Store, voted: Voted
) -> None:
    made = await decided(sqlite_store, voted)
    key, id_ = await linked(sqlite_store, made), new_id()
    for words in (" \n", "x" * (MOST_WORDS + 1)):
        with pytest.raises(FormErrors):
            await minority_statements.write(sqlite_store, CLOCK, key, id_, words)
    sent = await minority_statements.write(sqlite_store, CLOCK, key, id_, WORDS)
    assert await minority_statements.write(sqlite_store, CLOCK, key, id_, WORDS) == sent, "sent twice, it is one"
    with pytest.raises(IllegalMove) as second:
        await minority_statements.write(sqlite_store, CLOCK, key, new_id(), "Another")
    assert second.value.message == SENT
    assert WORDS.encode() not in await sound(sqlite_store), "nobody reads it before a moderator does"
    with pytest.raises(NotAllowed):
        await minority_statements.accept(sqlite_store, CLOCK, COMMISSIONER, id_, fingerprint(sent))
    with pytest.raises(FormErrors):
        await minority_statements.give_back(sqlite_store, CLOCK, MODERATOR, id_, fingerprint(sent), " ")
    await minority_statements.give_back(sqlite_store, CLOCK, MODERATOR, id_, fingerprint(sent), "Leave the name out.")
    await minority_statements.write(sqlite_store, CLOCK, key, id_, WORDS)
    published = await minority_statements.accept(sqlite_store, CLOCK, MODERATOR, id_, fingerprint(sent))
    assert (published.state, published.entry) == (StatementState.PUBLISHED, made.entry + 1 if made.entry else None)
    with pytest.raises(IllegalMove, match="a moment ago"):
        await minority_statements.give_back(sqlite_store, CLOCK, MODERATOR, id_, fingerprint(sent), "Too late.")
    assert WORDS.encode() in unpack(await sound(sqlite_store))[0]["dissent.csv"]
    await minority_statements.take_back(sqlite_store, CLOCK, key)
    await minority_statements.take_back(sqlite_store, CLOCK, key)
    files = unpack(await sound(sqlite_store))[0]
    assert not [name for name, data in files.items() if WORDS.encode() in data]
    assert b"(withdrawn)" in files["dissent.csv"]


async def test_nothing_is_done_on_words_that_a_moderator_did_not_read(sqlite_store: Store, voted: Voted) -> None:
    made = await decided(sqlite_store, voted)
    key = await linked(sqlite_store, made)
    sent = await minority_statements.write(sqlite_store, CLOCK, key, new_id(), WORDS)
    read = fingerprint(sent)
    await minority_statements.give_back(sqlite_store, CLOCK, MODERATOR, sent.id, read, "Leave the name out.")
    again = await minority_statements.write(sqlite_store, CLOCK, key, sent.id, "Sam cannot cover a whole night.")
    for other, why in ((read, "sent other words"), ("", "does not say what you read")):
        with pytest.raises(IllegalMove, match=why):
            await minority_statements.accept(sqlite_store, CLOCK, MODERATOR, sent.id, other)
        with pytest.raises(IllegalMove, match=why):
            await minority_statements.give_back(sqlite_store, CLOCK, MODERATOR, sent.id, other, "As before.")
    async with sqlite_store.read() as work:
        assert await work.minority.get_statement(sent.id) == again, "it waits, as the group sent it"


async def test_after_its_time_nothing_is_sent_but_what_was_returned_has_some_days_more(
    sqlite_store: Store, voted: Voted
) -> None:
    made = await decided(sqlite_store, voted)
    key, clock = await linked(sqlite_store, made), SetClock(made.decided_at)
    clock.move(days=OPEN_DAYS)
    sent = await minority_statements.write(sqlite_store, clock, key, new_id(), WORDS)
    clock.move(days=1)
    await minority_statements.give_back(
        sqlite_store, clock, MODERATOR, sent.id, fingerprint(sent), "Leave the name out."
    )
    clock.move(days=RETURNED_DAYS)
    again = await minority_statements.write(sqlite_store, clock, key, sent.id, "Better.")
    assert again.sent_at == sent.sent_at
    await minority_statements.give_back(sqlite_store, clock, MODERATOR, sent.id, fingerprint(again), "And this one.")
    clock.move(days=RETURNED_DAYS + 1)
    with pytest.raises(IllegalMove) as late:
        await minority_statements.write(sqlite_store, clock, key, sent.id, "Too late.")
    assert late.value.message == OVER


async def test_on_a_decision_that_was_replaced_no_link_is_made_and_nothing_is_sent(
    sqlite_store: Store, voted: Voted
) -> None:
    made = await decided(sqlite_store, voted)
    key = await linked(sqlite_store, made)
    newer = await decided(sqlite_store, voted)
    form = ReplacementForm(by=newer.id, why="It was too narrow.")
    await decision_corrections.put_in_place(sqlite_store, CLOCK, COMMISSIONER, made.id, form)
    with pytest.raises(IllegalMove) as refused:
        await minority_statements.write(sqlite_store, CLOCK, key, new_id(), WORDS)
    assert refused.value.message == REPLACED
    with pytest.raises(IllegalMove, match="replaced by another"):
        await linked(sqlite_store, made)
    again = await linked(sqlite_store, newer)
    assert (await minority_statements.write(sqlite_store, CLOCK, again, new_id(), WORDS)).decision == newer.id


async def test_with_an_annulled_vote_the_statement_goes_and_its_group_with_it(
    sqlite_store: Store, voted: Voted
) -> None:
    made = await decided(sqlite_store, voted)
    key = await linked(sqlite_store, made)
    sent = await minority_statements.write(sqlite_store, CLOCK, key, new_id(), WORDS)
    await minority_statements.accept(sqlite_store, CLOCK, MODERATOR, sent.id, fingerprint(sent))
    await facilitation.annul_round(voted.desk, voted.live.id, voted.rounds[0], "It was put badly.")
    async with sqlite_store.read() as work:
        [left] = await work.minority.statements_on(made.id)
        assert (left.group, left.words, left.state) == ("", "", StatementState.TAKEN_BACK)
        assert (await minority_statements.opened(work, CLOCK, key)).refused == ANNULLED
    files = unpack(await sound(sqlite_store))[0]
    assert not [name for name in ("dissent.csv", "differences.csv") if NURSES.encode() in files[name]]


def _of_another_group(keeper: Keeper) -> None:
    entry_of_type(keeper, "minority statement")["group"] = keeper.words(CRISIS, "minority group", "Police")


def _of_groups_together(keeper: Keeper) -> None:
    entry_of_type(keeper, "minority statement")["group"] = keeper.words(CRISIS, "minority group", "other groups")


def _a_second_one(keeper: Keeper) -> None:
    decision = entry_of_type(keeper, "minority statement")["decision"]
    keeper.object_to(CRISIS, decision, "And again")


def _too_late(keeper: Keeper) -> None:
    entry_of_type(keeper, "minority statement")["sent_at"] = "2027-11-22T10:00:00.000Z"


def _too_early(keeper: Keeper) -> None:
    entry_of_type(keeper, "minority statement")["sent_at"] = "2026-01-01T10:00:00.000Z"


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (_of_another_group, "its group is not shown to have put something else first"),
        (_of_groups_together, "its group is not shown to have put something else first"),
        (_a_second_one, "its group has made one on this decision before"),
        (_too_late, "or after the 14 days for it"),
        (_too_early, "it was sent before the decision"),
    ],
)
def test_a_statement_that_cannot_be_fails(forge: Callable[[Keeper], None], told: str) -> None:
    keeper = a_keeper()
    forge(keeper)
    named = set(digests_in({"entries": keeper.entries}))
    keeper.disclosures = {digest: said for digest, said in keeper.disclosures.items() if digest in named}
    export = signed_again(keeper)
    assert failed(export) == {"order of rounds"}
    assert told in details(export)["order of rounds"]
