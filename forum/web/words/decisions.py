"""Words about a decision: what it differs from, and what it tells beside its reasons."""

from __future__ import annotations

from forum.voting.decision import DecisionState, Difference, DifferenceFrom, SecondReading
from forum.web.i18n.gettext import gettext as _
from forum.web.words.entry_words import Facts, References
from forum.web.words.terms import row_label


def differs_from(difference: Difference) -> str:
    """Returns a difference as a sentence."""
    if difference.kind == DifferenceFrom.EQUAL_VOICE:
        return _("With equal voice for each group, something else came first.")
    if difference.kind == DifferenceFrom.QUORUM:
        return _("The quorum was missed: fewer people voted than was declared to be needed.")
    words = _("%(group)s put something else first.") % {"group": row_label(difference.group)}
    return words[:1].upper() + words[1:]  # "other groups" begins small


def condition_answered(answered: Facts, references: References) -> tuple[str, str]:
    """Returns a condition of the entry "decision" and its answer, each as a sentence."""
    taken_up = _("Taken up") if answered["taken_up"] else _("Not taken up")
    condition = f"{_('I would accept this if')} {references.words(answered['condition'])}"
    return condition, f"{taken_up}: {references.words(answered['answer'])}"


def told_headings() -> list[tuple[str, str]]:
    """Returns the heading over each part of a decision beside its reasons, by its name, in the order of the page."""
    return [
        ("body", _("Who decided")),
        ("interests", _("Interests they declared")),
        ("options", _("What else was considered")),
        ("evidence", _("On what evidence")),
        ("cost", _("Cost, and for how long")),
        ("equality", _("Equality")),
        ("involvement", _("How people were involved")),
        ("unheard", _("Who was not heard")),
    ]


def told_questions() -> list[tuple[str, str, str]]:
    """Returns the name, the question and the hint of each field for these parts."""
    return [
        ("body", _("Who decided?"), _("The body and the roles in it. Names only of those who wish it.")),
        ("interests", _("Which interests did they declare?"), ""),
        ("options", _("Which other options were considered?"), _("The answers that people voted on are shown anyhow.")),
        ("evidence", _("On what evidence does it rest?"), _("Stories, figures, advice, with their addresses.")),
        ("cost", _("What does it cost, and for how long does it run?"), ""),
        ("equality", _("What was considered about equality?"), _("Who gains, who could lose, what is done about it.")),
        ("involvement", _("How was the duty to involve people met?"), ""),
        ("unheard", _("Who was not heard?"), _("Groups and people whom this did not reach.")),
    ]


def reading_words(read: str | None) -> str:
    """Returns how a decision was read before it was published as a sentence; "" for one made before there were
    readers."""
    if read is None:
        return ""
    if read == SecondReading.READ:
        return _("A second person, who did not write on it, read this decision before it was published.")
    return _("This commission has no second reader. Nobody else read this decision before it was published.")


def draft_words(state: str) -> str:
    """Returns the state of a draft in plain words."""
    return {
        DecisionState.WRITING: _("Draft"),
        DecisionState.WITH_READER: _("With its second reader"),
        DecisionState.SENT_BACK: _("Sent back"),
    }[DecisionState(state)]


def field_words(name: str) -> str:
    """Returns the question of a field of the form for a decision, by its name."""
    asked = {
        "outcome": _("What is decided?"),
        "response": _("Which answer is it about?"),
        "decided_on": _("On which day was it decided?"),
        "until": _("If it is put off: until when?"),
        "rationale": _("Why is it decided like this?"),
        "why": _("If it is not what people preferred: why?"),
        "earlier": _("There is a later vote on this question. Why does the decision not rest on it?"),
        "dissent": _("Who disagrees, and why?"),
        **{told: question for told, question, _hint in told_questions()},
    }
    number = name.rpartition("_")[2]
    if name.startswith("answer_"):
        return _("What else it differs from")
    return asked.get(name) or (_("Commitment %(number)s") % {"number": number} if number.isdigit() else name)
