"""Answers of proxies and venue networks in Forum's place, as bytes on the wire."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct

_KEY = re.compile(rb"\r\nsec-websocket-key: *([^\r]+)\r\n", re.IGNORECASE)
# RFC 6455, 1.3: by this a server shows that it understands websockets.
_UNDERSTOOD = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def answer(status: int, body: str = "", kind: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    """Returns an HTTP answer, after which the connection is closed. `headers` have _ for -."""
    told = {"Content-Type": kind, "Content-Length": str(len(body.encode())), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} It may be", *(f"{name}: {value}" for name, value in told.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def json_answer(status: int, body: object, **headers: str) -> bytes:
    """Returns an answer in JSON, as bytes on the wire."""
    return answer(status, json.dumps(body), "application/json", **headers)


def refusal(status: int, code: str) -> bytes:
    """Returns an error in Forum's own words, without the header that only Forum's answers have."""
    return json_answer(
        status, {"error": {"code": code, "words": "There is no session with this code.", "again": False}}
    )


PORTAL = '<!doctype html><title>Welcome</title><main id="screen" data-version="99"><h1>Sign in to the Wi-Fi</h1></main>'
# Every shape at once that Forum's answers have: a ballot counted, words saved, an act done, what is on now.
OURS = {
    "t": "ack", "cast": "c", "round": "r", "choice": "r1", "changed": False, "marks": {}, "clashes": [], "errors": {},
    "parts": {}, "version": 99, "v": 99, "yours": [], "page": "/", "tally": {"t": "tally", "voted": 9, "present": 9},
}  # fmt: skip

# What answers every request for a while; None for nothing at all, b"" for a connection that is reset.
STRANGERS: dict[str, bytes | None] = {
    "301 to a portal": answer(301, Location="http://portal.invalid/"),
    "302 to a portal": answer(302, PORTAL, Location="http://portal.invalid/"),
    "303 to a page of this address": answer(303, Location="/sign-in-here"),
    "307 to a page of Forum's": answer(307, Location="/"),
    "200, a portal's page": answer(200, PORTAL),
    "200, empty": answer(200),
    "200, empty JSON": json_answer(200, {}),
    "200, JSON that is no object": json_answer(200, None),
    "200, JSON in Forum's shape": json_answer(200, OURS),
    "204": answer(204),
    "401": answer(401, WWW_Authenticate="Negotiate"),
    "401, JSON": refusal(401, "sign_in_needed"),
    "403": answer(403, PORTAL),
    "403, JSON in Forum's words": refusal(403, "not_allowed"),
    "404": answer(404, PORTAL),
    "404, JSON": json_answer(404, {"message": "no route"}),
    "404, JSON in Forum's words": refusal(404, "not_found"),
    "407": answer(407),
    "409, JSON in Forum's words": refusal(409, "closed"),
    "410": answer(410, PORTAL),
    "413": answer(413),
    "422, JSON in Forum's words": refusal(422, "bad_input"),
    "429": answer(429, Retry_After="1"),
    "451, JSON of a list": json_answer(451, ["blocked"]),
    "500": answer(500, PORTAL),
    "502": answer(502, PORTAL),
    "503": answer(503, Retry_After="1"),
    "503, JSON": json_answer(503, {"error": "upstream"}),
    "504": answer(504),
    "511": answer(511, PORTAL),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a reset": b"",
    "nothing": None,
}


def handshake(request: bytes) -> bytes:
    """Returns the answer to a websocket's handshake, by anybody who understands it. Raises AssertionError for none."""
    key = _KEY.search(request)
    if key is None:
        raise AssertionError("no handshake")
    accepts = base64.b64encode(hashlib.sha1(key[1] + _UNDERSTOOD, usedforsecurity=False).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accepts}\r\n\r\n"
    ).encode()


def close_frame(code: int) -> bytes:
    """Returns a frame that closes a websocket with this code."""
    return b"\x88\x02" + struct.pack(">H", code)


def text_frame(text: str) -> bytes:
    """Returns a text frame, of at most 125 bytes."""
    sent = text.encode()
    return bytes([0x81, len(sent)]) + sent


# What a websocket gets that somebody else accepts: how it is closed, or what is said on it.
SOCKETS: dict[str, bytes] = {
    **{f"closed with {code}": close_frame(code) for code in (1000, 1001, 1008, 1011, 1012, 1013, 3000, 4403, 4404)},
    "says nothing at all": b"",
    "closed without a code": b"\x88\x00",
    "says a page": text_frame("<h1>Sign in to the Wi-Fi</h1>"),
    "says nothing of ours": text_frame('{"error": "not_found"}') + text_frame("null") + text_frame('"bye"'),
    "says bye, not for good": text_frame('{"t": "bye"}') + close_frame(1000),
}
