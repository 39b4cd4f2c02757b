"""Permissions of a story's writer, changed from the private link; and taking the story back."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, StoreUnavailable
from forum.services.stories import withdrawal
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import say
from forum.web.responses import done, page
from forum.web.site import site_of
from forum.web.stories.private_link import story_of_link

PERFORM, PUBLISH, QUOTE = PERMISSIONS = ("may_perform", "may_publish", "may_quote")
YES, NO = ANSWERS = ("yes", "no")


def read(form: Form, names: tuple[str, ...] = PERMISSIONS) -> dict[str, bool]:
    """Returns the permissions in a form; notes a mistake for each question without an answer."""
    return {name: form.choice(name, ANSWERS, "Choose yes or no.") == YES for name in names}


def typed(form: Form) -> dict[str, str | None]:
    """Returns the answers as they were given; None where nothing was chosen."""
    return {name: form.text(name) if name in form.values else None for name in PERMISSIONS}


async def permissions(request: Request) -> Response:
    """Changes the permissions. Publishing a story that was public can be ended only by taking it back."""
    site = site_of(request)
    key = request.path_params["key"]
    story, _commission = await story_of_link(request)
    form = await form_of(request)
    try:
        asked = (PERFORM, QUOTE) if story.published_at else PERMISSIONS
        answers = {name: getattr(story, name) for name in PERMISSIONS} | read(form, asked)
        form.stop()
        await withdrawal.permit(
            site.store, site.clock, key, perform=answers[PERFORM], publish=answers[PUBLISH], quote=answers[QUOTE]
        )
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        return await page(
            request,
            "stories/writer_permissions.html",
            status_of(error),
            story=story,
            back=f"/my-story/{key}",
            form=typed(form),
            errors=_errors(error),
        )
    return done(request, f"/my-story/{key}?done=permissions")


async def take_back(request: Request) -> Response:
    """Shows what taking a story back does; posted with the box ticked, does it."""
    site = site_of(request)
    key = request.path_params["key"]
    story, _commission = await story_of_link(request)
    if request.method != "POST":
        return await page(request, "stories/take_back.html", story=story, back=f"/my-story/{key}", errors={})
    form = await form_of(request)
    try:
        if not form.flag("sure"):
            form.wrong("sure", "Tick the box to say that you are sure.")
        form.stop()
        taken = await withdrawal.withdraw(site.store, site.clock, key)
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        return await page(
            request,
            "stories/take_back.html",
            status_of(error),
            story=story,
            back=f"/my-story/{key}",
            errors=_errors(error),
        )
    for session in taken.sessions:
        await site.rooms.changed(session)
    return done(request, f"/my-story/{key}?done=taken-back")


def _errors(error: ForumError) -> dict[str, str]:
    return spoken(error) if isinstance(error, BadInput) else {"main": say(error.message, error.values)}
