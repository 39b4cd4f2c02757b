"""Canonical JSON (RFC 8785; only the values that can be written in one way) and base64, each read strictly."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from forum.record.verify.verdict import RecordError

MAX_INT = 2**53 - 1


def canonical(value: object) -> bytes:
    """Returns `value` as canonical JSON (RFC 8785), in UTF-8.

    Takes strings, integers of less than 2^53 either way, True, False, None, lists, and dicts with ASCII keys. Raises
    RecordError for anything else, floats and lone surrogates included.
    """
    try:
        _check_value(value)
        return _WRITER.encode(value).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise RecordError("this text cannot be written as JSON") from error


def _check_value(value: object) -> None:
    if value is None or type(value) in (str, bool):
        return
    if type(value) is int:
        if abs(value) > MAX_INT:
            raise RecordError("a number is too large for JSON")
    elif type(value) is list:
        for item in value:
            _check_value(item)
    elif type(value) is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise RecordError("a name in an object must be ASCII text")
            _check_value(item)
    else:
        raise RecordError(f"a value of type {type(value).__name__} has no place in the record")


def parse_canonical(line: bytes) -> Any:
    """Returns the value of canonical JSON. Raises RecordError for any bytes that `canonical` would not write."""
    try:
        value = _READER.decode(line.decode())
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not readable as JSON: {error}") from error
    if canonical(value) != line:
        raise RecordError("JSON, but not in its canonical form")
    return value


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise RecordError("a name stands twice in one object")
    return value


# Made once: an export has as many lines as votes.
_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_READER = json.JSONDecoder(object_pairs_hook=_no_name_twice)


def parse_lines(data: bytes) -> list[Any]:
    """Returns the values of canonical JSON lines, each ended by a newline. Raises RecordError with the line's
    number.
    """
    lines = data.split(b"\n")
    if lines.pop() != b"":
        raise RecordError("the last line is not ended")
    values = []
    for number, line in enumerate(lines, 1):
        try:
            values.append(parse_canonical(line))
        except RecordError as error:
            raise RecordError(f"line {number}: {error}") from error
    return values


def from_base64(text: str, alphabet: bytes = b"+/") -> bytes:
    """Returns the decoded bytes. Raises RecordError for stray characters, missing padding or a non-canonical
    encoding.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), altchars=alphabet, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RecordError("not readable as base64") from error
    if base64.b64encode(data, alphabet).decode() != text:
        raise RecordError("base64, but not spelt in its one right way")
    return data


def same_json(said: object, counted: object) -> bool:
    """Returns whether two values are equal as JSON; in Python True equals 1."""
    return canonical(said) == canonical(counted)
