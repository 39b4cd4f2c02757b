"""The facilitator's next moves: the one next right move first, then the other ways on.

A vote that has begun goes its way: opened, closed, shown. Otherwise the programme's next cue comes first, where there
is a programme; then what the story leads to: the replay after the first vote, the vote after the replay, the scene that
the room chose, at its end the next story.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from forum.sessions.programme import Item, ItemKind
from forum.sessions.session import CueKind
from forum.sessions.stop import StopState
from forum.sessions.view import RoomView, Story, listed
from forum.stories.scenario import Link, Scene
from forum.voting.round import Round, RoundKind, RoundState
from forum.voting.suppression import preference

# Moves whose own act has one name for several: the words that the console has for them.
CHOSEN, REPLAY, AGAIN, BACK = "chosen", "replay", "again", "back"


class Move(msgspec.Struct, frozen=True):
    """One thing to do: an act of the console with its fields. `words` says what to call it, `name` what it is about."""

    act: str
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    name: str = ""
    words: str = ""
    item: Item | None = None

    @property
    def called(self) -> str:
        """The name of the words that the console has for it."""
        return self.words or self.act


def moves(view: RoomView) -> tuple[Move, ...]:
    """Returns what can be done now, the next right move first; () in a session that has ended, and at the very end."""
    if view.session.ended:
        return ()
    if view.session.paused:
        return (Move("resume"),)
    round_ = asked(view)
    if round_ is not None and round_.state in (RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED):
        return tuple(_vote(round_))
    by_key: dict[tuple[str, ...], Move] = {}
    for move in _ways(view, round_):
        by_key.setdefault(_key(move), move)
    return tuple(by_key.values())


def asked(view: RoomView) -> Round | None:
    """The round that is on screen as a question or with its result."""
    return view.round if view.session.cue.kind in (CueKind.QUESTION, CueKind.RESULT) else None


def leading(view: RoomView, round_: Round) -> tuple[Scene, ...]:
    """The scenes that lead to a question of the story on screen."""
    if view.story is None or round_.scenario is None:
        return ()
    return tuple(s for s in view.story.scenario.scenes if any(link.to == round_.scene for link in s.links))


def _vote(round_: Round) -> Iterator[Move]:
    this = {"round": round_.id}
    if round_.state == RoundState.DRAFT:
        yield Move("open", this)
    elif round_.state == RoundState.OPEN:
        yield Move("close", this)
        if not round_.closing_soon:
            yield Move("warn", this)
    else:
        yield Move("reveal", this)


def _ways(view: RoomView, round_: Round | None) -> Iterator[Move]:
    """Yields every way on; one may come twice."""
    yield from _stops(view, round_)
    following = view.next_up if view.programme.sections else None
    if following is not None:
        yield Move("item", {"item": following.id, "after": view.session.cue.item}, item=following)
    if round_ is not None and round_.state == RoundState.ANNULLED:
        yield from _put_again(round_)
    elif round_ is not None and round_.kind == RoundKind.FIRST_VOTE:
        for scene in leading(view, round_):
            yield _scene(view.story, scene, replay=True)
        yield Move("second", {"round": round_.id})
    elif view.session.cue.replay:
        yield from _after_replay(view)
    if round_ is not None and round_.kind == RoundKind.POLICY_VOTE:
        yield Move("proposals")
    if round_ is None or round_.kind not in (RoundKind.MAGIC_CHECK, RoundKind.CHARACTER_VOTE, RoundKind.POLICY_VOTE):
        yield from _story_on(view, round_)


def _stops(view: RoomView, round_: Round | None) -> Iterator[Move]:
    run = view.run
    if round_ is not None and round_.kind == RoundKind.MAGIC_CHECK:
        for stop in run.stops:
            if stop.magic == round_.id and stop.state == StopState.TAKEN:
                yield Move("take-stop", {"stop": stop.id}, words=BACK)
    elif view.session.cue.kind == CueKind.SCENE and run.taken is not None:
        yield Move("finish-stop", {"stop": run.taken.id})
    elif view.session.cue.kind == CueKind.SCENE and run.queue:
        # The first on the list that the console shows.
        first = min(listed(run.newest).items, key=lambda stop: (stop.wordless, stop.at))
        yield Move("take-stop", {"stop": first.id})


def _put_again(round_: Round) -> Iterator[Move]:
    if round_.second_of:
        yield Move("second", {"round": round_.second_of})
    elif round_.scenario and round_.scene:
        yield Move("question", {"scenario": round_.scenario, "scene": round_.scene}, words=AGAIN)


def _after_replay(view: RoomView) -> Iterator[Move]:
    """The second vote on the question that the scene played again leads to."""
    scene = view.scene
    if scene is None:
        return
    names = {scene.name, *(link.to for link in scene.links)}
    shown = [
        r
        for r in view.rounds
        if r.scenario == view.session.cue.scenario
        and r.scene in names
        and (r.state, r.kind) == (RoundState.REVEALED, RoundKind.FIRST_VOTE)
    ]
    if shown:
        yield Move("second", {"round": shown[-1].id}, shown[-1].scene or "")


def _story_on(view: RoomView, round_: Round | None) -> Iterator[Move]:
    """The scenes that this one leads to, the room's choice first; else the start of the next story."""
    story, scene = view.story, view.scene
    any_way = False
    if story is not None and scene is not None and scene.decision and round_ is None:
        yield Move("question", {"scenario": story.id, "scene": scene.name}, scene.name)
        return
    if story is not None and scene is not None:
        for link, chosen in _links(view, scene, round_):
            next_scene = story.scenario.scene(link.to)
            if next_scene is not None:
                any_way = True
                yield _scene(story, next_scene, chosen=chosen)
    if not any_way:
        following = _next_story(view)
        first = following.scenario.scene(following.scenario.start) if following is not None else None
        if first is not None:
            yield _scene(following, first)


