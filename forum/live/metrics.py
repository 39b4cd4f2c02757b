"""Figures of this process for Prometheus: of all votes and screens together, never of a session, a group or a choice.

`text` writes them in its exposition format; https://prometheus.io/docs/instrumenting/exposition_formats
"""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_ITEMS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)

SCREENS = Gauge("forum_screens", "Screens connected by a socket.", ["kind"], registry=REGISTRY)
SLOW = Gauge("forum_slow_screens", "Screens that do not take what was written to them.", registry=REGISTRY)
ACKS = Counter("forum_acks", "Votes acknowledged: on disk.", registry=REGISTRY)
REFUSED = Counter("forum_refused", "Votes, stops and messages refused.", ["why"], registry=REGISTRY)
COMMIT = Histogram(
    "forum_commit_seconds", "Time to commit a batch of votes or stops.", buckets=_SECONDS, registry=REGISTRY
)
BATCH = Histogram("forum_batch_items", "Votes or stops in a batch.", buckets=_ITEMS, registry=REGISTRY)
FAN_OUT = Histogram(
    "forum_fan_out_seconds",
    "Time from a change of what a room shows to its last screen.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
RESYNCS = Counter("forum_resyncs", "Screens that were sent the whole state when they came.", registry=REGISTRY)
BEHIND = Counter("forum_behind", "Screens told to come back, as answers piled up for them.", registry=REGISTRY)
BROKER = Counter(
    "forum_broker_messages", "Messages between processes, by what became of them.", ["what"], registry=REGISTRY
)
LAG = Histogram(
    "forum_loop_lag_seconds", "How late the event loop came to a timer.", buckets=_SECONDS, registry=REGISTRY
)
HOLDS = Counter(
    "forum_loop_holds", "Times that one function held the event loop for 20 ms or more.", ["place"], registry=REGISTRY
)

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


def text() -> bytes:
    """Writes every figure as it is now."""
    return generate_latest(REGISTRY)
