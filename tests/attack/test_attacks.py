"""Every attack of this folder, small: what others wait for, and what the server holds, stays within its bounds."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ATTACKS = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in {"__init__", "target", "test_attacks"})


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_costs_its_attacker_only(name: str) -> None:
    rows = await importlib.import_module(f"attack.{name}").attack()
    assert rows
    assert not [str(row) for row in rows if not row.held]
