"""The record in plain words: `words_of` turns an entry of any type into the words that people read.

It uses only the entry itself, and the words disclosed beside it. Withdrawn words are named as withdrawn; nothing is
looked up elsewhere that an erasure would have taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forum.sessions.session import Entrance, SessionKind
from forum.voting.commitment import Giver
from forum.voting.decision import Decision, Difference, DifferenceFrom
from forum.voting.round import Round
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.words import commission_entries, stage_entries
from forum.web.words.decision_entries import (
    decision_corrected,
    minority_statement,
    prediction_opened,
    prediction_sealed,
)
from forum.web.words.decisions import condition_answered, differs_from, reading_words, told_headings
from forum.web.words.entry_words import EntryWords, Facts, References, chosen, listed
from forum.web.words.noticed import counted
from forum.web.words.round_entries import (
    round_annulled,
    round_closed,
    round_extended,
    round_opened,
    round_revealed,
)
from forum.web.words.terms import act_words, promise_words


def words_of(entry: Facts, references: References) -> EntryWords:
    """Returns an entry of the record in plain words."""
    return _TELLERS.get(entry["type"], _unknown)(entry, references)


def decided(outcome: str, response: str | None, labels: Mapping[str, str]) -> str:
    """Returns a decision as a sentence."""
    words = chosen(labels, response)
    sentences = {
        "adopted": _("“%(response)s” is adopted."),
        "adopted with changes": _("“%(response)s” is adopted, with changes."),
        "not adopted": _("“%(response)s” is not adopted."),
        "deferred": _("The decision is put off until later."),
        "acknowledged": _("Something went wrong, and those who decide say so."),
    }
    return sentences[outcome] % {"response": words}


def decided_words(made: Decision, vote: Round) -> str:
    """Returns a decision as a sentence, with the words of the vote that it rests on."""
    return decided(made.outcome, made.response, {one.id: one.label for one in vote.responses})


def _scenario_published(entry: Facts, references: References) -> EntryWords:
    title = references.words(entry["title"])
    details = [(_("Told by"), references.words(entry["told_by"]))] if entry["told_by"] else []
    return EntryWords(
        _("Story"),
        _("The story “%(title)s” was published.") % {"title": title},
        (*details, (_("The whole story, as it was published"), references.words(entry["text"]))),
        link=f"/stories/{entry['scenario']}",
        link_text=_("Read the story"),
    )


def _session_opened(entry: Facts, references: References) -> EntryWords:
    about = entry["about"]
    kind, sentence = _("Live session"), _("The live session “%(title)s” was made for “%(commission)s”.")
    alone = entry.get("kind") == SessionKind.ASYNCHRONOUS
    if alone:
        kind = _("Answers from where people are")
        sentence = _(
            "“%(title)s” was made for “%(commission)s”, for answers from where people are. They play a story and "
            "answer by themselves, over days."
        )
    if entry["entrance"] == Entrance.VOTERS:
        kind = _("Did we get you right?")
        sentence = _("Those who voted are asked whether they were understood, for “%(commission)s”.")
    return EntryWords(
        kind,
        sentence % {"title": entry["title"], "commission": about["title"]},
        (
            *commission_entries.declared(about, references),
            (_("How people get in"), _entrance(entry["entrance"])),
            *([(_("Receipts"), _("Nobody is given a receipt of their ballot."))] if "no_receipts" in entry else []),
        ),
        link="" if alone else f"/sessions/{entry['session']}",
        link_text="" if alone else _("What was asked in it, and every result"),
    )


def _session_called_off(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("Called off"),
        _("The live session “%(title)s” was called off.") % {"title": entry["title"]},
        ((_("Why"), references.words(entry["because"])),),
        link=f"/sessions/{entry['session']}",
        link_text=_("The page of the session"),
    )


def _entrance(entrance: str) -> str:
    if entrance == Entrance.OPEN_LINK:
        return _(
            "Anybody who opens its page. So browsers are counted, not people; and whoever answers here may vote in a "
            "room as well."
        )
    if entrance == Entrance.VOTERS:
        return _("With the browser that voted. It is counted with the group that it voted with.")
    if entrance == Entrance.TICKETS:
        return _("With a ticket, which says the group. Each ticket has one vote.")
    return _("Anybody with the join code. So browsers are counted, not people.")


def _decision(entry: Facts, references: References) -> EntryWords:
    labels = references.responses(entry["rounds"][-1])
    alone = references.asynchronous(entry["rounds"][-1])
    who = _("People answering from where they are preferred") if alone else _("The room preferred")
    weighed = references.weighed(entry)
    preferred = listed(labels, weighed["preference"]) if weighed else _("[withdrawn]")
    details = [
        (_("Question"), references.question(entry["rounds"][-1])),
        (who, preferred or _("Nobody voted, or no count is given.")),
        (_("Reasons for the decision"), references.words(entry["rationale"])),
    ]
    if entry["why"]:
        details.append((_("Why it differs from the vote"), references.words(entry["why"])))
    for one in weighed["differences"] if weighed else ():
        details.append((differs_from(Difference(DifferenceFrom(one["from"]), one["group"] or "")), one["answer"]))
    if entry.get("until"):
        details.append((_("The question waits again until"), day(entry["until"])))
    for one in (entry.get("conditions") or {"answered": ()})["answered"]:
        details.append(condition_answered(one, references))
    if entry.get("earlier"):
        details.append((_("Why it does not rest on the latest vote"), references.words(entry["earlier"])))
    if entry["dissent"]:
        details.append((_("Who disagrees, and why"), references.words(entry["dissent"])))
    told = entry.get("told", {})
    details += [(heading, references.words(told[name])) for name, heading in told_headings() if told.get(name)]
    if read := entry.get("second_reader"):
        details.append((_("Second reader"), reading_words(read)))
    sentence = decided(entry["outcome"], entry["response"], labels)
    if alone:
        sentence += " " + _("It rests on answers from where people are: they answered by themselves, not in a room.")
    if weighed and weighed["differs"]:
        differs = _("This is not what people preferred.") if alone else _("This is not what the room preferred.")
        sentence += " " + differs
    return EntryWords(
        _("Decision"),
        sentence,
        tuple(details),
        link=f"/decisions/{entry['decision']}",
        link_text=_("Read the whole decision"),
    )


def _commitment(entry: Facts, references: References) -> EntryWords:
    role, what = references.words(entry["role"]), references.words(entry["what"])
    details = [(_("Who"), role), (_("What"), what), (_("By when"), day(entry["by"]))]
    if entry.get("answers"):
        details.append((_("What need it answers"), references.words(entry["answers"])))
    if entry.get("noticed"):
        details.append((_("How people would notice"), references.words(entry["noticed"])))
    return EntryWords(
        _("Commitment"),
        _("%(role)s will do this by %(day)s: %(what)s") % {"role": role, "day": day(entry["by"]), "what": what},
        tuple(details),
        link=f"/promises/{entry['commitment']}",
        link_text=_("Read what became of it"),
    )


def _commitment_update(entry: Facts, references: References) -> EntryWords:
    details = [
        (label, references.words(entry[name]))
        for name, label in (
            ("handed_to", _("Handed on to")),
            ("because", _("Why")),
            ("said", _("What was said")),
        )
        if entry[name]
    ]
    if "file" in entry:
        details.append((_("What the file beside it shows"), references.words(entry["file"]["shows"])))
        details.append((_("Fingerprint of the file (SHA-256)"), references.words(entry["file"]["sha256"])))
    given = _("A commissioner said so.")
    if entry["given_by"] == Giver.OWNER:
        given = _("Whoever has to do it said so, through a link of their own.")
    return EntryWords(
        _("News of a promise"),
        _("How a promise stands now: %(state)s.") % {"state": promise_words(entry["state"])},
        (*details, (_("Who said it"), given)),
        link=f"/promises/{entry['commitment']}",
        link_text=_("Read the promise"),
    )


def _answer_date_moved(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("Answer date moved"),
        _("The day until which a vote is to be answered was moved from %(before)s to %(after)s.")
        % {"before": day(entry["from"]), "after": day(entry["to"])},
        ((_("Question"), references.question(entry["round"])), (_("Why"), references.words(entry["because"]))),
        link=f"/commissions/{entry['commission']}#answers",
        link_text=_("Answers that are due"),
    )


def _commitment_noticed(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("What was noticed of a promise"),
        " ".join(counted(row) for row in entry["answers"]),
        link=f"/promises/{entry['commitment']}",
        link_text=_("Read the promise"),
    )


def _moderation_action(entry: Facts, references: References) -> EntryWords:
    because = (
        ((_("The reason, as far as it is public"), references.words(entry["because"])),) if entry["because"] else ()
    )
    return EntryWords(
        _("Moderation"),
        act_words(entry["action"]),
        because,
        link="/moderation",
        link_text=_("Everything that moderators did"),
    )


def _erasure(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("Withdrawn"),
        _(
            "Somebody took their words back, or the result of a vote was withdrawn because the vote was annulled. "
            "The record still shows that something stood there, and no longer what."
        ),
        ((_("Fingerprints of the words"), "\n".join(entry["digests"])),),
    )


def _data_erased(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("Withdrawn"),
        _("Somebody's words and data were erased, because they asked for it."),
        ((_("Reference"), entry["reference"]),),
    )


def _retention(entry: Facts, references: References) -> EntryWords:
    kinds = {
        "drafts": _("Drafts that were never sent"),
        "returned": _("Stories that were returned and not sent again"),
        "marks": _("Marks of browsers beside suggestions and versions"),
        "notes": _("Words of answered reports and appeals, and reasons that were not public"),
        "attendance": _("Further groups of people who came, and lists of what was sent twice"),
        "sign_ins": _("Sign-ins that had run out"),
        "undo": _("Last acts, kept to undo them"),
        "decision_drafts": _("Drafts of decisions that nobody had changed"),
    }
    return EntryWords(
        _("Withdrawn"),
        _("Data was removed because it had been kept long enough."),
        tuple(
            (kinds[one["kind"]], str(one["number"]) if one["number"] is not None else _("Fewer than five"))
            for one in entry["removed"]
        ),
        link="/data-protection",
        link_text=_("What is kept, and for how long"),
    )


def _record_restored(entry: Facts, references: References) -> EntryWords:
    before, after = entry["before"], entry["after"]
    return EntryWords(
        _("The record itself"),
        _(
            "An older copy of the database was put back. The record had %(before)s entries; it went on from %(after)s, "
            "and what stood in the others is lost."
        )
        % {"before": before["size"], "after": after["size"]},
        (
            (_("Fingerprint (root) of what was given up"), before["root"] or _("No checkpoint was signed for it.")),
            (_("Fingerprint (root) of what was there"), after["root"]),
        ),
    )


def _key_lost(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("The record itself"),
        _("The key that signed the record was lost. From here on it is signed with another one, under another name."),
        ((_("Its name until then"), entry["before"]), (_("The new key"), entry["key"])),
    )


def _key_changed(entry: Facts, references: References) -> EntryWords:
    return EntryWords(
        _("The record itself"),
        _("From here on the record is signed with a new key, under another name. The old key signed the new one."),
        ((_("The key until then"), entry["before"]), (_("The new key"), entry["key"])),
    )


def _unknown(entry: Facts, references: References) -> EntryWords:
    return EntryWords(_("Other"), _("An entry of the type “%(type)s”.") % {"type": entry["type"]})


_TELLERS: dict[str, Callable[[Facts, References], EntryWords]] = {
    "scenario published": _scenario_published,
    "session opened": _session_opened,
    "session called off": _session_called_off,
    "round opened": round_opened,
    "round extended": round_extended,
    "round closed": round_closed,
    "round revealed": round_revealed,
    "round annulled": round_annulled,
    "decision": _decision,
    "decision corrected": decision_corrected,
    "decision replaced": decision_corrected,
    "commitment": _commitment,
    "commitment update": _commitment_update,
    "minority statement": minority_statement,
    "answer date moved": _answer_date_moved,
    "commitment noticed": _commitment_noticed,
    "pledge": commission_entries.pledge,
    "prediction sealed": prediction_sealed,
    "prediction opened": prediction_opened,
    "moderation action": _moderation_action,
    "commission published": commission_entries.commission_published,
    "commission changed": commission_entries.commission_changed,
    "stage moved": stage_entries.stage_moved,
    "stage note": stage_entries.stage_note,
    "commission closed": stage_entries.commission_closed,
    "commission reopened": stage_entries.commission_reopened,
    "erasure": _erasure,
    "data erased": _data_erased,
    "retention": _retention,
    "record restored": _record_restored,
    "key lost": _key_lost,
    "key changed": _key_changed,
}
