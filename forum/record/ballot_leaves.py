"""Makes the leaves that stand for a round's ballots in the record, their root, and what opens them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from forum.record import verify
from forum.voting.ballot import Ballot


def leaf(ballot: Ballot, label: str, by: str = "") -> dict[str, str]:
    """What stands for a ballot in its round's tree: {"round", "ballot", "choice", "group", "salt"}, all text.

    `label` is the published label of its row (groups.label_of), never the group itself. "group" is the RFC
    9901 digest of it with a salt of its own: ten labels are quickly guessed. `by` (groups.origin_of) stands in it where
    the round has papers.
    """
    group, _ = verify.disclosure(ballot.group_salt, "group", label)
    return {
        "round": ballot.round,
        "ballot": ballot.ballot,
        "choice": ballot.choice,
        "group": group,
        "salt": ballot.salt,
        **({"by": by} if by else {}),
    }


def opened(ballot: Ballot, label: str, by: str = "") -> dict[str, Any]:
    """A ballot as opened after the reveal: {"leaf", "label", "group_salt"}. No reason, no time, no person."""
    return {"leaf": leaf(ballot, label, by), "label": label, "group_salt": ballot.group_salt}


def hash_of(leaf: Mapping[str, str]) -> bytes:
    """The RFC 9162 leaf hash of a ballot's leaf (32 bytes)."""
    return verify.leaf_hash(verify.canonical(dict(leaf)))


def ballots_root(leaves: Iterable[Mapping[str, str]]) -> str:
    """The RFC 9162 root (hex) over a round's sorted leaf hashes. Sorting hides who voted when."""
    return verify.root(sorted(hash_of(one) for one in leaves)).hex()


def open_all(
    ballots: Iterable[Ballot],
    label_of: Callable[[str | None], str],
    origin_of: Callable[[bool], str] = lambda paper: "",
) -> list[dict[str, Any]]:
    """All of them opened, in the order of leaf hashes. `label_of` gives a group id's published label, `origin_of` what
    is said of a ballot by whether it is a paper."""
    lines = [opened(ballot, label_of(ballot.group), origin_of(ballot.paper)) for ballot in ballots]
    return sorted(lines, key=lambda line: hash_of(line["leaf"]))
