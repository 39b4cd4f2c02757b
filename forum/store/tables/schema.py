"""Shared parts of the tables: metadata, the text type, and columns that many of them have."""

from __future__ import annotations

import sqlalchemy as sa


def storable(words: str) -> str:
    """Returns the text as both databases can hold it: U+0000 and lone surrogates become replacement characters."""
    if words.isascii() and "\0" not in words:
        return words  # as nearly always
    if "\0" in words:
        words = words.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        words.encode()
    except UnicodeEncodeError:
        return words.encode("utf-8", "replace").decode()
    return words


class Words(sa.types.TypeDecorator[str]):
    """Text column that takes any Python string, so that one bad character does not make a transaction fail."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Makes a value storable; called by SQLAlchemy for every value on its way in."""
        return None if value is None else storable(value)


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def seq() -> sa.Column[int]:
    """Returns the column `seq`: a counter in the order in which rows are made."""
    return sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True)


def identity() -> sa.Column[str]:
    """Returns the column `id`: the random id that other tables refer to."""
    return sa.Column("id", Words, nullable=False, unique=True)


def words(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Returns a text column."""
    return sa.Column(name, Words, nullable=nullable)


def json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Returns a column for a value that is read and written whole."""
    # Stores None as SQL's NULL, not as JSON's null.
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def flag(name: str) -> sa.Column[bool]:
    """Returns a column that is true or false."""
    return sa.Column(name, sa.Boolean, nullable=False)


def reference(name: str, target: str, *, nullable: bool = False, index: bool = True) -> sa.Column[str]:
    """Returns a column that refers to a row of another table, as "person.id"."""
    return sa.Column(name, Words, sa.ForeignKey(target), nullable=nullable, index=index)
