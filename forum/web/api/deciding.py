"""Acts of those who decide, over the API: drafts, decisions and what is corrected in them, promises, answer days."""

from __future__ import annotations

import secrets

from starlette.requests import Request

from forum.errors import BadInput
from forum.services import answers_due, commitments, decision_corrections, decision_drafts, decisions
from forum.services.answers_due import DateForm
from forum.services.decision_corrections import CorrectionForm, ReplacementForm
from forum.services.decision_form import DecisionForm, Promise
from forum.voting.decision import Decision
from forum.voting.decision_draft import DecisionDraft
from forum.web import promise_updates, update_files
from forum.web.api.bodies import FormWithFile
from forum.web.api.done import Done
from forum.web.auth import somebody
from forum.web.decide import form_fields
from forum.web.decide.form import version_of
from forum.web.forms import Form
from forum.web.site import base_url, site_of


async def decide(request: Request, form: Form) -> Done:
    """Publishes a decision on a vote."""
    site, person = site_of(request), await somebody(request)
    return _decision(request, await decisions.decide(site.store, site.clock, person, _typed(request, form)))


async def draft(request: Request, form: Form) -> Done:
    """Keeps a draft of a decision on a vote, mistakes too."""
    site, person = site_of(request), await somebody(request)
    if not form.text("id"):
        form = Form({**form.values, "id": [secrets.token_hex(16)]})
    before = await decision_drafts.made_before(site.store, person, form.text("id"))
    if isinstance(before, Decision):
        return Done(id=before.id, state="published", page=f"{base_url(request)}/decisions/{before.id}")
    if before is not None:
        return _draft(request, before)
    return _draft(request, await decision_drafts.save(site.store, site.clock, person, _typed(request, form)))


async def change_draft(request: Request, form: Form) -> Done:
    """Keeps a draft of a decision in other words."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["draft"]
    async with site.store.read() as work:
        kept = await work.decision_drafts.get_draft(id_)
    read = form_fields.read(kept.rounds, Form({**form.values, "id": [id_]}))
    return _draft(request, await decision_drafts.save(site.store, site.clock, person, read, version_of(form)))


async def hand_over(request: Request, form: Form) -> Done:
    """Gives a draft to its second reader."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["draft"]
    return _draft(request, await decision_drafts.hand_over(site.store, site.clock, person, id_, version_of(form)))


async def send_back(request: Request, form: Form) -> Done:
    """Sends a draft back to whoever wrote it."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["draft"]
    because = form.text("because")
    back = await decision_drafts.send_back(site.store, site.clock, person, id_, version_of(form), because)
    return _draft(request, back)


async def publish(request: Request, form: Form) -> Done:
    """Publishes a draft."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["draft"]
    return _decision(request, await decision_drafts.publish(site.store, site.clock, person, id_, version_of(form)))


async def discard(request: Request, form: Form) -> Done:
    """Deletes a draft."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["draft"]
    await decision_drafts.discard(site.store, person, id_, version_of(form))
    return Done(id=id_, state="deleted", page=f"{base_url(request)}/decide")


async def correct(request: Request, form: Form) -> Done:
    """Adds a correction to a decision."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["decision"]
    said = CorrectionForm(form.text("id"), form.text("words"), form.text("because"))
    return _decision(request, await decision_corrections.correct(site.store, site.clock, person, id_, said))


async def replace(request: Request, form: Form) -> Done:
    """Puts a newer decision in the place of one."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["decision"]
    put = ReplacementForm("", form.text("by"), form.text("why"))
    return _decision(request, await decision_corrections.put_in_place(site.store, site.clock, person, id_, put))


async def promise(request: Request, form: Form) -> Done:
    """Adds a promise to a decision."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["decision"]
    asked = Promise(**{name: form.text(name) for name in Promise.__dataclass_fields__})
    made = await decisions.commit(site.store, site.clock, person, id_, asked)
    key = (asked.role, asked.what, asked.by)
    new = next((one for one in made.commitments if (one.role, one.what, one.by) == key), made.commitments[-1])
    return Done(id=new.id, state=str(new.state), page=f"{base_url(request)}/promises/{new.id}")


async def update(request: Request, form: FormWithFile) -> Done:
    """Publishes news of a promise, with a file where one came."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["commitment"]
    if form.file is None and form.text("shows"):
        raise BadInput(
            "No file came that this is about. Send one in the field “file”, or leave this out.", field="shows"
        )
    sent = await update_files.checked(request, form, form.file)
    typed = promise_updates.typed(form)
    made = await commitments.update(site.store, site.clock, person, id_, typed, sent, of_words=True)
    return Done(id=made.id, state=str(made.state), page=f"{base_url(request)}/promises/{id_}")


async def move_answer_day(request: Request, form: Form) -> Done:
    """Moves the day until which a vote is answered."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["round"]
    typed = DateForm(**{name: form.text(name) for name in DateForm.__dataclass_fields__})
    made = await answers_due.move(site.store, site.clock, person, id_, typed)
    return Done(id=made.id, entry=made.entry, page=f"{base_url(request)}/answers-due")


def _typed(request: Request, form: Form) -> DecisionForm:
    votes = (request.path_params["round"], form.text("second"))
    return form_fields.read(tuple(one for one in votes if one), form)


def _draft(request: Request, kept: DecisionDraft) -> Done:
    page = f"{base_url(request)}/decide/drafts/{kept.id}"
    return Done(id=kept.id, version=kept.version, state=str(kept.state), page=page)


def _decision(request: Request, made: Decision) -> Done:
    return Done(id=made.id, state=str(made.state), entry=made.entry, page=f"{base_url(request)}/decisions/{made.id}")
