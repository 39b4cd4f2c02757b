"""The whole chain in Chromium: told, moderated, played, voted on, decided, recorded, exported, checked, erased."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.browser import PHONE, House, Look, People, follow, join, make_accounts, press, send_story, tell_story, vote
from support.by_hand import assert_found_whole, check_by_hand, needs_tools
from support.server_process import run_forum
from support.session_api import vote_of_others

from forum.record.verify.disclosures import open_disclosure
from forum.record.verify.receipt import verify_receipt
from forum.record.verify.verdict import NOT_CHECKED, PASS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), needs_tools]


@pytest.fixture(scope="module")
def house(empty_house: House) -> House:
    return empty_house


TITLE = "The lift that never comes"
# What one of them gives as a reason, and later has erased.
PLAIN_WORDS = "He should be asked himself"


async def others_vote(phone: Page, code: str) -> None:
    """Lets four others vote as most do, in the vote that is on this phone."""
    round_id = await phone.locator("[data-ballot] input[name=round]").first.get_attribute("value")
    assert round_id
    await vote_of_others(phone.url.partition("/s/")[0], code, round_id, choice="r2")


async def keep_a_receipt(phone: Page, accessible: Look) -> Path:
    """Keeps the receipt of the last vote on this phone, reads it, saves it as a file, and removes it from the phone;
    returns the file."""
    await follow(phone.get_by_role("link", name="Receipts for your votes"))
    card = phone.locator("main .card").filter(has_text="You voted: Send somebody to him.").last
    await card.get_by_role("button", name="Keep it on this phone").click()
    await expect(phone.get_by_text("Kept on this phone, below.")).to_be_visible()
    await accessible(phone)
    await follow(card.get_by_role("link", name="Read or print it"))
    await expect(phone.get_by_role("heading", name="Receipt of a vote")).to_be_visible()
    await expect(phone.get_by_role("button", name="Print it")).to_be_visible()
    await accessible(phone)
    # It stays on the phone: also on the page that belongs to no session.
    await phone.goto("/receipts")
    kept = phone.locator("[data-kept]")
    async with phone.expect_download() as saving:
        await kept.get_by_role("link", name="Save it as a file").click()
    file = await (await saving.value).path()
    assert {one.verdict for one in verify_receipt(file.read_bytes())} == {PASS, NOT_CHECKED}
    await kept.get_by_role("button", name="Remove it").click()
    await expect(kept).to_be_hidden()
    await expect(phone.get_by_text("Removed from this phone.")).to_be_visible()
    return file


async def check_the_receipt(phone: Page, file: Path, export: dict[str, bytes], accessible: Look) -> None:
    """Gives the receipt to the page that checks receipts, and holds it against an export by the rules themselves."""
    await follow(phone.get_by_role("link", name="Check a receipt"))
    await phone.get_by_label("The file: an export (zip) or a receipt").set_input_files(file)
    await follow(phone.get_by_role("button", name="Check it"))
    await expect(phone.get_by_role("heading", name="What follows for this receipt")).to_be_visible()
    await expect(phone.get_by_text("Nothing failed.")).to_be_visible()
    await accessible(phone)
    assert_counted(file, export)


async def look_at_my_day(phone: Page, plain: Page, code: str, accessible: Look) -> None:
    """Reads "My day" on a phone that remembers its two answers, has its votes checked in one tap, and clears it; on one
    without scripts it shows the same, and nobody's answers."""
    await plain.goto(f"/s/{code}/day")
    await phone.goto(f"/s/{code}/day")
    for page in (plain, phone):
        await expect(page.get_by_text("Call everybody whose lift is late")).to_be_visible()
        await expect(page.get_by_text("A call can be made tonight.")).to_be_visible()
    await expect(plain.get_by_text("Your answer:").first).to_be_hidden()
    await expect(plain.get_by_text("only a phone that runs scripts")).to_be_visible()
    await expect(phone.locator("[data-mine]")).to_have_text(["Your answer: Send somebody to him"] * 2)
    await phone.get_by_role("button", name="Check that my votes are in the record").click()
    await expect(phone.locator("[data-checked]")).to_have_text(["Your vote is in the record, and counted."] * 2)
    await accessible(phone)
    # What is remembered is told apart from what is recorded.
    await phone.evaluate(
        """path => {
            const mine = JSON.parse(localStorage.getItem("forum day " + path));
            localStorage.setItem("forum day " + path, JSON.stringify({ ...mine, [Object.keys(mine)[0]]: "r1" }));
        }""",
        f"/s/{code}",
    )
    await phone.reload()
    await phone.get_by_role("button", name="Check that my votes are in the record").click()
    await expect(phone.get_by_text("The record has another answer than this phone remembers.")).to_have_count(1)
    await phone.get_by_text("Is this not your own phone?").click()
    await phone.get_by_role("button", name="Clear this phone").click()
    await expect(phone.get_by_text("This phone is cleared.")).to_be_visible()
    await expect(phone.locator("[data-mine]")).to_have_count(0)
    # Nor is it remembered anew, where the phone goes on in the session.
    await phone.goto(f"/s/{code}")
    await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    await phone.goto(f"/s/{code}/day")
    await expect(phone.get_by_text("This phone remembers no answers of this session.")).to_be_visible()
    kept = await phone.evaluate("JSON.stringify(localStorage)")
    assert "receipt" not in kept
    assert "r2" not in kept


