"""What pages show of measurements: files that `modiste evaluate` and `modiste score` wrote → typed figures.

The files are read as plain JSON, so serving needs nothing of what measuring needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from modiste.errors import DataError

if TYPE_CHECKING:
    from modiste.model import MeasuredCurve

__all__ = [
    "ClassFigures",
    "CurveExample",
    "CurvePoint",
    "ErrorCurve",
    "ModelFigures",
    "kept_error_curve",
    "read_error_curve",
    "read_model_figures",
]

# In this order: what was held out to the end says more than what chose the epoch.
PARTS = ("test", "val")


class ClassFigures(BaseModel):
    """How well one label is found: shares from 0 to 1, and how many of the photos bear it."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class ModelFigures(BaseModel):
    """What a model reached on photos it had not seen; shares from 0 to 1, null where not measured."""

    n: int = Field(description="How many photos it was measured on.")
    accuracy: float | None
    balanced_accuracy: float | None
    f1_macro: float | None
    mean_average_precision: float | None
    classes: list[ClassFigures] = Field(description="Each label, the most frequent first.")


class CurvePoint(BaseModel):
    """Showing what is at least as sure as ``threshold`` answers ``coverage``, ``error`` of it wrongly."""

    threshold: float
    coverage: float
    error: float


class CurveExample(BaseModel):
    """A test photo, what was recommended for it, how surely, and whether one of that fits."""

    type: str
    photo: str | None = Field(description="A small picture as a data URI.")
    items: list[str]
    item_photos: list[str | None] = Field(description="One for each item.")
    confidence: float
    right: bool


class ErrorCurve(BaseModel):
    """Error among shown answers against their share, from the strictest threshold to the most generous."""

    model: str = Field(description="The model that was measured.")
    source: Literal["evaluation", "labelled photos", "rehearsal"] = Field(
        default="evaluation",
        description="Measured by `modiste evaluate`; by `modiste calibrate`; or while it was trained, on "
        "photos of the training data, with a shorter run that had not learned every third of their types.",
    )
    n: int = Field(description="How many test photos.")
    points: list[CurvePoint]
    examples: list[CurveExample]


def read_model_figures(path: str | Path, model_id: str | None = None) -> ModelFigures | None:
    """The figures in a file of either command; None if it is there and measures no naming of photos.

    None, too, if it measured another model than ``model_id``. `DataError` for another kind of file.
    """
    values = _read_json(path)
    measured = values.get("model")
    if model_id is not None and isinstance(measured, dict) and measured.get("id", model_id) != model_id:
        return None
    if (part := next((values[name] for name in PARTS if name in values), None)) is not None:
        values = part
    try:
        if "labels" in values:
            return _of_labels(values)
        return _of_types(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _other_file(path) from error


def read_error_curve(path: str | Path) -> ErrorCurve | None:
    """The error–coverage curve of `modiste evaluate`; None if it was skipped, or labels were measured.

    `DataError` for another kind of file.
    """
    values = _read_json(path)
    if "labels" in values or any(part in values for part in PARTS):
        return None
    try:
        selective = values.get("selective")
        if selective is None:
            values["model"]["id"]  # an evaluation all the same
            return None
        thumbnails = (values.get("examples") or {}).get("thumbnails", {})
        return ErrorCurve(
            model=values["model"]["id"],
            n=selective["n_test"],
            points=[
                CurvePoint(threshold=threshold, coverage=coverage, error=error)
                for threshold, (coverage, error) in zip(
                    selective["curve_thresholds"], selective["curve"], strict=True
                )
            ],
            examples=[
                CurveExample(
                    type=example["type"],
                    photo=thumbnails.get(example["id"]),
                    items=example["item_types"],
                    item_photos=[thumbnails.get(item) for item in example["items"]],
                    confidence=example["confidence"],
                    right=example["right"],
                )
                for example in selective.get("examples", [])
            ],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _other_file(path) from error


def kept_error_curve(model: str, curve: MeasuredCurve | None) -> ErrorCurve | None:
    """The curve that a model keeps with its calibration, under the model's id; None if it keeps none."""
    if curve is None:
        return None
    columns = (curve.thresholds, curve.coverages, curve.errors)
    return ErrorCurve(
        model=model,
        source=curve.source,
        n=curve.n,
        points=[
            CurvePoint(threshold=threshold, coverage=coverage, error=error)
            for threshold, coverage, error in zip(*columns, strict=True)
        ],
        examples=[],
    )


def _of_labels(values: Mapping[str, Any]) -> ModelFigures:
    tasks = list(values["tasks"].values())
    return ModelFigures(
        n=values["n"],
        accuracy=values["accuracy"],
        balanced_accuracy=sum(task["balanced_accuracy"] for task in tasks) / len(tasks) if tasks else None,
        f1_macro=values["f1_macro"],
        mean_average_precision=values["mean_average_precision"],
        classes=_classes(values["labels"]),
    )


def _of_types(values: Mapping[str, Any]) -> ModelFigures | None:
    if values.get("classification") is None:
        values["model"]["id"]
        return None
    score = values["classification"]
    each = _classes(values.get("per_class", {}).get("classification", {}))
    return ModelFigures(
        n=score["n"],
        accuracy=score["accuracy"],
        balanced_accuracy=score["balanced_accuracy"],
        f1_macro=sum(one.f1 for one in each) / len(each) if each else None,
        mean_average_precision=None,
        classes=each,
    )


def _classes(values: Mapping[str, Mapping[str, Any]]) -> list[ClassFigures]:
    """Labels that no test photo bears have no figures."""
    each = [ClassFigures(label=label, **score) for label, score in values.items() if score["support"]]
    return sorted(each, key=lambda one: (-one.support, one.label))


def _read_json(path: str | Path) -> dict[str, Any]:
    try:
        values = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected what modiste evaluate or score wrote; cannot read it ({error})"
        ) from error
    if not isinstance(values, dict):
        raise _other_file(path)
    return values


def _other_file(path: str | Path) -> DataError:
    return DataError(f"{path}: expected what modiste evaluate or score wrote, found something else")
