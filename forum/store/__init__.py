"""The store: the only SQL, for SQLite and PostgreSQL.

`migrate(url)` makes the tables or brings them up to date; `open_store(url)` opens a database that is up to date;
`check(url)` only looks at it; `held(url)` keeps other servers off it while one runs. All of them raise
errors.StartupProblem, which says what to do, before anything is changed.
"""

from forum.store.engine import SqlStore
from forum.store.migrate import check, migrate, open_store
from forum.store.server_lock import Held, held, hold

__all__ = ["Held", "SqlStore", "check", "held", "hold", "migrate", "open_store"]
