"""The notation: headers, escapes, links in a line, and what a file may be made of."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.errors import Problem, StoryProblems
from forum.stories import twee

# A busy machine may take its time over an example.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
AWKWARD = st.text(alphabet=st.sampled_from("ab é\\[]{}:|<>-;\"'#$\t"), max_size=24)


def passages(text: str) -> list[twee.Passage]:
    found, problems = twee.read(text)
    assert problems == []
    return found


def faults(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in twee.read(text)[1]]


def test_a_header_has_a_name_then_tags_then_metadata() -> None:
    (passage,) = passages(':: An old road [forest  dark] {"position":"600,400","size":"100,200"}\nText\n')
    assert passage == twee.Passage("An old road", ("forest", "dark"), 1, ("Text", ""))


@pytest.mark.parametrize(
    ("header", "name", "tags"),
    [
        ("::Tight", "Tight", ()),
        ("::   Loose   ", "Loose", ()),
        (":: Only metadata {}", "Only metadata", ()),
        (":: Name[tag]", "Name", ("tag",)),
        (":: Empty block []", "Empty block", ()),
        (r":: a \[b\] \{c\} \\d", r"a [b] {c} \d", ()),
        (r":: q\uick [t\]ag]", "quick", ("t]ag",)),
        (":: ends in a backslash\\\\ [x]", "ends in a backslash\\", ("x",)),
        (":: lone backslash at the end\\", "lone backslash at the end\\", ()),
        (r":: \ spaced by Twine\ ", "spaced by Twine", ()),
        (":: :: colons", ":: colons", ()),
    ],
)
def test_headers(header: str, name: str, tags: tuple[str, ...]) -> None:
    (passage,) = passages(header)
    assert (passage.name, passage.tags) == (name, tags)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::", [(1, 'This passage has no name. Write it after "::".')]),
        ("\n:: [tag]", [(2, 'This passage has no name. Write it after "::".')]),
        (":: a ] b", [(1, "Put a backslash before each bracket in a passage's name.")]),
        (":: a [tag", [(1, 'The tags are not closed. Put "]" after the last one.')]),
        (":: a {oops}", [(1, "What follows the passage's name and tags is not a JSON object.")]),
        (":: a [t] more", [(1, "What follows the passage's name and tags is not a JSON object.")]),
        (":: a [t] [u]", [(1, "What follows the passage's name and tags is not a JSON object.")]),
        (":: a {" + "[" * 50_000, [(1, "What follows the passage's name and tags is not a JSON object.")]),
        ("\n\nhello\nagain\n:: a", [(3, 'There is text before the first passage. A passage starts with "::".')]),
        (":: a\nb\x07\x08", [(2, "There is a hidden character here (U+0007). Take it out.")]),
        (":: a\n\u202eb", [(2, "There is a hidden character here (U+202E). Take it out.")]),
        (":: a\n\ud800", [(2, "There is a hidden character here (U+D800). Take it out.")]),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    assert faults(text) == expected


def test_a_passage_without_a_name_does_not_spoil_the_others() -> None:
    found, problems = twee.read("::\nlost\n:: Two\nkept")
    assert [(p.name, p.line, p.body) for p in found] == [("Two", 3, ("kept",))]
    assert [p.line for p in problems] == [1]


def test_a_line_that_looks_like_a_header_is_text_after_a_backslash_as_in_twine() -> None:
    (passage,) = passages(":: a\n\\:: b\n\\\\:: c\n\\: d\nx :: e\n :: f")
    assert passage.body == (":: b", "\\:: c", ": d", "x :: e", " :: f")


@PATIENT
@given(st.lists(st.tuples(AWKWARD.map(str.strip).filter(bool), st.lists(AWKWARD, min_size=1, max_size=4)), min_size=1))
def test_passages_read_back_as_they_were_written(story: list[tuple[str, list[str]]]) -> None:
    text = "".join(twee.write_passage(name, ["a[b", "c\\"], body) for name, body in story)
    found = passages(text.removesuffix("\n"))
    assert [(p.name, p.tags, list(p.body)) for p in found] == [(name, ("a[b", "c\\"), body) for name, body in story]


@pytest.mark.parametrize(
    ("line", "rest", "links"),
    [
        ("no link at all", "no link at all", []),
        ("[[Next]]", "", [("Next", "Next")]),
        ("[[go on->Next]]", "", [("go on", "Next")]),
        ("[[Next<-go on]]", "", [("go on", "Next")]),
        ("[[go on|Next]]", "", [("go on", "Next")]),
        ("[[ go on -> Next ]]", "", [("go on", "Next")]),
        ("[[a->b->c]]", "", [("a->b", "c")]),
        ("[[a<-b<-c]]", "", [("b<-c", "a")]),
        ("[[a<-b->c]]", "", [("a<-b", "c")]),
        ("* [[a->b]]", "", [("a", "b")]),
        ("1. [[a->b]] | [[c->d]]", "", [("a", "b"), ("c", "d")]),
        ("She [[rings->Ring]] or [[waits->Wait]].", "She rings or waits.", [("rings", "Ring"), ("waits", "Wait")]),
        ("[[[sic] go->a]]", "", [("[sic] go", "a")]),
        ("a ]] b", "a ]] b", []),
        ("* * *", "* * *", []),
    ],
)
def test_links_in_a_line(line: str, rest: str, links: list[tuple[str, str]]) -> None:
    assert twee.take_links(line) == (rest, links, [])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[[open", 'This link is not closed. Put "]]" at its end.'),
        ("[[a [[b]]", 'This link is not closed. Put "]]" at its end.'),
        ("[[]]", "A link needs words and a scene: [[words->scene]]."),
        ("[[->b]]", "A link needs words and a scene: [[words->scene]]."),
        ("[[a->]]", "A link needs words and a scene: [[words->scene]]."),
        ("[[a->b][$x to 1]]", "A link can hold words and a scene, and nothing else."),
    ],
)
def test_broken_links(line: str, fault: str) -> None:
    _, links, found = twee.take_links(line)
    assert (links, found) == ([], [fault])


@PATIENT
@given(AWKWARD.map(str.strip), AWKWARD.map(str.strip))
def test_a_link_without_a_fault_reads_back_as_it_was_written(words: str, to: str) -> None:
    if words and to and not twee.link_fault(words) and not twee.link_fault(to, target=True):
        assert twee.take_links(twee.write_link(words, to)) == ("", [(words, to)], [])


@PATIENT
@given(st.text(alphabet="[]<->| ab", max_size=40))
def test_a_line_never_keeps_the_beginning_of_a_link(line: str) -> None:
    rest, links, found = twee.take_links(line)
    assert links or found or rest == line


def test_many_open_brackets_take_no_time_to_refuse() -> None:
    _, links, found = twee.take_links("[[" * 100_000)
    assert (links, len(found)) == ([], 1)


def test_bytes_are_utf_8_and_a_byte_order_mark_is_no_matter() -> None:
    assert twee.decode("\ufeffé\r\nb\rc".encode()) == "é\nb\nc"
    assert twee.decode("\ufeffé") == "é"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"a\nb\nh\xe9", Problem(3, "This is not UTF-8 text. Save the file as UTF-8.")),
        ("a\n:: b".encode("utf-16"), Problem(1, "This is not UTF-8 text. Save the file as UTF-8.")),
        (b"\na\0", Problem(2, "This is not text: it holds a NUL character. Save the file as UTF-8.")),
        ("\0", Problem(1, "This is not text: it holds a NUL character. Save the file as UTF-8.")),
        (b"x" * (twee.MAX_BYTES + 1), Problem(1, "The file is too big. A story can have 256 KiB.")),
        ("é" * (twee.MAX_BYTES // 2 + 1), Problem(1, "The file is too big. A story can have 256 KiB.")),
    ],
)
def test_what_is_no_text_is_refused(source: bytes | str, expected: Problem) -> None:
    with pytest.raises(StoryProblems) as caught:
        twee.decode(source)
    assert caught.value.problems == (expected,)


def test_the_biggest_file_is_taken() -> None:
    assert len(twee.decode(b"x" * twee.MAX_BYTES)) == twee.MAX_BYTES


@PATIENT
@given(st.text())
def test_tidy_text_stays_as_it_is(text: str) -> None:
    once = twee.tidy(text)
    assert twee.tidy(once) == once
    assert "\n\n\n" not in once
    assert once.split() == text.split()


@pytest.mark.parametrize("good", ["Zoë", "line\nline\ttab", "Iawn, diolch", "👩‍⚕️", "«ça va»", "أهلا"])
def test_words_of_any_language_hold_nothing_hidden(good: str) -> None:
    assert twee.hidden(good) is None


def test_a_quoted_text_is_short_and_shows_nothing_hidden() -> None:
    assert twee.shorten("a\nb\x1b[31m") == "a\ufffdb\ufffd[31m"
    assert twee.shorten("x" * 60) == "x" * 60
    assert twee.shorten("x" * 61) == "x" * 57 + "..."
