"""The administrators' pages on which the organisation says who it is: a part on each, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, FormErrors, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.ports.organisation import EMERGENCY, FIELDS, LOGO, MOST_CHANGES, Organisation, in_language
from forum.services import accent_colour, organisation
from forum.services.organisation import Change
from forum.stories import evidence_files
from forum.web.auth import somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_with_file
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.languages import Language
from forum.web.organisation import face
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of

# The parts, each with its fields in the order of its page.
PARTS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "colour": ("accent", "accent_dark"),
    "help": ("emergency", "support"),
    "imprint": ("imprint",),
    "accessibility": ("accessibility_contact", "accessibility"),
    "privacy": ("controller", "contact", "ground", "privacy"),
}


class Line(msgspec.Struct, frozen=True):
    """A part in the list of all: its title, and what it says now in a few words ("" for nothing)."""

    part: str
    title: str
    says: str


class Typed(msgspec.Struct, frozen=True):
    """A field of a part's form: its key, label, hint, value and longest, and whether it has lines."""

    key: str
    label: str
    hint: str
    value: str
    most: int
    lines: bool


class Told(msgspec.Struct, frozen=True):
    """A change in words: when, who, and for each thing that was changed how it was before and after."""

    at: str
    who: str
    things: tuple[tuple[str, str, str], ...]


def part_titles() -> dict[str, str]:
    """Returns the title of each part."""
    return {
        "name": _("Name and logo"),
        "colour": _("Colour"),
        "help": _("Danger, and somebody to talk to"),
        "imprint": _("Imprint"),
        "accessibility": _("Accessibility statement"),
        "privacy": _("Data protection"),
    }


def _labels() -> dict[str, tuple[str, str]]:
    """Returns the label and the hint of each field."""
    say_more = _("What you add stands below what Forum writes by itself. Leave an empty line between paragraphs.")
    return {
        "name": (_("Name"), _("As people know you. It stands at the top of every page, in mails and on paper.")),
        "accent": (_("Colour"), _("For links and buttons. # and six digits or letters, as #135e57. Empty: Forum's.")),
        "accent_dark": (
            _("Colour on dark pages"),
            _("For people whose device is set to dark. Empty: the nearest shade that can be read there."),
        ),
        "emergency": (_("Number to ring in danger"), _("Empty: %(number)s.") % {"number": EMERGENCY}),
        "support": (
            _("Somebody to talk to"),
            _(
                "One on each line, with a colon: “Samaritans: 116 123”. Shown to whoever steps out of a session or a "
                "story whose organisers name nobody."
            ),
        ),
        "imprint": (_("Imprint"), _("Who you are, where, and who answers for what is published here.")),
        "accessibility_contact": (
            _("Whom to tell about a barrier"),
            _("E-mail, telephone or address, in one line. Somebody who cannot use a page finds it there."),
        ),
        "accessibility": (_("What you add to the accessibility statement"), say_more),
        "controller": (_("Who answers for data about people"), _("Your organisation’s name, as the law knows it.")),
        "contact": (_("How to reach them about data"), _("E-mail, telephone or address, in one line.")),
        "ground": (_("On which legal ground data is held"), _("In one line.")),
        "privacy": (_("What you add about data protection"), say_more),
    }


async def overview(request: Request) -> Response:
    """Shows what the organisation says of itself, part by part, and the latest changes."""
    site = site_of(request)
    async with site.store.read() as work:
        changes = await work.organisation.organisation_changes()
        names = {person.id: person.name for person in await work.people.list_people()} if changes else {}
    now = changes[0] if changes else Organisation()
    titles = part_titles()
    return await page(
        request,
        "organisation/overview.html",
        parts=[Line(part, titles[part], _says(now, part)) for part in PARTS],
        changes=_told(changes, names),
        saved=titles.get(request.query_params.get("done", ""), ""),
    )


def _says(now: Organisation, part: str) -> str:
    words = [now.get(name) for name in PARTS[part] if now.get(name)]
    words += [_("a logo")] if part == "name" and now.logo else []
    return " · ".join(" ".join(one.split())[:80] for one in words)


