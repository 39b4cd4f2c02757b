"""A ballot in a form: without JavaScript, on the session's tablet, or where websockets are blocked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request

from forum.errors import CastRefused, NotFound
from forum.live.ballot_box import new_cast
from forum.live.messages import REFUSALS
from forum.sessions.view import RoomView
from forum.stories.visible_text import trimmed
from forum.voting.ballot import MOST_CAST_ID, CastOutcome
from forum.voting.methods import METHODS
from forum.voting.round import Round
from forum.web.forms import Form
from forum.web.responses import wants_json
from forum.web.site import site_of

# What is said otherwise to a phone without JavaScript, which does nothing by itself.
_BY_FORM = {"not_stored": "The vote could not be saved. Wait a moment and send it again."}


async def cast_by_form(
    request: Request, session: str, participant: str, form: Form
) -> tuple[CastOutcome | None, CastRefused | None, Typed]:
    """Casts the ballot in a form; returns what became of it, or why it is not counted, and what the form had in it."""
    site = site_of(request)
    round_id, reason, condition = form.text("round"), form.text("reason"), form.text("condition")
    choice, error = await _choice(request, round_id, form)
    typed = Typed(round_id, choice, reason, dict(form.values), condition)
    if error is not None:
        return None, error, typed
    cast = new_cast(round_id, participant, cast_id(form), choice, reason, condition, at=site.clock.now())
    outcome = await site.rooms.intake.cast_and_wait(cast)
    site.rooms.mine(session, participant)
    if outcome.refusal:
        said = REFUSALS if wants_json(request) else REFUSALS | _BY_FORM
        return None, CastRefused(outcome.refusal, said[outcome.refusal]), typed
    return outcome, None, typed


def cast_id(form: Form) -> str:
    """Returns the id of the ballot in a form, so that the same one sent again is known; a new one where the form has
    none, or something that is longer than any id. It is kept with the round: so it must not be whatever somebody
    sends."""
    typed = form.text("cast")
    return typed if 0 < len(typed) <= MOST_CAST_ID else secrets.token_hex(16)


def ack_facts(outcome: CastOutcome) -> dict[str, object]:
    """Returns a counted ballot as the message `Ack` tells it."""
    cast = outcome.cast
    return {"t": "ack", "cast": cast.cast, "round": cast.round, "choice": outcome.choice, "changed": outcome.changed}


async def _choice(request: Request, round_id: str, form: Form) -> tuple[str, CastRefused | None]:
    """Returns the choice that a form makes in its round's method, or why it makes none."""
    async with site_of(request).store.read() as work:
        try:
            round_ = await work.rounds.get_round(round_id)
        except NotFound:
            return form.text("choice"), None  # the intake says what is wrong with it
    try:
        return choice_in(form, round_), None
    except CastRefused as error:
        return "", error


def choice_in(form: Form, round_: Round) -> str:
    """Reads the choice that a ballot form makes in its round's method. Raises CastRefused where it makes none."""
    return METHODS[round_.method].read(form.values, [r.id for r in round_.responses])


class Typed(msgspec.Struct, frozen=True):
    """A ballot form as it was when it was refused, so that the page can show it again."""

    round: str
    choice: str
    reason: str
    given: Mapping[str, Sequence[str]] = {}
    condition: str = ""


def unsent(view: RoomView, typed: Typed | None) -> tuple[str, ...]:
    """Returns the words of a refused ballot whose form is no longer on the page, to be copied from there."""
    if typed is None or (view.voting and view.round is not None and view.round.id == typed.round):
        return ()
    return tuple(words for words in (trimmed(typed.reason), trimmed(typed.condition)) if words)
