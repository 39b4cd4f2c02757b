"""The kinds of values in an entry: ids, times, texts, numbers, digests of words, lists and objects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from forum.record.verify.encoding import MAX_INT
from forum.record.verify.rounds import is_moment

_PLAIN = re.compile("[a-z_0-9=]+").fullmatch


@dataclass(frozen=True)
class Kind:
    """A kind of value. `words` names it in a message and in docs/record.md; `fits` tells whether a value is of it.

    `fields` are those of an object, `each` is the kind of a list's items or of a map's values; `either` are the kinds
    of which one must fit. `null`: null stands for none.

    `opens` is the name in the disclosure of words, `discloses` the kind of what it opens (None for text), and
    `withdrawable` tells whether an erasure may take these back; `annulled`: only once the round, or its first vote, is
    annulled.
    `makes` is the kind of thing ("session", "round", ...) that an id is the first to name, `of` the one that an id must
    name: a thing with entries of the types `after` before this one, with none of the types `before`, and whose first
    entry has as its `kind` one of `only`; `elsewhere`: it is of another session than the entry. `older` is the name of
    words that stood in plain text in the oldest records.
    """

    words: str
    fits: Callable[[Any], bool] = lambda value: True
    fields: tuple[Field, ...] | None = None
    each: Kind | None = None
    either: tuple[Kind, ...] = ()
    null: bool = False
    opens: str = ""
    discloses: Kind | None = None
    withdrawable: bool = False
    annulled: bool = False
    makes: str = ""
    of: str = ""
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    elsewhere: bool = False
    older: str = ""

    @cached_property
    def fields_by_name(self) -> dict[str, Field]:
        """The fields of an object by their names."""
        return {field.name: field for field in self.fields or ()}

    @cached_property
    def sorted_fields(self) -> list[Field]:
        """The fields of an object in the order of the canonical form."""
        return sorted(self.fields or (), key=lambda field: field.name)


@dataclass(frozen=True)
class Field:
    """A field of an entry or of an object in it: its name, its kind, and what it says, for docs/record.md.

    `left_out` says when it may be left out; "" means never.
    """

    name: str
    kind: Kind
    about: str = ""
    left_out: str = ""


@dataclass(frozen=True)
class Shape:
    """The shape of one type of entry: what it tells, and its fields besides COMMON."""

    tells: str
    fields: tuple[Field, ...]


def misfits(kind: Kind, value: Any, path: str) -> Iterator[str]:
    """Yields a problem for each place where a value is not of its kind; `path` names its place in the entry."""
    if value is None and kind.null:
        return
    if kind.either:
        alike = [one for one in kind.either if one.fits(value)]
        if len(alike) == 1:
            yield from misfits(alike[0], value, path)
        elif all(any(misfits(one, value, path)) for one in kind.either):
            yield f"{path} is not {kind.words}"
    elif not kind.fits(value):
        yield f"{path} is not {kind.words}"
    elif kind.fields is not None:
        known = kind.fields_by_name
        yield from (f"{_within(path, name)} is no field of it" for name in value if name not in known)
        for name, field in known.items():
            if name in value:
                yield from misfits(field.kind, value[name], _within(path, name))
            elif not field.left_out:
                yield f"{_within(path, name)} is missing"
    elif kind.each is not None:
        for place, item in _items(value, path):
            yield from misfits(kind.each, item, place)


def _within(path: str, name: str) -> str:
    shown = name if _PLAIN(name) else ascii(name)
    return f"{path}.{shown}" if path else f"field {shown}"


def _items(value: Any, path: str) -> list[tuple[str, Any]]:
    """Returns the places and items of a list, or of a map in the order of its names."""
    if type(value) is dict:
        return [(_within(path, name), value[name]) for name in sorted(value)]
    return [(f"{path}[{place}]", item) for place, item in enumerate(value)]


def leaves(kind: Kind, value: Any, path: str) -> Iterator[tuple[Kind, Any, str]]:
    """Yields every value without parts inside a value of this kind: its kind, itself and its place.

    They come in the order of the canonical form; null is left out.
    """
    if value is None:
        return
    if kind.either:
        fitting = next(one for one in kind.either if not any(misfits(one, value, path)))
        yield from leaves(fitting, value, path)
    elif kind.fields is not None:
        for field in kind.sorted_fields:
            if field.name in value:
                yield from leaves(field.kind, value[field.name], _within(path, field.name))
    elif kind.each is not None:
        for place, item in _items(value, path):
            yield from leaves(kind.each, item, place)
    else:
        yield kind, value, path


def or_null(kind: Kind) -> Kind:
    """Returns the kind of a value that may be null instead."""
    return replace(kind, words=f"{kind.words}, or null", null=True)


def either(*kinds: Kind) -> Kind:
    """Returns the kind of a value that is of one of these kinds."""
    return Kind(", or ".join(kind.words for kind in kinds), either=kinds)


def one_of(*texts: str) -> Kind:
    """Returns the kind of a text that is one of these."""
    *others, last = (f"`{text}`" for text in texts)
    return Kind(f"{', '.join(others)} or {last}", lambda value: type(value) is str and value in texts)


def an_object(*fields: Field) -> Kind:
    """Returns the kind of an object with these fields."""
    return Kind("an object", _is_object, fields)


def a_list(each: Kind) -> Kind:
    """Returns the kind of a list whose items are all of one kind."""
    return Kind(f"a list, each {each.words}", lambda value: type(value) is list, each=each)


def a_map(each: Kind, of: str) -> Kind:
    """Returns the kind of an object whose values are all of one kind; `of` says what its names are."""
    return Kind(f"an object with {each.words} for each {of}", _is_object, each=each)


def words(name: str, *, withdrawable: bool = False) -> Kind:
    """Returns the kind of the digest that stands for personal words; `name` is the name in their disclosure."""
    more = ", which may be withdrawn" if withdrawable else ""
    return Kind(f"the digest of words disclosed as `{name}`{more}", _is_digest, opens=name, withdrawable=withdrawable)


def withdrawn_with_its_round(name: str, what: Kind) -> Kind:
    """Returns the kind of the digest of something disclosed as `name`, of the kind `what`, which is withdrawn where its
    round, or the first vote before it, is annulled.
    """
    told = f"the digest of what is disclosed as `{name}`, withdrawn once its round, or its first vote, is annulled"
    return Kind(told, _is_digest, opens=name, discloses=what, withdrawable=True, annulled=True)


def once_text(kind: Kind) -> Kind:
    """Returns the kind of words whose digest stands in an entry, and in the oldest records the words themselves."""
    return either(kind, replace(TEXT, words="a text, in records that have no digest there before", older=kind.opens))


def new(thing: str) -> Kind:
    """Returns the kind of an id that no earlier entry has given to such a thing."""
    return replace(ID, words=f"an id (32 hex digits) that no {thing} had before", makes=thing)


def known(thing: str, after: tuple[str, ...] = (), before: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Kind:
    """Returns the kind of an id of a thing that is in the record before; see Kind for the rest."""
    conditions = [f"after its `{type_}`" for type_ in after] + [f"before any `{type_}`" for type_ in before]
    if only:
        conditions.append(f"a {' or '.join(only)}")
    return Kind(
        ", ".join([f"the id of a {thing}", *conditions]), ID.fits, of=thing, after=after, before=before, only=only
    )


def _is_object(value: Any) -> bool:
    return type(value) is dict and "sd" not in value


def _is_digest(value: Any) -> bool:
    return type(value) is dict and value.keys() == {"sd"} and _matches(r"[A-Za-z0-9_-]{43}")(value["sd"])


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and re.fullmatch(pattern, value, re.ASCII) is not None


def _is_day(value: Any) -> bool:
    if not _matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def whole(least: int, most: int = MAX_INT) -> Kind:
    """Returns the kind of a whole number from `least` to `most`."""
    to = "" if most == MAX_INT else f" to {most}"
    return Kind(f"a whole number from {least}{to}", lambda value: type(value) is int and least <= value <= most)


TEXT = Kind("a text", lambda value: type(value) is str)
TRUTH = Kind("true or false", lambda value: type(value) is bool)
TRUE = Kind("true", lambda value: value is True)
# Of a method, of which a later Forum may know more.
NAME = Kind("a name (small letters, digits, `_`)", _matches(r"[a-z][a-z0-9_]{0,39}"))
ID = Kind("an id (32 hex digits)", _matches(r"[0-9a-f]{32}"))
HASH = Kind("a hash (64 hex digits)", _matches(r"[0-9a-f]{64}"))
TAKEN_BACK = Kind(
    "the digest of words that are there before, may be withdrawn and were not yet", _matches(r"[A-Za-z0-9_-]{43}")
)
SEALED = Kind("the digest of words that are disclosed once they are opened", _matches(r"[A-Za-z0-9_-]{43}"))
SIGNATURE = Kind("an Ed25519 signature (64 bytes in base64)", _matches(r"[A-Za-z0-9+/]{85}[AQgw]=="))
RESPONSE = Kind("the id of a response (`r1`, `r2`, ..., `none`)", _matches(r"r[1-9][0-9]{0,3}|none"))
TIME = Kind("a time (`2026-11-25T18:00:00.000Z`)", is_moment)
DAY = Kind("a day (`2027-03-31`)", _is_day)
COUNT = whole(0)
