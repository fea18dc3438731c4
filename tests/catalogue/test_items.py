"""Photos are kept as they came when a browser can show them, and made small JPEGs otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from modiste.catalogue.items import KEPT_BYTES, CatalogueItem, displayable
from modiste.errors import CatalogueError, PhotoError


def saved(image: Image.Image, format: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("format", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_small_photos_stay_bit_for_bit(
    format: str, media_type: str, draw_photo: Callable[..., bytes]
) -> None:
    photo = draw_photo(1, format=format)
    assert displayable(photo) == (photo, media_type)


@pytest.mark.parametrize(
    "photo",
    [
        saved(noise(900, 600), "JPEG"),
        saved(noise(300, 200), "PNG"),
        saved(Image.new("RGB", (4000, 100), "navy"), "PNG"),  # few bytes, many pixels
        saved(Image.new("RGB", (60, 80), "navy"), "GIF"),
        saved(Image.new("RGB", (60, 80), "navy"), "BMP"),
        saved(Image.new("CMYK", (60, 80)), "JPEG"),
    ],
    ids=["large JPEG", "large PNG", "wide PNG", "GIF", "BMP", "CMYK"],
)
def test_the_others_become_a_jpeg_of_at_most_480_pixels(photo: bytes) -> None:
    before = Image.open(io.BytesIO(photo))
    shown, media_type = displayable(photo)
    after = Image.open(io.BytesIO(shown))
    assert (media_type, after.format, after.mode) == ("image/jpeg", "JPEG", "RGB")
    assert max(after.size) == min(480, max(before.size))
    assert after.width / after.height == pytest.approx(before.width / before.height, rel=0.05)


def test_a_large_photo_is_shown_the_way_up_it_is_meant() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    file = io.BytesIO()
    noise(900, 600).save(file, "JPEG", exif=exif)
    assert len(file.getvalue()) > KEPT_BYTES
    assert Image.open(io.BytesIO(displayable(file.getvalue())[0])).size == (320, 480)


def test_the_hash_is_of_the_photo_as_it_came() -> None:
    photo = saved(noise(900, 600), "JPEG")
    one, other = (CatalogueItem.from_photo(id, "Shirt", photo) for id in "ab")
    assert one.photo != photo
    assert one.content_hash == other.content_hash
    assert len(one.content_hash) == 32
    assert CatalogueItem.from_photo("a", "Shirt", photo + b"\0").content_hash != one.content_hash


def test_what_cannot_be_an_item_is_refused(draw_photo: Callable[..., bytes]) -> None:
    with pytest.raises(PhotoError):
        CatalogueItem.from_photo("1", "Shirt", b"no photo")
    with pytest.raises(CatalogueError, match="without an id"):
        CatalogueItem.from_photo("", "Shirt", draw_photo(1))
    with pytest.raises(CatalogueError, match="no valid Unicode"):
        CatalogueItem.from_photo("1", "Shirt", draw_photo(1), path="\udcff.jpg")
    with pytest.raises(CatalogueError, match="no valid Unicode"):
        CatalogueItem.from_photo("1", "Shirt", draw_photo(1), labels={"articleType": "\ud800"})
