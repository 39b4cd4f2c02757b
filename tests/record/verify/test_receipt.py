"""A receipt: a true one passes, and nothing in it can be changed unseen, with or without the key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.receipts import a_receipt
from support.record_keeper import CRISIS, SIGNER, WAYS, Keeper, a_keeper_of_ways, people, votes_of

from forum.cli.verify import verify
from forum.record import export_zip
from forum.record.signing_key import Signer
from forum.record.verify.__main__ import main
from forum.record.verify.archive import unpack
from forum.record.verify.receipt import STEPS, verify_receipt
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, LaterFormat, NoExport

OTHER = Signer.of(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
UNHELD = {"given key": NOT_CHECKED, "record that others see": NOT_CHECKED}


def a_vote(keeper: Keeper, *, disclosed: bool = False) -> tuple[str, str]:
    """Runs one vote of a session of its own, its result disclosed beside its entry, or in it as in records of before;
    returns its round and session."""
    of = keeper.open(CRISIS, keeper.session(CRISIS, "A day"), "Who should come?")
    keeper.close(CRISIS, of, votes_of(people({"users": 7, "carers": 6}), "r1", "r2", "r1"))
    keeper.reveal(CRISIS, of, disclosed=disclosed)
    return of


@pytest.fixture(scope="module")
def voted() -> tuple[Keeper, tuple[str, str]]:
    keeper = Keeper()
    return keeper, a_vote(keeper, disclosed=True)


def verdicts(data: bytes, **held: Any) -> dict[str, str]:
    """Returns the verdict of each check of a receipt that is not PASS."""
    return {one.name: one.verdict for one in verify_receipt(data, **held) if one.verdict != PASS}


def test_a_true_receipt_passes_and_says_which_vote_it_is(voted: tuple[Keeper, tuple[str, str]]) -> None:
    keeper, of = voted
    data = a_receipt(keeper, of[0])
    assert verdicts(data) == UNHELD
    files = unpack(export_zip.pack(keeper.log(), SIGNER))[0]
    assert verdicts(data, key=SIGNER.public_key_pem, export=files) == {}
    assert verdicts(data, key=SIGNER.public_key_pem, checkpoint=files["checkpoint"]) == {}
    said = {one.name: one.detail for one in verify_receipt(data)}
    assert said["ballot counted"] == "its vote, 'r1 Send a nurse', is in a total of 13 ballots"


def test_every_way_of_voting_has_receipts() -> None:
    keeper = a_keeper_of_ways()
    revealed = [entry["round"] for entry in keeper.entries if entry["type"] == "round revealed"]
    assert len(revealed) == 2 * len(WAYS)
    for round_ in revealed:
        for number in range(3):
            assert verdicts(a_receipt(keeper, round_, number)) == UNHELD


# ---------------------------------------------------------------- somebody without the key

# A check that fails where the part of a receipt that begins so is changed.
FAILS = {
    "read_me": "receipt",
    "ballot": "ballot in the vote",
    "place": "ballot in the vote",
    "entries": "entries in the record, entries of the vote",
    "words": "words",
    "checkpoint": "receipt's checkpoint",
    "key": "receipt's checkpoint",
}


def changes_of(value: Any) -> Iterator[Any]:
    """Yields values of the same kind, none of them this one."""
    if isinstance(value, dict):
        yield {**value, "more": ""}
        for name in value:
            yield {other: part for other, part in value.items() if other != name}
            yield from ({**value, name: changed} for changed in changes_of(value[name]))
    elif isinstance(value, list):
        yield [*value, value[0]]
        yield value[::-1]
        yield value[1:]
        for at, part in enumerate(value):
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in changes_of(part))
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -1, True, str(value), None)
    else:
        middle = len(value) // 2
        yield from (value[:-1], value + " ", value[:middle] + "0A"[value[middle] == "0"] + value[middle + 1 :], 7)


@pytest.mark.parametrize("part", FAILS)
def test_no_part_can_be_changed_without_the_key(voted: tuple[Keeper, tuple[str, str]], part: str) -> None:
    keeper, of = voted
    whole = json.loads(a_receipt(keeper, of[0]))
    changed = list(changes_of(whole[part]))
    assert len(changed) >= 4
    for value in changed:
        found = verdicts(json.dumps(whole | {part: value}).encode())
        if part == "words" and isinstance(value, list) and value == whole["words"][1:]:
            # They may have been taken back: a receipt alone cannot tell.
            assert found == {**UNHELD, "words": NOT_CHECKED}
        else:
            assert FAIL in (found.get(name) for name in FAILS[part].split(", ")) or found["receipt"] == FAIL, value
    without = {name: value for name, value in whole.items() if name != part}
    assert verdicts(json.dumps(without).encode())["receipt"] == FAIL


def test_without_the_total_nothing_is_said_of_it(voted: tuple[Keeper, tuple[str, str]]) -> None:
    keeper, of = voted
    whole = json.loads(a_receipt(keeper, of[0]))
    found = verdicts(json.dumps(whole | {"words": whole["words"][:-1]}).encode())
    assert found == {**UNHELD, "words": NOT_CHECKED, "ballot counted": NOT_CHECKED}


def test_another_ballot_of_the_same_vote_is_not_this_one(voted: tuple[Keeper, tuple[str, str]]) -> None:
    keeper, of = voted
    one, other = (json.loads(a_receipt(keeper, of[0], number)) for number in (0, 1))
    for part in ("ballot", "place"):
        mixed = json.dumps(one | {part: other[part]}).encode()
        assert verdicts(mixed) == {**UNHELD, "ballot in the vote": FAIL}


def test_entries_of_another_vote_are_told() -> None:
    keeper = Keeper()
    one, other = a_vote(keeper), a_vote(keeper)
    mine, theirs = (json.loads(a_receipt(keeper, of[0])) for of in (one, other))
    for place in range(len(STEPS)):
        entries = [*mine["entries"]]
        entries[place] = theirs["entries"][place]
        assert verdicts(json.dumps(mine | {"entries": entries}).encode())["entries of the vote"] == FAIL
    backwards = mine | {"entries": mine["entries"][::-1]}
    assert verdicts(json.dumps(backwards).encode())["entries of the vote"] == FAIL


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"forum_receipt":0}', b'{"forum_receipt":true}', b'{"forum_receipt":1,"forum_receipt":1}',
     b"\xff", b"[" * 10_000, b'{"forum_receipt":1}' + b" " * (1 << 20)],
)  # fmt: skip
def test_what_is_no_receipt_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NoExport):
        verify_receipt(data)


def test_a_receipt_of_a_later_format_is_left_to_a_later_program() -> None:
    with pytest.raises(LaterFormat):
        verify_receipt(b'{"forum_receipt":2}')


def test_a_file_with_odd_parts_fails_and_stops_nothing() -> None:
    found = verdicts(b'{"forum_receipt":1,"ballot":[],"entries":{},"checkpoint":9,"words":null,"key":[]}')
    assert {name for name, verdict in found.items() if verdict == FAIL} >= {"receipt", "words"}


# ---------------------------------------------------------------- the operator, who has the key


def closed_with(keeper: Keeper, of: tuple[str, str], type_: str) -> dict[str, Any]:
    [entry] = [one for one in keeper.entries if one["type"] == type_ and one["round"] == of[0]]
    return entry


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        (lambda k, of: closed_with(k, of, "round closed").update(count=12), "ballot in the vote, ballot counted"),
        (lambda k, of: closed_with(k, of, "round closed").update(ballots_root="00" * 32), "ballot in the vote"),
        (lambda k, of: closed_with(k, of, "round revealed")["result"].update(n=12), "ballot counted"),
        (lambda k, of: closed_with(k, of, "round revealed")["result"]["counts"].update(r1=0), "ballot counted"),
        (lambda k, of: closed_with(k, of, "round revealed").update(more="x"), "entries of the vote"),
        (lambda k, of: closed_with(k, of, "round revealed").update(session="0" * 32), "entries of the vote"),
        (lambda k, of: closed_with(k, of, "round opened")["responses"].pop(0), "ballot counted"),
    ],
)
def test_an_operator_cannot_give_a_receipt_of_a_vote_that_does_not_count(
    change: Callable[[Keeper, tuple[str, str]], object], fails: str
) -> None:
    keeper = Keeper()
    of = a_vote(keeper)
    change(keeper, of)
    assert verdicts(a_receipt(keeper, of[0])) == UNHELD | dict.fromkeys(fails.split(", "), FAIL)


def test_words_that_were_taken_back_are_not_in_a_receipt(voted: tuple[Keeper, tuple[str, str]]) -> None:
    keeper = deepcopy(voted[0])
    keeper.erase(CRISIS, [keeper.opened[voted[1][0]]["question"]["sd"]])
    assert verdicts(a_receipt(keeper, voted[1][0])) == {**UNHELD, "words": NOT_CHECKED}


def test_a_receipt_is_held_against_the_record_that_others_see(voted: tuple[Keeper, tuple[str, str]]) -> None:
    keeper, of = deepcopy(voted[0]), voted[1]
    data = a_receipt(keeper, of[0])

    def held(record: Keeper, signer: Signer = SIGNER) -> str:
        files = unpack(export_zip.pack(record.log(), signer))[0]
        return verdicts(data, export=files).get("record that others see", PASS)

    shorter = deepcopy(keeper)
    a_vote(keeper, disclosed=True)
    assert held(keeper) == PASS
    shorter.entries.pop()
    assert held(shorter) == NOT_CHECKED
    # Another record under the same key: the same vote, and another session before it.
    forked = Keeper()
    forked.session(CRISIS, "An evening")
    a_vote(forked)
    a_vote(forked)
    assert held(forked) == FAIL
    # Another key, which no entry tells of; and one that an entry tells of.
    assert held(keeper, OTHER) == FAIL
    keeper.add(CRISIS, "key lost", before=SIGNER.name, key=OTHER.verifier_key)["commission"] = ""
    assert held(keeper, OTHER) == PASS
    keeper.annul(CRISIS, of, "It was asked wrongly.")
    assert held(keeper, OTHER) == FAIL


def test_a_receipt_is_held_against_a_checkpoint(voted: tuple[Keeper, tuple[str, str]]) -> None:
    data, size = a_receipt(voted[0], voted[1][0]), len(voted[0].entries)

    def held(signer: Signer, of: int) -> str:
        return verdicts(data, checkpoint=signer.checkpoint(of, bytes(32))).get("record that others see", PASS)

    assert held(SIGNER, size) == FAIL  # two roots of one size
    assert held(SIGNER, size + 1) == NOT_CHECKED
    assert held(OTHER, size) == FAIL
    assert verdicts(data, key=OTHER.public_key_pem)["given key"] == FAIL


# ---------------------------------------------------------------- the two programs


def test_both_programs_check_a_receipt_and_end_with_their_codes(
    voted: tuple[Keeper, tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keeper, of = voted
    files = unpack(export_zip.pack(keeper.log(), SIGNER))[0]
    receipt, export, head, key, forged = (tmp_path / name for name in ("r.json", "e.zip", "head", "key.pem", "f.json"))
    receipt.write_bytes(a_receipt(keeper, of[0]))
    forged.write_bytes(receipt.read_bytes().replace(b'"choice": "r1"', b'"choice": "r2"'))
    export.write_bytes(export_zip.pack(keeper.log(), SIGNER))
    head.write_bytes(files["checkpoint"])
    key.write_bytes(SIGNER.public_key_pem)

    def forum_verify(*arguments: str | Path) -> tuple[int, str]:
        done = CliRunner().invoke(verify, [str(one) for one in arguments])
        return done.exit_code, done.output.splitlines()[-1] if done.output else str(done.exception)

    against = ("--export", export, "--key", key)
    assert forum_verify("--receipt", receipt, *against) == (0, "Nothing failed.")
    left_out = "Nothing failed. Not checked: given key, record that others see."
    assert forum_verify("--receipt", receipt) == (0, left_out)
    assert forum_verify("--receipt", receipt, "--checkpoint", head, "--key", key) == (0, "Nothing failed.")
    failed = "1 checks FAILED: do not rely on this receipt."
    assert forum_verify("--receipt", forged) == (1, failed)
    assert forum_verify("--receipt", receipt, "--export", export, "--checkpoint", head)[0] == 2
    assert forum_verify("--receipt", export)[1].startswith("This is no receipt")

    def verify_py(*arguments: Path) -> tuple[int, str]:
        code = main(["--receipt", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, (out + err).splitlines()[-1]

    assert verify_py(receipt) == (3, left_out)
    assert verify_py(receipt, export) == (3, "Nothing failed. Not checked: given key.")
    assert verify_py(forged) == (1, failed)
    assert verify_py(export)[0] == verify_py(receipt, receipt)[0] == verify_py(tmp_path / "none")[0] == 2
