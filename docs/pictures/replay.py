"""A story: its scenes, the vote and the reasons, the second run with its stops, and the policy vote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from pictures.camera import Room

REASONS = (
    ("r1", "Nobody should wait alone.", ""),
    ("r1", "It worked on our ward last winter, and it cost nothing but a chair.", ""),
    ("r2", "She asked for quiet, so give her quiet.", "somebody looks in every ten minutes"),
    ("r3", "", "a nurse comes too"),
    ("r3", "The truth about the wait is the first thing that helped me.", ""),
)
STOPS = (
    (
        "Ben, the nurse in charge tonight",
        "Walk over to seat fourteen, kneel down, and ask Leah what she needs just now",
    ),
    ("Ben, the nurse in charge tonight", ""),
    ("", "Turn the screen round, so that it does not shout at her"),
    ("Leah, 19, who came by herself", "Say aloud that she cannot bear the noise any longer"),
    ("", ""),
    ("Mr Cole, who waits in seat fifteen", "Tell the desk what he has seen"),
)
TRIED = "Ben sits down beside Leah for two minutes, says his name, and tells her who will come and when."
PROPOSALS = (
    "A quiet room is kept free on every floor, and somebody is told to look in",
    "Whoever waits longer than an hour is told the truth about the wait, by a person and not by a screen",
    "The night line is answered within a minute",
)
AMENDED = (
    "A quiet room is kept free on every floor, day and night, with a bell, and somebody looks in every ten minutes"
)


@dataclass(frozen=True)
class Plot:
    """Where a story is played: its scenes in order and its questions."""

    story: str
    scenes: list[str]
    questions: list[str]


async def plots(room: Room, stories: Sequence[str]) -> list[Plot]:
    """These stories' scenes and questions, from their files."""
    found = []
    for story in stories:
        twee = (await room.organiser.get(f"/stories/{story}/story.twee")).raise_for_status().text
        passages = re.findall(r"^:: (.+?)(?: \[([^\]]*)\])?(?: \{.*\})?$", twee, re.MULTILINE)
        told = [(name, tags) for name, tags in passages if not name.startswith("Story") and "forum" not in tags]
        questions = [name for name, tags in told if "decision" in tags]
        found.append(Plot(story, [name for name, _tags in told if name not in questions], questions))
    return found


