"""Acts on webhooks, and the messages that an act of the cycle puts out: in its unit of work, both or neither.

A message holds ids and nothing else; what they lead to is in the record already, so it tells nothing unpublished. The
secret that signs messages is kept nowhere: it follows from the installation's key and the id of the webhook.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.ports.webhooks import HookEvent, HookMessage, MessageState, Webhook
from forum.services import audit
from forum.services.form_errors import Findings

MOST_URL = 500
MOST_WEBHOOKS = 10  # of a commission
# Events by the type of the entry that tells of it.
OF_ENTRIES: Mapping[str, HookEvent] = {
    "session opened": HookEvent.SESSION_OPENED,
    "round revealed": HookEvent.RESULT_SHOWN,
    "decision": HookEvent.DECISION_MADE,
    "commitment update": HookEvent.PROMISE_MOVED,
}
_IDS = ("session", "round", "decision", "commitment")


async def put_out(work: Work, entry: Mapping[str, Any], index: int) -> None:
    """Puts out a message to each webhook that wants to know of an entry which this unit of work has just made."""
    event = OF_ENTRIES.get(entry["type"])
    if event is None:
        return
    wanting = [one for one in await work.webhooks.list_webhooks(entry["commission"]) if event in one.events]
    facts = {"commission": entry["commission"], "entry": index}
    facts |= {name: entry[name] for name in _IDS if isinstance(entry.get(name), str)}
    for one in wanting:
        if not one.stopped_at:
            new = f"msg_{secrets.token_hex(16)}"
            await work.webhooks.add_message(HookMessage(new, one.id, event, entry["at"], facts, not_before=entry["at"]))


async def add(
    store: Store,
    clock: Clock,
    person: Person,
    commission: str,
    url: str,
    events: Sequence[str],
    *,
    private: bool,
    id_: str = "",
) -> Webhook:
    """Adds a webhook to a commission and returns it. `private`: addresses of this machine and its network may be told.
    Asked for once more with the `id_` of one that stands there with this address, returns that one.

    Raises FormErrors (fields "url", "event"), NotFound.
    """
    found = Findings()
    url = found.need("url", url, "Enter the address that is told.", MOST_URL)
    if url and (words := _mistake(url, private=private)):
        found.wrong("url", words)
    chosen = tuple(one for one in HookEvent if one in events)
    if not chosen or set(events) - set(HookEvent):
        found.wrong("event", "Choose at least one event from the list.")
    found.stop()
    async with store.begin() as work:
        await work.commissions.get_commission(commission, lock=True)
        there = await work.webhooks.list_webhooks(commission)
        again = next((one for one in there if one.id == id_ and one.url == url), None)
        if again is not None:
            return again
        if any(one.url == url for one in there):
            found.wrong("url", "This address is told already. Remove it first, to change what it is told.")
        if len(there) >= MOST_WEBHOOKS:
            found.wrong("url", "There are %(most)s webhooks. Remove one first.", most=MOST_WEBHOOKS)
        found.stop()
        made = Webhook(id_ or secrets.token_hex(16), commission, url, chosen, person.id, clock.now())
        await work.webhooks.add_webhook(made)
        await audit.note(work, made.created_at, person.id, What.WEBHOOK_ADDED, host_of(made))
    return made


def _mistake(url: str, *, private: bool) -> str:
    """Returns what is wrong with an address, "" for nothing. Names are looked up when a message is sent."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or not url.isascii() or not url.isprintable() or " " in url or port == 0:
        return "This is no address. It looks like https://example.org/forum."
    if parts.username or parts.password or parts.fragment:
        return "Leave out the user name, the password and what comes after “#”."
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    near = host == "localhost" or (address is not None and not address.is_global)
    if parts.scheme != "https" and not (parts.scheme == "http" and private and near):
        return "The address has to begin with https://."
    if near and not private:
        return "This address is of a private network. Messages go to public addresses only."
    return ""


async def of(work: Work, commission: str, webhook: str) -> Webhook:
    """Returns a webhook of a commission. Raises NotFound for any other."""
    found = await work.webhooks.get_webhook(webhook)
    if found.commission != commission:
        raise NotFound("There is no such webhook any more.")
    return found


async def remove(store: Store, clock: Clock, person: Person, commission: str, webhook: str) -> None:
    """Removes a webhook with its log. Raises NotFound."""
    async with store.begin() as work:
        found = await of(work, commission, webhook)
        await work.webhooks.remove_webhook(webhook)
        await audit.note(work, clock.now(), person.id, What.WEBHOOK_REMOVED, host_of(found))


async def go_on(store: Store, clock: Clock, person: Person, commission: str, webhook: str) -> None:
    """Lets a stopped webhook be told again; what waited for it is sent. Raises NotFound."""
    async with store.begin() as work:
        found = await of(work, commission, webhook)
        await work.webhooks.save_webhook(replace(found, stopped_at="", failing_since=""))
        await audit.note(work, clock.now(), person.id, What.WEBHOOK_STARTED, host_of(found))


def host_of(webhook: Webhook) -> str:
    """Returns the host that a webhook tells; what follows it in the address may be a secret."""
    return urlsplit(webhook.url).hostname or ""


async def send_again(store: Store, clock: Clock, commission: str, webhook: str, message: str) -> HookMessage:
    """Sends a message once more, under the id that it has, and returns it. Raises NotFound, and IllegalMove where its
    webhook is stopped."""
    async with store.begin() as work:
        found = await of(work, commission, webhook)
        if found.stopped_at:
            raise IllegalMove("This webhook is stopped. Start it again first.")
        one = await work.webhooks.get_message(message)
        if one.webhook != found.id:
            raise NotFound("This message is not kept any more.")
        again = replace(one, state=MessageState.WAITING, tries=0, not_before=clock.now())
        if one.claim_until > clock.now() or not await work.webhooks.save_message(again, one.claim):
            raise IllegalMove("It is being sent at this moment. Look again in a minute.")
        return again


def secret_of(key: bytes, webhook: str) -> str:
    """Returns the secret that signs a webhook's messages, as the Standard Webhooks specification writes it."""
    return "whsec_" + base64.b64encode(_key_of(key, webhook)).decode()


def signature(key: bytes, webhook: str, message: str, timestamp: str, body: bytes) -> str:
    """Returns the signature of a message (Standard Webhooks, v1: HMAC-SHA256 of id, time and body)."""
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key_of(key, webhook), signed, hashlib.sha256)).decode()


def _key_of(key: bytes, webhook: str) -> bytes:
    return hmac.digest(key, webhook.encode(), hashlib.sha256)
