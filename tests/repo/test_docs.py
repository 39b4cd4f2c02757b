"""The pages of docs/ that the program tells by itself are what it tells now."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from forum.__main__ import COMMANDS
from forum.live.messages import REFUSALS
from forum.record.verify.archive import FILES
from forum.settings import RENAMED, TABLE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli.md", "settings.md", "wire.md", "record.md"])
def test_page_is_current(generate: ModuleType, name: str) -> None:
    assert (DOCS / name).read_text() == generate.PAGES[name](), "run: python docs/generate.py"


def test_every_command_is_documented() -> None:
    text = (DOCS / "cli.md").read_text()
    assert [name for name in COMMANDS if f"\n## forum {name}\n" not in text] == []
    assert "### forum user add\n" in text


def test_every_setting_and_refusal_is_documented() -> None:
    assert [row.env for row in TABLE if row.env not in (DOCS / "settings.md").read_text()] == []
    assert [code for code in REFUSALS if f"`{code}`" not in (DOCS / "wire.md").read_text()] == []


@pytest.mark.parametrize(
    ("page", "words", "number"),
    [
        ("exports.md", r"one zip with (\d+) files", len(FILES)),
        ("record.md", r"all (\d+) files are there", len(FILES)),
        ("backup.md", r"\d+ of (\d+) are set; each can be used", len(TABLE)),
    ],
)
def test_numbers_in_the_docs_are_the_programs(page: str, words: str, number: int) -> None:
    assert re.findall(words, (DOCS / page).read_text()) == [str(number)]


def test_no_setting_is_read_that_is_not_in_the_table() -> None:
    known = {row.env for row in TABLE} | {"FORUM_TOKEN", "FORUM_SECOND_TOKEN"}
    for file in sorted((ROOT / "forum").rglob("*.py")):
        used = set(re.findall(r"\bFORUM_[A-Z_]+[A-Z]\b", file.read_text()))
        assert used <= (known | RENAMED.keys() if file.name == "settings.py" else known), file


def test_the_program_for_pictures_writes_the_tests_own_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(DOCS)  # the program's own folder comes first where it is run
    spec = importlib.util.spec_from_file_location("docs_screenshots", DOCS / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, program)  # its dataclasses look themselves up
    spec.loader.exec_module(program)
    folder = program.pseudo_language(tmp_path / "locales")
    assert {path.parts[-3] for path in folder.rglob("forum.po")} == {"cy", "ar_XB"}
