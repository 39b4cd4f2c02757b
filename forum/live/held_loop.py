"""Watchdog of the event loop: says which function held it while nobody else had a turn.

A thread asks the loop every now and then to answer at its next turn. Where the answer is not there HELD seconds later,
the function that runs then is counted under its name, which says nothing of anybody. What holds the loop again and
again is found so, at next to no cost while nobody is there.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from forum.live.metrics import HOLDS

HELD = 0.02  # seconds
PAUSE = 0.2  # seconds between an answer and the next question
MOST_PLACES = 100  # names that are counted apart; any other is "elsewhere"


class HeldLoop:
    """Watches the loop of the thread that calls `start`, until `stop`.

    `told` is called, in the watching thread, with the name and the frame. With `of_processor` a turn counts only where
    the loop's thread used as much of the processor: a busy machine is then no fault. `pause` is that between an answer
    and the next question, in seconds.
    """

    def __init__(
        self,
        told: Callable[[str, FrameType], None] | None = None,
        *,
        of_processor: bool = False,
        pause: float = PAUSE,
    ) -> None:
        self._told = told or self._note
        self._of_processor = of_processor
        self._pause = pause
        self._answered = True
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._places: set[str] = set()

    def start(self) -> None:
        """Begins to watch."""
        given = asyncio.get_running_loop(), threading.get_ident()
        self._thread = threading.Thread(target=self._watch, args=given, name="held loop", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Ends it."""
        self._stopped.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _answer(self) -> None:
        self._answered = True

    def _watch(self, loop: asyncio.AbstractEventLoop, ident: int) -> None:
        if not hasattr(time, "pthread_getcpuclockid"):
            return  # neither Windows nor macOS says what a thread used
        processor = time.pthread_getcpuclockid(ident)
        while not self._stopped.wait(self._pause):
            self._answered, told, began = False, False, time.clock_gettime(processor)
            try:
                loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # the loop was closed
                return
            while not self._stopped.wait(HELD) and not self._answered:
                long = not self._of_processor or time.clock_gettime(processor) - began >= HELD
                frame = sys._current_frames().get(ident) if long and not told else None
                if frame is not None:
                    told = True
                    self._told(place_of(frame), frame)

    def _note(self, place: str, _frame: FrameType) -> None:
        """Counts a place."""
        if place not in self._places and len(self._places) >= MOST_PLACES:
            place = "elsewhere"
        self._places.add(place)
        HOLDS.labels(place).inc()


def place_of(frame: FrameType) -> str:
    """Returns "module:function" of the innermost frame of Forum's own, or of the innermost one where there is none."""
    at: FrameType | None = frame
    while at is not None:
        module = str(at.f_globals.get("__name__", ""))
        if module.startswith("forum.") and module != __name__:
            return f"{module}:{at.f_code.co_qualname}"
        at = at.f_back
    return f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_qualname}"
