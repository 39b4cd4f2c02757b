"""How PostgreSQL goes about counting a batch, where it knows nothing yet of how many rows its tables have."""

from __future__ import annotations

from conftest import Database

from forum.store import open_store
from forum.store.ballot_statements import statements


async def test_no_batch_is_joined_with_a_whole_session(postgres_database: Database) -> None:
    """A join may be planned as "everybody in this session, for every ballot": seconds a batch, as was seen."""
    store = await open_store(postgres_database.url)
    for over in (statements(postgresql=True).fresh, statements(postgresql=True).count):
        async with store.writer.connect() as connection:
            compiled = over.statement.compile(dialect=connection.dialect)
            values = tuple(["x"] for _ in compiled.positiontup or ())
            plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {compiled}", values)).scalars())
        assert "SubPlan" in plan
        assert "Join" not in plan
        assert "Nested Loop" not in plan
    await store.close()
