"""Entries beside decisions in words: corrections, minority statements, and predictions sealed and opened."""

from __future__ import annotations

from forum.web.i18n.gettext import gettext as _
from forum.web.words.entry_words import EntryWords, Facts, References


def decision_corrected(entry: Facts, references: References) -> EntryWords:
    """Returns an entry "decision corrected" or "decision replaced" in words."""
    replaced = entry["type"] == "decision replaced"
    details = [(_("Why"), references.words(entry["because"]))]
    if not replaced:
        details.insert(0, (_("What is right instead"), references.words(entry["words"])))
    return EntryWords(
        _("Decision replaced") if replaced else _("Correction of a decision"),
        _("Another decision took the place of an earlier one, which stays here.")
        if replaced
        else _("Something in a decision was corrected. The decision stays as it was."),
        tuple(details),
        link=f"/decisions/{entry['decision']}",
        link_text=_("Read the whole decision"),
    )


def minority_statement(entry: Facts, references: References) -> EntryWords:
    """Returns an entry "minority statement" in words."""
    return EntryWords(
        _("Minority statement"),
        _("%(group)s says what it holds against a decision.") % {"group": references.words(entry["group"])},
        ((_("Statement"), references.words(entry["words"])),),
        link=f"/decisions/{entry['decision']}",
        link_text=_("Read the whole decision"),
    )


def prediction_sealed(entry: Facts, references: References) -> EntryWords:
    """Returns an entry "prediction sealed" in words."""
    return EntryWords(
        _("Sealed prediction"),
        _(
            "Those who decide have written what they expect the room to say, before its first vote. Nobody else reads "
            "it until they decide."
        ),
        (
            (_("Fingerprint of what they expect"), entry["expect"]),
            (_("Fingerprint of what would change their minds"), entry["minds"]),
        ),
        link=f"/record/entries?session={entry['session']}",
        link_text=_("All of this session in the record"),
    )


def prediction_opened(entry: Facts, references: References) -> EntryWords:
    """Returns an entry "prediction opened" in words."""
    return EntryWords(
        _("Prediction opened"),
        _("Before the vote, those who decide expected: %(words)s") % {"words": references.words(entry["expect"])},
        ((_("What would have changed their minds"), references.words(entry["minds"])),),
        link=f"/decisions/{entry['decision']}",
        link_text=_("Read the whole decision"),
    )
