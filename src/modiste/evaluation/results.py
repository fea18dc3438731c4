"""What an evaluation found: the figures, what they were measured on, and what could not be measured.

``results.json`` is :meth:`Results.as_dict` as it is; nothing in it is rounded. A part that could not be
measured is absent, and ``skipped`` says why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from modiste.errors import DataError

__all__ = [
    "FORMAT",
    "Confusions",
    "Data",
    "MethodScore",
    "ModelInfo",
    "Results",
    "Scenario",
    "Score",
    "Selective",
    "SplitData",
    "read_results",
    "write_results",
]

FORMAT = 1
"""Goes up when a key of ``results.json`` changes its meaning or disappears; new keys do not count."""


@dataclass(frozen=True)
class Score:
    """Share of the ``n`` photos named right, and its mean over the classes they belong to; both in [0, 1]."""

    accuracy: float
    balanced_accuracy: float
    n: int


@dataclass(frozen=True)
class Confusions:
    """``matrix[t][p]`` photos of class ``labels[t]`` were called ``labels[p]``."""

    labels: list[str]
    matrix: list[list[int]]


@dataclass(frozen=True)
class MethodScore:
    """What one way of reading the support set reached."""

    accuracy: float
    balanced_accuracy: float


@dataclass(frozen=True)
class Scenario:
    """Test photos named from a support set, without training.

    The figures are those of ``method``, fixed before the test photos were seen; ``methods`` has every
    candidate by its label, for comparison, that one among them.
    """

    accuracy: float
    balanced_accuracy: float
    method: str
    n_support: int
    n_test: int
    methods: dict[str, MethodScore]


@dataclass(frozen=True)
class Selective:
    """Recommendations for the test photos of scenario 4 from its support photos, and when to show them.

    A recommendation is wrong when none of its items has the query's type; ``hit_rate`` is over all ``n_test``
    queries. ``coverage_at_error`` maps an error, as text, to the largest coverage that keeps to it. ``curve``
    has at most 200 points (coverage, error), from the strictest threshold to the most generous, and
    ``curve_thresholds`` the threshold of each. At the model's own ``threshold``, ``shown`` is the share of
    queries answered and ``shown_error`` the share of those answers that are wrong, 0 when there are none.
    """

    hit_rate: float
    aurc: float
    augrc: float
    eaurc: float
    coverage_at_error: dict[str, float]
    threshold: float
    shown: float
    shown_error: float
    n_support: int
    n_test: int
    curve: list[list[float]]
    curve_thresholds: list[float]


@dataclass(frozen=True)
class SplitData:
    """``n`` photos of a split were there; the ids of those that were not are in ``missing``.

    ``fingerprint`` changes with the photos' ids, their order, types or categories.
    """

    n: int
    missing: list[str]
    fingerprint: str


@dataclass(frozen=True)
class Data:
    """What the figures were measured on. Equal fingerprints: the same photo ids, splits and labels."""

    fingerprint: str
    splits: dict[str, SplitData]


@dataclass(frozen=True)
class ModelInfo:
    """Which model, and what of it decides the figures."""

    id: str
    dimension: int
    support: dict[str, Any]


@dataclass(frozen=True)
class Results:
    """Everything one evaluation found; see the module's text.

    ``skipped`` maps a part (``classification``, ``scenarios.3``, ``categories``, ``selective``) to the reason
    why it is absent; ``notes`` are remarks without which a figure might be misread.
    """

    model: ModelInfo
    data: Data
    classification: Score | None
    scenarios: dict[str, Scenario]
    categories: Scenario | None
    selective: Selective | None
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    confusions: dict[str, Confusions] = field(default_factory=dict)
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a part that was skipped is absent."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The results :meth:`as_dict` gave; ``DataError`` for anything else."""
        if values.get("format") != FORMAT:
            raise DataError(
                f"expected results of format {FORMAT}, got {values.get('format')!r}; evaluate the model again"
            )
        try:
            parts = dict(values)
            parts["model"] = _made(ModelInfo, values["model"])
            parts["data"] = _made(Data, values["data"], splits=_each(SplitData, values["data"]["splits"]))
            parts["scenarios"] = {name: _scenario(found) for name, found in values["scenarios"].items()}
            parts["classification"] = (
                _made(Score, values["classification"]) if "classification" in values else None
            )
            parts["categories"] = _scenario(values["categories"]) if "categories" in values else None
            parts["selective"] = _made(Selective, values["selective"]) if "selective" in values else None
            parts["confusions"] = _each(Confusions, values.get("confusions", {}))
            results: Self = _made(cls, parts)
        except (KeyError, TypeError, AttributeError) as problem:
            raise DataError(f"expected evaluation results, got something else: {problem!r}") from problem
        return results


def _made(kind: Any, values: Mapping[str, Any], **parts: Any) -> Any:
    """A dataclass from its values; keys it does not have are those of a newer version, and are left out."""
    return kind(**{f.name: values[f.name] for f in fields(kind) if f.name in values} | parts)


def _each(kind: Any, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: _made(kind, value) for name, value in values.items()}


def _scenario(values: Mapping[str, Any]) -> Any:
    return _made(Scenario, values, methods=_each(MethodScore, values["methods"]))


def write_results(results: Results, path: str | Path) -> None:
    """Write ``results.json`` whole or not at all: beside its place first, then moved there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_results(path: str | Path) -> Results:
    """What :func:`write_results` wrote; ``DataError`` when it is not there or something else."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: expected the JSON that modiste evaluate writes; {problem}") from problem
    if not isinstance(values, dict):
        raise DataError(
            f"{path}: expected the JSON that modiste evaluate writes, got {type(values).__name__}"
        )
    return Results.from_dict(values)
