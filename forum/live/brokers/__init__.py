"""Brokers between server processes (ports/broker.py), one file each; FORUM_BROKER_URL chooses."""

from __future__ import annotations

import sys

from forum.errors import StartupProblem
from forum.live.brokers.memory import MemoryBroker
from forum.ports.broker import Broker

_MISSING = (
    "FORUM_BROKER_URL needs a library that is not installed. Install it, in the folder of Forum's source: "
    "%(python)s -m pip install '.[valkey]'"
)


def broker_of(url: str) -> Broker:
    """Makes the broker at an address as FORUM_BROKER_URL has it; for "" the one of a process that is alone.

    Raises StartupProblem where its library is not installed.
    """
    if not url:
        return MemoryBroker()
    try:
        # An extra: who runs one process needs none of it.
        from forum.live.brokers.valkey import ValkeyBroker  # noqa: PLC0415 - an extra that need not be there
    except ModuleNotFoundError as error:
        raise StartupProblem(_MISSING, python=sys.executable) from error
    return ValkeyBroker(url)


async def why_away(url: str) -> str:
    """Asks the broker at an address whether it is there; returns why not, "" where it answers.

    Raises StartupProblem where its library is not installed.
    """
    broker_of(url)
    from forum.live.brokers.valkey import why_away as asked  # noqa: PLC0415 - as above

    return await asked(url)
