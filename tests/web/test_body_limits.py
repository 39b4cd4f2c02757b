"""How much each address takes: no more than its form can bring, refused before it is read, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import msgspec
import pytest
from support.app import House, words
from support.loop_watch import Asker

from forum.web.api.row import START, ApiRow
from forum.web.api.table import API
from forum.web.forms import SMALL, STORY, WORDS
from forum.web.page_row import Page
from forum.web.routes import PAGES

WRITES = [row for row in PAGES if "POST" in row.methods and row.path.startswith("/api/")]
POSTS = [row for row in PAGES if "POST" in row.methods and row not in WRITES]
# Whoever adds a form says here too that it brings more than a few buttons and names.
SENTENCES = {
    "/commissions/{commission}/tell",
    "/my-story/{key}/check",
    "/my-story/{key}/build/{suggestion}",
    "/build/{key}/suggest",
    "/my-story/{key}/appeal",
    "/stories/{story}/report",
    "/moderate/{story}/evidence",
    "/moderate/{story}",
    "/moderate/{story}/appeal",
    "/moderate/{story}/shape",
    "/decide/answers/{round}",
    "/decide/decisions/{decision}",
    "/decide/predictions/{session}",
    "/decide/drafts/{draft}",
    "/minority/{key}",
    "/moderate/statements/{statement}",
    "/organise/commissions",
    "/organise/commissions/{commission}/edit",
    "/organise/commissions/{commission}/move",
    "/organise/commissions/{commission}/note",
    "/organise/commissions/{commission}/close",
    "/organise/commissions/{commission}/reopen",
    "/organise/sessions",
    "/organise/sessions/{session}",
    "/organise/sessions/{session}/change",
    "/organise/sessions/{session}/programme",
    "/organise/sessions/{session}/tickets",
    "/organise/sessions/{session}/papers/{round}",
    "/s/{code}/vote",
    "/s/{code}/stop",
    "/s/{code}/reason",
    "/s/{code}/pledge",
    "/tablet/{key}/vote",
    "/helper/{key}",
    "/console/{session}/{act}",
    "/organise/asynchronous",
    "/organise/asynchronous/{session}/{act}",
    "/answer/{answer_code}/question",
    "/answer/{answer_code}/right",
}
STORIES = {
    "/my-story/{key}/write",
    "/my-story/{key}/write/{step}",
    "/my-story/{key}/save",
    "/decide/new",
    "/decide/drafts/{draft}/form",
}
FILES = {
    "/check",
    "/commissions/{commission}/tell/file",
    "/my-story/{key}/file",
    "/my-story/{key}/evidence",
    "/decide/promises/{commitment}",
    "/my-promise/{key}",
    "/organisation/{part}",
}


def test_only_forms_with_sentences_take_more_than_a_few_names() -> None:
    assert SMALL < WORDS < STORY
    assert {row.path for row in POSTS if row.most_body == WORDS} == SENTENCES
    assert {row.path for row in POSTS if row.most_body == STORY} == STORIES
    assert {row.path for row in POSTS if row.most_body > STORY} == FILES
    assert {row.path for row in PAGES if "POST" not in row.methods and row.most_body != SMALL} == set()


async def test_every_form_refuses_what_is_too_much_before_it_is_read(house: House) -> None:
    asker = Asker(house, "", {"accept-language": "cy"})
    for row in POSTS:
        path = row.path.replace("{", "").replace("}", "").replace(":path", "")
        status, page = await asker.announced(path, row.most_body + 1)
        assert status == 413, path
        assert b'<html lang="cy"' in page
        assert "ormod" in page.decode(), path
        status, _ = await asker.announced(path, row.most_body)
        assert status != 413, path


async def test_a_write_to_the_api_takes_what_its_fields_may_hold_and_no_more(house: House) -> None:
    asker = Asker(house, "", {"accept-language": "cy"})
    for row in (one for one in API if one.method == "POST"):
        # A character outside the first plane is twelve bytes where JSON spells it out.
        [told] = msgspec.json.schema_components([row.takes])[1].values() if not nested(row) else [{}]
        letters = sum(one.get("maxLength", 0) for one in told.get("properties", {}).values())
        assert 12 * letters < row.most_body <= STORY, row.path
        path = (START + row.path).replace("{", "").replace("}", "")
        most = row.page.most_body
        status, problem = await asker.announced(path, most + 1)
        assert status == 413, path
        assert "ormod" in json.loads(problem)["detail"]
        assert (await asker.announced(path, most))[0] != 413, path


def nested(row: ApiRow) -> bool:
    """Tells whether a body has rows in it, whose number is bounded by the act."""
    return len(msgspec.json.schema_components([row.takes])[1]) > 1


@pytest.mark.parametrize("row", [row for row in POSTS if row.path in {"/sign-in", "/join", "/stories/{story}/report"}])
async def test_what_is_not_announced_is_counted(house: House, row: Page) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1024):
            yield b"x=" + b"y" * 1021 + b"&"
        yield b"z" * (size % 1024)

    commission = await house.commission()
    story, _key = await house.story(commission)
    await house.moderated(story, "accept")
    path = row.path.replace("{story}", story.id)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with house.browser() as browser:
        assert (await browser.post(path, content=pieces(row.most_body), headers=form)).status_code != 413
        answer = await browser.post(path, content=pieces(row.most_body + 1), headers=form)
        assert answer.status_code == 413
        assert "Make it shorter" in words(answer)
        said = await browser.post(
            path, content=b"x" * (row.most_body + 1), headers=form | {"Accept": "application/json"}
        )
        assert said.json()["error"]["code"] == "http_413"
