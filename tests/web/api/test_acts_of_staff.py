"""What staff do on pages, and what programs do: acts_of_staff.txt names each act, or says why programs do not do it."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from pathlib import Path

from support.act_forms import FAMILIES

from forum.web.api.table import API
from forum.web.live import care, console, second_run
from forum.web.routes import PAGES

STAFF = {
    page.path: page
    for page in PAGES
    if "POST" in page.methods.split() and page.permission != "public" and not page.path.startswith("/api/")
}
NO = "no: "
A_REASON = 20  # letters at least
# Acts of people at other addresses of the same modules.
THEIR_OWN = {"take back"}


def by_hand() -> dict[str, dict[str, str]]:
    """Reads the table: by a page's address what does each of its acts; "" stands for the only one."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    page = ""
    for line in (Path(__file__).parent / "acts_of_staff.txt").read_text("utf-8").split("\n\n", 2)[2].splitlines():
        if not line.strip():
            continue
        left, *right = re.split(r"\s{2,}|\s(?=/|no:)", line.strip(), maxsplit=1)
        if not line.startswith(" "):
            page = left
            if not right:
                continue
        act = left if line.startswith(" ") else ""
        assert act not in found[page], line
        found[page][act] = right[0]
    return found


ACTS = by_hand()
PARTS = ACTS.pop("Acts of the API that are one part of a page's act")


def test_each_act_of_staff_is_one_of_the_api_or_has_a_reason_why_it_is_none() -> None:
    assert set(ACTS) == set(STAFF)
    writes = {row.path: row for row in API if row.method == "POST"}
    for page, acts in ACTS.items():
        for act, does in acts.items():
            assert does in writes or (does.startswith(NO) and len(does) > A_REASON), (page, act)
            if does in writes:
                assert writes[does].permission == STAFF[page].permission or page == "/decide/drafts/{draft}", does
    named = {does for acts in ACTS.values() for does in acts.values()} | set(PARTS)
    assert set(writes) <= named
    assert set(PARTS.values()) <= set(STAFF)


def test_no_act_at_an_address_is_left_out_of_the_table() -> None:
    for page, family in FAMILIES.items():
        if page in STAFF:
            assert set(ACTS[page]) == set(family.acts), page
    assert set(ACTS["/console/{session}/{act}"]) == {
        *console.ACTS,
        *(second_run.ACTS | set(care.ACTS)),
        *(console.NEXT, console.UNDO, console.LET_IN),
    }
    for module in {inspect.getmodule(page.endpoint) for page in STAFF.values()}:
        source = inspect.getsource(module) if module else ""
        here = {path for path, page in STAFF.items() if inspect.getmodule(page.endpoint) is module}
        known = {act for path in here for act in ACTS[path]} | THEIR_OWN
        alone = all(does.startswith(NO) for path in here for does in ACTS[path].values())
        for words in re.findall(r'(?:case|text\("act"\) ==|\bact ==) "([a-z -]+)"', source):
            assert alone or words in known, (module, words)
