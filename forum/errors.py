"""Errors that are told to people, as one tree with stable codes.

    ForumError
    ├── BadInput            what was sent cannot be used; says which field and what to do
    │   ├── FormErrors      several fields of one form at once
    │   └── StoryProblems   a .twee file or a submitted story, problem by problem, with lines
    ├── NotFound            nothing is here (or you may not know that something is)
    ├── NotAllowed          you are somebody, but this is not yours to do
    ├── SignInNeeded        you are nobody yet
    ├── IllegalMove         right command, wrong moment (a closed round cannot be closed)
    ├── CastRefused         a ballot that is not counted; its code says why
    ├── TooMany             a rate limit; says when to try again
    ├── StoreUnavailable    the database did not take it; nothing was acknowledged
    ├── RecordDamaged       the record in the database is not the one that was written
    ├── CheckpointRefused   no checkpoint is signed, because it would contradict an earlier one, or be forgotten
    ├── LibraryMissing      a library that is read at its first use is not installed; says what to do
    ├── StartupProblem      the server cannot start; one line, what to do
    └── NotAnExport         the file is no Forum export

Each error carries a sentence in plain English (the gettext message id) and the values that fill it, so that
`forum/web/errors.py`, the one place that turns errors into HTTP, can say it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


class Filled(str):
    """A sentence in plain English with its values filled in: a string that knows its gettext message id (`message`) and
    `values`, so that it can be said in another language. A value may be Filled itself.
    """

    message: str
    values: Mapping[str, object]


def filled(message: str, /, **values: object) -> Filled:
    """Fills the values into a sentence. docs/messages.py finds sentences by this function's name."""
    made = Filled(message % values if values else message)
    made.message, made.values = message, values
    return made


def message(words: str) -> str:
    """Marks words that people see, and that are no whole sentence, for docs/messages.py. Returns them unchanged."""
    return words


class ForumError(Exception):
    """The root of the tree. `message` is a %-template and the gettext message id; `values` fill it.

    `again` is True where a program may send the same request once more later on.
    """

    code = "error"
    again = False

    def __init__(self, message: str, **values: object) -> None:
        self.message = message
        self.values = values
        super().__init__(message % values if values else message)


class BadInput(ForumError):
    """Input that cannot be used. `field` names the part of the form, "" for none."""

    code = "bad_input"

    def __init__(self, message: str, *, field: str = "", **values: object) -> None:
        self.field = field
        super().__init__(message, **values)


class FormErrors(BadInput):
    """Several fields of one form: `fields` maps a field's name to the error that belongs to it."""

    code = "form"

    def __init__(self, fields: Mapping[str, BadInput]) -> None:
        self.fields = dict(fields)
        super().__init__("There is a problem")

    def __reduce__(self) -> tuple[type[FormErrors], tuple[Mapping[str, BadInput]]]:
        return FormErrors, (self.fields,)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with a story: the 1-based line of the file, and a sentence."""

    line: int
    message: str


class StoryProblems(BadInput):
    """A story that cannot be used as it is, with every problem found, in line order.

    `notes` are what an import would have left out or changed besides; they alone are no reason to refuse a story.
    """

    code = "story"

    def __init__(self, problems: Sequence[Problem], notes: Sequence[Problem] = ()) -> None:
        self.problems = tuple(sorted(problems))
        self.notes = tuple(sorted(notes))
        super().__init__("; ".join(f"line {p.line}: {p.message}" for p in self.problems).replace("%", "%%"))

    def __reduce__(self) -> tuple[type[StoryProblems], tuple[Sequence[Problem], Sequence[Problem]]]:
        return StoryProblems, (self.problems, self.notes)


class NotFound(ForumError):
    """Nothing is at this address."""

    code = "not_found"


class NotAllowed(ForumError):
    """The person's roles do not include this."""

    code = "not_allowed"


class SignInNeeded(ForumError):
    """Nobody is signed in, and this needs somebody."""

    code = "sign_in_needed"


class IllegalMove(ForumError):
    """The right command at the wrong moment, as closing a round that is not open."""

    code = "illegal_move"


class SentBefore(IllegalMove):
    """A form that was sent before, and was changed since under the same id: what is changed is not kept."""


class CastRefused(ForumError):
    """A ballot that is not counted. `code` is one of live.messages.REFUSALS."""

    def __init__(self, code: str, message: str, **values: object) -> None:
        self.code = code
        super().__init__(message, **values)


class TooMany(ForumError):
    """A rate limit. `retry_after` is in whole seconds; the message may use `seconds` or `minutes`."""

    code = "too_many"
    again = True

    def __init__(self, message: str, retry_after: int, **values: object) -> None:
        self.retry_after = retry_after
        super().__init__(message, seconds=retry_after, minutes=-(-retry_after // 60), **values)


class RoomFull(TooMany):
    """A session has as many screens of a kind as it can have."""

    code = "full"


class StoreUnavailable(ForumError):
    """The database did not take it: nothing was acknowledged, and trying again is safe."""

    code = "store_unavailable"
    again = True


class RecordDamaged(ForumError):
    """The record in the database is not the one that was written; the sentence names the entry and says what to do."""

    code = "record_damaged"

    @classmethod
    def at(cls, entry: int) -> RecordDamaged:
        """Returns the error for an entry, given by its index, that does not fit the record's hashes, or is gone."""
        return cls(
            "Entry %(entry)s of the record is not as it was written, so it is not shown. Whoever runs this Forum: put "
            "the database back from a backup; `forum record check` says what was changed.",
            entry=entry,
        )


class CheckpointRefused(ForumError):
    """No checkpoint is signed, because it would contradict an earlier one, or nobody could remember it."""

    code = "checkpoint_refused"


class LibraryMissing(ForumError):
    """A library that is read at its first use is not installed, or cannot be read."""

    code = "library_missing"

    def __init__(self, library: str) -> None:
        super().__init__(
            "This server cannot do this, as its library %(library)s is not installed. Whoever runs this Forum: install "
            "it once more, in the folder of its source: pip install . (forum doctor tells what is missing).",
            library=library,
        )


@contextmanager
def needed(library: str) -> Iterator[None]:
    """Raises LibraryMissing, with the name under which it is installed, where the block cannot import a library."""
    try:
        yield
    except ImportError as error:
        raise LibraryMissing(library) from error


class StartupProblem(ForumError):
    """The server, or a command, cannot start; the sentence says what to do. Nothing was changed."""

    code = "startup"


class NotAnExport(ForumError):
    """The file is no Forum export at all."""

    code = "not_an_export"
