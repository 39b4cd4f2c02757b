"""Updates of commitments: what each must say, by how the commitment stood before; voting/commitment.py has it too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

UPDATE_STATES = ("on track", "partly", "done", "not done", "handed on")
_FINISHED = ("done", "not done")


def update_problems(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a problem for each update that lacks words it must have, or has a role that it is not handed to."""
    states: dict[str, str] = {}
    for entry in entries:
        if entry["type"] == "commitment update":
            before, state = states.get(entry["commitment"], ""), entry["state"]
            reopened = before in _FINISHED and state != before
            told = f"update {entry['update']}"
            if (state == "handed on") != (entry["handed_to"] is not None):
                yield f"{told}: a role to which it is handed stands with `handed on`, and with nothing else"
            if (state == "not done" or reopened) and entry["because"] is None:
                yield f"{told}: it does not say why it is {state}" + (f", after it was {before}" if reopened else "")
            elif all(entry[name] is None for name in ("said", "because", "handed_to")):
                yield f"{told}: it says nothing but that it is {state}"
            states[entry["commitment"]] = state
