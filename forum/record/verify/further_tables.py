"""Tables that exports have since format 4 or 5: groups, answers, updates, differences, stories, and others.

They too are made from the record and its words alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from forum.record.verify.answers_due import answers_of
from forum.record.verify.columns import COLUMNS
from forum.record.verify.condition_answers import must_answer
from forum.record.verify.disclosures import digests_in
from forum.record.verify.prediction_rows import predictions_rows
from forum.record.verify.public_log import HELD, WITHDRAWN, Log
from forum.record.verify.rounds import weighed_of
from forum.record.verify.tables import BETWEEN, ROWS, Row, session_kind, where


def sessions_rows(log: Log) -> Iterator[Row]:
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


def options_rows(log: Log) -> Iterator[Row]:
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


def commissions_rows(log: Log) -> Iterator[Row]:
    """Yields a row for each version of each commission, in the order of the record."""
    for index, entry in log.chosen("commission published", "commission changed"):
        about = entry["about"]
        power = about["power"]
        groups = [(group["label"], group["invited"]) for group in about["groups"]]
        yield {
            **where(log, entry),
            "version": entry.get("version", 1),
            "at": entry["at"],
            "title": about["title"],
            "question": about["question"],
            "stage": about["stage"],
            "power": power["level"],
            "decides": log.words(power["decides"]),
            "can_change": power["can_change"],
            "cannot_change": power["cannot_change"],
            "answer_by_days": power.get("answer_by_days"),
            "groups": BETWEEN.join(label if number is None else f"{label} ({number})" for label, number in groups),
            "threshold": about["threshold"],
            "small_numbers": about.get("small_numbers", False),
            "second_reader": about.get("second_reader"),
            "because": log.words(entry.get("because")),
            "entry": index,
        }


_STAGE_ACTS = {
    "stage moved": ("moved", "learnt"),
    "stage note": ("answered", "words"),
    "commission closed": ("closed", "words"),
    "commission reopened": ("reopened", "because"),
}


def stages_rows(log: Log) -> Iterator[Row]:
    """Yields a row for each act that moved a commission through its stages, and for the closing words of each group."""
    for index, entry in log.chosen(*_STAGE_ACTS):
        act, words = _STAGE_ACTS[entry["type"]]
        row: Row = {
            **dict.fromkeys(COLUMNS["stages.csv"]),
            **where(log, entry),
            "at": entry["at"],
            "act": act,
            "entry": index,
        }
        plain = ("from", "to", "stage", "question", "decision")
        yield row | {
            **{name: entry.get(name) for name in plain},
            "words": log.words(entry[words]),
            "better": log.words(entry.get("better")),
            "took_part": log.words(entry.get("took_part")),
        }
        for one in entry.get("groups", ()):
            yield row | {"group": one["group"], "words": log.words(one["words"])}


def updates_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of updates.csv, in the order of the record."""
    for index, entry in log.chosen("commitment update"):
        yield {
            **where(log, entry),
            "commitment": entry["commitment"],
            "update": entry["update"],
            "at": entry["at"],
            "state": entry["state"],
            "said": log.words(entry["said"]),
            "because": log.words(entry["because"]),
            "handed_to": log.words(entry["handed_to"]),
            "given_by": entry["given_by"],
            "file": log.words(entry.get("file", {}).get("shows")),
            "file_digest": log.words(entry.get("file", {}).get("sha256")),
            "entry": index,
        }


def corrections_rows(log: Log) -> Iterator[Row]:
    """Yields a row for each correction of a decision, and for each that took another's place."""
    for index, entry in log.chosen("decision corrected", "decision replaced"):
        yield {
            **where(log, entry),
            "decision": entry["decision"],
            "correction": entry["correction"],
            "at": entry["at"],
            "act": entry["type"].removeprefix("decision "),
            "words": log.words(entry.get("words")),
            "replaced_by": entry.get("by"),
            "because": log.words(entry["because"]),
            "entry": index,
        }


def noticed_rows(log: Log) -> Iterator[Row]:
    """Yields a row of noticed.csv for each kind of people in each count, in the order of the record."""
    for index, entry in log.chosen("commitment noticed"):
        for one in entry["answers"]:
            yield {
                **where(log, entry),
                "commitment": entry["commitment"],
                "update": entry["update"],
                "at": entry["at"],
                **{name: one[name] for name in ("who", "n", "yes", "partly", "no")},
                "entry": index,
            }


