from __future__ import annotations

from forum.rehearsal.sample_day import invented
from forum.rehearsal.script import Badges, Offer, Pause, Promise, Proposal, Script, Section, Stops
from forum.services import demonstration
from forum.services.voting.paper_counts import countable
from forum.sessions.stop import MOST_HOW
from forum.voting.methods import METHODS
from forum.voting.round import Round


def day(phones: int = 60, seed: int = 1) -> Script:
    return invented(phones, seed, demonstration.lent())


def test_the_day_has_every_way_of_voting_two_sections_and_a_second_run() -> None:
    script = day()
    kinds = [type(step) for step in script.steps]
    assert {act.method for act in script.acts} == set(METHODS)
    assert {act.put for act in script.acts} == {"cue", "magic check", "characters", "policy"}
    assert kinds.count(Section) == 2
    assert script.stories == 2
    assert {Stops, Offer, Badges, Pause, Proposal, Promise} <= set(kinds)
    assert [step.off for step in script.steps if isinstance(step, Badges)] == [True, False]
    assert sum(act.heard for act in script.acts) == 3


def test_the_vote_after_the_replay_has_an_answer_that_the_first_one_had_not() -> None:
    acts = day().acts
    again = next(act for act in acts if act.again)
    assert again.responses == (*acts[0].responses, next(s.words for s in day().steps if isinstance(s, Offer)))
    before, after = acts[0].last_votes(), again.last_votes()
    assert sum(before[phone] != after[phone] for phone in before.keys() & after.keys()) > 0


def test_papers_can_be_counted_where_there_are_any() -> None:
    for act in day().acts:
        offered = Round(id="1", session="1", question="?", responses=(), method=act.method)
        assert not act.papers or {heap.choice for heap in act.papers} <= {*countable(offered), *act.ids}
        for heap in (*act.papers, *act.tablet):
            METHODS[act.method].check(heap.choice, act.ids)
    assert sum(heap.count for heap in day().acts[0].papers) > 5
    assert not invented(60, 1, demonstration.lent(), papers=False).acts[0].papers


def test_the_same_seed_invents_the_same_day_and_another_one_another() -> None:
    assert day(50, 1) == day(50, 1)
    assert day(50, 1) != day(50, 2)


def test_somebody_says_how_with_a_stop_also_in_the_smallest_room() -> None:
    for phones in (1, 3, 60):
        [stops] = [step for step in day(phones).steps if isinstance(step, Stops)]
        assert stops.presses[0].how
        assert all(len(press.how) <= MOST_HOW for press in stops.presses)
        assert {press.phone for press in stops.presses}.isdisjoint(day(phones).observers)
