"""Entries about the stages of a commission in plain words."""

from __future__ import annotations

from forum.web.i18n.gettext import gettext as _
from forum.web.words.entry_words import EntryWords, Facts, References, named
from forum.web.words.terms import stage_question, stage_words


def stage_moved(entry: Facts, references: References) -> EntryWords:
    """Returns a move to another stage in words."""
    details = [(_("What was learnt"), references.words(entry["learnt"]))]
    if entry["better"]:
        details.append((_("What could have been better"), references.words(entry["better"])))
    if entry["took_part"]:
        details.append((_("Who took part"), references.words(entry["took_part"])))
    return EntryWords(
        _("Stage"),
        _("The work moved from the stage “%(before)s” to “%(after)s”.")
        % {"before": named(stage_words, entry["from"]), "after": named(stage_words, entry["to"])},
        tuple(details),
        link=f"/commissions/{entry['commission']}",
        link_text=_("Where the work is now"),
    )


def stage_note(entry: Facts, references: References) -> EntryWords:
    """Returns an answer to a question of a stage in words."""
    return EntryWords(
        _("Stage"),
        _("A question of the stage “%(stage)s” was answered.") % {"stage": named(stage_words, entry["stage"])},
        ((stage_question(entry["question"]), references.words(entry["words"])),),
        link=f"/decisions/{entry['decision']}"
        if entry["decision"]
        else stage_page(entry["commission"], entry["stage"]),
        link_text=_("Read the decision it follows from") if entry["decision"] else _("Read all of this stage"),
    )


def stage_page(commission: str, stage: str) -> str:
    """Returns the address of the page of a stage."""
    return f"/commissions/{commission}/stages/{stage.replace(' ', '-')}"


def commission_closed(entry: Facts, references: References) -> EntryWords:
    """Returns the end of a commission in words."""
    groups = [(one["group"], references.words(one["words"])) for one in entry["groups"]]
    return EntryWords(
        _("Stage"),
        _("The commission was closed."),
        ((_("Closing note"), references.words(entry["words"])), *groups),
        link=f"/commissions/{entry['commission']}",
        link_text=_("Read the commission"),
    )


def commission_reopened(entry: Facts, references: References) -> EntryWords:
    """Returns the reopening of a commission in words."""
    return EntryWords(
        _("Stage"),
        _("The commission was reopened. It goes on in the stage it was in."),
        ((_("Why"), references.words(entry["because"])),),
        link=f"/commissions/{entry['commission']}",
        link_text=_("Read the commission"),
    )
