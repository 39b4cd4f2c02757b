"""The house explains itself to `ls`: few rooms, each with a line that says what it is, and no path that has gone."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import Tables

ROOT = Path(__file__).parents[2]
FORUM = ROOT / "forum"
TESTS = ROOT / "tests"
MOST_ENTRIES = 16
# Where a docstring begins so, one reads it twice to learn what the thing does.
ROUNDABOUT = ("What", "Whether", "Where", "Who", "The same")
PACKAGES = sorted(path.parent for path in FORUM.rglob("__init__.py"))
TRACKED = [ROOT / name for name in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()]
# A path as docs and comments write it; from the root, from `forum/`, or from the folder of whoever names it.
A_PATH = re.compile(r"(?<![\w./:%{}*<-])((?:[\w.-]+/)*[\w-]+\.(?:py|js|css|html|md|po|toml|jsonl|txt))(?![\w/-]|\.\w)")
# NAME and LANGUAGE stand for whatever somebody chooses; "ur" is the language that docs/languages.md adds.
EXAMPLE = re.compile(r"NAME|LANGUAGE|/ur/")
# Files that other people have, that a program makes, or that an example speaks of.
ELSEWHERE = {
    "README.txt", "note.txt", "late-bus.html", "entries.jsonl", "record.jsonl", "ballots.jsonl", "disclosures.jsonl",
    "votes.html", "fanout.py", "metadata.csv", "story.html", "words.txt", "robots.txt", "fast.py", "archive.html",
    "by_hand.py", "names.txt", "hashes.txt",
}  # fmt: skip


LONGEST = 350  # lines of a module; migrations may be longer


def docstrings(path: Path) -> list[str]:
    """Lists every docstring of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    every = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, documented))
    return [one for one in every if one]


def test_the_house_has_few_rooms() -> None:
    entries = {path.name for path in FORUM.iterdir()} - {"__init__.py", "__pycache__"}
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_package_says_in_one_line_what_it_is(package: Path) -> None:
    first, *_ = (ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or "").splitlines() or [""]
    assert 10 < len(first) <= 120, first
    assert first.endswith((".", ":")), first


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `([a-z]+)/` \|", page, re.MULTILINE))
    assert listed == {path.parent.name for path in FORUM.glob("*/__init__.py")}


def _named(path: Path) -> list[str]:
    return A_PATH.findall(path.read_text("utf-8"))


def _is_there(name: str, beside: Path) -> bool:
    if name.rsplit("/", 1)[-1] in ELSEWHERE or EXAMPLE.search(name):
        return True
    if "/" not in name:
        return any(path.name == name for path in TRACKED)
    places = (ROOT, FORUM, FORUM / "web", beside.parent, ROOT / "templates", ROOT / "tests", ROOT / "docs")
    return any((place / name).exists() for place in places)


def test_no_page_names_a_path_that_has_gone() -> None:
    """README, docs, their programs, CI, and what the program and its tests say of other files."""
    spoken = [
        path
        for path in TRACKED
        if path.suffix in {".md", ".html", ".js"}
        or (path.suffix == ".py" and "migrations/versions" not in path.as_posix())
        or path.parent.name == ".ci"
    ]
    gone = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in spoken
        if path.name != "CHANGELOG.md" and "data" not in path.relative_to(ROOT).parts
        for name in _named(path)
        if name.startswith(("forum/", "tests/", "static/", "templates/", "docs/", "scenarios/", ".ci/"))
        or path.suffix == ".md"
        if not _is_there(name, path)
    }
    assert not gone, "\n".join(sorted(gone))


def test_no_file_is_longer_than_one_reads_through() -> None:
    lengths = {
        path.relative_to(FORUM).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in FORUM.rglob("*.py")
        if "migrations" not in path.parts
    }
    assert not {name: n for name, n in lengths.items() if n > LONGEST}


