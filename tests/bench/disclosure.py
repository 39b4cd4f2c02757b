"""Counts the rooms in which somebody's vote follows from what is published, for each profile of ordinary rooms.

    python tests/bench/disclosure.py [--rooms 1000] [--sure-of-all] [PROFILE ...]

Prints a line a profile: rooms in which a vote was worked out, and the kinds of people whose vote it was. Exits 1 where
there is one. People of a row, or a room, that was of one mind are not counted: the page says so of them.
With --sure-of-all the attacker of several sessions on one question is sure that nobody votes differently in another:
then two head counts of nearly the same people are enough, and no rule of ours keeps that from them (docs/record.md).
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from support.published_rooms import PROFILES, REMEMBERED, a_room, fixed


def main() -> int:
    """Attacks so many rooms of each profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", help=", ".join(PROFILES))
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--sure-of-all", action="store_true", help="suppose that nobody votes differently in another")
    asked = parser.parse_args()
    bad = 0
    for name in asked.profiles or PROFILES:
        out = [
            fixed(a_room(random.Random(seed), PROFILES[name]), sure_of_all=asked.sure_of_all)
            for seed in range(asked.rooms)
        ]
        rooms = sum(bool(kinds) for kinds in out)
        bad += rooms
        print(f"{name:28} {rooms:4} of {asked.rooms} rooms, {sum(map(len, out)):4} kinds of people", flush=True)
    if not asked.profiles:
        seen = sum(bool(fixed(a_room(random.Random(seed), REMEMBERED))) for seed in range(asked.rooms))
        print(f"{'annulled, and remembered':28} {seen:4} of {asked.rooms} rooms: said in docs/record.md, and not held")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
