"""A model on another data set, whose classes have other names and limits: both are renamed by one table.

A photo labelled "T-Shirt" there and named "Tshirts" by the model is right once a table says that T-Shirt is
Tshirts; and where the model tells "Casual Shoes" from "Sports Shoes" and the data says "Shoes", the table
renames the model's. So the table is applied to the labels *and* to the model's types, and what is compared
are the names that come out. The probabilities of types that become one class are added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.datasets.label_map import renamed
from modiste.errors import DataError
from modiste.evaluation.photos import run_on_pixels
from modiste.evaluation.subject import Model
from modiste.metrics import accuracy, balanced_accuracy, confusion_matrix

__all__ = ["MappedResults", "evaluate_mapped"]


@dataclass(frozen=True)
class MappedResults:
    """``n`` photos named among ``classes`` classes that both sides know after renaming.

    ``recall`` is that of each class that has photos; ``left_out`` counts the photos, by their label there, of
    classes that the table leaves out or the model does not know. ``confusions`` is laid out as in the other
    results: for the part "mapped", ``matrix[t][p]`` photos of class ``labels[t]`` were called ``labels[p]``.
    """

    model: str
    accuracy: float
    balanced_accuracy: float
    n: int
    classes: int
    recall: dict[str, float]
    left_out: dict[str, int]
    mapping: dict[str, str]
    confusions: dict[str, dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_mapped(
    model: Model,
    dataset: Dataset,
    mapping: Mapping[str, str],
    *,
    level: str = "articleType",
    progress: Callable[[int], None] = lambda done: None,
) -> MappedResults:
    """Name the data's photos by the model's own answer, and compare under ``mapping`` (see `read_map`).

    ``level`` is the column of the data's labels. Raises `DataError` when it is not there, or when after
    renaming model and data have no class in common.
    """
    if level not in dataset.table:
        raise DataError(f"the data has no column {level}; it has {', '.join(dataset.table.columns)}")
    labels = dataset.table[level].tolist()
    truth, types = renamed(labels, mapping), renamed(model.labels.types, mapping)
    answers = sorted({name for name in types.tolist() if name})
    there = np.isin(truth.astype(str), answers)
    rows = np.flatnonzero(there).astype(np.int64)
    if not len(rows):
        raise DataError(
            f"no label of the data ({', '.join(sorted(set(labels))[:5])} …) is a class of the model "
            f"({', '.join(model.labels.types[:5])} …) by this table; modiste data map suggests one"
        )
    adds_up = (types[:, None] == np.array(answers, object)[None]).astype(np.float32)

    def name_them(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        shares: NDArray[np.float32] = model.classify(pixels) @ adds_up
        return shares

    named = np.array(answers)[run_on_pixels(name_them, dataset, rows, progress).argmax(axis=1)]
    true = truth[rows].astype(str)
    counts, names = confusion_matrix(true, named)
    photos = counts.sum(axis=1)
    return MappedResults(
        model=model.id,
        accuracy=accuracy(true, named),
        balanced_accuracy=balanced_accuracy(true, named),
        n=len(rows),
        classes=len(answers),
        recall={str(name): float(counts[at, at] / photos[at]) for at, name in enumerate(names) if photos[at]},
        left_out=dict(
            Counter(label for label, kept in zip(labels, there, strict=True) if not kept).most_common()
        ),
        mapping=dict(mapping),
        confusions={"mapped": {"labels": [str(name) for name in names], "matrix": counts.tolist()}},
    )
