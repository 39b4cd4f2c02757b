"""Links of helpers on the day, by the digest of their keys."""

from __future__ import annotations

from typing import Protocol

from forum.sessions.helper_link import HelperLink


class HelperLinks(Protocol):
    """Helpers' links of all sessions."""

    async def add_helper_link(self, link: HelperLink) -> None:
        """Adds a link, whose key no other has."""

    async def helper_link(self, key: str) -> HelperLink:
        """Returns the link with this digest, whether it works or not. Raises NotFound."""

    async def helper_links(self, session: str) -> list[HelperLink]:
        """Returns the links of a session in the order they were made, those that no longer work too."""

    async def revoke_helper_link(self, session: str, link: str, at: str) -> None:
        """Switches a link off; the time of an earlier switching off stays. Raises NotFound where the session has no
        such link.
        """
