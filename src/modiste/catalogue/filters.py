"""Conditions on labels: which items may be found (``gender=Men``, ``colour=Navy,Blue``, ``price<=500``)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue.texts import Texts
from modiste.errors import CatalogueError

__all__ = ["Condition", "LabelColumn", "as_conditions"]

_SPELLED = re.compile(r"\s*([^=!<>]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What an item's label of a ``level`` must be: one of ``values``, none of them, or a number compared.

    ``operator`` is ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``. Text is compared without regard to case. An
    item without the label meets ``!=`` only. ``CatalogueError`` if there is no value or it is no number.

    >>> Condition.parse("colour = Navy, Blue")
    Condition(level='colour', operator='=', values=('Navy', 'Blue'))
    >>> Condition.parse("price<=500").holds({"price": "499.00"})
    True
    """

    level: str
    operator: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.operator not in ("=", "!=", *_COMPARE) or not self.level or not self.values:
            raise CatalogueError(
                f"not a condition: {self.level!r} {self.operator!r} {self.values!r}; "
                "expected such as gender=Men, colour=Navy,Blue or price<=500"
            )
        if self.operator in _COMPARE and (len(self.values) != 1 or _number(self.values[0]) is None):
            raise CatalogueError(
                f"{self.level}{self.operator}{','.join(self.values)}: expected one number after "
                f"{self.operator}, such as price<=500"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a person wrote; commas separate values. `CatalogueError` if it is no condition."""
        if (found := _SPELLED.fullmatch(text)) is None:
            raise CatalogueError(
                f"not a condition: {text!r}; expected such as gender=Men, colour=Navy,Blue or price<=500"
            )
        level, operator, values = found.groups()
        return cls(level, operator, tuple(value.strip() for value in values.split(",") if value.strip()))

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an item with these labels may be found."""
        if self.level not in labels:
            return self.operator == "!="
        label = labels[self.level]
        if self.operator in _COMPARE:
            number = _number(label)
            return number is not None and _COMPARE[self.operator](number, float(self.values[0]))
        among = label.strip().casefold() in {value.strip().casefold() for value in self.values}
        return among == (self.operator == "=")


Where = Mapping[str, str | Sequence[str]] | Sequence[str | Condition]


def as_conditions(where: Where) -> tuple[Condition, ...]:
    """Conditions however they are given: ``{"gender": "Men"}``, ``["price<=500"]``, or as they are.

    >>> as_conditions({"gender": "Men"}) == as_conditions(["gender=Men"])
    True
    """
    if isinstance(where, Mapping):
        return tuple(
            Condition(level, "=", (values,) if isinstance(values, str) else tuple(values))
            for level, values in where.items()
        )
    if isinstance(where, str):
        raise TypeError("expected a list of conditions, not a text; put it in a list")
    return tuple(Condition.parse(each) if isinstance(each, str) else each for each in where)


class LabelColumn:
    """The labels of N items, given as JSON texts; each different text is read once, however many share it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._codes, distinct = Texts.of(texts, repeating=True).coded()
        self._distinct: list[dict[str, str]] = [json.loads(text) for text in distinct]
        self.levels = sorted({level for labels in self._distinct for level in labels})

    def counts(self) -> dict[str, dict[str, int]]:
        """Of each level its labels, and how many items bear each.

        >>> LabelColumn(['{"gender": "Men"}', '{"gender": "Men"}', "{}"]).counts()
        {'gender': {'Men': 2}}
        """
        found: dict[str, dict[str, int]] = {level: {} for level in self.levels}
        borne = np.bincount(self._codes, minlength=len(self._distinct)).tolist()
        for labels, items in zip(self._distinct, borne, strict=True):
            for level, label in labels.items():
                found[level][label] = found[level].get(label, 0) + items
        return found

    def of(self, level: str) -> NDArray[np.str_]:
        """(N,): each item's label of a ``level``, "" where it has none. `CatalogueError` as in `meeting`."""
        self._check(level)
        return np.array([labels.get(level, "") for labels in self._distinct])[self._codes]

    def meeting(self, conditions: Sequence[Condition]) -> NDArray[np.bool_]:
        """(N,): which items meet all ``conditions``. `CatalogueError` for a level no item has."""
        for condition in conditions:
            self._check(condition.level)
        met = [all(condition.holds(labels) for condition in conditions) for labels in self._distinct]
        return np.array(met, bool)[self._codes] if met else np.zeros(0, bool)

    def _check(self, level: str) -> None:
        if level not in self.levels:
            raise CatalogueError(
                f"no item has a label {level!r}; there are: {', '.join(self.levels) or 'none'}"
            )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
