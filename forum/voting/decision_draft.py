"""The draft of a decision on its way to publication: written, read by somebody else, sent back, published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forum.errors import IllegalMove, NotAllowed
from forum.voting.commission import SecondReader
from forum.voting.decision import DecisionState, SecondReading


@dataclass(frozen=True)
class DecisionDraft:
    """A decision that is not published yet. Its `id` is the one that the decision will have.

    `form` is all that was typed, in plain values; `version` goes up by one each time that this is saved. `state` is
    WRITING, WITH_READER or SENT_BACK; `because` is the reason for which it was sent back, "" where it was not.
    `writers` are the ids of everybody who wrote on it.
    """

    id: str
    commission: str
    rounds: tuple[str, ...]
    form: Mapping[str, Any]
    writers: tuple[str, ...]
    state: DecisionState = DecisionState.WRITING
    because: str = ""
    version: int = 1
    saved_at: str = ""


def written(draft: DecisionDraft, person: str, form: Mapping[str, Any], at: str) -> DecisionDraft:
    """Returns the draft with what a person wrote. While its reader has it, it is taken back from them by that."""
    writers = draft.writers if person in draft.writers else (*draft.writers, person)
    state = DecisionState.WRITING if draft.state == DecisionState.WITH_READER else draft.state
    return _saved(draft, at, form=form, writers=writers, state=state)


def handed_over(draft: DecisionDraft, at: str) -> DecisionDraft:
    """Returns the draft, given to whoever reads it next. Raises IllegalMove where a reader has it already."""
    if draft.state == DecisionState.WITH_READER:
        raise IllegalMove("This draft waits for its second reader already.")
    return _saved(draft, at, state=DecisionState.WITH_READER, because="")


def sent_back(draft: DecisionDraft, person: str, because: str, at: str) -> DecisionDraft:
    """Returns the draft, sent back to be written on, with the reason. Raises NotAllowed for somebody who wrote on it,
    and IllegalMove where no reader has it."""
    _must_be_read_by(draft, person)
    return _saved(draft, at, state=DecisionState.SENT_BACK, because=because)


def published_by(draft: DecisionDraft, person: str, declared: SecondReader) -> SecondReading:
    """Returns how this draft was read where this person publishes it now, under what its commission declared.

    Raises NotAllowed where a second reader is declared and the person wrote on it, IllegalMove where nobody gave it to
    a reader.
    """
    if declared == SecondReader.REQUIRED:
        _must_be_read_by(draft, person)
    read = draft.state == DecisionState.WITH_READER and person not in draft.writers
    return SecondReading.READ if read else SecondReading.NONE


def _must_be_read_by(draft: DecisionDraft, person: str) -> None:
    if draft.state != DecisionState.WITH_READER:
        raise IllegalMove("No second reader has this draft. Its writer gives it to one first.")
    if person in draft.writers:
        raise NotAllowed("You wrote on this draft, so you cannot be its second reader. Somebody else reads it.")


def _saved(draft: DecisionDraft, at: str, **changes: Any) -> DecisionDraft:
    return replace(draft, version=draft.version + 1, saved_at=at, **changes)
