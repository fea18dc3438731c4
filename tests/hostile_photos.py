"""Hundreds of photo files that are odd, broken or mean, always the same: what a shop's upload must bear."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

__all__ = ["Hostile", "heavy_photos", "hostile_photos"]

FINE, REFUSED, EITHER, TOO_LARGE = "fine", "refused", "either", "too large"


class Hostile(NamedTuple):
    """A file, and what must become of it: "fine" for odd ones that are photos all the same."""

    name: str
    content: bytes
    expected: str


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def picture(width: int = 60, height: int = 80) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 4, y * 3, x + y], -1).astype(np.uint8)
    pixels[height // 4 : height // 2] ^= np.random.default_rng(0).integers(
        0, 64, pixels[height // 4 : height // 2].shape, np.uint8
    )
    return Image.fromarray(pixels)


def odd_ones() -> dict[str, bytes]:
    """Whole photos of all formats and modes."""
    photo = picture()
    grey = np.asarray(photo.convert("L"))
    frames = {"save_all": True, "append_images": [photo.rotate(9 * k) for k in range(1, 6)]}
    seen_through = photo.convert("RGBA")
    seen_through.putalpha(Image.fromarray(grey))
    return {
        "jpeg": encode(photo, "JPEG"),
        "jpeg progressive": encode(photo, "JPEG", progressive=True),
        "jpeg grey": encode(photo.convert("L"), "JPEG"),
        "jpeg cmyk": encode(photo.convert("CMYK"), "JPEG"),
        "jpeg restart markers": encode(photo, "JPEG", restart_marker_blocks=1),
        "jpeg large": encode(picture(600, 800), "JPEG"),
        "mpo": encode(photo, "MPO", **frames),
        "png": encode(photo, "PNG"),
        "png 1 bit": encode(photo.convert("1"), "PNG"),
        "png palette": encode(photo.convert("P"), "PNG", transparency=3),
        "png 16 bit": encode(Image.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "png alpha": encode(seen_through, "PNG"),
        "png grey alpha": encode(seen_through.convert("LA"), "PNG"),
        "apng": encode(photo, "PNG", **frames),
        "gif": encode(photo, "GIF"),
        "gif animated": encode(photo, "GIF", **frames),
        "webp": encode(photo, "WEBP"),
        "webp lossless alpha": encode(seen_through, "WEBP", lossless=True),
        "webp animated": encode(photo, "WEBP", **frames),
        "bmp": encode(photo, "BMP"),
        "bmp palette": encode(photo.convert("P"), "BMP"),
        "tiff": encode(photo, "TIFF"),
        "tiff lzw": encode(photo, "TIFF", compression="tiff_lzw"),
        "tiff deflate": encode(photo, "TIFF", compression="tiff_adobe_deflate"),
        "tiff jpeg": encode(photo, "TIFF", compression="jpeg"),
        "tiff fax": encode(photo.convert("1"), "TIFF", compression="group4"),
        "tiff cmyk": encode(photo.convert("CMYK"), "TIFF"),
        "tiff lab": encode(Image.merge("LAB", photo.split()), "TIFF"),
        "tiff 16 bit": encode(Image.fromarray(grey.astype(np.uint16) * 257), "TIFF"),
        "tiff 32 bit": encode(Image.fromarray(grey.astype(np.int32) * 70_000), "TIFF"),
        "tiff float": encode(Image.fromarray(grey.astype(np.float32)), "TIFF"),
        "tiff pages": encode(picture(), "TIFF", save_all=True, append_images=[picture()] * 3),
    }


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, *rest: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(rest)


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def ifd(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def tiff_of(width: int, height: int, **tags: int) -> bytes:
    """A TIFF of a single strip that says it has this size; ``tags`` by number, as ``t277=3``."""
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: height, 279: 4800}
    entries |= {int(name[1:]): value for name, value in tags.items()}
    directory = ifd([(tag, 4, 1, value) for tag, value in sorted(entries.items())])
    return (b"II*\0" + struct.pack("<I", 8) + directory).ljust(200, b"\0") + bytes(4800)


def jpeg_claiming(jpeg: bytes, width: int, height: int) -> bytes:
    lying = bytearray(jpeg)
    at = next(at for at in (lying.find(b"\xff\xc0"), lying.find(b"\xff\xc2")) if at > 0)
    struct.pack_into(">HH", lying, at + 5, height, width)
    return bytes(lying)


def zip_of(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def mean_ones(whole: dict[str, bytes], chance: random.Random) -> Iterator[Hostile]:
    jpeg, png, gif, tiff = whole["jpeg"], whole["png"], whole["gif"], whole["tiff"]
    # No photos at all.
    for name, content in {
        "nothing": b"",
        "a byte": b"\0",
        "text": b"hello " * 100,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "html": b"<!doctype html><script>alert(1)</script>",
        "pdf": b"%PDF-1.7\n" + bytes(500),
        "zip": zip_of("a.jpg", jpeg),
        "heic": b"\0\0\0\x1cftypheic" + bytes(400),
        "avif": b"\0\0\0\x1cftypavif" + bytes(400),
        "elf": b"\x7fELF" + bytes(400),
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(cmd) run\n",
        "riff but wave": b"RIFF\0\0\0\0WAVEfmt " + bytes(400),
        "mvg": b"push graphic-context\nimage over 0,0 0,0 'https://x.example/'\n",
        "zeros": bytes(100_000),
        "noise": chance.randbytes(100_000),
    }.items():
        yield Hostile(name, content, REFUSED)
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"GIF87a", b"BM", b"II*\0", b"MM\0*"):
        for kind, rest in {
            "nothing": b"",
            "zeros": bytes(300),
            "ones": b"\xff" * 300,
            "noise": chance.randbytes(300),
            "more noise": chance.randbytes(50_000),
        }.items():
            yield Hostile(f"{magic!r} and {kind}", magic + rest, EITHER)
    # Headers that lie about sizes.
    for width, height in ((0, 0), (0, 80), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1), (50_000, 50_000)):
        yield Hostile(f"png of {width} × {height}", png_of(width, height, chunk(b"IDAT", b"x")), REFUSED)
        yield Hostile(f"tiff of {width} × {height}", tiff_of(width, height), REFUSED)
        bmp = bytearray(whole["bmp"])
        struct.pack_into("<ii", bmp, 18, width, height)
        yield Hostile(f"bmp of {width} × {height}", bytes(bmp), REFUSED)
    for width, height in ((0, 0), (65_500, 65_500), (65_535, 1), (61, 81), (60, 800), (6_000, 8_000)):
        for kind in ("jpeg", "jpeg progressive"):
            expected = REFUSED if width in (0, 65_500) else EITHER
            yield Hostile(
                f"{kind} of {width} × {height}", jpeg_claiming(whole[kind], width, height), expected
            )
        lying = bytearray(gif)
        struct.pack_into("<HH", lying, 6, width, height)
        yield Hostile(f"gif of {width} × {height}", bytes(lying), EITHER)
    bmp = bytearray(whole["bmp"])
    struct.pack_into("<i", bmp, 22, -(2**31))
    yield Hostile("bmp of negative height", bytes(bmp), REFUSED)
    frame = b"," + struct.pack("<4H", 65_000, 65_000, 65_000, 65_000) + b"\0\x02\x02\x4c\x01\0;"
    yield Hostile(
        "gif whose frame is elsewhere", b"GIF89a" + struct.pack("<2H", 9, 9) + b"\0\0\0" + frame, REFUSED
    )
    for tag, value in ((258, 0), (258, 64), (259, 7), (259, 34_712), (277, 0), (277, 60_000), (278, 0)):
        content = tiff_of(60, 80, **{f"t{tag}": value})
        yield Hostile(f"tiff whose tag {tag} is {value}", content, EITHER)
    for offset in (0, 8, 2**32 - 1):
        yield Hostile(f"tiff that begins at {offset}", b"II*\0" + struct.pack("<I", offset), REFUSED)
        yield Hostile(
            f"tiff whose pages go on at {offset}",
            b"II*\0" + struct.pack("<I", 8) + ifd([(256, 4, 1, 60)], offset),
            REFUSED,
        )
    yield Hostile("tiff of 65,535 tags", b"II*\0" + struct.pack("<IH", 8, 65_535) + bytes(800_000), REFUSED)
    # Bombs: few bytes that unpack to very many.
    zeros = zlib.compress(bytes(30_000_000), 9)
    yield Hostile("png text bomb", png_of(60, 80, chunk(b"zTXt", b"x\0\0" + zeros)) + png[33:], EITHER)
    yield Hostile(
        "png international text bomb",
        png_of(60, 80, chunk(b"iTXt", b"x\0\1\0\0\0" + zeros)) + png[33:],
        EITHER,
    )
    yield Hostile(
        "png colour profile bomb", png_of(60, 80, chunk(b"iCCP", b"x\0\0" + zeros)) + png[33:], EITHER
    )
    yield Hostile("png with more pixels than it says", png_of(60, 80, chunk(b"IDAT", zeros)), EITHER)
    many = b"".join(chunk(b"tEXt", b"k%d\0v" % number) for number in range(20_000))
    yield Hostile("png of 20,000 texts", png[:33] + many + png[33:], EITHER)
    yield Hostile("png of empty chunks", png[:33] + chunk(b"IDAT", b"") * 50_000 + png[33:], EITHER)
    yield Hostile("apng of four billion frames", png[:33] + chunk(b"acTL", b"\xff" * 8) + png[33:], EITHER)
    dark = Image.new("L", (7000, 7100))
    ImageDraw.Draw(dark).rectangle((0, 0, 10, 10), fill=9)
    yield Hostile("gif of 50 megapixels in 70 kB", encode(dark, "GIF"), EITHER)
    flat = Image.new("1", (9000, 9000))
    yield Hostile("tiff of 81 megapixels in a few bytes", encode(flat, "TIFF", compression="group4"), REFUSED)
    yield Hostile("png of 81 megapixels in a few bytes", encode(flat, "PNG"), REFUSED)
    lines = bytes((255, 0)) * 28 + b"\0\0"
    head = struct.pack(
        "<IHHIIiiHHIIiiII", 2**31 - 1, 0, 0, 1078, 40, 7000, 7000, 1, 8, 1, 2**31 - 1, 0, 0, 0, 0
    )
    yield Hostile("bmp of packed lines", b"BM" + head + bytes(1024) + lines * 7000, EITHER)
    progressive = whole["jpeg progressive"]
    scan = progressive[progressive.rindex(b"\xff\xc4", 0, progressive.rindex(b"\xff\xda")) : -2]
    yield Hostile("jpeg of 5,000 passes", progressive[:-2] + scan * 5000 + b"\xff\xd9", EITHER)
    # What hides beside the pixels.
    for name, block in {
        "empty": b"",
        "that ends at once": b"MM\0*",
        "outside": b"II*\0" + struct.pack("<I", 2**32 - 1),
        "that goes round": b"II*\0" + struct.pack("<I", 8) + ifd([(0x8769, 4, 1, 8), (0x8825, 4, 1, 8)], 8),
        "within itself": b"II*\0"
        + struct.pack("<I", 8)
        + ifd([(0x8769, 4, 1, 26)], 8)
        + ifd([(0xA005, 4, 1, 8)]),
        "of four billion values": b"II*\0" + struct.pack("<I", 8) + ifd([(0x0112, 3, 2**32 - 1, 8)]),
        "turned 99 times": b"II*\0" + struct.pack("<I", 8) + ifd([(0x0112, 3, 1, 99)]),
        "of 60,000 bytes": b"II*\0" + struct.pack("<IH", 8, 5000) + chance.randbytes(60_000),
    }.items():
        yield Hostile(f"jpeg with EXIF {name}", after_start(jpeg, segment(0xE1, b"Exif\0\0" + block)), FINE)
        yield Hostile(f"png with EXIF {name}", png[:33] + chunk(b"eXIf", block) + png[33:], EITHER)
        yield Hostile(f"webp with EXIF {name}", encode(picture(), "WEBP", exif=b"Exif\0\0" + block), EITHER)
    for size in (0, 20, 65_000):
        profile = segment(0xE2, b"ICC_PROFILE\0\1\1" + chance.randbytes(size))
        yield Hostile(
            f"jpeg with a colour profile of {size} bytes of noise", after_start(jpeg, profile), FINE
        )
        noise = zlib.compress(chance.randbytes(size))
        yield Hostile(
            f"png with a colour profile of {size} bytes of noise",
            png[:33] + chunk(b"iCCP", b"x\0\0" + noise) + png[33:],
            EITHER,
        )
    yield Hostile(
        "jpeg with 255 of 0 profiles", after_start(jpeg, segment(0xE2, b"ICC_PROFILE\0\xff\0x")), EITHER
    )
    yield Hostile("jpeg with 250 comments", after_start(jpeg, *[segment(0xFE, b"c" * 65_000)] * 250), EITHER)
    yield Hostile("jpeg with 90,000 comments", after_start(jpeg, *[segment(0xFE, b"")] * 90_000), EITHER)
    yield Hostile("jpeg with a comment of -2 bytes", after_start(jpeg, b"\xff\xfe\0\0"), EITHER)
    yield Hostile(
        "gif with a long comment", gif[:-1] + b"!\xfe" + (b"\xff" + b"c" * 255) * 60_000 + b"\0;", EITHER
    )
    yield Hostile(
        "jpeg with XMP", after_start(jpeg, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x " * 9)), EITHER
    )
    lol = b'<!DOCTYPE l [<!ENTITY a "l">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9)
    )
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + lol + b"]><x tiff:Orientation='6'>&j;</x>"
    yield Hostile("jpeg with a billion laughs", after_start(jpeg, segment(0xE1, xmp)), FINE)
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", (lol + b"]><x>&j;</x>").decode())
    yield Hostile("png with a billion laughs", encode(picture(), "PNG", pnginfo=info), FINE)
    mpf = b"MPF\0II*\0" + struct.pack("<I", 8) + ifd([(0xB001, 4, 1, 2**31), (0xB002, 7, 2**31, 8)])
    yield Hostile("jpeg of two billion photos", after_start(jpeg, segment(0xE2, mpf)), EITHER)
    # Two things at once.
    for name, content in whole.items():
        if name.split()[0] in ("jpeg", "png", "gif", "webp", "bmp", "tiff"):
            expected = EITHER if name.startswith("tiff") else FINE
            yield Hostile(f"{name} and a zip", content + zip_of("evil.sh", b"#!"), expected)
            yield Hostile(f"{name} and a page", content + b"<script>alert(1)</script>", expected)
    yield Hostile(
        "jpeg with a page inside", after_start(jpeg, segment(0xFE, b"<script>alert(1)</script>")), FINE
    )
    yield Hostile("gif that is a script", b"GIF89a=1;alert(1)//" + gif, EITHER)
    yield Hostile("png with a jpeg behind", png + jpeg, FINE)
    yield Hostile("tiff with a jpeg in front", jpeg + tiff, FINE)
    # Very small, very long.
    for width, height in ((1, 1), (1, 4000), (4000, 1), (2, 2)):
        for format in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
            content = encode(Image.new("RGB", (width, height), "teal"), format)
            yield Hostile(f"{format} of {width} × {height}", content, FINE)
    # Large files.
    yield Hostile("21 MB of zeros", bytes(21_000_000), TOO_LARGE)
    yield Hostile("jpeg and 21 MB", jpeg + bytes(21_000_000), TOO_LARGE)
    yield Hostile("jpeg and 19 MB", jpeg + bytes(19_000_000), FINE)
    yield Hostile("19 MB of chunks", png[:33] + chunk(b"prVt", bytes(19_000_000)) + png[33:], EITHER)


def hostile_photos(seed: int = 0) -> Iterator[Hostile]:
    """All of them: whole, cut off, with flipped bits, and made by hand. 626 files, 120 MB."""
    chance = random.Random(seed)
    whole = odd_ones()
    for name, content in whole.items():
        yield Hostile(name, content, FINE)
        for cut in sorted(chance.sample(range(1, len(content)), 5)):
            yield Hostile(f"{name} cut at {cut}", content[:cut], EITHER)
        for number in range(6):
            harmed = bytearray(content)
            reach = len(harmed) if number % 2 else min(len(harmed), 200)
            for _ in range(chance.choice((1, 1, 3, 16))):
                harmed[chance.randrange(reach)] ^= 1 << chance.randrange(8)
            yield Hostile(f"{name} harmed {number}", bytes(harmed), EITHER)
    yield from mean_ones(whole, chance)


def heavy_photos() -> Iterator[Hostile]:
    """Just within the limit of 50 megapixels, in every way that might take more memory than others."""
    size = (7000, 7000)
    for mode, format, options in (
        ("RGBA", "PNG", {"compress_level": 1}),
        ("LA", "PNG", {"compress_level": 1}),
        ("I;16", "PNG", {"compress_level": 1}),
        ("P", "GIF", {}),
        ("CMYK", "TIFF", {"compression": "tiff_lzw"}),
        ("F", "TIFF", {"compression": "tiff_lzw"}),
        ("I", "TIFF", {"compression": "tiff_lzw"}),
        ("RGBA", "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("RGB", "JPEG", {"progressive": True, "subsampling": 0, "quality": 30}),
        ("CMYK", "JPEG", {"progressive": True, "subsampling": 0, "quality": 30}),
        ("RGBA", "WEBP", {"lossless": True, "quality": 0, "method": 0}),
    ):
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = {} if format == "GIF" else {"exif": exif}
        content = encode(Image.new(mode, size, 77 if len(mode) < 3 else None), format, **options, **turned)
        yield Hostile(f"{mode} {format} of 49 megapixels", content, EITHER)
    many = encode(Image.new("L", size, 128), "JPEG", progressive=True)
    last_pass = many[many.rindex(b"\xff\xc4", 0, many.rindex(b"\xff\xda")) : -2]
    yield Hostile("20,000 passes over 49 megapixels", many[:-2] + last_pass * 20_000 + b"\xff\xd9", EITHER)