async def shoot_vote(room: Room, plot: Plot) -> None:
    """A scene, its content notes and the way to look away; the question, the vote and its reasons."""
    phone = room.screens["phone"]
    await room.show("welcome")
    await room.act("scene", scenario=plot.story, scene=plot.scenes[-1])
    await room.show("scene")
    await phone.locator("a[href*='/away']").click()
    await room.camera.take(phone, "phone-away", whole=True)
    await phone.goto(f"/s/{room.session['code']}/step-out")
    await room.camera.take(phone, "phone-step-out", whole=True)
    await room.phones[5].send("break", {})
    await phone.goto(f"/s/{room.session['code']}")
    await room.show("break", "console", "pocket")
    await room.act("breaks-seen")
    await room.act("scene", scenario=plot.story, scene=plot.scenes[0])
    asked = await room.act("question", scenario=plot.story, scene=plot.questions[0])
    first = asked["round"]
    ids = [r["id"] for r in asked["responses"]]
    await room.act(
        "reword",
        round=first,
        kind="easy",
        question="Leah waits. What should Ben do?",
        **{f"label-{r}": f"Easy words for {r}" for r in ids if r != "none"},
    )
    await room.show("draft")
    await room.act("open", round=first)
    await room.act("time", round=first, minutes="3")
    await room.show("open-first", "phone", "console", "wall")
    votes = [room.chance.choices(ids, [4, 7, 3, 2, 1][: len(ids)])[0] for _ in room.phones]
    for number, (other, choice) in enumerate(list(zip(room.phones, votes, strict=True))[1:]):
        given, why, condition = REASONS[number] if number < len(REASONS) else (choice, "", "")
        await other.vote(first, {"choice": given}, why, condition)
    await phone.locator("[data-ballot] input[type=radio]").nth(1).check()
    await room.show("chosen", "phone")
    await phone.locator("[data-send]").click()
    await phone.locator("[data-part=bar][data-is=counted]").wait_for()
    await phone.get_by_label(re.compile("^Why")).fill("I would accept this if a nurse comes too")
    await phone.locator("[data-send]").click()
    await phone.locator("[data-part=bar][data-is=counted]").wait_for()
    await room.tally(len(room.phones))
    await room.act("warn", round=first)
    await room.show("open")
    await room.act("close", round=first)
    await room.show("closed")
    await room.act("reveal", round=first)
    await room.show("result")
    await room.camera.take(room.screens["wall"], "projector")
    # The facilitator reads reasons first; then the room does, on phones and on the big screen.
    await phone.locator("[data-mine] summary").click()
    await room.camera.take(phone, "phone-reason", whole=True)
    for reason in await room.on_console(
        r'name="reason" value="([0-9a-f]+)"><input type="hidden" name="state" value="shown"'
    ):
        await room.act("hear", round=first, reason=reason, state="shown", before="waiting")
        for other in room.phones[10 : 10 + room.chance.randint(0, 9)]:
            await other.send("too", {"reason": reason, "on": "1"})
    await room.act("big-reasons", round=first, on="1")
    await room.show("reasons")
    await room.act("big-reasons", round=first, on="0")
    second = (await room.act("second", round=first))["round"]
    await room.show("second-draft")
    await room.act("open", round=second)
    for other, choice in zip(room.phones, votes, strict=True):
        await other.vote(second, {"choice": ids[1] if room.chance.random() < 0.45 else choice})
    await room.show("second-open")
    await room.act("close", round=second)
    await room.act("reveal", round=second)
    await room.show("shift")
    await room.act("badges", off="1")
    await room.show("badges-off")
    await room.act("badges")
    await room.act("pause")
    await room.show("paused")
    await room.act("resume")
    await room.act("annul", round=second, because="The sound failed for half of the room.")
    await room.show("annulled")
    await room.act("note", words="Break until 11:30. Tea is in the hall.")
    await room.show("note")


