"""What the jobs need from the outside, as Protocols; their contracts are the prose here.

The store is used as units of work:

    async with store.begin() as work:     # one transaction: all of it or nothing
        ...
    async with store.read() as work:      # a snapshot to read from; writing through it is an error

Leaving `begin()` normally commits, leaving it by an exception rolls back. Whatever was written is on disk (WAL with
synchronous=FULL, or PostgreSQL's default) when `begin()` has been left. A database that cannot take it (full, locked,
gone) raises StoreUnavailable; how far the unit had got is then unknown, as when the answer to a commit is lost. Units
that write go on side by side, except where `lock=True` or `record.size()` puts them in line. Every method that looks
for one thing by id raises NotFound unless it says otherwise.
U+0000 and lone surrogates in words are kept as replacement characters, so no text makes a unit fail.
Times are strings, UTC, `2026-11-22T13:44:21.123Z`; ids are 32 lower-case hex digits from 128 random bits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from forum.ports.remembered import Remembered
from forum.sessions.programme import Programme
from forum.sessions.proposal import Amendment, Pledge, Proposal
from forum.sessions.session import ROOM, LastAct, LiveSession, Participant
from forum.sessions.stop import Stop
from forum.stories.draft import Draft
from forum.stories.search_terms import Query
from forum.voting.ballot import Ballot, Cast
from forum.voting.commission import Commission
from forum.voting.reason import Reason
from forum.voting.round import Round


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> str:
        """Now, UTC, ISO 8601 with milliseconds and a Z."""
        ...

    def later(self, **span: float) -> str:
        """Now plus a timedelta's keyword arguments, as `later(hours=12)`, written the same way."""
        ...


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `roles` are names from roles.ROLES; `password` is an argon2 hash, or empty."""

    id: str
    login: str
    name: str
    roles: tuple[str, ...]
    password: str = ""
    created_at: str = ""


@dataclass(frozen=True)
class Token:
    """An organiser's token for machines. Only a SHA-256 of it is kept."""

    id: str
    person: str
    label: str
    created_at: str
    revoked_at: str = ""


@dataclass(frozen=True)
class Submission:
    """A story somebody submitted. `twee` is the whole story; `link` is the SHA-256 (hex) of its private link's key.

    `status` is "writing", "submitted", "returned", "held", "accepted" or "withdrawn"; while it is being written for the
    first time `twee` is empty, and the words are in its draft. `told_by` is a group id of the commission or None.
    `because` is the moderator's reason when it (or a new version) was returned or is held. The three `may_` are what
    its writer allows; `published_at` is when it became public, empty if it never was. `revision` is a new version (the
    whole story) of an accepted one, which no moderator has read yet. A withdrawn story has `withdrawn_at` and no words:
    title, twee, revision and because are empty.
    """

    id: str
    commission: str
    title: str
    twee: str
    status: str
    told_by: str | None = None
    link: str = ""
    because: str = ""
    submitted_at: str = ""
    moderated_at: str = ""
    may_perform: bool = False
    may_publish: bool = False
    may_quote: bool = False
    published_at: str = ""
    withdrawn_at: str = ""
    revision: str = ""
    revised_at: str = ""


@dataclass(frozen=True)
class Version:
    """A story's draft as it was. `number` counts from 1 in its story; `kind` is one of VERSIONS.

    `by` tells one browser's writing from another's, and means nothing anywhere else; "" where that is not known.
    """

    story: str
    number: int
    at: str
    kind: str
    draft: Draft
    by: str = ""


@dataclass(frozen=True)
class Kept:
    """A version without its words: when it was kept, its number and kind, and `by` as in Version."""

    number: int
    at: str
    kind: str
    by: str


VERSIONS = (BEGUN, WRITTEN, TAKEN_IN, BROUGHT_BACK, SENT, PUBLISHED) = (
    "begun",
    "written",
    "suggestion taken in",
    "brought back",
    "sent",
    "published",
)


@dataclass(frozen=True)
class Suggestion:
    """What somebody suggests for a story that is being built together. `kind` is one of SUGGESTIONS.

    A scene has a `title` (its name, or none) and `words`, and goes after the card, or on the way, `place` ("" for the
    end); a response has `words` for the decision point `place`; a correction has new `words` for the field `place`, of
    which its writer saw the text with the mark `seen`; evidence has a `title` and a `url`. `group` is a group id of the
    commission or None, `name` is there only if its writer wishes to be named; `by` is as in Version. `outcome` is "" or
    one of OUTCOMES.
    """

    id: str
    story: str
    kind: str
    words: str
    at: str
    place: str = ""
    seen: str = ""
    title: str = ""
    url: str = ""
    group: str | None = None
    name: str = ""
    by: str = ""
    outcome: str = ""
    because: str = ""
    answered_at: str = ""


