"""Pages about programs, as rows of the table of pages: the API with its description, webhooks, embeds."""

from __future__ import annotations

from forum.web.api import openapi
from forum.web.api.table import API
from forum.web.organise import embeds, webhooks
from forum.web.page_row import Page

_COMMISSION = "/organise/commissions/{commission}"

FOR_PROGRAMS: tuple[Page, ...] = (
    Page("/api", "GET", openapi.explained, "public"),
    Page("/api/v1/openapi.json", "GET", openapi.openapi, "public"),
    *(row.page for row in API),
    Page("/embed/rounds/{round}", "GET", embeds.result, "public"),
    Page("/embed/commissions/{commission}/ledger", "GET", embeds.ledger_of, "public"),
    Page(f"{_COMMISSION}/embeds", "GET POST", embeds.sites, "run sessions"),
    Page(f"{_COMMISSION}/webhooks", "GET POST", webhooks.overview, "run sessions"),
    Page(f"{_COMMISSION}/webhooks/{{webhook}}", "GET POST", webhooks.one, "run sessions"),
)
