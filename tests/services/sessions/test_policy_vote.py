"""The policy vote on a real store: proposals, amendments with both texts, the vote, and who commits to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.factories import CLOCK, new_id
from support.kept_databases import kept
from support.second_run_session import Playing, a_replay
from support.voted_session import COMMISSIONER, PEOPLE, required

from forum.adapters.signing_key import load_signer
from forum.errors import BadInput, FormErrors, IllegalMove
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record.audit import verify
from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.verdict import FAIL
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.sessions import facilitation, policy_vote
from forum.services.sessions.desk import Desk
from forum.sessions.proposal import Amendment, Pledge, Proposal

ORGANISER = Person(new_id(), "o", "O", (Role.ORGANISER,))
WORDS = "A quiet room is kept free at night"
PROMISE = Promise("The ward manager", "Keeps the quiet room free", "2027-03-31")


@pytest.fixture
async def playing(sqlite_store: Store) -> Playing:
    return await kept(sqlite_store, a_replay, declared=True)


async def proposals(playing: Playing) -> list[Proposal]:
    async with playing.store.read() as work:
        return await work.proposals.list_proposals(playing.session)


async def amendments(playing: Playing) -> list[Amendment]:
    async with playing.store.read() as work:
        return await work.proposals.amendments(playing.session)


async def pledges(playing: Playing) -> list[Pledge]:
    async with playing.store.read() as work:
        return await work.proposals.pledges(playing.session)


async def entries(playing: Playing, kind: str) -> list[dict[str, Any]]:
    async with playing.store.read() as work:
        return [e for e in (json.loads(s.body) for s in await work.record.entries()) if e["type"] == kind]


async def proposed(playing: Playing, words: str = WORDS) -> str:
    await policy_vote.propose(playing.policy, playing.session, words)
    return (await proposals(playing))[-1].id


async def voted(playing: Playing, agree: int = 15) -> str:
    """Puts a proposal to the vote and shows its result; returns the round's id."""
    round_ = required(
        (await policy_vote.put_policy_vote(playing.policy, playing.session, await proposed(playing))).round
    )
    await playing.run_vote(round_, ["agree"] * agree + ["disagree"] * (len(PEOPLE) - agree))
    return round_.id


class TestProposing:
    async def test_a_proposal_grows_from_an_intervention_once(self, playing: Playing) -> None:
        stop = await playing.a_tried_stop()
        for _ in range(2):
            await policy_vote.propose(playing.policy, playing.session, "Nurses tell people the truth", stop)
        [proposal] = await proposals(playing)
        assert (proposal.stop, proposal.scenario) == (stop, playing.story)

    async def test_or_it_is_typed_and_the_same_words_twice_are_told(self, playing: Playing) -> None:
        await proposed(playing)
        with pytest.raises(BadInput, match="such a proposal"):
            await policy_vote.propose(playing.policy, playing.session, WORDS.upper())

    @pytest.mark.parametrize(("words", "said"), [("", "Write the proposal"), ("x" * 401, "400")])
    async def test_words_that_are_no_proposal_are_told(self, playing: Playing, words: str, said: str) -> None:
        with pytest.raises(BadInput, match=said):
            await policy_vote.propose(playing.policy, playing.session, words)

    async def test_taking_it_off_the_list_can_be_undone(self, playing: Playing) -> None:
        proposal = await proposed(playing)
        await policy_vote.list_proposal(playing.policy, playing.session, proposal, on=False)
        with pytest.raises(IllegalMove, match="off the list"):
            await policy_vote.put_policy_vote(playing.policy, playing.session, proposal)
        await policy_vote.list_proposal(playing.policy, playing.session, proposal, on=True)
        assert [p.state for p in await proposals(playing)] == ["standing"]

    async def test_the_list_is_shown_on_every_screen(self, playing: Playing) -> None:
        assert (await policy_vote.show_proposals(playing.policy, playing.session)).session.cue.kind == "proposals"


