"""Gathers every message that a page can show, and brings the catalogues in step: `python docs/messages.py`.

A message is an English sentence in the source. It is found in four places:

- `_("...")`, `{% trans %}` and `gettext` in templates, and `_`, `gettext`, `ngettext` in Python;
- `message("...")` of forum/errors.py, which marks what is no sentence by itself and is shown all the same;
- `filled("...", value=...)` of forum/errors.py: a sentence with the values that fill it;
- every other string in Python that reads as a sentence: a capital or a quotation mark first, two words at least, a
  full stop, question mark or colon last. So a sentence in an error or a table of the core needs no mark. Parts of the
  program that speak to whoever runs the server, and to nobody else, are in SILENT; docstrings are no messages.

What stands in an f-string is not found: it cannot be translated. A test walks every page in a made-up language and
fails where one shows what is not in here.

For each forum/web/i18n/locales/LANGUAGE/LC_MESSAGES/forum.po, new messages are put in without a translation, those
that are gone are taken out, and what is there stays. `python docs/messages.py cy` begins a new one.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "forum/web/i18n/locales"
SILENT = (
    "forum/__main__.py",
    "forum/app.py",
    "forum/rehearsal/audience.py",
    "forum/rehearsal/example",
    "forum/rehearsal/result_reader.py",
    "forum/cli",
    "forum/live/brokers",
    "forum/rehearsal/screen_check.py",
    "forum/record/export_zip.py",
    "forum/rehearsal/sample_day.py",
    "forum/services/demonstration.py",
    "forum/record/exports",
    "forum/adapters/backup_file.py",
    "forum/web/api/asked.py",
    "forum/web/api/asked_decisions.py",
    "forum/web/api/asked_moderation.py",
    "forum/web/api/asked_papers.py",
    "forum/web/api/asked_room.py",
    "forum/web/api/room_told.py",
    "forum/web/api/to_read.py",
    "forum/web/api/done.py",
    "forum/web/api/openapi.py",
    "forum/web/api/schema.py",
    "forum/web/api/shapes.py",
    "forum/adapters/announcement.py",
    "forum/adapters/logs.py",
    "forum/adapters/machine.py",
    "forum/adapters/worker_processes.py",
    "forum/adapters/sign_on.py",
    "forum/adapters/signing_key.py",
    "forum/adapters/there.py",
    "forum/adapters/workbook.py",
    "forum/stories/personal_names.py",
    "forum/rehearsal/network.py",
    "forum/rehearsal/server_process.py",
    "forum/rehearsal/facilitator.py",
    "forum/rehearsal/polis.py",
    "forum/rehearsal/polis_files.py",
    "forum/rehearsal/report.py",
    "forum/record/verify",
    "forum/rehearsal/runner.py",
    "forum/rehearsal/printed_summary.py",
    "forum/rehearsal/script.py",
    "forum/services/backup_plan.py",
    "forum/services/identity_provider.py",
    "forum/services/mail/server.py",
    "forum/services/time_zone.py",
    "forum/services/setting_values.py",
    "forum/settings.py",
    "forum/record/signing_key.py",
    "forum/rehearsal/setup.py",
    "forum/store/engine.py",
    "forum/store/migrate.py",
    "forum/store/migrations",
    "forum/store/snapshot.py",
    "forum/store/transfer.py",
    "forum/record/audit.py",
    "forum/record/audit_decisions.py",
    "forum/record/audit_results.py",
    "forum/web/i18n/languages.py",
    "forum/web/server/frames.py",
    "forum/web/health.py",
    "forum/live/metrics.py",
)
MARKS = {"_": 1, "gettext": 1, "say": 1, "message": 1, "filled": 1, "ngettext": 2}
_SENTENCE = re.compile(r"[A-Z“‘\"'%].*\w[”’\"')]?\s+[“‘\"'(%\w].*[.?!:…][”’\"')]?", re.DOTALL)
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false"}

Message = str | tuple[str, str]


def template() -> Catalog:
    """Every message, with where it stands."""
    found = Catalog(project="Forum", charset="utf-8", locale="en")
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for line, message in _in_template(path.read_bytes()):
            _put(found, message, path, line)
    for path in sorted((ROOT / "forum").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        spoken = not name.startswith(SILENT)
        for line, message in in_python(path.read_text("utf-8"), sentences=spoken):
            _put(found, message, path, line)
    return found


def _put(catalogue: Catalog, message: Message, path: Path, line: int) -> None:
    flags = ["python-format"] if re.search(r"%\(\w+\)s", message if isinstance(message, str) else message[1]) else []
    catalogue.add(message, locations=[(path.relative_to(ROOT).as_posix(), line)], flags=flags)


def _in_template(source: bytes) -> Iterator[tuple[int, Message]]:
    for line, function, messages, _comments in babel_extract(BytesIO(source), list(MARKS), [], _JINJA):
        # Values beside the words stand there as None.
        words = [words for words in ([messages] if isinstance(messages, str) else messages or ()) if words is not None]
        if words:
            yield line, (words[0], words[1]) if function == "ngettext" else words[0]


def in_python(source: str, *, sentences: bool = True) -> Iterator[tuple[int, Message]]:
    """The messages in a module: those that are marked and, where it speaks to people, every sentence."""
    tree = ast.parse(source)
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed.update(id(part) for part in ast.walk(node) if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Call) and (count := MARKS.get(_called(node), 0)):
            words = [a.value for a in node.args[:count] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if len(words) == count:
                passed.update(id(a) for a in node.args[:count])
                yield node.lineno, (words[0], words[1]) if count == 2 else words[0]
    for node in ast.walk(tree):
        words = node.value if sentences and isinstance(node, ast.Constant) and id(node) not in passed else None
        if isinstance(words, str) and _SENTENCE.fullmatch(words.strip()):
            yield node.lineno, words


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def bring_in_step(path: Path, messages: Catalog) -> list[str]:
    """Writes a catalogue with exactly these messages, keeping its translations; returns those that are missing."""
    language = path.parent.parent.name
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = Catalog(locale=Locale.parse(language), project="Forum", charset="utf-8", fuzzy=True)
    dated = catalogue.creation_date
    catalogue.update(messages, no_fuzzy_matching=True)
    catalogue.creation_date = dated  # else two people who change sentences always change this line both
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return [str(m.id) for m in catalogue if m.id and not all(m.string if isinstance(m.string, tuple) else [m.string])]


def main(languages: list[str]) -> None:
    """Brings every catalogue in step, and says how many messages still need words."""
    messages = template()
    known = [path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/forum.po")]
    for language in sorted({*known, *languages}):
        missing = bring_in_step(LOCALES / language / "LC_MESSAGES" / "forum.po", messages)
        print(f"{language}: {len(messages)} messages, {len(missing)} without a translation")


if __name__ == "__main__":
    main(sys.argv[1:])
