"""The record's heads and proofs, read by a client of transparency logs that nobody here wrote: Go's sumdb."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from support.record_keeper import SIGNER, a_keeper

from forum.record.proofs import consistency_proof, inclusion_proof
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root

SOURCE = Path(__file__).parents[1] / "support/sumdb_check.go"
# Where Debian's golang-golang-x-mod-dev puts golang.org/x/mod.
GOPATH = Path("/usr/share/gocode")
WITH_GO = bool(shutil.which("go")) and (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir()

pytestmark = pytest.mark.skipif(not WITH_GO, reason="needs go with x/mod (Debian: golang-go, golang-golang-x-mod-dev)")


def in_base64(hashes: list[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]


def test_gos_sumdb_accepts_every_proof_and_refuses_what_was_changed(tmp_path: Path) -> None:
    entries = [canonical(entry) for entry in a_keeper().entries]
    leaves = [leaf_hash(entry) for entry in entries]
    asked: dict[str, Any] = {
        "Key": SIGNER.verifier_key,
        "Checkpoint": SIGNER.checkpoint(len(leaves), root(leaves)).decode(),
        "Entries": [entry.decode() for entry in entries],
        "Proofs": [in_base64(inclusion_proof(leaves, index)) for index in range(len(leaves))],
        "Growth": [
            {
                "Size": size,
                "Root": b64encode(root(leaves[:size])).decode(),
                "Proof": in_base64(consistency_proof(leaves, size)),
            }
            for size in range(1, len(leaves))
        ],
    }
    program = tmp_path / "sumdb_check"
    off = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOPROXY": "off"}
    subprocess.run(["go", "build", "-o", program, SOURCE], env=os.environ | off, cwd=tmp_path, check=True)

    def said(**changed: Any) -> str:
        given = json.dumps(asked | changed)
        return subprocess.run([program], input=given, capture_output=True, text=True, check=False).stdout

    assert said() == f"{SIGNER.name}: {len(leaves)} entries, {len(leaves) - 1} proofs of growth\n"
    assert said(Checkpoint=asked["Checkpoint"].replace(f"\n{len(leaves)}\n", f"\n{len(leaves) - 1}\n", 1)).startswith(
        "refused: signature"
    )
    assert said(Entries=[*asked["Entries"][:7], asked["Entries"][8]]).startswith("refused: entry 7")
    assert said(Proofs=asked["Proofs"][::-1]).startswith("refused: entry 0")
    growth = [asked["Growth"][0], {**asked["Growth"][1], "Root": asked["Growth"][2]["Root"]}]
    assert said(Growth=growth).startswith("refused: growth from 2")
