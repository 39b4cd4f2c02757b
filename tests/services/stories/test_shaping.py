"""A story is sent with what happened alone: others propose its question, and only its teller's yes publishes it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, sampled_from
from support.factories import CLOCK, SetClock, a_commission, new_id

from forum.errors import BadInput, FormErrors, ForumError, IllegalMove
from forum.ports.personal_data import PERIODS
from forum.services import retention
from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits, moderation, shaping, timeline, withdrawal
from forum.services.stories.build_link import Answer
from forum.services.stories.submissions import fingerprint
from forum.services.stories.suggestions import Offer
from forum.store import SqlStore, open_store
from forum.stories import scenario_twee
from forum.stories.draft import mark
from forum.stories.edits import AddCard, Edit, SetField
from forum.stories.shaping import Shape, shape_of
from forum.stories.submission import Submission
from forum.stories.suggestion import Suggestion
from forum.voting.commission import Commission

EMPTY = mark("")
QUESTION, ANSWERS = "Who should come?", "A nurse\nThe crew\nA neighbour"
ALLOWED = {"group": "g2", "may_perform": "yes", "may_publish": "yes", "may_quote": "no"}
OFFER = Offer("question", ANSWERS, title=QUESTION, group="g3")


@dataclass(frozen=True)
class Told:
    """A stored story with what happened alone; `key` is its private link's, `link` its build link's."""

    store: SqlStore
    commission: Commission
    id: str
    key: str
    link: str

    async def story(self) -> Submission:
        """Reads the story."""
        async with self.store.read() as work:
            return await work.stories.get_story(self.id)

    async def suggestions(self) -> list[Suggestion]:
        """Reads what was suggested."""
        async with self.store.read() as work:
            return await work.drafts.suggestions(self.id)

    async def shape(self) -> Shape:
        """Tells where its shaping stands."""
        return shape_of(await self.story(), await self.suggestions())

    async def send(self, *, shape: bool = True) -> Submission:
        """Sends it for somebody to shape."""
        return await draft_edits.send(self.store, CLOCK, self.key, shape=shape)

    async def propose(self, question: str = QUESTION, **more: Any) -> Suggestion:
        """Proposes a question as a moderator who has just read it."""
        more = {"responses": ANSWERS, "read": fingerprint(await self.story()), "by": "mo"} | more
        return await shaping.propose(self.store, CLOCK, self.id, question=question, **more)

    async def agree(self, one: Suggestion) -> None:
        """Agrees to a proposal as a moderator who has just read it."""
        await shaping.agree(self.store, self.id, one.id, read=fingerprint(await self.story()), by="mo")

    async def answer(self, one: Suggestion, outcome: str = "accepted", **more: str) -> Suggestion:
        """Answers a proposal as the teller; by default with yes."""
        return await build_link.answer(self.store, CLOCK, self.key, one.id, Answer(outcome, **more))

    async def moderate(self, action: str, because: str = "") -> Submission:
        """Does a moderator's act on it."""
        status = (await self.story()).status
        return await moderation.moderate(
            self.store, CLOCK, self.id, action, because=because, expected_status=status, by="mo"
        )

    async def write(self, text: str) -> None:
        """Changes what happened, as the teller."""
        now = (await draft_edits.opened(self.store, CLOCK, self.key)).cards[0].text
        await draft_edits.save(self.store, CLOCK, self.key, [SetField("c1.text", (mark(now),), text)])

    async def entries(self) -> list[str]:
        """Reads the types of the record's entries on it, oldest first."""
        async with self.store.read() as work:
            bodies = [json.loads(entry.body) for entry in await work.record.entries()]
        return [str(body["type"]) for body in bodies if self.id in str(body)]


async def told(store: SqlStore) -> Told:
    commission, key, link = a_commission(), new_key(), new_key()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    edits: list[Edit] = [SetField("title", (EMPTY,), "Three bells"), AddCard("c1", text="I am alone on the ward.")]
    edits += [SetField(name, (EMPTY,), value) for name, value in ALLOWED.items()]
    begun = await draft_edits.begin(store, CLOCK, commission.id, key, edits)
    await build_link.share(store, CLOCK, key, link)
    return Told(store, commission, begun.story.id, key, link)


@pytest.fixture
async def story(sqlite_store: SqlStore) -> Told:
    return await told(sqlite_store)


async def questions(text: str) -> list[str]:
    return [scene.text for scene in scenario_twee.parse(text).decisions]


async def test_a_story_with_what_happened_alone_is_sent_and_waits_for_a_question(story: Told) -> None:
    assert await story.shape() == Shape.SHAPED
    await story.send()
    assert await story.shape() == Shape.WANTED
    with pytest.raises(BadInput, match="Propose one") as refused:
        await story.moderate("accept")
    assert refused.value.field == "action"
    # Whoever wants no question sends it without, and it is read as it is.
    await story.send(shape=False)
    assert await story.shape() == Shape.SHAPED
    assert (await story.moderate("accept")).status == "accepted"


