"""An organiser's home of a commission: who is invited and how, stories, sessions, people, exports; and its poster."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters import report_pdf
from forum.adapters.report_pdf import Block, Heading, Items, Paragraph, Picture
from forum.errors import BadInput, IllegalMove
from forum.ports.accounts import Person
from forum.ports.long_work import long
from forum.ports.work_list import Duty, FirstSteps
from forum.services import demonstration_copies, permissions
from forum.services.voting import results
from forum.stories.submission import StoryStatus
from forum.voting.commission import Commission
from forum.web.accounts.people import role_words
from forum.web.auth import somebody
from forum.web.forms import errors_of, form_of
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language
from forum.web.organisation.face import letterhead
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.templates import qr
from forum.web.words.terms import session_state

NEWEST = 10  # sessions, rounds and stories that are listed here
COPIED_FIRST = 2  # of the demonstration's stories are chosen already


class Act(msgspec.Struct, frozen=True):
    """What comes next in a commission: a sentence, and the button for it. With `copies` the button copies stories of
    the demonstration, else it leads to an address."""

    words: str
    button: str
    address: str = ""
    copies: bool = False


async def home(request: Request) -> Response:
    """Shows everything that an organiser does for one commission; a draft's form, as there is nothing else yet."""
    return await _home(request)


async def _home(request: Request, error: BadInput | IllegalMove | None = None) -> Response:
    id_, person = request.path_params["commission"], await somebody(request)
    site = site_of(request)
    async with site.store.read() as work:
        of = await work.commissions.get_commission(id_, draft=True)
        if of.draft:
            return RedirectResponse(f"/organise/commissions/{id_}/edit", 303)
        sessions = await work.sessions.list_sessions(id_)
        rounds = await results.asynchronous_rounds(work, of, check_backs=True)
        stories = await work.stories.list_stories(id_, StoryStatus.ACCEPTED, NEWEST)
        waiting = await work.your_work.moderating([id_], person.id)
        everybody = await work.people.list_people()
        steps = await work.your_work.first_steps(id_)
    # Rehearsals are on the organiser's page, apart.
    rooms = [one for one in sessions if not one.asynchronous and (of.rehearsal or not one.rehearsal)]
    tell = f"{base_url(request)}/commissions/{id_}/tell"
    return await page(
        request,
        "organise/home.html",
        (409 if isinstance(error, IllegalMove) else 422) if error else 200,
        commission=of,
        tell=tell,
        code=qr(tell),
        poster=f"/organise/commissions/{id_}/poster.pdf",
        stories=stories,
        waiting=waiting[Duty.STORIES],
        sessions=[(one, session_state(one)) for one in rooms[:NEWEST]],
        more_sessions=max(len(rooms) - NEWEST, 0),
        rounds=rounds[:NEWEST],
        more_rounds=max(len(rounds) - NEWEST, 0),
        people=[row for one in everybody if (row := _roles(one, id_))],
        copies=await demonstration_copies.to_copy(),
        chosen=COPIED_FIRST,
        act=next_act(steps, of) if id_ in permissions.reach(person, "run sessions") else None,
        done=_said(request.query_params.get("done", "")),
        errors=errors_of(error) if error else {},
    )


def _roles(person: Person, commission: str) -> tuple[str, str] | None:
    """Returns somebody's name and their roles in a commission; None where they have none there."""
    held = {*person.roles, *person.roles_in.get(commission, ())}
    named = [words for role, words, _hint in role_words() if role in held]
    return (person.name, ", ".join(named)) if named else None


def _said(act: str) -> str:
    """Returns what has just happened, in a sentence; what comes next is beside it."""
    return {
        "made": _("The commission is public, and its first version is in the record."),
        "changed": _("The commission is changed. The new version is in the record."),
        "copied": _("The stories are copied. They are public, and say in their titles that they are made up."),
    }.get(act, "")


