"""A small good story, as text and as a scenario, and a Hypothesis strategy that draws any good story."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from forum.stories import twee
from forum.stories.scenario import Link, Scenario, Scene
from forum.stories.visible_text import alike, trimmed

IFID = "3F0C1B52-7D0A-4C1B-9E55-0A3D5B6C7E81"
GOOD = f"""\
:: StoryTitle
The late bus

:: StoryData
{{"ifid": "{IFID}", "start": "Stop"}}

:: About [forum]
told by: carers

:: Stop [stop]
The bus is late.
[[Ask->Who?]]

:: Who? [decision]
Whom should Ana ask?
[[The driver->Home]]
[[A woman->Home]]
[[Nobody->Dark]]

:: Home
Ana gets home.

:: Dark
Ana waits.
"""
STORY = Scenario(
    "The late bus",
    IFID,
    "Stop",
    (
        Scene("Stop", "The bus is late.", (Link("Ask", "Who?"),), stop=True),
        Scene(
            "Who?",
            "Whom should Ana ask?",
            (Link("The driver", "Home"), Link("A woman", "Home"), Link("Nobody", "Dark")),
            decision=True,
        ),
        Scene("Home", "Ana gets home."),
        Scene("Dark", "Ana waits."),
    ),
    told_by="carers",
)
# Everything that means something in a header, in a link, in a list or at the start of a line, and some that does not.
TOKENS = (
    "::",
    "[[",
    "]]",
    "][",
    "->",
    "<-",
    "|",
    "[",
    "]",
    "{",
    "}",
    "\\",
    ":",
    ";",
    '"',
    "*",
    "%s",
    "a",
    "B",
    "é",
    " ",
)
AWKWARD = st.lists(st.sampled_from(TOKENS), max_size=6).map("".join)
ANY = AWKWARD | st.lists(AWKWARD | st.just("\t"), max_size=3).map("\n".join) | st.text(max_size=12)
# A busy machine may take its time over an example.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plain(text: str) -> str:
    """Makes one line of it that may stand anywhere."""
    return trimmed("".join(char for char in " ".join(text.split()) if not twee.hidden(char)))


def words(text: str) -> str:
    """Makes one line of it that may stand in a link: of two marks that would end it, one is taken out."""
    line = plain(text)
    while mark := next((mark for mark in ("[[", "]]", "][") if mark in line), None):
        line = line.replace(mark, mark[0])
    return line or "words"


def name(text: str) -> str:
    """Words that may name a scene."""
    line = words(text)
    while "->" in line:
        line = line.replace("->", ">")
    return trimmed(line.rstrip("] ")) or "name"


LINES = ANY.map(plain)
WORDS = ANY.map(words)
NAMES = ANY.map(name)
TEXTS = st.lists(LINES, min_size=1, max_size=4).map(lambda lines: twee.tidy("\n".join(map(words, lines))))
ITEMS = st.lists(LINES.map(lambda line: line.replace(";", ",") or "item"), max_size=3).map(tuple)


@st.composite
def stories(draw: st.DrawFn) -> Scenario:
    """Draws any story that keeps the rules: every scene leads to the next, some branch, some decide."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    scenes = []
    for index, called in enumerate(names):
        decision = draw(st.booleans())
        fewest, most = (3, 5) if decision else (1, 2)
        said = draw(st.lists(WORDS, min_size=fewest, max_size=most, unique_by=alike))
        to = draw(st.lists(st.sampled_from(names), min_size=len(said), max_size=len(said)))
        to[0] = names[(index + 1) % len(names)]
        links = tuple(Link(text, target) for text, target in zip(said, to, strict=True))
        scenes.append(Scene(called, draw(TEXTS), links, stop=draw(st.booleans()), decision=decision))
    return Scenario(
        draw(WORDS),
        str(draw(st.uuids())).upper(),
        draw(st.sampled_from(names)),
        tuple(scenes),
        told_by=draw(LINES),
        setting=draw(LINES),
        characters=draw(ITEMS),
        content_notes=draw(ITEMS),
    )
