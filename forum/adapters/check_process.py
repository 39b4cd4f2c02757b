"""Checks what somebody brings (an export, a receipt, a checkpoint) in a process of its own, one after another, each
with a deadline; what is short does not wait behind what is long.

`record/judgement.py` does the checking; `python -m forum.adapters.check_process` is the process, a file on its standard
input, the verdicts on its standard output. Nothing of the file is kept.
"""

from __future__ import annotations

import json
import sys

from forum.adapters import machine
from forum.adapters.work_process import Aside
from forum.errors import BadInput, ForumError
from forum.record.judgement import Judgement, Kind, judge
from forum.record.verify.verdict import Check

MOST_BYTES = 32 * 1024 * 1024
DEADLINE = 60.0  # seconds for one file, its process's start among them
MOST_WAITING = 4
SHORT = 256 * 1024  # bytes; no receipt or checkpoint is longer
SHORT_DEADLINE = 10.0  # seconds for one of these
MOST_SHORT_WAITING = 16
_MOST_MEMORY = 1024 * 1024 * 1024  # bytes
_TOO_LONG = (
    "This takes more time or memory than there is here. Check it on a computer of your own, with forum verify or the "
    "verify.py that lies in each export."
)

_short, _long = Aside("forum.adapters.check_process"), Aside("forum.adapters.check_process")


async def judged(content: bytes) -> Judgement:
    """Runs `judge` in a process of its own; a cancel kills the process.

    Raises BadInput(field="file") with why where it is nothing that can be checked, and for what takes longer than
    DEADLINE; TooMany as `fair_line` says.
    """
    if len(content) <= SHORT:
        answer = await _short.answer(content, SHORT_DEADLINE, MOST_SHORT_WAITING)
    else:
        answer = await _long.answer(content, DEADLINE, MOST_WAITING)
    if not answer:
        raise BadInput(_TOO_LONG, field="file")
    said = json.loads(answer)
    if "message" in said:
        raise BadInput(said["message"], field="file", **said["values"])
    checks = tuple(Check(*check) for check in said["checks"])
    return Judgement(Kind(said["kind"]), checks, said["note"].encode())


def _answer(content: bytes) -> bytes:
    try:
        found = judge(content)
    except ForumError as error:
        return json.dumps({"message": error.message, "values": error.values}).encode()
    checks = [(one.name, one.verdict, one.detail) for one in found.checks]
    return json.dumps({"kind": found.kind.value, "checks": checks, "note": found.note.decode()}).encode()


if __name__ == "__main__":
    machine.bound(int(DEADLINE), _MOST_MEMORY)
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read(MOST_BYTES + 1)))
