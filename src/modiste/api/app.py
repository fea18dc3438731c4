"""A recommender → a web application: routes, limits, guard and error handling put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

import modiste
from modiste.api.classify import Classifier, classify_routes
from modiste.api.curves import curve_routes
from modiste.api.error_handlers import add_error_handlers
from modiste.api.following import following
from modiste.api.guard import LOOPBACK_HOSTS, Guard
from modiste.api.items import item_routes
from modiste.api.levels import level_routes
from modiste.api.map import map_routes
from modiste.api.measured import ErrorCurve
from modiste.api.metrics import Metrics
from modiste.api.operations import Doors, operations_routes
from modiste.api.pages import page_routes
from modiste.api.quality import quality_routes
from modiste.api.recommendations import MOST_FIELDS, recommendation_routes
from modiste.api.shop import catalogue_routes
from modiste.api.telemetry import Telemetry
from modiste.api.trends import MOST_TREND_BYTES, TRENDS, Finder, trend_routes
from modiste.api.types import type_routes
from modiste.api.uploads import UploadLimits
from modiste.api.versions import version_routes
from modiste.photos import MAX_BYTES

if TYPE_CHECKING:
    from modiste.catalogue import TypeRecogniser
    from modiste.recommendation import Feedback, Guarantee, Recommender

__all__ = ["create_app"]

# A photo of 50 megapixels takes up to 850 MB while it is decoded (as a PNG with transparency).
WORKERS = 2
# Uploads in progress or waiting for a worker. Each waits on disk, in a temporary file of at most 20 MB.
UPLOADS_AT_ONCE = 16
UPLOAD_SECONDS = 60.0
# What a form adds to the photo in it: headers of its parts, ids in `exclude`, an item's labels.
FORM_BYTES = 64_000
FIELD_BYTES = 16_000
# What other sites' pages may send and read beyond the ordinary.
ASKED_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
]
TOLD_HEADERS = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID"]


def create_app(
    recommender: Recommender,
    *,
    name: str = "Modiste",
    allowed_hosts: Collection[str] = LOOPBACK_HOSTS,
    workers: int = WORKERS,
    uploads_at_once: int = UPLOADS_AT_ONCE,
    upload_seconds: float = UPLOAD_SECONDS,
    feedback: Feedback | None = None,
    guarantee: Guarantee | None = None,
    types: TypeRecogniser | None = None,
    trends: Finder | None = None,
    token: str | None = None,
    classifiers: Sequence[Classifier] = (),
    curve: ErrorCurve | None = None,
    allowed_origins: Collection[str] = (),
) -> FastAPI:
    """The application that serves ``recommender`` and its catalogue under the shop's ``name``.

    It answers only to ``allowed_hosts`` (``["*"]``: to any), looks at ``workers`` photos at a time, takes at
    most ``uploads_at_once`` and gives each ``upload_seconds`` to arrive. With ``feedback`` it takes
    verdicts on its answers, and tells whether the ``guarantee`` is kept; with ``types`` it recognises these
    and has new ones named; with ``trends`` it tells what is new among several photos. Whoever writes must
    show the ``token``; without one, writing is for this computer alone. ``classifiers`` name photos, and
    ``curve`` says what other thresholds would do.
    ``allowed_origins`` (such as ``https://shop.example``; ``"*"``: any) are other sites whose pages may use
    it (CORS).
    """
    metrics, doors = Metrics(), Doors()
    catalogue = recommender.catalogue

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        def looked() -> None:
            metrics.holds(len(catalogue), catalogue.version)

        async with following(catalogue, looked=looked):
            with doors.opened():
                yield

    app = FastAPI(
        title=name,
        version=modiste.__version__,
        description="Similar items for a photo, shown only when they are likely to be right.",
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        form_limits={"max_files": 1, "max_fields": MOST_FIELDS, "max_part_size": FIELD_BYTES},
        routes=page_routes(name),
        lifespan=lifespan,
    )
    busy = CapacityLimiter(workers)
    app.include_router(recommendation_routes(recommender, busy, metrics))
    app.include_router(classify_routes(classifiers, busy))
    app.include_router(level_routes(catalogue))
    app.include_router(curve_routes(catalogue.model_id, recommender.threshold, guarantee, curve))
    app.include_router(version_routes(catalogue))
    app.include_router(catalogue_routes(catalogue, name))
    app.include_router(item_routes(recommender, busy))
    app.include_router(operations_routes(catalogue, doors, metrics))
    app.include_router(map_routes(catalogue))
    if feedback is not None:
        app.include_router(quality_routes(feedback, recommender.threshold, guarantee))
    if types is not None:
        app.include_router(type_routes(types, busy))
    if trends is not None:
        app.include_router(trend_routes(trends, busy))
    add_error_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(
        UploadLimits,
        max_bytes=MAX_BYTES + FORM_BYTES,
        larger={TRENDS: MOST_TREND_BYTES + FORM_BYTES},
        seconds=upload_seconds,
        at_once=uploads_at_once,
    )
    app.add_middleware(Guard, allowed_hosts=allowed_hosts, token=token, allowed_origins=allowed_origins)
    if allowed_origins:  # outside the guard, so that a page can read what it says
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=ASKED_HEADERS,
            expose_headers=TOLD_HEADERS,
        )
    app.add_middleware(Telemetry, metrics=metrics)
    return app
