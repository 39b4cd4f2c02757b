"""Record of a whole day made in memory, as the services would write it: for tests of exports and checks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forum.record.ballot_leaves import ballots_root, leaf, open_all
from forum.record.signing_key import Signer
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.held_words import HeldWords
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.public_log import HELD, WITHDRAWN, Log
from forum.record.verify.rounds import result_of
from forum.record.verify.stated_columns import STATED
from forum.record.verify.tables import Row as Row_
from forum.record.verify.tables import marked, where
from forum.record.verify.verdict import RecordError
from forum.voting import suppression
from forum.voting.ballot import Ballot
from forum.voting.commission import Commission, DecisionPower, Group
from forum.voting.decision import TOLD
from forum.voting.difference import differences
from forum.voting.methods import METHODS
from forum.voting.partition import Row
from forum.voting.quorum import Quorum
from forum.voting.view_shift import ShiftRow, ViewShift

SIGNER = Signer.of(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
# The keys that a record had before.
EARLIER = [Signer.of(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2)]

POWER = DecisionPower("co-design", "The joint board", "Who answers the call", "The budget", 28)
CRISIS = Commission(
    id="c1" * 16,
    title="Night-time crisis care",
    question="Who should come when somebody is in crisis at night?",
    stage="plan",
    power=POWER,
    groups=(
        Group("users", "People who use services", 40),
        Group("carers", "Carers"),
        Group("nurses", "Nurses", 12),
        Group("police", "Police", 5),
        Group("crews", "Ambulance crews", 5),
    ),
)
QUIET = Commission(
    id="c2" * 16,
    title="A quiet room",
    question="Where should it be?",
    stage="assess needs",
    power=POWER,
    groups=(Group("users", "Patients"), Group("staff", "Staff")),
    demonstration=True,
)
STEPS = ("closed", "revealed", "annulled")
NEED, TOLD_OF = ("answers", "noticed"), ("said", "because", "handed_to")
ROOM: dict[str | None, int] = {"users": 14, "carers": 7, "nurses": 6, "police": 3, "crews": 2, None: 1}
RESPONSES = ("r1", "r2", "r3", "none")


def people(room: Mapping[str | None, int]) -> dict[str, str | None]:
    """Returns the group of everybody in the room, by participant id."""
    return {f"{group}-{n}": group for group, count in room.items() for n in range(count)}


# What everybody can read with each vote after "I would accept this if", in the order of the alphabet.
CONDITIONS = ("-one nurse stays", "they come in plain clothes")


class Keeper:
    """Writer of entries, one after another, with times and ids that are the same at every run."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.disclosures: dict[str, str] = {}
        self.taken_back: dict[str, str] = {}
        self.held: set[str] = set()  # digests of words that a moderator holds
        self.sealed: set[str] = set()  # rounds whose ballots are opened no more
        self.commission_of: dict[str, str] = {}
        self.ballots: dict[str, list[dict[str, Any]]] = {}
        self.cast: dict[str, list[Ballot]] = {}
        self.partitions: dict[str, suppression.Partition] = {}
        self.opened: dict[str, dict[str, Any]] = {}
        self.predicted: dict[str, dict[str, str]] = {}  # by prediction, its digests with their disclosures
        self._made = 0

    def id(self) -> str:
        """Returns the next id."""
        self._made += 1
        return hashlib.sha256(str(self._made).encode()).hexdigest()[:32]

    def words(self, commission: Commission, name: str, value: Any) -> dict[str, str]:
        """Keeps words beside the record; returns the digest that stands for them in an entry."""
        digest, encoded = disclosure(self.id(), name, value)
        self.disclosures[digest] = encoded
        self.commission_of[digest] = commission.id
        return {"sd": digest}

    def add(self, commission: Commission, type_: str, **facts: Any) -> dict[str, Any]:
        """Adds an entry of this type with these facts, and returns it."""
        minute, second = divmod(len(self.entries), 60)
        at = f"2026-11-22T14:{minute:02d}:{second:02d}.000Z"
        entry: dict[str, Any] = {"type": type_, "at": at, "commission": commission.id}
        if commission.demonstration:
            entry["demonstration"] = True
        self.entries.append({**entry, **facts})
        return self.entries[-1]

    def story(self, commission: Commission, title: str) -> str:
        """Publishes a story; returns its id."""
        scenario = self.id()
        title_, text = self.words(commission, "title", title), self.words(commission, "text", ":: StoryTitle\n")
        told_by = self.words(commission, "told_by", "Carers")
        self.add(commission, "scenario published", scenario=scenario, title=title_, text=text, told_by=told_by)
        return scenario

    def about(self, commission: Commission) -> dict[str, Any]:
        """Returns what is declared of a commission."""
        return {
            "title": commission.title,
            "question": commission.question,
            "stage": commission.stage,
            "power": {
                "level": POWER.level,
                "decides": self.words(commission, "decides", POWER.decides),
                "can_change": "",
                "cannot_change": "",
                "answer_by_days": POWER.answer_by_days,
            },
            "groups": [{"label": g.label, "invited": g.invited} for g in commission.groups],
            "threshold": commission.threshold,
        }

    def opened_words(self, place: Mapping[str, str]) -> str:
        """Returns the words that a digest stands for."""
        value: str = open_disclosure(self.disclosures[place["sd"]])[2]
        return value

    def session(self, commission: Commission, title: str, *stories: str, kind: str = "room", **declared: Any) -> str:
        """Opens a session with these stories, and its own `about` where one is given; returns its id."""
        session = self.id()
        about = declared.get("about") or self.about(commission)
        facts = {"scenarios": list(stories), "kind": kind, "entrance": "open code" if kind == "room" else "open link"}
        self.add(commission, "session opened", session=session, title=title, about=about, **facts)
        return session

    def call_off(self, commission: Commission, title: str, because: str) -> str:
        """Calls a planned session off; returns its id."""
        session = self.id()
        said = self.words(commission, "because", because)
        self.add(commission, "session called off", session=session, title=title, because=said)
        return session

    def go_through_stages(self, commission: Commission, decision: str) -> None:
        """Adds a new version of a commission in the stage "plan", and each act of its stages; one follows from a
        decision.
        """

        def said(name: str, words: str) -> dict[str, str]:
            return self.words(commission, name, words)

        about = self.about(commission) | {"threshold": 8}
        why = said("because", "=More came than we thought")
        self.add(commission, "commission changed", version=2, about=about, because=why)
        learnt, better = (said(name, 'Much, "really"') for name in ("learnt", "better"))
        there = {"from": "plan", "to": "secure"}
        self.add(commission, "stage moved", **there, learnt=learnt, better=better, took_part=None)
        answer = {"stage": "secure", "question": "specified", "words": said("note", "Part 3")}
        self.add(commission, "stage note", **answer, decision=decision)
        groups = [{"group": "Carers", "words": said("closing of a group", "We stay")}]
        self.add(commission, "commission closed", words=said("closing", "Done"), groups=groups)
        self.add(commission, "commission reopened", because=said("because", "The money is back"))

    def open(
        self,
        commission: Commission,
        session: str,
        question: str,
        second_of: str | None = None,
        closes_at: str | None = None,
        *,
        method: str = "single",
        responses: Sequence[str] = RESPONSES,
        **declared: Any,
    ) -> tuple[str, str]:
        """Opens a round; returns its id and the session's."""
        labels = dict(
            zip(RESPONSES, ("Send a nurse", "Send the police", '=Call back, "soon"', "None of these"), strict=True)
        )
        round_ = self.id()
        self.opened[round_] = self.add(
            commission,
            "round opened",
            session=session,
            round=round_,
            kind="vote after replay" if second_of else "first vote",
            second_of=second_of,
            closes_at=closes_at,
            scenario=None,
            scene=None,
            question=self.words(commission, "question", question),
            responses=[{"id": id_, "label": self.words(commission, "response", labels[id_])} for id_ in responses],
            method=method,
            groups=[g.label for g in commission.groups],
            threshold=commission.threshold,
            power=POWER.level,
            **declared,
        )
        return round_, session

    def close(self, commission: Commission, of: tuple[str, str], votes: Mapping[str, tuple[str | None, str]]) -> str:
        """Closes a round with these votes (group and choice by person); returns its id."""
        round_, session = of
        cast = [
            Ballot(round_, person, choice, "", group, self.id(), self.id(), self.id())
            for person, (group, choice) in votes.items()
        ]
        present = Counter(ballot.group for ballot in cast)
        partition = self.partitions.setdefault(session, suppression.freeze(present, commission))
        label = suppression.label_of(partition, present, commission.threshold, self.opened[round_]["method"])
        root = ballots_root([leaf(ballot, label(ballot.group)) for ballot in cast])
        self.add(commission, "round closed", session=session, round=round_, count=len(cast), ballots_root=root)
        self.cast[round_] = cast
        self.ballots[round_] = open_all(cast, label)
        return round_

    def reveal(
        self, commission: Commission, of: tuple[str, str], first: str | None = None, *, disclosed: bool = False
    ) -> None:
        """Reveals a round; with `first`, the round before the replay, the view shift too.

        `disclosed`: as the services write it now, with the numbers beside the entry; else as in records of before.
        """
        round_, session = of
        partition, threshold = self.partitions[session], commission.threshold

        opened = self.opened[round_]
        method, responses = opened["method"], [response["id"] for response in opened["responses"]]
        quorum = opened.get("quorum", {"ballots": 0, "each_group": 0})

        def result(which: str) -> suppression.Result:
            """Works out the published result of a round."""
            ballots = [(b.group, b.choice) for b in self.cast[which]]
            declared = Quorum(quorum["ballots"], quorum["each_group"])
            terms: dict[str, Any] = {"method": method, "quorum": declared, "invited": commission.groups}
            return suppression.published(partition, ballots, responses, threshold, **terms)

        facts = result(round_).to_json()
        if not facts["counts"]:
            self.sealed.add(round_)
        if first and METHODS[method].FOLLOWED and facts["counts"] and result(first).counts:
            cast = [
                {b.participant: (b.group, METHODS[method].marks(b.choice)[0]) for b in self.cast[which]}
                for which in (first, round_)
            ]
            rows = partition.rows if result(first).rows and facts["by_group"] else ()
            marks = METHODS[method].columns(responses)
            facts["view_shift"] = everybody_followed(first, cast[0], cast[1], marks, rows, threshold).to_json()
        if not disclosed:
            self.add(commission, "round revealed", session=session, round=round_, result=facts)
            return
        shift = facts.pop("view_shift")
        told = {"view_shift": self.words(commission, "view_shift", shift)} if shift else {}
        result_words = self.words(commission, "result", facts)
        self.add(commission, "round revealed", session=session, round=round_, result=result_words, **told)

    def extend(self, commission: Commission, of: tuple[str, str], closes_at: str) -> None:
        """Gives a round more time."""
        self.add(commission, "round extended", session=of[1], round=of[0], closes_at=closes_at)

    def annul(self, commission: Commission, of: tuple[str, str], because: str) -> None:
        """Annuls a round with a reason."""
        words = self.words(commission, "because", because)
        self.add(commission, "round annulled", session=of[1], round=of[0], because=words)

    def decide(
        self, commission: Commission, rounds: Sequence[str], outcome: str, response: str | None, **more: Any
    ) -> tuple[str, dict[str, Any]]:
        """Records a decision on these rounds; `more` are its rationale, why and dissent. Returns its id and its
        entry."""
        decision = self.id()
        revealed = next(e for e in self.entries if e["type"] == "round revealed" and e["round"] == rounds[-1])
        method = self.opened[rounds[-1]]["method"]
        result = suppression.Result.from_json(result_of(revealed, self.disclosures) or {})
        preference = list(suppression.preference(result, method))
        differs = response not in preference if outcome.startswith("adopted") else response in preference
        weighed = {
            "preference": preference,
            "differs": differs,
            "differences": [
                {"from": str(one.kind), "group": one.group or None, "answer": f"It is so, for {one.kind} too."}
                for one in differences(outcome, response, result, method)
            ],
        }
        reading = {"second_reader": read} if (read := more.get("second_reader", "none")) else {}
        told_of = dict.fromkeys(TOLD) | {"cost": self.words(commission, "cost", "12,000 a year")}
        entry = self.add(
            commission,
            "decision",
            decision=decision,
            rounds=list(rounds),
            votes=self.votes_on(commission, rounds[-1]),
            earlier=self.words(commission, "earlier", more["earlier"]) if "earlier" in more else None,
            outcome=outcome,
            response=response,
            weighed=self.words(commission, "weighed", weighed),
            **reading,
            decided_on="2026-11-22",
            until="2026-12-24" if outcome == "deferred" else None,
            told=told_of,
            conditions=self.conditions(commission, rounds[-1], 0 if outcome == "deferred" else len(CONDITIONS)),
            rationale=self.words(commission, "rationale", more["rationale"]),
            why=self.words(commission, "why", more["why"]) if "why" in more else None,
            dissent=self.words(commission, "dissent", more["dissent"]) if "dissent" in more else None,
        )
        return decision, entry

    def move_answer(self, commission: Commission, round_id: str, before: str, after: str) -> dict[str, Any]:
        """Records that the day until which a vote is answered was moved. Returns its entry."""
        because = self.words(commission, "because", "=The board meets later")
        return self.add(
            commission, "answer date moved", round=round_id, **{"from": before, "to": after}, because=because
        )

    def object_to(self, commission: Commission, decision: str, words: str) -> dict[str, Any]:
        """Lets the first group that a decision goes against hold this against it, and publishes that; returns its
        entry."""
        entry = next(e for e in self.entries if e.get("decision") == decision)
        group = next(one["group"] for one in self.weighed(entry)["differences"] if one["from"] == "group")
        facts = {"group": self.words(commission, "minority group", group)}
        facts["words"] = self.words(commission, "minority statement", words)
        return self.add(
            commission, "minority statement", statement=self.id(), decision=decision, sent_at=entry["at"], **facts
        )

    def conditions(self, commission: Commission, round_: str, answered: int) -> dict[str, Any]:
        """Answers so many of CONDITIONS."""
        said = (
            {
                "round": round_,
                "condition": self.words(commission, "condition", condition),
                "asked": 4,
                "taken_up": number == 0,
                "answer": self.words(commission, "condition answered", "-From May"),
            }
            for number, condition in enumerate(CONDITIONS[:answered])
        )
        return {"given": len(CONDITIONS), "answered": list(said)}

    def weighed(self, decision: dict[str, Any]) -> dict[str, Any]:
        """Returns how a decision's entry says that it lies to what people preferred."""
        told: dict[str, Any] = open_disclosure(self.disclosures[decision["weighed"]["sd"]])[2]
        return told

    def weigh(self, commission: Commission, decision: dict[str, Any], **changes: Any) -> None:
        """Lets a decision's entry say something else of that."""
        before = self.weighed(decision)
        del self.disclosures[decision["weighed"]["sd"]]
        decision["weighed"] = self.words(commission, "weighed", before | changes)

    def votes_on(self, commission: Commission, round_: str) -> list[str]:
        """Returns the votes on a round's question that stand, in the order they were closed."""

        def asks(id_: str) -> str:
            return str(open_disclosure(self.disclosures[self.opened[id_]["question"]["sd"]])[2])

        of = {type_: [e["round"] for e in self.entries if e["type"] == f"round {type_}"] for type_ in STEPS}
        standing = [id_ for id_ in of["closed"] if id_ in of["revealed"] and id_ not in of["annulled"]]
        of_it = [id_ for id_ in standing if self.opened[id_]["commission"] == commission.id]
        return [id_ for id_ in of_it if asks(id_) == asks(round_)]

    def correct(self, commission: Commission, decision: str, right: str) -> None:
        """Records a correction of a decision."""
        told = {"words": self.words(commission, "correction", right), "because": self._because(commission)}
        self.add(commission, "decision corrected", correction=self.id(), decision=decision, **told)

    def replace(self, commission: Commission, decision: str, by: str) -> None:
        """Records that a decision took the place of another."""
        about = {"correction": self.id(), "decision": decision, "by": by, "because": self._because(commission)}
        self.add(commission, "decision replaced", **about)

    def _because(self, commission: Commission) -> dict[str, str]:
        return self.words(commission, "because", "=We counted again")

    def promise(self, commission: Commission, decision: str, role: str, what: str, **more: str) -> str:
        """Records a commitment of a decision; `more` are the words `answers` and `noticed`. Returns its id."""
        words = self.words(commission, "what", what)
        facts = {"decision": decision, "role": self.words(commission, "role", role), "what": words, "by": "2027-03-31"}
        need = {name: self.words(commission, name, more[name]) if name in more else None for name in NEED}
        commitment = self.id()
        self.add(commission, "commitment", commitment=commitment, **facts, **need)
        return commitment

    def update(
        self, commission: Commission, commitment: str, state: str, given_by: str = "owner", file: str = "", **more: str
    ) -> None:
        """Records an update of a commitment; `more` are the words `said`, `because` and `handed_to`, `file` says what
        the file beside it shows."""
        facts = {name: self.words(commission, name, more[name]) if name in more else None for name in TOLD_OF}
        about: dict[str, Any] = {"update": self.id(), "commitment": commitment, "state": state, "given_by": given_by}
        if file:
            sha256 = self.words(commission, "sha256", "0" * 64)
            shows = self.words(commission, "shows", file)
            about["file"] = {"shows": shows, "media": "application/pdf", "size": 1200, "sha256": sha256}
        self.add(commission, "commitment update", **about, **facts)

    def noticed(self, commission: Commission, commitment: str, answers: Mapping[str, Sequence[int | None]]) -> None:
        """Records what people noticed of a commitment when it was said to be done: by kind of people how many answered,
        and how many said yes, in part and no."""
        [asked] = [e["update"] for e in self.entries if e.get("commitment") == commitment and e.get("state") == "done"]
        rows = [
            {"who": who, **dict(zip(("n", "yes", "partly", "no"), counts, strict=True))}
            for who, counts in answers.items()
        ]
        self.add(commission, "commitment noticed", commitment=commitment, update=asked, answers=rows)

    def predict(self, commission: Commission, session: str, *words: str) -> str:
        """Seals what is expected in a session, and what would change minds. Returns the prediction's id."""
        prediction, sealed = self.id(), {}
        for name, said in zip(("expect", "minds"), words, strict=True):
            digest, encoded = disclosure(self.id(), name, said)
            sealed[name] = digest
            self.commission_of[digest] = commission.id
            self.predicted.setdefault(prediction, {})[digest] = encoded
        self.add(commission, "prediction sealed", prediction=prediction, session=session, **sealed)
        return prediction

    def open_prediction(self, commission: Commission, prediction: str, decision: str) -> dict[str, Any]:
        """Opens a prediction with a decision; returns its entry."""
        self.disclosures.update(self.predicted[prediction])
        words = {name: {"sd": one} for name, one in zip(("expect", "minds"), self.predicted[prediction], strict=True)}
        return self.add(commission, "prediction opened", prediction=prediction, decision=decision, **words)

    def pledge(self, commission: Commission, words: str, name: str = "") -> str:
        """Records a pledge of help. Returns its id."""
        said = self.words(commission, "pledge_name", name) if name else None
        pledge = self.id()
        self.add(commission, "pledge", pledge=pledge, words=self.words(commission, "pledge", words), name=said)
        return pledge

    def erase(self, commission: Commission, digests: Iterable[str]) -> None:
        """Takes the words with these digests back."""
        gone = list(digests)
        self.add(commission, "erasure", digests=gone)
        for digest in gone:
            self.taken_back[digest] = self.disclosures.pop(digest)

    def erase_data(self) -> None:
        """Says that somebody's data was erased because they asked."""
        self.add(CRISIS, "data erased", reference=self.id())["commission"] = ""

    def remove_old(self) -> None:
        """Says that data was removed because it had been kept long enough."""
        removed = [{"kind": "drafts", "number": 12}, {"kind": "marks", "number": None}]
        self.add(CRISIS, "retention", removed=removed)["commission"] = ""

    def change_key(self, old: Signer, new: Signer) -> None:
        """Says that a new key took an old one's place, which signed it."""
        self.add(CRISIS, "key changed", **old.change_to(new))["commission"] = ""

    def lose_key(self, before: str = "forum-00000000") -> None:
        """Says that the key with this name was lost, and that SIGNER's is the new one."""
        facts = {"before": before, "key": SIGNER.verifier_key}
        self.add(CRISIS, "key lost", **facts)["commission"] = ""

    def restore(self, lost: int) -> None:
        """Says that an older copy was put back: so many entries are lost, of which no checkpoint was signed."""
        leaves = [leaf_hash(canonical(entry)) for entry in self.entries]
        after = {"size": len(leaves), "root": root(leaves).hex()}
        at = self.add(CRISIS, "record restored", before={"size": len(leaves) + lost, "root": None}, after=after)
        at["commission"] = ""

    def moderate(self, commission: Commission, story: str, action: str, because: str = "") -> None:
        """Records a moderator's act on a story."""
        words = self.words(commission, "because", because) if because else None
        self.add(commission, "moderation action", scenario=story, action=action, because=words)
        self.held = set(HeldWords(self.entries).grounds)

    def log(self, commission: str | None = None, session: str | None = None) -> Log:
        """Returns the public log, of all, of one commission or of one session of it."""
        revealed = [
            e["round"]
            for e in self.entries
            if e["type"] == "round revealed"
            and commission in (None, e["commission"])
            and session in (None, e["session"])
        ]
        words = {
            digest: encoded
            for digest, encoded in self.disclosures.items()
            if commission in (None, self.commission_of[digest]) and digest not in self.held
        }
        ballots = tuple(line for round_ in revealed if round_ not in self.sealed for line in self.ballots[round_])
        log = Log(tuple(self.entries), words, ballots, commission, session)
        if session is not None:
            log = replace(log, disclosures={id_: words[id_] for id_ in log.digests() if id_ in words})
        return replace(log, stated=stated_of(log))


