"""The link of a promise's owner: who makes it, what it opens, and what a switched-off one says."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from support.factories import CLOCK, new_id
from support.kept_databases import kept
from support.recorded_day import a_day
from support.voted_session import COMMISSIONER

from forum.errors import BadInput, IllegalMove, NotAllowed, NotFound
from forum.ports.accounts import Person, Role
from forum.ports.promises import Sought
from forum.services import commitments, ledger, owner_links
from forum.services.commitments import UpdateForm
from forum.services.keys import digest, new_key
from forum.services.owner_links import REVOKED
from forum.store import SqlStore, tables

ORGANISER = Person(new_id(), "o", "O", (Role.ORGANISER, Role.MODERATOR))


async def after(store: SqlStore, commitment: str) -> str:
    async with store.read() as work:
        return (await work.decisions.get_commitment(commitment)).updates[-1].id


async def test_a_link_opens_one_promise_and_only_the_digest_of_its_key_is_kept(store: SqlStore) -> None:
    day, key, other = await kept(store, a_day), new_key(), new_key()
    link = await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, key)
    assert await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, key) == link
    async with store.read() as work:
        owned = await owner_links.owned(work, key)
        assert (owned.promise.commitment.id, owned.works) == (day.commitment, True)
        with pytest.raises(NotFound):
            await owner_links.owned(work, other)
    async with store.writer.connect() as connection:
        [row] = (await connection.execute(sa.select(tables.owner_link))).mappings().all()
    assert row["key"] == digest(key)
    assert key not in str(row)

    form = UpdateForm(new_id(), await after(store, day.commitment), "done", said="Both are here.")
    made = await owner_links.update(store, CLOCK, key, form)
    assert made.given_by == "owner"
    assert await owner_links.update(store, CLOCK, key, form) == made
    with pytest.raises(NotFound):
        await owner_links.update(store, CLOCK, other, form)


async def test_another_link_stops_the_one_before_and_so_does_switching_off(sqlite_store: SqlStore) -> None:
    store = sqlite_store
    day, first, second = await kept(store, a_day), new_key(), new_key()
    await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, first)
    await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, second)
    form = UpdateForm("", await after(store, day.commitment), "done", said="Both are here.")
    with pytest.raises(IllegalMove) as told:
        await owner_links.update(store, CLOCK, first, form)
    assert told.value.message == REVOKED
    # Neither an old link nor something that is no key becomes a link.
    for wrong in (first, "short", ""):
        with pytest.raises(BadInput) as refused:
            await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, wrong)
        assert refused.value.field == "new"
    async with store.read() as work:
        assert [(await owner_links.owned(work, key)).works for key in (first, second)] == [False, True]
    for _ in range(2):
        await owner_links.revoke(store, CLOCK, COMMISSIONER, day.commitment)
    with pytest.raises(IllegalMove):
        await owner_links.update(store, CLOCK, second, form)
    async with store.read() as work:
        assert await work.owners.working_owner_link(day.commitment) is None
        assert len((await work.decisions.get_commitment(day.commitment)).updates) == 1


@pytest.mark.parametrize("by_owner", [True, False])
async def test_the_link_of_whoever_had_a_promise_stops_where_it_is_handed_on(
    sqlite_store: SqlStore, *, by_owner: bool
) -> None:
    """Else they would go on speaking for the role that has it now."""
    store = sqlite_store
    day, key, new = await kept(store, a_day), new_key(), new_key()
    await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, key)
    form = UpdateForm(new_id(), await after(store, day.commitment), "handed on", handed_to="Control room")
    if by_owner:
        made = await owner_links.update(store, CLOCK, key, form)
        assert await owner_links.update(store, CLOCK, key, form) == made, "sent twice it is one, and no refusal"
    else:
        made = await commitments.update(store, CLOCK, COMMISSIONER, day.commitment, form)
    with pytest.raises(IllegalMove) as told:
        await owner_links.update(store, CLOCK, key, UpdateForm("", made.id, "done", said="Both are here."))
    assert told.value.message == REVOKED
    await owner_links.make(store, CLOCK, COMMISSIONER, day.commitment, new)
    told_now = await owner_links.update(store, CLOCK, new, UpdateForm("", made.id, "done", said="Both are here."))
    assert told_now.given_by == "owner"


async def test_only_a_commissioner_gives_links_and_only_for_a_promise_that_is_there(sqlite_store: SqlStore) -> None:
    day = await kept(sqlite_store, a_day)
    with pytest.raises(NotAllowed):
        await owner_links.make(sqlite_store, CLOCK, ORGANISER, day.commitment, new_key())
    with pytest.raises(NotAllowed):
        await owner_links.revoke(sqlite_store, CLOCK, ORGANISER, day.commitment)
    with pytest.raises(NotFound):
        await owner_links.make(sqlite_store, CLOCK, COMMISSIONER, new_id(), new_key())
    assert await commitments_without_links(sqlite_store)


async def commitments_without_links(store: SqlStore) -> bool:
    """Tells whether no promise of the record has a link."""
    async with store.read() as work:
        listed = await ledger.found(work, Sought(), "2026-12-01")
        return bool(listed) and not any([await work.owners.working_owner_link(one.commitment.id) for one in listed])


def test_nothing_leads_from_a_link_to_a_ballot_or_a_device() -> None:
    """Follows every reference from the table, and every one to it."""
    to = {key.column.table.name for key in tables.owner_link.foreign_keys}
    by = {
        table.name
        for table in tables.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table is tables.owner_link
    }
    assert (to, by) == ({"commitment"}, set())
    for table in (tables.commitment, tables.commitment_update):
        assert {key.column.table.name for key in table.foreign_keys} <= {"decision", "commitment"}