def assert_counted(receipt: Path, export: dict[str, bytes]) -> None:
    """Asserts that a receipt and an export are of one record, in which its ballot counts."""
    checks = {one.name: one.verdict for one in verify_receipt(receipt.read_bytes(), export=export)}
    assert checks.pop("given key") == NOT_CHECKED
    assert set(checks.values()) == {PASS}


async def exported(commissioner: Page, file: Path) -> dict[str, bytes]:
    """Downloads the export of a commission as this FILE.zip in a new folder, and checks it by the command and by hand,
    with the shell lines of docs/record.md; returns its files."""
    await commissioner.goto("/decide/exports")
    async with commissioner.expect_download() as download:
        await commissioner.get_by_role("link", name=re.compile("[Ee]xport")).first.click()
    await (await download.value).save_as(file)
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    checked, by_hand = await asyncio.gather(
        asyncio.to_thread(run_forum, "verify", file), asyncio.to_thread(check_by_hand, file.parent)
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "FAIL" not in checked.stdout
    assert_found_whole(by_hand, files)
    return files


def words_of(export: dict[str, bytes]) -> str:
    """Returns all that can be read in an export: its files as texts, and each disclosure opened."""
    opened = (json.loads(line)["disclosure"] for line in export["disclosures.jsonl"].splitlines())
    texts = (data.decode("utf-8", "replace") for data in export.values())
    return "\n".join((*texts, *(str(open_disclosure(one)) for one in opened)))


async def ask_and_erase(page: Page, words: str, accessible: Look | None = None) -> str:
    """Gets a copy of what is held, which has these words, from the page that shows it, and has it erased; returns the
    reference."""
    if accessible:
        await accessible(page)
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="To read").click()
    assert words in (await (await coming.value).path()).read_text("utf-8")
    await page.get_by_label("Yes, erase it for good").check()
    await follow(page.get_by_role("button", name="Erase it"))
    await expect(page.get_by_text("It is erased.")).to_be_visible()
    if accessible:
        await accessible(page)
    return await page.locator("main code").first.inner_text()