def stated_of(log: Log) -> dict[str, list[Row_]]:
    """Makes up what the operator states of each session, vote and story of a log, some of it in odd words; nothing for
    a log that is too damaged."""
    rows: dict[str, list[Row_]] = {name: [] for name in STATED}
    try:
        for _, entry in log.chosen("session opened"):
            session: Row_ = {**where(log, entry), "session": entry["session"]}
            rows["attendance.csv"].append({**session, "came": 41, "proposals_unseen": 1, "amendments_unseen": 0})
            blank = dict.fromkeys(STATED["stops.csv"])
            said: Row_ = {"character": "The officer", "how": '=Ring "first"', "tried": "10-12", "verdict": "not sure"}
            group = entry["about"]["groups"][0]["label"]
            rows["stops.csv"].append({**blank, **session, "number": 1, "scenario": "5c" * 16, "group": group, **said})
            made: Row_ = {**session, "proposal": entry["session"][::-1], "number": 1}
            rows["proposals.csv"].append({**made, "words": "@Two nurses,\nevery night", "round": None})
            texts = ("One nurse", "007"), ("007", "@Two nurses,\nevery night")
            for number, (before, after) in enumerate(texts, 1):
                change: Row_ = {"before": before, "after": after, "state": "taken" if number == 2 else "dropped"}
                rows["amendments.csv"].append({**made, "number": number, **change})
        for id_, steps in log.rounds.items():
            if steps.result and not steps.annulled:
                labels = {response["id"]: log.words(response["label"]) for response in steps.opened["responses"]}
                way = METHODS.get(steps.opened["method"])
                mark = marked(way.columns([*labels])[0], labels) if way is not None and way.FOLLOWED else {}
                common = {**dict.fromkeys(STATED["reasons.csv"]), **where(log, steps.opened), **mark}
                common |= {"session": steps.opened["session"], "round": id_, "too": 3}
                common["question"] = log.words(steps.opened["question"])
                by_group = steps.result["by_group"] or [{"label": ""}]
                rows["reasons.csv"] += [
                    {**common, "words": "-It is near", "condition": CONDITIONS[0]},
                    {
                        **common,
                        "words": "tŷ 👍",
                        "condition": CONDITIONS[1],
                        "group": by_group[0]["label"],
                    },
                ]
        for number, (_, entry) in enumerate(log.chosen("scenario published")):
            if log.words(entry["title"]) not in (WITHDRAWN, HELD):
                file = {"kind": "application/pdf", "title": "A letter", "address": None, "size": 1234}
                link = {"kind": "link", "title": "=News", "address": "https://example.org/?a=1,2", "size": None}
                piece = {"scenario": entry["scenario"], "evidence": f"{number:032x}", **(link if number % 2 else file)}
                rows["evidence.csv"].append({**where(log, entry), **piece})
    except (LookupError, TypeError, AttributeError, RecordError):
        return {}
    return rows


