"""An organisation's colour: read, measured, and the nearest that passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import BadInput
from forum.services.accent_colour import DARK, ENOUGH, LIGHT, contrast, nearest, read, shades, weakest

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("typed", "colour"), [("#135E57", "#135e57"), (" 135e57 ", "#135e57"), ("#Fc0", "#ffcc00"), ("", "")]
)
def test_a_colour_is_read_as_people_write_it(typed: str, colour: str) -> None:
    assert read(typed) == colour


@pytest.mark.parametrize("typed", ["teal", "#12", "#1234567", "rgb(1,2,3)", "#12345g", "１３５ｅ５７"])
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="#135e57"):
        read(typed)


@pytest.mark.parametrize(
    ("one", "other", "figure"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1)]
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, figure: float) -> None:
    assert contrast(one, other) == pytest.approx(figure, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@given(COLOURS, st.booleans())
def test_the_nearest_colour_passes_and_is_the_colour_itself_where_that_does(colour: str, dark: bool) -> None:
    near = nearest(colour, dark=dark)
    assert weakest(near, dark=dark) >= ENOUGH
    assert (near == colour) == (weakest(colour, dark=dark) >= ENOUGH)


@given(COLOURS, st.booleans())
def test_every_shade_can_be_read_where_it_stands(colour: str, dark: bool) -> None:
    near = nearest(colour, dark=dark)
    made = shades(near, dark=dark)
    assert contrast(made.accent, made.on) >= ENOUGH
    assert contrast(made.accent, made.pale) >= ENOUGH
    assert contrast(made.accent, DARK if dark else LIGHT) >= ENOUGH
    assert contrast(made.deep, DARK if dark else LIGHT) >= ENOUGH
    assert contrast(made.deep, made.on) >= ENOUGH


def test_the_nearest_colour_is_no_darker_than_it_must_be_and_of_the_same_hue() -> None:
    assert nearest("#ffcc00") == "#836800"
    assert nearest("#005eb8") == "#005eb8"
    assert nearest("#005eb8", dark=True) == "#3a89e6"
    assert weakest(nearest("#ffcc00")) < ENOUGH + 0.1
