"""Things that can be followed: the address of the page of each."""

from __future__ import annotations

from forum.ports.followers import Followed, Subject

_PAGES = {Followed.COMMISSION: "/commissions/", Followed.DECISION: "/decisions/", Followed.PROMISE: "/promises/"}


def page_of(subject: Subject) -> str:
    """Returns the path of the public page of a thing that can be followed."""
    return _PAGES[subject.kind] + subject.id