def test_the_house_in_numbers(tables: Tables) -> None:
    lines: dict[str, list[int]] = defaultdict(list)
    for path in FORUM.rglob("*.py"):
        room = path.relative_to(FORUM).parts[0] if path.parent != FORUM else "(top)"
        lines[room].append(len(path.read_text("utf-8").splitlines()))
    contracts = (ROOT / ".importlinter").read_text("utf-8")
    layers = contracts.split("layers =")[1].split("\n\n")[0].split("ignore_imports")[0].split()
    rows = [
        f"{room:10} {len(n):3} modules, {statistics.median(n):5.0f} lines at the median, {max(n):4} the longest"
        for room, n in sorted(lines.items())
    ]
    rows.append(
        f"{len(' '.join(layers).replace(' | ', '|').split())} layers, {contracts.count(':contract:')} contracts"
    )
    shares = {}
    for tree in (FORUM, TESTS):
        every = [one for path in tree.rglob("*.py") for one in docstrings(path)]
        roundabout = sum(one.startswith(ROUNDABOUT) for one in every)
        shares[tree.name] = roundabout / len(every)
        rows.append(f"{roundabout} of {len(every)} docstrings in {tree.name}/ begin with {', '.join(ROUNDABOUT)}")
    tables.add("The house in numbers", rows)
    assert sum(len(n) for n in lines.values()) > 200
    assert not {name for name, share in shares.items() if share >= 0.03}, shares


# Templates that include, extend or import others, by name or by how the name begins; pages drawn from Python.
OF_A_TEMPLATE = re.compile(r"{%-?\s*(?:include|extends|import|from)\s+\"([^\"]+)\"(\s*~)?")
OF_A_PAGE = re.compile(r"f?\"((?:[a-z_]+/)+[\w-]*)(\{[^\"]*\})?\.html\"")


def test_every_template_that_is_named_is_there() -> None:
    folder = ROOT / "templates"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    missing = []
    for path in TRACKED:
        if path.suffix not in {".html", ".py"} or "data" in path.parts or path == Path(__file__):
            continue
        text = path.read_text("utf-8")
        named = OF_A_TEMPLATE.findall(text) if path.suffix == ".html" else OF_A_PAGE.findall(text)
        for name, begins in named:
            whole = name if path.suffix == ".html" else f"{name}.html"
            if not (any(one.startswith(name) for one in there) if begins else whole in there):
                missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert not missing


# Fields that hold a member of an enum, in whichever class.
OF_A_TYPE = {
    "state", "status", "kind", "outcome", "verdict", "entrance", "reasons", "origin", "action", "answer", "before",
    "what", "roles",
}  # fmt: skip
RULES = {"record", "sessions", "voting", "stories", "ports"}
# Fields of those names that hold words of their own.
PLAIN_FIELDS = {
    "AnsweredCondition.answer": "what those who decided say to it",
    "Amendment.before": "a proposal's words",
    "Commitment.what": "what somebody promised",
    "Difference.answer": "what those who decided say to it",
    "Evidence.kind": "a media type, or a link",
    "Part.before": "words of a story",
    "Pledge.what": "what somebody promised",
    "Promised.what": "what somebody promised",
    "Version.kind": "a language's code, or easy words",
    "WorkLine.state": "that of a vote, a draft or a promise, or an outcome",
}
# Modules that list words at their head which happen to be members' values too.
PLAIN_WORDS = {
    "stories/draft.py": "answers of a form",
    "web/stories/writer_permissions.py": "answers of a form",
}
# Files whose fields of those names hold words of their own, which happen to be a member's value too.
PLAIN_TEXT = {
    "rehearsal/printed_summary.py": "a row of the rehearsal's own report",
    "rehearsal/screen_check.py": "the kind of a screen",
    "rehearsal/setup.py": "a cue of the rehearsal's own script",
    "web/charts/story_map.py": "the kind of a node of the map",
}


def literal_states(tree: ast.AST, members: set[str]) -> list[str]:
    """Lists the comparisons of a field of OF_A_TYPE with text that is the value of an enum's member."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = (node.left, *node.comparators)
        texts = {part.value for side in sides for part in ast.walk(side) if isinstance(part, ast.Constant)}
        if texts & members and any(isinstance(side, ast.Attribute) and side.attr in OF_A_TYPE for side in sides):
            found.append(ast.unparse(node))
    return found


def untyped_fields(tree: ast.Module) -> list[str]:
    """Lists the fields of a module's classes that are named like a field of OF_A_TYPE and hold any text."""
    return [
        f"{one.name}.{line.target.id}"
        for one in tree.body
        if isinstance(one, ast.ClassDef)
        for line in one.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id in OF_A_TYPE
        if ast.unparse(line.annotation) in ("str", "str | None", "tuple[str, ...]")
    ]


