"""The checks of rounds: their order, the ballots opened for each, and the results counted from these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from forum.record.verify.condition_answers import condition_problems
from forum.record.verify.decision_votes import votes_problems
from forum.record.verify.encoding import canonical, same_json
from forum.record.verify.export import DEVICE, PAPER, PAPER_OR_DEVICE, Export
from forum.record.verify.merkle_tree import root
from forum.record.verify.methods import METHODS, figures, tally
from forum.record.verify.minority_statements import statement_problems
from forum.record.verify.noticed import noticed_problems
from forum.record.verify.predictions import prediction_problems
from forum.record.verify.rounds import Steps, is_moment
from forum.record.verify.small_numbers import NOTHING_OUTSIDE, in_small_numbers, is_rounded, small_number_problems
from forum.record.verify.updates import update_problems
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, verdict_of
from forum.record.verify.withheld_votes import NO_COUNT_BESIDE, withheld_problems

# Why no count is given of a vote; forum.voting has these words too.
NO_COUNT = "Too few people voted for a result to be shown, because it could show how somebody voted."


def check_rounds(export: Export) -> tuple[str, str]:
    """Checks that each round was opened as its session declared and took its steps in order, that each decision names
    the votes on its question, that each update of a commitment says what it must, and that what was noticed is given as
    it may be."""
    problems = [*_order_problems(export.entries), *votes_problems(export.entries, export.words)]
    problems += update_problems(export.entries)
    problems += statement_problems(export.entries, export.words, export.groups_against)
    problems += prediction_problems(export.entries)
    problems += condition_problems(export.entries, export.words)
    problems += noticed_problems(export.entries)
    waiting = sum(1 for s in export.rounds.values() if s.closed and not s.revealed)
    return verdict_of(
        problems, f"{len(export.rounds)} rounds, each step in its place; {waiting} closed and not revealed"
    )


def _order_problems(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a problem for each round that differs from its session's declaration, or is no valid second vote."""
    sessions: dict[str, Mapping[str, Any]] = {}
    opened: dict[str, Mapping[str, Any]] = {}
    asked: set[str] = set()
    closed: set[str] = set()
    shown: set[str] = set()
    asked_about: dict[str, str] = {}  # votes about which those who voted are being asked, by the round that asks
    for entry in entries:
        kind, round_id = entry["type"], entry.get("round")
        if kind == "session opened":
            if entry["session"] in sessions:
                yield f"session {entry['session']} is opened twice"
            sessions[entry["session"]] = entry
        elif kind == "round opened":
            session = sessions.get(entry["session"])
            if session is None or session["commission"] != entry["commission"]:
                yield f"round {round_id}: its session was not opened before it"
            elif _terms_of_round(entry) != _terms_of_session(session["about"]):
                yield f"round {round_id}: not the groups, threshold, power and rules that its session declared"
            first = opened.get(entry["second_of"] or "")
            if entry["second_of"] is not None and (
                first is None or entry["second_of"] not in closed or not _same_question(first, entry)
            ):
                yield f"round {round_id}: not a vote after the replay of a vote that was shown"
            if (entry["kind"] == "vote after replay") != (entry["second_of"] is not None):
                yield f"round {round_id}: it does not say rightly whether it is a first vote"
            if session is not None:
                yield from _kind_problems(session, entry, alone=entry["session"] not in asked)
                yield from _check_back_problems(session, entry)
            asked.add(entry["session"])
            opened[entry["round"]] = entry
            asked_about |= {entry["round"]: entry["asks_about"]} if "asks_about" in entry else {}
        elif kind == "round closed":
            closed.add(entry["round"])
            if ("count" in entry) == ("small_numbers" in opened.get(entry["round"], {})) or (
                "paper" in entry and "count" not in entry
            ):
                yield f"round {round_id}: it does not say how many ballots there are as was declared"
        elif kind == "round revealed":
            # While badges are off, what the room was shown is recorded later: so both after the second was opened.
            before = opened.get(round_id or "", {}).get("second_of")
            if before is not None and before not in shown:
                yield f"round {round_id}: revealed before the vote that it follows"
            shown.add(entry["round"])
        elif kind == "decision" and entry["rounds"][-1] in asked_about.values():
            yield f"decision {entry['decision']}: published while those who voted were asked about it"
        if kind in ("round revealed", "round annulled"):
            asked_about.pop(round_id or "", None)


