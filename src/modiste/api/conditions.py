"""Conditions a client gives (``where=gender=Men``) → conditions of the catalogue, or a problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from fastapi import HTTPException
from pydantic import Field

from modiste.catalogue.filters import Condition
from modiste.errors import CatalogueError

if TYPE_CHECKING:
    from modiste.catalogue import Snapshot

__all__ = ["MOST_CONDITIONS", "WHERE", "ConditionText", "read_conditions"]

MOST_CONDITIONS = 8
WHERE = (
    "Only items that meet it: `gender=Men`, `baseColour=Navy,Blue`, `price<=500`; "
    "repeat the field for several conditions, which must all be met."
)

ConditionText = Annotated[str, Field(max_length=1000)]


def read_conditions(now: Snapshot, texts: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions these texts spell. A problem 422 if one is none, or about a label no item has."""
    try:
        conditions = tuple(Condition.parse(text) for text in texts)
    except CatalogueError as error:
        raise HTTPException(
            422, "where: expected a condition such as gender=Men, baseColour=Navy,Blue or price<=500."
        ) from error
    if any(condition.level not in now.levels for condition in conditions):
        there = ", ".join(now.levels) or "none"
        raise HTTPException(422, f"where: no item has a label of this name; there are: {there}.")
    return conditions
