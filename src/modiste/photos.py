"""Any file or bytes that Pillow reads → checked RGB pixels.

JPEG (MPO and CMYK included), PNG, WebP, GIF (first frame), BMP and TIFF come out as (h, w, 3) uint8: turned
the way EXIF says, 16 bits brought to 8, transparency laid on white. Everything else, and everything beyond
the limits on bytes, pixels and time, is a `PhotoError` that names what is wrong.

The plugins are called directly instead of through ``Image.open``: the header's size is then checked before
any pixel is decoded, against our limit instead of Pillow's process-wide one. Nothing here is global, so
threads may read photos side by side; Pillow lets go of the interpreter while it decodes.

Catalogues are mostly small, plain JPEGs, and there Pillow spends far more time in Python than on pixels:
those go straight to libjpeg-turbo, which Pillow has inside too, so the pixels are the same.
"""

from __future__ import annotations

import io
import stat
import struct
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from modiste.errors import PhotoError
from modiste.preprocessing import Preprocess

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PHOTO_SUFFIXES",
    "fit_all",
    "read_fitted",
    "read_for",
    "read_header",
    "read_photo",
]

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
SECONDS = 2.0  # of a processor, in the thread that decodes: a busy machine is no fault of the photo
# Decoding a WebP takes four times the memory of its pixels, all at once.
_MAX_WEBP_PIXELS = 25_000_000
_STRIP = 2_000_000  # pixels whose colours are converted at a time
_LARGE = 200_000  # bytes of pixels: larger photos are scaled one by one

# File name endings that promise a photo. What a file really is, its first bytes decide.
PHOTO_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
)

_READABLE = "JPEG, PNG, WebP, GIF, BMP or TIFF"

# The first bytes of a file → the plugin that reads it.
_PLUGINS: tuple[tuple[bytes, Callable[[io.BytesIO], ImageFile.ImageFile]], ...] = (
    (b"\xff\xd8\xff", JpegImageFile),  # an MPO begins with its main photo, as an ordinary JPEG
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"RIFF", WebPImageFile),
    (b"GIF8", GifImageFile),
    (b"BM", BmpImageFile),
    (b"II*\0", TiffImageFile),
    (b"MM\0*", TiffImageFile),
    (b"II+\0", TiffImageFile),
)

# Decoders are handed this many bytes at a time, and between two helpings the clock is looked at. A JPEG can
# pack far too much work (hundreds of passes over 50 megapixels) into Pillow's usual 64 kB.
_BLOCK = 16_384

# A progressive JPEG's passes may have a hundred bytes each, and each goes over all pixels: the more of these,
# the smaller the helpings.
_PIXELS_PER_BLOCK = 1_000_000

# What Pillow's plugins raise for damaged files. Two hundred thousand cut or bit-flipped files of all formats
# (tests/test_photos.py keeps some of them) raised these and no others.
_DAMAGE = (
    OSError,  # cut off, or the decoder met nonsense
    SyntaxError,  # a header that breaks the format's rules
    ValueError,
    TypeError,  # a TIFF whose offsets are fractions
    MemoryError,
    struct.error,  # an EXIF block that ends within its header
    Image.DecompressionBombError,  # a frame or a text far larger than the header says
    UserWarning,  # damaged EXIF, where warnings are errors
)

# Damaged TIFF and EXIF tags make Pillow warn and read on, and nobody can do anything about that warning. The
# filter stays on, as catch_warnings in one thread spoils the filters of the others.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")

# What a JPEG may carry that asks for more than its pixels: a turn (EXIF, XMP), further photos (MPF), or
# colours other than the usual (Adobe: CMYK, or RGB as it is).
_NOT_PLAIN = (b"Exif", b"ns.adobe.com", b"MPF", b"Adobe")

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Turned pixels, seen as they were before: views, so what is written to them is turned.
_TURN_BACK: dict[Image.Transpose, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    Image.Transpose.FLIP_LEFT_RIGHT: lambda pixels: pixels[:, ::-1],
    Image.Transpose.ROTATE_180: lambda pixels: pixels[::-1, ::-1],
    Image.Transpose.FLIP_TOP_BOTTOM: lambda pixels: pixels[::-1],
    Image.Transpose.TRANSPOSE: lambda pixels: pixels.transpose(1, 0, 2),
    Image.Transpose.ROTATE_270: lambda pixels: np.rot90(pixels, 1),
    Image.Transpose.TRANSVERSE: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    Image.Transpose.ROTATE_90: lambda pixels: np.rot90(pixels, 3),
}
_SIDEWAYS = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))


