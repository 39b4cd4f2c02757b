"""Making commissions, live sessions and tokens: what each needs, and what of it goes into the record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from stories.test_visible_text import NAMES
from support.factories import CLOCK, a_commission, new_id

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record.verify.disclosures import open_disclosure
from forum.services import accounts, commissions
from forum.services.keys import digest
from forum.services.sessions import commissions_and_sessions
from forum.services.sessions.commissions_and_sessions import (
    CommissionForm,
    SessionForm,
    create_commission,
    create_session,
)
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission

FORM = CommissionForm(
    title="Night-time crisis care",
    question="Who should come when somebody is in crisis at night?",
    stage="plan",
    level="co-design",
    decides="The joint board",
    can_change="Who answers the call",
    cannot_change="The budget",
    threshold="5",
    groups=(("People who use services", "40"), ("", ""), (" Carers  and family ", "")),
    support=(("Samaritans", "116 123"), ("", "")),
)


async def entries(store: Store) -> list[dict[str, Any]]:
    async with store.read() as work:
        return [json.loads(e.body) for e in await work.record.entries()]


async def wrong(store: Store, **changes: Any) -> set[str]:
    """Sends a commission's form and returns the fields that are told to be wrong; checks that nothing was made."""
    with pytest.raises(FormErrors) as caught:
        await create_commission(store, CLOCK, replace(FORM, **changes))
    async with store.read() as work:
        assert await work.commissions.list_commissions() == []
    return set(caught.value.fields)


async def a_stored_commission(store: Store, **changes: Any) -> Commission:
    commission = a_commission(**changes)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    return commission


async def a_story(store: Store, commission: Commission, status: StoryStatus = StoryStatus.ACCEPTED) -> Submission:
    story = Submission(
        new_id(), commission.id, "The third knock", "", status, link=new_id() * 2, may_perform=True, may_publish=True
    )
    async with store.begin() as work:
        await work.stories.add_story(story)
    return story


async def test_a_commission_is_kept_as_typed_without_empty_rows(sqlite_store: Store) -> None:
    made = await create_commission(sqlite_store, CLOCK, FORM)
    async with sqlite_store.read() as work:
        assert await work.commissions.get_commission(made.id) == made
    assert [(g.label, g.invited) for g in made.groups] == [
        ("People who use services", 40),
        ("Carers and family", None),
    ]
    assert len({g.id for g in made.groups}) == 2
    assert [(s.name, s.contact) for s in made.support] == [("Samaritans", "116 123")]
    assert (made.threshold, made.stage, made.power.level) == (5, "plan", "co-design")
    assert (made.demonstration, made.rehearsal) == (False, False)
    [entry] = await entries(sqlite_store)
    assert (entry["type"], entry["commission"]) == ("commission published", made.id)


async def test_the_same_form_sent_twice_makes_one_commission(sqlite_store: Store) -> None:
    form = replace(FORM, id=new_id())
    made = await create_commission(sqlite_store, CLOCK, form)
    assert await create_commission(sqlite_store, CLOCK, form) == made


