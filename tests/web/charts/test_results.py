from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import combinations, pairwise
from typing import ClassVar
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.voting.view_shift import ViewShift
from forum.web.charts import results
from forum.web.charts.results import Words
from forum.web.charts.svg import width
from forum.web.charts.view_shift import alluvial

SVG = "{http://www.w3.org/2000/svg}"
LABELS = {
    "r1": "A mental-health nurse and a paramedic, together",
    "r2": "A crisis worker",
    "r3": "The police, as they do now",
    "r4": "Somebody stays on the phone with her until the morning",
    "r5": "A taxi",
    "r6": "Wait for the GP",
    "none": "None of these",
}
SHIFT = ViewShift(
    "first",
    cells={("r1", "r1"): 20, ("r1", "r2"): 7, ("r2", "r2"): 15, ("r3", "r1"): 3, ("none", "r3"): 1},
    joined={"r1": 2, "r3": 1},
    left={"r2": 6},
)
FOUR = {response: LABELS[response] for response in ("r1", "r2", "r3", "none")}
HOSTILE = "<script>alert('1')</script>&\"]]>\x00\ud800<!-- \u202e"


def drawn(svg: str) -> ElementTree.Element:
    """Parses the picture, and holds it to what every picture must be."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert "style=" not in svg
    assert "<script" not in svg
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for named in (root.get("aria-labelledby"), root.get("aria-describedby")):
        assert named in ids
    for target in re.findall(r"url\(#([^)]*)\)", svg):
        assert target in ids
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x") or "nan") <= width
        assert 0 <= float(text.get("y") or "nan") <= height
        assert float(text.get("font-size") or "nan") >= width / (20 if width == results.NARROW else 40)
    return root


def texts(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def described(root: ElementTree.Element) -> str:
    return root.findtext(f"{SVG}desc") or ""


def ribbons(root: ElementTree.Element) -> list[tuple[str, float, float, float, float]]:
    """Reads every ribbon: its kind, where it begins (x, y), the y where it ends, and its thickness there and here."""
    found = []
    for group in root.iter(f"{SVG}g"):
        path = group.findall(f"{SVG}path")[0].get("d") or ""
        shape = re.fullmatch(r"M(\S+) (\S+)C\S+ \S+ \S+ \S+ \S+ (\S+)V([^C]+)C\S+ \S+ \S+ \S+ (\S+) ([^z]+)z", path)
        assert shape, path
        x, y, z, z_end, back, y_end = map(float, shape.groups())
        assert x == back
        assert y_end - y == pytest.approx(z_end - z, abs=0.01)
        kind = (group.get("class") or "").removeprefix("ribbon ")
        found.append((kind, x, y, z, y_end - y))
    return found


def bar_heights(root: ElementTree.Element) -> dict[str, list[float]]:
    """Reads the heights of the upright bars by class, the first column's before the second's."""
    found = defaultdict(list)
    for path in root.findall(f"{SVG}path"):
        shape = re.fullmatch(r"M(\S+) (\S+)h18v(\S+)h-18z", path.get("d") or "")
        if shape and path.get("class"):
            found[path.get("class") or ""].append(float(shape[3]))
    return found


def test_ribbons_are_as_thick_as_there_are_people() -> None:
    root = drawn(alluvial(SHIFT, {r: r for r in FOUR}, "Who moved", "First", "Now"))
    found = ribbons(root)
    assert Counter(kind for kind, *_ in found) == {"stayed": 2, "moved": 3, "away": 3}
    people = {"stayed": 35, "moved": 11, "away": 9}
    one = sum(thick for *_, thick in found) / sum(people.values())
    assert one > 1
    for kind, n in people.items():
        assert sum(thick for k, *_, thick in found if k == kind) == pytest.approx(n * one, abs=0.02)
    assert {cls: [round(h / one, 2) for h in hs] for cls, hs in bar_heights(root).items()} == {
        "series-1": [27, 25],
        "series-2": [21, 22],
        "series-3": [3, 2],
        "series-none": [1],
        "series-away": [3, 6],
    }


def test_a_column_with_fewer_bars_is_spread_over_the_same_height() -> None:
    shift = ViewShift("f", {("r1", "r1"): 10, ("r1", "r2"): 10, ("r1", "r3"): 10}, {}, {})
    found = ribbons(drawn(alluvial(shift, {r: r for r in FOUR}, "t", "First", "Now", new=("r2", "r3"))))
    first = [(y, y + thick) for _, _, y, _, thick in found]
    second = [(z, z + thick) for _, _, _, z, thick in found]
    middles = [(min(top for top, _ in column) + max(end for _, end in column)) / 2 for column in (first, second)]
    assert middles[0] == pytest.approx(middles[1], abs=0.01)


def test_ribbons_lie_side_by_side_on_their_bars() -> None:
    found = ribbons(drawn(alluvial(SHIFT, LABELS, "Who moved", "First", "Now", wide=True)))
    for column in ([(y, thick) for _, _, y, _, thick in found], [(z, thick) for _, _, _, z, thick in found]):
        spans = sorted((top, top + thick) for top, thick in column)
        for (_, before), (after, _) in pairwise(spans):
            assert before <= after + 0.01


def test_what_the_alluvial_picture_says_in_words() -> None:
    root = drawn(alluvial(SHIFT, FOUR, "Who changed their view", "First vote", "This vote"))
    assert root.findtext(f"{SVG}title") == "Who changed their view"
    said = described(root)
    assert "First vote: A mental-health nurse and a paramedic, together: 27, A crisis worker: 21" in said
    assert "A mental-health nurse and a paramedic, together to A crisis worker: 7" in said
    assert "A crisis worker to Not followed: 6" in said
    assert {"27", "25", "21", "22", "Not", "followed", "First vote", "This vote"} <= set(texts(root))


def test_long_labels_become_letters_with_a_list_that_cuts_nothing() -> None:
    found = texts(drawn(alluvial(SHIFT, FOUR, "Who moved", "First", "Now")))
    assert Counter(found)["A"] == 3
    assert " ".join(FOUR.values()) in " ".join(text for text in found if len(text) > 1)


def test_marks_that_say_which_way_a_word_runs_take_no_room() -> None:
    assert width("\u200fOthers\u200f") == width("Others") > 0


def test_long_labels_stand_beside_the_bars_of_a_wide_picture() -> None:
    found = texts(drawn(alluvial(SHIFT, FOUR, "Who moved", "First", "Now", wide=True)))
    assert "A" not in found
    assert found.count("None of these") == 2


def test_an_answer_that_came_up_between_the_votes_stands_in_the_second_column_only() -> None:
    shift = ViewShift("f", {("r1", "r1"): 5, ("r1", "r9"): 6}, {}, {})
    said = texts(drawn(alluvial(shift, {"r1": "Wait", "r9": "Sit down"}, "t", "First", "Now", new=("r9",))))
    assert said.count("Sit down") == 1
    assert "0" not in said


def test_a_response_that_nobody_chose_is_left_out_of_the_alluvial_picture() -> None:
    assert "Wait" not in alluvial(SHIFT, LABELS, "Who moved", "First", "Now", wide=True)


def test_those_who_are_not_followed_stand_in_both_columns() -> None:
    shift = ViewShift("first", {("r1", "r1"): 9}, {"r2": 5}, {"r1": 5})
    words = Words(not_followed="Heb eu dilyn", move="%(before)s i %(after)s: %(number)s")
    root = drawn(alluvial(shift, {"r1": "Nurse", "r2": "Police"}, "t", "First", "Now", words=words))
    assert " ".join(texts(root)).count("Heb eu dilyn") == 2
    assert "Nurse i Heb eu dilyn: 5" in described(root)


def test_five_thousand_people() -> None:
    ids = list(LABELS)
    cells = {(a, b): 700 if a == b else 1 for a in ids for b in ids}
    root = drawn(alluvial(ViewShift("f", cells, {"r1": 58}, {}), LABELS, "t", "First", "Now"))
    assert len(ribbons(root)) == 50
    assert min(thick for *_, thick in ribbons(root)) > 0.5
    everybody = ViewShift("f", {("r1", "r1"): 5000}, {}, {})
    assert texts(drawn(alluvial(everybody, {"r1": "Yes"}, "t", "First", "Now"))).count("5,000") == 2


@pytest.mark.parametrize(
    "shift",
    [
        ViewShift("f", {}, {}, {}),
        ViewShift("f", {("r1", "r1"): 1}, {}, {}),
        ViewShift("f", {("r1", "r2"): 5, ("r2", "r1"): 5}, {}, {}),
        ViewShift("f", {}, {"none": 3}, {"r1": 3}),
    ],
    ids=["nobody", "one person", "a swap", "nobody twice"],
)
@pytest.mark.parametrize("wide", [False, True])
def test_pictures_of_almost_nothing(shift: ViewShift, wide: bool) -> None:
    root = drawn(alluvial(shift, LABELS, "t", "First", "Now", wide=wide))
    assert len(ribbons(root)) == len(shift.cells) + len(shift.joined) + len(shift.left)


def test_hostile_words_are_only_words() -> None:
    labels = dict.fromkeys(FOUR, HOSTILE)
    pictures = [
        alluvial(SHIFT, labels, HOSTILE, HOSTILE, HOSTILE, words=Words(HOSTILE, HOSTILE, HOSTILE), key=HOSTILE),
        alluvial(SHIFT, labels, HOSTILE, HOSTILE, HOSTILE, wide=True),
    ]
    for picture in pictures:
        root = drawn(picture)
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
            "svg", "title", "desc", "defs", "pattern", "path", "g", "text", "rect",
        }  # fmt: skip
        assert "alert('1')" in (root.findtext(f"{SVG}title") or "")


def test_ids_of_two_pictures_on_one_page_differ() -> None:
    other = ViewShift("first", {("r1", "r2"): 7}, {}, {})
    pictures = [
        alluvial(SHIFT, FOUR, "t", "a", "b"),
        alluvial(SHIFT, FOUR, "t", "a", "b", key="2"),
        alluvial(SHIFT, FOUR, "t", "a", "b", wide=True),
        alluvial(SHIFT, {r: r for r in FOUR}, "t", "a", "b"),
        alluvial(other, FOUR, "t", "a", "b"),
    ]
    ids = [{e.get("id") for e in drawn(picture).iter() if e.get("id")} for picture in pictures]
    assert all(not one & two for one, two in combinations(ids, 2))
    assert alluvial(SHIFT, FOUR, "t", "a", "b") == pictures[0]


some_people = st.integers(1, 400)
some_choice = st.sampled_from(list(LABELS))


@given(
    st.dictionaries(st.tuples(some_choice, some_choice), some_people, max_size=12),
    st.dictionaries(some_choice, some_people, max_size=4),
    st.dictionaries(some_choice, some_people, max_size=4),
    st.booleans(),
)
def test_any_shift_gives_a_picture_with_every_number_beside_its_bar(
    cells: dict[tuple[str, str], int], joined: dict[str, int], left: dict[str, int], wide: bool
) -> None:
    svg = alluvial(ViewShift("f", cells, joined, left), LABELS, "t", "First", "Now", wide=wide)
    root = drawn(svg)
    numbers = [text for text in root.iter(f"{SVG}text") if (text.get("class") or "").endswith("chart-number")]
    for end, x in enumerate(sorted({float(text.get("x") or 0) for text in numbers})):
        column = [text for text in numbers if float(text.get("x") or 0) == x]
        heights = [float(text.get("y") or 0) for text in column]
        assert all(after - before >= 20 for before, after in pairwise(heights))
        whole = sum(int((text.text or "").replace(",", "")) for text in column)
        assert whole == sum(cells.values()) + sum(joined.values()) + sum(left.values()), end


class TestShares:
    ROWS = (
        results.Row("Everybody", {"r1": 14, "r2": 8, "none": 2, results.RAN_OUT: 6}),
        results.Row("Equal voice", {"r1": 5000, "r2": 3333, "none": 1667}, {"r1": "50%", "r2": "33%", "none": "17%"}),
        results.Row("Nobody", {"r1": 0, "r2": 0, "none": 0}),
    )
    THREE: ClassVar[dict[str, str]] = {response: LABELS[response] for response in ("r1", "r2", "none")}

    def test_every_share_is_as_long_as_its_part_and_carries_its_letter_and_number(self) -> None:
        root = drawn(results.shares(self.ROWS, self.THREE, "Who voted how", broad=results.WIDE))
        shown = texts(root)
        for words in ("A 14", "B 8", "– 6", "A 50%", "B 33%", "C 17%", "Everybody", "Equal voice", "Nobody"):
            assert words in shown
        lengths = [
            float(found[1])
            for path in root.iter(f"{SVG}path")
            if (path.get("class") or "").startswith("series-")
            and (found := re.fullmatch(r"M\S+ \S+h(\S+)v30h\S+z", path.get("d") or ""))
        ]
        first, second, none, out = lengths[:4]
        assert first / second == pytest.approx(14 / 8, rel=0.01)
        assert none / out == pytest.approx(2 / 6, rel=0.01)
        assert first + second + none + out == pytest.approx(sum(lengths[4:7]), rel=0.01)

    def test_the_description_says_every_number_in_the_words_of_the_answers(self) -> None:
        said = described(drawn(results.shares(self.ROWS, self.THREE, "Who voted how")))
        assert f"Everybody: {LABELS['r1']}: 14, {LABELS['r2']}: 8, None of these: 2, Ran out: 6" in said
        assert "Equal voice: " in said
        assert "50%" in said

    def test_the_letters_are_explained_unless_a_table_does(self) -> None:
        with_key = texts(drawn(results.shares(self.ROWS, self.THREE, "t", broad=results.WIDE)))
        without = texts(drawn(results.shares(self.ROWS, self.THREE, "t", broad=results.WIDE, legend=False)))
        assert any(LABELS["r2"] in text for text in with_key)
        assert not any(LABELS["r2"] in text for text in without)

    def test_what_people_wrote_stays_text(self) -> None:
        drawn(results.shares([results.Row(HOSTILE, {"r1": 1})], {"r1": HOSTILE}, HOSTILE))