def pledges_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of pledges.csv, in the order of the record."""
    for index, entry in log.chosen("pledge"):
        yield {
            **where(log, entry),
            "pledge": entry["pledge"],
            "at": entry["at"],
            "words": log.words(entry["words"]),
            "name": log.words(entry["name"]),
            "entry": index,
        }


def stories_rows(log: Log) -> Iterator[Row]:
    """Yields a row for each published version of each story. Who told a story that was withdrawn, or is held, is
    not said."""
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
            "told_by": None if title in (WITHDRAWN, HELD) or entry["told_by"] is None else log.words(entry["told_by"]),
            "withdrawn": title == WITHDRAWN,
            "held": log.held.get(entry["title"]["sd"]) if title == HELD else None,
            "last_action": done.get(scenario),
            "entry": index,
        }


def moderation_rows(log: Log) -> Iterator[Row]:
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


def erasures_rows(log: Log) -> Iterator[Row]:
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


def differences_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of differences.csv: what each decision differs from, with the answer, in the order shown."""
    for index, entry in log.chosen("decision"):
        weighed = weighed_of(entry, log.disclosures)
        if weighed is None:
            found: list[tuple[str, str | None, str]] = [("withdrawn", None, WITHDRAWN)]
        else:
            found = [("head count", None, log.words(entry["why"]))] if weighed["differs"] else []
            found += [(one["from"], one["group"], one["answer"]) for one in weighed["differences"]]
        for from_, group, answer in found:
            yield {
                **where(log, entry),
                "decision": entry["decision"],
                "differs_from": from_,
                "group": group,
                "answer": answer,
                "entry": index,
            }


def answers_due_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of answers_due.csv, in the order in which the votes were opened. A vote waits, or is late, on the
    day of the last entry of the record."""
    today = log.entries[-1]["at"][:10] if log.entries else ""
    for due in answers_of(log.entries).due():
        opened, answer = due.opened, due.answer
        if not log.part.covers(opened):
            continue
        yield {
            **where(log, opened),
            "session": opened["session"],
            "session_kind": session_kind(log, log.every_round[opened["round"]]),
            "round": opened["round"],
            "first": opened["second_of"],
            "question": log.words(opened["question"]),
            "decides": log.words(due.decides),
            "closed_at": due.closed_at,
            "answer_by_days": due.within,
            "declared": due.declared_on,
            "moved_to": BETWEEN.join(to for _, to, _ in due.moved),
            "moved_by": BETWEEN.join(str(number) for _, _, number in due.moved),
            "due": due.due_on,
            "state": "answered" if answer else "late" if today > due.due_on else "waiting",
            "answered_on": answer["at"][:10] if answer else None,
            "decision": answer["decision"] if answer else None,
            "days_late": due.days_late(today),
            "entry": due.closing,
        }


def conditions_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of conditions.csv: what each decision answers to the conditions of its votes."""
    for index, entry in log.chosen("decision"):
        told = entry.get("conditions")
        for number, one in enumerate(told["answered"] if told else (), 1):
            yield {
                **where(log, entry),
                "decision": entry["decision"],
                "number": number,
                "round": one["round"],
                "condition": log.words(one["condition"]),
                "asked": one["asked"],
                "must": number <= must_answer(entry),
                "taken_up": one["taken_up"],
                "answer": log.words(one["answer"]),
                "entry": index,
            }


def dissent_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of dissent.csv: the minority statements, in the order of the record."""
    for index, entry in log.chosen("minority statement"):
        yield {
            **where(log, entry),
            **{name: entry[name] for name in ("decision", "statement")},
            "group": log.words(entry["group"]),
            **{name: entry[name] for name in ("sent_at", "at")},
            "words": log.words(entry["words"]),
            "entry": index,
        }


# Every table that follows from the record, with its rows, in the order of the zip and of the workbook's sheets.
DERIVED: dict[str, Callable[[Log], Iterator[Row]]] = ROWS | {
    "sessions.csv": sessions_rows,
    "options.csv": options_rows,
    "stories.csv": stories_rows,
    "moderation.csv": moderation_rows,
    "erasures.csv": erasures_rows,
    "commissions.csv": commissions_rows,
    "stages.csv": stages_rows,
    "updates.csv": updates_rows,
    "noticed.csv": noticed_rows,
    "pledges.csv": pledges_rows,
    "differences.csv": differences_rows,
    "answers_due.csv": answers_due_rows,
    "conditions.csv": conditions_rows,
    "corrections.csv": corrections_rows,
    "dissent.csv": dissent_rows,
    "predictions.csv": predictions_rows,
}
