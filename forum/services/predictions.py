"""Sealed predictions: what those who decide expect a room to say, sealed before its first vote, opened as they decide.

The record gets digests alone when one is sealed. Until it is opened its words are in this database and nowhere else.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forum.errors import IllegalMove, NotAllowed
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import permissions, record_entries
from forum.services.form_errors import Findings
from forum.services.record_entries import Words, digest_of
from forum.sessions.session import LiveSession
from forum.voting.commission import Commission
from forum.voting.decision import Decision
from forum.voting.prediction import MOST_PREDICTED, Prediction
from forum.voting.round import Round

ENDED = "This session has ended, so there is no vote that a prediction could come before."
PLANNED = "This session is planned. A prediction can be sealed once it is opened, before its first vote."
LATE = (
    "A vote of this session has been opened, so no prediction can be sealed any more, and none replaced. You can still "
    "copy what you wrote from here."
)
MEANWHILE = "A prediction was sealed a moment ago. Read it above, then send yours again if it is to replace it."
_UNLIKE = (
    "The prediction for this session is not as it was sealed, so it cannot be opened, and nothing was published. "
    "Whoever runs this Forum: put the database back from a backup; `forum record check` says what was changed."
)
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class PredictionForm:
    """A prediction as typed. `id` is a random id made when the form was shown; where it is empty, one is made. `after`
    is the id of the one that was sealed then, which this replaces, "" for none. Errors come back under these names."""

    id: str = ""
    after: str = ""
    expect: str = ""
    minds: str = ""


def refusal(session: LiveSession, rounds: Sequence[Round]) -> str:
    """Returns why no prediction can be sealed for a session with these rounds any more; "" where it can."""
    if any(one.opened_at for one in rounds):
        return LATE
    if session.ended:
        return ENDED
    return "" if session.opened_at else PLANNED


async def seal(
    store: Store, clock: Clock, person: Person, session: str, form: PredictionForm, *, of_words: bool = False
) -> Prediction:
    """Seals a prediction for a session, in the place of any, and returns it; the same form sent twice seals one. With
    `of_words` the form's id follows from its words, as a program's does: what it sealed before is returned, without its
    words, also where another took its place since.

    Raises NotFound, NotAllowed, IllegalMove (LATE, ENDED, MEANWHILE) and FormErrors.
    """
    async with store.begin() as work:
        # Held as for every act on a session, so that no vote is opened meanwhile.
        live = await work.sessions.get_session(session, lock=True)
        if live.commission not in permissions.reach(person, "decide"):
            raise NotAllowed("Only a commissioner can seal a prediction.")
        there = await work.predictions.prediction_for(session)
        found = Findings()
        expect = found.need("expect", form.expect, "Write what you expect the room to say.", MOST_PREDICTED)
        minds = found.need("minds", form.minds, "Write what would change your minds.", MOST_PREDICTED)
        again = there is not None and there.id == form.id
        if there is not None and again and (there.expect, there.minds) == (expect, minds):
            return there
        if of_words and there is not None and (before := await _replaced(work, session, form.id)):
            return before
        if refused := refusal(live, await work.rounds.list_rounds(session)):
            raise IllegalMove(refused)
        if (there.id if there else "") != form.after:
            raise IllegalMove(MEANWHILE)
        found.stop()
        id_ = form.id if _ID.fullmatch(form.id) and not again else secrets.token_hex(16)
        salts = secrets.token_hex(16), secrets.token_hex(16)
        new = Prediction(id_, session, expect, minds, *salts, sealed_at=clock.now())
        if live.recorded:
            facts = {"prediction": new.id, "session": session, **digests(new)}
            commission = await work.commissions.of_session(live)
            entry = await record_entries.append(work, commission, "prediction sealed", new.sealed_at, facts)
            new = replace(new, entry=entry)
        await work.predictions.save_prediction(new)
        return new


async def _replaced(work: Work, session: str, id_: str) -> Prediction | None:
    """Returns the prediction with this id that was sealed for a session, as the record has it; None where it has
    none."""
    for stored in await work.record.naming([id_]) if _ID.fullmatch(id_) else ():
        said = json.loads(stored.body)
        if said["type"] == "prediction sealed" and (said["prediction"], said["session"]) == (id_, session):
            return Prediction(id_, session, "", "", "", "", sealed_at=said["at"], entry=stored.index)
    return None


def digests(prediction: Prediction) -> dict[str, str]:
    """Returns the digests that the record has of a sealed prediction, by field."""
    return {name: digest_of(words) for name, words in _words(prediction).items()}


async def open_with(work: Work, commission: Commission, session: str, decision: Decision) -> None:
    """Opens what is sealed for a session, with a decision that has its entry; does nothing where nothing is sealed.

    Raises IllegalMove where the words are not those that were sealed.
    """
    there = await work.predictions.prediction_for(session, lock=True)
    if there is None or there.decision:
        return
    opening = None
    if there.entry is not None:
        [stored] = await work.record.unchecked_at([there.entry])
        sealed = json.loads(stored.body)
        if any(sealed.get(name) != digest for name, digest in digests(there).items()):
            raise IllegalMove(_UNLIKE)
        facts = {"prediction": there.id, "decision": decision.id, **_words(there)}
        opening = await record_entries.append(work, commission, "prediction opened", decision.decided_at, facts)
    await work.predictions.save_prediction(replace(there, decision=decision.id, opening=opening))


def _words(prediction: Prediction) -> dict[str, Words]:
    return {
        "expect": Words("expect", prediction.expect, prediction.expect_salt),
        "minds": Words("minds", prediction.minds, prediction.minds_salt),
    }
