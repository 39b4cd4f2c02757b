"""Messages between the processes of one Forum about one session, as the broker carries them: MessagePack, a closed set.

They bear a mark of these processes (`seal.py`), and all the same nobody believes them: `News` says what to read again,
and numbers that the database soon confirms; `Here` is a partial count. People are named by their `Names`, which nobody
outside these processes can turn back. What cannot be read is dropped, and counted.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, TypeAlias

import msgspec

from forum.live.metrics import BROKER
from forum.ports.broker import MOST_BYTES

# Names in one message of each kind: with 8 or 9 bytes each, both stay below what a broker carries.
MOST_NEWS: Final = 2_000
MOST_HERE: Final = 15_000
_KEPT = 100_000

Sender: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Name: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Some: TypeAlias = Annotated[list[Name], msgspec.Meta(max_length=MOST_NEWS)]
Packed: TypeAlias = Annotated[bytes, msgspec.Meta(max_length=8 * MOST_HERE)]


class News(msgspec.Struct, frozen=True, array_like=True, tag="news"):
    """What a process has done, or heard of, since it last said so.

    `changed`: read the session again. `joined`: consoles show something new. `let_in`, `full`: more may come in, or
    somebody was not let in. `voted`: how many had voted in a round, as a commit found it. `own`: people of whom
    something has changed that all their screens show; `expelled`: people whose screens are to be sent away.
    """

    sender: Sender
    changed: bool = False
    joined: bool = False
    let_in: bool = False
    full: bool = False
    voted: Annotated[dict[Annotated[str, msgspec.Meta(max_length=64)], Count], msgspec.Meta(max_length=100)] = {}
    own: Some = []
    expelled: Some = []


class Here(msgspec.Struct, frozen=True, array_like=True, tag="here"):
    """The phones of a session on one process, by names of 8 bytes one after another; `more` are connected besides.

    `number` grows with each message of a sender: an older one that comes later is not heeded.
    """

    sender: Sender
    number: Count
    connected: Packed = b""
    polling: Packed = b""
    lost: Packed = b""
    observing: Packed = b""
    more: Count = 0
    pages: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


_decoder: msgspec.msgpack.Decoder[News | Here] = msgspec.msgpack.Decoder(News | Here)
_encoder = msgspec.msgpack.Encoder()


def encode(message: News | Here) -> bytes:
    """Returns the message as bytes."""
    return _encoder.encode(message)


def decode(data: bytes) -> News | Here | None:
    """Returns the message in these bytes; None, and counts it, where there is none."""
    try:
        if len(data) <= MOST_BYTES:
            return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    BROKER.labels("unreadable").inc()
    return None


class Names:
    """Short names for participants in messages: keyed, so that whoever keeps the broker cannot tell who they are."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._names: dict[str, int] = {}
        self._known: dict[int, str] = {}

    def of(self, participant: str) -> int:
        """Returns the name of a participant."""
        name = self._names.get(participant)
        if name is None:
            if len(self._names) >= _KEPT:
                self._names, self._known = {}, {}
            digest = hashlib.blake2b(participant.encode(), digest_size=8, key=self._key)
            name = self._names[participant] = int.from_bytes(digest.digest(), "big") >> 1
            self._known[name] = participant
        return name

    def known(self, name: int) -> str:
        """Returns the participant of a name that was asked for here; "" for any other."""
        return self._known.get(name, "")
