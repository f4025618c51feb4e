"""A picture → what its file holds of persons and places beside what one sees."""

from __future__ import annotations

import re
import warnings
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

LONGEST = 100_000  # letters of an XMP packet that are looked through
GPS = 0x8825  # a table of its own; tags of Exif 2.32
DETAILS = 0x8769  # likewise
TAGS = {
    0x013B: "an author",
    0x9C9D: "an author",
    0x013C: "the name of a computer",
    0xA430: "the owner of a camera",
    0xA431: "the serial number of a camera",
    0xA435: "the serial number of a lens",
}
XMP = {  # properties of Adobe's, Dublin Core's and Exif's tables
    r"dc:creator|photoshop:Credit|xmpRights:Owner|tiff:Artist": "an author",
    r"exif:GPSLatitude|exif:GPSLongitude": "the place where it was taken",
    r"aux:SerialNumber|exifEX:BodySerialNumber": "the serial number of a camera",
    r"aux:OwnerName|exifEX:CameraOwnerName": "the owner of a camera",
}
AUTHORS = ("author", "artist", "creator")  # keywords of a PNG's texts


def personal(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a picture's metadata tell, in words, with the value, "" where none is said.

    "text" is what a program wrote into it, which may tell something or not.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            found = [*_exif(image), *_xmp(image), *_texts(image)]
    except Exception:  # noqa: BLE001 - its decoders raise whatever they stumble over; text.py tells
        return
    yield from dict.fromkeys(found)


def _exif(image: Image.Image) -> Iterator[tuple[str, str]]:
    exif = image.getexif()
    if exif.get_ifd(GPS):
        yield "the place where it was taken", ""
    for tag, value in (*exif.items(), *exif.get_ifd(DETAILS).items()):
        text = _plain(value)
        if tag in TAGS and text:
            yield TAGS[tag], text
        elif isinstance(value, str):
            yield "text", text


def _xmp(image: Image.Image) -> Iterator[tuple[str, str]]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or ""
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
    text = text[:LONGEST]
    for names, what in XMP.items():
        for found in re.finditer(rf"<({names})\b[^>]*>(.*?)</\1>|\b({names})=\"([^\"]*)\"", text):
            value = " ".join(re.sub(r"<[^>]*>", " ", found[2] or found[4] or "").split())
            if value:
                yield what, "" if "place" in what else unescape(value)
    yield "text", text


def _texts(image: Image.Image) -> Iterator[tuple[str, str]]:
    for name, value in image.info.items():
        if isinstance(name, str) and isinstance(value, str) and not name.startswith("XML:"):
            is_author = name.lower() in AUTHORS and value.strip()
            yield "an author" if is_author else "text", value.strip()


def _plain(value: object) -> str:
    """Return a value of Exif as text; Windows keeps its own in UTF-16."""
    if isinstance(value, bytes):
        return value.decode("utf-16-le" if b"\0" in value[1::2] else "utf-8", "replace").strip(
            "\0 "
        )
    return str(value).strip("\0 ")
