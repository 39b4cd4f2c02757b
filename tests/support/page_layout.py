"""Faults of a page's layout, measured in the browser; and browsers with one family of fonts only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Families by how Debian names their folder, with the package that brings them.
FAMILIES = {"dejavu": "fonts-dejavu-core", "liberation": "fonts-liberation", "noto": "fonts-noto-core"}


def _folders() -> Iterator[Path]:
    """Yields the folders of fonts: the system's, and the user's own."""
    for root in (Path("/usr/share/fonts/truetype"), Path.home() / ".local/share/fonts"):
        if root.is_dir():
            yield from root.iterdir()


def environment_with_fonts(family: str, folder: Path) -> dict[str, str | float | bool]:
    """Returns the environment of a browser that finds this family of fonts and no other; `folder` is an empty one for
    it.

    Skips the test where the family is not installed; in CI it fails.
    """
    found = [each for each in _folders() if each.name.startswith(family) and any(each.glob("*.ttf"))]
    if not found:
        missing = f"needs the fonts of {FAMILIES[family]}: apt-get install {FAMILIES[family]}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    file = folder / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
        f"<fontconfig><dir>{found[0]}</dir><cachedir>{folder / 'cache'}</cachedir></fontconfig>"
    )
    return {**os.environ, "FONTCONFIG_FILE": str(file)}


# Opens what is folded away, and returns what is wider than the screen, cut off (a text that ends in dots is not), out
# of its box, in a box that scrolls but takes no focus, or torn: numbers, ordinary words, lines of a letter or two.
FAULTS = """() => {
    const page = document.documentElement, wide = page.clientWidth, faults = new Set(), told = new Set();
    for (const folded of document.querySelectorAll("details:not([open])")) folded.open = true;
    if (page.scrollWidth > wide) faults.add(`the page is ${page.scrollWidth} px wide, its screen ${wide}`);
    const name = (part) => [part.tagName.toLowerCase(), ...part.classList].join(".");
    const where = (part) => `${name(part.parentElement)} > ${name(part)}`;
    // Finds something of each part once: nothing moves while this runs.
    const once = (find) => {
        const found = new Map();
        return (part) => {
            if (!found.has(part)) found.set(part, find(part));
            return found.get(part);
        };
    };
    const look = once((part) => getComputedStyle(part));
    const visible = once((part) => part.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }));
    const edges = once((part) => part.getBoundingClientRect());
    // The nearest of a part and what it is in of which something is true.
    const nearest = (is) => {
        const at = (part) => (!part || part === document.body ? null : is(part) ? part : found(part.parentElement));
        const found = once(at);
        return found;
    };
    const scrolls = (box) => /auto|scroll/.test(look(box).overflowX) && box.scrollWidth > box.clientWidth;
    const dotted = (box) => look(box).textOverflow === "ellipsis" || look(box).webkitLineClamp !== "none";
    const cuts = (box) => /hidden|clip/.test(look(box).overflow) && !dotted(box);
    const clipped = (box) => look(box).clipPath === "inset(50%)"; // for screen readers alone
    const holds = (box) => !/^(inline|contents)$/.test(look(box).display);
    const [scrolling, clipping, ...boxes] = [scrolls, clipped, holds, cuts, dotted].map(nearest);
    const on = (part, box, what) => {
        if (box.left >= -0.5 && box.right <= wide + 0.5) return;
        const scroller = scrolling(part.parentElement);
        if (!scroller) faults.add(`off the screen (${Math.round(box.left)} to ${Math.round(box.right)}): ${what}`);
        else if (scroller.tabIndex < 0 && !told.has(scroller)) {
            told.add(scroller);
            faults.add(`scrolls, but not by keyboard: ${where(scroller)}`);
        }
    };
    const parts = "input, select, textarea, button, img, svg, progress, summary, .tag, .key, table";
    for (const part of document.querySelectorAll(parts))
        if (visible(part) && !part.closest(".hide") && !part.parentElement.closest("svg"))
            on(part, part.getBoundingClientRect(), where(part));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const unseen = ".hide, .skip, script, style, option, textarea, svg";
    while (texts.nextNode()) {
        const text = texts.currentNode, part = text.parentElement;
        if (!text.data.trim() || part.closest(unseen) || !visible(part) || clipping(part)) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const lines = [...range.getClientRects()].filter((line) => line.width && line.height);
        if (!lines.length) continue;
        const what = `${where(part)}: ${text.data.trim().slice(0, 30)}`;
        const [holder, cutter, short] = boxes.map((found) => found(part) && edges(found(part)));
        const beyond = (line, box) => box && (line.right > box.right + 1 || line.left < box.left - 1);
        for (const line of lines) {
            if (short && (line.top >= short.bottom - 1 || beyond(line, short))) continue;
            on(part, line, what);
            if (beyond(line, holder)) faults.add(`out of its box: ${what}`);
            if (beyond(line, cutter) || (cutter && line.bottom > cutter.bottom + 3)) faults.add(`cut off: ${what}`);
        }
        const rows = (all) => new Set([...all].filter((line) => line.width).map((line) => Math.round(line.top))).size;
        if (rows(lines) < 2) continue;
        const widest = Math.max(...lines.map((line) => line.width)) / parseFloat(look(part).fontSize);
        if (rows(lines) > 3 && widest < 3) faults.add(`letter by letter: ${what}`);
        if (/^[\\d.,%–+\\s]{1,14}$/.test(text.data)) faults.add(`a number in pieces: ${what}`);
        if (part.closest("code, .mono, mark")) continue;
        for (const word of text.data.matchAll(/[\\p{Script=Latin}'’]{2,13}(?![\\p{L}\\p{N}])/gu)) {
            if (/[\\p{L}\\p{N}\\p{P}\\p{S}\\p{M}]/u.test(text.data[word.index - 1] || " ")) continue;
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            if (rows(range.getClientRects()) > 1) faults.add(`a word in pieces: ${word[0]} in ${where(part)}`);
        }
    }
    return [...faults];
}"""

# What is off the big screen or covered, the corner with the join code least of all, or smaller than a thirtieth of its
# height; nothing may be. Of a text that ends in dots only what is seen counts.
FAULTS_OF_PROJECTOR = """() => {
    const page = document.documentElement, main = document.getElementById("screen");
    const corner = main.querySelector(".corner, .welcome > .qr")?.getBoundingClientRect() ?? new DOMRect();
    const faults = [];
    const out = (box) => box.top < 0 || box.bottom > innerHeight + 1 || box.right > innerWidth + 1;
    const over = (box) => box.left < corner.right && box.right > corner.left && box.top < corner.bottom;
    if (page.scrollHeight > innerHeight || page.scrollWidth > innerWidth) faults.push("larger than the screen");
    if (out(corner)) faults.push("the join code is off the screen");
    const shared = (box, by) => {
        const left = Math.max(box.left, by.left), top = Math.max(box.top, by.top);
        const right = Math.min(box.right, by.right), bottom = Math.min(box.bottom, by.bottom);
        return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
    };
    const check = (box, name) => {
        if (!box.width || !box.height) return;
        if (out(box)) faults.push("off the screen: " + name);
        if (over(box) && box.bottom > corner.top) faults.push("over the join code: " + name);
    };
    for (const part of main.querySelectorAll("svg.chart, svg.bar, progress"))
        check(part.getBoundingClientRect(), part.tagName);
    const words = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const least = innerHeight / 30;
    while (words.nextNode()) {
        const text = words.currentNode, part = text.parentElement;
        if (text.data.trim() && !part.closest(".hide, [hidden], title, desc") && part.checkVisibility()) {
            let size = parseFloat(getComputedStyle(part).fontSize);
            if (part.closest("svg")) size *= part.getScreenCTM().a;
            const what = text.data.trim().slice(0, 40);
            if (size < least - 0.01) faults.push(`${size.toFixed(1)} px, less than a thirtieth of the height: ${what}`);
        }
        if (!text.data.trim() || text.parentElement.closest(".corner, .hide, [hidden], svg")) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        let short = text.parentElement;
        while (short !== main && getComputedStyle(short).overflow !== "hidden") short = short.parentElement;
        const seen = short === main ? null : short.getBoundingClientRect();
        for (const box of range.getClientRects())
            check(seen ? shared(box, seen) : box, text.data.trim().slice(0, 40));
    }
    return faults;
}"""
