"""Language that nobody speaks: accents on every letter, longer words, read from right to left.

Whatever a page shows in plain letters, and nobody typed, was not translated.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from functools import cache
from html import unescape
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
CODE = "ar-XB"
# What has to stay: places for values, markup, entities.
_KEPT = re.compile(r"(%\(\w+\)[sd]|%%|%s|\{\w+\}|<[^>]*>|&\w+;)")
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = "áƀçđéƒǵħíĵķļɱñóþǫřšţúṽŵẋýžÁƁÇĐÉƑǴĦÍĴĶĻṀÑÓÞǪŘŠŢÚṼŴẊÝŽ"
_ACCENTS = str.maketrans(_PLAIN, _ACCENTED)
_MARK = "\u200f"
# Names that are the same in every language, and what stands in an address or a file's name.
_NAMES = re.compile(
    r"(?:https?://|/)\S+|\S+@\S+|\b\S+\.(?:twee|html|zip|py|csv|jsonl|json|pem|org|uk|test)\S*|\b[0-9a-f]{16,}\b|"
    r"\b(?:Forum|Atom|Twee|Twine|Harlowe|SugarCube|Chapbook|Snowman|UTC|GMT|BST|NHS|PDF|PNG|JPEG|JSON|UTF|HTML|UUID|KiB|MiB|MB|KB|"
    r"StoryTitle|StoryData|SHA|RFC|GDPR|QR|Merkle|Cymraeg|English)\b"
)
_TAG = re.compile(r"<(script|style|svg)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL)
_SPOKEN = re.compile(r'\s(?:alt|placeholder|aria-label|title|data-say-[a-z]+|data-watermark)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z]{3,}")


@cache
def messages() -> ModuleType:
    """Loads the program docs/messages.py as a module."""
    spec = importlib.util.spec_from_file_location("docs_messages", ROOT / "docs" / "messages.py")
    if spec is None or spec.loader is None:
        raise ImportError("docs/messages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def template() -> Catalog:
    """Collects every message of the program."""
    found: Catalog = messages().template()
    return found


@cache
def catalogued() -> Catalog:
    """Reads the Welsh catalogue, which a test of the repository holds to exactly the messages of `template`: it takes
    0.1 s, collecting them 3 s."""
    with (ROOT / "forum/web/i18n/locales/cy/LC_MESSAGES/forum.po").open("rb") as file:
        return read_po(file, locale="cy")


def accented(message: str) -> str:
    """Translates a message into that language."""
    parts = _KEPT.split(message)
    words = [part if n % 2 else re.sub(r"([aeiouAEIOU])(?=\w{2})", r"\1\1", part) for n, part in enumerate(parts)]
    parts = [part if n % 2 else part.translate(_ACCENTS) for n, part in enumerate(words)]
    return _MARK + "".join(parts) + _MARK


def write_catalogue(folder: Path) -> Path:
    """Writes its catalogue into a folder of locales (as FORUM_LOCALES names one), and returns the folder."""
    catalogue = Catalog(locale="ar", charset="utf-8")
    for message in catalogued():
        if isinstance(message.id, str):
            if message.id:
                catalogue.add(message.id, accented(message.id))
        else:
            catalogue.add(message.id, tuple(accented(message.id[1]) for _ in range(catalogue.num_plurals)))
    path = folder / CODE.replace("-", "_") / "LC_MESSAGES" / "forum.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)
    return folder


def untranslated(html: str, data: Sequence[str] = ()) -> list[str]:
    """Returns a page's texts in plain letters, attributes that are read out included; `data` is text that people
    wrote."""
    body = re.sub(r'<([a-z]+)[^>]*\slang="(?!ar-XB)[^"]*"[^>]*>.*?</\1>', " ", html, flags=re.DOTALL)
    spoken = _SPOKEN.findall(body)
    body = re.sub(r"<textarea[^>]*>.*?</textarea>|<code\b.*?</code>|<pre\b.*?</pre>", " ", body, flags=re.DOTALL)
    texts = [unescape(text) for text in [*_TAG.sub("\n", body).split("\n"), *spoken]]
    known = re.compile("|".join([_NAMES.pattern, r"\{\w+\}", *map(re.escape, data)]))
    return [text.strip() for text in texts if _WORD.search(known.sub(" ", text))]
