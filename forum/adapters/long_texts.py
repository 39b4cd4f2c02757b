"""Long texts worked through in a process of their own, so that they take no turns of the interpreter from live rooms.

`python -m forum.adapters.long_texts` is the process: a function with its arguments comes pickled, and so does what it
returns, or the ForumError that it raises. Both are the program's own; of what somebody sent there is only text among
them.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import TypeVar, cast

from forum.adapters import machine
from forum.adapters.work_process import Aside
from forum.errors import BadInput, ForumError
from forum.ports.long_work import long

# Characters; what is shorter takes less time than a process to start.
LONG = 64 * 1024
DEADLINE = 20.0  # seconds for one text, its process's start among them
MOST_WAITING = 12
_MOST_MEMORY = 1024 * 1024 * 1024  # bytes
_TOO_LONG = "This text takes too long to read. Make it shorter, and send it again."

# Two, so that no moderator waits behind what strangers send.
WRITERS, MODERATORS = Aside("forum.adapters.long_texts"), Aside("forum.adapters.long_texts")

T = TypeVar("T")


async def apart(where: Aside, length: int, function: Callable[..., T], *arguments: object) -> T:
    """Runs a function that works through a text of `length` characters, and returns what it returns: from LONG on in a
    process, else in a thread. The function stands in a module, asks for no language, and raises only ForumErrors.

    Raises BadInput for what takes longer than DEADLINE, TooMany where MOST_WAITING wait already, and what it raises.
    """
    if length < LONG:
        return await long(function, *arguments)
    asked = await long(pickle.dumps, (function, arguments))
    answer = await where.answer(asked, DEADLINE, MOST_WAITING)
    if not answer:
        raise BadInput(_TOO_LONG, field="file")
    came = await long(pickle.loads, answer)
    if isinstance(came, ForumError):
        raise came
    return cast(T, came)


def _answer(asked: bytes) -> bytes:
    # What is asked was pickled by `apart` in the server itself: a stranger's text is only a string in it.
    function, arguments = pickle.loads(asked)  # noqa: S301 - as just said
    try:
        return pickle.dumps(function(*arguments))
    except ForumError as error:
        return pickle.dumps(error)


if __name__ == "__main__":
    machine.bound(int(DEADLINE), _MOST_MEMORY)
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read()))
