"""Visible part of a text, the letters a name may hold, and when two names are one: tables of values."""

from __future__ import annotations

import unicodedata

import pytest

from forum.stories import visible_text

# Nothing of these can be seen. Each stands alone, and with space and others of its kind around it.
UNSEEN = {
    "nothing": "",
    "space": " \t\n",
    "no-break space": "\u00a0\u202f\u2007",
    "ideographic space": "\u3000",
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "Arabic letter mark": "\u061c",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "Mongolian vowel separator": "\u180e",
    "Mongolian variation selectors": "\u180b\u180c\u180d\u180f",
    "zero width space": "\u200b",
    "joiners": "\u200c\u200d",
    "direction marks": "\u200e\u200f",
    "embeddings and overrides": "\u202a\u202b\u202c\u202d\u202e",
    "word joiner": "\u2060",
    "invisible operators": "\u2061\u2062\u2063\u2064",
    "isolates": "\u2066\u2067\u2068\u2069",
    "deprecated formats": "\u206a\u206b\u206c\u206d\u206e\u206f",
    "line and paragraph separator": "\u2028\u2029",
    "Braille blank": "\u2800",
    "variation selectors": "\ufe00\ufe0e\ufe0f",
    "byte order mark": "\ufeff",
    "interlinear annotation": "\ufff9\ufffa\ufffb",
    "where a picture was": "\ufffc",
    "Egyptian blanks": "\U00013441\U00013442",
    "shorthand formats": "\U0001bca0\U0001bca3",
    "null notehead": "\U0001d159",
    "musical formats": "\U0001d173\U0001d17a",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "more variation selectors": "\U000e0100\U000e01ef",
    "reserved for what is ignored": "\u2065\ufff0\U000e0fff",
    "marks on nothing": "\u0301\u0308\u20dd",
    "vowel sign on nothing": "\u093e",
    "controls": "\x07\x1b\x7f\x85",
    "private use": "\ue000\uf8ff\U000f0000",
    "noncharacters": "\ufdd0\uffff\U0010fffe",
}

SEEN = [
    "a",
    ".",
    "0",
    "tŷ",
    "ty\u0302",
    "می\u200cخواهم",
    "ශ්\u200dරී",
    "\u0e33",
    "한",
    "⠓",
    "👍",
    "1\ufe0f\u20e3",
    "\u06dd",
    "👩\u200d👩\u200d👧",
    "\U0001fae9",  # an emoji of Unicode 16, which this Python need not know
    "\ufffd",
    "\u200b.\u200b",
]


@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_can_see_is_no_text(text: str) -> None:
    assert not visible_text.seen(text)
    for around in (text, f"  {text}\n", f"{text}\u200b \u3164{text}", text * 50):
        assert visible_text.trimmed(around) == ""
        assert visible_text.line(around) == ""


@pytest.mark.parametrize("text", SEEN)
def test_what_can_be_seen_stays_as_it_is_typed(text: str) -> None:
    assert visible_text.trimmed(f" {text}\n") == text


def test_no_format_of_unicode_is_seen_but_signs_before_numbers() -> None:
    """Against the standard library's own table: Cf, without Prepended_Concatenation_Mark."""
    formats = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    drawn = {char for char in formats if visible_text.seen(char)}
    signs = ("SIGN", "NUMBER MARK", "MARKER", "FOOTNOTE", "END OF AYAH", "MARK ABOVE", "SAMVAT", "ABBREVIATION")
    assert len(drawn) in range(11, 20)
    assert all(any(word in unicodedata.name(char) for word in signs) for char in drawn)


NAMES = [
    "Nurses",
    "People who use services",
    "Gofalwyr a theuluoedd",
    "👩\u200d👩\u200d👧\u200d👦 Families",
    "👩🏽\u200d⚕\ufe0f Health workers",
    "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f Cymru",
    "پرستاران خانه\u200cها",
    "ශ්\u200dරී ලංකා",
    "Gemeindekranken\u00adpflege",
    "\u200fמטפלים\u200f",
    "\u061cممرضات",
    "㊙︎ ❤\ufe0f",
    "葛\U000e0100飾区",
    "A & B / C (\u2013 D) 1\u00bd",
    "\U0001fae9 Tired",
]

