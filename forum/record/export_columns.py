"""Types of the columns of an export's tables, for programs that type their cells."""

from __future__ import annotations

from enum import StrEnum

from forum.record.verify.table_schemas import DAYS, INTEGERS, TIMES


class ColumnType(StrEnum):
    """Types of a column's cells, each of which may be empty too."""

    TEXT = "text"
    NUMBER = "whole number"
    TIME = "time (UTC)"
    DAY = "day"


def type_of(column: str) -> ColumnType:
    """Returns the type of the columns with this name, which is the same in every table."""
    if column in INTEGERS:
        return ColumnType.NUMBER
    if column in TIMES:
        return ColumnType.TIME
    return ColumnType.DAY if column in DAYS else ColumnType.TEXT
