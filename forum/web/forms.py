"""Forms as they arrive: names and text, nothing else; what was typed can always be shown again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from forum.errors import BadInput, FormErrors
from forum.ports.long_work import long
from forum.services.form_errors import NO_NAME
from forum.stories.visible_text import line, name_fault, trimmed
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say

# Bytes of a form: buttons and names; sentences; a whole story. A letter can be twelve bytes, as a form spells it.
SMALL, WORDS, STORY = 16 * 1024, 256 * 1024, 1024 * 1024
# Whoever sends more than a file may have reads what to do about it, as far as this; beyond, the answer is short.
MOST_WITH_FILE = 64 * 1024 * 1024
_MOST_FIELDS = 400
_SHORT = 16 * 1024  # bytes of a form that are read at once; more in a thread
_PIECE = 16 * 1024  # bytes of a form with a file that are read at once
_MOST_TYPED = STORY
_UNREADABLE = "This form cannot be read. Open the page again and send it once more."


@dataclass(frozen=True)
class File:
    """A file that was chosen in a form: what it is called there, how many bytes it has, and its content.

    `content` is empty where there were more bytes than wanted.
    """

    name: str
    size: int
    content: bytes


@dataclass
class Form:
    """A submitted form. `errors` gathers what is wrong, field by field; `stop()` raises once if anything is."""

    values: Mapping[str, Sequence[str]]
    errors: dict[str, BadInput] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """One field, line ends as \\n, outer space gone; "" where nothing in it can be seen."""
        values = self.values.get(name)
        return trimmed(values[-1].replace("\r\n", "\n").replace("\r", "\n")) if values else default

    def texts(self, name: str) -> list[str]:
        """A repeated field, in the order of the page, empty ones kept."""
        return [trimmed(v.replace("\r\n", "\n").replace("\r", "\n")) for v in self.values.get(name, ())]

    def flag(self, name: str) -> bool:
        """A checkbox."""
        return self.text(name) in {"1", "on", "true", "yes"}

    def need(self, name: str, otherwise: str, *, most: int = 2000) -> str:
        """A field that must have something in it, and no more than `most` characters."""
        value = self.text(name)
        if not value:
            self.wrong(name, otherwise)
        return self.at_most(name, value, most)

    def name(self, name: str, otherwise: str, *, most: int) -> str:
        """A field that must have a name in it (`visible.line`, `visible.name_fault`) of at most `most` characters."""
        value = line(self.need(name, otherwise, most=most))
        if len(value) <= most and name_fault(value):
            self.wrong(name, NO_NAME)
        return value

    def at_most(self, name: str, value: str, most: int) -> str:
        """The value, with an error where it is longer than `most` characters."""
        if len(value) > most:
            self.wrong(name, "Use at most %(most)s characters. This has %(length)s.", most=most, length=len(value))
        return value

    def choice(self, name: str, options: Sequence[str], otherwise: str) -> str:
        """A field whose value must be one of `options`."""
        value = self.text(name)
        if value not in options:
            self.wrong(name, otherwise)
        return value

    def wrong(self, name: str, message: str, **values: object) -> None:
        """Notes what is wrong with a field; the first error of a field is the one that is shown."""
        self.errors.setdefault(name, BadInput(message, field=name, **values))

    def stop(self) -> None:
        """Raises FormErrors where anything was wrong."""
        if self.errors:
            raise FormErrors(self.errors)


async def form_of(request: Request) -> Form:
    """The form in a request's body; text fields only. Raises BadInput for anything else."""
    body = await request.body()
    try:
        data = await long(_parsed, request.scope, body) if len(body) > _SHORT else _parsed(request.scope, body)
    except UnicodeError as error:
        # A charset of the sender's own choice; browsers send UTF-8.
        raise BadInput(_UNREADABLE) from error
    values: dict[str, list[str]] = {}
    for name, value in data.multi_items():
        if not isinstance(value, str):
            raise BadInput("Files cannot be sent here.", field=name)
        values.setdefault(name, []).append(_clean(value))
    return Form(values)


def _parsed(scope: Scope, body: bytes) -> FormData:
    """The fields of a body that has been received whole: nothing is waited for, so it can be done in a thread."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    steps = Request(scope, receive).form(max_files=0, max_fields=_MOST_FIELDS).__await__()
    try:
        next(steps)
    except StopIteration as done:
        data: FormData = done.value
        return data
    raise AssertionError("a body that is there was waited for")


async def _in_pieces(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes in pieces, each of which is read in some milliseconds; others have their turn in between."""
    async for chunk in stream:
        for at in range(0, len(chunk), _PIECE):
            yield chunk[at : at + _PIECE]
            await asyncio.sleep(0)


async def form_with_file(request: Request, name: str, most: int) -> tuple[Form, File | None]:
    """A form, and the file that was chosen in its field `name`, None for none.

    Of a file with more than `most` bytes nothing is kept but its name and size, so that whoever sent it can be told,
    with all that they typed, at no cost of memory. Raises BadInput for what cannot be read.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await form_of(Request(request.scope, _bounded(request.receive))), None
    parser = _Parser(request.headers, _in_pieces(request.stream()), max_files=1, max_fields=_MOST_FIELDS)
    parser.most = most
    values: dict[str, list[str]] = {}
    file = None
    try:
        for field_name, value in (await parser.parse()).multi_items():
            if isinstance(value, str):
                values.setdefault(field_name, []).append(_clean(value))
            elif value.filename and field_name == name:
                # A field in which nothing was chosen comes as a file without a name.
                content = await value.read() if parser.there <= most else b""
                file = File(value.filename, parser.there, content)
    except (UnicodeError, MultiPartException) as error:
        raise BadInput(_UNREADABLE) from error
    finally:
        if parser.upload is not None:
            await parser.upload.close()
    if not parser.whole:
        raise BadInput(_UNREADABLE)
    return Form(values), file


def _bounded(receive: Receive) -> Receive:
    """The same messages, until their bodies are together longer than what can be typed: then BadInput."""
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
    """Starlette's, with bounds: `most` bytes of a file are kept, of all `there` are; the rest is counted and let go.

    More words than anybody types raise MultiPartException. `upload` is the file, to be closed, whether it ended or not;
    `whole` says that the form came to its end.
    """

    most = 0
    there = 0
    upload: UploadFile | None = None
    whole = False
    _typed = 0

    def on_headers_finished(self) -> None:
        """Called before the first piece of each field or file."""
        super().on_headers_finished()
        self.upload = self._current_part.file or self.upload

    def on_end(self) -> None:
        """Called when the form is over."""
        self.whole = True

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Called with each piece of a field or file."""
        if self._current_part.file is None:
            self._typed += end - start
            if self._typed > _MOST_TYPED:
                raise MultiPartException("There are too many words in this form.")
        else:
            self.there += end - start
            if self.there > self.most:
                return
        super().on_part_data(data, start, end)


def _clean(value: str) -> str:
    # Halves of surrogate pairs, which can be sent as UTF-7, can be neither stored nor shown.
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def spoken(error: BadInput) -> dict[str, str]:
    """The errors of a form in the reader's language, field by field (a single error under its own field)."""
    if isinstance(error, FormErrors):
        return {name: say(e.message, e.values) for name, e in error.fields.items()}
    return {error.field or "form": say(error.message, error.values) or _("There is a problem")}