def _kind_problems(session: Mapping[str, Any], opened: Mapping[str, Any], *, alone: bool) -> Iterator[str]:
    """Yields a problem where a round does not fit its session's kind: in a room, or asynchronous, which is one round
    with a closing time.
    """
    round_id, closes_at = opened["round"], opened.get("closes_at")
    # Entries made before there were asynchronous rounds have no kind: all were in a room.
    if session.get("kind", "room") == "room":
        if closes_at is not None:
            yield f"round {round_id}: it has a closing time, but was in a room"
    elif session["kind"] != "asynchronous":
        yield f"session {opened['session']}: neither in a room nor asynchronous"
    elif not is_moment(closes_at) or not opened["at"] < closes_at:
        yield f"round {round_id}: asynchronous, but without a closing time after its opening"
    elif not alone or opened["second_of"] is not None:
        yield f"round {round_id}: not the only round of its asynchronous session"


def _check_back_problems(session: Mapping[str, Any], opened: Mapping[str, Any]) -> Iterator[str]:
    """Yields a problem where a round that asks about another is no check back among those who voted, or the other way
    round; or offers something else than three answers."""
    round_id, asks = opened["round"], "asks_about" in opened
    if asks != (opened["kind"] == "check back"):
        yield f"round {round_id}: it does not say rightly whether it asks those who voted about their vote"
    elif asks != (session.get("entrance") == "those who voted"):
        yield f"round {round_id}: not those who voted are asked, or about no vote"
    elif asks and (session.get("kind") != "asynchronous" or opened["method"] != "single"):
        yield f"round {round_id}: those who voted are not asked over days, for one answer"


def _terms_of_round(opened: Mapping[str, Any]) -> bytes:
    return canonical([opened["groups"], opened["threshold"], "small_numbers" in opened, opened["power"]])


def _terms_of_session(about: Mapping[str, Any]) -> bytes:
    groups = [group["label"] for group in about["groups"]]
    return canonical([groups, about["threshold"], "small_numbers" in about, about["power"]["level"]])


