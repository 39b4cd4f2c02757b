"""Votes of which no count is given beside another session's: whether there was such a vote, and both could tell.

What was withheld is not here, so nobody can count again that it had to be. But there must be an earlier vote that was
counted, of another session of the commission, on the same question, by the rule in docs/record.md; and some table of
the later one must be such that both together tell, which follows from the earlier one's published rows.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from forum.record.verify.export import Export
from forum.record.verify.methods import METHODS, columns_of
from forum.record.verify.rounds import Steps
from forum.record.verify.small_numbers import in_small_numbers

# Opens a digest; None where its words are not here.
WordsOf: TypeAlias = Callable[[Any], str | None]
# Why no count is given of a vote of enough ballots; forum.voting.partition has these words too.
NO_COUNT_BESIDE = (
    "No result is shown of this vote: the same question was asked in another session, and both results together could"
    " show how somebody voted."
)
NONE_BEFORE = "no vote on its question was counted in another session before it"
NONE_TELLS = "beside no earlier vote on its question could any result of it tell how somebody voted"
# Characters of the categories of what can be seen, which are drawn as nothing: forum/stories/visible_text.py.
_BLANK = "\u115f\u1160\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U0001d159"


def withheld_problems(export: Export, words: WordsOf) -> dict[str, str | None]:
    """Returns for each round of which no count is given because of another session what stands against that; "" where
    nothing does, None where it cannot be judged, because words that were asked, or an earlier result, are not here."""
    found: dict[str, str | None] = {}
    # Earlier votes of a commission and method: all, those of which words are not here, and by scene and by words.
    before: defaultdict[tuple[str, ...], list[Steps]] = defaultdict(list)
    shown: set[str] = set()
    annulled: set[str] = set()
    for entry in export.entries:
        if entry["type"] == "round revealed":
            shown.add(entry["round"])
        elif entry["type"] == "round annulled" and entry["round"] not in shown:
            annulled.add(entry["round"])
        elif entry["type"] == "round closed":
            steps = export.rounds[entry["round"]]
            of = (steps.opened["commission"], steps.opened["method"])
            scene, question = _scene(steps.opened, words), _key(steps.opened["question"], words)
            whole = scene is not None and question is not None
            keys = (("scene", scene), ("words", question), ("asks about", steps.opened.get("asks_about")))
            own = [(*of, *filter(None, key)) for key in keys if key[1]]
            if steps.result is not None and steps.result["withheld"] == NO_COUNT_BESIDE:
                others = [one for key in ([*own, (*of, "?")] if whole else [of]) for one in before[key]]
                others = [one for one in others if one.opened["round"] not in annulled]
                found[entry["round"]] = _problem(others, steps.opened, words)
            if _counted(steps):
                for key in (of, *own, *([] if whole else [(*of, "?")])):
                    before[key].append(steps)
    return found


def _counted(steps: Steps) -> bool:
    """Says whether a count is given of a closed round, or may be, as far as is known here."""
    if steps.result is not None:
        return bool(steps.result["counts"])
    threshold: int = steps.opened["threshold"]
    return bool((steps.closed or {}).get("count", threshold) >= threshold)


def _problem(before: Iterable[Steps], later: Mapping[str, Any], words: WordsOf) -> str | None:
    problem: str | None = NONE_BEFORE
    for one in before:
        same = one.opened["session"] != later["session"] and _on_one_question(one.opened, later, words)
        could = same and _could_tell(one, later, words)
        if could:
            return ""
        if same is not False:
            problem = None if could is None or problem is None else NONE_TELLS
    return problem


def _on_one_question(a: Mapping[str, Any], b: Mapping[str, Any], words: WordsOf) -> bool | None:
    """Says whether two votes are on one question: of one scene, in the same words with an answer in common, or about
    one vote, as those who voted are asked; None where the words are not here."""
    if "asks_about" in a and a["asks_about"] == b.get("asks_about"):
        return True
    scenes = [_scene(one, words) for one in (a, b)] if a["scenario"] == b["scenario"] else ["", ""]
    if scenes[0] and scenes[0] == scenes[1]:
        return True
    questions = [_key(one["question"], words) for one in (a, b)]
    if None in scenes or None in questions:
        return None
    if questions[0] != questions[1]:
        return False
    answers = [{_key(r["label"], words) for r in one["responses"] if r["id"] != "none"} for one in (a, b)]
    if (answers[0] & answers[1]) - {None}:
        return True
    return None if None in answers[0] | answers[1] else False


def _scene(opened: Mapping[str, Any], words: WordsOf) -> str | None:
    """Returns a key of a vote's scene; "" where it is of none, None where its name is not here."""
    if opened["scenario"] is None or opened["scene"] is None:
        return ""
    name = _key(opened["scene"], words)
    return None if name is None else f"{opened['scenario']} {name}"


def _could_tell(earlier: Steps, later: Mapping[str, Any], words: WordsOf) -> bool | None:
    """Says whether a table of the later vote could tell beside a row of the earlier one: a row of several answers has
    some and not all that are offered later; or it is of one mind, or of two answers, one of them given once. None
    where words or the earlier result are not here, or not its exact numbers."""
    before, now = _answers_asked(earlier.opened, words), _answers_asked(later, words)
    if earlier.result is None or in_small_numbers(earlier) or before is None or now is None:
        return None
    whole = [{"n": earlier.result["n"], "counts": earlier.result["counts"]}]
    for row in earlier.result["by_group"] or whole:
        for thing in before.keys() & now.keys():
            given = {answer: row["counts"].get(mark, 0) for mark, answer in before[thing].items()}
            offered = set(now[thing].values())
            if later["method"] == "approval":
                given, offered = {"named": given[""], "not": row["n"] - given[""]}, {"named", "not"}
            given = {answer: n for answer, n in given.items() if n}
            one_left = len(given) == 1 or (len(given) == 2 and 1 in given.values())
            if given.keys() & offered and len(offered) > 1 and (one_left or not offered <= given.keys()):
                return True
    return False


def _answers_asked(opened: Mapping[str, Any], words: WordsOf) -> dict[str, dict[str, str]] | None:
    """Lists for each thing that is asked the answers by their column; None where these words are not here, or look too
    much alike to be told apart."""
    labels = {response["id"]: _key(response["label"], words) for response in opened["responses"]}
    known = {id_: label for id_, label in labels.items() if label is not None}
    if len(set(known.values())) < len(labels) or opened["method"] not in METHODS:
        return None
    asked: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for column in columns_of(opened["method"], list(labels)):
        response, _, number = column.partition("=")
        alone = opened["method"] in ("approval", "score")
        asked[known[response] if alone else ""][column] = number if alone else known.get(column, column)
    return asked


def _key(place: Any, words: WordsOf) -> str | None:
    """Returns what is equal for all words that `alike` of forum/stories/visible_text.py takes for equal; None where
    they are not here."""
    name = place if type(place) is str else words(place)
    if name is None:
        return None
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LNPS" and char not in _BLANK)
