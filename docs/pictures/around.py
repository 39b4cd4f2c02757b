"""Tickets, papers, the tablet, the programme; languages, contrast and large text; a rehearsal; no connection."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping

import httpx2
from playwright.async_api import Page

from pictures.camera import Camera, Phone, Room
from pictures.methods import ANSWERS
from pictures.replay import Plot

PSEUDO = "ar-XB"


async def shoot_tickets(camera: Camera, organiser: httpx2.AsyncClient, person: str, commission: str) -> None:
    """The way in with tickets: the organiser's page, the sheet (where gs is installed), a phone with one."""
    form = {"commission": commission, "title": "Town hall, with tickets", "entrance": "tickets"}
    room = await Room.made(camera, organiser, form)
    here = f"/organise/sessions/{room.session['id']}/tickets"
    page = await organiser.get(here, headers={"Accept": "text/html"})
    groups = [
        g for g in re.findall(r'name="group"[^>]*value="([^"]+)"|<option value="([^"]+)"', page.text) for g in g if g
    ]
    issued = await organiser.post(here, data={"act": "issue", "group": groups[0], "count": "6"})
    code = issued.raise_for_status().json()["tickets"][0]["code"]
    await organiser.post(here, data={"act": "revoke", "number": "2"})
    sheet = await organiser.post(
        here, data={"act": "issue", "group": groups[1], "count": "24"}, headers={"Accept": "application/pdf,text/html"}
    )
    pdf = camera.folder / "tickets.pdf"
    pdf.write_bytes(sheet.raise_for_status().content)
    if shutil.which("gs"):
        to = f"-sOutputFile={camera.folder / 'sheet-tickets.png'}"
        rasterise = ("gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=png16m", "-r90", "-dLastPage=1", to, str(pdf))
        await (await asyncio.create_subprocess_exec(*rasterise)).wait()
    for size, name in (("laptop", "laptop-tickets"), ("phone", "pocket-tickets")):
        tickets = await camera.page(size, {"forum_session": person})
        await tickets.goto(here)
        await camera.take(tickets, name, whole=True)
        await tickets.context.close()
    guest = await camera.page("phone")
    await guest.goto(f"/s/{room.session['code']}/ticket/{code.replace('-', '')}")
    await camera.take(guest, "phone-ticket", whole=True)
    await guest.get_by_label("The code on your ticket").fill("K7MQ-2RXP-9FHT")
    await guest.get_by_role("button", name="Join").click()
    await guest.get_by_role("alert").wait_for()
    await camera.take(guest, "phone-ticket-wrong", whole=True)
    await guest.context.close()


async def shoot_papers(room: Room, colleague: httpx2.AsyncClient, people: Mapping[str, str]) -> None:
    """Papers, entered by one and confirmed by another; the shared tablet; while one vote is open."""
    asked = await room.ask("single", "Who should come?", ANSWERS[:3], none="1")
    await room.act("open", round=asked["round"])
    here = f"/organise/sessions/{room.session['id']}/papers/{asked['round']}"
    text = (await colleague.get(here, headers={"Accept": "text/html"})).text
    fields = re.findall(r'name="(n:[^"]+)"', text)
    pages = {
        login: [await room.camera.page(size, {"forum_session": cookie}) for size in ("laptop", "phone")]
        for login, cookie in people.items()
    }

    async def both(login: str, name: str) -> None:
        for page, size in zip(pages[login], ("laptop", "pocket"), strict=True):
            await page.goto(here)
            await room.camera.take(page, f"{size}-papers-{name}", whole=True)

    await both("olu", "empty")
    counts = {field: str(n % 3) for n, field in enumerate(fields)}
    entered = await colleague.post(here, data={"act": "enter", "handed_out": "60", **counts})
    entered.raise_for_status()
    await both("ona", "entered")
    await both("olu", "confirm")
    await room.show("papers", "console")
    number = (await room.organiser.get(here, headers={"Accept": "text/html"})).text
    id_ = re.findall(r'name="id" value="([^"]+)"', number)[0]
    (await room.organiser.post(here, data={"act": "confirm", "id": id_})).raise_for_status()
    await both("olu", "confirmed")

    share = f"/organise/sessions/{room.session['id']}/tablet"
    made = await room.organiser.post(share, data={"act": "make"})
    laptop = pages["olu"][0]
    await laptop.goto(share)
    await room.camera.take(laptop, "laptop-tablet-link", whole=True)
    tablet = await room.camera.page("beamer")
    await tablet.goto(made.json()["tablet"])
    await room.camera.take(tablet, "tablet-vote", whole=True)
    await tablet.locator("[name=group]").first.check(force=True)
    await tablet.locator("[name=choice]").first.check(force=True)
    await tablet.locator("[data-send]").click()
    await tablet.locator("[data-handover]").wait_for()
    await room.camera.take(tablet, "tablet-next", whole=True)
    await tablet.context.close()
    for each in pages.values():
        for page in each:
            await page.context.close()
    await room.act("close", round=asked["round"])
    await room.act("reveal", round=asked["round"])


