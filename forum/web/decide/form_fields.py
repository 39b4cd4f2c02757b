"""Fields of the form for a decision: read from what a browser sent, and filled in again from what was kept.

Each part of the form has its block in `read` and in `typed`; what one reads the other writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from forum.services.decision_form import DecisionForm, Promise
from forum.voting.decision import TOLD
from forum.web.forms import Form

# The fields of a row for one promise, in the order of `Promise`.
_PARTS = ("role", "what", "by", "answers", "noticed")
# Fields with a text each, by the name that they have in DecisionForm too.
_TEXTS = ("id", "outcome", "rationale", "why", "dissent", "earlier", "decided_on", "until")


def read(rounds: Sequence[str], form: Form) -> DecisionForm:
    """Returns a decision on these rounds as it was typed into a form."""
    return DecisionForm(
        rounds=tuple(rounds),
        **{name: form.text(name) for name in _TEXTS},
        response=form.text("response") or None,
        told={name: form.text(name) for name in TOLD},
        answers=answers(form),
        promises=promises(form),
        pledges=tuple(form.texts("pledge")),
    )


def typed(decision: DecisionForm) -> Form:
    """Returns the form into which a decision was typed, filled in."""
    values = {name: [getattr(decision, name)] for name in _TEXTS}
    values["response"] = [decision.response or ""]
    values |= {name: [words] for name, words in decision.told.items()}
    values |= {name: [words] for name, words in (decision.answers or {}).items()}
    for number, promise in enumerate(decision.promises, 1):
        values |= {f"{part}_{number}": [words] for part, words in zip(_PARTS, astuple(promise), strict=True)}
    values["pledge"] = list(decision.pledges)
    return Form(values)


def answers(form: Form) -> dict[str, str]:
    """Returns what was typed as answers to differences, by the name of the field."""
    return {name: form.text(name) for name in form.values if name.startswith("answer_")}


def promises(form: Form) -> tuple[Promise, ...]:
    """Returns the rows of the form in order: role_1, what_1 and so on; empty rows too, to keep the numbers."""
    last = 0
    for name in form.values:
        part, _, number = name.partition("_")
        if part in _PARTS and number.isascii() and number.isdigit() and len(number) <= 3:
            last = max(last, int(number))
    return tuple(Promise(*(form.text(f"{part}_{n}") for part in _PARTS)) for n in range(1, last + 1))
