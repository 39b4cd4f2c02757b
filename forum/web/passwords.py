"""Passwords by argon2id (RFC 9106), in threads of their own: it is slow on purpose, and rooms must not wait."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import argon2

FEWEST = 12
MOST = 200

# Each takes 64 MiB while it works, so two at a time are enough; others queue.
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
_hasher = argon2.PasswordHasher()


async def hashed(password: str) -> str:
    """The argon2id hash to store, with its own salt and parameters."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(stored: str, password: str) -> bool:
    """Whether the password belongs to a stored hash. For "" (nobody) it is as slow, and never."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, stored, password)


def outdated(stored: str) -> bool:
    """Whether a stored hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def _matches(stored: str, password: str) -> bool:
    nobody = _nobody()
    try:
        return _hasher.verify(stored or nobody, password) and bool(stored)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
