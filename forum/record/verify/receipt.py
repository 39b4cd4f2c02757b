"""A receipt: the proof that one ballot is in the record and counted, checked from its bytes alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from forum.record.verify.archive import read_export, refuse_unknown_format
from forum.record.verify.checkpoint import Note, key_id, parse_checkpoint, parse_note, public_key_raw, verifier_key
from forum.record.verify.checks import verify_files
from forum.record.verify.disclosures import digests_in, disclosure, disclosure_digest, open_disclosure
from forum.record.verify.ed25519 import signed_by
from forum.record.verify.encoding import canonical, from_base64, parse_canonical
from forum.record.verify.entry_shapes import misfits_of, place_of
from forum.record.verify.export import ORIGINS, PAPER, Export
from forum.record.verify.merkle_tree import leaf_hash, root, verify_inclusion
from forum.record.verify.methods import METHODS, marks
from forum.record.verify.small_numbers import rounded
from forum.record.verify.verdict import (
    FAIL,
    NOT_CHECKED,
    PASS,
    Check,
    LaterFormat,
    NoExport,
    RecordError,
    check,
    verdict_of,
)

RECEIPT_FORMAT = 1
MOST_RECEIPT = 1 << 20  # bytes
# The first words of every receipt, for whoever opens the file. A receipt with others fails.
READ_ME = (
    "This is a receipt of one ballot. It shows that the ballot is in the record, and counted in the total that stands "
    "in the entry 'round revealed' below.",
    "To check it: forum verify --receipt FILE, or python verify.py --receipt FILE (verify.py is in every export), or "
    "the page /check. docs/record.md of Forum's source says how to do it by hand.",
    "It does not show who cast the ballot, that everybody cast only one, that nobody watched or forced them, or that "
    "those who run the server did not look.",
    "Whoever has this file can read how the ballot was cast. You need not keep it, and need not show it to anybody.",
)
# The entries of a receipt, in their order.
STEPS = ("round opened", "round closed", "round revealed")
_PARTS = {"forum_receipt", "read_me", "ballot", "place", "entries", "words", "checkpoint", "key"}


@dataclass
class Receipt:
    """The parts of a receipt, each parsed when first needed. On damaged files its parts raise errors of any kind."""

    parts: Mapping[str, Any]

    @cached_property
    def head(self) -> tuple[Note, str, int, bytes]:
        """The checkpoint: the note, and the origin, size and root in it."""
        note = parse_note(self.parts["checkpoint"].encode())
        return (note, *parse_checkpoint(note.text))

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """The entries "round opened", "round closed" and "round revealed" of the ballot's vote."""
        return [parse_canonical(one["entry"].encode()) for one in self.parts["entries"]]

    @cached_property
    def words(self) -> dict[str, tuple[str, Any]]:
        """The words beside the entries, by their digest: the name and the value of each."""
        return {disclosure_digest(encoded): open_disclosure(encoded)[1:] for encoded in self.parts["words"]}

    @property
    def index(self) -> int:
        """The number in the record of the entry "round revealed"."""
        return int(self.parts["entries"][2]["index"])

    def result(self) -> Any:
        """Returns the result in the entry "round revealed", opened where it stands there as a digest."""
        said = self.entries[2]["result"]
        digest = said.get("sd")
        return said if digest is None else self.words[digest][1] if digest in self.words else None

    def said(self, place: Mapping[str, str]) -> str:
        """Returns the words of a place in an entry, "" where they are not in the receipt."""
        return str(self.words.get(place["sd"], ("", ""))[1])


def words_of_receipt(opened: Mapping[str, Any], revealed: Mapping[str, Any]) -> list[str]:
    """Returns the digests of the words that belong in a receipt, in their order: question, answers, and the result
    where it is a digest."""
    parts = [opened["question"], opened["responses"], revealed["result"]]
    return list(dict.fromkeys(digest for part in parts for digest in digests_in(part)))


