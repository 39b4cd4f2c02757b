"""Results as they may be shown, which suppression.py decides: the tally, by group, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from forum.voting.methods import in_order
from forum.voting.quorum import Turnout
from forum.voting.view_shift import ViewShift

BADGES_OFF = "Badges are off: nothing is shown by group until the facilitator lifts that."


class TableRow(msgspec.Struct, frozen=True):
    """One row of a result by group: `n` ballots, and how many bear each mark (zeros included).

    `hidden` are marks whose number does not leave the room (small_numbers.py); in `counts` they are 0.
    """

    label: str
    n: int
    counts: dict[str, int]
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A result of one round, as it may be shown.

    Where fewer than the threshold voted (and somebody did) `counts` is {}: nothing but `n` is given, and `withheld`.

    `counts` has for every mark of the round's method (methods.Method.columns: with one response each, the responses)
    how many of all `n` ballots bear it, in order, zeros included. `rows` is the same by group, empty where nothing may
    be given by group; `withheld` then says why. `equal_voice` is in basis points: the mean of the rows' shares
    (Method.shares: 0 to 10000, for scores the mean score, 10000 to 50000), each row weighing the same, halves rounded
    up; None where there are no rows. `figures` is what the method gives of the whole room besides (the rounds of a
    run-off, means). `consensus` (basis points) is there for opinions given by group, `quorum` where one was declared,
    `shift` for a vote after a replay.

    Of what leaves the room by small-number rules `preferred` lists the responses that the room prefers, since numbers
    are rounded there; else it is None. `hidden` are the marks whose number is not given, 0 in `counts`; `sealed`: the
    ballots are not opened.
    """

    counts: dict[str, int]
    n: int
    rows: tuple[TableRow, ...]
    withheld: str | None
    equal_voice: dict[str, int] | None
    shift: ViewShift | None = None
    figures: Mapping[str, Any] | None = None
    consensus: int | None = None
    quorum: Turnout | None = None
    hidden: tuple[str, ...] = ()
    preferred: tuple[str, ...] | None = None
    sealed: bool = False

    @property
    def rounded(self) -> bool:
        """Says whether this is what leaves the room by small-number rules."""
        return self.preferred is not None

    @property
    def counted(self) -> bool:
        """Says whether there are numbers to show: somebody voted, and as many as the threshold."""
        return bool(self.n and self.counts)

    @property
    def withholds_count(self) -> bool:
        """Says whether no count is given, because that could tell how somebody voted. Where nobody did it is zeros."""
        return not self.counts

    def with_shift(self, shift: ViewShift) -> Result:
        """Adds a view shift."""
        return replace(self, shift=shift)

    def without_groups(self) -> Result:
        """Takes out all that is by group, and what follows from it, while badges are off."""
        shift = None if self.shift is None else replace(self.shift, rows=())
        quorum = self.quorum if self.quorum is not None and not self.quorum.each_group else None
        voiceless = replace(
            self, rows=(), withheld=BADGES_OFF if self.counts else self.withheld, equal_voice=None, consensus=None
        )
        return replace(voiceless, shift=shift, quorum=quorum)

    def to_json(self) -> dict[str, Any]:
        """Gives the `result` of a "round revealed" entry. The last ones are in it only where they are given."""
        by_group = [
            {"label": row.label, "n": row.n, **_shown(row.counts, row.hidden, told=self.rounded)} for row in self.rows
        ]
        more = {
            "figures": self.figures,
            "consensus": self.consensus,
            "quorum": None if self.quorum is None else self.quorum.to_json(),
            "preferred": None if self.preferred is None else list(self.preferred),
            "sealed": self.sealed or None,
        }
        return {
            **_shown(self.counts, self.hidden, told=self.rounded),
            "n": self.n,
            "by_group": by_group or None,
            "withheld": self.withheld,
            "equal_voice": None if self.equal_voice is None else dict(self.equal_voice),
            "view_shift": None if self.shift is None else self.shift.to_json(),
        } | {name: value for name, value in more.items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """Reads the result that `to_json` wrote, also after RFC 8785 has sorted the keys."""
        voice, shift, quorum = data["equal_voice"], data["view_shift"], data.get("quorum")
        return cls(
            counts=_with_hidden(data),
            n=data["n"],
            rows=tuple(
                TableRow(r["label"], r["n"], _with_hidden(r), tuple(r.get("hidden", ())))
                for r in data["by_group"] or ()
            ),
            withheld=data["withheld"],
            equal_voice=None if voice is None else in_order(voice),
            shift=None if shift is None else ViewShift.from_json(shift),
            figures=data.get("figures"),
            consensus=data.get("consensus"),
            quorum=None if quorum is None else Turnout.from_json(quorum),
            hidden=tuple(data.get("hidden", ())),
            preferred=None if data.get("preferred") is None else tuple(data["preferred"]),
            sealed=data.get("sealed", False),
        )


def _shown(counts: Mapping[str, int], hidden: Sequence[str], *, told: bool) -> dict[str, Any]:
    """Gives {"counts"} without the hidden marks, and with `told` {"hidden"}, which lists these."""
    shown: dict[str, Any] = {"counts": {mark: n for mark, n in counts.items() if mark not in hidden}}
    return shown | ({"hidden": list(hidden)} if told else {})


def _with_hidden(data: Mapping[str, Any]) -> dict[str, int]:
    return in_order({**dict.fromkeys(data.get("hidden", ()), 0), **data["counts"]})
