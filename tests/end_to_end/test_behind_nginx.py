"""The nginx configuration of docs/deploy/ before a real server; only names, ports and folders are other ones."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.browser import House
from support.server_process import ROOT, Serving, free_port
from support.session_api import an_api_session

from forum.rehearsal.phone import Counters, Phone, cookie_in
from forum.rehearsal.script import Vote

HERE = "127.0.0.1"
PATIENCE = 60.0  # seconds, on a machine that has much else to do
# Other addresses of this machine, as of two people: they are no trusted proxies.
SOMEWHERE, ELSEWHERE = "127.0.0.3", "127.0.0.2"
KEY = "a-key-that-no-log-may-hold"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
AROUND = """
{user} pid {folder}/nginx.pid; error_log {folder}/start.log; events {{ }}
http {{
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/forum.conf;
}}
"""

pytestmark = pytest.mark.skipif(NGINX is None, reason="needs Debian's package nginx")


@dataclass
class Proxied:
    """Server behind nginx: `house` is asked at the proxy's address, `logs` is where nginx writes."""

    house: House
    port: int
    logs: Path
    trust: ssl.SSLContext

    @property
    def base(self) -> str:
        return self.house.server.base

    @asynccontextmanager
    async def somebody(self, address: str = SOMEWHERE) -> AsyncIterator[httpx2.AsyncClient]:
        """Opens a browser's client that comes from this address."""
        wire = httpx2.AsyncHTTPTransport(verify=self.trust, local_address=address)
        origin = f"https://{HERE}:{self.port}"
        headers = {"Origin": origin, "Accept": "text/html"}
        async with httpx2.AsyncClient(base_url=self.base, transport=wire, headers=headers, timeout=PATIENCE) as http:
            yield http


def a_certificate(folder: Path) -> None:
    """Writes a certificate authority's certificate, ca.crt, and one of this machine's that it signed."""
    now = datetime.now(UTC)

    def made(name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey) -> bytes:
        subject, issuer = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (name, "The house"))
        built = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        built = built.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        built = built.add_extension(x509.BasicConstraints(key is by, None), critical=True)
        built = built.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        if key is by:  # newer Pythons want it said
            built = built.add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False), True
            )
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
        built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        built = built.add_extension(identifier, critical=False)
        return built.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    (folder / "ca.crt").write_bytes(made("The house", authority, authority))
    (folder / "forum.crt").write_bytes(made(HERE, own, authority))
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "forum.key").write_bytes(own.private_bytes(pem, form, serialization.NoEncryption()))


