"""The record, the words and the ballots as lines."""

from __future__ import annotations

import json

from support.record_keeper import CRISIS, QUIET, a_keeper, people, votes_of

from forum.record.ballot_leaves import hash_of
from forum.record.exports import EXPORTS
from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.encoding import parse_lines
from forum.record.verify.public_log import Log


def written(name: str, log: Log) -> bytes:
    return b"".join(EXPORTS[name](log))


def test_the_record_is_whole_whichever_commission_is_chosen() -> None:
    keeper = a_keeper()
    whole = written("record.jsonl", keeper.log())
    assert whole == written("record.jsonl", keeper.log(QUIET.id))
    assert parse_lines(whole) == keeper.entries


def test_words_and_ballots_are_the_chosen_commissions() -> None:
    keeper = a_keeper()
    vote = keeper.open(QUIET, keeper.session(QUIET, "Another evening"), "And where?")
    keeper.close(QUIET, vote, votes_of(people({"users": 6}), *["r1"] * 6))
    keeper.reveal(QUIET, vote)
    for name in ("disclosures.jsonl", "ballots.jsonl"):
        parts = [written(name, keeper.log(which)).splitlines() for which in (CRISIS.id, QUIET.id)]
        assert parts[0]
        assert parts[1]
        assert sorted(parts[0] + parts[1]) == sorted(written(name, keeper.log()).splitlines())


def test_withdrawn_words_are_not_there() -> None:
    assert "My brother" not in str(
        [
            open_disclosure(line["disclosure"])
            for line in map(json.loads, written("disclosures.jsonl", a_keeper().log()).splitlines())
        ]
    )


def test_ballots_are_in_the_order_of_their_hashes_and_tell_no_person() -> None:
    data = written("ballots.jsonl", a_keeper().log())
    lines = parse_lines(data)
    hashes = [hash_of(line["leaf"]) for line in lines]
    assert hashes == sorted(hashes)
    assert b"users-" not in data
    assert {line["label"] for line in lines} == {
        "People who use services",
        "Carers",
        "Nurses",
        "other groups",
        "everyone",
    }
