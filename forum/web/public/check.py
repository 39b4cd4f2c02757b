"""The page on which anybody has an export, a receipt or a checkpoint checked, and reads in plain words what follows."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.adapters.check_process import MOST_BYTES, judged
from forum.errors import BadInput, ForumError, StoreUnavailable, TooMany
from forum.record.judgement import Judgement
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, RecordError
from forum.services.brought_checkpoints import Brought, held_against_record
from forum.web.accounts.devices import keep
from forum.web.errors import retry_after, status_of
from forum.web.forms import File, Form, errors_of, form_with_file
from forum.web.guess_limits import Share
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import page, wants_json
from forum.web.site import site_of
from forum.web.words.checks import of_check, of_record

_EACH_HOUR = 60
_MEGABYTE = 1024 * 1024


async def check(request: Request) -> Response:
    """Shows the form; posted, checks what was brought, and says what follows. Nothing of it is kept."""
    if request.method != "POST":
        return await page(request, "public/check.html", **_shown(Form({})))
    form, file = await form_with_file(request, "file", MOST_BYTES)
    try:
        content = _content(form, file)
        Share("checks", _EACH_HOUR, AN_HOUR).take(request)
        found = await judged(content)
        brought = await _brought(request, found)
    except (BadInput, StoreUnavailable, TooMany) as error:
        if wants_json(request):
            raise
        return await _again(request, form, error)
    if wants_json(request):
        return JSONResponse(_facts(found, brought))
    return keep(request, await page(request, "public/check.html", **_shown(form, found, brought)))


def _content(form: Form, file: File | None) -> bytes:
    """Returns what is to be checked. Raises BadInput where there is nothing, or too much."""
    if file is None:
        pasted = form.text("text")
        if not pasted:
            raise BadInput("Choose a file, or paste the text of a checkpoint.", field="file")
        return f"{pasted}\n".encode()
    if file.size > MOST_BYTES:
        raise BadInput(
            "This file has %(size)s MB, and this page takes %(most)s at most. Check it on a computer of your own, with "
            "forum verify or the verify.py that lies in each export.",
            field="file",
            size=-(-file.size // _MEGABYTE),
            most=MOST_BYTES // _MEGABYTE,
        )
    if not file.size:
        raise BadInput("This file is empty. Take the file as you got it.", field="file")
    return file.content


async def _brought(request: Request, found: Judgement) -> Brought | None:
    """Returns how the checkpoint in it stands to the record here; None where there is none that can be read."""
    site = site_of(request)
    if not found.note:
        return None
    try:
        return await held_against_record(site.checkpoints, site.settings.witnesses, found.note, site.clock.now())
    except RecordError:
        return None


async def _again(request: Request, form: Form, error: ForumError) -> Response:
    """Shows the form again, with what was pasted and what is wrong."""
    at = "text" if form.text("text") else "file"
    errors = {at: " ".join(errors_of(error, at).values())}
    answer = await page(request, "public/check.html", status_of(error), **_shown(form, errors=errors))
    return retry_after(keep(request, answer), error)


def _shown(
    form: Form, found: Judgement | None = None, brought: Brought | None = None, errors: dict[str, str] | None = None
) -> dict[str, Any]:
    checks = found.checks if found else ()
    return {
        "form": form,
        "errors": errors or {},
        "most": MOST_BYTES // _MEGABYTE,
        "found": found,
        "brought": brought,
        "told": of_record(brought) if brought else None,
        "groups": [
            (verdict, [(of_check(one.name), one) for one in checks if one.verdict == verdict])
            for verdict in (FAIL, NOT_CHECKED, PASS)
        ],
        "failed": sum(one.verdict == FAIL for one in checks),
    }


def _facts(found: Judgement, brought: Brought | None) -> dict[str, object]:
    """Returns the outcome for a program."""
    checks = [{"name": one.name, "verdict": one.verdict, "detail": one.detail} for one in found.checks]
    record = None
    if brought is not None:
        record = {
            "stands": brought.stands.value,
            "size": brought.size,
            "now": brought.now,
            "cosigned_by": list(brought.cosigned_by),
        }
    return {"kind": found.kind.value, "checks": checks, "record": record}
