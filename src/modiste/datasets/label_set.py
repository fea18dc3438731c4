"""The labels a photo may bear: one of each group, any number, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modiste.errors import DataError

__all__ = ["LabelSet"]


@dataclass(frozen=True)
class LabelSet:
    """C labels in ``names``, each once. ``groups`` has the group of each, "" for a label that stands alone.

    A photo bears at most one label of a group, and any number of those that stand alone. One group makes a
    classifier, several make as many tasks. Raises `DataError` if lengths differ or a name comes twice.

    >>> labels = LabelSet(("fit:loose", "fit:tight", "hood"), ("fit", "fit", ""))
    >>> labels.matrix([("fit:tight", "hood"), ()]).tolist()
    [[0, 1, 1], [0, 0, 0]]
    >>> {name: where.tolist() for name, where in labels.tasks.items()}
    {'fit': [0, 1]}
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.groups) or not self.names:
            raise DataError(f"{len(self.names)} labels need as many groups, and one label at least")
        if len(set(self.names)) != len(self.names):
            raise DataError("a label is in the set twice")

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, lists: Iterable[Sequence[str]]) -> Self:
        """The labels of these photos, in alphabetical order.

        Those spelled ``group:value`` make a group if no photo has two of it.

        >>> LabelSet.of([("fit:tight", "with:hood", "with:zip"), ("fit:loose",)]).groups
        ('fit', 'fit', '', '')
        """
        names: set[str] = set()
        free: set[str] = set()
        for labels in lists:
            prefixes = [_prefix(label) for label in labels]
            free.update(prefix for prefix in prefixes if prefixes.count(prefix) > 1)
            names.update(labels)
        ordered = sorted(names)
        groups = (_prefix(name) for name in ordered)
        return cls(tuple(ordered), tuple("" if group in free else group for group in groups))

    @property
    def tasks(self) -> dict[str, NDArray[np.int64]]:
        """Of each group, the positions of its labels."""
        groups = np.array(self.groups)
        return {name: np.flatnonzero(groups == name) for name in sorted(set(self.groups) - {""})}

    @property
    def alone(self) -> NDArray[np.int64]:
        """The positions of the labels that stand alone."""
        return np.flatnonzero(np.array(self.groups) == "")

    def matrix(self, lists: Sequence[Sequence[str]]) -> NDArray[np.uint8]:
        """Which labels each of N photos bears, (N, C) of 0 and 1. Those not in the set count for nothing."""
        position = {name: at for at, name in enumerate(self.names)}
        made = np.zeros((len(lists), len(self)), np.uint8)
        for row, labels in enumerate(lists):
            for label in labels:
                if label in position:
                    made[row, position[label]] = 1
        return made

    def probabilities(self, scores: NDArray[np.float32], answer: str) -> NDArray[np.float32]:
        """Scores (N, C) → probabilities (N, C).

        With ``answer`` "softmax" they sum to one in each group, and labels that stand alone are
        independent; with "sigmoid" all are.

        >>> labels = LabelSet(("fit:loose", "fit:tight", "hood"), ("fit", "fit", ""))
        >>> labels.probabilities(np.zeros((1, 3), np.float32), "softmax").tolist()
        [[0.5, 0.5, 0.5]]
        """
        made: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * scores))  # the logistic function, no overflow
        if answer == "softmax":
            for where in self.tasks.values():
                odds = np.exp(scores[:, where] - scores[:, where].max(axis=1, keepdims=True))
                made[:, where] = odds / odds.sum(axis=1, keepdims=True)
        return made.astype(np.float32)

    def decide(
        self, probabilities: NDArray[np.float32], answer: str, thresholds: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Probabilities (N, C) → which labels each photo bears (N, C).

        With ``answer`` "softmax" the most probable one of each group; other labels from their
        ``thresholds`` (C,) upwards.
        """
        said: NDArray[np.bool_] = probabilities >= thresholds
        if answer == "softmax":
            for where in self.tasks.values():
                said[:, where] = np.arange(len(where)) == probabilities[:, where].argmax(axis=1)[:, None]
        return said

    def as_dict(self) -> dict[str, Any]:
        return {key: list(values) for key, values in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; `DataError` for anything else."""
        try:
            return cls(tuple(map(str, values["names"])), tuple(map(str, values["groups"])))
        except (KeyError, TypeError) as error:
            raise DataError(f"labels are incomplete or of a wrong kind ({error})") from error


def _prefix(label: str) -> str:
    return label.partition(":")[0] if ":" in label else ""
