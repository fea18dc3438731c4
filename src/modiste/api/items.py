"""``/v1/items`` and ``/v1/search``: the items of the shop, to list, find, add, change and remove.

What is acknowledged is on disk, and served at once by the process that wrote it; other workers look before
they answer one of these addresses, and within a second for recommendations.

Writing twice is writing once: the same ``PUT``, ``PATCH`` or ``DELETE`` again changes nothing more. Whoever
wants to change only what they have seen sends its ``ETag`` as ``If-Match``.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import numpy as np
from anyio import CapacityLimiter, to_thread
from fastapi import (
    APIRouter,
    BackgroundTasks,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Response,
    UploadFile,
)
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from modiste.api.conditions import MOST_CONDITIONS, WHERE, ConditionText, read_conditions
from modiste.api.problems import problem_responses
from modiste.api.schemas import (
    MOST_LABELS,
    MOST_NAME,
    CataloguePage,
    FoundItem,
    FoundItems,
    ItemChange,
    Label,
    Level,
    item_url,
    photo_url,
)
from modiste.api.schemas import CatalogueItem as Listed
from modiste.api.shop import Limit, Offset
from modiste.catalogue.items import CatalogueItem
from modiste.embedding import embed_photo
from modiste.errors import CatalogueError
from modiste.photos import MAX_BYTES

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue, Snapshot
    from modiste.recommendation import Recommender

__all__ = ["item_routes", "refreshed", "told_as_503"]

# So many names that fit are ranked; the words of a shopper rarely mean more.
MOST_RANKED = 1000

_LABELS = TypeAdapter(dict[Level, Label])
_log = logging.getLogger(__name__)

Id = Annotated[
    str,
    Path(
        min_length=1,
        max_length=1024,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="The item's id, percent-encoded, slashes too.",
    ),
]
Where = Annotated[
    list[ConditionText], Query(description=WHERE, default_factory=list, max_length=MOST_CONDITIONS)
]
WORDS = "Words of the name, in any order."
Words = Annotated[str, Query(min_length=1, max_length=200, description=WORDS)]
IfMatch = Annotated[
    str | None, Header(description="Change it only if its `ETag` is (one of) these; `*`: any.")
]
IfNoneMatch = Annotated[str | None, Header(description="`*`: only if there is no such item yet.")]
_ETAG = {"ETag": {"description": "Changes when the item does.", "schema": {"type": "string"}}}
# 404: also for an id that no address can hold, such as a line break.
_WRITING = (400, 401, 403, 404, 408, 412, 413, 422, 503)


@dataclass(frozen=True)
class _Preconditions:
    """``If-Match`` and ``If-None-Match`` of a write."""

    if_match: str | None
    if_none_match: str | None = None

    def check(self, item: CatalogueItem | None) -> None:
        """A problem 412 if the item that is there, or that there is none, is not what was expected."""
        etag = None if item is None else _etag(item)
        if self.if_match is not None and not _matches(self.if_match, etag):
            raise HTTPException(412, "The item is not, or no longer, the one of If-Match; look at it again.")
        if self.if_none_match is not None and _matches(self.if_none_match, etag):
            raise HTTPException(412, "There is such an item already.")


def item_routes(recommender: Recommender, workers: CapacityLimiter) -> APIRouter:
    """The routes; ``workers`` bounds how many photos are in memory and decoded at a time."""
    routes = APIRouter(tags=["items"])
    catalogue = recommender.catalogue

    @routes.get(
        "/v1/items",
        responses={
            200: {
                "headers": {
                    "Link": {
                        "description": "Pages `first`, `prev`, `next` and `last` (RFC 8288).",
                        "schema": {"type": "string"},
                    }
                }
            },
            **problem_responses(422, 503),
        },
    )
    def items(
        response: Response,
        where: Where,
        q: Annotated[str | None, Query(min_length=1, max_length=200, description=WORDS)] = None,
        offset: Offset = 0,
        limit: Limit = 24,
    ) -> CataloguePage:
        """A stretch of the items that meet the conditions: the best first if there are words in `q`, of which
        at most 1,000 are ranked; else in a lasting order."""
        now = refreshed(catalogue)
        conditions = read_conditions(now, where)
        rows: Sequence[int] | NDArray[np.int64] = range(len(now))
        if q is not None:
            with told_as_503():
                found = catalogue.search_text(q, MOST_RANKED, where=conditions)
            rows = [now.row_of[id] for id, _ in found if id in now.row_of]
        elif conditions:
            rows = now.rows_where(conditions)
        query = [("q", q)] if q is not None else []
        query += [("where", condition) for condition in where]
        response.headers["Link"] = _links(query, offset, limit, len(rows))
        return CataloguePage(
            total=len(rows),
            offset=offset,
            limit=limit,
            items=[_listed(now, int(row)) for row in rows[offset : offset + limit]],
            model_id=catalogue.model_id,
        )

    @routes.get("/v1/search", responses=problem_responses(422, 503))
    def search(q: Words, where: Where, limit: Limit = 24) -> FoundItems:
        """Items whose names fit some words: compared by their stems, in any order, and one is enough."""
        now = refreshed(catalogue)
        conditions = read_conditions(now, where)
        with told_as_503():
            found = catalogue.search_text(q, limit, where=conditions)
        return FoundItems(
            items=[
                FoundItem(**_listed(now, now.row_of[id]).model_dump(), score=round(score, 4))
                for id, score in found
                if id in now.row_of
            ]
        )

    @routes.get(
        "/v1/items/{id:path}",
        response_model=Listed,
        responses={
            200: {"headers": _ETAG},
            304: {"description": "The item is still the one of `If-None-Match`."},
            **problem_responses(404, 422),
        },
    )
    def item(
        id: Id,
        response: Response,
        if_none_match: Annotated[
            str | None, Header(description="An `ETag`: answer 304 if it is still so.")
        ] = None,
    ) -> Listed | Response:
        """One item. Its photo is at `photo_url`."""
        found = _find(catalogue, id)
        if found is None:
            raise _missing()
        etag = _etag(found)
        if if_none_match is not None and _matches(if_none_match, etag, weakly=True):
            return Response(status_code=304, headers={"ETag": etag})
        response.headers["ETag"] = etag
        return _as_listed(found)

    @routes.put(
        "/v1/items/{id:path}",
        responses={
            200: {"headers": _ETAG, "description": "The item is so now."},
            201: {"headers": _ETAG, "model": Listed, "description": "The item is new."},
            **problem_responses(*_WRITING),
        },
    )
    async def put(
        id: Id,
        response: Response,
        tidying: BackgroundTasks,
        name: Annotated[str, Form(min_length=1, max_length=MOST_NAME, description="What shoppers read.")],
        labels: Annotated[
            str, Form(description='All its labels, as a JSON object: `{"gender": "Men", "price": "499"}`.')
        ] = "{}",
        photo: Annotated[
            UploadFile | None,
            File(description="JPEG, PNG, WebP, GIF, BMP or TIFF; without it, an item keeps its own."),
        ] = None,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Listed:
        """Add an item, or replace all of it but, if none is sent, its photo. Kept for good when answered."""
        if photo is not None and (photo.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photo smaller.")
        if id in (".", ".."):
            raise HTTPException(422, "id: expected another than “.” and “..”, which addresses cannot hold.")
        known = _read_labels(labels)
        conditions = _Preconditions(if_match, if_none_match)

        def write() -> tuple[CatalogueItem, bool]:
            data = None if photo is None else photo.file.read()
            return _put(recommender, CatalogueItem(id, name, b"", "", labels=known), data, conditions)

        item, is_new = await to_thread.run_sync(write, limiter=workers)
        tidying.add_task(_tidy, catalogue)
        response.headers["ETag"] = _etag(item)
        if is_new:
            response.status_code = 201
            response.headers["Location"] = item_url(id)
        return _as_listed(item)

    @routes.patch(
        "/v1/items/{id:path}",
        responses={200: {"headers": _ETAG}, **problem_responses(*_WRITING)},
    )
    def patch(
        id: Id, change: ItemChange, response: Response, tidying: BackgroundTasks, if_match: IfMatch = None
    ) -> Listed:
        """Change an item's name or some of its labels."""
        with told_as_503(), catalogue.writing() as now:
            item = catalogue.get(id) if id in now.row_of else None
            if item is None:
                raise _missing()
            _Preconditions(if_match).check(item)
            labels = {**item.labels, **(change.labels or {})}
            changed = replace(
                item,
                name=item.name if change.name is None else change.name,
                labels={level: label for level, label in labels.items() if label is not None},
            )
            if changed != item:
                catalogue.add([changed], now.vectors[now.row_of[id]][None])
        tidying.add_task(_tidy, catalogue)
        response.headers["ETag"] = _etag(changed)
        return _as_listed(changed)

    @routes.delete("/v1/items/{id:path}", status_code=204, responses=problem_responses(*_WRITING))
    def delete(id: Id, tidying: BackgroundTasks, if_match: IfMatch = None) -> None:
        """Have no such item any more. 204 also if there was none. Undo brings it back."""
        with told_as_503(), catalogue.writing() as now:
            if if_match is not None:
                _Preconditions(if_match).check(catalogue.get(id) if id in now.row_of else None)
            catalogue.remove([id])
        tidying.add_task(_tidy, catalogue)

    return routes


