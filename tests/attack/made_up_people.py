"""One person makes up those beside somebody, in a room with an open code, and reads their vote off what is shown.

By hand, at full size: python tests/attack/made_up_people.py --large

The attacker casts all votes but one of each step of the live count, and all but one of a group's row, and takes what
they know away. What is left is one real vote. Each row is how many real votes they read.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx2
from support.factories import COMMISSION_FORM
from websockets.asyncio.client import connect

from attack.target import Row, Target, run, target

PASSWORD = "seven quiet green kettles"
THRESHOLD = 5
SMALL, LARGE = 2, 8
TRIES = 10  # looks at a count until it is given up


class Room:
    """A session with an open code, run by an organiser, and its attacker."""

    def __init__(self, there: Target, organiser: httpx2.AsyncClient) -> None:
        self.base = f"http://{there.host}"
        self.said = there.server.said
        self.organiser = organiser
        self.session = self.code = ""
        self.groups: dict[str, str] = {}

    async def act(self, name: str, form: dict[str, str | list[str]]) -> dict[str, object]:
        """Does one act on the console."""
        answer = await self.organiser.post(f"/console/{self.session}/{name}", data=form)
        assert answer.status_code == 200, answer.text
        facts: dict[str, object] = answer.json()
        return facts

    async def prepare(self, **form: str) -> None:
        """Makes a session whose commission has a group of police officers."""
        [link] = re.findall(r"/first/\S+", self.said)
        if not self.groups:
            who = {"name": "Olu", "login": "olu", "password": PASSWORD, "again": PASSWORD}
            assert (await self.organiser.post(link, data=who)).status_code == 303
        commission = COMMISSION_FORM | {"group": ["Police", "Nurses", "Carers"], "invited": ["1", "", ""]}
        made = (await self.organiser.post("/organise/commissions", data=commission)).json()
        self.groups = {group["label"]: group["id"] for group in made["groups"]}
        day = {"commission": made["id"], "title": "A day"} | form
        session = (await self.organiser.post("/organise/sessions", data=day)).json()
        self.session, self.code = session["id"], session["code"]

    async def asked(self, *, live: bool) -> str:
        """Opens a question with two answers; returns the round."""
        form: dict[str, str | list[str]] = {"question": "Who?", "response": ["A", "B"], "live": "1" if live else "0"}
        asked = await self.act("ask", form)
        round_id = str(asked["round"])
        await self.act("open", {"round": round_id})
        return round_id

    async def vote(self, round_id: str, group: str, choice: str = "") -> str:
        """Joins with a browser, and votes where a choice is given; returns its cookies."""
        async with httpx2.AsyncClient(
            base_url=self.base, headers={"Origin": self.base, "Accept": "text/html"}, trust_env=False, verify=False
        ) as one:
            await one.post(f"/s/{self.code}/join", data={"group": self.groups[group]})
            if choice:
                await one.post(f"/s/{self.code}/vote", data={"round": round_id, "choice": choice})
            return "; ".join(f"{name}={value}" for name, value in one.cookies.items())

    @asynccontextmanager
    async def listening(self, cookies: str) -> AsyncIterator[None]:
        """Keeps a phone of the attacker's connected inside the block."""
        headers = {"Cookie": cookies, "Origin": self.base}
        where = self.base.replace("http", "ws") + f"/s/{self.code}/socket"
        async with connect(where, additional_headers=headers, proxy=None) as phone:
            await phone.recv()
            yield

    async def count(self, cookies: str, voted: int) -> Counter[str]:
        """Polls as a phone until `voted` votes are shown; gives the count by response, or an empty one where none is
        told."""
        headers = {"Cookie": cookies, "Accept": "application/json", "Origin": self.base}
        async with httpx2.AsyncClient(base_url=self.base, headers=headers, trust_env=False, verify=False) as phone:
            shown: dict[str, int] = {}
            for _ in range(TRIES):
                tally = (await phone.get(f"/s/{self.code}/now")).json()["tally"]
                shown = tally.get("so_far") or {}
                # The count follows the votes a little later.
                if tally["voted"] >= voted and sum(shown.values()) >= voted:
                    break
                await asyncio.sleep(0.02)
        return Counter(shown)


async def attack(large: bool = False) -> list[Row]:
    """Counts the real votes that somebody reads off a live count, and off a group's row."""
    async with target() as there:
        headers = {"Origin": f"http://{there.host}", "Accept": "application/json"}
        async with httpx2.AsyncClient(
            base_url=headers["Origin"], headers=headers, timeout=60, trust_env=False, verify=False
        ) as organiser:
            room = Room(there, organiser)
            real = LARGE if large else SMALL
            live, row = await _live(room, real), await _row(room)
    return [
        Row(f"four votes made up beside each of {real}", "real ones read off a live count", live, "", 0),
        Row("four made-up police officers beside one", "where groups need tickets", row, "", 0),
    ]


async def _live(room: Room, real: int) -> int:
    await room.prepare()
    round_id = await room.asked(live=True)
    before: Counter[str] = Counter()
    read = 0
    # A phone that is connected keeps the room and its count.
    spy = await room.vote(round_id, "Nurses")
    async with room.listening(spy):
        for number in range(1, real + 1):
            for _ in range(THRESHOLD - 1):
                await room.vote(round_id, "Police", "r1")
            await room.vote(round_id, "Carers", "r2")
            now = await room.count(spy, number * THRESHOLD)
            read += now - before == Counter({"r1": THRESHOLD - 1, "r2": 1})
            before = now
    return read


async def _row(room: Room) -> int:
    await room.prepare(whole="1")
    round_id = await room.asked(live=False)
    for _ in range(THRESHOLD):
        await room.vote(round_id, "Nurses", "r1")
    for _ in range(THRESHOLD - 1):
        await room.vote(round_id, "Police", "r1")
    await room.vote(round_id, "Police", "r2")
    await room.act("close", {"round": round_id})
    result = (await room.act("reveal", {"round": round_id}))["result"]
    assert isinstance(result, dict)
    return sum(row["label"] == "Police" and row["counts"]["r2"] == 1 for row in result["by_group"] or ())


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
