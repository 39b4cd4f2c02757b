"""The commissioner's report, as a page and as a PDF: what it says, and that hostile words stay words."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pypdf
import pytest
from support.record_keeper import CRISIS, a_keeper, a_keeper_of_ways

from forum.adapters.report_pdf import Block, Heading, Items, Paragraph, Picture, Table, pdf
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.public_log import Log
from forum.web import report

HOSTILE = (
    "#import \"/etc/passwd\": x", "= A heading", "$ sum $ *bold* _slant_ @ref <label>", "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>", "=1+1", "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "Donau" * 60, "#panic() \\ [x] `raw` // no comment", "two\nlines",
)  # fmt: skip


class Reader(HTMLParser):
    """Reader of a page: its tags, its text, and what it would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps a tag, and the addresses in it."""
        self.tags.append(tag)
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href", "action") and value]

    def handle_data(self, data: str) -> None:
        """Keeps text."""
        self.text += data


@pytest.fixture(scope="module")
def log() -> Log:
    return a_keeper().log()


def words_in(made: list[Block]) -> str:
    """Puts all words of a report together, those of its pictures included."""
    said: list[str] = []
    for block in made:
        if isinstance(block, (Heading, Paragraph)):
            said.append(block.words)
        elif isinstance(block, Items):
            said += block.items
        elif isinstance(block, Table):
            said += [block.caption, *block.head, *(cell for row in block.rows for cell in row)]
        else:
            said.append(block.alt)
    return "\n".join(said)


def test_it_tells_question_power_people_votes_decisions_and_promises(log: Log) -> None:
    made = list(report.blocks(log))
    said = words_in(made)
    for words in (
        CRISIS.question, "The joint board", "People who joined: 41", "People who use services", "Send a nurse",
        "At least ", "I would accept this if they come in plain clothes", "A nurse is there in twenty minutes.",
        "The police hold that they come first", "-Two nurses, from April", "The screen showed the wrong scene",
        "@home could not see it", "@Two nurses,\nevery night", "10-12",
    ):  # fmt: skip
        assert words in said, words
    assert re.search(r"The public record had \d+ entries, and its root was [0-9a-f]{64}", said)
    tables = [block for block in made if isinstance(block, Table)]
    assert all(len(row) == len(table.head) for table in tables for row in table.rows)
    pictures = [block for block in made if isinstance(block, Picture)]
    assert len(pictures) > 5
    assert all(len(picture.alt) > 20 for picture in pictures)
    # Of an annulled vote, and of one that nobody has seen, the question alone.
    for question in ("The screen showed the wrong scene", "What nobody has seen the answer to"):
        at = next(i for i, block in enumerate(made) if isinstance(block, Heading) and block.words == question)
        assert isinstance(made[at + 1], Paragraph)
        assert isinstance(made[at + 2], Heading)


def test_no_small_group_is_named_that_no_result_names(log: Log) -> None:
    for table in (block for block in report.blocks(log) if isinstance(block, Table) and block.caption == "By group"):
        assert set(table.head[1:]) <= {"People who use services", "Carers", "Nurses", "other groups"}


def test_it_is_of_one_session_or_commission(log: Log) -> None:
    sessions = [entry["session"] for entry in log.entries if entry["type"] == "session opened"]
    titles = {log.sessions[one]["title"] for one in sessions}
    for session in sessions:
        title = log.sessions[session]["title"]
        of_it = a_keeper().log(log.sessions[session]["commission"], session)
        heads = {block.words for block in report.blocks(of_it) if isinstance(block, Heading)}
        assert heads & titles == {title}
        assert report.title_of(of_it) == f"Report: {title}"
    # A decision on a vote of another session, where it names one of this.
    day = words_in(list(report.blocks(a_keeper().log(CRISIS.id, sessions[0]))))
    assert "So said those who were on shift" in day
    assert "There is no lift" not in day
    one = a_keeper().log(CRISIS.id)
    assert report.title_of(one) == f"Report: {CRISIS.title}"
    assert "A quiet room" not in words_in(list(report.blocks(one)))


def test_every_way_of_voting_is_told() -> None:
    made = list(report.blocks(a_keeper_of_ways().log()))
    said = words_in(made)
    for method in ("single", "approval", "score", "ranked", "consent", "opinion"):
        assert f"A question for {method}" in said
    voted = [at for at, one in enumerate(made) if isinstance(one, Table) and one.caption == "How everybody voted"]
    assert len(voted) == 12
    for at in voted:
        picture = made[at - 1]
        assert isinstance(picture, Picture), made[at - 3]
        assert picture.alt
    alts = [one.alt for one in made if isinstance(one, Picture)]
    assert any("Send a nurse: Chose it: 17, Did not choose it: 16" in alt for alt in alts)
    assert any("Send a nurse, mean 3.00: 1 (not at all): 11, 3: 11, 5 (very much): 11" in alt for alt in alts)


def test_earlier_texts_of_proposals_are_told_with_what_became_of_them(log: Log) -> None:
    made = list(report.blocks(log))
    told = [made[at + 1] for at, one in enumerate(made) if isinstance(one, Heading) and one.words == "Earlier texts"]
    each = Items(("One nurse → 007 (dropped)", "007 → @Two nurses,\nevery night (taken)"))
    assert told == [each] * len(log.sessions)


def test_a_table_can_be_moved_sideways_and_only_a_very_long_word_is_broken() -> None:
    long = "Donau" * 12
    page = report.html([Table("By <group>", ("Response", "Ambulance crews"), ((long, "3"),))], "Report").decode()
    assert '<div class="scroll" role="region" tabindex="0" aria-label="By &lt;group&gt;"><table>' in page
    assert '<th scope="col" dir="auto">Ambulance crews</th>' in page
    [cell] = re.findall('<th scope="row" dir="auto">(.*?)</th>', page)
    assert (cell.replace("<wbr>", ""), cell.count("<wbr>")) == (long, 2)


def root_of(drawn: pypdf.PdfReader) -> Any:
    return drawn.trailer["/Root"]


def hostile(log: Log) -> Log:
    """Returns a log that says hostile words in every place, and states them."""
    said = {}
    for number, (digest, encoded) in enumerate(log.disclosures.items()):
        salt, name, value = open_disclosure(encoded)
        words = HOSTILE[number % len(HOSTILE)] if isinstance(value, str) else value
        said[digest] = disclosure(salt, name, words)[1]
    reasons = [{**row, "words": HOSTILE[n % len(HOSTILE)]} for n, row in enumerate(log.stated["reasons.csv"])]
    return replace(log, disclosures=said, stated={**log.stated, "reasons.csv": reasons})


def test_hostile_words_stay_words_in_both(log: Log) -> None:
    made = list(report.blocks(hostile(log)))
    title = "<b>#panic()</b> " + "x" * 200
    page = Reader(report.html(made, title).decode())
    assert {"script", "img", "b", "link", "iframe"} & set(page.tags) == set()
    assert page.fetched == []
    assert set(HOSTILE) <= {words for words in HOSTILE if words in page.text}
    drawn = pypdf.PdfReader(io.BytesIO(pdf(made, title, "en")))
    text = "".join(one.extract_text() for one in drawn.pages).replace("\u200b", "")
    flat = re.sub(r"\s", "", text)
    for words in ("#import", "=Aheading", "<script>alert(1)</script>", "#panic()", "Donau" * 10, "=1+1"):
        assert words in flat, words
    assert "/OpenAction" not in root_of(drawn)


def test_the_pdf_is_tagged_has_title_language_and_words_for_pictures(log: Log) -> None:
    # A thumb in a reason is in no font that is sure to be there.
    reasons = [{**row, "words": "It is near"} for row in log.stated["reasons.csv"]]
    made = list(report.blocks(replace(log, stated={**log.stated, "reasons.csv": reasons})))
    data = pdf(made, report.title_of(log), "cy")
    drawn = pypdf.PdfReader(io.BytesIO(data))
    root = root_of(drawn)
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("cy", True)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712 - an object of pypdf
    assert drawn.metadata is not None
    assert drawn.metadata.title == "Report: all commissions"
    assert b"pdfuaid" in data
    kinds: list[str] = []
    described: list[str] = []
    waiting: list[Any] = [root["/StructTreeRoot"]]
    while waiting:
        one = waiting.pop().get_object()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            kinds.append(str(one.get("/S")))
            described += [str(one["/Alt"])] if "/Alt" in one else []
            waiting += [one["/K"]] if "/K" in one else []
    assert {"/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Figure"} <= set(kinds)
    assert sorted(described) == sorted(block.alt for block in made if isinstance(block, Picture))
