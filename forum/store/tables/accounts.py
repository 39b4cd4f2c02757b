"""People with an account, their sign-ins and tokens."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.tables.schema import Words, identity, json, metadata, reference, seq, words

person = sa.Table(
    "person",
    metadata,
    seq(),
    identity(),
    words("login"),
    sa.Column("login_key", Words, nullable=False, unique=True),  # the login as it is compared: without case
    words("name"),
    json("roles"),
    json("roles_in", nullable=True),  # by the id of a commission; NULL in rows from before there were any
    words("password"),
    words("created_at"),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("token", Words, primary_key=True),
    reference("person", "person.id"),
    words("at"),
    words("until"),
    sa.Column("device", Words, nullable=False, server_default=sa.text("''")),
    sa.Column("used_on", Words, nullable=False, server_default=sa.text("''")),
)

second_step = sa.Table(
    "second_step",
    metadata,
    sa.Column("person", Words, sa.ForeignKey("person.id"), primary_key=True),
    words("sealed"),
    words("at"),
    sa.Column("last", sa.Integer, nullable=False),  # the half-minute whose code was taken last
    sa.Column("wrong", sa.Integer, nullable=False, server_default=sa.text("0")),  # wrong codes in a row
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("person", Words, sa.ForeignKey("person.id"), primary_key=True),
    sa.Column("code", Words, primary_key=True),
)

# Accounts bound to identities at a provider of single sign-on.
binding = sa.Table(
    "binding",
    metadata,
    sa.Column("person", Words, sa.ForeignKey("person.id"), primary_key=True),
    words("issuer"),
    words("sub"),
    words("at"),
    sa.UniqueConstraint("issuer", "sub"),
)

# Acts of staff on accounts, exports and settings: no part of the record, and not kept as long.
staff_act = sa.Table(
    "staff_act",
    metadata,
    seq(),
    words("at"),
    words("by"),
    words("what"),
    words("whom"),
    words("about"),
)

# The link with which the first administrator sets a password: at most one row, since `only` is always 1.
first_link = sa.Table(
    "first_link",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),
    words("token"),
    words("until"),
)

token = sa.Table(
    "token",
    metadata,
    seq(),
    identity(),
    reference("person", "person.id"),
    words("label"),
    sa.Column("secret", Words, nullable=False, unique=True),
    words("created_at"),
    words("revoked_at"),
    # The commission and role that it stands for; "" in tokens from before there were any.
    *(
        sa.Column(name, Words, nullable=False, server_default=sa.text("''"))
        for name in ("commission", "role", "expires_on", "used_on")
    ),
)
