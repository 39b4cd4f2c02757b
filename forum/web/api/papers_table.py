"""Addresses of the API for tickets and papers, for organisers and their programs, as on their pages."""

from __future__ import annotations

from forum.errors import message
from forum.web.api import asked_papers, counting_papers, issuing
from forum.web.api.done import Done
from forum.web.api.room_told import KnownTicket, PapersTold, TicketsIssued
from forum.web.api.row import ApiRow
from forum.web.api.shapes import Listing, Paged
from forum.web.forms import WORDS

FOR_TICKETS_AND_PAPERS: tuple[ApiRow, ...] = (
    ApiRow(
        "GET",
        "/sessions/{session}/tickets",
        issuing.listed,
        "run sessions",
        message("List the tickets of a session, without their codes"),
        Listing[KnownTicket],
        Paged,
    ),
    ApiRow(
        "POST",
        "/sessions/{session}/tickets",
        issuing.issue,
        "run sessions",
        message("Issue tickets for a group. Their codes are told to this request alone"),
        TicketsIssued,
        asked_papers.AskedTickets,
        makes=True,
    ),
    ApiRow(
        "POST",
        "/sessions/{session}/tickets/replace",
        issuing.replace,
        "run sessions",
        message("Put a new ticket in the place of a lost one"),
        TicketsIssued,
        asked_papers.NamedTicket,
    ),
    ApiRow(
        "POST",
        "/sessions/{session}/tickets/revoke",
        issuing.revoke,
        "run sessions",
        message("Revoke a ticket: it lets nobody in any more"),
        Done,
        asked_papers.NamedTicket,
    ),
    ApiRow(
        "GET",
        "/rounds/{round}/papers",
        counting_papers.papers,
        "run sessions",
        message("Read how the papers of a vote are counted"),
        PapersTold,
    ),
    ApiRow(
        "POST",
        "/rounds/{round}/papers",
        counting_papers.enter,
        "run sessions",
        message("Enter the papers of an open vote; somebody else confirms them"),
        PapersTold,
        asked_papers.CountedPapers,
        WORDS,
    ),
    ApiRow(
        "POST",
        "/rounds/{round}/papers/confirm",
        counting_papers.confirm,
        "run sessions",
        message("Confirm papers that somebody else entered: they are ballots then"),
        PapersTold,
        asked_papers.NamedCount,
    ),
    ApiRow(
        "POST",
        "/rounds/{round}/papers/discard",
        counting_papers.discard,
        "run sessions",
        message("Discard papers that nobody has confirmed"),
        PapersTold,
        asked_papers.NamedCount,
    ),
)
