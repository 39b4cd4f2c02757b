"""Finding the files of a Polis export: in a folder, in a zip of them, or beside one of its files.

Polis offers each table as a separate download, so they may lie among other files, in a folder with other exports, or in
a zip that macOS or Windows made of a folder. Nothing is unpacked to disk, and at most MOST_BYTES are read.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from forum.errors import BadInput
from forum.rehearsal.polis import FILES, FileName

# Of all files read together: enough for about a million votes.
MOST_BYTES: Final = 128 * 1024 * 1024
MOST_FILES: Final = 10_000
_DEEPEST: Final = 3  # levels of folders that are searched
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}-\d{4}-")

# The names of an export's files by kind, one of FILES; several names where it is not clear which is meant.
_Export: TypeAlias = Mapping[str, list[str]]


def find(path: Path) -> dict[str, str]:
    """Returns the text of the four files, by name, of the export that `path` names: a folder, a zip, or one of its
    files.

    Raises BadInput where there is none, where a file is missing, not UTF-8, unreadable or too big, and where there are
    several exports and it is not clear which is meant.
    """
    try:
        kind = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise BadInput("There is no file or folder %(path)s.", path=path) from error
    try:
        if stat.S_ISDIR(kind):
            return _of_folder(path)
        if stat.S_ISREG(kind) and (path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)):
            return _of_zip(path)
        if stat.S_ISREG(kind) and path.suffix.lower() == ".csv":
            if FileName.read(path.name) is None:
                raise BadInput("%(path)s is no file of a Polis export.", path=path)
            names = [entry.name for entry in _files(path.parent)]
            return _texts(_only(path, names, path.name), _from_disk(path.parent))
    except OSError as error:
        raise BadInput("%(path)s cannot be read: %(why)s.", path=path, why=error.strerror or error) from error
    raise BadInput("%(path)s is neither a folder nor a zip file with a Polis export.", path=path)


# ---------------------------------------------------------------- folders and zips


def _of_folder(folder: Path) -> dict[str, str]:
    """Returns the export in this folder, or in the folders inside where it directly holds none of its files."""
    names = [entry.name for entry in _files(folder)]
    if not any(FileName.read(name) for name in names):
        names = list(_below(folder))
    if not any(_ours(name) for name in names):
        zips = [entry.name for entry in _files(folder) if entry.name.lower().endswith(".zip")]
        if zips:
            raise BadInput(
                "There is no Polis export in the folder %(path)s. Is %(file)s one? Then name that file.",
                path=folder,
                file=zips[0],
            )
    return _texts(_only(folder, names), _from_disk(folder))


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from sorted((entry for entry in entries if entry.is_file()), key=lambda entry: entry.name)


def _below(folder: Path) -> Iterator[str]:
    """Yields the names of the files in the folder and in folders inside it, with "/" between."""
    seen = 0
    for where, folders, files in os.walk(folder):
        inside = Path(where).relative_to(folder)
        folders[:] = sorted(folders) if len(inside.parts) < _DEEPEST else []
        seen += len(files)
        if seen > MOST_FILES:
            raise BadInput(
                "The folder %(path)s holds too many files. Name the one in which the export lies.", path=folder
            )
        yield from ((inside / name).as_posix() for name in files if (Path(where) / name).is_file())


def _from_disk(folder: Path) -> Callable[[str, int], bytes]:
    def read(name: str, most: int) -> bytes:
        with (folder / name).open("rb") as file:
            return file.read(most)

    return read


def _of_zip(path: Path) -> dict[str, str]:
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises many kinds on damaged archives
        raise BadInput("The zip file %(path)s cannot be read: %(why)s.", path=path, why=error) from error
    with archive:
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise BadInput("%(path)s holds too many files for a Polis export.", path=path)
        # Windows may write backslashes.
        packed = {member.filename.replace("\\", "/"): member for member in members if not member.is_dir()}

        def read(name: str, most: int) -> bytes:
            with archive.open(packed[name]) as file:
                return file.read(most)

        return _texts(_only(path, packed), read)


# ---------------------------------------------------------------- choosing the files


def _ours(name: str) -> FileName | None:
    """Returns the parts of a file's name, given with its folders; None for files that operating systems add by
    themselves.
    """
    where = PurePosixPath(name)
    hidden = where.name.startswith(".") or "__MACOSX" in where.parts
    return None if hidden else FileName.read(where.name)


def _only(path: Path, names: Iterable[str], meant: str = "") -> dict[str, str]:
    """Returns the names, by kind, of the only export among these files, or of the one that the file `meant`
    belongs to.
    """
    same, alike = dict[tuple[str, ...], dict[str, list[str]]](), dict[tuple[str, ...], dict[str, list[str]]]()
    for name in names:
        if said := _ours(name):
            folder = str(PurePosixPath(name).parent)
            same.setdefault((folder, said.before, said.after), {}).setdefault(said.kind, []).append(name)
            # Files of one export that were downloaded in different minutes differ in the date alone.
            alike.setdefault((folder, _DATE.sub("", said.before)), {}).setdefault(said.kind, []).append(name)
    whole: list[dict[str, list[str]]] = []
    for sets in (same, alike):
        candidates = [one for one in sets.values() if not meant or any(meant in some for some in one.values())]
        whole = whole or [one for one in candidates if len(one) == len(FILES)]
    if not whole:
        raise _incomplete(path, candidates)
    if len(whole) > 1:
        which = ", ".join(one[FILES[0]][0] for one in whole)
        how = "Unpack it, and name one file." if path.is_file() else "To say which, name one of its files."
        raise BadInput(
            "There are %(count)s exports in %(path)s: %(which)s. %(how)s",
            count=len(whole),
            path=path,
            which=which,
            how=how,
        )
    for some in whole[0].values():
        if len(some) > 1:
            raise BadInput("Which of these is meant? %(names)s. Take the others away.", names=", ".join(some))
    return {kind: some[0] for kind, some in whole[0].items()}


def _incomplete(path: Path, candidates: Iterable[_Export]) -> BadInput:
    nearest = max(candidates, key=len, default=None)
    if nearest is None:
        return BadInput("There is no Polis export in %(path)s.", path=path)
    missing = next(kind for kind in FILES if kind not in nearest)
    beside = FileName.read(PurePosixPath(next(iter(nearest.values()))[0]).name)
    name = beside.beside(missing) if beside else missing
    return BadInput("%(file)s is missing: download it from the same report, and put it beside the others.", file=name)


def _texts(names: Mapping[str, str], read: Callable[[str, int], bytes]) -> dict[str, str]:
    """Returns each file's text by its name without folders. `read` takes a name and the most bytes to read."""
    texts: dict[str, str] = {}
    room = MOST_BYTES
    for kind in FILES:
        called = PurePosixPath(names[kind]).name
        try:
            data = read(names[kind], room + 1)
        except Exception as error:  # as above, of a file in an archive
            raise BadInput("%(file)s cannot be read: %(why)s.", file=called, why=error) from error
        room -= len(data)
        if room < 0:
            raise _too_big(called)
        try:
            texts[called] = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput("%(file)s is not UTF-8.", file=called) from error
    return texts


def _too_big(what: object) -> BadInput:
    return BadInput(
        "%(file)s is too big: a conversation can have %(most)s MiB in all.", file=what, most=MOST_BYTES // (1024 * 1024)
    )
