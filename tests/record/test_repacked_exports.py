"""An export that macOS or Windows made again, a zip of its folder or the folder itself: contents count."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from forum.cli.verify import verify as command
from forum.errors import NotAnExport
from forum.record import audit
from forum.record.verify.archive import FILES, read_export
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS
from forum.record.verify_py import verify_py

MAC = {
    "__MACOSX/": b"",
    "__MACOSX/._night": b"\0\5\26\7",
    "__MACOSX/night/._record.jsonl": b"\0\5\26\7",
    "__MACOSX/night/Icon": b"\0",
    "night/.DS_Store": b"\0\0\0\1Bud1",
}
WINDOWS = {"night/Thumbs.db": b"\xd0\xcf\x11\xe0", "night/desktop.ini": b"[.ShellClassInfo]"}


class _Pipe(io.RawIOBase):
    """A stream that cannot go back: what is zipped into it gets data descriptors, as macOS writes them."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        # The base class promises any buffer, a type that Python names from 3.12 on only.
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(data)  # type: ignore[arg-type]


def zipped(members: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False) -> bytes:
    pipe, out = _Pipe(), io.BytesIO()
    with zipfile.ZipFile(pipe if streamed else out, "w", how) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return bytes(pipe.data) if streamed else out.getvalue()


def under(files: Mapping[str, bytes], folder: str = "night/") -> dict[str, bytes]:
    return {folder + name: body for name, body in files.items()}


def verdicts(data: bytes) -> dict[str, str]:
    return {check.name: check.verdict for check in audit.verify(data)}


def detail(data: bytes) -> str:
    return next(check.detail for check in audit.verify(data) if check.name == "archive")


MADE_AGAIN: list[Callable[[dict[str, bytes]], bytes]] = [
    lambda files: zipped({"night/": b""} | under(files) | MAC, streamed=True),
    lambda files: zipped(under(files) | MAC | WINDOWS),
    lambda files: zipped(dict(reversed(under(files).items())), zipfile.ZIP_STORED),
    lambda files: zipped({"night\\" + name: body for name, body in files.items()}),
    lambda files: zipped({"night\\": b""} | {"night\\" + name: body for name, body in files.items()}),
    lambda files: zipped(under(files, "Exports of Môn/night (1)/")),
    lambda files: zipped(
        {"._record.jsonl": b"\0\5\26\7"} | files | {"__MACOSX/._checkpoint": b"\0", ".DS_Store": b"\0"}
    ),
    lambda files: zipped(files, streamed=True),
]


@pytest.mark.parametrize("made", MADE_AGAIN, ids=lambda made: str(MADE_AGAIN.index(made)))
def test_contents_are_checked_and_the_archive_is_not(
    made: Callable[[dict[str, bytes]], bytes], files: dict[str, bytes]
) -> None:
    found = verdicts(made(files))
    assert found.pop("archive") == NOT_CHECKED
    assert set(found.values()) == {PASS}


@pytest.mark.usefixtures("checks_remembered")
@pytest.mark.parametrize("made", MADE_AGAIN, ids=lambda made: str(MADE_AGAIN.index(made)))
def test_a_changed_byte_or_a_missing_file_still_fails(
    made: Callable[[dict[str, bytes]], bytes], files: dict[str, bytes]
) -> None:
    for number, name in enumerate(FILES):
        body = files[name]
        at = (number * 37) % len(body)
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert FAIL in verdicts(made({**files, name: changed})).values(), name
        if name not in ("record.jsonl", "datapackage.json", "checkpoint"):
            assert verdicts(made({other: files[other] for other in FILES if other != name}))["files"] == FAIL


def test_what_lies_beside_is_counted_in_words(files: dict[str, bytes]) -> None:
    assert "7 things that macOS or Windows put beside them" in detail(zipped(under(files) | MAC | WINDOWS))


def linked(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            info = zipfile.ZipInfo(f"night/{name}")
            if name == "README.txt":
                info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, body)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda f: zipped(under(f) | {"night/../../etc/passwd": b"x"}), "passwd"),
        (lambda f: zipped(under(f, "../")), "leads out"),
        (lambda f: zipped(under(f, "/")), "leads out"),
        (lambda f: zipped(under(f, "C:\\night\\")), "leads out"),
        (lambda f: zipped(under(f, "night/./")), "leads out"),
        (lambda f: zipped(under(f) | f), "does not belong"),
        (lambda f: zipped(under(f) | under(f, "day/")), "does not belong"),
        (lambda f: zipped(under(f) | {"day/record.jsonl": b""}), "does not belong"),
        (lambda f: zipped(under(f) | {"night\\record.jsonl": f["record.jsonl"]}), "there twice"),
        (lambda f: zipped(under(f) | {"night/notes.txt": b"x"}), "does not belong"),
        (lambda f: zipped(under(f) | {"notes.txt": b"x"}), "does not belong"),
        (lambda f: zipped(under(f) | {"night/inside/": b""}), "does not belong"),
        (lambda f: zipped(under(f) | {"night/._/record.jsonl": b""}), "does not belong"),
        (lambda f: zipped(under(f) | {"night/THUMBS.DB/x": b""}), "does not belong"),
        (lambda f: zipped(under(f) | {"__MACOSX": b"#!/bin/sh"}), "does not belong"),
        (linked, "is a link"),
        (lambda f: zipped(under(f)) + b"behind", "in front"),
    ],
)  # fmt: skip
def test_what_is_unsafe_or_unclear_still_fails(
    made: Callable[[dict[str, bytes]], bytes], says: str, files: dict[str, bytes]
) -> None:
    data = made(files)
    assert verdicts(data)["archive"] == FAIL
    assert says in detail(data)