def read_receipt(data: bytes) -> Receipt:
    """Returns the receipt in a file. Raises NoExport for a file that is none, and LaterFormat for one of a later
    format."""
    if len(data) > MOST_RECEIPT:
        raise NoExport("it is too large for a receipt")
    try:
        parts = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError) as error:
        raise NoExport("it cannot be read as JSON") from error
    number = parts.get("forum_receipt") if type(parts) is dict else None
    if type(number) is not int or number < 1:
        raise NoExport('it has no "forum_receipt"')
    if number > RECEIPT_FORMAT:
        raise LaterFormat(f"it is written in format {number}, and this program knows format {RECEIPT_FORMAT}")
    return Receipt(parts)


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return dict(pairs)


def verify_receipt(
    data: bytes,
    *,
    key: bytes | None = None,
    export: Mapping[str, bytes] | None = None,
    checkpoint: bytes | None = None,
) -> list[Check]:
    """Returns every check of a receipt, given as the bytes of its file.

    `key` is the PEM of the key that it must be signed with; `export` the files of an export, or `checkpoint` a signed
    head of the same record, that somebody else has. What is not given is NOT CHECKED. Raises NoExport where the bytes
    are no receipt, LaterFormat for one of a later format; all other faults fail a check.
    """
    receipt = read_receipt(data)
    checks = [
        check(name, partial(part, receipt))
        for name, part in (
            ("receipt", _check_form),
            ("receipt's checkpoint", _check_head),
            ("entries in the record", _check_entries_in),
            ("entries of the vote", _check_steps),
            ("ballot in the vote", _check_ballot_in),
            ("ballot counted", _check_counted),
            ("words", _check_words),
        )
    ]
    given = partial(_check_organisers_key, receipt, key)
    compared = partial(_check_elsewhere, receipt, export, checkpoint)
    return [*checks, check("given key", given), check("record that others see", compared)]


def verify_receipt_at(
    path: Path, export: Path | None = None, *, key: bytes | None = None, checkpoint: Path | None = None
) -> list[Check]:
    """Checks the receipt at `path` as `verify_receipt` does, against the export (a zip or folder) or the checkpoint at
    these paths. Also raises OSError where one cannot be read, NoExport where the export is none."""
    data = _read(path)
    files = None
    if export is not None:
        files, _ = read_export(export)
        refuse_unknown_format(files)
    head = _read(checkpoint) if checkpoint is not None else None
    return verify_receipt(data, key=key, export=files, checkpoint=head)


def _read(path: Path) -> bytes:
    """Reads one byte more than a receipt may have, so that a larger file is refused and never in memory."""
    with path.open("rb") as file:
        return file.read(MOST_RECEIPT + 1)


def _check_form(receipt: Receipt) -> tuple[str, str]:
    parts = receipt.parts
    problems = [f"{name!a} is missing" for name in sorted(_PARTS - set(parts))]
    problems += [f"{name!a} does not belong in a receipt" for name in sorted(set(parts) - _PARTS)]
    if parts.get("read_me") != list(READ_ME):
        problems.append('"read_me" is not as Forum writes it')
    if set(parts["ballot"]) != {"leaf", "label", "group_salt"}:
        problems.append('"ballot" has not its three parts')
    if set(parts["place"]) != {"index", "count", "proof"}:
        problems.append('"place" has not its three parts')
    if len(parts["entries"]) != len(STEPS) or any(set(e) != {"index", "entry", "proof"} for e in parts["entries"]):
        problems.append('"entries" are not three, each with its three parts')
    return verdict_of(problems, "all its parts are here, and nothing else")


def _check_head(receipt: Receipt) -> tuple[str, str]:
    note, origin, size, _ = receipt.head
    name, public = _key_of(receipt.parts["key"])
    # Others may have signed too (witnesses, under names of their own): that is theirs to check.
    own = [one for one in note.signatures if one[0] == origin]
    if name != origin or len(own) != 1 or own[0][1] != key_id(origin, public):
        raise RecordError('"checkpoint" names another key than "key"')
    if not signed_by(public, note.text, own[0][2]):
        return FAIL, '"checkpoint" is not signed with "key"'
    return PASS, f"the record of {size} entries is signed with the key {origin!a} that lies in the receipt"


def _key_of(line: str) -> tuple[str, bytes]:
    """Returns the name and the 32 bytes of a verifier key. Raises RecordError for any other text."""
    name, _, rest = line.partition("+")
    raw = from_base64(rest.partition("+")[2])[1:]
    if len(raw) != 32 or verifier_key(name, raw) != line:
        raise RecordError('"key" is no verifier key')
    return name, raw


