"""The page on data protection, made from the schema: what is held of people, why, for how long, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.ports.personal_data import ABOUT, Kind, columns_of
from forum.services.mail import subscriptions
from forum.web.i18n.gettext import say
from forum.web.organisation.statements import paragraphs, said
from forum.web.responses import page
from forum.web.site import site_of


class Held(msgspec.Struct, frozen=True):
    """One kind of data in the reader's language; `columns` are where it is in the database, as "table.column"."""

    name: str
    title: str
    data: str
    why: str
    seen: str
    kept: str
    columns: tuple[str, ...]


async def data_protection(request: Request) -> Response:
    """Shows what is held of people, why, for how long, who sees it, and who answers for it."""
    operator = site_of(request).settings.operator
    return await page(
        request,
        "public/data_protection.html",
        kinds=held(operator.periods),
        controller=said(request, "controller") or operator.controller,
        contact=said(request, "contact") or operator.contact,
        ground=said(request, "ground") or operator.ground,
        more=paragraphs(said(request, "privacy")),
    )


def held(periods: Mapping[str, int]) -> Sequence[Held]:
    """Returns every kind of data about people, in the reader's language, with the days that it is kept."""
    days: dict[str, object] = {
        **periods,
        "to_confirm": subscriptions.DAYS_TO_CONFIRM,
        "promised": subscriptions.DAYS_AFTER_PROMISES,
        "quiet": subscriptions.QUIET_DAYS,
    }
    return [
        Held(
            kind.replace(" ", "-"),
            say(ABOUT[kind].title),
            say(ABOUT[kind].data),
            say(ABOUT[kind].why),
            say(ABOUT[kind].seen),
            say(ABOUT[kind].kept, days),
            tuple(f"{table}.{column}" for table, columns in columns_of(kind).items() for column in columns),
        )
        for kind in Kind
    ]
