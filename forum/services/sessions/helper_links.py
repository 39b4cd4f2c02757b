"""Links of helpers on the day: made and switched off by an organiser, opened by whoever has one."""

from __future__ import annotations

import secrets
from datetime import datetime

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.form_errors import Findings
from forum.services.keys import digest, is_key
from forum.services.sent_before import SEND_ONCE_MORE, changed, unchanged
from forum.services.sessions import guard
from forum.sessions.helper_link import Helper, HelperLink

HOURS = (2, 6, 12, 24)
MOST_LABEL = 60
MOST_WORKING = 20
OVER = "This link no longer works. Ask an organiser for a new one. What you wrote is still here: copy it."


async def make(
    store: Store, clock: Clock, session: str, new: str, helper: str, label: str, hours: str, *, by: str = ""
) -> HelperLink:
    """Makes a link for a helper, good for some of HOURS, and returns it; `by` is the id of whoever asks for it.

    `new` is a key made by `keys.new_key` when the page was shown, so that the same form sent twice makes one link.
    Raises FormErrors (fields "helper", "label", "hours"), BadInput(field="new") for a `new` that is no key or is in
    use elsewhere, NotFound, and IllegalMove after the session's end or where MOST_WORKING links work.
    """
    found = Findings()
    if helper not in tuple(Helper):
        found.wrong("helper", "Choose what they will do.")
    label = found.name("label", label, "Say whom the link is for, so that you know it again.", MOST_LABEL)
    if hours not in map(str, HOURS):
        found.wrong("hours", "Choose for how many hours the link works.")
    found.stop()
    async with store.begin() as work:
        live = await guard.going_on(work, session, planned=True)
        now = clock.now()
        there = await work.helper_links.helper_links(live.id)
        again = next((one for one in there if is_key(new) and one.key == digest(new)), None)
        if again is not None and again.works(now):
            lasts = datetime.fromisoformat(again.until) - datetime.fromisoformat(again.made_at)
            if round(lasts.total_seconds() / 3600) != int(hours):
                raise changed(SEND_ONCE_MORE)
            return unchanged(again, SEND_ONCE_MORE, helper=helper, label=label)
        if not is_key(new) or again is not None or await _is_elsewhere(work, new):
            raise BadInput("This new link cannot be used. Here is another one.", field="new")
        if sum(one.works(now) for one in there) >= MOST_WORKING:
            raise IllegalMove("There are %(most)s links that work. Switch one off first.", most=MOST_WORKING)
        until = clock.later(hours=int(hours))
        link = HelperLink(secrets.token_hex(16), live.id, Helper(helper), label, digest(new), now, until, made_by=by)
        await work.helper_links.add_helper_link(link)
    return link


async def revoke(store: Store, clock: Clock, session: str, link: str) -> None:
    """Switches a link of a session off, after its end too. Raises NotFound."""
    async with store.begin() as work:
        await guard.of_kind(work, session)
        await work.helper_links.revoke_helper_link(session, link, clock.now())


async def opened(work: Work, clock: Clock, key: str) -> HelperLink:
    """Returns the link with this key. Raises NotFound for an unknown key, IllegalMove (OVER) for one that no longer
    works, as none does once its session has ended.
    """
    link = await work.helper_links.helper_link(digest(key))
    if not link.works(clock.now()) or (await work.sessions.get_session(link.session)).ended:
        raise IllegalMove(OVER)
    return link


async def _is_elsewhere(work: Work, new: str) -> bool:
    try:
        await work.helper_links.helper_link(digest(new))
    except NotFound:
        return False
    return True
