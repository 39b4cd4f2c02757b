"""The entries about rounds in plain words: opened, open for longer, closed, shown, annulled."""

from __future__ import annotations

from collections.abc import Iterator

from forum.voting.round import Response, Round, RoundKind
from forum.voting.suppression import Result
from forum.web.i18n.dates import moment
from forum.web.i18n.gettext import gettext as _
from forum.web.words import methods
from forum.web.words.check_backs import said_back
from forum.web.words.entry_words import EntryWords, Facts, References, named, small_numbers_row
from forum.web.words.question_versions import reading_name
from forum.web.words.terms import power_words


def round_opened(entry: Facts, references: References) -> EntryWords:
    """Tells that voting in a round was opened, with its question, answers and rules."""
    sentence = {
        "vote after replay": _("Voting opened again, after the replay. The question is: “%(question)s”"),
        "magic check": _("The room was asked whether what was tried on stage could really happen: “%(question)s”"),
        "character vote": _("The room was asked which character to replace: “%(question)s”"),
        "policy vote": _("Voting opened on a proposal. The question is: “%(question)s”"),
    }.get(entry["kind"], _("Voting opened. The question is: “%(question)s”"))
    values = {"question": references.asked(entry["round"])}
    until: tuple[tuple[str, str], ...] = ()
    if entry.get("closes_at"):
        sentence = _("A question was opened for answers from where people are, until %(until)s: “%(question)s”")
        if entry["kind"] == RoundKind.CHECK_BACK:
            sentence = _("Until %(until)s those who voted are asked whether this is what they said: “%(question)s”")
        values["until"] = moment(entry["closes_at"])
        until = ((_("Open until"), values["until"]),)
    responses = [references.words(r["label"]) for r in entry["responses"]]
    return EntryWords(
        _("Vote opened"),
        sentence % values,
        (
            *until,
            (_("Answers to choose from"), "\n".join(responses)),
            (_("Groups"), ", ".join(entry["groups"])),
            (_("Smallest group shown by itself"), str(entry["threshold"])),
            *small_numbers_row(entry),
            (_("How far the vote binds"), named(power_words, entry["power"])),
            (_("Way of voting"), methods.method_words(entry["method"])),
            *_declared(entry),
            *_versions(entry, references),
        ),
    )


def round_extended(entry: Facts, references: References) -> EntryWords:
    """Tells that an asynchronous round is open for longer."""
    values = {"question": references.asked(entry["round"]), "until": moment(entry["closes_at"])}
    return EntryWords(
        _("More time"),
        _("There is more time for answers from where people are: until %(until)s. The question is: “%(question)s”")
        % values,
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


def _versions(entry: Facts, references: References) -> Iterator[tuple[str, str]]:
    for version in entry.get("versions", ()):
        question = [references.words(version["question"])] if version["question"] else []
        labels = [references.words(response["label"]) for response in version["responses"]]
        words = "\n".join(question + labels)
        yield _("To be read as well in: %(kind)s") % {"kind": reading_name(version["kind"])}, words


def round_closed(entry: Facts, references: References) -> EntryWords:
    """Tells that voting was closed, with how many votes were counted."""
    if "count" not in entry:
        said = _("Voting closed. The question was: “%(question)s”") % {"question": references.asked(entry["round"])}
        root = (_("Fingerprint of all the votes (ballots root)"), entry["ballots_root"])
        return EntryWords(_("Vote closed"), f"{said} {methods.rounded_note()}", (root,))
    sentence = _("Voting closed. Votes counted: %(count)s. The question was: “%(question)s”")
    if references.asynchronous(entry["round"]):
        sentence = _("Answers from where people are closed. Votes counted: %(count)s. The question was: “%(question)s”")
    return EntryWords(
        _("Vote closed"),
        sentence % {"question": references.asked(entry["round"]), "count": entry["count"]},
        (
            (_("Votes counted"), str(entry["count"])),
            *(((_("Of these on paper, counted by two people"), str(entry["paper"])),) if "paper" in entry else ()),
            (_("Fingerprint of all the votes (ballots root)"), entry["ballots_root"]),
        ),
    )


def round_revealed(entry: Facts, references: References) -> EntryWords:
    """Tells the result of a round."""
    told = references.result(entry)
    if told is None:
        return EntryWords(
            _("Result"),
            _(
                "The result of this vote stood here. It was withdrawn, because the vote was annulled: beside the "
                "result of the vote that is asked instead, it could show how a few people voted. The question was: "
                "“%(question)s”"
            )
            % {"question": references.asked(entry["round"])},
        )
    result = Result.from_json(told)
    opening = references.openings.get(entry["round"])
    method = opening["method"] if opening else "single"
    labels = references.responses(entry["round"]) or {id_: id_ for id_ in result.counts}
    said = methods.outcome_of_vote(result, method, labels, asynchronous=references.asynchronous(entry["round"]))
    if opening and opening["kind"] == RoundKind.CHECK_BACK:
        said = _("Those who voted were asked whether they were understood.") + " " + said_back(result)
    if result.quorum is not None and result.quorum.reached is False:
        said += " " + _("Fewer people took part than had been declared to be needed.")
    if entry.get("view_shift") and result.shift is None:
        said += " " + _("Who moved is not shown any more, because the first vote was annulled.")
    if entry.get("view_shift") and result.shift is None:
        said += " " + _("Who moved is not shown any more, because the first vote was annulled.")
    return EntryWords(
        _("Result"),
        said + " " + _("The question was: “%(question)s”") % {"question": references.asked(entry["round"])},
        result=result,
        round=Round(
            entry["round"],
            entry["session"],
            references.question(entry["round"]),
            tuple(Response(id_, label) for id_, label in labels.items()),
            method=method,
            closes_at=references.openings.get(entry["round"], {}).get("closes_at") or "",
        ),
        link=f"/rounds/{entry['round']}/ballots.jsonl" if result.counts and not result.sealed else "",
        link_text=_("Download the opened votes and count them yourself"),
    )


def round_annulled(entry: Facts, references: References) -> EntryWords:
    """Tells that a round was annulled, and why."""
    sentence = _("A vote was annulled. Its votes do not count. The question was: “%(question)s”")
    if references.asynchronous(entry["round"]):
        sentence = _(
            "A vote of people answering from where they are was annulled. It does not count. The "
            "question was: “%(question)s”"
        )
    return EntryWords(
        _("Vote annulled"),
        sentence % {"question": references.asked(entry["round"])},
        ((_("Why"), references.words(entry["because"])),),
    )
