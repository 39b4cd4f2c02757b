"""The report of a rehearsal: every round's ballots compared with the votes cast and the acknowledgements of phones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec

from forum.rehearsal.script import Act

STRANGER: Final = -1


@dataclass(frozen=True)
class RoundReport:
    """The outcome of one round, by label: `tally` is that of the opened ballots, `expected` that of everybody's last
    vote.

    `dropped` phones lost their connection in it, `late` of them until it had closed. `compared` counts screens compared
    after it closed and after it was revealed; `differing` counts their differences.
    """

    question: str
    tally: dict[str, int]
    expected: dict[str, int]
    equal: bool
    method: str = "single"
    kind: str = "ask"
    ballots: int = 0
    papers: int = 0
    tablet: int = 0
    dropped: int = 0
    late: int = 0
    compared: int = 0
    differing: int = 0


@dataclass
class Report:
    """The outcome of a rehearsal.

    `lost` counts acknowledged casts that the tally lacks as they were last acknowledged; `doubled` counts ballots
    beyond one a phone. `ack_ms` holds p50, p95 and p99 in milliseconds. `untold` describes refused casts that did not
    get their reason; `differing` each difference of the `compared` screens. `said` counts reasons, conditions, stops
    and promises. `dropped` connections were cut by the rehearsal; `resent` and `arrived` are as in phone.Counters.
    """

    phones: int
    session: str = ""
    cast: int = 0
    counted: int = 0
    changed: int = 0
    refused: int = 0
    dropped: int = 0
    reconnected: int = 0
    resent: int = 0
    arrived: int = 0
    slow: int = 0
    observers: int = 0
    tickets: int = 0
    lost: int = 0
    doubled: int = 0
    ack_ms: dict[str, float] = field(default_factory=dict)
    rounds: list[RoundReport] = field(default_factory=list)
    source_totals_wrong: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=dict)
    screens: dict[str, int] = field(default_factory=dict)
    compared: int = 0
    differing: list[dict[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def well(self) -> bool:
        """True where nothing was lost or doubled, every tally is as expected, every refusal gave its reason, and no
        screen differed.
        """
        wrong = self.lost or self.doubled or self.untold or self.differing
        return not wrong and all(r.equal for r in self.rounds)


class Played(msgspec.Struct, frozen=True):
    """A round as it was played: the counts `shown` (None without a result), phones cut off, and those that came back
    `late`.
    """

    act: Act
    round: str
    shown: Mapping[str, int] | None
    dropped: int
    late: frozenset[int]
    compared: int
    differing: int


def reckon(
    report: Report,
    played: Played,
    acknowledged: Mapping[int, str],
    opened: Counter[str] | None,
    stored: Mapping[int, Sequence[str]] | None,
) -> None:
    """Adds one round to the report, from the phones' acknowledgements, the opened ballots and the database.

    `told` is the acknowledged choice of each phone. `stored` has the choices of each phone, and under STRANGER those of
    papers and the tablet; None where the database is not the rehearsal's. Where no ballots are `opened` (None), those
    in the database stand for them, or what was acknowledged.
    """
    act, due = played.act, played.act.ballots(played.late)
    if opened is None:
        stands = acknowledged.values() if stored is None else chain.from_iterable(stored.values())
        opened = Counter(stands) + (act.passing() if stored is None else Counter())
    everybody = Counter(acknowledged.values()) + act.passing()
    lost = (everybody - opened).total()
    doubled = max(0, opened.total() - due.total())
    if stored is not None:
        strangers = Counter(stored.get(STRANGER, ()))
        gone = (act.passing() - strangers).total()
        lost = max(lost, gone + sum(choice not in stored.get(n, ()) for n, choice in acknowledged.items()))
        extra = sum(max(0, len(choices) - 1) for n, choices in stored.items() if n != STRANGER)
        doubled = max(doubled, extra + (strangers - act.passing()).total())
    report.lost += lost
    report.doubled += doubled
    labels = act.labels()
    counted, expected = act.tally(opened), act.tally(due)
    report.rounds.append(
        RoundReport(
            act.question,
            {label: counted[mark] for mark, label in labels.items()},
            {label: expected[mark] for mark, label in labels.items()},
            # counters compare without regard to zeros; a choice that was never on offer is no zero
            equal=opened == due and (not played.shown or dict(played.shown) == expected),
            method=act.method,
            kind=act.put,
            ballots=opened.total(),
            papers=sum(heap.count for heap in act.papers),
            tablet=sum(heap.count for heap in act.tablet),
            dropped=played.dropped,
            late=len(played.late),
            compared=played.compared,
            differing=played.differing,
        )
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Returns the smallest value that `percent` in a hundred do not exceed (nearest rank); 0 for no values."""
    ordered = sorted(values)
    return ordered[math.ceil(percent * len(ordered) / 100) - 1] if ordered else 0.0