def _links(view: RoomView, scene: Scene, round_: Round | None) -> list[tuple[Link, bool]]:
    """The ways on from a scene, each with whether the room chose it; those that it chose come first."""
    best = preference(view.result, round_.method) if view.result is not None and round_ is not None else ()
    chosen = [(link, scene.decision and f"r{n}" in best) for n, link in enumerate(scene.links, start=1)]
    return sorted(chosen, key=lambda way: not way[1])


def _next_story(view: RoomView) -> Story | None:
    if view.story is None:
        return view.stories[0] if view.stories else None
    ids = [story.id for story in view.stories]
    at = ids.index(view.story.id) + 1
    return view.stories[at] if at < len(ids) else None


def _scene(story: Story | None, scene: Scene, *, replay: bool = False, chosen: bool = False) -> Move:
    where = {"scenario": story.id if story is not None else "", "scene": scene.name}
    if replay:
        return Move("scene", where | {"replay": "1"}, scene.name, REPLAY)
    if scene.decision:
        return Move("question", where, scene.name)
    return Move("scene", where, scene.name, CHOSEN if chosen else "")


def _key(move: Move) -> tuple[str, ...]:
    """Returns a key that is equal for two moves which put the same in front of the room."""
    if move.item is not None and move.item.kind == ItemKind.SCENE:
        return ("scene", move.item.story, move.item.scene, str(move.item.replay))
    if move.item is not None and move.item.kind == ItemKind.QUESTION:
        return ("question", move.item.story, move.item.scene)
    if move.act == "scene":
        return ("scene", move.fields["scenario"], move.fields["scene"], str("replay" in move.fields))
    if move.act == "question":
        return ("question", move.fields["scenario"], move.fields["scene"])
    if move.item is not None and move.item.kind == ItemKind.AGAIN:
        return ("second",)
    return (move.act, *(() if move.act == "second" else move.fields.values()))
