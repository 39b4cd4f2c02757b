"""Entries about a commission and its versions in plain words, and the rows in which its terms are told."""

from __future__ import annotations

from forum.voting.commission import Commission
from forum.web.i18n.gettext import gettext as _
from forum.web.words.entry_words import EntryWords, Facts, References, named, small_numbers_row
from forum.web.words.methods import small_numbers_words
from forum.web.words.terms import answer_by_words, power_words, second_reader_words, stage_words


def declared(about: Facts, references: References) -> tuple[tuple[str, str], ...]:
    """Returns what an entry declares of a commission, as rows."""
    power = about["power"]
    invited = [(group["label"], group["invited"]) for group in about["groups"]]
    return (
        (_("Question"), about["question"]),
        (_("Stage"), named(stage_words, about["stage"])),
        (_("How far the vote binds"), named(power_words, power["level"])),
        (_("Who decides"), references.words(power["decides"])),
        (_("What can change"), power["can_change"]),
        (_("What cannot change"), power["cannot_change"]),
        *(((_("When they answer"), answer_by_words(power["answer_by_days"])),) if "answer_by_days" in power else ()),
        (_("Groups, with how many people were invited"), _groups(invited)),
        (_("Smallest group shown by itself"), str(about["threshold"])),
        *small_numbers_row(about),
        *(((_("Second reader"), second_reader_words(about["second_reader"])),) if "second_reader" in about else ()),
    )


def term_rows(about: Commission) -> tuple[tuple[str, str], ...]:
    """Returns the terms of a commission as rows, the same ones in every version."""
    power = about.power
    return (
        (_("Title"), about.title),
        (_("Question"), about.question),
        (_("How far the vote binds"), named(power_words, power.level)),
        (_("Who decides"), power.decides),
        (_("What can change"), power.can_change),
        (_("What cannot change"), power.cannot_change),
        (_("When they answer"), answer_by_words(power.answer_by_days)),
        (_("Groups, with how many people were invited"), _groups([(g.label, g.invited) for g in about.groups])),
        (_("Smallest group shown by itself"), str(about.threshold)),
        (_("Small numbers"), small_numbers_words(about.threshold) if about.small_numbers else ""),
        (_("Second reader"), second_reader_words(about.second_reader)),
    )


def changes(before: Commission, after: Commission) -> list[tuple[str, str, str]]:
    """Returns the terms that differ between two versions: each in words, as it was and as it is."""
    rows = zip(term_rows(before), term_rows(after), strict=True)
    return [(name, was, now) for (name, was), (_name, now) in rows if was != now]


def _groups(invited: list[tuple[str, int | None]]) -> str:
    return ", ".join(f"{label} ({number})" if number is not None else label for label, number in invited)


def commission_published(entry: Facts, references: References) -> EntryWords:
    """Returns the publication of a commission in words."""
    return EntryWords(
        _("Commission"),
        _("The commission “%(title)s” was published.") % {"title": entry["about"]["title"]},
        declared(entry["about"], references),
        link=f"/commissions/{entry['commission']}",
        link_text=_("Read the commission"),
    )


def commission_changed(entry: Facts, references: References) -> EntryWords:
    """Returns a change of a commission in words."""
    return EntryWords(
        _("Commission"),
        _("The commission “%(title)s” was changed. This is version %(number)s; earlier sessions keep theirs.")
        % {"title": entry["about"]["title"], "number": entry["version"]},
        ((_("Why"), references.words(entry["because"])), *declared(entry["about"], references)),
        link=f"/commissions/{entry['commission']}#versions",
        link_text=_("What was changed"),
    )


def pledge(entry: Facts, references: References) -> EntryWords:
    """Returns an entry "pledge" in words."""
    name = [(_("Name"), references.words(entry["name"]))] if entry["name"] else []
    return EntryWords(
        _("Offer of help"),
        _("Somebody can help with this: %(words)s") % {"words": references.words(entry["words"])},
        (*name, (_("How far it binds"), _("It is no commitment, and binds nobody."))),
    )