def _proof_of(hashes: list[str]) -> list[bytes]:
    proof = [bytes.fromhex(one) for one in hashes]
    if [one.hex() for one in proof] != hashes:
        raise RecordError('"proof" is not in small hex digits')
    return proof


def _check_entries_in(receipt: Receipt) -> tuple[str, str]:
    _, _, size, expected = receipt.head
    problems = []
    for name, one in zip(STEPS, receipt.parts["entries"], strict=True):
        try:
            verify_inclusion(leaf_hash(one["entry"].encode()), one["index"], size, _proof_of(one["proof"]), expected)
        except (RecordError, ValueError) as error:
            problems.append(f'the entry "{name}" is not in the record of the checkpoint: {error}')
    numbers = ", ".join(str(one["index"]) for one in receipt.parts["entries"])
    return verdict_of(problems, f"entries {numbers} are in the record that the checkpoint stands for")


def _check_steps(receipt: Receipt) -> tuple[str, str]:
    numbers = [one["index"] for one in receipt.parts["entries"]]
    problems = []
    for number, name, entry in zip(numbers, STEPS, receipt.entries, strict=True):
        problems += [f"{place_of(number, entry)}: {problem}" for problem in misfits_of(entry)]
        if entry["type"] != name:
            problems.append(f'{place_of(number, entry)} is no "{name}"')
    if problems:
        return verdict_of(problems, "")
    first = receipt.entries[0]
    for number, entry in zip(numbers, receipt.entries, strict=True):
        if any(entry[name] != first[name] for name in ("round", "session", "commission")):
            problems.append(f"{place_of(number, entry)} is about another vote")
    if not numbers[0] < numbers[1] < numbers[2]:
        problems.append("the entries do not stand one after another")
    return verdict_of(problems, "they say how one vote was opened, closed and shown")


def _check_ballot_in(receipt: Receipt) -> tuple[str, str]:
    line, place, closed = receipt.parts["ballot"], receipt.parts["place"], receipt.entries[1]
    leaf = line["leaf"]
    if set(leaf) - {"by"} != {"round", "ballot", "choice", "group", "salt"} or leaf.get("by", PAPER) not in ORIGINS:
        raise RecordError('"leaf" has not the parts of a ballot')
    if leaf["round"] != closed["round"]:
        raise RecordError('"leaf" is a ballot of another vote than the entries are about')
    if disclosure(line["group_salt"], "group", line["label"])[0] != leaf["group"]:
        raise RecordError('"label" and "group_salt" are not those that "leaf" was counted with')
    if place["count"] != closed.get("count", place["count"]):
        raise RecordError('"place" is in another number of ballots than the entry "round closed" says')
    ballots_root = bytes.fromhex(closed["ballots_root"])
    verify_inclusion(
        leaf_hash(canonical(leaf)), place["index"], place["count"], _proof_of(place["proof"]), ballots_root
    )
    return PASS, f"it is one of the {place['count']} ballots that were written down when the vote closed"


def _check_counted(receipt: Receipt) -> tuple[str, str]:
    opened, closed, _ = receipt.entries
    result, choice = receipt.result(), receipt.parts["ballot"]["leaf"]["choice"]
    if result is None or not result["counts"] or opened["method"] not in METHODS:
        return NOT_CHECKED, "the receipt has no total that this program can read"
    answers = {one["id"]: receipt.said(one["label"]) for one in opened["responses"]}
    named = marks(opened["method"], choice, list(answers))
    counted = {**dict.fromkeys(result.get("hidden", ()), 1), **result["counts"]}  # hidden: it can be one
    problems = [f"nobody is counted for {mark!a}" for mark in named if counted[mark] < 1]
    if result["n"] != closed.get("count", rounded(receipt.parts["place"]["count"], opened["threshold"])):
        problems.append('the result is of another number of ballots than the entry "round closed" says')
    told = ", ".join(f"{mark} {answers.get(mark, '')}".strip() for mark in named)
    about = "" if "count" in closed else "rounded, "
    return verdict_of(problems, f"its vote, {told!a}, is in a total of {about}{result['n']} ballots")