async def test_whoever_kept_a_draft_goes_back_and_publishes_is_sent_to_its_page_and_the_other_way_round(
    sqlite_store: Store,
) -> None:
    first, second = replace(FORM, id=new_id()), replace(FORM, id=new_id())
    draft = await commissions.keep_draft(sqlite_store, CLOCK, first)
    for typed in (first, replace(first, title="Another")):
        with pytest.raises(IllegalMove, match="kept as a draft"):
            await create_commission(sqlite_store, CLOCK, typed)
    made = await create_commission(sqlite_store, CLOCK, second)
    with pytest.raises(IllegalMove, match="published meanwhile"):
        await commissions.keep_draft(sqlite_store, CLOCK, second)
    async with sqlite_store.read() as work:
        assert await work.commissions.list_commissions(drafts=True) in ([draft, made], [made, draft])


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": " "}, {"title"}),
        ({"title": "a" * 121}, {"title"}),
        ({"question": ""}, {"question"}),
        ({"stage": "dream"}, {"stage"}),
        ({"level": ""}, {"level"}),
        ({"decides": ""}, {"decides"}),
        ({"can_change": ""}, {"can_change"}),
        ({"cannot_change": ""}, {"cannot_change"}),
        ({"answer_by_days": "0"}, {"answer_by_days"}),
        ({"answer_by_days": "366"}, {"answer_by_days"}),
        ({"answer_by_days": "-1"}, {"answer_by_days"}),
        ({"answer_by_days": "soon"}, {"answer_by_days"}),
        ({"answer_by_days": "2.5"}, {"answer_by_days"}),
        ({"threshold": "2"}, {"threshold"}),
        ({"threshold": "0"}, {"threshold"}),
        ({"threshold": "-5"}, {"threshold"}),
        ({"threshold": "five"}, {"threshold"}),
        ({"threshold": "1001"}, {"threshold"}),
        ({"threshold": "\u0665"}, {"threshold"}),
        ({"groups": ()}, {"group_1"}),
        ({"groups": (("Carers", ""),)}, {"group_1"}),
        ({"groups": tuple((f"Group {n}", "") for n in range(21))}, {"group_1"}),
        ({"groups": (("Carers", ""), ("Nurses", ""), ("carers ", ""))}, {"group_3"}),
        ({"groups": (("Carers", ""), ("\uff23arers", ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("Nurses", ""), ("", "4"))}, {"group_3"}),
        ({"groups": (("Carers", ""), ("N" * 61, ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("Nur\u202eses", ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("\u2067Nurses\u2069", ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("Nurses\uf8ff", ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("Car\u00aders", ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("Carers\u3164", ""))}, {"group_2"}),
        ({"groups": (("Gofalwyr y tŷ", ""), ("gofalwyr y ty\u0302\u200b", ""))}, {"group_2"}),
        ({"groups": (("Carers", ""), ("Head \u2060count", ""))}, {"group_2"}),
        ({"groups": (("Carers", "many"), ("Nurses", "-1"))}, {"invited_1", "invited_2"}),
        ({"groups": (("Carers", "1000001"), ("Nurses", "1.5"))}, {"invited_1", "invited_2"}),
        ({"support": (("Samaritans", ""), ("", "116 123"))}, {"support_contact_1", "support_name_2"}),
        ({"title": "", "level": "", "threshold": "1"}, {"title", "level", "threshold"}),
    ],
)
async def test_what_a_commission_needs_is_told_at_once(
    sqlite_store: Store, changes: dict[str, Any], fields: set[str]
) -> None:
    assert await wrong(sqlite_store, **changes) == fields


async def test_groups_are_named_as_their_languages_are_written(sqlite_store: Store) -> None:
    form = replace(FORM, groups=tuple((name, "") for name in NAMES))
    commission = await create_commission(sqlite_store, CLOCK, form)
    async with sqlite_store.read() as work:
        kept = (await work.commissions.get_commission(commission.id)).groups
    assert [group.label for group in kept] == NAMES


@pytest.mark.parametrize("label", commissions_and_sessions.RESERVED_LABELS)
async def test_a_group_cannot_be_called_what_the_tables_call_something_else(sqlite_store: Store, label: str) -> None:
    for typed in (label, label.upper(), f" {label.title()} ", label.replace(" ", "  ")):
        assert await wrong(sqlite_store, groups=((typed, ""), ("Carers", ""), ("Nurses", ""))) == {"group_1"}


async def test_an_empty_threshold_is_five(sqlite_store: Store) -> None:
    assert (await create_commission(sqlite_store, CLOCK, replace(FORM, threshold=""))).threshold == 5
    assert (await create_commission(sqlite_store, CLOCK, replace(FORM, threshold=" 3 "))).threshold == 3


async def test_a_session_stands_in_the_record_with_what_was_declared(sqlite_store: Store) -> None:
    commission = await create_commission(sqlite_store, CLOCK, FORM)
    story = await a_story(sqlite_store, commission)
    made = await create_session(
        sqlite_store, CLOCK, SessionForm(commission.id, title=" A day in March ", scenarios=(story.id, story.id))
    )
    async with sqlite_store.read() as work:
        assert await work.sessions.get_session(made.id) == made
    assert (made.title, made.scenarios, made.recorded, made.rehearsal) == ("A day in March", (story.id,), True, False)
    assert len(made.code) == 6
    assert made.code.isdigit()
    assert len(made.projector) >= 32
    entry = (await entries(sqlite_store))[-1]
    assert entry == {
        "type": "session opened",
        "at": made.opened_at,
        "commission": commission.id,
        "session": made.id,
        "title": "A day in March",
        "about": {
            "title": commission.title,
            "question": commission.question,
            "stage": "plan",
            "power": {
                "level": "co-design",
                "decides": entry["about"]["power"]["decides"],
                "can_change": "Who answers the call",
                "cannot_change": "The budget",
            },
            "groups": [
                {"label": "People who use services", "invited": 40},
                {"label": "Carers and family", "invited": None},
            ],
            "threshold": 5,
            "second_reader": "none",
        },
        "scenarios": [story.id],
        "kind": "room",
        "entrance": "open code",
    }
    async with sqlite_store.read() as work:
        [disclosed] = await work.record.disclosures([entry["about"]["power"]["decides"]["sd"]])
    assert open_disclosure(disclosed.encoded or "")[1:] == ("decides", "The joint board")


async def test_sessions_have_codes_and_links_of_their_own(sqlite_store: Store) -> None:
    commission = await a_stored_commission(sqlite_store)
    made = [await create_session(sqlite_store, CLOCK, SessionForm(commission.id, title=f"Day {n}")) for n in range(20)]
    assert len({m.code for m in made}) == len({m.projector for m in made}) == len({m.id for m in made}) == 20
    assert all(m.code not in m.projector for m in made)


async def test_the_same_form_sent_twice_makes_one_session(sqlite_store: Store) -> None:
    commission = await a_stored_commission(sqlite_store)
    form = SessionForm(commission.id, id=new_id(), title="A day")
    made = await create_session(sqlite_store, CLOCK, form)
    assert await create_session(sqlite_store, CLOCK, form) == made
    assert len(await entries(sqlite_store)) == 1


async def test_a_session_needs_a_title_and_accepted_stories_of_its_commission(sqlite_store: Store) -> None:
    commission = await a_stored_commission(sqlite_store)
    other = await a_stored_commission(sqlite_store)
    waiting = await a_story(sqlite_store, commission, StoryStatus.SUBMITTED)
    elsewhere = await a_story(sqlite_store, other)
    before = await entries(sqlite_store)
    for stories in ((waiting.id,), (elsewhere.id,), (new_id(),)):
        with pytest.raises(FormErrors) as caught:
            await create_session(sqlite_store, CLOCK, SessionForm(commission.id, title="", scenarios=stories))
        assert set(caught.value.fields) == {"title", "scenario"}
    with pytest.raises(NotFound):
        await create_session(sqlite_store, CLOCK, SessionForm(new_id(), title="A day"))
    assert await entries(sqlite_store) == before


@pytest.mark.parametrize("of_rehearsal", [True, False])
async def test_a_rehearsal_never_enters_a_real_record(sqlite_store: Store, of_rehearsal: bool) -> None:
    commission = await a_stored_commission(sqlite_store, rehearsal=of_rehearsal)
    form = SessionForm(commission.id, title="A rehearsal", rehearsal=not of_rehearsal)
    made = await create_session(sqlite_store, CLOCK, form)
    assert (made.rehearsal, made.recorded) == (True, False)
    with pytest.raises(IllegalMove):
        await create_session(sqlite_store, CLOCK, replace(form, record=True))
    assert await entries(sqlite_store) == []


async def test_a_rehearsal_may_be_recorded_in_data_of_its_own(sqlite_store: Store) -> None:
    commission = await a_stored_commission(sqlite_store, rehearsal=True)
    real = await a_stored_commission(sqlite_store)
    async with sqlite_store.begin() as work:
        await work.facts.set_fact("made_by", "rehearsal")
    form = SessionForm(commission.id, title="A rehearsal", rehearsal=True, record=True)
    made = await create_session(sqlite_store, CLOCK, form)
    assert (made.rehearsal, made.recorded) == (True, True)
    assert [e["demonstration"] for e in await entries(sqlite_store)] == [True]
    # What does not say that it is a rehearsal would stand in the record as if it were real.
    with pytest.raises(IllegalMove):
        await create_session(sqlite_store, CLOCK, replace(form, commission=real.id))


async def test_a_session_of_the_demonstration_says_so_in_the_record(sqlite_store: Store) -> None:
    commission = await a_stored_commission(sqlite_store, demonstration=True)
    made = await create_session(sqlite_store, CLOCK, SessionForm(commission.id, title="A first try"))
    assert made.recorded
    assert [e["demonstration"] for e in await entries(sqlite_store)] == [True]


async def test_a_token_works_until_it_is_revoked(sqlite_store: Store) -> None:
    person = Person(new_id(), "o", "O", (Role.ORGANISER,), created_at=CLOCK.now())
    async with sqlite_store.begin() as work:
        await work.people.add_person(person)
    token, secret = await accounts.make_token(sqlite_store, CLOCK, person, " Rehearsals ")
    assert token.label == "Rehearsals"
    async with sqlite_store.read() as work:
        assert (await work.people.token_with(digest(secret)) or (None,))[0] == person
        assert await work.people.token_with(secret) is None
        assert [t.id for t in await work.people.tokens(person.id)] == [token.id]
    await accounts.revoke_token(sqlite_store, CLOCK, person, token.id)
    async with sqlite_store.read() as work:
        assert await work.people.token_with(digest(secret)) is None
    with pytest.raises(NotFound):
        await accounts.revoke_token(sqlite_store, CLOCK, person, new_id())
    for label in ("", "a" * 61):
        with pytest.raises(BadInput):
            await accounts.make_token(sqlite_store, CLOCK, person, label)
