"""`forum organisation`: what the organisation says of itself, by the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from forum.__main__ import main


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copyfile(sqlite_template, tmp_path / "forum.db")
    return tmp_path


def organisation(data: Path, act: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["organisation", act, "--data", str(data), *options])


def told(data: Path, act: str = "show") -> Any:
    return json.loads(organisation(data, act, "--json").stdout)


def test_what_is_set_is_shown_and_listed(folder: Path) -> None:
    assert "Nothing is said yet." in organisation(folder, "show").output
    Image.new("RGB", (90, 30), (0, 94, 184)).save(folder / "logo.png")
    (folder / "imprint.txt").write_bytes(b"Town Hall\r\n1 High Street")
    said = ("name=Anytown Board", "name.cy=Bwrdd Unlle", f"imprint=@{folder / 'imprint.txt'}")
    done = organisation(folder, "set", *said, "--logo", str(folder / "logo.png"))
    assert (done.exit_code, done.stdout) == (0, "Saved.\n")
    now = told(folder)
    words = {"name": "Anytown Board", "name.cy": "Bwrdd Unlle", "imprint": "Town Hall\n1 High Street"}
    assert now["said"] == words
    assert now["logo"]
    assert "name=Anytown Board\n" in organisation(folder, "show").stdout
    assert organisation(folder, "set", "name.cy=", "--no-logo").exit_code == 0
    del words["name.cy"]
    assert (told(folder)["said"], told(folder)["logo"]) == (words, "")
    last, first = told(folder, "history")["changes"]
    assert (last["changed"], last["by"]) == (["name.cy", "logo"], None)
    assert set(first["changed"]) == {"name", "name.cy", "imprint", "logo"}
    assert "\tforum organisation\t" in organisation(folder, "history").stdout


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((), "Say what to change"),
        (("Anytown",), "Write NAME=WORDS, not Anytown."),
        (("accent=#ffff00",), "contrast"),
        (("nickname=Any",), "nickname"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_saved(folder: Path, said: tuple[str, ...], words: str) -> None:
    refused = organisation(folder, "set", *said)
    assert refused.exit_code != 0
    assert words in refused.output + str(refused.exception or "")
    assert told(folder)["said"] == {}
