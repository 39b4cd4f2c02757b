"""Webhooks: told of what is in the record, signed, once however many servers there are, and for three days."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from support.factories import CLOCK, SetClock, a_commission
from support.recorded_day import a_day
from support.voted_session import COMMISSIONER

from forum.adapters import webhook_http
from forum.adapters.webhook_http import MOST_NAMES, NAMES_OF_ONE, WebhookHttp, is_public
from forum.errors import FormErrors
from forum.ports import Store
from forum.ports.audit import What
from forum.ports.webhooks import HookEvent, HookMessage, MessageState, NotTried, Webhook
from forum.services import commitments, embeds, webhook_delivery, webhooks
from forum.services.setting_values import sqlite_url
from forum.services.webhook_delivery import AT_ONCE, OF_ONE, Deliveries
from forum.store import migrate, open_store

KEY, ADDRESS = b"k" * 32, "https://forum.example.org"
URL = "https://example.org/hook"


@dataclass
class Listener:
    """The other program: what came, and what it answers, its last answer over and over."""

    answers: list[int | OSError] = field(default_factory=lambda: [204])
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def post(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
        await asyncio.sleep(0)
        self.came.append((url, headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = sqlite_url(tmp_path / "forum.db")
    await migrate(url)
    opened = await open_store(url)
    yield opened
    await opened.close()


async def a_hook(store: Store, commission: str, *events: HookEvent, url: str = URL) -> Webhook:
    return await webhooks.add(store, CLOCK, COMMISSIONER, commission, url, events or tuple(HookEvent), private=False)


async def a_told_hook(store: Store, at: str, messages: int = 1, url: str = URL) -> Webhook:
    """Adds a webhook of a commission of its own, with so many messages that are due at this time."""
    made = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(made)
    hook = await a_hook(store, made.id, url=url)
    async with store.begin() as work:
        for number in range(messages):
            facts = {"type": "decision", "commission": made.id, "at": at, "decision": "d" * 32}
            await webhooks.put_out(work, facts, number)
    return hook


async def test_each_event_is_told_once_signed_with_ids_and_no_words(store: Store) -> None:
    day = await a_day(store)
    of = day.voted.live.commission
    hook = await a_hook(store, of, HookEvent.PROMISE_MOVED)
    news = commitments.UpdateForm(state="done", said="Zebra.", after=await latest(store, day.commitment))
    told = await commitments.update(store, CLOCK, COMMISSIONER, day.commitment, news)
    assert told.said == "Zebra."
    listener = Listener()
    servers = [Deliveries(store, CLOCK, listener, ADDRESS, KEY) for _ in range(2)]
    await asyncio.gather(*(server.once() for server in servers))
    [(url, headers, body)] = listener.came
    assert url == URL
    said = json.loads(body)
    assert (said["type"], said["data"]["commitment"]) == ("promise.moved", day.commitment)
    assert said["data"]["page"] == f"{ADDRESS}/promises/{day.commitment}"
    assert said["data"]["api"] == f"{ADDRESS}/api/v1/promises/{day.commitment}"
    assert b"Zebra" not in body
    # By the words of the specification, with the secret as it was shown.
    secret = base64.b64decode(webhooks.secret_of(KEY, hook.id).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{made}"
    await servers[0].once()
    assert len(listener.came) == 1


async def latest(store: Store, commitment: str) -> str:
    async with store.read() as work:
        return (await work.decisions.get_commitment(commitment)).updates[-1].id


async def test_every_kind_of_event_has_its_message_in_the_unit_of_work_of_its_act(store: Store) -> None:
    async with store.begin() as work:
        made = a_commission()
        await work.commissions.add_commission(made)
        await work.webhooks.add_webhook(Webhook("a" * 32, made.id, URL, tuple(HookEvent), "", CLOCK.now()))
        for number, type_ in enumerate((*webhooks.OF_ENTRIES, "round closed")):
            await webhooks.put_out(work, {"type": type_, "commission": made.id, "at": CLOCK.now()}, number)
    async with store.read() as work:
        found = await work.webhooks.messages("a" * 32, 0, 10)
    assert {one.event for one in found} == set(HookEvent)
    assert len(found) == len(HookEvent)


async def test_what_is_not_taken_is_sent_again_under_its_id_and_a_webhook_that_takes_nothing_stops(
    store: Store,
) -> None:
    clock = SetClock(CLOCK.now())
    hook = await a_told_hook(store, clock.now())
    of = hook.commission
    listener = Listener([500, OSError("no answer in 15 seconds"), 302])
    server = Deliveries(store, clock, listener, ADDRESS, KEY)
    await server.once()
    await server.once()
    assert len(listener.came) == 1, "not before its pause is over"
    for _ in range(40):
        clock.move(minutes=180)
        await server.once()
    assert 8 <= len(listener.came) <= 20
    assert len({headers["webhook-id"] for _url, headers, _body in listener.came}) == 1
    assert len({body for _url, _headers, body in listener.came}) == 1
    async with store.read() as work:
        [message] = await work.webhooks.messages(hook.id, 0, 5)
        stopped = await work.webhooks.stopped({of})
    assert (message.state, message.heard) == (MessageState.GIVEN_UP, "302")
    assert [one.id for one in stopped] == [hook.id]
    await webhooks.go_on(store, CLOCK, COMMISSIONER, of, hook.id)
    await webhooks.send_again(store, clock, of, hook.id, message.id)
    listener.answers = [200]
    await server.once()
    async with store.read() as work:
        [message] = await work.webhooks.messages(hook.id, 0, 5)
        after = await work.webhooks.get_webhook(hook.id)
    assert (message.state, after.failing_since, after.stopped_at) == (MessageState.SENT, "", "")
    await webhooks.remove(store, CLOCK, COMMISSIONER, of, hook.id)
    await embeds.save(store, CLOCK, COMMISSIONER, of, "https://www.example.org/about")
    async with store.read() as work:
        acts = [(act.by, act.what, act.about) for act in await work.audit.acts(most=9)][::-1]
    host = urlsplit(URL).hostname
    assert acts == [
        (COMMISSIONER.id, What.WEBHOOK_ADDED, host),
        (COMMISSIONER.id, What.WEBHOOK_STARTED, host),
        (COMMISSIONER.id, What.WEBHOOK_REMOVED, host),
        (COMMISSIONER.id, What.EMBEDDERS_CHANGED, "https://www.example.org"),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://user:word@example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "ftp://example.org",
        "https://",
        "https://example.org/ a",
        "",
    ],
)
async def test_an_address_that_is_not_public_is_not_kept(store: Store, url: str) -> None:
    with pytest.raises(FormErrors) as refused:
        await webhooks.add(store, CLOCK, COMMISSIONER, "0" * 32, url, ["decision.made"], private=False)
    assert [*refused.value.fields] == ["url"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        *((one, False) for one in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254")),
        *((one, False) for one in ("0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1")),
        *((one, False) for one in ("fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1")),
        *(
            (one, False)
            for one in ("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::1", "fec0::1", "3fff::1", "5f00::1")
        ),
    ],
)
def test_which_addresses_are_public(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address)) is public


async def test_a_name_that_leads_to_this_machine_is_not_asked_and_no_redirect_is_followed() -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OSError, match="private network"):
            await WebhookHttp().post(f"https://localhost:{port}/hook", {}, b"{}", "c")
        assert asked == []
        hook, headers = f"http://127.0.0.1:{port}/hook?a=1", {"webhook-id": "m"}
        status = await WebhookHttp(private=True).post(hook, headers, b"{}", "c")
    assert status == 307
    assert asked[0].startswith(b"POST /hook?a=1 HTTP/1.1")
    assert f"host: 127.0.0.1:{port}".encode() in asked[0].lower()


async def test_a_message_that_a_busy_server_did_not_send_is_not_counted_against_its_webhook(store: Store) -> None:
    clock = SetClock(CLOCK.now())
    hook = await a_told_hook(store, clock.now())
    listener = Listener([NotTried("busy"), 204])
    server = Deliveries(store, clock, listener, ADDRESS, KEY)
    for tries, state in ((0, MessageState.WAITING), (1, MessageState.SENT)):
        await server.once()
        async with store.read() as work:
            [message] = await work.webhooks.messages(hook.id, 0, 5)
            after = await work.webhooks.get_webhook(hook.id)
        assert (message.tries, message.state, after.failing_since) == (tries, state, "")
        clock.move(minutes=1)


async def test_names_that_do_not_answer_cost_the_messages_to_others_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    begun = threading.Semaphore(0)
    names: Counter[str] = Counter()

    def looked_up(name: str, *_asked: object, **_more: object) -> list[object]:
        names[name] += 1
        begun.release()
        answers.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    post = WebhookHttp(at_most=1.0)
    # Of one commission far more than there are look-ups, of others as many as are left.
    whose = ["one"] * 30 + [f"{number}" for number in range(MOST_NAMES - NAMES_OF_ONE)]
    slow = [asyncio.create_task(post.post(f"https://{one}.example/", {}, b"", one)) for one in whose]
    for _ in range(MOST_NAMES):
        assert await asyncio.to_thread(begun.acquire, timeout=30)
    try:
        with pytest.raises(NotTried):
            await post.post(URL, {}, b"", "another")
        told = await asyncio.gather(*slow, return_exceptions=True)
        assert all(isinstance(one, OSError) for one in told), told
        assert names == {"one.example": NAMES_OF_ONE} | dict.fromkeys((f"{one}.example" for one in whose[30:]), 1)
        with pytest.raises(NotTried):  # those that gave up hold their threads still
            await post.post(URL, {}, b"", "another")
    finally:
        answers.set()
    heard = ""
    while "leads to no address" not in heard:  # once a thread has ended
        with pytest.raises(OSError, match=r"\w") as refused:
            await post.post(URL, {}, b"", "another")
        heard = str(refused.value)
    await asyncio.to_thread(post._names.shutdown)
    await asyncio.sleep(0)
    assert (post._free_of, post._users) == ({}, {}), "nothing is kept of a commission that looks nothing up"


async def test_addresses_of_one_commission_that_do_not_answer_delay_no_other_message(store: Store) -> None:
    dead = await a_told_hook(store, "2026-11-29T09:00:00.000Z", 20, url="https://dead.example/")
    hooks = [await a_told_hook(store, CLOCK.now(), 3, url=f"https://{n}.example/") for n in range(AT_ONCE)]
    fail, told, order, most = asyncio.Event(), asyncio.Event(), list[str](), Counter[str]()
    under_way: Counter[str] = Counter()

    class Slow(Listener):
        async def post(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
            order.append(whose)
            under_way[whose] += 1
            most[whose] = max(most[whose], under_way[whose])
            most[""] = max(most[""], under_way.total())
            if len(order) == 3 * len(hooks) + OF_ONE:
                told.set()
            if whose == dead.commission:
                await fail.wait()
            status = await super().post(url, headers, body, whose)
            under_way[whose] -= 1
            return status

    server = Deliveries(store, CLOCK, Slow(), ADDRESS, KEY)
    round_ = asyncio.create_task(server.once())
    async with asyncio.timeout(60):
        await told.wait()
    assert Counter(order) == {dead.commission: OF_ONE} | {hook.commission: 3 for hook in hooks}
    # Each in its turn: nobody has two before everybody else has one.
    others = [whose for whose in order if whose != dead.commission]
    assert set(others[: len(hooks)]) == {hook.commission for hook in hooks}
    fail.set()
    await round_
    assert order.count(dead.commission) == 20
    assert most[dead.commission] == OF_ONE
    assert max(most.values()) == most[""] <= AT_ONCE


@pytest.mark.parametrize(("every", "wakes"), [(3600.0, True), (0.01, False)])
async def test_an_attempt_that_hangs_delays_no_message_that_comes_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, every: float, wakes: bool
) -> None:
    monkeypatch.setattr(webhook_delivery, "EVERY", every)  # so that it is the wake that brings it, or the time
    dead = await a_told_hook(store, CLOCK.now(), url="https://dead.example/")
    hangs, goes_on, told = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Slow(Listener):
        async def post(self, url: str, headers: dict[str, str], body: bytes, whose: str) -> int:
            if whose == dead.commission:
                hangs.set()
                await goes_on.wait()
            else:
                told.set()
            return await super().post(url, headers, body, whose)

    listener = Slow()
    server = Deliveries(store, CLOCK, listener, ADDRESS, KEY)
    round_ = asyncio.create_task(server.once())
    try:
        async with asyncio.timeout(30):
            await hangs.wait()
            await a_told_hook(store, CLOCK.now(), url="https://other.example/")
            if wakes:
                server.wake()
            await told.wait()
    finally:
        goes_on.set()
        await round_
    assert len(listener.came) == 2


async def test_a_message_that_cannot_be_made_keeps_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = await a_told_hook(store, CLOCK.now(), 3)
    server, listener = Deliveries(store, CLOCK, Listener(), ADDRESS, KEY), Listener()
    made = iter([b"1", None, b"3"])

    def body(_message: HookMessage) -> bytes:
        if (given := next(made)) is None:
            raise RuntimeError
        return given

    monkeypatch.setattr(server, "body", body)
    monkeypatch.setattr(server, "_post", listener)
    await server.once()
    assert sorted(body for _url, _headers, body in listener.came) == [b"1", b"3"]
    async with store.read() as work:
        states = Counter(one.state for one in await work.webhooks.messages(hook.id, 0, 5))
    assert states == {MessageState.SENT: 2, MessageState.WAITING: 1}


async def test_a_package_that_is_missing_is_a_failed_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ImportError

    monkeypatch.setattr(webhook_http, "importlib", SimpleNamespace(import_module=missing))
    with pytest.raises(OSError, match="httpx2 is not installed"):
        await WebhookHttp().post(URL, {}, b"", "c")
