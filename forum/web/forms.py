"""Forms as they arrive: names and text, nothing else; what was typed can always be shown again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import Message

from forum.errors import BadInput, FormErrors
from forum.web.words import gettext as _
from forum.web.words import say

_MOST_FIELDS = 400
_UNREADABLE = "This form cannot be read. Open the page again and send it once more."


@dataclass
class Form:
    """A submitted form. `errors` gathers what is wrong, field by field; `stop()` raises once if anything is."""

    values: Mapping[str, Sequence[str]]
    errors: dict[str, BadInput] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """One field, line ends as \\n, outer space gone."""
        values = self.values.get(name)
        return values[-1].replace("\r\n", "\n").replace("\r", "\n").strip() if values else default

    def texts(self, name: str) -> list[str]:
        """A repeated field, in the order of the page, empty ones kept."""
        return [v.replace("\r\n", "\n").replace("\r", "\n").strip() for v in self.values.get(name, ())]

    def flag(self, name: str) -> bool:
        """A checkbox."""
        return self.text(name) in {"1", "on", "true", "yes"}

    def need(self, name: str, otherwise: str, *, most: int = 2000) -> str:
        """A field that must have something in it, and no more than `most` characters."""
        value = self.text(name)
        if not value:
            self.wrong(name, otherwise)
        return self.at_most(name, value, most)

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
    try:
        data = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    except UnicodeError as error:
        # A charset of the sender's own choice; browsers send UTF-8.
        raise BadInput(_UNREADABLE) from error
    values: dict[str, list[str]] = {}
    for name, value in data.multi_items():
        if not isinstance(value, str):
            raise BadInput("Files cannot be sent here.", field=name)
        values.setdefault(name, []).append(_clean(value))
    return Form(values)


async def form_with_file(request: Request, name: str, most: int, too_big: str) -> tuple[Form, tuple[str, bytes] | None]:
    """A form, and the file that was chosen in its field `name`: (what it is called, what is in it), None for none.

    Raises BadInput: `too_big`, as that field's error, where the whole form has more than `most` bytes.
    """
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise FormErrors({name: BadInput(too_big)})
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > most:
            raise FormErrors({name: BadInput(too_big)})
        return message

    try:
        data = await Request(request.scope, receive).form(max_files=1, max_fields=_MOST_FIELDS)
    except UnicodeError as error:
        raise BadInput(_UNREADABLE) from error
    values: dict[str, list[str]] = {}
    file = None
    for field_name, value in data.multi_items():
        if isinstance(value, str):
            values.setdefault(field_name, []).append(_clean(value))
        elif value.filename and field_name == name:
            # A field in which nothing was chosen comes as a file without a name.
            file = (value.filename, await value.read())
    await data.close()
    return Form(values), file


def _clean(value: str) -> str:
    # Halves of surrogate pairs, which can be sent as UTF-7, can be neither stored nor shown.
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def spoken(error: BadInput) -> dict[str, str]:
    """The errors of a form in the reader's language, field by field (a single error under its own field)."""
    if isinstance(error, FormErrors):
        return {name: say(e.message, e.values) for name, e in error.fields.items()}
    return {error.field or "form": say(error.message, error.values) or _("There is a problem")}
