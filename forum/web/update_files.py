"""Files beside updates of promises: how they come with the form, how everybody sees them, how one is taken away."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import NotFound
from forum.services import commitments, update_files
from forum.services.update_files import SentFile
from forum.stories import evidence_files
from forum.stories.moderation import Evidence
from forum.voting.commitment import Commitment
from forum.voting.update_file import UpdateFile
from forum.web import volume_limits
from forum.web.auth import somebody
from forum.web.forms import File, Form
from forum.web.guess_limits import Share
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import done, page
from forum.web.site import site_of
from forum.web.stories.evidence import Item, download, items

_EACH_HOUR = 40


class Shown(msgspec.Struct, frozen=True):
    """The file of an update as pages show it: `item` is None where a moderator took it away, at `withdrawn_at`."""

    item: Item | None
    withdrawn_at: str


async def checked(request: Request, form: Form, file: File | None) -> SentFile | None:
    """Returns the file that came with the form of an update, as it may be published; None where there is none.

    Raises BadInput(field="file" or "shows"), and TooMany where so much was sent from here that it has to wait.
    """
    if file is None:
        return None
    Share("update file", _EACH_HOUR, AN_HOUR).take(request)
    evidence_files.check_size(file.size)
    volume_limits.write(request, file.size)
    return await update_files.checked(site_of(request).check_file, form.text("shows"), file.content)


def shown(commitment: Commitment) -> dict[str, Shown]:
    """Returns the files beside a commitment's updates, by the update's id."""
    under = f"/promises/{commitment.id}/files"
    files = [one.file for one in commitment.updates if one.file]
    return {one.id: Shown(_item(one, under), one.withdrawn_at) for one in files}


def _item(file: UpdateFile, under: str) -> Item | None:
    if file.withdrawn_at:
        return None
    [item] = items([Evidence(file.id, "", file.media, file.shows, "", file.size, "")], under)
    return item


async def public_file(request: Request) -> Response:
    """Sends a file to everybody."""
    async with site_of(request).store.read() as work:
        file = await work.decisions.update_file(request.path_params["update"])
        if file.commitment != request.path_params["commitment"]:
            raise NotFound("There is nothing at this address.")
        content = await update_files.content_of(work, file)
    return download(content, file.media, f"promise-{file.id[:8]}")


async def moderate(request: Request) -> Response:
    """Shows a file to a moderator; posted, takes it away."""
    site, update = site_of(request), request.path_params["update"]
    person = await somebody(request)
    if request.method == "POST":
        await update_files.withdraw(site.store, site.clock, person, update)
    async with site.store.read() as work:
        file = await work.decisions.update_file(update)
        one = await commitments.promise_of(work, file.commitment)
    if request.method == "POST":
        return done(request, f"/promises/{file.commitment}")
    said = next(update for update in one.commitment.updates if update.id == file.id)
    return await page(
        request,
        "moderate/update_file.html",
        commitment=one.commitment,
        commission=one.commission,
        said=said,
        file=shown(one.commitment)[update],
    )
