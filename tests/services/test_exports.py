"""Opened ballots and exports from a real store, as the facilitator and the commissioner filled it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from csv import DictReader
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from support.app import a_sent_story
from support.entries_with_results import entries_with_results
from support.factories import CLOCK, a_cast, a_commission, a_room
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, FIRST, LABELS, PEOPLE, QUESTION, SECOND, a_vote

from forum.errors import NotFound
from forum.ports import Store
from forum.record import audit
from forum.record.ballot_leaves import hash_of
from forum.record.popolo import popolo
from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.merkle_tree import root
from forum.record.verify.public_log import HELD
from forum.record.verify.verdict import NOT_CHECKED, PASS
from forum.services import exports, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.keys import new_key
from forum.services.record_check import Finding
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.stories import moderation, submissions, withdrawal
from forum.services.voting import results
from forum.voting import suppression
from forum.voting.result import Result
from forum.voting.round import Round
from forum.voting.suppression import NO_COUNT


async def opened(store: Store, round_id: str) -> list[dict[str, Any]]:
    async with store.read() as work:
        return await exports.opened_ballots(work, round_id)


def summary(packed: bytes) -> dict[str, int]:
    """Counts what an export holds: {"entries": ..., "ballots": ...}, the latter being opened ballots."""
    files, _ = unpack(packed)
    return {"entries": files["record.jsonl"].count(b"\n"), "ballots": files["ballots.jsonl"].count(b"\n")}


async def a_pair(store: Store) -> tuple[str, str]:
    """Makes a commission with a pair of votes and a decision; returns its id and its later round's."""
    voted = await a_vote(store, FIRST, SECOND, declared=True)
    form = DecisionForm(
        voted.rounds,
        outcome="adopted",
        response="r1",
        rationale="It is the nearest.",
        why="=The second is shut",
        promises=(Promise("Lead", "Open it", "2027-01-31"),),
    )
    await decide(store, CLOCK, COMMISSIONER, form)
    return voted.live.commission, voted.rounds[1]


async def test_an_export_of_a_real_store_passes_every_check(sqlite_store: Store) -> None:
    await a_pair(sqlite_store)
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    checks = audit.verify(packed, SIGNER.public_key_pem)
    assert {check.verdict for check in checks} == {PASS}, [c for c in checks if c.verdict != PASS]
    assert summary(packed) == {"entries": 9, "ballots": 2 * len(PEOPLE)}
    assert await exports.export(Checkpoints(sqlite_store, SIGNER)) == packed


async def test_an_export_tells_how_many_ballots_it_has_opened(sqlite_store: Store) -> None:
    await a_pair(sqlite_store)
    told: list[tuple[int, int]] = []
    await exports.export(Checkpoints(sqlite_store, SIGNER), progress=lambda done, of: told.append((done, of)))
    assert told == [(len(PEOPLE), 2 * len(PEOPLE)), (2 * len(PEOPLE), 2 * len(PEOPLE))]


async def test_one_commission_has_its_own_words_and_ballots_and_the_whole_record(sqlite_store: Store) -> None:
    one, _ = await a_pair(sqlite_store)
    other, _ = await a_pair(sqlite_store)
    whole = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert summary(whole) == {"entries": 18, "ballots": 4 * len(PEOPLE)}
    for commission in (one, other):
        packed = await exports.export(Checkpoints(sqlite_store, SIGNER), commission)
        assert summary(packed) == {"entries": 18, "ballots": 2 * len(PEOPLE)}
        assert {check.verdict for check in audit.verify(packed)} == {PASS}
    with pytest.raises(NotFound):
        await exports.export(Checkpoints(sqlite_store, SIGNER), "0" * 32)


async def test_one_session_has_its_own_words_and_ballots_and_the_whole_record(sqlite_store: Store) -> None:
    voted = [await a_vote(sqlite_store, FIRST, declared=True) for _ in range(2)]
    for one in voted:
        packed = await exports.export(Checkpoints(sqlite_store, SIGNER), session=one.live.id)
        assert {check.verdict for check in audit.verify(packed)} == {PASS}
        assert summary(packed) == {"entries": 8, "ballots": len(PEOPLE)}
        log = await exports.read_log(sqlite_store, one.live.commission, one.live.id)
        assert list(log.rounds) == [*one.rounds]
        assert [row["session"] for row in log.stated["attendance.csv"]] == [one.live.id]
        assert set(log.disclosures) == set(log.digests())
    waiting, _ = await a_room(sqlite_store, ())
    for commission, session in (
        (None, "0" * 32),
        (voted[0].live.commission, voted[1].live.id),
        ("0" * 32, voted[0].live.id),
        (None, waiting.id),
    ):
        with pytest.raises(NotFound):
            await exports.export(Checkpoints(sqlite_store, SIGNER), commission, session=session)