def _check_words(receipt: Receipt) -> tuple[str, str]:
    wanted, given = words_of_receipt(receipt.entries[0], receipt.entries[2]), list(receipt.words)
    if len(receipt.parts["words"]) != len(given) or given != [digest for digest in wanted if digest in given]:
        raise RecordError('"words" holds words that its entries do not name, or out of order')
    opened, _, revealed = receipt.entries
    names = {opened["question"]["sd"]: "question"} | {one["label"]["sd"]: "response" for one in opened["responses"]}
    names |= dict.fromkeys(digests_in(revealed["result"]), "result")
    problems = [
        f"the words of {digest} are disclosed as {receipt.words[digest][0]!a}, not {name!a}"
        for digest, name in names.items()
        if digest in receipt.words and receipt.words[digest][0] != name
    ]
    if not problems and len(given) < len(wanted):
        return (
            NOT_CHECKED,
            f"{len(wanted) - len(given)} of {len(wanted)} are not in the receipt: taken back, or left out",
        )
    return verdict_of(problems, "the question and its answers are those that were voted on")


def _check_organisers_key(receipt: Receipt, pem: bytes | None) -> tuple[str, str]:
    if pem is None:
        return NOT_CHECKED, "compare the key in the receipt with the one that the organisers publish (--key PEM)"
    if _key_of(receipt.parts["key"])[1] != public_key_raw(pem):
        return FAIL, '"key" is not the key that was given'
    return PASS, '"key" is the key that was given'


def _check_elsewhere(receipt: Receipt, files: Mapping[str, bytes] | None, checkpoint: bytes | None) -> tuple[str, str]:
    if files is not None:
        return _check_export_of(receipt, Export(files))
    if checkpoint is None:
        return NOT_CHECKED, "give an export (--export) or a checkpoint (--checkpoint) that somebody else has"
    _, origin, size, expected = receipt.head
    note = parse_note(checkpoint)
    other, other_size, other_root = parse_checkpoint(note.text)
    public = _key_of(receipt.parts["key"])[1]
    own = [one[2] for one in note.signatures if one[:2] == (origin, key_id(origin, public))]
    if other != origin or not any(signed_by(public, note.text, signature) for signature in own):
        return FAIL, 'the checkpoint is not signed with "key"'
    if other_size != size:
        return NOT_CHECKED, (
            f"the receipt is of {size} entries, the checkpoint of {other_size}: an export shows whether one goes on "
            "from the other"
        )
    if other_root != expected:
        return FAIL, f"two records of {size} entries were signed: keep both files, this is proof of it"
    return PASS, f"the same record of {size} entries"


def _check_export_of(receipt: Receipt, export: Export) -> tuple[str, str]:
    _, origin, size, expected = receipt.head
    failed = [one.name for one in verify_files(export.files) if one.verdict == FAIL]
    if failed:
        raise RecordError(f"the export itself fails at: {', '.join(failed)}")
    leaves = [leaf_hash(entry) for entry in export.files["record.jsonl"].split(b"\n")[:-1]]
    if len(leaves) < size:
        return NOT_CHECKED, f"the export has {len(leaves)} entries, and the receipt is of {size}: take a later one"
    if root(leaves[:size]) != expected:
        return FAIL, f"the first {size} entries of the export are not the record that the receipt is from"
    # Only where the record says that it went on under another key may the export have one.
    renamed = {entry.get("before") for entry in export.entries[size:] if type(entry.get("before")) is str}
    raw = public_key_raw(export.files["public_key.pem"])
    if verifier_key(export.checkpoint[1], raw) != receipt.parts["key"] and not {origin, receipt.parts["key"]} & renamed:
        return FAIL, "the export is signed with another key than the receipt"
    round_id = receipt.parts["ballot"]["leaf"]["round"]
    for at, entry in enumerate(export.entries):
        if (entry["type"], entry.get("round")) == ("round annulled", round_id):
            return FAIL, f"{place_of(at, entry)}: the vote was annulled, so its total counts no more"
    opened = export.covers(receipt.entries[0]) and "sealed" not in (export.rounds[round_id].result or {})
    if opened and receipt.parts["ballot"] not in [line for _, line in export.ballots.get(round_id, ())]:
        return FAIL, "ballots.jsonl of the export has not this ballot"
    return PASS, f"the export goes on from the record that the receipt is from, to {len(leaves)} entries"
