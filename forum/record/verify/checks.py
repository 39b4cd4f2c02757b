"""Every check of an export that needs only the standard library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from forum.record.verify.answers_due import answer_problems
from forum.record.verify.archive import DESCRIBED, FILES, describe, files_of
from forum.record.verify.checkpoint import key_id, public_key_raw, verifier_key
from forum.record.verify.cycle_order import cycle_problems
from forum.record.verify.disclosures import digests_in, disclosure_digest, open_disclosure
from forum.record.verify.ed25519 import signed_by
from forum.record.verify.entry_shapes import place_of
from forum.record.verify.export import Export
from forum.record.verify.held_words import HeldWords
from forum.record.verify.key_entries import key_problems
from forum.record.verify.kinds import misfits
from forum.record.verify.merkle_tree import leaf_hash, root, roots_at
from forum.record.verify.round_checks import (
    check_ballots,
    check_ballots_root,
    check_head_counts,
    check_rounds,
    without_withdrawn,
)
from forum.record.verify.table_checks import check_tables
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, Check, RecordError, check, verdict_of


def verify_files(
    files: Mapping[str, bytes], check_signature: Callable[[bytes, bytes], bool] | None = None
) -> list[Check]:
    """Returns every check that needs only the standard library; the others are NOT CHECKED.

    `check_signature(message, signature)` tells whether the owner of public_key.pem signed the message; without it that
    is worked out here, in plain Python. Never raises: a file that cannot be read fails its check.
    """
    export = Export(files)
    signed = check_signature or partial(_signed, export)
    parts: list[tuple[str, Callable[[Export], tuple[str, str]]]] = [
        ("files", _check_files),
        ("file digests", _check_digests),
        ("entries", _check_entries),
        ("root", _check_root),
        ("key", _check_key),
        ("checkpoint signature", lambda export: _check_checkpoint(export, signed)),
        ("package signature", lambda export: _check_package(export, signed)),
        ("disclosures", _check_disclosures),
        ("order of rounds", check_rounds),
        ("opened ballots", check_ballots),
        ("ballots root", lambda export: without_withdrawn(export, check_ballots_root)),
        ("head counts", lambda export: without_withdrawn(export, check_head_counts)),
        ("tables", check_tables),
    ]
    checks = [check(name, partial(part, export)) for name, part in parts]
    words = "needs the whole program: forum verify FILE.zip or FOLDER"
    return checks + [Check(name, NOT_CHECKED, words) for name in NEEDS_FORUM]


# The first format without the words that a moderator holds.
_HELD_SINCE = 5
# Checks that only forum/record/audit.py makes, because they need more than this file.
NEEDS_FORUM = ("results by group", "equal voice", "quorum", "view shift", "decisions", "verify.py")


def _check_files(export: Export) -> tuple[str, str]:
    wanted = files_of(export.format_number) if "datapackage.json" in export.files else FILES
    missing = [f"{name} is missing" for name in wanted if name not in export.files]
    extra = [f"{name!a} does not belong in an export" for name in export.files if name not in wanted]
    return verdict_of(missing + extra, f"all {len(wanted)} are here, and nothing else")


def _check_digests(export: Export) -> tuple[str, str]:
    package = json.loads(export.files["datapackage.json"])
    problems = []
    for resource in package["resources"]:
        body = export.files.get(resource["path"])
        if (
            body is None
            or resource["hash"] != "sha256:" + hashlib.sha256(body).hexdigest()
            or resource["bytes"] != len(body)
        ):
            problems.append(f"{resource['path']!a} is not the file that datapackage.json describes")
    if not problems:
        described = describe(export.files, export.commission, export.format_number, session=export.session)
        if described != export.files["datapackage.json"]:
            problems.append("datapackage.json is not as Forum writes it")
    number = len(files_of(export.format_number)) - len(FILES) + len(DESCRIBED)
    return verdict_of(problems, f"all {number} files are those that datapackage.json describes")


def _check_entries(export: Export) -> tuple[str, str]:
    problems, _ = export.order
    problems = problems or [*cycle_problems(export.entries, export.words), *answer_problems(export.entries)]
    return verdict_of(problems, f"{len(export.entries)} entries, each as its type says, and after what it follows")


def _check_root(export: Export) -> tuple[str, str]:
    _, _, size, expected = export.checkpoint
    leaves = [leaf_hash(line) for line in export.files["record.jsonl"].split(b"\n")[:-1]]
    if size != len(leaves):
        raise RecordError(f"the checkpoint is for {size} entries, here are {len(leaves)}")
    if root(leaves) != expected:
        raise RecordError("the entries do not lead to the root in the checkpoint")
    heads = {at: entry["after"] for at, entry in enumerate(export.entries) if entry["type"] == "record restored"}
    roots = {0: root([])} | roots_at(leaves, heads)
    for at, head in heads.items():
        if (head["size"], head["root"]) != (at, roots[at].hex()):
            raise RecordError(f"{place_of(at, export.entries[at])}: field after is not the record before it")
    return PASS, f"{size} entries lead to the root in the checkpoint, {expected.hex()}"


def _check_key(export: Export) -> tuple[str, str]:
    note, origin, _, _ = export.checkpoint
    if note.signatures[0][1] != key_id(origin, public_key_raw(export.files["public_key.pem"])):
        raise RecordError("the checkpoint names another key than public_key.pem")
    key = verifier_key(origin, public_key_raw(export.files["public_key.pem"]))
    words = f"the checkpoint of {origin!a} names the key in public_key.pem"
    return verdict_of(list(key_problems(export.entries, key)), words)


def _signed(export: Export, message: bytes, signature: bytes) -> bool:
    return signed_by(public_key_raw(export.files["public_key.pem"]), message, signature)


def _check_checkpoint(export: Export, signed: Callable[[bytes, bytes], bool]) -> tuple[str, str]:
    note = export.checkpoint[0]
    return (
        (PASS, "signed with the key") if signed(note.text, note.signatures[0][2]) else (FAIL, "not signed with the key")
    )


def _check_package(export: Export, signed: Callable[[bytes, bytes], bool]) -> tuple[str, str]:
    message, signature = export.files["datapackage.json"], export.files["datapackage.sig"]
    if len(signature) != 64:
        raise RecordError("datapackage.sig is no Ed25519 signature")
    return (PASS, "signed with the key") if signed(message, signature) else (FAIL, "not signed with the key")


def _check_disclosures(export: Export) -> tuple[str, str]:
    named: dict[str, None] = {}
    elsewhere: set[str] = set()
    for entry in export.entries:
        (named if export.part.opens(entry) else elsewhere).update(dict.fromkeys(digests_in(entry)))
    erased, problems = _erased(export.entries)
    _, past = export.order
    held = HeldWords(export.entries).grounds if export.format_number >= _HELD_SINCE else {}
    given: list[str] = []
    salts: dict[str, str] = {}
    for number, line in enumerate(export.lines("disclosures.jsonl"), 1):
        digest, encoded = line["digest"], line["disclosure"]
        given.append(digest)
        if set(line) != {"digest", "disclosure"} or disclosure_digest(encoded) != digest:
            problems.append(f"disclosures.jsonl, line {number}: not the words that the digest stands for")
        elif digest not in named:
            problems.append(f"disclosures.jsonl, line {number}: words that no entry of this export names")
        elif digest in erased:
            problems.append(f"disclosures.jsonl, line {number}: words that were withdrawn")
        elif digest in held:
            problems.append(f"disclosures.jsonl, line {number}: words that a moderator holds, by entry {held[digest]}")
        else:
            salt, opened_as, value = open_disclosure(encoded)
            words = past.words.get(digest)
            is_text = words is None or words.discloses is None
            if is_text and type(value) is not str:
                problems.append(f"disclosures.jsonl, line {number}: no words")
            elif words and opened_as != words.name:
                problems.append(
                    f"disclosures.jsonl, line {number}: {words.place} is disclosed as {opened_as!a}, not {words.name!a}"
                )
            elif words and words.discloses:
                found = misfits(words.discloses, value, f"field {words.name}")
                problems += [f"disclosures.jsonl, line {number}: {words.place}: {problem}" for problem in found]
            if salts.setdefault(salt, digest) != digest:
                problems.append(f"disclosures.jsonl, line {number}: its salt stands in the file before")
    here = set(given)
    problems += [
        f"the words of {d} are missing, and nothing says that they were withdrawn"
        for d in named
        if d not in here and d not in erased and d not in held
    ]
    if not problems and given != [d for d in named if d in here]:
        problems.append("disclosures.jsonl is not in the order of the record")
    other = len(elsewhere - named.keys())
    kept = len(named.keys() & held.keys())
    gone = f"{len(here)} opened, {len(named) - len(here) - kept} withdrawn"
    return verdict_of(
        problems, gone + (f", {kept} held by a moderator" if kept else "") + f", {other} not in this export"
    )


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
