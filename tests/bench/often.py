"""Serves Forum with phones that are told tallies five times a second, as projectors and consoles always are.

    python tests/bench/often.py --port 8000 --data FOLDER --no-demo

A phone is told one tally in two seconds, so that a bench of phones alone measures waiting. By this server the cost of a
frame is measured on frames that are sent. It takes the options of `forum serve`.
"""

from __future__ import annotations

import sys

from forum.__main__ import main
from forum.live import tally_ticker

if __name__ == "__main__":
    tally_ticker.PHONES_TICK = tally_ticker.TICK
    main(["serve", *sys.argv[1:]], prog_name="forum")
