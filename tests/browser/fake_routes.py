"""Writes to a catalogue and named types over HTTP, as simple as can be: something for pages to ask."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, HTTPException, Query, Request, Response, UploadFile

from modiste.api.schemas import photo_url
from modiste.catalogue import Catalogue, CatalogueItem
from modiste.catalogue.filters import as_conditions
from modiste.embedding import Encoder, embed_photo


def fake_routes(catalogue: Catalogue, encoder: Encoder) -> APIRouter:
    routes = APIRouter()
    named: dict[str, int] = {}

    def listed(item: CatalogueItem) -> dict[str, Any]:
        return {
            "id": item.id,
            "name": item.name,
            "labels": dict(item.labels),
            "photo_url": photo_url(item.id),
        }

    @routes.get("/v1/items")
    def items(
        offset: int = 0, limit: int = 24, q: str = "", where: Annotated[list[str] | None, Query()] = None
    ) -> dict[str, Any]:
        conditions = as_conditions(where or [])
        found = [
            item
            for item in catalogue.page(0, 10_000)
            if q.lower() in item.name.lower() and all(each.holds(item.labels) for each in conditions)
        ]
        chosen = [listed(item) for item in found[offset : offset + limit]]
        return {"total": len(found), "offset": offset, "limit": limit, "items": chosen}

    @routes.put("/v1/items/{id:path}")
    async def put(
        id: str,
        photo: Annotated[UploadFile, File()],
        name: Annotated[str, Form()],
        labels: Annotated[str, Form()],
    ) -> dict[str, Any]:
        data = await photo.read()
        item = CatalogueItem.from_photo(id, name, data, labels=json.loads(labels))
        catalogue.add([item], embed_photo(encoder, data))
        return listed(item)

    @routes.patch("/v1/items/{id:path}")
    async def patch(id: str, request: Request) -> dict[str, Any]:
        values = await request.json()
        old = catalogue.get(id)
        item = CatalogueItem(id, values["name"], old.photo, old.media_type, labels=values["labels"])
        catalogue.add([item], catalogue.vectors[catalogue.snapshot.row_of[id]][None])
        return listed(item)

    @routes.delete("/v1/items/{id:path}", status_code=204)
    def delete(id: str) -> Response:
        if not catalogue.remove([id]):
            raise HTTPException(404, "The catalogue has no item of this id.")
        return Response(status_code=204)

    @routes.post("/v1/catalogue/undo")
    def undo() -> dict[str, int]:
        return {"version": catalogue.undo().number}

    @routes.get("/v1/types")
    def types() -> dict[str, Any]:
        ours = catalogue.snapshot.label_counts.get("type", {})
        kinds = [{"name": name, "photos": n, "kind": "catalogue"} for name, n in ours.items()]
        return {"types": [*kinds, *({"name": n, "photos": k, "kind": "named"} for n, k in named.items())]}

    @routes.post("/v1/types/recognise")
    def recognise(photo: Annotated[UploadFile, File()]) -> dict[str, Any]:
        return {"types": [{"name": name, "probability": 0.9} for name in named]}

    @routes.put("/v1/types/{name:path}")
    def name_type(name: str, photos: Annotated[list[UploadFile], File()]) -> dict[str, Any]:
        named[name] = len(photos)
        return {"name": name, "photos": len(photos), "kind": "named"}

    @routes.delete("/v1/types/{name:path}", status_code=204)
    def forget(name: str) -> Response:
        named.pop(name, None)
        return Response(status_code=204)

    return routes
