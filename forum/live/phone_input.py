"""The way of a phone's message: checked, handed to the ballot box or the stop box, answered through its outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from forum.errors import BadInput
from forum.live.ballot_box import Intake, cast_of
from forum.live.connection import Connection, Say
from forum.live.messages import (
    REFUSALS,
    TRY_AGAIN,
    Ack,
    PagesMessage,
    Ping,
    Pong,
    Refused,
    StopMessage,
    Stopped,
    decode,
    encode,
)
from forum.live.metrics import REFUSED
from forum.live.presence import Presence
from forum.live.stop_box import Stopping, press_of, refusal
from forum.ports.clock import Clock
from forum.sessions.view import RoomView
from forum.voting.ballot import CastOutcome


class PhoneMessages:
    """Takes the messages of one room's phones.

    `own` is called with a participant whose other screens are to be sent what is theirs now; `paged`
    when a big screen has cut what is on it into another number of pages. `elsewhere` is true where a participant's
    other screens may be connected to another process.
    """

    def __init__(
        self,
        intake: Intake,
        stopping: Stopping,
        clock: Clock,
        say: Say,
        own: Callable[[str, bool], None],
        presence: Presence,
        paged: Callable[[], None],
        *,
        elsewhere: bool = False,
    ) -> None:
        self._intake = intake
        self._stopping = stopping
        self._clock = clock
        self._say = say
        self._own = own
        self._presence = presence
        self._paged = paged
        self._elsewhere = elsewhere

    def receive(self, phone: Connection, frame: str | bytes, view: RoomView) -> None:
        """Takes one message and returns at once; the answer goes to the phone's outbox, now or after the commit."""
        if phone.outbox.ended:
            return  # it was sent away; what it still says it keeps, and sends again
        now = asyncio.get_running_loop().time()
        if not phone.allowance.take(now):
            self._refuse(phone, "too_fast", frame)
            if phone.allowance.spent:
                phone.allowance.keep_out(now)
                phone.send_away("too_fast", self._say)
            return
        try:
            message = decode(frame)
        except BadInput as error:
            self._refuse(phone, error.message, frame)
            if not phone.allowance.take_unreadable(now):
                phone.send_away("malformed", self._say)
            return
        if isinstance(message, Ping):
            phone.outbox.answer(encode(Pong()))
        elif isinstance(message, PagesMessage):
            if phone.kind == "projector" and message.number != phone.pages:
                phone.pages = message.number
                self._paged()
        elif not phone.participant:
            phone.outbox.answer(self._refusal("not_joined", message.id, phone))
        elif isinstance(message, StopMessage):
            self._stop(message, phone, view)
        else:
            self._intake.cast(
                cast_of(message, phone.participant, self._clock.now()),
                lambda outcome: self._share(phone, self._answer(outcome, phone), unsure=_unsure(outcome)),
            )

    def _stop(self, message: StopMessage, phone: Connection, view: RoomView) -> None:
        press = press_of(message, phone.participant, view.session.id, self._clock.now())

        def answer(code: str) -> None:
            said = self._refusal(code, message.id, phone) if code else encode(Stopped(message.id, message.showing))
            self._share(phone, said)

        code = refusal(press, view.characters)
        if code:
            answer(code)
        else:
            self._stopping.press(press, answer)

    def _share(self, phone: Connection, answer: str, *, unsure: bool = False) -> None:
        """Answers a phone; its participant's other screens are sent what is theirs, too, and so is this one where it is
        `unsure` that what it sent is what counts."""
        if unsure or self._elsewhere or self._presence.devices(phone.participant) > 1:
            self._own(phone.participant, unsure)
        phone.outbox.answer(answer)

    def _answer(self, outcome: CastOutcome, phone: Connection) -> str:
        cast = outcome.cast
        if outcome.refusal:
            return self._refused(outcome.refusal, cast.cast, phone)  # counted by the ballot box
        return encode(Ack(cast.cast, cast.round, outcome.choice, outcome.changed))

    def _refuse(self, phone: Connection, code: str, frame: str | bytes) -> None:
        cast = ""
        if code == "too_fast":
            try:
                message = decode(frame)
                cast = "" if isinstance(message, Ping | PagesMessage) else message.id
            except BadInput:
                pass
        phone.outbox.answer(self._refusal(code, cast, phone))

    def _refusal(self, code: str, cast: str, phone: Connection) -> str:
        REFUSED.labels(code).inc()
        return self._refused(code, cast, phone)

    def _refused(self, code: str, cast: str, phone: Connection) -> str:
        return encode(Refused(code, self._say(REFUSALS[code], phone.language), cast, code in TRY_AGAIN))


def _unsure(outcome: CastOutcome) -> bool:
    """Returns true of a cast that was counted and wrote nothing: it came before, or a later one counts. Its words may
    not be those that are kept, though the choice is the same."""
    return not (outcome.refusal or outcome.first or outcome.changed)
