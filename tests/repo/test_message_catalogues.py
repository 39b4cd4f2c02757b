"""The catalogues hold every message of the program, and docs/messages.py finds each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from support import pseudo_locale

from forum.web.i18n.languages import LOCALES

CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/forum.po"))
PLACE = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|<[^>]*>")


def found(source: str, *, sentences: bool = True) -> list[object]:
    return [message for _line, message in pseudo_locale.messages().in_python(source, sentences=sentences)]


def test_what_is_marked_and_what_is_a_sentence_is_found() -> None:
    assert found('_("Join")') == ["Join"]
    assert found('ngettext("%(n)s day", "%(n)s days", n)') == [("%(n)s day", "%(n)s days")]
    assert found('X = {"a": message("a postcode")}') == ["a postcode"]
    assert found('raise BadInput("Write the " "question.", field="question")') == ["Write the question."]
    assert found('X = {"closed": "Voting has closed."}') == ["Voting has closed."]
    assert found('filled("is longer than %(most)s", most=3)') == ["is longer than %(most)s"]


def test_what_nobody_reads_is_not() -> None:
    assert found('"""A docstring. With two sentences."""') == []
    assert found('X = "group_id"; Y = "SELECT one"; Z = "text/html"; W = "One."') == []
    assert found('f"The tag {tag} is not known."') == []
    assert found('raise StartupProblem("The port is taken.")', sentences=False) == []


def test_no_sentence_is_put_together_where_it_cannot_be_translated() -> None:
    """An error's sentence is one string: an f-string would be shown in English to everybody."""
    root = pseudo_locale.ROOT / "forum"
    silent = pseudo_locale.messages().SILENT
    raising = re.compile(
        r"(?:BadInput|NotFound|NotAllowed|IllegalMove|TooMany|CastRefused|Problem|SignInNeeded)\([^()]*\bf[\"']"
    )
    for path in sorted(root.rglob("*.py")):
        if not path.relative_to(pseudo_locale.ROOT).as_posix().startswith(silent):
            assert not raising.search(path.read_text("utf-8")), path


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_one_thing_has_one_word() -> None:
    """A vote that does not count is annulled, as the record, the wire and the exports call it."""
    void, di_rym = re.compile(r"\bvoid", re.IGNORECASE), re.compile(r"\bdd?i-rym\b", re.IGNORECASE)
    assert [message.id for message in pseudo_locale.template() if void.search(str(message.id))] == []
    [welsh] = [catalogue(path) for path in CATALOGUES if path.parent.parent.name == "cy"]
    assert [form for message in welsh for form in forms(message) if di_rym.search(form)] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_catalogue_has_every_message_and_no_other(path: Path) -> None:
    """After changing a sentence: `python docs/messages.py`, then translate what is new."""
    wanted = {message.id for message in pseudo_locale.template() if message.id}
    there = {message.id for message in catalogue(path) if message.id}
    assert sorted(map(str, wanted - there)) == []
    assert sorted(map(str, there - wanted)) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_message_has_a_translation_with_the_same_places_for_values(path: Path) -> None:
    wrong = []
    for message in catalogue(path):
        if message.id:
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            allowed = [sorted(PLACE.findall(id_)) for id_ in ids]
            if not all(form and sorted(PLACE.findall(form)) in allowed for form in forms(message)) or message.fuzzy:
                wrong.append((message.id, message.string))
    assert wrong == []
