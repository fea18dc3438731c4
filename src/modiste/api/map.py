"""``/v1/map``: where every item lies on the map of the catalogue, and what it is called.

The map is drawn when somebody first asks for it, in a thread of its own: at once if it is kept beside the
catalogue, in minutes for 40,000 items otherwise. Until then ``/v1/map`` says how far it is; when the
catalogue changes, the map that is there goes on being served while the next one is made.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from modiste.api.problems import problem_responses
from modiste.api.schemas import MapState

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue
    from modiste.progress import Progress

__all__ = ["map_routes"]

_log = logging.getLogger(__name__)

Tag = Annotated[str | None, Query(max_length=64, description="The map's tag; left out: the present map.")]


@dataclass(frozen=True)
class _Served:
    """A map ready to be sent: its ``tag`` names what is in it, ``items`` are JSON, gzipped."""

    version: int
    size: int
    method: str
    kept: float | None
    tag: str
    items: bytes
    points: bytes


class _Maps:
    """The newest map that is ready, and the thread that makes the next one."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.served: _Served | None = None
        self.done = 0.0
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failed = False

    def look(self) -> _Served | None:
        """The map, if there is one; sees to it that one of the present version is made. Never waits."""
        with self._turn:
            if self._failed:
                self._failed = False  # who asks next makes it try again
                raise HTTPException(503, "The map could not be drawn; the server's log says why.")
            stale = self.served is None or self.served.version != self.catalogue.version
            if stale and self._thread is None:
                self.done = 0.0
                self._thread = threading.Thread(target=self._make, name="map", daemon=True)
                self._thread.start()
            return self.served

    def _make(self) -> None:
        try:
            self.served = _prepared(self.catalogue, self._progress)
        except Exception:  # whatever it was, the server goes on, and says so to who asks
            _log.exception("the map could not be drawn")
            self._failed = True
        finally:
            self._thread = None

    def _progress(self, done: int, total: int, what: str) -> None:
        self.done = done / max(total, 1)


def _prepared(catalogue: Catalogue, progress: Progress) -> _Served:
    from modiste.catalogue.map import label_columns, map_catalogue

    while True:
        now = catalogue.snapshot
        drawn = map_catalogue(catalogue, progress=progress)
        if drawn.version == now.version:
            break
    columns = [column.as_json() for column in label_columns(now.labels or ())]
    items = {"ids": list(now.ids), "names": list(now.names), "columns": columns}
    text = json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()
    points = drawn.points.astype("<f4").tobytes()
    tag = hashlib.blake2b(text + points, digest_size=12).hexdigest()
    packed = gzip.compress(text, compresslevel=5, mtime=0)
    return _Served(now.version, len(now), drawn.method, drawn.kept, tag, packed, points)


def map_routes(catalogue: Catalogue) -> APIRouter:
    """The routes of one catalogue's map."""
    routes = APIRouter(tags=["map"])
    maps = _Maps(catalogue)
    # A tag names one content for ever.
    headers = {"Cache-Control": "private, max-age=86400, immutable", "Vary": "Accept-Encoding"}

    def present(tag: str | None) -> _Served:
        served = maps.served
        if served is None or tag not in (None, served.tag):
            raise HTTPException(404, "There is no such map, or no longer; /v1/map says which there is.")
        return served

    @routes.get("/v1/map", responses=problem_responses(503))
    def state() -> MapState:
        """Whether there is a map, and where its parts are. Asking makes it be drawn."""
        served = maps.look()
        if served is None:
            return MapState(ready=False, done=maps.done)
        return MapState(
            ready=True,
            done=1.0,
            items=served.size,
            version=served.version,
            method=served.method,
            kept=served.kept,
            items_url=f"/v1/map/items?tag={served.tag}",
            points_url=f"/v1/map/points?tag={served.tag}",
        )

    @routes.get(
        "/v1/map/items",
        response_class=Response,
        responses={200: {"content": {"application/json": {}}}, **problem_responses(404, 422)},
    )
    def items(request: Request, tag: Tag = None) -> Response:
        """`ids`, `names` and `columns` of all items, by column to be short.

        A column has a `name`, a `kind` (`list`: labels, the most frequent first; `scale`: ascending numbers),
        its `values`, and for each item a code: which value it has, or -1 for none.
        """
        served = present(tag)
        if "gzip" in request.headers.get("accept-encoding", ""):
            how = headers | {"Content-Encoding": "gzip"}
            return Response(served.items, media_type="application/json", headers=how)
        return Response(gzip.decompress(served.items), media_type="application/json", headers=headers)

    @routes.get(
        "/v1/map/points",
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}}, **problem_responses(404, 422)},
    )
    def points(tag: Tag = None) -> Response:
        """Where the items lie, in the same order: x and y in [-1, 1] as 32-bit floats, little-endian."""
        return Response(present(tag).points, media_type="application/octet-stream", headers=headers)

    return routes
