"""Harlowe's notation: macros in round brackets, hooks in square ones, braces that join lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from forum.stories.macros.notation import (
    CLOSE,
    LEFT_OUT,
    LOST,
    OPEN,
    PUTS_IN,
    TAKEN,
    Next,
    Quotes,
    Span,
    Text,
    links,
    strings,
)

# Every macro of Harlowe 3, without case, dashes and underscores, which Harlowe ignores. Round brackets that begin with
# anything else, as "(Nurse: come in)", are ordinary text.
_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    set put move unpack print display if unless elseif else for loop either cond nth verbatim v6m verbatimprint
    v6mprint verbatimsource v6msource source link linkreplace linkreveal linkappend linkprepend linkrepeat
    linkgoto linkundo linkrerun linkrevealgoto linkshow linkstorylet linkfullscreen linkstyle cyclinglink
    seqlink sequencelink click clickreplace clickappend clickprepend clickgoto clickundo clickrerun mouseover
    mouseoverreplace mouseoverappend mouseoverprepend mouseovergoto mouseoverundo mouseoverrerun mouseout
    mouseoutreplace mouseoutappend mouseoutprepend mouseoutgoto mouseoutundo mouseoutrerun dropdown checkbox
    checkboxfullscreen inputbox inputs forceinputbox forcecheckbox forcedropdown input button meter iconundo
    iconredo iconfullscreen iconrestart iconcounter live stop event after afterer more replace append prepend
    replacewith appendwith prependwith rerun show hide change enchant enchantin animate scroll transition t8n
    transitiontime t8ntime transitiondepart t8ndepart transitionarrive t8narrive transitiondelay t8ndelay
    transitionskip t8nskip textstyle textcolor textcolour color colour textrotate textrotatex textrotatey
    textrotatez textsize size textindent background bg font align box floatbox css hook hooksnamed opacity
    border b4r bordersize b4rsize bordercolor bordercolour b4rcolor b4rcolour cornerradius linestyle charstyle
    hoverstyle collapse nobr columns visited visits passage passages history turns savegame loadgame savedgames
    goto redirect undo undos forgetundos forgetvisits erasepast restart reload openurl gotourl pageurl alert
    prompt confirm dialog currenttime currentdate monthday weekday storylet openstorylets storyletsby
    exclusivity urgency metadata macro output out outputdata outdata partial bind seed mockturns mockvisits
    testtrue testfalse assert assertexists error ignore debug datatype datapattern a array dm datamap ds dataset
    range subarray reversed repeated rotated rotatedto shuffled sorted permutations interlaced folded find
    somepass allpass nonepass altered datanames datavalues dataentries dmaltered datamapaltered count joined
    split splitted trimmed plural digitformat words substring text str string strreversed stringreversed
    strrepeated stringrepeated strnth stringnth strfind stringfind strreplaced stringreplaced replaced lowercase
    uppercase lowerfirst upperfirst p pattern pmany patternmany popt patternopt poptional peither patterneither
    pnot patternnot pbefore pnotbefore pstart pend pins num number random abs cos sin tan exp log log10 log2 max
    min pow sign sqrt ceil floor round trunc clamp lerp rgb rgba hsl hsla lch lcha complement mix palette
    gradient stripes track masteraudio newtrack newplaylist newgroup
        """,
    )
)
_GOES = frozenset({"goto", "redirect"})
_LINKS = frozenset({"link", "linkreplace", "linkreveal", "linkappend", "linkprepend", "linkrepeat", "linkrerun"})
_POINTS = frozenset(
    {"click", "clickreplace", "clickrerun", "mouseover", "mouseout", "mouseoverreplace", "mouseoutreplace"}
)
_LINK_GOES = frozenset({"linkgoto", "linkrevealgoto"})
_POINT_GOES = frozenset({"clickgoto", "mouseovergoto", "mouseoutgoto"})
_SAYS = frozenset({"linkreveal", "linkappend", "linkprepend", "linkrepeat", "linkshow"})
_LEADS_BACK = frozenset({"linkundo", "undo", "linkstorylet", "clickundo", "mouseoverundo", "mouseoutundo"})

