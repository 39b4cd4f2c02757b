"""The program: `python -m forum.record.verify FILE.zip|FOLDER`; `python verify.py` in an export."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from forum.record.verify.archive import read_export
from forum.record.verify.checks import verify_files
from forum.record.verify.verdict import FAIL, NoExport


def main(argv: Sequence[str]) -> int:
    """Checks the export that `argv` names (a zip, a folder, or this file's folder), prints the checks, returns the exit
    code.
    """
    if len(argv) > 1 or (argv and argv[0].startswith("-")):
        print("usage: python verify.py [FILE.zip | FOLDER]", file=sys.stderr)
        return 2
    try:
        files, packed = read_export(Path(argv[0]) if argv else Path(__file__).resolve().parent)
    except (NoExport, OSError) as error:
        print(f"not an export: {error}", file=sys.stderr)
        return 2
    checks = [packed, *verify_files(files)]
    for check in checks:
        print(f"{check.verdict:11}  {check.name}: {check.detail}".encode("ascii", "backslashreplace").decode())
    failed = sum(1 for check in checks if check.verdict == FAIL)
    print(f"{failed} checks FAILED: do not rely on this export." if failed else "Nothing failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
