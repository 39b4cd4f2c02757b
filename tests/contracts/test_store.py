"""Contracts of every store about accounts, commissions, stories, sessions, decisions, record and facts.

Ballots have a file of their own, test_casting.py.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest
import sqlalchemy as sa
from conftest import Database
from support.factories import a_commission, a_room, a_session, new_id

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports.accounts import Person, Role, Token
from forum.ports.record import Disclosure
from forum.services import accounts
from forum.sessions.session import Cue, CueKind, Participant, SessionKind
from forum.store import SqlStore
from forum.store.people import SqlPeople
from forum.store.tables import person as people
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commitment import Commitment, CommitmentState, Giver, Update
from forum.voting.decision import Decision, DecisionOutcome
from forum.voting.suppression import Partition, Row

EARLY, NOON, LATE = "2026-03-01T08:00:00.000Z", "2026-03-01T12:00:00.000Z", "2026-03-01T20:00:00.000Z"


def a_person(login: str = "Ada") -> Person:
    return Person(new_id(), login, "Ada L.", (Role.ORGANISER, Role.MODERATOR), "argon2-hash", NOON)


async def test_a_unit_of_work_is_all_or_nothing(store: SqlStore) -> None:
    async def unit() -> None:
        async with store.begin() as work:
            await work.facts.set_fact("made_by", "forum")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await unit()
    async with store.read() as work:
        assert await work.facts.get_fact("made_by") is None


async def test_reading_is_from_one_snapshot_and_does_not_write(store: SqlStore) -> None:
    async with store.read() as reading:
        assert await reading.facts.get_fact("made_by") is None
        async with store.begin() as work:
            await work.facts.set_fact("made_by", "forum")
        assert await reading.facts.get_fact("made_by") is None
    with pytest.raises(RuntimeError, match="begin"):
        async with store.read() as work:
            await work.facts.set_fact("made_by", "rehearsal")
    async with store.read() as work:
        assert await work.facts.get_fact("made_by") == "forum"


async def test_a_unit_that_is_cancelled_leaves_nothing_and_the_next_one_works(store: SqlStore) -> None:
    inside = asyncio.Event()

    async def unit() -> None:
        async with store.begin() as work:
            await work.facts.set_fact("made_by", "nobody")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(unit())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.begin() as work:
        assert await work.facts.get_fact("made_by") is None
        await work.facts.set_fact("made_by", "forum")


async def test_facts_are_set_again_and_again(store: SqlStore) -> None:
    async with store.begin() as work:
        assert await work.facts.get_fact("made_by") is None
        await work.facts.set_fact("made_by", "forum")
        await work.facts.set_fact("made_by", "rehearsal")
        await work.facts.set_fact("other", "")
    async with store.read() as work:
        assert await work.facts.get_fact("made_by") == "rehearsal"
        assert await work.facts.get_fact("other") == ""


async def test_of_two_administrators_who_take_the_role_from_each_other_at_once_one_keeps_it(
    store: SqlStore, database: Database
) -> None:
    ada, eve = (Person(new_id(), login, login, (Role.ADMINISTRATOR,), "hash", EARLY) for login in ("ada", "eve"))

    async def take(person: Person) -> None:
        async with store.begin() as work:
            await accounts.replace_roles(work, person.id, (Role.MODERATOR,))

    async with store.begin() as work:
        await work.people.add_person(ada)
        await work.people.add_person(eve)
    async with store.begin() as work:
        await accounts.replace_roles(work, eve.id, (Role.MODERATOR,))
        other = asyncio.create_task(take(ada))
        if database.server is not None:
            await database.server.waiting(database.name)
    with pytest.raises(IllegalMove, match="Somebody has to be administrator"):
        await other
    async with store.read() as work:
        assert {p.login: p.roles for p in await work.people.list_people()} == {
            "ada": ada.roles,
            "eve": (Role.MODERATOR,),
        }


async def test_people_are_found_by_login_whatever_its_case(store: SqlStore) -> None:
    ada, strasse = a_person("Ada"), a_person("Straße")
    async with store.begin() as work:
        await work.people.add_person(ada)
        await work.people.add_person(strasse)
    for same in (a_person("aDA"), a_person("STRASSE")):
        async with store.begin() as work:
            with pytest.raises(BadInput) as refused:
                await work.people.add_person(same)
            assert refused.value.field == "login"
            assert await work.people.list_people() == [ada, strasse]  # the unit of work goes on
    async with store.begin() as work:
        await work.people.set_roles(ada.id, [Role.ADMINISTRATOR])
        await work.people.set_password(ada.id, "another")
        for change in (work.people.set_roles(new_id(), []), work.people.set_password(new_id(), "")):
            with pytest.raises(NotFound):
                await change
    async with store.read() as work:
        assert await work.people.by_login("ADA") == replace(ada, roles=(Role.ADMINISTRATOR,), password="another")
        assert await work.people.by_login("nobody") is None


async def test_a_sign_in_holds_until_it_runs_out_or_is_ended(store: SqlStore) -> None:
    ada = a_person()
    async with store.begin() as work:
        await work.people.add_person(ada)
        await work.people.sign_in("s1", ada.id, EARLY, NOON)
        await work.people.sign_in("s2", ada.id, EARLY, LATE)
        assert await work.people.signed_in("s1", EARLY) == ada
        assert await work.people.signed_in("s1", NOON) is None
        assert await work.people.signed_in("s2", NOON) == ada
        assert await work.people.signed_in("s3", EARLY) is None
        await work.people.sign_out("s2")
        await work.people.sign_out("never was")
        assert await work.people.signed_in("s2", EARLY) is None
        await work.people.sign_in("s4", ada.id, NOON, LATE)
        assert await work.people.signed_in("s1", EARLY) is None  # what has run out is forgotten
        other = a_person(login="other")
        await work.people.add_person(other)
        await work.people.sign_in("s5", ada.id, NOON, LATE)
        await work.people.sign_in("s6", other.id, NOON, LATE)
        await work.people.sign_out_everywhere(ada.id)
        assert [await work.people.signed_in(token, NOON) for token in ("s4", "s5", "s6")] == [None, None, other]


async def test_the_first_link_works_once_and_only_the_latest(store: SqlStore) -> None:
    async with store.begin() as work:
        await work.people.set_first_link("old", LATE)
        await work.people.set_first_link("new", NOON)
        assert not await work.people.first_link_holds("old", EARLY)
        assert not await work.people.use_first_link("old", EARLY)
        assert await work.people.first_link_holds("new", EARLY)
        assert not await work.people.first_link_holds("new", NOON)
        assert not await work.people.use_first_link("new", NOON)

    async def use() -> bool:
        async with store.begin() as work:
            return await work.people.use_first_link("new", EARLY)

    assert sorted(await asyncio.gather(*(use() for _ in range(5)))) == [False] * 4 + [True]
    async with store.read() as work:
        assert not await work.people.first_link_holds("new", EARLY)


async def test_a_login_is_one_however_it_is_written(store: SqlStore) -> None:
    ty = a_person("Tŷ.nos")
    async with store.begin() as work:
        await work.people.add_person(ty)
        for login in ("tŷ.nos", "TY\u0302.NOS", "ｔy\u0302.nos", "tŷ\u200b.nos", "\u2060tŷ.nos\ufe0f"):
            assert await work.people.by_login(login) == ty, login
            with pytest.raises(BadInput, match="taken"):
                await work.people.add_person(a_person(login))
        assert await work.people.by_login("ty.nos") is None


async def test_an_account_that_is_older_than_the_rule_is_still_found(store: SqlStore) -> None:
    old = a_person("ann\ufe0f")
    async with store.begin() as work:
        await work.people.add_person(old)
        assert isinstance(work.people, SqlPeople)
        await work.people._link.run(sa.update(people).where(people.c.id == old.id).values(login_key="ann\ufe0f"))
        assert await work.people.by_login("ann\ufe0f") == old


async def test_tokens_are_their_holders_until_revoked(store: SqlStore) -> None:
    ada, bob = a_person("ada"), a_person("bob")
    one, two = Token(new_id(), ada.id, "laptop", EARLY), Token(new_id(), ada.id, "rehearsals", NOON)
    async with store.begin() as work:
        await work.people.add_person(ada)
        await work.people.add_person(bob)
        await work.people.add_token(one, "secret one")
        await work.people.add_token(two, "secret two")
        assert (await work.people.token_with("secret one") or (None,))[0] == ada
        assert await work.people.token_with("secret three") is None
        for whose, which in ((bob.id, one.id), (ada.id, new_id())):
            with pytest.raises(NotFound):
                await work.people.revoke_token(whose, which, LATE)
        await work.people.revoke_token(ada.id, one.id, NOON)
        await work.people.revoke_token(ada.id, one.id, LATE)
        assert await work.people.token_with("secret one") is None
        assert (await work.people.token_with("secret two") or (None,))[0] == ada
        assert await work.people.tokens(ada.id) == [replace(one, revoked_at=NOON), two]
        assert await work.people.tokens(bob.id) == []


async def test_commissions_come_back_as_they_were_newest_first(store: SqlStore) -> None:
    plain, full = a_commission(support=()), a_commission(threshold=3, demonstration=True, rehearsal=True)
    full = replace(full, groups=(*full.groups, replace(full.groups[0], id="g9", invited=None)))
    async with store.begin() as work:
        await work.commissions.add_commission(plain)
        await work.commissions.add_commission(full)
    async with store.read() as work:
        assert await work.commissions.list_commissions() == [full, plain]
        assert await work.commissions.get_commission(full.id) == full
        assert await work.commissions.titles([full.id, new_id()]) == {full.id: full.title}
        assert await work.commissions.titles([]) == {}
        with pytest.raises(NotFound):
            await work.commissions.get_commission(new_id())


async def test_stories_change_only_from_the_status_expected(store: SqlStore) -> None:
    commission, other = a_commission(), a_commission()
    first = Submission(
        new_id(),
        commission.id,
        "At night",
        ":: Start",
        StoryStatus.SUBMITTED,
        "g1",
        "link1",
        "",
        EARLY,
        may_publish=True,
    )
    second = Submission(new_id(), other.id, "On the ward", ":: Start", StoryStatus.ACCEPTED, None, "", "", NOON)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.commissions.add_commission(other)
        await work.stories.add_story(first)
        await work.stories.add_story(second)
        accepted = replace(first, status=StoryStatus.ACCEPTED, moderated_at=LATE)
        await work.stories.save_story(accepted, "submitted")
        with pytest.raises(IllegalMove):
            await work.stories.save_story(replace(first, status=StoryStatus.RETURNED, because="too long"), "submitted")
        with pytest.raises(NotFound):
            await work.stories.save_story(replace(first, id=new_id()), "submitted")
    async with store.read() as work:
        assert await work.stories.get_story(first.id) == accepted
        assert await work.stories.by_link("link1") == accepted
        assert await work.stories.list_stories() == [accepted, second]
        assert await work.stories.list_stories(commission=other.id) == [second]
        assert await work.stories.list_stories(status="accepted") == [accepted, second]
        assert await work.stories.list_stories(commission.id, "submitted") == []
        for missing in (work.stories.get_story(new_id()), work.stories.by_link("link2"), work.stories.by_link("")):
            with pytest.raises(NotFound):
                await missing


async def test_sessions_are_found_by_id_code_and_projector(store: SqlStore) -> None:
    commission, other = a_commission(), a_commission()
    one = a_session(commission, scenarios=(new_id(), new_id()))
    two = a_session(other, rehearsal=True, recorded=False, paused=True)
    async with store.begin() as work:
        for each in (commission, other):
            await work.commissions.add_commission(each)
        for live in (one, two):
            await work.sessions.add_session(live)
        rows = (Row("Nurses", ("g1",)), Row("other groups", ("g2", None)))
        changed = replace(
            one, version=7, cue=Cue(CueKind.SCENE, one.scenarios[0], "Door", replay=True), partition=Partition(rows)
        )
        await work.sessions.save_session(changed)
        with pytest.raises(NotFound):
            await work.sessions.save_session(replace(one, id=new_id()))
    async with store.begin() as work:
        assert await work.sessions.get_session(one.id, lock=True) == changed
        assert await work.sessions.get_session(two.id) == two
        assert await work.sessions.session_by_code(two.code) == two
        assert await work.sessions.by_projector(one.projector) == changed
        assert await work.sessions.list_sessions() == [two, changed]
        assert await work.sessions.list_sessions(commission.id) == [changed]
        nothing = Partition((), "Too few people voted to show results by group.")
        await work.sessions.save_session(replace(two, partition=nothing))
        assert (await work.sessions.get_session(two.id)).partition == nothing
        for missing in (
            work.sessions.get_session(new_id()),
            work.sessions.session_by_code("12\x0034"),
            work.sessions.by_projector(""),
        ):
            with pytest.raises(NotFound):
                await missing


async def test_a_code_is_one_live_sessions_and_free_when_that_has_ended(store: SqlStore) -> None:
    commission = a_commission()
    first, second = (a_session(commission, code="123456") for _ in range(2))
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(first)
        with pytest.raises(BadInput) as refused:
            await work.sessions.add_session(second)
        assert refused.value.field == "code"
        ended = replace(first, ended=True)
        await work.sessions.save_session(ended)
        assert await work.sessions.session_by_code("123456") == ended
        await work.sessions.add_session(second)
        assert await work.sessions.session_by_code("123456") == second


async def test_a_code_leads_to_sessions_of_one_kind(store: SqlStore) -> None:
    commission = a_commission()
    room, alone = a_session(commission, code="123456", ended=True), a_session(commission, code="123456")
    alone = replace(alone, kind=SessionKind.ASYNCHRONOUS)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(room)
        await work.sessions.add_session(alone)
        assert await work.sessions.session_by_code("123456") == room
        assert await work.sessions.session_by_code("123456", kind=SessionKind.ASYNCHRONOUS) == alone
        assert await work.sessions.get_session(alone.id) == alone
        with pytest.raises(NotFound):
            await work.sessions.session_by_code("654321", kind=SessionKind.ASYNCHRONOUS)


async def test_a_story_that_is_held_waits_with_its_next_change(store: SqlStore) -> None:
    commission = a_commission()
    story = Submission(new_id(), commission.id, "At night", ":: Start", StoryStatus.SUBMITTED, link="link")
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.stories.add_story(story)
    held, told = asyncio.Event(), []

    async def holds() -> None:
        async with store.begin() as work:
            assert await work.stories.get_story(story.id, lock=True) == story
            held.set()
            # Nobody else's change can come before the end of this; somebody who reads need not wait.
            async with store.read() as other:
                assert await other.stories.get_story(story.id) == story
            told.append("held")

    async def changes() -> None:
        await held.wait()
        async with store.begin() as work:
            await work.stories.save_story(replace(story, status=StoryStatus.HELD), "submitted")
            told.append("changed")

    await asyncio.gather(holds(), changes())
    assert told == ["held", "changed"]
    async with store.begin() as work:
        with pytest.raises(NotFound):
            await work.stories.get_story(new_id(), lock=True)


async def test_changes_under_a_lock_are_never_lost(store: SqlStore) -> None:
    live, _ = await a_room(store, [])

    async def turn() -> None:
        async with store.begin() as work:
            now = await work.sessions.get_session(live.id, lock=True)
            await work.sessions.save_session(replace(now, version=now.version + 1))

    await asyncio.gather(*(turn() for _ in range(20)))
    async with store.read() as work:
        assert (await work.sessions.get_session(live.id)).version == 21


async def test_a_device_is_one_participant_of_a_session(store: SqlStore) -> None:
    live, _ = await a_room(store, ["g1", None, None])
    elsewhere, _ = await a_room(store, [])
    made = [Participant(new_id(), live.id, "g2", NOON) for _ in range(4)]

    async def join(participant: Participant) -> Participant:
        async with store.begin() as work:
            return await work.sessions.join(participant, "device")

    answers = await asyncio.gather(*(join(one) for one in made))
    assert answers[0] in made
    assert answers == [answers[0]] * 4
    async with store.begin() as work:
        assert await work.sessions.participant(live.id, "device") == answers[0]
        assert await work.sessions.participant(elsewhere.id, "device") is None
        other = Participant(new_id(), elsewhere.id, None, NOON)
        assert await work.sessions.join(other, "device") == other
        assert await work.sessions.joined(live.id) == {"g1": 1, "g2": 1, None: 2}
        assert await work.sessions.joined(new_id()) == {}
        passing, listening = (
            Participant(new_id(), live.id, None, NOON, **{name: True}) for name in ("passing", "observer")
        )
        for one in (passing, listening):
            await work.sessions.join(one, one.id)
        assert await work.sessions.places(live.id) == 5
        assert await work.sessions.places(new_id()) == 0
    with pytest.raises(NotFound):
        async with store.begin() as work:
            await work.sessions.join(Participant(new_id(), new_id(), None, NOON), "device")


async def test_decisions_keep_their_commitments_in_order(store: SqlStore) -> None:
    commission, other = a_commission(), a_commission()
    one = Decision(
        new_id(), commission.id, (new_id(),), DecisionOutcome.DEFERRED, None, "We need to know more.", decided_at=NOON
    )
    two = replace(
        one,
        id=new_id(),
        rounds=(new_id(), new_id()),
        outcome=DecisionOutcome.WITH_CHANGES,
        response="r2",
        why="It costs less.",
        dissent="Nurses would rather not.",
        entry=0,
    )
    two = replace(
        two,
        commitments=tuple(
            Commitment(new_id(), two.id, role, "Hire two people", "2026-09-01") for role in ("Trust", "Council", "A")
        ),
    )
    async with store.begin() as work:
        for each in (commission, other):
            await work.commissions.add_commission(each)
        await work.decisions.add_decision(one)
        await work.decisions.add_decision(two)
    async with store.read() as work:
        assert await work.decisions.get_decision(two.id) == two
        assert await work.decisions.list_decisions() == [two, one]
        assert await work.decisions.list_decisions(commission.id) == [two, one]
        assert await work.decisions.list_decisions(other.id) == []
        with pytest.raises(NotFound):
            await work.decisions.get_decision(new_id())
        with pytest.raises(NotFound):
            await work.decisions.get_commitment(new_id())
    council = two.commitments[1]
    told = tuple(
        Update(new_id(), council.id, state, NOON, said="One is here.", given_by=Giver.OWNER)
        for state in (CommitmentState.ON_TRACK, CommitmentState.DONE, CommitmentState.PARTLY)
    )
    late = Commitment(new_id(), two.id, "Late", "One more", "2026-10-01", "Nights", "A rota", NOON)
    async with store.begin() as work:
        await work.decisions.commit(late)
        assert await work.decisions.get_commitment(council.id, lock=True) == council
        for update in told:
            await work.decisions.add_update(update)
    async with store.read() as work:
        assert await work.decisions.get_commitment(council.id) == replace(council, updates=told)
        all_of_it = (two.commitments[0], replace(council, updates=told), two.commitments[2], late)
        assert await work.decisions.get_decision(two.id) == replace(two, commitments=all_of_it)


def an_entry(number: int) -> tuple[bytes, bytes]:
    body = b'{"n":%d}' % number
    return body, hashlib.sha256(b"\0" + body).digest()


async def test_the_record_grows_at_its_end_only(store: SqlStore) -> None:
    async with store.begin() as work:
        assert await work.record.size() == 0
        for i in range(3):
            assert await work.record.append(i, "c", *an_entry(i)) == i
        for wrong in (0, 2, 4):
            with pytest.raises(IllegalMove):
                await work.record.append(wrong, "c", *an_entry(9))
        assert await work.record.size() == 3
    async with store.read() as work:
        assert await work.record.size() == 3
        assert [(e.index, e.body, e.leaf_hash) for e in await work.record.entries()] == [
            (i, *an_entry(i)) for i in range(3)
        ]
        assert [e.index for e in await work.record.entries(1)] == [1, 2]
        assert [e.index for e in await work.record.entries(1, 2)] == [1]
        assert await work.record.entries(2, 2) == []
        assert (await work.record.entry(2)).body == an_entry(2)[0]
        assert await work.record.leaf_hashes() == [an_entry(i)[1] for i in range(3)]
        assert await work.record.leaf_hashes(1, 2) == [an_entry(1)[1]]
        assert await work.record.leaf_hashes(3) == []
        assert [(e.index, e.body) for e in await work.record.entries_at([2, 9, 0])] == [
            (0, an_entry(0)[0]),
            (2, an_entry(2)[0]),
        ]
        assert await work.record.entries_at([]) == []
        with pytest.raises(NotFound):
            await work.record.entry(3)


async def test_of_two_appends_at_one_size_exactly_one_wins(store: SqlStore) -> None:
    async def append(number: int) -> bool:
        try:
            async with store.begin() as work:
                await work.record.append(0, "c", *an_entry(number))
        except IllegalMove:
            return False
        return True

    assert sorted(await asyncio.gather(*(append(i) for i in range(6)))) == [False] * 5 + [True]
    async with store.read() as work:
        assert await work.record.size() == 1


async def test_units_that_ask_for_the_size_take_turns_to_append(store: SqlStore) -> None:
    async def append(number: int) -> int:
        async with store.begin() as work:
            return await work.record.append(await work.record.size(), "c", *an_entry(number))

    assert sorted(await asyncio.gather(*(append(i) for i in range(8)))) == list(range(8))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET commission = 'x'",
        "UPDATE entry SET body = body WHERE position = 1",
        "DELETE FROM entry WHERE position = 1",
        "DELETE FROM entry",
    ],
)
async def test_the_database_itself_refuses_to_change_the_record(store: SqlStore, statement: str) -> None:
    async with store.begin() as work:
        for i in range(2):
            await work.record.append(i, "c", *an_entry(i))
    async with store.writer.connect() as connection:
        if connection.dialect.name == "sqlite":
            also = ["REPLACE INTO entry SELECT position, 'x', body, leaf_hash FROM entry"]
        else:
            also = ["TRUNCATE entry"]
        for refused in (statement, *also):
            async with connection.begin():
                with pytest.raises(sa.exc.DBAPIError, match="append-only"):
                    await connection.execute(sa.text(refused))
                await connection.rollback()
    async with store.read() as work:
        assert [e.body for e in await work.record.entries()] == [an_entry(0)[0], an_entry(1)[0]]


async def test_disclosures_are_found_by_digest_and_commission(store: SqlStore) -> None:
    made = [Disclosure(digest, entry, c, f"words {digest}") for digest, entry, c in (("b", 1, "x"), ("a", 1, "y"))]
    # Capitals, small letters and signs sort by their codes, whatever the database thinks of languages.
    made += [Disclosure("Z", 1, "x", "words Z"), Disclosure("-", 1, "x", "words -"), Disclosure("c", 0, "x", None)]
    ordered = sorted(made, key=lambda one: (one.entry, one.digest))
    async with store.begin() as work:
        await work.record.add_disclosures(made)
        await work.record.add_disclosures([])
        # Known already: it keeps its first entry, and stays withdrawn.
        await work.record.add_disclosures([replace(made[0], entry=7), replace(made[4], encoded="words c")])
    async with store.read() as work:
        assert await work.record.disclosures() == ordered
        assert await work.record.disclosures(["Z", "c", "none", *(str(i) for i in range(70_000))]) == [made[4], made[2]]
        assert await work.record.disclosures([]) == []
        assert await work.record.disclosures(commission="y") == [made[1]]
        assert await work.record.disclosures(["a", "b"], "x") == [made[0]]


async def test_characters_that_no_database_takes_do_not_get_in_the_way(store: SqlStore) -> None:
    commission = a_commission(title="A \0 and \ud800", question="🧡 Cymraeg: tŷ")
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    async with store.read() as work:
        kept = await work.commissions.get_commission(commission.id)
        assert (kept.title, kept.question) == ("A \ufffd and ?", "🧡 Cymraeg: tŷ")