def read_photo(
    source: str | Path | bytes,
    *,
    at_least: tuple[int, int] | None = None,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    seconds: float = SECONDS,
) -> NDArray[np.uint8]:
    """A photo's file or bytes → RGB pixels (h, w, 3), the way up it is meant to be seen.

    ``at_least`` is the (height, width) that will do: a larger JPEG may come out at 1/2, 1/4 or 1/8 of its
    size, but never below, which is several times faster. ``seconds`` of a processor end a decoding that goes
    on and on. A WebP may have at most 25 megapixels.

    Raises `PhotoError` for whatever is no photo, is cut off or damaged, or exceeds a limit.

    >>> file = io.BytesIO()
    >>> Image.new("L", (60, 80), 200).save(file, "PNG")
    >>> photo = read_photo(file.getvalue())
    >>> photo.shape, photo[0, 0].tolist()
    ((80, 60, 3), [200, 200, 200])
    >>> read_photo(b"")
    Traceback (most recent call last):
    modiste.errors.PhotoError: an empty file: a photo (JPEG, PNG, WebP, GIF, BMP or TIFF) was expected
    """
    if isinstance(source, bytes):
        return _decode(source, at_least, max_bytes, max_pixels, seconds)
    path = Path(source)
    try:
        return _decode(_read_file(path, max_bytes), at_least, max_bytes, max_pixels, seconds)
    except PhotoError as error:
        raise PhotoError(f"{path.name}: {error}") from error


def read_for(preprocess: Preprocess, source: str | Path | bytes) -> NDArray[np.uint8]:
    """A photo's file or bytes → pixels (h, w, 3) that are ready for ``preprocess.fit``.

    Training and serving both read through here, so a large JPEG is scaled down alike in both. Decoding at
    twice the size wanted leaves the final, careful resize enough to work with. Raises `PhotoError`.
    """
    return read_photo(source, at_least=(2 * preprocess.height, 2 * preprocess.width))


def read_fitted(source: str | Path | bytes, preprocess: Preprocess) -> NDArray[np.uint8]:
    """A photo's file or bytes → the (height, width, 3) pixels ``preprocess`` makes of it. `PhotoError`."""
    return preprocess.fit(read_for(preprocess, source))


