"""A suggestion: what somebody proposes for a story that is written together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suggestion:
    """What somebody suggests for a story that is being built together. `kind` is one of SUGGESTIONS.

    A scene has a `title` (its name, or none) and `words`, and goes after the card, or on the way, `place` ("" for the
    end); a response has `words` for the decision point `place`; a correction has new `words` for the field `place`, of
    which its writer saw the text with the mark `seen`; evidence has a `title` and a `url`. `group` is a group id of the
    commission or None, `name` is there only if its writer wishes to be named; `by` is as in Version. `outcome` is "" or
    one of OUTCOMES.
    """

    id: str
    story: str
    kind: str
    words: str
    at: str
    place: str = ""
    seen: str = ""
    title: str = ""
    url: str = ""
    group: str | None = None
    name: str = ""
    by: str = ""
    outcome: str = ""
    because: str = ""
    answered_at: str = ""


SUGGESTIONS = (SCENE, RESPONSE, CORRECTION, EVIDENCE) = ("scene", "response", "correction", "evidence")


OUTCOMES = (TAKEN, TAKEN_CHANGED, DECLINED) = ("accepted", "accepted with changes", "declined")
