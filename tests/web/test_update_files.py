"""Files beside updates on the site: sent with the form, shown to everybody, refused at their field, taken away."""

from __future__ import annotations

import re

import httpx2
from support.app import House, field, words
from support.decided import ANSWERS
from support.factories import CLOCK
from support.pictures import picture
from support.voted_session import COMMISSIONER, a_vote

from forum.services import decisions, owner_links
from forum.services.decision_form import DecisionForm, Promise
from forum.services.keys import new_key


async def promised(house: House) -> str:
    voted = await a_vote(house.store)
    promise = Promise("Head of nights", "Two nurses on every night", "2099-06-30")
    form = DecisionForm(voted.rounds, "", "adopted", "r1", "Near.", answers=ANSWERS, promises=(promise,))
    return (await decisions.decide(house.store, CLOCK, COMMISSIONER, form)).commitments[0].id


async def send(browser: httpx2.AsyncClient, path: str, file: bytes, **typed: str) -> httpx2.Response:
    shown = await browser.get(path)
    sent = {"id": field(shown, "id"), "after": field(shown, "after"), "state": "partly", "said": "One is <here>."}
    sent |= {"shows": "The rota"} | typed
    return await browser.post(path, data=sent, files={"file": ("rota.bin", file)})


async def test_a_picture_is_shown_without_what_it_hides_until_a_moderator_takes_it_away(house: House) -> None:
    promise, owner = await promised(house), new_key()
    await owner_links.make(house.store, CLOCK, COMMISSIONER, promise, owner)
    public = f"/promises/{promise}"
    async with (
        house.browser() as anybody,
        house.signed_in("commissioner") as commissioner,
        house.signed_in("moderator") as moderator,
    ):
        for browser, path in ((commissioner, f"/decide/promises/{promise}"), (anybody, f"/my-promise/{owner}")):
            for file, typed, fault in (
                (b"MZ", {}, "This is not a PDF, PNG or JPEG"),
                (b"", {}, "This file is empty."),
                (picture(), {"shows": ""}, "Say what the file shows."),
                (picture(), {"said": ""}, "Say in a few words what was done."),
            ):
                refused = await send(browser, path, file, **typed)
                assert refused.status_code == 422
                assert fault in words(refused)
                assert "choose it again" in words(refused)
                assert typed or "One is &lt;here&gt;.</textarea>" in refused.text, "what was typed stays"
            assert (await send(browser, path, picture())).status_code == 303
        shown = await anybody.get(public)
        files = re.findall(rf'src="({public}/files/[0-9a-f]{{32}})"', shown.text)
        assert len(files) == 2
        assert 'alt="The rota"' in shown.text
        sent = await anybody.get(files[0])
        assert (sent.status_code, sent.headers["content-type"]) == (200, "image/jpeg")
        assert "attachment" in sent.headers["content-disposition"]
        assert b"at home" not in sent.content
        away = f"/moderate/files/{files[0][-32:]}"
        assert away not in shown.text
        assert away in (await moderator.get(public)).text
        assert (await commissioner.get(away)).status_code == 403
        assert "One is <here>." in words(await moderator.get(away))
        for _time in range(2):
            assert (await moderator.post(away)).status_code == 303
        assert (await anybody.get(files[0])).status_code == 404
        after = await anybody.get(public)
        assert "a moderator took away the file that stood here" in words(after)
        assert files[0] not in after.text
        assert files[1] in after.text
        assert (await anybody.get(f"/promises/{'0' * 32}/files/{files[1][-32:]}")).status_code == 404


async def test_a_link_that_was_switched_off_brings_no_file_and_keeps_what_was_typed(house: House) -> None:
    promise, owner = await promised(house), new_key()
    await owner_links.make(house.store, CLOCK, COMMISSIONER, promise, owner)
    path = f"/my-promise/{owner}"
    async with house.browser() as anybody:
        shown = await anybody.get(path)
        await owner_links.revoke(house.store, CLOCK, COMMISSIONER, promise)
        sent = {"id": field(shown, "id"), "after": "", "state": "partly", "said": "One is here.", "shows": "The rota"}
        late = await anybody.post(path, data=sent, files={"file": ("rota.jpg", picture())})
        assert late.status_code == 409
        assert "One is here.</textarea>" in late.text
        assert "/files/" not in (await anybody.get(f"/promises/{promise}")).text
