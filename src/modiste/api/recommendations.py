"""``POST /v1/recommendations``: a photo in, similar items out, or silence and its reason."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, File, Form, HTTPException, Response, UploadFile
from pydantic import Field

from modiste.api.conditions import MOST_CONDITIONS, WHERE, ConditionText, read_conditions
from modiste.api.items import told_as_503
from modiste.api.metrics import Metrics
from modiste.api.photo_form import photo_routes_to
from modiste.api.problems import problem_responses
from modiste.api.schemas import Answer, SimilarItem, photo_url
from modiste.errors import PhotoError
from modiste.photos import MAX_BYTES, read_header

if TYPE_CHECKING:
    from modiste.recommendation import Recommender

__all__ = ["MOST_FIELDS", "recommendation_routes"]

MOST_EXCLUDED = 16
MOST_SHOWN = 20
# The text fields of one form: all of `exclude` and `where`, and each of the others.
MOST_FIELDS = MOST_EXCLUDED + MOST_CONDITIONS + 3
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


Where = Annotated[
    list[ConditionText], Form(description=WHERE, default_factory=none, max_length=MOST_CONDITIONS)
]
Words = Annotated[str, Form(max_length=200, description="Words that the names should fit as well.")]
Diverse = Annotated[
    float, Form(ge=0, le=1, description="Above 0, items unlike one another are preferred; not with a text.")
]
Count = Annotated[int, Form(ge=1, le=MOST_SHOWN, description="How many items to show.")]


def recommendation_routes(recommender: Recommender, workers: CapacityLimiter, metrics: Metrics) -> APIRouter:
    """The route; ``workers`` bounds how many photos, but for small ones, are decoded at a time."""
    together = CapacityLimiter(SMALL_AT_ONCE)
    unpacking = threading.BoundedSemaphore(max(1, int(workers.total_tokens)))

    async def answer_alone(photo: bytes) -> Response:
        return await to_thread.run_sync(answer, photo, (), {}, limiter=together)

    routes = APIRouter(tags=["recommendations"], route_class=photo_routes_to(SMALL_BYTES, answer_alone))

    @routes.post(
        "/v1/recommendations",
        response_model=Answer,
        responses=problem_responses(400, 408, 413, 422, 503),
    )
    async def recommend(
        photo: Photo,
        exclude: Excluded,
        where: Where,
        text: Words = "",
        diverse: Diverse = 0.0,
        count: Count = 3,
    ) -> Response:
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
        few = (photo.size or 0) <= SMALL_BYTES
        return await to_thread.run_sync(
            read_and_answer, photo.file, tuple(exclude), wishes, limiter=together if few else workers
        )

    def read_and_answer(photo: BinaryIO, exclude: tuple[str, ...], wishes: dict[str, Any]) -> Response:
        return answer(photo.read(), exclude, wishes)

    def answer(data: bytes, exclude: tuple[str, ...], wishes: dict[str, Any]) -> Response:
        if len(data) > SMALL_BYTES or unpacks_small(data):
            return look(data, exclude, wishes)
        with unpacking:
            return look(data, exclude, wishes)

    def look(data: bytes, exclude: tuple[str, ...], wishes: dict[str, Any]) -> Response:
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
        told = Answer(id=name.hexdigest(), **given, items=items)
        return Response(told.model_dump_json(), media_type="application/json")

    return routes


def unpacks_small(data: bytes) -> bool:
    """Whether a photo has few pixels; so has what is none, for it will be refused."""
    try:
        _, height, width, _ = read_header(data)
    except PhotoError:
        return True
    return height * width <= SMALL_PIXELS
