"""ports.passwords.Passwords by argon2id (RFC 9106), in threads of their own: it is slow on purpose, and live rooms do
not wait for it."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import argon2

from forum.adapters import machine
from forum.ports.passwords import Fit, prepared

# Each takes 64 MiB while it works, so two at a time are enough; others queue. They give way to the rooms: whoever
# guesses passwords would else keep all processors from those who vote.
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2", initializer=machine.give_way)
# What is checked for nobody, only to take as long, has a thread of its own: real passwords never queue behind it.
_nobodys = ThreadPoolExecutor(1, thread_name_prefix="argon2-nobody", initializer=machine.give_way)
_free = asyncio.Semaphore(3)  # never waited for
_hasher = argon2.PasswordHasher()


async def hashed(password: str) -> str:
    """Returns the argon2id hash to store, with its own salt and parameters."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, prepared(password))


async def fit(stored: str, password: str) -> Fit:
    """Says whether the password belongs to a stored hash. For "" (nobody's) it takes as long, and the answer is NO;
    where several of those wait already it is quick, and the caller waits besides (login_check.py)."""
    loop = asyncio.get_running_loop()
    if stored:
        return await loop.run_in_executor(_threads, _fit, stored, password)
    if not _free.locked():
        async with _free:
            await loop.run_in_executor(_nobodys, _fit, "", password)
    return Fit.NO


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _fit(stored: str, password: str) -> Fit:
    nobody = _nobody()
    # Hashes that are older than `prepared` are of what was typed, which was one of the last two.
    forms = (prepared(password), password, unicodedata.normalize("NFD", password))
    for form in dict.fromkeys(forms):
        if _matches(stored or nobody, form) and stored:
            now = form == forms[0] and not _hasher.check_needs_rehash(stored)
            return Fit.YES if now else Fit.BEFORE
    return Fit.NO


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
