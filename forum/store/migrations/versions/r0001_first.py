"""The first schema: every table, and the triggers that keep the record append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# "INSERT OR REPLACE" deletes without asking a delete trigger, so an insert may only go at the end.
_SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END
    """,
    """
    CREATE TRIGGER entry_remains BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END
    """,
    """
    CREATE TRIGGER entry_at_end BEFORE INSERT ON entry
    WHEN NEW.position IS NOT (SELECT coalesce(max(position) + 1, 0) FROM entry)
    BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END
    """,
)
_POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$
    """,
    """
    CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE ON entry
    FOR EACH ROW EXECUTE FUNCTION entry_refuse()
    """,
    """
    CREATE TRIGGER entry_remains BEFORE TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION entry_refuse()
    """,
)


def upgrade() -> None:
    """Everything, in the order in which tables refer to one another."""
    op.create_table(
        "casting",
        sa.Column("round", sa.Text(), nullable=False),
        sa.Column("participant", sa.Text(), nullable=False),
        sa.Column("cast", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("round", "participant", "cast", name="pk_casting"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "commission",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("power", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("support", sa.JSON(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_commission"),
        sa.UniqueConstraint("id", name="uq_commission_id"),
    )
    op.create_table(
        "disclosure",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("encoded", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_disclosure"),
    )
    op.create_index("ix_disclosure_commission", "disclosure", ["commission"], unique=False)
    op.create_table(
        "entry",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_entry"),
    )
    op.create_table(
        "fact",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_fact"),
    )
    op.create_table(
        "first_link",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("only", name="pk_first_link"),
    )
    op.create_table(
        "person",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("login_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_person"),
        sa.UniqueConstraint("id", name="uq_person_id"),
        sa.UniqueConstraint("login_key", name="uq_person_login_key"),
    )
    op.create_table(
        "decision",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("rounds", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("dissent", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name="fk_decision_commission"),
        sa.PrimaryKeyConstraint("seq", name="pk_decision"),
        sa.UniqueConstraint("id", name="uq_decision_id"),
    )
    op.create_index("ix_decision_commission", "decision", ["commission"], unique=False)
    op.create_table(
        "session",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("projector", sa.Text(), nullable=False),
        sa.Column("scenarios", sa.JSON(), nullable=False),
        sa.Column("cue", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("partition", sa.JSON(), nullable=True),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name="fk_session_commission"),
        sa.PrimaryKeyConstraint("seq", name="pk_session"),
        sa.UniqueConstraint("id", name="uq_session_id"),
        sa.UniqueConstraint("projector", name="uq_session_projector"),
    )
    op.create_index("ix_session_code", "session", ["code"], unique=False)
    op.create_index("ix_session_commission", "session", ["commission"], unique=False)
    op.create_index(
        "uq_session_code_live",
        "session",
        ["code"],
        unique=True,
        sqlite_where=sa.text("NOT ended"),
        postgresql_where=sa.text("NOT ended"),
    )
    op.create_table(
        "sign_in",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_sign_in_person"),
        sa.PrimaryKeyConstraint("token", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_person", "sign_in", ["person"], unique=False)
    op.create_table(
        "story",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("twee", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.Text(), nullable=False),
        sa.Column("moderated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["commission"], ["commission.id"], name="fk_story_commission"),
        sa.PrimaryKeyConstraint("seq", name="pk_story"),
        sa.UniqueConstraint("id", name="uq_story_id"),
    )
    op.create_index("ix_story_commission", "story", ["commission"], unique=False)
    op.create_index("ix_story_link", "story", ["link"], unique=False)
    op.create_table(
        "token",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_token_person"),
        sa.PrimaryKeyConstraint("seq", name="pk_token"),
        sa.UniqueConstraint("id", name="uq_token_id"),
        sa.UniqueConstraint("secret", name="uq_token_secret"),
    )
    op.create_index("ix_token_person", "token", ["person"], unique=False)
    op.create_table(
        "commitment",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["decision.id"], name="fk_commitment_decision"),
        sa.PrimaryKeyConstraint("seq", name="pk_commitment"),
        sa.UniqueConstraint("id", name="uq_commitment_id"),
    )
    op.create_index("ix_commitment_decision", "commitment", ["decision"], unique=False)
    op.create_table(
        "participant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("joined_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_participant_session"),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("session", "device", name="uq_participant_session_device"),
    )
    op.create_table(
        "round",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("responses", sa.JSON(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=True),
        sa.Column("scene", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("second_of", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closing_soon", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Text(), nullable=False),
        sa.Column("revealed_at", sa.Text(), nullable=False),
        sa.Column("annulled_at", sa.Text(), nullable=False),
        sa.Column("annulled_because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["second_of"], ["round.id"], name="fk_round_second_of"),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_round_session"),
        sa.PrimaryKeyConstraint("seq", name="pk_round"),
        sa.UniqueConstraint("id", name="uq_round_id"),
    )
    op.create_index("ix_round_session", "round", ["session"], unique=False)
    op.create_table(
        "ballot",
        sa.Column("round", sa.Text(), nullable=False),
        sa.Column("participant", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("ballot", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("group_salt", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["participant"], ["participant.id"], name="fk_ballot_participant"),
        sa.ForeignKeyConstraint(["round"], ["round.id"], name="fk_ballot_round"),
        sa.PrimaryKeyConstraint("round", "participant", name="pk_ballot"),
        sqlite_with_rowid=False,
    )

    postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger in _POSTGRESQL_TRIGGERS if postgresql else _SQLITE_TRIGGERS:
        op.execute(trigger)
