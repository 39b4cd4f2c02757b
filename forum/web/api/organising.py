"""Organisers' acts over the API: commissions and their stages, live sessions with their programmes, webhooks."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from forum.ports.webhooks import Webhook
from forum.services import commissions as services
from forum.services import stages, webhooks
from forum.services.sessions import asynchronous, commissions_and_sessions, planned_sessions
from forum.services.sessions.asynchronous import AsynchronousForm
from forum.services.sessions.programmes import Programming
from forum.services.stages import ClosingForm, MoveForm, NoteForm
from forum.sessions.programme import Planned
from forum.sessions.session import LiveSession
from forum.voting.commission import Commission
from forum.web.api.done import Done, Hook, PlannedItem, PlannedSection, ProgrammeKept, RoundDone, SessionMade
from forum.web.api.schema import Choice
from forum.web.api.shapes import Listing, NoQuery
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.organise import commissions_and_sessions as commission_pages
from forum.web.organise import programmes as programme_pages
from forum.web.organise import sessions as session_pages
from forum.web.site import base_url, site_of


async def make_commission(request: Request, form: Form) -> Done:
    """Makes a commission and publishes it."""
    site = site_of(request)
    made = await commissions_and_sessions.create_commission(
        site.store, site.clock, commission_pages.typed(form), of_words=True
    )
    return _commission(request, made)


async def change_commission(request: Request, form: Form) -> Done:
    """Changes the terms of a published commission."""
    site, id_ = site_of(request), request.path_params["commission"]
    asked = replace(commission_pages.typed(form), id=id_)
    seen, because = form.text("seen"), form.text("because")
    return _commission(request, await services.change(site.store, site.clock, id_, asked, seen, because))


def _commission(request: Request, made: Commission) -> Done:
    page = f"{base_url(request)}/commissions/{made.id}"
    return Done(id=made.id, version=made.version, state=made.stage, page=page)


async def move(request: Request, form: Form) -> Done:
    """Moves a commission to another stage."""
    site, id_ = site_of(request), request.path_params["commission"]
    asked = MoveForm(**{name: form.text(name) for name in MoveForm.__dataclass_fields__})
    made = await stages.move(site.store, site.clock, id_, asked)
    return Done(id=made.id, state=made.went_to, entry=made.entry, page=f"{base_url(request)}/commissions/{id_}")


async def note(request: Request, form: Form) -> Done:
    """Adds an answer to a question of a stage."""
    site, id_ = site_of(request), request.path_params["commission"]
    asked = NoteForm(**{name: form.text(name) for name in NoteForm.__dataclass_fields__})
    made = await stages.note(site.store, site.clock, id_, asked)
    return Done(id=made.id, state=made.stage, entry=made.entry, page=f"{base_url(request)}/commissions/{id_}")


async def close(request: Request, form: Form) -> Done:
    """Closes a commission with a closing note."""
    site, id_ = site_of(request), request.path_params["commission"]
    groups = tuple(zip(form.texts("group"), form.texts("group_words"), strict=True))
    asked = ClosingForm(form.text("id"), form.text("seen"), form.text("closing"), groups)
    made = await stages.close(site.store, site.clock, id_, asked)
    return Done(id=made.id, state="closed", entry=made.entry, page=f"{base_url(request)}/commissions/{id_}")


async def reopen(request: Request, form: Form) -> Done:
    """Reopens a closed commission."""
    site, id_ = site_of(request), request.path_params["commission"]
    made = await stages.reopen(site.store, site.clock, id_, form.text("seen"), form.text("because"))
    return Done(id=made.id, state="open", entry=made.reopening, page=f"{base_url(request)}/commissions/{id_}")


async def make_session(request: Request, form: Form) -> SessionMade:
    """Makes a live session, planned or open at once."""
    site = site_of(request)
    asked = session_pages.typed(form, request.path_params["commission"])
    return _session(
        request, await commissions_and_sessions.create_session(site.store, site.clock, asked, of_words=True)
    )


async def change_session(request: Request, form: Form) -> SessionMade:
    """Changes a planned session."""
    site, id_ = site_of(request), request.path_params["session"]
    async with site.store.read() as work:
        live = await work.sessions.get_session(id_)
    asked = session_pages.typed(form, live.commission)
    changed = await planned_sessions.change_session(site.store, site.clock, id_, asked, form.text("seen"))
    await site.rooms.changed(id_)
    return _session(request, changed)


async def open_session(request: Request, _form: Form) -> SessionMade:
    """Opens a planned session."""
    site, id_ = site_of(request), request.path_params["session"]
    begun = await planned_sessions.open_session(site.store, site.clock, id_)
    await site.rooms.changed(id_)
    return _session(request, begun)


async def call_off(request: Request, form: Form) -> SessionMade:
    """Calls a planned session off."""
    site, id_ = site_of(request), request.path_params["session"]
    off = await planned_sessions.call_off(site.store, site.clock, id_, form.text("because"))
    await site.rooms.changed(id_)
    return _session(request, off)


async def copy_session(request: Request, form: Form) -> SessionMade:
    """Plans a session like another."""
    site, id_ = site_of(request), request.path_params["session"]
    return _session(request, await planned_sessions.copy_session(site.store, site.clock, id_, form.text("id")))


def _session(request: Request, live: LiveSession) -> SessionMade:
    base = base_url(request)
    state = "called off" if live.called_off_at else "ended" if live.ended else "planned" if live.planned else "going on"
    return SessionMade(
        id=live.id,
        version=live.version,
        state=state,
        code=live.code,
        projector=f"{base}/projector/{live.projector}",
        page=f"{base}/organise/sessions/{live.id}",
    )


async def ask_alone(request: Request, form: Form) -> RoundDone:
    """Opens a question that people answer on their own."""
    site = site_of(request)
    asked = AsynchronousForm(
        commission=request.path_params["commission"],
        zone=site.settings.timezone,
        rehearsal=form.flag("rehearsal"),
        no_receipts=form.flag("no_receipts"),
        **{name: form.text(name) for name in ("id", "title", "story", "scene", "day", "time")},
    )
    made = await asynchronous.open_round(site.store, site.clock, asked, of_words=True)
    async with site.store.read() as work:
        [opened] = await work.rounds.list_rounds(made.id)
    return RoundDone(
        session=made.id,
        version=made.version,
        round=opened.id,
        state=str(opened.state),
        answers=tuple(Choice(one.id, one.label) for one in opened.responses),
        closes_at=opened.closes_at,
        page=f"{base_url(request)}/answer/{made.code}",
    )


class PlanAct:
    """A change of a programme, by the name that it has on its page."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request, form: Form) -> ProgrammeKept:
        """Carries it out, and answers with the programme as it is then."""
        site, id_ = site_of(request), request.path_params["session"]
        if self.name == "cue":
            cue = "|".join(form.text(name) for name in ("kind", "story", "scene"))
            form = Form({**form.values, "cue": [cue]})
        if not form.text("method"):
            form = Form({name: said for name, said in form.values.items() if name != "method"})
        planning = Programming(site.store, site.clock, id_, site.settings.timezone, seen=int(form.text("number")))
        kept = await programme_pages.ACTS[self.name](planning, form)
        await site.rooms.changed(id_)
        return _programme(request, kept)