def test_a_name_with_a_nul_in_it_is_not_cut_short(files: dict[str, bytes]) -> None:
    data = zipped(under(files) | {"night/README.txtXevil": b"x"}, zipfile.ZIP_STORED)
    assert "does not belong" in detail(data.replace(b"README.txtXevil", b"README.txt\0evil"))


def test_junk_alone_is_no_export() -> None:
    for members in (MAC, WINDOWS, {"__MACOSX/night/record.jsonl": b""}, {"night/": b""}):
        with pytest.raises(NotAnExport):
            audit.verify(zipped(members))


# ---------------------------------------------------------------- folders


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder


def both(path: Path, folder: Path) -> tuple[tuple[int, str], tuple[int, str]]:
    """Runs `forum verify PATH` and the travelling `verify.py PATH`; gives the exit code and output of each."""
    done = CliRunner().invoke(command, [str(path)])
    program = folder / "travelling.py"
    program.write_bytes(verify_py())
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", str(program), str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    code = 2 if isinstance(done.exception, NotAnExport) else done.exit_code
    return (code, done.output + str(done.exception or "")), (alone.returncode, alone.stdout + alone.stderr)


def test_a_folder_is_checked_by_both(files: dict[str, bytes], tmp_path: Path) -> None:
    folder = written(files | {".DS_Store": b"\0", "notes.txt": b"mine"}, tmp_path / "out" / "night")
    for path in (folder, tmp_path / "out"):  # as "Extract all" leaves it: a folder in a folder
        for (code, said), fine in zip(both(path, tmp_path), (0, 3), strict=True):
            assert code == fine, said
            assert said.splitlines()[-1].startswith("Nothing failed. Not checked: archive")
            assert "NOT CHECKED  archive: this is a folder" in said
            assert "PASS         file digests" in said
            assert "FAIL " not in said
    (folder / "rounds.csv").write_bytes(files["rounds.csv"] + b"\n")
    for code, said in both(folder, tmp_path):
        assert code == 1
        assert "FAIL         file digests: 'rounds.csv' is not" in said
    (folder / "rounds.csv").unlink()
    for code, said in both(folder, tmp_path):
        assert code == 1
        assert "FAIL         files: rounds.csv is missing" in said


def test_a_zip_made_again_is_checked_by_both(files: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "night.zip"
    file.write_bytes(MADE_AGAIN[0](files))
    for (code, said), fine in zip(both(file, tmp_path), (0, 3), strict=True):
        assert code == fine, said
        assert "NOT CHECKED  archive: packed by another program" in said


def test_a_link_in_a_folder_is_not_followed(files: dict[str, bytes], tmp_path: Path) -> None:
    elsewhere = written(files, tmp_path / "elsewhere")
    folder = written(files, tmp_path / "night")
    (folder / "README.txt").unlink()
    (folder / "README.txt").symlink_to(elsewhere / "README.txt")
    for code, said in both(folder, tmp_path):
        assert code == 1
        assert "FAIL         archive: README.txt is a link" in said


def test_two_exports_in_one_folder_are_not_guessed_between(files: dict[str, bytes], tmp_path: Path) -> None:
    for name in ("day", "night"):
        written(files, tmp_path / "out" / name)
    for code, said in both(tmp_path / "out", tmp_path):
        assert code == 2
        assert "day, night" in said


def test_a_folder_without_an_export_is_said_to_hold_none(tmp_path: Path) -> None:
    (tmp_path / "out" / "inside").mkdir(parents=True)
    for code, said in both(tmp_path / "out", tmp_path):
        assert code == 2
        assert "there is no Forum export in" in said


def test_a_folder_too_large_is_not_read(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.record.verify.archive.MAX_EXPORT", 1 << 20)
    folder = written(files | {"ballots.jsonl": bytes(2 << 20)}, tmp_path / "night")
    found, archive = read_export(folder)
    assert (archive.verdict, archive.detail) == (FAIL, "ballots.jsonl is too large")
    assert "ballots.jsonl" not in found
