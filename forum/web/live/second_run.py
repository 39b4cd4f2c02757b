"""The facilitator's acts in the second run and at the policy vote, as forms send them (the joker: forum theatre's word
for the facilitator)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from forum.services.decision_form import Promise
from forum.services.sessions import policy_vote
from forum.services.sessions import second_run as acts
from forum.services.sessions.desk import Desk, Outcome
from forum.services.voting import reasons
from forum.web.auth import somebody
from forum.web.forms import Form

Act = Callable[[Desk, str, Form], Awaitable[Outcome]]

STOPS: dict[str, Act] = {
    "take-stop": lambda desk, s, form: acts.take_stop(desk, s, form.text("stop")),
    "hide-stop": lambda desk, s, form: acts.move_stop(desk, s, form.text("stop"), "hide"),
    "defer-stop": lambda desk, s, form: acts.move_stop(desk, s, form.text("stop"), "defer"),
    "finish-stop": lambda desk, s, form: acts.move_stop(desk, s, form.text("stop"), "finish"),
    "put-back-stop": lambda desk, s, form: acts.move_stop(desk, s, form.text("stop"), "put back"),
    "shout": lambda desk, s, form: acts.call_stop(desk, s),
    "tried": lambda desk, s, form: acts.write_tried(desk, s, form.text("stop"), form.text("tried")),
    "judge": lambda desk, s, form: acts.judge(desk, s, form.text("stop"), form.text("verdict")),
    "ask-room": lambda desk, s, form: acts.ask_room(desk, s, form.text("stop")),
    "offer": lambda desk, s, form: acts.offer_response(desk, s, form.text("stop"), form.text("words")),
    "take-out": lambda desk, s, form: acts.take_response_out(desk, s, form.text("stop")),
    "big-groups": lambda desk, s, form: acts.show_groups(desk, s, form.text("round"), on=form.flag("on")),
    "big-page": lambda desk, s, form: acts.turn_page(desk, s, form.text("round"), back=form.flag("back")),
    "big-reasons": lambda desk, s, form: acts.show_reasons(desk, s, form.text("round"), on=form.flag("on")),
    "characters": lambda desk, s, form: acts.put_character_vote(desk, s, form.text("scenario")),
}

POLICY: dict[str, Act] = {
    "proposals": lambda desk, s, form: policy_vote.show_proposals(desk, s),
    "propose": lambda desk, s, form: policy_vote.propose(
        desk, s, form.text("words") or form.text("text"), form.text("stop")
    ),
    "list": lambda desk, s, form: policy_vote.list_proposal(desk, s, form.text("proposal"), on=form.flag("on")),
    "amend": lambda desk, s, form: policy_vote.amend(
        desk, s, form.text("proposal"), form.text("before"), form.text("after")
    ),
    "settle": lambda desk, s, form: policy_vote.settle_amendment(desk, s, form.text("amendment"), form.text("state")),
    "policy-vote": lambda desk, s, form: policy_vote.put_policy_vote(desk, s, form.text("proposal")),
    "unpromise": lambda desk, s, form: policy_vote.list_promise(desk, s, form.text("pledge"), on=form.flag("on")),
}

ACTS = frozenset({*STOPS, *POLICY, "promise", "hear"})


async def run(request: Request, desk: Desk, session: str, name: str, form: Form) -> Outcome:
    """Carries out one of ACTS from this desk."""
    if name in STOPS:
        return await STOPS[name](desk, session, form)
    if name in POLICY:
        return await POLICY[name](desk, session, form)
    if name == "hear":
        return await _hear(desk, session, form)
    promise = Promise(form.text("role"), form.text("what"), form.text("by"))
    # A commitment in the record cannot be undone; a note of it for those who decide can.
    person, why = await somebody(request), (form.text("rationale"), form.text("why"))
    return await policy_vote.promise(desk, session, person, form.text("round"), promise, *why)


async def _hear(desk: Desk, session: str, form: Form) -> Outcome:
    reason, state, before = form.text("reason"), form.text("state"), form.text("before")
    return Outcome(await reasons.hear(desk, session, reason, state, before))
