"""The audit of a whole export: the checks of verify.py, the signatures, and every table and figure computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forum.errors import BadInput, NotAnExport
from forum.record.exports import derive
from forum.record.exports.csv import MARK
from forum.record.public_log import Log
from forum.record.signing import check_with
from forum.record.verify.archive import FORMAT, read_export, unpack
from forum.record.verify.checks import NEEDS_FORUM, verify_files
from forum.record.verify.encoding import same_json
from forum.record.verify.export import Export
from forum.record.verify.rounds import Steps
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, Check, NoExport, check, few
from forum.record.verify_py import verify_py
from forum.voting.commission import MINIMUM_THRESHOLD
from forum.voting.decision import OUTCOMES, DecisionOutcome, differs
from forum.voting.methods import METHODS, Method
from forum.voting.quorum import Quorum
from forum.voting.suppression import EVERYONE, Partition, Result, Row, consensus_of, equal_voice, preference, published

Verdict = tuple[str, str]


def verify(data: bytes, key: bytes | None = None) -> list[Check]:
    """Returns every check of an export, given as the bytes of its zip.

    `key` is the PEM of the public key that it must be signed with; without it the key inside the export is used. Raises
    NotAnExport where there is nothing to check, BadInput where `key` is no Ed25519 public key.
    """
    return _checks(lambda: unpack(data), key)


def verify_at(path: Path, key: bytes | None = None) -> list[Check]:
    """Checks the zip or folder at `path` as `verify` does. Also raises OSError where it cannot be read."""
    return _checks(lambda: read_export(path), key)


def _checks(read: Callable[[], tuple[dict[str, bytes], Check]], key: bytes | None) -> list[Check]:
    pinned = None if key is None else _pem(key)
    try:
        files, archive = read()
    except NoExport as error:
        raise NotAnExport("This is no Forum export: %(why)s", why=str(error)) from error

    def signed(message: bytes, signature: bytes) -> bool:
        return check_with(pinned or files["public_key.pem"])(message, signature)

    checks = [archive]
    if pinned is not None:
        checks.append(check("given key", lambda: _given_key(files, pinned)))
    checks += [one for one in verify_files(files, signed) if one.name not in NEEDS_FORUM]
    export = Export(files)
    checks += [check(name, partial(part, export)) for name, part in _PARTS.items()]
    return checks


def _pem(key: bytes) -> bytes:
    try:
        public = serialization.load_pem_public_key(key)
    except ValueError as error:
        raise BadInput("The key given with --key cannot be read.", field="key") from error
    if not isinstance(public, Ed25519PublicKey):
        raise BadInput("The key given with --key is no Ed25519 public key.", field="key")
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _given_key(files: Mapping[str, bytes], pinned: bytes) -> Verdict:
    if files["public_key.pem"] != pinned:
        return FAIL, "public_key.pem is not the key that was given"
    return PASS, "public_key.pem is the key that was given"


def _summed_up(problems: Sequence[str], fine: str, left_out: int = 0) -> Verdict:
    if problems:
        return FAIL, few(problems)
    return (NOT_CHECKED if left_out else PASS), fine + (f"; {left_out} not checked" if left_out else "")


def _tables(export: Export) -> Verdict:
    if export.form != FORMAT:
        return NOT_CHECKED, f"written in format {export.form}; this Forum writes format {FORMAT}"
    derived = derive(Log.read(export.files, export.commission))
    # Exports made before tables had a byte order mark lack only that.
    same = {name: export.files[name] in (wanted, wanted.removeprefix(MARK)) for name, wanted in derived.items()}
    problems = [f"{name} does not follow from the record" for name in derived if not same[name]]
    return _summed_up(problems, f"{len(derived)} files made again from the record, each the same to the byte")


def _re_tally(export: Export) -> Verdict:
    problems, done, unknown = [], 0, 0
    for of, steps, result, ballots in _revealed(export):
        method = METHODS.get(steps.opened["method"])
        if method is None:
            unknown += 1
            continue
        choices = [choice for _, choice in ballots]
        counted = [method.tally(choices, _responses(steps)), len(choices), method.figures(choices, _responses(steps))]
        if not same_json(counted, [result["counts"], result["n"], result.get("figures")]):
            problems.append(f"round {of}: the ballots do not add up to the result")
        elif not same_json(Result.from_json(result).to_json(), result):
            problems.append(f"round {of}: the result holds something that is no result")
        done += 1
    return _summed_up(problems, f"{done} rounds", unknown)


def _revealed(export: Export) -> Iterator[tuple[str, Steps, dict[str, Any], list[tuple[str, str]]]]:
    """Yields every revealed round of the export: id, steps, result, and its ballots as (published label, choice)."""
    for of, steps, lines in export.to_check():
        result = steps.revealed["result"] if steps.revealed else {}
        yield of, steps, result, [(line["label"], line["leaf"]["choice"]) for _, line in lines]


def _responses(steps: Steps) -> list[str]:
    return [response["id"] for response in steps.opened["responses"]]


def _by_group(export: Export) -> Verdict:
    """Checks that results by group follow from the ballots' labels, and that no row is smaller than the threshold."""
    problems, given, withheld, said = [], 0, 0, 0
    labels_of: dict[str, list[str]] = {}
    for of, steps, result, ballots in _revealed(export):
        if result["by_group"] is None:
            withheld += 1
            if not isinstance(result["withheld"], str) or any(label != EVERYONE for label, _ in ballots):
                problems.append(f"round {of}: no result is given by group, but something else is")
            continue
        given += 1
        labels = [row["label"] for row in result["by_group"]]
        fits = _rows_fit(steps, result, ballots)
        own = [label for label in labels if label in steps.opened["groups"]]
        if labels_of.setdefault(steps.opened["session"], labels) != labels:
            problems.append(f"round {of}: not the same groups as in other rounds of this session")
        elif len(labels) < 2 or labels[: len(own)] != own or len(set(labels)) < len(labels):
            problems.append(f"round {of}: the rows are not groups and at most one pool of small groups")
        elif len(labels) > len(own) + 1:
            problems.append(f"round {of}: more than one row is no group")
        elif steps.opened["threshold"] < MINIMUM_THRESHOLD or any(
            row["n"] < steps.opened["threshold"] for row in result["by_group"]
        ):
            problems.append(f"round {of}: a row is smaller than the threshold")
        elif not fits or result["withheld"] is not None:
            problems.append(f"round {of}: the ballots do not add up to the results by group")
        said += _way(steps) is not None and not METHODS[steps.opened["method"]].WITH_GROUP
    fine = f"{given} rounds given by group, no row smaller than the threshold; {withheld} withheld"
    if said:
        fine += f"; of {said} run-offs the groups' first places are the operator's word, and add up to everybody's"
    return _summed_up(problems, fine)


