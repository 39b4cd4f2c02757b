"""Forms, files and clients of chance, from a fresh seed in every run: no answer is 500, and nothing is logged as a bug.

`--hypothesis-seed` makes the same ones again; every run prints it. tests/attack/fuzzing.py makes many more, against a
real server, with heads and socket frames besides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs
from support.app import House, a_house
from support.asgi_requests import ask
from support.factories import SetClock, new_id
from support.random_input import Fuzz, Sent
from support.standing_states import Town, a_standing_session, a_standing_story, a_town

from forum.errors import StoryProblems
from forum.services import permissions
from forum.services.keys import digest
from forum.stories import foreign_import, twine

FORMS, FILES = 300, 200


@dataclass(frozen=True)
class Arena:
    """A house with some sessions and stories in it, and chance."""

    house: House
    fuzz: Fuzz
    town: Town


@pytest.fixture(scope="module")
async def arena(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: object
) -> AsyncIterator[Arena]:
    folder = tmp_path_factory.mktemp("fuzzed")
    async with a_house(folder, sqlite_template, SetClock(), background=True) as house:  # type: ignore[arg-type]
        town = await a_town(house)
        theres = [
            await a_standing_session(town, s) for s in ("draft", "open", "shown", "replay", "ended", "alone:open")
        ]
        theres += [await a_standing_story(town, state) for state in ("writing", "returned", "changed", "taken back")]
        everything, token = await house.person("everything", *permissions.ROLES), new_id()
        async with house.store.begin() as work:
            await work.people.sign_in(
                digest(token), everything.id, house.site.clock.now(), house.site.clock.later(hours=9)
            )
        phones = [f"forum_device={there.ids['device']}" for there in theres if "device" in there.ids]
        cookies = ["", *phones, *[f"forum_session={token}"] * 4, "forum_device=\xff; a", "=;;"]
        yield Arena(house, Fuzz(int(request.config.option.hypothesis_seed), theres, cookies, "house.test"), town)


def _faulty(logged: list[dict[str, object]]) -> list[str]:
    return [str(line.get("event")) + str(line.get("exc_info", "")) for line in logged if line["log_level"] == "error"]


async def test_forms_of_chance_are_answered_and_none_is_a_bug(arena: Arena) -> None:
    wrong: list[str] = []
    for number in range(FORMS):
        sent: Sent = arena.fuzz.request()
        address = f"198.51.{number // 250}.{number % 250 + 1}"
        with capture_logs() as logged:
            answer = await ask(
                arena.house.app, sent.method, sent.path, sent.body, sent.headers, address, gone_after=sent.gone_after
            )
        if answer.raised is not None or answer.status >= 500 or _faulty([{**line} for line in logged]):
            wrong.append(f"{answer.status} {answer.raised!r} to {sent}")
    assert wrong == []


def test_story_files_of_chance_are_read_or_told_line_by_line(arena: Arena) -> None:
    read = 0
    for _ in range(FILES):
        content = arena.fuzz.file()
        try:
            read += len(twine.read_file("a.twee", content[: foreign_import.MAX_BYTES]).scenarios)
        except StoryProblems as told:
            read += not told.problems
    assert read, "not one of them could be played: chance is too wild to reach what comes after reading"


KINDS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_that_goes_away_in_the_middle_costs_a_line(arena: Arena, kind: str) -> None:
    story = await a_standing_story(arena.town, "writing")  # one that no form of chance has changed
    body = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nHalf'
    headers = [("Host", "house.test"), ("Content-Type", kind), ("Accept", "text/html")]
    writers = (f"/my-story/{story.key}/evidence", f"/my-story/{story.key}/save", f"/my-story/{story.key}/write")
    for path in (*writers, f"/commissions/{story.commission}/tell/file", "/sign-in", "/join"):
        for after in (0, 1, len(body)):
            with capture_logs() as logged:
                answer = await ask(arena.house.app, "POST", path, body, headers, gone_after=after)
            assert answer.raised is None, path
            assert [line["event"] for line in logged] == ["a client went away before it had sent its request"], path
            assert not any("exc_info" in line for line in logged)
