"""Pictures of results for the big screen: the charts of forum/web/charts/results.py, in the page's language."""

from __future__ import annotations

from forum.voting.marks_and_shares import decimals
from forum.voting.round import Round
from forum.voting.suppression import Result
from forum.web.charts import results
from forum.web.charts.results import Row
from forum.web.i18n.gettext import gettext as _
from forum.web.words.methods import mark_words
from forum.web.words.terms import chart_words, row_label

_BESIDE = 520  # units of a picture with another table at its side
# Those who chose a response and those who did not, named so that they have the colours of an answer and of none.
_CHOSEN, _NOT = "r1", "none"


def shares_picture(round_: Round, result: Result) -> str:
    """Draws the votes on one proposal: a bar for everybody, one for equal voice, one for each row by group."""
    rows = [Row(_("Everybody"), result.counts)]
    if result.equal_voice:
        said = {mark: f"{(share + 50) // 100}%" for mark, share in result.equal_voice.items()}
        rows.append(Row(_("Equal voice"), result.equal_voice, said))
    rows += [Row(row_label(row.label), row.counts) for row in result.rows]
    return _drawn(rows, round_, _("How everybody voted, and each group"), results.WIDE, legend=True)


def run_off_picture(round_: Round, result: Result) -> str:
    """Draws a run-off: a bar for each round, with the ballots that ran out at its end. Its table explains the
    letters."""
    rows = []
    for number, step in enumerate((result.figures or {})["rounds"], 1):
        label = _("Round %(number)s") % {"number": number}
        rows.append(Row(label, {**step["counts"], results.RAN_OUT: step["exhausted"]}))
    return _drawn(rows, round_, _("The run-off, round by round"), _BESIDE, legend=False)


def responses_picture(round_: Round, result: Result) -> str:
    """Draws a vote whose ballots bear several marks: a bar for each response, cut into those who chose it and those who
    did not; where they gave it a number, into how many gave which, with the mean beside it.
    """
    numbers = sorted({int(mark.partition("=")[2]) for mark in result.counts if "=" in mark})
    if not numbers:
        own = {r.id: r.label for r in round_.responses}
        rows = [
            Row(mark_words(r.id, own), {_CHOSEN: result.counts[r.id], _NOT: result.n - result.counts[r.id]})
            for r in round_.columns
        ]
        labels = {_CHOSEN: _("Chose it"), _NOT: _("Did not choose it")}
        return _wide(rows, labels, _("How many chose each answer"))
    # Coloured as responses are, by their number.
    labels = {f"r{number}": str(number) for number in numbers}
    labels |= {
        f"r{numbers[0]}": f"{numbers[0]} ({_('not at all')})",
        f"r{numbers[-1]}": f"{numbers[-1]} ({_('very much')})",
    }
    means = (result.figures or {}).get("mean", {})
    rows = [
        Row(
            _("%(response)s, mean %(mean)s") % {"response": r.label, "mean": decimals(means[r.id])},
            {f"r{number}": result.counts[f"{r.id}={number}"] for number in numbers},
        )
        for r in round_.responses
    ]
    return _wide(rows, labels, _("How many gave each answer which number"))


def _wide(rows: list[Row], labels: dict[str, str], title: str) -> str:
    return results.shares(rows, labels, title, words=chart_words(), broad=results.WIDE)


def _drawn(rows: list[Row], round_: Round, title: str, broad: int, *, legend: bool) -> str:
    own = {r.id: r.label for r in round_.responses}
    labels = {r.id: mark_words(r.id, own) for r in round_.columns}
    return results.shares(rows, labels, title, words=chart_words(), broad=broad, legend=legend)
