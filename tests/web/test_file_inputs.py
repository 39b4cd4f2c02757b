"""Files are chosen by anything, and checked by content: an iPad greys out what `accept` does not know."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent.parent / "templates"


def test_no_field_for_a_file_says_what_may_be_chosen() -> None:
    fields = [
        (path.name, field)
        for path in TEMPLATES.rglob("*.html")
        for field in re.findall(r"<input[^>]*type=.?file[^>]*>", path.read_text("utf-8"), re.IGNORECASE)
    ]
    assert len(fields) >= 2
    assert [(name, field) for name, field in fields if "accept" in field] == []
