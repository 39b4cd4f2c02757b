"""argon2id with the least work it takes, in place of Forum's own: hundreds of tests sign somebody in."""

from __future__ import annotations

import argon2

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# Variable of a server's environment: its passwords take the work that they take in use, 0.2 s of a processor each.
IN_EARNEST = "PASSWORDS_IN_EARNEST"
