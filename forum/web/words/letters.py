"""E-mails in words. Plain text, with no words of a story but its title, no numbers of votes, and no private link.

A mail may lie in a mailbox for ever, on servers that are not ours: what it tells can be read by anybody at the public
addresses in it, and the rest on the private page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forum.ports.followers import Follower
from forum.ports.mail import Letter, Subscription
from forum.ports.organisation import Organisation
from forum.ports.owners import OwnerMail
from forum.services.commitments import Promise
from forum.services.keys import digest
from forum.services.mail.following import Thing
from forum.services.mail.owner_desk import Reminder
from forum.services.mail.subscriptions import DAYS_AFTER_PROMISES, Addressee
from forum.services.stories.timeline import Event, EventKind
from forum.stories.moderation import ModerationAction
from forum.stories.submission import Submission
from forum.web.i18n.dates import day, moment
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language
from forum.web.words.followed import page_of
from forum.web.words.terms import promise_words
from forum.web.words.timeline import told


class MailLetters:
    """Writer of letters (delivery.Letters). `base` is put before every path: the configured public address. `face`
    returns the organisation, which stands at the end of each letter and as its sender."""

    def __init__(self, base: str, face: Callable[[], Organisation] = Organisation) -> None:
        self._base = base
        self._face = face

    def confirmation(self, to: Subscription, at: str) -> Letter:
        """Returns the mail that asks the receiver to confirm the address. It holds nobody's typed words."""
        text = _(
            "Somebody, we hope you, asked us to write to this address when something becomes of a story.\n\n"
            "If it was you, open this page by %(until)s and press the button on it:\n%(confirm)s\n\n"
            "If it was not you, do nothing. We do not write again, and we erase your address on that day. To have it "
            "erased now, open this page and press the button on it:\n%(stop)s\n"
        )
        values = {"until": day(to.until), "confirm": self._at("confirm", to), "stop": self._at("stop", to)}
        return self._letter(to, _("May we write to this address?"), text % values, "asked", at)

    def news(self, to: Subscription, story: Submission, events: Sequence[Event], at: str) -> Letter:
        """Returns the mail that tells the events of a story."""
        text = _(
            "Something became of your story “%(title)s”.\n\n%(lines)s\n\n"
            "All of it stands on the private page of your story. Open it by the link that you kept: we cannot write "
            "it here, because we do not know it.\n\n"
            "You asked for these e-mails. To stop them, open this page and press the button on it. We then erase your "
            "address:\n%(stop)s\n\n"
            "We erase it by ourselves %(days)s days after the last day by which something was promised, or when "
            "nothing has happened for a year.\n"
        )
        values = {
            "title": " ".join(story.title.split()),
            "lines": self._lines(events),
            "stop": self._at("stop", to),
            "days": DAYS_AFTER_PROMISES,
        }
        return self._letter(to, _("News of your story"), text % values, _ids(events), at)

    def follow_confirmation(self, to: Follower, at: str) -> Letter:
        """Returns the mail that asks whoever may want to follow something to confirm the address. It holds nobody's
        typed words."""
        text = _(
            "Somebody, we hope you, asked us to write to this address when there is news of a decision or a "
            "promise.\n\n"
            "If it was you, open this page by %(until)s and press the button on it:\n%(confirm)s\n\n"
            "If it was not you, do nothing. We do not write again, and we erase your address on that day. To have it "
            "erased now, open this page and press the button on it:\n%(stop)s\n"
        )
        values = {"until": day(to.until), "confirm": self._at("confirm", to), "stop": self._at("stop", to)}
        return self._letter(to, _("May we write to this address?"), text % values, f"asked {to.asked_at}", at)

    def follow_news(self, to: Follower, thing: Thing, events: Sequence[Event], at: str, question: str = "") -> Letter:
        """Returns the mail that tells the events of what somebody follows; with `question`, the key of a link, it asks
        whether they have noticed it."""
        text = _(
            "There is news of what you follow: %(title)s\n\n%(lines)s\n\n"
            "You asked for these e-mails. To stop them, open this page and press the button on it. We then erase your "
            "address:\n%(stop)s\n\n"
            "We erase it by ourselves when there was nothing to tell for a year.\n"
        )
        values = {
            "title": f"{' '.join(thing.commission.title.split())}\n{self._base}{page_of(to.subject)}",
            "lines": self._lines(events) + (self._question(thing, question) if question else ""),
            "stop": self._at("stop", to),
        }
        return self._letter(to, _("News of what you follow"), text % values, _ids(events), at)

    def owner(self, to: OwnerMail, promise: Promise, link: str, reasons: Sequence[Reminder], at: str) -> Letter:
        """Returns the mail with the link of whoever has to keep a promise; with `reasons` it reminds."""
        commitment = promise.commitment
        values = {"role": commitment.owner, "day": day(commitment.by)}
        why = {
            Reminder.SOON: _("The day of this promise comes near: %(day)s.") % values,
            Reminder.LATE: _("The day of this promise is past: it was %(day)s. Everybody can see that.") % values,
            Reminder.NO_NEWS: _("Nothing was said of this promise for 90 days. Everybody can see that."),
        }
        first = _("You have to keep a promise, or to say what became of it: %(role)s, by %(day)s.") % values
        said = "\n".join(why[one] for one in reasons) or first
        text = _(
            "%(said)s\n\n"
            "It belongs to: %(title)s\n%(page)s\n\n"
            "Say here how it stands. You need no account; whoever has this link can speak for you, so keep it:\n"
            "%(link)s\n\n"
            "To get no more of these e-mails, open this page and press the button on it. We then erase your address:\n"
            "%(stop)s\n"
        )
        values |= {
            "said": said,
            "title": " ".join(promise.commission.title.split()),
            "page": f"{self._base}/promises/{commitment.id}",
            "link": f"{self._base}/my-promise/{link}",
            "stop": self._at("stop", to),
        }
        subject = _("A promise: please say how it stands") if reasons else _("Your link to a promise")
        return self._letter(to, subject, text % values, digest(link), at)

    def _question(self, thing: Thing, key: str) -> str:
        said = _(
            "Have you noticed it? Say so here. The answer is kept without your address, and only rounded numbers of "
            "many are shown. You can change it until the answers are counted:"
        )
        return f"\n\n{said}\n{self._base}/noticed/{thing.subject.id}/{key}"

    def _lines(self, events: Sequence[Event]) -> str:
        """Returns events in words, each with the address of its page below it."""
        lines = []
        for event in events:
            link = told(event).link
            lines.append(f"- {day(event.at)}: {_sentence(event)}" + (f"\n  {self._base}{link}" if link else ""))
        return "\n".join(lines)

    def _at(self, what: str, to: Addressee) -> str:
        return f"{self._base}/mail/{what}/{to.key}"

    def _letter(self, to: Addressee, subject: str, text: str, about: str, at: str) -> Letter:
        name = self._face().get("name", language().code)
        if name:
            # The line "-- " is how mail programs know that what follows is whose mail this is.
            text = f"{text}\n-- \n{name}\n{self._base}\n"
        return Letter(to.address, subject, text, f"{to.id} {about}", self._at("stop", to), at, name)


