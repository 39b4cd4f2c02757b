"""Live session in an application of this process, and the browsers that join it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession
from support.app import House
from support.factories import CLOCK


@dataclass(frozen=True)
class LiveHouse:
    """House with a live session."""

    house: House
    live: LiveSession

    @property
    def path(self) -> str:
        """Returns the path of the session's phones."""
        return f"/s/{self.live.code}"

    @property
    def acts(self) -> Desk:
        """Returns a desk for the facilitator's acts."""
        return Desk(self.house.store, CLOCK)

    async def changed(self) -> None:
        """Tells every screen that the session has changed."""
        await self.house.site.rooms.changed(self.live.id)

    async def join(self, group: str = "g1", address: str = "192.0.2.1", **form: str | list[str]) -> httpx2.AsyncClient:
        """Opens a browser at this network address that has joined in this group; `form` are other fields."""
        browser = self.house.browser(address)
        await browser.get(self.path)
        answer = await browser.post(f"{self.path}/join", data={"group": group} | form)
        assert answer.status_code == 303, answer.text
        return browser
