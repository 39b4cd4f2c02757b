"""The history of the schema: Alembic runs `env.py`; `versions/` holds one revision a file.

To change a table, change it in `store/tables/` and write the next file in `versions/` by hand, after the pattern of the
last one; a published revision is never edited. tests/store/test_migrate.py fails until the two agree on SQLite and on
PostgreSQL, and its failure lists the differences.
"""
