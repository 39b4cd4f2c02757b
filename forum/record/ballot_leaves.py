"""Leaves that represent a round's ballots in the record, their root, and the opening of ballots."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from json.encoder import encode_basestring as _json
from typing import Any

from forum.record.verify.disclosures import disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.voting.ballot import Ballot


def leaf(ballot: Ballot, label: str, by: str = "") -> dict[str, str]:
    """Returns a ballot's leaf in its round's tree: {"round", "ballot", "choice", "group", "salt"}, all text.

    `label` is the published label of the ballot's row (voting/suppression.py), never its group. "group" is the RFC 9901
    digest of the label with a salt of its own, because a few labels are quickly guessed. `by` is one of verify.ORIGINS
    and is added where the round has papers.
    """
    group, _ = disclosure(ballot.group_salt, "group", label)
    return {
        "round": ballot.round,
        "ballot": ballot.ballot,
        "choice": ballot.choice,
        "group": group,
        "salt": ballot.salt,
        **({"by": str(by)} if by else {}),
    }


def opened(ballot: Ballot, label: str, by: str = "") -> dict[str, Any]:
    """Returns a ballot as opened after the reveal, {"leaf", "label", "group_salt"}: no reason, no time, no person."""
    return {"leaf": leaf(ballot, label, by), "label": label, "group_salt": ballot.group_salt}


def hash_of(leaf: Mapping[str, str]) -> bytes:
    """Returns the RFC 9162 leaf hash (32 bytes) of a ballot's leaf."""
    return leaf_hash(canonical(dict(leaf)))


def ballots_root(leaves: Iterable[Mapping[str, str]]) -> str:
    """Returns the RFC 9162 root (hex) over a round's sorted leaf hashes. Sorting hides the order in which
    people voted.
    """
    return root(sorted(hash_of(leaf) for leaf in leaves)).hex()


def root_of(ballots: Iterable[Ballot], label_of: Callable[[str | None], str], origin_of: Callable[[bool], str]) -> str:
    """Returns `ballots_root` of the leaves of these ballots in less time: a room waits for it.

    `label_of` and `origin_of` are those of `open_all`. What `leaf`, `disclosure` and `canonical` write of each ballot
    is written here in one go.
    """
    labels, origins = cache(lambda group: _json(label_of(group))), cache(lambda paper: _json(str(origin_of(paper))))
    return root(sorted(_leaf_hash(one, labels(one.group), origins(one.paper)) for one in ballots)).hex()


def _leaf_hash(ballot: Ballot, label: str, by: str) -> bytes:
    opening = f'[{_json(ballot.group_salt)},"group",{label}]'.encode()
    digest = sha256(urlsafe_b64encode(opening).rstrip(b"=")).digest()
    group = urlsafe_b64encode(digest).rstrip(b"=").decode()
    origin = "" if by == '""' else f'"by":{by},'
    return leaf_hash(
        f'{{"ballot":{_json(ballot.ballot)},{origin}"choice":{_json(ballot.choice)},"group":"{group}",'
        f'"round":{_json(ballot.round)},"salt":{_json(ballot.salt)}}}'.encode()
    )


HASH_IN_HEX = 64  # characters


def opened_lines(
    ballots: Iterable[Ballot], label_of: Callable[[str | None], str], origin_of: Callable[[bool], str]
) -> Iterator[bytes]:
    """Yields ballots opened, each as its leaf hash in hex (HASH_IN_HEX bytes), by which such lines are sorted, and its
    canonical JSON.

    `label_of` and `origin_of` are those of `open_all`.
    """
    for ballot in ballots:
        line = opened(ballot, label_of(ballot.group), origin_of(ballot.paper))
        yield hash_of(line["leaf"]).hex().encode() + canonical(line)


def open_all(
    ballots: Iterable[Ballot],
    label_of: Callable[[str | None], str],
    origin_of: Callable[[bool], str] = lambda paper: "",
) -> list[dict[str, Any]]:
    """Returns all ballots opened, sorted by leaf hash.

    `label_of` returns the published label of a group id; `origin_of` returns the leaf's `by`, given whether the ballot
    is a paper.
    """
    lines = [opened(ballot, label_of(ballot.group), origin_of(ballot.paper)) for ballot in ballots]
    return sorted(lines, key=lambda line: hash_of(line["leaf"]))
