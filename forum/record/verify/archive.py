"""The files of an export: listed, described, packed as a zip, and read from a zip or a folder."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from forum.record.verify.table_schemas import header_of, readme_words, resource_name, table_schema
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, Check, LaterFormat, NoExport, few

# The most bytes that are unpacked from one export, so that a small archive cannot fill the memory.
MAX_EXPORT = 1 << 29
# Tables by the format that brought them. The operator's own follow from nothing in the record.
_TABLES_SINCE = {
    1: ("decisions.csv", "rounds.csv", "results_by_group.csv", "view_shift.csv", "commitments.csv"),
    4: (
        *("sessions.csv", "options.csv", "stories.csv", "moderation.csv", "erasures.csv"),
        *("attendance.csv", "reasons.csv", "stops.csv", "proposals.csv", "amendments.csv", "evidence.csv"),
    ),
    5: (
        "commissions.csv",
        "stages.csv",
        "updates.csv",
        "noticed.csv",
        "pledges.csv",
        "differences.csv",
        "answers_due.csv",
        "conditions.csv",
        "corrections.csv",
        "dissent.csv",
        "predictions.csv",
    ),
}
TABLES = tuple(name for names in _TABLES_SINCE.values() for name in names)
LINES = ("ballots.jsonl", "record.jsonl", "disclosures.jsonl")
# Every file of an export, in the order they are packed; datapackage.json describes all but the last two.
FILES = (
    *TABLES,
    *LINES,
    "checkpoint",
    "public_key.pem",
    "verify.py",
    "README.txt",
    "datapackage.json",
    "datapackage.sig",
)
DESCRIBED = FILES[:-2]
# A folder or archive with at least one of these is taken for an export.
_HEART = frozenset({"record.jsonl", "datapackage.json", "checkpoint"})
# Files that macOS and Windows add by themselves, in lower case.
_BESIDE = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
# The number of the export format: it goes up with every change to its files or to the columns of its tables.
FORMAT = 5
# The first format whose datapackage.json describes the tables' columns, and says when and of what it was made; it also
# brought more tables.
_WITH_SCHEMAS = 4
# The first format that says of which session it is, where it is of one.
_WITH_SESSIONS = 5
_MEDIA = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "pem": "application/x-pem-file",
    "py": "text/x-python",
}


def tables_of(format_number: int) -> tuple[str, ...]:
    """Returns the names of the tables of an export of this format, in the order they are packed."""
    return tuple(name for since, names in _TABLES_SINCE.items() if since <= format_number for name in names)


def files_of(format_number: int) -> tuple[str, ...]:
    """Returns the names of the files of an export of this format, in the order they are packed."""
    return (*tables_of(format_number), *FILES[len(TABLES) :])


def refuse_unknown_format(files: Mapping[str, bytes]) -> None:
    """Raises LaterFormat where an export is of a later format, which nothing here could judge rightly."""
    try:
        number = json.loads(files["datapackage.json"])["forum_export"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return  # checked, and failed, with the files
    if type(number) is int and number > FORMAT:
        raise LaterFormat(
            f"it is written in format {number}, and this program knows formats 1 to {FORMAT}: take the verify.py of a "
            "newer Forum, which its source has as forum/record/verify"
        )


Measure: TypeAlias = tuple[int, str]


def measure(data: bytes) -> Measure:
    """Returns the size of a file and its SHA-256 in hex."""
    return len(data), hashlib.sha256(data).hexdigest()


def describe(
    files: Mapping[str, bytes],
    commission: str | None,
    format_number: int = FORMAT,
    measures: Mapping[str, Measure] | None = None,
    session: str | None = None,
) -> bytes:
    """Returns the bytes of datapackage.json: path, size and SHA-256 of every other file, for one session of a
    commission, one commission, or all.

    From format 4 on the tables' columns too, in the words of README.txt, and what it was made of and when. `measures`
    has the sizes and hashes of files that are not whole in `files`: of record.jsonl the last line is enough, of other
    lines nothing. Raises errors of any kind where the files are damaged.
    """
    measured = {path: measure(data) for path, data in files.items()} if measures is None else measures
    resources = [
        {
            "name": resource_name(path),
            "path": path,
            "mediatype": _MEDIA.get(path.rpartition(".")[2], "text/plain"),
            "encoding": "utf-8",
            "bytes": measured[path][0],
            "hash": "sha256:" + measured[path][1],
        }
        for path in DESCRIBED
        if path in files
    ]
    package: dict[str, Any] = {"name": "forum-export", "forum_export": format_number, "commission": commission}
    if format_number >= _WITH_SESSIONS:
        package["session"] = session
    if format_number >= _WITH_SCHEMAS:
        said = readme_words(files.get("README.txt", b""))
        package |= _about(files, said)
        for resource in resources:
            path = str(resource["path"])
            if path in TABLES:
                resource |= {"type": "table", "format": "csv"}
                resource["schema"] = table_schema(path, header_of(files[path]), said.get(path, {}))
            else:
                resource["type"] = "file"
    return json.dumps(package | {"resources": resources}, indent=2).encode() + b"\n"


def _about(files: Mapping[str, bytes], said: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Returns what datapackage.json says of the whole: title, licence, time of the last entry, and the record that it
    was made of, by the name in its checkpoint.
    """
    last = files["record.jsonl"].rstrip(b"\n").rpartition(b"\n")[2]
    origin = files["checkpoint"].partition(b"\n")[0].decode()
    export = said.get("this export", {})
    about: dict[str, Any] = {"title": export["title"]} if "title" in export else {}
    if last:
        about["created"] = json.loads(last)["at"]
    if licence := export.get("licence"):
        about["licenses"] = [{"path" if "://" in licence else "name": licence}]
    return about | {"sources": [{"title": f"The public record {origin}"}]}