def configured(folder: Path, authority: Path, ports: tuple[int, int], server: int, path: str) -> None:
    """Writes the configuration of docs/deploy/ for these ports and this folder."""
    text = (ROOT / "docs/deploy/nginx.conf").read_text()
    for theirs, ours in (
        (r"\n *listen \[::\].*", ""),
        (r"listen 80;", f"listen {HERE}:{ports[0]};"),
        (r"listen 443 ", f"listen {HERE}:{ports[1]} "),
        (r"forum\.example\.org", HERE),
        (r"/etc/forum/tls", str(authority)),
        (r"/var/log/nginx", str(folder)),
        (r"127\.0\.0\.1:8000", f"{HERE}:{server}"),
        (r"location / ", f"location {path}/ "),
    ):
        text, found = re.subn(theirs, ours, text)
        assert found, theirs
    (folder / "forum.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Makes a certificate, and has every client of these tests trust the authority that signed it."""
    folder = tmp_path_factory.mktemp("authority")
    a_certificate(folder)
    with pytest.MonkeyPatch.context() as env:
        env.setenv("SSL_CERT_FILE", str(folder / "ca.crt"))
        # The one that all tests share was made before.
        trusting = ssl.create_default_context(cafile=folder / "ca.crt")
        env.setattr("httpcore2.default_ssl_context", lambda **_: trusting)
        yield folder


@pytest.fixture(scope="module", params=["", "/forum"], ids=["host", "path"])
def proxied(
    request: pytest.FixtureRequest, authority: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    plain, secure, behind = free_port(), free_port(), free_port()
    configured(folder, authority, (plain, secure), behind, request.param)
    base = f"https://{HERE}:{secure}{request.param}"
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
    settings = {"FORUM_PUBLIC_URL": base, "FORUM_WRONG_LINKS_PER_ADDRESS": "4"}
    with Serving(folder / "data", "--no-demo", port=behind, settings=settings) as server:
        started = subprocess.run(command, check=False, capture_output=True, text=True)  # returns once it listens
        assert started.returncode == 0, started.stderr
        try:
            server.base = base
            yield Proxied(House(server, folder / "data"), secure, folder, ssl.create_default_context())
        finally:
            subprocess.run([*command, "-s", "stop"], check=True, capture_output=True)


async def test_votes_by_socket_and_by_form_are_counted(proxied: Proxied) -> None:
    async with an_api_session(proxied.house) as session:
        session.organiser.timeout = httpx2.Timeout(PATIENCE)
        round_id = await session.ask()
        for by_form in (False, True):
            async with proxied.somebody() as browser:
                joined = await browser.post(f"{session.path}/join", data={"unsaid": "1"})
                assert joined.status_code == 303, joined.text
                assert all("; Secure" in one for one in joined.headers.get_list("set-cookie"))
                if by_form:
                    voted = await browser.post(f"{session.path}/vote", data={"round": round_id, "choice": "r1"})
                    assert voted.status_code == 303, voted.text
                else:
                    await cast(proxied.base, session.code, cookie_in(joined.headers.get_list("set-cookie")), round_id)


async def cast(base: str, code: str, cookie: str, round_id: str) -> None:
    """Casts a vote by a phone's socket."""
    phone = Phone(base, code, cookie, Counters())
    staying = asyncio.create_task(phone.stay(asyncio.Semaphore(1)))
    await phone.vote(round_id, Vote(0, "r1"))
    await phone.leave()
    await staying
    assert phone.acknowledged == {round_id: "r1"}


async def test_pages_lead_to_the_public_address(proxied: Proxied) -> None:
    prefix = proxied.base.partition(f":{proxied.port}")[2]
    async with proxied.somebody() as browser:
        page = await browser.get("/")
        led = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
        assert page.status_code == 200
        assert "forum" in page.headers
        assert len(led) > 5
        assert [one for one in led if not one.startswith(f"{prefix}/")] == []
        static = next(one for one in led if ".css" in one)
        assert (await browser.get(static.removeprefix(prefix))).status_code == 200
        assert f"{proxied.base}/promises/feed.atom" in (await browser.get("/promises/feed.atom")).text


async def test_who_asks_is_whom_nginx_names(proxied: Proxied) -> None:
    """Tries private links that do not exist: one address is told to wait, whatever it wrote into the header itself."""

    async def wrong(address: str, told: str) -> int:
        async with proxied.somebody(address) as browser:
            return (await browser.get(f"/my-story/no-{told}", headers={"X-Forwarded-For": told})).status_code

    assert [await wrong(SOMEWHERE, f"198.51.100.{n}") for n in range(6)][-1] == 429
    assert await wrong(ELSEWHERE, SOMEWHERE) == 404


def spoken_to(proxied: Proxied, *protocols: str, head: bytes = b"") -> tuple[str | None, bytes]:
    """Returns the protocol that nginx chooses of these, and the first line of its answer to a head."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(list(protocols))
    with (
        socket.create_connection((HERE, proxied.port), timeout=10) as wire,
        context.wrap_socket(wire, server_hostname=HERE) as secure,
    ):
        secure.sendall(head)
        return secure.selected_alpn_protocol(), secure.recv(4096).partition(b"\r\n")[0] if head else b""


def test_it_speaks_http2_and_refuses_what_is_too_large_before_it_comes(proxied: Proxied) -> None:
    assert spoken_to(proxied, "h2", "http/1.1") == ("h2", b"")
    path = proxied.base.partition(f":{proxied.port}")[2]
    head = f"POST {path}/sign-in HTTP/1.1\r\nHost: {HERE}\r\nContent-Length: {66 * 1024**2}\r\n\r\n"
    assert spoken_to(proxied, "http/1.1", head=head.encode()) == ("http/1.1", b"HTTP/1.1 413 Request Entity Too Large")


async def test_no_log_holds_a_private_link_or_who_asked(proxied: Proxied) -> None:
    async with proxied.somebody(ELSEWHERE) as browser:
        assert (await browser.get(f"/my-story/{KEY}")).status_code == 404
        proxied.house.server.stop()
        assert (await browser.get(f"/my-story/{KEY}")).status_code == 502
        assert (await browser.get(f"/record?key={KEY}", headers={"Referer": KEY, "User-Agent": KEY})).status_code == 502
    written = {log.name: log.read_text() for log in proxied.logs.glob("*.log")}
    first = proxied.base.partition(f":{proxied.port}")[2] or "/my-story"
    assert f" GET {first} 404 " in written["forum_access.log"]
    assert not {name: text for name, text in written.items() if KEY in text or "127.0.0." in text}