def fit_all(preprocess: Preprocess, photos: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Photos (h, w, 3) of any sizes → (N, height, width, 3) in their order.

    Small ones of one size are scaled together, which is faster; large ones at once, to hold few of them.
    """
    fitted: list[NDArray[np.uint8]] = []
    alike: dict[tuple[int, ...], list[tuple[int, NDArray[np.uint8]]]] = {}
    for row, photo in enumerate(photos):
        if photo.size > _LARGE:
            fitted.append(preprocess.fit(photo))
        else:
            fitted.append(photo)
            alike.setdefault(photo.shape, []).append((row, photo))
    for group in alike.values():
        made = preprocess.fit_alike(np.stack([photo for _, photo in group]))
        for (row, _), pixels in zip(group, made, strict=True):
            fitted[row] = pixels
    return np.stack(fitted) if fitted else np.empty((0, preprocess.height, preprocess.width, 3), np.uint8)


def read_header(photo: bytes) -> tuple[str, int, int, str]:
    """A photo's (format, height, width, Pillow mode) without decoding it. Raises `PhotoError`.

    >>> file = io.BytesIO()
    >>> Image.new("L", (60, 80), 200).save(file, "PNG")
    >>> read_header(file.getvalue())
    ('PNG', 80, 60, 'L')
    """
    plain = _plain_header(photo)
    if plain is not None:
        height, width, colours = plain
        return "JPEG", height, width, "L" if colours == "Gray" else "RGB"
    image = _open(photo, MAX_PIXELS, SECONDS)
    return image.format or "", image.height, image.width, image.mode


class _TimedFile(io.BytesIO):
    """A file in memory that cannot be read once its time is up: the one place to stop a decoder."""

    def __init__(self, data: bytes, seconds: float) -> None:
        super().__init__(data)
        self._seconds = seconds
        self._deadline = time.thread_time() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        if time.thread_time() > self._deadline:
            raise PhotoError(f"decoding takes longer than {self._seconds:g} s; save the photo again as JPEG")
        return super().read(size)


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a folder, or a pipe that would wait for ever
            raise PhotoError("not a file: give the path of one photo")
        _check_bytes(status.st_size, max_bytes)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PhotoError("no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise PhotoError(f"cannot be read ({error})") from error


def _check_bytes(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise PhotoError(
            f"{size / 1e6:.1f} MB, and at most {max_bytes / 1e6:g} MB are read; make the photo smaller"
        )


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise PhotoError(
            f"{width} × {height} is {width * height / 1e6:.1f} megapixels, and at most {max_pixels / 1e6:g} "
            "are read; make the photo smaller"
        )


def _check_gif_frame(data: bytes, max_pixels: int) -> None:
    """A GIF's first frame may be larger than its header says; Pillow would warn instead of refusing."""
    at = 13 + (2 << (data[10] & 7)) * 3 * (data[10] >> 7) if len(data) > 13 else len(data)
    while data[at : at + 1] == b"!":  # an extension: blocks with their lengths, until one of length 0
        at += 2
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    if data[at : at + 1] == b"," and len(data) >= at + 9:
        left, top, width, height = struct.unpack_from("<4H", data, at + 1)
        _check_pixels(left + width, top + height, max_pixels)


def _decode(
    data: bytes, at_least: tuple[int, int] | None, max_bytes: int, max_pixels: int, seconds: float
) -> NDArray[np.uint8]:
    _check_bytes(len(data), max_bytes)
    plain = _plain_jpeg(data, at_least, max_pixels)
    if plain is not None:
        return plain
    image = _open(data, max_pixels, seconds)
    format, webp = image.format, isinstance(image, WebPImageFile)
    _check_pixels(image.width, image.height, min(max_pixels, _MAX_WEBP_PIXELS) if webp else max_pixels)
    try:
        turn = None
        if isinstance(image, JpegImageFile):
            turn = _turn(image) if "exif" in image.info or "xmp" in image.info else None
            if at_least is not None:
                height, width = at_least[::-1] if turn in _SIDEWAYS else at_least
                image.draft("RGB", (max(1, width), max(1, height)))
        elif isinstance(image, TiffImageFile):
            turn = _turn(image)
            image.getexif().pop(_ORIENTATION, None)  # it would turn itself, holding all pixels twice
        image.load()
        if not isinstance(image, JpegImageFile | TiffImageFile):
            turn = _turn(image)  # PNG may tell it after the pixels
        return _rgb(image, turn)
    except _DAMAGE as error:
        raise PhotoError(f"a damaged or cut off {format} file ({_words(error)})") from error


def _plain_jpeg(data: bytes, at_least: tuple[int, int] | None, max_pixels: int) -> NDArray[np.uint8] | None:
    """The pixels of a small, plain, whole JPEG that is wanted at its full size; None for all else.

    Whatever is the matter with a file, Pillow has the say.
    """
    header = _plain_header(data)
    if header is None:
        return None
    height, width, _ = header
    could_shrink = at_least is not None and height >= 2 * at_least[0] and width >= 2 * at_least[1]
    if could_shrink or height * width > max_pixels:
        return None
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, "RGB"))
    except ValueError:
        return None


def _plain_header(data: bytes) -> tuple[int, int, str] | None:
    """Height, width and colours ("YCbCr" or "Gray") of a small, plain JPEG; None for all else.

    Small enough (one helping of bytes) never to need the clock.
    """
    if len(data) > _BLOCK or not data.startswith(b"\xff\xd8\xff") or any(mark in data for mark in _NOT_PLAIN):
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    return (height, width, colours) if colours in ("YCbCr", "Gray") else None


