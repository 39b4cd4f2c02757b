"""Other sites that may show a commission's results and its ledger within their pages: none, until an organiser says."""

from __future__ import annotations

import re

from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.services import audit
from forum.services.form_errors import Findings
from forum.stories.visible_text import trimmed

MOST_ADDRESSES, MOST_TYPED = 20, 1300
# A host with its port, as it may stand in a Content-Security-Policy: nothing in it ends the directive.
_ORIGIN = re.compile(r"https://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?")


async def save(store: Store, clock: Clock, person: Person, commission: str, typed: str) -> tuple[str, ...]:
    """Writes which sites may show a commission's results, one a line, and returns them; what comes after the host of an
    address is left out. Raises FormErrors (field "addresses"), NotFound."""
    found = Findings()
    found.fits("addresses", typed, MOST_TYPED)
    addresses: list[str] = []
    for line in filter(None, map(trimmed, typed.splitlines())):
        match = _ORIGIN.match(line.lower())
        if match is None or line[match.end() :][:1] not in ("", "/", "?", "#"):
            found.wrong(
                "addresses",
                "This is no address of a site: “%(line)s”. It looks like https://www.example.org.",
                line=line[:100],
            )
        elif match[0] not in addresses:
            addresses.append(match[0])
    if len(addresses) > MOST_ADDRESSES:
        found.wrong("addresses", "Name at most %(most)s sites.", most=MOST_ADDRESSES)
    found.stop()
    async with store.begin() as work:
        await work.commissions.get_commission(commission, lock=True)
        if await of(work, commission) != tuple(addresses):
            await work.webhooks.save_embedders(commission, tuple(addresses))
            await audit.note(work, clock.now(), person.id, What.EMBEDDERS_CHANGED, " ".join(addresses) or "-")
    return tuple(addresses)


async def of(work: Work, commission: str) -> tuple[str, ...]:
    """Returns the sites that may show a commission's results."""
    return await work.webhooks.embedders(commission)
