"""The audit of results: counted again from the ballots, by group and for everybody, with quorum and view shift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forum.record.verify.encoding import same_json
from forum.record.verify.export import Export
from forum.record.verify.rounds import Steps
from forum.record.verify.small_numbers import could_be, in_small_numbers
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, few
from forum.voting.methods import METHODS, Method
from forum.voting.quorum import Quorum
from forum.voting.small_numbers import outside
from forum.voting.suppression import (
    EVERYONE,
    ONCE_WITH_GROUP,
    Partition,
    Result,
    Row,
    consensus_of,
    equal_voice,
    published,
)

Verdict = tuple[str, str]

# It is 3 now: votes made before may have this one.
_LEAST_THRESHOLD = 2


def summed_up(problems: Sequence[str], fine: str, left_out: int = 0) -> Verdict:
    """Returns FAIL with the problems, NOT CHECKED where some were left out, or PASS with the words `fine`."""
    if problems:
        return FAIL, few(problems)
    return (NOT_CHECKED if left_out else PASS), fine + (f"; {left_out} not checked" if left_out else "")


def check_re_tally(export: Export) -> Verdict:
    """Checks that the ballots add up to each result, counted by the methods of Forum itself."""
    problems, done, unknown, closed = [], 0, 0, 0
    for round_id, steps, result, ballots in _revealed(export):
        method = METHODS.get(steps.opened["method"])
        if method is None:
            unknown += 1
            continue
        if not same_json(Result.from_json(result).to_json(), result):
            problems.append(f"round {round_id}: the result holds something that is no result")
        if in_small_numbers(steps):
            closed += "sealed" in result
            done += "sealed" not in result
            if method.BY_NUMBERS and tuple(result["preferred"]) != method.preferred(
                Result.from_json(result).counts, None
            ):
                problems.append(f"round {round_id}: what it says people preferred does not follow from its numbers")
            if "sealed" not in result and not _rounded_fits(steps, result, ballots):
                problems.append(f"round {round_id}: the ballots do not add up to the result")
            continue
        choices = [choice for _, choice in ballots]
        counted = [
            method.tally(choices, responses_of(steps)),
            len(choices),
            method.figures(choices, responses_of(steps)),
        ]
        if not same_json(counted, [result["counts"], result["n"], result.get("figures")]):
            problems.append(f"round {round_id}: the ballots do not add up to the result")
        done += 1
    more = f"; {closed} whose ballots small-number rules keep closed: the operator's word" if closed else ""
    return summed_up(problems, f"{done} rounds{more}", unknown)


def _rounded_fits(steps: Steps, result: dict[str, Any], ballots: list[tuple[str, str]]) -> bool:
    """Returns whether the whole room's numbers are those of the opened ballots, by small-number rules."""
    exact = _derived(steps, {}, ballots)
    choices, threshold = [choice for _, choice in ballots], steps.opened["threshold"]
    made = outside(exact, choices, responses_of(steps), threshold, steps.opened["method"]).to_json()
    return same_json(*([told[name] for name in ("n", "counts", "hidden", "preferred")] for told in (made, result)))


def _revealed(export: Export) -> Iterator[tuple[str, Steps, dict[str, Any], list[tuple[str, str]]]]:
    """Yields every revealed round whose result stands: id, steps, result, and ballots as (published label, choice)."""
    for round_id, steps, lines in export.revealed_rounds():
        result = steps.result or {}
        yield round_id, steps, result, [(line["label"], line["leaf"]["choice"]) for _, line in lines]


def responses_of(steps: Steps) -> list[str]:
    """Returns the ids of the responses of a round, in the order they were offered."""
    return [response["id"] for response in steps.opened["responses"]]


def check_groups(export: Export) -> Verdict:
    """Checks that results by group follow from the ballots' labels, and that no row is smaller than the threshold."""
    problems, given, withheld, said = [], 0, 0, 0
    labels_of: dict[str, list[str]] = {}
    for round_id, steps, result, ballots in _revealed(export):
        if result["by_group"] is None:
            withheld += 1
            if not isinstance(result["withheld"], str) or any(label != EVERYONE for label, _ in ballots):
                problems.append(f"round {round_id}: no result is given by group, but something else is")
            continue
        given += 1
        labels = [row["label"] for row in result["by_group"]]
        fits = _rows_fit(steps, result, ballots)
        own = [label for label in labels if label in steps.opened["groups"]]
        if labels_of.setdefault(steps.opened["session"], labels) != labels:
            problems.append(f"round {round_id}: not the same groups as in other rounds of this session")
        elif len(labels) < 2 or labels[: len(own)] != own or len(set(labels)) < len(labels):
            problems.append(f"round {round_id}: the rows are not groups and at most one pool of small groups")
        elif len(labels) > len(own) + 1:
            problems.append(f"round {round_id}: more than one row is no group")
        elif in_small_numbers(steps):
            # Held against the rules by the check "head counts".
            if any(label != EVERYONE for label, _ in ballots):
                problems.append(f"round {round_id}: its ballots are opened with their groups")
        elif steps.opened["threshold"] < _LEAST_THRESHOLD or any(
            row["n"] < steps.opened["threshold"] for row in result["by_group"]
        ):
            problems.append(f"round {round_id}: a row is smaller than the threshold")
        elif not fits or result["withheld"] is not None:
            problems.append(f"round {round_id}: the ballots do not add up to the results by group")
        said += not _opened_with_group(steps, ballots)
    fine = f"{given} rounds given by group, no row smaller than the threshold; {withheld} withheld"
    if said:
        fine += f"; {said} of them opened without groups: the groups' numbers are the operator's word, and add up"
    return summed_up(problems, fine)


