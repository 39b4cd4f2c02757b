"""What the organisation says of itself: changes, two at once, logos, and what is at hand for pages."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image
from support.factories import CLOCK

from forum.errors import BadInput, FormErrors, IllegalMove
from forum.ports import Store
from forum.ports.organisation import FIELDS, Organisation
from forum.services import organisation
from forum.services.organisation import HIGHEST, MOST_BYTES, WIDEST, Change, Face
from forum.stories import evidence_files
from forum.stories.evidence_files import Checked

TONGUES = ("en", "cy")


async def changed(store: Store, seen: int | None = None, **said: str) -> Organisation:
    named = {name.replace("_cy", ".cy"): words for name, words in said.items()}
    return await organisation.change(store, CLOCK, TONGUES, Change(named, seen=seen))


def a_picture(kind: str = "PNG", size: tuple[int, int] = (1200, 300)) -> bytes:
    written = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(written, kind)
    return written.getvalue()


async def check(content: bytes) -> Checked:
    return evidence_files.checked(content)


async def test_each_change_is_a_row_and_the_latest_counts(store: Store) -> None:
    first = await changed(store, name="Anytown", name_cy="Unlle")
    said = {"name": "Anytown", "name.cy": "Unlle"}
    assert first == Organisation(1, first.at, None, ("name", "name.cy"), said)
    now = await changed(store, name_cy="", support="Samaritans:  116 123\n\n A friend : 0800 1")
    assert now.said == {"name": "Anytown", "support": "Samaritans: 116 123\nA friend : 0800 1"}
    assert now.changed == ("name.cy", "support")
    assert now.get("name", "cy") == "Anytown"
    assert (await changed(store, name="Anytown")).number == 2, "what changes nothing is no change"
    async with store.read() as work:
        assert [one.number for one in await work.organisation.organisation_changes(1)] == [2, 1]


async def test_what_is_wrong_is_told_field_by_field_and_nothing_is_kept(store: Store) -> None:
    with pytest.raises(FormErrors) as refused:
        await changed(store, accent="#ffcc00", accent_dark="#135e57", support="Samaritans", name="x" * 61)
    fields = refused.value.fields
    assert set(fields) == {"accent", "accent_dark", "support", "name"}
    assert fields["accent"].values == {"colour": "#ffcc00", "contrast": "1.27", "nearest": "#836800"}
    assert fields["accent_dark"].values["nearest"] == "#4f938a"
    with pytest.raises(BadInput, match="There is no motto"):
        await changed(store, motto="Onward")
    with pytest.raises(BadInput, match=r"There is no accent\.cy"):
        await changed(store, accent_cy="#000")
    with pytest.raises(FormErrors):
        await changed(store, support="\n".join(f"{n}: {n}" for n in range(9)))
    async with store.read() as work:
        assert await work.organisation.latest_organisation() == Organisation()


async def test_every_field_has_a_longest_text(sqlite_store: Store) -> None:
    for field in FIELDS.values():
        with pytest.raises(FormErrors):
            await organisation.change(sqlite_store, CLOCK, TONGUES, Change({field.name: "x" * (field.most + 1)}))


async def test_two_at_once_are_told_where_they_change_the_same(store: Store) -> None:
    await changed(store, 0, name="Anytown")
    await changed(store, 0, emergency="112")
    with pytest.raises(IllegalMove, match="Somebody else changed this"):
        await changed(store, 0, name="Elsewhere")
    assert (await changed(store, 2, name="Elsewhere")).get("name") == "Elsewhere"


async def test_a_logo_is_drawn_anew_made_small_and_the_only_one(store: Store) -> None:
    drawn = [await organisation.logo_of(check, a_picture(kind)) for kind in ("PNG", "JPEG")]
    for logo in drawn:
        assert logo.width <= WIDEST
        assert logo.height <= HIGHEST
        assert len(logo.content) <= MOST_BYTES
        assert logo.sha256 == hashlib.sha256(logo.content).hexdigest()
    first, second = drawn
    face = Face(store)
    for logo in drawn:
        await organisation.change(store, CLOCK, TONGUES, Change({}, logo))
        await face.refresh()
        assert face.logo == logo
    async with store.read() as work:
        assert await work.organisation.get_logo(first.sha256) is None
        assert await work.organisation.get_logo(second.sha256) == second
    gone = await organisation.change(store, CLOCK, TONGUES, Change({}, no_logo=True))
    assert (gone.changed, gone.logo) == (("logo",), "")
    await face.refresh()
    assert face.logo is None
    with pytest.raises(BadInput, match="A logo is a picture"):
        await organisation.logo_of(check, b"%PDF-1.4\n%%EOF")


async def test_a_change_made_elsewhere_is_at_hand_after_the_next_look(store: Store) -> None:
    face = Face(store)
    await face.refresh()
    assert face.now.get("name") == ""
    await changed(store, name="Anytown")
    await face.refresh()
    assert face.now.get("name") == "Anytown"
