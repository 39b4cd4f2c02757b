"""You said, we did, we did not because: what became of promises, as a page to read and a poster to put up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.adapters.report_pdf import Block, Heading, Paragraph
from forum.ports import Work
from forum.ports.promises import Sought
from forum.services.commitments import Promise
from forum.services.ledger import found
from forum.voting.commission import Commission
from forum.voting.commitment import TO_COME, Commitment, CommitmentState, Update
from forum.web.i18n.dates import day, today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext
from forum.web.public.checkpoints import page_number
from forum.web.record_banner import ledger_shown, unlike_record
from forum.web.responses import page
from forum.web.site import base_url, site_of
from forum.web.words.terms import marked, promise_words

A_PAGE = 25  # promises on the page of one part
NEWEST = 8  # promises of each part where all three are shown, and on the poster
# The parts by their names in addresses, each with the state of its promises.
PARTS = {"done": CommitmentState.DONE, "not-done": CommitmentState.NOT_DONE, "to-come": TO_COME}


class Told(msgspec.Struct, frozen=True):
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


class Part(msgspec.Struct, frozen=True):
    """A part of what became of promises: its name in addresses, the promises of it that are shown, and how many there
    are."""

    name: str
    told: tuple[Told, ...]
    number: int


class Shown(msgspec.Struct, frozen=True):
    """What became of the promises of a commission, or of all (`of` is None): three parts, or the one that was chosen, a
    page of it."""

    of: Commission | None
    parts: tuple[Part, ...]
    chosen: str
    page: int
    pages: int

    @property
    def told(self) -> list[Told]:
        """Returns the promises of all parts that are shown."""
        return [one for part in self.parts for one in part.told]


async def shown_to(request: Request, work: Work, chosen: str = "") -> Shown:
    """Returns what the page and the poster show: of the commission in the address, or of all; the newest of each part,
    or a page of the `chosen` one. Raises NotFound."""
    asked = request.query_params.get("commission", "")
    of = await work.commissions.get_commission(asked) if asked else None
    day_ = today(site_of(request).clock.now())
    counted = await work.promises.count_promises(Sought(asked), day_)
    numbers = {"done": counted.done, "not-done": counted.not_done}
    numbers["to-come"] = counted.listed - counted.done - counted.not_done
    pages = -(-numbers[chosen] // A_PAGE) if chosen else 1
    number = min(page_number(request.query_params.get("page", "")), max(pages, 1)) if chosen else 1
    start, most = ((number - 1) * A_PAGE, A_PAGE) if chosen else (0, NEWEST)
    names = [chosen] if chosen else list(PARTS)
    listed = {name: await found(work, Sought(asked, standing=PARTS[name]), day_, start, most) for name in names}
    told = await _told_of(work, [one for promises in listed.values() for one in promises])
    parts = [Part(name, tuple(told[one.commitment.id] for one in listed[name]), numbers[name]) for name in names]
    return Shown(of, tuple(parts), chosen, number, pages)


async def _told_of(work: Work, listed: Sequence[Promise]) -> dict[str, Told]:
    rounds = await work.rounds.some({one.decision.rounds[-1] for one in listed})
    public = await work.stories.titles({one.commitment.story for one in listed if one.commitment.story})
    return {
        one.commitment.id: Told(
            one,
            _need(one.commitment, public),
            rounds[one.decision.rounds[-1]].question,
            one.commitment.updates[-1] if one.commitment.updates else None,
        )
        for one in listed
    }


def _need(commitment: Commitment, public: Mapping[str, str]) -> str:
    """Returns the need that a promise answers: as it says, or the title of the story that it names, while that is
    among the `public` titles; "" where it names none."""
    return public.get(commitment.story, "") if commitment.story else commitment.answers


async def said(request: Request) -> Response:
    """Shows what people said, what was done of it, and what was not done and why; with `part` in the address that one
    part, a page at a time."""
    chosen = request.query_params.get("part", "")
    async with site_of(request).store.read() as work:
        shown = await shown_to(request, work, chosen if chosen in PARTS else "")
        await unlike_record(request, work, ledger_shown(one.promise for one in shown.told))
    of = {"commission": shown.of.id} if shown.of else {}
    return await page(
        request,
        "promises/said.html",
        shown=shown,
        of=shown.of,
        headings=_headings(),
        addresses={name: "/promises/said?" + urlencode({**of, "part": name}) for name in PARTS},
        whole="/promises/said" + ("?" + urlencode(of) if of else ""),
        today=today(site_of(request).clock.now()),
    )


def _headings() -> dict[str, str]:
    return {"done": _("We did"), "not-done": _("We did not, because"), "to-come": _("Still to come")}


async def poster(request: Request) -> tuple[str, list[Block]]:
    """Returns the title and the blocks of the poster, for forum/adapters/report_pdf.py."""
    async with site_of(request).store.read() as work:
        shown = await shown_to(request, work)
    title = _("You said, we did")
    address = base_url(request) + "/promises" + (f"?commission={shown.of.id}" if shown.of else "")
    return title, list(_blocks(title, shown, address, day(site_of(request).clock.now())))


def _blocks(title: str, shown: Shown, address: str, on: str) -> Iterator[Block]:
    yield Heading(1, title)
    if shown.of:
        yield Paragraph(marked(shown.of.title, shown.of))
    headings = _headings()
    for part in shown.parts:
        if part.told:
            yield Heading(2, headings[part.name])
            yield from _told(part.told, every=shown.of is None)
        if more := part.number - len(part.told):
            words = ngettext(
                "And %(count)s more: see the address below.", "And %(count)s more: see the address below.", more
            )
            yield Paragraph(words % {"count": more})
    yield Paragraph(_("As it was on %(day)s. What is new stands at %(address)s") % {"day": on, "address": address})


def _told(told: Sequence[Told], *, every: bool) -> Iterator[Block]:
    for one in told:
        commitment = one.promise.commitment
        yield Heading(3, marked(commitment.what, one.promise.commission) if every else commitment.what)
        lines = [_("We asked: %(words)s") % {"words": one.question}]
        if one.need:
            lines = [_("You said: %(words)s") % {"words": one.need}]
        state = {"owner": commitment.owner, "state": promise_words(commitment.state)}
        lines += [_("%(owner)s: %(state)s.") % state, *filter(None, [one.words])]
        yield Paragraph("\n".join(lines))