def method_of(steps: Steps) -> Method | None:
    """Returns how a round was voted on; None for a method of a later Forum."""
    return METHODS.get(steps.opened["method"])


def _rows_fit(steps: Steps, result: dict[str, Any], ballots: list[tuple[str, str]]) -> bool:
    """Returns whether the rows by group follow from the ballots.

    For a method whose ballots are opened without a group it returns whether the rows add up to the result.
    """
    way = method_of(steps)
    if way is None:
        return True
    if _opened_with_group(steps, ballots):
        return same_json(_derived(steps, result, ballots).to_json()["by_group"], result["by_group"])
    added: Counter[str] = Counter()
    for row in result["by_group"]:
        if not way.possible(row["counts"], row["n"]):
            return False
        added.update(row["counts"])
    heads = sum(row["n"] for row in result["by_group"])
    return all(label == EVERYONE for label, _ in ballots) and same_json(
        [dict(added), heads], [result["counts"], result["n"]]
    )


def _opened_with_group(steps: Steps, ballots: list[tuple[str, str]]) -> bool:
    """Returns whether a round's ballots are opened with their groups, or must be, so that its rows follow from them."""
    way = method_of(steps)
    if way is None or way.WITH_GROUP:
        return True
    return steps.opened["method"] in ONCE_WITH_GROUP and any(label != EVERYONE for label, _ in ballots)


def _derived(steps: Steps, result: dict[str, Any], ballots: list[tuple[str, str]]) -> Any:
    # The partition as the public knows it: each published row counts as one group, named by its label.
    rows = tuple(Row(row["label"], (row["label"],)) for row in result.get("by_group") or ())
    partition = Partition(rows, None if rows else "withheld")
    return published(partition, ballots, responses_of(steps), steps.opened["threshold"], method=steps.opened["method"])


def check_equal_voice(export: Export) -> Verdict:
    """Checks that equal voice and consensus follow from the results by group."""
    problems, given = [], 0
    for round_id, steps, result, _ in _revealed(export):
        rows, method = Result.from_json(result).rows, steps.opened["method"]
        if method not in METHODS:
            continue
        if any(row.hidden for row in rows):
            rows = ()
        if not same_json(equal_voice(rows, method), result["equal_voice"]):
            problems.append(f"round {round_id}: equal voice does not follow from the results by group")
        if not same_json(consensus_of(rows) if METHODS[method].CONSENSUS else None, result.get("consensus")):
            problems.append(f"round {round_id}: the consensus does not follow from the results by group")
        given += result["equal_voice"] is not None
    return summed_up(problems, f"{given} rounds, each with every row weighing the same")


def check_quorum(export: Export) -> Verdict:
    """Checks that what each result says of its quorum is what was declared and counted."""
    problems, declared, missed = [], 0, 0
    for round_id, steps, result, _ in _revealed(export):
        declaration = steps.opened.get("quorum") or {"ballots": 0, "each_group": 0}
        rows = {row["label"]: row["n"] for row in result["by_group"] or ()}
        quorum, claimed = Quorum(declaration["ballots"], declaration["each_group"]), result.get("quorum")
        if in_small_numbers(steps):
            problems += [f"round {round_id}: {problem}" for problem in _quorum_problems(steps, quorum, result)]
            declared += bool(quorum)
            missed += (claimed or {}).get("reached") is False
            continue
        turnouts = [quorum.held_against(result["n"], rows, empty) for empty in _said_empty(steps.opened, rows, claimed)]
        turnout = turnouts[0]
        if not any(same_json(None if each is None else each.to_json(), claimed) for each in turnouts):
            problems.append(f"round {round_id}: what it says of its quorum is not what was declared and counted")
        declared += turnout is not None
        missed += turnout is not None and turnout.reached is False
    return summed_up(problems, f"{declared} rounds had one; {missed} missed it, and say so")