_PARTS = re.compile(r"`+|\(\s{0,8}([$_]?[A-Za-z0-9][\w-]{0,40})\s{0,8}:|[()]|\\.|[\"']", re.DOTALL)
_HOOKS = re.compile(
    r"\|[\w-]{1,60}[>)]\[=*|" + TAKEN + r"\s{0,40}\[(?:=+|(?!\[(?!\[)))|(?<![\w$])[$_][A-Za-z]\w{0,60}\[(?!\[)"
    r"|\]<[\w-]{1,60}\||\[\[|\[|\]|\{=?|\}"
)
_PLUS = re.compile(TAKEN + r"(\s{0,40}\+\s{0,40})(?=" + TAKEN + ")")
_FIRST_STRING = re.compile(r"[^\"',]{0,200},\s{0,40}((?:\"[^\"]*\"|'[^']*')\s*)$")
_NO_END = "There is no end to the macro that begins here. It stands in the text as it is."
_HOOK_OFF = "The hook that begins here was taken off. Its words were kept."
_BRACES_OFF = "The braces that make one line of what is between them were taken off. The words were kept."
_MARKS_OFF = "Here begin words without markup. The marks round them were left out."


class _Call(msgspec.Struct, frozen=True):
    """A macro: its place, its name as Harlowe reads it, and its arguments."""

    start: int
    end: int
    name: str
    arguments: str


@dataclass
class _Frame:
    """A bracket that is not closed yet; for a link's hook also the passages it leads to."""

    start: int
    end: int
    hook: bool
    call: _Call | None = None
    before: int = 0
    targets: list[str] = field(default_factory=list)


def macros(work: Text) -> None:
    """Removes macros and hooks but keeps the hooks' words; macros that lead to a passage become links."""
    _macros(work, braces=True)


def macros_alone(work: Text) -> None:
    """Removes macros and hooks as `macros` does, but keeps braces, which may be ordinary text in an unknown format."""
    _macros(work, braces=False)


def _macros(work: Text, *, braces: bool) -> None:
    calls, spans, masked = _calls(work)
    spans += [Span(plus.start(1), plus.end(1), "", "") for plus in _PLUS.finditer(masked)]
    work.cut(spans + _Hooks(masked, calls, braces=braces).spans())


def _calls(work: Text) -> tuple[list[_Call], list[Span], str]:
    """Returns the outermost macros, further spans to remove, and the text with both covered by TAKEN."""
    text, at = work.text, 0
    quotes = Quotes(text)
    calls: list[_Call] = []
    spans: list[Span] = []
    covered: list[tuple[int, int]] = []
    opened: list[tuple[int, int, str]] = []  # where each bracket stands, where what is in it begins, its name
    while part := _PARTS.search(text, at):
        mark, at = part[0], part.end()
        name = re.sub("[-_]", "", part[1]).lower() if part[1] else ""
        known = bool(name) and (name in _NAMES or part[1][0] in "$_")
        if mark[0] == "`" and not opened:
            end = text.find(mark, at)
            if end >= 0:
                spans += [Span(part.start(), at, "", _MARKS_OFF), Span(end, end + len(mark), "", "")]
                covered.append((part.start(), end + len(mark)))
                at = end + len(mark)
        elif mark[0] == "(" and (opened or known):
            opened.append((part.start(), at, name if known else ""))
        elif mark in ("'", '"') and opened:
            at = quotes.end(part.start())
        elif mark == ")" and opened:
            start, begin, name = opened.pop()
            if name:
                while calls and calls[-1].start > start:
                    calls.pop()
                calls.append(_Call(start, at, name, text[begin : at - 1]))
    if opened:
        work.note(work.starts(), opened[0][0], _NO_END)
    covered += [(call.start, call.end) for call in calls]
    parts, done = [], 0
    for start, end in sorted(covered):
        if start >= done:
            parts += [text[done:start], TAKEN * (end - start)]
            done = end
    return calls, spans, "".join([*parts, text[done:]])