SUGGESTIONS = (SCENE, RESPONSE, CORRECTION, EVIDENCE) = ("scene", "response", "correction", "evidence")
OUTCOMES = (TAKEN, TAKEN_CHANGED, DECLINED) = ("accepted", "accepted with changes", "declined")


@dataclass(frozen=True)
class Act:
    """One thing a moderator did with a story. `action` is one of submissions.ACTS.

    `before` is the story's status until then, `read` the fingerprint of the text that was read, `sent_at` when that
    text was sent. `because` is the reason, for the writer; `public` says that it stands in the public log too. `by` is
    who did it (a person's id, or empty): it is never shown, and decides who may answer an appeal. `entry` is the index
    of its record entry, None for a rehearsal that is not recorded.
    """

    id: str
    story: str
    action: str
    before: str
    because: str = ""
    public: bool = False
    by: str = ""
    read: str = ""
    sent_at: str = ""
    at: str = ""
    entry: int | None = None


@dataclass(frozen=True)
class Appeal:
    """A writer's appeal against one act on their story. `outcome` is "", "upheld" or "overturned" (the act, that is).

    `words` are the writer's, `because` is the answer's reason, which the writer reads; `by` is who answered.
    """

    id: str
    story: str
    act: str
    words: str
    at: str
    outcome: str = ""
    because: str = ""
    by: str = ""
    answered_at: str = ""


@dataclass(frozen=True)
class Report:
    """What a reader of a public story found wrong with it. `answer` is "", "kept" or "taken down"."""

    id: str
    story: str
    words: str
    at: str
    answer: str = ""
    answered_at: str = ""


@dataclass(frozen=True)
class Evidence:
    """A link or a file beside a story. `kind` is "link" (then `url` is where to) or a media type of files.MEDIA.

    `size` is the file's in bytes. It is public once a moderator has shown it, while the story is; `because` is why it
    was declined, and then neither its url nor its content is kept.
    """

    id: str
    story: str
    kind: str
    title: str
    url: str = ""
    size: int = 0
    added_at: str = ""
    shown_at: str = ""
    declined_at: str = ""
    because: str = ""


@dataclass(frozen=True)
class Subscription:
    """Somebody who wants to be told by e-mail what becomes of a story: one for each story at most.

    `state` is one of MAIL_STATES. "asked": the mail that asks whether the address is theirs is still to be sent;
    "sent": it was, and is to be answered until `until`; "confirmed": what happened after `told_until` is to be told.
    "refused" and "done" say why there is no address any more: `address` is empty then, and in no other state.
    `key` is that of the links in its mails, which can confirm and stop, nothing else. `seen` is the size of the record
    when the story was last looked at: it is looked at again when the record has grown, or `look_at` has come, but
    not before `not_before`. `tries` counts mails that were not taken for now.
    """

    id: str
    story: str
    address: str
    key: str
    state: str
    asked_at: str
    until: str
    told_until: str
    not_before: str
    look_at: str
    seen: int = 0
    tries: int = 0


MAIL_STATES = (ASKED, SENT_OUT, CONFIRMED, REFUSED, DONE) = ("asked", "sent", "confirmed", "refused", "done")


@dataclass(frozen=True)
class Letter:
    """A mail that is ready: plain text, from us to one address.

    `id` is the same for the same mail sent again, `stop` the address of the page that ends them, `at` when it is sent.
    """

    to: str
    subject: str
    text: str
    id: str
    stop: str
    at: str


class Posted(Enum):
    """What became of a letter. LATER: its receiver takes none for now; DOWN: the mail server takes none from us."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    DOWN = "down"


class Post(Protocol):
    """Sends letters."""

    async def send(self, letter: Letter) -> Posted:
        """Never raises for what a mail server does, and takes a minute at most."""
        ...


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for in the library; what is empty is not asked, what is given must all be so.

    `words` anywhere in a story, `setting` in its place and time; `stage` is one of commission.STAGES, `group` the label
    of the group that tells it; `note` a content note that it has, `without` one that it must not have.
    """

    words: Query = field(default_factory=Query)
    setting: Query = field(default_factory=Query)
    stage: str = ""
    group: str = ""
    note: str = ""
    without: str = ""


@dataclass(frozen=True)
class Shelf:
    """A page of what was found: `total` in all. `told_by` is the label of each story's group by its id, "" for none."""

    stories: tuple[Submission, ...]
    total: int
    told_by: dict[str, str]


