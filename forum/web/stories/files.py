"""Stories as files: sent in by somebody who writes in Twine or Twee, and downloaded as .twee.

A file is parsed, and its mistakes are listed line by line. Where nothing was left out and no words are marked it is
sent; otherwise its writer first sees the story as it was read, and sends that. The page carries it along as Twee, so
that nobody has to choose a file twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.adapters.long_texts import WRITERS, apart
from forum.errors import (
    BadInput,
    FormErrors,
    ForumError,
    IllegalMove,
    NotFound,
    Problem,
    StoreUnavailable,
    StoryProblems,
    TooMany,
    filled,
)
from forum.ports.long_work import long
from forum.services.stories import submissions
from forum.services.stories.submissions import Sent, must_be_public
from forum.stories import foreign_import, scenario_twee, twee, twine
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.web import volume_limits
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import File, Form, form_with_file, renewed
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories import marked_text
from forum.web.stories.file_form import about_fields, errors_of, read_about
from forum.web.stories.marked_text import Annotated
from forum.web.stories.private_link import story_of_link
from forum.web.stories.send import sent as sent_from

_TRIES = 4  # files for each story that may be sent, as many have mistakes or are looked at before sending
_TOO_BIG = 'The file is too big. It can have 1 MiB. In Twine, choose "Build", then "Export As Twee", and send that.'
_UNUSABLE = "This file cannot be used as it is. Below stands what to change, line by line."
_SHOWN = 100


class _Read(msgspec.Struct, frozen=True):
    """Outcome of reading a file: the story in it (None where it is unusable), its mistakes, and what was left out."""

    story: Scenario | None = None
    problems: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()


async def send(request: Request) -> Response:
    """Takes a story in as a file, and goes on to its private link."""
    async with site_of(request).store.read() as work:
        commission = await work.commissions.get_commission(request.path_params["commission"])
    return await _send(request, commission, None)


async def send_again(request: Request) -> Response:
    """Takes a returned story in again, as a file."""
    story, commission = await story_of_link(request)
    if story.status != StoryStatus.RETURNED:
        raise IllegalMove("This story has been sent already. It can be changed only when a moderator returns it.")
    return await _send(request, commission, story)


async def _send(request: Request, commission: Commission, before: Submission | None) -> Response:
    if request.method != "POST":
        return await _page(request, commission, Form({}), _Read())
    site = site_of(request)
    form, reading = Form({}), _Read()
    try:
        form, file = await form_with_file(request, "file", foreign_import.MAX_BYTES)
        Share("story files", _TRIES * site.settings.stories_per_address, AN_HOUR).take(request)
        too_big = file is not None and file.size > foreign_import.MAX_BYTES
        reading = await _read(form, None if too_big else file)
        if too_big:
            raise FormErrors({"file": BadInput(_TOO_BIG)})
        about = read_about(form, commission)
        story = _usable(form, reading)
        notes = await marked_text.looked_through(WRITERS, story) if file else None
        if notes and (reading.left_out or notes.parts):
            return await _page(request, commission, form, reading, notes=notes)
        sent = Sent(story, **about)
        sent_from(site.settings).take(request)
        volume_limits.write(request, len((await long(scenario_twee.write, story)).encode()))
        if before:
            key = request.path_params["key"]
            await submissions.resubmit(site.store, site.clock, key, sent)
        else:
            _story, key = await submissions.submit(site.store, site.clock, commission.id, sent, form.text("key"))
    except (BadInput, TooMany, StoreUnavailable, IllegalMove) as error:
        return await _page(request, commission, renewed(form, error, "key"), reading, error)
    return RedirectResponse(f"/my-story/{key}?sent=1", 303)


def _usable(form: Form, reading: _Read) -> Scenario:
    """Returns the story where neither it nor the form has a mistake. Raises FormErrors."""
    if reading.story is None:
        form.wrong("file", _UNUSABLE if reading.problems else "Choose your story's file.")
    if form.errors or reading.story is None:
        raise FormErrors(form.errors)
    return reading.story


async def _read(form: Form, file: File | None) -> _Read:
    """Reads the story in the file that was sent now, else in the text that the page carried along."""
    try:
        if file is None:
            carried = form.text("twee")
            return _Read(await apart(WRITERS, len(carried), _carried, carried)) if carried else _Read()
        imported = await apart(WRITERS, len(file.content), twine.read_file, file.name, file.content)
    except StoryProblems as error:
        return _Read(None, error.problems, error.notes)
    if len(imported.scenarios) > 1:
        titles = ", ".join(f'"{story.title}"' for story in imported.scenarios)
        sentence = "There are %(count)s stories in this file: %(titles)s. Send them one by one."
        many = filled(sentence, count=len(imported.scenarios), titles=titles)
        return _Read(None, (Problem(0, many),))
    return _Read(imported.scenarios[0], (), imported.notes)


def _carried(text: str) -> Scenario:
    twee.refuse_too_much(text)
    return scenario_twee.parse(text, new=True)


async def _page(
    request: Request,
    commission: Commission,
    form: Form,
    reading: _Read,
    error: ForumError | None = None,
    notes: Annotated | None = None,
) -> Response:
    scenario = reading.story
    errors = {"file": _(_UNUSABLE)} if isinstance(error, StoryProblems) else errors_of(error)
    problems = (*reading.problems, *(error.problems if isinstance(error, StoryProblems) else ()))
    answer = await page(
        request,
        "stories/file.html",
        status_of(error) if error else 200,
        commission=commission,
        again="key" in request.path_params,
        back=request.url.path.rpartition("/")[0],
        told=scenario,
        twee=await long(scenario_twee.write, scenario) if scenario else "",
        notes=notes or (await marked_text.looked_through(WRITERS, scenario) if scenario else None),
        problems=_lines(problems),
        left_out=_lines(reading.left_out),
        most_stories=site_of(request).settings.stories_per_address,
        most_tries=_TRIES * site_of(request).settings.stories_per_address,
        form=about_fields(form, commission),
        errors=errors,
    )
    return keep(request, retry_after(answer, error))


def _lines(problems: Sequence[Problem]) -> list[tuple[int, str]]:
    """Returns line and sentence of each problem, at most _SHOWN of them."""
    lines = [(problem.line, say(problem.message)) for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append((0, _("And %(more)s more.") % {"more": len(problems) - _SHOWN}))
    return lines


async def download(request: Request) -> Response:
    """Sends a public story as a .twee file."""
    async with site_of(request).store.read() as work:
        return _twee(must_be_public(await work.stories.get_story(request.path_params["story"])))


async def download_mine(request: Request) -> Response:
    """Sends a story as a .twee file, by its private link."""
    story, _commission = await story_of_link(request)
    if not story.twee:
        raise NotFound("There is no story at this address.")
    return _twee(story)


def _twee(story: Submission) -> Response:
    name = re.sub("[^a-z0-9]+", "-", story.title.casefold()).strip("-")[:60] or "story"
    headers = {"Content-Disposition": f'attachment; filename="{name}.twee"'}
    return Response(story.twee, media_type="text/plain; charset=utf-8", headers=headers)
