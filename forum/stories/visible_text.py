"""Visible text: which characters of a text can be seen, and which a name may hold.

Wherever words are required, at least one character must be visible: every form, message, file and command calls
`trimmed`, so that a text of invisible characters counts as empty. `name_fault` finds what a name may not hold, and
`alike` makes equal what looks the same.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Characters without a visible glyph, although their category is that of letters, signs or marks. Sources: Unicode
# 15.1, DerivedCoreProperties.txt, Default_Ignorable_Code_Point (which the standard library lacks); and, by their lines
# in UnicodeData.txt, those drawn blank: Braille blank, null notehead, Egyptian blanks; and the object replacement
# character, which a paste leaves in place of a picture.
_UNSEEN = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors, vowel separator
    (0x200B, 0x200F),  # zero width space, joiners, direction marks
    (0x202A, 0x202E),  # direction: embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates, deprecated ones
    (0x2800, 0x2800),  # Braille pattern blank
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # zero width no-break space, byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFC),  # reserved, interlinear annotation, object replacement
    (0x13441, 0x13442),  # Egyptian full and half blank
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D159, 0x1D159),  # musical null notehead
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags, variation selectors, reserved
)
_UNSEEN_SIGN = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSEEN) + "]+")

# Letters, numbers, punctuation, signs. "Cn" counts too (see _seen): phones write newer characters than this Python's
# Unicode knows, and unknown ones are drawn at least as a box. Marks do not count: alone they have no letter to be on.
_SEEN = frozenset("LNPS")
# Format characters with a glyph: Arabic, Syriac and Kaithi number signs (Prepended_Concatenation_Mark, PropList.txt).
_SEEN_FORMATS = frozenset(map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD)))

# Characters that a name may not hold: those that turn the direction of a line, which can reach beyond the name
# (UAX #9, 3.1), deprecated formats, interlinear annotation, and tags, which spell invisible words. Marks of direction
# (U+200E, U+200F, U+061C) do not reach beyond it and are allowed.
_REFUSED = re.compile("[\u202a-\u202e\u2066-\u206f\ufff0-\ufffb\U000e0000-\U000e00ff]")
# The only visible use of tags: the flags of England, Scotland, Wales (UTS #51, ED-14a).
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")

# Characters that begin and end a turn of direction: embeddings and overrides, isolates.
_EMBED, _POP_EMBED = "\u202a\u202b\u202d\u202e", "\u202c"
_ISOLATE, _POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"
# Longer texts are not examined: every field refuses them for their length.
_LONGEST = 10_000
_FEW = 20
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_TURN = re.compile(f"[{_EMBED}{_POP_EMBED}{_ISOLATE}{_POP_ISOLATE}]")


def trimmed(text: str) -> str:
    """Returns the text without surrounding space; "" where nothing in it is visible."""
    text = text.strip()
    return text if seen(text) else ""


def upright(text: str) -> str:
    """Returns the text, trimmed, without turns of direction that are not ended within their line.

    So no text turns what follows it on a screen, in a letter or in a table.
    """
    if not text:
        return ""  # as with most votes
    text = trimmed(text)
    if len(text) > _LONGEST:
        return text
    return "\n".join(map(_turned_back, text.split("\n"))).strip() if _TURN.search(text) else text


def _turned_back(line: str) -> str:
    """Returns the line without unmatched turns of direction and unmatched ends (UAX #9, BD9 and BD11)."""
    open_: list[int] = []
    isolates = 0
    stray = set()
    for turn in _TURN.finditer(line):
        at, char = turn.start(), turn[0]
        if char in _EMBED or char in _ISOLATE:
            open_.append(at)
            isolates += char in _ISOLATE
        elif char == _POP_EMBED:
            if open_ and line[open_[-1]] in _EMBED:
                open_.pop()
            else:
                stray.add(at)
        elif char == _POP_ISOLATE:
            if not isolates:
                stray.add(at)
                continue
            isolates -= 1
            while line[last := open_.pop()] not in _ISOLATE:
                stray.add(last)
    stray.update(open_)
    ends = [*sorted(stray), len(line)]
    return "".join(line[before + 1 : at] for before, at in pairwise([-1, *ends]))


def seen(text: str) -> bool:
    """Returns whether at least one character of the text is visible: a letter, number or sign; a mark alone is not."""
    # Fast in both cases: most texts begin with something visible, and long ones have few different characters.
    return any(map(_seen, text[:_FEW])) or any(map(_seen, set(text[_FEW:])))


def _seen(char: str) -> bool:
    if char.isascii():
        return "!" <= char <= "~"
    category = unicodedata.category(char)
    if category == "Cf":
        return char in _SEEN_FORMATS
    if category[0] not in _SEEN and category != "Cn":
        return False
    return not _UNSEEN_SIGN.match(char) and not _noncharacter(char)


def _noncharacter(char: str) -> bool:
    """Returns whether this is one of the 66 noncharacters (Unicode 15.1, 23.7)."""
    return ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"


def name_fault(name: str) -> bool:
    """Returns whether a name holds a character that no name may: line breaks and other controls, turns of direction,
    hidden tags, halves of surrogate pairs, or private characters that only some fonts have.

    Joiners, variation selectors, soft hyphens and marks of direction are allowed: families, professions, flags, Persian
    and Sinhala are written with them.
    """
    plain = _FLAG.sub("", name)
    return bool(_REFUSED.search(plain)) or any(
        unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") or _noncharacter(char) for char in set(plain)
    )


def line(text: str) -> str:
    """Returns a name as it is stored: composed (NFC), spaces collapsed, trimmed; "" where nothing is visible."""
    return trimmed(" ".join(unicodedata.normalize("NFC", text).split()))


def without_unseen(text: str) -> str:
    """Returns the text without characters that have no glyph of their own."""
    return _UNSEEN_SIGN.sub("", text)


def alike(name: str) -> str:
    """Returns a key that is equal for names that look the same: without case, spelling variants, space, invisible
    characters.
    """
    # casefold after normalising, and again: "\N{LATIN SMALL LIGATURE FI}" and "fi" are one name.
    flags = _FLAG.sub(lambda flag: "".join(chr(ord(char) & 0x7F) for char in flag[0][1:-1]), name)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", without_unseen(flags)).casefold())
    return " ".join(without_unseen(folded).split())


def digits(typed: str) -> str:
    """Returns the text with ASCII digits and letters in place of full-width ones and of digits of any script."""
    plain = unicodedata.normalize("NFKC", without_unseen(typed))
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), plain)