async def test_a_yes_sends_the_whole_and_a_moderator_reads_it_then(story: Told) -> None:
    await story.send()
    one = await story.propose()
    assert (one.staff, one.agreed, await story.shape()) == (True, "", Shape.PROPOSED)
    done = await story.answer(one)
    assert done.outcome == "accepted"
    sent = await story.story()
    assert (sent.status, sent.to_shape, await questions(sent.twee)) == ("submitted", False, [QUESTION])
    assert await story.entries() == []
    assert (await story.moderate("accept")).status == "accepted"
    assert await story.entries() == ["scenario published", "moderation action"]


async def test_a_moderator_who_agreed_beforehand_need_not_read_twice(story: Told) -> None:
    await story.send()
    one = await story.propose(agree=True)
    assert (await story.story()).status == "submitted"
    await story.answer(one)
    public = await story.story()
    assert (public.status, await questions(public.twee)) == ("accepted", [QUESTION])
    assert await story.entries() == ["scenario published", "moderation action"]
    async with story.store.read() as work:
        (act,) = await work.moderation.list_acts(story.id)
        kinds = [kept.kind for kept in await work.drafts.history(story.id)]
    assert (act.action, act.by, act.read) == ("accepted", "mo", fingerprint(public))
    assert [str(kind) for kind in kinds[-3:]] == ["suggestion taken in", "sent", "published"]


async def test_by_the_build_link_anybody_proposes_and_a_moderator_agrees_to_it(story: Told) -> None:
    one = await build_link.suggest(story.store, CLOCK, story.link, OFFER)
    await story.send()
    await story.agree(one)
    await story.agree(one)  # pressed twice
    await story.answer(one)
    assert (await story.story()).status == "accepted"


@pytest.mark.parametrize("how", ["changed words", "the story was changed", "may not be published"])
async def test_what_no_moderator_has_read_is_not_published_by_a_yes(story: Told, how: str) -> None:
    await story.send()
    one = await story.propose(agree=True)
    if how == "changed words":
        done = await story.answer(one, "accepted with changes", title="Who comes?", words=ANSWERS)
        assert done.outcome == "accepted with changes"
    elif how == "the story was changed":
        await story.write("I am alone on the ward, as always.")
        await story.answer(one)
    else:
        await withdrawal.permit(story.store, CLOCK, story.key, perform=True, publish=False, quote=False)
        await story.answer(one)
    sent = await story.story()
    assert (sent.status, len(await questions(sent.twee))) == ("submitted", 1)
    assert await story.entries() == []


async def test_a_no_needs_no_reason_and_publishes_nothing(story: Told) -> None:
    await story.send()
    one = await story.propose(agree=True)
    await story.answer(one, "declined")
    assert (await story.shape(), await story.entries()) == (Shape.WANTED, [])
    with pytest.raises(IllegalMove, match="answered"):
        await story.answer(one)
    with pytest.raises(IllegalMove, match="answered"):
        await story.agree(one)
    another = await story.propose("Who could help?", agree=True)
    await story.answer(another)
    assert (await story.story()).status == "accepted"


async def test_of_two_questions_one_is_taken_and_the_other_is_told(story: Told) -> None:
    await story.send()
    one, other = await story.propose(agree=True), await story.propose("Who could help?", agree=True)
    await story.answer(one)
    with pytest.raises(FormErrors) as refused:
        await story.answer(other)
    assert "question already" in str(refused.value.fields["place"])
    await story.answer(other, "declined")
    assert await questions((await story.story()).twee) == [QUESTION]


async def test_a_proposal_is_made_once_and_to_what_was_read(story: Told) -> None:
    await story.send()
    id_, read = new_id(), fingerprint(await story.story())
    once = await story.propose(id_=id_)
    assert await story.propose(id_=id_) == once
    await story.write("Nobody came.")
    await story.send()
    with pytest.raises(IllegalMove, match="came back from its writer"):
        await story.propose(read=read)
    with pytest.raises(IllegalMove, match="came back from its writer"):
        await shaping.agree(story.store, story.id, once.id, read=read)
    await story.moderate("hold", "We ask.")
    with pytest.raises(IllegalMove, match="holds this story"):
        await story.propose()
    # While it is held a yes only takes the question in; nothing is sent or published.
    await story.answer(once)
    assert ((await story.story()).status, await story.entries()) == ("held", ["moderation action"])
    await withdrawal.withdraw(story.store, CLOCK, story.key)
    with pytest.raises(IllegalMove, match="taken this story back"):
        await story.propose(read="")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"question": " "}, "title"),
        ({"question": "w" * 401}, "title"),
        ({"question": "Who [[comes?"}, "title"),
        ({"responses": "A nurse\nThe crew"}, "words"),
        ({"responses": "A\nB\nC\nD\nE\nF"}, "words"),
        ({"responses": "A nurse\na  nurse\nThe crew"}, "words"),
        ({"responses": "A nurse\nThe crew\n" + "w" * 201}, "words"),
        ({"responses": "A nurse\nThe crew\nNone of these"}, "words"),
        ({"responses": "A nurse\nThe crew\nWho ]] knows"}, "words"),
    ],
)
async def test_a_question_that_nobody_could_vote_on_is_told_at_its_field(
    story: Told, changes: dict[str, str], field: str
) -> None:
    await story.send()
    with pytest.raises(FormErrors) as refused:
        await story.propose(**changes)
    assert set(refused.value.fields) == {field}
    assert await story.suggestions() == []