def _same_question(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Returns whether a second vote offers the first one's responses in the same order; new ones may stand
    among them.
    """
    before, after = ([response["id"] for response in entry["responses"]] for entry in (first, second))
    same = all(first[name] == second[name] for name in ("session", "method"))
    return same and first["second_of"] is None and [known for known in after if known in before] == before


def check_ballots(export: Export) -> tuple[str, str]:
    """Checks that each opened ballot is one of a revealed round, in order and once."""
    return PASS, f"{sum(map(len, export.ballots.values()))} ballots of revealed rounds, none of any other"


def without_withdrawn(export: Export, check: Callable[[Export], tuple[str, str]]) -> tuple[str, str]:
    """Makes a check of results, and says of how many rounds it could not look at one, because that was withdrawn."""
    verdict, detail = check(export)
    if not export.withdrawn or verdict == FAIL:
        return verdict, detail
    return NOT_CHECKED, f"{detail}; {export.withdrawn} more are annulled, and their results were withdrawn: not checked"


def check_ballots_root(export: Export) -> tuple[str, str]:
    """Checks that the opened ballots are those that were counted when their round closed."""
    problems, done, small = [], 0, 0
    for round_id, steps, ballots in export.revealed_rounds():
        closed = steps.closed or {}
        if "sealed" in (steps.result or {}):
            small += 1
            continue
        origins = [line["leaf"].get("by") for _, line in ballots]
        if not same_json(closed.get("count", len(ballots)), len(ballots)):
            problems.append(f"round {round_id}: {len(ballots)} ballots are opened, {closed['count']} were counted")
        elif not _papers_fit(closed.get("paper", 0), origins) and not _papers_unsaid(steps, origins):
            problems.append(f"round {round_id}: not as many papers as were counted")
        elif closed["ballots_root"] != root([hashed for hashed, _ in ballots]).hex():
            problems.append(f"round {round_id}: these are not the ballots that were counted")
        done += 1
    sealed = sum(1 for s in export.rounds.values() if s.closed and not s.revealed and export.covers(s.opened))
    away = sum(1 for s in export.rounds.values() if s.closed and not export.covers(s.opened))
    bare = {id_: s.result for id_, s in export.rounds.items() if s.result and export.covers(s.opened)}
    bare = {id_: result for id_, result in bare.items() if not result["counts"]}
    beside = [id_ for id_, result in bare.items() if result["withheld"] == NO_COUNT_BESIDE]
    few = len(bare) - len(beside)
    words = f"{done} rounds; {sealed} more stay sealed until revealed, {away} not in this export"
    words += f"; {few} not opened, because too few voted" if few else ""
    words += f"; {len(beside)} not opened, because of another session on the same question" if beside else ""
    judged = withheld_problems(export, export.words) if beside else {}
    unsure = sum(judged[id_] is None for id_ in beside)
    words += f" ({unsure} of them cannot be judged: words or results are not here)" if unsure else ""
    words += f"; {small} not opened, because of small-number rules" if small else ""
    return verdict_of(problems, words)


def _papers_fit(papers: object, origins: Sequence[str | None]) -> bool:
    """Returns whether the ballots' origins fit the number of papers: an origin on every ballot where there are papers,
    else on none.
    """
    if papers == 0:
        return not any(origins)
    if type(papers) is not int or not 0 < papers <= len(origins):
        return False
    mixed = all(origin == PAPER_OR_DEVICE for origin in origins)
    return mixed or (origins.count(PAPER) == papers and origins.count(DEVICE) == len(origins) - papers)


def _papers_unsaid(steps: Steps, origins: Sequence[str | None]) -> bool:
    """Returns whether ballots say that some of them were papers, where small-number rules keep the number back."""
    return in_small_numbers(steps) and bool(origins) and set(origins) == {PAPER_OR_DEVICE}


def _uncounted_problems(export: Export) -> Iterator[str]:
    """Yields a problem for each result without counts that is not of a few ballots, and does not say that another
    session on its question is why, or says so wrongly; or that gives something else.
    """
    wrongly = withheld_problems(export, export.words)
    for round_id, steps in export.rounds.items():
        said = steps.result
        if said is None or said["counts"]:
            continue
        threshold, n = steps.opened["threshold"], said["n"]
        few = 0 < n < threshold
        beside = said["n"] > 0 and said["withheld"] == NO_COUNT_BESIDE
        if beside and (wrong := wrongly[round_id]):
            yield f"round {round_id}: it gives no count, and says wrongly that another session is why: {wrong}"
        if in_small_numbers(steps):
            few = n == 0 and said["withheld"] == NO_COUNT
            small = said["withheld"] == NOTHING_OUTSIDE
            fits = few or (is_rounded(n, threshold) and (small or beside))
        else:
            fits = same_json(n, (steps.closed or {}).get("count")) and (few or beside)
        if not fits:
            yield f"round {round_id}: it gives no count, and says wrongly that too few voted"
        more = [said.get(name) for name in ("by_group", "equal_voice", "view_shift", "figures", "consensus")]
        if any(part is not None for part in more) or type(said["withheld"]) is not str:
            yield f"round {round_id}: it gives no count, but something that follows from one"


def check_head_counts(export: Export) -> tuple[str, str]:
    """Checks that the opened ballots add up to the recorded result of their round."""
    problems, done, others, small = list(_uncounted_problems(export)), 0, 0, 0
    for round_id, steps in export.rounds.items():
        if export.covers(steps.opened):
            lines = [line for _, line in export.ballots.get(round_id, ())]
            choices, labels = [line["leaf"]["choice"] for line in lines], [line["label"] for line in lines]
            problems += small_number_problems(round_id, steps, choices, labels)
    for round_id, steps, ballots in export.revealed_rounds():
        if in_small_numbers(steps):
            small += 1
            continue
        method, responses = steps.opened["method"], [response["id"] for response in steps.opened["responses"]]
        if method not in METHODS:
            others += 1
            continue
        choices = [line["leaf"]["choice"] for _, line in ballots]
        said = steps.result or {}
        counted = [tally(method, choices, responses), len(choices), figures(method, choices, responses)]
        if not same_json([said["counts"], said["n"], said.get("figures")], counted):
            problems.append(f"round {round_id}: the ballots do not add up to the result")
        done += 1
    if others and not problems:
        return NOT_CHECKED, f"{done} rounds add up; {others} use another way of counting"
    fine = f"{done} rounds counted again, each with the recorded result"
    fine += f"; {small} keep to small-number rules, and to their ballots where these are opened" if small else ""
    return verdict_of(problems, fine)
