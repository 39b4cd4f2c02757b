"""The log of a server on standard error, one line each: text for people, or JSON for programs (FORUM_LOG).

Nobody's words are in it. A trace names the kinds of errors and the places in the code, never what an error says, since
that may be a name, a vote, a key or a story; of what a library says the values are left out; and of fields only those
that FIELDS names are written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
from structlog.processors import CallsiteParameter, CallsiteParameterAdder, TimeStamper, add_log_level
from structlog.typing import EventDict, Processor, WrappedLogger

from forum.errors import ForumError

Tell = Callable[[str], None]

# Fields of a line beside its words: ids of things, numbers, names of files, classes and settings.
FIELDS = frozenset(
    {"code", "error", "file", "items", "last", "method", "milliseconds", "now", "outcome", "place", "request", "round"}
    | {
        "route",
        "row",
        "rows",
        "seconds",
        "see",
        "session",
        "status",
        "trouble",
        "waits_for",
        "why",
        "witness",
        "worker",
        "workers",
    }
)
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MOST_CAUSES = 5
_MOST_FRAMES = 60  # of one error: the first, and as many of the last
# Where the fixed words of a library end and its values may begin.
_VALUES = re.compile(r"[<(:'\"\n]")
_HERE = Path(__file__).parents[2]


def begin(form: str, level: str, say: Tell) -> Tell:
    """Begins to log in a form ("text" or "json") at a level ("debug", "info", "warning" or "error"); of libraries only
    warnings and worse are told. Returns what tells whoever started the server: `say`, or a line of the log where
    programs read it."""
    as_json = form == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OfLibraries(as_json=as_json))
    logging.basicConfig(handlers=[handler], level=max(logging.WARNING, _LEVELS[level]))
    logging.captureWarnings(as_json)
    logging.getLogger("uvicorn.error").addFilter(_NoTraceOfClients())
    shown: list[Processor] = [
        add_log_level,
        TimeStamper(fmt="iso", utc=True, key="time" if as_json else "timestamp"),
        only_known_fields,
        without_words,
    ]
    if as_json:
        shown += [
            CallsiteParameterAdder({CallsiteParameter.QUAL_MODULE}),
            _in_order,
            structlog.processors.JSONRenderer(),
        ]
    else:
        shown.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    structlog.configure(
        processors=shown,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger().warning if as_json else say


def trace_of(error: BaseException) -> str:
    """Writes where an error came from, and each error that led to it: kinds and places, and of our own errors the
    sentence without its values."""
    return "\n".join(_lines(error, _MOST_CAUSES))


def only_known_fields(_logger: WrappedLogger, _name: str, told: EventDict) -> EventDict:
    """Leaves out every field that FIELDS does not name."""
    own = {"event", "level", "time", "timestamp", "exc_info"}
    return {name: value for name, value in told.items() if name in FIELDS or name in own}


def without_words(_logger: WrappedLogger, _name: str, told: EventDict) -> EventDict:
    """Puts a trace without anybody's words in the place of an error."""
    found = told.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        told["exception"] = trace_of(error)
    return told


def _lines(error: BaseException, causes: int) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and causes:
        yield from _lines(before, causes - 1)
        yield "which led to"
    yield "Traceback (most recent call last):"
    frames = traceback.extract_tb(error.__traceback__)
    for frame in frames[:1] + frames[1:][-_MOST_FRAMES:]:
        yield f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}"
    said = f": {error.message}" if isinstance(error, ForumError) else ""
    yield f"{type(error).__qualname__}{said}"


def _place(file: str) -> str:
    """Returns a file of the code as seen from the project or the libraries, so that it tells nothing of the machine."""
    within = file.rpartition("site-packages/")[2]
    return within.removeprefix(f"{_HERE}/").rpartition("/lib/")[2]


def _in_order(_logger: WrappedLogger, _name: str, told: EventDict) -> EventDict:
    """Puts the fields that every line has first."""
    first = {"time": told.pop("time"), "level": told.pop("level"), "logger": told.pop("qual_module")}
    return {**first, "event": told.pop("event"), **told}


class _OfLibraries(logging.Formatter):
    """Writes what a library says: its fixed words, without the values that it fills into them."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line of a record, without its line end."""
        words = _VALUES.split(str(record.msg), maxsplit=1)[0].strip() or "something was said"
        error = record.exc_info[1] if record.exc_info else None
        trace = trace_of(error) if error is not None else ""
        if not self._as_json:
            return f"{record.levelname} {record.name}: {words}" + (f"\n{trace}" if trace else "")
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        told = {"time": at, "level": record.levelname.lower(), "logger": record.name, "event": words}
        return json.dumps(told | ({"exception": trace} if trace else {}))


class _NoTraceOfClients(logging.Filter):
    """A log filter: a client's text frame that is no UTF-8 is logged in one line, without a trace."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Takes the trace off the record of such a frame; lets every record through."""
        if record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError) and "UTF-8" in str(record.msg):
            record.exc_info, record.exc_text, record.levelno, record.levelname = None, None, logging.INFO, "INFO"
            record.msg, record.args = "a client sent text that is no UTF-8; its connection was closed", ()
        return True