def _quorum_problems(steps: Steps, quorum: Quorum, result: dict[str, Any]) -> Iterator[str]:
    """Yields a problem where what is said of a quorum can be so for none of the numbers that were rounded."""
    said, threshold = result.get("quorum"), steps.opened["threshold"]
    if not quorum or said is None:
        if quorum or said is not None:
            yield "what it says of its quorum is not what was declared"
        return
    rows = {row["label"]: could_be(row["n"], threshold) for row in result["by_group"] or ()}
    votes = could_be(result["n"], threshold)
    can_be_short = {label for label, n in rows.items() if n[0] < quorum.each_group}
    must_be_short = {label for label, n in rows.items() if n[-1] < quorum.each_group}
    short = {label for label in said["short"] if label in rows}
    missed = votes[-1] < quorum.ballots or bool(said["short"])
    fits = must_be_short <= short <= can_be_short and not (missed and said["reached"] is not False)
    if said["reached"] is False and not said["short"] and votes[0] >= quorum.ballots:
        fits = False
    if not fits or (said["ballots"], said["each_group"]) != (quorum.ballots, quorum.each_group):
        yield "what it says of its quorum is not what was declared and counted"


def _said_empty(opened: Mapping[str, Any], rows: Mapping[str, int], claimed: Any) -> list[tuple[str, ...] | None]:
    """Returns the possible lists of groups from which nobody voted, as far as an export can show them.

    Without a pool of small groups: the groups that have no row. With a pool: those the result itself names, provided at
    least two others remain for the pool; or None, where nothing is said of them.
    """
    without = [label for label in opened["groups"] if label not in rows]
    if not set(rows) - set(opened["groups"]):
        return [tuple(without)]
    short = claimed.get("short", ()) if isinstance(claimed, dict) else ()
    named = tuple(label for label in without if label in short)
    sayable: list[tuple[str, ...] | None] = [named] if not named or len(without) - len(named) > 1 else []
    return [*sayable, None] if without else [()]


def check_view_shift(export: Export) -> Verdict:
    """Checks that each view shift adds up to its two results, for everybody and by group."""
    problems, given = [], 0
    for round_id, steps, result, _ in _revealed(export):
        shift, first = result["view_shift"], export.rounds.get(steps.opened["second_of"] or "")
        if shift is None:
            way = method_of(steps)
            told = first is not None and not first.annulled and first.result is not None and first.result["counts"]
            if told and (way is None or way.FOLLOWED):
                problems.append(f"round {round_id}: it is a vote after a replay, but nobody says who moved")
            continue
        if method_of(steps) is None:
            continue
        given += 1
        if in_small_numbers(steps) and first is not None and first.result is not None:
            continue  # its numbers are held against the rules by the check "head counts"
        if first is None or first.result is None or shift["first"] != steps.opened["second_of"]:
            problems.append(f"round {round_id}: the view shift is from a vote whose result was not shown, or withdrawn")
        else:
            problems += [f"round {round_id}: {p}" for p in _shift_problems(steps, shift, first.result, result)]
    fine = f"{given} add up to their two results; who moved between those is the operator's word"
    return summed_up(problems, fine)


def _shift_problems(
    steps: Steps, shift: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> Iterator[str]:
    responses, threshold = METHODS[steps.opened["method"]].columns(responses_of(steps)), steps.opened["threshold"]
    if not _margins_fit(shift, before["counts"], after["counts"], responses):
        yield "the view shift does not add up to the two head counts"
    if shift["by_group"] is None:
        if not isinstance(shift["withheld"], str):
            yield "the view shift is not by group, and does not say why"
        return
    earlier = {row["label"]: row["counts"] for row in before["by_group"] or ()}
    later = {row["label"]: row["counts"] for row in after["by_group"] or ()}
    if not [row["label"] for row in shift["by_group"]] == list(later) == list(earlier):
        yield "the view shift is by other groups than the results"
        return
    cells: Counter[tuple[str, str]] = Counter()
    for row in shift["by_group"]:
        if not _margins_fit(row, earlier[row["label"]], later[row["label"]], responses):
            yield "the view shift of a group does not add up to its two results"
        parts = (sum(c["n"] for c in row["cells"]), sum(row["joined"].values()), sum(row["left"].values()))
        if any(0 < part < threshold for part in parts):
            yield "the view shift of a group tells of fewer people than the threshold"
        cells.update({(cell["from"], cell["to"]): cell["n"] for cell in row["cells"]})
    if cells != {(cell["from"], cell["to"]): cell["n"] for cell in shift["cells"]}:
        yield "the groups' view shifts do not add up to everybody's"


def _margins_fit(part: dict[str, Any], before: dict[str, int], after: dict[str, int], responses: Sequence[str]) -> bool:
    rows, columns = Counter(part["left"]), Counter(part["joined"])
    for cell in part["cells"]:
        rows[cell["from"]] += cell["n"]
        columns[cell["to"]] += cell["n"]
    pairs = [(cell["from"], cell["to"]) for cell in part["cells"]]
    order = [(a, b) for a in responses for b in responses if (a, b) in pairs]
    numbers = [cell["n"] for cell in part["cells"]] + [*part["left"].values(), *part["joined"].values()]
    return (
        pairs == order
        and all(type(n) is int and n > 0 for n in numbers)
        # A response added in the replay was not offered in the first vote, so nobody had chosen it.
        and all(rows[r] == before.get(r, 0) and columns[r] == after[r] for r in responses)
        and before.keys() <= set(responses)
        and rows.keys() | columns.keys() <= set(responses)
    )