@dataclass(frozen=True)
class Offered:
    """What the library's stories can be filtered by: groups' labels and content notes, the most common first."""

    groups: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CastOutcome:
    """What became of one cast of a batch. `refusal` is "" when counted, else a code of wire.REFUSALS.

    `changed`: it replaced an earlier ballot of the same participant (False for a first ballot and for a resend).
    `choice` is what counts for the participant after the batch, where it was counted: that may be a later cast's.
    """

    cast: Cast
    refusal: str = ""
    changed: bool = False
    choice: str = ""


@dataclass(frozen=True)
class Disclosure:
    """Personal words, stored beside the entry that names their digest (RFC 9901).

    `digest` is base64url(SHA-256(ascii(encoded))), `encoded` is base64url(JSON [salt, name, value]); both without
    padding. `encoded` is None once withdrawn. `entry` is the index of the entry that first named it.
    """

    digest: str
    entry: int
    commission: str
    encoded: str | None
    withdrawn_at: str = ""


@dataclass(frozen=True)
class StoredEntry:
    """One line of the record: its 0-based index, its canonical bytes, and its RFC 9162 leaf hash (32 bytes)."""

    index: int
    body: bytes
    leaf_hash: bytes


@dataclass(frozen=True)
class Commitment:
    """Who does what by when. `by` is an ISO date; `role` is a role, never a person's name."""

    id: str
    decision: str
    role: str
    what: str
    by: str


@dataclass(frozen=True)
class Decision:
    """What those with the power decided. `rounds` is one round id, or two: first vote and vote after replay.

    `outcome` is one of outcome.OUTCOMES; `response` is a response id of those rounds, "none", or None where the
    decision is not about one response (deferred); `why` is the reason for differing from the room's preference.
    `entry` is the index of its record entry, None for a rehearsal that is not recorded.
    """

    id: str
    commission: str
    rounds: tuple[str, ...]
    outcome: str
    response: str | None
    rationale: str
    why: str = ""
    dissent: str = ""
    decided_at: str = ""
    entry: int | None = None
    commitments: tuple[Commitment, ...] = field(default_factory=tuple)


@dataclass(frozen=True)
class Planned:
    """A session's programme as it was from one change to the next.

    `number` counts up from 0, which is the empty programme that every session begins with. `what` says what the change
    was (one of programming.CHANGES), `name` what it was done to.
    """

    session: str
    number: int
    plan: Programme
    what: str = ""
    name: str = ""
    at: str = ""


@dataclass(frozen=True)
class Ticket:
    """A single-use code for one session and group (None: prefer not to say). `code` is its SHA-256.

    `number` is what is printed beside the code, from 1. `participant` is who came with it; `replaces` the number of the
    ticket in whose place it was issued. One with `revoked_at` is dead.
    """

    id: str
    session: str
    number: int
    group: str | None
    code: str
    issued_at: str
    used_at: str = ""
    participant: str | None = None
    revoked_at: str = ""
    replaces: int | None = None


@dataclass(frozen=True)
class PaperCount:
    """The papers of one round, counted by hand: how many for each response by group id ("": prefer not to say).

    `id` is new with every correction; `handed_out` is how many papers there were to vote on. `entered_by` and
    `confirmed_by` are ids of persons; once confirmed, every paper is a ballot.
    """

    id: str
    round: str
    counts: dict[str, dict[str, int]]
    handed_out: int
    entered_by: str
    entered_at: str
    confirmed_by: str = ""
    confirmed_at: str = ""

    @property
    def papers(self) -> int:
        """How many papers there are in it."""
        return sum(n for of_group in self.counts.values() for n in of_group.values())


class People(Protocol):
    """Accounts, sign-ins, the first administrator's link, organisers' tokens. Secrets come in hashed (SHA-256 hex)."""

    async def add(self, person: Person) -> None:
        """Raises BadInput(field="login") where the login (compared without case) is taken."""

    async def by_login(self, login: str) -> Person | None: ...
    async def all(self, *, lock: bool = False) -> list[Person]:
        """In the order they were added. `lock` keeps every other unit of work from changing them until this one
        ends."""
        ...

    async def set_roles(self, person: str, roles: Sequence[str]) -> None: ...
    async def set_password(self, person: str, password: str) -> None: ...
    async def sign_out_everywhere(self, person: str) -> None:
        """Ends every sign-in of theirs."""

    async def sign_in(self, token: str, person: str, at: str, until: str) -> None: ...
    async def signed_in(self, token: str, at: str) -> Person | None:
        """Whose sign-in this is; None where there is none, or it has run out."""

    async def sign_out(self, token: str) -> None: ...
    async def set_first_link(self, token: str, until: str) -> None:
        """The only link that now makes the first administrator; any earlier one dies."""

    async def first_link_holds(self, token: str, at: str) -> bool: ...
    async def use_first_link(self, token: str, at: str) -> bool:
        """Consumes it. True exactly once, and only before it runs out."""

    async def add_token(self, token: Token, secret: str) -> None: ...
    async def tokens(self, person: str) -> list[Token]: ...
    async def revoke_token(self, person: str, token: str, at: str) -> None: ...
    async def token_holder(self, secret: str) -> Person | None:
        """Whose token this is; None where it does not exist or was revoked."""