def votes_of(everybody: Mapping[str, str | None], *choices: str) -> dict[str, tuple[str | None, str]]:
    """Returns each person's group and choice; the choices are taken in turn."""
    return {person: (group, choices[n % len(choices)]) for n, (person, group) in enumerate(everybody.items())}


def a_keeper() -> Keeper:
    """Makes a record with all that can be in one: see the lines below."""
    keeper = Keeper()
    story = keeper.story(CRISIS, "A night in March")
    keeper.story(QUIET, "Nowhere to sit")
    day = keeper.session(CRISIS, 'A day, in "March"', story)
    everybody = people(ROOM)

    # A first vote and the vote after its replay, by group in both; the same people, some of whom changed.
    keeper.predict(CRISIS, day, "=The police", "Nothing")
    predicted = keeper.predict(CRISIS, day, "-The police,\nas ever", "=A night with no police")
    first = keeper.open(CRISIS, day, "Who should come?")
    votes = votes_of(everybody, "r1", "r2", "r1", "none")
    keeper.close(CRISIS, first, votes)
    keeper.reveal(CRISIS, first)
    second = keeper.open(CRISIS, day, "Who should come?", second_of=first[0])
    keeper.close(CRISIS, second, votes_of(everybody, "r1", "r2", "r2"))
    keeper.reveal(CRISIS, second, first[0])

    # Another pair, where two people went home and one came: the view shift is not by group.
    third = keeper.open(CRISIS, day, "+And who should ring back?")
    votes = votes_of(everybody, "r1", "r3")
    del votes["users-0"]
    keeper.close(CRISIS, third, votes)
    keeper.reveal(CRISIS, third)
    fourth = keeper.open(CRISIS, day, "+And who should ring back?", second_of=third[0])
    votes = votes_of(everybody, "r3", "r1", "r3")
    del votes["carers-0"], votes["nurses-0"]
    keeper.close(CRISIS, fourth, votes)
    keeper.reveal(CRISIS, fourth, third[0])

    # Too few of the small groups: nothing by group. Then nobody at all.
    fifth = keeper.open(CRISIS, day, "Who stayed late?")
    keeper.close(CRISIS, fifth, votes_of(people({"users": 5, "carers": 6, "police": 1}), "r2", "r3"))
    keeper.reveal(CRISIS, fifth)
    empty = keeper.open(CRISIS, day, "Is anybody there?")
    keeper.close(CRISIS, empty, {})
    keeper.reveal(CRISIS, empty)

    # Annulled while open, annulled after the reveal, closed and never revealed, still open.
    keeper.annul(CRISIS, keeper.open(CRISIS, day, "A question put badly"), "It was put badly")
    annulled = keeper.open(CRISIS, day, "The screen showed the wrong scene")
    keeper.close(CRISIS, annulled, votes_of(everybody, "r2"))
    keeper.reveal(CRISIS, annulled)
    keeper.annul(CRISIS, annulled, "@home could not see it")
    sealed = keeper.open(CRISIS, day, "What nobody has seen the answer to")
    keeper.close(CRISIS, sealed, votes_of(everybody, "r3"))
    keeper.open(CRISIS, day, "What is being voted on now")

    decision, _ = keeper.decide(
        CRISIS,
        [first[0], second[0]],
        "adopted with changes",
        "r1",
        rationale="A nurse is there in twenty minutes.\nThe police are not.",
        why="The police have no beds",
        dissent="The police hold that they come first",
    )
    keeper.open_prediction(CRISIS, predicted, decision)
    keeper.object_to(CRISIS, decision, "-It leaves us out")
    keeper.call_off(CRISIS, "=An evening", "The hall is flooded")
    need = {"answers": "=Somebody comes at night", "noticed": "The rota at the door"}
    nurses = keeper.promise(CRISIS, decision, "Head of night services", "-Two nurses, from April", **need)
    number = keeper.promise(CRISIS, decision, "Police liaison", "A number to ring")
    keeper.update(CRISIS, nurses, "on track", said="+One is here", file="=Who is there at night")
    keeper.erase(CRISIS, [keeper.entries[-1]["file"][name]["sd"] for name in ("shows", "sha256")])
    keeper.update(CRISIS, nurses, "done", "commissioner", said="Both are here", file="=The rota")
    keeper.update(CRISIS, nurses, "partly", because="@One has left")
    keeper.update(CRISIS, number, "handed on", handed_to="-Control room")
    keeper.noticed(CRISIS, nurses, {"followers": (15, 5, None, 10), "storytellers": (10, None, 5, None)})
    keeper.correct(CRISIS, decision, "=From May on")
    keeper.pledge(CRISIS, "=A room in the evening,\nand tea", "+Sam")
    keeper.pledge(CRISIS, "I can drive")
    keeper.erase(CRISIS, [keeper.entries[-1]["words"]["sd"]])
    put_off, _ = keeper.decide(
        CRISIS,
        [third[0]],
        "deferred",
        None,
        rationale="Not now",
        dissent="Some have waited for years",
        earlier="Two had gone home",
    )

    # Another commission, a small room, a demonstration: nothing by group in the whole session.
    evening = keeper.session(QUIET, "An evening")
    small = keeper.open(QUIET, evening, "Upstairs or downstairs?")
    keeper.close(QUIET, small, votes_of(people({"users": 3, "staff": 1}), "r1", "r2"))
    keeper.reveal(QUIET, small)
    keeper.decide(QUIET, [small[0]], "not adopted", "r3", rationale="There is no lift")

    # What moderators did, with a reason that is public and one that is the writer's.
    keeper.moderate(CRISIS, story, "taken down", "=The street was named")
    keeper.moderate(CRISIS, story, "decision overturned")
    # One is held for now, after a moderator had looked at it before.
    looked_at = keeper.story(CRISIS, "A night in April")
    for action in ("taken down", "released", "accepted", "taken down", "decision upheld"):
        keeper.moderate(CRISIS, looked_at, action)
    # A story is taken back, and with it what a moderator said of it.
    lost = keeper.story(CRISIS, "A night in May")
    keeper.moderate(CRISIS, lost, "kept", "My brother died of waiting")
    keeper.erase(CRISIS, [keeper.entries[-1]["because"]["sd"]])

    # The same question, answered over days by people who could not come; they were given more time.
    nights = keeper.session(CRISIS, "From the night shift", story, kind="asynchronous")
    asked = keeper.open(CRISIS, nights, "Who should come?", closes_at="2026-11-25T18:00:00.000Z")
    keeper.extend(CRISIS, asked, "2026-11-27T18:00:00.000Z")
    keeper.close(CRISIS, asked, votes_of(people({"users": 9, "nurses": 8, "police": 2}), "r2", "r1", "r2"))
    keeper.reveal(CRISIS, asked)
    newer, _ = keeper.decide(CRISIS, [asked[0]], "adopted", "r2", rationale="So said those who were on shift")
    keeper.replace(CRISIS, put_off, newer)

    keeper.go_through_stages(CRISIS, newer)
    keeper.move_answer(CRISIS, fifth[0], "2026-12-20", "2027-01-31")
    return keeper


