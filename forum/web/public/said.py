"""You said, we did, we did not because: what became of promises, as a page to read and a poster to put up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from forum.adapters.report_pdf import Block, Heading, Paragraph
from forum.ports import Work
from forum.services.commitments import Promise
from forum.services.ledger import as_now, ledger_of
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment, CommitmentState, Update
from forum.web.i18n.dates import day, today
from forum.web.i18n.gettext import gettext as _
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import page
from forum.web.site import base_url, site_of
from forum.web.words.terms import promise_words

MOST = 200  # promises on one page: the newest news of each part comes first


@dataclass(frozen=True)
class Told:
    """A promise, with the need that it answers in words, "" for none, the question that people voted on, and the latest
    update of it. What people answered is not told: the vote may give no count."""

    promise: Promise
    need: str
    question: str
    latest: Update | None

    @property
    def words(self) -> str:
        """Returns what its latest update says: why, then what was done."""
        return "\n".join(filter(None, (self.latest.because, self.latest.said))) if self.latest else ""


@dataclass(frozen=True)
class Parts:
    """What became of the promises of a commission, or of all (`of` is None): done, not done, and still to come."""

    of: Commission | None
    did: tuple[Told, ...]
    did_not: tuple[Told, ...]
    to_come: tuple[Told, ...]


async def parts(request: Request, work: Work) -> Parts:
    """Returns what the page and the poster show: of the commission in the address, or of all. Raises NotFound."""
    asked = request.query_params.get("commission", "")
    of = await work.commissions.get_commission(asked) if asked else None
    day_ = today(site_of(request).clock.now())
    listed = await as_now(work, (await ledger_of(work, day_)).of(asked or None)[:MOST])
    rounds = await work.rounds.some({one.decision.rounds[-1] for one in listed})
    public = await work.stories.titles({one.commitment.story for one in listed if one.commitment.story})
    told = [
        Told(
            one,
            _need(one.commitment, public),
            rounds[one.decision.rounds[-1]].question,
            one.commitment.updates[-1] if one.commitment.updates else None,
        )
        for one in listed
    ]
    state = CommitmentState
    return Parts(
        of,
        tuple(one for one in told if one.promise.commitment.state == state.DONE),
        tuple(one for one in told if one.promise.commitment.state == state.NOT_DONE),
        tuple(one for one in told if one.promise.commitment.state not in (state.DONE, state.NOT_DONE)),
    )


def _need(commitment: Commitment, public: Mapping[str, str]) -> str:
    """Returns the need that a promise answers: as it says, or the title of the story that it names, while that is
    among the `public` titles; "" where it names none."""
    return public.get(commitment.story, "") if commitment.story else commitment.answers


async def said(request: Request) -> Response:
    """Shows what people said, what was done of it, and what was not done and why."""
    async with site_of(request).store.read() as work:
        shown = await parts(request, work)
        every = (*shown.did, *shown.did_not, *shown.to_come)
        await unlike_record(request, work, promises_shown(one.promise.decision for one in every))
    return await page(
        request, "promises/said.html", parts=shown, of=shown.of, today=today(site_of(request).clock.now())
    )


async def poster(request: Request) -> tuple[str, list[Block]]:
    """Returns the title and the blocks of the poster, for forum/adapters/report_pdf.py."""
    async with site_of(request).store.read() as work:
        shown = await parts(request, work)
    title = _("You said, we did")
    address = base_url(request) + "/promises" + (f"?commission={shown.of.id}" if shown.of else "")
    return title, list(_blocks(title, shown, address, day(site_of(request).clock.now())))


def _blocks(title: str, shown: Parts, address: str, on: str) -> Iterator[Block]:
    yield Heading(1, title)
    if shown.of:
        yield Paragraph(shown.of.title + (f" ({_('Demonstration')})" if shown.of.demonstration else ""))
    for heading, told in (
        (_("We did"), shown.did),
        (_("We did not, because"), shown.did_not),
        (_("Still to come"), shown.to_come),
    ):
        if told:
            yield Heading(2, heading)
            yield from _told(told)
    yield Paragraph(_("As it was on %(day)s. What is new stands at %(address)s") % {"day": on, "address": address})


def _told(told: Sequence[Told]) -> Iterator[Block]:
    for one in told:
        commitment = one.promise.commitment
        yield Heading(3, commitment.what)
        lines = [_("We asked: %(words)s") % {"words": one.question}]
        if one.need:
            lines = [_("You said: %(words)s") % {"words": one.need}]
        state = {"owner": commitment.owner, "state": promise_words(commitment.state)}
        lines += [_("%(owner)s: %(state)s.") % state, *filter(None, [one.words])]
        yield Paragraph("\n".join(lines))
