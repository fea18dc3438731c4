"""``POST /v1/recommendations``: a photo in, similar items out, or silence and its reason."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from pydantic import Field

from modiste.api.problems import problem_responses
from modiste.api.schemas import Answer, SimilarItem, photo_url
from modiste.photos import MAX_BYTES

if TYPE_CHECKING:
    from modiste.recommendation import Recommender

__all__ = ["MOST_EXCLUDED", "recommendation_routes"]

MOST_EXCLUDED = 16

Photo = Annotated[
    UploadFile, File(description="JPEG, PNG, WebP, GIF, BMP or TIFF: at most 20 MB, 50 megapixels.")
]
Excluded = Annotated[
    list[Annotated[str, Field(max_length=1024)]],
    Form(
        description="Ids never to recommend, each in a field of its own: of an item that is the photo's own.",
        default_factory=list,
        max_length=MOST_EXCLUDED,
    ),
]


def recommendation_routes(recommender: Recommender, workers: CapacityLimiter) -> APIRouter:
    """The route; ``workers`` bounds how many photos are in memory and decoded at a time."""
    routes = APIRouter(tags=["recommendations"])

    @routes.post("/v1/recommendations", responses=problem_responses(400, 408, 413, 422, 503))
    async def recommend(photo: Photo, exclude: Excluded) -> Answer:
        """Items similar to a photo, if the shop is confident; else `shown` is false and `reason` says why."""
        if (photo.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photo smaller.")
        return await to_thread.run_sync(answer, photo.file, tuple(exclude), limiter=workers)

    def answer(photo: BinaryIO, exclude: tuple[str, ...]) -> Answer:
        data = photo.read()
        given = recommender.recommend(data, exclude=exclude).as_dict()
        items = [SimilarItem(**item, photo_url=photo_url(item["id"])) for item in given.pop("items")]
        return Answer(id=hashlib.blake2b(data, digest_size=8).hexdigest(), **given, items=items)

    return routes
