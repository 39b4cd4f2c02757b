"""Afternoon of a whole day (tests/journeys/test_day.py): the second run, the vote after it, a proposal."""

from __future__ import annotations

from playwright.async_api import expect

from support.browser import PHONE, follow
from support.whole_day import Day


async def the_second_story_and_its_first_vote(day: Day) -> None:
    """Runs the second story up to the result of its first vote, with a reason on the screens."""
    await day.put_up("Note: Lunch until half past one")
    await day.shown("Lunch until half past one")
    await expect(day.phones["wyn"].locator("h1")).to_have_text("Lunch until half past one")
    await day.put_up("Scene: Monday, seven in the evening")
    await day.shown("Leah, who is nineteen")
    await day.put_up("Vote: What should Ben do?")
    await day.open()
    await day.give("cara", "single", "r1", reason="She is nineteen and alone")
    votes = await day.cast(
        "single",
        {"nell": "r3", "wyn": "r1", "plain": "r2", "late": "r1"}
        | {"Carers": "r1", "Nurses": "r2", "People who use services": "r3"},
    )
    await day.counted(votes + 1)
    await day.reveal()
    shown = day.part("reasons").locator("li", has_text="nineteen and alone")
    await day.press("^Show$", shown)
    await day.press("^Show reasons on the big screen$")
    await day.shown("She is nineteen and alone")  # the only reason of its group, so without its group
    await expect(day.phones["wyn"].locator("[data-part=reasons]")).to_contain_text("nineteen and alone")
    await day.look_at("console", "beamer", "nell")


async def the_second_run(day: Day) -> None:
    """Plays a scene again: stops from phones and forms, one tried, judged and offered as a response."""
    await day.press("^Next: Replay: Monday, seven in the evening$")
    cara, wyn, nell, plain = (day.phones[name] for name in ("cara", "wyn", "nell", "plain"))
    await day.shown("Press STOP on your phone")
    await cara.get_by_role("button", name="STOP").click()
    await expect(cara.locator("[data-stop-status]")).to_contain_text("The facilitator sees your stop")
    await cara.get_by_label("Who should act differently?").select_option(label="Ben, the nurse in charge tonight")
    await cara.get_by_label("What should they do?").fill("He could sit down beside her")
    await cara.get_by_role("button", name="Send this").click()
    await expect(cara.locator("[data-stop-status]")).to_contain_text("The facilitator sees your stop")
    await wyn.get_by_role("button", name="STOP").click()
    await expect(wyn.locator("[data-stop-status]")).to_contain_text("Mae'r hwylusydd yn gweld eich stop.")
    await wyn.get_by_label("Beth ddylen nhw ei wneud?").fill("Gofyn iddi")
    await wyn.get_by_role("button", name="Anfon hwn").click()
    await nell.get_by_role("button", name="STOP").click()
    await plain.goto(day.path)
    await follow(plain.get_by_role("button", name="STOP"))
    await plain.get_by_label("What should they do?").fill("Let her decide")
    await follow(plain.get_by_role("button", name="Send this"))
    await day.crowd_stops("Carers")
    wave, queue = day.part("wave"), day.part("queue")
    await expect(queue.get_by_role("heading", name="Waiting: 8")).to_be_visible()
    await expect(wave.locator("svg")).to_be_visible()
    await expect(wave).to_contain_text("Carers: 5")
    await expect(queue).to_contain_text("Gofyn iddi")
    await day.look_at("console", "wyn")
    await day.press("^Hide", queue.locator("li", has_text="Let her decide"))
    await day.press("^Later", queue.locator("li", has_text="Gofyn iddi"))
    await day.press("^Take it", queue.locator("li", has_text="He could sit down"))
    await day.shown("Somebody from “Carers” stopped here", "He could sit down beside her")
    for page in (*day.walls, nell, wyn):
        await expect(page.locator("[data-part=taken]")).to_contain_text("He could sit down beside her")
        await expect(page.locator("#screen")).not_to_contain_text("Let her decide")
        await expect(page.locator("#screen")).not_to_contain_text("Gofyn iddi")

    # Played, and asked of the room: could this really happen?
    await day.console.get_by_label("What was tried on stage?").fill("Ben sat down and listened for ten minutes")
    await day.press("^Show what was tried$")
    await day.shown("Ben sat down and listened for ten minutes")
    await day.look_at("beamer", "wyn")
    await day.press("^Let the room vote on it$")
    await day.open()
    votes = await day.cast("single", {"cara": "r1", "nell": "r1", "wyn": "r3", "plain": "r2", "Carers": "r1"})
    await day.counted(votes)
    await day.reveal()
    await day.shown("Could this really happen?")
    await day.press("^Back to the stop$")
    await day.press("^Not sure$", day.part("taken"))
    await day.press("^Make it an answer in the next vote$")
    await day.shown("The facilitator says: Not sure", "The room says: yes 6, no 1, not sure 1", on="[data-part=taken]")
    await day.shown("New in the next vote: Ben sat down and listened for ten minutes", on="[data-part=taken]")
    await day.look_at("console", "wall", "cara")
    await day.press("^Go on with the scene$")
    await expect(day.part("aside")).to_contain_text("Put aside: 3")