async def test_ballots_are_opened_as_the_record_counted_them(sqlite_store: Store) -> None:
    _, round_id = await a_pair(sqlite_store)
    lines = await opened(sqlite_store, round_id)
    hashes = [hash_of(line["leaf"]) for line in lines]
    assert hashes == sorted(hashes)
    entries = await entries_with_results(sqlite_store)
    [closed] = [e for e in entries if e["type"] == "round closed" and e["round"] == round_id]
    assert closed["ballots_root"] == root(hashes).hex()
    [shown] = [e for e in entries if e["type"] == "round revealed" and e["round"] == round_id]
    counts = Counter(line["leaf"]["choice"] for line in lines)
    assert {choice: n for choice, n in shown["result"]["counts"].items() if n} == dict(counts)


async def test_no_ballot_is_opened_before_the_reveal_nor_once_the_vote_is_annulled(
    sqlite_store: Store,
) -> None:
    live, people = await a_room(sqlite_store, PEOPLE, declared=True)
    desk = Desk(sqlite_store, CLOCK)
    round_ = (await cues.ask_question(desk, live.id, QUESTION, LABELS, none=True)).round
    assert round_ is not None
    with pytest.raises(NotFound):
        await opened(sqlite_store, "0" * 32)
    with pytest.raises(NotFound):
        await opened(sqlite_store, round_.id)
    await facilitation.open_round(desk, live.id, round_.id)
    async with sqlite_store.begin() as work:
        await work.rounds.cast([a_cast(round_.id, person) for person in people])
    with pytest.raises(NotFound):
        await opened(sqlite_store, round_.id)
    await facilitation.close_round(desk, live.id, round_.id)
    with pytest.raises(NotFound):
        await opened(sqlite_store, round_.id)
    sealed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert summary(sealed) == {"entries": 3, "ballots": 0}
    assert {check.verdict for check in audit.verify(sealed)} == {PASS}
    await facilitation.reveal_round(desk, live.id, round_.id)
    lines = await opened(sqlite_store, round_.id)
    assert len(lines) == len(people)
    await facilitation.annul_round(desk, live.id, round_.id, "The screen froze")
    with pytest.raises(NotFound):
        await opened(sqlite_store, round_.id)


# Checks of results say how many they could not look at.
OF_RESULTS = ("ballots root", "head counts", "re-tally", "results by group", "equal voice", "quorum", "view shift")


async def test_an_annulled_votes_numbers_are_in_no_new_export_which_says_so(sqlite_store: Store) -> None:
    _, second = await a_pair(sqlite_store)
    async with sqlite_store.read() as work:
        later = await work.rounds.get_round(second)
        assert later.second_of
    before = await exports.export(Checkpoints(sqlite_store, SIGNER))
    desk = Desk(sqlite_store, CLOCK)
    await facilitation.annul_round(desk, later.session, later.second_of, "The first vote was put badly")
    shown = {entry["round"]: entry["result"] for entry in await entries_with_results(sqlite_store) if "result" in entry}
    # The view shift adds up to the first vote's counts, so it goes with them; the second vote stands.
    assert shown[later.second_of] is None
    assert (shown[second]["n"], shown[second]["view_shift"]) == (len(PEOPLE), None)
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    files, _ = unpack(packed)
    assert summary(packed)["ballots"] == len(PEOPLE)
    assert later.second_of.encode() not in files["ballots.jsonl"] + files["view_shift.csv"]
    rows = list(DictReader(StringIO(files["results_by_group.csv"].decode("utf-8-sig"))))
    assert [(row["measure"], row["note"], row["n"]) for row in rows if row["round"] == later.second_of] == [
        ("withheld", "withdrawn: this vote was annulled after its result was shown", "")
    ]
    checks = {check.name: check for check in audit.verify(packed)}
    assert {name for name, check in checks.items() if check.verdict != PASS} == {*OF_RESULTS}
    assert {checks[name].verdict for name in OF_RESULTS} == {NOT_CHECKED}
    assert all("1 more are annulled, and their results were withdrawn" in checks[name].detail for name in OF_RESULTS)
    # An export of before holds what it held, and still passes.
    assert {check.verdict for check in audit.verify(before)} == {PASS}
    assert summary(before)["ballots"] == 2 * len(PEOPLE)

    await facilitation.annul_round(desk, later.session, second, "And so was the second")
    files, _ = unpack(await exports.export(Checkpoints(sqlite_store, SIGNER)))
    assert files["ballots.jsonl"] == b""


