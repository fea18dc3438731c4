"""The evaluation itself: which photos are compared with which, and what cannot be measured.

==============  ==================================================================================
classification  the network's own answer for ``main_test``
scenarios       test photos named from a support set, without training: see `SCENARIOS`
categories      scenario 2, answering with the category; the same model and method
selective       scenario 4 as a shop: three items of the support set for each test photo, and what
                the confidence, which never sees a class, is worth for deciding whether to show them
==============  ==================================================================================
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from modiste import __version__
from modiste.datasets import Dataset, Splits
from modiste.evaluation.photos import (
    FoundPhotos,
    LabelledPhotos,
    NotMeasurable,
    describe,
    find_photos,
    run_on_pixels,
)
from modiste.evaluation.results import Confusions, MethodScore, ModelInfo, Results, Scenario, Score, Selective
from modiste.evaluation.selective import judge_confidence
from modiste.metrics import accuracy, balanced_accuracy, confusion_matrix
from modiste.progress import Progress, silent
from modiste.support_set import CANDIDATES, SupportMethod, score_by_each

__all__ = ["SCENARIOS", "ConfidenceOf", "evaluate"]

SCENARIOS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "1": (("train",), ("main_test",)),
    "2": (("main_support",), ("main_test",)),
    "3": (("new_support",), ("new_test",)),
    "4": (("main_support", "new_support"), ("main_test", "new_test")),
}
"""The splits that are the support set, and those that are the test."""

ConfidenceOf = Callable[
    [NDArray[np.float32], NDArray[np.float32]], tuple[NDArray[np.int64], NDArray[np.floating[Any]]]
]
"""Unit vectors of queries (Q, D) and of a catalogue (N, D) → the catalogue's rows to recommend (Q, 3), best
first, and how sure it is (Q,), in [0, 1], that one of them is of the query's type. It is told no class."""


_NAMED_AT_MOST = 3


class Labels(Protocol):
    @property
    def types(self) -> tuple[str, ...]: ...
    @property
    def type_ids(self) -> tuple[int, ...]: ...


class Calibration(Protocol):
    @property
    def support(self) -> SupportMethod: ...
    @property
    def threshold(self) -> float: ...


class Model(Protocol):
    """What an evaluation asks of a model.

    ``embed``: pixels (N, H, W, 3) → unit vectors (N, D). ``classify``: → probabilities (N, C), whose columns
    are the types ``labels.type_ids``.
    """

    @property
    def id(self) -> str: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def calibration(self) -> Calibration: ...
    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...
    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...


def evaluate(
    model: Model,
    dataset: Dataset,
    splits: Splits,
    *,
    confidence_of: ConfidenceOf | None = None,
    progress: Progress = silent,
) -> Results:
    """Measure a model on photos whose classes are known.

    The support sets are read by the method stored in the model's calibration, and by `CANDIDATES` beside it
    for comparison. A part whose splits are not there, or have no photo in the data, is left out, with the
    reason in the results' ``skipped``; so is the selective part without ``confidence_of``. Single photos that
    are missing are named in ``data``. Raises `DataError` when no photo of any split is in the data.
    """
    began = perf_counter()
    skipped: dict[str, str] = {}
    seconds: dict[str, float] = {}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        except NotMeasurable as reason:
            skipped[name] = str(reason)
        seconds[name] = perf_counter() - start

    photos = find_photos(dataset, splits)
    with part("embedding"):
        vectors = _embed(model, dataset, photos, progress)

    classification: Score | None = None
    confusions: dict[str, Confusions] = {}
    with part("classification"):
        [main_test] = photos.need("main_test")
        classification, confusions["classification"] = _classification(model, dataset, main_test)

    scenarios: dict[str, Scenario] = {}
    for number in SCENARIOS:
        with part(f"scenarios.{number}"):
            support, test = _sets(number, photos, vectors)
            scenarios[number] = _scenario(support, test, model.calibration.support)
        progress(int(number), len(SCENARIOS), "comparing with support sets")

    categories: Scenario | None = None
    with part("categories"):
        support, test = _sets("2", photos, vectors)
        categories = _scenario(support, test, model.calibration.support, categories=True)

    selective: Selective | None = None
    with part("selective"):
        support, test = _sets("4", photos, vectors)
        selective = _selective(support, test, confidence_of, model.calibration.threshold)

    seconds["total"] = perf_counter() - began
    return Results(
        model=ModelInfo(
            id=model.id,
            dimension=next(iter(vectors.values())).shape[1],
            support=model.calibration.support.as_dict(),
        ),
        data=describe(photos),
        classification=classification,
        scenarios=scenarios,
        categories=categories,
        selective=selective,
        skipped=skipped,
        notes=_notes(model, photos),
        versions=_versions(),
        seconds=seconds,
        confusions=confusions,
    )


# The parts ------------------------------------------------------------------------------------------------


class _Set(NamedTuple):
    """Photos to compare with or to name: unit vectors (N, D), type ids and category ids (N,)."""

    vectors: NDArray[np.float32]
    types: NDArray[np.int64]
    categories: NDArray[np.int64]


