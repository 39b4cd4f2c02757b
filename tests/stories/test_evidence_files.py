"""Files as they really are: pictures lose what is hidden in them, and nothing but three kinds comes in."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from forum.errors import BadInput
from forum.stories import evidence_files
from forum.stories.evidence_files import JPEG, MAX_BYTES, PDF, PNG, checked

SECRET = b"51.5033N-camera-4711"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **how: Any) -> bytes:
    """Makes a picture whose left half is red (or dark), the right half not."""
    made = Image.new(mode, size)
    if mode == "RGB":
        made.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    made.save(out, kind, **how)
    return out.getvalue()


def with_secrets(kind: str) -> bytes:
    """Makes a picture with place, camera, a comment, and something behind its end."""
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()  # Make
    exif[0x0112] = 6  # held upright: to be turned by 90 degrees
    exif.get_ifd(0x8825)[29] = SECRET.decode()  # GPSDateStamp
    how: dict[str, Any] = {"exif": exif}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", SECRET.decode())
        text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        how["pnginfo"] = text
    else:
        how |= {"comment": SECRET, "xmp": SECRET}
    return picture(kind, icc_profile=SECRET, **how) + SECRET


def opened(content: bytes) -> Image.Image:
    made = Image.open(io.BytesIO(content))
    made.load()
    return made


@pytest.mark.parametrize(("kind", "media"), [("JPEG", JPEG), ("PNG", PNG)])
def test_a_picture_loses_all_but_its_pixels_and_stands_upright(kind: str, media: str) -> None:
    before = with_secrets(kind)
    assert before.count(SECRET) >= 4
    after = checked(before)
    assert after.media == media
    assert SECRET not in after.content
    made = opened(after.content)
    assert made.size == (30, 40)
    assert not made.getexif()
    assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    colour = made.convert("RGB").getpixel((15, 2))
    assert isinstance(colour, tuple)
    assert colour[0] > 200
    assert max(colour[1:]) < 60


def test_transparency_and_shades_stay() -> None:
    made = opened(checked(picture("PNG", mode="RGBA")).content)
    assert made.mode == "RGBA"
    assert made.getpixel((0, 0)) == (0, 0, 0, 0)
    for mode in ("1", "L", "LA", "P", "I;16"):
        assert opened(checked(picture("PNG", mode=mode)).content).size == (40, 30)
    for mode in ("L", "CMYK"):
        assert opened(checked(picture("JPEG", mode=mode)).content).mode == "RGB"
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((1, 0), 40_000)
    out = io.BytesIO()
    deep.save(out, "PNG")
    shade = opened(checked(out.getvalue()).content).getpixel((1, 0))
    assert isinstance(shade, tuple)
    assert abs(shade[0] - 40_000 // 256) <= 1


def test_a_large_picture_is_made_smaller() -> None:
    for kind in ("JPEG", "PNG"):
        made = opened(checked(picture(kind, (4800, 1200))).content)
        assert made.size == (evidence_files.LONGEST, 600)


def refusal(content: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        checked(content)
    assert refused.value.field == "file"
    return refused.value.message % refused.value.values


@pytest.mark.parametrize("size", [(10_000, 10_000), (6_000, 8_000), (50_000, 50_000)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    header = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    assert "too large" in refusal(bomb)
    assert "30 million pixels" in refusal(bomb)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_bound_on_pixels_is_our_own_and_exact(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's guard is a setting of a library: whatever it is set to, this many are taken, and one row more is not."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(evidence_files, "MAX_PIXELS", 40 * 30)
    assert opened(checked(picture(kind, (40, 30))).content).size == (40, 30)
    for size in ((40, 31), (41, 30)):
        assert "too large" in refusal(picture(kind, size))


def test_a_real_hundred_megapixels_are_refused() -> None:
    for kind, mode in (("PNG", "1"), ("JPEG", "L")):
        content = picture(kind, (10_000, 10_000), mode)
        assert len(content) < MAX_BYTES
        assert "too large" in refusal(content)


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x00" * 100,
        b" %PDF-1.7 %%EOF",
        b"RIFF0000WEBPVP8 ",
        b"II*\x00" + bytes(60),
        b"MZ" + bytes(100),
    ],
)
def test_what_is_something_else_is_refused_whatever_it_is_called(content: bytes) -> None:
    assert "not a PDF, PNG or JPEG" in refusal(content)


def test_what_is_too_big_empty_or_broken_is_refused_in_words() -> None:
    assert refusal(b"%PDF-1.7" + bytes(MAX_BYTES)).startswith("This file has 5.0 MB. It can have 5 MB")
    assert "empty" in refusal(b"")
    for kind in ("PNG", "JPEG"):
        whole = picture(kind, (300, 300))
        assert "cannot be read" in refusal(whole[: len(whole) // 2])
        assert "cannot be read" in refusal(whole[:12])


def test_a_pdf_stays_as_it_is_unless_it_does_something() -> None:
    plain = b"%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\ntrailer <<>>\n%%EOF\n"
    assert checked(plain) == evidence_files.Checked(PDF, plain)
    assert "not whole" in refusal(plain[:-6])


@pytest.mark.parametrize(
    "act",
    [
        b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>",
        b"/OpenAction<</S/Launch/F(cmd.exe)>>",
        b"/AA<</O<</S/Launch/Win<</F(calc.exe)>>>>>>",
        b"/Names<</EmbeddedFiles<</Names[(a)<</EF<</F 3 0 R>>/Type/EmbeddedFile>>]>>>>",
        b"/Annots[<</Subtype/RichMedia>>]",
        b"/AcroForm<</XFA 4 0 R>>",
        b"/A<</S/SubmitForm/F(http://elsewhere.test)>>",
        b"/A<</S/ImportData/F(secrets.fdf)>>",
        b"/A<</S/GoToE/T<</R/C/N(inside.pdf)>>>>",
        b"/A<</S/Rendition/JS(app.alert(1))>>",
        b"/A<</S/J#61vaScript/JS(app.alert(1))>>",  # a name with a letter written as its number
        b"/A<</S/#4c#61unch/F(cmd.exe)>>",
        b"/A<</S/#4C#41#75nch/S/L#61unch>>",
    ],
)
def test_a_pdf_that_acts_by_itself_is_refused(act: bytes) -> None:
    pdf = b"%PDF-1.7\n1 0 obj <</Type/Catalog " + act + b">> endobj\ntrailer <<>>\n%%EOF\n"
    assert "holds a program" in refusal(pdf)


@pytest.mark.parametrize("name", [b"/Launch", b"/#45#6d#62#65#64#64#65#64#46#69#6c#65"])
def test_a_pdf_is_looked_at_from_end_to_end(name: bytes) -> None:
    """Finds the name at any place, since the file is searched piece by piece and a name may lie across two."""
    for place in (
        *range(evidence_files._PDF_PIECE - len(name) - 8, evidence_files._PDF_PIECE + 8),
        5 * evidence_files._PDF_PIECE - 9,
    ):
        start = b"%PDF-1.7\n"
        pdf = start + b" " * (place - len(start)) + name + b" " * evidence_files._PDF_PIECE + b"%%EOF\n"
        assert "holds a program" in refusal(pdf)


@pytest.mark.parametrize(
    "plain",
    [
        b"/A<</S/URI/URI(https://example.org)>>",
        b"/Dests<</a[1 0 R/Fit]>>",
        b"(they spoke of JavaScript, and of a launch)",
        b"/BaseFont/ABC#23Launch",
    ],
)
def test_an_ordinary_pdf_is_taken(plain: bytes) -> None:
    pdf = b"%PDF-1.7\n1 0 obj <</Type/Catalog " + plain + b">> endobj\ntrailer <<>>\n%%EOF\n"
    assert checked(pdf) == evidence_files.Checked(PDF, pdf)


@given(
    st.sampled_from([with_secrets("PNG"), with_secrets("JPEG")]),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=12),
    st.integers(0, 5000),
)
@settings(max_examples=150, deadline=None)
def test_a_broken_picture_is_made_anew_or_refused_and_keeps_no_secret(
    content: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    broken = bytearray(content)
    for at, value in changes:
        broken[at % len(broken)] = value
    del broken[max(8, len(broken) - cut % 200) :]
    try:
        made = checked(bytes(broken))
    except BadInput:
        return
    assert SECRET not in made.content
    opened(made.content)
