"""Forms with an id made for them: sent twice they are one thing, and what is changed meanwhile is kept or told as lost.

The forms are found in the templates. Each is sent, sent again, and then sent with each of its texts changed, as by
somebody who went back: either the changed words are in the database, or the page says that they are not kept, and has
them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.act_forms import ABOUT_NEITHER
from support.app import House, a_house, a_sent_story, file_form, filled_form, words
from support.decided import ANSWERS
from support.factories import CLOCK, a_room
from support.recorded_day import a_day
from support.second_run_session import TWEE
from support.voted_session import COMMISSIONER, FIRST, PEOPLE, a_vote

from forum.services import decisions, minority_statements, owner_links
from forum.services.decision_form import DecisionForm, Promise
from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits
from forum.services.stories.submissions import submit

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
# Hidden fields whose value is a variable, and no id made for the form: what its page had seen, or what it is about.
_SAID = {"seen", "read", "before", "came", "kind", "place", "twee", "onward", "sealed", "name", "value", "removed"}
_OF_A_FILE = ("shows",)  # none is sent here, and without one it is not looked at
# Where nobody types words that could be lost, and where another test sends the form changed.
ELSEWHERE = {
    "decide/dissent_links.html new": "a link, without words",
    "moderate/_shaping.html id": "tests/services/stories/test_shaping.py",
    "moderate/erase.html reference": "a second erasure gets a reference of its own: tests/services/test_rights.py",
    "organise/rehearsals/start.html id": "no words: tests/rehearsal/test_playing.py",
    "organise/sessions/home.html id": "a copy, without words",
    "promises/owner_link.html new": "a link, without words; and its mail, below",
    "public/held_data.html reference": "an erasure, without words",
    "stories/private_link.html new": "a link, without words",
    "stories/suggestions/build.html new": "a link, without words",
    "stories/workspace/_card.html card": "a card that is there; each of its texts brings what was seen",
    "stories/workspace/_card.html new": "an empty card, without words",
    "stories/workspace/workspace.html new": "an empty card, without words",
}
TODAY = date.fromisoformat(CLOCK.now()[:10])
LATER = (TODAY + timedelta(days=100)).isoformat()
PROMISE = Promise("Head of night services", "Two nurses", LATER, "Nights", "A rota")


@dataclass(frozen=True)
class Sent:
    """A form to send: the address of its page ({name} for an id), what is filled in, and the act that tells it from
    others of its page."""

    page: str
    typed: Mapping[str, str | list[str]]
    act: str = ""


SENT = {
    "decide/answer_date.html id": [Sent("/decide/answers/{waits}", {"to": LATER, "because": "They meet later"})],
    "decide/correction.html id": [
        Sent("/decide/decisions/{decision}", {"words": "Half a mile", "because": "Measured"}, "correct"),
        Sent("/decide/decisions/{older}", {"why": "It was too dear"}, "replace"),
    ],
    "decide/dissent_write.html id": [Sent("/minority/{minority}", {"words": "We hold this against it"})],
    "decide/new.html id": [
        Sent(
            "/decide/new?round={undecided}",
            {"outcome": "deferred", "response": "", "until": LATER}
            | {name: f"About {name}" for name in ("rationale", "why", "dissent", "body", "evidence", "unheard")}
            | {"role_1": "The board", "what_1": "Two nurses", "by_1": LATER, "answers_1": "Nights"},
        ),
    ],
    "decide/prediction.html id": [Sent("/decide/predictions/{unopened}", {"expect": "Police", "minds": "A night"})],
    "organise/commission.html id": [
        Sent(
            "/organise/commissions/new",
            {**ABOUT_NEITHER["/organise/commissions"], "support_name": "Ana", "support_contact": "0123"},
        ),
    ],
    "organise/helpers.html new": [
        Sent("/organise/sessions/{unopened}/helpers", {"helper": "scribe", "label": "A table", "hours": "6"}, "make"),
    ],
    "organise/rounds/new.html id": [
        Sent(
            "/organise/asynchronous/new?commission={commission}",
            {
                "title": "A week",
                "day": (TODAY + timedelta(days=9)).isoformat(),
                "time": "18:00",
            },
        ),
    ],
    "organise/session.html id": [
        Sent("/organise/sessions/new?commission={commission}", {"title": "A day", "day": LATER, "place": "The hall"}),
    ],
    "organise/stages.html id": [
        Sent("/organise/commissions/{noted}/stages", {"words": "Two of them"}, "/note"),
        Sent("/organise/commissions/{moved}/stages", dict.fromkeys(("learnt", "better", "took_part"), "Much"), "/move"),
        Sent("/organise/commissions/{ended}/stages", {"closing": "Done", "group_words": ["Ours"]}, "/close"),
    ],
    "promises/_form.html id": [
        Sent("/decide/promises/{commitment}", {"state": "partly", "said": "One is here", "because": "One fell ill"}),
        Sent("/my-promise/{owner}", {"state": "handed on", "said": "Not we", "handed_to": "The trust"}),
    ],
    "promises/pledge.html new": [Sent("/s/{code}/pledge", {"words": "A room", "name": "Sam"})],
    "public/report.html id": [Sent("/stories/{story}/report", {"words": "A name is in it"})],
    "stories/evidence.html item": [
        Sent("/my-story/{key}/evidence", {"title": "A page", "url": "https://example.org/a"}),
    ],
    "stories/file.html key": [
        Sent("/commissions/{commission}/tell/file", file_form() | {"twee": TWEE, "own_note": "Grief"}),
    ],
    "stories/suggestions/suggest.html id": [
        Sent("/build/{build}/suggest?kind=scene&place=c1", {"words": "Go", "name": "Kim", "group": "no"}),
    ],
    "stories/workspace/step.html key": [
        Sent("/commissions/{commission}/tell", {"happened.text": "It is late", "title": "The knock"}),
    ],
}
MAILED = Sent("/decide/promises/{mailed}/owner", {"address": "somebody@example.org"}, "mail")
CASES = [*(one for sent in SENT.values() for one in sent), MAILED]
MAIL: dict[str, Any] = {
    "smtp_url": "smtp+plain://127.0.0.1:9",
    "smtp_from": "forum@example.org",
    "public_url": "http://house.test",
}


@dataclass
class There:
    """A house, somebody who may do everything in it, the ids of what stands there, and the folder of its database."""

    house: House
    browser: httpx2.AsyncClient
    folder: Path
    ids: dict[str, str] = field(default_factory=dict)

    def kept(self, text: str) -> bool:
        """Tells whether a text is anywhere in the database."""
        with closing(sqlite3.connect(self.folder / "forum.db")) as database:
            return any(text in line for line in database.iterdump())


@pytest.fixture(scope="module")
async def there(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[There]:
    folder = tmp_path_factory.mktemp("sent-before")
    async with (
        a_house(folder, sqlite_template, **MAIL) as house,
        house.signed_in("commissioner", "organiser", "moderator") as browser,
    ):
        yield There(house, browser, folder, await _what_stands(house))


async def _what_stands(house: House) -> dict[str, str]:
    store = house.store
    day = await a_day(store)
    waits, undecided = [(await a_vote(store, FIRST, declared=True)).rounds[0] for _ in range(2)]
    unopened, _ = await a_room(store, PEOPLE, declared=True)
    dissented, replaced = [await a_vote(store, FIRST, declared=True) for _ in range(2)]
    made = []
    for rounds in (dissented.rounds, replaced.rounds, replaced.rounds):
        form = DecisionForm(rounds, "", "adopted", "r1", "Near", answers=ANSWERS, promises=(PROMISE, PROMISE))
        made.append(await decisions.decide(store, CLOCK, COMMISSIONER, form))
    minority, owner, build = new_key(), new_key(), new_key()
    await minority_statements.make(store, CLOCK, COMMISSIONER, made[0].id, "Nurses", minority)
    await owner_links.make(store, CLOCK, COMMISSIONER, made[0].commitments[0].id, owner)
    _story, key = await submit(store, CLOCK, day.voted.live.commission, a_sent_story("Another"))
    await draft_edits.opened(store, CLOCK, key)
    await build_link.share(store, CLOCK, key, build)
    stages = [(await house.commission()).id for _ in range(3)]
    return {
        **dict(zip(("noted", "moved", "ended"), stages, strict=True)),
        "commission": day.voted.live.commission,
        "waits": waits,
        "undecided": undecided,
        "unopened": unopened.id,
        "code": day.voted.live.code,
        "decision": day.decision,
        "commitment": day.commitment,
        "older": made[1].id,
        "mailed": made[2].commitments[0].id,
        "minority": minority,
        "owner": owner,
        "story": day.story,
        "key": key,
        "build": build,
    }


def made_for_forms() -> Iterator[str]:
    """Yields the hidden fields of all templates whose value is made for the form, each after its template."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        for tag in re.findall(r'<input type="hidden"[^>]*>', path.read_text("utf-8")):
            name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="\{\{ (.+?) \}\}"', tag)
            if name and value:
                shown = re.sub(r'^form\.(text\("\w+"\) or )?', "", value[1])
                if re.fullmatch(r"\w+(\(\))?", shown) and shown not in _SAID:
                    yield f"{path.relative_to(TEMPLATES).as_posix()} {name[1]}"


