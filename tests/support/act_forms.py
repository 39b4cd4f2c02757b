"""Valid form for every POST that there is, filled in with what stands in a session or beside a story."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forum.services.keys import new_key
from forum.services.stories import moderation
from support.decided import ANSWERS
from support.factories import COMMISSION_FORM, new_id
from support.second_run_session import BEN, QUESTION, SCENE, TWEE
from support.standing_states import ActIds

Form = Mapping[str, str | list[str]]
Fill = Callable[[ActIds], Form]

DECIDED = {"outcome": "adopted", "response": "r1", "rationale": "It is right", "why": "Because", "dissent": "None"} | {
    "earlier": "The later vote was for practice",
    **ANSWERS,
}
ABOUT = {"may_perform": "yes", "may_publish": "yes", "may_quote": "no"}


def _with(**names: str) -> Fill:
    """Returns a filler whose fields take the values that ActIds has under these names."""
    return lambda there: {field: there.ids.get(name, name) for field, name in names.items()}


def _alike(form: Form) -> Fill:
    """Returns a filler that gives this form in every state."""
    return lambda there: form


CONSOLE: dict[str, Fill] = {
    "scene": lambda there: {"scenario": there.story, "scene": SCENE},
    "question": lambda there: {"scenario": there.story, "scene": QUESTION},
    "ask": _alike({"question": "Who else?", "response": ["Ana", "Ben"]}),
    "terms": lambda there: {"round": there.round, "method": "approval"},
    "leave_out": lambda there: {"round": there.round, "response": "r3"},
    "second": _with(round="round"),
    "note": _alike({"words": "A break"}),
    "open": _with(round="round"),
    "warn": _with(round="round"),
    "close": _with(round="round"),
    "reveal": _with(round="round"),
    "annul": lambda there: {"round": there.round, "because": "It was put wrongly"},
    "pause": _alike({}),
    "resume": _alike({}),
    "end": _alike({}),
    "take-stop": _with(stop="stop"),
    "hide-stop": _with(stop="stop"),
    "defer-stop": _with(stop="stop"),
    "finish-stop": _with(stop="taken"),
    "put-back-stop": _with(stop="taken"),
    "shout": _alike({}),
    "tried": lambda there: {"stop": there.taken, "tried": "Ben stands up"},
    "judge": lambda there: {"stop": there.taken, "verdict": "yes"},
    "ask-room": _with(stop="taken"),
    "offer": lambda there: {"stop": there.taken, "words": "Ben stands up"},
    "take-out": _with(stop="answered"),
    "big-groups": lambda there: {"round": there.round, "on": "1"},
    "big-page": lambda there: {"round": there.round},
    "big-reasons": lambda there: {"round": there.round, "on": "1"},
    "characters": lambda there: {"scenario": there.story},
    "proposals": _alike({}),
    "propose": _alike({"words": "A third thing"}),
    "list": lambda there: {"proposal": there.proposal, "on": "0"},
    "amend": lambda there: {"proposal": there.proposal, "before": "A host", "after": "Two hosts"},
    "settle": lambda there: {"amendment": there.amendment, "state": "taken"},
    "policy-vote": _with(proposal="proposal"),
    "promise": lambda there: {"round": there.voted, "role": "The board", "what": "Two benches", "by": "2027-06-30"},
    "unpromise": lambda there: {"pledge": there.pledge, "on": "0"},
    "hear": lambda there: {"reason": there.reason, "state": "shown", "before": "waiting"},
    "breaks-seen": _alike({}),
    "time": lambda there: {"round": there.round, "minutes": "5"},
    "badges": lambda there: {"off": "" if there.state == "badges" else "1"},
    "reword": lambda there: {"round": there.round, "kind": "easy", "question": "Who comes?"},
    "item": lambda there: {"item": there.item, "after": ""},
    "undo": _with(undo="undo"),
    "let-in": _alike({}),
}
ASYNCHRONOUS: dict[str, Fill] = {
    "close": _alike({"sure": "1"}),
    "reveal": _alike({}),
    "annul": _alike({"because": "It was put wrongly"}),
    "extend": _alike({"day": "2026-03-20", "time": "18:00"}),
}
PROGRAMME: dict[str, Fill] = {
    "about": _alike({"day": "2027-03-12", "place": "The hall", "public": "1"}),
    "section": _alike({"title": "Evening"}),
    "remove_section": _with(id="section"),
    "section_up": _with(id="section"),
    "section_down": _with(id="section"),
    "story": _with(section="section", story="story"),
    "cue": lambda there: {"section": there.section, "cue": f"scene|{there.story}|{SCENE}"},
    "note": lambda there: {"section": there.section, "words": "A break"},
    "ask": lambda there: {"section": there.section, "question": "Who else?", "response": ["Ana", "Ben"]},
    "remove": _with(id="item"),
    "up": _with(id="item"),
    "down": _with(id="item"),
    "put": lambda there: {"id": there.item, "section": there.section, "before": ""},
    "undo": _alike({"number": "1"}),
}
SESSION: dict[str, Fill] = {
    "open": _alike({}),
    "copy": lambda there: {"id": new_id()},
    "call-off": _alike({"because": "So"}),
}
TICKETS: dict[str, Fill] = {
    "issue": _alike({"group": "g1", "count": "2"}),
    "renew": _alike({"number": "1"}),
    "revoke": _alike({"number": "1"}),
}
PAPERS: dict[str, Fill] = {
    "enter": _alike({"handed_out": "9", "n:g1:r1": "7"}),
    "confirm": _with(id="papers"),
    "discard": _with(id="papers"),
}
HELPERS: dict[str, Fill] = {
    "make": lambda there: {"new": new_key(), "helper": "scribe", "label": "The table", "hours": "6"},
    "revoke": _with(id="helper"),
}
HELPER = {name: CONSOLE[name] for name in ("tried", "propose", "amend", "breaks-seen")}
REHEARSAL: dict[str, Fill] = {"start": _alike({"people": "20", "pace": "at once"}), "stop": _alike({})}
TABLET: dict[str, Fill] = {"make": _alike({}), "stop": _alike({})}
STORY: dict[str, Fill] = {
    act: lambda there: {"because": "So", "expected": there.status, "read": there.read, "report": there.report}
    for act in moderation.ACTIONS
}
APPEAL: dict[str, Fill] = {
    outcome: lambda there: {"appeal": there.appeal, "why": "So it is"} for outcome in ("uphold", "overturn")
}
EVIDENCE: dict[str, Fill] = {
    act: lambda there: {"item": there.item, "read": there.ids.get("piece", ""), "because": "So"}
    for act in ("show", "decline")
}
SHAPE: dict[str, Fill] = {
    "propose": lambda there: {"title": "Who comes?", "words": "A nurse\nThe crew\nA neighbour", "read": there.read},
    "agree": lambda there: {"proposal": new_id(), "read": there.read},
}
BUILD: dict[str, Fill] = {
    "share": lambda there: {"new": new_key(), "before": there.build_key},
    "unshare": _alike({}),
}
LINK: dict[str, Fill] = {
    "replace": lambda there: {"new": new_key()},
    "revoke": _alike({"sure": "1"}),
}


@dataclass(frozen=True)
class Family:
    """Acts at one address: how each is filled in, and the field that names it; "" where the address does."""

    field: str
    acts: Mapping[str, Fill]


FAMILIES: dict[str, Family] = {
    "/console/{session}/{act}": Family("", CONSOLE),
    "/organise/asynchronous/{session}/{act}": Family("", ASYNCHRONOUS),
    "/organise/sessions/{session}": Family("act", SESSION),
    "/organise/sessions/{session}/programme": Family("act", PROGRAMME),
    "/organise/sessions/{session}/tickets": Family("act", TICKETS),
    "/organise/sessions/{session}/papers/{round}": Family("act", PAPERS),
    "/organise/sessions/{session}/rehearsal": Family("act", REHEARSAL),
    "/organise/sessions/{session}/tablet": Family("act", TABLET),
    "/organise/sessions/{session}/helpers": Family("act", HELPERS),
    "/helper/{key}": Family("act", HELPER),
    "/moderate/{story}": Family("action", STORY),
    "/moderate/{story}/appeal": Family("outcome", APPEAL),
    "/moderate/{story}/shape": Family("shaping", SHAPE),
    "/moderate/{story}/evidence": Family("action", EVIDENCE),
    "/my-story/{key}/build": Family("action", BUILD),
    "/my-story/{key}/link": Family("action", LINK),
}
VOTE = {"choice": "r1", "group": "g1"}
# The acts that have an address of their own.
ALONE_THERE: dict[str, Fill] = {
    "/join": _with(code="code"),
    "/organise/sessions/{session}/change": _alike({"title": "Another day", "seen": "1"}),
    "/s/{code}/join": lambda there: {"group": "g2", "ticket": there.ticket},
    "/s/{code}/group": _alike({"group": "g2"}),
    "/s/{code}/vote": lambda there: {"round": there.round, "choice": "r2"},
    "/s/{code}/stop": lambda there: {"showing": there.showing, "character": BEN, "how": "Say it"},
    "/s/{code}/reason": lambda there: {"round": there.round, "reason": "Because"},
    "/s/{code}/pledge": _alike({"words": "A room in the evening", "name": "Sam", "new": new_key()}),
    "/s/{code}/too": lambda there: {"reason": there.shown, "on": "1"},
    "/s/{code}/practice": _alike({"practice": "r1"}),
    "/s/{code}/break": _alike({}),
    "/s/{code}/more-time": _with(round="round"),
    "/tablet/{key}/vote": lambda there: {**VOTE, "round": there.round, "ticket": there.ticket, "person": new_id()},
    "/tablet/{key}/slip": lambda there: {"round": there.round, "cast": new_id()},
    "/answer/{answer_code}/join": _alike({"group": "g2"}),
    "/answer/{answer_code}/group": _alike({"group": "g2"}),
    "/answer/{answer_code}/question": _alike({"choice": "r2"}),
    "/decide/predictions/{session}": _alike({"expect": "The police", "minds": "A night without them"}),
    "/decide/new": lambda there: {**DECIDED, "round": there.round},
    "/commissions/{commission}/tell": lambda there: {
        "key": there.key,
        "title": "Another",
        "seen:title": there.seen_title,
    },
    "/commissions/{commission}/tell/file": lambda _: {"key": new_key(), "group": "g2", "twee": TWEE, **ABOUT},
    "/my-story/{key}/write": lambda there: {"card": there.card, "do": "add-scene", "new": new_id()[:8]},
    "/my-story/{key}/write/{step}": _alike({"setting": "A flat"}),
    "/my-story/{key}/save": _alike({}),
    "/my-story/{key}/check": _alike({}),
    "/my-story/{key}/build/{suggestion}": _alike({"outcome": "declined", "because": "So"}),
    "/my-story/{key}/versions/{number}": _alike({}),
    "/my-story/{key}/file": _alike({"group": "g2", "twee": TWEE, **ABOUT}),
    "/my-story/{key}/appeal": _alike({"words": "It is my story"}),
    "/my-story/{key}/permissions": _alike(ABOUT),
    "/my-story/{key}/take-back": _alike({"sure": "1"}),
    "/my-story/{key}/mail": _alike({"address": "other@example.org"}),
    "/my-story/{key}/evidence": lambda there: {"title": "A page", "url": "https://example.org/other"},
    "/build/{key}/suggest": lambda there: {"kind": "response", "words": "Go home", "place": there.card, "group": "no"},
    "/stories/{story}/report": _alike({"words": "A name is in it"}),
    "/mail/confirm/{key}": _alike({}),
    "/mail/stop/{key}": _alike({}),
    "/my-story/{key}/data": _alike({"sure": "1", "reference": new_key()[:32]}),
    "/mail/data/{key}": _alike({"sure": "1", "reference": new_key()[:32]}),
    "/organise/sessions": lambda there: {"commission": there.commission, "title": "A day", "scenario": there.story},
    "/organise/asynchronous": lambda there: {
        "commission": there.commission,
        "title": "A week",
        "question": f"{there.story}.3",
        "day": "2026-03-20",
        "time": "18:00",
    },
}
# Addresses that are about no session and no story. They are tried as everybody, and must not fail.
ABOUT_NEITHER: dict[str, Form] = {
    "/sign-in": {"login": "the-counter", "password": "wrong"},
    "/sign-out": {},
    "/first/{key}": {"name": "A", "login": "a", "password": "seven quiet green kettles"},
    "/account": {"current": "wrong", "password": "seven quiet green kettles", "again": "seven quiet green kettles"},
    "/organisation/{part}": {"name": "Anytown", "seen": "0"},
    "/people": {"name": "B", "login": "b", "password": "seven quiet green kettles", "role": "organiser"},
    "/people/{person}/roles": {"role": "organiser"},
    "/sign-in/code": {"code": "123456"},
    "/sign-in/second-step": {"code": "123456"},
    "/account/second-step": {"act": "off", "before": "wrong"},
    "/people/{person}/second-step": {},
    "/people/{person}/unbind": {},
    "/account/sign-outs": {"others": "1"},
    "/account/tokens": {
        "label": "A wall",
        "commission": "0" * 32,
        "role": "organiser",
        "expires_on": "2027-01-01",
    },
    "/account/tokens/{token}/revoke": {},
    "/people/{person}/sign-outs": {},
    "/people/{person}/password": {"password": "seven quiet green kettles"},
    "/organise/commissions": {
        name: said if isinstance(said, str) else [*said] for name, said in COMMISSION_FORM.items()
    },
    "/organise/commissions/{commission}/stories": {"first": "1"},
    "/organise/commissions/{commission}/edit": {"seen": "1", "because": "More came", "title": "Else"},
    "/organise/commissions/{commission}/move": {"seen": "0", "to": "secure", "learnt": "Much"},
    "/organise/commissions/{commission}/note": {"question": "plan/options", "words": "Two"},
    "/organise/commissions/{commission}/close": {"seen": "0", "closing": "Done"},
    "/organise/commissions/{commission}/reopen": {"seen": "0", "because": "More"},
    "/organise/commissions/{commission}/embeds": {"addresses": "https://www.example.org"},
    "/organise/commissions/{commission}/webhooks": {"url": "https://example.org/hook", "event": "decision.made"},
    "/organise/commissions/{commission}/webhooks/{webhook}": {"act": "remove"},
    "/organise/tokens": {"label": "A script"},
    "/organise/tokens/{token}/revoke": {},
    "/check": {"text": "forum"},
    "/decide/drafts/{draft}": {"act": "publish", "version": "1"},
    "/decide/drafts/{draft}/form": {**DECIDED, "version": "1", "save": "1"},
    "/decide/answers/{round}": {"seen": "2026-03-29", "to": "2027-01-31", "because": "The board meets later"},
    "/decide/decisions/{decision}": {"act": "correct", "words": "Two nurses", "because": "We counted again"},
    "/decide/promises/{commitment}": {"state": "done", "said": "It is done."},
    "/decide/promises/{commitment}/owner": {"act": "make", "new": new_key()},
    "/follow/{kind}/{about}": {"address": "somebody@example.org"},
    "/decide/dissent/{decision}": {"act": "make", "group": "Nurses", "new": new_key()},
    "/minority/{key}": {"words": "We hold this against it."},
    "/moderate/files/{update}": {},
    "/moderate/statements/{statement}": {"act": "accept", "read": "0" * 64},
    "/noticed/{commitment}/{key}": {"said": "yes"},
    "/answer/{answer_code}/right": {"choice": "r1"},
    "/my-pledge/{key}": {},
    "/moderate/pledges": {"pledge": "0" * 32, "act": "publish"},
    "/my-promise/{key}": {"state": "done", "said": "It is done."},
    "/your-data/browser": {"sure": "1", "reference": "0" * 32},
    "/moderate/erase": {"sure": "1", "named": "nobody@example.org", "reference": "0" * 32},
}


def address(path: str, act: str, there: ActIds) -> str:
    """Fills the ids into a path of the routes table; ids that need not exist are made up."""
    known = dict(there.ids)
    if "{act}" in path:
        known["act"] = act
    known |= {"step": "where", "part": "name"}
    if path.startswith("/build/"):
        known["key"] = there.build_key
    elif path.startswith("/mail/"):
        known["key"] = there.mail_key
    elif path.startswith("/helper/"):
        known["key"] = there.ids.get("care" if act == "breaks-seen" else "scribe", "")
    return re.sub(r"\{([a-z_]+)[a-z:]*\}", lambda name: known.get(name[1]) or new_id(), path)
