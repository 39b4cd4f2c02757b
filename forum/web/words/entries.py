"""The record in plain words: `told` turns an entry of any type into the words that people read.

It uses only the entry itself, and the words disclosed beside it. Withdrawn words are named as withdrawn; nothing is
looked up elsewhere that an erasure would have taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from forum.sessions.session import ASYNCHRONOUS, OPEN_LINK, TICKETS
from forum.voting.round import Response, Round
from forum.voting.suppression import Result
from forum.web.i18n.dates import day, moment
from forum.web.i18n.gettext import gettext as _
from forum.web.words import methods
from forum.web.words.question_versions import reading_name
from forum.web.words.terms import act_words, power_words, stage_words

Facts: TypeAlias = Mapping[str, Any]
Disclosed: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True)
class Told:
    """An entry in words: the kind of event, one sentence, and the rest as (term, text) rows.

    `result` is there for a result that was shown, with `round` for its question and responses; `link` leads to a page
    about the thing itself, with the words `link_text`.
    """

    kind: str
    sentence: str
    details: tuple[tuple[str, str], ...] = ()
    result: Result | None = None
    round: Round | None = None
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True)
class Around:
    """Things that an entry refers to: the "round opened" entries of its rounds, and every disclosure that they name."""

    openings: Mapping[str, Facts]
    disclosed: Disclosed

    def words(self, fact: Any) -> str:
        """Returns the words behind {"sd": digest}; "[withdrawn]" where they were withdrawn."""
        found = self.disclosed.get(fact["sd"])
        return _("[withdrawn]") if found is None else found

    def asynchronous(self, round_: str) -> bool:
        """Tells whether people answered a round by themselves, over days, and not in a room."""
        return bool(self.openings.get(round_, {}).get("closes_at"))

    def question(self, round_: str) -> str:
        """Returns the question of a round."""
        opening = self.openings.get(round_)
        return self.words(opening["question"]) if opening else _("[an earlier question]")

    def asked(self, round_: str) -> str:
        """Returns the question of a round, with the words of its one proposal or statement where there is only one."""
        responses = list(self.responses(round_).values())
        return " ".join([self.question(round_), *(responses if len(responses) == 1 else ())])

    def responses(self, round_: str) -> dict[str, str]:
        """Returns the words of a round's responses by id, in their order."""
        opening = self.openings.get(round_)
        return {r["id"]: self.words(r["label"]) for r in opening["responses"]} if opening else {}


def rounds_of(entry: Facts) -> tuple[str, ...]:
    """Returns the ids of the rounds in an entry."""
    if entry["type"] == "decision":
        return tuple(entry["rounds"])
    return (entry["round"],) if "round" in entry else ()


def told(entry: Facts, around: Around) -> Told:
    """Returns an entry of the record in plain words."""
    return _TELLERS.get(entry["type"], _unknown)(entry, around)


def chosen(labels: Mapping[str, str], response: str | None) -> str:
    """Returns a response in words; "none" even where the round did not offer it."""
    if response is None:
        return _("No one answer")
    return labels.get(response) or (_("None of these") if response == "none" else response)


def listed(labels: Mapping[str, str], responses: list[str] | tuple[str, ...]) -> str:
    """Returns several responses in words, each in quotation marks."""
    return _(" and ").join(f"“{chosen(labels, r)}”" for r in responses)


def named(words: Callable[[str], str], name: str) -> str:
    """Returns a term of the field after its meaning: "meaning (term)"."""
    meaning = words(name)
    return name if meaning == name else f"{meaning} ({_(name)})"


def decided(outcome: str, response: str | None, labels: Mapping[str, str]) -> str:
    """Returns a decision as a sentence."""
    words = chosen(labels, response)
    sentences = {
        "adopted": _("“%(response)s” is adopted."),
        "adopted with changes": _("“%(response)s” is adopted, with changes."),
        "not adopted": _("“%(response)s” is not adopted."),
        "deferred": _("The decision is put off until later."),
    }
    return sentences[outcome] % {"response": words}


def _scenario_published(entry: Facts, around: Around) -> Told:
    title = around.words(entry["title"])
    details = [(_("Told by"), entry["told_by"])] if entry["told_by"] else []
    return Told(
        _("Story"),
        _("The story “%(title)s” was published.") % {"title": title},
        (*details, (_("The whole story, as it was published"), around.words(entry["text"]))),
        link=f"/stories/{entry['scenario']}",
        link_text=_("Read the story"),
    )


