"""``GET /v1/models`` and ``POST /v1/classifications``: what a photo shows, in a model's own labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, BinaryIO

import numpy as np
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Form, HTTPException
from pydantic import BaseModel, Field

from modiste.api.measured import ModelFigures
from modiste.api.problems import problem_responses
from modiste.api.recommendations import Photo
from modiste.photos import MAX_BYTES, read_fitted

if TYPE_CHECKING:
    from modiste.label_model import LabelModel

__all__ = ["Classifier", "classify_routes"]


@dataclass(frozen=True)
class Classifier:
    """A model that names photos, and what it reached on photos it had not seen, if that is known."""

    model: LabelModel
    figures: ModelFigures | None = None


class ModelCard(BaseModel):
    """A model that can be asked, with what is known of it."""

    id: str
    name: str
    labels: int = Field(description="How many labels it knows.")
    groups: list[str] = Field(description="What it decides between: a photo gets one label of each.")
    several: bool = Field(description="Whether a photo may get more than one label.")
    figures: ModelFigures | None = Field(description="On photos it had not seen; null if unmeasured.")


class Models(BaseModel):
    """The models that can be asked; the first is taken if none is named."""

    models: list[ModelCard]


class NamedLabel(BaseModel):
    """A label, and how likely the photo bears it."""

    label: str
    group: str = Field(description="Its alternatives are the labels of this group; empty: it stands alone.")
    probability: float
    said: bool = Field(description="Whether the model itself would answer with it.")


class Classification(BaseModel):
    """What a model makes of a photo."""

    model: str
    several: bool = Field(description="Whether a photo may get more than one label.")
    labels: list[NamedLabel] = Field(description="All of them, the most probable first.")


Which = Annotated[
    str | None, Form(max_length=1024, description="The `id` of one of /v1/models; left out: the first.")
]


def classify_routes(classifiers: Sequence[Classifier], workers: CapacityLimiter) -> APIRouter:
    """The routes; ``workers`` bounds how many photos are in memory and decoded at a time."""
    routes = APIRouter(tags=["labels"])
    by_id = {one.model.id: one.model for one in classifiers}

    @routes.get("/v1/models")
    def models() -> Models:
        """The models that name photos, with their figures."""
        return Models(
            models=[
                ModelCard(
                    id=one.model.id,
                    name=one.model.name,
                    labels=len(one.model.labels),
                    groups=list(one.model.labels.tasks),
                    several=_several(one.model),
                    figures=one.figures,
                )
                for one in classifiers
            ]
        )

    @routes.post("/v1/classifications", responses=problem_responses(400, 404, 408, 413, 422, 503))
    async def classify(photo: Photo, model: Which = None) -> Classification:
        """Every label of the model with its probability for the photo."""
        if not by_id:
            raise HTTPException(404, "This server has no model that names photos.")
        if model is not None and model not in by_id:
            raise HTTPException(404, "There is no model of this id; /v1/models lists those there are.")
        if (photo.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"At most {MAX_BYTES / 1e6:.0f} MB are read; make the photo smaller.")
        chosen = next(iter(by_id.values())) if model is None else by_id[model]
        return await to_thread.run_sync(_name, chosen, photo.file, limiter=workers)

    return routes


def _name(model: LabelModel, photo: BinaryIO) -> Classification:
    probabilities = model.probabilities(read_fitted(photo.read(), model.preprocess)[None])
    [said] = model.decide(probabilities)
    [sure] = probabilities
    return Classification(
        model=model.id,
        several=_several(model),
        labels=[
            NamedLabel(
                label=model.labels.names[at],
                group=model.labels.groups[at],
                probability=round(float(sure[at]), 6),
                said=bool(said[at]),
            )
            for at in np.argsort(-sure, kind="stable").tolist()
        ],
    )


def _several(model: LabelModel) -> bool:
    return model.answer == "sigmoid" or len(model.labels.tasks) != 1 or len(model.labels.alone) > 0