def _embed(
    model: Model, dataset: Dataset, photos: FoundPhotos, progress: Progress
) -> dict[str, NDArray[np.float32]]:
    """The unit vectors of each split."""
    vectors: dict[str, NDArray[np.float32]] = {}
    total, before = sum(map(len, photos.here.values())), 0
    for name, found in photos.here.items():

        def count(done: int, before: int = before) -> None:
            progress(before + done, total, "embedding photos")

        vectors[name] = run_on_pixels(model.embed, dataset, found.rows, count)
        before += len(found)
    return vectors


def _classification(model: Model, dataset: Dataset, test: LabelledPhotos) -> tuple[Score, Confusions]:
    learned = dict(zip(model.labels.type_ids, model.labels.types, strict=True))
    known = learned.keys() & test.name_of.keys()
    for type_id in sorted(known):
        ours, theirs = learned[type_id], test.name_of[type_id]
        if ours != theirs:
            raise NotMeasurable(
                f"type {type_id} is {ours} to the model and {theirs} in main_test; "
                "use splits that number the types as those it was trained on did"
            )
    if not known:
        raise NotMeasurable("the model learned none of the types in main_test")
    probabilities = run_on_pixels(model.classify, dataset, test.rows)
    predicted = np.array(model.labels.type_ids)[probabilities.argmax(axis=1)]
    score = Score(accuracy(test.types, predicted), balanced_accuracy(test.types, predicted), len(test))
    counts, ids = confusion_matrix(test.types, predicted)
    names = learned | test.name_of
    return score, Confusions([names[id] for id in ids.tolist()], counts.tolist())


def _scenario(support: _Set, test: _Set, reported: SupportMethod, *, categories: bool = False) -> Scenario:
    truth = test.categories if categories else test.types
    found = score_by_each(
        test.vectors,
        support.vectors,
        support.types,
        list(dict.fromkeys((*CANDIDATES, reported))),
        groups=support.categories if categories else None,
    )
    methods = {
        method.label: MethodScore(accuracy(truth, scores.best()), balanced_accuracy(truth, scores.best()))
        for method, scores in found.items()
    }
    return Scenario(
        accuracy=methods[reported.label].accuracy,
        balanced_accuracy=methods[reported.label].balanced_accuracy,
        method=reported.label,
        n_support=len(support.types),
        n_test=len(test.types),
        methods=methods,
    )


def _selective(support: _Set, test: _Set, confidence_of: ConfidenceOf | None, threshold: float) -> Selective:
    if confidence_of is None:
        raise NotMeasurable("no confidence was given to judge")
    rows, confidence = confidence_of(test.vectors, support.vectors)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(support.types):
        raise ValueError(f"expected rows of {len(support.types)} items; got {rows.min()} to {rows.max()}")
    return judge_confidence(
        test.types, support.types[rows], confidence, threshold=threshold, n_support=len(support.types)
    )


def _sets(number: str, photos: FoundPhotos, vectors: dict[str, NDArray[np.float32]]) -> tuple[_Set, _Set]:
    """The support set and the test of a scenario; `NotMeasurable` when photos of either are not there."""
    photos.need(*(name for names in SCENARIOS[number] for name in names))

    def joined(names: tuple[str, ...]) -> _Set:
        return _Set(
            np.concatenate([vectors[name] for name in names]),
            np.concatenate([split.types for split in photos.need(*names)]),
            np.concatenate([split.categories for split in photos.need(*names)]),
        )

    support, test = SCENARIOS[number]
    return joined(support), joined(test)


# What to know when reading the figures --------------------------------------------------------------------


def _notes(model: Model, photos: FoundPhotos) -> list[str]:
    notes = []
    here = photos.here
    for number, (support, test) in SCENARIOS.items():
        if {*support, *test} <= here.keys():
            known = {name for split in support for name in here[split].type_names}
            strangers = [name for split in test for name in here[split].type_names if name not in known]
            if strangers:
                notes.append(
                    f"scenario {number}: the support set has none of {_some(strangers)}; "
                    f"their {len(strangers)} test photos count as wrong"
                )
    learned = set(model.labels.types)
    if "main_test" in here:
        unknown = [name for name in here["main_test"].type_names if name not in learned]
        if unknown and len(unknown) < len(here["main_test"]):
            notes.append(
                f"classification: the model did not learn {_some(unknown)}; "
                f"their {len(unknown)} test photos count as wrong"
            )
    new = {name for split in ("new_support", "new_test") if split in here for name in here[split].type_names}
    if new & learned:
        notes.append(
            f"scenarios 3 and 4: the model was trained on {_some(new & learned)}, which are not new to it"
        )
    return notes


def _some(names: Iterable[str]) -> str:
    """A few names and how many more: ``Ties, Belts, Caps and 4 more types``."""
    each = sorted(set(names))
    more = len(each) - _NAMED_AT_MOST
    return ", ".join(each[:_NAMED_AT_MOST]) + (f" and {more} more types" if more > 0 else "")


def _versions() -> dict[str, str]:
    versions = {"modiste": __version__, "python": platform.python_version()}
    for package in ("numpy", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # figures can be measured without torch, by another encoder
            continue
    return versions