async def test_a_decision_on_a_vote_that_was_annulled_since_is_not_held_against_it(sqlite_store: Store) -> None:
    _, second = await a_pair(sqlite_store)
    async with sqlite_store.read() as work:
        session = (await work.rounds.get_round(second)).session
    await facilitation.annul_round(Desk(sqlite_store, CLOCK), session, second, "It was put badly")
    verdicts = {c.name: c.verdict for c in audit.verify(await exports.export(Checkpoints(sqlite_store, SIGNER)))}
    assert {name for name, verdict in verdicts.items() if verdict != PASS} == {*OF_RESULTS, "decisions"}
    assert set(verdicts.values()) == {PASS, NOT_CHECKED}


async def a_vote_of_four(store: Store) -> tuple[Desk, str, str]:
    """Holds a vote of four people, where five are the smallest group, and shows its result."""
    live, people = await a_room(store, ["g1"] * 4, declared=True)
    desk = Desk(store, CLOCK)
    round_ = (await cues.ask_question(desk, live.id, QUESTION, LABELS, none=True)).round
    assert round_ is not None
    await facilitation.open_round(desk, live.id, round_.id)
    async with store.begin() as work:
        await work.rounds.cast([a_cast(round_.id, person) for person in people])
    await facilitation.close_round(desk, live.id, round_.id)
    await facilitation.reveal_round(desk, live.id, round_.id)
    return desk, live.id, round_.id


async def test_of_a_room_below_the_threshold_no_count_is_given_anywhere(sqlite_store: Store) -> None:
    _, _, round_id = await a_vote_of_four(sqlite_store)
    [shown] = [e["result"] for e in await entries_with_results(sqlite_store) if e["type"] == "round revealed"]
    assert shown == {
        "n": 4,
        "counts": {},
        "by_group": None,
        "withheld": NO_COUNT,
        "equal_voice": None,
        "view_shift": None,
    }
    with pytest.raises(NotFound, match="Too few people voted"):
        await opened(sqlite_store, round_id)
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    files, _ = unpack(packed)
    assert files["ballots.jsonl"] == b""
    rows = list(DictReader(StringIO(files["results_by_group.csv"].decode("utf-8-sig"))))
    assert [(row["measure"], row["n"], row["note"]) for row in rows] == [("withheld", "", NO_COUNT)]
    assert b'"value"' not in popolo(await exports.read_log(sqlite_store))
    checks = {check.name: check.verdict for check in audit.verify(packed)}
    assert set(checks.values()) == {PASS}
    assert (await checked(sqlite_store)) == []