NO_NAMES = {
    "override": "Nur\u202eses",
    "embedding, even closed": "\u202bNurses\u202c",
    "isolate, even closed": "\u2067Nurses\u2069",
    "end of an isolate": "Nurses\u2069",
    "deprecated format": "Nurses\u206e",
    "line break": "Nurses\nPolice",
    "next line": "Nurses\x85",
    "line separator": "Nurses\u2028Police",
    "bell": "Nurses\x07",
    "half a pair": "Nurses\ud83d",
    "private use": "\uf8ff Nurses",
    "noncharacter": "Nurses\uffff",
    "annotation": "\ufff9Nurses\ufffaPolice\ufffb",
    "words in tags": "Nurses\U000e0050\U000e006f\U000e006c",
    "flag without an end": "\U0001f3f4\U000e0067\U000e0062",
    "more tags than a flag has": "\U0001f3f4" + "\U000e0061" * 7 + "\U000e007f",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_written_as_its_language_is_written(name: str) -> None:
    assert not visible_text.name_fault(name)
    assert visible_text.line(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_a_name_may_not_reach_into_the_line_around_it(name: str) -> None:
    assert visible_text.name_fault(name)


ALIKE = [
    ("Nurses", "nurses"),
    ("Nurses", "  NURSES "),
    ("Nurses", "Nur\u00adses"),
    ("Nurses", "Nur\u200bses"),
    ("Nurses", "\u2060Nurses\ufeff"),
    ("Nurses", "Ｎｕｒｓｅｓ"),
    ("Nurses", "Nurses\ufe0f"),
    ("Nurses", "Nurses\u3164"),
    ("A B", "A \u200b B"),
    ("Tŷ", "Ty\u0302"),
    ("ﬁre", "FIRE"),
    ("Straße", "STRASSE"),
    ("خانه\u200cها", "خانهها"),
    ("❤\ufe0f", "❤"),
]

UNLIKE = [
    ("Nurses", "Nurse"),
    ("Tŷ", "Ty"),
    (
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    ),
    ("👩🏽", "👩🏿"),
    ("👩\u200d⚕", "👩\u200d🚒"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_the_same_are_one(one: str, other: str) -> None:
    assert visible_text.alike(one) == visible_text.alike(other)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_names_that_look_different_are_two(one: str, other: str) -> None:
    assert visible_text.alike(one) != visible_text.alike(other)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a \u202eb", "a b"),
        ("a \u202eb\u202c c", "a \u202eb\u202c c"),
        ("a\u202c b", "a b"),
        ("\u2067a", "a"),
        ("\u2067a\u2069", "\u2067a\u2069"),
        ("\u2067a\u202eb\u2069c", "\u2067ab\u2069c"),
        ("\u2067a\u202cb\u2069\u2069c", "\u2067ab\u2069c"),
        ("\u202e\u2066a\u2069", "\u2066a\u2069"),
        ("\u202eone\ntwo\u202c", "one\ntwo"),
        ("\u202e a", "a"),
    ],
)
def test_no_text_turns_what_follows_it(typed: str, kept: str) -> None:
    assert visible_text.upright(typed) == kept


def test_a_text_of_nothing_but_turns_is_read_in_one_go() -> None:
    assert (
        visible_text.upright("\u2066" * 100_000 + "a" + "\u2069" * 100_000 + "\u202c" * 100_000).count("\u2066")
        == 100_000
    )


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("482 913", "482 913"),
        ("４８２９１３", "482913"),
        ("٤٨٢٩١٣", "482913"),
        ("४८२९१३", "482913"),
        ("482\u200b913", "482913"),
        ("ｋ７ｍｑ", "k7mq"),
        ("²", "2"),
    ],
)
def test_a_code_may_be_typed_with_any_digits(typed: str, plain: str) -> None:
    assert visible_text.digits(typed) == plain
