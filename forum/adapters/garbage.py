"""Python's garbage collector, kept from going through everything while rooms are live.

A full collection goes through all that is alive: 70 ms with what was imported, and 0.4 s with two thousand phones, in
which nobody has an answer. So what is there after each of the second age is set aside (`gc.freeze`), and nothing is
gone through a third time. Things set aside end as ever when nothing holds them; only rings of them would stay. Those
are looked for at an hour when nobody is there, or hardly anybody on the next day.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

# Objects, and younger collections, between two collections of each age. Every message replaces some old objects of its
# socket's parser by new ones, so that the youngest are many times more than those that came in addition: of 5,000 more,
# a collection took 20 to 80 ms; of 500, it takes 2.
OFTEN = (500, 1, 100)
_SECOND = 1


def spare_what_is_old() -> None:
    """Sets aside what is there by now, and from now on what survives each collection of the second age or of all.

    It is set aside without a collection before it, which would be a tenth of a start; what of it is in rings is ended
    when nobody is there.
    """
    gc.set_threshold(*OFTEN)
    if _set_aside not in gc.callbacks:
        gc.callbacks.append(_set_aside)
    gc.freeze()


def collect_all() -> None:
    """Goes through everything once, also what was set aside: for when nobody waits."""
    gc.unfreeze()
    gc.collect()


def spare_nothing() -> None:
    """Lets the collector go through everything again, for the end: what was set aside would not be closed then, and
    leave files behind."""
    if _set_aside in gc.callbacks:
        gc.callbacks.remove(_set_aside)
    gc.unfreeze()


def _set_aside(phase: str, info: Mapping[str, int]) -> None:
    if phase == "stop" and info["generation"] >= _SECOND:
        gc.freeze()
