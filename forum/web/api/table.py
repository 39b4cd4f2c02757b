"""Every address of the API in one table: what answers it, who may use it, what it takes and says. The routes are made
of it, and the description at /api/v1/openapi.json is."""

from __future__ import annotations

from forum.errors import message
from forum.web.api import commissions, decisions, record, sessions
from forum.web.api.decision_table import FOR_DECIDING
from forum.web.api.facilitator_table import FOR_FACILITATORS
from forum.web.api.moderator_table import FOR_MODERATORS
from forum.web.api.organiser_table import FOR_ORGANISERS
from forum.web.api.papers_table import FOR_TICKETS_AND_PAPERS
from forum.web.api.programme_table import FOR_PROGRAMMES_AND_SITES
from forum.web.api.row import ApiRow
from forum.web.api.schema import Commission, Decision, Entry, Promise, RecordHead, Round, Session, Stages, Story, Work
from forum.web.api.shapes import Listing, OfPages, OfPromises, Paged

API: tuple[ApiRow, ...] = (
    ApiRow(
        "GET",
        "/commissions",
        commissions.listed,
        "public",
        message("List commissions, newest first"),
        Listing[Commission],
        Paged,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}",
        commissions.one,
        "public",
        message("Read a commission: its question, its groups, and how far votes bind"),
        Commission,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}/stages",
        commissions.stages,
        "public",
        message("Read the stage that a commission is in, and how it came there"),
        Stages,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}/sessions",
        sessions.listed,
        "public",
        message("List the live sessions of a commission: planned, going on, ended, called off"),
        Listing[Session],
        Paged,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}/decisions",
        decisions.listed,
        "public",
        message("List the decisions of a commission, newest first"),
        Listing[Decision],
        Paged,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}/stories",
        commissions.stories,
        "public",
        message("List the published stories of a commission, newest first"),
        Listing[Story],
        Paged,
    ),
    ApiRow(
        "GET",
        "/sessions/{session}",
        sessions.one,
        "public",
        message("Read a live session"),
        Session,
    ),
    ApiRow(
        "GET",
        "/sessions/{session}/rounds",
        sessions.rounds,
        "public",
        message("List what was asked in a live session, with the results that were shown"),
        Listing[Round],
        OfPages,
    ),
    ApiRow(
        "GET",
        "/rounds/{round}",
        sessions.vote,
        "public",
        message("Read one vote, with its result once it was shown"),
        Round,
    ),
    ApiRow(
        "GET",
        "/decisions/{decision}",
        decisions.one,
        "public",
        message("Read a decision, with its reasons"),
        Decision,
    ),
    ApiRow(
        "GET",
        "/promises",
        decisions.promises,
        "public",
        message("List promises as the ledger does, late ones first"),
        Listing[Promise],
        OfPromises,
    ),
    ApiRow(
        "GET",
        "/promises/{commitment}",
        decisions.promise,
        "public",
        message("Read a promise, with what became of it"),
        Promise,
    ),
    ApiRow(
        "GET",
        "/stories",
        commissions.library,
        "public",
        message("List every published story"),
        Listing[Story],
        Paged,
    ),
    ApiRow(
        "GET",
        "/stories/{story}",
        commissions.story,
        "public",
        message("Read a published story with its text"),
        Story,
    ),
    ApiRow(
        "GET",
        "/record",
        record.head,
        "public",
        message("Read where the public record stands, and where its signed checkpoint is"),
        RecordHead,
    ),
    ApiRow(
        "GET",
        "/record/entries",
        record.entries,
        "public",
        message("List the entries of the public record, oldest first"),
        Listing[Entry],
        Paged,
    ),
    ApiRow(
        "GET",
        "/work",
        record.work,
        "signed in",
        message("Count what waits for the role of your token"),
        Work,
        somewhere=True,
    ),
    *FOR_ORGANISERS,
    *FOR_PROGRAMMES_AND_SITES,
    *FOR_FACILITATORS,
    *FOR_TICKETS_AND_PAPERS,
    *FOR_MODERATORS,
    *FOR_DECIDING,
)
