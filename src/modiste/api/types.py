"""``/v1/types``: what types are recognised, naming a new one by a few photos, and what a photo shows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, File, HTTPException, Path, Query, UploadFile
from pydantic import BaseModel, Field

from modiste.api.problems import problem_responses
from modiste.api.recommendations import Photo
from modiste.errors import CatalogueError, ModelMismatch, NothingToRecognise, TooFewItems, TypeNameError
from modiste.photos import MAX_BYTES

if TYPE_CHECKING:
    from modiste.catalogue import TypeRecogniser

__all__ = ["told", "type_routes"]

MOST_PHOTOS = 20

_log = logging.getLogger(__name__)

Name = Annotated[str, Path(min_length=1, max_length=100, description="The type's name.")]
Photos = Annotated[
    list[UploadFile],
    File(
        min_length=1,
        max_length=MOST_PHOTOS,
        description="1 to 20 photos that show it, each in a field of its own; at most 20 MB together.",
    ),
]
Guesses = Annotated[int, Query(ge=1, le=100, description="How many types to list at most.")]


class KnownType(BaseModel):
    """A type that is recognised."""

    name: str
    photos: int = Field(description="How many photos stand for it.")
    kind: str = Field(description="`catalogue`: items bear it as a label; `named`: by `PUT /v1/types`.")


class KnownTypes(BaseModel):
    """All that is recognised; the catalogue's types first, those with most items first."""

    types: list[KnownType]


class TypeGuess(BaseModel):
    """A type a photo may show."""

    name: str
    probability: float = Field(description="Over all types these sum to 1. Not calibrated.")
    kind: str


class Recognised(BaseModel):
    """The likeliest types of a photo, best first."""

    types: list[TypeGuess]


def type_routes(recogniser: TypeRecogniser, workers: CapacityLimiter) -> APIRouter:
    """The routes; ``workers`` bounds how many requests' photos are decoded at a time."""
    routes = APIRouter(tags=["types"])

    @routes.get("/v1/types", responses=problem_responses(409))
    def types() -> KnownTypes:
        """The types that are recognised."""
        with told():
            known = recogniser.types()
        return KnownTypes(types=[KnownType(**asdict(each)) for each in known])

    @routes.put(
        "/v1/types/{name:path}",
        form_limits={"max_files": MOST_PHOTOS},
        responses=problem_responses(400, 401, 403, 408, 409, 413, 422, 503),
    )
    async def put(name: Name, photos: Photos) -> KnownType:
        """Name a type by 1 to 20 photos; it is recognised from now on. One named the same is replaced."""
        if sum(photo.size or 0 for photo in photos) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photos smaller.")
        return await to_thread.run_sync(keep, name, photos, limiter=workers)

    def keep(name: str, photos: list[UploadFile]) -> KnownType:
        with told():
            kept = recogniser.name(name, [photo.file.read() for photo in photos])
        return KnownType(name=kept.name, photos=len(kept.hashes), kind="named")

    @routes.delete(
        "/v1/types/{name:path}",
        status_code=204,
        responses=problem_responses(401, 403, 404, 409, 422, 503),
    )
    def remove(name: Name) -> None:
        """Forget a type that was named by `PUT`."""
        with told():
            was = recogniser.named.remove(name)
        if not was:
            raise HTTPException(404, "No type of this name has been named; those of items stay with them.")

    @routes.post("/v1/types/recognise", responses=problem_responses(400, 408, 409, 413, 422, 503))
    async def recognise(photo: Photo, k: Guesses = 5) -> Recognised:
        """What types a photo may show, by the catalogue's labelled items and the named types."""
        if (photo.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photo smaller.")
        return await to_thread.run_sync(recognised, photo.file, k, limiter=workers)

    def recognised(photo: BinaryIO, k: int) -> Recognised:
        with told():
            found = recogniser.recognise(photo.read(), k)
        return Recognised(types=[TypeGuess(**asdict(each)) for each in found])

    return routes


@contextmanager
def told() -> Iterator[None]:
    """Errors of the catalogue and of the named types as answers."""
    try:
        yield
    except TypeNameError as error:
        raise HTTPException(422, _sentence(error)) from error
    except ModelMismatch as error:
        raise HTTPException(409, "The types were named with another model; name them again.") from error
    except NothingToRecognise as error:
        raise HTTPException(
            409, "No item has a label that is clearly its type, and no type has been named."
        ) from error
    except TooFewItems as error:
        raise HTTPException(
            409, "The catalogue has too few items to know what is usual: 50 are needed."
        ) from error
    except CatalogueError as error:
        _log.error("named types: %s", error)
        told = "The named types cannot be read or kept; the server's disk needs a look."
        raise HTTPException(503, told) from error


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
