"""The colour of an organisation, checked for contrast, and the shades of it that pages need.

Contrast is that of WCAG 2.2 (1.4.3): from 1 to 21, and text needs 4.5. The nearest colour that passes has the same hue
and is no darker or lighter than it must be (OKLab, Björn Ottosson, where equal steps look equal).
"""

from __future__ import annotations

import re

import msgspec

from forum.errors import BadInput

ENOUGH = 4.5
# Behind links and buttons, as static/forum.css has them: the darkest of the light pages, the lightest of the dark ones.
LIGHT, DARK = "#f3ebdf", "#262019"
_ON_LIGHT, _ON_DARK = "#ffffff", "#14100d"
_HALVINGS = 12
_HEX = re.compile("#?([0-9a-f]{3}|[0-9a-f]{6})")

Three = tuple[float, float, float]


class Shades(msgspec.Struct, frozen=True):
    """The colours of one kind of page: links and buttons, the same under the pointer, a pale ground, words on it."""

    accent: str
    deep: str
    pale: str
    on: str


def read(typed: str) -> str:
    """Returns a colour as "#135e57"; "" for nothing. Raises BadInput for what is no colour."""
    typed = typed.strip().lower()
    if not typed:
        return ""
    found = _HEX.fullmatch(typed)
    if not found:
        raise BadInput("Write the colour as # and six digits or letters from a to f. For example: #135e57.")
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def contrast(one: str, other: str) -> float:
    """Returns the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def weakest(colour: str, *, dark: bool = False) -> float:
    """Returns the lower of the contrasts that a colour has as a link on a page and as the ground of a button."""
    page, words = (DARK, _ON_DARK) if dark else (LIGHT, _ON_LIGHT)
    return min(contrast(colour, page), contrast(colour, words))


def nearest(colour: str, *, dark: bool = False) -> str:
    """Returns the colour itself where it can be read; else the nearest of its hue that can."""
    if weakest(colour, dark=dark) >= ENOUGH:
        return colour
    light, a, b = _lab(colour)
    # Towards black on light pages, towards white on dark ones; halved until two neighbours look the same.
    passes, fails = (1.0 if dark else 0.0), light
    for _ in range(_HALVINGS):
        middle = (passes + fails) / 2
        if weakest(_within(middle, a, b), dark=dark) >= ENOUGH:
            passes = middle
        else:
            fails = middle
    return _within(passes, a, b)


def shades(colour: str, *, dark: bool = False) -> Shades:
    """Returns the colours of a page that are made of a colour that can be read on it."""
    light, a, b = _lab(colour)
    deep = _within(min(1.0, light + 0.08) if dark else light * 0.8, a, b)
    pale = _pale(colour, dark=dark)
    return Shades(colour, deep, pale, _ON_DARK if dark else _ON_LIGHT)


def _pale(colour: str, *, dark: bool) -> str:
    """Returns the strongest tint of the page on which the colour itself can still be read."""
    page = "#1b1714" if dark else "#fffdf9"
    for percent in (14, 10, 7, 4):
        tint = _mixed(colour, page, percent / 100)
        if contrast(colour, tint) >= ENOUGH:
            return tint
    return page


def _mixed(one: str, other: str, part: float) -> str:
    red, green, blue = (part * a + (1 - part) * b for a, b in zip(_rgb(one), _rgb(other), strict=True))
    return _hex((red, green, blue))


def _rgb(colour: str) -> Three:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Three) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in rgb)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _luminance(colour: str) -> float:
    red, green, blue = map(_linear, _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lab(colour: str) -> Three:
    red, green, blue = map(_linear, _rgb(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear_of_lab(light: float, a: float, b: float) -> Three:
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _within(light: float, a: float, b: float) -> str:
    """Returns the colour of this lightness and hue, as strong as a screen can show it."""
    linear, weak, strong = _linear_of_lab(light, a, b), 0.0, 1.0
    if not _on_screen(linear):
        for _ in range(_HALVINGS):
            middle = (weak + strong) / 2
            weak, strong = (
                (middle, strong) if _on_screen(_linear_of_lab(light, a * middle, b * middle)) else (weak, middle)
            )
        linear = _linear_of_lab(light, a * weak, b * weak)
    red, green, blue = (_gamma(min(1.0, max(0.0, part))) for part in linear)
    return _hex((red, green, blue))


def _on_screen(linear: Three) -> bool:
    return all(-1e-4 <= part <= 1 + 1e-4 for part in linear)
