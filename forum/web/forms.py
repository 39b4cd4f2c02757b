"""Submitted forms: names with text, and files; typed words can always be shown again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from forum.adapters.fair_line import SENDER
from forum.errors import BadInput, FormErrors, ForumError, SentBefore, TooMany
from forum.ports.long_work import long
from forum.services.form_errors import Findings
from forum.stories.visible_text import trimmed
from forum.web.accounts.devices import who_of
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.site import network_of, site_of

# Largest body of a form in bytes: buttons and names; sentences; a whole story. A form can spell one letter in twelve
# bytes.
SMALL, WORDS, STORY = 16 * 1024, 256 * 1024, 1024 * 1024
# Up to this size somebody who sends too large a file reads what to do about it; beyond, the answer is short.
MOST_WITH_FILE = 64 * 1024 * 1024
MOST_FIELDS = 400
_SHORT = 16 * 1024  # bytes of a form that are parsed at once; longer ones in a thread
_PIECE = 16 * 1024  # bytes of a form with a file that are parsed at once
_MOST_TYPED = STORY
# Bytes of files that are coming in at one time, from one network and from all. A slow sender may take hours over one,
# and holds what has come of it on the disk so long.
MOST_OF_ONE, MOST_OF_ALL = 128 * 1024 * 1024, 512 * 1024 * 1024
_BUSY = "Others are sending files just now. Wait a moment, and send it again."
_UNREADABLE = "This form cannot be read. Open the page again and send it once more."


class File(msgspec.Struct, frozen=True):
    """A file chosen in a form: its name, size in bytes, and content; `content` is empty where there were too many
    bytes."""

    name: str
    size: int
    content: bytes


class Form(Findings):
    """A submitted form: `values` are what was sent, by field; what is wrong with them is noted beside them."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        r"""Returns one field, with line ends as \\n and without outer space; "" where nothing in it can be seen."""
        values = self.values.get(name)
        return trimmed(values[-1].replace("\r\n", "\n").replace("\r", "\n")) if values else default

    def texts(self, name: str) -> list[str]:
        """Returns the values of a repeated field in the order of the page, empty ones too."""
        return [trimmed(v.replace("\r\n", "\n").replace("\r", "\n")) for v in self.values.get(name, ())]

    def flag(self, name: str) -> bool:
        """Tells whether a box is ticked."""
        return self.text(name) in {"1", "on", "true", "yes"}

    def choice(self, name: str, options: Sequence[str], otherwise: str) -> str:
        """Returns a field; notes a mistake where its value is none of `options`."""
        value = self.text(name)
        if value not in options:
            self.wrong(name, otherwise)
        return value


def renewed(form: Form, error: Exception, name: str = "id") -> Form:
    """Returns a form as it comes back with an error: one that was sent before, and changed since, without the id that
    it was made with (the field `name`), so that it may be sent once more as a new one."""
    return Form({**form.values, name: []}) if isinstance(error, SentBefore) else form


async def form_of(request: Request) -> Form:
    """Returns the form in a request's body, text fields only. Raises BadInput for anything else."""
    _say_who(request)
    body = await request.body()
    try:
        data = await long(_parsed, request.scope, body) if len(body) > _SHORT else _parsed(request.scope, body)
    except UnicodeError as error:
        # The sender chose a charset of their own; browsers send UTF-8.
        raise BadInput(_UNREADABLE) from error
    values: dict[str, list[str]] = {}
    for name, value in data.multi_items():
        if not isinstance(value, str):
            raise BadInput("Files cannot be sent here.", field=name)
        values.setdefault(name, []).append(clean(value))
    return Form(values)


def _say_who(request: Request) -> None:
    """Notes who sent a form, for the lines before long work on it (adapters/fair_line.py)."""
    who = who_of(request)
    SENDER.set((who.network, who.counted))


def _parsed(scope: Scope, body: bytes) -> FormData:
    """Parses a body that was received whole; it waits for nothing, so it can run in a thread."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    steps = Request(scope, receive).form(max_files=0, max_fields=MOST_FIELDS).__await__()
    try:
        next(steps)
    except StopIteration as done:
        data: FormData = done.value
        return data
    raise AssertionError("a body that is there was waited for")


async def _in_pieces(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yields the same bytes in pieces that take a few milliseconds each; others have their turn in between."""
    async for chunk in stream:
        for at in range(0, len(chunk), _PIECE):
            yield chunk[at : at + _PIECE]
            await asyncio.sleep(0)


