"""Stories while they are written and built together, and every page that is not of a live session."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping

import httpx2

from pictures.camera import Camera

# A story as it is written, step by step.
STEPS = {
    "happened": {
        "happened.text": "It is past two. My son walks up and down. I ring the number I was given. It rings and rings.",
        "title": "The number that rings",
    },
    "where": {"setting": "A flat on the third floor, a night in winter"},
    "who": {"characters": "A mother\nHer son, 19\nA night nurse", "group": "no"},
    "done": {
        "question.text": "What could the service do now?",
        "question/r1.text": "Answer within a minute",
        "question/r2.text": "Send somebody to the flat",
        "question/r3.text": "Ring back in the morning",
    },
    "use": {"notes": "a child in distress", "may_perform": "yes", "may_publish": "yes", "may_quote": "no"},
}
ANSWERS = ("The next driver", "The woman with the dog", "Nobody: she waits")


async def build(camera: Camera, commission: str) -> dict[str, str]:
    """Writes a story that two people build together. Returns the pages on which they do."""
    key, link, empty = secrets.token_urlsafe(24), secrets.token_urlsafe(24), hashlib.sha256(b"").hexdigest()[:32]
    mine, theirs = f"/my-story/{key}", f"/build/{link}"
    edits: list[dict[str, object]] = [
        {"do": "add_card", "card": "c1"},
        {"do": "add_card", "card": "c2", "after": "c1", "decision": "yes"},
    ]
    edits += [{"do": "add_way", "card": "c2", "way": f"w{n}", "text": words} for n, words in enumerate(ANSWERS)]
    texts = {"title": "The last bus", "c1.text": "Ana waits alone.", "c2.text": "Whom should she ask?"}
    edits += [{"do": "set", "field": name, "seen": [empty], "text": text} for name, text in texts.items()]
    async with httpx2.AsyncClient(base_url=camera.base, headers={"Origin": camera.base}) as http:

        async def post(path: str, **fields: str) -> None:
            answer = await http.post(path, data=fields)
            assert answer.status_code == 303, answer.text

        saved = await http.post(f"{mine}/save", json={"edits": edits, "commission": commission})
        saved.raise_for_status()
        await post(f"{mine}/build", action="share", new=link)
        one = {"kind": "response", "place": "c2", "words": "Ask the driver to wait", "group": "no", "name": "Kim"}
        other = {"kind": "correction", "place": "c1.text", "words": "Ana waits alone in the rain.", "group": "no"}
        ids = [secrets.token_hex(16) for _ in range(2)]
        for id_, typed in zip(ids, (one, other), strict=True):
            await post(f"{theirs}/suggest", id=id_, **typed)
        await post(f"{mine}/build/{ids[0]}", outcome="accepted")
    return {
        "build": theirs,
        "suggest": f"{theirs}/suggest?kind=scene&place=c1",
        "keep": f"{mine}/build",
        "answer": f"{mine}/build/{ids[1]}",
        "versions": f"{mine}/versions",
        "version": f"{mine}/versions/2?with=now",
    }


async def write(base: str, commission: str) -> str:
    """Writes a story by forms, as far as it can be sent; returns its private link."""
    async with httpx2.AsyncClient(base_url=base, headers={"Origin": base}) as http:
        path = f"/commissions/{commission}/tell"
        shown = await http.get(path)
        for fields in STEPS.values():
            key = re.search(r'name="key" value="([^"]+)"', shown.text)
            form = {"key": key[1]} if key else {}
            for name, text in fields.items():
                seen = re.search(rf'name="seen:{re.escape(name)}" value="([^"]+)"', shown.text)
                form |= {name: text} | ({f"seen:{name}": seen[1]} if seen else {})
            answer = await http.post(path, data=form)
            path = answer.headers["location"]
            shown = await http.get(path)
    return path.removesuffix("/write")


async def shoot(camera: Camera, person: str, commission: str, story: str, more: Mapping[str, str]) -> None:
    """Every page on a laptop and on a phone; `person` is somebody with every role, `more` are pages by name."""
    built = await build(camera, commission)
    written = await write(camera.base, commission)
    for size in ("laptop", "phone"):
        page = await camera.page(size, {"forum_session": person})
        for name, path in (
            ("home", "/"),
            ("commission", f"/commissions/{commission}"),
            ("tell", f"/commissions/{commission}/tell"),
            *((f"write-{step or 'workspace'}", f"{written}/write/{step}".rstrip("/")) for step in ("", *STEPS)),
            ("check", f"{written}/check"),
            ("mine", written),
            ("stories", "/stories"),
            ("story", f"/stories/{story}"),
            ("play", f"/stories/{story}/play"),
            ("play-scene", f"/stories/{story}/play?scene=1"),
            ("join", "/join"),
            ("record", "/record"),
            ("entry", "/record/8"),
            ("organise", "/organise"),
            ("commission-new", "/organise/commissions/new"),
            ("session-new", f"/organise/sessions/new?commission={commission}"),
            ("decide", "/decide"),
            ("moderate", "/moderate"),
            ("people", "/people"),
            ("sign-in", "/sign-in"),
            *built.items(),
            *more.items(),
        ):
            await page.goto(path)
            await camera.take(page, f"{size}-page-{name}", whole=True)
        await page.context.close()
