"""A ballot's leaf, and ballots opened."""

from __future__ import annotations

import random

from forum.record.ballot_leaves import ballots_root, hash_of, leaf, open_all, opened
from forum.record.verify.disclosures import disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.voting.ballot import Ballot

ONE = Ballot("round", "participant", "r2", "because", "police", "ballot", "salt", "group salt")


def some(count: int) -> list[Ballot]:
    return [
        Ballot("round", f"p{n}", f"r{n % 3}", "my reason", f"g{n % 2}", f"b{n}", f"s{n}", f"t{n}") for n in range(count)
    ]


def label(group: str | None) -> str:
    return {"g0": "Nurses", "g1": "other groups"}[group or ""]


def test_a_leaf_holds_the_vote_and_neither_person_nor_group_nor_reason() -> None:
    made = leaf(ONE, "other groups")
    assert set(made) == {"round", "ballot", "choice", "group", "salt"}
    assert made["group"] == disclosure("group salt", "group", "other groups")[0]
    assert not {"participant", "because", "police", "group salt"} & set(made.values())


def test_an_opened_ballot_bears_out_its_leaf_with_the_label_it_commits_to() -> None:
    line = opened(ONE, "other groups")
    assert line == {"leaf": leaf(ONE, "other groups"), "label": "other groups", "group_salt": "group salt"}
    assert leaf(ONE, "Police") != line["leaf"]


def test_the_root_is_that_of_the_sorted_leaf_hashes_whoever_voted_first() -> None:
    leaves = [leaf(ballot, label(ballot.group)) for ballot in some(9)]
    hashes = sorted(leaf_hash(canonical(one)) for one in leaves)
    assert ballots_root(leaves) == root(hashes).hex()
    shuffled = random.Random(5).sample(leaves, len(leaves))
    assert shuffled != leaves
    assert ballots_root(shuffled) == ballots_root(leaves)
    assert ballots_root([]) == root([]).hex()


def test_one_vote_changed_gives_another_root() -> None:
    leaves = [leaf(ballot, label(ballot.group)) for ballot in some(4)]
    for key in leaves[0]:
        assert ballots_root([{**leaves[0], key: "x"}, *leaves[1:]]) != ballots_root(leaves)


def test_ballots_are_opened_in_an_order_that_tells_nothing() -> None:
    lines = open_all(some(12), label)
    hashes = [hash_of(line["leaf"]) for line in lines]
    assert hashes == sorted(hashes)
    assert lines == open_all(reversed(some(12)), label)
    assert root(hashes).hex() == ballots_root(line["leaf"] for line in lines)
    assert {line["label"] for line in lines} == {"Nurses", "other groups"}
