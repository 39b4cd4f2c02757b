"""Checks of a question, and the terms that a vote is declared with before it opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from forum.errors import BadInput
from forum.stories import scenario_rules
from forum.stories.visible_text import alike, trimmed
from forum.voting.methods import METHODS
from forum.voting.round import Round

MOST_QUORUM = 100_000


class Terms(msgspec.Struct, frozen=True):
    """Terms of a vote: how it is voted on, how many must take part (0: no quorum) in all and of every
    group that is shown, and whether the head count is shown while it is open."""

    method: str = "single"
    quorum: int = 0
    quorum_each: int = 0
    live: bool = False

    @classmethod
    def of(cls, round_: Round) -> Terms:
        """Gives the terms of a round."""
        return cls(round_.method, round_.quorum, round_.quorum_each, round_.live)

    def put_on(self, round_: Round) -> Round:
        """Gives the round with these terms."""
        return replace(round_, method=self.method, quorum=self.quorum, quorum_each=self.quorum_each, live=self.live)


PLAIN = Terms()


def check_terms(terms: Terms) -> None:
    """Raises BadInput for an unknown method, or a quorum that is no number of ballots."""
    if terms.method not in METHODS:
        raise BadInput("Choose how people vote on it.", field="method")
    for name, number in (("quorum", terms.quorum), ("quorum_each", terms.quorum_each)):
        if not 0 <= number <= MOST_QUORUM:
            raise BadInput("Give the number of votes needed as a whole number, or leave it empty.", field=name)


def check_number(method: str, labels: int) -> None:
    """Raises BadInput where this way of voting does not take so many responses ("none of these" apart)."""
    way = METHODS[method]
    if way.LEAST <= labels <= way.MOST:
        return
    if way.MOST == 1:
        raise BadInput("This way of voting is about one proposal: give that, and nothing else.", field="response")
    raise BadInput("Give from %(least)s to %(most)s responses.", field="response", least=way.LEAST, most=way.MOST)


def check_question(question: str, labels: Sequence[str], method: str, *, none: bool) -> None:
    """Raises BadInput for a question of the facilitator's own that is empty, too long or has equal responses."""
    if not trimmed(question):
        raise BadInput("Write the question.", field="question")
    if len(question) > 2000:
        raise BadInput("Use at most 2000 characters for the question.", field="question")
    check_number(method, len(labels))
    if any(len(label) > 200 for label in labels):
        raise BadInput("Use at most 200 characters for a response.", field="response")
    if len({alike(label) for label in labels}) < len(labels):
        raise BadInput("Two responses are the same. Change one.", field="response")
    if none and any(scenario_rules.is_none_of_these(label) for label in labels):
        raise BadInput("“None of these” is offered already. Leave it out of the responses.", field="response")