class Commissions(Protocol):
    """Commissions with their groups and support lines."""

    async def add(self, commission: Commission) -> None: ...
    async def get(self, commission: str) -> Commission: ...
    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """The titles of those of them that there are, by id."""
        ...

    async def all(self) -> list[Commission]:
        """Newest first."""


class Stories(Protocol):
    """Stories, whatever their status."""

    async def add(self, story: Submission) -> bool:
        """False, and nothing is kept, where there is one with this private link."""
        ...

    async def get(self, story: str, *, lock: bool = False) -> Submission:
        """`lock` keeps every other unit of work from changing it until this one ends."""

    async def by_link(self, link: str, *, lock: bool = False) -> Submission:
        """By the SHA-256 of the private link's key; `lock` as in `get`."""
        ...

    async def save(self, story: Submission, expected_status: str) -> None:
        """All but its link and what its writer allows. Raises IllegalMove where the story's status is no longer
        `expected_status` (somebody was faster), or it would be accepted and its writer does not allow that."""

    async def allow(self, story: Submission) -> None:
        """Writes the three `may_` alone. Raises IllegalMove where the story's status is another than `story` has."""

    async def relink(self, old: str, new: str) -> None:
        """The private link `old` (a SHA-256) is dead from now on, and `new` in its place; "" is no link at all. Raises
        NotFound where no story has the old one."""

    async def of(self, commission: str | None = None, status: str | None = None) -> list[Submission]:
        """Oldest first."""

    async def statuses(self, stories: Collection[str]) -> dict[str, str]:
        """The status of those of them that there are, by id."""
        ...

    async def revised(self) -> list[Submission]:
        """The public ones of which a new version waits to be read; the longest waiting first."""
        ...


class Drafts(Protocol):
    """Drafts of stories with their versions, and what others suggest for them."""

    async def add(self, story: str, draft: Draft, at: str) -> bool:
        """Opens a draft; False, and nothing is kept, where the story has one."""
        ...

    async def get(self, story: str, *, lock: bool = False) -> Draft:
        """`lock` keeps every other unit of work from changing it until this one ends."""
        ...

    async def save(self, story: str, draft: Draft, at: str) -> None: ...
    async def versions(self, story: str) -> list[Version]:
        """Oldest first."""
        ...

    async def history(self, story: str) -> list[Kept]:
        """Every version without its words, oldest first."""
        ...

    async def version(self, story: str, number: int) -> Version:
        """Exactly as it was put, whatever was put and dropped since."""
        ...

    async def last_version(self, story: str) -> Version | None: ...
    async def put_version(self, version: Version) -> None:
        """Keeps it; one with its number, which its writer has gone on from, is replaced."""

    async def sizes(self, story: str) -> dict[int, int]:
        """How much each version of a story takes as it is kept, in characters, by its number; dropping one may make
        another larger."""
        ...

    async def drop_versions(self, story: str, numbers: Collection[int]) -> None:
        """Deletes these versions."""

    async def build_key(self, story: str) -> str:
        """The key of the build link; "" where the story is not shared."""
        ...

    async def share(self, story: str, key: str) -> None:
        """The build link has this key from now on; "" is no link."""

    async def by_build_key(self, key: str) -> str:
        """The id of the story that this build link leads to."""
        ...

    async def suggest(self, suggestion: Suggestion) -> bool:
        """False, and nothing is kept, where there is one with this id."""
        ...

    async def suggestion(self, suggestion: str) -> Suggestion: ...
    async def suggestions(self, story: str) -> list[Suggestion]:
        """Oldest first."""
        ...

    async def answer(self, suggestion: Suggestion) -> None:
        """Keeps outcome, reason and when. Raises IllegalMove where it was answered already."""

    async def forget(self, story: str) -> None:
        """Deletes the draft, all versions and all suggestions of a story."""


