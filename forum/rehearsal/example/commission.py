"""The commission of the worked example, from its draft to its stories."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final

from forum import ROOT
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.rehearsal.example.past_clock import PastClock
from forum.services import commissions
from forum.services.sessions.commissions_and_sessions import CommissionForm
from forum.services.stories import moderation, submissions
from forum.services.stories.submissions import Sent
from forum.stories import scenario_twee
from forum.voting.commission import Commission

STORIES: Final = ROOT / "scenarios" / "example"
FIRST_NIGHT, TABLETS = "the-first-night-home.twee", "four-boxes-of-tablets.twee"

PATIENTS = "People who have been in hospital"
CARERS = "Carers"
NURSES = "District nurses"
WARDS = "Ward staff"
HOME_CARE = "Home care workers"
GPS = "GPs and pharmacists"
BOARD = "Commissioners"
NEIGHBOURS = "Neighbours and voluntary sector"

_FORM: Final = CommissionForm(
    title="Home from hospital: the first week (an example)",
    question="When somebody comes home from hospital, who should look in on them in the first week?",
    stage="plan",
    level="co-design",
    decides="The joint board for health and care in Alderbrook",
    can_change="Who visits or rings, how soon, and what people take home with them",
    cannot_change="The number of beds, and the budget of this year",
    answer_by_days="28",
    threshold="5",
    groups=(
        (PATIENTS, "60"),
        (CARERS, "50"),
        (NURSES, "25"),
        (WARDS, "40"),
        (HOME_CARE, "40"),
        (GPS, "12"),
        (BOARD, "6"),
        (NEIGHBOURS, ""),
    ),
    support=(
        ("Somebody here today (in a real session: a name)", "Ask at the door"),
        ("NHS urgent help, day and night", "111"),
        ("Samaritans, day and night, free", "116 123"),
    ),
    second_reader=True,
    demonstration=True,
)
_QUESTION: Final = (
    "When somebody comes home from hospital, who should look in on them in the first week, and whom can they and their "
    "carers ring?"
)
_BECAUSE: Final = (
    "Carers who read the question told us that half of it was missing: on the second evening nobody knows whom to ring."
)


@dataclass
class Example:
    """The example as it is being made: where, with which clock, by whom, and what there is of it already."""

    store: Store
    clock: PastClock
    commission: Commission
    first_night: str = ""
    tablets: str = ""


def somebody(*roles: Role) -> Person:
    """Returns a made-up person with these roles, who has no account."""
    id_ = secrets.token_hex(16)
    return Person(id_, id_, "", roles)


async def begun(store: Store, clock: PastClock) -> Example:
    """Drafts the commission, publishes it, changes its question once, and takes in its stories."""
    clock.set(224, "14:10")
    draft = await commissions.keep_draft(store, clock, replace(_FORM, question="", groups=_FORM.groups[:5]))
    clock.set(220, "09:30")
    form = replace(_FORM, id=draft.id)
    made = await commissions.publish(store, clock, form, str(draft.version))
    clock.set(212, "16:20")
    form = replace(form, question=_QUESTION, group_ids=tuple(group.id for group in made.groups))
    changed = await commissions.change(store, clock, made.id, form, str(made.version), _BECAUSE)
    example = Example(store, clock, changed)
    clock.set(207, "03:05")
    example.first_night = await _story(example, FIRST_NIGHT, PATIENTS)
    clock.set(206, "22:40")
    example.tablets = await _story(example, TABLETS, CARERS)
    return example


async def _story(example: Example, file: str, group: str) -> str:
    """Sends a story in, and accepts it on the next morning but one. Returns its id."""
    told_by = next(one.id for one in example.commission.groups if one.label == group)
    story = scenario_twee.parse((STORIES / file).read_bytes(), new=True)
    sent = Sent(story, told_by, may_perform=True, may_publish=True, may_quote=True)
    made, _key = await submissions.submit(example.store, example.clock, example.commission.id, sent)
    await moderation.moderate(
        example.store,
        example.clock,
        made.id,
        "accept",
        because="",
        expected_status=made.status,
        by=somebody(Role.MODERATOR).id,
    )
    return made.id
