"""Languages of the pages: English from the source, every other from a catalogue.

A catalogue is FOLDER/LANGUAGE/LC_MESSAGES/forum.po, read when the server starts; nothing is compiled beforehand. What
was read of one of Forum's own is kept beside it, as Python keeps its modules (read_catalogues.py). A message marked
fuzzy is not shown yet. A header marked fuzzy says that no reader whose first language it is has
checked the catalogue, and the switch on every page says so too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from gettext import c2py
from pathlib import Path

import msgspec
from babel import Locale, UnknownLocaleError

from forum.errors import StartupProblem
from forum.web.i18n.read_catalogues import Unreadable, read

LOCALES = Path(__file__).parent / "locales"
_CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z0-9]{2,8})*")
_ACCEPTED = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q=([01](?:\.[0-9]{0,3})?))?")
_MOST_ACCEPTED = 1000
_MOST_CODE = 40


@dataclass(frozen=True)
class Language:
    """One language. `code` is as in <html lang>; `name` is its own name for itself; `direction` is "ltr" or "rtl".

    `messages` holds the forms of each message by its id; `plural` returns the index of the form for a number.
    `awaiting` says that no native reader has checked it.
    """

    code: str
    name: str
    locale: Locale
    direction: str = "ltr"
    awaiting: bool = False
    messages: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    plural: Callable[[int], int] = field(default=lambda n: int(n != 1), repr=False)

    def gettext(self, message: str) -> str:
        """Returns the message in this language, or unchanged where there is no translation."""
        translation = self.messages.get(message)
        return translation[0] if translation and translation[0] else message

    def ngettext(self, one: str, many: str, n: int) -> str:
        """Returns the form of the message for a number."""
        translation = self.messages.get(one)
        if translation and all(translation):
            return translation[min(self.plural(n), len(translation) - 1)]
        return one if n == 1 else many


# Dates and numbers as in Britain.
ENGLISH = Language("en", "English", Locale("en", "GB"))


class Languages(msgspec.Struct, frozen=True):
    """Languages that a server offers; English is the first."""

    all: tuple[Language, ...] = (ENGLISH,)

    def find(self, code: str) -> Language | None:
        """Returns the language with this code, None where it is not offered."""
        return next((language for language in self.all if language.code == code), None)

    def choose(self, asked: str = "", kept: str = "", accepted: str = "") -> Language:
        """Returns the language for a reader: `asked` for in the address, else `kept` in a cookie, else by
        Accept-Language."""
        codes = tuple(language.code for language in self.all)
        return self.all[_chosen(codes, asked[:_MOST_CODE], kept[:_MOST_CODE], accepted[:_MOST_ACCEPTED])]


@lru_cache(maxsize=1024)
def _chosen(codes: tuple[str, ...], asked: str, kept: str, accepted: str) -> int:
    """Returns the place of the language for a reader, the first where none of theirs is offered. Most browsers ask for
    the same, at every request."""
    for wanted in (asked, kept, *_preferred(accepted)):
        near = (n for n, code in enumerate(codes) if _base(code) == _base(wanted))
        found = codes.index(wanted) if wanted in codes else next(near, None)
        if wanted and found is not None:
            return found
    return 0


def load(folders: Iterable[Path] = (LOCALES,)) -> Languages:
    """Reads every catalogue in these folders; one in a later folder replaces the same language of an earlier one.

    Raises StartupProblem for a catalogue that cannot be read.
    """
    languages: dict[str, Language] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/LC_MESSAGES/forum.po")):
            language = _read(path)
            languages[language.code] = language
    return Languages((ENGLISH, *(languages[code] for code in sorted(languages))))


@cache
def _read(path: Path) -> Language:
    name = path.parent.parent.name
    problem = "The catalogue %(path)s cannot be read. %(why)s"
    if not _CODE.fullmatch(name):
        raise StartupProblem(problem, path=path, why="Its folder must be called as a language is, as cy or pt_BR.")
    try:
        locale = _locale(name)
        catalogue = read(path, locale, keep=path.is_relative_to(LOCALES))
    except (OSError, Unreadable, UnknownLocaleError) as error:
        raise StartupProblem(problem, path=path, why=error) from error
    return Language(
        name.replace("_", "-"),
        _capital(catalogue.name),
        locale,
        catalogue.direction,
        awaiting=catalogue.awaiting,
        messages=catalogue.messages,
        plural=c2py(catalogue.plural),
    )


def _locale(name: str) -> Locale:
    """Returns how this language writes dates and numbers; without data of its own, how its family does."""
    try:
        return Locale.parse(name)
    except UnknownLocaleError:
        return Locale.parse(name.partition("_")[0])


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _base(code: str) -> str:
    return re.split("[-_]", code.lower())[0]


def _preferred(accepted: str) -> list[str]:
    """Returns the codes in an Accept-Language header (RFC 9110, 12.5.4), most wanted first; skips what is no code."""
    wanted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        match = _ACCEPTED.fullmatch(part.strip())
        if match and (quality := float(match[2] or 1)):
            wanted.append((-quality, match[1]))
    return [code for _, code in sorted(wanted, key=lambda each: each[0])]
