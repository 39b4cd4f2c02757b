"""Data about people: every column of the database, by the kind of data in it, with why it is held, and for how long.

It stands beside the schema (`forum/store/tables/`): a test fails for a column that is not in COLUMNS. The page
/data-protection, the copy that somebody gets of their data, and retention all go by it. Sentences here are messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from forum.errors import message


class Kind(StrEnum):
    """Kinds of data about people."""

    STORY = "stories"
    LINK = "private links"
    SUGGESTION = "suggestions"
    MODERATION = "moderation"
    MAIL = "mail addresses"
    DEVICE = "devices"
    ATTENDANCE = "attendance"
    BALLOT = "ballots"
    REASON = "reasons"
    STOP = "stops"
    ROOM = "words of the room"
    ACCOUNT = "accounts"
    UNDO = "undo"
    RECORD = "record"


class About(msgspec.Struct, frozen=True):
    """Tells of one kind of data in plain words. `kept` may have the days of periods in it, as %(drafts)s (PERIODS)."""

    title: str
    data: str
    why: str
    seen: str
    kept: str


ABOUT: Mapping[Kind, About] = {
    Kind.STORY: About(
        message("Stories and evidence"),
        "The words of a story with its earlier versions, the files and links beside it, which group its writer speaks "
        "for, what its writer allows, and when it was sent.",
        "So that people can act, vote and decide on what really happened.",
        "Its writer and moderators; once it is accepted, everybody.",
        "Until its writer takes it back or has it erased. A draft that was never sent goes %(drafts)s days after its "
        "last change. A story that was returned and not sent again, or whose writer gives no answer to the question "
        "that was proposed for it, goes after %(returned)s days.",
    ),
    Kind.LINK: About(
        message("Private links"),
        "A fingerprint of each private link, of a writer, of whoever has to keep a promise or has offered help, and "
        "the link for those who build along.",
        "So that they come back without an account.",
        "Nobody: from a fingerprint the link cannot be found. The link to build along is seen by the story's writers.",
        "As long as the story or the promise. After a link was replaced or switched off, its fingerprint stays, so "
        "that it never opens anything again.",
    ),
    Kind.SUGGESTION: About(
        message("Suggestions for stories"),
        "What somebody suggests for another person's story, with the name and group they choose to give, and a mark of "
        "their browser that differs from story to story.",
        "So that people can build a story together, and are thanked for it.",
        "The writers of the story; a name is public where it was given to be thanked.",
        "As long as the story, or until it is erased. The mark of the browser goes after %(marks)s days.",
    ),
    Kind.MODERATION: About(
        message("Moderation: reasons, appeals, reports"),
        "What moderators did with a story and why, appeals of writers, and reports of readers. Reports carry no name.",
        "So that it can be checked that moderators act fairly.",
        "Moderators; what was done to a story is seen by its writer too, and without names by everybody.",
        "Acts as long as the story. The words of reports and appeals that were answered, and reasons that are not "
        "public, go after %(notes)s days.",
    ),
    Kind.MAIL: About(
        message("E-mail addresses"),
        "The address that was left to get news of a story, a commission, a decision or a promise, which of these it "
        "is, when it was left, and when the next letter is due. Nothing ties it to a vote or a browser. The address of "
        "whoever has to keep a promise, as a commissioner gave it.",
        "To send the news that was asked for, and nothing else.",
        "Nobody: only the program that sends the letters.",
        "%(to_confirm)s days where it is not confirmed. Else until it is stopped, for a story %(promised)s days after "
        "the last promise was due, or %(quiet)s days without news. The address of whoever has to keep a promise goes "
        "when it is kept, given up or handed on, and when its link is switched off.",
    ),
    Kind.DEVICE: About(
        message("Which browser voted"),
        "A fingerprint of the browser's cookie, which differs from session to session, and its ticket. Afterwards a "
        "fingerprint that says no more than that it voted, with its group where that is no small one.",
        "So that each browser has one vote, and can change it while the vote is open. Afterwards, so that those who "
        "voted, and nobody else, can be asked whether they were understood.",
        "Nobody. Those who run the server could look.",
        "An hour after the session has ended. From then on nobody can tell which browser a ballot came from. That a "
        "browser voted goes after %(attendance)s days.",
    ),
    Kind.ATTENDANCE: About(
        message("Who came, by group"),
        "The group that somebody speaks for, the other groups they belong to, whether they only watch, and when they "
        "joined. No names.",
        "To show results by group, and which groups are missing.",
        "Everybody, as numbers; never for a group so small that it would tell on somebody.",
        "Group and time as long as the record of the session. The other groups go after %(attendance)s days.",
    ),
    Kind.BALLOT: About(
        message("Ballots"),
        "What was voted in each vote, when it was last changed, and the numbers that let anybody check the count.",
        "To count the vote, and to prove the count.",
        "Everybody sees the totals. Once the result is shown, ballots are public without any link to a person.",
        "For good: a ballot without a link to a person cannot be taken out of a closed vote. The list of times that "
        "something was sent twice goes after %(attendance)s days.",
    ),
    Kind.REASON: About(
        message("Reasons and conditions"),
        "The few words given with a vote, and “me too” to those of others.",
        "So that those who decide know why people voted as they did.",
        "The facilitator and those who decide; the room, where that was announced.",
        "As long as the vote, or until they are taken back or erased.",
    ),
    Kind.STOP: About(
        message("Stops"),
        "The character and the words that somebody gave when they called stop, and what came of it.",
        "To try out in the room what people propose.",
        "The facilitator; the room, when it is tried out.",
        "As long as the session, or until they are erased. What was tried out in front of everybody stays.",
    ),
    Kind.ROOM: About(
        message("What was asked, decided and promised"),
        "Questions, proposals, pledges, decisions, promises and what became of them, with files beside that, as the "
        "organisers or those who promised wrote them down, with the roles of those who promised; and, until it is "
        "counted, whether somebody had noticed it.",
        "So that what was decided can be read and held to.",
        message("Everybody."),
        "For good, as a public record. The draft of a decision goes %(decision_drafts)s days after its last change.",
    ),
    Kind.ACCOUNT: About(
        message("Accounts of staff"),
        "Name, sign-in name, roles, a fingerprint of the password, the sealed secret and fingerprints of the recovery "
        "codes of a second step, their number at a provider of single sign-on, sign-ins with the kind of browser and "
        "the day of last use, and which of them did what. No network address.",
        "So that only those who may can run sessions, moderate and decide.",
        "The administrator. Others see a name where its owner acts.",
        "As long as somebody works here. A sign-in goes %(sign_ins)s days after it has run out, and the list of what "
        "staff did with accounts, exports and settings after %(staff_acts)s days.",
    ),
    Kind.UNDO: About(
        message("The last act, to undo it"),
        "The facilitator's last act in a session, with the words that it changed.",
        "So that a slip on stage can be undone.",
        message("The facilitator."),
        "%(undo)s days.",
    ),
    Kind.RECORD: About(
        message("The public record"),
        "What was published, asked, voted and decided, each entry sealed. Words of people lie beside it, and only "
        "their fingerprint is in it.",
        "So that nobody can change a word unseen.",
        message("Everybody."),
        "Entries for good. A story's words beside them go when it is taken back or erased; the fingerprint that stays "
        "is of words and a random number, and tells nothing.",
    ),
}

# Days that data is kept, by the name of the period; FORUM_RETENTION may shorten each.
PERIODS: Mapping[str, int] = {
    "drafts": 365,
    "returned": 365,
    "marks": 365,
    "notes": 730,
    "attendance": 365,
    "sign_ins": 30,
    "staff_acts": 365,
    "undo": 7,
    "decision_drafts": 365,
}


# Columns that say nothing about anybody: counters, random ids, states, and what the organisers set up.
NOBODY = None
# By table: its columns by the kind of data in them. Nothing may be left out; a test holds this against the schema.
COLUMNS: Mapping[str, Mapping[Kind | None, str]] = {
    "also": {Kind.ATTENDANCE: "participant group_id"},
    "amendment": {Kind.ROOM: "before after at", NOBODY: "seq id proposal state shown"},
    "appeal": {Kind.MODERATION: "words at outcome because answered_at", Kind.ACCOUNT: "by", NOBODY: "seq id story act"},
    "asked": {NOBODY: "session kind about number seen"},
    "answer_move": {Kind.ROOM: "because", NOBODY: "seq id round came_from went_to at entry"},
    "ballot": {
        Kind.BALLOT: "participant choice ballot salt group_salt at paper",
        Kind.ATTENDANCE: "group_id",
        Kind.REASON: "reason condition",
        NOBODY: "round",
    },
    "binding": {Kind.ACCOUNT: "person issuer sub at"},
    "casting": {Kind.BALLOT: "participant cast", NOBODY: "round"},
    "checkpoint": {NOBODY: "size root note signed_at"},
    "closing": {Kind.ROOM: "words groups because", NOBODY: "seq id commission at entry reopened_at reopening"},
    "commission": {
        Kind.ROOM: "power support",
        NOBODY: "seq id title question stage groups threshold small_numbers demonstration rehearsal created_at "
        "closed_at second_reader version draft",
    },
    "commission_version": {Kind.ROOM: "terms because", NOBODY: "commission number at entry"},
    "commitment": {Kind.ROOM: "role what by answers noticed at", NOBODY: "seq id decision"},
    "commitment_update": {Kind.ROOM: "state at said because handed_to", NOBODY: "seq id commitment given_by"},
    "cosignature": {NOBODY: "size root witness at line"},
    "decision": {
        Kind.ROOM: "rationale why dissent told differences",
        Kind.REASON: "conditions",
        NOBODY: "seq id commission rounds outcome response decided_at decided_on entry earlier second_reader votes "
        "until",
    },
    "decision_correction": {Kind.ROOM: "because words", NOBODY: "seq id decision replaced_by at entry"},
    "decision_draft": {
        Kind.ROOM: "form because",
        Kind.ACCOUNT: "writers",
        NOBODY: "seq id commission rounds state version saved_at",
    },
    "disclosure": {Kind.RECORD: "encoded withdrawn_at", NOBODY: "digest entry commission"},
    "draft": {Kind.STORY: "words changed_at", Kind.LINK: "build", NOBODY: "story step"},
    "entry": {Kind.RECORD: "body", NOBODY: "position commission leaf_hash"},
    "embedder": {NOBODY: "commission addresses"},
    "evidence": {
        Kind.STORY: "kind title url size added_at shown_at declined_at",
        Kind.MODERATION: "because",
        NOBODY: "seq id story",
    },
    "evidence_file": {Kind.STORY: "content", NOBODY: "evidence"},
    "fact": {NOBODY: "name value"},
    "first_link": {Kind.ACCOUNT: "token until", NOBODY: "only"},
    "follower": {
        Kind.MAIL: "kind about address state asked_at until told_until not_before tries",
        Kind.LINK: "key",
        NOBODY: "id",
    },
    "help_pledge": {Kind.ROOM: "words name day", Kind.LINK: "key", NOBODY: "id commission state entry"},
    "hook_message": {NOBODY: "seq id webhook event at facts state tries not_before tried_at heard claim claim_until"},
    "last_act": {Kind.UNDO: "act at changes", NOBODY: "session id"},
    "library": {Kind.STORY: "told_by told_by_key", NOBODY: "story"},
    "library_note": {Kind.STORY: "key note", NOBODY: "story"},
    "logo": {NOBODY: "sha256 width height content"},
    "mail": {
        Kind.MAIL: "address state asked_at until told_until not_before look_at seen tries",
        Kind.LINK: "key",
        NOBODY: "story id",
    },
    "me_too": {Kind.REASON: "reason participant"},
    "moderation": {
        Kind.MODERATION: "action before because public sent_at at",
        Kind.ACCOUNT: "by",
        NOBODY: "seq id story read entry",
    },
    "helper_link": {Kind.LINK: "label key made_at made_by until revoked_at", NOBODY: "seq id session helper"},
    "group_link": {Kind.LINK: "key made_at revoked_at", NOBODY: "seq id decision group_label"},
    "minority_statement": {
        Kind.ROOM: "words because sent_at moderated_at",
        NOBODY: "seq id decision group_label state entry",
    },
    "noticed_answer": {Kind.ROOM: "said", Kind.LINK: "key", NOBODY: "commitment asking who"},
    "organisation": {Kind.ACCOUNT: "by", NOBODY: "number at changed said logo"},
    "owner_link": {Kind.LINK: "key made_at revoked_at", NOBODY: "seq id commitment"},
    "owner_mail": {
        Kind.MAIL: "address state reminders written_at not_before told tries",
        Kind.LINK: "key link",
        NOBODY: "id commitment",
    },
    "paper": {Kind.ACCOUNT: "entered_by confirmed_by", NOBODY: "round id counts handed_out entered_at confirmed_at"},
    "participant": {
        Kind.DEVICE: "device",
        Kind.ATTENDANCE: "group_id joined_at observer passing",
        NOBODY: "id session",
    },
    "person": {Kind.ACCOUNT: "login login_key name roles roles_in password created_at", NOBODY: "seq id"},
    "pledge": {Kind.ROOM: "role what by at", NOBODY: "seq id session round state decision"},
    "prediction": {
        Kind.ROOM: "expect minds sealed_at",
        NOBODY: "id session expect_salt minds_salt decision entry opening",
    },
    "programme": {Kind.ROOM: "plan name", NOBODY: "session number what at"},
    "proposal": {Kind.ROOM: "words at", NOBODY: "seq id session stop scenario state round shown"},
    "reason": {
        Kind.REASON: "participant choice words condition at state due_at",
        Kind.ATTENDANCE: "group_id",
        NOBODY: "id round",
    },
    "rehearsal": {NOBODY: "session of people slow dropping by_hand pace started_at state ended_at why report"},
    "report": {Kind.MODERATION: "words at answer answered_at", NOBODY: "seq id story"},
    "round": {
        Kind.ROOM: "question responses scene versions annulled_because",
        NOBODY: "seq id session scenario method kind second_of state closing_soon created_at opened_at closed_at "
        "revealed_at annulled_at closes_at extended_at quorum quorum_each live leaf_edition asks_about",
    },
    "session": {
        Kind.ROOM: "cue called_off_because",
        NOBODY: "seq id commission title code projector scenarios version paused ended rehearsal recorded partition "
        "badges_off held opened_at kind entrance tablet reasons ended_at no_receipts stage terms called_off_at",
    },
    "recovery_code": {Kind.ACCOUNT: "person code"},
    "second_step": {Kind.ACCOUNT: "person sealed at last wrong"},
    "sign_in": {Kind.ACCOUNT: "token person at until device used_on"},
    "staff_act": {Kind.ACCOUNT: "at by what whom about", NOBODY: "seq"},
    "stage_move": {Kind.ROOM: "learnt better took_part", NOBODY: "seq id commission came_from went_to at entry"},
    "stage_note": {Kind.ROOM: "words", NOBODY: "seq id commission stage question at decision entry"},
    "stop": {
        Kind.STOP: "participant at character how",
        Kind.ATTENDANCE: "group_id",
        Kind.ROOM: "scene tried verdict response",
        NOBODY: "seq id session showing since scenario state taken_at magic entered",
    },
    "story": {
        Kind.STORY: "title twee status told_by submitted_at may_perform may_publish may_quote published_at "
        "withdrawn_at revision revised_at to_shape",
        Kind.LINK: "link",
        Kind.MODERATION: "because moderated_at",
        NOBODY: "seq id commission",
    },
    "suggestion": {
        Kind.SUGGESTION: "kind words at place seen title url group_id name by outcome because answered_at",
        Kind.ACCOUNT: "agreed_by",
        NOBODY: "seq id story staff agreed",
    },
    "ticket": {
        Kind.DEVICE: "code participant used_at",
        Kind.ATTENDANCE: "group_id",
        NOBODY: "seq id session number issued_at revoked_at replaces",
    },
    "token": {
        Kind.ACCOUNT: "person label secret created_at revoked_at expires_on used_on",
        NOBODY: "seq id commission role",
    },
    "update_file": {Kind.ROOM: "shows media size sha256 content withdrawn_at", NOBODY: "id commitment"},
    "version": {Kind.STORY: "words at kind leans", Kind.SUGGESTION: "by", NOBODY: "story number"},
    "webhook": {Kind.ACCOUNT: "by", NOBODY: "seq id commission url events created_at failing_since stopped_at"},
    "voter": {Kind.DEVICE: "mark at", Kind.ATTENDANCE: "group_id", NOBODY: "session"},
}


def kinds_of(table: str) -> dict[str, Kind | None]:
    """Returns the kind of data in each column of a table, None for none. Raises KeyError for an unknown table."""
    return {column: kind for kind, columns in COLUMNS[table].items() for column in columns.split()}


def columns_of(kind: Kind) -> dict[str, tuple[str, ...]]:
    """Returns the columns that hold data of this kind, by table; tables without any are left out."""
    return {table: tuple(by[kind].split()) for table, by in COLUMNS.items() if kind in by}
