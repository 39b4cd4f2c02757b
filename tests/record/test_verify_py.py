"""The `verify.py` of exports: the package `forum/record/verify/` in one file, and nothing that is not in it."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.record_keeper import SIGNER, a_keeper

from forum.record import export_zip, verify
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS
from forum.record.verify_py import PARTS, verify_py

ROOT = Path(__file__).parents[2]
PACKAGE = Path(verify.__file__).parent
OWN = "forum.record.verify."
# Made by the Forum of 28 November 2026, whose verify.py was one file in its source, too.
OLDER = ROOT / "tests/data/before/export-format-3.zip"


def parsed(part: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{part}.py").read_text("utf-8"))


def defined(tree: ast.Module) -> dict[str, str]:
    """Returns each name that a module defines at its top level, with the code that defines it."""
    names = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names[node.name] = ast.unparse(node)
        elif isinstance(node, ast.Assign):
            targets = [part for target in node.targets for part in ast.walk(target)]
            names |= {part.id: ast.unparse(node) for part in targets if isinstance(part, ast.Name)}
    return names


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "new.zip"
    path.write_bytes(export_zip.pack(a_keeper().log(), SIGNER))
    return path


def run(*arguments: str | Path, cwd: Path) -> tuple[int, list[str]]:
    """Runs bare Python with these arguments; returns its exit code and the lines it prints."""
    done = subprocess.run(
        [sys.executable, "-E", "-S", "-s", "-W", "error", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_the_file_holds_every_definition_of_the_package_and_no_other() -> None:
    of_parts: dict[str, str] = {}
    for part in PARTS:
        names = defined(parsed(part))
        assert not names.keys() & of_parts.keys(), "in one file, two things cannot have one name"
        of_parts |= names
    assert defined(ast.parse(verify_py())) == of_parts
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", *PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_the_standard_library_and_the_parts_before_it(part: str) -> None:
    before = {OWN + name for name in PARTS[: PARTS.index(part)]}
    for node in ast.walk(parsed(part)):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert module in before or module.partition(".")[0] in sys.stdlib_module_names, module
        if isinstance(node, ast.Import | ast.ImportFrom):
            assert not any(alias.asname for alias in node.names), "the one file has things under their own names"


def test_the_package_and_the_file_say_the_same_of_an_export(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(verify_py())
    as_file = run(tmp_path / "verify.py", packed, cwd=tmp_path)
    assert as_file == run("-m", "forum.record.verify", packed, cwd=ROOT)
    assert as_file[0] == 3
    assert as_file[1][-1].startswith("Nothing failed. Not checked: results by group, ")


def test_the_program_of_the_format_before_fails_at_what_it_does_not_know_and_checks_the_rest(
    packed: Path, tmp_path: Path
) -> None:
    """Format 4 has more tables, and votes that are not counted since too few voted, format 5 not the words that a
    moderator holds, and entries of other types; a program that people kept from format 3 knows none of it."""
    with zipfile.ZipFile(OLDER) as older:
        older.extract("verify.py", tmp_path)
    code, said = run(tmp_path / "verify.py", packed, cwd=tmp_path)
    assert code == 1, said
    failed = [line.removeprefix(FAIL).split(":")[0].strip() for line in said if line.startswith(FAIL)]
    assert failed == ["archive", "file digests", "disclosures", "ballots root", "head counts"]
    assert [line.startswith(NOT_CHECKED) for line in said if "nothing here knows what these say" in line] == [True]
    assert sum(line.startswith(PASS) for line in said) == 5
