"""Tables, by area: one schema for SQLite and PostgreSQL. `migrations/` builds it; a test checks that the two agree.

Tables whose rows are listed in the order they were made have `seq`, a counter that never leaves the database;
everything else refers to rows by their random `id`. Times are strings (UTC, ISO 8601, milliseconds, Z), which sort as
they are. Values that are only read and written whole are in one JSON column.
"""

from forum.store.tables.accounts import first_link, person, sign_in, token
from forum.store.tables.commissions import (
    closing,
    commission,
    commission_version,
    commitment,
    commitment_update,
    decision,
    decision_draft,
    owner_link,
    stage_move,
    stage_note,
)
from forum.store.tables.followers import follower, owner_mail
from forum.store.tables.record import checkpoint, cosignature, disclosure, entry, fact
from forum.store.tables.rounds import ballot, casting, me_too, reason, round_
from forum.store.tables.schema import Words, metadata, storable
from forum.store.tables.sessions import (
    also,
    amendment,
    asked,
    last_act,
    paper,
    participant,
    pledge,
    programme,
    proposal,
    session,
    stop,
    ticket,
)
from forum.store.tables.stories import (
    appeal,
    draft,
    evidence,
    evidence_file,
    library,
    library_note,
    mail,
    moderation,
    report,
    story,
    suggestion,
    version,
)

__all__ = [
    "Words",
    "also",
    "amendment",
    "appeal",
    "asked",
    "ballot",
    "casting",
    "checkpoint",
    "closing",
    "commission",
    "commission_version",
    "commitment",
    "commitment_update",
    "cosignature",
    "decision",
    "decision_draft",
    "disclosure",
    "draft",
    "entry",
    "evidence",
    "evidence_file",
    "fact",
    "first_link",
    "follower",
    "last_act",
    "library",
    "library_note",
    "mail",
    "me_too",
    "metadata",
    "moderation",
    "owner_link",
    "owner_mail",
    "paper",
    "participant",
    "person",
    "pledge",
    "programme",
    "proposal",
    "reason",
    "report",
    "round_",
    "session",
    "sign_in",
    "stage_move",
    "stage_note",
    "stop",
    "storable",
    "story",
    "suggestion",
    "ticket",
    "token",
    "version",
]
