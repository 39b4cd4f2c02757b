"""Exports of one session: whole for both verifiers, of that session alone, and nothing can be slipped in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from support.forged_exports import details, failed
from support.record_keeper import CRISIS, QUIET, SIGNER, Keeper, a_keeper, people, votes_of

from forum.record import audit, export_zip
from forum.record.verify.archive import describe, pack, unpack
from forum.record.verify.disclosures import digests_in, open_disclosure
from forum.record.verify.encoding import parse_lines
from forum.record.verify.table_checks import write_table
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS

Files = dict[str, bytes]


@dataclass
class Rooms:
    """A record of three sessions of one commission: two on one question, with a decision on the later, and a third."""

    keeper: Keeper
    first: str
    later: str
    third: str


def rooms() -> Rooms:
    """Makes such a record, whose results lie beside the entries, with a story of each of the first and the third."""
    keeper, everybody = Keeper(), people({"users": 6, "carers": 5})
    story, other = keeper.story(CRISIS, "A night in March"), keeper.story(CRISIS, "A night in June")
    keeper.moderate(CRISIS, story, "kept", "The street is not named")
    keeper.moderate(CRISIS, other, "kept", "The school is not named")
    made = []
    for title, question, chosen in (
        ("A morning", "Who should come?", (story,)),
        ("An afternoon", "Who should come?", ()),
        ("An evening", "Who pays?", (other,)),
    ):
        session = keeper.session(CRISIS, title, *chosen)
        vote = keeper.open(CRISIS, session, question)
        keeper.close(CRISIS, vote, votes_of(everybody, "r1", "r2", "r2"))
        keeper.reveal(CRISIS, vote, disclosed=True)
        made.append((session, vote[0]))
    decision, _ = keeper.decide(CRISIS, [made[1][1]], "adopted", "r2", rationale="It is near.")
    keeper.promise(CRISIS, decision, "Head of night services", "Two nurses")
    keeper.decide(CRISIS, [made[2][1]], "deferred", None, rationale="Not now")
    keeper.erase(CRISIS, [keeper.entries[2]["because"]["sd"]])
    keeper.erase(CRISIS, [keeper.entries[3]["because"]["sd"]])
    return Rooms(keeper, *(session for session, _ in made))


def files_of(keeper: Keeper, session: str, commission: str = CRISIS.id) -> Files:
    return unpack(export_zip.pack(keeper.log(commission, session), SIGNER))[0]


def words_in(files: Mapping[str, bytes]) -> set[object]:
    return {str(open_disclosure(line["disclosure"])[2]) for line in parse_lines(files["disclosures.jsonl"])}


def rows_of(files: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode("utf-8-sig"), newline="")))


def resigned(files: Files, session: str | None, commission: str | None = CRISIS.id) -> bytes:
    """Packs these files as an export of this session, described and signed as they are now."""
    described = describe(files, commission, session=session)
    return pack({**files, "datapackage.json": described, "datapackage.sig": SIGNER.sign(described)})


@pytest.mark.parametrize("number", range(3))
def test_every_check_of_a_session_passes_with_both_verifiers(number: int) -> None:
    keeper = a_keeper()
    opened = [entry for entry in keeper.entries if entry["type"] == "session opened"][number]
    for record, commission, session in (
        (keeper, opened["commission"], opened["session"]),
        (rooms().keeper, CRISIS.id, [*vars(rooms()).values()][1 + number]),
    ):
        checks = audit.verify(export_zip.pack(record.log(commission, session), SIGNER), SIGNER.public_key_pem)
        assert {check.verdict for check in checks} == {PASS}, [c for c in checks if c.verdict != PASS]


def test_it_holds_what_is_of_the_session_and_nothing_of_another() -> None:
    made = rooms()
    whole = unpack(export_zip.pack(made.keeper.log(), SIGNER))[0]
    first, later, third = (files_of(made.keeper, id_) for id_ in (made.first, made.later, made.third))
    for files in (first, later, third):
        assert files["record.jsonl"] == whole["record.jsonl"]
        assert len(rows_of(files, "rounds")) == len(rows_of(files, "attendance")) == 1
        assert files["ballots.jsonl"].count(b"\n") == 11
    # The decision on the later vote names the first too, so it is in both, with what it needs of the later one.
    assert "It is near." in words_in(first) & words_in(later)
    assert rows_of(first, "decisions") == rows_of(later, "decisions")
    assert rows_of(first, "commitments") == rows_of(later, "commitments")
    assert len(rows_of(first, "decisions")) == 1
    assert "Not now" in words_in(third)
    assert not {"It is near.", "Who should come?", "Two nurses", "A night in March"} & words_in(third)
    assert not {"Not now", "Who pays?", "A night in June"} & (words_in(first) | words_in(later))
    # A story is with the session that chose it, and what became of it.
    assert ["A night in March" in words_in(files) for files in (first, later, third)] == [True, False, False]
    for name in ("stories", "moderation", "erasures", "evidence"):
        assert [len(rows_of(files, name)) for files in (first, later, third)] == [1, 0, 1], name
    about = json.loads(first["datapackage.json"])
    assert (about["commission"], about["session"]) == (CRISIS.id, made.first)
    assert about["title"].endswith(f": {CRISIS.title}, A morning")


def test_a_decision_on_a_vote_that_was_annulled_later_says_so_in_each_session_that_it_names() -> None:
    made = rooms()
    later = next(e["round"] for e in made.keeper.entries if e["type"] == "round opened" and e["session"] == made.later)
    made.keeper.annul(CRISIS, (later, made.later), "It was put badly")
    told = next(e for e in made.keeper.entries if e["type"] == "round revealed" and e["round"] == later)
    made.keeper.erase(CRISIS, digests_in(told["result"]))
    # With an annulled vote go the conditions that were given in it, as the decision repeats them.
    answered = [e["conditions"] for e in made.keeper.entries if e["type"] == "decision" and later in e["rounds"]]
    gone = [one["condition"] for given in answered if given for one in given["answered"] if one["round"] == later]
    made.keeper.erase(CRISIS, digests_in(gone))
    made.keeper.sealed.add(later)
    for session in (made.first, made.later):
        files = files_of(made.keeper, session)
        [row] = rows_of(files, "decisions")
        assert (row["rounds"], row["annulled_after"]) == (later, later)
        verdicts = {check.name: check.verdict for check in audit.verify(pack(files))}
        assert set(verdicts.values()) == {PASS, NOT_CHECKED}
        # Of the vote itself that is told where it was; of the decision in both.
        assert verdicts["decisions"] == NOT_CHECKED
        assert (verdicts["head counts"] == PASS) == (session == made.first)


def test_a_session_that_is_not_there_fails() -> None:
    made = rooms()
    true = files_of(made.keeper, made.first)
    vote = next(entry["round"] for entry in made.keeper.entries if entry["type"] == "round opened")
    for session, commission in (
        ("0" * 32, CRISIS.id),
        (vote, CRISIS.id),
        (CRISIS.id, CRISIS.id),
        ("", CRISIS.id),
        (made.first, QUIET.id),
        (made.first, None),
    ):
        said = {check.name: check for check in audit.verify(resigned(true, session, commission))}
        for name in ("disclosures", "opened ballots", "tables"):
            assert said[name].verdict == FAIL, (session, name)
            assert f"the record has no session {session!a} of commission {commission!a}" in said[name].detail


@pytest.mark.parametrize("session", [7, True, ["1" * 32], {"id": "1" * 32}])
def test_what_is_no_name_of_a_session_fails(session: object) -> None:
    made = rooms()
    true = files_of(made.keeper, made.first)
    forged = resigned(true, session)  # type: ignore[arg-type]
    assert details(forged)["disclosures"] == "datapackage.json does not say which session this is"


def test_files_under_another_sessions_name_fail() -> None:
    made = rooms()
    for session in (made.later, made.third, None):
        forged = resigned(files_of(made.keeper, made.first), session)
        assert failed(forged) >= {"disclosures", "tables"}, session


def test_an_export_of_a_format_from_before_is_of_no_session() -> None:
    made = rooms()
    files = files_of(made.keeper, made.first)
    package = json.loads(describe(files, CRISIS.id, 4)) | {"session": made.first}
    files["datapackage.json"] = json.dumps(package, indent=2).encode() + b"\n"
    assert "not as Forum writes it" in details(pack(files))["file digests"]


def with_lines(files: Files, name: str, other: Mapping[str, bytes]) -> Files:
    """Returns the files with the lines of another export's file after those of this one."""
    lines = [*files[name].splitlines(True), *other[name].splitlines(True)]
    return {**files, name: b"".join(dict.fromkeys(lines))}