def _session_opened(entry: Facts, around: Around) -> Told:
    about = entry["about"]
    power = about["power"]
    invited = [f"{g['label']} ({g['invited']})" if g["invited"] is not None else g["label"] for g in about["groups"]]
    kind, sentence = _("Live session"), _("The live session “%(title)s” was made for “%(commission)s”.")
    if entry.get("kind") == ASYNCHRONOUS:
        kind = _("Asynchronous round")
        sentence = _(
            "The asynchronous round “%(title)s” was made for “%(commission)s”. People play a story and answer by "
            "themselves, over days."
        )
    return Told(
        kind,
        sentence % {"title": entry["title"], "commission": about["title"]},
        (
            (_("Question"), about["question"]),
            (_("Stage"), named(stage_words, about["stage"])),
            (_("How far the vote binds"), named(power_words, power["level"])),
            (_("Who decides"), power["decides"]),
            (_("What can change"), power["can_change"]),
            (_("What cannot change"), power["cannot_change"]),
            (_("Groups, with how many people were invited"), ", ".join(invited)),
            (_("Smallest group shown by itself"), str(about["threshold"])),
            (_("How people get in"), _entrance(entry["entrance"])),
        ),
    )


def _entrance(entrance: str) -> str:
    if entrance == OPEN_LINK:
        return _(
            "Anybody who opens its page. So browsers are counted, not people; and whoever answers here may vote in a "
            "room as well."
        )
    if entrance == TICKETS:
        return _("With a ticket, which says the group. Each ticket has one vote.")
    return _("Anybody with the join code. So browsers are counted, not people.")


def _round_opened(entry: Facts, around: Around) -> Told:
    sentence = {
        "vote after replay": _("Voting opened again, after the replay. The question is: “%(question)s”"),
        "magic check": _("The room was asked whether what was tried on stage could really happen: “%(question)s”"),
        "character vote": _("The room was asked which character to replace: “%(question)s”"),
        "policy vote": _("Voting opened on a proposal. The question is: “%(question)s”"),
    }.get(entry["kind"], _("Voting opened. The question is: “%(question)s”"))
    values = {"question": around.asked(entry["round"])}
    until: tuple[tuple[str, str], ...] = ()
    if entry.get("closes_at"):
        sentence = _("An asynchronous round was opened, until %(until)s. The question is: “%(question)s”")
        values["until"] = moment(entry["closes_at"])
        until = ((_("Open until"), values["until"]),)
    responses = [around.words(r["label"]) for r in entry["responses"]]
    return Told(
        _("Vote opened"),
        sentence % values,
        (
            *until,
            (_("Answers to choose from"), "\n".join(responses)),
            (_("Groups"), ", ".join(entry["groups"])),
            (_("Smallest group shown by itself"), str(entry["threshold"])),
            (_("How far the vote binds"), named(power_words, entry["power"])),
            (_("Way of voting"), methods.method_words(entry["method"])),
            *_declared(entry),
            *_versions(entry, around),
        ),
    )


def _round_extended(entry: Facts, around: Around) -> Told:
    values = {"question": around.asked(entry["round"]), "until": moment(entry["closes_at"])}
    return Told(
        _("More time"),
        _("An asynchronous round is open for longer: until %(until)s. The question is: “%(question)s”") % values,
        ((_("Open until"), values["until"]),),
    )


def _declared(entry: Facts) -> Iterator[tuple[str, str]]:
    quorum = entry.get("quorum") or {"ballots": 0, "each_group": 0}
    if quorum["ballots"]:
        yield _("How many votes are needed"), str(quorum["ballots"])
    if quorum["each_group"]:
        yield _("How many votes are needed from every group"), str(quorum["each_group"])
    if entry.get("live"):
        yield _("While voting is open"), _("The count of everybody together is shown, once enough people have voted.")


def _versions(entry: Facts, around: Around) -> Iterator[tuple[str, str]]:
    for version in entry.get("versions", ()):
        question = [around.words(version["question"])] if version["question"] else []
        labels = [around.words(response["label"]) for response in version["responses"]]
        words = "\n".join(question + labels)
        yield _("To be read as well in: %(kind)s") % {"kind": reading_name(version["kind"])}, words


def _round_closed(entry: Facts, around: Around) -> Told:
    sentence = _("Voting closed. Votes counted: %(count)s. The question was: “%(question)s”")
    if around.asynchronous(entry["round"]):
        sentence = _("An asynchronous round closed. Votes counted: %(count)s. The question was: “%(question)s”")
    return Told(
        _("Vote closed"),
        sentence % {"question": around.asked(entry["round"]), "count": entry["count"]},
        (
            (_("Votes counted"), str(entry["count"])),
            *(((_("Of these on paper, counted by two people"), str(entry["paper"])),) if "paper" in entry else ()),
            (_("Fingerprint of all the votes (ballots root)"), entry["ballots_root"]),
        ),
    )


