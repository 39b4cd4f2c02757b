"""Exports: one zip with the tables, the record, the opened ballots, and everything needed to check them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import BinaryIO

from forum.record.exports import EXPORTS, in_pieces
from forum.record.signing_key import Signer
from forum.record.verify import archive
from forum.record.verify.checkpoint import parse_note
from forum.record.verify.columns import COLUMNS
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash, root
from forum.record.verify.public_log import Log
from forum.record.verify.stated_columns import STATED
from forum.record.verify.stated_tables import write_stated
from forum.record.verify.table_schemas import readme_lines
from forum.record.verify.verdict import RecordError
from forum.record.verify_py import verify_py

README = """\
FORUM: AN EXPORT OF DECISIONS, VOTES AND THEIR RECORD
=====================================================

What is in it
-------------
decisions.csv          what was decided, with the reasons
rounds.csv             every vote: the question, when it was, how many voted
results_by_group.csv   how people voted: everybody, by group, and with every group weighing the same
view_shift.csv         who changed their mind between a first vote and the vote after the replay
commitments.csv        who will do what, by when, and how it stands
commissions.csv        every commission: each version of what people vote under, with the reason for it
stages.csv             how it moved through its stages, what was learnt, and how it ended
updates.csv            what became of each commitment, as it was told
noticed.csv            what those a commitment was made to had noticed of it
pledges.csv            what people can help with; no commitments
predictions.csv        what those who decide expected, sealed before the first vote
sessions.csv           every session: what was declared before any vote, and who was invited
options.csv            the answers of every vote, with their ids
stories.csv            every published version of every story
moderation.csv         what moderators did, with the reason where it is public
erasures.csv           when words were taken back, and of which entries

attendance.csv, reasons.csv, stops.csv, proposals.csv, amendments.csv, evidence.csv
                       who came; reasons, stops, proposals and evidence as everybody could read them. They are the
                       operator's word: the record does not hold them, so that people can take them back

ballots.jsonl          every ballot of every vote whose result was shown. No names, no reasons, no times
record.jsonl           the record: one entry a line, in the order things happened. Always the whole record, while the
                       other files are of what datapackage.json names: one session, one commission, or everything
disclosures.jsonl      the words that belong to the entries (questions, answers, reasons)
checkpoint             the signed head of the record
public_key.pem         the key that signed it
verify.py              a program that checks this export
datapackage.json       the size and the SHA-256 of every file above, and what each column of the tables holds
datapackage.sig        the signature of datapackage.json

The tables open in any spreadsheet program, also by a double click. They are UTF-8 with a byte order mark, and
commas. A spreadsheet may make a date of an answer such as 10-12 when it is opened like that: import the file
there as text instead (docs/exports.md says how), or take the same tables as a workbook, in which words stay words
(the page that gave you this has it; it is not signed). What is in the file stays as it is. A cell that begins with a
sign that starts a formula (such as = or +) has an apostrophe in front of it, so that nothing in it can run.
Groups that are too small to be shown on their own stand together under "other groups". Where even that
could show how a few people voted, nothing is given by group, and the table says so.
"(withdrawn)" stands where somebody took their words back. Who did is not said; that something was there is.

How to check it
---------------
With Python 3.11 or later, and nothing else, in the folder of the unpacked files:

    python verify.py

Each line says PASS, FAIL or NOT CHECKED; the last one names what was not checked. One FAIL means: do not rely
on this export. The exit code is 0 if everything passed, 1 if anything failed, 2 if there is no export that the
program can read, and 3 if nothing failed but something was not checked: verify.py leaves results by group and
decisions to "forum verify", which ends with 0, 1 or 2.

If you do not trust the verify.py in here, take Forum's source from somebody you trust. It has the same program as
the folder forum/record/verify, and nothing has to be installed for it either:

    python -m forum.record.verify FILE.zip

Forum itself checks more (what is said by group, who changed their mind, quorums and decisions):

    forum verify FILE.zip

All of them take the folder of the unpacked files, too (python verify.py FOLDER, forum verify FOLDER), and a zip
that another program made of it: then the files are checked, and "archive" says NOT CHECKED.

Or on the web: the page /check of the organisers' Forum takes this file and says in plain words what follows. It keeps
nothing; but whoever runs a server can make its pages say anything, so trust it no further than them.

