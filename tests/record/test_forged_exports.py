"""Exports forged by somebody with the key, in which everything else adds up: one check alone tells each of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.forged_exports import (
    details,
    entry_of_type,
    failed,
    failed_after,
    failed_after_odd,
    fit_count,
    resigned,
    revealed_result,
    signed_again,
)
from support.record_keeper import CRISIS, QUIET, SIGNER, WAYS, Keeper, a_keeper, people, votes_of

from forum.record import export_zip, signing_key
from forum.record.verify.archive import pack, unpack
from forum.record.verify.checkpoint import parse_note
from forum.record.verify.disclosures import digests_in, disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.export import PAPER_OR_DEVICE
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.methods import tally
from forum.record.verify.public_log import Log
from forum.voting.methods import METHODS

Votes = Mapping[str, tuple[str | None, str]]


# ---------------------------------------------------------------- tables that tell of a few people


def a_small_day(threshold: int, *votes: Votes, method: str = "single", said: int | None = None) -> Keeper:
    """Makes a record of one vote, or of two, true to this threshold, which calls itself one with the threshold
    `said`."""
    keeper, commission = Keeper(), replace(CRISIS, threshold=threshold)
    day = keeper.session(commission, "A small day")
    first: str | None = None
    for each in votes:
        responses = WAYS[method][0]
        of = keeper.open(commission, day, "Who should come?", first, method=method, responses=responses)
        keeper.close(commission, of, each)
        keeper.reveal(commission, of, first)
        first = of[0]
    if said is not None:
        for entry in keeper.entries:
            if entry["type"] == "session opened":
                entry["about"]["threshold"] = said
            elif entry["type"] == "round opened":
                entry["threshold"] = said
    return keeper


def everybody(room: Mapping[str | None, int], method: str = "single") -> Votes:
    return votes_of(people(room), *WAYS[method][1])


@pytest.mark.parametrize("method", METHODS)
def test_a_row_below_the_threshold_fails_even_if_all_adds_up(method: str) -> None:
    """Also where ballots are opened without their groups, so that nothing but the size of the row gives it away."""
    votes = everybody({"users": 9, "carers": 4}, method)
    assert failed(signed_again(a_small_day(4, votes, method=method))) == set()
    said = details(signed_again(a_small_day(4, votes, method=method, said=5)))
    assert "a row is smaller than the threshold" in said["results by group"]


@pytest.mark.parametrize(("threshold", "more"), [(1, set()), (0, set()), (-3, {"entries"})])
def test_a_threshold_that_protects_nobody_fails_although_it_was_declared(threshold: int, more: set[str]) -> None:
    """One person alone in a row: every table is true to the threshold, and the vote of a person is told."""
    keeper = a_small_day(threshold, everybody({"users": 4, "carers": 1}))
    assert [row["n"] for row in revealed_result(keeper)["by_group"]] == [4, 1]
    forged = signed_again(keeper)
    assert failed(forged) == {"results by group"} | more
    assert "a row is smaller than the threshold" in details(forged)["results by group"]


@pytest.mark.parametrize("few", ["stayed", "joined", "left"])
def test_a_view_shift_that_tells_of_a_few_people_fails_although_every_row_is_large_enough(few: str) -> None:
    groups_of = people({"users": 20, "carers": 12})
    names = list(groups_of)
    users, carers = names[:20], names[20:]
    first, second = {
        "stayed": (users[:8], users[5:14]),
        "joined": (users[:8], users[:11]),
        "left": (users[:11], users[:8]),
    }[few]

    def votes(voters: list[str], choices: str) -> Votes:
        return votes_of({name: groups_of[name] for name in [*voters, *carers]}, *choices.split())

    rounds = votes(first, "r1 r2"), votes(second, "r2 r1 r2")
    true = a_small_day(3, *rounds)
    assert failed(signed_again(true)) == set()
    row = revealed_result(true, 1)["view_shift"]["by_group"][0]
    parts = {"stayed": sum(c["n"] for c in row["cells"]), "joined": sum(row["joined"].values())}
    parts["left"] = sum(row["left"].values())
    assert parts[few] == 3
    forged = signed_again(a_small_day(3, *rounds, said=4))
    assert failed(forged) == {"view shift"}
    assert "tells of fewer people than the threshold" in details(forged)["view shift"]


# ---------------------------------------------------------------- one ballot as two


def test_one_ballot_is_not_opened_as_two_with_other_choices() -> None:
    def doubled(keeper: Keeper) -> None:
        lines = keeper.ballots[entry_of_type(keeper, "round closed")["round"]]
        leaf = lines[0]["leaf"]
        lines.append({**lines[0], "leaf": {**leaf, "choice": "r3" if leaf["choice"] != "r3" else "r1"}})
        fit_count(keeper)
        choices = [line["leaf"]["choice"] for line in lines]
        revealed_result(keeper)["counts"] = tally("single", choices, ["r1", "r2", "r3", "none"])
        revealed_result(keeper)["n"] = len(lines)

    assert "opened ballots" in failed_after(doubled)


def test_an_opened_ballot_has_its_parts_and_nothing_besides() -> None:
    def in_the_line(keeper: Keeper) -> None:
        keeper.ballots[entry_of_type(keeper, "round closed")["round"]][0]["person"] = "Ann"

    def in_the_leaf(keeper: Keeper) -> None:
        keeper.ballots[entry_of_type(keeper, "round closed")["round"]][0]["leaf"]["at"] = "2026-11-22T14:00:00.000Z"
        fit_count(keeper)

    def by_fax(keeper: Keeper) -> None:
        for line in keeper.ballots[entry_of_type(keeper, "round closed")["round"]]:
            line["leaf"]["by"] = "fax"
        fit_count(keeper)

    for change in (in_the_line, in_the_leaf, by_fax):
        assert "opened ballots" in failed_after(change), change.__name__


def test_an_export_of_one_commission_opens_no_ballot_of_another() -> None:
    keeper = a_keeper()
    log = keeper.log(QUIET.id)
    assert failed(export_zip.pack(log, SIGNER)) == set()
    elsewhere = keeper.ballots[entry_of_type(keeper, "round closed")["round"]]
    forged = Log(log.entries, log.disclosures, (*log.ballots, *elsewhere), QUIET.id)
    assert "opened ballots" in failed(export_zip.pack(forged, SIGNER))


@pytest.mark.parametrize(
    ("papers", "fits"), [(1, True), (33, True), (-1, False), (34, False), (True, False), ("3", False)]
)
def test_as_many_papers_as_there_are_ballots_at_most(papers: object, fits: bool) -> None:
    def counted(keeper: Keeper) -> None:
        for line in keeper.ballots[entry_of_type(keeper, "round closed")["round"]]:
            line["leaf"]["by"] = PAPER_OR_DEVICE
        fit_count(keeper)
        assert entry_of_type(keeper, "round closed")["count"] == 33
        entry_of_type(keeper, "round closed")["paper"] = papers

    assert ("ballots root" not in failed_after(counted)) is fits


# ---------------------------------------------------------------- the order of things


def test_a_round_is_one_sessions_from_its_opening_to_its_reveal() -> None:
    def closed_elsewhere(keeper: Keeper) -> None:
        entry_of_type(keeper, "round closed")["session"] = entry_of_type(keeper, "session opened", 1)["session"]

    def shown_elsewhere(keeper: Keeper) -> None:
        entry_of_type(keeper, "round revealed")["session"] = "0" * 32

    for change in (closed_elsewhere, shown_elsewhere):
        assert "order of rounds" in failed_after_odd(change), change.__name__


def test_a_second_vote_comes_after_a_first_one_that_was_shown_and_is_held_as_it_was() -> None:
    def too_soon(keeper: Keeper) -> None:
        second = entry_of_type(keeper, "round opened", 1)
        keeper.entries.remove(second)
        keeper.entries.insert(keeper.entries.index(entry_of_type(keeper, "round closed")), second)

    def shown_too_soon(keeper: Keeper) -> None:
        late = entry_of_type(keeper, "round revealed")
        keeper.entries.remove(late)
        keeper.entries.insert(keeper.entries.index(entry_of_type(keeper, "round revealed")) + 1, late)

    def second_of_a_second(keeper: Keeper) -> None:
        before = entry_of_type(keeper, "round opened", 1)
        keeper.open(CRISIS, before["session"], "Who should come?", before["round"])

    def in_another_way(keeper: Keeper) -> None:
        before = entry_of_type(keeper, "round opened")
        keeper.open(CRISIS, before["session"], "Who should come?", before["round"], method="approval")

    def in_another_session(keeper: Keeper) -> None:
        before = entry_of_type(keeper, "round opened")
        keeper.open(CRISIS, keeper.session(CRISIS, "Another day"), "Who should come?", before["round"])

    def as_it_should_be(keeper: Keeper) -> None:
        before = entry_of_type(keeper, "round opened")
        keeper.open(CRISIS, before["session"], "Who should come?", before["round"])

    assert failed_after(as_it_should_be) == set()
    for change in (too_soon, shown_too_soon, second_of_a_second, in_another_way, in_another_session):
        assert "order of rounds" in failed_after(change), change.__name__


# ---------------------------------------------------------------- the words


def forged_words(change: Callable[[list[dict[str, Any]]], object]) -> str:
    """Changes the lines of disclosures and gives what the failing check says of them."""
    files = unpack(signed_again(a_keeper()))[0]
    lines = [json.loads(line) for line in files["disclosures.jsonl"].splitlines()]
    change(lines)
    forged = {**files, "disclosures.jsonl": b"".join(canonical(line) + b"\n" for line in lines)}
    found = details(resigned(forged))["disclosures"]
    assert "disclosures" in failed(resigned(forged)), found
    return found


def test_each_of_the_words_stands_once_in_its_place_with_its_own_digest() -> None:
    assert "order of the record" in forged_words(lambda lines: lines.append(lines[-1]))
    assert "order of the record" in forged_words(lambda lines: lines.insert(0, lines[0]))
    assert "order of the record" in forged_words(lambda lines: lines.reverse())
    assert "line 2: not the words" in forged_words(lambda lines: lines[1].update(disclosure=lines[0]["disclosure"]))
    assert "line 2: not the words" in forged_words(lambda lines: lines[1].update(by="somebody"))

    digest, encoded = next(iter(a_keeper().taken_back.items()))
    back = {"digest": digest, "disclosure": encoded}
    assert forged_words(lambda lines: lines.insert(3, back)).startswith("disclosures.jsonl, line 4: words that were w")
    assert "line 1: not the words" in forged_words(lambda lines: lines[0].update(disclosure=encoded))
    other = dict(zip(("digest", "disclosure"), disclosure("x", "what", "Nobody said it"), strict=True))
    assert "line 1: words that no entry" in forged_words(lambda lines: lines.insert(0, other))


def test_a_digest_stands_for_words_and_nothing_else() -> None:
    keeper = a_keeper()
    digest, encoded = disclosure("x", "rationale", 7)
    entry_of_type(keeper, "decision")["rationale"] = {"sd": digest}
    keeper.disclosures[digest], keeper.commission_of[digest] = encoded, CRISIS.id
    files = unpack(signed_again(a_keeper()))[0]
    lines = [canonical(entry) for entry in keeper.entries]
    named = [d for d in digests_of(keeper) if d in keeper.disclosures]
    words = [canonical({"digest": d, "disclosure": keeper.disclosures[d]}) for d in named]
    forged = {
        **files,
        "record.jsonl": b"".join(line + b"\n" for line in lines),
        "disclosures.jsonl": b"".join(line + b"\n" for line in words),
        "checkpoint": SIGNER.checkpoint(len(lines), root([leaf_hash(line) for line in lines])),
    }
    assert details(resigned(forged))["disclosures"].startswith(
        f"disclosures.jsonl, line {named.index(digest) + 1}: no words"
    )


def test_a_digest_stands_alone_in_its_place() -> None:
    def with_a_word(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["rationale"]["so"] = "as it is"

    def too_short(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["rationale"]["sd"] = "A" * 42

    for change in (with_a_word, too_short):
        assert "disclosures" in failed_after_odd(change), change.__name__


def digests_of(keeper: Keeper) -> list[str]:
    return list(dict.fromkeys(d for entry in keeper.entries for d in digests_in(entry)))


# ---------------------------------------------------------------- the note


def noted(files: Mapping[str, bytes], *names: str, cut: int = 0) -> dict[str, bytes]:
    """Adds a checkpoint that is truly signed to the files, under these names, each signature shorter by `cut` bytes."""
    note = parse_note(files["checkpoint"])
    [(origin, key, signature)] = note.signatures
    assert origin == SIGNER.name
    signature = signature[: len(signature) - cut]
    lines = [signing_key.signed_note(note.text, name, key, signature).removeprefix(note.text + b"\n") for name in names]
    return {**files, "checkpoint": note.text + b"\n" + b"".join(lines)}


@pytest.mark.parametrize(
    ("names", "cut"),
    [
        (["somebody.example"], 0),
        ([SIGNER.name, SIGNER.name], 0),
        ([SIGNER.name], 1),
    ],
    ids=["another name", "two by the key", "a short signature"],
)
def test_a_checkpoint_is_signed_once_in_the_records_own_name(names: list[str], cut: int) -> None:
    files = unpack(signed_again(a_keeper()))[0]
    assert failed(resigned(noted(files, SIGNER.name))) == set()
    assert failed(resigned(noted(files, *names, cut=cut))) == {"root", "key", "checkpoint signature"}


@pytest.mark.parametrize("names", [["a.example"], ["a.example", "b.example"]])
def test_a_checkpoint_that_others_signed_too_passes_wherever_their_lines_stand(names: list[str]) -> None:
    files = unpack(signed_again(a_keeper()))[0]
    for order in ([SIGNER.name, *names], [*names, SIGNER.name], [*names, SIGNER.name, "c.example"]):
        assert failed(resigned(noted(files, *order))) == set(), order
    assert "checkpoint signature" in failed(resigned(noted(files, *names))), "ours is required"


# ---------------------------------------------------------------- the archive


def test_many_files_that_swell_together_are_not_all_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    files = unpack(signed_again(a_keeper()))[0]
    largest = max(map(len, files.values()))
    monkeypatch.setattr("forum.record.verify.archive.MAX_EXPORT", largest)
    read, archive = unpack(pack(files))
    assert archive.verdict == "FAIL"
    assert "is too large" in archive.detail
    assert sum(map(len, read.values())) <= largest
