"""The output of `forum rehearse`: totals, rounds, and everything that was not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forum.rehearsal.report import Report, RoundReport

_MOST_NAMED: Final = 30
_MOST_OF_QUESTION: Final = 45


def show(outcome: Report, out: TextIO) -> None:
    """Prints the tables and sentences to `out`."""
    console = Console(file=out)
    console.print(_sums(outcome))
    console.print(_rounds(outcome))
    for sentence in _sentences(outcome):
        console.print(sentence, markup=False, highlight=False)


def _sums(outcome: Report) -> Table:
    table = Table(title="The rehearsal", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows: list[tuple[str, object]] = [
        ("Phones", outcome.phones),
        ("  slow", outcome.slow),
        ("  following without voting", outcome.observers),
        ("  by ticket", outcome.tickets),
        ("Votes cast", outcome.cast),
        ("Counted", outcome.counted),
        ("Changed", outcome.changed),
        ("Refused", outcome.refused),
        *((f"  {code}", number) for code, number in sorted(outcome.refusals.items())),
        ("Refused and not told why", len(outcome.untold)),
        ("Connections lost", outcome.dropped),
        ("Reconnected", outcome.reconnected),
        ("Sent again with the same id", outcome.resent),
        ("Counted although the answer was lost", outcome.arrived),
        ("Lost", outcome.lost),
        ("Counted twice", outcome.doubled),
        *((words.capitalize(), number) for words, number in sorted(outcome.said.items())),
        ("Screens compared with the database", outcome.compared),
        ("Differences", len(outcome.differing)),
        *((f"Time to the acknowledgement, {name}", f"{ms} ms") for name, ms in outcome.ack_ms.items()),
        ("Seconds", outcome.seconds),
    ]
    for label, value in rows:
        table.add_row(label, str(value))
    return table


def _rounds(outcome: Report) -> Table:
    table = Table(title="Rounds")
    table.add_column("Question", overflow="fold")
    table.add_column("Way of voting", overflow="fold")
    for heading in ("Ballots", "As expected", "Cut off", "Too late", "Screens", "Different"):
        table.add_column(heading, justify="right")
    for row in outcome.rounds:
        numbers = (row.ballots, "yes" if row.equal else "NO", row.dropped, row.late, row.compared, row.differing)
        table.add_row(escape(_short(row.question)), _way(row), *map(str, numbers))
    return table


def _short(question: str) -> str:
    return question if len(question) <= _MOST_OF_QUESTION else f"{question[:_MOST_OF_QUESTION].rstrip()} …"


def _way(row: RoundReport) -> str:
    extra = [f"{number} {words}" for number, words in ((row.papers, "on paper"), (row.tablet, "by tablet")) if number]
    return ", ".join([row.method if row.kind in {"ask", "cue"} else f"{row.method} ({row.kind})", *extra])


def _sentences(outcome: Report) -> Iterator[str]:
    for row in outcome.rounds:
        if not row.equal:
            yield f"{row.question} It was counted as {_counts(row.tally)}, and should be {_counts(row.expected)}."
    for wrong in outcome.source_totals_wrong:
        published, true = wrong["published"], wrong["true"]
        yield f"The source is wrong about statement {wrong['statement']}: it says {published}, its votes give {true}."
    for words in outcome.left_out:
        yield f"Left out: {words}."
    for words in outcome.untold[:_MOST_NAMED]:
        yield f"Not told as it should be: {words}."
    for one in outcome.differing[:_MOST_NAMED]:
        yield f"{one['when']}: {one['screen']}: {one['what']}: it shows {one['shows']}, it should be {one['should']}."
    left = len(outcome.differing) - _MOST_NAMED
    if left > 0:
        yield f"And {left} more differences."
    screens = ", ".join(f"{number} {kind}{'s' * (number != 1)}" for kind, number in outcome.screens.items())
    verdict = "All is well." if outcome.well else "NOT ALL IS WELL: see above."
    yield f"{verdict} {screens}: compared at the end of each round, and after each step."


def _counts(tally: dict[str, int]) -> str:
    return ", ".join(f"{count} {label}" for label, count in tally.items())