async def shoot_programme(room: Room, person: str, plot: Plot) -> None:
    """A programme: edited, public, as a run sheet, and as the console goes through it."""
    here = f"/organise/sessions/{room.session['id']}/programme"

    async def change(**form: str) -> list[dict[str, str]]:
        answer = await room.organiser.post(here, data=form)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["sections"])

    await change(act="about", day="2027-03-12", place="Town hall, the large room", public="1")
    await change(act="section", title="Welcome", starts="10:30", ends="11:00")
    await change(act="section", title="Police and ambulance", starts="11:00", ends="12:15")
    sections = await change(act="section", title="What we ask for", starts="13:15", ends="")
    first, second, third = (section["id"] for section in sections)
    await change(act="note", section=first, words="Tea in the hall. The lift is on the left.")
    for kind, scene in (
        ("scene", plot.scenes[0]),
        ("question", plot.questions[0]),
        ("replay", plot.scenes[0]),
        ("again", plot.questions[0]),
    ):
        await change(act="cue", section=second, cue=f"{kind}|{plot.story}|{scene}")
    await change(
        act="ask", section=third, question="What matters most?", response="\n".join(ANSWERS), method="ranked", none="1"
    )
    cookies = {"forum_session": person}
    for size in ("laptop", "phone"):
        page = await room.camera.page(size, cookies)
        for name, path in (
            ("programme", here),
            ("run-sheet", f"/organise/sessions/{room.session['id']}/run-sheet"),
            ("programme-public", f"/sessions/{room.session['id']}/programme"),
        ):
            await page.goto(path)
            await room.camera.take(page, f"{size}-page-{name}", whole=True)
        await page.context.close()
    item = (await room.on_console(r'/item" class="inline"><input type="hidden" name="item" value="([^"]+)"'))[1]
    await room.act("item", item=item, after="")
    await room.show("programme")
    late = Phone(room.camera.base, room.session["code"])
    newcomer = await room.camera.page("phone")
    await newcomer.goto(late.path)
    await newcomer.get_by_role("radio").first.check()
    await newcomer.get_by_role("main").get_by_role("button").first.click()
    await newcomer.locator("#screen").wait_for()
    await room.camera.take(newcomer, "phone-late", whole=True)
    await newcomer.context.close()
    await late.http.aclose()


async def shoot_comfort(room: Room) -> None:
    """One open vote and its result: in Welsh, from right to left, large, in both contrasts, without scripts."""
    kinds: dict[str, dict[str, str]] = {
        "welsh": {"forum_language": "cy"},
        "rtl": {"forum_language": PSEUDO},
        "plain": {},
        "large": {"size": "3"},
        "strong": {"contrast": "strong"},
        "night": {"contrast": "night"},
        "dark": {},
    }
    asked = await room.ask("single", "Who should come?", ANSWERS, none="1")
    await room.act("open", round=asked["round"])
    pages: dict[str, list[tuple[str, Page]]] = {}
    for kind, wanted in kinds.items():
        cookies = room.phones[3].cookies
        phone = await room.camera.page("phone", cookies, scripts=kind != "plain")
        if kind == "dark":
            await phone.emulate_media(color_scheme="dark")
        for name in ("size", "contrast"):
            if name in wanted:
                await phone.add_init_script(f"localStorage.setItem('forum comfort {name}', '{wanted[name]}')")
        shown = [("phone", phone)]
        if kind in ("welsh", "rtl"):
            shown += [(size, await room.camera.page(size)) for size in ("wall", "beamer")]
        pages[kind] = shown
        for size, page in shown:
            language = wanted.get("forum_language")
            await page.goto(room.session["projector"] if size != "phone" else room.phones[3].path)
            if language:
                await page.goto(page.url + f"?lang={language}")
    for other in room.phones:
        await other.vote(asked["round"], {"choice": room.chance.choice(["r1", "r2", "r3"])})

    async def everywhere(name: str) -> None:
        for kind, shown in pages.items():
            for size, page in shown:
                if kind == "plain":
                    await page.goto(room.phones[3].path)
                else:
                    await page.wait_for_function(
                        "least => Number(document.getElementById('screen').dataset.version) >= least", arg=room.version
                    )
                await room.camera.take(page, f"{size}-{kind}-{name}", whole=size == "phone")

    await everywhere("open")
    await room.act("close", round=asked["round"])
    await room.act("reveal", round=asked["round"])
    await everywhere("result")
    for shown in pages.values():
        for _size, page in shown:
            await page.context.close()


async def shoot_down(room: Room, stop: Callable[[], Awaitable[None]]) -> None:
    """An open vote on screens whose connection is gone: `stop` stops the server."""
    asked = await room.ask("single", "Who should come?", ANSWERS[:3], none="1", live="1")
    await room.act("open", round=asked["round"])
    for other in room.phones[:20]:
        await other.vote(asked["round"], {"choice": "r1"})
    await room.show("before-down", "wall")
    await stop()
    for size, page in room.screens.items():
        await page.locator("[data-connection][data-is=down]").wait_for()
        await room.camera.take(page, f"{size}-down", whole=size not in ("wall", "beamer"))
