"""The form beside a story that is sent as a file: its writer's group, content notes, and permissions."""

from __future__ import annotations

from typing import Any

from forum.errors import FormErrors, ForumError
from forum.services.keys import new_key
from forum.stories import scenario
from forum.voting.commission import Commission
from forum.web.forms import Form, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.stories import writer_permissions

MOST_OWN_NOTES = 5
_OWN_NOTE = "own_note"
# Place on the page of the first error of a repeated field.
_PLACES = {"notes": f"{_OWN_NOTE}-1"}


def notes_offered() -> list[tuple[str, str]]:
    """Returns the content notes to choose from, as (stored, shown)."""
    return [
        ("suicide or self-harm", _("Suicide or self-harm")),
        ("restraint or force", _("Restraint or force")),
        ("violence or abuse", _("Violence or abuse")),
        ("being held against your will", _("Being held against your will")),
        ("drugs or alcohol", _("Drugs or alcohol")),
        ("death or grief", _("Death or grief")),
        ("racism or other hate", _("Racism or other hate")),
        ("a child in distress", _("A child in distress")),
    ]


def read_about(form: Form, commission: Commission) -> dict[str, Any]:
    """Returns the answers of the form, as submissions.Sent takes them; mistakes are noted in the form."""
    groups = {"", *(g.id for g in commission.groups)}
    if "group" not in form.values or form.text("group") not in groups:
        form.wrong("group", 'Choose your group, or "I prefer not to say".')
    notes = [value for value in form.texts("note") if value in {note for note, _label in notes_offered()}]
    own = form.texts(_OWN_NOTE)
    for number, text in enumerate(own, 1):
        form.fits(f"{_OWN_NOTE}-{number}", text, scenario.MAX_DETAIL)
    return {
        "group": form.text("group") or None,
        "content_notes": tuple(dict.fromkeys(" ".join(n.split()) for n in (*notes, *own) if n)),
        **writer_permissions.read(form),
    }


def about_fields(form: Form, commission: Commission) -> dict[str, object]:
    """Returns the context of `stories/_about.html`."""
    own = form.texts(_OWN_NOTE)[: 4 * MOST_OWN_NOTES]
    groups = [(g.id, g.label) for g in commission.groups]
    return {
        "groups": [*groups, ("", _("I prefer not to say"))],
        "group": form.text("group") if "group" in form.values else None,
        "notes": notes_offered(),
        "note": form.texts("note"),
        "own_notes": own or [""],
        **writer_permissions.typed(form),
        "key": form.text("key") or new_key(),
        "most": {"detail": scenario.MAX_DETAIL},
    }


def errors_of(error: ForumError | None) -> dict[str, str]:
    """Returns the sentences of the form's error summary, by the id of a field on the page."""
    if error is None:
        return {}
    if isinstance(error, FormErrors):
        return {_PLACES.get(name, name): sentence for name, sentence in spoken(error).items()}
    return {"tell": say(error.message, error.values)}
