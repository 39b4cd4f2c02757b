"""The CSV files of an export: the tables that both verifiers make again (`verify/tables.py`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from forum.record.verify.further_tables import DERIVED
from forum.record.verify.public_log import Log
from forum.record.verify.table_checks import write_table

FILES: dict[str, Callable[[Log], bytes]] = {name: partial(write_table, name=name) for name in DERIVED}
