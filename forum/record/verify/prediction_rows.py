"""The table of sealed predictions, predictions.csv."""

from __future__ import annotations

from collections.abc import Iterator

from forum.record.verify.public_log import Log
from forum.record.verify.tables import Row, where


def predictions_rows(log: Log) -> Iterator[Row]:
    """Yields the rows of predictions.csv: each prediction in the order in which they were sealed."""
    opened = {entry["prediction"]: entry for entry in log.entries if entry["type"] == "prediction opened"}
    for index, entry in log.chosen("prediction sealed"):
        opening = opened.get(entry["prediction"], {})
        yield {
            **where(log, entry),
            **{name: entry[name] for name in ("session", "prediction")},
            "sealed_at": entry["at"],
            "expect_digest": entry["expect"],
            "minds_digest": entry["minds"],
            "decision": opening.get("decision"),
            "expect": log.words(opening.get("expect")),
            "minds": log.words(opening.get("minds")),
            "entry": index,
        }