The signatures, which both check, can be checked without either. With OpenSSL 3, in the same folder:

    head -n 3 checkpoint > note.txt
    grep -F " $(head -n 1 checkpoint) " checkpoint | cut -d " " -f 3 | openssl base64 -d -A | tail -c 64 > note.sig
    openssl pkeyutl -verify -rawin -pubin -inkey public_key.pem -in note.txt -sigfile note.sig
    openssl pkeyutl -verify -rawin -pubin -inkey public_key.pem -in datapackage.json -sigfile datapackage.sig

The same key in one line, for programs that follow the record (C2SP signed-note):

    VERIFIER_KEY

Anybody can make a key. So compare public_key.pem with the one that the organisers publish elsewhere, or
give it to Forum: forum verify FILE.zip --key THEIR_KEY.pem

What this proves, and what it does not
--------------------------------------
It proves that nobody who lacks the key changed a file of this export, that the results follow from the
opened ballots, and that these are the ballots counted when the vote closed. Two exports from different days
can be compared: the older record must be the beginning of the newer one.
It does not prove who voted: with an open join code, browsers are counted, not people. It does not hide a
vote from the people who run the server. And of who changed their mind, only the totals follow from the
ballots. Six tables (attendance to evidence, above) do not follow from the record: they fit it, and are signed.

What this is, and what each column of the tables holds
------------------------------------------------------
"""


def pack(log: Log, signer: Signer, note: bytes | None = None, licence: str = "") -> bytes:
    """Returns the zip of an export, for a log with its ballots. The same log, key and licence always give the same
    bytes. Takes and raises what `written` does.
    """
    out = io.BytesIO()
    deque(written(out, log, signer, note, licence), maxlen=0)
    return out.getvalue()


def written(
    out: BinaryIO,
    log: Log,
    signer: Signer,
    note: bytes | None = None,
    licence: str = "",
    ballots: Iterable[bytes] | None = None,
) -> Generator[int]:
    """Writes the zip of an export to the empty file `out` piece by piece, and yields after each how many bytes of files
    are written. It is whole when nothing more is yielded.

    `note` is the checkpoint of these entries, as the server keeps it; without it one is signed here. Raises RecordError
    for a note of other entries. `licence` is that of the export, its name or address, "" for none. `ballots` are the
    lines of ballots.jsonl in their order, each with its line break, where the log is without ballots.
    """
    lines = {} if ballots is None else {"ballots.jsonl": in_pieces(ballots)}
    leaves = [leaf_hash(canonical(entry)) for entry in log.entries]
    own = signer.checkpoint(len(leaves), root(leaves))
    if note is not None and parse_note(note).text != parse_note(own).text:
        raise RecordError("the checkpoint is not of these entries")
    columns = readme_lines({"this export": _about(log, licence), **COLUMNS, **STATED})
    files = write_stated(log.stated) | {
        "checkpoint": note or own,
        "public_key.pem": signer.public_key_pem,
        "verify.py": verify_py(),
        "README.txt": (README.replace("VERIFIER_KEY", signer.verifier_key) + columns).encode(),
    }
    measures: dict[str, archive.Measure] = {}
    done = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:

        def put(name: str, pieces: Iterable[bytes]) -> Iterator[int]:
            """Adds a file to the zip; keeps its measure, and for its description a table or the last lines."""
            nonlocal done
            size, hashed, piece = 0, hashlib.sha256(), b""
            with packed.open(archive.member_info(name), "w") as file:
                for piece in pieces:
                    file.write(piece)
                    hashed.update(piece)
                    size += len(piece)
                    yield done + size
            measures[name], files[name] = (size, hashed.hexdigest()), piece
            done += size

        for name in archive.DESCRIBED:
            yield from put(name, [files[name]] if name in files else lines.get(name) or EXPORTS[name](log))
        files["datapackage.json"] = archive.describe(files, log.commission, measures=measures, session=log.session)
        files["datapackage.sig"] = signer.sign(files["datapackage.json"])
        for name in ("datapackage.json", "datapackage.sig"):
            yield from put(name, [files[name]])


def _about(log: Log, licence: str) -> dict[str, str]:
    """Returns what README.txt says of the whole: its title, and the licence where there is one."""
    title = "Decisions, votes and their record"
    if log.commission is not None:
        title += f": {log.titles.get(log.commission, log.commission)}"
    if log.session is not None:
        title += f", {log.sessions[log.session]['title']}"
    return {"title": title} | ({"licence": licence} if licence else {})