def test_every_form_with_an_id_made_for_it_is_sent_here_or_has_a_reason_not_to_be() -> None:
    """A new form fails here until it is sent below."""
    assert set(made_for_forms()) == {*SENT, *ELSEWHERE}
    assert not SENT.keys() & ELSEWHERE.keys()


def form_in(shown: httpx2.Response, sent: Sent) -> str:
    """Returns the form of a page that a case is about."""
    assert shown.status_code == 200, words(shown)
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", shown.text, re.DOTALL)
    typed = [name for name in sent.typed if name not in ("helper", "hours", "twee", "group", "note")]
    marks = [f'name="{name}"' for name in typed[:1]] + ([f'{sent.act}"'] if sent.act else [])
    [found] = [one for one in forms if all(mark in one for mark in marks)]
    return str(found)


def filled(form: str, typed: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    """Returns a form filled in: what is not typed as it stands, of choices the first one."""
    given = filled_form(httpx2.Response(200, text=form), typed)
    for tag in re.findall(r'<input\b[^>]*type="radio"[^>]*>', form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            given.setdefault(name[1], [unescape(value[1])])
    return given


def texts_of(form: str) -> Iterator[tuple[str, str]]:
    """Yields the fields of a form in which somebody types, each with its type."""
    for tag in re.findall(r"<(?:input|textarea)\b[^>]*>", form):
        name, kind = re.search(r'\bname="([^"]+)"', tag), re.search(r'\btype="(\w+)"', tag)
        of = "numeric" if 'inputmode="numeric"' in tag else kind[1] if kind else "text"
        if name and name[1] not in _OF_A_FILE and of in ("text", "numeric", "date", "time", "email"):
            yield name[1], of


def changed(of: str, value: str, number: int) -> str:
    """Returns a text as somebody changes it who went back: one that is nowhere else."""
    if of == "date":
        return (TODAY + timedelta(days=150 + number)).isoformat()
    if of == "numeric":
        return str(20 + number)
    if of == "time" or re.fullmatch("[0-9]{2}:[0-9]{2}", value):
        return f"17:{number:02d}"
    if value.startswith("http"):
        return f"{value}-qz{number}"
    return f"qz{number}-{value}" if "@" in value else f"{value} qz{number}".strip()


@pytest.mark.parametrize("sent", CASES, ids=lambda sent: f"{sent.page} {sent.act}".strip())
async def test_no_changed_words_pass_for_those_that_were_sent_before(there: There, sent: Sent) -> None:
    browser, page = there.browser, sent.page.format(**there.ids)
    form = form_in(await browser.get(page), sent)
    action = re.search(r'^<form[^>]*action="([^"]*)"', form)
    to = unescape(action[1]) if action else page
    given = filled(form, sent.typed)
    first = await browser.post(to, data=given)
    assert first.status_code in (200, 303), words(first)
    again = await browser.post(to, data=given)
    assert (again.status_code, again.headers.get("location")) == (first.status_code, first.headers.get("location"))
    wrong = []
    for number, (name, of) in enumerate(dict(texts_of(form)).items(), 1):
        typed = changed(of, given[name][0], number)
        back = await browser.post(to, data=given | {name: [typed, *given[name][1:]]})
        if back.status_code in (200, 303):
            if of in ("numeric", "time") or not there.kept(typed):
                wrong.append(f"{name}: passed for what was sent before")
        elif back.status_code != 409 or typed not in unescape(back.text):
            wrong.append(f"{name}: {back.status_code} {words(back)[:300]}")
    assert wrong == []
