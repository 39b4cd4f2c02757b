"""Words of stories that a moderator keeps back: they lie beside the record, and are in no export for now.

Which they are follows from the moderators' acts in the record, so nobody can leave out words that no entry keeps back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forum.record.verify.disclosures import digests_in

_KEEPS_BACK = ("held", "taken down", "returned")


class HeldWords:
    """The words that are kept back after the entries so far: `grounds` has for each of their digests the number, from
    0, of the entry "moderation action" that keeps it back.

    Nothing is kept back any more once a moderator accepts the story as it was, or overturns that it was taken down. Of
    a story that was accepted with a new text the earlier text stays kept back, and withdrawn words are withdrawn.
    """

    def __init__(self, entries: Iterable[Mapping[str, Any]] = ()) -> None:
        self.grounds: dict[str, int] = {}
        self._published: dict[str, list[list[str]]] = {}  # by story, the digests in each of its published versions
        self._last: dict[str, str] = {}  # by story, the last act that kept it back
        self._withdrawn: set[str] = set()
        for number, entry in enumerate(entries):
            self.add(number, entry)

    def add(self, number: int, entry: Mapping[str, Any]) -> None:
        """Adds the entry with this number, which fits its shape. Raises errors of any kind for another."""
        if entry["type"] == "scenario published":
            self._published.setdefault(entry["scenario"], []).append(list(digests_in(dict(entry))))
        elif entry["type"] == "erasure":
            self._withdrawn.update(entry["digests"])
            for digest in entry["digests"]:
                self.grounds.pop(digest, None)
        elif entry["type"] == "moderation action":
            self._moderated(number, entry["scenario"], entry["action"])

    def _moderated(self, number: int, story: str, action: str) -> None:
        versions = self._published.get(story, [])
        words = [digest for version in versions for digest in version if digest not in self._withdrawn]
        if action in _KEEPS_BACK:
            self._last[story] = action
            for digest in words:
                self.grounds.setdefault(digest, number)
        elif action == "accepted" or (action == "decision overturned" and self._last.get(story) == "taken down"):
            # Where a new text was published just before, nothing of that one is kept back, so nothing is over.
            over = {self.grounds[digest] for digest in versions[-1] if digest in self.grounds} if versions else set()
            for digest in words:
                if self.grounds.get(digest) in over:
                    del self.grounds[digest]