def _ids(events: Sequence[Event]) -> str:
    return " ".join(event.id.hex for event in events)


def _sentence(event: Event) -> str:
    """Returns one event as a sentence without typed words, but for those of organisers."""
    if event.kind == EventKind.MODERATED and event.act:
        return _acts().get(event.act.action, _("A moderator did something with it."))
    if event.kind == EventKind.PLAYED and event.session and event.round:
        values = {"session": event.session.title, "until": moment(event.round.closes_at)}
        return _("It was opened for answers from where people are, in “%(session)s”, until %(until)s.") % values
    if event.kind == EventKind.PLAYED and event.session:
        return _("It was played in the live session “%(session)s”.") % {"session": event.session.title}
    if event.kind == EventKind.PROMISED and event.commitment:
        values = {"role": event.commitment.role, "day": day(event.commitment.by)}
        return _("Something was promised: %(role)s, by %(day)s.") % values
    if event.kind == EventKind.UPDATED and event.update:
        return _("There is news of a promise. How it stands: %(state)s.") % {"state": promise_words(event.update.state)}
    if event.cited:
        return _("A decision on another vote names it as evidence.")
    known = {
        EventKind.PUBLISHED: _("It was published."),
        EventKind.PROPOSED: _(
            "Somebody proposes the question and the answers for it. Nothing is published before you have said yes on "
            "its private page."
        ),
        EventKind.VOTED: _("People voted on it."),
        EventKind.ANNULLED_VOTE: _("A vote on it was annulled, and does not count."),
        EventKind.DECIDED: _("Something was decided on it.") if event.session else _("Something was decided."),
        EventKind.CORRECTED: _("A decision was corrected, or another took its place."),
    }
    return known.get(event.kind, _("There is something new on its private page."))


def _acts() -> dict[str, str]:
    return {
        ModerationAction.ACCEPTED: _("A moderator read it and accepted it. Everybody can read it."),
        ModerationAction.RETURNED: _("A moderator read it and sent it back to you."),
        ModerationAction.HELD: _("A moderator read it and holds it back for now."),
        ModerationAction.RELEASED: _("A moderator no longer holds it. It waits to be read again."),
        ModerationAction.TAKEN_DOWN: _("A moderator took it down. Nobody else can see it for now."),
        ModerationAction.KEPT: _("A reader reported it. A moderator read it again, and it stays public."),
        ModerationAction.ACCEPTED_VERSION: _(
            "A moderator read your new version and accepted it. It is the public one now."
        ),
        ModerationAction.RETURNED_VERSION: _(
            "A moderator read your new version and sent it back. The public one stays."
        ),
        ModerationAction.SHOWED_EVIDENCE: _("A moderator looked at your evidence. It is shown beside your story."),
        ModerationAction.DECLINED_EVIDENCE: _("A moderator looked at your evidence and declined it."),
        ModerationAction.UPHELD: _("Another moderator answered your appeal."),
        ModerationAction.OVERTURNED: _("Another moderator answered your appeal: you were right."),
        ModerationAction.ERASED: _("A moderator erased your story, because of a letter that asked for it."),
    }
