"""Passwords by argon2id (RFC 9106), in threads of their own: it is slow on purpose, and rooms must not wait.

One password can be typed in several ways of writing Unicode, and each device has its own: what is hashed is the one
form of `prepared` (RFC 8265, the OpaqueString profile).
"""

from __future__ import annotations

import asyncio
import enum
import re
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import argon2

from forum.adapters import machine

FEWEST = 12
MOST = 200

# Each takes 64 MiB while it works, so two at a time are enough; others queue. They give way to the rooms: whoever
# guesses passwords would else keep all processors from those who vote.
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2", initializer=machine.give_way)
# What is checked for nobody, only to take as long, has a thread of its own: real passwords never queue behind it.
_nobodys = ThreadPoolExecutor(1, thread_name_prefix="argon2-nobody", initializer=machine.give_way)
_free = asyncio.Semaphore(3)  # never waited for
_hasher = argon2.PasswordHasher()


class Fit(enum.Enum):
    """Whether a password belongs to a stored hash. BEFORE: it does, but the hash is to be made anew, for it is of a
    form, or of parameters, that are no longer used."""

    NO = enum.auto()
    YES = enum.auto()
    BEFORE = enum.auto()


# Unicode's separators of words (Zs).
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def prepared(password: str) -> str:
    """The one form of a password: composed (NFC), every space U+0020."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", password))


async def hashed(password: str) -> str:
    """The argon2id hash to store, with its own salt and parameters."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, prepared(password))


async def fit(stored: str, password: str) -> Fit:
    """Whether the password belongs to a stored hash. For "" (nobody) it is as slow, and never; where several of those
    wait already it is quick: whoever answers waits besides (login_check.py)."""
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
