"""The stylesheet's promises: readable in light, dark and on the stage, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forum.web.templates import STATIC, TEMPLATES

CSS = "\n".join((STATIC / name).read_text("utf-8") for name in ("forum.css", "live/projector.css"))
TOKEN = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})\b")


def tokens(start: str, end: str) -> dict[str, str]:
    """Returns the colours set between two places of the stylesheet."""
    begin = CSS.index(start)
    return dict(TOKEN.findall(CSS[begin : CSS.index(end, begin)]))


HEAT = TOKEN.findall(
    CSS[CSS.index(":root { --h1") : CSS.index("@media screen and (prefers-color-scheme: dark) { :root { --h1")]
)
HEAT_DARK = TOKEN.findall(
    CSS[CSS.index("@media screen and (prefers-color-scheme: dark) { :root { --h1") :].split("\n", 1)[0]
)
LIGHT = tokens(":root {", "@media screen and (prefers-color-scheme: dark)") | dict(HEAT)
DARK = LIGHT | tokens("@media screen and (prefers-color-scheme: dark)", "*, *::before") | dict(HEAT_DARK)
STAGE = LIGHT | tokens(".stage { color-scheme: dark", "font-size: var(--f1)")
SCHEMES = {"light": LIGHT, "dark": DARK, "stage": STAGE}

# Text on its ground: at least 4.5 to 1 (WCAG 2.2, 1.4.3).
TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "accent", "bad") for ground in ("paper", "card", "sunk")),
    *((ink, "accent-pale") for ink in ("ink", "accent", "accent-deep")),
    *((tone, f"{tone}-pale") for tone in ("bad", "good", "warn")),
    *(("ink", f"{tone}-pale") for tone in ("bad", "good", "warn")),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("ink", "h1"),
    ("ink", "h2"),
    ("on-h3", "h3"),
    ("on-h4", "h4"),
]
# What marks a control or a part of a chart: at least 3 to 1 (1.4.11).
MARKS = [("edge", "card"), ("edge", "paper"), ("accent", "card"), *((f"c{n}", "paper") for n in range(7))]


def luminance(colour: str) -> float:
    """Works out the relative luminance of a colour, WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Works out the contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(scheme: str, ink: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_can_be_seen(scheme: str, mark: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours[mark], colours[ground]) >= 3


def test_every_token_used_is_set() -> None:
    assert set(re.findall(r"var\(--([a-z0-9-]+)", CSS)) <= set(re.findall(r"--([a-z0-9-]+):", CSS))


def test_a_rule_of_some_inputs_outweighs_that_of_all() -> None:
    rules = re.findall(r"^(input[.:\[][^\s{,]*)[^{}]*\{[^}]*max-width", CSS, flags=re.MULTILINE)
    weights = {rule: len(re.findall(r"\[|\.[a-z]", rule)) for rule in rules}
    first, *others = weights
    assert len(others) > 3
    assert [one for one in others if weights[one] < weights[first]] == []


def test_nothing_comes_from_elsewhere() -> None:
    assert not re.search(r"@import|@font-face|url\(", CSS)


def test_scripts_speak_no_words_of_their_own_and_use_nothing_that_plain_http_lacks() -> None:
    for script in STATIC.rglob("*.js"):
        code = re.sub(r"^\s*//.*$", "", script.read_text("utf-8"), flags=re.MULTILINE)
        assert not re.search(r"randomUUID|crypto\.subtle|serviceWorker|wakeLock|innerHTML\s*\+=|eval\(", code), (
            script.name
        )
        assert not re.search(r"textContent = [\"'`]\w", code), script.name


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_template_has_inline_style_or_script(template: Path) -> None:
    html = template.read_text("utf-8").replace('<script type="application/json"', "")  # data, which no browser runs
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son(?:click|change|submit|load)=", html)


def test_every_side_is_named_by_the_reading_direction() -> None:
    """Left and right are for what does not turn with the language: [dir=rtl] rules, and pictures."""
    plain = "\n".join(line for line in CSS.split("\n") if not line.startswith("[dir=rtl]"))
    assert (
        re.findall(r"(?:padding|margin|border)-(?:left|right)|text-align: (?:left|right)|float: (?:left|right)", plain)
        == []
    )
