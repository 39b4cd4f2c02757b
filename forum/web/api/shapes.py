"""How answers, refusals, lists and queries of the API are shaped, whatever they are about (schema.py has that)."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

Item = TypeVar("Item")
MOST_ITEMS, ITEMS = 100, 25

Limit = Annotated[int, Meta(ge=1, le=MOST_ITEMS, description="How many at most.")]
Cursor = Annotated[str, Meta(max_length=200, description="The `next` of the answer before; empty for the first.")]


class Disagreement(Struct, frozen=True):
    """Part of an answer that does not agree with the public record, and the entry that says so."""

    what: str
    entry: int | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """An answer of the API. What of it does not agree with the record is there only where something does not."""

    does_not_agree_with_the_record: tuple[Disagreement, ...] | UnsetType = UNSET


class Refusal(Struct, frozen=True, kw_only=True):
    """Refusal of a request (RFC 9457): why, and what to do. `again`: the same request may be sent once more later."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    again: bool = False
    errors: tuple[FieldRefusal, ...] = ()


class FieldRefusal(Struct, frozen=True):
    """Mistake in one field, and what to do."""

    field: str
    detail: str


class Listing(Answer, Generic[Item], frozen=True, kw_only=True):
    """A page of a list. `next` is the cursor of the next page, null on the last."""

    items: tuple[Item, ...]
    next: str | None = None


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is chosen in the address, but the language of messages."""

    lang: str = ""


class Paged(NoQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a list."""

    limit: Limit = ITEMS
    cursor: Cursor = ""


class OfPages(NoQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a list whose pages have one size."""

    cursor: Cursor = ""


class OfExport(NoQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the record: a commission, or a session; a token of one commission has to name one."""

    commission: Annotated[str, Meta(max_length=200, description="The id of a commission.")] = ""
    session: Annotated[str, Meta(max_length=200, description="The id of a live session.")] = ""


class OfPromises(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice among the promises; what is empty chooses nothing."""

    commission: Annotated[str, Meta(max_length=200, description="The id of a commission.")] = ""
    owner: Annotated[str, Meta(max_length=200, description="The role that has to do it now.")] = ""
    state: Annotated[str, Meta(max_length=200, description="A state, or `overdue` or `no news`.")] = ""
    words: Annotated[str, Meta(max_length=200, description="Words that stand in the promise.")] = ""
