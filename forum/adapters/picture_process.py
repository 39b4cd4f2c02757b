"""Checks files of evidence in a process of their own, one after another, each with a deadline.

A picture can keep a processor busy for as long as its sender likes. Here that costs the sender: the process is killed
after DEADLINE seconds, and at the end of the server; it gives way to everything else, and takes its memory with it.
`evidence_files.py` does the looking; `python -m forum.adapters.picture_process` is the process, a file on its standard
input, the answer on its standard output.
"""

from __future__ import annotations

import json
import sys

from forum.adapters import machine
from forum.adapters.work_process import Aside
from forum.errors import BadInput, LibraryMissing
from forum.stories import evidence_files
from forum.stories.evidence_files import Checked

DEADLINE = 20.0  # seconds for one file, its process's start among them
MOST_WAITING = 12
_MOST_MEMORY = 1024 * 1024 * 1024  # bytes; a picture of 30 million pixels needs a third of it
_TOO_LONG = "This picture takes too long to read. Save it again as an ordinary JPEG or PNG, or take a screenshot of it."

_pictures = Aside("forum.adapters.picture_process")


async def checked(content: bytes) -> Checked:
    """Runs `evidence_files.checked` in a process of its own (ports.stories.CheckFile); a cancel kills the process.

    Raises BadInput(field="file") as `evidence_files.checked` does, for what takes longer than DEADLINE, and where no
    picture can be read, as the library for that is not installed; TooMany
    where MOST_WAITING wait already.
    """
    evidence_files.check_size(len(content))
    return _read(await _pictures.answer(content, DEADLINE, MOST_WAITING))


def _read(answer: bytes) -> Checked:
    head, _, content = answer.partition(b"\n")
    if not head:
        raise BadInput(_TOO_LONG, field="file")
    said = json.loads(head)
    if "media" in said:
        return Checked(said["media"], content)
    raise BadInput(said["message"], field="file", **said["values"])


def _answer(content: bytes) -> bytes:
    """Returns one line of JSON, with the media type or what is wrong, and after it the file as it may be kept."""
    try:
        file = evidence_files.checked(content)
    except (BadInput, LibraryMissing) as error:
        return json.dumps({"message": error.message, "values": error.values}).encode() + b"\n"
    return json.dumps({"media": file.media}).encode() + b"\n" + file.content


if __name__ == "__main__":
    machine.bound(int(DEADLINE), _MOST_MEMORY)
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read(evidence_files.MAX_BYTES + 1)))
