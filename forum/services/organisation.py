"""What the organisation says of itself: changing it, and keeping it at hand for every page.

Each change is a row that says who changed what and when; nothing of it is overwritten, so that the page of the
administrators can show how it came about.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec
import structlog

from forum.errors import BadInput, IllegalMove, needed
from forum.ports import Store
from forum.ports.audit import What
from forum.ports.clock import Clock
from forum.ports.long_work import long
from forum.ports.organisation import LOGO, Logo, Organisation, keys
from forum.ports.stories import CheckFile
from forum.services import accent_colour, audit
from forum.services.form_errors import Findings
from forum.services.periodic import Periodic
from forum.stories import evidence_files
from forum.stories.visible_text import line

EVERY = 15  # seconds after which a change made elsewhere, by the command or another process, is on the pages
WIDEST, HIGHEST = 600, 200  # pixels of a logo: sharp on a poster, and small enough for every page
MOST_BYTES = 100_000
MOST_LINES = 8  # of whom people can ring
_COLOURS = {"accent": False, "accent_dark": True}
_MEANWHILE = "Somebody else changed this since you opened it. Below is what you typed; save it again to replace theirs."

if TYPE_CHECKING:
    from PIL import Image

log = structlog.get_logger()


class Change(msgspec.Struct, frozen=True):
    """A change as asked for: `said` is the new value of each key, "" to say it no longer; `logo` the new logo,
    `no_logo` for none. `seen` is the number of the change that its writer saw, None for whatever there is."""

    said: Mapping[str, str]
    logo: Logo | None = None
    no_logo: bool = False
    seen: int | None = None
    by: str | None = None


async def change(store: Store, clock: Clock, languages: Collection[str], asked: Change) -> Organisation:
    """Changes what is said; returns the organisation as it is then. What changes nothing is no change.

    Raises FormErrors by key, BadInput for a key that there is not, IllegalMove where somebody else has changed the same
    since `seen`.
    """
    said = _checked(asked.said, languages)
    async with store.begin() as work:
        now = await work.organisation.latest_organisation(lock=True)
        told = {name: words for name, words in {**now.said, **said}.items() if words}
        logo = asked.logo.sha256 if asked.logo else "" if asked.no_logo else now.logo
        changed = [name for name in said if told.get(name, "") != now.said.get(name, "")]
        changed += [LOGO] if logo != now.logo else []
        if not changed:
            return now
        if asked.seen is not None and asked.seen < now.number:
            since = await work.organisation.organisation_changed_since(asked.seen)
            if since & set(changed):
                raise IllegalMove(_MEANWHILE)
        made = Organisation(now.number + 1, clock.now(), asked.by, tuple(changed), told, logo)
        if not await work.organisation.add_organisation(made):
            raise IllegalMove(_MEANWHILE)
        await audit.note(work, made.at, made.by or audit.BY_COMMAND, What.ORGANISATION_CHANGED)
        if asked.logo and LOGO in changed:
            await work.organisation.put_logo(asked.logo)
        elif not logo:
            await work.organisation.drop_logos()
    return made


def _checked(said: Mapping[str, str], languages: Collection[str]) -> dict[str, str]:
    """Returns what is said as it is kept. Raises FormErrors, and BadInput for an unknown key."""
    known, findings, kept = keys(languages), Findings(), {}
    for name, words in said.items():
        if name not in known:
            raise BadInput("There is no %(name)s. There are: %(all)s.", name=name, all=", ".join(known))
        field = known[name]
        kept[name] = findings.at_most(name, words if field.lines else line(words), field.most)
        if field.name == "support":
            kept[name] = _rung(findings, name, kept[name])
        if name in _COLOURS and name not in findings.errors:
            kept[name] = _readable(findings, name, kept[name], dark=_COLOURS[name])
    findings.stop()
    return kept


def _rung(findings: Findings, name: str, typed: str) -> str:
    """Returns lines of "Name: how to reach them"; notes a mistake where one has no colon, and where there are many."""
    lines = [line(each) for each in typed.split("\n") if line(each)]
    for each in lines:
        who, _, contact = each.partition(":")
        if not who.strip() or not contact.strip():
            words = "Write each line as name, colon, number: “Samaritans: 116 123”. This one is not: “%(line)s”."
            findings.wrong(name, words, line=each[:60])
    if len(lines) > MOST_LINES:
        findings.wrong(name, "Name at most %(most)s. People in need do not read on.", most=MOST_LINES)
    return "\n".join(lines)


def _readable(findings: Findings, name: str, typed: str, *, dark: bool) -> str:
    """Returns a colour; notes a mistake for what is none, and for what cannot be read, with the nearest that can."""
    try:
        colour = accent_colour.read(typed)
    except BadInput as error:
        findings.wrong(name, error.message)
        return ""
    contrast = accent_colour.weakest(colour, dark=dark) if colour else accent_colour.ENOUGH
    if contrast < accent_colour.ENOUGH:
        words = (
            "The contrast of %(colour)s on a dark page is %(contrast)s to 1, and must be 4.5 to 1, so that everybody "
            "can read it. The nearest colour that has it is %(nearest)s."
            if dark
            else "The contrast of %(colour)s on a light page is %(contrast)s to 1, and must be 4.5 to 1, so that "
            "everybody can read it. The nearest colour that has it is %(nearest)s."
        )
        # Cut off, not rounded: 4.49 does not pass.
        figure = f"{int(contrast * 100) / 100:.2f}"
        near = accent_colour.nearest(colour, dark=dark)
        findings.wrong(name, words, colour=colour, contrast=figure, nearest=near)
    return colour


async def logo_of(check: CheckFile, content: bytes) -> Logo:
    """Returns a picture as a logo: checked and redrawn as evidence is, then made as small as it is shown.

    Raises BadInput(field="file") for what is no picture, and TooMany where many wait.
    """
    checked = await check(content)
    if checked.media == evidence_files.PDF:
        raise BadInput("A logo is a picture: a PNG or JPEG.", field="file")
    return await long(_small, checked.content)


def _small(content: bytes) -> Logo:
    with needed("Pillow"):
        from PIL import Image  # noqa: PLC0415 - here, in a thread: a start should not wait for it

    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
        picture = opened.convert("RGBA")
    picture.thumbnail((WIDEST, HIGHEST))
    drawn = _png(picture)
    if len(drawn) > MOST_BYTES:  # a photograph: fewer colours are a third of it
        drawn = _png(picture.quantize(128, Image.Quantize.FASTOCTREE))
    return Logo(hashlib.sha256(drawn).hexdigest(), picture.width, picture.height, drawn)


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


class Face:
    """The organisation and its logo as this process has them at hand, so that no page asks the database for them."""

    def __init__(self, store: Store, every: float = EVERY) -> None:
        self.now = Organisation()
        self.logo: Logo | None = None
        self._store = store
        self._task = Periodic(self.refresh, every, _failed)

    async def refresh(self) -> None:
        """Reads what is there, and the logo where that is another."""
        async with self._store.read() as work:
            now = await work.organisation.latest_organisation()
            has = self.logo.sha256 if self.logo else ""
            logo = await work.organisation.get_logo(now.logo) if now.logo and now.logo != has else self.logo
        self.now, self.logo = now, logo if now.logo else None

    def start(self) -> None:
        """Begins to look for changes made elsewhere."""
        self._task.start()

    async def stop(self) -> None:
        """Returns when the last look is over."""
        await self._task.stop()


def _failed(error: Exception) -> None:
    log.error("what the organisation says was not read", exc_info=error)
