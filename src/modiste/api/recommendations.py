"""``POST /v1/recommendations``: a photo in, similar items out, or silence and its reason."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Annotated, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from pydantic import Field

from modiste.api.problems import problem_responses
from modiste.api.schemas import Answer, SimilarItem, photo_url
from modiste.errors import PhotoError
from modiste.photos import MAX_BYTES, read_header

if TYPE_CHECKING:
    from modiste.recommendation import Recommender

__all__ = ["MOST_EXCLUDED", "recommendation_routes"]

MOST_EXCLUDED = 16
# Photos of so many bytes and pixels need no worker of their own: they take milliseconds and few megabytes,
# and when many are here at once, the network can look at them together.
SMALL_BYTES = 64_000
SMALL_PIXELS = 1_000_000
SMALL_AT_ONCE = 16


def none() -> list[str]:
    """No ids. ``list`` would do as well, but its signature is parsed anew for every request: 0.1 ms."""
    return []


Photo = Annotated[
    UploadFile, File(description="JPEG, PNG, WebP, GIF, BMP or TIFF: at most 20 MB, 50 megapixels.")
]
Excluded = Annotated[
    list[Annotated[str, Field(max_length=1024)]],
    Form(
        description="Ids never to recommend, each in a field of its own: of an item that is the photo's own.",
        default_factory=none,
        max_length=MOST_EXCLUDED,
    ),
]


def recommendation_routes(recommender: Recommender, workers: CapacityLimiter) -> APIRouter:
    """The route; ``workers`` bounds how many photos, but for small ones, are decoded at a time."""
    routes = APIRouter(tags=["recommendations"])
    together = CapacityLimiter(SMALL_AT_ONCE)
    unpacking = threading.BoundedSemaphore(max(1, int(workers.total_tokens)))

    @routes.post("/v1/recommendations", responses=problem_responses(400, 408, 413, 422, 503))
    async def recommend(photo: Photo, exclude: Excluded) -> Answer:
        """Items similar to a photo, if the shop is confident; else `shown` is false and `reason` says why."""
        if (photo.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photo smaller.")
        few = (photo.size or 0) <= SMALL_BYTES
        return await to_thread.run_sync(
            answer, photo.file, tuple(exclude), limiter=together if few else workers
        )

    def answer(photo: BinaryIO, exclude: tuple[str, ...]) -> Answer:
        data = photo.read()
        if len(data) > SMALL_BYTES or unpacks_small(data):
            return look(data, exclude)
        with unpacking:
            return look(data, exclude)

    def look(data: bytes, exclude: tuple[str, ...]) -> Answer:
        given = recommender.recommend(data, exclude=exclude).as_dict()
        items = [SimilarItem(**item, photo_url=photo_url(item["id"])) for item in given.pop("items")]
        return Answer(id=hashlib.blake2b(data, digest_size=8).hexdigest(), **given, items=items)

    return routes


def unpacks_small(data: bytes) -> bool:
    """Whether a photo has few pixels; so has what is none, for it will be refused."""
    try:
        _, height, width, _ = read_header(data)
    except PhotoError:
        return True
    return height * width <= SMALL_PIXELS
