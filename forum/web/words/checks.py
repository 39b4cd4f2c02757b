"""The checks of an export or a receipt in plain words, and how a checkpoint that is brought stands to the record."""

from __future__ import annotations

from forum.services.brought_checkpoints import Brought, Stands
from forum.web.i18n.gettext import gettext as _


def of_check(name: str) -> str:
    """Returns what a check looks at, in one sentence; "" for one that has no words yet."""
    return {
        "archive": _("The zip file itself is as Forum packed it."),
        "given key": _("It is signed with the key that the organisers publish."),
        "files": _("All files of an export are there, and no other."),
        "file digests": _("Each file is the one that was signed for."),
        "entries": _("Every entry of the record is written as one of its kind must be."),
        "root": _("The entries lead to the signed fingerprint of the record."),
        "key": _("The fingerprint names the key that lies in the export."),
        "checkpoint signature": _("The fingerprint of the record is signed."),
        "package signature": _("The list of the files is signed."),
        "disclosures": _("The words are those that the entries have fingerprints of, or were taken back."),
        "order of rounds": _("Each vote was declared, opened, closed and shown, in this order and once."),
        "opened ballots": _(
            "Each opened ballot is a ballot of a vote whose result was shown, and none is there twice."
        ),
        "ballots root": _("The opened ballots are those that were counted when the vote closed."),
        "head counts": _("The results are what the ballots add up to."),
        "re-tally": _("Every way of counting, done again, gives the same."),
        "tables": _("The tables, made again from the record, are the same letter by letter."),
        "results by group": _("The results by group follow from the ballots, and show no group that is too small."),
        "equal voice": _("The result in which every group weighs the same follows from the groups' results."),
        "quorum": _("Where a number of ballots was needed, it is said rightly whether they came."),
        "view shift": _("What is said of people who changed their view fits the two results."),
        "decisions": _("Each decision came after its result was shown, and says so where it differs from it."),
        "verify.py": _("The program that lies in the export is the one of this Forum."),
        "receipt": _("The receipt has all its parts, and no other."),
        "receipt's checkpoint": _("The fingerprint of the record is signed with the key that lies in the receipt."),
        "entries in the record": _("The entries of the vote are in the record that was signed."),
        "entries of the vote": _("They are the opening, the closing and the result of one vote."),
        "ballot in the vote": _("The ballot is one of those that were counted when the vote closed."),
        "ballot counted": _("The ballot is counted in the total that was shown."),
        "words": _("The words are those that the entries have fingerprints of."),
        "record that others see": _("The record is the one that others see."),
    }.get(name, "")


def of_record(brought: Brought) -> tuple[str, str]:
    """Returns how a checkpoint stands to the record of this server: "success", "warning" or "", and sentences."""
    words = {
        Stands.BEGINNING: _(
            "The fingerprint is one of the record of this server, over its first %(size)s entries, and they are "
            "still what they were when it was signed. The record has %(now)s entries now."
        ),
        Stands.ELSEWHERE: _(
            "The fingerprint is not of the record of this server, or was signed with another key. So it could not"
            " be held against the record here: whoever published it says whether the key is theirs."
        ),
        Stands.FORGED: _(
            "The fingerprint has the name of this server's record, but no signature by its key that holds. Do not"
            " rely on it."
        ),
        Stands.GIVEN_UP: _(
            "The fingerprint was signed by this server, and then an older copy of the record was put back, which "
            "does not go on from it. An entry of the record says so."
        ),
        Stands.DIFFERS: _(
            "The fingerprint is signed with this server's key, and the first %(size)s entries of the record here "
            "are others. One key has signed two records. Keep what you have, and show it to somebody whom you "
            "trust."
        ),
        Stands.LONGER: _(
            "The fingerprint is signed with this server's key, for %(size)s entries, and the record here has only"
            " %(now)s. Entries are missing. Keep what you have, and show it to somebody whom you trust."
        ),
    }[brought.stands]
    kind = {Stands.BEGINNING: "success", Stands.ELSEWHERE: ""}.get(brought.stands, "warning")
    return kind, words % {"size": brought.size, "now": brought.now}
