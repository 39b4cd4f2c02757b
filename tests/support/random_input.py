"""Random input from a seed for every address: forms, files, heads and frames that no page would send.

It is made from the routes table and the right forms of act_forms.py, each with something wrong in it.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from forum.web.routes import PAGES
from support.act_forms import ABOUT_NEITHER, ALONE_THERE, FAMILIES, address
from support.factories import new_id
from support.second_run_session import TWEE
from support.standing_states import ActIds

FORM = "application/x-www-form-urlencoded"
# Texts that programs stumble over.
TEXTS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "2",
        "9" * 30,
        "1e9",
        "0x10",
        "²",
        "１２",
        "٣",
        "NaN",
        "inf",
        "true",
        "on",
        "null",
        "none",
    ),
    *(
        "%",
        "%s",
        "%(x)s",
        "%(most)s",
        "{{7*7}}",
        "{x}",
        "$a$a$a",
        "<b>x</b>",
        "'\"--",
        "a|b|c",
        "|",
        "||",
        ".",
        "..",
        "/",
    ),
    *(
        "\x00",
        "a\x00b",
        "\ud800",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\r\n",
        "\n\n",
        "\t",
        "é",
        "𝔘",
        "👩‍🚒",
        "\x7f",
    ),
    *(
        "2026-02-30",
        "2026-03-20",
        "9999-12-31",
        "0000-00-00",
        "24:00",
        "18:00",
        "https://[",
        "http://a@b",
        "javascript:x",
    ),
    *(
        "a@b",
        "a@b.example",
        "r1",
        "r2",
        "r1>r2",
        "r1=5 r2=2",
        "r1 r1",
        "none",
        "agree",
        "x" * 300,
        "x " * 2500,
        "é" * 2100,
    ),
    *(":: A\n", ":: \n", "[[a->b]]", "(if: $a)[", "<<if>>", "{embed", "c1.text", "c1/w.to", "where", "shown", "taken"),
)
NAMES = (
    "round",
    "story",
    "id",
    "act",
    "section",
    "key",
    "seen:title",
    "label-r1",
    "n:g1:r1",
    "role_1",
    "by_99",
    "count_",
    "x",
)
KINDS = (
    FORM,
    FORM,
    FORM,
    f"{FORM}; charset=utf-16",
    f"{FORM}; charset=utf-7",
    f"{FORM}; charset=none",
    "application/json",
    "",
    "text/plain",
)
BOUNDED = (
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="b',
)
ACCEPTS = ("application/json", "text/html", "*/*", "", "application/json;q=0, text/html")


@dataclass(frozen=True)
class Sent:
    """Request, as asgi_requests.ask takes it."""

    method: str
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    gone_after: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dict(self.headers)} {self.body[:300]!r} gone after {self.gone_after}"


class Fuzz:
    """Maker of requests from a seed; `theres` are the sessions and stories whose ids may be meant, `cookies` those of
    the senders."""

    def __init__(self, seed: int, theres: list[ActIds], cookies: list[str], host: str) -> None:
        self.chance = random.Random(seed)
        self.theres = theres
        self.cookies = cookies
        self.host = host
        self._posts = [(path, act) for path, family in FAMILIES.items() for act in family.acts]
        self._posts += [(path, "-") for path in (*ALONE_THERE, *ABOUT_NEITHER)]
        self._gets = [page.path for page in PAGES if "GET" in page.methods]

    def request(self) -> Sent:
        """Makes a form, or now and then a page with an odd address."""
        return self.page() if self.chance.random() < 0.2 else self.form()

    def page(self) -> Sent:
        """Makes a request for a page with an odd address, or odd questions."""
        path = self._path(self.chance.choice(self._gets), "")
        return Sent("GET", path + self._query(), b"", self._headers(""))

    def form(self) -> Sent:
        """Makes a valid form and turns it wrong: fields lost, doubled, swapped, made up; the wrong kind of body; cut
        off."""
        path, act = self.chance.choice(self._posts)
        there = self.chance.choice(self.theres)
        fields = self._fields(path, act, there)
        for _ in range(self.chance.choice((0, 1, 1, 2, 5))):
            self._turn(fields)
        to = self._path(path, act, there) + (self._query() if self.chance.random() < 0.1 else "")
        if path.endswith("/save"):
            body, kind = self._saved(), "application/json"
        elif self.chance.random() < 0.25:
            body, kind = self._parts(fields), self.chance.choice(BOUNDED)
        else:
            body, kind = _encoded(fields), self.chance.choice(KINDS)
        if self.chance.random() < 0.05:
            body = self._broken(body)
        gone = self.chance.randrange(len(body) + 1) if self.chance.random() < 0.05 else None
        return Sent("POST", to, body, self._headers(kind), gone)

    def file(self) -> bytes:
        """Makes a story's file: lines of good ones and bad ones in any order, some bytes turned, cut anywhere."""
        lines = TWEE.split("\n")
        extra = (
            ":: ",
            ":: A [stop]",
            ":: StoryData",
            "{",
            "}",
            ":: StoryTitle",
            "[[",
            "->",
            "(set: $a to 1)[",
            "<<",
            "(",
            ":: B {",
            "",
        )
        for _ in range(self.chance.randrange(12)):
            at = self.chance.randrange(len(lines) + 1)
            lines[at:at] = [self.chance.choice((*extra, *TEXTS))]
        if self.chance.random() < 0.5:
            self.chance.shuffle(lines)
        text = "\n".join(lines[: self.chance.randrange(1, len(lines) + 1)])
        if self.chance.random() < 0.2:
            text = f"<tw-storydata name='x'>{text}</tw-storydata>" if self.chance.random() < 0.7 else f"<html>{text}"
        coding = self.chance.choice(("utf-8", "utf-8", "utf-16", "cp1252"))
        made = text.encode(coding, "replace")
        return self._broken(made) if self.chance.random() < 0.3 else made

    def frame(self, right: tuple[Mapping[str, object], ...]) -> str | bytes:
        """Makes a socket's frame: a valid one turned wrong, JSON of chance, or no text at all."""
        if self.chance.random() < 0.2:
            return self.chance.choice((b"\xff\xfe", b"", b"{}", self.chance.randbytes(40)))
        message = {**self.chance.choice(right)}
        for _ in range(self.chance.choice((0, 1, 2))):
            message[self.chance.choice((*message, *NAMES))] = self._value(2)
        text = json.dumps(message)
        return text[: self.chance.randrange(len(text) + 1)] if self.chance.random() < 0.2 else text

    def head(self) -> bytes:
        """Makes the head of a request, line by line, with lines that are none; always whole."""
        path = self._path(self.chance.choice(self._gets), "")
        lines = [f"{self.chance.choice(('GET', 'POST', 'PUT', 'get', 'X' * 30))} {path} HTTP/1.1", f"Host: {self.host}"]
        odd = (
            *(
                'Cookie: a="\\"',
                "Cookie: forum_session=\xff; =; a",
                "Content-Length: x",
                "Content-Length: -1",
                "Transfer-Encoding: chunked",
            ),
            *(
                "Accept-Language: *;q=x,,cy;q=9",
                "Accept-Language: " + "a," * 200,
                "Host: ",
                "Host: [::",
                "Origin: null",
                "Origin: http://[",
                ": x",
            ),
            *(
                'Forwarded: for="[',
                "X-Forwarded-For: ,,x",
                "Authorization: Bearer \xe9",
                "Authorization: x",
                "Range: bytes=-",
                'If-None-Match: "',
            ),
            *(
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Key: x",
                "Content-Type: multipart/form-data;;;",
                "Expect: 100-continue",
            ),
        )
        lines += self.chance.sample(odd, self.chance.randrange(5))
        lines += [f"X-{new_id()[:4]}: {'y' * self.chance.choice((0, 5, 900))}"] * self.chance.choice((0, 0, 3))
        return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode("latin-1", "replace")

    # ------------------------------------------------------------------ pieces

    def _fields(self, path: str, act: str, there: ActIds) -> dict[str, list[str]]:
        family = FAMILIES.get(path)
        try:
            fill = family.acts[act] if family else ALONE_THERE.get(path)
            form = {**fill(there)} if fill else {**ABOUT_NEITHER[path]}
        except KeyError:  # what a session has and a story has not, or the other way round
            form = {}
        fields = {name: [*said] if isinstance(said, list) else [said] for name, said in form.items()}
        if family and family.field:
            fields[family.field] = [act]
        return fields

    def _turn(self, fields: dict[str, list[str]]) -> None:
        name = self.chance.choice([*fields, *NAMES])
        how = self.chance.randrange(4)
        if how == 0:
            fields.pop(name, None)
        elif how == 1:
            fields[name] = [self._text()]
        elif how == 2:
            fields.setdefault(name, []).append(self._text())
        else:
            fields[self._text()[:80]] = fields.get(name, [self._text()])

    def _text(self) -> str:
        """Returns a text that programs stumble over, or an id of something else."""
        if self.chance.random() < 0.3:
            return self.chance.choice([*self.chance.choice(self.theres).ids.values()])
        return self.chance.choice(TEXTS)

    def _value(self, deep: int) -> object:
        if deep and self.chance.random() < 0.2:
            return [self._value(deep - 1) for _ in range(3)]
        if deep and self.chance.random() < 0.2:
            return {self._text()[:20]: self._value(deep - 1)}
        return self.chance.choice((self._text(), None, True, -1, 10**20, 1.5, ""))

    def _saved(self) -> bytes:
        edits = [
            {
                "do": self.chance.choice(("set", "add_card", "remove", "move", "x")),
                "field": self._text(),
                "text": self._text(),
            }
            | {"seen": [self._text()], "card": self._text(), self._text()[:9]: self._value(2)}
            for _ in range(self.chance.randrange(4))
        ]
        return json.dumps({"edits": edits, "parts": [self._text()], "commission": self._text()}).encode(
            "utf-8", "replace"
        )

    def _path(self, path: str, act: str, there: ActIds | None = None) -> str:
        there = there or self.chance.choice(self.theres)
        if path.startswith(("/build/", "/mail/")) and "build_key" not in there.ids:
            return re.sub(r"\{\w+\}", new_id(), path)
        if self.chance.random() < 0.85:
            return quote(address(path, act, there), safe="/%")
        return re.sub(
            r"\{[a-z_]+[a-z:]*\}", lambda _: quote(self._text()[:200].encode("utf-8", "replace"), safe=""), path
        )

    def _query(self) -> str:
        names = (
            "lang",
            "read",
            "page",
            "came",
            "scene",
            "at",
            "round",
            "v",
            "h",
            "asked",
            "cue",
            "words",
            "group",
            "story",
            "start",
        )
        asked = [f"{self.chance.choice(names)}={quote_plus(self._text().encode('utf-8', 'replace'))}" for _ in range(2)]
        return "?" + "&".join(asked)

    def _headers(self, kind: str) -> tuple[tuple[str, str], ...]:
        found = [("Host", self.host), ("Origin", f"http://{self.host}"), ("Accept", self.chance.choice(ACCEPTS))]
        if kind:
            found.append(("Content-Type", kind))
        cookie = self.chance.choice(self.cookies)
        return tuple(found + ([("Cookie", cookie)] if cookie else []))

    def _parts(self, fields: Mapping[str, list[str]]) -> bytes:
        parts = []
        for name, said in fields.items():
            for one in said:
                file = '; filename="a.twee"' if self.chance.random() < 0.2 else ""
                plain = name.replace('"', "").replace("\r", "").replace("\n", "")
                parts.append(f'--b\r\nContent-Disposition: form-data; name="{plain}"{file}\r\n\r\n{one}\r\n')
        if self.chance.random() < 0.3:
            parts.append('--b\r\nContent-Disposition: form-data; name="file"; filename="a.twee"\r\n\r\n')
            return "".join(parts).encode("utf-8", "replace") + self.file() + b"\r\n--b--\r\n"
        return ("".join(parts) + self.chance.choice(("--b--\r\n", "--b--\r\n", "--b", ""))).encode("utf-8", "replace")

    def _broken(self, body: bytes) -> bytes:
        where = self.chance.randrange(len(body) + 1)
        return (
            body[:where]
            + self.chance.choice((b"", b"\x00", b"\xff", b"%", b"%%%", b"&=&", b"\r\n"))
            + body[where + 1 :]
        )


def _encoded(fields: Mapping[str, list[str]]) -> bytes:
    pairs = [(name, one) for name, said in fields.items() for one in said]
    return "&".join(
        f"{quote_plus(n.encode('utf-8', 'replace'))}={quote_plus(v.encode('utf-8', 'replace'))}" for n, v in pairs
    ).encode()