def _round_revealed(entry: Facts, around: Around) -> Told:
    result = Result.from_json(entry["result"])
    opening = around.openings.get(entry["round"])
    method = opening["method"] if opening else "single"
    labels = around.responses(entry["round"]) or {id_: id_ for id_ in result.counts}
    said = methods.outcome_of_vote(result, method, labels, asynchronous=around.asynchronous(entry["round"]))
    if result.quorum is not None and result.quorum.reached is False:
        said += " " + _("Fewer people took part than had been declared to be needed.")
    return Told(
        _("Result"),
        said + " " + _("The question was: “%(question)s”") % {"question": around.asked(entry["round"])},
        result=result,
        round=Round(
            entry["round"],
            entry["session"],
            around.question(entry["round"]),
            tuple(Response(id_, label) for id_, label in labels.items()),
            method=method,
            closes_at=around.openings.get(entry["round"], {}).get("closes_at") or "",
        ),
        link=f"/rounds/{entry['round']}/ballots.jsonl",
        link_text=_("Download the opened votes and count them yourself"),
    )


def _round_annulled(entry: Facts, around: Around) -> Told:
    sentence = _("A vote was declared void. Its votes do not count. The question was: “%(question)s”")
    if around.asynchronous(entry["round"]):
        sentence = _(
            "An asynchronous round was declared void. Its votes do not count. The question was: “%(question)s”"
        )
    return Told(
        _("Vote annulled"),
        sentence % {"question": around.asked(entry["round"])},
        ((_("Why"), around.words(entry["because"])),),
    )


def _decision(entry: Facts, around: Around) -> Told:
    labels = around.responses(entry["rounds"][-1])
    alone = around.asynchronous(entry["rounds"][-1])
    who = _("The asynchronous round preferred") if alone else _("The room preferred")
    details = [
        (_("Question"), around.question(entry["rounds"][-1])),
        (who, listed(labels, entry["preference"]) or _("Nobody voted.")),
        (_("Reasons for the decision"), around.words(entry["rationale"])),
    ]
    if entry["why"]:
        details.append((_("Why it differs from the vote"), around.words(entry["why"])))
    if entry["dissent"]:
        details.append((_("Who disagrees, and why"), around.words(entry["dissent"])))
    sentence = decided(entry["outcome"], entry["response"], labels)
    if alone:
        sentence += " " + _("It rests on an asynchronous round: people answered by themselves, not in a room.")
    if entry["differs"]:
        differs = _("This is not what people preferred.") if alone else _("This is not what the room preferred.")
        sentence += " " + differs
    return Told(
        _("Decision"),
        sentence,
        tuple(details),
        link=f"/decisions/{entry['decision']}",
        link_text=_("Read the whole decision"),
    )


def _commitment(entry: Facts, around: Around) -> Told:
    what = around.words(entry["what"])
    return Told(
        _("Commitment"),
        _("%(role)s will do this by %(day)s: %(what)s")
        % {"role": entry["role"], "day": day(entry["by"]), "what": what},
        ((_("Who"), entry["role"]), (_("What"), what), (_("By when"), day(entry["by"]))),
        link=f"/decisions/{entry['decision']}",
        link_text=_("Read the decision it belongs to"),
    )


def _moderation_action(entry: Facts, around: Around) -> Told:
    because = ((_("The reason, as far as it is public"), around.words(entry["because"])),) if entry["because"] else ()
    return Told(
        _("Moderation"),
        act_words(entry["action"]),
        because,
        link="/moderation",
        link_text=_("Everything that moderators did"),
    )


def _erasure(entry: Facts, around: Around) -> Told:
    return Told(
        _("Withdrawn"),
        _("Somebody took their words back. The record still shows that there were words, and no longer which."),
        ((_("Fingerprints of the words"), "\n".join(entry["digests"])),),
    )


def _unknown(entry: Facts, around: Around) -> Told:
    return Told(_("Other"), _("An entry of the type “%(type)s”.") % {"type": entry["type"]})


_TELLERS: dict[str, Callable[[Facts, Around], Told]] = {
    "scenario published": _scenario_published,
    "session opened": _session_opened,
    "round opened": _round_opened,
    "round extended": _round_extended,
    "round closed": _round_closed,
    "round revealed": _round_revealed,
    "round annulled": _round_annulled,
    "decision": _decision,
    "commitment": _commitment,
    "moderation action": _moderation_action,
    "erasure": _erasure,
}
