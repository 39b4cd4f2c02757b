"""The program: `python -m forum.record.verify FILE.zip|FOLDER`; `python verify.py` in an export."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from forum.record.verify.archive import read_export, refuse_unknown_format
from forum.record.verify.checks import verify_files
from forum.record.verify.verdict import FAIL, NOT_CHECKED, LaterFormat, NoExport, last_line


def main(argv: Sequence[str]) -> int:
    """Checks the export that `argv` names (a zip, a folder, or this file's folder), prints the checks, returns the exit
    code.
    """
    if len(argv) > 1 or (argv and argv[0].startswith("-")):
        print("usage: python verify.py [FILE.zip | FOLDER]", file=sys.stderr)
        return 2
    try:
        files, packed = read_export(Path(argv[0]) if argv else Path(__file__).resolve().parent)
        refuse_unknown_format(files)
    except LaterFormat as error:
        print(f"this export cannot be checked here: {error}", file=sys.stderr)
        return 2
    except (NoExport, OSError) as error:
        print(f"not an export: {error}", file=sys.stderr)
        return 2
    checks = [packed, *verify_files(files)]
    for check in checks:
        print(f"{check.verdict:11}  {check.name}: {check.detail}".encode("ascii", "backslashreplace").decode())
    print(last_line(checks))
    verdicts = {check.verdict for check in checks}
    return 1 if FAIL in verdicts else 3 if NOT_CHECKED in verdicts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
