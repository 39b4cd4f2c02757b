"""Calendar entries by RFC 5545: a programme as something that phones and calendars read.

Times are told in UTC, so that every calendar shows them in the time of the place where its reader is; there is then no
need to send along when summer time begins there.
An entry keeps its UID through every change of time, title and order, so a newer file replaces what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

_MOST_OCTETS = 75


class Event(msgspec.Struct, frozen=True):
    """One entry. `starts`, `ends` and `changed_at` are UTC as stored; `change` counts up. `off`: it does not take
    place, and calendars that have it strike it out."""

    uid: str
    title: str
    starts: str
    ends: str
    changed_at: str
    change: int = 0
    place: str = ""
    words: str = ""
    url: str = ""
    off: bool = False


def calendar(name: str, events: Iterable[Event]) -> str:
    """The file, with the line ends and the folding that the standard asks for."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Forum//Forum//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines.append(f"X-WR-CALNAME:{_text(name)}")
    for event in events:
        lines += _lines(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _lines(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{_utc(event.changed_at)}"
    yield f"LAST-MODIFIED:{_utc(event.changed_at)}"
    yield f"SEQUENCE:{event.change}"
    yield f"DTSTART:{_utc(event.starts)}"
    yield f"DTEND:{_utc(event.ends)}"
    yield f"SUMMARY:{_text(event.title)}"
    for name, value in (("LOCATION", event.place), ("DESCRIPTION", event.words)):
        if value:
            yield f"{name}:{_text(value)}"
    if event.url:
        yield f"URL:{event.url}"
    if event.off:
        yield "STATUS:CANCELLED"
    yield "END:VEVENT"


def _utc(at: str) -> str:
    """A stored time, as 2026-11-22T13:44:21.123Z, in the basic form."""
    return at[:19].replace("-", "").replace(":", "") + "Z"


def _text(words: str) -> str:
    """Words as a TEXT value (3.3.11): backslash, semicolon, comma and line ends escaped, other controls left out."""
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    words = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return "".join(c for c in words if c == "\t" or (c >= " " and c != "\x7f"))


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets (3.1), each further one after a space; no character is cut in two."""
    piece, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MOST_OCTETS:
            yield piece
            piece, octets = " ", 1
        piece += character
        octets += size
    yield piece