async def test_a_vote_of_a_few_that_was_counted_in_a_record_of_before_stays_so(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plain(round_: Round, result: Result) -> dict[str, object]:
        return {"session": round_.session, "round": round_.id, "result": result.to_json()}

    with monkeypatch.context() as before:
        before.setattr(suppression, "too_few", lambda n, threshold: False)
        before.setattr(facilitation, "revealed", plain)
        desk, session, round_id = await a_vote_of_four(sqlite_store)
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert summary(packed)["ballots"] == len(await opened(sqlite_store, round_id)) == 4
    assert {check.verdict for check in audit.verify(packed)} == {PASS}
    assert (await checked(sqlite_store)) == []
    # Its numbers stand in the entry, and nobody can withdraw them: its ballots are checked with them as before.
    await facilitation.annul_round(desk, session, round_id, "It was put badly")
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert summary(packed)["ballots"] == 4
    assert {check.verdict for check in audit.verify(packed)} == {PASS}
    assert (await checked(sqlite_store)) == []


async def test_a_view_shift_from_a_vote_without_a_count_is_not_given(sqlite_store: Store) -> None:
    _, second = await a_pair(sqlite_store)
    async with sqlite_store.read() as work:
        later = await work.rounds.get_round(second)
        assert later.second_of
        # Where the threshold lies above the ballots of either vote, the moves would add up to its counts.
        voted = await work.rounds.voted([later.second_of, second])
        assert (await results.result_of(work, later, max(voted.values()))).shift is not None
        assert (await results.result_of(work, later, max(voted.values()) + 1)).shift is None
    # The same where the count of one cannot be given beside another session's.
    for one in (later.second_of, second):
        async with sqlite_store.begin() as work:
            live = await work.sessions.get_session(later.session, lock=True)
            assert live.partition
            live = replace(live, partition=replace(live.partition, uncounted=(one,)), version=live.version + 1)
            await work.sessions.save_session(live)
            assert (await results.result_of(work, later, 5)).shift is None


async def checked(store: Store) -> list[Finding]:
    """Holds the database against the record; returns what does not agree."""
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        found = progress.findings
    return found


async def test_a_small_group_stands_under_no_label_of_its_own(sqlite_store: Store) -> None:
    _, round_id = await a_pair(sqlite_store)
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    files, _ = unpack(packed)
    assert {line["label"] for line in await opened(sqlite_store, round_id)} & {"other groups", "everyone"}
    for name in ("ballots.jsonl", "results_by_group.csv", "view_shift.csv"):
        assert b"Police" not in files[name].replace(b"The police", b"")


WORDS = ("The third knock", "A neighbour knocks", "The lamp is out.")


async def test_words_that_a_moderator_holds_are_in_no_export_until_the_story_is_public_again(
    sqlite_store: Store,
) -> None:
    """Goes with one story through all that moderators can do, and holds each export against what is public then."""
    commission, key = a_commission(), new_key()
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
    sent, _ = await submissions.submit(sqlite_store, CLOCK, commission.id, a_sent_story(), key)
    entries = 0

    async def after(status: str, action: str, *public: str, held: Sequence[int | None]) -> None:
        """Does a moderator's act; asserts which of WORDS are in the export, and which entry holds each version."""
        nonlocal entries
        await moderation.moderate(
            sqlite_store, CLOCK, sent.id, action, because="It names a street.", expected_status=status
        )
        packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
        checks = audit.verify(packed) + verify_files(unpack(packed)[0])
        assert {check.verdict for check in checks if "whole program" not in check.detail} == {PASS}, checks
        files, _ = unpack(packed)
        log = await exports.read_log(sqlite_store)
        told = [open_disclosure(encoded)[2] for encoded in log.disclosures.values()]
        assert {words for words in WORDS if any(words in one for one in told)} == {*public}
        rows = list(DictReader(StringIO(files["stories.csv"].decode("utf-8-sig"))))
        assert [row["held"] for row in rows] == ["" if entry is None else str(entry) for entry in held]
        assert {row["title"] for row in rows if row["held"]} <= {HELD}
        assert {row["told_by"] for row in rows if row["held"]} <= {""}
        entries = len(log.entries)

    first, second = WORDS[:2], WORDS[2:]
    await after("submitted", "accept", *first, held=[None])
    await after("accepted", "take down", held=[2])
    await after("held", "release", held=[2])
    await after("submitted", "accept", *first, held=[None])
    await after("accepted", "take down", held=[5])
    await after("held", "return", held=[5])
    # Its writer takes the street out: the text before stays held.
    fresh = a_sent_story("A knock", happened="The lamp is out.")
    await submissions.resubmit(sqlite_store, CLOCK, key, fresh)
    await after("submitted", "accept", *second, held=[5, None])
    await after("accepted", "take down", held=[5, 9])
    await after("held", "return", held=[5, 9])
    await submissions.resubmit(sqlite_store, CLOCK, key, a_sent_story())
    # The words of the first version again: a new version, in an entry of its own.
    await after("submitted", "accept", *first, held=[5, 9, None])
    await withdrawal.withdraw(sqlite_store, CLOCK, key)
    log = await exports.read_log(sqlite_store)
    assert log.disclosures == {}
    assert log.held == {}
