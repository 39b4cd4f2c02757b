"""The outcome of one check, and the errors that fail it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

PASS, FAIL, NOT_CHECKED = "PASS", "FAIL", "NOT CHECKED"


class RecordError(ValueError):
    """A proof, entry, note or argument that is not valid. The message says why."""


class NoExport(RecordError):
    """An input that is not an export, so that nothing can be checked."""


class LaterFormat(NoExport):
    """An export of a format that came after this program."""


@dataclass(frozen=True)
class Check:
    """The outcome of one check: `verdict` is PASS, FAIL or NOT CHECKED, `detail` says what was found."""

    name: str
    verdict: str
    detail: str


def check(name: str, part: Callable[[], tuple[str, str]]) -> Check:
    """Runs one check; any error in it, however odd the file, becomes a FAIL with a sentence."""
    try:
        return Check(name, *part())
    except RecordError as error:
        return Check(name, FAIL, str(error))
    except Exception as error:  # a file made to confuse must fail, not stop the other checks
        return Check(name, FAIL, f"cannot be read ({type(error).__name__}: {error})")


def few(problems: Sequence[str]) -> str:
    """Returns the first five problems in one line, and how many more there are."""
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    return "; ".join(problems[:5]) + more


def verdict_of(problems: Sequence[str], fine: str) -> tuple[str, str]:
    """Returns FAIL with the first problems, or PASS with the words `fine` where there are none."""
    return (FAIL, few(problems)) if problems else (PASS, fine)


def last_line(checks: Sequence[Check], of: str = "export") -> str:
    """Returns the sentence that sums up all checks of an export, or of a receipt, and names what was not checked."""
    failed = [check.name for check in checks if check.verdict == FAIL]
    left_out = [check.name for check in checks if check.verdict == NOT_CHECKED]
    if failed:
        return f"{len(failed)} checks FAILED: do not rely on this {of}."
    return "Nothing failed." + (f" Not checked: {', '.join(left_out)}." if left_out else "")
