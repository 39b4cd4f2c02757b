"""The program: `python -m forum.record.verify FILE.zip|FOLDER`; `python verify.py` in an export; `--receipt FILE`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from forum.record.verify.archive import read_export, refuse_unknown_format
from forum.record.verify.checks import verify_files
from forum.record.verify.receipt import verify_receipt_at
from forum.record.verify.verdict import FAIL, NOT_CHECKED, LaterFormat, NoExport, last_line

_USAGE = "usage: python verify.py [--receipt RECEIPT] [FILE.zip | FOLDER]"


def main(argv: Sequence[str]) -> int:
    """Checks the export that `argv` names (a zip, a folder, or this file's folder), prints the checks, returns the exit
    code. After `--receipt` it checks that receipt instead, and where an export is named, against that.
    """
    receipt = argv[1] if argv[:1] == ["--receipt"] and len(argv) > 1 else None
    paths, of = (argv, "export") if receipt is None else (argv[2:], "receipt")
    if len(paths) > 1 or any(path.startswith("-") for path in paths):
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        if receipt is None:
            files, packed = read_export(Path(paths[0]) if paths else Path(__file__).resolve().parent)
            refuse_unknown_format(files)
            checks = [packed, *verify_files(files)]
        else:
            checks = verify_receipt_at(Path(receipt), Path(paths[0]) if paths else None)
    except LaterFormat as error:
        print(f"this {of} cannot be checked here: {error}", file=sys.stderr)
        return 2
    except (NoExport, OSError) as error:
        print(f"not {'an export' if receipt is None else 'a receipt, or not an export'}: {error}", file=sys.stderr)
        return 2
    for one in checks:
        print(f"{one.verdict:11}  {one.name}: {one.detail}".encode("ascii", "backslashreplace").decode())
    print(last_line(checks, of))
    verdicts = {one.verdict for one in checks}
    return 1 if FAIL in verdicts else 3 if NOT_CHECKED in verdicts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
