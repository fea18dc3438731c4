"""The classes a model knows, as they go into its folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from modiste.datasets.splits import Split
from modiste.errors import DataError

__all__ = ["Labels"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Labels:
    """Article types and their categories, each in ascending order of its id.

    ``types[i]`` has the id ``type_ids[i]`` and belongs to the category whose *id* is ``category_of_type[i]``;
    ``categories[j]`` has the id ``category_ids[j]``. Raises `DataError` if these do not fit together.

    >>> labels = Labels(("Shirts", "Ties"), (1, 20), ("Topwear", "Ties"), (0, 7), (0, 7))
    >>> labels.type_indices([20, 1]).tolist()
    [1, 0]
    """

    types: tuple[str, ...]
    type_ids: tuple[int, ...]
    categories: tuple[str, ...]
    category_ids: tuple[int, ...]
    category_of_type: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.types) == len(self.type_ids) == len(self.category_of_type) > 0:
            raise DataError("labels need one id and one category for each of at least one type")
        if len(self.categories) != len(self.category_ids):
            raise DataError("labels need one id for each category")
        for ids in (self.type_ids, self.category_ids):
            if list(ids) != sorted(set(ids)):
                raise DataError("label ids must ascend")
        if not set(self.category_of_type) <= set(self.category_ids):
            raise DataError("a type belongs to a category that is not listed")

    def __len__(self) -> int:
        return len(self.types)

    @classmethod
    def of(cls, split: Split) -> Self:
        """The classes of a split's photos; where they disagree on a name or category, most photos win."""
        types = _majority(zip(split.type_ids.tolist(), split.type_names, strict=True))
        names = _majority(zip(split.category_ids.tolist(), split.category_names, strict=True))
        category = _majority(zip(split.type_ids.tolist(), split.category_ids.tolist(), strict=True))
        return cls(
            tuple(types.values()), tuple(types), tuple(names.values()), tuple(names), tuple(category.values())
        )

    def type_indices(self, type_ids: Iterable[int]) -> NDArray[np.int64]:
        """Article type ids → positions in ``types``, what a classifier predicts. `DataError` if unknown."""
        wanted = np.asarray(list(type_ids), np.int64)
        known = np.array(self.type_ids, np.int64)
        indices = np.searchsorted(known, wanted).clip(max=len(known) - 1)
        if (unknown := wanted[known[indices] != wanted]).size:
            raise DataError(f"articleTypeId {unknown[0]} is none of the {len(known)} types this model knows")
        return indices.astype(np.int64)

    def as_dict(self) -> dict[str, Any]:
        return {key: list(values) for key, values in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        try:
            return cls(
                tuple(map(str, values["types"])),
                tuple(map(int, values["type_ids"])),
                tuple(map(str, values["categories"])),
                tuple(map(int, values["category_ids"])),
                tuple(map(int, values["category_of_type"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"labels are incomplete or of a wrong kind ({error})") from error


def _majority(pairs: Iterable[tuple[int, Value]]) -> dict[int, Value]:
    """Pairs (id, value) → each id's most frequent value, by ascending id."""
    counts = Counter(pairs)
    best: dict[int, Value] = {}
    for (id, value), _ in sorted(counts.items(), key=lambda item: (item[0][0], -item[1], str(item[0][1]))):
        best.setdefault(id, value)
    return best
