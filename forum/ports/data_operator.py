"""The operator of a server: who answers for data about people here, and how long each kind of it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from forum.errors import StartupProblem
from forum.ports.personal_data import PERIODS

# The periods with their days, as one types them into FORUM_RETENTION.
PERIODS_TOLD = ", ".join(f"{name}={days}" for name, days in PERIODS.items())


class Operator(msgspec.Struct, frozen=True):
    """Statement of the operator about data: who answers for it, how to reach them, the legal ground ("" for not
    said), and the days that data is kept, by period."""

    controller: str
    contact: str
    ground: str
    periods: Mapping[str, int]


def operator_of(raw: Mapping[str, str]) -> Operator:
    """Reads the settings about data. Raises StartupProblem as `shortened` does."""
    return Operator(
        raw["FORUM_CONTROLLER"],
        raw["FORUM_CONTROLLER_CONTACT"],
        raw["FORUM_LEGAL_GROUND"],
        shortened(raw["FORUM_RETENTION"]),
    )


def shortened(text: str) -> Mapping[str, int]:
    """Reads shorter periods, as "drafts=90, notes=180"; returns the days of every period.

    Raises StartupProblem for a period that there is not, and for days that are none or more than in PERIODS.
    """
    periods = dict(PERIODS)
    for part in text.replace(",", " ").split():
        name, _, days = part.partition("=")
        if name not in PERIODS:
            words = "FORUM_RETENTION: there is no period %(name)s. There are: %(all)s."
            raise StartupProblem(words, name=name, all=", ".join(PERIODS))
        if not re.fullmatch(r"[0-9]{1,5}", days, re.ASCII) or not 1 <= int(days) <= PERIODS[name]:
            words = "FORUM_RETENTION: %(name)s must be from 1 to %(most)s days; it may be shorter, not longer."
            raise StartupProblem(words, name=name, most=PERIODS[name])
        periods[name] = int(days)
    return periods