async def test_the_teller_is_told_and_what_waits_too_long_goes(story: Told) -> None:
    await story.send()
    one = await story.propose()
    async with story.store.read() as work:
        events = [event.kind for event in await timeline.life(work, await work.stories.get_story(story.id))]
        assert events == ["received", "question proposed"]
        assert await work.drafts.proposed() == {story.id: one.at}
    clock = SetClock(one.at)
    cleaner = retention.Retention(story.store, clock, PERIODS, pause=0)
    await cleaner.look()
    for days, status in ((20, "submitted"), *((30, "submitted"),) * 11, (30, "withdrawn")):
        clock.move(days=days)
        await cleaner.look()
        assert (await story.story()).status == status, clock.now()
    assert await story.suggestions() == []


# ---------------------------------------------------------------- every order of acts


class Acts(RuleBasedStateMachine):
    """Every act of the teller and the moderators, in any order, on the services themselves.

    `read` are texts that a moderator agreed to or accepted, `wanted` those to which the teller said yes or sent them.
    """

    path = ""

    def __init__(self) -> None:
        super().__init__()
        self.run = asyncio.Runner()
        self.store = self.run.run(open_store(f"sqlite+aiosqlite:///{self.path}"))
        self.story = self.run.run(told(self.store))
        self.wanted: set[str] = set()
        self.read: set[str] = set()
        self.number = 0

    def _try(self, act: Any) -> Any:
        async def tried() -> Any:
            try:
                return await act
            except ForumError:
                return None

        return self.run.run(tried())

    def _open(self) -> list[Suggestion]:
        return [one for one in self.run.run(self.story.suggestions()) if not one.outcome]

    @initialize(agree=booleans(), staff=booleans())
    def begin(self, agree: bool, staff: bool) -> None:
        """The teller sends what happened alone, and somebody proposes a question."""
        self.send(shape=True)
        self.propose(agree=agree, staff=staff)

    @rule(shape=booleans())
    def send(self, shape: bool) -> None:
        """The teller sends it."""
        sent = self._try(self.story.send(shape=shape))
        if sent and not sent.to_shape:
            self.wanted.add(sent.revision or sent.twee)

    @rule()
    def write(self) -> None:
        """The teller changes what happened."""
        self.number += 1
        self._try(self.story.write(f"It happened {self.number} times."))

    @rule(agree=booleans(), staff=booleans())
    def propose(self, agree: bool, staff: bool) -> None:
        """Somebody proposes a question."""
        self.number += 1
        question = f"Who comes the {self.number}th time?"
        if not staff:
            self._try(build_link.suggest(self.store, CLOCK, self.story.link, replace(OFFER, title=question)))
        elif (made := self._try(self.story.propose(question, agree=agree))) and agree:
            self.read.add(made.agreed)

    @rule()
    def agree(self) -> None:
        """A moderator agrees to the oldest proposal."""
        for one in self._open()[:1]:
            self._try(self.story.agree(one))
            self.read |= {after.agreed for after in self._open() if after.id == one.id}

    @rule(outcome=sampled_from(["accepted", "accepted with changes", "declined"]))
    def answer(self, outcome: str) -> None:
        """The teller answers the newest proposal."""
        for one in self._open()[-1:]:
            self.number += 1
            changed = {"title": f"Who else? {self.number}", "words": ANSWERS} if "changes" in outcome else {}
            done = self._try(self.story.answer(one, outcome, **changed))
            after = self.run.run(self.story.story())
            if done and outcome != "declined" and after.status in {"submitted", "accepted"} and not after.to_shape:
                self.wanted.add(after.revision or after.twee)

    @rule(
        action=sampled_from(["accept", "accept", "accept", "hold", "release", "return", "accept version", "take down"])
    )
    def moderate(self, action: str) -> None:
        """A moderator decides on what they read."""
        read = self.run.run(self.story.story())
        if self._try(self.story.moderate(action, "Because.")) and action.startswith("accept"):
            self.read.add(fingerprint(read))

    @invariant()
    def what_is_public_was_read_and_wanted(self) -> None:
        """Whatever stands in public was read by a moderator as it is, and sent or agreed to by its teller as it is."""
        story = self.run.run(self.story.story())
        if story.status == "accepted":
            assert fingerprint(replace(story, revision="")) in self.read
            assert story.twee in self.wanted
            assert not story.to_shape

    def teardown(self) -> None:
        """Closes the store."""
        self.run.run(self.store.close())
        self.run.close()


def test_nothing_is_public_that_was_not_read_and_wanted(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "forum.db"
    path.write_bytes(sqlite_template.read_bytes())
    machine = type("Machine", (Acts,), {"path": str(path)})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=10, deadline=None))
