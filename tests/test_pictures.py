"""Pictures that authors place: what reaches out, explodes or is none is told, and not set."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from reporter.prose import pictures
from reporter.prose.pictures import embedded, fault
from tests.composing import compose, html_of, problems

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
DAMAGED = "is no picture, or damaged; save it anew"


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(width: int, height: int, *more: bytes) -> bytes:
    """Return a PNG that announces a size and holds one row."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    row = chunk(b"IDAT", zlib.compress(b"\0" * (min(width, 10**6) + 1)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + row + chunk(b"IEND", b"")


BURST = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7)))


def saved(kind: str, **how: object) -> bytes:
    """Return a small picture that is whole."""
    content = io.BytesIO()
    Image.effect_noise((64, 64), 40).convert("RGB").save(content, kind, **how)
    return content.getvalue()


def frames(count: int) -> bytes:
    """Return a GIF of many pictures."""
    content = saved("GIF")
    end = content.rindex(b";")
    start = content.index(b",")
    return content[:end] + content[start:end] * count + b";"


def bomb() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("a", "x" * 900_000, zip=True)
    return saved("PNG", pnginfo=info)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("huge.png", png(60_000, 60_000), "has far too many pixels; make it smaller"),
        ("large.png", png(11_000, 11_000), "has 11000 × 11000 pixels; make it smaller"),
        ("cut.png", saved("PNG")[:-60], DAMAGED),
        ("cut.jpg", saved("JPEG")[:-200], DAMAGED),
        ("text.png", b"<svg>", DAMAGED),
        ("empty.png", b"", DAMAGED),
        (
            "zipped.png",
            png(8, 8, BURST),
            DAMAGED,
        ),
        ("program.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", DAMAGED),
        ("empty.svg", b"", DAMAGED),
        ("page.svg", b"<html/>", DAMAGED),
        ("entities.svg", b'<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]><svg>&b;</svg>', DAMAGED),
    ],
)
def test_what_is_no_sound_picture_is_told_and_not_set(tmp_path, name, content, told):
    """With its place, in one line; a gap stands on the page."""
    (tmp_path / name).write_bytes(content)
    composed = compose(tmp_path, f"![It]({name})")
    assert problems(composed) == [f"sections/01-results.md:3: {name} {told}"]
    assert f'<span class="missing">{name}?</span>' in html_of(composed)
    assert "<img" not in html_of(composed)


@pytest.mark.parametrize("content", [saved("PNG"), saved("JPEG"), frames(2000), bomb()])
def test_what_can_be_set_is_set(tmp_path, content):
    """Of a moving picture only the first is decoded, of its notes none."""
    (tmp_path / "a.png").write_bytes(content)
    assert fault(tmp_path, "a.png") == ""
    assert embedded(tmp_path, "a.png", "<A>").startswith('<img class="inserted" alt="&lt;A&gt;"')


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ('<image href="file:///etc/passwd"/>', "asks for file:///etc/passwd, which"),
        ('<image xlink:href="http://a.example/b.png"/>', "asks for http://a.example/b.png, which"),
        ('<use href="other.svg#a"/>', "asks for other.svg#a, which"),
        (
            '<image href="data:image/svg+xml;base64,AAAA"/>',
            "asks for data:image/svg+xml",
        ),
        (
            "<style>@import url(http://a.example/c.css);</style>",
            "asks for http://a.example/",
        ),
        ('<style>@import "c.css";</style>', 'asks for "c.css", which'),
        ("<rect style=\"fill: url( 'http://a.example/' )\"/>", "asks for http://a.example/, which"),
        ('<rect fill="url(http://a.example/#b)"/>', "asks for http://a.example/#b, which"),
        (
            "".join(f'<g id="a{n}">' + f'<use href="#a{n + 1}"/>' * 10 + "</g>" for n in range(9)),
            "draws more than 100,000 things; simplify it",
        ),
        ('<g id="a"><use href="#a"/></g>', "draws more than 100,000 things; simplify it"),
        ('<pattern id="p"><rect fill="url(#p)"/></pattern>', "draws more than 100,000 things"),
        ("<g>" * 5000 + "</g>" * 5000, "draws more than 100,000 things; simplify it"),
    ],
)
def test_a_vector_picture_neither_reaches_out_nor_grows(tmp_path, inner, told):
    """It holds all it shows."""
    (tmp_path / "a.svg").write_text(SVG.format(inner))
    assert fault(tmp_path, "a.svg").startswith(f"a.svg {told}")


def test_a_vector_picture_may_use_its_own_parts(tmp_path):
    """Gradients, symbols, links for readers, and pictures that it holds."""
    inner = (
        '<linearGradient id="g"/><linearGradient id="h" xlink:href="#g"/><rect fill="url(#h)"/>'
        '<symbol id="s"><rect fill="url(\'#g\')"/></symbol><use href="#s"/><use xlink:href="#s"/>'
        '<a href="https://a.example/"><text>b</text></a><image href="data:image/png;base64,AA"/>'
        "<style>rect { fill: url(#g) }</style>"
    )
    (tmp_path / "a.svg").write_text(SVG.format(inner))
    assert fault(tmp_path, "a.svg") == ""


def test_a_picture_of_elsewhere_is_not_shown(tmp_path):
    """Neither by a path, nor by a link to it or to a folder above it."""
    folder = tmp_path / "report"
    folder.mkdir()
    (tmp_path / "a.png").write_bytes(saved("PNG"))
    (folder / "link.png").symlink_to(tmp_path / "a.png")
    (folder / "images").symlink_to(tmp_path)
    for source in ("link.png", "images/a.png"):
        assert (
            fault(folder, source) == f"{source} leads out of the report's folder; put a copy there"
        )
    for source in ("../a.png", str(tmp_path / "a.png"), "%2e%2e/a.png", "images/../../a.png"):
        assert fault(folder, source).startswith(f"no picture {source} in the report's folder")


def test_a_file_of_many_megabytes_is_not_read(tmp_path, monkeypatch):
    """It would be a part of the page."""
    monkeypatch.setattr(pictures, "MOST_BYTES", 1000)
    (tmp_path / "a.png").write_bytes(saved("PNG"))
    assert fault(tmp_path, "a.png").startswith("a.png has 0 MB; 0 are the most")
