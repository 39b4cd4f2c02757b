"""Tables that the workbook has beyond those of the zip: groups invited, answers, stories, moderation, erasures.

They too are made from the record and its words alone. The tables of the zip belong to its format; these may grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from forum.record.verify.columns import WHERE
from forum.record.verify.disclosures import digests_in
from forum.record.verify.public_log import WITHDRAWN, Entry, Log
from forum.record.verify.tables import BETWEEN, Row, where
from forum.voting.methods import METHODS

COLUMNS: dict[str, dict[str, str]] = {
    "sessions": {
        **WHERE,
        "session": "id of the session",
        "session_title": "its title",
        "session_kind": "room, or asynchronous: answered by people on their own, over days",
        "at": "when it was opened (UTC)",
        "entrance": "how people got in: open code, tickets or open link; empty where the record does not say",
        "power": "the declared decision power: how far the result binds",
        "decides": "who decides, as was declared before any vote",
        "threshold": "the smallest group that is shown on its own",
        "group": "a group of the commission; the session has one row for each",
        "invited": "how many people of it were invited; empty where that was not said",
        "rounds_opened": "how many votes were opened in the session",
        "rounds_revealed": "of how many of these the result was shown",
        "rounds_annulled": "how many of these were declared void",
        "entry": "number of its entry in the record, from 0",
    },
    "outcomes": {
        **WHERE,
        "session": "id of the session",
        "round": "id of a round whose result was shown",
        "question": "the question",
        "state": "revealed, or annulled where the round was declared void after its result was shown",
        "entrance": "how people got in: open code, tickets or open link; empty where the record does not say",
        "invited": "how many people were invited, of all groups; empty where that was not said of each",
        "ballots": "how many ballots were counted",
        "quorum_met": "yes or no; empty for no quorum, and where it is not said, to protect small groups",
        "preference": "ids of the responses that most people chose",
        "preference_labels": "those responses in words",
        "decisions": "ids of the decisions that rest on it, in the order they were made",
        "contradictory": "yes where these decisions say different things, else no; empty for none",
        "annulled_after": "yes where it was declared void after a decision on it was recorded; else empty",
        "entry": "number of the entry that showed its result, from 0",
    },
    "options": {
        **WHERE,
        "session": "id of the session",
        "round": "id of the round",
        "question": "the question",
        "number": "place of the response as it was shown, from 1",
        "response": "id of the response, the same in every table",
        "response_label": "the response in words",
        "added": "yes where it was not among the answers of the first vote, no where it was; empty in any other vote",
        "entry": "number of the entry that opened the round, from 0",
    },
    "stories": {
        **WHERE,
        "scenario": "id of the story",
        "version": "number of its published version, from 1",
        "at": "when it was published (UTC)",
        "title": "its title",
        "told_by": "the group of its writer; empty for none, and where the story was withdrawn",
        "withdrawn": "yes where its writer took it back, else no",
        "last_action": "what a moderator did with the story last, if anything",
        "entry": "number of its entry in the record, from 0",
    },
    "moderation": {
        **WHERE,
        "at": "when it was done (UTC)",
        "scenario": "id of the story",
        "title": "its title as it was last published; empty where it never was",
        "action": "what a moderator did",
        "because": "the reason, where it was published",
        "entry": "number of its entry in the record, from 0",
    },
    "erasures": {
        **WHERE,
        "at": "when words were taken back (UTC)",
        "texts": "how many texts",
        "entries": "numbers of the entries that they belonged to",
        "entry": "number of its entry in the record, from 0",
    },
}


def sessions(log: Log) -> Iterator[Row]:
    """Yields a row for each group of each session, in the order of the record."""
    for index, entry in log.chosen("session opened"):
        about = entry["about"]
        steps = [steps for steps in log.rounds.values() if steps.opened["session"] == entry["session"]]
        for group in about["groups"]:
            yield {
                **where(log, entry),
                "session": entry["session"],
                "session_title": entry["title"],
                # Entries made before there were asynchronous rounds have no kind, and older ones no entrance.
                "session_kind": entry.get("kind", "room"),
                "at": entry["at"],
                "entrance": entry.get("entrance"),
                "power": about["power"]["level"],
                "decides": log.words(about["power"]["decides"]),
                "threshold": about["threshold"],
                "group": group["label"],
                "invited": group["invited"],
                "rounds_opened": len(steps),
                "rounds_revealed": sum(one.revealed is not None for one in steps),
                "rounds_annulled": sum(one.annulled is not None for one in steps),
                "entry": index,
            }


def outcomes(log: Log) -> Iterator[Row]:
    """Yields a row for each round whose result was shown: who could vote, what came of it, what was decided on it."""
    resting: dict[str, list[tuple[int, Entry]]] = {}
    for index, entry in log.chosen("decision"):
        for round_id in entry["rounds"]:
            resting.setdefault(round_id, []).append((index, entry))
    annulled = {entry["round"]: index for index, entry in log.chosen("round annulled")}
    for index, entry in log.chosen("round revealed"):
        opened, result = log.rounds[entry["round"]].opened, log.rounds[entry["round"]].result
        session = log.sessions.get(opened["session"], {})
        invited = [group["invited"] for group in session.get("about", {}).get("groups", ())]
        method = METHODS.get(opened["method"])
        preference = method.preferred(result["counts"], result.get("figures")) if method and result else ()
        labels = {response["id"]: log.words(response["label"]) for response in opened["responses"]}
        made = resting.get(entry["round"], [])
        void = annulled.get(entry["round"])
        yield {
            **where(log, entry),
            "session": opened["session"],
            "round": entry["round"],
            "question": log.words(opened["question"]),
            "state": "revealed" if void is None else "annulled",
            "entrance": session.get("entrance"),
            "invited": sum(invited) if invited and None not in invited else None,
            "ballots": result["n"] if result else None,
            "quorum_met": result["quorum"]["reached"] if result and "quorum" in result else None,
            "preference": BETWEEN.join(preference),
            "preference_labels": BETWEEN.join(labels[response] for response in preference),
            "decisions": BETWEEN.join(decision["decision"] for _, decision in made),
            "contradictory": len({(d["outcome"], d["response"]) for _, d in made}) > 1 if made else None,
            "annulled_after": "yes" if void is not None and any(number < void for number, _ in made) else None,
            "entry": index,
        }


def options(log: Log) -> Iterator[Row]:
    """Yields a row for each response of each round that was opened."""
    for index, entry in log.chosen("round opened"):
        first = log.rounds.get(entry["second_of"] or "")
        known = {response["id"] for response in first.opened["responses"]} if first else set()
        for number, response in enumerate(entry["responses"], 1):
            yield {
                **where(log, entry),
                "session": entry["session"],
                "round": entry["round"],
                "question": log.words(entry["question"]),
                "number": number,
                "response": response["id"],
                "response_label": log.words(response["label"]),
                "added": response["id"] not in known if first else None,
                "entry": index,
            }


def stories(log: Log) -> Iterator[Row]:
    """Yields a row for each published version of each story. Who told a story that was withdrawn is not said."""
    done = {entry["scenario"]: entry["action"] for _, entry in log.chosen("moderation action")}
    versions: dict[str, int] = {}
    for index, entry in log.chosen("scenario published"):
        scenario, title = entry["scenario"], log.words(entry["title"])
        versions[scenario] = versions.get(scenario, 0) + 1
        yield {
            **where(log, entry),
            "scenario": scenario,
            "version": versions[scenario],
            "at": entry["at"],
            "title": title,
            "told_by": None if title == WITHDRAWN else entry["told_by"],
            "withdrawn": title == WITHDRAWN,
            "last_action": done.get(scenario),
            "entry": index,
        }


def moderation(log: Log) -> Iterator[Row]:
    """Yields a row for each act of a moderator, in the order of the record."""
    titles = {entry["scenario"]: log.words(entry["title"]) for _, entry in log.chosen("scenario published")}
    for index, entry in log.chosen("moderation action"):
        yield {
            **where(log, entry),
            "at": entry["at"],
            "scenario": entry["scenario"],
            "title": titles.get(entry["scenario"]),
            "action": entry["action"],
            "because": log.words(entry["because"]),
            "entry": index,
        }


def erasures(log: Log) -> Iterator[Row]:
    """Yields a row for each time that words were taken back, in the order of the record."""
    if not any(log.chosen("erasure")):
        return
    held = {
        digest: index
        for index, entry in enumerate(log.entries)
        if entry["type"] != "erasure"
        for digest in digests_in(entry)
    }
    for index, entry in log.chosen("erasure"):
        yield {
            **where(log, entry),
            "at": entry["at"],
            "texts": len(entry["digests"]),
            "entries": BETWEEN.join(
                str(number) for number in sorted({held[digest] for digest in entry["digests"] if digest in held})
            ),
            "entry": index,
        }


ROWS: dict[str, Callable[[Log], Iterator[Row]]] = {
    "sessions": sessions,
    "outcomes": outcomes,
    "options": options,
    "stories": stories,
    "moderation": moderation,
    "erasures": erasures,
}
