"""A connected screen, as a room knows it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from forum.live.message_allowance import Allowance
from forum.live.messages import GOODBYES, Bye, Screen, encode
from forum.live.outbox import Outbox

# A sentence and a language's code, to the sentence in that language.
Say: TypeAlias = Callable[[str, str], str]


@dataclass(eq=False)
class Connection:
    """One connected screen. `participant` is set for a phone, `observing` where that one follows without voting.

    `allowance` is how much it may send, shared with its participant's other sockets. `since` is when it came, in the
    event loop's seconds. `behind` is set where its participant's votes, stop or reason changed before it was greeted.
    `pages`: into how many a big screen has cut what is on it. `known` is when it was asked whose a phone is (the loop's
    seconds): its participant may be expelled before it arrives.
    `shows` is the mark of the state that it shows already, as it says itself where it comes back.
    """

    kind: Screen
    participant: str = ""
    language: str = "en"
    outbox: Outbox = field(default_factory=Outbox)
    allowance: Allowance = field(default_factory=Allowance)
    since: float = 0.0
    observing: bool = False
    behind: bool = False
    pages: int = 0
    known: float = math.inf
    shows: str = ""

    def send_away(self, why: str, say: Say) -> None:
        """Closes it with a goodbye in its language. `why` is a code of GOODBYES."""
        self.outbox.close(encode(Bye(why, again=False, words=say(GOODBYES[why], self.language))))