# What is voted on, and how, where every way of voting has its turn.
WAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "single": (RESPONSES, ("r1", "r2", "none")),
    "approval": (RESPONSES, ("r1 r3", "r2", "none", "r1 r2 r3")),
    "ranked": (RESPONSES, ("r1>r2", "r3>r2>r1", "r2>none", "none", "r2>r3")),
    "score": (("r1", "r2"), ("r1=5 r2=1", "r1=3 r2=2", "r1=1 r2=5")),
    "consent": (("r1",), ("agree", "agree_if", "stand_aside")),
    "opinion": (("r1",), ("agree", "disagree", "agree", "pass")),
}


def a_keeper_of_ways() -> Keeper:
    """Makes a record of one day with every way of voting, each with a second vote; some quorums are reached, some
    missed."""
    keeper = Keeper()
    day = keeper.session(CRISIS, "Ways of voting")
    everybody = people(ROOM)
    for number, (method, (responses, choices)) in enumerate(WAYS.items()):
        quorum = {"ballots": 20 + 20 * (number % 2), "each_group": 6 * (number % 3)}
        terms: dict[str, Any] = {"method": method, "responses": responses, "quorum": quorum, "live": True}
        first = keeper.open(CRISIS, day, f"A question for {method}", **terms)
        keeper.close(CRISIS, first, votes_of(everybody, *choices))
        keeper.reveal(CRISIS, first)
        second = keeper.open(CRISIS, day, f"A question for {method}", first[0], **terms)
        keeper.close(CRISIS, second, votes_of(everybody, choices[-1], choices[0]))
        keeper.reveal(CRISIS, second, first[0])
        preferred = suppression.preference(suppression.Result.from_json(keeper.entries[-1]["result"]), method)
        keeper.decide(
            CRISIS, [first[0], second[0]], "adopted", responses[0], rationale="So it is.", why="It is what we can do."
        )
        assert preferred == tuple(keeper.weighed(keeper.entries[-1])["preference"])
    return keeper