def next_act(steps: FirstSteps, of: Commission | None = None) -> Act | None:
    """Returns what comes next on the way from a commission to a decision; None where it is closed."""
    if of is not None and of.closed_at:
        return None
    own = f"/organise/commissions/{steps.commission}"
    if not steps.commission:
        return Act(
            _("First say what the work is about: its question, its groups, and what the vote can change."),
            _("Make a commission"),
            "/organise/commissions/new",
        )
    if not steps.stories:
        return Act(
            _("Next it needs stories. Invite people to tell theirs, or copy two to try things out."),
            _("Copy two stories of the demonstration"),
            f"{own}/stories",
            copies=True,
        )
    if not steps.session:
        return Act(
            _("Next make a live session: one event in a room, with a code for phones."),
            _("Make a live session"),
            f"/organise/sessions/new?commission={steps.commission}",
        )
    if steps.over:
        return Act(
            _("The newest session is over, and its results are public. Next those who decide answer them."),
            _("See its results"),
            f"/sessions/{steps.session}",
        )
    if not steps.rehearsed:
        return Act(
            _("Next send in made-up people, and see your session played on its screens. Nothing of it counts."),
            _("Rehearse it"),
            f"/organise/sessions/{steps.session}/rehearsal",
        )
    return Act(
        _("Next open the console of your session: nothing counts before you open a vote."),
        _("Open the console"),
        f"/console/{steps.session}",
    )


class Step(msgspec.Struct, frozen=True):
    """A step of the way from an empty installation to a decision."""

    words: str
    done: bool


def first_path(steps: FirstSteps) -> list[Step]:
    """Returns the steps of a new installation, each with whether it is done; [] once a decision is published."""
    if steps.decided:
        return []
    return [
        Step(_("Make a commission: one piece of work with a question"), bool(steps.commission)),
        Step(_("Gather stories"), steps.stories > 0),
        Step(_("Make a live session"), bool(steps.session)),
        Step(_("Rehearse it with made-up people"), steps.rehearsed),
        Step(_("Hold it, and decide on what the room voted"), False),
    ]


async def copy_stories(request: Request) -> Response:
    """Copies stories of the demonstration into the commission."""
    site, id_, form = site_of(request), request.path_params["commission"], await form_of(request)
    wanted = form.texts("story")
    if form.flag("first"):
        wanted = [name for name, _title in (await demonstration_copies.to_copy())[:COPIED_FIRST]]
    try:
        made = await demonstration_copies.copy_stories(site.store, site.clock, id_, wanted)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _home(request, error)
    return done(request, f"/organise/commissions/{id_}?done=copied", stories=[one.id for one in made])


async def poster(request: Request) -> Response:
    """Sends a page to print (A4, PDF) that invites people to tell a story, with its address and QR code."""
    async with site_of(request).store.read() as work:
        of = await work.commissions.get_commission(request.path_params["commission"])
    tell = f"{base_url(request)}/commissions/{of.id}/tell"
    title = _("What happened? Tell your story")
    by = letterhead(site_of(request).face)
    data = await long(report_pdf.pdf, list(_blocks(title, of, tell)), title, language().code, poster=True, by=by)
    name = f"forum-invitation-{today(site_of(request).clock.now())}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/pdf", headers=headers)


def _blocks(title: str, of: Commission, tell: str) -> Iterator[Block]:
    yield Heading(1, title)
    if of.demonstration:
        yield Paragraph(
            _("This is the demonstration that comes with Forum. Its people, stories and numbers are made up.")
        )
    yield Heading(2, of.question)
    yield Paragraph(of.title)
    yield Picture(_qr_picture(tell), tell)
    yield Paragraph(tell)
    yield Items(
        (
            _("On your phone, whenever you have ten minutes. You need no account, and no name."),
            _("Change names and places. A moderator reads each story before others do."),
            _("Stories are played, and the room votes on what could be done."),
            _("Who decides: %(words)s") % {"words": of.power.decides},
        )
    )
    if of.support:
        yield Heading(2, _("People to talk to"))
        yield Items(tuple(f"{line.name}: {line.contact}" for line in of.support))


def _qr_picture(text: str) -> str:
    """Draws a QR code as an SVG twice as wide as high, so that across a page it takes half of its width."""
    rows = [*segno.make(text, error="m").matrix_iter(border=1)]
    size = len(rows)
    dark = "".join(
        f"M{x + size / 2} {y}h1v1h-1z" for y, row in enumerate(rows) for x, module in enumerate(row) if module
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * size} {size}"><path d="{dark}"/></svg>'
