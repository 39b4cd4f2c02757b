"""Personal details are found in made-up paragraphs; how well is printed at the end of every run."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import Tables
from hypothesis import given
from hypothesis import strategies as st
from support.side_by_side import growth

from forum.stories import personal_details
from forum.stories.personal_details import CALLED, WHAT_TO_DO, DetailKind, Mark, find

PARAGRAPHS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parents[1] / "data/details/paragraphs.jsonl").read_text().splitlines()
]
# All of these must be found. Of the others at least so many in a hundred were, when this was written, and not fewer.
ALL = (DetailKind.EMAIL, DetailKind.NHS_NUMBER, DetailKind.PHONE, DetailKind.POSTCODE)
FLOOR = {DetailKind.BIRTH: 93, DetailKind.ADDRESS: 85, DetailKind.NAME: 79}
# The most paragraphs in which something is marked that is none, by kind.
MOST_FALSE = {
    DetailKind.EMAIL: 0,
    DetailKind.NHS_NUMBER: 0,
    DetailKind.PHONE: 0,
    DetailKind.POSTCODE: 0,
    DetailKind.BIRTH: 1,
    DetailKind.ADDRESS: 0,
    DetailKind.NAME: 12,
}


def covers(mark: Mark, detail: dict[str, Any]) -> bool:
    """Tells whether a mark is enough: a number must be marked whole; of a name or an address a part makes somebody
    look."""
    start: int = detail["start"]
    end = start + len(detail["text"])
    if mark.kind != detail["kind"]:
        return False
    if mark.kind in (DetailKind.NAME, DetailKind.ADDRESS, DetailKind.BIRTH):
        return mark.start < end and mark.end > start
    return mark.start <= start and mark.end >= end


def test_the_paragraphs_are_labelled_well() -> None:
    assert len(PARAGRAPHS) >= 200
    assert len({p["text"] for p in PARAGRAPHS}) == len(PARAGRAPHS)
    without = sum(not p["details"] for p in PARAGRAPHS)
    assert 0.4 < without / len(PARAGRAPHS) < 0.6
    for paragraph in PARAGRAPHS:
        for detail in paragraph["details"]:
            assert detail["kind"] in tuple(DetailKind)
            assert paragraph["text"][detail["start"] :].startswith(detail["text"])


def test_what_is_found_in_two_hundred_paragraphs(tables: Tables) -> None:
    there, found, false = Counter[str](), Counter[str](), Counter[DetailKind]()
    missed = []
    for paragraph in PARAGRAPHS:
        marks = find(paragraph["text"], paragraph.get("characters", ()))
        for detail in paragraph["details"]:
            there[detail["kind"]] += 1
            if any(covers(mark, detail) for mark in marks):
                found[detail["kind"]] += 1
            else:
                missed.append((detail["kind"], detail["text"]))
        labelled = paragraph["details"]
        false.update({m.kind for m in marks if not any(covers(m, d) for d in labelled if d["kind"] == m.kind)})
    rows = [
        f"{kind:<14} {there[kind]:>5} {found[kind]:>5} {there[kind] - found[kind]:>6} {false[kind]:>12}"
        for kind in DetailKind
    ]
    head = f"{'kind':<14} {'there':>5} {'found':>5} {'missed':>6} {'false alarms':>12}"
    tables.add(f"personal details in {len(PARAGRAPHS)} made-up paragraphs", [head, *rows])
    for kind in ALL:
        assert found[kind] == there[kind] >= 10, [m for m in missed if m[0] == kind]
    for kind, floor in FLOOR.items():
        assert 100 * found[kind] >= floor * there[kind], [m for m in missed if m[0] == kind]
    assert {kind: number for kind, number in false.items() if number > MOST_FALSE[kind]} == {}


@pytest.mark.parametrize("digits", ["9434765919", "9999139094", "4859083016"])
def test_an_nhs_numbers_last_digit_follows_from_the_others(digits: str) -> None:
    assert personal_details.is_nhs_number(digits)
    for place in range(10):
        other = str((int(digits[place]) + 1) % 10)
        assert not personal_details.is_nhs_number(digits[:place] + other + digits[place + 1 :])
    assert not personal_details.is_nhs_number(digits[:9])
    assert not personal_details.is_nhs_number(digits + "0")
    assert not personal_details.is_nhs_number("٩٤٣٤٧٦٥٩١٩")


def test_ten_times_the_same_digit_is_no_number() -> None:
    assert not any(personal_details.is_nhs_number(str(digit) * 10) for digit in range(10))


@given(st.integers(0, 999_999_999))
def test_the_last_digit_makes_the_weighted_sum_a_multiple_of_eleven(first: int) -> None:
    """Checks the rule the other way round, so that no way of computing the digit is compared with itself."""
    nine = f"{first:09d}"
    weighted = sum(int(digit) * weight for weight, digit in zip(range(10, 1, -1), nine, strict=True))
    for last in range(10):
        right = (weighted + last) % 11 == 0 and nine + str(last) != nine[0] * 10
        assert personal_details.is_nhs_number(nine + str(last)) == right


@pytest.mark.parametrize("digits", ["6156025340", "5485428630", "4884861280", "6940113770"])
def test_eleven_less_nothing_is_written_as_nought(digits: str) -> None:
    assert personal_details.is_nhs_number(digits)
    assert [(m.kind, m.text) for m in find(f"Her band says {digits}.")] == [(DetailKind.NHS_NUMBER, digits)]


@pytest.mark.parametrize("nine", ["539722880", "736604962", "539401292"])
def test_eleven_less_one_is_no_digit_and_so_no_number(nine: str) -> None:
    assert not any(personal_details.is_nhs_number(nine + str(last)) for last in range(10))


@given(
    st.integers(0, 999_999_999), st.sampled_from(["", " ", "-", ".", "\u00a0", "–"]), st.sampled_from(["", "NHS ", "("])
)
def test_every_nhs_number_is_found_however_it_is_spaced(first: int, gap: str, before: str) -> None:
    nine = f"{first:09d}"
    check = next((d for d in "0123456789" if personal_details.is_nhs_number(nine + d)), None)
    if check is None:
        return
    written = gap.join((nine[:3], nine[3:6], nine[6:] + check))
    assert [(m.kind, m.text) for m in find(f"It says {before}{written}, on the band.")] == [
        (DetailKind.NHS_NUMBER, written)
    ]


NATIONAL = st.one_of(
    st.from_regex(r"7[0-9]{9}", fullmatch=True),
    st.from_regex(r"(5[56][0-9]|500)[0-9]{7}", fullmatch=True),
    st.from_regex(r"80[08][0-9]{6}", fullmatch=True),
    st.from_regex(r"20[378][0-9]{7}", fullmatch=True),
    st.from_regex(r"1[1-9]1[0-9]{7}", fullmatch=True),
    st.from_regex(r"1[2-9][0-9]{2}[2-9][0-9]{5}", fullmatch=True),
    st.from_regex(r"1[2-9][0-9]{2}[2-9][0-9]{4}", fullmatch=True),
    st.from_regex(r"(3[0347][0-9]|80[08]|84[345]|87[0123]|9[018][0-9])[0-9]{7}", fullmatch=True),
)


@given(
    NATIONAL,
    st.sampled_from(["0", "+44", "+44 ", "0044 ", "+44 (0)", "(+44) ", "(0"]),
    st.sampled_from(["", " ", "-", "."]),
)
def test_every_uk_phone_number_is_found_however_it_is_written(number: str, lead: str, gap: str) -> None:
    area, rest = (number[:2], number[2:]) if number[0] == "2" else (number[:4], number[4:])
    written = f"{lead}{area}{')' if lead == '(0' else ''}{gap}{rest}"
    marks = find(f"Call {written} now")
    assert len(marks) == 1, marks
    # Ten digits may, by chance, be an NHS number too: then that is what it is called.
    assert marks[0].kind in (DetailKind.PHONE, DetailKind.NHS_NUMBER)
    assert written in marks[0].text or marks[0].kind == DetailKind.NHS_NUMBER


@pytest.mark.parametrize(
    "written",
    [
        "+353 1 234 5678",
        "+48 22 123 45 67",
        "+1 (212) 555-0100",
        "+33.6.12.34.56.78",
        "+91 98110 12346",
        "+2348012345678",
    ],
)
@pytest.mark.parametrize("around", ["{}", "Call {} now", "({})", "tel:{}.", "1 {}"])
def test_numbers_from_abroad_are_found(written: str, around: str) -> None:
    assert [(m.kind, m.text) for m in find(around.format(written))] == [(DetailKind.PHONE, written)]


@pytest.mark.parametrize(
    "text",
    [
        "0412 345 6789",  # no number begins with 04 or 06
        "0612 345 6789",
        "020 7946 012",  # nine digits are enough after 01 and 08 only
        "07700 90012",
        "+44 0",
        "+1 2345",  # too short for a number, and too long for one
        "+123456789012345678",
        "a+353 1 234 5678",
        "C++353 1 234 5678",
        "+0 123 456 7890",
        "10795 123 4567",
    ],
)
def test_what_is_no_phone_number_is_not_called_one(text: str) -> None:
    assert [m.text for m in find(text) if m.kind == DetailKind.PHONE] == []


@pytest.mark.parametrize("written", ["GIR 0AA", "GIR0AA", "gir 0aa", "GIR\u00a00AA"])
def test_the_one_postcode_of_another_form_is_found(written: str) -> None:
    assert [(m.kind, m.text) for m in find(f"Write to {written}, please.")] == [(DetailKind.POSTCODE, written)]


@pytest.mark.parametrize(
    ("text", "birth"),
    [
        ("It was 31/12/2007.", True),
        ("It was 31 December 2007.", True),
        ("It was 01/01/2008.", False),
        ("It was 2008-01-01.", False),
        ("She was born 01/01/2008.", True),
        ("DOB: 1.1.2008", True),
        ("d.o.b. 2019-05-06", True),
        ("Her birthday is 3 May 2021", True),
        ("Aged 4 on 3rd of May 2021", True),
        ("It was 01/01/07.", False),  # two digits may be any year
        ("She was born 01/01/07.", True),
        ("born" + " " * 36 + "01/01/2020", True),
        ("born" + " " * 37 + "01/01/2020", False),
        ("01/01/2020" + " " * 36 + "born", True),
        ("01/01/2020" + " " * 37 + "born", False),
    ],
)
def test_which_dates_are_taken_for_a_day_of_birth(text: str, birth: bool) -> None:
    """An old date is, wherever it stands; a recent one is where a word beside it says so."""
    assert any(mark.kind == DetailKind.BIRTH for mark in find(text)) == birth


AREAS = st.from_regex(
    r"[A-PR-UWYZ]([0-9]{1,2}|[A-HK-Y][0-9]|[A-HK-Y][0-9][0-9]|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY])",
    fullmatch=True,
)


@given(
    AREAS,
    st.from_regex(r"[0-9][ABD-HJLNP-UW-Z]{2}", fullmatch=True),
    st.booleans(),
    st.sampled_from(["", " ", "\u00a0"]),
)
def test_every_postcode_is_found(outward: str, inward: str, lower: bool, gap: str) -> None:
    written = outward + gap + inward
    written = written.lower() if lower else written
    assert [(m.kind, m.text) for m in find(f"We live at {written}.")] == [(DetailKind.POSTCODE, written)]


LOCAL = st.from_regex(r"[a-z0-9][a-z0-9_+'\-]{0,20}(\.[a-z0-9_+\-]{1,10})?", fullmatch=True)


@given(LOCAL, st.from_regex(r"([a-z0-9]([a-z0-9\-]{0,10}[a-z0-9])?\.){1,3}(uk|org|com|net|health)", fullmatch=True))
def test_every_e_mail_address_is_found(local: str, domain: str) -> None:
    written = f"{local}@{domain}"
    for around in ("Write to {}.", "<{}>", "mailto:{}, please", "“{}”", "({})"):
        [mark] = [m for m in find(around.format(written)) if m.kind == DetailKind.EMAIL]
        assert mark.text == written


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_whatever_the_text_marks_stand_in_it_in_order_and_apart(text: str, characters: list[str]) -> None:
    end = 0
    for mark in find(text, characters):
        assert end <= mark.start < mark.end <= len(text)
        assert text[mark.start : mark.end] == mark.text
        assert mark.kind in tuple(DetailKind)
        end = mark.end


@pytest.mark.parametrize(
    "part", ["a", "A", "a@", "0", "+44", "Aa ", "1 Aa ", "a.", "12/", "([", "Flat 1 ", "'", "07 ", "\u00e9"]
)
def test_a_hostile_text_takes_no_longer_than_another(part: str) -> None:
    assert growth(find, part, 4000) < 30


@pytest.mark.parametrize("part", ["07700 900123\n", "she met Ana Xu. ", "N1 1AA ", "a@b.org ", " X", "3/4/1950 "])
def test_a_long_text_of_nothing_but_details_is_read_once(part: str) -> None:
    assert growth(find, part, 32 * 1024) < 30
    found = find((part * (64 * 1024))[: 64 * 1024])
    assert len(found) > 64 * 1024 / len(part) / 3 or part == " X"
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "characters", "names"),
    [
        ("Ana waits for Sam.", ("Ana, 9", "Sam"), []),
        ("Ana waits for Sam.", ("Ana, 9",), ["Sam"]),
        ("She met Ana's brother.", ("Ana",), []),
        ("She met Leila’s brother.", ("Ana",), ["Leila"]),
        ("The Third Knock at the Old Blue Door", (), []),
        ("The Third Knock of Margaret", (), ["Margaret"]),
        ("Dr Osman?", (), ["Dr Osman"]),
        ("“Come in,” she said. “Sit down.”", (), []),
        ("I waited. Deepak did not.", (), ["Deepak"]),
        ("I asked Tendai. Tendai knew.", (), ["Tendai", "Tendai"]),
        ("I'm fine. It's late. We've all been here.", (), []),
    ],
)
def test_names_are_those_of_nobody_in_the_story(text: str, characters: tuple[str, ...], names: list[str]) -> None:
    assert [mark.text for mark in find(text, characters)] == names


def test_every_kind_is_called_something_and_says_what_to_do() -> None:
    assert set(CALLED) == set(WHAT_TO_DO) == set(DetailKind)
