"""Opinion: one statement, and whether people agree, disagree or pass.

The choice is "agree", "disagree" or "pass". Where the result is given by group, so is the group-informed consensus:
how far all groups agree, a small one as much as a large one (forum/voting/consensus.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from forum.errors import message
from forum.voting.marks_and_shares import OpinionMark
from forum.voting.method import Method, Sentence


class Opinion(Method):
    """One of three opinions on one statement."""

    NAME = message("Agree, disagree or pass on one statement")
    LEAST = 1
    MOST = 1
    NONE = False
    CONSENSUS = True
    MARKS = MappingProxyType(
        {
            OpinionMark.AGREE: message("Agree"),
            OpinionMark.DISAGREE: message("Disagree"),
            OpinionMark.PASS: message("Pass"),
        }
    )
    HUES = MappingProxyType({OpinionMark.AGREE: 1, OpinionMark.DISAGREE: 4})

    def preferred(self, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Lists the statement, where more agree than disagree."""
        return ("r1",) if counts[OpinionMark.AGREE] > counts[OpinionMark.DISAGREE] else ()

    def outcome(
        self,
        top: tuple[str, ...],
        counts: Mapping[str, int],
        figures: Mapping[str, Any] | None,
        *,
        asynchronous: bool = False,
    ) -> Sentence:
        """Says how many have each opinion."""
        return Sentence("%(agree)s agree, %(disagree)s disagree, %(pass)s pass.", top, dict(counts))

    def headline(
        self, top: tuple[str, ...], counts: Mapping[str, int], figures: Mapping[str, Any] | None, *, about: bool = False
    ) -> Sentence:
        """Says whether more agree or disagree."""
        agree, disagree = counts.get(OpinionMark.AGREE), counts.get(OpinionMark.DISAGREE)
        if agree is None or disagree is None:
            said = message("More agree than disagree") if top else message("Not more agree than disagree")
        elif about:
            said = message("About as many agree as disagree")
            if agree > disagree:
                said = message("More agree than disagree: about %(agree)s to %(disagree)s")
            elif disagree > agree:
                said = message("More disagree than agree: about %(disagree)s to %(agree)s")
        else:
            said = message("Level: %(agree)s agree, %(disagree)s disagree")
            if agree > disagree:
                said = message("More agree than disagree: %(agree)s to %(disagree)s")
            elif disagree > agree:
                said = message("More disagree than agree: %(disagree)s to %(agree)s")
        return Sentence(said, top, {"agree": agree, "disagree": disagree})