def _open(data: bytes, max_pixels: int, seconds: float) -> ImageFile.ImageFile:
    """Read the header with the plugin that the first bytes call for."""
    start = data[:16]
    if not start:
        raise PhotoError(f"an empty file: a photo ({_READABLE}) was expected")
    for magic, plugin in _PLUGINS:
        if start.startswith(magic) and (magic != b"RIFF" or start[8:12] == b"WEBP"):
            if plugin is GifImageFile:
                _check_gif_frame(data, max_pixels)
            try:
                image = plugin(_TimedFile(data, seconds) if len(data) > _BLOCK else io.BytesIO(data))
                image.decodermaxblock = _BLOCK
                if "progressive" in image.info:
                    parts = min(32.0, max(1.0, image.width * image.height / _PIXELS_PER_BLOCK))
                    image.decodermaxblock = int(_BLOCK / parts)
                return image
            except _DAMAGE as error:
                raise PhotoError("begins like a photo, but its header is damaged or cut off") from error
    if start[4:8] == b"ftyp":
        raise PhotoError(f"HEIC and AVIF photos are not read; save it as one of {_READABLE}")
    raise PhotoError(f"not a photo: {_READABLE} was expected")


def _turn(image: ImageFile.ImageFile) -> Image.Transpose | None:
    """The turn EXIF asks for; none when the EXIF block is unreadable, for the pixels may still be fine."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except _DAMAGE:
        return None


def _rgb(image: Image.Image, turn: Image.Transpose | None) -> NDArray[np.uint8]:
    """Pixels of any Pillow mode → RGB, turned, transparency on white. A copy that may be written to.

    Large photos go strip by strip: beside the photo and the array, memory holds only a strip's conversions.
    """
    width, height = image.im.size  # of the pixels as they lie there; a TIFF tells the size it has when turned
    white = _white(image) if image.mode.startswith(("I", "F")) else 0.0
    rows = max(1, _STRIP // width)
    if rows >= height and turn is None:
        return np.array(_strip_to_rgb(image, white))
    pixels = np.empty((width, height, 3) if turn in _SIDEWAYS else (height, width, 3), np.uint8)
    as_stored = pixels if turn is None else _TURN_BACK[turn](pixels)
    for top, strip in _strips(image, rows):
        rgb, place = _strip_to_rgb(strip, white), as_stored[top : top + strip.height]
        for colour in range(3):  # turned, one after the other is nearly three times as fast as all at once
            place[:, :, colour] = rgb[:, :, colour]
    return pixels


def _strips(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    """An image from top to bottom, with where each strip begins."""
    width, height = image.im.size
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(height, top + rows)))


def _strip_to_rgb(image: Image.Image, white: float) -> NDArray[np.uint8]:
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode.startswith(("I", "F")):
        return _grey_to_rgb(np.asarray(image), white)
    if image.has_transparency_data or image.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        see_through = image.convert("RGBA")
        on_white = Image.new("RGB", image.size, "white")
        on_white.paste(see_through, mask=see_through)
        return np.asarray(on_white)
    return np.asarray(image.convert("RGB"))


def _white(image: Image.Image) -> float:
    """Which grey of more than 8 bits is white.

    16-bit files use their whole range. 32-bit and floating-point files do not tell theirs, so the smallest
    usual white (1, 255, 65535) that is not exceeded is taken, else their own maximum.
    """
    top = -np.inf
    whites: tuple[float, ...] = (255.0, 65535.0)
    for _, strip in _strips(image, max(1, _STRIP // image.im.size[0])):
        grey = np.asarray(strip)
        if grey.dtype.kind == "u" and grey.dtype.itemsize == 2:
            return 65535.0
        if grey.dtype.kind == "f":
            whites = (1.0, 255.0, 65535.0)
        top = max(top, float(_finite(grey).max()))
    return next((white for white in whites if top <= white), top)


def _grey_to_rgb(grey: NDArray[np.generic], white: float) -> NDArray[np.uint8]:
    """Greys of more than 8 bits (h, w) → (h, w, 3), a view of one channel."""
    if grey.dtype.kind == "u" and grey.dtype.itemsize == 2:
        eight = (grey.astype(np.uint16) >> 8).astype(np.uint8)
    else:
        eight = np.clip(_finite(grey) * (255.0 / white), 0, 255).astype(np.uint8)
    return np.broadcast_to(eight[:, :, None], (*eight.shape, 3))


def _finite(grey: NDArray[np.generic]) -> NDArray[np.float32]:
    numbers = grey.astype(np.float32)
    numbers[~np.isfinite(numbers)] = 0.0
    return numbers


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
