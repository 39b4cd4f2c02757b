"""A witness over HTTP on 127.0.0.1, written from C2SP tlog-witness, tlog-cosignature, signed-note and RFC 6962 (2.1.2)
alone: it uses nothing of Forum, and takes nothing on trust.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NAME = "witness.example/w1"
# What it answers to a request instead: a status, a type and a body, or all the bytes that it sends.
Lie = Callable[[bytes], Awaitable[bytes]]


@dataclass
class WitnessServer:
    """A witness that knows some logs by their verifier keys. `now` is its clock, in seconds since 1970."""

    now: int
    name: str = NAME
    key: Ed25519PrivateKey = field(default_factory=lambda: Ed25519PrivateKey.from_private_bytes(bytes(32)))
    url: str = ""
    logs: dict[str, bytes] = field(default_factory=dict)  # public keys by origin
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # sizes and roots by origin
    asked: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    lie: Lie | None = None

    @property
    def verifier_key(self) -> str:
        """Returns its key in one line."""
        raw = b"\x04" + self.key.public_key().public_bytes_raw()
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(raw).decode()}"

    @property
    def key_id(self) -> bytes:
        """Returns the id of its key."""
        raw = b"\x04" + self.key.public_key().public_bytes_raw()
        return hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4]

    @property
    def setting(self) -> str:
        """Returns what stands in FORUM_WITNESSES for it."""
        return f"{self.verifier_key} {self.url}"

    def knows(self, verifier_key: str) -> None:
        """Lets a log's checkpoints in from now on."""
        origin, _, encoded = verifier_key.split("+", 2)
        raw = base64.b64decode(encoded)
        assert raw[0] == 1
        self.logs[origin] = raw[1:]

    def add_checkpoint(self, body: bytes) -> tuple[int, str, bytes]:
        """Answers a request: status, type and body."""
        plain = "text/plain; charset=utf-8"
        above, blank, note = body.partition(b"\n\n")
        lines = above.decode().split("\n")
        old_line = re.fullmatch(r"old (0|[1-9][0-9]*)", lines[0])
        text, _, below = note.partition(b"\n\n")
        head = text.decode().split("\n")
        if not blank or old_line is None or len(lines) > 64 or len(head) < 3 or not below.endswith(b"\n"):
            return 400, plain, b"not well formed\n"
        if not re.fullmatch(r"0|[1-9][0-9]*", head[1]):
            return 400, plain, b"not well formed\n"
        origin, size, root = head[0], int(head[1]), base64.b64decode(head[2], validate=True)
        proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
        if origin not in self.logs:
            return 404, plain, b"unknown log\n"
        if not self._signed(origin, text + b"\n", below.decode()):
            return 403, plain, b"no signature that holds\n"
        old = int(old_line[1])
        if old > size:
            return 400, plain, b"the old size is larger\n"
        known, known_root = self.heads.get(origin, (0, b""))
        if old != known or (known == size and known_root != root):
            return 409, "text/x.tlog.size", f"{known}\n".encode()
        if (old == 0 and proof) or (old and not consistent(old, size, known_root, root, proof)):
            return 422, plain, b"the proof does not hold\n"
        self.heads[origin] = size, root
        return 200, plain, self.cosign(text + b"\n")

    def cosign(self, text: bytes) -> bytes:
        """Returns its signature line for a checkpoint's text."""
        signature = self.key.sign(f"cosignature/v1\ntime {self.now}\n".encode() + text)
        line = base64.b64encode(self.key_id + self.now.to_bytes(8, "big") + signature)
        return "— ".encode() + self.name.encode() + b" " + line + b"\n"

    def _signed(self, origin: str, text: bytes, below: str) -> bool:
        raw = self.logs[origin]
        key_id = hashlib.sha256(origin.encode() + b"\n\x01" + raw).digest()[:4]
        for line in below.splitlines():
            _, name, encoded = line.split(" ")
            signature = base64.b64decode(encoded, validate=True)
            if (name, signature[:4]) == (origin, key_id):
                try:
                    Ed25519PublicKey.from_public_bytes(raw).verify(signature[4:], text)
                except InvalidSignature:
                    return False
                return True
        return False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            self.asked.append(body)
            if self.lie is not None:
                writer.write(await self.lie(body))
            else:
                assert head.startswith(b"POST /w/add-checkpoint HTTP/1.1\r\n")
                status, kind, words = self.add_checkpoint(body)
                self.answers.append(status)
                writer.write(answer(status, kind, words))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asked has gone
        finally:
            writer.close()


def answer(status: int, kind: str, body: bytes) -> bytes:
    """Returns an HTTP answer."""
    head = f"HTTP/1.1 {status} So\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> bool:
    """Returns whether a proof of RFC 6962, 2.1.2, holds (as RFC 9162, 2.1.4.2, verifies it)."""
    if old == new:
        return not proof and old_root == new_root
    if old & (old - 1) == 0:
        proof = [old_root, *proof]
    if not proof:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = proof[0]
    for node in proof[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = _node(node, first), _node(node, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = _node(second, node)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@asynccontextmanager
async def a_witness(now: int, name: str = NAME) -> AsyncIterator[WitnessServer]:
    """Runs a witness, with a key of its own that follows from its name."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    witness = WitnessServer(now, name, key)
    server = await asyncio.start_server(witness.serve, "127.0.0.1", 0)
    witness.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/w"
    try:
        yield witness
    finally:
        server.close()
        await server.wait_closed()