async def move_section(request: Request, form: Form) -> ProgrammeKept:
    """Moves a section of a programme one place."""
    return await PlanAct("section_down" if form.flag("down") else "section_up")(request, form)


def _programme(request: Request, kept: Planned) -> ProgrammeKept:
    sections = tuple(
        PlannedSection(
            id=one.id,
            title=one.title,
            starts=one.starts,
            ends=one.ends,
            items=tuple(
                PlannedItem(id=item.id, kind=str(item.kind), words=item.scene or item.words) for item in one.items
            ),
        )
        for one in kept.plan.sections
    )
    page = f"{base_url(request)}/organise/sessions/{kept.session}/programme"
    return ProgrammeKept(session=kept.session, number=kept.number, sections=sections, page=page)


async def programme(request: Request, _asked: NoQuery) -> ProgrammeKept:
    """Returns the programme of a session as its organisers see it. Raises NotFound."""
    async with site_of(request).store.read() as work:
        live = await work.sessions.get_session(request.path_params["session"])
        kept = await work.programmes.latest(live.id)
    return _programme(request, kept)


async def list_webhooks(request: Request, _asked: NoQuery) -> Listing[Hook]:
    """Lists the webhooks of a commission. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        every = await work.webhooks.list_webhooks(about.id)
    return Listing(items=tuple(_webhook(one) for one in every))


async def add_webhook(request: Request, form: Form) -> Hook:
    """Adds a webhook to a commission, and tells its secret this once; again where the same request comes again."""
    site, person = site_of(request), await somebody(request)
    of, private = request.path_params["commission"], site.settings.webhook_private
    url, events, id_ = form.text("url"), form.texts("event"), form.text("id")
    made = await webhooks.add(site.store, site.clock, person, of, url, events, private=private, id_=id_)
    return _webhook(made, webhooks.secret_of(site.deliveries.key, made.id))


async def remove_webhook(request: Request, _form: Form) -> Done:
    """Removes a webhook with its log."""
    of, webhook = request.path_params["commission"], request.path_params["webhook"]
    site, person = site_of(request), await somebody(request)
    await webhooks.remove(site.store, site.clock, person, of, webhook)
    return Done(id=webhook, state="removed", page=f"{base_url(request)}/organise/commissions/{of}/webhooks")


async def start_webhook(request: Request, _form: Form) -> Done:
    """Lets a stopped webhook be told again."""
    site, of, webhook = site_of(request), request.path_params["commission"], request.path_params["webhook"]
    await webhooks.go_on(site.store, site.clock, await somebody(request), of, webhook)
    site.deliveries.wake()
    return Done(id=webhook, state="on", page=f"{base_url(request)}/organise/commissions/{of}/webhooks/{webhook}")


def _webhook(one: Webhook, secret: str | None = None) -> Hook:
    return Hook(
        id=one.id,
        url=one.url,
        events=tuple(str(event) for event in one.events),
        created_at=one.created_at,
        stopped_at=one.stopped_at or None,
        secret=secret,
    )