def loose_words(tree: ast.Module, members: set[str]) -> list[str]:
    """Lists the words at the head of a module, two or more in one statement, that are all values of enums' members."""
    sets = [
        [one.value for one in line.value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        for line in tree.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple)
    ]
    return [", ".join(words) for words in sets if len(words) > 1 and set(words) <= members]


def enum_values(tree: ast.Module) -> list[tuple[str, str]]:
    """Lists the members of a module's StrEnums: class and value."""
    return [
        (one.name, line.value.value)
        for one in tree.body
        if isinstance(one, ast.ClassDef) and any(ast.unparse(base) == "StrEnum" for base in one.bases)
        for line in one.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
    ]


def test_no_state_is_compared_with_loose_text() -> None:
    """The state, kind or outcome of a thing is a member of its one StrEnum (verify/ travels alone, without them)."""
    trees = {
        path.relative_to(FORUM).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in FORUM.rglob("*.py")
        if "migrations" not in path.parts
    }
    values = [pair for tree in trees.values() for pair in enum_values(tree)]
    members = {value for _, value in values}
    assert {("RoundState", "open"), ("StoryStatus", "withdrawn"), ("PledgeState", "waiting")} <= set(values)
    assert literal_states(ast.parse('x.state in ("open", "shut") and y.name == "open" and x.kind == z'), members) == [
        "x.state in ('open', 'shut')"
    ]
    loose = {
        name: literal_states(tree, members) for name, tree in trees.items() if not name.startswith("record/verify/")
    }
    assert {name: found for name, found in loose.items() if found and name not in PLAIN_TEXT} == {}
    assert not {name for name in PLAIN_TEXT if not loose[name]}, "these compare no text now: take them off"


def test_no_kind_is_declared_as_loose_text() -> None:
    """A kind's field in the rules and ports has its enum as its type, and no module lists its words anew."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in FORUM.rglob("*.py") if "migrations" not in path.parts}
    members = {value for tree in trees.values() for _, value in enum_values(tree)}
    example = ast.parse(
        'OPEN, SHUT = ("open", "revealed")\nA, B = ("open", "any")\nclass X:\n    state: str\n    name: str'
    )
    assert (untyped_fields(example), loose_words(example, members)) == (["X.state"], ["open, revealed"])
    rules = [path for path in trees if path.relative_to(FORUM).parts[0] in RULES and "verify" not in path.parts]
    assert {field for path in rules for field in untyped_fields(trees[path])} == set(PLAIN_FIELDS)
    found = {
        path.relative_to(FORUM).as_posix()
        for path, tree in trees.items()
        if loose_words(tree, members) and "verify" not in path.parts  # travels alone, without the enums
    }
    assert found == set(PLAIN_WORDS)


def test_the_migrations_are_one_chain_in_the_order_of_their_files() -> None:
    """Two that were made at one time under one number would leave a database that nobody can open."""
    files = sorted((ROOT / "forum" / "store" / "migrations" / "versions").glob("r*.py"))
    says = re.compile(r'^(?:down_)?revision = (?:"(\d{4})"|None)$', re.MULTILINE)
    chain = [tuple(says.findall(file.read_text())) for file in files]
    numbers = [file.name[1:5] for file in files]
    assert chain == list(zip(numbers, ["", *numbers[:-1]], strict=True))


def test_a_migration_only_adds() -> None:
    """The version before must go on serving with it: nothing that it reads or writes is dropped, renamed or retyped."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in (FORUM / "store" / "migrations" / "versions").glob("r*.py"):
        for name in re.findall(r"\bop\.(\w+)\(", file.read_text()):
            found[name].add(file.name)
    adds = {"add_column", "create_index", "create_table", "drop_index", "execute", "f", "get_bind"}
    assert {name: sorted(files) for name, files in found.items() if name not in adds} == {}
