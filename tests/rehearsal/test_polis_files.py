"""A Polis export as people have it: a folder, the zip, one of its files; today's file names and the older ones."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rehearsal.test_polis import SHIPPED, SMALL

from forum.errors import BadInput
from forum.rehearsal import polis_files
from forum.rehearsal.audience import replayed
from forum.rehearsal.polis import FILES, PARTICIPANTS, VOTES, Conversation, read
from forum.rehearsal.polis_files import find

TODAY = Path(__file__).parents[3] / "shared" / "cases" / "polis-today"
STAMP = "2026-03-02-0915-8kmxqz2abc-"
JUNK = {
    "__MACOSX/night/._votes.csv": b"\0\5\26\7",
    "night/.DS_Store": b"\0\0\0\1Bud1",
    "night/._summary.csv": b"\0\5\26\7",
    "night/Thumbs.db": b"\xd0\xcf\x11\xe0",
    "night/desktop.ini": b"[.ShellClassInfo]",
    "night/read me.txt": b"our export",
}


def exported(before: str = STAMP, *, folder: str = "", after: str = "") -> dict[str, bytes]:
    """Returns the small conversation, named as Polis names an export today."""
    name = {PARTICIPANTS: "participant-votes.csv"}
    return {
        f"{folder}{before}{name.get(kind, kind)[:-4]}{after}.csv": text.encode() for kind, text in SMALL.items()
    } | {f"{folder}{before}comment-groups{after}.csv": b"comment-id,comment,total-votes\r\n10,A nurse,2\r\n"}


def written(into: Path, files: Mapping[str, bytes]) -> Path:
    for name, body in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_bytes(body)
    return into


def zipped(file: Path, files: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return file


def conversation(path: Path) -> Conversation:
    return read(find(path))


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as error:
        conversation(path)
    return str(error.value)


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize(
    "files",
    [
        exported(),
        exported(""),
        exported("2026-03-02-0915-r3nhe9auvzhr36dwaytsk-"),
        exported("r2jstrdchy3udbrf8arjx-"),
        exported(after=" (1)"),
        exported(after=" 2"),
        {kind: text.encode() for kind, text in SMALL.items()},
        {"old-" + kind: text.encode() for kind, text in SMALL.items()},
        {name.upper(): body for name, body in exported().items()},
        {name: body for name, body in exported().items() if "groups" not in name},
        {name: b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n") for name, body in exported().items()},
        exported() | {"2026-03-02-0915-8kmxqz2abc-participant-importance.csv": b"participant,importance\n"},
        exported(folder="night/") | JUNK,
        exported(folder="Exports of the ward/night/") | JUNK,
    ],
    ids=lambda files: next(iter(files)),
)
def test_a_folder_and_a_zip_are_found_whatever_their_files_are_called(files: dict[str, bytes], tmp_path: Path) -> None:
    expected = read(SMALL)
    assert conversation(written(tmp_path / "folder", files)) == expected
    assert conversation(zipped(tmp_path / "export.zip", files)) == expected
    assert conversation(zipped(tmp_path / "export", dict(reversed(files.items())), zipfile.ZIP_STORED)) == expected
    backslashes = {name.replace("/", "\\"): body for name, body in files.items()}
    assert conversation(zipped(tmp_path / "windows.zip", backslashes)) == expected


def test_files_downloaded_one_after_another_are_one_export(tmp_path: Path) -> None:
    """The page of a report puts the minute in which it was opened before each name."""
    files = {name.replace("0915", f"09{15 + number}"): body for number, (name, body) in enumerate(exported().items())}
    found = find(written(tmp_path, files))
    assert read(found) == read(SMALL)
    assert set(found) == {name for name in files if "groups" not in name}


def test_what_is_taken_is_said(tmp_path: Path) -> None:
    written(tmp_path, exported() | {"2026-03-09-1000-8kmxqz2abc-votes.csv": b"not whole"})
    assert set(find(tmp_path)) == set(exported()) - {STAMP + "comment-groups.csv"}


def test_of_several_exports_the_one_that_is_meant_must_be_said(tmp_path: Path) -> None:
    other = "2026-04-01-1200-5other77xy-"
    both = exported() | exported(other) | exported(folder="older/", before="")
    folder = written(tmp_path / "both", both)
    said = refusal(folder)
    assert f"2 exports in {folder}: {STAMP}summary.csv, {other}summary.csv. " in said
    assert "name one of its files" in said
    for one in (STAMP + "votes.csv", other + "participant-votes.csv", "older/comments.csv", "older"):
        assert conversation(folder / one) == read(SMALL)
    below = written(tmp_path / "below", exported(folder="May/", before="") | exported(folder="June/", before=""))
    assert "June/summary.csv, May/summary.csv" in refusal(below)
    assert "Unpack it" in refusal(zipped(tmp_path / "both.zip", both))


def test_a_file_that_is_of_no_export_is_not_taken_for_its_neighbours(tmp_path: Path) -> None:
    written(tmp_path, exported() | {"notes.csv": b"a,b\n", "5other77xy-votes.csv": b"a,b\n"})
    assert "notes.csv is no file of a Polis export" in refusal(tmp_path / "notes.csv")
    assert "5other77xy-summary.csv is missing" in refusal(tmp_path / "5other77xy-votes.csv")


def test_the_same_table_under_two_names_is_not_guessed_between(tmp_path: Path) -> None:
    files = exported("") | {PARTICIPANTS: SMALL[PARTICIPANTS].encode()}
    said = refusal(written(tmp_path, files))
    assert "participant-votes.csv" in said
    assert "participants-votes.csv" in said


@pytest.mark.parametrize("name", [name for name in exported() if "groups" not in name])
def test_a_missing_file_is_called_by_its_own_name(name: str, tmp_path: Path) -> None:
    files = {other: body for other, body in exported().items() if other != name}
    assert refusal(written(tmp_path / "folder", files)).startswith(f"{name} is missing")
    assert refusal(zipped(tmp_path / "a.zip", files)).startswith(f"{name} is missing")


def test_faults_name_the_file_as_it_is_called(tmp_path: Path) -> None:
    files = exported()
    files[STAMP + "votes.csv"] = files[STAMP + "votes.csv"].replace(b"300,then", b"soon,then")
    assert refusal(written(tmp_path, files)).startswith(f"{STAMP}votes.csv, line 4: timestamp is 'soon'")
    (tmp_path / f"{STAMP}votes.csv").write_bytes(exported()[STAMP + "votes.csv"].decode().encode("utf-16"))
    assert refusal(tmp_path) == f"{STAMP}votes.csv is not UTF-8."


def test_nothing_there_is_said(tmp_path: Path) -> None:
    assert "There is no file or folder" in refusal(tmp_path / "nowhere")
    assert "no Polis export" in refusal(tmp_path)
    written(tmp_path, {"notes.txt": b"hello"})
    assert "notes.txt is neither" in refusal(tmp_path / "notes.txt")
    zipped(tmp_path / "pictures.zip", {"a.png": b"\x89PNG"})
    assert "no Polis export" in refusal(tmp_path / "pictures.zip")
    assert "pictures.zip" in refusal(tmp_path)  # the folder holds a zip: perhaps that is meant
    os.mkfifo(tmp_path / "summary.csv")
    assert "is neither" in refusal(tmp_path / "summary.csv")


# ---------------------------------------------------------------- bounds


def test_a_zip_that_swells_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polis_files, "MOST_BYTES", 1 << 20)
    swollen = exported() | {STAMP + "votes.csv": bytes(1 << 24)}
    bomb = zipped(tmp_path / "bomb.zip", swollen)
    assert bomb.stat().st_size < 1 << 16
    assert "too big" in refusal(bomb)
    true, small = (1 << 24).to_bytes(4, "little"), (10).to_bytes(4, "little")
    lying = bomb.read_bytes()
    assert lying.count(true) == 2
    bomb.write_bytes(lying.replace(true, small))
    assert STAMP + "votes.csv" in refusal(bomb)
    assert "too big" in refusal(written(tmp_path / "folder", swollen))


def test_the_bound_is_on_all_files_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(len(body) for name, body in exported().items() if "groups" not in name)
    folder, archive = written(tmp_path / "folder", exported()), zipped(tmp_path / "a.zip", exported())
    monkeypatch.setattr(polis_files, "MOST_BYTES", size)
    assert conversation(folder) == conversation(archive) == read(SMALL)
    monkeypatch.setattr(polis_files, "MOST_BYTES", size - 1)
    assert "too big" in refusal(folder)
    assert "too big" in refusal(archive)


def locked(data: bytes) -> bytes:
    """Marks every file in the zip as if it had a password."""
    return data.replace(b"PK\x03\x04\x14\0\0", b"PK\x03\x04\x14\0\1").replace(
        b"PK\1\2\x14\x03\x14\0\0", b"PK\1\2\x14\x03\x14\0\1"
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-30],
        lambda data: data.replace(b"10,7", b"10,8"),
        locked,
        lambda data: data.replace(b"PK\1\2", b"PK\1\1", 1),
    ],
    ids=["cut off", "changed", "locked", "damaged"],
)
def test_a_damaged_zip_is_one_sentence(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", exported(), zipfile.ZIP_STORED)
    damaged = damage(file.read_bytes())
    assert damaged != file.read_bytes()
    file.write_bytes(damaged)
    assert re.match(r"(The zip file .*a\.zip|2026-03-02-0915-8kmxqz2abc-\S+\.csv) cannot be read: ", refusal(file))


def test_a_zip_with_very_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polis_files, "MOST_FILES", 20)
    assert "too many files" in refusal(zipped(tmp_path / "a.zip", exported() | {f"{n}.txt": b"" for n in range(20)}))


def test_a_name_that_leads_out_of_the_zip_writes_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    assert conversation(zipped(inside / "a.zip", exported(folder="../"))) == read(SMALL)
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b", "a.zip"]


# ---------------------------------------------------------------- what today's export holds


def todays(votes: str, people: str) -> Conversation:
    """Reads the small conversation, with other votes or participants, as exported today: times in whole seconds."""
    return read(
        {name if name != PARTICIPANTS else "participant-votes.csv": text for name, text in SMALL.items()}
        | {VOTES: votes, "participant-votes.csv": people}
    )


def test_of_two_votes_in_one_second_the_table_of_participants_knows_the_last() -> None:
    votes = SMALL[VOTES] + "500,then,2,7,1\n"
    for last, opinion in (("1", "agree"), ("-1", "disagree")):
        people = SMALL[PARTICIPANTS].replace("1,-1,0\n", f"1,{last},0\n")
        assert todays(votes, people).expected()[2][opinion] == 1


def test_a_vote_that_was_changed_since_may_stand_in_todays_table() -> None:
    """Polis reads the votes of a participant in no order: the table has one of them."""
    earlier = SMALL[PARTICIPANTS].replace(",-1,0\n", ",-1,1\n")
    found = todays(SMALL[VOTES], earlier)
    assert found.expected() == read(SMALL).expected()
    assert found.cells_behind == 1
    never = SMALL[PARTICIPANTS].replace(",-1,0\n", ",1,0\n")
    with pytest.raises(
        BadInput, match=r"participant-votes\.csv, line 3: the vote of participant 7 on statement 2 is none"
    ):
        todays(SMALL[VOTES], never)
    with pytest.raises(BadInput, match="on statement 2"):
        todays(SMALL[VOTES], SMALL[PARTICIPANTS].replace(",-1,0\n", ",,0\n"))
    assert read(SMALL).cells_behind == 0


def test_columns_may_stand_in_another_order_and_have_spaces_around_them() -> None:
    rows = ("vote, voter-id ,comment-id,datetime,timestamp", "-1,7,2,then,500", "1,7,10,then,100", "0,8,10,then,300")
    votes = "\n".join([*rows, "0,7,10,then,400", "1,8,10,then,400"])
    assert read(SMALL | {VOTES: votes}) == read(SMALL)


@pytest.mark.skipif(not TODAY.exists(), reason="the shared cases are not here")
def test_the_export_of_today_is_replayed(tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in TODAY.iterdir()}
    whole = conversation(TODAY)
    assert conversation(zipped(tmp_path / "a.zip", files)) == whole
    assert (whole.topic, len(whole.participants), len(whole.votes)) == ("Night line", 4, 8)
    assert whole.expected() == {0: {"agree": 3, "disagree": 1, "pass": 0}, 1: {"agree": 2, "disagree": 1, "pass": 1}}
    assert whole.source_totals_wrong == ()
    script = replayed(whole)
    assert [act.question for act in script.acts] == ["Keep it, at least at weekends", "Train more people"]
    assert script.groups == ("Group 0", "Group 1")


def test_the_older_export_is_still_read(tmp_path: Path) -> None:
    found = find(SHIPPED)
    assert set(found) == set(FILES)
    assert len(read(found).votes) == 640
    packed = zipped(tmp_path / "a.zip", {f"openData/{file.name}": file.read_bytes() for file in SHIPPED.iterdir()})
    assert find(packed) == found
