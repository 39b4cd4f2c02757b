"""The facilitator's acts in the second run and at the policy vote, as forms send them (the joker: forum theatre's word
for the facilitator)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from forum.ports import Store
from forum.ports.clock import Clock
from forum.services.decisions import Promise
from forum.services.sessions.acts import Outcome
from forum.services.sessions.policy_vote import Policy
from forum.services.sessions.second_run import SecondRun
from forum.services.voting import reasons
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.site import site_of

Act = Callable[[SecondRun, str, Form], Awaitable[Outcome]]
Change = Callable[[Policy, str, Form], Awaitable[Outcome]]

STOPS: dict[str, Act] = {
    "take-stop": lambda f, s, form: f.take(s, form.text("stop")),
    "hide-stop": lambda f, s, form: f.move(s, form.text("stop"), "hide"),
    "defer-stop": lambda f, s, form: f.move(s, form.text("stop"), "defer"),
    "finish-stop": lambda f, s, form: f.move(s, form.text("stop"), "finish"),
    "put-back-stop": lambda f, s, form: f.move(s, form.text("stop"), "put back"),
    "shout": lambda f, s, form: f.shout(s),
    "tried": lambda f, s, form: f.tried(s, form.text("stop"), form.text("tried")),
    "judge": lambda f, s, form: f.judge(s, form.text("stop"), form.text("verdict")),
    "ask-room": lambda f, s, form: f.ask_room(s, form.text("stop")),
    "offer": lambda f, s, form: f.offer(s, form.text("stop"), form.text("words")),
    "take-out": lambda f, s, form: f.take_out(s, form.text("stop")),
    "big-reasons": lambda f, s, form: f.big_reasons(s, form.text("round"), on=form.flag("on")),
    "characters": lambda f, s, form: f.characters(s, form.text("scenario")),
}

POLICY: dict[str, Change] = {
    "proposals": lambda f, s, form: f.show(s),
    "propose": lambda f, s, form: f.propose(s, form.text("words") or form.text("text"), form.text("stop")),
    "list": lambda f, s, form: f.list_(s, form.text("proposal"), on=form.flag("on")),
    "amend": lambda f, s, form: f.amend(s, form.text("proposal"), form.text("before"), form.text("after")),
    "settle": lambda f, s, form: f.settle(s, form.text("amendment"), form.text("state")),
    "policy-vote": lambda f, s, form: f.vote(s, form.text("proposal")),
    "unpromise": lambda f, s, form: f.unpromise(s, form.text("pledge"), on=form.flag("on")),
}

ACTS = frozenset({*STOPS, *POLICY, "promise", "hear"})


async def run(request: Request, store: Store, session: str, name: str, form: Form) -> Outcome:
    """Carries out one of ACTS in this store."""
    clock = site_of(request).clock
    if name in STOPS:
        return await STOPS[name](SecondRun(store, clock), session, form)
    if name in POLICY:
        return await POLICY[name](Policy(store, clock), session, form)
    if name == "hear":
        return await _hear(store, clock, session, form)
    promise = Promise(form.text("role"), form.text("what"), form.text("by"))
    # What goes into the record changes nothing that can be undone; a note of it for those who decide does.
    policy = Policy(store, clock)
    person = await somebody(request)
    return await policy.promise(session, person, form.text("round"), promise, form.text("rationale"), form.text("why"))


async def _hear(store: Store, clock: Clock, session: str, form: Form) -> Outcome:
    reason, state, before = form.text("reason"), form.text("state"), form.text("before")
    return Outcome(await reasons.hear(store, clock, session, reason, state, before))
