"""``GET /v1/labels``: what the catalogue's items are labelled with, for whoever builds a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue

__all__ = ["level_routes"]

# A level with more labels than that is no choice but a text: a name, a number, a link.
MOST_LABELS = 200


class CountedLabel(BaseModel):
    """A label and how many items bear it."""

    label: str
    items: int


class Level(BaseModel):
    """What one level, such as "gender", can be."""

    level: str
    labels: list[CountedLabel] = Field(description="The most frequent first; empty if there are too many.")
    numeric: bool = Field(
        description="Whether all labels are numbers, to be compared with `<=` and the like."
    )


class Levels(BaseModel):
    """The levels of labels, in alphabetical order."""

    levels: list[Level]


def level_routes(catalogue: Catalogue) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["catalogue"])

    @routes.get("/v1/labels")
    def labels() -> Levels:
        """The levels and labels that conditions (`where`) can be made of."""
        counted = catalogue.snapshot.label_counts
        return Levels(levels=[_level(name, counts) for name, counts in sorted(counted.items())])

    return routes


def _level(name: str, counts: dict[str, int]) -> Level:
    some = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Level(
        level=name,
        labels=[CountedLabel(label=label, items=n) for label, n in some] if len(some) <= MOST_LABELS else [],
        numeric=all(map(_is_number, counts)),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
