"""Papers on a real store: two people, one count, ballots like any other; and no small group is laid open by a mark."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.factories import CLOCK, a_cast, a_room, new_id

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record import audit
from forum.record.signing_key import Signer
from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.encoding import canonical, parse_lines
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import FAIL
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import paper_counts
from forum.services.voting.paper_counts import PaperForm
from forum.sessions.session import LiveSession
from forum.voting.question import Terms
from forum.voting.round import Round

ANN, OLU = Person("ann", "ann", "Ann", (Role.ORGANISER,)), Person("olu", "olu", "Olu", (Role.ORGANISER,))


async def asked(store: Store, live: LiveSession, method: str = "single", *, second_of: str = "") -> Round:
    """Asks a question and opens its round."""
    acts = Desk(store, CLOCK)
    labels = ["The proposal"] if method in {"consent", "opinion"} else ["A nurse", "The police"]
    if second_of:
        round_ = (await cues.put_second_vote(acts, live.id, second_of)).round
    else:
        round_ = (await cues.ask_question(acts, live.id, f"Who? {new_id()}", labels, Terms(method), none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)
    return round_


def typed(counts: Mapping[tuple[str, str], int | str], handed_out: int | str = 50) -> PaperForm:
    return PaperForm({key: str(n) for key, n in counts.items()}, str(handed_out))


async def on_paper(store: Store, live: LiveSession, round_: Round, counts: Mapping[tuple[str, str], int]) -> None:
    entered = await paper_counts.enter(store, CLOCK, ANN.id, live.id, round_.id, typed(counts))
    await paper_counts.confirm(store, CLOCK, OLU.id, live.id, round_.id, entered.id)


async def vote(store: Store, round_: Round, choices: Mapping[str, str]) -> None:
    async with store.begin() as work:
        outcomes = await work.rounds.cast([a_cast(round_.id, who, choice) for who, choice in choices.items()])
    assert {o.refusal for o in outcomes} <= {""}


async def shown(store: Store, live: LiveSession, round_: Round) -> dict[str, Any]:
    """Closes and shows a round; its result as the record has it."""
    acts = Desk(store, CLOCK)
    await facilitation.close_round(acts, live.id, round_.id)
    result = (await facilitation.reveal_round(acts, live.id, round_.id)).result
    assert result is not None
    told: dict[str, Any] = result.to_json()
    return told


async def origins(store: Store, round_: Round) -> Counter[tuple[str, str | None]]:
    """Counts the opened ballots by choice and published label."""
    async with store.read() as work:
        lines = await exports.opened_ballots(work, round_.id)
    return Counter((line["label"], line["leaf"].get("by")) for line in lines)


async def entry(store: Store, type_: str) -> dict[str, Any]:
    async with store.read() as work:
        found = [json.loads(e.body) for e in await work.record.entries()]
    latest: dict[str, Any] = [e for e in found if e["type"] == type_][-1]
    return latest


async def passes(store: Store) -> None:
    """Checks that the export of everything passes every check."""
    export = await exports.export(Checkpoints(store, Signer.of(Ed25519PrivateKey.generate())))
    checks = [*audit.verify(export), *verify_files(unpack(export)[0])]
    assert [check for check in checks if check.verdict == FAIL] == []


async def test_papers_count_once_confirmed_by_a_second_person(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 6 + ["g2"] * 6, declared=True)
    round_ = await asked(sqlite_store, live)
    await vote(sqlite_store, round_, dict.fromkeys(people, "r1"))
    entered = await paper_counts.enter(
        sqlite_store, CLOCK, ANN.id, live.id, round_.id, typed({("g1", "r1"): 2, ("g1", "r2"): 3, ("g2", "r2"): 5})
    )
    acts = Desk(sqlite_store, CLOCK)
    with pytest.raises(IllegalMove, match="nobody has confirmed"):
        await facilitation.close_round(acts, live.id, round_.id)
    with pytest.raises(IllegalMove, match="Somebody else must confirm"):
        await paper_counts.confirm(sqlite_store, CLOCK, ANN.id, live.id, round_.id, entered.id)
    await paper_counts.confirm(sqlite_store, CLOCK, OLU.id, live.id, round_.id, entered.id)
    with pytest.raises(IllegalMove):
        await paper_counts.confirm(sqlite_store, CLOCK, OLU.id, live.id, round_.id, entered.id)
    result = await shown(sqlite_store, live, round_)
    assert (result["counts"], result["n"]) == ({"r1": 14, "r2": 8}, 22)
    assert [(row["label"], row["n"]) for row in result["by_group"]] == [("People who use services", 11), ("Carers", 11)]
    assert await origins(sqlite_store, round_) == {
        ("People who use services", "paper or device"): 11,
        ("Carers", "paper or device"): 11,
    }
    closed = await entry(sqlite_store, "round closed")
    assert (closed["count"], closed["paper"]) == (22, 10)
    await passes(sqlite_store)


async def test_a_round_without_papers_says_nothing_of_them(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 6, declared=True)
    round_ = await asked(sqlite_store, live)
    await vote(sqlite_store, round_, dict.fromkeys(people, "r1"))
    await shown(sqlite_store, live, round_)
    assert {by for _, by in await origins(sqlite_store, round_)} == {None}
    assert "paper" not in await entry(sqlite_store, "round closed")


@pytest.mark.parametrize("counts", [{("g1", "r1"): 3}, {("g1", "r1"): 6, ("g2", "r2"): 1}])
async def test_few_papers_of_a_group_are_not_marked_apart(
    sqlite_store: Store, counts: dict[tuple[str, str], int]
) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 6 + ["g2"] * 6, declared=True)
    round_ = await asked(sqlite_store, live)
    await vote(sqlite_store, round_, dict.fromkeys(people, "r2"))
    await on_paper(sqlite_store, live, round_, counts)
    await shown(sqlite_store, live, round_)
    assert {by for _, by in await origins(sqlite_store, round_)} == {"paper or device"}
    assert (await entry(sqlite_store, "round closed"))["paper"] == sum(counts.values())
    await passes(sqlite_store)


async def test_few_phones_beside_many_papers_are_not_told_apart_either(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 3, declared=True)
    round_ = await asked(sqlite_store, live)
    await vote(sqlite_store, round_, dict.fromkeys(people, "r1"))
    await on_paper(sqlite_store, live, round_, {("g1", "r2"): 9})
    await shown(sqlite_store, live, round_)
    assert {by for _, by in await origins(sqlite_store, round_)} == {"paper or device"}


async def test_small_groups_are_put_together_whether_they_came_on_paper_or_not(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 8, declared=True)
    round_ = await asked(sqlite_store, live)
    await vote(sqlite_store, round_, dict.fromkeys(people, "r1"))
    await on_paper(sqlite_store, live, round_, {("g3", "r1"): 3, ("g4", "r2"): 3})
    result = await shown(sqlite_store, live, round_)
    assert [(row["label"], row["n"]) for row in result["by_group"]] == [
        ("People who use services", 8),
        ("other groups", 6),
    ]
    assert "Police" not in json.dumps(result)
    await passes(sqlite_store)


async def test_a_second_vote_with_papers_in_both_adds_up_and_passes(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 8 + ["g2"] * 8, declared=True)
    first = await asked(sqlite_store, live)
    await vote(sqlite_store, first, dict.fromkeys(people, "r1"))
    await on_paper(sqlite_store, live, first, {("g1", "r2"): 5, ("g2", "r2"): 6})
    await shown(sqlite_store, live, first)
    second = await asked(sqlite_store, live, second_of=first.id)
    await vote(sqlite_store, second, dict.fromkeys(people, "r2"))
    await on_paper(sqlite_store, live, second, {("g1", "r1"): 5})
    shift = (await shown(sqlite_store, live, second))["view_shift"]
    # Nobody knows which paper is whose, so papers are not followed from vote to vote.
    (moved,) = shift["cells"]
    assert (moved["from"], moved["to"], 5 <= moved["n"] <= 13) == ("r1", "r2", True)
    not_followed = 16 - moved["n"]
    assert shift["left"] == {"r1": not_followed, "r2": 11}
    assert shift["joined"] == {"r1": 5, "r2": not_followed}
    await passes(sqlite_store)


@pytest.mark.parametrize(
    ("counts", "handed_out", "fields"),
    [
        ({("g1", "r1"): 14}, 12, {"count_g1", "handed_out"}),
        ({("g1", "r1"): 6, ("g2", "r1"): 7}, 12, {"handed_out"}),
        ({("g1", "r1"): 11}, 50, {"count_g1"}),
        ({("g1", "r1"): "some", ("", "r2"): "-1"}, 5, {"count_g1", "count_"}),
        ({("g1", "r1"): 1}, "", {"handed_out"}),
        ({("g1", "r1"): 1}, "a few", {"handed_out"}),
        ({}, 5, {"handed_out"}),
        ({("", "r1"): 2001}, 3000, {"handed_out"}),
        ({("g9", "r1"): 5}, 5, {"handed_out"}),
    ],
)
async def test_a_count_that_cannot_be_is_told_clearly_and_not_kept(
    sqlite_store: Store, counts: dict[tuple[str, str], int | str], handed_out: int | str, fields: set[str]
) -> None:
    live, _ = await a_room(sqlite_store, [])
    round_ = await asked(sqlite_store, live)
    with pytest.raises(FormErrors) as refused:
        await paper_counts.enter(sqlite_store, CLOCK, ANN.id, live.id, round_.id, typed(counts, handed_out))
    assert set(refused.value.fields) == fields
    async with sqlite_store.read() as work:
        assert await work.papers.get_paper_count(round_.id) is None


async def test_more_papers_than_people_present_is_said_with_both_numbers(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, [])
    round_ = await asked(sqlite_store, live)
    with pytest.raises(FormErrors) as refused:
        await paper_counts.enter(sqlite_store, CLOCK, ANN.id, live.id, round_.id, typed({("", "r1"): 14}, 12))
    assert str(refused.value.fields["handed_out"]) == "You counted 14 papers, but only 12 people got one. Count again."


async def test_a_count_is_corrected_until_it_is_confirmed_and_what_was_seen_is_what_is_confirmed(
    sqlite_store: Store,
) -> None:
    live, _ = await a_room(sqlite_store, [])
    round_ = await asked(sqlite_store, live)
    first = await paper_counts.enter(sqlite_store, CLOCK, ANN.id, live.id, round_.id, typed({("g1", "r1"): 3}))
    second = await paper_counts.enter(sqlite_store, CLOCK, OLU.id, live.id, round_.id, typed({("g1", "r1"): 4}))
    with pytest.raises(IllegalMove, match="corrected"):
        await paper_counts.confirm(sqlite_store, CLOCK, ANN.id, live.id, round_.id, first.id)
    # Whoever corrected it is the one who entered it now.
    with pytest.raises(IllegalMove, match="yourself"):
        await paper_counts.confirm(sqlite_store, CLOCK, OLU.id, live.id, round_.id, second.id)
    await paper_counts.discard(sqlite_store, CLOCK, live.id, round_.id, second.id)
    with pytest.raises(IllegalMove):
        await paper_counts.confirm(sqlite_store, CLOCK, ANN.id, live.id, round_.id, second.id)
    third = await paper_counts.enter(sqlite_store, CLOCK, OLU.id, live.id, round_.id, typed({("g1", "r1"): 4}))
    await paper_counts.confirm(sqlite_store, CLOCK, ANN.id, live.id, round_.id, third.id)
    for late in (
        paper_counts.enter(sqlite_store, CLOCK, OLU.id, live.id, round_.id, typed({("g1", "r1"): 5})),
        paper_counts.discard(sqlite_store, CLOCK, live.id, round_.id, third.id),
    ):
        with pytest.raises(IllegalMove):
            await late


async def test_papers_are_counted_only_while_the_vote_is_open(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, [])
    acts = Desk(sqlite_store, CLOCK)
    draft = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=False)).round
    assert draft is not None
    with pytest.raises(IllegalMove):
        await paper_counts.enter(sqlite_store, CLOCK, ANN.id, live.id, draft.id, typed({("g1", "r1"): 1}))
    await facilitation.open_round(acts, live.id, draft.id)
    await facilitation.close_round(acts, live.id, draft.id)
    with pytest.raises(IllegalMove):
        await paper_counts.enter(sqlite_store, CLOCK, ANN.id, live.id, draft.id, typed({("g1", "r1"): 1}))
    other, _ = await a_room(sqlite_store, [])
    with pytest.raises(NotFound):
        await paper_counts.enter(sqlite_store, CLOCK, ANN.id, other.id, draft.id, typed({("g1", "r1"): 1}))


@pytest.mark.parametrize(
    ("method", "marks"),
    [
        ("single", ("r1", "r2")),
        ("opinion", ("agree", "disagree", "pass")),
        ("consent", ("agree", "stand_aside")),
        ("approval", ()),
        ("ranked", ()),
        ("score", ()),
    ],
)
async def test_papers_are_for_votes_with_one_mark_that_needs_no_words(
    sqlite_store: Store, method: str, marks: tuple[str, ...]
) -> None:
    live, _ = await a_room(sqlite_store, [], declared=True)
    round_ = await asked(sqlite_store, live, method)
    assert paper_counts.countable(round_) == marks
    if marks:
        await on_paper(sqlite_store, live, round_, {("g1", marks[0]): 6})
        assert (await shown(sqlite_store, live, round_))["counts"][marks[0]] == 6
        await passes(sqlite_store)
    else:
        with pytest.raises(BadInput, match="one answer"):
            await paper_counts.enter(sqlite_store, CLOCK, ANN.id, live.id, round_.id, typed({("g1", "r1"): 1}))


async def an_export_with_papers(store: Store) -> dict[str, bytes]:
    """Shows the result of a vote of twelve by phone and ten on paper; returns the files of the export."""
    live, people = await a_room(store, ["g1"] * 6 + ["g2"] * 6, declared=True)
    round_ = await asked(store, live)
    await vote(store, round_, dict.fromkeys(people, "r1"))
    await on_paper(store, live, round_, {("g1", "r1"): 5, ("g2", "r1"): 5})
    await shown(store, live, round_)
    files, _ = unpack(await exports.export(Checkpoints(store, Signer.of(Ed25519PrivateKey.generate()))))
    return files


@pytest.mark.parametrize("change", ["a paper more", "a mark taken away", "a mark made up"])
async def test_an_export_whose_papers_do_not_fit_its_record_fails(sqlite_store: Store, change: str) -> None:
    files = await an_export_with_papers(sqlite_store)
    lines = parse_lines(files["ballots.jsonl"])
    leaf = lines[0]["leaf"]
    if change == "a mark taken away":
        del leaf["by"]
    else:
        leaf["by"] = "paper" if change == "a paper more" else "pigeon"
    lines.sort(key=lambda line: leaf_hash(canonical(line["leaf"])))
    files["ballots.jsonl"] = b"".join(canonical(line) + b"\n" for line in lines)
    failed = {c.name for c in verify_files(files) if c.verdict == FAIL}
    assert "ballots root" in failed


@pytest.mark.parametrize("said", [0, 23, "10", True, None])
async def test_a_record_that_says_a_number_of_papers_that_cannot_be_fails(sqlite_store: Store, said: object) -> None:
    files = await an_export_with_papers(sqlite_store)
    assert b"papers" in files["rounds.csv"]
    entries = parse_lines(files["record.jsonl"])
    closed = next(entry for entry in entries if entry["type"] == "round closed")
    assert closed["paper"] == 10
    closed["paper"] = said
    files["record.jsonl"] = b"".join(canonical(entry) + b"\n" for entry in entries)
    (check,) = [check for check in verify_files(files) if check.name == "ballots root"]
    assert (check.verdict, "not as many papers" in check.detail) == (FAIL, True)