async def the_second_vote_names_what_is_new(day: Day) -> None:
    """Votes again; the result names the response that is new."""
    await day.press("Vote again: What should Ben do")
    await day.shown("The same question again, after the replay.", "Ben sat down and listened")
    await day.open()
    votes = await day.cast(
        "single",
        {"cara": "r4", "nell": "r3", "wyn": "r1", "plain": "r4", "late": "r4"}
        | {"Carers": "r4", "Nurses": "r2", "People who use services": "r3"},
    )
    await day.counted(votes)
    await day.reveal()
    await day.table({"Ben sat down and listened": "7"})
    await day.shown("Who changed their view is not shown, so that nobody can work out how somebody voted.")
    await day.shown("“Ben sat down and listened for ten minutes” was not there in the first vote.")
    await expect(day.phones["wyn"].locator("#screen")).to_contain_text("Pwy newidiodd eu barn")
    await expect(day.phones["nell"].locator("#screen")).to_contain_text("was not there in the first vote")
    await day.look_at("console", "beamer", "nell")


async def a_proposal_is_amended_voted_on_and_committed_to(day: Day) -> None:
    """Makes a proposal, amends it, votes on it and writes a commitment down."""
    wyn, console = day.phones["wyn"], day.console
    await expect(day.part("fruits").get_by_role("button", name="Take out of the vote")).to_have_count(0)
    await day.press("^Make it a proposal$", day.part("fruits"))
    await expect(day.part("fruits").get_by_role("button", name="Make it a proposal")).to_have_count(0)
    await day.press("^Show the proposals$")
    await day.shown("What we propose", "Ben sat down and listened")
    await day.part("proposals").get_by_text("Amend it").click()
    await console.get_by_label("The proposal as it should be").fill("A nurse sits down with everybody who waits")
    await day.press("^Show both texts$")
    await expect(console.get_by_label("The proposal as it should be")).to_have_count(0)
    await expect(console.locator("[data-kept]")).to_be_hidden()
    await day.shown("As it is: Ben sat down and listened", "Amended: A nurse sits down with everybody who waits")
    await expect(wyn.locator("[data-part=proposals]")).to_contain_text("Fel y mae: Ben sat down")
    await day.look_at("console", "beamer", "nell")
    await day.press("^Take the amendment$")
    await day.press("^Put it to the vote$")
    await day.open()
    votes = await day.cast(
        "opinion",
        {"cara": "agree", "nell": "agree", "wyn": "agree", "plain": "disagree", "late": "pass"}
        | {"Carers": "agree", "Nurses": "agree", "People who use services": "agree"},
    )
    await day.counted(votes)
    await day.reveal()
    await day.table({"Agree": "14", "Disagree": "1", "Pass": "1"}, "cy")
    await expect(wyn.locator("table.counts")).to_contain_text("Anghytuno")
    await console.get_by_label("Which role?").fill("The ward manager")
    await console.get_by_label("Does what?").fill("Finds two nurses for it")
    await console.get_by_label("By which day?").fill("2027-03-31")
    await console.get_by_text("For the first commitment of somebody who may decide").click()
    await console.get_by_label("Why is it decided like this?").fill("Nearly everybody in the room asked for it.")
    await day.press("^Write it down$")
    await day.shown("The ward manager: Finds two nurses for it", on="[data-part=promises]")
    await expect(wyn.locator("[data-part=promises]")).to_contain_text("Pwy sy'n gwneud beth erbyn pryd")
    await day.look_at("console", "wall", "nell")
    anybody = await day.people.somebody(PHONE)
    await anybody.goto("/record")
    await expect(anybody.locator("main")).to_contain_text("The ward manager, by 31 March 2027")
    await day.look(anybody)
