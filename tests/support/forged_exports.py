"""Exports forged by an operator who has the key: anything changed, all hashes made to fit, and signed again."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from forum.record import audit, export_zip
from forum.record.ballot_leaves import hash_of
from forum.record.verify.archive import describe, pack, unpack
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.verdict import FAIL
from support.record_keeper import SIGNER, Keeper, a_keeper


def verdicts(data: bytes) -> dict[str, str]:
    """Verifies an export; returns the verdict of each check."""
    return {check.name: check.verdict for check in audit.verify(data)}


def failed(data: bytes) -> set[str]:
    """Verifies an export; returns the names of the checks that fail."""
    return {name for name, verdict in verdicts(data).items() if verdict == FAIL}


def details(data: bytes) -> dict[str, str]:
    """Verifies an export; returns the detail that each check gives."""
    return {check.name: check.detail for check in audit.verify(data)}


def signed_again(keeper: Keeper, commission: str | None = None) -> bytes:
    """Packs a changed record with fitting hashes and a fresh signature, as a dishonest operator can."""
    return export_zip.pack(keeper.log(commission), SIGNER)


def resigned(files: Mapping[str, bytes]) -> bytes:
    """Packs these files, described and signed as they are now."""
    odd = dict(files)
    odd["datapackage.json"] = describe(odd, None)
    odd["datapackage.sig"] = SIGNER.sign(odd["datapackage.json"])
    return pack(odd)


def entry_of_type(keeper: Keeper, type_: str, number: int = 0) -> dict[str, Any]:
    """Returns the entry of this type in this place among those of its type."""
    return [entry for entry in keeper.entries if entry["type"] == type_][number]


def failed_after(change: Callable[[Keeper], object]) -> set[str]:
    """Changes a true record, signs it again, and returns the checks that fail."""
    keeper = a_keeper()
    keeper.entries = copy.deepcopy(keeper.entries)
    keeper.ballots = copy.deepcopy(keeper.ballots)
    change(keeper)
    return failed(signed_again(keeper))


def revealed_result(keeper: Keeper, number: int = 0) -> dict[str, Any]:
    """Returns the result in the revealing entry in this place."""
    found: dict[str, Any] = entry_of_type(keeper, "round revealed", number)["result"]
    return found


def failed_after_odd(change: Callable[[Keeper], object]) -> set[str]:
    """Returns the failing checks as `failed_after` does, for records so odd that tables cannot be made: the tables of
    the true record are packed."""
    keeper = a_keeper()
    true = unpack(signed_again(keeper))[0]
    keeper.entries = copy.deepcopy(keeper.entries)
    change(keeper)
    lines = [canonical(entry) for entry in keeper.entries]
    leaves = [leaf_hash(line) for line in lines]
    odd = {**true, "record.jsonl": b"".join(line + b"\n" for line in lines)}
    odd["checkpoint"] = SIGNER.checkpoint(len(leaves), root(leaves))
    return failed(resigned(odd))


def fit_count(keeper: Keeper, number: int = 0) -> None:
    """Fits the count and the root in a round's closing entry to its opened ballots, after these were changed."""
    closed = entry_of_type(keeper, "round closed", number)
    lines = keeper.ballots[closed["round"]]
    lines.sort(key=lambda line: hash_of(line["leaf"]))
    closed["count"] = len(lines)
    closed["ballots_root"] = root([hash_of(line["leaf"]) for line in lines]).hex()
