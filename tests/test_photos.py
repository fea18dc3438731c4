"""Every format comes out right, and no hostile file comes out at all."""

from __future__ import annotations

import io
import random
import struct
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from modiste import photos
from modiste.errors import PhotoError
from modiste.photos import fit_all, read_fitted, read_header, read_photo
from modiste.preprocessing import Preprocess


def scene() -> NDArray[np.uint8]:
    """An upright photo (80, 60, 3): its corners differ and its middle is noisy, so all formats have work."""
    y, x = np.mgrid[:80, :60]
    pixels = np.stack([x * 4, y * 3, (x + y)], -1).astype(np.uint8)
    pixels[20:60, 10:50] ^= np.random.default_rng(0).integers(0, 64, (40, 40, 3), np.uint8)
    return pixels


SCENE = scene()
PHOTO = Image.fromarray(SCENE)


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Maker"
    return block


def deep(scale: int) -> Image.Image:
    return Image.fromarray(SCENE[..., 0].astype(np.uint16) * scale)


COLOURED = {
    "jpeg": encode(PHOTO, "JPEG", quality=95, subsampling=0),
    "jpeg progressive": encode(PHOTO, "JPEG", quality=95, subsampling=0, progressive=True),
    "mpo": encode(PHOTO, "MPO", quality=95, subsampling=0, save_all=True, append_images=[PHOTO.rotate(9)]),
    "png": encode(PHOTO, "PNG"),
    "apng": encode(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(90)]),
    "png opaque alpha": encode(PHOTO.convert("RGBA"), "PNG"),
    "webp": encode(PHOTO, "WEBP", quality=100),
    "webp lossless": encode(PHOTO, "WEBP", lossless=True),
    "webp animated": encode(PHOTO, "WEBP", lossless=True, save_all=True, append_images=[PHOTO.rotate(9)]),
    "bmp": encode(PHOTO, "BMP"),
    "tiff": encode(PHOTO, "TIFF"),
    "tiff lzw": encode(PHOTO, "TIFF", compression="tiff_lzw"),
    "tiff jpeg": encode(PHOTO, "TIFF", compression="jpeg", quality=95),
}
OTHERS = {
    "gif": encode(PHOTO, "GIF"),
    "gif animated": encode(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(90), PHOTO.rotate(20)]),
    "png palette": encode(PHOTO.convert("P"), "PNG", transparency=3),
    "bmp palette": encode(PHOTO.convert("P"), "BMP"),
    "png 1 bit": encode(PHOTO.convert("1"), "PNG"),
    "png grey": encode(PHOTO.convert("L"), "PNG"),
    "jpeg grey": encode(PHOTO.convert("L"), "JPEG"),
    "jpeg cmyk": encode(PHOTO.convert("CMYK"), "JPEG", quality=95),
    "jpeg turned": encode(PHOTO, "JPEG", exif=exif(6)),
    "tiff cmyk": encode(PHOTO.convert("CMYK"), "TIFF"),
    "tiff turned": encode(PHOTO, "TIFF", exif=exif(6)),
    "png 16 bit": encode(deep(257), "PNG"),
    "tiff 16 bit": encode(deep(257), "TIFF"),
    "tiff float": encode(Image.fromarray(SCENE[..., 0].astype(np.float32)), "TIFF"),
}
ALL = COLOURED | OTHERS