async def test_the_whole_chain(people: People, house: House, accessible: Look, tmp_path: Path) -> None:
    await make_accounts(people, house, accessible)

    # A story is told, returned, told again, and accepted.
    contributor = await people.somebody(PHONE)
    link = await tell_story(
        contributor,
        "The lift that never comes",
        happened="My father waits for a lift to the clinic. It is late again.\n\nThe driver rings. He cannot find us.",
        question="What could the clinic do now?",
        answers=("Call him at home", "Send somebody to him", "Give him another day"),
        look=accessible,
    )
    await send_story(contributor, link, "Send your story", accessible)
    await accessible(contributor)
    moderator = await people.signed_in("mo")
    for action, reason in (("Return", "Please say who is on the phone."), ("Accept", "")):
        await moderator.goto("/moderate")
        await accessible(moderator)
        await follow(moderator.get_by_role("link", name=re.compile("The lift that never comes")).first)
        await accessible(moderator)
        await moderator.get_by_label(re.compile(f"^{action}")).first.check()
        if reason:
            await moderator.get_by_label(re.compile("^Reason")).fill(reason)
        await follow(moderator.get_by_role("button", name="Save"))
        if action == "Return":
            await contributor.goto(link)
            await expect(contributor.get_by_text(reason)).to_be_visible()
            await accessible(contributor)
            await follow(contributor.get_by_role("link", name="Change it"))
            await contributor.get_by_role("heading", name=re.compile("What happened")).click()
            await contributor.get_by_label("What happens").first.fill("My father waits for a lift. My mother rings.")
            await expect(contributor.locator(".saving")).to_have_text("Saved")
            await send_story(contributor, link, "Send it again", accessible)
    await contributor.goto("/stories")
    await accessible(contributor)
    await follow(contributor.get_by_role("link", name="The lift that never comes"))
    await accessible(contributor)

    # A session with that story.
    organiser = await people.signed_in("olu")
    await organiser.goto("/organise")
    await accessible(organiser)
    await follow(organiser.get_by_role("link", name="Make a live session").first)
    await accessible(organiser)
    await organiser.get_by_label("Title").fill("Town hall, March")
    await organiser.get_by_label(re.compile("The lift that never comes")).check()
    await follow(organiser.get_by_role("button", name="Make it and open it now"))
    if "/console/" not in organiser.url:
        await organiser.goto("/organise")
        await follow(organiser.get_by_role("link", name="Run it").first)
    console = organiser
    await accessible(console)
    code = re.sub(
        r"\D", "", await console.locator("header [data-part=head] strong, [data-part=head] p strong").last.inner_text()
    )
    assert len(code) == 6
    wall = await people.somebody({"width": 1280, "height": 720})
    address = await console.get_by_role("link", name=re.compile("projector", re.IGNORECASE)).first.get_attribute("href")
    assert address is not None
    await wall.goto(address)
    await accessible(wall)

    # Three phones: one of them has no JavaScript.
    first, second = await people.somebody(PHONE), await people.somebody(PHONE)
    plain = await people.somebody(PHONE, scripts=False)
    await first.goto("/join")
    await accessible(first)
    await first.get_by_label(re.compile("code", re.IGNORECASE)).fill("000000" if code != "000000" else "111111")
    await first.get_by_role("main").get_by_role("button").first.click()
    await expect(first.get_by_text(re.compile("no session with this code")).first).to_be_visible()
    await first.goto(f"/s/{code}")
    await accessible(first)
    await join(first, code, "Carers")
    await join(second, code, "Nurses")
    await join(plain, code, "")
    for phone in (first, wall):
        await accessible(phone)

    # A scene, and its content notes; the step-out page.
    await press(console, "^Show")
    await expect(wall.locator("#screen")).to_contain_text("waits for a lift")
    await accessible(wall)
    await accessible(first)
    await follow(first.get_by_role("link", name="Step out").first)
    await accessible(first)
    await expect(first.get_by_text("116 123").first).to_be_visible()
    await first.go_back()

    # The question, the vote, the result.
    await press(console, "^Put the question")
    await expect(first.locator("#screen")).to_contain_text("Voting has not opened yet")
    await accessible(first)
    await press(console, "^Open voting")
    await expect(wall.locator("#screen")).to_contain_text("What could the clinic do now?")
    await first.wait_for_selector("[data-ballot]")
    await accessible(first)
    await accessible(wall)
    await vote(first, 0, "He would feel safe")
    await vote(second, 0)
    await plain.reload()
    await plain.locator("input[type=radio]").nth(3).check()
    await follow(plain.locator("[data-send]"))
    await expect(plain.locator("[data-status]")).to_contain_text("Counted: None of these")
    await plain.get_by_label(re.compile("^Why")).fill(PLAIN_WORDS)
    await follow(plain.get_by_role("button", name="Send what I changed"))
    await expect(plain.get_by_label(re.compile("^Why"))).to_have_value(PLAIN_WORDS)
    await expect(wall.locator("[data-voted]").first).to_have_text("3")
    # Changing one's mind, and back by another's vote nothing is wiped.
    await second.get_by_label(re.compile("^Why")).fill("half a thought")
    await vote(first, 1, "On second thought")
    await expect(second.get_by_label(re.compile("^Why"))).to_have_value("half a thought")
    await press(console, "^Say that voting closes soon")
    await expect(first.locator("#screen")).to_contain_text("Voting closes soon")
    await expect(second.get_by_label(re.compile("^Why"))).to_have_value("half a thought")
    await accessible(first)
    for screen in (wall, second):
        assert "Send somebody to him" in await screen.locator("#screen").inner_text()
        assert "On second thought" not in await screen.content()
    await others_vote(first, code)
    await press(console, "^Close voting")
    await expect(first.locator("#screen")).to_contain_text("Voting has closed")
    await accessible(console)
    assert "On second thought" not in await console.content()
    await press(console, "^Show the result$")
    await expect(console.get_by_text("On second thought")).to_be_visible()
    await expect(wall.locator("#screen")).to_contain_text("most votes")
    await accessible(wall)
    await accessible(first)
    await expect(first.locator("#screen")).to_contain_text("Nothing is shown by group")

    # The replay, a pause, the second vote and the view shift.
    await press(console, "^Replay the scene")
    await press(console, "^Pause")
    await expect(first.locator("#screen")).to_contain_text("short break")
    await accessible(first)
    await accessible(wall)
    await press(console, "^Go on")
    await press(console, "^Vote again")
    await press(console, "^Open voting")
    for phone, choice in ((first, 1), (second, 1)):
        await phone.wait_for_selector("[data-ballot]")
        await vote(phone, choice)
    await plain.reload()
    await plain.locator("input[type=radio]").nth(3).check()
    await plain.locator("[data-send]").click()
    await others_vote(first, code)
    await press(console, "^Close voting")
    await press(console, "^Show the result$")
    await expect(wall.locator("#screen")).to_contain_text(re.compile("view", re.IGNORECASE))
    await accessible(wall)
    await accessible(first)
    await accessible(console)

    # Somebody keeps a receipt of that vote.
    receipt = await keep_a_receipt(first, accessible)

    # The decision, which is not what the room preferred, and needs a reason for it.
    commissioner = await people.signed_in("cat")
    await commissioner.goto("/decide")
    await accessible(commissioner)
    await follow(commissioner.locator("#waiting ~ ol a").first)
    await accessible(commissioner)
    rests_on = commissioner.url
    assert PLAIN_WORDS in await commissioner.content()
    await commissioner.get_by_label("Adopted", exact=True).check()
    await commissioner.locator("input[name=response]").first.check()
    await commissioner.get_by_label(re.compile("^Why is it decided")).fill("A call can be made tonight.")
    await commissioner.get_by_role("button", name="Check before publishing").click()
    await expect(commissioner.get_by_label(re.compile("^Why is it decided"))).to_have_value(
        "A call can be made tonight."
    )
    await accessible(commissioner)
    await commissioner.get_by_label(re.compile("^If it is not what the room preferred")).fill(
        "Nobody drives at night yet."
    )
    await commissioner.locator("[name=role_1]").fill("Head of the clinic")
    await commissioner.locator("[name=what_1]").fill("Call everybody whose lift is late")
    await commissioner.locator("[name=by_1]").fill("2027-03-31")
    await commissioner.get_by_role("button", name="Check before publishing").click()
    await commissioner.wait_for_url(re.compile("/decide/drafts/"))
    await expect(commissioner.get_by_text("Head of the clinic")).to_be_visible()
    await accessible(commissioner)
    await commissioner.get_by_role("button", name="Publish this decision").click()
    await commissioner.wait_for_url(re.compile("/decisions/"))
    decided = commissioner.url
    await accessible(commissioner)

    # The export, checked; the receipt too.
    old = tmp_path / "old" / "FILE.zip"
    files = await exported(commissioner, old)
    await check_the_receipt(first, receipt, files, accessible)

    # "My day" on the phones that voted: the answers of the one that remembers them, checked in one tap, then cleared.
    await look_at_my_day(first, plain, code, accessible)
    await first.goto(f"/s/{code}")

    # A stranger checks it, and a copy in which somebody changed a word.
    public = await people.somebody(PHONE)
    await public.goto("/record/check")
    await public.get_by_role("link", name=re.compile("^Check an export")).click()
    await accessible(public)
    await public.get_by_label(re.compile("^The file")).set_input_files(old)
    await public.get_by_role("button", name="Check it").click()
    await expect(public.get_by_text("Nothing failed.")).to_be_visible()
    await expect(public.get_by_text("The fingerprint is one of the record of this server")).to_be_visible()
    await accessible(public)
    forged = old.read_bytes().replace(b"Nobody drives at night yet.", b"Nobody drives at night now.")
    await public.get_by_label(re.compile("^The file")).set_input_files(
        {"name": "copy.zip", "mimeType": "application/zip", "buffer": forged}
    )
    await public.get_by_role("button", name="Check it").click()
    await expect(public.get_by_text("Do not rely on it")).to_be_visible()
    await accessible(public)
    await public.get_by_role("button", name="Check it").click()
    await expect(public.get_by_role("alert")).to_contain_text("Choose a file")
    await accessible(public)

    # The public reads all of it.
    lines = (await (await public.request.get("/record/entries.jsonl")).text()).splitlines()
    entries = {json.loads(line)["type"]: f"/record/{index}" for index, line in enumerate(lines)}
    assert {"round opened", "round closed", "round revealed", "decision"} <= entries.keys()
    pages = (
        "/",
        "/commissions",
        "/stories",
        "/record",
        "/record/entries",
        "/record/check",
        "/record/checkpoints",
        "/your-data",
        "/sign-in",
    )
    for path in (*pages, *entries.values()):
        await public.goto(path)
        await accessible(public)
    await public.goto(decided)
    await expect(public.get_by_text("Nobody drives at night yet.").first).to_be_visible()
    await accessible(public)
    await public.locator("main a[href^='/record/']").first.click()
    await expect(public.get_by_text("Nobody drives at night yet.").first).to_be_visible()
    await accessible(public)

    # Who gave a reason, and who told the story, ask for their words and have them erased.
    told, before = "My mother rings.", words_of(files)
    assert told in before
    assert TITLE in before
    await plain.goto("/your-data")
    await follow(plain.get_by_role("link", name="See what we keep of this browser"))
    await ask_and_erase(plain, PLAIN_WORDS)
    await commissioner.goto(rests_on)
    assert PLAIN_WORDS not in await commissioner.content()
    await contributor.goto(link)
    await follow(contributor.get_by_role("link", name="Get a copy of all that we keep of this story"))
    reference = await ask_and_erase(contributor, told, accessible)
    await expect(contributor.get_by_role("button", name="Erase it")).to_have_count(0)
    await contributor.goto("/your-data/browser")
    await expect(contributor.get_by_text("We keep nothing here.")).to_be_visible()
    await accessible(contributor)
    await public.goto("/record/entries")
    await expect(public.get_by_text("Somebody's words and data were erased").first).to_be_visible()

    # A new export passes as the old one does, says that the story was erased, and has its words no more.
    new = await exported(commissioner, tmp_path / "new" / "FILE.zip")
    assert_counted(receipt, new)
    assert reference.encode() in new["record.jsonl"]
    now = words_of(new)
    assert told not in now
    assert TITLE not in now
    assert new["record.jsonl"].startswith(files["record.jsonl"])
    await contributor.goto(link)
    assert told not in await contributor.content()

    for page in (console, moderator, commissioner):
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.reload()
        await accessible(page)
    await wall.set_viewport_size({"width": 1024, "height": 768})
    await accessible(wall)
    await console.get_by_text("End this session").click()
    await console.get_by_label(re.compile("^Yes, end it")).check()
    await press(console, "^End the session")
    await expect(first.locator("#screen")).to_contain_text("This session has ended")
