"""The `verify.py` of exports: the package `forum/record/verify/`, joined into one file that runs without Forum.

One file, not the folder itself: which files an export holds belongs to its format, and programs of format 3 that people
kept say FAIL to an export with others.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from forum.record import verify

# The modules of the package, each after those that it imports.
PARTS = (
    "verdict",
    "encoding",
    "ed25519",
    "merkle_tree",
    "disclosures",
    "held_words",
    "checkpoint",
    "methods",
    "cycle_columns",
    "columns",
    "stated_columns",
    "table_schemas",
    "archive",
    "rounds",
    "kinds",
    "result_shapes",
    "updates",
    "condition_answers",
    "minority_statements",
    "small_numbers",
    "noticed",
    "cycle_shapes",
    "entry_shapes",
    "part",
    "key_entries",
    "entry_order",
    "decision_course",
    "predictions",
    "cycle_order",
    "answers_due",
    "export",
    "public_log",
    "tables",
    "prediction_rows",
    "further_tables",
    "stated_tables",
    "table_checks",
    "decision_votes",
    "withheld_votes",
    "round_checks",
    "checks",
    "receipt",
    "__main__",
)
_OWN = verify.__name__
_RULE = "# " + "-" * 40


@cache
def verify_py() -> bytes:
    """Returns the bytes of verify.py: the package's docstring, its imports, then each part's code under a heading."""
    folder = Path(verify.__file__).parent
    plain: set[str] = set()
    names: defaultdict[str, set[str]] = defaultdict(set)
    sections = []
    for part in PARTS:
        text = (folder / f"{part}.py").read_text("utf-8")
        tree = ast.parse(text)
        code_begins = 0
        for node in tree.body:
            if isinstance(node, ast.Import):
                plain.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names[node.module or ""].update(alias.name for alias in node.names)
            else:
                continue
            code_begins = node.end_lineno or 0
        heading = (ast.get_docstring(tree) or "").splitlines()[0]
        code = "\n".join(text.split("\n")[code_begins:]).strip()
        sections.append(f"{_RULE} {part}: {heading}\n\n{code}\n")
    del names["__future__"]
    imports = [f"import {module}" for module in sorted(plain)]
    imports += [
        f"from {module} import {', '.join(sorted(given))}"
        for module, given in sorted(names.items())
        if not module.startswith(_OWN)
    ]
    head = (folder / "__init__.py").read_text("utf-8")
    head += "\nfrom __future__ import annotations\n\n" + "\n".join(imports) + "\n"
    return "\n\n".join([head, *sections]).encode()
