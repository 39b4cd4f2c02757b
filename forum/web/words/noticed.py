"""Answers to whether a promise was noticed: in words, and their numbers as they may be given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from forum.voting.commitment import Commitment
from forum.voting.noticed import Asked, Noticed, asking_of, has_ended, unnoticed
from forum.web.i18n.gettext import gettext as _


class Counts(msgspec.Struct, frozen=True):
    """Counts of who noticed a promise, newest first, each as (number of its entry, its time, sentences, true where
    hardly anybody noticed). `few` is true where too few answered when people were asked last."""

    told: tuple[tuple[int, str, list[str], bool], ...] = ()
    few: bool = False


def counts_of(commitment: Commitment, entries: Sequence[Mapping[str, Any]], now: str) -> Counts:
    """Returns the counts of a recorded commitment from entries "commitment noticed" with their `index`, oldest first,
    of which the newest is among them."""
    asking = asking_of(commitment)
    few = asking is not None and has_ended(asking, now) and asking.id not in {one["update"] for one in entries}
    told = [
        (one["index"], one["at"], [counted(row) for row in one["answers"]], unnoticed(one["answers"]))
        for one in reversed(entries)
    ]
    return Counts(tuple(told), few)


def noticed_words(said: str) -> str:
    """Returns an answer in words."""
    words = {Noticed.YES: _("Yes"), Noticed.PARTLY: _("In part"), Noticed.NO: _("No")}
    return words[Noticed(said)]


def counted(row: Mapping[str, Any]) -> str:
    """Returns one row of the answers of an entry "commitment noticed" as a sentence."""
    who = {
        Asked.FOLLOWERS: _("Of about %(n)s people who follow it and answered:"),
        Asked.STORYTELLERS: _("Of about %(n)s people whose story it answers and who answered:"),
    }
    few = _("few or none")
    told = [
        _("noticed it: %(many)s") % {"many": few if row["yes"] is None else row["yes"]},
        _("in part: %(many)s") % {"many": few if row["partly"] is None else row["partly"]},
        _("not: %(many)s") % {"many": few if row["no"] is None else row["no"]},
    ]
    return who[row["who"]] % {"n": row["n"]} + " " + ", ".join(told)
