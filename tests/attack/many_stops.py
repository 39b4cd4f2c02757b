"""Hundreds of made-up people who press STOP, each with words: what the console is sent, and what "pause" takes.

By hand, at full size: python tests/attack/many_stops.py --large
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx2
from support.ready_session import ReadySession, a_replay, an_organiser, press_stops, server_store
from websockets.asyncio.client import ClientConnection, connect

from attack.target import Row, Target, run, target
from forum.live.messages import Hello, State, decode_screen

WORDS = "She could ask him to sit down, and then the crew could wait outside for a while. " * 3
_TRIES = 5


async def _state(screen: ClientConnection) -> int:
    """Waits for the next state and returns its size in bytes."""
    while True:
        frame = await screen.recv()
        if isinstance(decode_screen(frame), State):
            return len(frame.encode() if isinstance(frame, str) else frame)


async def pressed(where: Target, crowd: ReadySession, headers: dict[str, str], how: str) -> list[Row]:
    """Measures the bytes one console is sent, and the time of each "pause" and "go on" while a healthy client asks for
    pages."""
    console = f"/console/{crowd.session.id}"
    sent = {"Origin": where.server.base, "Authorization": headers["Authorization"]}
    address = f"ws://{where.host}{console}/socket"
    took: list[float] = []
    sizes: list[int] = []
    async with (
        httpx2.AsyncClient(base_url=where.server.base, headers=headers, timeout=60) as organiser,
        connect(address, additional_headers=sent, compression=None, max_size=None) as screen,
    ):
        assert isinstance(decode_screen(await screen.recv()), Hello)
        sizes.append(await _state(screen))
        async with where.others("/join") as healthy:
            for number in range(_TRIES):
                began = where.loop()
                answer = await organiser.post(f"{console}/{'resume' if number % 2 else 'pause'}")
                assert answer.status_code == 200, answer.text
                sizes.append(await _state(screen))
                took.append(where.loop() - began)
    return [
        Row(how, "the largest frame of a console", max(sizes) / 1000, "kB", 150),
        Row(how, '"pause", at the median', sorted(took)[len(took) // 2], "pages", 40),
        Row(how, "others wait at most", healthy.worst, "pages", 90),
    ]


async def attack(large: bool = False) -> list[Row]:
    """Presses 1,500 stops with words; few enough to be quick where it is not `large`."""
    number = 1500 if large else 300
    async with target() as where, server_store(where.data) as store:
        crowd = await a_replay(store)
        headers = await an_organiser(store)
        await press_stops(store, crowd.session.id, number, WORDS)
        return await pressed(where, crowd, headers, f"{number} people press STOP")


if __name__ == "__main__":
    run(partial(attack, "--large" in sys.argv))
