from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from forum.errors import BadInput
from forum.rehearsal.polis import (
    COMMENTS,
    FILES,
    PARTICIPANTS,
    SUMMARY,
    VOTES,
    Conversation,
    Participant,
    Statement,
    Vote,
    read,
)

HERE = Path(__file__).parents[1]
SHIPPED = HERE / "data" / "polis" / "london.youth.policing"
SHARED = HERE.parent.parent / "shared" / "data" / "polis"

SMALL = {
    SUMMARY: "topic,Night care\nurl,https://example.org/1\nconversation-description,\n",
    COMMENTS: (
        "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n"
        '9,then,10,1,2,0,1,"A nurse should come.\nAt once."\n'
        "8,then,2,1,0,1,1,The police should come\n"
        "7,then,3,1,0,0,-1,Nobody voted on this\n"
    ),
    VOTES: (
        "timestamp,datetime,comment-id,voter-id,vote\n"
        "500,then,2,7,-1\n"
        "100,then,10,7,1\n"
        "300,then,10,8,0\n"
        "400,then,10,7,0\n"
        "400,then,10,8,1\n"
    ),
    PARTICIPANTS: (
        "participant,xid,group-id,n-comments,n-votes,n-agree,n-disagree,2,10\n"
        "8,,,0,1,1,0,,1\n"
        "7,x,1,0,2,0,1,-1,0\n"
    ),
}  # fmt: skip


def folder(path: Path) -> Conversation:
    return read({name: (path / name).read_text("utf-8") for name in FILES})


def test_a_small_conversation() -> None:
    found = read(SMALL)
    assert (found.topic, found.url) == ("Night care", "https://example.org/1")
    assert found.statements == (Statement(2, "The police should come"), Statement(10, "A nurse should come. At once."))
    assert found.participants == (Participant(7, 1), Participant(8, None))
    assert found.votes == (
        Vote(100, 10, 7, "agree"),
        Vote(300, 10, 8, "pass"),
        Vote(400, 10, 7, "pass"),
        Vote(400, 10, 8, "agree"),
        Vote(500, 2, 7, "disagree"),
    )
    assert found.expected() == {2: {"agree": 0, "disagree": 1, "pass": 0}, 10: {"agree": 1, "disagree": 0, "pass": 1}}
    assert found.source_totals_wrong == (
        {
            "statement": 10,
            "text": "A nurse should come. At once.",
            "published": {"agrees": 2, "disagrees": 0},
            "true": {"agrees": 1, "disagrees": 0},
        },
    )


def test_votes_at_the_same_moment_stay_in_the_order_of_the_file() -> None:
    again = SMALL[VOTES] + "500,then,2,7,1\n500,then,2,7,0\n"
    people = SMALL[PARTICIPANTS].replace("7,x,1,0,2,0,1,-1,0", "7,x,1,0,2,0,1,0,0")
    assert read(SMALL | {VOTES: again, PARTICIPANTS: people}).expected()[2] == {"agree": 0, "disagree": 0, "pass": 1}


def test_a_statement_that_comments_lack_is_kept_without_words() -> None:
    without = "\n".join(line for line in SMALL[COMMENTS].split("\n") if not line.startswith("8,"))
    found = read(SMALL | {COMMENTS: without})
    assert found.statements[0] == Statement(2, "")
    assert [wrong["statement"] for wrong in found.source_totals_wrong] == [10]


def test_empty_lines_are_left_out() -> None:
    assert read(SMALL | {VOTES: SMALL[VOTES].replace("\n", "\n\n")}) == read(SMALL)


def test_a_field_without_end_is_refused() -> None:
    endless = SMALL[COMMENTS].replace("The police", "police " * 50_000)
    with pytest.raises(BadInput, match=r"comments\.csv, line 4: this is not CSV: field larger"):
        read(SMALL | {COMMENTS: endless})


