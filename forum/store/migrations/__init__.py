"""How the schema came to be: `env.py` is what Alembic runs, `versions/` holds one revision a file.

For a change of the tables, change `tables.py` and write the next file in `versions/` by hand, after the pattern of the
last one; a published revision is never edited. tests/store/test_migrating.py fails until the two agree on SQLite and
on PostgreSQL, and its failure lists what still differs.
"""
