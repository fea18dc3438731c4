"""``/v1/catalogue`` and its photos: what the shop has. ``/healthz``: that it is open."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

import modiste
from modiste.api.problems import problem_responses
from modiste.api.schemas import CatalogueItem, CataloguePage, Health, photo_url
from modiste.errors import CatalogueError

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue

__all__ = ["Limit", "Offset", "catalogue_routes"]

MOST_LISTED = 100

# What a photo may call itself; anything else a browser downloads instead of showing it.
_SHOWN_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp")

Offset = Annotated[int, Query(ge=0, lt=2**31, description="How many items to pass over.")]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many items to list at most.")]


def catalogue_routes(catalogue: Catalogue, name: str) -> APIRouter:
    """The routes of a shop called ``name``."""
    routes = APIRouter(tags=["catalogue"])

    @routes.get("/v1/catalogue", responses=problem_responses(422))
    def items(offset: Offset = 0, limit: Limit = 24) -> CataloguePage:
        """A stretch of the catalogue, in a lasting order."""
        listed = [
            CatalogueItem(id=item.id, name=item.name, labels=dict(item.labels), photo_url=photo_url(item.id))
            for item in catalogue.page(offset, limit)
        ]
        return CataloguePage(
            total=len(catalogue), offset=offset, limit=limit, items=listed, model_id=catalogue.model_id
        )

    @routes.get(
        "/v1/catalogue/{id:path}/photo",
        response_class=Response,
        responses={
            200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
            304: {"description": "The photo is still the one of `If-None-Match`."},
            **problem_responses(404, 422),
        },
    )
    def photo(id: str, request: Request) -> Response:
        """An item's photo. Percent-encode the id, slashes too: `photo_url` in other answers has done so."""
        try:
            data, media_type = catalogue.photo(id)
        except CatalogueError as error:
            if id in catalogue:
                raise
            raise HTTPException(404, "The catalogue has no item of this id.") from error
        etag = f'"{hashlib.blake2b(data, digest_size=16).hexdigest()}"'
        # Kept, but asked about each time: a photo that was replaced has the same address.
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        shown_as = media_type if media_type in _SHOWN_TYPES else "application/octet-stream"
        return Response(data, media_type=shown_as, headers=headers)

    @routes.get("/healthz", tags=["health"])
    def health() -> Health:
        """That the server is up, and what it serves."""
        return Health(
            status="ok",
            name=name,
            items=len(catalogue),
            model_id=catalogue.model_id,
            version=modiste.__version__,
        )

    return routes