def far(pixels: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    assert pixels.shape == other.shape
    return float(np.abs(pixels.astype(int) - other.astype(int)).mean())


# What comes out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLOURED)
def test_colour_formats(name: str) -> None:
    pixels = read_photo(COLOURED[name])
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert far(pixels, SCENE) < 6
    if name.split()[0] in ("png", "bmp", "apng") or "lossless" in name or name in ("tiff", "tiff lzw"):
        assert far(pixels, SCENE) == 0


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_gives_rgb(name: str) -> None:
    pixels = read_photo(OTHERS[name])
    assert pixels.dtype == np.uint8
    assert sorted(pixels.shape) == [3, 60, 80]


@pytest.mark.parametrize("name", ["png 16 bit", "tiff 16 bit", "tiff float"])
def test_deep_greys_keep_their_brightness(name: str) -> None:
    assert far(read_photo(OTHERS[name]), np.repeat(SCENE[..., :1], 3, 2)) <= 1


def test_floats_from_0_to_1_are_brightness_too() -> None:
    image = Image.fromarray(SCENE[..., 0].astype(np.float32) / 255)
    assert far(read_photo(encode(image, "TIFF")), np.repeat(SCENE[..., :1], 3, 2)) <= 1


def test_cmyk_is_not_inverted() -> None:
    assert far(read_photo(OTHERS["jpeg cmyk"]), SCENE) < 6


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_on_white(mode: str) -> None:
    alpha = np.full((80, 60), 255, np.uint8)
    alpha[:40] = 0
    image = PHOTO.convert("L").convert("RGB") if mode == "LA" else PHOTO.copy()
    expected = np.array(image)
    image.putalpha(Image.fromarray(alpha))
    pixels = read_photo(encode(image.convert(mode), "PNG"))
    assert (pixels[:40] == 255).all()
    assert (pixels[40:] == expected[40:]).all()


def test_a_palette_colour_may_be_transparent() -> None:
    image = Image.new("P", (60, 80), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(0, (0, 0, 60, 40))
    pixels = read_photo(encode(image, "PNG", transparency=0))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[79, 0].tolist() == [200, 10, 10]


def test_first_frame_of_an_animation() -> None:
    assert (read_photo(OTHERS["gif animated"]) == read_photo(OTHERS["gif"])).all()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_as_exif_says(format: str, orientation: int) -> None:
    # How a camera stores the upright scene for each orientation (EXIF 2.3, section 4.6.4, tag 0x0112).
    stored = {
        1: SCENE,
        2: SCENE[:, ::-1],
        3: SCENE[::-1, ::-1],
        4: SCENE[::-1],
        5: SCENE.transpose(1, 0, 2),
        6: np.rot90(SCENE, 1),
        7: np.rot90(SCENE, 2).transpose(1, 0, 2),
        8: np.rot90(SCENE, -1),
    }[orientation]
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(format, {})
    photo = encode(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif(orientation), **options)
    assert far(read_photo(photo), SCENE) < 3


def test_strip_by_strip_the_pixels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = {str(way): encode(PHOTO, "PNG", exif=exif(way)) for way in range(1, 9)}
    whole = {name: read_photo(photo) for name, photo in (ALL | turned).items()}
    monkeypatch.setattr(photos, "_STRIP", 700)
    for name, photo in (ALL | turned).items():
        assert np.array_equal(read_photo(photo), whole[name]), name


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_damaged_exif_block_does_not_cost_the_photo() -> None:
    photo = COLOURED["jpeg"]
    for block in (
        b"Exif\0\0",
        b"Exif\0\0MM\0*",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x09",
    ):
        segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
        assert (read_photo(photo[:2] + segment + photo[2:]) == read_photo(photo)).all()


def test_large_jpegs_are_decoded_scaled_but_never_below_what_is_needed() -> None:
    large = encode(PHOTO.resize((1200, 1600)), "JPEG")
    assert read_photo(large).shape == (1600, 1200, 3)
    assert read_photo(large, at_least=(160, 120)).shape == (200, 150, 3)
    assert read_photo(large, at_least=(400, 300)).shape == (400, 300, 3)
    assert read_photo(large, at_least=(401, 300)).shape == (800, 600, 3)
    lying = encode(PHOTO.resize((1200, 1600)).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif(6))
    assert read_photo(lying, at_least=(400, 300)).shape == (400, 300, 3)
    assert read_photo(encode(PHOTO, "JPEG"), at_least=(800, 600)).shape == (80, 60, 3)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_plain_jpegs_are_the_pixels_pillow_gives(mode: str, subsampling: int) -> None:
    for progressive in (False, True):
        photo = encode(PHOTO.convert(mode), "JPEG", subsampling=subsampling, progressive=progressive)
        plain = photos._plain_jpeg(photo, (80, 60), 10_000)
        assert plain is not None
        with Image.open(io.BytesIO(photo)) as image:
            assert (plain == np.asarray(image.convert("RGB"))).all()


def test_jpegs_that_are_not_plain_are_left_to_pillow() -> None:
    cmyk, turned = encode(PHOTO.convert("CMYK"), "JPEG"), encode(PHOTO, "JPEG", exif=exif(6))
    for photo in (cmyk, turned, COLOURED["mpo"], COLOURED["png"], COLOURED["jpeg"][:900]):
        assert photos._plain_jpeg(photo, None, 10_000) is None
    assert photos._plain_jpeg(COLOURED["jpeg"], (40, 30), 10_000) is None, (
        "Pillow decodes it at half its size"
    )
    assert photos._plain_jpeg(COLOURED["jpeg"], None, 4_799) is None, "it has one pixel more"


def test_fitting_a_catalogue_photo_changes_nothing() -> None:
    assert (read_fitted(COLOURED["jpeg"], Preprocess()) == read_photo(COLOURED["jpeg"])).all()
    large = encode(PHOTO.resize((1200, 1600), Image.Resampling.BICUBIC), "JPEG", quality=95)
    assert far(read_fitted(large, Preprocess()), SCENE) < 6


def test_photos_of_many_sizes_are_fitted_in_their_order() -> None:
    preprocess = Preprocess(16, 12)
    sizes = ((80, 60), (40, 50), (300, 400), (80, 60))
    each = [np.full((*size, 3), 10 * at, np.uint8) for at, size in enumerate(sizes)]
    expected = np.stack([preprocess.fit(photo) for photo in each])
    assert (fit_all(preprocess, iter(each)) == expected).all()
    assert fit_all(preprocess, []).shape == (0, 16, 12, 3)


def test_header_alone() -> None:
    assert read_header(COLOURED["webp"]) == ("WEBP", 80, 60, "RGB")
    assert read_header(OTHERS["jpeg cmyk"]) == ("JPEG", 80, 60, "CMYK")
    with pytest.raises(PhotoError):
        read_header(b"")


def test_paths_are_read_and_named_in_errors(tmp_path: Path) -> None:
    file = tmp_path / "coat.jpg"
    file.write_bytes(COLOURED["jpeg"])
    assert (read_photo(file) == read_photo(str(file))).all()
    file.write_bytes(b"")
    with pytest.raises(PhotoError, match=r"coat.jpg: an empty file"):
        read_photo(file)
    with pytest.raises(PhotoError, match=r"gone.jpg: no such file"):
        read_photo(tmp_path / "gone.jpg")
    with pytest.raises(PhotoError, match=r"not a file"):
        read_photo(tmp_path)


# What must not come out ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", ALL)
def test_a_cut_off_file_is_refused_or_whole(name: str) -> None:
    """Never a photo whose lower half is grey: each cut is an error, or takes away what no pixel needs."""
    photo, whole = ALL[name], read_photo(ALL[name])
    cuts = {*range(40), *range(len(photo) - 40, len(photo)), *range(40, len(photo), len(photo) // 60)}
    for cut in sorted(cuts):
        try:
            pixels = read_photo(photo[:cut])
        except PhotoError:
            continue
        assert (pixels == whole).all(), f"{name} cut at {cut} of {len(photo)}"


def with_checksums(png: bytearray) -> bytearray:
    """Repair a PNG's checksums, so that damage gets past them."""
    at = 8
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if at + 12 + length > len(png):
            break
        struct.pack_into(">I", png, at + 8 + length, zlib.crc32(png[at + 4 : at + 8 + length]))
        at += 12 + length
    return png


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", ALL)
def test_flipped_bits_raise_photo_errors_only(name: str) -> None:
    chance = random.Random(name)
    for _ in range(150):
        photo = bytearray(ALL[name])
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            reach = len(photo) if chance.random() < 0.5 else min(len(photo), 200)
            photo[chance.randrange(reach)] ^= 1 << chance.randrange(8)
        if name.startswith(("png", "apng")):
            photo = with_checksums(photo)
        try:
            pixels = read_photo(bytes(photo))
        except PhotoError:
            continue
        assert pixels.ndim == 3
        assert pixels.dtype == np.uint8


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 5_000) + b"IDAT"


def gif_with_huge_frame() -> bytes:
    frame = b"," + struct.pack("<4H", 0, 0, 12_000, 9_000) + b"\0\x02\x02\x4c\x01\0;"
    return b"GIF89a" + struct.pack("<2H", 10, 10) + b"\x80\0\0" + b"\0" * 6 + b"!\xfe\x02hi\0" + frame


def jpeg_claiming(width: int, height: int) -> bytes:
    photo = bytearray(COLOURED["jpeg"])
    start_of_frame = photo.index(b"\xff\xc0")
    struct.pack_into(">HH", photo, start_of_frame + 5, height, width)
    return bytes(photo)


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        (b"", "an empty file"),
        (b"\0", "not a photo"),
        (b"hello, this is a text, and no photo", "not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
        (b"%PDF-1.7 and so on and so on", "not a photo"),
        (b"PK\3\4" + bytes(40), "not a photo"),
        (b"\0\0\0\x1cftypheic" + bytes(40), "HEIC"),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(40), "not a photo"),
        (b"\xff\xd8\xff", "header is damaged"),
        (b"\x89PNG\r\n\x1a\n", "header is damaged"),
        (b"BM" + bytes(60), "header is damaged"),
        (png_header(10_000, 10_000), "10000 × 10000 is 100.0 megapixels, and at most 50"),
        (png_header(10_000, 10_000) + bytes(1000), "megapixels"),
        (png_header(2**31 - 1, 2**31 - 1), "megapixels"),
        (jpeg_claiming(60_000, 60_000), "megapixels"),
        (gif_with_huge_frame(), "12000 × 9000"),
        (png_header(60, 80), "damaged or cut off"),
    ],
)
def test_hostile_files_are_refused_in_words(photo: bytes, message: str) -> None:
    began = time.thread_time()
    with pytest.raises(PhotoError, match=message) as caught:
        read_photo(photo)
    assert "\n" not in str(caught.value)
    assert time.thread_time() - began < 1


def test_a_tiff_of_huge_dimensions_is_refused() -> None:
    file = io.BytesIO()
    Image.new("1", (9000, 9000)).save(file, "TIFF", compression="group4")
    assert len(file.getvalue()) < 200_000
    with pytest.raises(PhotoError, match=r"81.0 megapixels"):
        read_photo(file.getvalue())


def test_a_webp_may_have_fewer_pixels_than_others() -> None:
    large = encode(Image.new("L", (7000, 4000)), "WEBP", quality=1, method=0)
    with pytest.raises(PhotoError, match=r"28.0 megapixels, and at most 25"):
        read_photo(large)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_a_cut_off_exif_header_does_not_cost_the_photo(format: str) -> None:
    photo = encode(PHOTO, format, exif=b"Exif\0\0MM\0*")
    assert read_photo(photo).shape == (80, 60, 3)


def test_limits_can_be_set() -> None:
    photo = COLOURED["png"]
    with pytest.raises(PhotoError, match=r"0.0 MB, and at most 0.001 MB"):
        read_photo(photo, max_bytes=1000)
    with pytest.raises(PhotoError, match=r"megapixels"):
        read_photo(photo, max_pixels=60 * 80 - 1)
    assert read_photo(photo, max_pixels=60 * 80, max_bytes=len(photo)).shape == (80, 60, 3)


def test_a_large_file_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "large.jpg"
    with file.open("wb") as sparse:
        sparse.truncate(10**12)
    with pytest.raises(PhotoError, match=r"at most 20 MB"):
        read_photo(file)


def test_time_runs_out() -> None:
    slow = encode(PHOTO.resize((3000, 4000)), "JPEG", quality=95)
    with pytest.raises(PhotoError, match=r"longer than 0.001 s"):
        read_photo(slow, seconds=0.001)


def test_hundreds_of_passes_over_a_large_jpeg_are_stopped() -> None:
    """A progressive JPEG may go over all its pixels again for every hundred bytes it grows by."""
    photo = encode(Image.new("L", (3000, 3000), 128), "JPEG", progressive=True)
    last_scan = photo[photo.rindex(b"\xff\xc4", 0, photo.rindex(b"\xff\xda")) : -2]
    began = time.thread_time()
    with pytest.raises(PhotoError):
        read_photo(photo[:-2] + last_scan * 20_000 + b"\xff\xd9", seconds=0.3)
    assert time.thread_time() - began < 8


def test_threads_read_side_by_side() -> None:
    expected = {name: read_photo(photo) for name, photo in ALL.items()}
    together = threading.Barrier(4)

    def read_all(_: int) -> bool:
        together.wait()
        return all(
            (read_photo(photo) == expected[name]).all() for name, photo in ALL.items() for _ in range(5)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read_all, range(4)))


def test_pillow_is_left_as_it_was() -> None:
    from PIL import ImageFile

    assert Image.MAX_IMAGE_PIXELS is not None
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("read", [read_photo, read_header])
def test_small_photos_are_read_quickly(read: Callable[[bytes], object]) -> None:
    """A gross check that nothing slow crept in; benchmarks give the figure (about 0.1 ms per photo)."""
    photo = COLOURED["jpeg"]
    best = min(_seconds(read, photo) for _ in range(20))
    assert best < 0.002


def _seconds(read: Callable[[bytes], object], photo: bytes) -> float:
    began = time.thread_time()
    read(photo)
    return time.thread_time() - began
