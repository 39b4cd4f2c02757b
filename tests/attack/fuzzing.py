"""Forms, files, heads and socket frames of chance, from a seed that is printed: no answer is 500, no trace is logged.

tests/support/random_input.py makes them; tests/web/security/test_random_input.py sends a short run of the forms in
process, in every state. Here they go to a real server, at the demonstration's addresses and at made-up ones, as nobody
and as an organiser's browser.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx2
from support.factories import COMMISSION_FORM, new_id
from support.random_input import Fuzz, Sent
from support.server_process import run_forum
from support.standing_states import ActIds
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from attack.target import Row, Target, run, target

ATTACK = "forms, heads and frames of chance"
# How many forms, heads and frames.
SMALL, LARGE = (50, 30, 60), (25_000, 5_000, 11_760)
RIGHT = (
    {"t": "cast", "cast": "a" * 32, "round": "b" * 32, "choice": "r1", "reason": "", "condition": ""},
    {"t": "stop", "id": "a" * 32, "showing": "b" * 32, "character": "", "how": ""},
    {"t": "ping"},
)
_PATIENCE = 20.0  # seconds for one answer


async def _there(on: Target) -> tuple[ActIds, list[str], str]:
    """Makes a session on the server; returns it with the cookies of those who may send, and a phone's cookie."""
    password = "seven quiet green kettles"
    roles = [option for role in ("organiser", "moderator", "commissioner") for option in ("--role", role)]
    added = await asyncio.to_thread(
        run_forum, "user", "add", "olu", *roles, "--password-stdin", "--data", on.data, given=f"{password}\n"
    )
    assert added.returncode == 0, added.stderr
    machine = {"Accept": "application/json", "Origin": on.server.base}
    async with httpx2.AsyncClient(base_url=on.server.base, headers=machine, trust_env=False, timeout=60) as olu:
        await olu.post("/sign-in", data={"login": "olu", "password": password})
        commission = (await olu.post("/organise/commissions", data=COMMISSION_FORM)).json()
        form = {"commission": commission["id"], "title": "A day"}
        session = (await olu.post("/organise/sessions", data=form)).json()
        asked = await olu.post(f"/console/{session['id']}/ask", data={"question": "Who?", "response": ["A", "B"]})
        async with httpx2.AsyncClient(base_url=on.server.base, headers=machine, trust_env=False, timeout=60) as phone:
            await phone.post(f"/s/{session['code']}/join", data={"group": commission["groups"][0]["id"]})
            device = "; ".join(f"{c.name}={c.value}" for c in phone.cookies.jar)
        cookies = ["; ".join(f"{c.name}={c.value}" for c in olu.cookies.jar)] * 4 + [device, "", "a=\xff"]
    made = {
        name: new_id() for name in ("story", "voted", "stop", "taken", "answered", "proposal", "amendment", "pledge")
    }
    made |= {name: new_id() for name in ("reason", "shown", "section", "item", "papers", "undo", "ticket", "showing")}
    made |= {"key": new_id(), "card": "c1", "status": "submitted", "read": "", "report": "", "appeal": ""}
    known = {
        "session": session["id"],
        "code": session["code"],
        "commission": commission["id"],
        "round": asked.json()["round"],
    }
    return ActIds("draft", made | known), cookies, device


def _bytes(sent: Sent) -> bytes:
    """Returns a request as it goes over the wire; one whose client goes away says that more will come."""
    length = [] if sent.method == "GET" else [("Content-Length", str(len(sent.body)))]
    head = [
        f"{sent.method} {sent.path} HTTP/1.1",
        *(f"{n}: {v}" for n, v in (*sent.headers, *length)),
        "Connection: close",
    ]
    body = sent.body if sent.gone_after is None else sent.body[: sent.gone_after]
    return "\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + body


async def _answered(on: Target, sent: bytes, *, leaving: bool = False) -> int:
    """Sends a request and returns the status of the answer; 0 for none."""
    reader, writer = await on.connect()
    try:
        with suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
        if leaving:
            return 0
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                first = await reader.readline()
                return int(first.split()[1]) if first.startswith(b"HTTP/1.1 ") else 0
        return 0
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _framed(on: Target, fuzz: Fuzz, frames: int, there: ActIds, cookie: str) -> None:
    """Sends frames on sockets of a phone; where one is closed for what it sends, the next one goes on."""
    url, left = f"ws://{on.host}/s/{there.code}/socket", frames
    while left > 0:
        head = {"Cookie": cookie, "Origin": on.server.base}
        with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
            async with connect(url, additional_headers=head, compression=None, open_timeout=_PATIENCE) as socket:
                while left > 0:
                    left -= 1
                    frame = fuzz.frame(RIGHT)
                    # One in some says that it is text and is none.
                    await socket.send(frame, text=True if isinstance(frame, bytes) and left % 2 else None)
        left -= 1


async def attack(large: bool = False) -> list[Row]:
    """Sends them all; counts answers of 500, and traces in the server's log."""
    forms, heads, frames = LARGE if large else SMALL
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    # Its limits would refuse nearly all before they are looked at.
    names = ("WRONG_CODES", "WRONG_LINKS", "JOINS", "STORIES", "SAVES", "REPORTS", "SUGGESTIONS", "WRONG_TICKETS")
    async with target({f"FORUM_{name}_PER_ADDRESS": "100000" for name in names}) as on:
        there, cookies, device = await _there(on)
        fuzz = Fuzz(seed, [there], cookies, on.host)
        faults = []
        for _ in range(forms):
            sent = fuzz.request()
            leaving = sent.gone_after is not None
            if await _answered(on, _bytes(sent), leaving=leaving) >= 500:
                faults.append(str(sent))
        for _ in range(heads):
            head = fuzz.head()
            if await _answered(on, head) >= 500:
                faults.append(repr(head))
        await _framed(on, fuzz, frames, there, device)
        await asyncio.to_thread(on.server.stop)
        log = on.server.errors
    print(*faults, sep="\n")
    traces = log.count("Traceback")
    if traces:
        print(log[max(0, log.index("Traceback") - 500) :][:6000])
    longest = max((len(line) for line in log.splitlines()), default=0)
    return [
        Row(ATTACK, "answers of 500 and more", len(faults), "", 0),
        Row(ATTACK, "traces in the log", traces, "", 0),
        Row(ATTACK, "longest line in the log", longest, "chars", 400),
    ]


if __name__ == "__main__":
    run(lambda: attack(large="--large" in sys.argv))