class Moderation(Protocol):
    """What moderators did, what writers appealed against, what readers reported."""

    async def add(self, act: Act) -> None: ...
    async def of(self, story: str) -> list[Act]:
        """Oldest first."""

    async def log(self, start: int = 0, most: int = 50) -> list[Act]:
        """The acts that stand in the record, newest first, without the first `start` of them."""

    async def size(self) -> int:
        """How many acts stand in the record."""

    async def add_appeal(self, appeal: Appeal) -> bool:
        """False, and nothing is kept, where there was an appeal against this act before."""

    async def appeals(self, story: str | None = None) -> list[Appeal]:
        """Those of one story, or all that nobody has answered; oldest first."""

    async def answer_appeal(self, appeal: Appeal) -> None:
        """Keeps outcome, reason, who and when. Raises IllegalMove where it was answered already."""

    async def add_report(self, report: Report) -> bool:
        """False where there is a report with this id already."""

    async def reports(self, story: str | None = None) -> list[Report]:
        """Those of one story, or all that nobody has answered; oldest first."""

    async def answer_reports(self, story: str, ids: Sequence[str], answer: str, at: str) -> None:
        """Raises IllegalMove where one of them is not there, another story's, or answered already."""

    async def forget(self, story: str) -> None:
        """Takes every word about a story out: reasons, appeals, reports. What was done, and when, stays."""


class Library(Protocol):
    """The accepted stories, found by words and by what they are about.

    It follows `stories` by itself, in the same unit of work: a story is here exactly while its status is "accepted".
    Words are compared as search_terms.py folds them (no case, no accents), whole or as the beginning of a word; a story
    that has them in its title comes before one that has them in its text.
    """

    async def find(self, wanted: Wanted, *, start: int = 0, most: int = 10) -> Shelf:
        """From the best fit on where words are looked for, else the newest first; never raises for what was typed."""
        ...

    async def offered(self) -> Offered: ...


class Evidences(Protocol):
    """Links and files beside stories, with the files' content."""

    async def add(self, item: Evidence, content: bytes = b"") -> None:
        """Raises BadInput(field="item") where the id is another's."""

    async def get(self, item: str) -> Evidence: ...
    async def content(self, item: str) -> bytes:
        """Raises NotFound for a link, and for a file that is no longer kept."""
        ...

    async def of(self, story: str) -> list[Evidence]:
        """In the order in which it was added."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """How many pieces no moderator has dealt with, by story id; the story that waits longest first."""
        ...

    async def save(self, item: Evidence, before: Evidence) -> None:
        """Raises IllegalMove where it is no longer as `before`. What was declined loses its content and its url."""

    async def remove(self, item: str) -> None: ...
    async def forget(self, story: str) -> None:
        """Deletes all evidence of a story, content and all."""


class Mail(Protocol):
    """Who wants to be told of a story by e-mail."""

    async def add(self, subscription: Subscription) -> None:
        """In the place of whatever there was for its story."""

    async def of(self, story: str) -> Subscription | None: ...
    async def by_key(self, key: str) -> Subscription: ...
    async def due(self, at: str, size: int) -> list[Subscription]:
        """Those to be looked at, with `size` entries in the record: asked or confirmed; who waits longest first."""
        ...

    async def late(self, at: str) -> list[Subscription]:
        """Those not confirmed in time."""
        ...

    async def save(self, subscription: Subscription, before: Subscription) -> bool:
        """False, and nothing is kept, where it is gone or its state is no longer that of `before`."""
        ...

    async def forget(self, story: str) -> bool:
        """Deletes what there is for a story. True where an address went with it."""
        ...


class Sessions(Protocol):
    """Live sessions and who joined them."""

    async def add(self, session: LiveSession) -> None:
        """Raises BadInput(field="code") where a session that has not ended has this code; make another one then."""

    async def get(self, session: str, *, lock: bool = False) -> LiveSession:
        """`lock` keeps every other unit of work from changing it until this one ends."""

    async def by_code(self, code: str, *, kind: str = ROOM) -> LiveSession:
        """Of the sessions of this kind the one that has not ended, else the newest that had this code."""

    async def by_projector(self, key: str) -> LiveSession: ...
    async def by_tablet(self, key: str) -> LiveSession:
        """By the key of the link for shared tablets; an empty key is nobody's."""
        ...

    async def of(self, commission: str | None = None) -> list[LiveSession]:
        """Newest first."""

    async def save(self, session: LiveSession) -> None: ...
    async def join(self, participant: Participant, device: str) -> Participant:
        """Adds it, or returns the one that this device (a SHA-256) already is in this session.

        What is kept of a device is different in each session: two of them never tell that a browser was in both.
        """

    async def regroup(self, participant: str, group: str | None) -> bool:
        """Puts a participant into another group, with the stops of theirs that nobody took, as long as no ballot of
        theirs is counted; whether. They are no longer said to belong to it besides."""

    async def group_of(self, participant: str) -> str | None:
        """The id of a participant's group; None for those who prefer not to say, and for nobody."""
        ...

    async def participant(self, session: str, device: str) -> Participant | None: ...
    async def joined(self, session: str) -> dict[str | None, int]:
        """How many joined, by group id (None: prefer not to say); those passing and observers are left out."""

    async def observers(self, session: str) -> int:
        """How many follow without voting."""
        ...

    async def over(self, before: str) -> list[str]:
        """The sessions that were over before this time and still know their devices.

        A room is over when it has ended, an asynchronous session when its result is shown, or its round is void.
        """
        ...

    async def forget_devices(self, session: str) -> None:
        """From now on nobody's browser is known in a session; participants and ballots stay."""

    async def places(self, session: str) -> int:
        """How many have joined in all, observers too; those passing are left out."""
        ...


