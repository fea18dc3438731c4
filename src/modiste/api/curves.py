"""``GET /v1/quality/curve``: what other thresholds would do, and what is promised of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, Field

from modiste.api.measured import ErrorCurve

if TYPE_CHECKING:
    from modiste.recommendation import Guarantee

__all__ = ["curve_routes"]


class Promise(BaseModel):
    """What `modiste calibrate` promised: at most ``max_error`` of what is shown is wrong."""

    max_error: float
    confidence: float = Field(description="With at least this probability.")
    unit: str = Field(description='What was counted: "group" (of nearly equal photos) or "type".')
    units: int = Field(description="How many of them were tested.")
    shown: int
    wrong: int


class Choices(BaseModel):
    """Thresholds one could choose, and the one this server has."""

    model: str = Field(description="The model this server answers with.")
    threshold: float = Field(description="This server shows nothing below it.")
    promise: Promise | None = Field(description="Null if the threshold was not calibrated.")
    curve: ErrorCurve | None = Field(
        description="Null if nothing was measured; see `modiste serve --results`."
    )


def curve_routes(
    model: str, threshold: float, guarantee: Guarantee | None, curve: ErrorCurve | None
) -> APIRouter:
    """The route; ``model`` is the id of the model that answers."""
    routes = APIRouter(tags=["quality"])
    promise = None
    if guarantee is not None:
        promise = Promise(
            max_error=guarantee.max_error,
            confidence=guarantee.confidence,
            unit=guarantee.unit,
            units=guarantee.units,
            shown=guarantee.shown,
            wrong=guarantee.wrong,
        )
    choices = Choices(model=model, threshold=threshold, promise=promise, curve=curve)

    @routes.get("/v1/quality/curve")
    def thresholds() -> Choices:
        """Error and coverage at every threshold, as measured on labelled photos, and the promise there is."""
        return choices

    return routes
