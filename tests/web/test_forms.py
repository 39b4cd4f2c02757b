"""Forms as odd programs send them: an answer that says so, never a failure of the server."""

from __future__ import annotations

import pytest
from support.app import House


async def status_of(house: House, page: str, body: bytes, charset: str) -> int:
    """Posts a form in parts to a page of a new commission, in this charset; returns the answer's status."""
    commission = await house.commission()
    async with house.browser() as browser:
        answer = await browser.post(
            f"/commissions/{commission.id}/{page}",
            content=body,
            headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
        )
    return answer.status_code


@pytest.mark.parametrize(
    ("charset", "title", "status"),
    [("utf-8", b"plain", 422), ("utf-7", b"+2AA-", 422), ("undefined", b"x", 422), ("no-such", b"\xff", 422)],
)
async def test_a_charset_of_the_senders_own(house: House, charset: str, title: bytes, status: int) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + title + b"\r\n--x--\r\n"
    assert await status_of(house, "tell", body, charset) == status


@pytest.mark.parametrize(("charset", "status"), [("utf-8", 422), ("utf-7", 422), ("undefined", 422), ("no-such", 422)])
async def test_a_charset_of_the_senders_own_beside_a_file(house: House, charset: str, status: int) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="own_note"\r\n\r\n+2AA-\xff\r\n--x--\r\n'
    assert await status_of(house, "tell/file", body, charset) == status
