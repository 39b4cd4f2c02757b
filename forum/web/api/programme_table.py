"""Addresses of the API for the rest of what organisers do: order of a programme, other sites, messages to webhooks."""

from __future__ import annotations

from forum.errors import message
from forum.web.api import asked, asked_room, organising, telling
from forum.web.api.done import HookMessageTold, LettingSites, ProgrammeKept
from forum.web.api.row import ApiRow
from forum.web.api.shapes import Listing, Paged

FOR_PROGRAMMES_AND_SITES: tuple[ApiRow, ...] = (
    ApiRow(
        "POST",
        "/sessions/{session}/programme/sections/move",
        organising.move_section,
        "run sessions",
        message("Move a section of a programme one place up or down"),
        ProgrammeKept,
        asked_room.MovedSection,
    ),
    ApiRow(
        "POST",
        "/sessions/{session}/programme/sections/remove",
        organising.PlanAct("remove_section"),
        "run sessions",
        message("Take a section out of a programme with its cues"),
        ProgrammeKept,
        asked_room.RemovedSection,
    ),
    ApiRow(
        "POST",
        "/sessions/{session}/programme/put",
        organising.PlanAct("put"),
        "run sessions",
        message("Put a cue of a programme in another place"),
        ProgrammeKept,
        asked_room.PutCue,
    ),
    ApiRow(
        "POST",
        "/sessions/{session}/programme/undo",
        organising.PlanAct("undo"),
        "run sessions",
        message("Undo the latest change of a programme"),
        ProgrammeKept,
        asked_room.Undone,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}/embeds",
        telling.sites,
        "run sessions",
        message("Read which sites may show the results of a commission"),
        LettingSites,
    ),
    ApiRow(
        "POST",
        "/commissions/{commission}/embeds",
        telling.let_sites,
        "run sessions",
        message("Say which sites may show the results of a commission"),
        LettingSites,
        asked_room.AskedSites,
    ),
    ApiRow(
        "GET",
        "/commissions/{commission}/webhooks/{webhook}/messages",
        telling.messages,
        "run sessions",
        message("List what was sent to a webhook, newest first"),
        Listing[HookMessageTold],
        Paged,
    ),
    ApiRow(
        "POST",
        "/commissions/{commission}/webhooks/{webhook}/messages/{message}/again",
        telling.send_again,
        "run sessions",
        message("Send a message to a webhook once more"),
        HookMessageTold,
        asked.Nothing,
    ),
)
