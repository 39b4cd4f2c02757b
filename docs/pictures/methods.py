"""The six ways of voting: on the phone empty, chosen and counted; open and with their result on every screen."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.async_api import Page

from pictures.camera import Form, Room

ANSWERS = (
    "A nurse and a paramedic come together, without blue lights",
    "The police, as they do now",
    "Somebody stays on the phone until it is light",
    "A person who has been through it comes, with a nurse",
)
PROPOSAL = "Nobody waits alone: whoever rings at night hears one voice until somebody has come"
STATEMENT = "At night I would rather ring a friend than a number"
# As long as a question and its answers may be.
LONG = (
    "When somebody is in crisis at two in the morning, the line has nine people waiting, the only free nurse is forty "
    "minutes away and the police are round the corner: who should come to the door first, and what should they be able "
    "to decide there?"
)
LONG_ANSWERS = tuple(
    f"{who} come first, stay as long as they are needed, may decide whether a hospital is right, "
    f"and ring back the next day to ask how the night was and what helps"
    for who in (
        "A nurse and a paramedic",
        "Two police officers who know the family",
        "A volunteer and a nurse",
        "Somebody who lived through it",
        "The doctor on call and a driver",
        "Neighbours with a short training",
    )
)


def _single(chance: random.Random, ids: list[str]) -> Form:
    return {"choice": chance.choices(ids, [5, 3, 6, 4, 1][: len(ids)])[0]}


def _approval(chance: random.Random, ids: list[str]) -> Form:
    some = [r for r in ids if r != "none" and chance.random() < 0.55]
    return {"choice": some or ["none"]}


def _ranked(chance: random.Random, ids: list[str]) -> Form:
    left = [r for r in ids if r != "none"]
    chance.shuffle(left)
    return {f"rank-{r}": str(place) for place, r in enumerate(left[: chance.randint(1, len(left))], 1)}


def _score(chance: random.Random, ids: list[str]) -> Form:
    return {f"score-{r}": str(chance.choices((1, 2, 3, 4, 5), (1, 2, 3, n, 3))[0]) for n, r in enumerate(ids, 2)}


def _consent(chance: random.Random, ids: list[str]) -> Form:
    return {"choice": chance.choices(("agree", "agree_if", "stand_aside"), (6, 3, 2))[0], "condition": "it is funded"}


def _opinion(chance: random.Random, ids: list[str]) -> Form:
    return {"choice": chance.choices(("agree", "disagree", "pass"), (6, 3, 2))[0]}


@dataclass(frozen=True)
class Way:
    """How one way is asked, and what a phone gives."""

    question: str
    responses: tuple[str, ...]
    given: Callable[[random.Random, list[str]], Form]
    tap: tuple[str, ...]
    declared: Mapping[str, str]


LIVE = {"live": "1", "none": "1"}
WAYS = {
    "single": Way("Who should come?", ANSWERS, _single, ("#choice-r3",), {"none": "1", "quorum": "20"}),
    "approval": Way("What could you accept?", ANSWERS, _approval, ("#choice-r1", "#choice-r4"), LIVE),
    "ranked": Way("In which order?", ANSWERS, _ranked, (), {}),
    "score": Way("How well would each work?", ANSWERS, _score, tuple(f"#score-r{n}-{6 - n}" for n in range(1, 5)), {}),
    "consent": Way("Can we live with this?", (PROPOSAL,), _consent, ("#choice-agree_if",), {"quorum_each": "12"}),
    "opinion": Way("What do you think?", (STATEMENT,), _opinion, ("#choice-agree",), {}),
}  # fmt: skip


async def tap(phone: Page, method: str) -> None:
    """Fills in the form on a phone."""
    if method == "ranked":
        for response in ("r4", "r1"):
            place = phone.locator(f"[data-response={response}] [data-move=up]")
            while await phone.locator("[data-response]").first.get_attribute("data-response") != response:
                await place.click()
    for field in WAYS[method].tap:
        await phone.locator(field).check(force=True)
    if method == "consent":
        await phone.locator("#condition").fill("there is money for it")


async def shoot(room: Room) -> None:
    """Each way of voting, from the question to its result; then a second vote on it."""
    phone = room.screens["phone"]
    for method, way in WAYS.items():
        asked = await room.ask(method, way.question, way.responses, **way.declared)
        ids = [r["id"] for r in asked["responses"]]
        await room.show(f"{method}-draft")
        await room.act("open", round=asked["round"])
        await room.show(f"{method}-open-empty", "phone", "wall")
        await tap(phone, method)
        await room.show(f"{method}-chosen", "phone")
        for number, other in enumerate(room.phones[1:]):
            reason = "It worked where I live." if number % 9 == 0 else ""
            await other.vote(asked["round"], way.given(room.chance, ids), reason)
        await phone.locator("[data-send]").click()
        await phone.locator("[data-status][data-is=counted]").wait_for()
        await room.tally(len(room.phones))
        await room.show(f"{method}-open")
        await room.act("close", round=asked["round"])
        await room.act("reveal", round=asked["round"])
        await room.show(f"{method}-result")
        again = await room.act("second", round=asked["round"])
        await room.act("open", round=again["round"])
        for other in room.phones:
            await other.vote(again["round"], way.given(room.chance, ids))
        await room.act("close", round=again["round"])
        await room.act("reveal", round=again["round"])
        await room.show(f"{method}-second")


async def shoot_corners(room: Room) -> None:
    """Ties, no votes, too few votes, and words as long as they may be."""
    for method in ("single", "ranked", "score"):
        asked = await room.ask(method, "Who should come?", ANSWERS[:3])
        ids = [r["id"] for r in asked["responses"]]
        await room.act("open", round=asked["round"])
        for number, phone in enumerate(room.phones[: 2 * 18]):
            choice = ids[number % 3 if method == "ranked" else number % 2]
            even: dict[str, Form] = {
                "single": {"choice": choice},
                "ranked": {f"rank-{choice}": "1"},
                "score": {f"score-{r}": "4" if r != ids[2] else "2" for r in ids},
            }
            await phone.vote(asked["round"], even[method])
        await room.act("close", round=asked["round"])
        await room.act("reveal", round=asked["round"])
        await room.show(f"tie-{method}")
    for name, votes in (("no-votes", 0), ("too-few", 12)):
        asked = await room.ask("single", "Who should come?", ANSWERS[:3], quorum="30", quorum_each="8", none="1")
        await room.act("open", round=asked["round"])
        for phone in room.phones[:votes]:
            await phone.vote(asked["round"], {"choice": "r1"})
        await room.act("close", round=asked["round"])
        await room.show(f"{name}-closed", "wall", "beamer", "phone")
        await room.act("reveal", round=asked["round"])
        await room.show(name)
    for method, way in WAYS.items():
        answers = LONG_ANSWERS if len(way.responses) > 1 else LONG_ANSWERS[:1]
        declared = {"none": "1"} if method in ("single", "approval", "ranked") else {}
        asked = await room.ask(method, LONG, answers, quorum="300", quorum_each="20", live="1", **declared)
        ids = [r["id"] for r in asked["responses"]]
        await room.show(f"long-{method}-draft", "wall", "beamer")
        await room.act("open", round=asked["round"])
        for phone in room.phones:
            await phone.vote(asked["round"], way.given(room.chance, ids[:5] if method == "single" else ids))
        await room.tally(len(room.phones))
        await room.show(f"long-{method}-open", "wall", "beamer", "phone")
        await room.act("close", round=asked["round"])
        await room.act("reveal", round=asked["round"])
        await room.show(f"long-{method}-result", "wall", "beamer", "phone")
        again = await room.act("second", round=asked["round"])
        await room.act("open", round=again["round"])
        for phone in room.phones:
            await phone.vote(again["round"], way.given(room.chance, ids[:5] if method == "single" else ids))
        await room.act("close", round=again["round"])
        await room.act("reveal", round=again["round"])
        await room.show(f"long-{method}-second", "wall", "beamer")
