"""The store: the only SQL, on SQLite or PostgreSQL, whichever the address says.

`migrate(url)` makes or updates the tables; `open_store(url)` opens a database that is up to date;
`check(url)` only looks; `held(url)` keeps other servers off it while one runs. All of them raise
errors.StartupProblem, with what to do, before anything is touched.
"""

from forum.store.engine import SqlStore
from forum.store.migrate import check, migrate, open_store
from forum.store.server_lock import Held, held, hold

__all__ = ["Held", "SqlStore", "check", "held", "hold", "migrate", "open_store"]
