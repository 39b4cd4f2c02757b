"""Macros that story formats put between the words: taken out, and told by their line."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.example_stories import PATIENT

from forum.stories import macros, twee
from forum.stories.foreign_story import HIDDEN


def plain(text: str, story_format: str) -> str:
    return "\n".join(line for line in macros.plain(text.split("\n"), story_format)[0] if line is not None)


@pytest.mark.parametrize(
    ("story_format", "text", "expected"),
    [
        ("Harlowe", "(set: $x to 1)Go", "Go"),
        ("harlowe", "(SET: $x to (a: 1, 2))Go", "Go"),
        ("Harlowe", '(if: $x is "a)")[Yes](else:)[No]', "YesNo"),
        ("Harlowe", "(if: the $bag's name is 'x')[Yes]", "Yes"),
        ("Harlowe", "(if: $x)[[[Home]]]", "[[Home]]"),
        ("Harlowe", "(if: $x)[[a->b]]", "[[a->b]]"),
        ("Harlowe", "|a>[She] goes [silently]<b|.", "She goes silently."),
        ("Harlowe", "(Nurse: come in) [silence]", "(Nurse: come in) [silence]"),
        ("Harlowe", "(set: $x to", "(set: $x to"),
        ("Harlowe", "(link-goto: 'Go on', \"Home\")", "[[Go on->Home]]"),
        ("Harlowe", '(link-goto: "Home")', "[[Home]]"),
        ("Harlowe", "a\n(set:\n$x to 1)\nb", "a\n\n\nb"),
        ("Harlowe", "<<not a macro>>", "<<not a macro>>"),
        ("SugarCube", "<<set $x to 1>>Go", "Go"),
        ("SugarCube", "(set: words)", "(set: words)"),
        ("SugarCube", '<<link "Go on" "Home">><</link>>', "[[Go on->Home]]"),
        ("SugarCube", "[[a->b][$x to 1]] [img[x.png]]", "[[a->b]] "),
        ("SugarCube", "<<if", "<<if"),
        ("Snowman", "<% a %>Go<%= b %>", "Go"),
        ("Chapbook", "a: 1\n--\n[if a]\nGo {a}", "\n\n\nGo "),
        ("Chapbook", "No facts\n--\nhere", "No facts\n--\nhere"),
        ("Paperthin", "<b>Go</b><br>on <!-- why --> <script>x()</script>", "Go on  "),
        ("Paperthin", "5 < 6 > 4 <quietly>", "5 < 6 > 4 <quietly>"),
        ("Harlowe", '(link: "Knock")[(set: $x to 1)(go-to: "Hall")]', "[[Knock->Hall]]"),
        ("Harlowe", '(link-repeat: "a")[(if: $x)[(goto:"A")](else:)[(goto: "B")]]', "[[a->A]] [[B]]"),
        ("Harlowe", '(link-reveal-goto: "a", "B")[(set: $x to 1)] on', "[[a->B]] on"),
        ("Harlowe", '(click-goto: ?door, "Hall") (click: ?a)[(goto: "B")]', "[[Hall]] [[B]]"),
        ("Harlowe", '(click-goto: "door", "Hall")', "[[door->Hall]]"),
        ("Harlowe", '(link-reveal: "More")[words]', "More words"),
        ("Harlowe", '(goto: "Hall")(goto: $x)(link-undo: "Back")', "[[Hall]]"),
        ("Harlowe", "(live: 2s)[x(stop:)](text: $x)(Str: 2)(display: 'P')", "x"),
        ("Harlowe", "{\nShe (set: $x to 1)\nsaid\n\nno.\n}\nNext", "She said no.\nNext"),
        ("Harlowe", "A {b} c } d { e", "A b c } d { e"),
        ("Harlowe", "A\\\nB\n\\C", "ABC"),
        ("Harlowe", "`(set: $x)` ``a`b``", "(set: $x) a`b"),
        ("Harlowe", "(text-style: 'bold')+(text-colour: red)[Now] $red[Now] ($mine: 1)[Now]", "Now Now Now"),
        ("Harlowe", "(if:\n$x)\n[Yes]", "\n\nYes"),
        ("Harlowe", "(align: '=><=')[=\nrest", "\nrest"),
        ("Harlowe", '(set: $a to "x"\n\n(set: $y to 2)Go (if: $z)[on]', '(set: $a to "x"\n\nGo on'),
        (
            "Harlowe",
            "''a'' //b// **c** *d* ~~e~~ ^^f^^ http://g.h//i\n==>\n# J\n---",
            "a b c d e f http://g.h//i\n\nJ\n",
        ),
        ("Harlowe", "[[b<-a]] [[a|b]] [[a->b]] [[b]]", "[[b<-a]] [[a|b]] [[a->b]] [[b]]"),
        ("SugarCube", '<<link "Go">><<set $d to true>><<goto "Drive">><</link>>', "[[Go->Drive]]"),
        ("SugarCube", "<<button [[a|b]]>><<set $x to 1>><</button>>", "[[a->b]]"),
        ("SugarCube", "<<link [[a->b][$x to 1]]>><</link>>", "[[a->b]]"),
        ("SugarCube", '<<link "a >> b" "C">><</link>>', "[[a >> b->C]]"),
        ("SugarCube", '<<link "x">><<goto $next>><</link>><<link "y" $n>><</link>>', "xy"),
        ("SugarCube", '<<link "Look">><<replace "#a">>No.<</replace>><</link>>', "Look"),
        ("SugarCube", '<<link "x">><<if $a>><<goto "A">><<else>><<goto [[B]]>><</if>><</link>>', "[[x->A]] [[B]]"),
        ("SugarCube", '<<actions "A" [[b|B]]>>|<<choice "B" "b">>', "[[A]] [[b->B]]|[[b->B]]"),
        ("SugarCube", '<<return>><<back [[Up|Hall]]>><<return "Back">>', "[[Up->Hall]]"),
        ("SugarCube", '<<goto "Hall">><<include "Foot">><<textbox "$n" "" "Next">>', "[[Hall]][[Next]]"),
        ("SugarCube", "<<script>>if (a >> 1 << 2) { x('</b>'); }<</script>>Go", "Go"),
        ("SugarCube", "<<silently>>no<<set $x to 1>><</silently>><<widget 'w'>>no<</widget>>Go", "Go"),
        ("SugarCube", "<<nobr>>Go<</nobr>><<if $a>>Yes<<elseif $b>>Maybe<<else>>No<</if>>", "GoYesMaybeNo"),
        ("SugarCube", "<<linkappend 'More'>>words<</linkappend>>", "More words"),
        ("SugarCube", "A/* b */C/% d %/E<!-- f -->G /* h", "ACEG /* h"),
        ("SugarCube", "The line\\\n is busy.", "The line is busy."),
        ("SugarCube", '"""<<set>>""" <nowiki><<x>></nowiki> {{{<<y>>}}}', "<<set>> <<x>> <<y>>"),
        (
            "SugarCube",
            "[img[Home|h.png][Hall]] [img[x.png][Hall][$x to 1]] [[a->b][$x[0] to 1]]",
            "[[Home->Hall]] [[Hall]] [[a->b]]",
        ),
        ("SugarCube", "''a'' //b// __c__ ==d== ~~e~~ ^^f^^ @@.red;g@@ @@#h;i@@\n!J\n----", "a b c d e f g i\nJ\n"),
        ("SugarCube", "<<print don't>> words <<print don't>> more", " words  more"),
        ("SugarCube", '<a data-passage="N" data-setter="$x to 1">Ask <b>the</b> man</a>', "[[Ask the man->N]]"),
        ("SugarCube", "<span data-passage='N'>x</span><img data-passage='pic'>", "[[x->N]]"),
        ("SugarCube", '<a sc-eval:data-passage="$n">x</a>', "x"),
        ("Snowman", '<% story.show("X") %>|<% window.story.show(n) %>|<%= y %>', "[[X]]||"),
        (
            "Snowman",
            "<a href=\"javascript:window.story.show('Y')\">go</a> <a data-passage=Z>z</a>",
            "[[go->Y]] [[z->Z]]",
        ),
        ("Chapbook", "[note]\nno\n[cont]\nGo\n[if a[0] > 1; align center]\nOn", "\n\n\nGo\n\nOn"),
        (
            "Chapbook",
            "[ifnever]\nno\n[append]\nyes\n[JavaScript; append]\nno\n\nno\n[continue]\nEnd",
            "\n\n\nyes\n\n\n\n\n\nEnd",
        ),
        ("Chapbook", "[CSS]\nno\n[n.b.]\nno\n[todo]\nno\n[fixme]\nno\n[note to myself]\nno", "\n" * 9),
        ("Chapbook", "{link to: 'X', label: 'go'} {redirect to: \"Y\"}", "[[go->X]] [[Y]]"),
        ("Chapbook", "{reveal link: 'l', passage: 'y'}{embed passage: 'x'}{back link, label: 'b'}", "l"),
        ("Chapbook", "> [[Go->X]]\n**a** *b* _c_ `d` a_b_c\n# E\n***", "[[Go->X]]\na b c d a_b_c\nE\n"),
        ("Unheard of", "(set: $x)<<y>><% z %><i>Go</i>", "Go"),
        ("Unheard of", "[silence]\n{braces}", "[silence]\n{braces}"),
    ],
)
def test_words_stay_and_instructions_go(story_format: str, text: str, expected: str) -> None:
    assert plain(text, story_format) == expected


def test_what_goes_is_told_with_its_line() -> None:
    _, notes = macros.plain(["One", "<b>two</b> (set: $x to 1)", "(if: $x)[three] $y"], "Harlowe")
    assert notes == [
        (1, '"(set: $x to 1)" was left out: it is an instruction to the story format, not words.'),
        (1, '"<b>" was left out: it is HTML. The words in it were kept.'),
        (2, '"$y" is a variable. It stands in the text as it is.'),
        (2, '"(if: $x)" was left out: it is an instruction to the story format, not words.'),
        (2, "The hook that begins here was taken off. Its words were kept."),
    ]


@pytest.mark.parametrize(
    ("story_format", "text", "sentence"),
    [
        ("Harlowe", "(goto: $x)", "only the story format knows where it leads"),
        ("Harlowe", "(display: 'P')", "it puts the words of another passage here"),
        ("Harlowe", "{a}", "The braces that make one line"),
        ("SugarCube", '<<link "x">><<goto $next>><</link>>', "only the story format knows where it leads"),
        ("SugarCube", "<<return>>", "only the story format knows where it leads"),
        ("SugarCube", "<<include 'P'>>", "it puts the words of another passage here"),
        ("SugarCube", "<<script>>x<</script>>", "it is code, not words"),
        ("SugarCube", "/* x */", "a note of the writer"),
        ("SugarCube", "a\\\nb", "The backslash that joins"),
        ("SugarCube", "''b''", "Marks for bold, italics"),
        ("Chapbook", "[JavaScript]\nx()", '"x()" was left out: it is code, not words.'),
        ("Chapbook", "[note]\nx y", '"x y" was left out: it is a note of the writer'),
        ("Chapbook", "{embed passage: 'x'}", "it puts the words of another passage here"),
        ("Snowman", "<% x %>", "it is code, not words"),
    ],
)
def test_why_it_went_is_said(story_format: str, text: str, sentence: str) -> None:
    notes = macros.plain(text.split("\n"), story_format)[1]
    assert any(sentence in said for _, said in notes), notes


@pytest.mark.timeout(120)
@pytest.mark.parametrize("story_format", ["Harlowe", "SugarCube", "Chapbook", "Snowman", "Unheard of"])
def test_a_file_made_to_take_long_does_not(story_format: str) -> None:
    """Each of these was, or would be, looked at as often as it is long; 229 kB of it are minutes then."""
    for unit in (
        '<<link "a" ', "<<a '", "(set: (", "(link: 'a')[", "{\n", "[[a][", " ", "<a data-passage=x>", "@@a;", "*a ",
        "\\\n", "[note]\na", "{'a", "`", "/* ", "story.show(",
    ):  # fmt: skip
        text = unit * (229_000 // len(unit))
        left, _ = macros.plain([*text.split("\n"), ">> x"], story_format)
        assert len(left) == text.count("\n") + 2


MARKS = (
    "(set:",
    "(if: $x)",
    ")",
    "[",
    "]",
    "[[",
    "]]",
    "|a>[",
    "]<a|",
    "<<",
    ">>",
    "<%",
    "%>",
    "<b>",
    "</b",
    "<!--",
    "-->",
)
MORE = (
    '"',
    "'",
    "{",
    "}",
    "--",
    "\n",
    "a: b",
    "<script",
    "</script>",
    "[img[",
    "][",
    "$x",
    "words ",
    "(",
    "link-goto:",
    "(link: 'a')[",
    "(goto: 'b')",
    "`",
    "\\",
    "\\\n",
    "<<link 'a'>>",
    "<<goto 'b'>>",
    "<</link>>",
    "<<script>>",
    "<</script>>",
    "/*",
    "*/",
    "@@",
    "''",
    "**",
    "\n[note]\n",
    "{link to: 'a'}",
    "<a data-passage='b'>",
    "</a>",
    "$x[",
    "[=",
)


@PATIENT
@given(
    st.lists(st.sampled_from((*MARKS, *MORE)), max_size=30).map("".join) | st.text().map(lambda t: HIDDEN.sub("", t)),
    st.sampled_from(["Harlowe", "SugarCube", "Snowman", "Chapbook", "Paperthin", "", "Unheard of"]),
)
def test_there_are_as_many_lines_as_before_and_nothing_hidden(text: str, story_format: str) -> None:
    lines = text.split("\n")
    left, notes = macros.plain(lines, story_format)
    assert len(left) == len(lines)
    assert all(0 <= at < len(lines) for at, _ in notes)
    assert not any(twee.hidden(line) for line in left if line is not None)
    if left != lines:
        assert notes


def test_hidden_is_what_the_rules_of_a_story_call_hidden() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    assert all(bool(HIDDEN.match(char)) == bool(twee.hidden(char)) for char in every)
