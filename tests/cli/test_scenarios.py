"""`forum scenarios check`: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forum.cli.scenarios import scenarios
from forum.stories import twee

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests" / "data" / "twee" / "good.twee"
BROKEN = ROOT / "tests" / "data" / "twee" / "an-island.twee"


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(scenarios, ["check", *map(str, arguments)], catch_exceptions=False)


def test_good_stories_are_passed_without_a_word() -> None:
    result = check(GOOD, *sorted((ROOT / "scenarios").glob("*.twee")))
    assert (result.exit_code, result.output) == (0, "")


def test_each_problem_is_a_line_with_file_line_and_message() -> None:
    result = check(GOOD, BROKEN)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f'{BROKEN}:16: The scene "Island" cannot be reached: no link from the start leads to it.',
        f'{BROKEN}:19: The scene "Second island" cannot be reached: no link from the start leads to it.',
    ]
    assert result.stderr == ""


def test_a_file_that_cannot_be_read_is_one_line_and_the_others_are_still_checked(tmp_path: Path) -> None:
    missing = tmp_path / "missing.twee"
    result = check(missing, BROKEN, tmp_path)
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr.splitlines() == [f"{missing}: No such file or directory", f"{tmp_path}: Is a directory"]


def test_no_file_is_no_success() -> None:
    assert check().exit_code == 2


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 50, b"::", b":: a [script]", "é".encode("utf-16"), b"{" * 999])
def test_whatever_is_in_a_file_it_is_problems_and_never_a_traceback(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.twee"
    file.write_bytes(content)
    result = check(file)
    assert result.exit_code == 1
    assert all(line.startswith(f"{file}:") for line in result.stdout.splitlines())


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "huge.twee"
    with file.open("wb") as stream:
        stream.truncate(100 * twee.MAX_BYTES)
    result = check(file)
    assert (result.exit_code, result.stdout) == (1, f"{file}:1: The file is too big. A story can have 256 KiB.\n")


def test_the_report_as_json_stands_alone_on_standard_output(tmp_path: Path) -> None:
    missing = tmp_path / "missing.twee"
    result = check("--json", GOOD, BROKEN, missing)
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "problems": 2,
        "files": [
            {"file": str(GOOD), "title": "The late bus", "scenes": 4, "decisions": 1, "problems": []},
            {
                "file": str(BROKEN),
                "problems": [
                    {
                        "line": 16,
                        "message": 'The scene "Island" cannot be reached: no link from the start leads to it.',
                    },
                    {
                        "line": 19,
                        "message": 'The scene "Second island" cannot be reached: no link from the start leads to it.',
                    },
                ],
            },
            {"file": str(missing), "error": "No such file or directory"},
        ],
    }
    assert result.stderr == f"{missing}: No such file or directory\n"


TWINE = ROOT / "tests" / "data" / "twine"


def test_a_file_from_twine_is_imported_and_notes_are_no_problem() -> None:
    file = TWINE / "an-island.html"
    result = check(file)
    assert (result.exit_code, result.stdout) == (
        0,
        f'{file}:11: note: The passage "Dark" was left out: no way from the start leads to it.\n',
    )


def test_what_is_wrong_with_a_file_from_twine_stands_beside_the_notes() -> None:
    file = TWINE / "a-vote-with-two-answers.html"
    result = check(file)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f'{file}:9: note: The link "Nobody" was left out: no passage is called "Drak".',
        f'{file}:11: note: The passage "Dark" was left out: no way from the start leads to it.',
        f'{file}:5: The scene "Who?" is a decision with 2 responses; it needs 3 to 5.',
    ]


def test_an_archive_is_reported_story_by_story() -> None:
    result = check("--json", TWINE / "archive.html")
    assert result.exit_code == 0
    (report,) = json.loads(result.stdout)["files"]
    assert report["stories"] == [
        {"title": "One bench", "scenes": 4, "decisions": 1},
        {"title": "Two doors", "scenes": 2, "decisions": 0},
    ]
    assert report["problems"] == []
    assert {"line", "message"} == set(report["notes"][0])


def test_a_huge_archive_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "huge.html"
    with file.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    result = check(file)
    assert result.exit_code == 1
    assert result.stdout == f"{file}:1: The file is too big. An archive can have 8 MiB. Publish each story by itself.\n"
