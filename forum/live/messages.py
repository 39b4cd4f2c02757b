"""Every message that goes over a socket, both ways: a closed, versioned set of JSON text frames.

Each is an object whose `t` names its type. A phone that gets a type it does not know ignores it; a server refuses
what it does not know and keeps the socket open, unless it keeps happening. docs/wire.md is generated from this file.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from forum.errors import BadInput
from forum.sessions.participant_view import Mine, YourReason, Yours, YourStop
from forum.voting.methods import refusals

VERSION: Final = 3
MOST_PAGES: Final = 100
MAX_MESSAGE: Final = 8 * 1024

# Why a ballot is not counted, or a message not taken. The phone shows its own words for each.
REFUSALS: Final = {
    "malformed": "The message was not one that Forum knows.",
    "too_large": "The message was too long.",
    "unknown_round": "There is no such question here.",
    "not_open": "Voting on this question has not started.",
    "closed": "Voting on this question has closed. This vote was not counted.",
    "annulled": "This vote was annulled. Nothing was counted.",
    "observing": "You follow this session without voting. This vote was not counted.",
    "not_joined": "Join first: choose a group, then vote.",
    "reason_too_long": "The reason is too long. Use at most 500 characters.",
    "too_fast": "That was too many messages at once. Wait a moment.",
    "not_stored": "The vote could not be saved. Your phone will try again.",
    "scene_over": "That scene is over, so this stop was not taken.",
    "cannot_stop": "You follow this session without taking part in it. Your stop was not taken.",
    "stop_taken": "Your stop is on the big screen. It cannot be changed any more.",
    "stop_not_stored": "The stop could not be saved. Press again.",
    "unknown_character": "Choose somebody from this story, or leave it open.",
    "how_too_long": "That is too long. Use at most 300 characters.",
    "condition_too_long": "The condition is too long. Use at most 300 characters.",
    **refusals(),
}
# Why a screen is sent away, where whoever sits there can do something about it.
GOODBYES: Final = {
    "malformed": "Forum did not understand this page, so its connection was ended. Load the page again.",
    "too_fast": "Far too much came from here at once, so this page was cut off. Wait a minute, then load it again.",
    "too_many": "This session is open in too many windows or tabs, so this one was left out. Close some of the others, "
    "then load this one again.",
    "full": "Too many of these screens are open, so this one has to wait. Close one that nobody looks at.",
}
# Refused for now: the same message, sent again after a while, may well be taken.
TRY_AGAIN: Final = frozenset({"too_fast", "not_stored", "stop_not_stored"})


class Choice(msgspec.Struct, frozen=True):
    """One response on offer."""

    id: str
    label: str


class RoundNow(msgspec.Struct, frozen=True):
    """The round that the cue puts to the room. `state` is draft, open, closed, revealed or annulled.

    `method` is how it is voted on; docs/methods.md says how each writes a ballot's choice.
    """

    id: str
    state: str
    question: str
    responses: list[Choice]
    closing_soon: bool = False
    method: str = "single"


# ---------------------------------------------------------------- server to screen


class Hello(msgspec.Struct, frozen=True, tag_field="t", tag="hello"):
    """First message on a socket: the protocol version, and all that is counted for this phone in this session, with its
    words where it can still be changed.

    `history` names the line of versions that a state's `v` counts in. Another one than before (the server was started
    again, perhaps on an older copy of its data) means that what a screen knew may never have happened: it takes the
    next state whatever its `v`, and of its ballots only those in `yours` are counted.
    """

    version: int
    session: str
    history: str
    yours: list[Yours] = []
    stop: YourStop | None = None
    reason: YourReason | None = None
    too: list[str] = []
    group: str = ""


class State(msgspec.Struct, frozen=True, tag_field="t", tag="state"):
    """Everything a screen shows now. `v` never goes back within a session and a history (see hello); a screen keeps the
    highest it has seen.

    `html` is the screen's main part, ready to show, the same for every screen of its kind and language; `cue` is a
    key that changes only when something else is put in front of everybody.

    `mark` names this state. What everybody sees changes without a new `v` too, as where a moderator holds a story. So a
    screen that comes back says in its address which state it shows (`mark`) and of which history (`h`), as does one
    that polls, and is sent the state unless it is that one.
    """

    v: int
    cue: str
    round: RoundNow | None
    paused: bool
    html: str
    mark: str = ""


class Change(msgspec.Struct, frozen=True, tag_field="t", tag="change"):
    """The same as a state, for a phone that said in its address (`has`) that it can make one of the state before.

    `since` is the mark of the state whose html this one is made of. `lines` are its lines: two numbers stand for those
    lines of the html before, from the first up to (not with) the second, counted from 0; a text is a line that is new.
    """

    v: int
    cue: str
    round: RoundNow | None
    paused: bool
    mark: str
    since: str
    lines: list[tuple[int, int] | str]


class Health(msgspec.Struct, frozen=True):
    """How the phones of a room are connected, each participant once.

    `connected` by a socket, `polling` by asking again and again because sockets are blocked for them; `lost` lost their
    connection within the last minute and are not back.
    """

    connected: int
    polling: int
    lost: int


class Tally(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="t", tag="tally"):
    """How many have voted in the round on screen, and how many phones are here, by a socket or polling; those of people
    who only listen are not among them.

    Never how they voted, but for a round that said from the start that it shows its count: then `so_far` has the share
    of everybody together, blurred and rounded to 5 percent, for each mark of its way of voting (docs/methods.md), once
    enough have voted.
    `health` and `pages` (into how many the longest result on a big screen is cut, 0 for none) are there for consoles
    alone. A phone gets one in two seconds at most, and none that tells only of who came
    and went; other screens five in a second at most.
    """

    round: str | None
    voted: int
    present: int
    so_far: dict[str, int] | None = None
    health: Health | None = None
    pages: int = 0


class Ack(msgspec.Struct, frozen=True, tag_field="t", tag="ack"):
    """The cast with this id is counted, and on disk. `changed` says that it replaced an earlier one.

    `choice` is what counts for this phone now: for a cast sent again that may be the choice of a later one.
    """

    cast: str
    round: str
    choice: str
    changed: bool = False


class Refused(msgspec.Struct, frozen=True, tag_field="t", tag="refused"):
    """The cast, stop or message was not taken. `code` is one of REFUSALS, `words` says it in the phone's language.

    `again` says that the same, sent again after a while, may well be taken: the phone keeps it and does so by itself.
    """

    code: str
    words: str
    cast: str = ""
    again: bool = False


class Stopped(msgspec.Struct, frozen=True, tag_field="t", tag="stopped"):
    """The stop with this id is on disk, and the facilitator sees it."""

    stop: str
    showing: str


class Bye(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="t", tag="bye"):
    """The server is about to close this socket. `again` says whether to come back; `why` is a word for programs, and
    `words` say it in the screen's language to whoever sits there, where they can do something about it.

    Nothing else ends a screen: a socket that closes with any code at all, without this, is a lost connection.
    """

    why: str
    again: bool
    words: str = ""


class Pong(msgspec.Struct, frozen=True, tag_field="t", tag="pong"):
    """Answer to a ping."""


# ---------------------------------------------------------------- phone to server


class CastMessage(msgspec.Struct, frozen=True, tag_field="t", tag="cast", forbid_unknown_fields=True):
    """A ballot. `id` is made by the phone, random, and stays the same when the ballot is sent again.

    `condition` is what follows "I would accept this if".
    """

    id: str
    round: str
    choice: str
    reason: str = ""
    condition: str = ""


class StopMessage(msgspec.Struct, frozen=True, tag_field="t", tag="stop", forbid_unknown_fields=True):
    """Stop, in the scene that is played again now. `showing` names this one playing, as the page has it.

    `character` is who should act differently (one of the story's), `how` what they should do; both may be empty. Sent
    again in the same showing, by the same participant, it changes what was said.
    """

    id: str
    showing: str
    character: str = ""
    how: str = ""


class PagesMessage(msgspec.Struct, frozen=True, tag_field="t", tag="pages", forbid_unknown_fields=True):
    """Into how many pages this big screen has cut what is on it, 0 for none. Taken from projectors alone."""

    number: Annotated[int, msgspec.Meta(ge=0, le=MOST_PAGES)]


class Ping(msgspec.Struct, frozen=True, tag_field="t", tag="ping", forbid_unknown_fields=True):
    """Are you there? Sent by a phone that has heard nothing for a while."""


ToScreen: TypeAlias = Hello | Mine | State | Change | Tally | Ack | Refused | Stopped | Bye | Pong
FromPhone: TypeAlias = CastMessage | StopMessage | PagesMessage | Ping
Screen: TypeAlias = Literal["phone", "tablet", "projector", "console"]

_encoder = msgspec.json.Encoder()
_from_phone: msgspec.json.Decoder[FromPhone] = msgspec.json.Decoder(FromPhone)
_to_screen: msgspec.json.Decoder[ToScreen] = msgspec.json.Decoder(ToScreen)


def encode(message: ToScreen | FromPhone) -> str:
    """Returns the message as one JSON text frame."""
    return _encoder.encode(message).decode()


def decode(frame: str | bytes) -> FromPhone:
    """Returns the message in a frame from a phone. Raises BadInput for anything outside the closed set."""
    if len(frame) > MAX_MESSAGE:
        raise BadInput("too_large")
    try:
        return _from_phone.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("malformed") from error


def decode_screen(frame: str | bytes) -> ToScreen:
    """Returns the message in a frame from the server, for clients written in Python (the rehearsal, the tests)."""
    return _to_screen.decode(frame)
