"""Rows of the tables that the operator states in an export: what screens and pages show everybody, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from forum.ports import Work
from forum.record.verify.public_log import Log
from forum.record.verify.tables import Row, marked, plain, where
from forum.services.sessions.room_view import run_of
from forum.services.stories import evidence
from forum.services.voting.reasons import said_of
from forum.sessions.proposal import Agenda, Proposal
from forum.sessions.session import LiveSession
from forum.stories.submission import StoryStatus
from forum.voting.commission import Commission
from forum.voting.methods import METHODS
from forum.voting.reason import ReasonState
from forum.voting.small_numbers import people_outside


async def stated(work: Work, log: Log) -> dict[str, list[Row]]:
    """Returns the rows of verify/stated_tables.py by file, of the sessions and stories in this log."""
    rows: dict[str, list[Row]] = {}

    def add(name: str, there: Iterable[Row]) -> None:
        rows.setdefault(name, []).extend(there)

    for _, entry in log.chosen("session opened"):
        live = await work.sessions.get_session(entry["session"])
        commission = await work.commissions.of_session(live)
        common: Row = {**where(log, entry), "session": live.id}

        def leaves(n: int, of: Commission = commission) -> int | None:
            return people_outside(n, of.threshold) if of.small_numbers else n

        came = leaves(sum((await work.sessions.joined(live.id)).values()))
        add("reasons.csv", await _reasons(work, log, live, commission, common))
        add("stops.csv", await _stops(work, log, live, commission, common))
        agenda = Agenda(
            tuple(await work.proposals.list_proposals(live.id)), tuple(await work.proposals.amendments(live.id))
        )
        listed, amended = _proposals(agenda, log, common), _amendments(agenda, log, common)
        add("proposals.csv", listed)
        add("amendments.csv", amended)
        unseen = [
            leaves(sum(1 for proposal in agenda.proposals if proposal.words) - len(listed)),
            leaves(sum(1 for amendment in agenda.amendments if amendment.before) - len(amended)),
        ]
        add(
            "attendance.csv",
            [{**common, "came": came, "proposals_unseen": unseen[0], "amendments_unseen": unseen[1]}],
        )
    stories = {entry["scenario"]: entry for _, entry in log.chosen("scenario published")}
    for story, entry in stories.items():
        pieces = await evidence.shown(work, await work.stories.get_story(story))
        add(
            "evidence.csv",
            (
                {
                    **where(log, entry),
                    "scenario": story,
                    "evidence": piece.id,
                    "kind": piece.kind,
                    "title": piece.title,
                    "address": piece.url,
                    "size": piece.size or None,
                }
                for piece in pieces
            ),
        )
    return rows


async def _reasons(work: Work, log: Log, live: LiveSession, commission: Commission, common: Row) -> list[Row]:
    """Returns the reasons that everybody may read, of the rounds whose result the record shows."""
    rows: list[Row] = []
    for round_ in await work.rounds.list_rounds(live.id):
        steps = log.rounds.get(round_.id)
        if steps is None or steps.result is None or steps.annulled is not None:
            continue
        labels = {response["id"]: log.words(response["label"]) for response in steps.opened["responses"]}
        nothing: Row = dict.fromkeys(("response", "response_label", "mark"))
        said = await said_of(work, live, round_, commission)
        by_group = [row["label"] for row in steps.result["by_group"] or ()]
        # Beside an answer whose number is hidden, a reason would say that somebody gave it.
        told = METHODS[round_.method].FOLLOWED and not steps.result.get("hidden")
        its: list[Row] = [
            {
                **common,
                "round": round_.id,
                "question": log.words(steps.opened["question"]),
                **(marked(one.choice, labels) if one.choice and told else nothing),
                "group": one.group if one.group in by_group else "",
                "words": one.words,
                "condition": one.condition,
                "too": people_outside(one.too, commission.threshold) if commission.small_numbers else one.too,
            }
            for one in said
            if one.state == ReasonState.SHOWN and (one.words or one.condition)
        ]
        rows += sorted(its, key=lambda row: (plain(row["words"]), plain(row["condition"])))
    return rows


async def _stops(work: Work, log: Log, live: LiveSession, commission: Commission, common: Row) -> list[Row]:
    """Returns the stops that were on every screen, by when they were taken: no others' words are anybody's but the
    facilitator's. Those of a story that was withdrawn, or is held by a moderator, went with it.
    """
    run = await run_of(work, live, commission)
    told = {id_: await work.stories.get_story(id_) for id_ in {stop.scenario for stop in run.stops if stop.fixed}}
    taken = sorted(
        (stop for stop in run.stops if stop.fixed and told[stop.scenario].status == StoryStatus.ACCEPTED),
        key=lambda stop: (stop.taken_at, stop.id),
    )
    return [
        {
            **common,
            "number": number,
            "scenario": stop.scenario,
            "scene": stop.scene,
            "group": run.credit(stop),
            "character": stop.character,
            "how": stop.how,
            "tried": stop.tried,
            "verdict": stop.verdict.value,
            "magic_check": stop.magic if stop.magic in log.rounds else None,
            "response_label": stop.response,
            "round": stop.entered if stop.entered in log.rounds else None,
        }
        for number, stop in enumerate(taken, 1)
    ]


def _seen(proposal: Proposal, log: Log) -> bool:
    """Tells whether everybody saw a proposal's words: on the screens, or in the record as what was voted on."""
    return proposal.shown or proposal.round in log.rounds


def _proposals(agenda: Agenda, log: Log, common: Row) -> list[Row]:
    """Returns the proposals that stand on the list and were on the screens: what nobody saw stays its writer's."""
    return [
        {
            **common,
            "proposal": proposal.id,
            "number": number,
            "words": proposal.words,
            "round": proposal.round if proposal.round in log.rounds else None,
        }
        for number, proposal in enumerate(agenda.standing, 1)
        if _seen(proposal, log)
    ]


def _amendments(agenda: Agenda, log: Log, common: Row) -> list[Row]:
    """Returns the amendments of those proposals that were on the screens, each with the text before it."""
    return [
        {
            **common,
            "proposal": proposal.id,
            "number": number,
            "before": amendment.before,
            "after": amendment.after,
            "state": amendment.state.value,
        }
        for proposal in agenda.standing
        if _seen(proposal, log)
        for number, amendment in zip(count(1), reversed(agenda.texts(proposal)))
        if amendment.shown
    ]