# What people can ask for without a name: a break, more time to vote.
BREAK, TIME = "break", "time"


@dataclass(frozen=True)
class Asked:
    """How often something was asked for in a session, and how much of it was seen. Nothing tells by whom."""

    number: int
    seen: int

    @property
    def waiting(self) -> int:
        """How many nobody has seen yet."""
        return self.number - self.seen


class Cares(Protocol):
    """What people ask for without a name; the groups that they belong to besides the one they speak from."""

    async def ask(self, session: str, kind: str, about: str = "") -> int:
        """One more asks; how many have by now."""
        ...

    async def see(self, session: str, kind: str, seen: int | None = None) -> None:
        """All that was asked for until now is seen, or so much of it."""

    async def of(self, session: str) -> dict[tuple[str, str], Asked]:
        """By what and about what."""
        ...

    async def belong(self, participant_id: str, groups: Collection[str]) -> None:
        """In the place of those told before."""

    async def belonging(self, session: str) -> dict[str | None, int]:
        """How many told each further group; whoever shows it asks groups.in_the_room."""
        ...


class LastActs(Protocol):
    """The facilitator's last act in each session, for as long as it can be undone."""

    async def get(self, session: str) -> LastAct | None: ...
    async def put(self, act: LastAct) -> None:
        """In the place of the one before."""

    async def forget(self, session: str) -> None:
        """There is nothing to undo in this session."""


class Programmes(Protocol):
    """The programmes of sessions, change by change."""

    async def latest(self, session: str) -> Planned:
        """As it is now; number 0 where nothing was planned yet."""
        ...

    async def latest_of(self, sessions: Collection[str]) -> dict[str, Planned]:
        """The same of several sessions at once, by session; those for which nothing was planned yet are not in it."""
        ...

    async def at(self, session: str, number: int) -> Planned:
        """As it was from that change on. Raises NotFound where that is no longer kept."""
        ...

    async def add(self, planned: Planned) -> None:
        """The next state; the oldest are forgotten in time. Raises IllegalMove where this number is there already."""

    async def forget(self, story: str) -> None:
        """Takes a story out of every programme, and forgets how those programmes were before."""


class Tickets(Protocol):
    """Tickets to sessions. Codes come in hashed (SHA-256 hex)."""

    async def add(self, tickets: Sequence[Ticket]) -> None:
        """Raises IllegalMove where a number is taken: somebody else issued tickets at this moment."""

    async def of(self, session: str) -> list[Ticket]:
        """By number."""
        ...

    async def by_code(self, session: str, code: str) -> Ticket | None: ...
    async def use(self, ticket: str, participant: str, at: str) -> bool:
        """Ties a ticket to who came with it. False, and nothing changes, where it was used or revoked before."""
        ...

    async def revoke(self, ticket: str, at: str) -> bool:
        """False where it was revoked before."""
        ...

    async def move(self, participant: str, device: str) -> None:
        """The participant is on this device (a SHA-256) from now on; the one before is nobody's."""


class Papers(Protocol):
    """Papers counted by hand, one count for each round."""

    async def get(self, round_id: str) -> PaperCount | None: ...
    async def put(self, count: PaperCount) -> None:
        """Keeps a count in the place of an unconfirmed one. Raises IllegalMove where it was confirmed already."""

    async def discard(self, round_id: str, id_: str) -> bool:
        """False where that count is no longer there, or was confirmed."""
        ...

    async def confirm(self, count: PaperCount, ballots: Sequence[tuple[Participant, str, Ballot]]) -> None:
        """Counts every paper once: a participant, their device (a SHA-256 of nobody's) and their ballot for each.
        Raises IllegalMove where the count is no longer as `count` was entered, or was confirmed already."""


