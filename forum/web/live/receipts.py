"""Pages on which people keep receipts of their own votes: in a room, and in an asynchronous round."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import NotFound
from forum.record.verify.receipt import read_receipt
from forum.services.voting import receipts
from forum.services.voting.receipts import OwnVote, ReceiptState
from forum.sessions.session import LiveSession, Participant
from forum.web.live.join_code import place_of
from forum.web.public.answer import visit_of
from forum.web.responses import page
from forum.web.site import base_url, site_of
from forum.web.words.methods import choice_words

_FILE = "file"
CAST_ID = 32  # hex digits of a cast's id, as tablets make it


class _Card(msgspec.Struct, frozen=True):
    """A vote of this browser's, with its choice in words, and the address of its receipt."""

    vote: OwnVote
    choice: str
    there: str


async def own(request: Request) -> Response:
    """Lists this browser's votes in a session, with the receipt of each; and by script those kept on the phone."""
    session, participant, back = await place(request)
    votes: list[OwnVote] = []
    if participant is not None:
        async with site_of(request).store.read() as work:
            votes = await receipts.own_votes(work, session, participant)
    cards = [_card(vote, f"{back}/receipts/{vote.round.id}") for vote in votes]
    return await _own_page(request, session, cards, known=participant is not None, back=back)


async def kept(request: Request) -> Response:
    """Shows the page on which a browser lists the receipts that it keeps, of whatever session."""
    return await _own_page(request, None, [], known=False, back="")


async def receipt(request: Request) -> Response:
    """Shows the receipt of one vote, to be read and printed; `?as=file` sends it as a file."""
    session, participant, back = await place(request)
    if participant is None:
        raise NotFound("There is no receipt here. The page of your receipts says why.")
    round_id = request.path_params["round"]
    return await _receipt_page(request, session, participant, round_id, f"{back}/receipts")


async def by_slip(request: Request) -> Response:
    """Does the same for the vote of a slip that a shared tablet gave; before there is a receipt, says so."""
    round_id, cast = request.path_params["round"], request.path_params["cast"]
    async with site_of(request).store.read() as work:
        participant = await work.rounds.caster(round_id, cast) if len(cast) == CAST_ID else None
        if participant is None:
            raise NotFound(
                "This slip leads to no vote. Perhaps it was typed wrongly, or the session ended an hour ago."
            )
        session = await work.sessions.get_session(participant.session)
        votes = [vote for vote in await receipts.own_votes(work, session, participant) if vote.round.id == round_id]
    if [vote.state for vote in votes] == [ReceiptState.READY]:
        return await _receipt_page(request, session, participant, round_id, "")
    cards = [_card(vote, request.url.path) for vote in votes]
    return await _own_page(request, session, cards, known=True, back="")


async def _own_page(
    request: Request, session: LiveSession | None, cards: list[_Card], *, known: bool, back: str
) -> Response:
    return await page(request, "live/receipts/own.html", session=session, cards=cards, known=known, back=back)


def _card(vote: OwnVote, there: str) -> _Card:
    return _Card(vote, choice_words(vote.round, vote.ballot.choice, whole=True), there)


async def _receipt_page(
    request: Request, session: LiveSession, participant: Participant, round_id: str, back: str
) -> Response:
    vote, data = await receipts.own_receipt(site_of(request).checkpoints, session, participant, round_id)
    if request.query_params.get("as") == _FILE:
        name = f'attachment; filename="receipt-{round_id[:8]}.json"'
        return Response(data, media_type="application/json", headers={"Content-Disposition": name})
    written = read_receipt(data)
    return await page(
        request,
        "live/receipts/receipt.html",
        session=session,
        vote=vote,
        choice=choice_words(vote.round, vote.ballot.choice, whole=True),
        receipt=written,
        result=written.result(),
        base=base_url(request),  # on paper an address needs its host
        back=back,
    )


async def place(request: Request) -> tuple[LiveSession, Participant | None, str]:
    """Returns the session of the code in the address, who this browser is in it, and where its pages begin. Raises
    NotFound, and TooMany for wrong codes."""
    if "answer_code" in request.path_params:
        visit = await visit_of(request)
        return visit.session, visit.participant, visit.path
    session, participant = await place_of(request, request.path_params["code"])
    return session, participant, f"/s/{session.code}"