class TestAmending:
    async def test_both_texts_are_kept(self, playing: Playing) -> None:
        proposal = await proposed(playing)
        await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, f"{WORDS} and at weekends")
        assert [p.words for p in await proposals(playing)] == [WORDS]
        [amendment] = await amendments(playing)
        await policy_vote.settle_amendment(playing.policy, playing.session, amendment.id, "taken")
        assert [p.words for p in await proposals(playing)] == [f"{WORDS} and at weekends"]
        [after] = await amendments(playing)
        assert (after.before, after.after, after.state) == (WORDS, f"{WORDS} and at weekends", "taken")

    async def test_an_amendment_of_an_amendment_in_flight_is_refused_plainly(self, playing: Playing) -> None:
        proposal = await proposed(playing)
        await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Other words")
        with pytest.raises(IllegalMove, match="Take it or drop it first"):
            await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Still others")
        with pytest.raises(IllegalMove, match="Take it or drop it first"):
            await policy_vote.put_policy_vote(playing.policy, playing.session, proposal)
        # The same button pressed twice is not another amendment.
        await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Other words")
        assert len(await amendments(playing)) == 1

    async def test_whoever_amends_words_that_have_changed_is_told(self, playing: Playing) -> None:
        proposal = await proposed(playing)
        await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Other words")
        await policy_vote.settle_amendment(playing.policy, playing.session, (await amendments(playing))[0].id, "taken")
        with pytest.raises(IllegalMove, match="Somebody else"):
            await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Still others")

    async def test_taking_and_dropping_can_be_undone_but_only_the_latest(self, playing: Playing) -> None:
        proposal = await proposed(playing)
        await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Second")
        [first] = await amendments(playing)
        for state in ("taken", "in flight", "dropped", "in flight", "taken"):
            await policy_vote.settle_amendment(playing.policy, playing.session, first.id, state)
            assert (await proposals(playing))[0].words == ("Second" if state == "taken" else WORDS)
        await policy_vote.amend(playing.policy, playing.session, proposal, "Second", "Third")
        second = (await amendments(playing))[1]
        await policy_vote.settle_amendment(playing.policy, playing.session, second.id, "dropped")
        with pytest.raises(IllegalMove, match="Somebody else"):
            await policy_vote.settle_amendment(playing.policy, playing.session, first.id, "in flight")
        assert (await proposals(playing))[0].words == "Second"

    async def test_two_facilitators_at_once_the_second_is_told(self, playing: Playing) -> None:
        await policy_vote.amend(playing.policy, playing.session, await proposed(playing), WORDS, "Other words")
        [amendment] = await amendments(playing)
        await policy_vote.settle_amendment(playing.policy, playing.session, amendment.id, "taken")
        with pytest.raises(IllegalMove, match="Somebody else"):
            await policy_vote.settle_amendment(playing.policy, playing.session, amendment.id, "dropped")

    async def test_a_draft_vote_follows_and_an_open_one_ends_all_amending(self, playing: Playing) -> None:
        proposal = await proposed(playing)
        round_ = required((await policy_vote.put_policy_vote(playing.policy, playing.session, proposal)).round)
        await policy_vote.amend(playing.policy, playing.session, proposal, WORDS, "Other words")
        await policy_vote.settle_amendment(playing.policy, playing.session, (await amendments(playing))[0].id, "taken")
        async with playing.store.read() as work:
            assert [r.label for r in (await work.rounds.get_round(round_.id)).responses] == ["Other words"]
        await facilitation.open_round(playing.acts, playing.session, round_.id)
        with pytest.raises(IllegalMove, match="put to the vote"):
            await policy_vote.amend(playing.policy, playing.session, proposal, "Other words", "Still others")

    async def test_the_same_words_are_no_amendment(self, playing: Playing) -> None:
        with pytest.raises(BadInput, match="Nothing is different"):
            await policy_vote.amend(playing.policy, playing.session, await proposed(playing), WORDS, f" {WORDS} ")