class Rounds(Protocol):
    """Rounds and their ballots."""

    async def add(self, round_: Round) -> None: ...
    async def get(self, round_id: str, *, lock: bool = False) -> Round:
        """`lock` waits for casts on their way to be committed, and keeps further ones out until this unit ends."""

    async def some(self, ids: Collection[str]) -> dict[str, Round]:
        """Those of them that there are, by id."""
        ...

    async def of(self, session: str) -> list[Round]:
        """In the order they were made."""

    async def of_all(self, sessions: Collection[str], *, scenario: str | None = None) -> dict[str, list[Round]]:
        """The same of several sessions at once, by session; with `scenario` those about one story alone."""
        ...

    async def timed(self, *, scenario: str | None = None, due: str | None = None) -> list[Round]:
        """The open rounds that have a closing time, the one that closes first first: those of one story, or those whose
        time is `due` or earlier."""

    async def voting(self) -> bool:
        """Whether a vote in a room is open; rounds that have a closing time do not count."""
        ...

    async def save(self, round_: Round) -> None: ...
    async def cast(self, batch: Sequence[Cast]) -> list[CastOutcome]:
        """Counts what can be counted, in the order given, and says for each what became of it; never raises for one.

        A cast id seen before in its round from that participant is counted already: no refusal, nothing changes,
        even when the round has closed since. Otherwise the round must be open ("not_open" for a draft, "closed" for
        closed and revealed, and for a cast whose `at` is the round's closing time or later, whatever its state is still
        said to be; "annulled", "unknown_round" where it does not exist or is another session's than the
        participant's) and the choice one of its responses ("unknown_response"); a cast id has 1 to 64 characters
        ("malformed"). One ballot per participant and round, held by the database's own constraint; the last counted
        cast is the ballot.
        """

    async def voted(self, rounds: Sequence[str]) -> dict[str, int]:
        """How many ballots each of these rounds has."""

    async def choices(self, round_id: str) -> dict[str, int]:
        """How many ballots of a round there are of each choice that somebody made."""
        ...

    async def withdraw_words(self, scenario: str) -> list[str]:
        """Puts round.WITHDRAWN in the place of question and response labels in every round that came from this story,
        and takes out the scene's name and the reasons given with its ballots; "none of these" keeps its label. Choices
        and all that the record's leaves are made of stay. Returns the ids of those rounds."""

    async def ballots(self, round_id: str) -> list[Ballot]: ...
    async def by_group(self, round_id: str) -> dict[str | None, int]:
        """How many ballots of a round there are from each group that has one."""

    async def yours(self, participant: str, rounds: Sequence[str]) -> list[Ballot]: ...


class Stops(Protocol):
    """What audience members call out while a scene is played again, and what came of it."""

    async def press(self, stop: Stop) -> Stop | None:
        """Keeps a stop of a participant, with that participant's group; the one that this participant has in this
        showing gets the character and the words of the new one instead, unless it is `fixed`. Returns the stop as it
        is kept now, None where there is no such participant in the stop's session, or one who only observes."""

    async def add(self, stop: Stop) -> None:
        """A stop that somebody shouted: it has no participant."""

    async def get(self, stop: str) -> Stop: ...
    async def of(self, session: str) -> list[Stop]:
        """In the order in which they came."""

    async def yours(self, participant: str, showing: str) -> Stop | None: ...
    async def save(self, stop: Stop) -> None:
        """All but what its presser wrote."""

    async def forget(self, story: str) -> None:
        """Takes every word out of the stops of a story. That somebody stopped, and when, stays."""


class Reasons(Protocol):
    """The reasons of rounds, from the reveal on."""

    async def add(self, reasons: Sequence[Reason]) -> None:
        """Those whose round and participant have one already stay as they are."""

    async def put(self, reason: Reason) -> None:
        """Keeps it in the place of the one that its participant gave in its round, if any; "me too" starts again."""

    async def get(self, reason: str) -> Reason: ...
    async def of(self, round_id: str) -> list[Reason]:
        """In the order of their random ids, which says nothing of who wrote first."""

    async def yours(self, participant: str, round_id: str) -> Reason | None: ...
    async def move(self, reason: str, state: str) -> None: ...
    async def due(self, session: str, at: str) -> int:
        """Shows every reason of the session's rounds that waits and is due at this time; how many."""

    async def next_due(self, round_id: str) -> str:
        """When the next reason of a round is due, "" for none."""

    async def remove(self, round_id: str, participant: str) -> None:
        """Deletes what a participant wrote in a round, also what stands with the ballot."""

    async def too(self, reason: str, participant: str, *, on: bool) -> None:
        """Says "me too", or takes it back; saying it twice is once."""

    async def counts(self, round_id: str) -> dict[str, int]:
        """How many say "me too" to each reason of a round that has any."""

    async def said(self, participant: str, round_id: str) -> set[str]:
        """The reasons of a round to which this participant says "me too"."""

    async def forget(self, story: str) -> None:
        """Deletes the reasons of every round that came from a story."""


