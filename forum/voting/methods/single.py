"""One response each: the ballot names one response, and a response has as many votes as ballots that name it.

The choice is the response's id: "r2".
"""

from __future__ import annotations

from forum.errors import message
from forum.voting.method import Method


class Single(Method):
    """One response each: everything as in the base class."""

    NAME = message("One answer each")