def pack(files: Mapping[str, bytes]) -> bytes:
    """Returns the files as a zip; the same files always give the same bytes (no compression, no times)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in FILES:
            if name in files:
                archive.writestr(member_info(name), files[name])
    return out.getvalue()


def member_info(name: str) -> zipfile.ZipInfo:
    """Returns what the zip says of a file beside its content: its name, that everybody may read it, and no time."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o100644 << 16
    return info


def unpack(data: bytes) -> tuple[dict[str, bytes], Check]:
    """Returns the files of a zipped export, and the check of the archive itself.

    The zip may have been packed by another program, inside a folder and with files that macOS and Windows add. Nothing
    is written to disk, and files other than FILES are not read. Raises NoExport.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except Exception as error:  # zipfile raises many kinds on damaged archives
        raise NoExport(f"this is no zip file that can be read ({error})") from error
    # The original names, because zipfile cuts a name at a NUL; Windows may write backslashes.
    names = [member.orig_filename.replace("\\", "/") for member in members]
    beside = {name for name in names if _is_beside(name)}
    folder = _folder(name for name in names if name not in beside)
    files: dict[str, bytes] = {}
    problems = []
    room = MAX_EXPORT
    for path, member in zip(names, members, strict=True):
        name = path.removeprefix(folder)
        if path in beside or (path and folder.startswith(path) and path.endswith("/")):
            continue
        if name not in FILES or not path.startswith(folder):
            problems.append(f"{path!a} does not belong in an export")
        elif name in files:
            problems.append(f"{name} is there twice")
        elif stat.S_ISLNK(member.external_attr >> 16):
            problems.append(f"{name} is a link")
        elif member.file_size > room:
            problems.append(f"{name} is too large")
        elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            problems.append(f"{name} is packed in a way that is not read here")
        else:
            try:
                files[name] = archive.read(member)
                room -= len(files[name])
            except Exception as error:  # as above; a file that cannot be read is one that fails
                problems.append(f"{name} cannot be read ({error})")
    if folder and not all(part.strip(".") and ":" not in part for part in folder.removesuffix("/").split("/")):
        problems.append(f"{folder!a} leads out of the archive")
    if min(member.header_offset for member in members) or data[-22:-18] != b"PK\x05\x06" or data[-2:] != b"\0\0":
        problems.append("there is something in front of the archive or behind it")
    if problems:
        return files, Check("archive", FAIL, few(problems))
    if pack(files) != data:
        words = "packed by another program than Forum: what the archive holds beside the files was not looked at"
        if beside:
            words += f"; nor were {len(beside)} things that macOS or Windows put beside them"
        return files, Check("archive", NOT_CHECKED, words)
    return files, Check("archive", PASS, "packed exactly as Forum does it")


def _is_beside(name: str) -> bool:
    """Returns whether a name in an archive is that of a file that macOS or Windows adds by itself."""
    *folders, last = name.split("/")
    if "__MACOSX" in folders:
        return True
    return (last.startswith("._") and len(last) > 2) or last.lower() in _BESIDE


def _folder(names: Iterable[str]) -> str:
    """Returns the folder of an archive that holds most files of an export, "" or ending in "/". Raises NoExport."""
    there = Counter[str]()
    hearts = set()
    for name in names:
        folder, slash, last = name.rpartition("/")
        there[folder + slash] += last in FILES
        hearts |= {folder + slash} if last in _HEART else set()
    if not hearts:
        raise NoExport("this zip file is no Forum export")
    return max(hearts, key=lambda folder: there[folder])


def read_export(path: Path) -> tuple[dict[str, bytes], Check]:
    """Returns the files of an export, a zip or a folder, and the check of the archive. Raises NoExport and OSError."""
    if path.is_dir():
        return read_folder(path)
    if path.stat().st_size > MAX_EXPORT:
        raise NoExport("this file is too large for an export")
    return unpack(path.read_bytes())


def read_folder(folder: Path) -> tuple[dict[str, bytes], Check]:
    """Returns the files of an unpacked export in this folder, or in its only subfolder that holds one, and the check of
    it.

    Other files in the folder are ignored, and links are not followed. Raises NoExport.
    """
    if not _holds_export(folder):
        inside = sorted(path for path in folder.iterdir() if path.name != "__MACOSX" and _holds_export(path))
        if not inside:
            raise NoExport(f"there is no Forum export in {folder}")
        if len(inside) > 1:
            raise NoExport(f"there are several in {folder}, name one: {', '.join(path.name for path in inside)}")
        folder = inside[0]
    files: dict[str, bytes] = {}
    problems = []
    room = MAX_EXPORT
    for name in FILES:
        file = folder / name
        if file.is_symlink():
            problems.append(f"{name} is a link")
        elif file.is_file():
            with file.open("rb") as opened:
                body = opened.read(room + 1)
            if len(body) > room:
                problems.append(f"{name} is too large")
            else:
                files[name] = body
                room -= len(body)
    if problems:
        return files, Check("archive", FAIL, few(problems))
    return files, Check("archive", NOT_CHECKED, "this is a folder: what else lies in it was not looked at")


def _holds_export(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _HEART)