class Proposals(Protocol):
    """Proposals of a session, with their amendments and pledges."""

    async def add(self, proposal: Proposal) -> bool:
        """False where there is one with this id already."""

    async def get(self, proposal: str) -> Proposal: ...
    async def of(self, session: str) -> list[Proposal]:
        """In the order they were made."""

    async def save(self, proposal: Proposal) -> None: ...
    async def amend(self, amendment: Amendment) -> bool:
        """False where an amendment of this proposal is in flight."""

    async def amendments(self, session: str) -> list[Amendment]:
        """Of all its proposals, in the order they were made."""

    async def close(self, amendment: Amendment) -> None: ...
    async def pledge(self, pledge: Pledge) -> bool:
        """False where there is one with this id already."""

    async def pledges(self, session: str) -> list[Pledge]:
        """In the order they were made."""

    async def pledges_on(self, rounds: Sequence[str]) -> list[Pledge]:
        """Those about these rounds."""

    async def save_pledge(self, pledge: Pledge) -> None: ...
    async def forget(self, story: str) -> None:
        """Takes the words out of every proposal that grew from a story, out of its amendments and pledges."""


class Decisions(Protocol):
    """Decisions with their commitments."""

    async def add(self, decision: Decision) -> None: ...
    async def commit(self, commitment: Commitment) -> None:
        """Adds a commitment to a decision that is there."""

    async def get(self, decision: str) -> Decision: ...
    async def of(self, commission: str | None = None) -> list[Decision]:
        """Newest first."""


class Record(Protocol):
    """The append-only log. The database itself refuses UPDATE and DELETE on its entries."""

    async def size(self) -> int:
        """How many entries there are. Within begin() nobody else appends from here on until this unit ends."""

    async def append(self, expected_size: int, commission: str, body: bytes, leaf_hash: bytes) -> int:
        """Appends at index `expected_size` and returns it. Raises IllegalMove where the record has grown meanwhile."""

    async def add_disclosures(self, disclosures: Sequence[Disclosure]) -> None: ...
    async def entry(self, index: int) -> StoredEntry: ...
    async def entries_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Those of them that there are, in index order."""
        ...

    async def entries(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """In index order, from `start` up to but not including `stop`."""

    async def leaf_hashes(self, start: int = 0, stop: int | None = None) -> list[bytes]: ...
    async def disclosures(
        self, digests: Sequence[str] | None = None, commission: str | None = None
    ) -> list[Disclosure]:
        """Those with these digests, or those of a commission, or all of them; in (entry, digest) order."""

    async def withdraw(self, digests: Sequence[str], at: str) -> list[str]:
        """Deletes the words behind these digests for good. Returns those whose words were there until now, in order;
        the entry that says so is to be appended in the same unit (recording.erase)."""


class Facts(Protocol):
    """Small facts about this database: `made_by` ("forum" or "rehearsal"), which links are dead, and the like."""

    async def get(self, name: str) -> str | None: ...
    async def set(self, name: str, value: str) -> None: ...


class Work(Protocol):
    """One unit of work: everything in it is one transaction. `remembered` is the store's, and no part of it."""

    remembered: Remembered

    people: People
    commissions: Commissions
    stories: Stories
    drafts: Drafts
    library: Library
    evidence: Evidences
    moderation: Moderation
    mail: Mail
    sessions: Sessions
    care: Cares
    last_acts: LastActs
    programmes: Programmes
    tickets: Tickets
    papers: Papers
    rounds: Rounds
    stops: Stops
    reasons: Reasons
    proposals: Proposals
    decisions: Decisions
    record: Record
    facts: Facts


class Store(Protocol):
    """The only door to the database."""

    def begin(self, *, first: bool = False) -> AbstractAsyncContextManager[Work]:
        """`first` goes before all units that wait: votes are counted so, and nothing else is."""
        ...

    def read(self) -> AbstractAsyncContextManager[Work]: ...
    async def scrub(self) -> None:
        """Takes what was deleted or replaced out of the database's own files too, where it would stay readable until
        something else is written over it. May take seconds; whoever wants to write meanwhile ends it, and it raises
        StoreUnavailable: then it is to be done again."""

    async def close(self) -> None: ...