def refreshed(catalogue: Catalogue) -> Snapshot:
    """The newest items. Where they cannot be taken over, what was there before; `following` says why."""
    with suppress(CatalogueError, OSError):
        catalogue.refresh()
    return catalogue.snapshot


@contextmanager
def told_as_503() -> Iterator[None]:
    """A catalogue that cannot be written to is a problem of ours, and maybe over soon."""
    try:
        yield
    except (CatalogueError, OSError) as error:
        _log.error("%s", error)
        raise HTTPException(
            503,
            "The catalogue cannot be written to now; the server's log has the cause.",
            {"Retry-After": "10"},
        ) from error


def _put(
    recommender: Recommender, wanted: CatalogueItem, photo: bytes | None, conditions: _Preconditions
) -> tuple[CatalogueItem, bool]:
    """The item as it is now, and whether it is new. ``wanted`` has no photo; ``photo`` is as it came."""
    catalogue = recommender.catalogue
    fresh, vector = None, None
    if photo is not None:  # what takes long is done before others have to wait
        fresh = CatalogueItem.from_photo(wanted.id, wanted.name, photo, labels=wanted.labels)
        vector = embed_photo(recommender.encoder, photo)
    with told_as_503(), catalogue.writing() as now:
        old = catalogue.get(wanted.id) if wanted.id in now.row_of else None
        conditions.check(old)
        if fresh is None or vector is None:
            if old is None:
                raise HTTPException(422, "A new item needs a photo, as the file field “photo” of the form.")
            item = replace(old, name=wanted.name, labels=wanted.labels)
            vector = now.vectors[now.row_of[wanted.id]][None]
        else:
            same_photo = old is not None and old.content_hash == fresh.content_hash
            item = replace(fresh, path=old.path) if old is not None and same_photo else fresh
        if item != old:
            catalogue.add([item], vector)
    return item, old is None


