"""Bodies of writes: JSON of bounded size and depth, read into the form of the page that does the same act.

A body is a Struct with the fields of that form. So the page's own reading, its checks and its act take it from there,
and no rule stands twice; mistakes come back under the names that the fields have in JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from forum.errors import BadInput, FormErrors
from forum.services.form_errors import Findings
from forum.stories.evidence_files import MAX_BYTES
from forum.web.forms import MOST_FIELDS, File, Form, clean, form_and_file

KEY, MOST_KEY = "Idempotency-Key", 200
# The field of multipart/form-data that has the file.
FILE = "file"
_MOST_MISTAKES = 100
_NO_FILE = "There is no file in this part. Send the file with its name, or leave the part out."
_NO_FIELD = "There is no such field here. Leave it out, or look it up in the description."
_ROW = re.compile(r"(\w+)_([0-9]{1,4})")


def text(most: int, told: str, form: str = "") -> Meta:
    """Describes a field with a text of at most `most` characters; `form` is its name in the form, where that differs.

    The bound is told in the description and checked by the act, which says it in words with every other mistake.
    """
    return Meta(description=told, extra_json_schema={"maxLength": most}, extra={"form": form})


def one_of(options: Sequence[str], told: str, form: str = "") -> Meta:
    """Describes a field whose value is one of `options`."""
    return Meta(description=told, extra_json_schema={"enum": [str(one) for one in options]}, extra={"form": form})


def field(told: str, form: str = "") -> Meta:
    """Describes any other field; of a table of texts, `form` is what the names of its fields begin with."""
    return Meta(description=told, extra={"form": form})


def numbered(told: str) -> Meta:
    """Describes a list of rows whose fields have the row's number in the form: role_1, what_1, role_2."""
    return Meta(description=told, extra={"numbered": True})


class FormWithFile(Form):
    """A form that may have come with a file."""

    file: File | None = None


async def read(request: Request, takes: type[Struct], most: int) -> tuple[Form, bytes]:
    """Reads the body of a request, of at most `most` bytes, into a form; returns it beside the form.

    Raises FormErrors with every field that cannot be used, BadInput for what is no JSON object, HTTPException for
    another kind of content, and for a larger body.
    """
    if _media(request) != "application/json":
        raise HTTPException(415)
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise HTTPException(413)
    form = Form(_as_typed(_read(body, takes)))
    if sum(map(len, form.values.values())) > MOST_FIELDS:
        raise _too_many()
    return form, body


async def read_with_file(request: Request, takes: type[Struct], most: int) -> tuple[Form, bytes]:
    """Reads a body as `read` does, or multipart/form-data with the same fields and a file in the field FILE; returns
    what tells one such body from others beside the form. Raises as `read` does, and TooMany while many files come."""
    if _media(request) != "multipart/form-data":
        form, body = await read(request, takes, most)
        return FormWithFile(form.values), body
    typed, of, file = await form_and_file(request, MAX_BYTES)
    names = {one.encode_name: _extra(one.type).get("form") or one.name for one in msgspec.structs.fields(takes)}
    for name in [name for name in typed.values if name not in names][:_MOST_MISTAKES]:
        typed.wrong(name[:200], _NO_FILE if name == FILE else _NO_FIELD)
    if file and of != FILE:
        typed.wrong(clean(of)[:200], _NO_FIELD)
    elif file and not file.name and not file.size:
        typed.wrong(FILE, _NO_FILE)
    typed.stop()
    with_file = FormWithFile({names[name]: said for name, said in typed.values.items()})
    with_file.file = file
    digest = await asyncio.to_thread(hashlib.sha256, file.content if file else b"")
    return with_file, repr(sorted(with_file.values.items())).encode() + digest.digest()


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def digest_of(request: Request, person: str, body: bytes) -> str:
    """Returns 64 hex digits that are those of this request alone, so that one which is sent again is known: they follow
    from the header Idempotency-Key, whose it is, the address and the body. "" without that header. Raises BadInput.

    The first 32 are the id that a form would have brought; the others are kept nowhere."""
    key = request.headers.get(KEY, "")
    if not key:
        return ""
    if len(key) > MOST_KEY:
        raise BadInput(
            "Use at most %(most)s characters. This has %(length)s.", field=KEY, most=MOST_KEY, length=len(key)
        )
    said = "\n".join([person, request.url.path, key])
    return hashlib.sha256(said.encode("utf-8", "replace") + b"\n" + body).hexdigest()


