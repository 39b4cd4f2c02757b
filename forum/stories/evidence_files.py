"""Files that people send: what they really are, and pictures made anew so that nothing hidden is left in them.

The name and the type that a browser gives are never looked at. A picture is decoded and written again from its pixels:
place, camera, comments and whatever was put behind the picture are gone.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from forum.errors import BadInput

PDF, PNG, JPEG = MEDIA = ("application/pdf", "image/png", "image/jpeg")
SUFFIXES = {PDF: "pdf", PNG: "png", JPEG: "jpg"}
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 30_000_000
# A JPEG that is sharpened step by step has about ten scans, each of which is decoded over the whole picture; a header
# has some dozen segments (and notes of a camera what looks like some), and a PNG from a camera some hundred chunks.
MOST_SCANS, MOST_SEGMENTS, MOST_CHUNKS = 50, 20_000, 5_000
# Pixels times scans: the largest picture, sharpened step by step.
MOST_SCANNED = 12 * MAX_PIXELS
# What is longer is made smaller; a page of text is still read well at this size.
LONGEST = 2400

_JPEG_QUALITY = 85
_PNG_START, _JPEG_START, _PDF_START, _PDF_END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-", b"%%EOF"
_PDF_END_WITHIN = 2048
# What makes a PDF do things by itself, send what is typed into it, or bring other files. A PDF can hide these too (in
# what is packed), so it is never opened here, only handed on. Shorter names would stand in many a picture by chance.
_PDF_ACTS = (
    "JavaScript",
    "Launch",
    "EmbeddedFile",
    "RichMedia",
    "XFA",
    "SubmitForm",
    "ImportData",
    "GoToE",
    "Rendition",
)


def _spelled(name: str) -> str:
    """A pattern for a name of a PDF, in which a letter may be written as its number: "L#61unch" is "Launch"."""
    return "".join(f"(?:{letter}|#(?i:{ord(letter):x}))" for letter in name)


_PDF_ACT = re.compile(
    f"/(?=[#{''.join({name[0] for name in _PDF_ACTS})}])(?:{'|'.join(map(_spelled, _PDF_ACTS))})".encode()
)
# While it searches nothing else runs: so it looks at a piece at a time, and as much further as a name may be long.
_PDF_PIECE, _PDF_LONGEST = 64 * 1024, 64
# Markers of a JPEG but restarts, and a second 0xFF, which fills.
_SCAN, _SEGMENT = b"\xff\xda", re.compile(rb"\xff[\xc0-\xcf\xd8-\xff]")
_TOO_MANY_PARTS = (
    "This picture is made of more parts than a camera makes. Save it again as an ordinary JPEG or PNG, or take a "
    "screenshot of it."
)
_BROKEN = "This picture cannot be read. It may be damaged. Save it again, or take a screenshot of it, and send that."

# What can be made smaller as it is; others have no colours between two of theirs.
_SHADED = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})

# Pillow's own guard, for whatever reaches it: from twice this size on it refuses to look further than the header.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True)
class Checked:
    """A file as it may be kept: one of MEDIA, and its content."""

    media: str
    content: bytes


def checked(content: bytes) -> Checked:
    """A PDF as it is, a PNG or JPEG made anew. Takes time and memory: see `darkroom`.

    Raises BadInput(field="file") for anything else, for what is too big, damaged, or a PDF that would run something.
    """
    check_size(len(content))
    if content.startswith(_PDF_START):
        return _pdf(content)
    if content.startswith(_PNG_START):
        return _picture(content, PNG)
    if content.startswith(_JPEG_START):
        return _picture(content, JPEG)
    raise BadInput(
        "This is not a PDF, PNG or JPEG, whatever its name says. Save it as one of these and send it again.",
        field="file",
    )


def check_size(size: int) -> None:
    """Raises BadInput(field="file") for a file of so many bytes that is too big, or empty."""
    if not size:
        raise BadInput("This file is empty. Choose another one.", field="file")
    if size > MAX_BYTES:
        raise BadInput(
            "This file has %(size)s MB. It can have %(most)s MB. Make it smaller, or send a part of it.",
            field="file",
            size=f"{size / 1024 / 1024:.1f}",
            most=MAX_BYTES // 1024 // 1024,
        )


def _pdf(content: bytes) -> Checked:
    if _PDF_END not in content[-_PDF_END_WITHIN:]:
        raise BadInput("This PDF is not whole. Save it again and send that.", field="file")
    pieces = range(0, len(content), _PDF_PIECE)
    if any(_PDF_ACT.search(content, at, at + _PDF_PIECE + _PDF_LONGEST) for at in pieces):
        raise BadInput(
            "This PDF holds a program, a form or other files. Print it to a new PDF and send that.", field="file"
        )
    return Checked(PDF, content)


def _picture(content: bytes, media: str) -> Checked:
    with warnings.catch_warnings():
        # What is wrong with a note beside the picture does not matter: no note is kept.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
        if _too_many_parts(content, media):
            raise BadInput(_TOO_MANY_PARTS, field="file")
        try:
            return Checked(media, _anew(content, media))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_many_pixels() from error
        except (OSError, ValueError, SyntaxError, LookupError, TypeError, ArithmeticError) as error:
            raise BadInput(_BROKEN, field="file") from error
        except (struct.error, zlib.error, EOFError, MemoryError) as error:
            raise BadInput(_BROKEN, field="file") from error


def _too_many_parts(content: bytes, media: str) -> bool:
    """Whether a picture has more parts than any program writes, told without decoding it."""
    if media == PNG:
        return _chunks(content) > MOST_CHUNKS
    # Within a scan no 0xFF stands before anything but 0 and restarts, so this finds each, and a few more in notes.
    return content.count(_SCAN) > MOST_SCANS or _segments(content) > MOST_SEGMENTS


def _chunks(content: bytes) -> int:
    """How many chunks a PNG has, counted as far as one more than MOST_CHUNKS."""
    at, found = len(_PNG_START), 0
    while at + 8 <= len(content) and found <= MOST_CHUNKS:
        at += 12 + int.from_bytes(content[at : at + 4])
        found += 1
    return found


def _segments(content: bytes) -> int:
    """How many segments a JPEG has outside its scans, with what fills the space between them."""
    return len(_SEGMENT.findall(content))


def _anew(content: bytes, media: str) -> bytes:
    with Image.open(io.BytesIO(content), formats=("PNG",) if media == PNG else ("JPEG",)) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_many_pixels()
        if media == JPEG and opened.width * opened.height * content.count(_SCAN) > MOST_SCANNED:
            raise BadInput(_TOO_MANY_PARTS, field="file")
        opened.draft("RGB", (LONGEST, LONGEST))  # JPEG can be decoded smaller at once
        clear = media == PNG and ("A" in opened.mode or "transparency" in opened.info)
        colours = "RGBA" if clear else "RGB"
        small: Image.Image = opened
        if opened.mode.startswith("I"):
            small = opened.point(lambda shade: shade / 256).convert("L")  # 16 bits of grey, which convert() cuts off
        elif opened.mode not in _SHADED:
            small = opened.convert(colours)
        # Smaller before anything else: every further step makes a copy.
        small.thumbnail((LONGEST, LONGEST))
        # The camera's note of how it was held goes with the rest: so the picture is turned.
        picture = ImageOps.exif_transpose(small).convert(colours)
    pixels = Image.new(picture.mode, picture.size)
    pixels.paste(picture)
    written = io.BytesIO()
    if media == PNG:
        pixels.save(written, "PNG")
    else:
        pixels.save(written, "JPEG", quality=_JPEG_QUALITY)
    return written.getvalue()


def _too_many_pixels() -> BadInput:
    return BadInput(
        "This picture is too large: it can have %(most)s million pixels. Make it smaller, or cut a part out of it.",
        field="file",
        most=MAX_PIXELS // 1_000_000,
    )