class TestCommitting:
    async def test_who_may_decide_commits_straight_into_the_record(
        self, playing: Playing, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        round_ = await voted(playing)
        act = (playing.session, COMMISSIONER, round_)
        await policy_vote.promise(playing.policy, *act, PROMISE, "It costs little and people ask for it.")
        await policy_vote.promise(playing.policy, *act, Promise("The trust", "Pays for a lock", "2027-01-31"))
        [decision] = await entries(playing, "decision")
        assert (decision["outcome"], decision["rounds"]) == ("adopted", [round_])
        made = await entries(playing, "commitment")
        assert [c["by"] for c in made] == ["2027-03-31", "2027-01-31"]
        async with playing.store.read() as work:
            roles = [await work.record.disclosures([c["role"]["sd"]]) for c in made]
        opened = [open_disclosure(one.encoded or "")[1:] for [one] in roles]
        assert opened == [("role", "The ward manager"), ("role", "The trust")]
        assert await pledges(playing) == []
        data = await exports.export(Checkpoints(playing.store, load_signer(tmp_path_factory.mktemp("key"))), None)
        assert [(c.name, c.detail) for c in verify(data) if c.verdict == FAIL] == []

    async def test_the_same_commitment_twice_is_one(self, playing: Playing) -> None:
        round_ = await voted(playing)
        for _ in range(2):
            await policy_vote.promise(playing.policy, playing.session, COMMISSIONER, round_, PROMISE, "Because.")
        assert len(await entries(playing, "decision")) == len(await entries(playing, "commitment")) == 1

    async def test_a_first_commitment_needs_the_reason_for_the_decision(self, playing: Playing) -> None:
        with pytest.raises(FormErrors) as told:
            await policy_vote.promise(playing.policy, playing.session, COMMISSIONER, await voted(playing), PROMISE)
        assert set(told.value.fields) == {"rationale"}

    async def test_adopting_what_the_room_did_not_want_needs_a_reason_why(self, playing: Playing) -> None:
        with pytest.raises(FormErrors) as told:
            await policy_vote.promise(
                playing.policy, playing.session, COMMISSIONER, await voted(playing, 3), PROMISE, "Because."
            )
        assert set(told.value.fields) == {"why"}

    async def test_what_anybody_else_writes_down_waits_and_is_in_no_record(self, playing: Playing) -> None:
        round_ = await voted(playing)
        for _ in range(2):
            await policy_vote.promise(playing.policy, playing.session, ORGANISER, round_, PROMISE)
        assert [(p.role, p.state) for p in await pledges(playing)] == [("The ward manager", "waiting")]
        assert await entries(playing, "commitment") == []

    async def test_until_somebody_who_may_decide_confirms_it(self, playing: Playing) -> None:
        round_ = await voted(playing)
        await policy_vote.promise(playing.policy, playing.session, ORGANISER, round_, PROMISE)
        [pledge] = await pledges(playing)
        form = DecisionForm(
            (round_,), outcome="adopted", response="r1", rationale="Because.", promises=(PROMISE,), pledges=(pledge.id,)
        )
        made = await decide(playing.store, CLOCK, COMMISSIONER, form)
        [pledge] = await pledges(playing)
        assert (pledge.state, pledge.decision) == ("confirmed", made.id)
        with pytest.raises(IllegalMove, match="stands in the record"):
            await policy_vote.list_promise(playing.policy, playing.session, pledge.id, on=False)

    async def test_a_waiting_promise_can_be_taken_off_and_put_back(self, playing: Playing) -> None:
        round_ = await voted(playing)
        await policy_vote.promise(playing.policy, playing.session, ORGANISER, round_, PROMISE)
        [pledge] = await pledges(playing)
        for on, state in ((False, "withdrawn"), (True, "waiting")):
            await policy_vote.list_promise(playing.policy, playing.session, pledge.id, on=on)
            assert [p.state for p in await pledges(playing)] == [state]

    async def test_a_promise_says_who_what_and_by_when(self, playing: Playing) -> None:
        with pytest.raises(FormErrors) as told:
            await policy_vote.promise(
                playing.policy, playing.session, ORGANISER, await voted(playing), Promise("", "", "soon")
            )
        assert set(told.value.fields) == {"role_1", "what_1", "by_1"}

    async def test_nothing_is_promised_on_a_vote_that_was_not_shown(self, playing: Playing) -> None:
        round_ = required(
            (await policy_vote.put_policy_vote(playing.policy, playing.session, await proposed(playing))).round
        )
        with pytest.raises(IllegalMove, match="Show the result"):
            await policy_vote.promise(playing.policy, playing.session, ORGANISER, round_.id, PROMISE)


async def test_an_annulled_vote_on_a_proposal_can_be_put_again(playing: Playing) -> None:
    proposal = await proposed(playing)
    round_ = required((await policy_vote.put_policy_vote(playing.policy, playing.session, proposal)).round)
    await facilitation.annul_round(playing.acts, playing.session, round_.id, "The wrong words were on screen.")
    again = required((await policy_vote.put_policy_vote(playing.policy, playing.session, proposal)).round)
    assert again.id != round_.id
    assert isinstance(playing.policy, Desk)