def in_json(takes: type[Struct], error: BadInput) -> BadInput:
    """Returns what is wrong with a form under the names that its fields have in JSON."""
    if type(error) is FormErrors:
        return FormErrors({_named(takes, name): one for name, one in error.fields.items()})
    if type(error) is BadInput and error.field:
        return FormErrors({_named(takes, error.field): error})
    return error


def _read(body: bytes, takes: type[Struct]) -> Struct:
    # Counted before it is parsed, since thousands of small values would hold up the event loop: quotation marks around
    # names and texts, and objects.
    if max(body.count(b'"') - body.count(b'\\"'), body.count(b"{")) > 4 * MOST_FIELDS:
        raise _too_many()
    # Only the outermost object is read without a type: nothing goes deeper than the types of the fields do.
    try:
        given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("This is not JSON. Send one JSON object, as the description says.") from error
    fields = {one.encode_name: one for one in msgspec.structs.fields(takes)}
    found, values = Findings(), {}
    for name, raw in given.items():
        if len(found.errors) >= _MOST_MISTAKES:
            break
        if name not in fields:
            found.wrong(name[:200], _NO_FIELD)
            continue
        try:
            values[name] = msgspec.json.decode(raw, type=fields[name].type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            why, _at, path = str(error).partition(" - at `$")
            found.wrong(name + path.strip("`"), "This cannot be used here: %(why)s.", why=why)
    for name, one in fields.items():
        if one.required and name not in given:
            found.wrong(name, "This field is missing. The description says what belongs there.")
    found.stop()
    return takes(**values)


def _too_many() -> BadInput:
    return BadInput("There are too many values. Send at most %(most)s in one request.", most=MOST_FIELDS)


def _as_typed(body: Struct) -> dict[str, list[str]]:
    """Returns the values that a browser would have sent, by the names of the form."""
    values: dict[str, list[str]] = {}
    for one in msgspec.structs.fields(type(body)):
        given, extra = getattr(body, one.name), _extra(one.type)
        name = extra.get("form") or one.name
        if isinstance(given, Mapping):
            values |= {name + key: [clean(said)] for key, said in given.items()}
        elif isinstance(given, Struct):
            values |= _as_typed(given)
        elif isinstance(given, tuple) and any(isinstance(row, Struct) for row in given):
            for number, row in enumerate(given, 1):
                for part, said in _as_typed(row).items():
                    key = f"{part}_{number}" if extra.get("numbered") else part
                    values[key] = [*values.get(key, []), *(said or [""])]
        elif isinstance(given, tuple):
            values[name] = [clean(said) for said in given]
        else:
            values[name] = _one(given)
    return values


def _one(given: object) -> list[str]:
    """Returns a value as it is typed; a box that is not ticked is not sent."""
    if given is None or isinstance(given, bool):
        return ["1"] if given else []
    return [clean(str(given))]


def _named(takes: type[Struct], name: str) -> str:
    """Returns the name in JSON of a field of the form, as `groups[0].label` for `group_1`; unchanged where it is of
    none."""
    row = _ROW.fullmatch(name)
    for one in msgspec.structs.fields(takes):
        extra, shape = _extra(one.type), _row_of(one.type)
        own = extra.get("form") or one.name
        if shape is not None and row:
            for part in msgspec.structs.fields(shape):
                if (_extra(part.type).get("form") or part.name) == row[1]:
                    return f"{one.encode_name}[{int(row[2]) - 1}].{part.encode_name}"
        if shape is None and own == name:
            return one.encode_name
        if own.endswith("_") and name.startswith(own):
            return f"{one.encode_name}.{name.removeprefix(own)}"
        inner = _bare(one.type)
        if isinstance(inner, type) and issubclass(inner, Struct):
            for part in msgspec.structs.fields(inner):
                if part.name == name:
                    return f"{one.encode_name}.{part.encode_name}"
    # A row that is sent alone, as a promise is.
    return row[1] if row and row[2] == "1" and row[1] in takes.__struct_fields__ else name


def _bare(type_: Any) -> Any:
    return get_args(type_)[0] if hasattr(type_, "__metadata__") else type_


def _row_of(type_: Any) -> type[Struct] | None:
    """Returns the type of the rows of a list, None for a field of another kind."""
    inner = get_args(_bare(type_))
    return inner[0] if inner and isinstance(inner[0], type) and issubclass(inner[0], Struct) else None


def _extra(type_: Any) -> dict[str, Any]:
    """Returns what is said beside the type of a field: its name in the form, and whether its rows are numbered."""
    metas = (one for one in getattr(type_, "__metadata__", ()) if isinstance(one, Meta))
    return next((one.extra for one in metas if one.extra), {})
