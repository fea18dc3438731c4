"""One thing the shop sells: its name, its labels, and a photo that any browser shows."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from PIL import Image

from modiste.errors import CatalogueError
from modiste.photos import read_header, read_photo

__all__ = ["CatalogueItem", "displayable"]

# Photos up to this are kept as they came, bit for bit: fashion data sets of 60 × 80 take 3 kB each.
KEPT_BYTES = 40_000
# Few bytes can still unpack to very many pixels; no page needs a photo wider or higher than this.
KEPT_SIDE = 2_000
# Larger ones are shown at this many pixels on their longest side, enough for a card on a sharp screen.
SHOWN_SIDE = 480
JPEG_QUALITY = 85

_SHOWN_BY_BROWSERS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One item. ``id`` names it for ever; ``path`` says where its photo came from, for people.

    ``photo`` is what pages show: a JPEG, PNG or WebP of the type ``media_type``; it is empty where only a
    list was asked for. ``labels`` map a level ("articleType") to a label ("Shirts"); what isn't known isn't
    there. ``content_hash`` is a hash of the photo as it came, which may have been larger.

    Raises `CatalogueError` when the id is empty or some text cannot be written as UTF-8.
    """

    id: str
    name: str
    photo: bytes = field(repr=False)
    media_type: str
    path: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    content_hash: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            raise CatalogueError("an item without an id; give it one that will stay the same")
        try:
            f"{self.id}{self.name}{self.path}{self.labels_json}".encode()
        except UnicodeEncodeError as error:
            raise CatalogueError(
                f"item {self.id!a}: its id, name, path or labels are no valid Unicode"
            ) from error

    @classmethod
    def from_photo(
        cls, id: str, name: str, photo: bytes, *, path: str = "", labels: Mapping[str, str] | None = None
    ) -> Self:
        """An item from the bytes of its photo, which may be of any size and format.

        Raises `PhotoError` if they are no photo.

        >>> file = io.BytesIO()
        >>> Image.new("RGB", (60, 80), "navy").save(file, "PNG")
        >>> item = CatalogueItem.from_photo("7", "Navy shirt", file.getvalue())
        >>> item.media_type, item.photo == file.getvalue()
        ('image/png', True)
        """
        shown, media_type = displayable(photo)
        return cls(id, name, shown, media_type, path, labels or {}, photo_hash(photo))

    @property
    def labels_json(self) -> str:
        """``labels`` as JSON with sorted keys: equal labels, equal text."""
        return labels_to_json(self.labels)


def displayable(photo: bytes) -> tuple[bytes, str]:
    """A photo's bytes → bytes every browser shows, and their media type.

    A small JPEG, PNG or WebP stays as it is; everything else becomes a JPEG of at most 480 pixels on its
    longest side. Raises `PhotoError` if the bytes are no photo.
    """
    format, height, width, mode = read_header(photo)
    media_type = _SHOWN_BY_BROWSERS.get(format)
    small = len(photo) <= KEPT_BYTES and max(height, width) <= KEPT_SIDE
    if media_type and small and mode != "CMYK":  # browsers disagree on the colours of CMYK
        return photo, media_type
    shown = Image.fromarray(read_photo(photo, at_least=(SHOWN_SIDE, SHOWN_SIDE)))
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.BICUBIC, reducing_gap=3)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue(), "image/jpeg"


def photo_hash(photo: bytes) -> str:
    """A hash of a photo's bytes, 32 hexadecimal digits: the same bytes have the same hash."""
    return hashlib.blake2b(photo, digest_size=16).hexdigest()


def labels_to_json(labels: Mapping[str, str]) -> str:
    return json.dumps(dict(labels), ensure_ascii=False, sort_keys=True)
