"""The record: entries, hashes, proofs, checkpoint, and the check of a whole export.

Standard library only: a copy of this file is in every export as `verify.py`, so that it can be read and run by anybody
who has Python 3.11 or later:

    python verify.py FILE.zip      checks a packed export, also one packed again by another program
    python verify.py FOLDER        checks an unpacked export
    python verify.py               checks the unpacked export in whose folder it lies

It prints PASS, FAIL or NOT CHECKED for each check. Its exit code is 1 if any check failed, 2 if there is no export,
else 0.

Sources: RFC 9162 section 2.1 (tree and proofs), RFC 8785 (canonical JSON; only the values that can be written in one
way), RFC 9901 (disclosures), C2SP signed-note and tlog-checkpoint. docs/record.md says what all this proves and what it
does not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import stat
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeGuard

PASS, FAIL, NOT_CHECKED = "PASS", "FAIL", "NOT CHECKED"
MAX_INT = 2**53 - 1
# The most bytes that are unpacked from one export, so that a small archive cannot fill the memory.
MAX_EXPORT = 1 << 29

TABLES = ("decisions.csv", "rounds.csv", "results_by_group.csv", "view_shift.csv", "commitments.csv")
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
FORMAT = 3
# The values of a ballot leaf's "by", which is present in rounds with papers counted by hand.
PAPER, DEVICE, PAPER_OR_DEVICE = ORIGINS = ("paper", "device", "paper or device")
# Every type of entry that can be checked; others come from a later version.
TYPES = frozenset(
    {
        "scenario published",
        "session opened",
        "round opened",
        "round extended",
        "round closed",
        "round revealed",
        "round annulled",
        "decision",
        "commitment",
        "moderation action",
        "erasure",
    }
)
_MEDIA = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "pem": "application/x-pem-file",
    "py": "text/x-python",
}


class RecordError(ValueError):
    """A proof, entry, note or argument that is not valid. The message says why."""


class NoExport(RecordError):
    """An input that is not an export, so that nothing can be checked."""


# ---------------------------------------- the tree (RFC 9162, section 2.1)


def leaf_hash(entry: bytes) -> bytes:
    """Returns the hash of a leaf (32 bytes): SHA-256 of a zero byte and the entry."""
    if not isinstance(entry, bytes):
        raise RecordError("an entry is bytes")
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Returns the root over these leaf hashes (RFC 9162, 2.1.1); SHA-256 of no bytes where there are none."""
    level = _hashes(leaf_hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises RecordError unless `proof` shows that `leaf_hash` is leaf `index` of the tree of this size and root.

    The algorithm of RFC 9162, 2.1.3.2.
    """
    at, last = _size(index, "index"), _size(size, "size") - 1
    if at > last:
        raise RecordError(f"there is no leaf {index} in a tree of {size}")
    result = _hash(leaf_hash)
    expected = _hash(root)
    for step in _hashes(proof):
        if last == 0:
            raise RecordError("the proof is too long")
        if at & 1 or at == last:
            result = _node(step, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = _node(result, step)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise RecordError("the proof is too short")
    if result != expected:
        raise RecordError("the proof leads to another root")


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raises RecordError unless `proof` shows that the old tree is the beginning of the new one.

    The algorithm of RFC 9162, 2.1.4.2, for 0 < old_size < new_size. An old size of 0 is refused: nothing can be proved
    from an empty tree. Equal sizes, which the RFC leaves out, are accepted with equal roots and an empty proof.
    """
    old, new = _size(old_size, "old size"), _size(new_size, "new size")
    before, after, path = _hash(old_root), _hash(new_root), _hashes(proof)
    if not 0 < old <= new:
        raise RecordError(f"no proof leads from {old} to {new} leaves")
    if old == new:
        if path or before != after:
            raise RecordError("trees of one size must have one root, and need no proof")
        return
    if not path:
        raise RecordError("the proof is empty")
    if old & (old - 1) == 0:
        path = [before, *path]
    first, second = old - 1, new - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    old_result = new_result = path[0]
    for step in path[1:]:
        if second == 0:
            raise RecordError("the proof is too long")
        if first & 1 or first == second:
            old_result, new_result = _node(step, old_result), _node(step, new_result)
            while not first & 1 and first:
                first, second = first >> 1, second >> 1
        else:
            new_result = _node(new_result, step)
        first, second = first >> 1, second >> 1
    if second != 0:
        raise RecordError("the proof is too short")
    if old_result != before or new_result != after:
        raise RecordError("the proof leads to other roots")


def _level_above(level: list[bytes]) -> list[bytes]:
    # A node without a neighbour moves up unchanged; this gives the same tree as splitting at powers of two.
    above = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*above, level[-1]] if len(level) % 2 else above


def _hash(value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) != 32:
        raise RecordError("a hash is 32 bytes")
    return value


