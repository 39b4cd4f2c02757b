"""The worked example: a finished cycle of a made-up commission, made by Forum's own acts on a server's first start."""

from __future__ import annotations

from forum.ports import Work


async def is_wanted(work: Work) -> bool:
    """Tells whether the example can be made here: there is no record yet, and nothing that it might be taken for."""
    return not (await work.record.size() or await work.commissions.list_commissions(drafts=True))
