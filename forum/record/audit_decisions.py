"""The audit of decisions and commitments: each after the results it rests on, and true to what people preferred."""

from __future__ import annotations

from typing import Any

from forum.record.audit_results import Verdict, method_of, responses_of, summed_up
from forum.record.verify.export import Export
from forum.record.verify.rounds import weighed_of
from forum.voting.decision import OUTCOMES, UNANSWERING, differs
from forum.voting.difference import differences
from forum.voting.suppression import Result, preference


def check_decisions(export: Export) -> Verdict:
    """Checks that each decision rests on results shown before it, each commitment on a decision, and each update on a
    commitment."""
    problems: list[str] = []
    decided: dict[str, str] = {}
    promised: dict[str, str] = {}
    updated: set[str] = set()
    shown: set[str] = set()
    withdrawn = 0
    for entry in export.entries:
        if entry["type"] == "round revealed":
            shown.add(entry["round"])
        elif entry["type"] == "round annulled":
            shown.discard(entry["round"])
        elif entry["type"] == "decision":
            problem = _decision_problem(export, entry)
            withdrawn += export.covers(entry) and _rests_on_withdrawn(export, entry)
            if not problem and not shown.issuperset(entry["rounds"]):
                problem = "it was made before the result was shown, or after the vote was annulled"
            if not problem and entry["decision"] in decided:
                problem = "it is there twice"
            if problem:
                problems.append(f"decision {entry['decision']}: {problem}")
            decided[entry["decision"]] = entry["commission"]
        elif entry["type"] == "commitment":
            if decided.get(entry["decision"]) != entry["commission"]:
                problems.append(f"commitment {entry['commitment']}: there is no such decision before it")
            elif entry["commitment"] in promised:
                problems.append(f"commitment {entry['commitment']}: it is there twice")
            promised[entry["commitment"]] = entry["commission"]
        elif entry["type"] == "commitment update":
            if promised.get(entry["commitment"]) != entry["commission"]:
                problems.append(f"update {entry['update']}: there is no such commitment before it")
            elif entry["update"] in updated:
                problems.append(f"update {entry['update']}: it is there twice")
            updated.add(entry["update"])
    fine = f"{len(decided)} decisions, set against what people preferred; {len(promised)} commitments"
    fine += f", {len(updated)} updates of them"
    return summed_up(problems, fine, withdrawn)


def _rests_on_withdrawn(export: Export, entry: dict[str, Any]) -> bool:
    steps = export.rounds.get(entry["rounds"][-1])
    return steps is not None and steps.revealed is not None and steps.result is None


def _decision_problem(export: Export, entry: dict[str, Any]) -> str:
    rounds = [export.rounds[round_id] for round_id in entry["rounds"] if round_id in export.rounds]
    if not 1 <= len(rounds) == len(entry["rounds"]) <= 2 or any(steps.revealed is None for steps in rounds):
        return "it must rest on one or two votes whose results were shown"
    if any(steps.opened["commission"] != entry["commission"] for steps in rounds):
        return "it rests on another commission's votes"
    if len(rounds) == 2 and rounds[1].opened["second_of"] != entry["rounds"][0]:
        return "its two votes are not a first vote and the vote after its replay"
    last = rounds[-1]
    result = Result.from_json(last.result) if last.result else None
    if result is None or method_of(last) is None:
        return ""  # a withdrawn result, or a voting method of a later Forum: no preference can be computed here
    response, outcome = entry["response"], entry["outcome"]
    if response not in [None, "none", *responses_of(last)]:
        return "it is about something that was not voted on"
    if outcome not in OUTCOMES or (response is None and outcome not in UNANSWERING) or entry["rationale"] is None:
        return "it does not say what was decided, about which answer, and why"
    return _weighed_problem(export, entry, result, last.opened["method"])


def _weighed_problem(export: Export, entry: dict[str, Any], result: Result, method: str) -> str:
    """Returns what is wrong with how a decision says that it lies to what people preferred; "" for nothing."""
    response, outcome, preferred = entry["response"], entry["outcome"], preference(result, method)
    weighed = weighed_of(entry, export.disclosures)
    if weighed is None:
        return ""  # withdrawn with one of its votes: that this one is annulled is checked with the entries
    if weighed["preference"] != list(preferred):
        return "what it says people preferred is not what the vote shows"
    against = differs(outcome, response, preferred, counted=not result.withholds_count)
    if weighed["differs"] is not against or (against and entry["why"] is None):
        return "whether it differs from what people preferred is told wrongly, or without a reason"
    if "weighed" not in entry:
        return ""  # of before answers to the other differences were asked for
    wanted = [(one.kind, one.group or None) for one in differences(outcome, response, result, method)]
    if [(one["from"], one["group"]) for one in weighed["differences"]] != wanted:
        return "what else it differs from is told wrongly"
    if not all(one["answer"] for one in weighed["differences"]):
        return "it differs from something, and does not say why"
    return ""
