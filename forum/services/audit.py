"""Notes what staff did with accounts, exports and settings, in the unit of work that did it.

Never what participants did, no address of a network: an act, whose, and what it was about, as the name of a token.
"""

from __future__ import annotations

from forum.ports import Work
from forum.ports.audit import MOST_ABOUT, StaffAct, What

BY_COMMAND = ""


async def note(work: Work, at: str, by: str, what: What, about: str = "", *, whom: str = "") -> None:
    """Notes an act: when, by whom (the id of an account; BY_COMMAND for the command line), what, and about what in a
    few words, which are cut to MOST_ABOUT. `whom` is the id of the account that it changed, where that is another's."""
    await work.audit.add_act(StaffAct(at, by, what, whom, about[:MOST_ABOUT]))


def with_token(about: str, token: str) -> str:
    """Returns what an act was about, with the name of the token by which a program did it, "" for none."""
    return f"{about}\n{token}" if token else about


def token_in(act: StaffAct) -> tuple[str, str]:
    """Returns what an act was about, and the name of the token by which a program did it, "" for none."""
    about, _line, token = act.about.partition("\n")
    return about, token


def roles_in(act: StaffAct) -> list[str] | None:
    """Returns the roles that an act is about, none of them where they were all taken; None for an act of another
    kind."""
    if act.what not in (What.ACCOUNT_ADDED, What.ROLES_CHANGED):
        return None
    return [role for role in act.about.split(", ") if role != "-"]
