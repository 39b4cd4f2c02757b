"""The frames of what a room shows: drawn once for each kind of screen and each language that is read in the room."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from forum.live.line_patch import patch
from forum.live.messages import Change, Choice, RoundNow, Screen, State, encode
from forum.sessions.view import RoomView, cue_key
from forum.voting.easy_read import offered_in

# A kind of screen, a view (for consoles a ConsoleView) and a language's code, to html.
Draw: TypeAlias = Callable[[Screen, RoomView, str], str]


class Drawn(msgspec.Struct, frozen=True):
    """A state as a frame, and where that is shorter the `change` that makes it of the one marked `since`."""

    frame: str
    mark: str
    lines: list[str]
    change: str = ""
    since: str = ""


class ScreenFrames:
    """The frames of one `view`. Of the view before it phones' states are kept, so that they can be sent changes."""

    def __init__(self, draw: Draw, view: RoomView) -> None:
        self.view = view
        # Whole pages that were drawn of this view, by what they were drawn from.
        self.pages: dict[str, bytes] = {}
        self._draw = draw
        self._drawn: dict[tuple[Screen, str], Drawn] = {}
        self._before: dict[tuple[Screen, str], Drawn] = {}

    def show(self, view: RoomView) -> None:
        """Takes a newer view: every kind of screen is drawn anew when it is asked for."""
        self.view = view
        self._before |= {key: drawn for key, drawn in self._drawn.items() if key[0] == "phone"}
        self._drawn = {}
        self.pages = {}

    def show_console(self, view: RoomView) -> None:
        """Takes a view that differs for consoles alone: only these are drawn anew."""
        self.view = view
        self._drawn = {key: drawn for key, drawn in self._drawn.items() if key[0] != "console"}

    def drawn(self, kind: Screen, language: str) -> Drawn:
        """Returns the frame for a kind of screen and a language ("cy", or "cy+easy" for easy words).

        Where the question on screen has no such words, it is the frame of the language alone, not drawn once more.
        """
        key = (kind, offered_in(language, (self.view.round, self.view.first)))
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = drawn_of(self.state(*key), self._before.get(key))
        return drawn

    def state(self, kind: Screen, language: str) -> State:
        """Returns what a kind of screen shows now, in a language; draws it at each call."""
        view = self.view.read_in(language)
        return State(
            v=view.session.version,
            cue=str(cue_key(view)),
            round=round_now(view),
            paused=view.session.paused,
            html=self._draw(kind, view, language),
        )


def drawn_of(state: State, before: Drawn | None) -> Drawn:
    """Makes the frames of a state, which comes after `before` on the same screens."""
    lines = state.html.split("\n")
    mark = hashlib.sha256(encode(state).encode()).hexdigest()[:16]
    frame = encode(replace(state, mark=mark))
    if before is None:
        return Drawn(frame, mark, lines)
    pieces = patch(before.lines, lines)
    change = encode(Change(state.v, state.cue, state.round, state.paused, mark, before.mark, pieces))
    return Drawn(frame, mark, lines, change if len(change) < len(frame) else "", before.mark)


def round_now(view: RoomView) -> RoundNow | None:
    """Returns the round on screen as phones are told of it, None where there is none."""
    if view.round is None:
        return None
    return RoundNow(
        id=view.round.id,
        state=view.round.state,
        question=view.round.question,
        responses=[Choice(r.id, r.label) for r in view.round.responses],
        closing_soon=view.round.closing_soon,
        method=view.round.method,
    )
