"""The record in plain words, on a record that has everything in it."""

from __future__ import annotations

import pytest
from support.record_keeper import Keeper, a_keeper

from forum.record.verify.disclosures import open_disclosure
from forum.web.words import entry_words
from forum.web.words.entries import words_of
from forum.web.words.entry_words import EntryWords, Facts, References


@pytest.fixture(scope="module")
def keeper() -> Keeper:
    return a_keeper()


def references_of(keeper: Keeper, entry: Facts) -> References:
    openings = {e["round"]: e for e in keeper.entries if e["type"] == "round opened"}
    words = {digest: open_disclosure(encoded)[2] for digest, encoded in keeper.disclosures.items()}
    return References({r: openings[r] for r in entry_words.rounds_of(entry)}, words)


def all_words(keeper: Keeper, type_: str) -> list[EntryWords]:
    return [words_of(entry, references_of(keeper, entry)) for entry in keeper.entries if entry["type"] == type_]


def text(one: EntryWords) -> str:
    return " ".join([one.kind, one.sentence, *(part for row in one.details for part in row)])


def test_every_entry_has_a_sentence_of_its_own_kind(keeper: Keeper) -> None:
    kinds = {}
    for entry in keeper.entries:
        one = words_of(entry, references_of(keeper, entry))
        assert one.sentence.strip()
        assert "{" not in text(one)
        assert "%(" not in text(one)
        kinds[entry["type"]] = one.kind
    assert "Other" not in kinds.values()
    assert len(kinds) == 26
    alike = {kind: [type_ for type_, its in kinds.items() if its == kind] for kind in kinds.values()}
    # Of a kind of their own but for the acts on stages, which are told under one.
    assert {kind: types for kind, types in alike.items() if len(types) > 1} == {
        "Stage": ["stage moved", "stage note", "commission closed", "commission reopened"]
    }


def test_a_type_from_a_later_version_is_named(keeper: Keeper) -> None:
    assert "stage change" in words_of({"type": "stage change"}, References({}, {})).sentence


def test_small_groups_stand_in_no_result(keeper: Keeper) -> None:
    for one in all_words(keeper, "round revealed"):
        assert one.result is not None
        assert not {row.label for row in one.result.rows} & {"Police", "Ambulance crews"}
        assert "Police" not in text(one)


def test_a_result_is_told_with_the_response_in_words(keeper: Keeper) -> None:
    shown = all_words(keeper, "round revealed")
    assert "The room preferred “Send a nurse”" in shown[0].sentence
    assert "Who should come?" in shown[0].sentence
    assert shown[0].round is not None
    assert [r.label for r in shown[0].round.responses][:2] == ["Send a nurse", "Send the police"]
    assert any("Nobody voted." in one.sentence for one in shown)


def test_a_decision_is_told_with_what_it_differs_from(keeper: Keeper) -> None:
    with_changes, deferred, not_adopted, _ = all_words(keeper, "decision")
    assert with_changes.sentence.startswith("“Send a nurse” is adopted, with changes.")
    assert "The police have no beds" in text(with_changes)
    assert "put off" in deferred.sentence
    assert "is not adopted" in not_adopted.sentence


def test_words_that_were_withdrawn_are_said_to_be(keeper: Keeper) -> None:
    kept = all_words(keeper, "moderation action")[-1]
    assert "[withdrawn]" in text(kept)
    assert "My brother" not in text(kept)
    assert "Not now" in text(all_words(keeper, "decision")[1])


def test_what_was_answered_alone_is_told_as_that(keeper: Keeper) -> None:
    made = all_words(keeper, "session opened")[-1]
    assert made.kind == "Answers from where people are"
    assert "by themselves, over days" in made.sentence
    assert "may vote in a room as well" in text(made)
    opened = all_words(keeper, "round opened")[-1]
    assert "opened for answers from where people are, until 25 November 2026, 18:00 GMT" in opened.sentence
    [longer] = all_words(keeper, "round extended")
    assert "more time for answers from where people are: until 27 November 2026, 18:00 GMT" in longer.sentence
    assert "Answers from where people are closed. Votes counted: 19" in all_words(keeper, "round closed")[-1].sentence
    shown = all_words(keeper, "round revealed")[-1]
    assert "Answering from where they are, people preferred “Send the police”" in shown.sentence
    assert shown.round is not None
    assert shown.round.closes_at
    decision = all_words(keeper, "decision")[-1]
    assert "rests on answers from where people are" in decision.sentence
    assert ("People answering from where they are preferred", "“Send the police”") in decision.details
    for entry in all_words(keeper, "round revealed")[:-1] + all_words(keeper, "decision")[:-1]:
        assert "from where" not in text(entry)


def test_an_asynchronous_round_that_is_annulled_is_told_as_that(keeper: Keeper) -> None:
    asked = [entry for entry in keeper.entries if entry["type"] == "round opened"][-1]
    annulled = {"type": "round annulled", "round": asked["round"], "because": asked["question"]}
    assert (
        "A vote of people answering from where they are was annulled"
        in words_of(annulled, references_of(keeper, annulled)).sentence
    )


def test_moderation_is_told_with_its_reason_where_that_is_public(keeper: Keeper) -> None:
    down, undone, *_others = all_words(keeper, "moderation action")
    assert "took a public story down" in down.sentence
    assert "=The street was named" in text(down)
    assert undone.details == ()
    assert undone.link == "/moderation"
    of_later = words_of({"type": "moderation action", "action": "sung", "because": None}, References({}, {}))
    assert of_later.sentence == "sung"


def test_a_commitment_says_who_what_and_by_when(keeper: Keeper) -> None:
    first, second = all_words(keeper, "commitment")
    assert first.sentence == "Head of night services will do this by 31 March 2027: -Two nurses, from April"
    assert "A number to ring" in second.sentence


def test_what_a_round_that_is_not_shown_says_is_its_count_only(keeper: Keeper) -> None:
    sealed = next(one for one in all_words(keeper, "round closed") if "nobody has seen the answer" in one.sentence)
    assert "Votes counted: 33." in sealed.sentence
    assert sealed.result is None


def test_none_of_these_has_words_where_the_round_did_not_offer_it() -> None:
    assert entry_words.chosen({}, "none") == "None of these"
    assert entry_words.chosen({"none": "Not one of them"}, "none") == "Not one of them"
    assert entry_words.chosen({"r1": "A nurse"}, "r1") == "A nurse"


def test_a_vote_on_one_proposal_is_told_with_the_words_of_the_proposal() -> None:
    opening = {"question": {"sd": "asked"}, "responses": [{"id": "r1", "label": {"sd": "proposed"}}]}
    words = {"asked": "Do you agree with this proposal?", "proposed": "A quiet room is kept free"}
    closed = {"type": "round closed", "round": "r", "count": 16, "ballots_root": "0" * 64}
    said = words_of(closed, References({"r": opening}, words)).sentence
    assert "“Do you agree with this proposal? A quiet room is kept free”" in said