def _find(catalogue: Catalogue, id: str) -> CatalogueItem | None:
    if id not in refreshed(catalogue).row_of:
        return None
    return catalogue.get(id)


def _missing() -> HTTPException:
    return HTTPException(404, "The catalogue has no item of this id.")


def _read_labels(text: str) -> dict[str, str]:
    try:
        labels = _LABELS.validate_json(text)
    except ValidationError as error:
        raise HTTPException(
            422, 'labels: expected a JSON object of texts, such as {"gender": "Men", "price": "499"}.'
        ) from error
    if len(labels) > MOST_LABELS:
        raise HTTPException(422, f"labels: expected at most {MOST_LABELS}.")
    return labels


def _listed(now: Snapshot, row: int) -> Listed:
    labels = json.loads(now.labels[row]) if now.labels is not None else {}
    return Listed(id=now.ids[row], name=now.names[row], labels=labels, photo_url=photo_url(now.ids[row]))


def _as_listed(item: CatalogueItem) -> Listed:
    return Listed(id=item.id, name=item.name, labels=dict(item.labels), photo_url=photo_url(item.id))


def _etag(item: CatalogueItem) -> str:
    """A strong validator: equal for equal photo, name and labels.

    >>> item = CatalogueItem("7", "Navy shirt", b"...", "image/jpeg")
    >>> _etag(item) == _etag(replace(item, path="7.jpg")), _etag(item) == _etag(replace(item, name="Shirt"))
    (True, False)
    """
    content = json.dumps([item.content_hash, item.name, item.labels_json])
    return f'"{hashlib.blake2b(content.encode(), digest_size=16).hexdigest()}"'


def _matches(header: str, etag: str | None, *, weakly: bool = False) -> bool:
    """Whether a list of entity tags names this one; ``*`` names any (RFC 9110, 13.1).

    >>> _matches('"a", "b"', '"b"'), _matches('W/"b"', '"b"'), _matches('W/"b"', '"b"', weakly=True)
    (True, False, True)
    >>> _matches("*", '"b"'), _matches("*", None)
    (True, False)
    """
    if etag is None:
        return False
    named = {tag.strip().removeprefix("W/" if weakly else "") for tag in header.split(",")}
    return "*" in named or etag in named


def _links(query: Sequence[tuple[str, str]], offset: int, limit: int, total: int) -> str:
    """The ``Link`` header of a page (RFC 8288).

    >>> _links([("q", "blue shirt")], 0, 10, 12)
    '</v1/items?q=blue+shirt&offset=0&limit=10>; rel="first",
     </v1/items?q=blue+shirt&offset=10&limit=10>; rel="next",
     </v1/items?q=blue+shirt&offset=10&limit=10>; rel="last"'
    """
    places = {"first": 0}
    if offset > 0:
        places["prev"] = max(0, offset - limit)
    if offset + limit < total:
        places["next"] = offset + limit
    places["last"] = max(0, total - 1) // limit * limit
    return ", ".join(
        f'</v1/items?{urlencode([*query, ("offset", start), ("limit", limit)])}>; rel="{name}"'
        for name, start in places.items()
    )


def _tidy(catalogue: Catalogue) -> None:
    """After the answer: merge the small files that many small writes leave."""
    try:
        catalogue.compact()
    except (CatalogueError, OSError) as error:
        _log.warning("small files were not merged: %s", error)
