"""Headers of every answer, whatever kind it is, and every cookie. The values stand here once more, by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from support.app import PASSWORD, House, a_house
from support.async_round import a_form
from support.factories import CLOCK, new_id

from forum.services.keys import digest
from forum.services.sessions import asynchronous, tickets
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.sessions.tablet_link import share
from forum.stories.moderation import Evidence

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; manifest-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self' ws://house.test wss://house.test; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FRAMED = PAGE.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
POLL = "default-src 'none'"
FILE = "default-src 'none'; frame-ancestors 'none'; sandbox"
KEPT = "public, max-age=31536000, immutable"
HTML, JSON = "text/html; charset=utf-8", "application/json"

# What is asked, the status, and the answer's type, policy and Cache-Control. {names} are filled in from the house.
KINDS = [
    ("GET /", 200, HTML, PAGE, "no-store"),
    ("GET /organise", 303, "", PAGE, "no-store"),
    ("GET /organise json", 401, JSON, PAGE, "no-store"),
    ("GET /nowhere", 404, HTML, PAGE, "no-store"),
    ("GET /stories/none json", 404, JSON, PAGE, "no-store"),
    ("DELETE /", 405, HTML, PAGE, "no-store"),
    ("POST /sign-in", 422, HTML, PAGE, "no-store"),
    ("POST /sign-in large", 413, "text/html; charset=utf-8", PAGE, "no-store"),
    ("POST /sign-in foreign", 403, "text/plain; charset=utf-8", PAGE, "no-store"),
    ("GET /people organiser", 403, HTML, PAGE, "no-store"),
    ("GET /people organiser json", 403, JSON, PAGE, "no-store"),
    ("POST /organise/tokens organiser json", 422, JSON, PAGE, "no-store"),
    ("GET /static/forum.css", 200, "text/css; charset=utf-8", POLL, "no-store"),
    ("GET /static/forum.css?v=1", 200, "text/css; charset=utf-8", POLL, KEPT),
    ("GET /static/none.css", 404, HTML, PAGE, "no-store"),
    ("GET /stories/{story}/feed.atom", 200, "application/atom+xml", PAGE, "no-cache"),
    ("GET /stories/{story}/story.twee", 200, "text/plain; charset=utf-8", PAGE, "no-store"),
    ("GET /stories/{story}/evidence/{letter}", 404, HTML, PAGE, "no-store"),
    ("GET /my-story/{key}", 200, HTML, PAGE, "no-store"),
    ("GET /my-story/{key}/evidence/{letter}", 200, "application/pdf", FILE, "no-store"),
    ("GET /record", 200, HTML, PAGE, "no-store"),
    ("GET /record/0", 200, HTML, PAGE, "no-store"),
    ("GET /record/entries.jsonl", 200, "application/x-ndjson", PAGE, "no-cache"),
    ("GET /record/checkpoint", 200, "text/plain; charset=utf-8", PAGE, "no-cache"),
    ("GET /record/tile/0/000.p/1", 200, "application/octet-stream", PAGE, KEPT),
    ("GET /sessions/{session}/programme.ics", 200, "text/calendar; charset=utf-8", PAGE, "no-store"),
    ("GET /s/{code}", 200, HTML, PAGE, "no-store"),
    ("GET /s/{code}/now json", 403, JSON, PAGE, "no-store"),
    ("GET /tablet/{tablet}/now json", 200, JSON, POLL, "no-store"),
    ("GET /answer/{answer_code}", 200, HTML, PAGE, "no-store"),
    ("GET /projector/{projector}", 200, HTML, FRAMED, "no-store"),
    ("GET /projector/none", 404, HTML, FRAMED, "no-store"),
    ("GET /console/{session} organiser", 200, HTML, PAGE, "no-store"),
    ("GET /export commissioner", 200, "application/zip", PAGE, "no-store"),
    ("POST /organise/sessions/{session}/tickets organiser issue", 200, "application/pdf", PAGE, "no-store"),
    ("GET /first/{first}", 200, HTML, PAGE, "no-store"),
]


@dataclass(frozen=True)
class Answering:
    """A house with something of every kind, and the ids and keys of it."""

    house: House
    there: dict[str, str]


@pytest.fixture(scope="module")
async def answering(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Answering]:
    async with a_house(tmp_path_factory.mktemp("headers"), sqlite_template) as house:
        commission = await house.commission()
        story, key = await house.story(commission)
        story = await house.moderated(story, "accept")
        form = SessionForm(commission.id, title="A day", scenarios=(story.id,), entrance="tickets")
        live = await create_session(house.store, CLOCK, form)
        programme = Programming(house.store, CLOCK, live.id)
        await programme.section(SectionForm(title="The morning", starts="10:00", ends="12:00"))
        await programme.about("2027-03-12", "The hall", public=True)
        live = await share(house.store, live.id, on=True)
        night = await asynchronous.open_round(house.store, CLOCK, a_form(CLOCK, story))
        async with house.store.begin() as work:
            letter = Evidence(new_id(), story.id, "application/pdf", "A letter", added_at=CLOCK.now())
            await work.evidence.add_evidence(letter, b"%PDF-1.7 %%EOF")
            await work.people.set_first_link(digest("f" * 32), CLOCK.later(hours=1))
        there = {
            "story": story.id,
            "key": key,
            "letter": letter.id,
            "session": live.id,
            "code": live.code,
            "tablet": live.tablet,
            "projector": live.projector,
            "answer_code": night.code,
            "first": "f" * 32,
        }
        yield Answering(house, there)


async def asked(answering: Answering, what: str) -> httpx2.Response:
    """Asks for one of KINDS, as a browser with the role that is named."""
    method, path, *how = what.split()
    role = next((one for one in how if one in {"organiser", "commissioner"}), "")
    data: dict[str, str] = {}
    if "large" in how:
        data = {"login": "x" * 1_100_000}
    elif "issue" in how:
        data = {"act": "issue", "group": "g1", "count": "1"}
    headers = {"Accept": JSON} if "json" in how else {}
    if "foreign" in how:
        headers["Origin"] = "http://elsewhere.test"
    through = answering.house.signed_in(role) if role else answering.house.browser()
    async with through as browser:
        return await browser.request(method, path.format(**answering.there), data=data or None, headers=headers)


async def test_every_kind_of_answer_carries_every_header(answering: Answering) -> None:
    wrong = []
    for what, status, media, policy, kept in KINDS:
        answer = await asked(answering, what)
        wanted = ALWAYS | {"Content-Security-Policy": policy, "Cache-Control": kept}
        got = {name: answer.headers.get(name) for name in wanted}
        if (answer.status_code, answer.headers.get("Content-Type", ""), got) != (status, media, wanted):
            wrong.append((what, answer.status_code, answer.headers.get("Content-Type"), got))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize("accept", [HTML, JSON])
async def test_an_answer_to_a_bug_carries_them_too(
    answering: Answering, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made outside of what makes all the others."""

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(answering.house.site.store, "read", broken)
    through = httpx2.ASGITransport(app=answering.house.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=through, base_url="http://house.test") as browser:
        answer = await browser.get("/commissions", headers={"Accept": accept})
    assert answer.status_code == 500
    wanted = ALWAYS | {"Content-Security-Policy": PAGE, "Cache-Control": "no-store"}
    assert {name: answer.headers.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites_and_of_plain_http(
    answering: Answering, scheme: str
) -> None:
    """Over TLS a cookie goes back over TLS only; over plain HTTP (a laptop in a hall) it must work as well."""
    house, there = answering.house, answering.there
    home = f"{scheme}://house.test"
    through = httpx2.ASGITransport(app=house.app, client=("192.0.2.1", 40000))
    await house.person(f"mo-{scheme}", "moderator")
    [ticket] = await tickets.issue(house.store, CLOCK, there["session"], "g1", 1)
    new = "eleven pale wooden bridges"
    given = []
    async with httpx2.AsyncClient(transport=through, base_url=home, headers={"Origin": home}) as browser:
        for path, data in {
            "/?lang=cy": None,
            f"/s/{there['code']}": None,
            "/sign-in": {"login": f"mo-{scheme}", "password": PASSWORD},
            "/account": {"before": PASSWORD, "password": new, "again": new},
            f"/s/{there['code']}/join": {"ticket": ticket.code},
            f"/s/{there['code']}?read=easy": None,
            f"/answer/{there['answer_code']}/join": {"group": "g1"},
            f"/first/{there['first']}": {"name": "A", "login": f"a-{scheme}", "password": new, "again": new},
        }.items():
            answer = await (browser.post(path, data=data) if data else browser.get(path))
            assert answer.status_code < 400, (path, answer.text)
            given += answer.headers.get_list("Set-Cookie")
            if "first" in path:
                async with house.store.begin() as work:
                    await work.people.set_first_link(digest(there["first"]), CLOCK.later(hours=1))
    assert len({cookie.partition("=")[0] for cookie in given}) == 6, given
    assert len(given) >= 7, given
    for cookie in given:
        said = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= said, cookie
        assert ("secure" in said) == (scheme == "https"), cookie
        assert not any(part.startswith("domain") for part in said), cookie
