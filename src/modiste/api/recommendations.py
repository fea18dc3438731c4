"""``POST /v1/recommendations``: a photo in, similar items out, or silence and its reason."""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from pydantic import Field

from modiste.api.conditions import MOST_CONDITIONS, WHERE, ConditionText, read_conditions
from modiste.api.items import told_as_503
from modiste.api.metrics import Metrics
from modiste.api.problems import problem_responses
from modiste.api.schemas import Answer, SimilarItem, photo_url
from modiste.photos import MAX_BYTES

if TYPE_CHECKING:
    from modiste.recommendation import Recommender

__all__ = ["MOST_FIELDS", "recommendation_routes"]

MOST_EXCLUDED = 16
MOST_SHOWN = 20
# The text fields of one form: all of `exclude` and `where`, and each of the others.
MOST_FIELDS = MOST_EXCLUDED + MOST_CONDITIONS + 3

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


Where = Annotated[
    list[ConditionText], Form(description=WHERE, default_factory=list, max_length=MOST_CONDITIONS)
]
Words = Annotated[str, Form(max_length=200, description="Words that the names should fit as well.")]
Diverse = Annotated[
    float, Form(ge=0, le=1, description="Above 0, items unlike one another are preferred; not with a text.")
]
Count = Annotated[int, Form(ge=1, le=MOST_SHOWN, description="How many items to show.")]


def recommendation_routes(recommender: Recommender, workers: CapacityLimiter, metrics: Metrics) -> APIRouter:
    """The route; ``workers`` bounds how many photos are in memory and decoded at a time."""
    routes = APIRouter(tags=["recommendations"])

    @routes.post("/v1/recommendations", responses=problem_responses(400, 408, 413, 422, 503))
    async def recommend(
        photo: Photo,
        exclude: Excluded,
        where: Where,
        text: Words = "",
        diverse: Diverse = 0.0,
        count: Count = 3,
    ) -> Answer:
        """Items similar to a photo, if the shop is confident; else `shown` is false and `reason` says why.

        The confidence is that of the photo's three nearest items among those that meet `where`.
        """
        if (photo.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photo smaller.")
        if text.strip() and diverse:
            raise HTTPException(422, "diverse: expected 0 where there is a text; leave out one of them.")
        wishes: dict[str, Any] = {"text": text.strip(), "where": where, "diversity": diverse}
        wishes = {name: wish for name, wish in wishes.items() if wish}
        if count != 3:
            wishes["count"] = count
        return await to_thread.run_sync(answer, photo.file, tuple(exclude), wishes, limiter=workers)

    def answer(photo: BinaryIO, exclude: tuple[str, ...], wishes: dict[str, Any]) -> Answer:
        data = photo.read()
        name = hashlib.blake2b(data, digest_size=8)
        if wishes:
            name.update(json.dumps(wishes, sort_keys=True).encode())
        if "where" in wishes:
            wishes["where"] = read_conditions(recommender.catalogue.snapshot, wishes["where"])
        # The first search for words writes the index it needs.
        with told_as_503() if "text" in wishes else nullcontext():
            given = recommender.recommend(data, exclude=exclude, **wishes).as_dict()
        items = [SimilarItem(**item, photo_url=photo_url(item["id"])) for item in given.pop("items")]
        metrics.recommended(given["shown"])
        return Answer(id=name.hexdigest(), **given, items=items)

    return routes
