"""Small-number rules from the vote to the export: exact in the room, by the rules in all that leaves it."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from support.changed_rows import change
from support.factories import CLOCK, a_cast, a_room
from support.forged_exports import details, failed, verdicts
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, LABELS, a_vote, required

from forum.errors import NotFound
from forum.ports import Store
from forum.record import export_zip
from forum.record.popolo import popolo
from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.export import Export
from forum.record.verify.public_log import Log
from forum.record.verify.receipt import verify_receipt
from forum.services import decision_form, decisions, exports, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import results
from forum.services.voting.receipts import own_receipt
from forum.sessions.session import Participant
from forum.store import SqlStore, tables
from forum.voting.methods import METHODS
from forum.voting.question import Terms
from forum.voting.result import Result

PEOPLE = ("g1",) * 21 + ("g2",) * 15 + ("g3",) * 12 + (None,)
# By group: 12 8 1 0, then 9 6 0 0, then 6 5 1 0 and one more, whose vote is among "other groups".
FIRST = (*("r1",) * 12, *("r2",) * 8, "r3", *("r1",) * 9, *("r2",) * 6, *("r1",) * 6, *("r2",) * 5, "r3", "r1")
SECOND = (*("r1",) * 6, *("r2",) * 14, "r3", *("r1",) * 9, *("r2",) * 6, *("r1",) * 6, *("r2",) * 5, "r3", "r2")
LARGE = ("g1",) * 30 + ("g2",) * 30
EACH_ENOUGH = ("r1", "r1", "r2", "r3", "none", "r2") * 10


@dataclass(frozen=True)
class Given:
    """A commission with small-number rules whose room voted twice, with a decision: its log, with ballots."""

    first: str
    second: str
    log: Log


@pytest_asyncio.fixture
async def given(sqlite_store: SqlStore) -> Given:
    """Runs the votes and the decision on the second."""
    voted = await a_vote(
        sqlite_store,
        FIRST,
        SECOND,
        people=PEOPLE,
        reasons={20: "They know me.", 0: "It is quick."},
        declared=True,
        small_numbers=True,
    )
    promise = decision_form.Promise("The nurses' lead", "Two nurses at night", "2099-03-31")
    form = decision_form.DecisionForm(
        voted.rounds, "", "adopted", "r2", "It is what most want.", "Not all do.", promises=(promise,)
    )
    await decisions.decide(sqlite_store, CLOCK, COMMISSIONER, form)
    first, second = voted.rounds
    return Given(first, second, await a_log(sqlite_store))


async def a_log(store: Store) -> Log:
    """Reads what exports are made of, with the opened ballots."""
    files, _ = unpack(await exports.export(Checkpoints(store, SIGNER)))
    log = await exports.read_log(store)
    return replace(log, ballots=Log.read(Export(files).lines, None).ballots)


def result_in(log: Log, round_id: str) -> dict[str, Any]:
    """Returns the result of a round as the record has it."""
    result = log.rounds[round_id].result
    assert result is not None
    return result


async def test_the_room_sees_what_is_exact_and_the_record_keeps_to_the_rules(
    sqlite_store: SqlStore, given: Given
) -> None:
    async with sqlite_store.read() as work:
        round_ = await work.rounds.get_round(given.second)
        session = await work.sessions.get_session(round_.session)
        commission = await work.commissions.get_commission(session.commission)
        room = (await results.shown_all(work, [(session, round_)], commission, in_the_room=True))[round_.id]
        page = await results.shown(work, round_, commission)
        assert room == await results.result_of(work, round_, commission.threshold)
        with pytest.raises(NotFound, match="not opened"):
            await exports.opened_lines(work, given.second)
    assert (room.counts, room.n, room.hidden) == ({"r1": 21, "r2": 26, "r3": 2, "none": 0}, 49, ())
    assert room.shift is not None
    assert room.shift.left
    said = result_in(given.log, given.second)
    assert said["counts"] == {"r1": 20, "r2": 25}
    assert said["hidden"] == ["r3", "none"]
    assert (said["n"], said["preferred"], said["sealed"]) == (50, ["r2"], True)
    assert page == Result.from_json(said)
    steps = given.log.rounds[given.second]
    assert steps.closed is not None
    assert "count" not in steps.closed
    assert given.log.ballots == ()
    assert all(n % 5 == 0 for cell in said["view_shift"]["cells"] for n in [cell["n"]])
    assert (said["view_shift"]["joined"], said["view_shift"]["left"]) == ({}, {})


async def test_its_export_passes_both_verifiers_and_the_database_agrees(sqlite_store: SqlStore, given: Given) -> None:
    packed = export_zip.pack(given.log, SIGNER)
    assert failed(packed) == set()
    assert "2 not opened, because of small-number rules" in details(packed)["ballots root"]
    assert [one.name for one in verify_files(unpack(packed)[0]) if one.verdict == "FAIL"] == []
    async for progress in record_check.check(Checkpoints(sqlite_store, SIGNER)):
        found = progress.findings
    assert found == []


async def test_every_table_and_file_has_rounded_numbers_only(sqlite_store: SqlStore, given: Given) -> None:
    files, _ = unpack(export_zip.pack(given.log, SIGNER))
    rows = [line.split(",") for line in files["results_by_group.csv"].decode("utf-8-sig").splitlines()]
    at = {name: place for place, name in enumerate(rows[0])}
    of = [row for row in rows[1:] if row[at["measure"]] in ("head count", "group")]
    assert {row[at["n"]] for row in of if row[at["n"]]} <= {"5", "10", "15", "20", "25", "30"}
    hidden = [row for row in of if not row[at["n"]]]
    assert hidden
    assert all("hidden" in ",".join(row) for row in hidden)
    assert {row["came"] for row in given.log.stated["attendance.csv"]} == {50}
    told = tables.reason
    await change(sqlite_store, told.c.round == given.first, told, state="shown")
    reasons = (await a_log(sqlite_store)).stated["reasons.csv"]
    assert [(row["response"], row["group"], row["too"]) for row in reasons] == [(None, "", None), (None, "", None)]
    counts = [one for motion in json.loads(popolo(given.log))["motions"] for one in motion["vote_events"][0]["counts"]]
    assert all(one["value"] % 5 == 0 and one["value"] for one in counts)


async def test_ballots_are_opened_without_groups_where_every_answer_has_enough(sqlite_store: SqlStore) -> None:
    voted = await a_vote(sqlite_store, EACH_ENOUGH, people=LARGE, declared=True, small_numbers=True)
    log = await a_log(sqlite_store)
    said = result_in(log, voted.rounds[0])
    assert said["counts"] == {"r1": 20, "r2": 20, "r3": 10, "none": 10}
    assert (said["hidden"], said["preferred"]) == ([], ["r1", "r2"])
    assert {row["label"] for row in said["by_group"]} == {"People who use services", "Carers"}
    assert len(log.ballots) == len(EACH_ENOUGH)
    assert {ballot["label"] for ballot in log.ballots} == {"everyone"}
    packed = export_zip.pack(log, SIGNER)
    assert failed(packed) == set()
    for name, value in (("counts", {**said["counts"], "r1": 25}), ("n", 55), ("preferred", ["r1"])):

        def alter(result: dict[str, Any], name: str = name, value: object = value) -> None:
            result[name] = value

        forged = changed(log, voted.rounds[0], alter)
        assert {"head counts", "re-tally"} & failed(forged), name


async def test_a_receipt_of_a_ballot_that_is_not_opened_is_checked(sqlite_store: SqlStore, given: Given) -> None:
    async with sqlite_store.read() as work:
        session = await work.sessions.get_session(given.log.rounds[given.first].opened["session"])
        [ballot, *_] = await work.rounds.ballots(given.first)
    who = Participant(ballot.participant, session.id, None, CLOCK.now())
    _, receipt = await own_receipt(Checkpoints(sqlite_store, SIGNER), session, who, given.first)
    files, _ = unpack(export_zip.pack(given.log, SIGNER))
    checks = {one.name: (one.verdict, one.detail) for one in verify_receipt(receipt, export=files)}
    assert {name for name, (verdict, _) in checks.items() if verdict == "FAIL"} == set()
    assert "rounded, 50" in checks["ballot counted"][1]


class Leaning:
    """Draws the votes of made-up people, the same at each run."""

    def __init__(self) -> None:
        self._chance = random.Random(7)

    def one(self, options: Sequence[str]) -> str:
        """Leans to the first."""
        return self._chance.choices(options, [9, 5, 2, 1, 1, 1, 1][: len(options)])[0]

    def also(self) -> bool:
        """Takes another now and then."""
        return self._chance.random() < 0.5

    def some(self, options: Sequence[str]) -> list[str]:
        """Puts them in one order."""
        return list(options)


async def test_every_way_of_voting_keeps_to_the_rules_and_its_quorum_is_told(sqlite_store: SqlStore) -> None:
    live, people = await a_room(sqlite_store, LARGE, declared=True, small_numbers=True)
    desk, voter = Desk(sqlite_store, CLOCK), Leaning()
    asked = {}
    for number, (method, way) in enumerate(METHODS.items()):
        terms, labels = Terms(method, quorum=58 + 2 * number), LABELS[: way.MOST]
        round_ = required((await cues.ask_question(desk, live.id, f"{method}?", labels, terms, none=False)).round)
        await facilitation.open_round(desk, live.id, round_.id)
        responses = [response.id for response in round_.responses]
        async with sqlite_store.begin() as work:
            # Without the stance that needs a condition; another needs a reason.
            choices = [way.made_up(responses, voter).replace("agree_if", "agree") for _ in people]
            casts = [a_cast(round_.id, *one, "Because") for one in zip(people, choices, strict=True)]
            assert not any(one.refusal for one in await work.rounds.cast(casts))
        await facilitation.close_round(desk, live.id, round_.id)
        await facilitation.reveal_round(desk, live.id, round_.id)
        asked[method] = round_.id
    log = await a_log(sqlite_store)
    packed = export_zip.pack(log, SIGNER)
    assert failed(packed) == set(), details(packed)
    said = {method: result_in(log, round_id) for method, round_id in asked.items()}
    assert [one["quorum"]["reached"] for one in said.values()] == [True, True, False, False, False, False]
    assert all("figures" not in one and one["n"] == 60 for one in said.values())
    events = {motion["id"]: motion["vote_events"][0] for motion in json.loads(popolo(log))["motions"]}
    for method, round_id in asked.items():
        assert all(one["value"] % 5 == 0 and one["value"] for one in events[round_id].get("counts", ())), method
    for method, reached in (("single", False), ("opinion", True)):

        def claim(result: dict[str, Any], reached: bool = reached) -> None:
            result["quorum"]["reached"] = reached

        forged = changed(log, asked[method], claim)
        assert "quorum" in failed(forged), method


# ---------------------------------------------------------------- an operator who has the key


def changed(log: Log, round_id: str, alter: Callable[[dict[str, Any]], object]) -> bytes:
    """Changes the result of a round, with all that follows from it made anew and signed."""
    entries = copy.deepcopy(log.entries)
    at = next(n for n, one in enumerate(entries) if (one["type"], one.get("round")) == ("round revealed", round_id))
    digests = {entries[at][name]["sd"] for name in ("result", "view_shift") if name in entries[at]}
    entries[at].pop("view_shift", None)
    # As the oldest records have it: in the entry itself.
    entries[at]["result"] = copy.deepcopy(result_in(log, round_id))
    alter(entries[at]["result"])
    words = {digest: encoded for digest, encoded in log.disclosures.items() if digest not in digests}
    return export_zip.pack(replace(log, entries=entries, disclosures=words), SIGNER)


def _row(result: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = result["by_group"][0]
    return row


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "a number below the threshold": lambda result: result["counts"].update(r1=4),
    "nought": lambda result: result["counts"].update(r1=0),
    "nought in a row": lambda result: _row(result)["counts"].update(r2=0),
    "not rounded": lambda result: result["counts"].update(r1=19),
    "not rounded in a row": lambda result: _row(result)["counts"].update(r2=13),
    "a number that is hidden, too": lambda result: result["counts"].update(r3=5),
    "an answer left out": lambda result: result["hidden"].remove("r3"),
    "an answer left out of a row": lambda result: _row(result)["hidden"].clear(),
    "ballots of a row not rounded": lambda result: _row(result).update(n=21),
    "the number of ballots not rounded": lambda result: result.update(n=49),
    "more than all in a row": lambda result: _row(result)["counts"].update(r1=50),
    "another answer preferred": lambda result: result.update(preferred=["r1"]),
    "nothing preferred": lambda result: result.update(preferred=[]),
    "opened, with hidden numbers": lambda result: result.pop("sealed"),
    "the rules not kept": lambda result: [result.pop(name) for name in ("hidden", "preferred", "sealed")],
    "figures beside them": lambda result: result.update(figures={"mean": {"r1": 10000}, "median": {"r1": 10000}}),
    "equal voice of hidden numbers": lambda result: result.update(equal_voice={"r1": 4000, "r2": 6000}),
    "a move below the threshold": lambda result: result["view_shift"]["cells"][0].update(n=3),
    "those who are not followed": lambda result: result["view_shift"]["left"].update(r1=5),
    "a move to a hidden answer": lambda result: result["view_shift"]["cells"][0].update(to="r3"),
    "no count, and what is preferred": lambda result: result.update(counts={}, by_group=None, view_shift=None),
}


async def test_each_rule_that_is_not_kept_is_found_by_both_verifiers(given: Given) -> None:
    assert failed(changed(given.log, given.second, lambda result: None)) == set()
    for name, alter in BROKEN.items():
        forged = changed(given.log, given.second, alter)
        bare = {one.name for one in verify_files(unpack(forged)[0]) if one.verdict == "FAIL"}
        assert "head counts" in bare, name
        assert bare <= failed(forged), name


async def test_a_rule_declared_and_not_kept_at_the_opening_or_the_close_is_found(given: Given) -> None:
    def without(type_: str, alter: Callable[[dict[str, Any]], object]) -> set[str]:
        entries = copy.deepcopy(given.log.entries)
        for entry in entries:
            if entry["type"] == type_:
                alter(entry)
        return failed(export_zip.pack(replace(given.log, entries=entries), SIGNER))

    assert "order of rounds" in without("session opened", lambda entry: entry["about"].pop("small_numbers"))
    assert "order of rounds" in without("round opened", lambda entry: entry.pop("small_numbers"))
    assert "order of rounds" in without("round closed", lambda entry: entry.update(count=49))
    assert "order of rounds" in without("round closed", lambda entry: entry.update(paper=3))


async def test_numbers_of_people_that_should_be_rounded_are_found(given: Given) -> None:
    stated = copy.deepcopy(dict(given.log.stated))
    stated["attendance.csv"] = [{**row, "came": 49} for row in stated["attendance.csv"]]
    packed = export_zip.pack(replace(given.log, stated=stated), SIGNER)
    assert verdicts(packed)["tables"] == "FAIL"
