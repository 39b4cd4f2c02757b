"""A small true export, and copies of it with one thing changed: signed again by somebody with the key, or not."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from forum.record import export_zip
from forum.record.ballot_leaves import hash_of
from forum.record.verify.archive import describe, pack, unpack
from forum.record.verify.disclosures import disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from support.record_keeper import CRISIS, EARLIER, SIGNER, Keeper, people, votes_of

GONE = object()


def a_small_keeper() -> Keeper:
    """Makes a record with an entry of every type, few ballots, and every part that a result can have."""
    keeper = Keeper()
    # First, because it holds the root of what is before it, and a change of that would fail there too.
    keeper.restore(3)
    keeper.change_key(*EARLIER)
    keeper.lose_key(EARLIER[1].name)
    keeper.erase_data()
    keeper.remove_old()
    everybody = people({"users": 6, "carers": 5})
    keeper.add(CRISIS, "commission published", about=keeper.about(CRISIS))
    keeper.story(CRISIS, "A morning in March")
    story = keeper.story(CRISIS, "A night in March")
    day = keeper.session(CRISIS, "A day", story)
    keeper.predict(CRISIS, day, "An ambulance", "A long wait")
    predicted = keeper.predict(CRISIS, day, "The police", "A night without them")
    quorum = {"ballots": 5, "each_group": 2}
    first = keeper.open(CRISIS, day, "Who should come?", quorum=quorum, live=True)
    keeper.close(CRISIS, first, votes_of(everybody, "r1", "r2", "none"))
    keeper.reveal(CRISIS, first)
    easy = [
        {
            "kind": "easy",
            "question": keeper.words(CRISIS, "question", "Who?"),
            "responses": [{"id": "r1", "label": keeper.words(CRISIS, "response", "A nurse")}],
        }
    ]
    second = keeper.open(CRISIS, day, "Who should come?", first[0], versions=easy)
    keeper.close(CRISIS, second, votes_of(everybody, "r1", "r2", "r2"))
    keeper.reveal(CRISIS, second, first[0])
    ranked = keeper.open(CRISIS, day, "In which order?", method="ranked")
    keeper.close(CRISIS, ranked, votes_of(everybody, "r1>r2", "r3>r2>r1", "r2"))
    keeper.reveal(CRISIS, ranked)
    annulled = keeper.open(CRISIS, day, "The wrong scene")
    keeper.close(CRISIS, annulled, votes_of(everybody, "r2"))
    keeper.reveal(CRISIS, annulled)
    keeper.annul(CRISIS, annulled, "It was put badly")
    sealed = keeper.open(CRISIS, day, "What nobody has seen the answer to")
    keeper.close(CRISIS, sealed, votes_of(everybody, "r3"))
    decision, _ = keeper.decide(
        CRISIS, [first[0], second[0]], "adopted", "r2", rationale="It is near.", dissent="Carers were for r1."
    )
    keeper.open_prediction(CRISIS, predicted, decision)
    nurses = keeper.promise(
        CRISIS, decision, "Head of night services", "Two nurses", answers="Nights", noticed="A rota"
    )
    keeper.promise(CRISIS, decision, "Police liaison", "A number to ring")
    keeper.update(CRISIS, nurses, "done", said="Both are here", file="The rota")
    keeper.update(CRISIS, nurses, "not done", "commissioner", because="One has left")
    keeper.update(CRISIS, nurses, "handed on", because="She has left too", handed_to="Head of days")
    keeper.noticed(CRISIS, nurses, {"followers": (15, 5, None, 10), "storytellers": (10, None, 5, None)})
    keeper.pledge(CRISIS, "A room in the evening", "Sam")
    keeper.moderate(CRISIS, story, "kept")
    keeper.moderate(CRISIS, story, "taken down", "The street was named")
    keeper.erase(CRISIS, [keeper.entries[-1]["because"]["sd"]])
    nights = keeper.session(CRISIS, "From the night shift", story, kind="asynchronous")
    asked = keeper.open(CRISIS, nights, "Who should come?", closes_at="2026-11-25T18:00:00.000Z")
    keeper.extend(CRISIS, asked, "2026-11-27T18:00:00.000Z")
    keeper.close(CRISIS, asked, votes_of(people({"users": 6, "nurses": 5}), "r2", "r1"))
    keeper.reveal(CRISIS, asked)
    put_off, _ = keeper.decide(CRISIS, [asked[0]], "deferred", None, rationale="Not now.")
    newer, _ = keeper.decide(CRISIS, [asked[0]], "adopted", "r2", rationale="It is near.")
    keeper.correct(CRISIS, decision, "From May on")
    keeper.replace(CRISIS, put_off, newer)
    keeper.go_through_stages(CRISIS, decision)
    keeper.move_answer(CRISIS, ranked[0], "2026-12-20", "2027-01-31")
    hurried, _ = keeper.decide(
        CRISIS, [ranked[0]], "adopted", "r2", rationale="It is here.", why="It can begin at once."
    )
    keeper.object_to(CRISIS, hurried, "It leaves carers out.")
    keeper.call_off(CRISIS, "An evening", "The hall is flooded")
    return keeper


@cache
def true_export() -> dict[str, bytes]:
    """Returns the files of the small true export."""
    return unpack(export_zip.pack(a_small_keeper().log(), SIGNER))[0]


def _lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.splitlines()]


class Tampered:
    """A copy of the true export whose parts can be changed: entries, disclosures and ballots as values, the other files
    as bytes.
    """

    def __init__(self) -> None:
        self.files = dict(true_export())
        self.entries = _lines(self.files["record.jsonl"])
        self.disclosures = _lines(self.files["disclosures.jsonl"])
        self.ballots = _lines(self.files["ballots.jsonl"])

    def entry(self, type_: str, number: int = 0) -> dict[str, Any]:
        """Returns the entry in this place among those of its type; negative numbers count from the last."""
        found: dict[str, Any] = [entry for entry in self.entries if entry["type"] == type_][number]
        return found

    def place(self, entry: Mapping[str, Any]) -> str:
        """Returns how a check names this entry."""
        [number] = [n for n, other in enumerate(self.entries) if other is entry]
        return f"entry {number} ({entry['type']!a})"

    def insert(self, before: dict[str, Any] | None, entry: dict[str, Any]) -> str:
        """Puts an entry before another, or with None at the end. Returns how a check names it."""
        at = len(self.entries) if before is None else next(n for n, e in enumerate(self.entries) if e is before)
        self.entries.insert(at, entry)
        return self.place(entry)

    def set(self, type_: str, path: str, value: Any, number: int = 0) -> str:
        """Sets, or with GONE deletes, the field at a dotted path in an entry. Returns how a check names the entry."""
        entry = self.entry(type_, number)
        place = self.place(entry)
        inside: Any = entry
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in way:
            inside = inside[step]
        if value is GONE:
            del inside[last]
        else:
            inside[last] = copy.deepcopy(value)
        return place

    def fit_ballots(self) -> None:
        """Fits the ballots' group digests, their order, and the roots of the rounds, after ballots were changed."""
        for line in self.ballots:
            line["leaf"]["group"] = disclosure(line["group_salt"], "group", line["label"])[0]
        self.ballots.sort(key=lambda line: hash_of(line["leaf"]))
        for entry in self.entries:
            leaves = [hash_of(b["leaf"]) for b in self.ballots if b["leaf"]["round"] == entry.get("round")]
            if entry["type"] == "round closed" and leaves:
                entry["ballots_root"] = root(leaves).hex()

    def packed(self, *, key: bool) -> bytes:
        """Packs the copy: with the key, as a dishonest operator can, else as somebody without it can."""
        files = dict(self.files)
        for name, values in (
            ("record.jsonl", self.entries), ("disclosures.jsonl", self.disclosures), ("ballots.jsonl", self.ballots)
        ):  # fmt: skip
            files[name] = b"".join(canonical(value) + b"\n" for value in values)
        leaves = [leaf_hash(canonical(entry)) for entry in self.entries]
        if key:
            files["checkpoint"] = SIGNER.checkpoint(len(leaves), root(leaves))
            files["datapackage.json"] = describe(files, None)
            files["datapackage.sig"] = SIGNER.sign(files["datapackage.json"])
        return pack(files)
