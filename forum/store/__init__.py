"""The store: the only SQL, for SQLite and PostgreSQL.

`migrate(url)` makes the tables or brings them up to date; `open_store(url)` opens a database that is up to date;
`check(url)` only looks at it; `held(url)` keeps other servers off it while one runs. All of them raise
errors.StartupProblem, which says what to do, before anything is changed. `snapshot(url, file)` copies a database while
others write, `contents_of(url)` says what is in one of any revision.
"""

from forum.store.condition import Condition, condition_of
from forum.store.engine import SqlStore
from forum.store.migrate import check, migrate, migrations_after, open_store, revision_of, revisions
from forum.store.server_lock import Held, held, hold
from forum.store.snapshot import Contents, bodies_from, contents_of, file_of, fold, index_anew, put_in, snapshot

__all__ = [
    "Condition",
    "Contents",
    "Held",
    "SqlStore",
    "bodies_from",
    "check",
    "condition_of",
    "contents_of",
    "file_of",
    "fold",
    "held",
    "hold",
    "index_anew",
    "migrate",
    "migrations_after",
    "open_store",
    "put_in",
    "revision_of",
    "revisions",
    "snapshot",
]