class _Hooks:
    """A scanner that goes through the text once, from one macro or bracket to the next."""

    def __init__(self, masked: str, calls: list[_Call], *, braces: bool) -> None:
        self._masked = masked
        self._calls = calls
        self._spans: list[Span] = []
        self._open: list[_Frame] = []
        self._links: list[_Frame] = []  # those of them that are the hook of a link
        self._braces: list[tuple[int, int]] = []
        self._joins = braces

    def spans(self) -> list[Span]:
        masked, at, number = self._masked, 0, 0
        ends, breaks = Next(masked, "]]"), Next(masked, "\n")
        while part := _HOOKS.search(masked, at):
            call, before = None, len(self._spans)
            while number < len(self._calls) and self._calls[number].end <= part.end():
                before = len(self._spans)
                call = self._calls[number]
                self._macro(call)
                number += 1
            mark, at = part[0], part.end()
            if mark == "[[":
                if (end := ends.after(at)) < breaks.after(at):
                    at = end + 2
            elif mark[0] in "{}" and not self._joins:
                pass
            elif mark[0] == "{":
                self._braces.append(part.span())
            elif mark == "}":
                if self._braces:
                    self._spans += [Span(*self._braces.pop(), OPEN, _BRACES_OFF), Span(*part.span(), CLOSE, "")]
            elif mark[0] == "]":
                self._close(part)
            elif mark.endswith("="):
                self._spans.append(Span(part.start() + (mark[0] == TAKEN), at, "", _HOOK_OFF))
            else:
                attached = call if mark[0] == TAKEN and call and call.end == part.start() + 1 else None
                frame = _Frame(part.start() + (mark[0] == TAKEN), at, mark != "[", attached, before)
                self._open.append(frame)
                if attached and attached.name in _LINKS | _POINTS | _LINK_GOES:
                    self._links.append(frame)
        for call in self._calls[number:]:
            self._macro(call)
        return self._spans

    def _macro(self, call: _Call) -> None:
        name, given = call.name, strings(call.arguments)
        instead, sentence = "", LEFT_OUT
        if name in _GOES:
            if given and self._links:
                self._links[-1].targets.append(given[0])
            instead, sentence = links("", given[:1] if given else []), LOST
        elif name in _LINK_GOES or name in _POINT_GOES:
            words, targets = _leads(call)
            instead, sentence = links(words, targets), LOST
        elif name in _SAYS:
            instead = given[0] + " " if given and "[[" not in given[0] else ""
        elif name == "display":
            sentence = PUTS_IN
        elif name in _LEADS_BACK:
            sentence = LOST
        self._spans.append(Span(call.start, call.end, instead, sentence))

    def _close(self, part: re.Match[str]) -> None:
        if not self._open:
            return
        frame = self._open.pop()
        if self._links and self._links[-1] is frame:
            self._links.pop()
            call = frame.call
            words, targets = _leads(call) if call else ("", [])
            if call and (instead := links(words, [*targets, *frame.targets])):
                # The link leads on at once, so a reader never sees the hook's words.
                del self._spans[frame.before :]
                self._spans.append(Span(call.start, part.end(), instead))
                return
        if frame.hook or part[0] != "]":
            self._spans += [Span(frame.start, frame.end, "", _HOOK_OFF), Span(*part.span(), "", "")]


def _leads(call: _Call) -> tuple[str, list[str]]:
    """Returns the words of a link macro, and the passages that it names."""
    given = strings(call.arguments)
    if call.name in _LINKS:
        return (given[0] if given else ""), []
    if call.name in _POINTS:
        return (given[0] if given else ""), []
    if given and call.name in _LINK_GOES | _POINT_GOES:
        return given[0], [given[-1]]
    # (click-goto: ?hook, "Passage")
    last = _FIRST_STRING.match(call.arguments[:1000]) if call.name in _POINT_GOES else None
    to = strings(last[1]) if last else None
    return "", (to[:1] if to else [])
