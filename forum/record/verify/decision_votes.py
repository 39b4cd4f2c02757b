"""The votes on a decision's question: it names all that stood, and rests on the latest or says why it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

DECIDED_ON = ("first vote", "vote after replay", "policy vote")


def votes_problems(entries: Sequence[Mapping[str, Any]], words: Callable[[Any], str | None]) -> Iterator[str]:
    """Yields a problem for each decision that leaves out a vote on its question, or passes over the latest unsaid.

    `words` opens a digest; None where its words are not here. Of a question whose words are not here only the vote
    after its replay is known to be on it: what else a decision names is then taken as it stands.
    """
    sessions: dict[str, Mapping[str, Any]] = {}
    opened: dict[str, Mapping[str, Any]] = {}
    closed: list[str] = []
    shown: set[str] = set()
    named_before = False
    for entry in entries:
        kind = entry["type"]
        if kind == "session opened":
            sessions[entry["session"]] = entry
        elif kind == "round opened":
            opened[entry["round"]] = entry
        elif kind == "round closed":
            closed.append(entry["round"])
        elif kind == "round revealed":
            shown.add(entry["round"])
        elif kind == "round annulled":
            shown.discard(entry["round"])
        elif kind == "decision" and opened.keys() >= set(entry["rounds"]) != set():
            # Decisions of before name no votes; none can follow one that does, or a declaration of today.
            about = sessions.get(opened[entry["rounds"][-1]]["session"], {}).get("about", {})
            today = named_before or isinstance(about.get("power", {}).get("decides"), dict)
            named_before = named_before or "votes" in entry
            if "votes" in entry or today:
                stood = [
                    id_
                    for id_ in closed
                    if id_ in shown
                    and opened[id_]["kind"] in DECIDED_ON
                    and opened[id_]["commission"] == entry["commission"]
                ]
                for problem in _problems(entry, [opened[id_] for id_ in stood], words):
                    yield f"decision {entry['decision']}: {problem}"


def _problems(
    entry: Mapping[str, Any], stood: Sequence[Mapping[str, Any]], words: Callable[[Any], str | None]
) -> Iterator[str]:
    if "votes" not in entry:
        yield "it does not name the votes on its question"
        return
    named, rests = entry["votes"], entry["rounds"]
    if named != [one["round"] for one in stood if one["round"] in named]:
        yield "the votes that it names did not all stand, or are not in the order in which they were closed"
        return
    last = next((one for one in stood if one["round"] == rests[-1]), None)
    question = None if last is None else words(last["question"])
    on = same_question(stood, rests, lambda one: question is not None and words(one["question"]) == question)
    unsure = {one["round"] for one in stood if question is None or words(one["question"]) is None}
    for id_ in sorted(on - set(named)):
        yield f"round {id_} is a vote on its question, and it does not name it"
    for id_ in sorted(set(named) - on - unsure):
        yield f"round {id_} is no vote on its question, and it names it"
    if named and named[-1] not in rests and entry["earlier"] is None:
        yield f"round {named[-1]} is a later vote on its question, and it does not say why it does not rest on it"


def same_question(
    votes: Sequence[Mapping[str, Any]], rests: Sequence[str], same: Callable[[Mapping[str, Any]], bool]
) -> set[str]:
    """Returns the ids of those votes that are on the question of the votes `rests`: these, those that ask the same, and
    the vote before or after the replay of any of them. Each has a `round`, and the id of a first vote or None in
    `second_of`."""
    on = {one["round"] for one in votes if one["round"] in rests or same(one)}
    on |= {one["second_of"] for one in votes if one["round"] in on} & {one["round"] for one in votes}
    return on | {one["round"] for one in votes if one["second_of"] in on}
