"""Every column of the database is classified: what is in it of people, why, and for how long."""

from __future__ import annotations

import re

import pytest

from forum.ports.personal_data import ABOUT, COLUMNS, PERIODS, Kind, columns_of, kinds_of
from forum.record.verify.entry_shapes import SHAPES
from forum.services.mail import subscriptions
from forum.services.retention import UNRECORDED
from forum.store.tables import metadata
from forum.web.public.data_protection import held


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_is_classified_once(table: object) -> None:
    """Fails for a new column until ports/personal_data.py says what is in it of people."""
    name, columns = table.name, table.columns  # type: ignore[attr-defined]
    listed = [column for names in COLUMNS[name].values() for column in names.split()]
    assert sorted(listed) == sorted(column.name for column in columns)


def test_no_table_is_classified_that_there_is_not() -> None:
    assert set(COLUMNS) == {table.name for table in metadata.sorted_tables}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_explained_and_is_somewhere(kind: Kind) -> None:
    about = ABOUT[kind]
    assert all((about.title, about.data, about.why, about.seen, about.kept))
    assert columns_of(kind)


def test_every_period_is_told_with_its_days_and_has_its_place_in_the_record() -> None:
    told = {name for about in ABOUT.values() for name in re.findall(r"%\((\w+)\)s", about.kept)}
    assert told - {"to_confirm", "promised", "quiet"} == set(PERIODS)
    shown = " ".join(one.kept for one in held({**PERIODS, "drafts": 41}))
    assert "%(" not in shown
    assert "41 days after its last change" in shown
    assert f"{subscriptions.QUIET_DAYS} days without news" in shown
    [removed] = [field for field in SHAPES["retention"].fields if field.name == "removed"]
    assert removed.kind.each is not None
    assert removed.kind.each.fields is not None
    recorded = {period for period in PERIODS if removed.kind.each.fields[0].kind.fits(period)}
    assert PERIODS.keys() - recorded == UNRECORDED


def test_what_refers_to_a_person_is_no_bodys_in_no_table() -> None:
    """A column that names a participant or a story's writer belongs to some kind, or only says whose row it is."""
    for table in metadata.sorted_tables:
        kinds = kinds_of(table.name)
        named = {
            c.name for c in table.columns if {k.column.table.name for k in c.foreign_keys} & {"participant", "person"}
        }
        assert {name for name in named if kinds[name] is None} == set(), table.name