async def shoot_run(room: Room, plot: Plot) -> None:
    """The second run: stops, one of them taken and tried, the magic check, the new answer and the vote after it."""
    phone = room.screens["phone"]
    asked = await room.act("question", scenario=plot.story, scene=plot.questions[0])
    first, ids = asked["round"], [r["id"] for r in asked["responses"]]
    await room.act("open", round=first)
    votes = [room.chance.choices(ids, [4, 7, 3, 2, 1][: len(ids)])[0] for _ in room.phones]
    for other, choice in zip(room.phones, votes, strict=True):
        await other.vote(first, {"choice": choice})
    await room.act("close", round=first)
    await room.act("reveal", round=first)
    await room.act("scene", scenario=plot.story, scene=plot.scenes[0], replay="1")
    await room.show("stop-before")
    await phone.locator(".button.stop").click()
    await phone.locator("[data-stop-status][data-is=counted]").wait_for()
    await room.camera.take(phone, "phone-stop-pressed", whole=True)
    await phone.get_by_label("Who should act differently?").select_option(index=1)
    await phone.get_by_label("What should they do?").fill(STOPS[0][1])
    await phone.get_by_role("button", name="Send this").click()
    await phone.locator("[data-stop-status][data-is=counted]").wait_for()
    await room.camera.take(phone, "phone-stop-said", whole=True)
    showing = await phone.locator("[data-stop]").get_attribute("data-showing") or ""
    for other, (who, how) in zip(room.phones[2:], STOPS * 3, strict=False):
        await other.send("stop", {"showing": showing, "character": who, "how": how})
    await room.screens["console"].locator("[data-part=queue] li").nth(5).wait_for()
    await room.show("stops", "console", "pocket")
    stops = await room.on_console(r'/take-stop" class="inline">\s*<input type="hidden" name="stop" value="([^"]+)"')
    await room.act("defer-stop", stop=stops[3])
    await room.act("take-stop", stop=stops[0])
    await room.show("taken")
    await room.act("tried", stop=stops[0], tried=TRIED)
    await room.show("tried")
    magic = (await room.act("ask-room", stop=stops[0]))["round"]
    await room.act("open", round=magic)
    for number, other in enumerate(room.phones):
        await other.vote(magic, {"choice": ("r1", "r1", "r1", "r2", "r3")[number % 5]})
    await room.show("magic-open")
    await room.act("close", round=magic)
    await room.act("reveal", round=magic)
    await room.show("magic-result")
    await room.act("take-stop", stop=stops[0])
    await room.act("judge", stop=stops[0], verdict="yes")
    await room.act("offer", stop=stops[0], words="Ben sits with Leah for two minutes and says who will come")
    await room.show("offered")
    await room.act("finish-stop", stop=stops[0])
    await room.show("after-stop", "wall", "phone", "console")
    who = (await room.act("characters", scenario=plot.story))["round"]
    await room.act("open", round=who)
    for number, other in enumerate(room.phones):
        await other.vote(who, {"choice": ("r1", "r1", "r2")[number % 3]})
    await room.show("character-open")
    await room.act("close", round=who)
    await room.act("reveal", round=who)
    await room.show("character-result")
    again = await room.act("second", round=first)
    new = [r["id"] for r in again["responses"] if r["id"] not in ids]
    await room.show("new-response-draft", "wall", "beamer", "phone")
    await room.act("open", round=again["round"])
    for other, choice in zip(room.phones, votes, strict=True):
        await other.vote(again["round"], {"choice": new[0] if room.chance.random() < 0.5 else choice})
    await room.act("close", round=again["round"])
    await room.act("reveal", round=again["round"])
    await room.show("new-response-shift")


async def shoot_policy(room: Room, colleague: httpx2.AsyncClient) -> None:
    """Proposals, an amendment beside its text, the vote and who promises what; `colleague` may not decide."""
    await room.act("proposals")
    await room.show("proposals-none", "wall", "phone")
    for words in PROPOSALS:
        await room.act("propose", text=words)
    await room.show("proposals")
    ids = await room.on_console(r'name="proposal" value="([^"]+)"><input type="hidden" name="before"')
    await room.act("amend", proposal=ids[0], before=PROPOSALS[0], after=AMENDED)
    await room.show("amended")
    amendment = (await room.on_console(r'name="amendment" value="([^"]+)"'))[0]
    await room.act("settle", amendment=amendment, state="taken")
    vote = (await room.act("policy-vote", proposal=ids[0]))["round"]
    await room.act("open", round=vote)
    for number, other in enumerate(room.phones):
        await other.vote(vote, {"choice": ("agree", "agree", "agree", "disagree", "pass")[number % 5]})
    await room.show("policy-open")
    await room.act("close", round=vote)
    await room.act("reveal", round=vote)
    await room.show("policy-result")
    promise = {"role": "The ward manager", "what": "Keeps the quiet room on the second floor free", "by": "2027-03-31"}
    await room.act("promise", round=vote, rationale="Everybody in the room asked for it.", **promise)
    noted = {
        "role": "The trust's estates lead",
        "what": "Finds a room with a bell on every other floor",
        "by": "2027-06-30",
    }
    answer = await colleague.post(f"/console/{room.session['id']}/promise", data={"round": vote, **noted})
    room.version = answer.raise_for_status().json()["version"]
    await room.show("promises")


async def shoot_end(room: Room) -> None:
    """The end."""
    await room.act("end")
    await room.show("ended")
