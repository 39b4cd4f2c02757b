"""Commissions as they are drafted, and changed after they were published.

Nothing that a vote was declared under changes for that vote: a session keeps the version that it was made under
(`commissions.of_session`). A form says which version its page had seen, so that nobody goes over what somebody else
has changed meanwhile.
"""

from __future__ import annotations

from dataclasses import replace

from forum.errors import IllegalMove, NotFound, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services import record_entries
from forum.services.form_errors import Findings
from forum.services.record_entries import Words
from forum.services.sessions import commissions_and_sessions
from forum.services.sessions.commissions_and_sessions import CommissionForm, about_of, read_commission
from forum.voting.commission import Commission, CommissionVersion, changed_terms, with_known_groups

MOST_BECAUSE = 1000
# What stays as it was published.
_KEPT = ("id", "stage", "small_numbers", "demonstration", "rehearsal", "created_at")
CHANGED_MEANWHILE = message(
    "It has been changed meanwhile, perhaps by somebody else. Look at it in another window. What you typed is still "
    "here: send it again if it still fits, and it goes over what was changed."
)


async def keep_draft(store: Store, clock: Clock, form: CommissionForm, seen: str = "0") -> Commission:
    """Keeps a draft of a commission, which may lack anything but its title. The first time it is made, by the id in the
    form; `seen` is the number of times it had been kept when the form was shown.

    Raises FormErrors with everything that is wrong, IllegalMove where it was kept, or published, meanwhile.
    """
    return await _kept(store, clock, form, seen, public=False)


async def publish(store: Store, clock: Clock, form: CommissionForm, seen: str) -> Commission:
    """Keeps a draft a last time and makes it public, as the first version. Takes and raises what `keep_draft` does;
    nothing may be missing.
    """
    return await _kept(store, clock, form, seen, public=True)


async def _kept(store: Store, clock: Clock, form: CommissionForm, seen: str, *, public: bool) -> Commission:
    findings = Findings()
    made = read_commission(findings, form, clock.now(), whole=public)
    async with store.begin() as work:
        try:
            before = await work.commissions.get_commission(made.id, lock=True, draft=True)
        except NotFound:
            before = None
        if before is not None and not before.draft:
            raise IllegalMove("This commission has been published meanwhile. Change it on its own page, with a reason.")
        if seen != str(before.version if before else 0):
            raise IllegalMove(CHANGED_MEANWHILE)
        findings.stop()
        if before is None:
            made = replace(made, version=1, draft=True)
            await work.commissions.add_commission(made)
        else:
            made = replace(
                made,
                groups=with_known_groups(made.groups, before.groups),
                version=before.version + 1,
                draft=True,
                created_at=before.created_at,
            )
            await work.commissions.save_commission(made)
        return await commissions_and_sessions.publish(work, made, clock.now()) if public else made


async def change(
    store: Store, clock: Clock, commission: str, form: CommissionForm, seen: str, because: str
) -> Commission:
    """Changes a published commission: a new version, with the reason in the record. Its stage is not changed here, nor
    that it is a rehearsal or keeps to small-number rules, and support lines alone are no new version.

    Raises NotFound, FormErrors with everything that is wrong, IllegalMove where it is closed or was changed meanwhile.
    """
    findings = Findings()
    typed = read_commission(findings, replace(form, stage="plan"), clock.now())
    async with store.begin() as work:
        before = await work.commissions.get_commission(commission, lock=True)
        if before.closed_at:
            raise IllegalMove("This commission is closed. Reopen it first.")
        if seen != str(before.version):
            raise IllegalMove(CHANGED_MEANWHILE)
        kept = {name: getattr(before, name) for name in _KEPT}
        after = replace(typed, groups=with_known_groups(typed.groups, before.groups), version=before.version, **kept)
        changed = changed_terms(before, after)
        why = findings.at_most("because", because, MOST_BECAUSE)
        if changed and not why:
            findings.wrong("because", "Say why it is changed. Everybody reads it.")
        await _no_storyteller_without_group(work, before, after, findings)
        findings.stop()
        if not changed:
            await work.commissions.save_commission(after)
            return after
        at = clock.now()
        after = replace(after, version=before.version + 1)
        facts = {"version": after.version, "about": about_of(after), "because": Words("because", why)}
        entry = None if after.rehearsal else await record_entries.append(work, after, "commission changed", at, facts)
        await work.commissions.add_version(CommissionVersion(after.version, after, why, at, entry))
    return after


async def _no_storyteller_without_group(work: Work, before: Commission, after: Commission, findings: Findings) -> None:
    """Notes as wrong that a group is gone from which somebody told a story: nothing would say who tells it."""
    gone = {group.id: group.label for group in before.groups} | {group.id: "" for group in after.groups}
    told = {story.told_by for story in await work.stories.list_stories(after.id)}
    for id_, label in gone.items():
        if label and id_ in told:
            findings.wrong(
                "group_1", "Stories are told by the group “%(group)s”. Keep it, or give it a new name.", group=label
            )
