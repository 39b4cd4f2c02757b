"""The reader's language: which it is, that every page can be switched, and that live screens speak it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest
from babel import Locale
from support import pseudo_locale
from support.app import House, a_house, words
from support.factories import CLOCK, a_commission, a_session

from forum.errors import Filled, StartupProblem, filled
from forum.live.connection import Connection
from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.local_time import LONDON
from forum.sessions.session import LiveSession
from forum.web import templates
from forum.web.i18n import dates, read_catalogues
from forum.web.i18n.gettext import gettext, ngettext, say, speaking
from forum.web.i18n.languages import ENGLISH, Language, Languages, load

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {}\\n"\n\n'


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pseudo_locale.write_catalogue(tmp_path_factory.mktemp("locales"))


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path, locales: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, locales=locales) as opened:
        yield opened


async def a_day(house: House) -> LiveSession:
    """Makes a live session in the house."""
    live = a_session(commission := a_commission())
    async with house.store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
    return live


def language(code: str, **messages: str) -> Language:
    """Returns a language with these messages."""
    return Language(code, code, ENGLISH.locale, messages={k: (v,) for k, v in messages.items()})


WELSH, PORTUGUESE = language("cy", Join="Ymuno"), language("pt-BR")
OFFERED = Languages((ENGLISH, WELSH, PORTUGUESE))


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "chosen"),
    [
        ("", "", "", "en"),
        ("cy", "en", "en", "cy"),
        ("", "cy", "en", "cy"),
        ("", "", "cy", "cy"),
        ("", "", "cy-GB, en;q=0.8", "cy"),
        ("", "", "en;q=0.3, cy;q=0.7", "cy"),
        ("", "", "fr, de;q=0.9, cy;q=0.1", "cy"),
        ("", "", "cy;q=0, en", "en"),
        ("", "", "pt", "pt-BR"),
        ("xx", "", "cy", "cy"),
        ("../../etc", "'; --", "cy", "cy"),
        ("", "", "*", "en"),
        ("", "", ";;q=,\x00, cy;q=zwei,=", "en"),
        ("", "", "a," * 5000 + "cy", "en"),
    ],
)
def test_what_is_asked_for_goes_before_the_cookie_and_that_before_what_the_browser_says(
    asked: str, kept: str, accepted: str, chosen: str
) -> None:
    assert OFFERED.choose(asked, kept, accepted).code == chosen


def test_words_are_those_of_whoever_is_answered_and_english_again_afterwards() -> None:
    with speaking(WELSH):
        assert gettext("Join") == "Ymuno"
        with speaking(PORTUGUESE):
            assert gettext("Join") == "Join"
        assert gettext("Join") == "Ymuno"
    assert gettext("Join") == "Join"


def test_a_number_chooses_its_form() -> None:
    forms = {"%(n)s day": ("%(n)s diwrnod", "%(n)s ddiwrnod")}
    welsh = Language("cy", "Cymraeg", ENGLISH.locale, messages=forms, plural=lambda n: int(n == 2))
    with speaking(welsh):
        assert [ngettext("%(n)s day", "%(n)s days", n) % {"n": n} for n in (1, 2)] == ["1 diwrnod", "2 ddiwrnod"]
    assert [ngettext("%(n)s day", "%(n)s days", n) % {"n": n} for n in (1, 2)] == ["1 day", "2 days"]


def test_a_sentence_that_was_filled_in_is_translated_with_what_fills_it() -> None:
    sentence = filled(
        "%(called)s %(fault)s.", called=filled('The scene "%(name)s"', name="X"), fault=filled("is empty")
    )
    assert sentence == 'The scene "X" is empty.'
    assert isinstance(sentence, Filled)
    welsh = language("cy", **{'The scene "%(name)s"': 'Yr olygfa "%(name)s"', "is empty": "yn wag"})
    with speaking(welsh):
        assert say(sentence) == 'Yr olygfa "X" yn wag.'


def test_days_times_and_numbers_are_written_as_the_reader_writes_them(locales: Path) -> None:
    at = "2026-11-22T13:44:21.123Z"
    assert dates.day(at) == "22 November 2026"
    assert dates.moment(at) == "22 November 2026, 13:44 GMT"
    assert dates.moment("2026-06-30T23:30:00.000Z") == "1 July 2026, 00:30 BST"
    assert dates.day("2026-06-30T23:30:00.000Z") == "1 July 2026"
    assert dates.day("2026-07-01") == "1 July 2026"
    assert templates.number(12345) == "12,345"
    assert templates.share(1, 6) == "17%"
    with speaking(Language("cy", "Cymraeg", Locale("cy"))):
        assert dates.day(at) == "22 Tachwedd 2026"
    [_, reversed_] = load([locales]).all
    with speaking(reversed_):
        assert "نوفمبر" in dates.day(at)
    assert dates.day("") == dates.moment("") == ""


def test_a_catalogue_is_read_from_its_text_and_tells_its_direction_and_whether_a_reader_is_awaited(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ur" / "LC_MESSAGES" / "forum.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        "#, fuzzy\n" + HEADER.format("ur") + 'msgid "Join"\nmsgstr "شامل ہوں"\n\n#, fuzzy\nmsgid "Yes"\nmsgstr "?"\n'
    )
    found = load([tmp_path]).find("ur")
    assert found is not None
    assert (found.direction, found.awaiting, found.name) == ("rtl", True, "اردو")
    assert found.gettext("Join") == "شامل ہوں"
    assert found.gettext("Yes") == "Yes"
    assert found.gettext("No") == "No"


@pytest.mark.parametrize(
    ("folder", "content"),
    [("cy", b"msgid \xff"), ("cy", b'msgid "a'), ("cy", b"not a catalogue"), ("Welsh language", b"")],
)
def test_a_catalogue_that_cannot_be_read_stops_the_start_with_one_line(
    tmp_path: Path, folder: str, content: bytes
) -> None:
    path = tmp_path / "x" / folder / "LC_MESSAGES" / "forum.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(StartupProblem, match="cannot be read"):
        load([path.parent.parent.parent])


async def test_a_language_chosen_on_a_page_stays_chosen_on_this_browser(house: House) -> None:
    async with house.browser() as browser:
        assert '<html lang="en" dir="ltr">' in (await browser.get("/")).text
        answer = await browser.get("/stories", params={"lang": pseudo_locale.CODE, "q": "knock"})
        assert f'<html lang="{pseudo_locale.CODE}" dir="rtl">' in answer.text
        assert answer.headers["content-language"] == pseudo_locale.CODE
        # What was asked for stays in the links of the switch.
        assert "/stories?lang=en&amp;q=knock" in answer.text or "/stories?q=knock&amp;lang=en" in answer.text
        later = await browser.get("/join")
        assert pseudo_locale.accented("Join code") in later.text
        assert "set-cookie" not in later.headers
        assert '<html lang="en"' in (await browser.get("/join?lang=en")).text
        assert '<html lang="en"' in (await browser.get("/join")).text


async def test_a_form_that_came_back_leads_to_the_page_it_stands_on_in_another_language(house: House) -> None:
    live = await a_day(house)
    async with house.browser() as browser:
        page = f"/s/{live.code}"
        answer = await browser.post(f"{page}/join", data={}, headers={"Referer": f"http://house.test{page}"})
        assert answer.status_code == 422
        links = re.findall(r'<a href="([^"]*)" lang=', answer.text)
        assert links == [f"{page}?lang={code}" for code in ("en", pseudo_locale.CODE, "cy")]
        for elsewhere in ("https://elsewhere.test/x", "//elsewhere.test", "nonsense:[", ""):
            answer = await browser.post(f"{page}/join", data={}, headers={"Referer": elsewhere})
            assert re.findall(r'<a href="([^"]*)" lang=', answer.text)[0] == "/?lang=en"


async def test_a_refusal_is_told_in_the_readers_language_to_people_and_to_machines(house: House) -> None:
    sentence = pseudo_locale.accented("There is no such act of the facilitator.")
    async with house.signed_in("organiser") as browser:
        answer = await browser.post(f"/console/x/dance?lang={pseudo_locale.CODE}", data={})
        assert sentence in words(answer)
        answer = await browser.post("/console/x/dance", data={}, headers={"Accept": "application/json"})
        assert answer.json()["error"]["words"] == sentence


async def test_every_language_in_the_room_gets_a_drawing_of_its_own_made_once(house: House) -> None:
    live = await a_day(house)
    room = await house.site.rooms.room(live.id)
    codes = ["en", pseudo_locale.CODE, "en", pseudo_locale.CODE]
    phones = [Connection("phone", f"p{n}", code) for n, code in enumerate(codes)]
    for phone in phones:
        room.enter(phone)
        await phone.outbox.take()
    await facilitation.pause(Desk(house.store, CLOCK), live.id, paused=True)
    await house.site.rooms.changed(live.id)
    frames = [next(f for f in await phone.outbox.take() if '"t":"state"' in f) for phone in phones]
    assert frames[0] is frames[2]
    assert frames[1] is frames[3]
    assert "We are taking a short break" in frames[0]
    assert pseudo_locale.accented("We are taking a short break") in json.loads(frames[1])["html"]


async def test_a_phone_is_refused_in_its_own_language(house: House) -> None:
    live = await a_day(house)
    room = await house.site.rooms.room(live.id)
    phone = Connection("phone", "p1", pseudo_locale.CODE)
    room.enter(phone)
    await phone.outbox.take()
    room.receive(phone, "{}")
    [answer] = [json.loads(frame) for frame in await phone.outbox.take() if "refused" in frame]
    assert answer["words"] == pseudo_locale.accented("The message was not one that Forum knows.")


async def test_a_projector_opened_in_a_language_leaves_its_browsers_own_alone(house: House) -> None:
    live = await a_day(house)
    async with house.browser() as browser:
        answer = await browser.get(f"/projector/{live.projector}?lang={pseudo_locale.CODE}")
        assert f'<html lang="{pseudo_locale.CODE}" dir="rtl">' in answer.text
        assert f"/projector/{live.projector}/socket?lang={pseudo_locale.CODE}" in answer.text
        assert '<html lang="en"' in (await browser.get("/")).text


async def test_a_bug_is_told_in_the_readers_language(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    through = httpx2.ASGITransport(app=house.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=through, base_url="http://house.test") as browser:
        with monkeypatch.context() as patch:
            patch.setattr(house.site.store, "read", broken)
            answer = await browser.get(f"/?lang={pseudo_locale.CODE}")
    assert answer.status_code == 500
    assert f'lang="{pseudo_locale.CODE}" dir="rtl"' in answer.text


@pytest.mark.parametrize(
    ("zone", "told", "clocks"),
    [
        ("Europe/London", "1 July 2026, 00:30 BST", "United Kingdom Time"),
        ("Asia/Kolkata", "1 July 2026, 05:00 IST", "India Time"),
        ("America/Sao_Paulo", "30 June 2026, 20:30 UTC-03", "Brazil (Sao Paulo) Time"),
        ("UTC", "30 June 2026, 23:30 UTC", "UTC"),
    ],
)
def test_a_page_tells_people_local_time_and_programs_the_same(zone: str, told: str, clocks: str) -> None:
    at = "2026-06-30T23:30:00.000Z"
    dates.keep_time(ZoneInfo(zone))
    try:
        drawn = templates.environment().from_string("{{ at|moment }} {{ ''|moment }}{{ at|day }} {{ clocks() }}")
        day = told.partition(",")[0]
        here = datetime.fromisoformat(at).astimezone(ZoneInfo(zone))
        minute, date = (f'<time datetime="{exact}">' for exact in (here.isoformat(timespec="minutes"), here.date()))
        assert drawn.render(at=at) == f"{minute}{told}</time> {date}{day}</time> {clocks}"
    finally:
        dates.keep_time(ZoneInfo(LONDON))


def test_no_page_tells_utc() -> None:
    """Times in pages go through the filters `day` and `moment`; nothing else names a zone."""
    for file in sorted(templates.TEMPLATES.rglob("*.html")):
        assert not re.search(r"\bUTC\b|\bGMT\b", file.read_text()), file


def test_what_was_read_of_a_catalogue_is_kept_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    path, welsh = tmp_path / "forum.po", Locale.parse("cy")
    head = HEADER.format("cy").encode()
    path.write_bytes(head + b'msgid "Join"\nmsgstr "Ymuno"\n')
    first = read_catalogues.read(path, welsh, keep=True)
    assert (first.name, first.messages) == ("Cymraeg", {"Join": ("Ymuno",)})
    [kept] = (tmp_path / "__pycache__").iterdir()
    monkeypatch.setattr(read_catalogues, "_parsed", None)  # nobody parses it again
    assert read_catalogues.read(path, welsh, keep=True) == first
    monkeypatch.undo()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    kept.write_bytes(b'{"messages": 1}')  # another version's, or cut short
    assert read_catalogues.read(path, welsh, keep=True) == first
    path.write_bytes(head + b'msgid "Join"\nmsgstr "Ymunwch"\n')
    assert read_catalogues.read(path, welsh, keep=True).messages == {"Join": ("Ymunwch",)}
    assert [one.name for one in (tmp_path / "__pycache__").iterdir()] != [kept.name]
    assert len([*(tmp_path / "__pycache__").iterdir()]) == 1
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path.write_bytes(head + b'msgid "Join"\nmsgstr "Dewch"\n')
    assert read_catalogues.read(path, welsh, keep=True).messages == {"Join": ("Dewch",)}
    assert len([*(tmp_path / "__pycache__").iterdir()]) == 1