def everybody_followed(
    first_id: str,
    first: Mapping[str, tuple[str | None, str]],
    second: Mapping[str, tuple[str | None, str]],
    marks: Sequence[str],
    rows: Sequence[Row],
    threshold: int,
) -> ViewShift:
    """Works out a view shift as records from before people were followed by lot have it: everybody's moves, and those
    of every row where they are nobody or enough."""

    def moves(
        groups: Sequence[str | None] | None = None,
    ) -> tuple[dict[tuple[str, str], int], dict[str, int], dict[str, int]]:
        before, after = (
            {who: mark for who, (group, mark) in votes.items() if groups is None or group in groups}
            for votes in (first, second)
        )
        both = before.keys() & after.keys()
        cells = Counter((before[who], after[who]) for who in both)
        joined = Counter(mark for who, mark in after.items() if who not in both)
        left = Counter(mark for who, mark in before.items() if who not in both)
        return (
            {(a, b): cells[a, b] for a in marks for b in marks if cells[a, b]},
            {mark: joined[mark] for mark in marks if joined[mark]},
            {mark: left[mark] for mark in marks if left[mark]},
        )

    by_group = tuple(ShiftRow(row.label, *moves(row.groups)) for row in rows)
    parts = [part for row in by_group for part in (row.cells, row.joined, row.left)]
    if not rows or any(0 < sum(part.values()) < threshold for part in parts):
        return ViewShift(first_id, *moves(), withheld="Who moved is shown for the whole room only.")
    return ViewShift(first_id, *moves(), by_group, None)
