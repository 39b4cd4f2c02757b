"""Recorded day with one of everything that the record tells of."""

from __future__ import annotations

from dataclasses import dataclass

from forum.ports import Store
from forum.services import commitments, decision_corrections, decision_form, decisions
from forum.services.predictions import PredictionForm
from forum.services.sessions import cues, facilitation
from forum.services.stories.moderation import moderate
from forum.services.stories.submissions import submit
from support.app import a_sent_story
from support.decided import ANSWERS
from support.factories import CLOCK
from support.voted_session import COMMISSIONER, FIRST, SECOND, Voted, a_vote


@dataclass(frozen=True)
class Day:
    """Recorded day: a story, a vote and its second, one annulled, one still open, a decision with a correction, and a
    commitment with its update."""

    voted: Voted
    story: str
    key: str
    annulled: str
    standing: str
    decision: str
    commitment: str

    @property
    def first(self) -> str:
        """Returns the first round."""
        return self.voted.rounds[0]


async def a_day(store: Store, predicted: PredictionForm | None = None) -> Day:
    """Makes the day; `predicted` is sealed before it."""
    voted = await a_vote(store, FIRST, SECOND, declared=True, predicted=predicted)
    story, key = await submit(store, CLOCK, voted.live.commission, a_sent_story())
    await moderate(store, CLOCK, story.id, "accept", because="", expected_status=story.status)
    asked = []
    for question in ("What was put badly?", "And who rings back?"):
        outcome = await cues.ask_question(voted.desk, voted.live.id, question, ("A", "B"), none=True)
        assert outcome.round is not None
        await facilitation.open_round(voted.desk, voted.live.id, outcome.round.id)
        asked.append(outcome.round.id)
        if len(asked) == 1:
            await facilitation.annul_round(voted.desk, voted.live.id, outcome.round.id, "It was put badly.")
    form = decision_form.DecisionForm(
        voted.rounds,
        outcome="adopted",
        response="r2",
        rationale="It is near.",
        answers=ANSWERS,
        promises=(decision_form.Promise("Head of night services", "Two nurses", "2027-03-31", "Nights", "A rota"),),
    )
    made = await decisions.decide(store, CLOCK, COMMISSIONER, form)
    right = decision_corrections.CorrectionForm("", "It is half a mile away.", "We measured it.")
    await decision_corrections.correct(store, CLOCK, COMMISSIONER, made.id, right)
    news = commitments.UpdateForm(state="partly", said="One is here.", because="The other fell ill.")
    await commitments.update(store, CLOCK, COMMISSIONER, made.commitments[0].id, news)
    return Day(voted, story.id, key, asked[0], asked[1], made.id, made.commitments[0].id)
