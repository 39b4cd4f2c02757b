"""Counts how many small wrong turns in the code the tests notice.

    python tests/bench/mutate.py [AREA ...] [--number 40] [--seed 1]
    python tests/bench/mutate.py --by-hand

Draws NUMBER wrong turns in each area's files: a comparison or a number one off, a condition turned round, left out or
always true, an act not done. Each is put into a copy of the project, where the area's tests run until the first fails.
`mutants.jsonl` beside this file holds wrong turns made by hand, each with the tests that notice it, and those that
change nothing or cannot be noticed, each with the reason why. Prints a line for each that lived and is not explained,
a table by area, and exits 1 where an area notices fewer than nine in ten.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BY_HAND = Path(__file__).with_name("mutants.jsonl")
ENOUGH = 0.9
SLOWEST = 900.0  # seconds; a wrong turn that makes the tests hang is noticed too
SAID = 4000  # characters

# The files of each area, and the tests that hold them, quick ones first.
AREAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "suppression": (
        ("forum/voting/suppression.py", "forum/voting/view_shift.py"),
        (
            "tests/voting/test_suppression.py",
            "tests/voting/test_view_shift.py",
            "tests/voting/test_suppression_attack.py",
            "tests/services/test_decisions.py",
        ),
    ),
    "ballots": (
        (
            "forum/voting/ballot.py",
            "forum/live/ballot_box.py",
            "forum/live/group_commit.py",
            "forum/store/ballot_statements.py",
        ),
        (
            "tests/voting/test_ballot.py",
            "tests/live/test_ballot_box.py",
            "tests/live/test_group_commit.py",
            "tests/services/voting/test_paper_counts.py",
            "tests/contracts/test_casting.py",
            "tests/contracts/test_locks.py",
            "tests/store/test_ballot_statements.py",
        ),
    ),
    "rounds": (
        ("forum/voting/round.py", "forum/services/voting/close_rounds.py", "forum/store/rounds.py"),
        (
            "tests/voting/test_round.py",
            "tests/services/sessions/test_facilitation.py",
            "tests/services/sessions/test_asynchronous.py",
            "tests/contracts",
        ),
    ),
    "record": (
        tuple(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "forum/record/verify").glob("*.py"))),
        (
            "tests/record/verify",
            "tests/record/test_forged_exports.py",
            "tests/record/test_every_method_verified.py",
            "tests/record/test_export_zip.py",
            "tests/record/test_repacked_exports.py",
            "tests/record/test_audit.py",
            "tests/record/test_audit_results.py",
            "tests/record/test_audit_decisions.py",
        ),
    ),
    "roles": (
        ("forum/services/permissions.py", "forum/web/routes.py"),
        (
            "tests/web/security/test_roles.py",
            "tests/web/security/test_headers.py",
            "tests/web/test_playing_alone.py",
        ),
    ),
    "withdrawal": (
        ("forum/services/stories/withdrawal.py",),
        (
            "tests/services/stories/test_withdrawal.py",
            "tests/web/stories/test_writer_permissions.py",
            "tests/contracts/test_withdrawing.py",
        ),
    ),
    "reasons": (
        ("forum/voting/reason.py", "forum/services/voting/reasons.py"),
        (
            "tests/services/voting/test_reasons.py",
            "tests/web/live/test_second_run.py",
            "tests/contracts/test_second_run.py",
            "tests/contracts/test_locks.py",
        ),
    ),
}

# A permission, and a looser one.
_LOOSER = {
    "signed in": "public",
    "run sessions": "signed in",
    "moderate stories": "signed in",
    "decide": "signed in",
    "manage people": "signed in",
}
# Parts of a statement for the database that may be missing.
_PARTS = ("where", "with_for_update", "order_by", "limit", "distinct", "having")
_COMPARED = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}


@dataclass(frozen=True)
class Mutant:
    """One wrong turn: in `file`, at byte `at`, `old` becomes `new`; `line` is where it begins."""

    file: str
    at: int
    old: str
    new: str
    line: int

    def put_into(self, source: bytes) -> bytes:
        """Returns the source with the wrong turn in it."""
        end = self.at + len(self.old.encode())
        return source[: self.at] + self.new.encode() + source[end:]

    def lines(self) -> tuple[str, str, str]:
        """Returns the file, and the lines of the wrong turn before and after it: equal for the same wrong turn a year
        later."""
        source = (ROOT / self.file).read_bytes()
        end = self.at + len(self.old.encode())
        first, last = source.rfind(b"\n", 0, self.at) + 1, source.find(b"\n", end)
        head, tail = source[first : self.at].decode(), source[end:last].decode()
        return self.file, _spaced(head + self.old + tail), _spaced(head + self.new + tail)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {_spaced(self.old)!r} -> {_spaced(self.new)!r}"


def _spaced(text: str) -> str:
    """Folds the white space of a text."""
    return " ".join(text.split())


def mutants(file: str) -> Iterator[Mutant]:
    """Yields every wrong turn that can be made in a file."""
    source = (ROOT / file).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def place(node: ast.expr | ast.stmt) -> tuple[int, int]:
        end_line, end = node.end_lineno or 0, node.end_col_offset or 0
        return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end

    def turn(start: int, end: int, new: str) -> Mutant:
        return Mutant(file, start, source[start:end].decode(), new, source.count(b"\n", 0, start) + 1)

    def between(left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Mutant]:
        start, end = place(left)[1], place(right)[0]
        at = source.find(old.encode(), start, end)
        if at >= 0:
            yield turn(at, at + len(old), new)

    tree = ast.parse(source)
    words = {id(child) for node in ast.walk(tree) for child in _no_behaviour(node)}
    for node in ast.walk(tree):
        if id(node) in words:
            continue
        match node:
            case ast.Compare(ops=[op], comparators=[right]):
                end = source[place(node.left)[1] : place(right)[0]].decode().strip(" ()\n")
                yield from between(node.left, right, end, _COMPARED[type(op)])
            case ast.BoolOp(op=op, values=[left, right, *_]):
                old, new = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
                yield from between(left, right, old, new)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield turn(*place(node), source[slice(*place(operand))].decode())
            case ast.Constant(value=bool(value)):
                yield turn(*place(node), str(not value))
            case ast.Constant(value=int(value)):
                yield turn(*place(node), str(value + 1))
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
                old, new = ("+", "-") if isinstance(op, ast.Add) else ("-", "+")
                yield from between(left, right, old, new)
            case ast.If(test=test) | ast.IfExp(test=test):
                yield turn(*place(test), "False")
                yield turn(*place(test), "True")
            case ast.comprehension(ifs=[test, *_]):
                yield turn(*place(test), "True")
            case ast.Constant(value=str(value)) if value in _LOOSER:
                yield turn(*place(node), json.dumps(_LOOSER[value]))
            case ast.Call(func=ast.Name(id="frozenset"), args=[ast.Set()]):
                yield turn(*place(node), "frozenset(ROLES)")
            case ast.Call(func=ast.Attribute(value=whole, attr=part)) if part in _PARTS:
                yield turn(place(whole)[1], place(node)[1], "")
            case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.AugAssign():
                yield turn(*place(node), "pass")


def _no_behaviour(node: ast.AST) -> Iterator[ast.AST]:
    """Walks the parts of a node that are only for readers or the type checker: annotations and decorators."""
    for name in ("annotation", "returns", "decorator_list"):
        part = getattr(node, name, None)
        for below in part if isinstance(part, list) else [part] if part else []:
            yield from ast.walk(below)


def by_hand() -> tuple[list[tuple[Mutant, list[str]]], dict[tuple[str, str, str], str]]:
    """Reads `mutants.jsonl`: wrong turns with the tests that notice them; by `lines()`, why others go unnoticed."""
    noticed, why = [], {}
    for line in BY_HAND.read_text("utf-8").splitlines():
        told = json.loads(line)
        source = (ROOT / told["file"]).read_bytes()
        at = source.find(told["old"].encode())
        if at < 0:
            sys.exit(f"{told['file']} no longer has {told['old']!r}: bring {BY_HAND.name} in step.")
        mutant = Mutant(told["file"], at, told["old"], told["new"], source.count(b"\n", 0, at) + 1)
        if "why" in told:
            why[mutant.lines()] = told["why"]
        else:
            noticed.append((mutant, told["tests"]))
    return noticed, why


class Bench:
    """Copies of the project in which wrong turns are made, as many as there are cores."""

    def __init__(self, where: Path, seed: int, cores: int) -> None:
        """Copies what git knows of, with what was changed since."""
        self._seed = seed
        self._free: asyncio.Queue[Path] = asyncio.Queue()
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for i in range(cores):
            copy = where / str(i) / "forum"
            for name in listed.rstrip("\0").split("\0"):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
            if (ROOT.parent / "shared").is_dir():
                (copy.parent / "shared").symlink_to(ROOT.parent / "shared")
            self._free.put_nowait(copy)

    async def notices(self, mutant: Mutant | None, tests: Sequence[str]) -> bool:
        """Tells whether a test fails, or the tests hang, with this wrong turn in the code (None: with the code as it
        is).

        Prints what the tests said last where they fail with the code as it is.
        """
        copy = await self._free.get()
        said = copy.parent / "said"
        file = copy / (mutant.file if mutant else "README.md")
        before = file.read_bytes()
        try:
            if mutant:
                file.write_bytes(mutant.put_into(before))
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
            with said.open("wb") as written:
                run = await asyncio.create_subprocess_exec(
                    *command,
                    f"--hypothesis-seed={self._seed}",
                    *tests,
                    cwd=copy,
                    env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                    stdout=written,
                    stderr=subprocess.STDOUT,
                )
            try:
                failed = await asyncio.wait_for(run.wait(), SLOWEST) != 0
            except TimeoutError:
                failed = True
                run.kill()
                await run.wait()
            if failed and mutant is None:
                print(said.read_text(errors="replace")[-SAID:])
            return failed
        finally:
            file.write_bytes(before)
            self._free.put_nowait(copy)


async def main() -> int:
    """Runs what the command line asks for; 0 where enough is noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", choices=[*AREAS, []], metavar="AREA", help=", ".join(AREAS))
    parser.add_argument("--number", type=int, default=40, help="wrong turns in each area")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--by-hand", action="store_true", help="only the wrong turns of mutants.jsonl")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    noticed_by_hand, explained = by_hand()
    drawn: list[tuple[str, Mutant, Sequence[str]]] = []
    if asked.by_hand:
        drawn = [("by hand", mutant, tests) for mutant, tests in noticed_by_hand]
    else:
        for area in asked.areas or AREAS:
            files, tests = AREAS[area]
            possible = [mutant for file in files for mutant in mutants(file)]
            some = chance.sample(possible, min(asked.number, len(possible)))
            drawn += [(area, mutant, tests) for mutant in some]
    made, noticed, explained_of = Counter[str](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="forum-mutants-") as where:
        bench = Bench(Path(where), asked.seed, asked.cores)
        for area in sorted({area for area, _, _ in drawn}):
            every = sorted({test for of, _, some in drawn if of == area for test in some})
            if await bench.notices(None, every):
                sys.exit(f"Of these one fails, or is not there, with the code as it is: {' '.join(every)}")

        async def one(area: str, mutant: Mutant, tests: Sequence[str]) -> None:
            caught = await bench.notices(mutant, tests)
            made[area] += 1
            noticed[area] += caught
            why = explained.get(mutant.lines())
            explained_of[area] += not caught and why is not None
            if not caught and why is None:
                print(f"lives  {mutant}", flush=True)

        await asyncio.gather(*(one(*each) for each in drawn))
    print(f"\n{'area':12} {'made':>5} {'noticed':>8} {'explained':>10} {'lives':>6}   noticed of those not explained")
    good = True
    for area in made:
        told = made[area] - explained_of[area]
        share = noticed[area] / told if told else 1.0
        good &= share >= ENOUGH
        lives = told - noticed[area]
        print(f"{area:12} {made[area]:5} {noticed[area]:8} {explained_of[area]:10} {lives:6}   {share:.0%}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
