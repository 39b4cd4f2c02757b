"""Answers to whether a promise was noticed: in words, and their numbers as they may be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forum.voting.noticed import Asked, Noticed
from forum.web.i18n.gettext import gettext as _


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
