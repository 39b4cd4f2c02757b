"""Every URL in one table: its path, its methods, the function that answers, and the permission it needs."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from forum.web import (
    export,
    health,
    minority_statements,
    moderate,
    moderate_shaping,
    owner_links,
    pledges,
    promise_updates,
    update_files,
)
from forum.web.accounts import cookieless
from forum.web.accounts.table import ACCOUNTS
from forum.web.api.pages import FOR_PROGRAMS
from forum.web.auth import need_here, need_somewhere
from forum.web.decide import answer_date
from forum.web.decide import corrections as decision_corrections
from forum.web.decide import decision as decision_page
from forum.web.decide import drafts as decision_drafts
from forum.web.decide import exports as decide_exports
from forum.web.decide import form as decision_form
from forum.web.decide import overview as decide_overview
from forum.web.decide import prediction as decide_prediction
from forum.web.forms import MOST_WITH_FILE, STORY, WORDS
from forum.web.live import (
    care,
    console,
    group_correction,
    helpers,
    join,
    my_day,
    phone,
    phone_posts,
    practice,
    projector,
    receipts,
    sockets,
    tablet,
)
from forum.web.organisation import face, settings, statements
from forum.web.organise import commissions_and_sessions as organising
from forum.web.organise import home, paper_counts, programmes, rehearsals, rounds, sessions, stages, tickets
from forum.web.page_row import Endpoint, Page
from forum.web.public import (
    answer,
    check,
    check_back,
    checkpoints,
    commission_feed,
    data_protection,
    feeds,
    follow,
    front_pages,
    library,
    moderation_log,
    noticed,
    promises,
    record,
    record_lists,
    said,
    your_data,
)
from forum.web.public import answers_due as public_answers_due
from forum.web.public import commission as public_commission
from forum.web.public import session as public_session
from forum.web.public import stages as public_stages
from forum.web.static_files import StaticScripts
from forum.web.stories import (
    build_link,
    evidence,
    files,
    mail,
    my_story,
    play,
    private_link,
    save,
    send,
    steps,
    suggestion_review,
    versions,
    workspace,
    writer_permissions,
)
from forum.web.templates import STATIC

_DIGITS = 20  # digits of a length that are read

PAGES: tuple[Page, ...] = (
    # what everybody reads
    Page("/", "GET", front_pages.home, "public"),
    Page("/commissions", "GET", front_pages.commissions, "public"),
    Page("/commissions/{commission}", "GET", public_commission.commission, "public"),
    Page("/commissions/{commission}/stages/{stage}", "GET", public_stages.stage, "public"),
    Page("/stories", "GET", library.stories, "public"),
    Page("/stories/{story}", "GET", front_pages.story, "public"),
    Page("/stories/{story}/story.twee", "GET", files.download, "public"),
    Page("/stories/{story}/play", "GET", play.public, "public"),
    Page("/stories/{story}/versions", "GET", versions.public, "public"),
    Page("/stories/{story}/versions/{number}", "GET", versions.public_version, "public"),
    Page("/stories/{story}/feed.atom", "GET", feeds.story, "public"),
    Page("/commissions/{commission}/feed.atom", "GET", commission_feed.commission, "public"),
    Page("/decisions/{decision}", "GET", decision_page.decision, "public"),
    Page("/answers-due", "GET", public_answers_due.bodies, "public"),
    Page("/promises", "GET", promises.ledger, "public"),
    Page("/promises/feed.atom", "GET", feeds.promises, "public"),
    Page("/promises/said", "GET", said.said, "public"),
    Page("/promises/{commitment}", "GET", promises.promise, "public"),
    Page("/promises/{commitment}/feed.atom", "GET", feeds.promise, "public"),
    Page("/decisions/{decision}/feed.atom", "GET", feeds.decision, "public"),
    Page("/follow/{kind}/{about}", "GET POST", follow.follow, "public"),
    Page("/minority/{key}", "GET POST", minority_statements.write, "public", WORDS),
    Page("/noticed/{commitment}/{key}", "GET POST", noticed.have_you, "public"),
    Page("/my-pledge/{key}", "GET POST", pledges.mine, "public"),
    Page("/promises/{commitment}/files/{update}", "GET", update_files.public_file, "public"),
    Page("/my-promise/{key}", "GET POST", owner_links.mine, "public", MOST_WITH_FILE),
    # the record
    Page("/record", "GET", record_lists.outcomes, "public"),
    Page("/record/entries", "GET", record_lists.entries, "public"),
    Page("/record/check", "GET", record_lists.check, "public"),
    Page("/record/checkpoint", "GET", checkpoints.checkpoint, "public"),
    Page("/record/checkpoints", "GET", checkpoints.past, "public"),
    Page("/record/checkpoints/{size}", "GET", checkpoints.past_one, "public"),
    Page("/record/consistency", "GET", checkpoints.consistency, "public"),
    Page("/record/public-key.pem", "GET", checkpoints.public_key, "public"),
    Page("/record/entries.jsonl", "GET", record.entries_jsonl, "public"),
    Page("/record/disclosures.jsonl", "GET", record.disclosures_jsonl, "public"),
    Page("/record/tile/entries/{number:path}", "GET", record.bundle, "public"),
    Page("/record/tile/{level}/{number:path}", "GET", record.tile, "public"),
    Page("/record/{index}.json", "GET", record.entry_json, "public"),
    Page("/record/{index}", "GET", record.entry, "public"),
    Page("/check", "GET POST", check.check, "public", MOST_WITH_FILE),
    Page("/rounds/{round}/ballots.jsonl", "GET", record.ballots, "public"),
    # stories
    Page("/commissions/{commission}/tell", "GET POST", steps.tell, "public", WORDS),
    Page("/commissions/{commission}/tell/file", "GET POST", files.send, "public", MOST_WITH_FILE),
    Page("/my-story/{key}", "GET", my_story.my_story, "public"),
    Page("/my-story/{key}/write", "GET POST", workspace.workspace, "public", STORY),
    Page("/my-story/{key}/write/{step}", "GET POST", steps.step, "public", STORY),
    Page("/my-story/{key}/save", "POST", save.save, "public", STORY),
    Page("/my-story/{key}/play", "GET", workspace.play, "public"),
    Page("/my-story/{key}/check", "GET POST", send.check, "public", WORDS),
    Page("/my-story/{key}/build", "GET POST", suggestion_review.build, "public"),
    Page("/my-story/{key}/build/{suggestion}", "GET POST", suggestion_review.answer, "public", WORDS),
    Page("/my-story/{key}/versions", "GET", versions.mine, "public"),
    Page("/my-story/{key}/versions/{number}", "GET POST", versions.my_version, "public"),
    Page("/build/{key}", "GET", build_link.story, "public"),
    Page("/build/{key}/play", "GET", build_link.play, "public"),
    Page("/build/{key}/suggest", "GET POST", build_link.suggest, "public", WORDS),
    Page("/my-story/{key}/file", "GET POST", files.send_again, "public", MOST_WITH_FILE),
    Page("/my-story/{key}/story.twee", "GET", files.download_mine, "public"),
    Page("/my-story/{key}/link", "GET POST", private_link.link, "public"),
    Page("/my-story/{key}/appeal", "GET POST", private_link.appeal, "public", WORDS),
    Page("/my-story/{key}/permissions", "POST", writer_permissions.permissions, "public"),
    Page("/my-story/{key}/take-back", "GET POST", writer_permissions.take_back, "public"),
    Page("/my-story/{key}/mail", "GET POST", mail.mine, "public"),
    Page("/mail/confirm/{key}", "GET POST", mail.confirm, "public"),
    Page("/mail/stop/{key}", "GET POST", mail.stop, "public"),
    Page("/link-off", "GET", private_link.link_off, "public"),
    Page("/stories/{story}/report", "GET POST", moderation_log.report, "public", WORDS),
    Page("/moderation", "GET", moderation_log.log, "public"),
    Page("/my-story/{key}/evidence", "GET POST", evidence.mine, "public", MOST_WITH_FILE),
    Page("/my-story/{key}/evidence/{item}", "GET", evidence.my_file, "public"),
    Page("/stories/{story}/evidence/{item}", "GET", evidence.public_file, "public"),
    Page("/moderate/erase", "GET POST", your_data.by_letter, "moderate stories"),
    Page("/moderate/files/{update}", "GET POST", update_files.moderate, "moderate stories"),
    Page("/moderate/statements/{statement}", "GET POST", minority_statements.moderate, "moderate stories", WORDS),
    Page("/moderate/{story}/evidence", "GET POST", evidence.moderate, "moderate stories", WORDS),
    Page("/moderate/{story}/evidence/{item}", "GET", evidence.moderators_file, "moderate stories"),
    Page("/moderate", "GET", moderate.queue, "moderate stories", somewhere=True),
    Page("/moderate/pledges", "GET POST", pledges.moderate, "moderate stories", somewhere=True),
    Page("/moderate/{story}", "GET POST", moderate.story, "moderate stories", WORDS),
    Page("/moderate/{story}/shape", "POST", moderate_shaping.act, "moderate stories", WORDS),
    Page("/moderate/{story}/appeal", "POST", moderate.appeal, "moderate stories", WORDS),
    Page("/cookies", "GET", cookieless.about, "public"),
    Page("/your-data", "GET", your_data.about, "public"),
    Page("/your-data/browser", "GET POST", your_data.browser, "public"),
    Page("/my-story/{key}/data", "GET POST", your_data.story, "public"),
    Page("/mail/data/{key}", "GET POST", your_data.mail, "public"),
    Page("/data-protection", "GET", data_protection.data_protection, "public"),
    Page("/accessibility", "GET", statements.accessibility, "public"),
    Page("/imprint", "GET", statements.imprint, "public"),
    Page("/colours.css", "GET", face.colours, "public"),
    Page("/logo/{logo}", "GET", face.logo, "public"),
    Page("/manifest.webmanifest", "GET", face.manifest, "public"),
    Page("/healthz", "GET", health.alive, "public"),
    Page("/readyz", "GET", health.ready, "public"),
    Page("/metrics", "GET", health.figures, "public"),
    # accounts, and the organisation
    *ACCOUNTS,
    Page("/organisation", "GET", settings.overview, "manage people"),
    Page("/organisation/{part}", "GET POST", settings.part, "manage people", MOST_WITH_FILE),
    # organising
    Page("/organise", "GET", organising.overview, "run sessions", somewhere=True),
    Page("/organise/commissions/new", "GET", organising.new_commission, "run sessions"),
    Page("/organise/commissions", "POST", organising.add_commission, "run sessions", WORDS),
    Page("/organise/commissions/{commission}", "GET", home.home, "keep commissions"),
    Page("/organise/commissions/{commission}/edit", "GET POST", organising.edit_commission, "keep commissions", WORDS),
    Page("/organise/commissions/{commission}/stories", "POST", home.copy_stories, "run sessions"),
    Page("/organise/commissions/{commission}/poster.pdf", "GET", home.poster, "keep commissions"),
    Page("/organise/commissions/{commission}/stages", "GET", stages.overview, "keep commissions"),
    Page("/organise/commissions/{commission}/move", "POST", stages.move, "keep commissions", WORDS),
    Page("/organise/commissions/{commission}/note", "POST", stages.note, "keep commissions", WORDS),
    Page("/organise/commissions/{commission}/close", "POST", stages.close, "keep commissions", WORDS),
    Page("/organise/commissions/{commission}/reopen", "POST", stages.reopen, "keep commissions", WORDS),
    Page("/organise/sessions/new", "GET", sessions.new_session, "run sessions", somewhere=True),
    Page("/organise/sessions", "POST", sessions.add_session, "run sessions", WORDS, somewhere=True),
    Page("/organise/tokens", "POST", organising.add_token, "run sessions", somewhere=True),
    Page("/organise/tokens/{token}/revoke", "POST", organising.revoke_token, "run sessions", somewhere=True),
    Page("/organise/sessions/{session}", "GET POST", sessions.home, "run sessions", WORDS),
    Page("/organise/sessions/{session}/change", "GET POST", sessions.change, "run sessions", WORDS),
    Page("/organise/sessions/{session}/programme", "GET POST", programmes.edit, "run sessions", WORDS),
    Page("/organise/sessions/{session}/run-sheet", "GET", programmes.run_sheet, "run sessions"),
    Page("/organise/sessions/{session}/rehearsal", "GET POST", rehearsals.rehearsal, "run sessions"),
    Page("/organise/sessions/{session}/tickets", "GET POST", tickets.sheet, "run sessions", WORDS),
    Page("/organise/sessions/{session}/papers/{round}", "GET POST", paper_counts.count, "run sessions", WORDS),
    # the live session
    Page("/sessions/{session}", "GET", public_session.session, "public"),
    Page("/sessions/{session}/feed.atom", "GET", feeds.session, "public"),
    Page("/sessions/{session}/programme", "GET", programmes.public, "public"),
    Page("/sessions/{session}/programme.ics", "GET", programmes.calendar, "public"),
    Page("/join", "GET POST", join.join, "public"),
    Page("/receipts", "GET", receipts.kept, "public"),
    Page("/receipts/{round}/{cast}", "GET", receipts.by_slip, "public"),
    Page("/s/{code}", "GET", phone.phone, "public"),
    Page("/s/{code}/ticket/{ticket}", "GET", join.ticket, "public"),
    Page("/s/{code}/join", "POST", join.join_session, "public"),
    Page("/s/{code}/group", "POST", group_correction.in_a_room, "public"),
    Page("/s/{code}/vote", "POST", phone.vote, "public", WORDS),
    Page("/s/{code}/stop", "POST", phone_posts.stop, "public", WORDS),
    Page("/s/{code}/reason", "POST", phone_posts.reason, "public", WORDS),
    Page("/s/{code}/too", "POST", phone_posts.too, "public"),
    Page("/s/{code}/practice", "POST", practice.practice, "public"),
    Page("/s/{code}/now", "GET", phone.now, "public"),
    Page("/s/{code}/receipts", "GET", receipts.own, "public"),
    Page("/s/{code}/receipts/{round}", "GET", receipts.receipt, "public"),
    Page("/s/{code}/pledge", "GET POST", pledges.make, "public", WORDS),
    Page("/s/{code}/day", "GET", my_day.day, "public"),
    Page("/s/{code}/step-out", "GET", care.step_out, "public"),
    Page("/s/{code}/away", "GET", care.away, "public"),
    Page("/s/{code}/break", "POST", care.ask_break, "public"),
    Page("/s/{code}/more-time", "POST", care.more_time, "public"),
    Page("/tablet/{key}", "GET", tablet.page_of_tablet, "public"),
    Page("/tablet/{key}/vote", "POST", tablet.vote, "public", WORDS),
    Page("/tablet/{key}/slip", "POST", tablet.slip, "public"),
    Page("/tablet/{key}/now", "GET", tablet.now, "public"),
    Page("/organise/sessions/{session}/tablet", "GET POST", tablet.link, "run sessions"),
    Page("/organise/sessions/{session}/helpers", "GET POST", helpers.links, "run sessions"),
    Page("/helper/{key}", "GET POST", helpers.screen, "public", WORDS),
    Page("/projector/{key}", "GET", projector.projector, "public"),
    Page("/console/{session}", "GET", console.console, "run sessions"),
    Page("/console/{session}/{act}", "POST", console.act, "run sessions", WORDS),
    # asynchronous rounds
    Page("/organise/asynchronous/new", "GET", rounds.new, "run sessions", somewhere=True),
    Page("/organise/asynchronous", "POST", rounds.add, "run sessions", WORDS, somewhere=True),
    Page("/organise/asynchronous/{session}", "GET", rounds.show, "run sessions"),
    Page("/organise/asynchronous/{session}/{act}", "POST", rounds.act, "run sessions", WORDS),
    Page("/answer/{answer_code}", "GET", answer.about, "public"),
    Page("/answer/{answer_code}/join", "POST", answer.join, "public"),
    Page("/answer/{answer_code}/group", "POST", group_correction.alone, "public"),
    Page("/answer/{answer_code}/play", "GET", answer.play, "public"),
    Page("/answer/{answer_code}/question", "GET POST", answer.question, "public", WORDS),
    Page("/answer/{answer_code}/right", "GET POST", check_back.right, "public", WORDS),
    Page("/answer/{answer_code}/receipts", "GET", receipts.own, "public"),
    Page("/answer/{answer_code}/receipts/{round}", "GET", receipts.receipt, "public"),
    Page("/answer/{answer_code}/day", "GET", my_day.day, "public"),
    Page("/answer/{answer_code}/step-out", "GET", answer.step_out, "public"),
    # for programs
    *FOR_PROGRAMS,
    # deciding
    Page("/decide", "GET", decide_overview.overview, "read drafts", somewhere=True),
    Page("/decide/exports", "GET", decide_exports.exports, "decide", somewhere=True),
    Page("/decide/new", "GET POST", decision_form.new, "decide", STORY, somewhere=True),
    Page("/decide/drafts/{draft}", "GET POST", decision_drafts.draft, "read drafts", WORDS),
    Page("/decide/drafts/{draft}/form", "GET POST", decision_form.edit, "decide", STORY),
    Page("/decide/answers/{round}", "GET POST", answer_date.move, "decide", WORDS),
    Page("/decide/decisions/{decision}", "GET POST", decision_corrections.correct, "decide", WORDS),
    Page("/decide/dissent/{decision}", "GET POST", minority_statements.links, "decide"),
    Page("/decide/predictions/{session}", "GET POST", decide_prediction.predict, "decide", WORDS),
    Page("/decide/promises/{commitment}", "GET POST", promise_updates.update, "decide", MOST_WITH_FILE),
    Page("/decide/promises/{commitment}/owner", "GET POST", owner_links.link, "decide"),
    Page("/decide/poster.pdf", "GET", export.export_poster, "decide", somewhere=True),
    Page("/export", "GET", export.export, "decide", somewhere=True),
    Page("/export/popolo", "GET", export.export_popolo, "decide", somewhere=True),
    Page("/export/report.html", "GET", export.export_report_html, "decide", somewhere=True),
    Page("/export/report.pdf", "GET", export.export_report_pdf, "decide", somewhere=True),
    Page("/export/workbook", "GET", export.export_workbook, "decide", somewhere=True),
)

SOCKETS = (
    WebSocketRoute("/s/{code}/socket", sockets.phone),
    WebSocketRoute("/tablet/{key}/socket", sockets.tablet),
    WebSocketRoute("/projector/{key}/socket", sockets.projector),
    WebSocketRoute("/console/{session}/socket", sockets.console),
)


def guarded(row: Page) -> Endpoint:
    """Returns the row's endpoint, which first checks the announced length and the permission."""

    async def endpoint(request: Request) -> Response:
        if _announced(request) > row.most_body:
            raise HTTPException(413)
        await (need_somewhere if row.somewhere else need_here)(request, row.permission)
        return await row.endpoint(request)

    return endpoint


def _announced(request: Request) -> int:
    """Returns the length in bytes that a request announces, 0 for none; then the body is counted as it comes."""
    length = request.headers.get("content-length", "")
    return int(length[:_DIGITS]) if length.isdecimal() else 0


def routes() -> list[BaseRoute]:
    """Returns the routes of the table, the sockets and the static files, for Starlette."""
    static = Mount("/static", StaticScripts(directory=STATIC), middleware=[Middleware(GZipMiddleware)])
    pages = [
        Route(row.path, guarded(row), methods=row.methods.split(), name=row.path, max_body_size=row.most_body)
        for row in PAGES
    ]
    return [*SOCKETS, *pages, static]  # phones come by their hundreds: not past every page