def test_only_line_feeds_end_a_line() -> None:
    odd = SMALL[COMMENTS].replace("The police should come", "The\u2028police\x0bshould\x85come")
    assert read(SMALL | {COMMENTS: odd}).statements[0].text == "The police should come"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    windows = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in SMALL.items()}
    assert read(windows) == read(SMALL)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (VOTES, "voter-id", "voter", "votes.csv, line 1: there is no column voter-id."),
        (VOTES, "datetime", "vote", "votes.csv, line 1: there are two columns vote."),
        (VOTES, "300,then,10,8,0", "300,then,10,8,2", "votes.csv, line 4: vote is '2', not 1, 0 or -1."),
        (VOTES, "300,then,10,8,0", "300,then,10,8,", "votes.csv, line 4: vote is '', not 1, 0 or -1."),
        (VOTES, "300,then", "soon,then", "votes.csv, line 4: timestamp is 'soon', which is no number."),
        (VOTES, "300,then", "١٢٣,then", "votes.csv, line 4: timestamp is '١٢٣', which is no number."),
        (VOTES, "300,then,10,8,0", "300,then,10,8", "votes.csv, line 4: there are 4 fields, not 5."),
        (VOTES, "300,then", '300,"th"en', "votes.csv, line 4: this is not CSV: "),
        (VOTES, "300,then,10,8,0", '300,"then,10,8,0', "votes.csv, line 4: this is not CSV: "),
        (VOTES, "300,then,10,8,0", "300,then,10,9,0", "participants-votes.csv has no participant 9, who voted."),
        (VOTES, "500,then,2,7,-1", "500,then,4,7,1", "participants-votes.csv, line 3: the vote of participant 7"),
        (COMMENTS, "comment-body", "body", "comments.csv, line 1: there is no column comment-body."),
        # The first record takes two lines, so the second begins on line 4.
        (COMMENTS, "8,then,2,1,0,", "8,then,2,1,none,", "comments.csv, line 4: agrees is 'none', which is no number."),
        (COMMENTS, "8,then,2", "8,then,10", "comments.csv, line 4: statement 10 is there twice."),
        (PARTICIPANTS, "group-id", "group", "participants-votes.csv, line 1: there is no column group-id."),
        (PARTICIPANTS, ",2,10", ",10,10", "participants-votes.csv, line 1: there are two columns 10."),
        (PARTICIPANTS, "7,x,1", "8,x,1", "participants-votes.csv, line 3: participant 8 is there twice."),
        (PARTICIPANTS, "7,x,1", "7,x,one", "participants-votes.csv, line 3: group-id is 'one', which is no number."),
        (PARTICIPANTS, ",-1,0\n", ",-1,x\n", "participants-votes.csv, line 3: 10 is 'x', not 1, 0 or -1."),
        (
            PARTICIPANTS,
            ",-1,0\n",
            ",-1,1\n",
            "participants-votes.csv, line 3: the vote of participant 7 on statement 10 is not their last one in",
        ),
        (PARTICIPANTS, ",-1,0\n", ",,0\n", "participants-votes.csv, line 3: the vote of participant 7 on statement 2"),
        (PARTICIPANTS, ",2,10", ",two,10", "participants-votes.csv has no column for statement 2, which has votes."),
    ],
)
def test_what_is_malformed_is_named_with_its_file_and_line(file: str, old: str, new: str, says: str) -> None:
    assert old in SMALL[file]
    with pytest.raises(BadInput) as error:
        read(SMALL | {file: SMALL[file].replace(old, new, 1)})
    assert str(error.value).startswith(says)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(name: str) -> None:
    with pytest.raises(BadInput, match=f"{name} is missing"):
        read({file: text for file, text in SMALL.items() if file != name})


@pytest.mark.parametrize("name", [COMMENTS, VOTES, PARTICIPANTS])
def test_an_empty_file_has_no_columns(name: str) -> None:
    with pytest.raises(BadInput, match=f"{name}, line 1: there is no column"):
        read(SMALL | {name: ""})


def test_a_conversation_without_votes_is_none() -> None:
    with pytest.raises(BadInput, match=r"votes\.csv holds no votes"):
        read(SMALL | {VOTES: SMALL[VOTES].split("\n")[0] + "\n"})


# ---------------------------------------------------------------- real conversations


# Statements with votes, participants, votes, votes that count, statements with wrong totals.
SIZES = {"london.youth.policing": (36, 26, 640, 638, 2), "scoop-hivemind.ubi": (70, 234, 7174, 7153, 18)}


def conversations() -> list[Path]:
    return [SHIPPED, *(sorted(path for path in SHARED.iterdir() if path.is_dir()) if SHARED.exists() else [])]


def test_the_shipped_conversation() -> None:
    found = folder(SHIPPED)
    assert found.topic == "What is the best way to engage more young people in local scrutiny of policing?"
    assert (len(found.statements), len(found.participants), len(found.votes)) == (36, 26, 640)
    assert Counter(person.group for person in found.participants) == {1: 18, 0: 3, 2: 3, None: 2}
    assert sum(sum(counts.values()) for counts in found.expected().values()) == 638
    assert [
        (w["statement"], w["published"]["agrees"], w["true"]["agrees"]) for w in found.source_totals_wrong
    ] == [(10, 13, 12), (25, 16, 15)]  # fmt: skip
    assert "CC BY 4.0" in (SHIPPED / "ATTRIBUTION.md").read_text("utf-8")


@pytest.mark.parametrize("path", conversations(), ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_real_conversation_comes_to_what_its_participants_ended_with(path: Path) -> None:
    found = folder(path)
    with (path / PARTICIPANTS).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [statement.id for statement in found.statements] == sorted({vote.statement for vote in found.votes})
    assert [vote.at for vote in found.votes] == sorted(vote.at for vote in found.votes)
    assert all(statement.text for statement in found.statements)
    assert len(found.participants) == len(rows)
    for statement, counts in found.expected().items():
        column = Counter(row[str(statement)] for row in rows)
        assert (counts["agree"], counts["disagree"], counts["pass"]) == (column["1"], column["-1"], column["0"])

    if path.name in SIZES:
        whole = sum(sum(counts.values()) for counts in found.expected().values())
        wrong = len(found.source_totals_wrong)
        assert (len(found.statements), len(found.participants), len(found.votes), whole, wrong) == SIZES[path.name]
