"""Pages on which people keep receipts of their own votes: in a room, and in an asynchronous round."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import NotFound
from forum.record.verify.receipt import read_receipt
from forum.services.voting import receipts
from forum.services.voting.receipts import OwnVote
from forum.sessions.session import LiveSession, Participant
from forum.web.live.join_code import place_of
from forum.web.public.answer import visit_of
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.methods import choice_words

_FILE = "file"


@dataclass(frozen=True)
class _Card:
    """A vote of this browser's, with its choice in words."""

    vote: OwnVote
    choice: str


async def own(request: Request) -> Response:
    """Lists this browser's votes in a session, with the receipt of each; and by script those kept on the phone."""
    session, participant, back = await _place(request)
    votes: list[OwnVote] = []
    if participant is not None:
        async with site_of(request).store.read() as work:
            votes = await receipts.own_votes(work, session, participant)
    cards = [_Card(vote, choice_words(vote.round, vote.ballot.choice, whole=True)) for vote in votes]
    return await page(
        request, "live/receipts/own.html", session=session, cards=cards, known=participant is not None, back=back
    )


async def kept(request: Request) -> Response:
    """Shows the page on which a browser lists the receipts that it keeps, of whatever session."""
    return await page(request, "live/receipts/own.html", session=None, cards=[], known=False, back="")


async def receipt(request: Request) -> Response:
    """Shows the receipt of one vote, to be read and printed; `?as=file` sends it as a file."""
    session, participant, back = await _place(request)
    if participant is None:
        raise NotFound("There is no receipt here. The page of your receipts says why.")
    round_id = request.path_params["round"]
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
        size=written.head[2],
        result=written.result(),
        back=back,
    )


async def _place(request: Request) -> tuple[LiveSession, Participant | None, str]:
    """Returns the session of the code in the address, who this browser is in it, and where its pages begin. Raises
    NotFound, and TooMany for wrong codes."""
    if "answer_code" in request.path_params:
        visit = await visit_of(request)
        return visit.session, visit.participant, visit.path
    session, participant = await place_of(request, request.path_params["code"])
    return session, participant, f"/s/{session.code}"
