"""An entry of the record in words, what it refers to, and words that several types of entries share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from forum.record.verify.rounds import weighed_of
from forum.voting.round import Round
from forum.voting.suppression import Result
from forum.web.i18n.gettext import gettext as _
from forum.web.words.methods import small_numbers_words

Facts: TypeAlias = Mapping[str, Any]
Disclosed: TypeAlias = Mapping[str, Any]


class EntryWords(msgspec.Struct, frozen=True):
    """An entry in words: the kind of event, one sentence, and the rest as (term, text) rows.

    `result` is there for a result that was shown, with `round` for its question and responses; `link` leads to a page
    about the thing itself, with the words `link_text`.
    """

    kind: str
    sentence: str
    details: tuple[tuple[str, str], ...] = ()
    result: Result | None = None
    round: Round | None = None
    link: str = ""
    link_text: str = ""


class References(msgspec.Struct, frozen=True):
    """Things that an entry refers to: the "round opened" entries of its rounds, and every disclosure that they name."""

    openings: Mapping[str, Facts]
    disclosed: Disclosed

    def words(self, fact: Any) -> str:
        """Returns the words behind {"sd": digest}, "[withdrawn]" where they were withdrawn; the oldest entries' as they
        are.
        """
        if isinstance(fact, str):
            return fact
        text = self.disclosed.get(fact["sd"])
        return _("[withdrawn]") if text is None else text

    def result(self, revealed: Facts) -> dict[str, Any] | None:
        """Returns the result that a "round revealed" tells, with its view shift; None where it was withdrawn."""
        told, shift = revealed["result"], revealed.get("view_shift")
        if "sd" in told:
            told = self.disclosed.get(told["sd"])
        elif shift is None:
            return dict(told)
        return told and {**told, "view_shift": self.disclosed.get(shift["sd"]) if shift else None}

    def weighed(self, decision: Facts) -> dict[str, Any] | None:
        """Returns how a decision lies to what people preferred, as rounds.weighed_of gives it; None where it was
        withdrawn."""
        if "weighed" not in decision:
            return weighed_of(decision, {})
        return self.disclosed.get(decision["weighed"]["sd"])

    def asynchronous(self, round_: str) -> bool:
        """Tells whether people answered a round by themselves, over days, and not in a room."""
        return bool(self.openings.get(round_, {}).get("closes_at"))

    def question(self, round_: str) -> str:
        """Returns the question of a round."""
        opening = self.openings.get(round_)
        return self.words(opening["question"]) if opening else _("[an earlier question]")

    def asked(self, round_: str) -> str:
        """Returns the question of a round, with the words of its one proposal or statement where there is only one."""
        responses = list(self.responses(round_).values())
        return " ".join([self.question(round_), *(responses if len(responses) == 1 else ())])

    def responses(self, round_: str) -> dict[str, str]:
        """Returns the words of a round's responses by id, in their order."""
        opening = self.openings.get(round_)
        return {r["id"]: self.words(r["label"]) for r in opening["responses"]} if opening else {}


def rounds_of(entry: Facts) -> tuple[str, ...]:
    """Returns the ids of the rounds in an entry."""
    if entry["type"] == "decision":
        return tuple(entry["rounds"])
    return (entry["round"],) if "round" in entry else ()


def chosen(labels: Mapping[str, str], response: str | None) -> str:
    """Returns a response in words; "none" even where the round did not offer it."""
    if response is None:
        return _("No one answer")
    return labels.get(response) or (_("None of these") if response == "none" else response)


def listed(labels: Mapping[str, str], responses: list[str] | tuple[str, ...]) -> str:
    """Returns several responses in words, each in quotation marks."""
    return _(" and ").join(f"“{chosen(labels, r)}”" for r in responses)


def named(words: Callable[[str], str], name: str) -> str:
    """Returns a term of the field after its meaning: "meaning (term)"."""
    meaning = words(name)
    return name if meaning == name else f"{meaning} ({_(name)})"


def small_numbers_row(declared: Facts) -> list[tuple[str, str]]:
    """Gives the line of an entry that declares small-number rules; [] for one that does not."""
    if "small_numbers" not in declared:
        return []
    return [(_("Small numbers"), small_numbers_words(declared["threshold"]))]
