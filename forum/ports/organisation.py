"""The organisation behind an installation: its name, its colours, whom people can ring, and its own statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

# Rung where somebody is in danger, unless the organisation says otherwise.
EMERGENCY = "999"
MOST_CHANGES = 20  # of the history that a page shows


class Field(msgspec.Struct, frozen=True):
    """One thing that an organisation says of itself. `most` is how long it may be; with `told` it may be said in each
    language; with `lines` it is more than one line."""

    name: str
    most: int
    told: bool = False
    lines: bool = False


FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("name", 60, told=True),
        Field("accent", 7),
        Field("accent_dark", 7),
        Field("emergency", 30),
        Field("support", 2000, told=True, lines=True),
        Field("imprint", 5000, told=True, lines=True),
        Field("accessibility_contact", 200),
        Field("accessibility", 10_000, told=True, lines=True),
        Field("controller", 200),
        Field("contact", 200),
        Field("ground", 300),
        Field("privacy", 10_000, told=True, lines=True),
    )
}
LOGO = "logo"


class Logo(msgspec.Struct, frozen=True):
    """A logo as it is shown: a PNG, by the SHA-256 of its bytes."""

    sha256: str
    width: int
    height: int
    content: bytes


class Organisation(msgspec.Struct, frozen=True):
    """The organisation as it was made by one change. `number` counts the changes; 0: nothing was said yet.

    `said` holds what is said, by field, and by field and language (`in_language`); what is empty is not in it. `logo`
    is the SHA-256 of the logo, "" for none. `changed` names what this change changed; `by` is the person who made it,
    None for one made by a command.
    """

    number: int = 0
    at: str = ""
    by: str | None = None
    changed: tuple[str, ...] = ()
    said: Mapping[str, str] = msgspec.field(default_factory=dict)
    logo: str = ""

    def get(self, name: str, language: str = "en") -> str:
        """Returns what is said, in this language where it is; else in English; "" where it is not said."""
        return self.said.get(in_language(name, language), "") or self.said.get(name, "")


def in_language(name: str, language: str) -> str:
    """Returns the key of a field in a language: English has the field's own name, Welsh "name.cy"."""
    return name if language == "en" else f"{name}.{language}"


def keys(languages: Collection[str]) -> dict[str, Field]:
    """Returns every key that may be said in these languages, with its field."""
    every = {**FIELDS}
    for one in FIELDS.values():
        every |= {in_language(one.name, code): one for code in languages if one.told}
    return every


class Organisations(Protocol):
    """What the organisation says of itself: a row for each change, the latest counts."""

    async def latest_organisation(self, *, lock: bool = False) -> Organisation:
        """Returns the organisation as it is; with `lock` nobody else changes it until this unit of work ends."""

    async def organisation_changes(self, most: int = MOST_CHANGES) -> list[Organisation]:
        """Returns the latest changes, newest first, and one more, which tells how it was before the oldest."""

    async def organisation_changed_since(self, number: int) -> frozenset[str]:
        """Returns the names of what was changed after this change."""

    async def add_organisation(self, changed: Organisation) -> bool:
        """Adds a change. Returns False where another has its number."""

    async def put_logo(self, logo: Logo) -> None:
        """Keeps a logo, and deletes every other."""

    async def drop_logos(self) -> None:
        """Deletes every logo."""

    async def get_logo(self, sha256: str) -> Logo | None:
        """Returns a logo, None where it is not kept."""
