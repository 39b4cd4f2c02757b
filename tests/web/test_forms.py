"""Forms as odd programs send them: an answer that says so, never a failure of the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.app import a_house


@pytest.mark.parametrize(
    ("charset", "title", "status"),
    [("utf-8", b"plain", 422), ("utf-7", b"+2AA-", 422), ("undefined", b"x", 422), ("no-such", b"\xff", 422)],
)
async def test_a_charset_of_the_senders_own(
    tmp_path: Path, sqlite_template: Path, charset: str, title: bytes, status: int
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n' + title + b"\r\n--x--\r\n"
    async with a_house(tmp_path, sqlite_template) as house, house.browser() as browser:
        commission = await house.commission()
        answer = await browser.post(
            f"/commissions/{commission.id}/tell",
            content=body,
            headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
        )
    assert answer.status_code == status


@pytest.mark.parametrize(("charset", "status"), [("utf-8", 422), ("utf-7", 422), ("undefined", 422), ("no-such", 422)])
async def test_a_charset_of_the_senders_own_beside_a_file(
    tmp_path: Path, sqlite_template: Path, charset: str, status: int
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="own_note"\r\n\r\n+2AA-\xff\r\n--x--\r\n'
    async with a_house(tmp_path, sqlite_template) as house, house.browser() as browser:
        commission = await house.commission()
        answer = await browser.post(
            f"/commissions/{commission.id}/tell/file",
            content=body,
            headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
        )
    assert answer.status_code == status