def _way(steps: Steps) -> Method | None:
    return METHODS.get(steps.opened["method"])


def _rows_fit(steps: Steps, result: dict[str, Any], ballots: list[tuple[str, str]]) -> bool:
    """Returns whether the rows by group follow from the ballots.

    For a method whose ballots are opened without a group it returns whether the rows add up to the result.
    """
    way = _way(steps)
    if way is None:
        return True
    if way.WITH_GROUP:
        return same_json(_derived(steps, result, ballots).to_json()["by_group"], result["by_group"])
    added: Counter[str] = Counter()
    for row in result["by_group"]:
        if sum(row["counts"].values()) != row["n"] or any(n < 0 for n in row["counts"].values()):
            return False
        added.update(row["counts"])
    return all(label == EVERYONE for label, _ in ballots) and same_json(dict(added), result["counts"])


def _derived(steps: Steps, result: dict[str, Any], ballots: list[tuple[str, str]]) -> Any:
    # The partition as the public knows it: each published row counts as one group, named by its label.
    rows = tuple(Row(row["label"], (row["label"],)) for row in result["by_group"] or ())
    partition = Partition(rows, None if rows else "withheld")
    return published(partition, ballots, _responses(steps), steps.opened["threshold"], method=steps.opened["method"])


def _equal_voice(export: Export) -> Verdict:
    """Checks that equal voice and consensus follow from the results by group."""
    problems, given = [], 0
    for of, steps, result, _ in _revealed(export):
        rows, method = Result.from_json(result).rows, steps.opened["method"]
        if method not in METHODS:
            continue
        if not same_json(equal_voice(rows, method), result["equal_voice"]):
            problems.append(f"round {of}: equal voice does not follow from the results by group")
        if not same_json(consensus_of(rows) if METHODS[method].CONSENSUS else None, result.get("consensus")):
            problems.append(f"round {of}: the consensus does not follow from the results by group")
        given += result["equal_voice"] is not None
    return _summed_up(problems, f"{given} rounds, each with every row weighing the same")


def _quorum(export: Export) -> Verdict:
    problems, declared, missed = [], 0, 0
    for of, steps, result, _ in _revealed(export):
        said = steps.opened.get("quorum") or {"ballots": 0, "each_group": 0}
        rows = {row["label"]: row["n"] for row in result["by_group"] or ()}
        quorum, told = Quorum(said["ballots"], said["each_group"]), result.get("quorum")
        turnouts = [quorum.held_against(result["n"], rows, empty) for empty in _empty(steps.opened, rows, told)]
        turnout = turnouts[0]
        if not any(same_json(None if each is None else each.to_json(), told) for each in turnouts):
            problems.append(f"round {of}: what it says of its quorum is not what was declared and counted")
        declared += turnout is not None
        missed += turnout is not None and turnout.reached is False
    return _summed_up(problems, f"{declared} rounds had one; {missed} missed it, and say so")


