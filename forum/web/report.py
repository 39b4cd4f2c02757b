"""The commissioner's report: what was asked, who came, how they voted, what was decided, where to check it.

It is made of what an export holds and nothing else, so that nobody reads in it what is not published. `blocks` is the
report, `html` writes it as one file that needs no other; forum/adapters/report_pdf.py draws it as a PDF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from forum.adapters.report_pdf import (
    CHART_STYLE,
    ZERO_WIDTH,
    Block,
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    breakable,
)
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.public_log import Entry, Log
from forum.record.verify.rounds import Steps
from forum.voting.difference import dissenting
from forum.voting.methods import METHODS
from forum.voting.result import Result, TableRow
from forum.voting.round import Response, Round
from forum.voting.suppression import NO_COUNT
from forum.web.charts.view_shift import alluvial
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language
from forum.web.words import entries
from forum.web.words.methods import mark_words, rounded_note
from forum.web.words.pictures import responses_picture, run_off_picture, shares_picture
from forum.web.words.terms import answer_by_words, chart_words, outcome_words, power_words, row_label

_DESC = re.compile("<desc[^>]*>(.*?)</desc>", re.DOTALL)


def title_of(log: Log) -> str:
    """Returns the title of the report of a log: of one session, of one commission or of all."""
    title = log.titles.get(log.commission or "", _("all commissions"))
    return _("Report: %(title)s") % {"title": log.sessions[log.session]["title"] if log.session else title}


def blocks(log: Log) -> Iterator[Block]:
    """Yields the report of a log."""
    yield Heading(1, title_of(log))
    if log.entries:
        yield Paragraph(_("From the record as it was on %(day)s.") % {"day": day(log.entries[-1]["at"])})
    by_commission: dict[str, list[Entry]] = {}
    for _index, entry in log.chosen("session opened"):
        by_commission.setdefault(entry["commission"], []).append(entry)
    for commission, held in by_commission.items():
        yield from _commission(log, held[-1])
        for entry in held:
            yield from _session(log, entry)
        yield from _decisions(log, commission)
    yield Heading(2, _("Where to check this"))
    leaves = [leaf_hash(canonical(entry)) for entry in log.entries]
    said = _("The public record had %(entries)s entries, and its root was %(root)s.")
    yield Paragraph(said % {"entries": len(leaves), "root": root(leaves).hex()})
    yield Paragraph(
        _("This report is not signed. The export (a zip) of the same commission is, and says how anybody can check it.")
    )


def _commission(log: Log, latest: Entry) -> Iterator[Block]:
    about = latest["about"]
    power = about["power"]
    yield Heading(2, about["title"])
    if latest.get("demonstration"):
        yield Paragraph(_("Demonstration"))
    yield Paragraph(about["question"])
    facts = [
        (_("How far the vote binds"), power_words(power["level"])),
        (_("Who decides"), log.words(power["decides"])),
        (_("What can change"), power["can_change"]),
        (_("What cannot change"), power["cannot_change"]),
        (_("When they answer"), answer_by_words(power["answer_by_days"]) if "answer_by_days" in power else ""),
    ]
    yield Items(tuple(f"{name}: {words}" for name, words in facts if words))


def _session(log: Log, entry: Entry) -> Iterator[Block]:
    yield Heading(3, entry["title"])
    yield Paragraph(day(entry["at"]))
    came = [row["came"] for row in log.stated.get("attendance.csv", ()) if row["session"] == entry["session"]]
    if came:
        yield Paragraph(_("People who joined: %(number)s") % {"number": came[0]})
    groups = entry["about"]["groups"]
    rows = tuple((group["label"], "–" if group["invited"] is None else str(group["invited"])) for group in groups)
    if rows:
        yield Table(_("Who was invited"), (_("Group"), _("Invited")), rows)
    for id_, steps in log.rounds.items():
        if steps.opened["session"] == entry["session"]:
            yield from _round(log, id_, steps)
    yield from _proposals(log, entry["session"])


def _round(log: Log, id_: str, steps: Steps) -> Iterator[Block]:
    opened = steps.opened
    yield Heading(4, log.words(opened["question"]))
    if steps.annulled:
        yield Paragraph(
            _("This vote was annulled. The reason given: %(because)s")
            % {"because": log.words(steps.annulled["because"])}
        )
        return
    if steps.result is None or opened["method"] not in METHODS:
        yield Paragraph(_("The result is not shown."))
        return
    round_ = Round(
        id=id_,
        session=opened["session"],
        question=log.words(opened["question"]),
        responses=tuple(Response(one["id"], log.words(one["label"])) for one in opened["responses"]),
        method=opened["method"],
        second_of=opened["second_of"],
    )
    result = Result.from_json(steps.result)
    labels = {one.id: one.label for one in round_.responses}
    words = {one.id: mark_words(one.id, labels) for one in round_.columns}
    if result.withholds_count:
        yield Paragraph(_(result.withheld or NO_COUNT))
        return
    yield Paragraph(_("Votes: %(number)s") % {"number": result.n})
    if not result.counted:
        return
    if result.rounded:
        yield Paragraph(f"{rounded_note()} {_('A star stands for a number that is not shown.')}")
    elif result.figures and "rounds" in result.figures:
        yield _picture(run_off_picture(round_, result))
    elif METHODS[round_.method].FOLLOWED:
        yield _picture(shares_picture(round_, result))
    elif result.n:
        yield _picture(responses_picture(round_, result))
    # Of scores equal voice is a mean of each response, not a share of each mark.
    voice: Mapping[str, int] = result.equal_voice or {} if words.keys() <= (result.equal_voice or {}).keys() else {}
    head = (_("Response"), _("Votes"), *((_("Equal voice"),) if voice else ()))
    yield Table(
        _("How everybody voted"),
        head,
        tuple(
            (words[mark], _number(result, mark), *((f"{(voice[mark] + 50) // 100}%",) if voice else ()))
            for mark in words
        ),
    )
    if result.rows:
        yield Table(
            _("By group"),
            (_("Response"), *(row_label(row.label) for row in result.rows)),
            tuple((words[mark], *(_number(row, mark) for row in result.rows)) for mark in words),
        )
    elif result.withheld:
        yield Paragraph(_(result.withheld))
    yield from _shift(log, round_, result, words)
    yield from _reasons(log, id_)


def _number(part: Result | TableRow, mark: str) -> str:
    return "*" if mark in part.hidden else str(part.counts[mark])


def _picture(svg: str) -> Picture:
    """Returns a picture with its description as the words that stand for it."""
    said = _DESC.search(svg)
    return Picture(svg, re.sub("<[^>]*>", "", said[1]) if said else "")


def _shift(log: Log, round_: Round, result: Result, words: Mapping[str, str]) -> Iterator[Block]:
    shift = result.shift
    if shift is None:
        return
    yield Heading(5, _("Who changed their vote"))
    if not shift.cells:
        yield Paragraph(_("Who changed their view is not shown, so that nobody can work out how somebody voted."))
    else:
        if not result.rounded:
            said = _("At least %(moved)s changed their vote, at least %(stayed)s kept it.")
            yield Paragraph(said % {"moved": shift.moved, "stayed": shift.stayed})
        first = log.rounds.get(round_.second_of or "")
        known = {one["id"] for one in first.opened["responses"]} if first else set()
        new = [one.id for one in round_.responses if first and one.id not in known]
        drawn = alluvial(
            shift,
            words,
            _("Who changed their view"),
            _("First vote"),
            _("This vote"),
            new=new,
            words=chart_words(),
            wide=True,
        )
        yield _picture(drawn)
        moves = sorted(shift.cells.items(), key=lambda move: -move[1])
        yield Table(
            _("From the first vote (rows) to this vote (columns)"),
            (_("First vote"), _("This vote"), _("People")),
            tuple((words.get(a, a), words.get(b, b), str(n)) for (a, b), n in moves),
        )
    if shift.withheld:
        yield Paragraph(_(shift.withheld))


def _reasons(log: Log, round_: str) -> Iterator[Block]:
    said = [row for row in log.stated.get("reasons.csv", ()) if row["round"] == round_]
    if said:
        yield Heading(5, _("Reasons people gave"))
        yield Items(tuple(_reason(row) for row in said))


def _reason(row: Mapping[str, Any]) -> str:
    condition = f"{_('I would accept this if')} {row['condition']}" if row["condition"] else ""
    answer = " ".join(part for part in (row["response_label"], row["mark"]) if part)
    about = ", ".join(part for part in (answer, row_label(row["group"] or "")) if part)
    words = " ".join(part for part in (row["words"], condition) if part)
    return f"{words} ({about})" if about else words


def _proposals(log: Log, session: str) -> Iterator[Block]:
    tried = [row["tried"] for row in log.stated.get("stops.csv", ()) if row["session"] == session and row["tried"]]
    if tried:
        yield Heading(4, _("What was tried on stage"))
        yield Items(tuple(tried))
    listed = [row for row in log.stated.get("proposals.csv", ()) if row["session"] == session]
    if listed:
        yield Heading(4, _("Proposals"))
        yield Items(tuple(str(row["words"]) for row in listed))
    amended = [row for row in log.stated.get("amendments.csv", ()) if row["session"] == session]
    if amended:
        yield Heading(5, _("Earlier texts"))
        settled = {"taken": _("taken"), "dropped": _("dropped")}
        yield Items(
            tuple(
                f"{row['before']} → {row['after']} ({settled.get(row['state'], _('not settled'))})" for row in amended
            )
        )


def _decisions(log: Log, commission: str) -> Iterator[Block]:
    """Yields the decisions of a commission."""
    for index, entry in log.chosen("decision"):
        if entry["commission"] != commission:
            continue
        steps = log.every_round[entry["rounds"][-1]]
        labels = {one["id"]: log.words(one["label"]) for one in steps.opened["responses"]}
        yield Heading(3, entries.decided(entry["outcome"], entry["response"], labels))
        yield Paragraph(f"{outcome_words(entry['outcome'])}, {day(entry['at'])}")
        yield Paragraph(f"{_('The question')}: {log.words(steps.opened['question'])}")
        for name, field in ((_("Why"), "rationale"), (_("About the vote"), "why"), (_("Who disagrees"), "dissent")):
            if words := log.words(entry[field]):
                yield Paragraph(f"{name}: {words}")
        method = steps.opened["method"]
        if steps.result and not steps.annulled and entry["response"] and method in METHODS:
            result = Result.from_json(steps.result)
            others = dissenting(result.rows, entry["response"], method, rounded=result.rounded)
            if others and entry["outcome"] in ("adopted", "adopted with changes"):
                groups = ", ".join(row_label(row.label) for row in others)
                yield Paragraph(
                    _("These groups put something else first in the vote: %(groups)s.") % {"groups": groups}
                )
        promised = [made for _index, made in log.chosen("commitment") if made["decision"] == entry["decision"]]
        if promised:
            rows = tuple((log.words(made["role"]), log.words(made["what"]), day(made["by"])) for made in promised)
            yield Table(_("Who does what by when"), (_("Which role?"), _("Does what?"), _("By which day?")), rows)
        yield Paragraph(_("Entry %(number)s of the record") % {"number": index})


_STYLE = """
:root{color-scheme:light}
body{font:1.05rem/1.5 Georgia,serif;max-width:46rem;margin:0 auto;padding:1rem;color:#1a1a1a;background:#fff}
body{overflow-wrap:anywhere}
h1,h2,h3,h4,h5{line-height:1.25;break-after:avoid}
h5{font-size:1em;margin:1.33em 0}
h2{border-top:2px solid;padding-top:.6rem}
table{border-collapse:collapse;width:100%;margin:0 0 1rem;font-size:.95rem}
caption{text-align:start;font-weight:bold;padding:.3rem 0}
th,td{border:1px solid #777;padding:.3rem .5rem;text-align:start;vertical-align:top;overflow-wrap:break-word}
.scroll{overflow-x:auto}
table,tr,svg{break-inside:avoid}
svg{display:block;width:100%;height:auto;margin:0 0 1rem}
.lines{white-space:pre-line}
.chart-texture{stroke:#fff}
.chart-plate{fill:#fff}
@media(max-width:30rem){table{font-size:.8rem}th,td{padding:.2rem .25rem}}
@page{size:A4;margin:20mm}
@media print{body{max-width:none;padding:0;font-size:10.5pt}.scroll{overflow:visible}th,td{overflow-wrap:anywhere}}
"""


def html(made: Sequence[Block], title: str) -> bytes:
    """Writes the report as one HTML file, which asks for nothing else and prints on A4."""
    spoken = language()
    direction = "rtl" if spoken.locale.text_direction == "rtl" else "ltr"
    parts = [
        f'<!DOCTYPE html>\n<html lang="{spoken.code}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{CHART_STYLE}</style></head><body><main>"
    ]
    parts += [_written(block, number) for number, block in enumerate(made)]
    return "\n".join([*parts, "</main></body></html>\n"]).encode()


def _written(block: Block, number: int) -> str:
    if isinstance(block, Heading):
        return f'<h{block.level} dir="auto">{escape(block.words)}</h{block.level}>'
    if isinstance(block, Paragraph):
        return f'<p class="lines" dir="auto">{escape(block.words)}</p>'
    if isinstance(block, Items):
        return "<ul>" + "".join(f'<li class="lines" dir="auto">{escape(one)}</li>' for one in block.items) + "</ul>"
    if isinstance(block, Picture):
        # Two equal pictures would have the same ids.
        return re.sub("chart-[0-9a-f]{10}", lambda id_: f"{id_[0]}-{number}", block.svg)
    head = "".join(f'<th scope="col" dir="auto">{_cell(one)}</th>' for one in block.head)
    rows = "".join(
        f'<tr><th scope="row" dir="auto">{_cell(row[0])}</th>'
        + "".join(f'<td class="lines" dir="auto">{_cell(one)}</td>' for one in row[1:])
        + "</tr>"
        for row in block.rows
    )
    caption = f'<caption dir="auto">{escape(block.caption)}</caption>'
    # A table that is wider than a phone is moved sideways, also by the keyboard, so that no word in it is cut.
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(block.caption)}">'
        f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(words: str) -> str:
    """Writes the words of a cell; a word that is longer than a column should be may end a line after some letters."""
    return "<wbr>".join(escape(part) for part in breakable(words).split(ZERO_WIDTH))
