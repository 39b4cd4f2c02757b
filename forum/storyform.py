"""A scenario from the plain form: what happened, more scenes if there are any, one question with responses.

The form asks for no Twine and no branching. The story goes straight on to its one decision point, and each
response leads to the same last scene, where the room talks about what it would change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from forum import scenario, twee
from forum.errors import BadInput, FormErrors
from forum.scenario import Link, Scenario, Scene

MAX_SCENES = 12

HAPPENED, QUESTION, AFTER = "What happened", "What should happen now?", "After the vote"
AFTER_TEXT = """The room has voted. Talk about it.

What would be different now? For whom? What would it take to do this every time?"""

# Line breaks of other makes: vertical tab, form feed, next line, line separator, paragraph separator.
_BREAKS = re.compile("[\v\f\x85\u2028\u2029]")

_EMPTY = "Fill this in. It cannot be left empty."
_TOO_LONG = "This is too long. Use at most %(most)s characters."
_ONE_LINE = "Write this on one line."
_BRACKETS = 'Two square brackets, "%(mark)s", cannot be used here. Use one.'


def from_form(
    *,
    title: str,
    what_happened: str,
    scenes: Sequence[tuple[str, str]],
    question: str,
    responses: Sequence[str],
    told_by: str,
    content_notes: str | Sequence[str],
    ifid: str,
    setting: str = "",
    characters: str | Sequence[str] = (),
) -> Scenario:
    """The story that somebody typed into the form, as `scenario.validate` accepts it.

    `scenes` are (name or "", text), told after `what_happened`; pairs that are empty altogether are left out,
    so are empty responses. `told_by` is the group's label, "" for "prefer not to say". Notes and characters
    may come as one text: a new line or ";" ends an item. `ifid` is a fresh upper-case UUID.

    Raises FormErrors with the fields title, happened, scenes, question, responses, group, notes, setting,
    characters.
    """
    errors: dict[str, BadInput] = {}
    happened, question = _clean(what_happened), _clean(question)
    title, told_by, setting = _clean(title), _clean(told_by), _clean(setting)
    notes, people = _items(content_notes), _items(characters)
    offered = [words for words in map(_clean, responses) if words]
    told = [pair for pair in ((_clean(name), _clean(text)) for name, text in scenes) if any(pair)]

    _note(errors, "title", _line(title, scenario.MAX_TITLE))
    _note(errors, "happened", _text(happened, scenario.MAX_TEXT))
    _note(errors, "question", _text(question, scenario.MAX_QUESTION))
    _note(errors, "scenes", _scenes(told))
    _note(errors, "responses", _responses(offered))
    for field, value in (("group", told_by), ("setting", setting)):
        _note(errors, field, _line(value, scenario.MAX_DETAIL) if value else None)
    for field, items in (("notes", notes), ("characters", people)):
        _note(errors, field, _list(items))
    if errors:
        raise FormErrors(errors)

    taken = {name for name, _ in told if name}
    before = [(_free(HAPPENED, taken), happened)]
    before += [(name or _free(f"Scene {n}", taken), text) for n, (name, text) in enumerate(told, start=2)]
    ask, after = _free(QUESTION, taken), _free(AFTER, taken)
    onward = [*(name for name, _ in before[1:]), ask]
    story = Scenario(
        title,
        ifid,
        before[0][0],
        (
            *(Scene(name, text, (Link("Go on", to),)) for (name, text), to in zip(before, onward, strict=True)),
            Scene(ask, question, tuple(Link(words, after) for words in offered), stop=True, decision=True),
            Scene(after, AFTER_TEXT),
        ),
        told_by=told_by,
        setting=setting,
        characters=people,
        content_notes=notes,
    )
    scenario.validate(story)
    return story


def _note(errors: dict[str, BadInput], field: str, error: BadInput | None) -> None:
    if error:
        error.field = field
        errors[field] = error


def _clean(text: str) -> str:
    """Tidy text without the characters that nobody sees: copying from a chat brings them along."""
    broken = _BREAKS.sub("\n", text)
    return twee.tidy("".join(char for char in broken if char == "\r" or not twee.hidden(char)))


def _items(value: str | Iterable[str]) -> tuple[str, ...]:
    text = _clean(value if isinstance(value, str) else "\n".join(value))
    return tuple(item.strip() for item in text.replace(";", "\n").split("\n") if item.strip())


def _free(name: str, taken: set[str]) -> str:
    """`name`, or `name (2)` and so on where a scene has it already; it is taken from then on."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    taken.add(free)
    return free


def _text(text: str, most: int) -> BadInput | None:
    if not text:
        return BadInput(_EMPTY)
    if len(text) > most:
        return BadInput(_TOO_LONG, most=most)
    return BadInput(_BRACKETS, mark="[[") if "[[" in text else None


def _line(text: str, most: int) -> BadInput | None:
    if not text:
        return BadInput(_EMPTY)
    if "\n" in text or "\t" in text:
        return BadInput(_ONE_LINE)
    return BadInput(_TOO_LONG, most=most) if len(text) > most else None


def _list(items: Sequence[str]) -> BadInput | None:
    if len(items) > scenario.MAX_DETAILS:
        return BadInput("This is too many. Use at most %(most)s.", most=scenario.MAX_DETAILS)
    return next((error for item in items if (error := _line(item, scenario.MAX_DETAIL))), None)


def _scenes(told: Sequence[tuple[str, str]]) -> BadInput | None:
    if len(told) > MAX_SCENES:
        return BadInput("There are too many scenes. Use at most %(most)s.", most=MAX_SCENES)
    named = [name for name, _ in told if name]
    for name, text in told:
        if not text:
            return BadInput('The scene "%(name)s" has no words. Write what happens in it.', name=name)
        if error := _text(text, scenario.MAX_TEXT) or (_line(name, scenario.MAX_NAME) if name else None):
            return error
        if named.count(name) > 1:
            return BadInput('Two scenes are called "%(name)s". Give each its own name.', name=name)
        if name in scenario.RESERVED or twee.link_fault(name, target=True):
            return BadInput('A scene cannot be called "%(name)s". Choose plain words.', name=name)
    return None


def _responses(offered: Sequence[str]) -> BadInput | None:
    least, most = scenario.MIN_RESPONSES, scenario.MAX_RESPONSES
    if not least <= len(offered) <= most:
        return BadInput("Give %(least)s to %(most)s things that somebody could do.", least=least, most=most)
    said: set[str] = set()
    for words in offered:
        if error := _line(words, scenario.MAX_RESPONSE):
            return error
        if twee.link_fault(words):
            return BadInput('Use plain words here, without brackets: "%(words)s".', words=words)
        if words.casefold() in said:
            return BadInput('"%(words)s" is there twice. Make each one different.', words=words)
        if scenario.is_none_of_these(words):
            return BadInput('"None of these" is offered with every vote. Leave it out here.')
        said.add(words.casefold())
    return None