def _empty(opened: Mapping[str, Any], rows: Mapping[str, int], told: Any) -> list[tuple[str, ...] | None]:
    """Returns the possible lists of groups from which nobody voted, as far as an export can show them.

    Without a pool of small groups: the groups that have no row. With a pool: those the result itself names, provided at
    least two others remain for the pool; or None, where nothing is said of them.
    """
    without = [label for label in opened["groups"] if label not in rows]
    if not set(rows) - set(opened["groups"]):
        return [tuple(without)]
    short = told.get("short", ()) if isinstance(told, dict) else ()
    named = tuple(label for label in without if label in short)
    sayable: list[tuple[str, ...] | None] = [named] if not named or len(without) - len(named) > 1 else []
    return [*sayable, None] if without else [()]


def _view_shift(export: Export) -> Verdict:
    problems, given = [], 0
    for of, steps, result, _ in _revealed(export):
        shift, first = result["view_shift"], export.rounds.get(steps.opened["second_of"] or "")
        if shift is None:
            way = _way(steps)
            if first and first.revealed and not first.annulled and (way is None or way.FOLLOWED):
                problems.append(f"round {of}: it is a vote after a replay, but nobody says who moved")
            continue
        if _way(steps) is None:
            continue
        given += 1
        if first is None or first.revealed is None or shift["first"] != steps.opened["second_of"]:
            problems.append(f"round {of}: the view shift is from a vote whose result was not shown")
        else:
            before = first.revealed["result"]
            problems += [f"round {of}: {p}" for p in _shift_problems(steps, shift, before, result)]
    fine = f"{given} add up to their two results; who moved between those is the operator's word"
    return _summed_up(problems, fine)


def _shift_problems(
    steps: Steps, shift: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> Iterator[str]:
    responses, threshold = METHODS[steps.opened["method"]].columns(_responses(steps)), steps.opened["threshold"]
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


def _decisions(export: Export) -> Verdict:
    problems: list[str] = []
    decided: dict[str, str] = {}
    promised: set[str] = set()
    shown: set[str] = set()
    for entry in export.entries:
        if entry["type"] == "round revealed":
            shown.add(entry["round"])
        elif entry["type"] == "round annulled":
            shown.discard(entry["round"])
        elif entry["type"] == "decision":
            problem = _decision_problem(export, entry)
            if not problem and not shown.issuperset(entry["rounds"]):
                problem = "it was made before the result was shown, or after the vote was declared void"
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
            promised.add(entry["commitment"])
    fine = f"{len(decided)} decisions, set against what people preferred; {len(promised)} commitments"
    return _summed_up(problems, fine)


def _decision_problem(export: Export, entry: dict[str, Any]) -> str:
    rounds = [export.rounds[of] for of in entry["rounds"] if of in export.rounds]
    if not 1 <= len(rounds) == len(entry["rounds"]) <= 2 or any(steps.revealed is None for steps in rounds):
        return "it must rest on one or two votes whose results were shown"
    if any(steps.opened["commission"] != entry["commission"] for steps in rounds):
        return "it rests on another commission's votes"
    if len(rounds) == 2 and rounds[1].opened["second_of"] != entry["rounds"][0]:
        return "its two votes are not a first vote and the vote after its replay"
    last = rounds[-1]
    result = Result.from_json(last.revealed["result"]) if last.revealed else None
    if result is None or _way(last) is None:
        return ""  # a voting method of a later Forum, whose preference cannot be computed here
    preferred = preference(result, last.opened["method"])
    if entry["preference"] != list(preferred):
        return "what it says people preferred is not what the vote shows"
    response, outcome = entry["response"], entry["outcome"]
    if response not in [None, "none", *_responses(last)]:
        return "it is about something that was not voted on"
    if (
        outcome not in OUTCOMES
        or (response is None and outcome != DecisionOutcome.DEFERRED)
        or entry["rationale"] is None
    ):
        return "it does not say what was decided, about which answer, and why"
    against = differs(outcome, response, preferred)
    if entry["differs"] is not against or (against and entry["why"] is None):
        return "whether it differs from what people preferred is told wrongly, or without a reason"
    return ""


def _verify_py(export: Export) -> Verdict:
    if export.files["verify.py"] == verify_py():
        return PASS, "the same program as in this Forum"
    return NOT_CHECKED, "not the program of this version of Forum; this check did not use it"


_PARTS = {
    "re-tally": _re_tally,
    "tables": _tables,
    "results by group": _by_group,
    "equal voice": _equal_voice,
    "quorum": _quorum,
    "view shift": _view_shift,
    "decisions": _decisions,
    "verify.py": _verify_py,
}
