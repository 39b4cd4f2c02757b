"""The pages of docs/ make a site with search: Sphinx builds it without a warning, and it asks no other host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs")
    # A word that leads nowhere, a page that no list names: every such warning is an error.
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-n",
        "-d",
        made / "doctrees",
        DOCS,
        made / "site",
    ]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr
    return made / "site"


def test_every_page_is_in_the_site_and_in_its_search(site: Path) -> None:
    pages = {file.stem for file in DOCS.glob("*.md")}
    assert {file.stem for file in site.glob("*.html")} >= pages
    [found] = re.findall(r'"?docnames"?:\s*\[([^\]]*)\]', (site / "searchindex.js").read_text())
    assert set(re.findall(r'"([^"]+)"', found)) == pages


def test_the_site_asks_no_other_host(site: Path) -> None:
    for file in site.glob("*.html"):
        asked = re.findall(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(https?:)?//[^"]*"', file.read_text())
        assert asked == [], file.name
