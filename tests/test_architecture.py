"""docs/architecture.md names every module, and no module that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
LISTED = re.compile(r"^\| `([a-z_]+(?:\.py|/))` \|", re.MULTILINE)


def test_the_module_list_is_true() -> None:
    listed = LISTED.findall((ROOT / "docs/architecture.md").read_text())
    forum = ROOT / "forum"
    there = {path.name for path in forum.glob("*.py")} | {
        f"{path.name}/" for path in forum.iterdir() if path.is_dir() and any(path.rglob("*.py"))
    }
    assert sorted(listed) == sorted(there - {"__init__.py"})


def test_the_layers_of_the_import_contract_are_the_modules() -> None:
    contract = (ROOT / ".importlinter").read_text().split("layers =")[1].split("[importlinter")[0]
    layered = set(re.findall(r"[a-z_]+", contract))
    there = {path.stem for path in (ROOT / "forum").iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert layered == there - {"__init__"}