def test_words_and_ballots_of_another_session_that_are_slipped_in_fail() -> None:
    made = rooms()
    true, other = files_of(made.keeper, made.first), files_of(made.keeper, made.third)
    words = details(resigned(with_lines(true, "disclosures.jsonl", other), made.first))
    assert "words that no entry of this export names" in words["disclosures"]
    log, theirs = made.keeper.log(CRISIS.id, made.first), made.keeper.log(CRISIS.id, made.third)
    mixed = replace(log, ballots=(*log.ballots, *theirs.ballots))
    assert (
        "of a round that is not revealed, or not in this export"
        in details(export_zip.pack(mixed, SIGNER))["opened ballots"]
    )


def test_words_and_ballots_of_the_session_that_are_left_out_fail() -> None:
    made = rooms()
    log = made.keeper.log(CRISIS.id, made.first)
    for digest in log.disclosures:
        fewer = replace(log, disclosures={id_: w for id_, w in log.disclosures.items() if id_ != digest}, stated={})
        assert "disclosures" in failed(export_zip.pack(fewer, SIGNER))
    assert "ballots root" in failed(export_zip.pack(replace(log, ballots=log.ballots[1:]), SIGNER))


@pytest.mark.parametrize("name", ["rounds.csv", "decisions.csv", "options.csv", "stories.csv", "sessions.csv"])
def test_a_row_of_another_session_fails(name: str) -> None:
    made = rooms()
    true, theirs = files_of(made.keeper, made.first), write_table(made.keeper.log(CRISIS.id, made.third), name)
    more = true[name] + theirs.partition(b"\r\n")[2]
    said = details(resigned({**true, name: more}, made.first))["tables"]
    number = len(true[name].splitlines()) + 1
    assert f"{name}, row {number} does not follow from the record" in said


@pytest.mark.parametrize("name", ["attendance.csv", "reasons.csv", "stops.csv", "proposals.csv", "evidence.csv"])
def test_a_stated_row_of_another_session_fails(name: str) -> None:
    made = rooms()
    log, theirs = made.keeper.log(CRISIS.id, made.first), made.keeper.log(CRISIS.id, made.third)
    mixed = {**log.stated, name: [*log.stated[name], *theirs.stated[name]]}
    assert f"{name}, row" in details(export_zip.pack(replace(log, stated=mixed), SIGNER))["tables"]
