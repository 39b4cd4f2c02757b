"""A provider of OpenID Connect on a loopback socket, which signs in whoever a test says, and lies as a test says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from support.factories import CLOCK

CLIENT, SECRET = "forum", "a-secret-of-this-test"


def keys_made() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})


@dataclass
class TestProvider:
    """Says that whoever comes is `sub` with `email`. `claims` take the place of those of a right token, `lies` (by
    path) that of an answer."""

    __test__ = False

    port: int = 0
    sub: str = "sub-1"
    email: str = "mo@example.org"
    claims: dict[str, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    signing: Any = None
    lies: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    key: ECKey = field(default_factory=keys_made)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def be_right(self) -> None:
        """Forgets every lie."""
        self.sub, self.email, self.signing = "sub-1", "mo@example.org", None
        for told in (self.claims, self.head, self.lies, self.codes):
            told.clear()
        self.asked.clear()

    def visited(self, address: str) -> dict[str, str]:
        """Signs the visitor of an address in; returns what the browser takes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def id_token(self, nonce: str) -> str:
        now = int(datetime.fromisoformat(CLOCK.now()).timestamp())
        claims = {"iss": self.issuer, "sub": self.sub, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce}
        claims |= {"email": self.email, "email_verified": True} | self.claims
        head = {"alg": "ES256", "kid": "one"} | self.head
        if head["alg"] in ("none", "HS256"):
            # Made by hand: the library refuses to make such tokens.
            text = ".".join(_part(json.dumps(one).encode()) for one in (head, claims))
            return f"{text}.{_part(hmac.digest(self.signing, text.encode(), 'sha256')) if self.signing else ''}"
        return jwt.encode(head, claims, self.signing or self.key, algorithms=["ES256"])

    def answer(self, path: str, body: bytes, authorization: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if path in self.lies:
            return self.lies[path]
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "/in", "token_endpoint": "/token", "jwks_uri": "/keys"}
            about = {"issuer": self.issuer, **{name: self.issuer + place for name, place in places.items()}}
            return 200, json.dumps(about).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = self.codes.pop(form["code"], None)  # good once
        verifier = _part(hashlib.sha256(form["code_verifier"].encode()).digest())
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or verifier != asked["code_challenge"] or authorization != f"Basic {known}":
            return 400, b'{"error":"invalid_grant"}'
        assert form["redirect_uri"] == asked["redirect_uri"]
        token = {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}
        return 200, json.dumps(token).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        status, said = self.answer(head[0].split(" ")[1], body, fields.get("authorization", ""))
        writer.write(f"HTTP/1.1 {status} .\r\nContent-Length: {len(said)}\r\nConnection: close\r\n".encode())
        writer.write(b"Location: http://127.0.0.1:9/\r\n\r\n" if status == 302 else b"\r\n")
        writer.write(said)
        writer.close()


@asynccontextmanager
async def a_provider() -> AsyncIterator[TestProvider]:
    provider = TestProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    async with server:
        yield provider


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
