"""``POST /v1/trends``: which of several photos fit no known type, and which of them belong together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, File, HTTPException, UploadFile
from pydantic import BaseModel, Field

from modiste.api.problems import problem_responses
from modiste.api.types import told
from modiste.photos import MAX_BYTES

__all__ = ["MOST_TREND_BYTES", "TRENDS", "Finder", "trend_routes"]

TRENDS = "/v1/trends"
MOST_PHOTOS = 50
MOST_TREND_BYTES = 100_000_000  # of all photos together

Finder = Callable[[Sequence[tuple[str, BinaryIO]]], Mapping[str, Any]]
"""Names of photos' files and the files → what `modiste.trends.Trends.as_dict` tells of them."""

Photos = Annotated[
    list[UploadFile],
    File(
        min_length=2,
        max_length=MOST_PHOTOS,
        description="2 to 50 new photos, each in a field of its own: at most 20 MB each, 100 MB together.",
    ),
]


class NewPhoto(BaseModel):
    """A photo that was sent, and how odd it is."""

    photo: int = Field(description="Its place among those sent, from 0.")
    name: str = Field(description="From the name of its file.")
    p_value: float = Field(description="The share of the items that are at least as odd.")
    nearest: str = Field(description="The type most of its neighbours have; may be empty.")


class NewGroup(BaseModel):
    """Photos that belong together, the most typical first."""

    name: str = Field(description="Suggested by the names of its photos; empty if they have none in common.")
    p_value: float = Field(description="How likely ordinary photos have a group like this.")
    near: list[str] = Field(description="The known types they resemble most.")
    photos: list[NewPhoto]


class UnreadPhoto(BaseModel):
    """A photo that could not be read, and why."""

    photo: int
    detail: str


class FoundTrends(BaseModel):
    """What is new among the photos. Those of a group need not be among `new`: weak signs add up."""

    photos: int = Field(description="How many could be read.")
    items: int = Field(description="How many items they were compared with.")
    named: int = Field(description="How many resemble a type that was named more than any item: not new.")
    false_discoveries: float = Field(description="Of `new`, at most this share is ordinary, on average.")
    new: list[NewPhoto] = Field(description="They fit no known type; the oddest first.")
    groups: list[NewGroup]
    skipped: list[UnreadPhoto]


def trend_routes(find: Finder, workers: CapacityLimiter) -> APIRouter:
    """The route; of ``workers``, those who decode photos, it takes one at a time at most."""
    routes = APIRouter(tags=["types"])
    one = CapacityLimiter(1)

    @routes.post(
        TRENDS,
        form_limits={"max_files": MOST_PHOTOS},
        responses=problem_responses(400, 401, 403, 408, 409, 413, 422, 503),
    )
    async def trends(photos: Photos) -> FoundTrends:
        """Which of 2 to 50 new photos fit no known type, and which belong together. Nothing is kept.

        It is the work of many questions, so it takes the server's token, as writing does. A group needs five
        photos or more.
        """
        if max(photo.size or 0 for photo in photos) > MAX_BYTES:
            told_most = f"At most {MAX_BYTES / 1e6:.0f} MB of a photo are read; make the largest smaller."
            raise HTTPException(413, told_most)
        async with one:
            return await to_thread.run_sync(look, photos, limiter=workers)

    def look(photos: list[UploadFile]) -> FoundTrends:
        with told():
            found = find([(photo.filename or "", photo.file) for photo in photos])
        return FoundTrends(
            photos=found["arrivals"],
            items=found["items"],
            named=found["named"],
            false_discoveries=found["false_discoveries"],
            new=[_new(each) for each in found["new"]],
            groups=[
                NewGroup(
                    name=group["name"],
                    p_value=group["p_value"],
                    near=list(group["near"]),
                    photos=[_new(each) for each in group["arrivals"]],
                )
                for group in found["groups"]
            ],
            skipped=[
                UnreadPhoto(photo=int(each["name"]), detail=each["detail"]) for each in found["skipped"]
            ],
        )

    return routes


def _new(arrival: Mapping[str, Any]) -> NewPhoto:
    return NewPhoto(
        photo=int(arrival["id"]),
        name=arrival["name"],
        p_value=round(arrival["p_value"], 6),
        nearest=arrival["nearest"],
    )