def _told(changes: list[Organisation], names: Mapping[str, str]) -> list[Told]:
    told = []
    before = [*changes[1:], Organisation()]
    labels = {name: label for name, (label, _hint) in _labels().items()} | {LOGO: _("Logo")}
    for one, earlier in list(zip(changes, before, strict=False))[:MOST_CHANGES]:
        things = tuple(
            (
                labels.get(name.partition(".")[0], name) + (f" ({name.partition('.')[2]})" if "." in name else ""),
                "" if name == LOGO else earlier.said.get(name, ""),
                "" if name == LOGO else one.said.get(name, ""),
            )
            for name in one.changed
        )
        told.append(Told(one.at, names.get(one.by or "", _("the command “forum organisation”")), things))
    return told


async def part(request: Request) -> Response:
    """Shows the form of one part; posted, changes it."""
    name = request.path_params["part"]
    if name not in PARTS:
        raise NotFound("There is nothing at this address.")
    if request.method != "POST":
        return await _part_page(request, name)
    site = site_of(request)
    person = await somebody(request)
    form, file = await form_with_file(request, "file", evidence_files.MAX_BYTES)
    try:
        logo = None
        if file and name == "name":
            evidence_files.check_size(file.size)
            logo = await organisation.logo_of(site.check_file, file.content)
        said = {key: form.text(key) for key in _keys(request, name) if key in form.values}
        seen = int(form.text("seen")) if form.text("seen").isdecimal() else None
        asked = Change(said, logo, no_logo=form.flag("no_logo"), seen=seen, by=person.id)
        await organisation.change(site.store, site.clock, _codes(request), asked)
    except (BadInput, IllegalMove, StoreUnavailable, TooMany) as error:
        if wants_json(request):
            raise
        return retry_after(await _part_page(request, name, form, error), error)
    await site.face.refresh()
    return done(request, f"/organisation?done={name}", number=site.face.now.number)


def _codes(request: Request) -> list[str]:
    return [one.code for one in site_of(request).languages.all]


def _keys(request: Request, part: str) -> list[str]:
    return [key for name in PARTS[part] for key, _language in _tongues(request, name)]


def _tongues(request: Request, name: str) -> list[tuple[str, Language | None]]:
    """Returns the keys of a field with their languages; None where it is said in none of them."""
    if not FIELDS[name].told:
        return [(name, None)]
    return [(in_language(name, one.code), one) for one in site_of(request).languages.all]


async def _part_page(
    request: Request, name: str, form: Form | None = None, error: ForumError | None = None
) -> Response:
    site = site_of(request)
    async with site.store.read() as work:
        now = await work.organisation.latest_organisation()
    labels, fields = _labels(), []
    for field in PARTS[name]:
        label, hint = labels[field]
        for key, tongue in _tongues(request, field):
            value = form.text(key) if form and key in form.values else now.said.get(key, "")
            first = tongue is None or tongue.code == "en"
            in_words = label if tongue is None else f"{label} ({tongue.name})"
            fields.append(Typed(key, in_words, hint if first else "", value, FIELDS[field].most, FIELDS[field].lines))
    near = {}
    if isinstance(error, FormErrors):
        near = {key: str(one.values["nearest"]) for key, one in error.fields.items() if "nearest" in one.values}
    return await page(
        request,
        "organisation/part.html",
        status_of(error) if error else 200,
        part=name,
        title=part_titles()[name],
        fields=fields,
        seen=now.number,
        errors=errors_of(error, "part"),
        near=near,
        samples=_samples(now) if name == "colour" else [],
        logo=face.face_of(request).logo if now.logo else "",
        most_megabytes=evidence_files.MAX_BYTES // 1024 // 1024,
    )


class Sample(msgspec.Struct, frozen=True):
    """A colour as it stands on a page: its title, ground, colour, the words on a button of it, and its contrast."""

    title: str
    ground: str
    colour: str
    on: str
    contrast: str


def _samples(now: Organisation) -> list[Sample]:
    light = now.get("accent") or "#135e57"
    dark = accent_colour.nearest(now.get("accent_dark") or now.get("accent") or "#7fd0c4", dark=True)
    found = []
    for title, colour, is_dark in ((_("On a light page"), light, False), (_("On a dark page"), dark, True)):
        shades = accent_colour.shades(colour, dark=is_dark)
        ground = accent_colour.DARK if is_dark else accent_colour.LIGHT
        found.append(Sample(title, ground, colour, shades.on, f"{accent_colour.weakest(colour, dark=is_dark):.1f}"))
    return found
