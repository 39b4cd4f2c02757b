"""The public page of one stage of a commission: its questions with their answers, and what was learnt in it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import NotFound
from forum.services import stages
from forum.services.record_cache import declared_of
from forum.voting.commission import STAGES
from forum.voting.stage import QUESTIONS
from forum.web.record_banner import unlike_record
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.words.entry_words import named
from forum.web.words.stage_entries import stage_page
from forum.web.words.terms import stage_question, stage_words


async def stage(request: Request) -> Response:
    """Shows one stage of a commission to everybody. Raises NotFound for an unknown commission or stage."""
    of = next((one for one in STAGES if one.replace(" ", "-") == request.path_params["stage"]), None)
    if of is None:
        raise NotFound("There is no such stage.")
    async with site_of(request).store.read() as work:
        commission = await work.commissions.get_commission(request.path_params["commission"])
        course = await stages.course_of(work, commission)
        if not commission.rehearsal:
            await unlike_record(request, work, {declared_of(commission.id): (commission, course)})
    return await page(
        request,
        "public/stage.html",
        commission=commission,
        stage=of,
        standing=course.standing,
        questions=[
            (stage_question(question), [note for note in course.notes if note.question == question])
            for question in QUESTIONS[of]
        ],
        left=[(move, named(stage_words, move.went_to)) for move in course.moves if move.came_from == of],
        stage_page=stage_page,
    )
