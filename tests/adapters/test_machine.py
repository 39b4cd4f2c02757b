"""Forum where the modules are missing that only Unix has: it serves, is held once a folder, exports and verifies."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
from support.factories import COMMISSION_FORM
from support.server_process import ROOT, Serving, clean_environment, fingerprint
from support.session_api import act

# Importing one of these fails, as on Windows; folders cannot be opened to sync them.
WITHOUT = """
import os, sys
import click._termui_impl  # which asks for termios but on Windows
for name in ("fcntl", "resource", "uvloop", "termios", "tty", "pwd", "grp"):
    sys.modules[name] = None
del os.O_DIRECTORY
from forum.__main__ import main
main(prog_name="forum")
"""


def forum(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *map(str, arguments)]
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env=clean_environment(),
    )


def serving(data: Path) -> Serving:
    return Serving(data, "--no-demo", program=("-c", WITHOUT, "serve"))


async def test_a_day_without_the_modules_that_windows_has_not(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out.zip"
    with serving(data) as server:
        second = forum("serve", "--host", "127.0.0.1", "--port", "0", "--data", data)
        assert (second.returncode, second.stdout) == (2, "")
        assert second.stderr.startswith(f"Another Forum serves {data} already.")
        user = ("--data", data)
        assert forum("user", "add", "olu", "--role", "organiser", "--password-stdin", *user, given="a b c d e f g h\n")
        token = re.search(r'"token": "([^"]+)"', forum("user", "token", "olu", "--label", "t", "--json", *user).stdout)
        assert token
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token[1]}"}
        async with (
            httpx2.AsyncClient(base_url=server.base, headers=headers) as organiser,
            httpx2.AsyncClient(base_url=server.base, headers={"Origin": server.base}) as phone,
        ):
            commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
            form = {"commission": commission["id"], "title": "A day"}
            live = (await organiser.post("/organise/sessions", data=form)).json()
            question = {"question": "Which?", "response": ["One", "Two"], "none": "0"}
            round_id = (await act(organiser, live["id"], "ask", **question))["round"]
            await act(organiser, live["id"], "open", round=round_id)
            assert (await phone.post(f"/s/{live['code']}/join", data={"group": ""})).status_code == 303
            ballot = {"round": round_id, "choice": "r1"}
            voted = await phone.post(f"/s/{live['code']}/vote", data=ballot)
            assert voted.headers["location"] == f"/s/{live['code']}?counted=1"
            await act(organiser, live["id"], "close", round=round_id)
        # a server that is gone, in whatever way, holds nothing any more
        server.stop(signal.SIGKILL)
    with serving(data) as server:
        assert server.stop() == (0, "")
    assert set(fingerprint(data)) == {"forum.db", "signing_key.pem", "serving.lock", "record_known.json"}
    done = forum("export", "--data", data, "--out", out)
    assert done.returncode == 0, done.stderr
    verified = forum("verify", out)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "PASS" in verified.stdout
