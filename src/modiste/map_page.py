"""The map of a catalogue as one HTML file: points, labels and small photos are in it, nothing is fetched.

It is the page that the server shows at ``/map``, with its style and script put inside and what it would have
asked for after them. The content security policy lets run only that very script, by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modiste.catalogue import Catalogue
from modiste.catalogue.map import CatalogueMap, label_columns
from modiste.errors import CatalogueError, PhotoError
from modiste.photos import read_photo
from modiste.progress import Progress, silent

__all__ = ["write_map"]

# A photo on a sheet, in pixels: enough to know the piece by, half a kilobyte each.
WIDTH, HEIGHT = 42, 56
ACROSS, DOWN = 16, 16
QUALITY = 60


def write_map(
    catalogue: Catalogue,
    drawn: CatalogueMap,
    file: Path,
    *,
    name: str = "Modiste",
    photos: bool = True,
    progress: Progress = silent,
) -> int:
    """Write the map ``drawn`` of ``catalogue`` to ``file``, whole or not at all; its size in bytes.

    Without ``photos`` it is a sixth of the size. `CatalogueError` if the catalogue has changed since the map
    was drawn.
    """
    now = catalogue.snapshot
    if now.version != drawn.version or len(now) != len(drawn):
        raise CatalogueError(
            f"{catalogue.folder}: changed to version {now.version} while version {drawn.version} was mapped; "
            "map it again"
        )
    order = _by_place(drawn.points)
    columns = [column.as_json() for column in label_columns(now.labels or ())]
    for column in columns:
        column["codes"] = [column["codes"][row] for row in order.tolist()]
    items: dict[str, Any] = {
        "ids": [now.ids[row] for row in order.tolist()],
        "names": [now.names[row] for row in order.tolist()],
        "columns": columns,
        "method": drawn.method,
        "kept": drawn.kept,
        "sheets": None,
    }
    if photos:
        items["sheets"] = {
            "type": "image/webp",
            "width": WIDTH,
            "height": HEIGHT,
            "across": ACROSS,
            "down": DOWN,
        }
    points = drawn.points[order].astype("<f4").tobytes()
    script = _script()
    before, after = _shell(name, script)
    beside = file.with_name(f".{file.name}.unfinished")
    with beside.open("w", encoding="utf-8") as out:
        out.write(before)
        out.write(f'<script type="application/json" id="map-items">{_in_script(items)}</script>\n')
        out.write(f'<script type="text/plain" id="map-points">{_base64(points)}</script>\n')
        if photos:
            for sheet in _sheets(catalogue, items["ids"], progress):
                out.write(f'<script type="text/plain" class="map-sheet">{_base64(sheet)}</script>\n')
        out.write(f'<script type="module">{script}</script>\n{after}')
    beside.replace(file)
    return file.stat().st_size


def _by_place(points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rows in an order in which those that lie together on the map mostly share a sheet of photos.

    The map is cut into stripes, and each is walked from top to bottom.
    """
    stripes = max(1, round(np.sqrt(len(points) / (ACROSS * DOWN))))
    by_x = np.argsort(points[:, 0], kind="stable")
    stripe = np.empty(len(points), np.int64)
    stripe[by_x] = np.arange(len(points)) * stripes // max(1, len(points))
    return np.lexsort((points[:, 1], stripe))


def _sheets(catalogue: Catalogue, ids: list[str], progress: Progress) -> Iterator[bytes]:
    """WebP pictures of so many photos each, row by row on white; a photo that cannot be read stays white."""
    each = ACROSS * DOWN
    for start in range(0, len(ids), each):
        progress(start, len(ids), "shrinking photos")
        part = ids[start : start + each]
        found = catalogue.photos(part)
        sheet = Image.new("RGB", (ACROSS * WIDTH, -(-len(part) // ACROSS) * HEIGHT), "white")
        for place, id in enumerate(part):
            try:
                small = _shrunk(found[id])
            except (KeyError, PhotoError):
                continue
            left, top = place % ACROSS * WIDTH, place // ACROSS * HEIGHT
            sheet.paste(small, (left + (WIDTH - small.width) // 2, top + (HEIGHT - small.height) // 2))
        file = io.BytesIO()
        sheet.save(file, "WEBP", quality=QUALITY, method=4)
        yield file.getvalue()
    progress(len(ids), len(ids), "shrinking photos")


def _shrunk(photo: bytes) -> Image.Image:
    small = Image.fromarray(read_photo(photo, at_least=(HEIGHT, WIDTH)))
    small.thumbnail((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return small


def _shell(name: str, script: str) -> tuple[str, str]:
    """The page around what is put into it: all before the end of the body, and the rest."""
    page = _web("map.html").replace("{head}", _web("parts/head.html")).replace("{name}", escape(name))
    # What leads to the other pages of a server has no place in a file.
    header = f'<header class="top"><h1 class="wordmark">{escape(name)}</h1></header>'
    page = page.replace("{header}", header)
    style = _web("style.css") + _web("map.css")
    digest = _base64(hashlib.sha256(script.encode()).digest())
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    page = re.sub(
        r'\s*<link rel="(icon|stylesheet|modulepreload)"[^>]*>|\s*<script [^>]*src=[^>]*></script>', "", page
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{style}</style>\n</head>'
    page = page.replace("</head>", head, 1)
    before, end, after = page.partition("</body>")
    return before, end + after


def _script() -> str:
    """The page's modules as one: a file opened from disk may not import another."""
    modules = ("map-drawing.js", "map-colours.js", "map-items.js", "map.js")
    return "".join(re.sub(r"^(export |import .*;\n)", "", _web(each), flags=re.MULTILINE) for each in modules)


def _web(file: str) -> str:
    return files("modiste").joinpath("web", file).read_text(encoding="utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _in_script(value: Any) -> str:
    """JSON in which nothing can end the script element around it: ``</script>`` and ``<!--`` need a ``<``.

    >>> _in_script({"name": "</script><b>"})
    '{"name":"\\\\u003c/script>\\\\u003cb>"}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