async def form_with_file(request: Request, name: str, most: int) -> tuple[Form, File | None]:
    """Returns a form, and the file chosen in its field `name` (None for none). Raises as `form_and_file`."""
    form, field, file = await form_and_file(request, most)
    # Browsers send a file without a name or a byte for a field in which nothing was chosen.
    return form, file if file and field == name and (file.name or file.size) else None


async def form_and_file(request: Request, most: int) -> tuple[Form, str, File | None]:
    """Returns a form, the name of the field that has a file, and the file ("" and None for none).

    Of a file with more than `most` bytes only its name and size are kept, so that its sender can be told, with
    everything that they typed, at no cost of memory. Raises BadInput for a body that cannot be parsed, TooMany where
    MOST_OF_ONE or MOST_OF_ALL bytes of files are coming in already.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await form_of(Request(request.scope, _bounded(request.receive))), "", None
    _say_who(request)
    parser = _Parser(request.headers, _in_pieces(request.stream()), max_files=1, max_fields=MOST_FIELDS)
    parser.most, parser.receiving, parser.network = most, site_of(request).limits.receiving, network_of(request)
    values: dict[str, list[str]] = {}
    field, file = "", None
    try:
        for field_name, value in (await parser.parse()).multi_items():
            if isinstance(value, str):
                values.setdefault(field_name, []).append(clean(value))
            else:
                content = await value.read() if parser.there <= most else b""
                field, file = field_name, File(value.filename or "", parser.there, content)
    except (UnicodeError, MultiPartException) as error:
        raise BadInput(_UNREADABLE) from error
    finally:
        if parser.upload is not None:
            await parser.upload.close()
        parser.receiving[parser.network] -= parser.kept
        if not parser.receiving[parser.network]:
            del parser.receiving[parser.network]
    if not parser.whole:
        raise BadInput(_UNREADABLE)
    return Form(values), field, file


def _bounded(receive: Receive) -> Receive:
    """Passes messages on until their bodies are together longer than anybody types, then raises BadInput."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > _MOST_TYPED:
            raise BadInput(_UNREADABLE)
        return message

    return bounded


class _Parser(MultiPartParser):
    """Starlette's parser, with bounds: keeps `most` bytes of a file and counts all of them in `there`.

    It raises MultiPartException for more words than anybody types, and TooMany where the files that are coming in
    (`receiving`, bytes by network) are too many; `kept` bytes are of this one. `upload` is the file, to be closed in
    any case; `whole` tells that the form came to its end.
    """

    receiving: Counter[str]
    network: str
    most = 0
    there = 0
    kept = 0
    upload: UploadFile | None = None
    whole = False
    _typed = 0

    def on_headers_finished(self) -> None:
        """Notes the file, before the first piece of each field or file."""
        super().on_headers_finished()
        self.upload = self._current_part.file or self.upload

    def on_end(self) -> None:
        """Notes that the form is complete."""
        self.whole = True

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Takes a piece of a field or file."""
        if self._current_part.file is None:
            self._typed += end - start
            if self._typed > _MOST_TYPED:
                raise MultiPartException("There are too many words in this form.")
        else:
            self.there += end - start
            if self.there > self.most:
                return
            self.kept += end - start
            self.receiving[self.network] += end - start
            if self.receiving[self.network] > MOST_OF_ONE or self.receiving.total() > MOST_OF_ALL:
                raise TooMany(_BUSY, 10)
        super().on_part_data(data, start, end)


def clean(value: str) -> str:
    """Returns a text without what can be neither stored nor shown: the character 0, and halves of surrogate pairs,
    which UTF-7 can send."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def spoken(error: BadInput) -> dict[str, str]:
    """Returns the mistakes in a form in the reader's language, by field (a single error under its own field)."""
    if isinstance(error, FormErrors):
        return {name: say(e.message, e.values) for name, e in error.fields.items()}
    return {error.field or "form": say(error.message, error.values) or _("There is a problem")}


def errors_of(error: ForumError | None, under: str = "form") -> dict[str, str]:
    """Returns what is wrong with a form, in the reader's language, by field; `under` holds what belongs to no field."""
    if error is None:
        return {}
    if isinstance(error, FormErrors) or (isinstance(error, BadInput) and error.field):
        return spoken(error)
    return {under: say(error.message, error.values)}