def _hashes(values: object) -> list[bytes]:
    if not isinstance(values, list | tuple):
        raise RecordError("a list of hashes is needed")
    return [_hash(value) for value in values]


def _size(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RecordError(f"the {what} must be a whole number from 0 up")
    return value


# ---------------------------------------- ways of voting (docs/methods.md)

# The columns counted by methods that do not count responses.
_FIXED = {
    "consent": ("agree", "agree_if", "stand_aside", "cannot_live_with"),
    "opinion": ("agree", "disagree", "pass"),
}
METHODS = frozenset({"single", "approval", "ranked", "score", *_FIXED})


def marks(method: str, choice: str, responses: Sequence[str]) -> list[str]:
    """Returns the columns that a ballot counts for. Raises RecordError for a choice that the round did not allow."""
    named = [choice]
    allowed = choice in _FIXED.get(method, responses)
    if method == "approval":
        named = choice.split(" ")
        allowed = named == [r for r in responses if r in named] and ("none" not in named or named == ["none"])
    elif method == "ranked":
        order = choice.split(">")
        named = order[:1]
        allowed = set(order) <= set(responses) and len(set(order)) == len(order) and "none" not in order[:-1]
    elif method == "score":
        named = choice.split(" ")
        given = [part.partition("=") for part in named]
        allowed = [part[0] for part in given] == list(responses) and all(part[2] in tuple("12345") for part in given)
    if not allowed:
        raise RecordError("a vote for something that was not asked")
    return named


def tally(method: str, choices: Sequence[str], responses: Sequence[str]) -> dict[str, int]:
    """Returns how many ballots count for each column, zeros included. Raises RecordError as `marks` does."""
    columns = _FIXED.get(method, responses)
    if method == "score":
        columns = [f"{response}={number}" for response in responses for number in range(1, 6)]
    counted = Counter(mark for choice in choices for mark in marks(method, choice, responses))
    return {column: counted[column] for column in columns}


def figures(method: str, choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """Returns the further figures of a result: the rounds of a run-off, or means and medians of scores; else None.

    Means and medians are whole numbers, in ten thousandths of a point. None also for scores without any ballot.
    """
    if method == "ranked":
        return _run_off([tuple(choice.split(">")) for choice in choices], tuple(responses))
    if method != "score" or not choices:
        return None
    scores = {r: sorted(int(c.split(" ")[i][-1]) for c in choices) for i, r in enumerate(responses)}
    half = len(choices) // 2
    return {
        "mean": {r: (20_000 * sum(s) + len(s)) // (2 * len(s)) for r, s in scores.items()},
        "median": {r: 5_000 * (s[half] + s[-half - 1]) for r, s in scores.items()},
    }


def _run_off(ballots: Sequence[tuple[str, ...]], standing: tuple[str, ...]) -> dict[str, Any]:
    """Returns the rounds of a run-off, in each of which the last responses are eliminated until one has more than half.

    Several last ones are eliminated together where the sum of their votes is smaller than the next one's. Otherwise the
    run-off ends there: `tied` maps each of them to the winners that its elimination leads to, and `winners` unites
    these.
    """
    rounds: list[dict[str, Any]] = []
    while True:
        firsts = Counter(next((r for r in order if r in standing), None) for order in ballots)
        counts = {r: firsts[r] for r in standing}
        rounds.append({"counts": counts, "exhausted": firsts[None], "out": []})
        total, least = sum(counts.values()), min(counts.values())
        won = [r for r in standing if 2 * counts[r] > total]
        if won or not total:
            return {"rounds": rounds, "tied": {}, "winners": won}
        out = [r for r in standing if counts[r] == least]
        above = [n for n in counts.values() if n > least]
        if len(out) > 1 and (not above or least * len(out) >= min(above)):
            tied = {r: _run_off(ballots, tuple(s for s in standing if s != r))["winners"] for r in out}
            winners = [r for r in standing if any(r in who for who in tied.values())]
            return {"rounds": rounds, "tied": tied, "winners": winners}
        rounds[-1]["out"] = out
        standing = tuple(r for r in standing if r not in out)


# ---------------------------------------- canonical JSON (RFC 8785) and disclosures (RFC 9901)


def canonical(value: object) -> bytes:
    """Returns `value` as canonical JSON (RFC 8785), in UTF-8.

    Takes strings, integers of less than 2^53 either way, True, False, None, lists, and dicts with ASCII keys. Raises
    RecordError for anything else, floats and lone surrogates included.
    """
    try:
        _check_value(value)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return text.encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise RecordError("this text cannot be written as JSON") from error


def _check_value(value: object) -> None:
    if value is None or type(value) in (str, bool):
        return
    if type(value) is int:
        if abs(value) > MAX_INT:
            raise RecordError("a number is too large for JSON")
    elif type(value) is list:
        for item in value:
            _check_value(item)
    elif type(value) is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise RecordError("a name in an object must be ASCII text")
            _check_value(item)
    else:
        raise RecordError(f"a value of type {type(value).__name__} has no place in the record")


def parse_canonical(line: bytes) -> Any:
    """Returns the value of canonical JSON. Raises RecordError for any bytes that `canonical` would not write."""
    try:
        value = json.loads(line.decode(), object_pairs_hook=_no_name_twice)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not readable as JSON: {error}") from error
    if canonical(value) != line:
        raise RecordError("JSON, but not in its canonical form")
    return value


def _no_name_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise RecordError("a name stands twice in one object")
    return value


def parse_lines(data: bytes) -> list[Any]:
    """Returns the values of canonical JSON lines, each ended by a newline. Raises RecordError with the line's
    number.
    """
    lines = data.split(b"\n")
    if lines.pop() != b"":
        raise RecordError("the last line is not ended")
    values = []
    for number, line in enumerate(lines, 1):
        try:
            values.append(parse_canonical(line))
        except RecordError as error:
            raise RecordError(f"line {number}: {error}") from error
    return values


def _to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_base64(text: str, alphabet: bytes = b"+/") -> bytes:
    """Returns the decoded bytes. Raises RecordError for stray characters, missing padding or a non-canonical
    encoding.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), altchars=alphabet, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RecordError("not readable as base64") from error
    if base64.b64encode(data, alphabet).decode() != text:
        raise RecordError("base64, but not spelt in its one right way")
    return data


def disclosure(salt: str, name: str, value: Any) -> tuple[str, str]:
    """Returns the digest that an entry holds for `value`, and the encoded disclosure that opens it (RFC 9901, 4.2)."""
    encoded = _to_base64url(canonical([salt, name, value]))
    return disclosure_digest(encoded), encoded


def disclosure_digest(encoded: str) -> str:
    """Returns the SHA-256 of an encoded disclosure in base64url without padding (43 characters)."""
    return _to_base64url(hashlib.sha256(encoded.encode("ascii")).digest())


def open_disclosure(encoded: str) -> tuple[str, str, Any]:
    """Returns salt, name and value of a disclosure. Raises RecordError for anything that `disclosure` would not
    make.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", encoded, re.ASCII):
        raise RecordError("not readable as base64url")
    parts = parse_canonical(_from_base64(encoded + "=" * (-len(encoded) % 4), b"-_"))
    if type(parts) is not list or len(parts) != 3 or type(parts[0]) is not str or type(parts[1]) is not str:
        raise RecordError("a disclosure holds a salt, a name and a value")
    return parts[0], parts[1], parts[2]


# ---------------------------------------- the checkpoint (C2SP signed-note, tlog-checkpoint)


@dataclass(frozen=True)
class Note:
    """A signed note: the signed text with its last newline, and its signatures as (name, key id, signature)."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def key_id(name: str, public_key_raw: bytes) -> bytes:
    """Returns the four bytes by which a note names an Ed25519 public key (32 bytes)."""
    if not _is_key_name(name) or len(public_key_raw) != 32:
        raise RecordError("this is no key name with an Ed25519 public key")
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key_raw).digest()[:4]


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """Returns the signed text of a checkpoint: the record's name, its number of entries, and their root."""
    if not _is_key_name(origin):
        raise RecordError("this cannot be the name of a record")
    return f"{origin}\n{_size(size, 'size')}\n{base64.b64encode(_hash(root)).decode()}\n".encode()


def parse_checkpoint(text: bytes) -> tuple[str, int, bytes]:
    """Returns origin, size and root of `checkpoint_text`. Raises RecordError for any other text."""
    try:
        origin, size, encoded, end = text.decode().split("\n")
    except ValueError as error:
        raise RecordError("a checkpoint has three lines") from error
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", size, re.ASCII):
        raise RecordError("the size in the checkpoint is no number")
    parts = origin, int(size), _hash(_from_base64(encoded))
    if end or checkpoint_text(*parts) != text:
        raise RecordError("the checkpoint is not spelt in its one right way")
    return parts


def parse_note(data: bytes) -> Note:
    """Returns the parts of a signed note without checking signatures. Raises RecordError if it is not well formed."""
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise RecordError("the note is not UTF-8") from error
    if len(data) > 1 << 20 or re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise RecordError("the note is too long, or has control characters in it")
    text, blank, below = whole.rpartition("\n\n")
    lines = below.split("\n")
    if not blank or not text or lines.pop() != "" or not 0 < len(lines) <= 100:
        raise RecordError("a note is a text, an empty line, and lines with signatures")
    signatures = []
    for line in lines:
        dash, name, encoded = (*line.split(" "), "", "", "")[:3] if line.count(" ") == 2 else ("", "", "")
        if dash != "—" or not _is_key_name(name):
            raise RecordError("this is no signature line")
        signature = _from_base64(encoded)
        if len(signature) < 5:
            raise RecordError("the signature is too short")
        signatures.append((name, signature[:4], signature[4:]))
    return Note((text + "\n").encode(), tuple(signatures))


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def public_key_raw(pem: bytes) -> bytes:
    """Returns the 32 bytes of an Ed25519 public key in PEM (RFC 8410). Raises RecordError for any other file."""
    matched = re.fullmatch(rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{60})\n-----END PUBLIC KEY-----\n", pem)
    der = _from_base64(matched[1].decode()) if matched else b""
    if not der.startswith(bytes.fromhex("302a300506032b6570032100")) or len(der) != 44:
        raise RecordError("public_key.pem holds no Ed25519 public key")
    return der[12:]


# ---------------------------------------- an export


@dataclass(frozen=True)
class Check:
    """The outcome of one check: `verdict` is PASS, FAIL or NOT CHECKED, `detail` says what was found."""

    name: str
    verdict: str
    detail: str


def describe(files: Mapping[str, bytes], commission: str | None, form: int = FORMAT) -> bytes:
    """Returns the bytes of datapackage.json: path, size and SHA-256 of every other file, for one commission or all."""
    resources = [
        {
            "name": re.sub(r"[^a-z0-9]+", "-", path.lower()),
            "path": path,
            "mediatype": _MEDIA.get(path.rpartition(".")[2], "text/plain"),
            "encoding": "utf-8",
            "bytes": len(files[path]),
            "hash": "sha256:" + hashlib.sha256(files[path]).hexdigest(),
        }
        for path in DESCRIBED
        if path in files
    ]
    package = {"name": "forum-export", "forum_export": form, "commission": commission, "resources": resources}
    return json.dumps(package, indent=2).encode() + b"\n"


def pack(files: Mapping[str, bytes]) -> bytes:
    """Returns the files as a zip; the same files always give the same bytes (no compression, no times)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in FILES:
            if name in files:
                info = zipfile.ZipInfo(name)
                info.create_system, info.external_attr = 3, 0o100644 << 16
                archive.writestr(info, files[name])
    return out.getvalue()


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


@dataclass
class Steps:
    """The entries of the record about one round, None where a step has not happened.

    `closes_at` is the latest announced closing time of an asynchronous round; None in a room.
    """

    opened: dict[str, Any]
    closed: dict[str, Any] | None = None
    revealed: dict[str, Any] | None = None
    annulled: dict[str, Any] | None = None
    closes_at: str | None = None


def rounds(entries: Sequence[dict[str, Any]]) -> dict[str, Steps]:
    """Returns every round in the record by its id, in the order they were opened.

    Raises RecordError unless the steps are opened, closed, revealed, in that order and each at most once. An annulment
    may follow any of them and ends the round. Until it closes, an asynchronous round may be extended.
    """
    by_id: dict[str, Steps] = {}
    for entry in entries:
        kind, of = entry["type"], entry.get("round")
        if kind not in ("round opened", "round extended", "round closed", "round revealed", "round annulled"):
            continue
        if kind == "round opened":
            if type(of) is not str or of in by_id:
                raise RecordError(f"round {of} is opened twice")
            by_id[of] = Steps(entry, closes_at=entry.get("closes_at"))
            continue
        steps = by_id.get(of) if type(of) is str else None
        if steps is None or steps.annulled or steps.opened["session"] != entry["session"]:
            raise RecordError(f"{kind} does not fit what came before, round {of}")
        if entry["commission"] != steps.opened["commission"]:
            raise RecordError(f"round {of} belongs to two commissions")
        if kind == "round annulled":
            steps.annulled = entry
        elif kind == "round extended" and not steps.closed:
            steps.closes_at = _later(steps, entry)
        elif kind == "round closed" and not steps.closed:
            steps.closed = entry
        elif kind == "round revealed" and steps.closed and not steps.revealed:
            steps.revealed = entry
        else:
            raise RecordError(f"{kind} does not fit what came before, round {of}")
    return by_id


def _later(steps: Steps, entry: Mapping[str, Any]) -> str:
    """Returns the extended closing time of an asynchronous round. Raises RecordError unless it is later than the
    earlier one, and was set before that.
    """
    before, now = steps.closes_at, entry["closes_at"]
    if type(before) is not str or not is_moment(now) or not entry["at"] < before < now:
        raise RecordError(f"round {entry['round']}: the time that it is given is no more time")
    return now


def is_moment(value: object) -> TypeGuard[str]:
    """Returns whether a value is a time as the record writes it, as 2026-11-25T18:00:00.000Z.

    Only times written this way can be compared as text.
    """
    if type(value) is not str or not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{3}Z", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def digests_in(value: Any) -> Iterator[str]:
    """Yields every digest of words in an entry, in the order of its canonical form. Raises RecordError for a malformed
    one.
    """
    if type(value) is dict:
        if "sd" in value:
            if len(value) != 1 or type(value["sd"]) is not str or len(value["sd"]) != 43:
                raise RecordError("a digest does not stand alone in its place")
            yield value["sd"]
        else:
            for key in sorted(value):
                yield from digests_in(value[key])
    elif type(value) is list:
        for item in value:
            yield from digests_in(item)


@dataclass
class Export:
    """The files of an export, each parsed when first needed. On damaged files its parts raise errors of any kind."""

    files: Mapping[str, bytes]

    @cached_property
    def commission(self) -> str | None:
        """The id of the chosen commission, None for all."""
        chosen = json.loads(self.files["datapackage.json"])["commission"]
        if chosen is not None and type(chosen) is not str:
            raise RecordError("datapackage.json does not say which commission this is")
        return chosen

    @cached_property
    def form(self) -> int:
        """The number of the format it was written in."""
        form = json.loads(self.files["datapackage.json"])["forum_export"]
        if type(form) is not int or form < 1:
            raise RecordError("datapackage.json does not say which format this is")
        return form

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """All entries of the record."""
        entries = parse_lines(self.files["record.jsonl"])
        for number, entry in enumerate(entries, 1):
            if type(entry) is not dict or any(type(entry.get(k)) is not str for k in ("type", "at", "commission")):
                raise RecordError(f"line {number}: an entry has a type, a time and a commission")
        return entries

    def here(self, entry: Mapping[str, Any]) -> bool:
        """Returns whether the words and ballots of this entry belong in this export."""
        return self.commission in (None, entry["commission"])

    @cached_property
    def rounds(self) -> dict[str, Steps]:
        """All rounds in the record, by id."""
        return rounds(self.entries)

    @cached_property
    def checkpoint(self) -> tuple[Note, str, int, bytes]:
        """The signed note, and the origin, size and root in it."""
        note = parse_note(self.files["checkpoint"])
        origin, size, root_ = parse_checkpoint(note.text)
        if len(note.signatures) != 1 or note.signatures[0][0] != origin or len(note.signatures[0][2]) != 64:
            raise RecordError("the checkpoint must have one signature, by the record's own key")
        return note, origin, size, root_

    @cached_property
    def ballots(self) -> dict[str, list[tuple[bytes, dict[str, Any]]]]:
        """The opened ballots by round, each with its leaf hash."""
        ballots: dict[str, list[tuple[bytes, dict[str, Any]]]] = {}
        before, seen = b"", set()
        for number, line in enumerate(parse_lines(self.files["ballots.jsonl"]), 1):
            try:
                problem = self.ballot_problem(line)
            except RecordError as error:
                problem = str(error)
            except (LookupError, TypeError, AttributeError) as error:
                problem = f"not a ballot ({error})"
            if problem:
                raise RecordError(f"ballots.jsonl, line {number}: {problem}")
            leaf = line["leaf"]
            hashed, which = leaf_hash(canonical(leaf)), (leaf["round"], leaf["ballot"])
            if hashed <= before or which in seen:
                raise RecordError(f"ballots.jsonl, line {number}: out of order, or there twice")
            before = hashed
            seen.add(which)
            ballots.setdefault(leaf["round"], []).append((hashed, line))
        return ballots

    def ballot_problem(self, line: dict[str, Any]) -> str:
        """Returns the problem of an opened ballot, checked against its round; "" where there is none."""
        leaf, steps = line["leaf"], self.rounds[line["leaf"]["round"]]
        if set(line) != {"leaf", "label", "group_salt"} or any(type(v) is not str for v in leaf.values()):
            return "not the parts of an opened ballot"
        if set(leaf) - {"by"} != {"round", "ballot", "choice", "group", "salt"} or type(line["label"]) is not str:
            return "not the parts of a ballot"
        if leaf.get("by", PAPER) not in ORIGINS:
            return "it does not say rightly how it came"
        if not steps.revealed or not self.here(steps.opened):
            return "of a round that is not revealed, or not in this export"
        if disclosure(line["group_salt"], "group", line["label"])[0] != leaf["group"]:
            return "the group is not the one that it was counted with"
        if steps.opened["method"] in METHODS:
            marks(steps.opened["method"], leaf["choice"], [one["id"] for one in steps.opened["responses"]])
        return ""

    def to_check(self) -> Iterator[tuple[str, Steps, list[tuple[bytes, dict[str, Any]]]]]:
        """Yields the id, steps and opened ballots of every revealed round of this export."""
        for of, steps in self.rounds.items():
            if steps.revealed and self.here(steps.opened):
                yield of, steps, self.ballots.get(of, [])


def verify(files: Mapping[str, bytes], check_signature: Callable[[bytes, bytes], bool] | None = None) -> list[Check]:
    """Returns every check that needs only the standard library; the others are NOT CHECKED.

    `check_signature(message, signature)` tells whether the owner of public_key.pem signed the message; the standard
    library cannot, so without it the signatures are NOT CHECKED. Never raises: a file that cannot be read fails its
    check.
    """
    export = Export(files)
    parts: list[tuple[str, Callable[[Export], tuple[str, str]]]] = [
        ("files", _check_files),
        ("file digests", _check_digests),
        ("entries", _check_entries),
        ("root", _check_root),
        ("key", _check_key),
        ("checkpoint signature", lambda e: _check_checkpoint(e, check_signature)),
        ("package signature", lambda e: _check_package(e, check_signature)),
        ("disclosures", _check_disclosures),
        ("order of rounds", _check_rounds),
        ("opened ballots", _check_ballots),
        ("ballots root", _check_ballots_root),
        ("head counts", _check_head_counts),
    ]
    checks = [check(name, partial(part, export)) for name, part in parts]
    words = "needs the whole program: forum verify FILE.zip or FOLDER"
    return checks + [Check(name, NOT_CHECKED, words) for name in NEEDS_FORUM]


# Checks that only forum/record/audit.py makes, because they need more than this file.
NEEDS_FORUM = ("tables", "results by group", "equal voice", "quorum", "view shift", "decisions", "verify.py")


def check(name: str, part: Callable[[], tuple[str, str]]) -> Check:
    """Runs one check; any error in it, however odd the file, becomes a FAIL with a sentence."""
    try:
        return Check(name, *part())
    except RecordError as error:
        return Check(name, FAIL, str(error))
    except Exception as error:  # a file made to confuse must fail, not stop the other checks
        return Check(name, FAIL, f"cannot be read ({type(error).__name__}: {error})")


def few(problems: Sequence[str]) -> str:
    """Returns the first five problems in one line, and how many more there are."""
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    return "; ".join(problems[:5]) + more


def _verdict(problems: Sequence[str], fine: str) -> tuple[str, str]:
    return (FAIL, few(problems)) if problems else (PASS, fine)


def _check_files(e: Export) -> tuple[str, str]:
    missing = [f"{name} is missing" for name in FILES if name not in e.files]
    extra = [f"{name!a} does not belong in an export" for name in e.files if name not in FILES]
    return _verdict(missing + extra, f"all {len(FILES)} are here, and nothing else")


def _check_digests(e: Export) -> tuple[str, str]:
    package = json.loads(e.files["datapackage.json"])
    problems = []
    for said in package["resources"]:
        body = e.files.get(said["path"])
        if body is None or said["hash"] != "sha256:" + hashlib.sha256(body).hexdigest() or said["bytes"] != len(body):
            problems.append(f"{said['path']!a} is not the file that datapackage.json describes")
    if not problems and describe(e.files, e.commission, e.form) != e.files["datapackage.json"]:
        problems.append("datapackage.json is not as Forum writes it")
    return _verdict(problems, f"all {len(DESCRIBED)} files are those that datapackage.json describes")


def _check_entries(e: Export) -> tuple[str, str]:
    unknown = sorted({entry["type"] for entry in e.entries} - TYPES)
    if unknown:
        return (
            NOT_CHECKED,
            f"{len(e.entries)} entries; nothing here knows what these say: {few([ascii(u) for u in unknown])}",
        )
    return PASS, f"{len(e.entries)} entries, each in its canonical form"


def _check_root(e: Export) -> tuple[str, str]:
    _, _, size, expected = e.checkpoint
    leaves = [leaf_hash(line) for line in e.files["record.jsonl"].split(b"\n")[:-1]]
    if size != len(leaves):
        raise RecordError(f"the checkpoint is for {size} entries, here are {len(leaves)}")
    if root(leaves) != expected:
        raise RecordError("the entries do not lead to the root in the checkpoint")
    return PASS, f"{size} entries lead to the root in the checkpoint, {expected.hex()}"


def _check_key(e: Export) -> tuple[str, str]:
    note, origin, _, _ = e.checkpoint
    if note.signatures[0][1] != key_id(origin, public_key_raw(e.files["public_key.pem"])):
        raise RecordError("the checkpoint names another key than public_key.pem")
    return PASS, f"the checkpoint of {origin!a} names the key in public_key.pem"


_NO_ED25519 = "bare Python cannot check it; README.txt says how openssl does"


def _check_checkpoint(e: Export, signed: Callable[[bytes, bytes], bool] | None) -> tuple[str, str]:
    note = e.checkpoint[0]
    if signed is None:
        return NOT_CHECKED, _NO_ED25519
    return (
        (PASS, "signed with the key") if signed(note.text, note.signatures[0][2]) else (FAIL, "not signed with the key")
    )


def _check_package(e: Export, signed: Callable[[bytes, bytes], bool] | None) -> tuple[str, str]:
    message, signature = e.files["datapackage.json"], e.files["datapackage.sig"]
    if len(signature) != 64:
        raise RecordError("datapackage.sig is no Ed25519 signature")
    if signed is None:
        return NOT_CHECKED, _NO_ED25519
    return (PASS, "signed with the key") if signed(message, signature) else (FAIL, "not signed with the key")


def _check_disclosures(e: Export) -> tuple[str, str]:
    named = {d: None for entry in e.entries if e.here(entry) for d in digests_in(entry)}
    elsewhere = {d for entry in e.entries if not e.here(entry) for d in digests_in(entry)}
    erased, problems = _erased(e.entries)
    given = []
    for number, line in enumerate(parse_lines(e.files["disclosures.jsonl"]), 1):
        digest, encoded = line["digest"], line["disclosure"]
        given.append(digest)
        if set(line) != {"digest", "disclosure"} or disclosure_digest(encoded) != digest:
            problems.append(f"disclosures.jsonl, line {number}: not the words that the digest stands for")
        elif digest not in named:
            problems.append(f"disclosures.jsonl, line {number}: words that no entry of this export names")
        elif digest in erased:
            problems.append(f"disclosures.jsonl, line {number}: words that were withdrawn")
        elif type(open_disclosure(encoded)[2]) is not str:
            problems.append(f"disclosures.jsonl, line {number}: no words")
    here = set(given)
    problems += [
        f"the words of {d} are missing, and nothing says that they were withdrawn"
        for d in named
        if d not in here and d not in erased
    ]
    if not problems and given != [d for d in named if d in here]:
        problems.append("disclosures.jsonl is not in the order of the record")
    other = len(elsewhere - named.keys())
    return _verdict(problems, f"{len(here)} opened, {len(named) - len(here)} withdrawn, {other} not in this export")


def _erased(entries: Sequence[Mapping[str, Any]]) -> tuple[set[str], list[str]]:
    """Returns the digests that the record says were withdrawn, and a problem for each withdrawal of words not given
    before.
    """
    erased: set[str] = set()
    given: dict[str, set[str]] = {}
    problems = []
    for entry in entries:
        so_far = given.setdefault(entry["commission"], set())
        if entry["type"] == "erasure":
            gone = entry["digests"]
            if type(gone) is not list or not so_far.issuperset(gone):
                problems.append("something is said to be withdrawn that was not there before")
            erased.update(gone)
        so_far.update(digests_in(entry))
    return erased, problems


def _check_rounds(e: Export) -> tuple[str, str]:
    problems = list(_undeclared(e.entries))
    waiting = sum(1 for s in e.rounds.values() if s.closed and not s.revealed)
    return _verdict(problems, f"{len(e.rounds)} rounds, each step in its place; {waiting} closed and not revealed")


def _undeclared(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a problem for each round that differs from its session's declaration, or is no valid second vote."""
    sessions: dict[str, Mapping[str, Any]] = {}
    opened: dict[str, Mapping[str, Any]] = {}
    asked: set[str] = set()
    shown: set[str] = set()
    for entry in entries:
        kind, of = entry["type"], entry.get("round")
        if kind == "session opened":
            if entry["session"] in sessions:
                yield f"session {entry['session']} is opened twice"
            sessions[entry["session"]] = entry
        elif kind == "round opened":
            session = sessions.get(entry["session"])
            if session is None or session["commission"] != entry["commission"]:
                yield f"round {of}: its session was not opened before it"
            elif _terms(entry) != _declared(session["about"]):
                yield f"round {of}: not the groups, threshold and power that its session declared"
            first = opened.get(entry["second_of"] or "")
            if entry["second_of"] is not None and (
                first is None or entry["second_of"] not in shown or not _same_question(first, entry)
            ):
                yield f"round {of}: not a vote after the replay of a vote that was shown"
            if (entry["kind"] == "vote after replay") != (entry["second_of"] is not None):
                yield f"round {of}: it does not say rightly whether it is a first vote"
            if session is not None:
                yield from _mixed(session, entry, alone=entry["session"] not in asked)
            asked.add(entry["session"])
            opened[entry["round"]] = entry
        elif kind == "round revealed":
            shown.add(entry["round"])


def _mixed(session: Mapping[str, Any], opened: Mapping[str, Any], *, alone: bool) -> Iterator[str]:
    """Yields a problem where a round does not fit its session's kind: in a room, or asynchronous, which is one round
    with a closing time.
    """
    of, closes_at = opened["round"], opened.get("closes_at")
    # Entries made before there were asynchronous rounds have no kind: all were in a room.
    if session.get("kind", "room") == "room":
        if closes_at is not None:
            yield f"round {of}: it has a closing time, but was in a room"
    elif session["kind"] != "asynchronous":
        yield f"session {opened['session']}: neither in a room nor asynchronous"
    elif not is_moment(closes_at) or not opened["at"] < closes_at:
        yield f"round {of}: asynchronous, but without a closing time after its opening"
    elif not alone or opened["second_of"] is not None:
        yield f"round {of}: not the only round of its asynchronous session"


def _terms(opened: Mapping[str, Any]) -> bytes:
    return canonical([opened["groups"], opened["threshold"], opened["power"]])


def _declared(about: Mapping[str, Any]) -> bytes:
    return canonical([[group["label"] for group in about["groups"]], about["threshold"], about["power"]["level"]])


def _same_question(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Returns whether a second vote offers the first one's responses in the same order; new ones may stand
    among them.
    """
    before, after = ([response["id"] for response in entry["responses"]] for entry in (first, second))
    same = all(first[name] == second[name] for name in ("session", "method"))
    return same and first["second_of"] is None and [of for of in after if of in before] == before


def _check_ballots(e: Export) -> tuple[str, str]:
    return PASS, f"{sum(map(len, e.ballots.values()))} ballots of revealed rounds, none of any other"


def _check_ballots_root(e: Export) -> tuple[str, str]:
    problems, done = [], 0
    for of, steps, ballots in e.to_check():
        closed = steps.closed or {}
        if not _same(closed["count"], len(ballots)):
            problems.append(f"round {of}: {len(ballots)} ballots are opened, {closed['count']} were counted")
        elif not _papers_fit(closed.get("paper", 0), [line["leaf"].get("by") for _, line in ballots]):
            problems.append(f"round {of}: not as many papers as were counted")
        elif closed["ballots_root"] != root([hashed for hashed, _ in ballots]).hex():
            problems.append(f"round {of}: these are not the ballots that were counted")
        done += 1
    sealed = sum(1 for s in e.rounds.values() if s.closed and not s.revealed and e.here(s.opened))
    away = sum(1 for s in e.rounds.values() if s.closed and not e.here(s.opened))
    return _verdict(problems, f"{done} rounds; {sealed} more stay sealed until revealed, {away} not in this export")


def _papers_fit(papers: object, origins: Sequence[str | None]) -> bool:
    """Returns whether the ballots' origins fit the number of papers: an origin on every ballot where there are papers,
    else on none.
    """
    if papers == 0:
        return not any(origins)
    if type(papers) is not int or not 0 < papers <= len(origins):
        return False
    mixed = all(origin == PAPER_OR_DEVICE for origin in origins)
    return mixed or (origins.count(PAPER) == papers and origins.count(DEVICE) == len(origins) - papers)


def _check_head_counts(e: Export) -> tuple[str, str]:
    problems, done, others = [], 0, 0
    for of, steps, ballots in e.to_check():
        method, responses = steps.opened["method"], [one["id"] for one in steps.opened["responses"]]
        if method not in METHODS:
            others += 1
            continue
        choices = [line["leaf"]["choice"] for _, line in ballots]
        said = (steps.revealed or {})["result"]
        counted = [tally(method, choices, responses), len(choices), figures(method, choices, responses)]
        if not _same([said["counts"], said["n"], said.get("figures")], counted):
            problems.append(f"round {of}: the ballots do not add up to the result")
        done += 1
    if others and not problems:
        return NOT_CHECKED, f"{done} rounds add up; {others} use another way of counting"
    return _verdict(problems, f"{done} rounds counted again, each with the recorded result")


def _same(said: object, counted: object) -> bool:
    """Returns whether two values are equal as JSON; in Python True equals 1."""
    return canonical(said) == canonical(counted)


# ---------------------------------------- as a program


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
        inside = sorted(one for one in folder.iterdir() if one.name != "__MACOSX" and _holds_export(one))
        if not inside:
            raise NoExport(f"there is no Forum export in {folder}")
        if len(inside) > 1:
            raise NoExport(f"there are several in {folder}, name one: {', '.join(one.name for one in inside)}")
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


def main(argv: Sequence[str]) -> int:
    """Checks the export that `argv` names (a zip, a folder, or this file's folder), prints the checks, returns the exit
    code.
    """
    if len(argv) > 1 or (argv and argv[0].startswith("-")):
        print("usage: python verify.py [FILE.zip | FOLDER]", file=sys.stderr)
        return 2
    try:
        files, packed = read_export(Path(argv[0]) if argv else Path(__file__).resolve().parent)
    except (NoExport, OSError) as error:
        print(f"not an export: {error}", file=sys.stderr)
        return 2
    checks = [packed, *verify(files)]
    for one in checks:
        print(f"{one.verdict:11}  {one.name}: {one.detail}".encode("ascii", "backslashreplace").decode())
    failed = sum(1 for one in checks if one.verdict == FAIL)
    print(f"{failed} checks FAILED: do not rely on this export." if failed else "Nothing failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
