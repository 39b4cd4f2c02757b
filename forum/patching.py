"""What is new in a text, line by line, for a reader who has the text before it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

# Lines of the text before, from the first up to (not with) the second; or a line that is new.
Piece: TypeAlias = tuple[int, int] | str


def patch(before: Sequence[str], after: Sequence[str]) -> list[Piece]:
    """The pieces of which `after` is made."""
    pieces: list[Piece] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append((start, end))
        else:
            pieces += after[new_start:new_end]
    return pieces


def patched(before: Sequence[str], pieces: Sequence[Piece]) -> list[str]:
    """The text that `patch` was made for, as static/socket.js makes it too."""
    return [line for piece in pieces for line in ([piece] if isinstance(piece, str) else before[piece[0] : piece[1]])]
