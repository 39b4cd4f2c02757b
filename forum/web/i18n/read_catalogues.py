"""What a catalogue of messages says, read by Babel once for each state of its file.

To read twenty thousand lines takes more of a processor than all else that a start does. So it is kept as Python keeps
its compiled modules: in `__pycache__` beside the file (or below PYTHONPYCACHEPREFIX), under the digest of what was
read; where nothing may be written there, or PYTHONDONTWRITEBYTECODE is set, it is read anew each time.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import cache_from_source
from io import BytesIO
from pathlib import Path

import msgspec
from babel import Locale

_DIGITS = 16
_READ_BY = b"1"  # another number where catalogues are read otherwise than they were


class Unreadable(Exception):
    """A catalogue that cannot be read; the words say why."""


class Catalogue(msgspec.Struct, frozen=True):
    """The forms of each message by its id, without those marked fuzzy; the C expression of its plurals.

    `name` and `direction` are those of its language, which Babel would have to load; `awaiting` says that its header is
    marked fuzzy.
    """

    name: str
    direction: str
    messages: dict[str, tuple[str, ...]]
    plural: str
    awaiting: bool


def read(path: Path, locale: Locale, *, keep: bool) -> Catalogue:
    """Reads a catalogue, and may keep what it says. Raises OSError, and Unreadable."""
    content = path.read_bytes()
    kept = _place(path, content)
    if keep:
        with suppress(OSError, msgspec.DecodeError, UnicodeError):
            return msgspec.json.decode(kept.read_bytes(), type=Catalogue)
    catalogue = _parsed(content, locale)
    if keep and not sys.dont_write_bytecode:
        with suppress(OSError):
            _keep(kept, msgspec.json.encode(catalogue))
    return catalogue


def _place(path: Path, content: bytes) -> Path:
    beside = Path(cache_from_source(str(path)))
    return beside.with_name(f"{path.stem}.{hashlib.sha256(_READ_BY + content).hexdigest()[:_DIGITS]}.json")


def _keep(kept: Path, encoded: bytes) -> None:
    """Writes what was read, whole or not at all, in the place of what was read of this file before."""
    kept.parent.mkdir(exist_ok=True)
    written = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
    try:
        written.write_bytes(encoded)
        written.replace(kept)
    finally:
        written.unlink(missing_ok=True)
    for old in kept.parent.glob(f"{kept.name.partition('.')[0]}.{'?' * _DIGITS}.json"):
        if old != kept:
            old.unlink(missing_ok=True)


def _parsed(content: bytes, locale: Locale) -> Catalogue:
    # Here, as most starts find what they need beside the file.
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415

    try:
        catalogue = read_po(BytesIO(content), locale=locale, abort_invalid=True)
    except (PoFileError, UnicodeError, ValueError) as error:
        raise Unreadable(str(error)) from error
    messages = {
        message.id if isinstance(message.id, str) else message.id[0]: _forms(message.string)
        for message in catalogue
        if message.id and not message.fuzzy
    }
    name = locale.get_language_name(locale) or locale.language
    return Catalogue(name, locale.text_direction, messages, catalogue.plural_expr, catalogue.fuzzy)


def _forms(translated: str | Sequence[str] | None) -> tuple[str, ...]:
    return (translated,) if isinstance(translated, str) else tuple(translated or ())
