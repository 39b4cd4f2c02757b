"""Files that people send: their real type is checked, and pictures are redrawn so that nothing hidden is left in them.

The name and type that a browser gives are ignored. A picture is decoded and written again from its pixels, which drops
place, camera, comments and anything appended to the file.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib

import msgspec

from forum.errors import BadInput, needed

PDF, PNG, JPEG = MEDIA = ("application/pdf", "image/png", "image/jpeg")
SUFFIXES = {PDF: "pdf", PNG: "png", JPEG: "jpg"}
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 30_000_000
# A progressive JPEG has about ten scans, each decoded over the whole picture; its header has some dozen segments (more
# where a camera's notes look like some), and a PNG from a camera has some hundred chunks.
MOST_SCANS, MOST_SEGMENTS, MOST_CHUNKS = 50, 20_000, 5_000
# Pixels times scans: the largest picture as a progressive JPEG.
MOST_SCANNED = 12 * MAX_PIXELS
# The longest side in pixels; larger pictures are scaled down. A page of text is legible at this size.
LONGEST = 2400

_JPEG_QUALITY = 85
_PNG_START, _JPEG_START, _PDF_START, _PDF_END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-", b"%%EOF"
_PDF_END_WITHIN = 2048
# Names with which a PDF runs something, sends what is typed into it, or carries files. They can also be hidden in
# compressed parts, so a PDF is never opened here, only handed on. Shorter names would occur in many pictures by chance.
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
    """Returns a pattern for a name in a PDF, where a letter may be written as its number: "L#61unch" is "Launch"."""
    return "".join(f"(?:{letter}|#(?i:{ord(letter):x}))" for letter in name)


_PDF_ACT = re.compile(
    f"/(?=[#{''.join({name[0] for name in _PDF_ACTS})}])(?:{'|'.join(map(_spelled, _PDF_ACTS))})".encode()
)
# A search holds the interpreter, so it goes piece by piece, each with an overlap as long as the longest name.
_PDF_PIECE, _PDF_LONGEST = 64 * 1024, 64
# Markers of a JPEG without restarts, and a second 0xFF, which is padding.
_SCAN, _SEGMENT = b"\xff\xda", re.compile(rb"\xff[\xc0-\xcf\xd8-\xff]")
_TOO_MANY_PARTS = (
    "This picture is made of more parts than a camera makes. Save it again as an ordinary JPEG or PNG, or take a "
    "screenshot of it."
)
_BROKEN = "This picture cannot be read. It may be damaged. Save it again, or take a screenshot of it, and send that."

# Modes that can be scaled directly; in others there are no colours between two values.
_SHADED = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})


class Checked(msgspec.Struct, frozen=True):
    """A file that may be stored: its type, one of MEDIA, and its content."""

    media: str
    content: bytes


def checked(content: bytes) -> Checked:
    """Returns a PDF unchanged, or a PNG or JPEG redrawn. Takes time and memory: the server runs it in a process of its
    own (adapters/picture_process.py).

    Raises BadInput(field="file") for any other file, and for one that is too big, damaged, or a PDF that could run
    something.
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
    """Raises BadInput(field="file") for a size in bytes that is zero or too big."""
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
    with needed("Pillow"):
        from PIL import Image  # noqa: PLC0415 - in the process that redraws, and no other: a start does not wait for it

    # Pillow's own guard: it refuses pictures of more than twice this size after reading the header.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with warnings.catch_warnings():
        # Warnings about metadata do not matter, since none is kept.
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
    """Returns whether a picture has more parts than any program writes, counted without decoding it."""
    if media == PNG:
        return _chunks(content) > MOST_CHUNKS
    # Within a scan 0xFF precedes only 0 and restarts, so this counts every marker, and some look-alikes in metadata.
    return content.count(_SCAN) > MOST_SCANS or _segments(content) > MOST_SEGMENTS


def _chunks(content: bytes) -> int:
    """Returns the number of chunks of a PNG, counting at most one more than MOST_CHUNKS."""
    at, count = len(_PNG_START), 0
    while at + 8 <= len(content) and count <= MOST_CHUNKS:
        at += 12 + int.from_bytes(content[at : at + 4])
        count += 1
    return count


def _segments(content: bytes) -> int:
    """Returns the number of segments of a JPEG outside its scans, padding included."""
    return len(_SEGMENT.findall(content))


def _anew(content: bytes, media: str) -> bytes:
    with needed("Pillow"):
        from PIL import Image, ImageOps  # noqa: PLC0415 - as above

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
        # Scaled down first, because every further step makes a copy.
        small.thumbnail((LONGEST, LONGEST))
        # The camera's orientation note is dropped with the rest, so the pixels are turned instead.
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
