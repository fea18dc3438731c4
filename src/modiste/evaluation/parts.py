"""The parts of an evaluation: photos with vectors → figures, and what was answered for each photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.evaluation.absent import judge_absent
from modiste.evaluation.photos import LabelledPhotos, NotMeasurable, run_on_pixels
from modiste.evaluation.predictions import (
    accuracy_intervals,
    confusions,
    judge_calibration,
    mistakes,
    per_class,
    top_k,
)
from modiste.evaluation.results import (
    ClassScore,
    Confusions,
    Example,
    MethodScore,
    Scenario,
    Score,
    Selective,
)
from modiste.evaluation.selective import judge_confidence
from modiste.evaluation.subject import ConfidenceOf, Model
from modiste.metrics import accuracy, balanced_accuracy
from modiste.support_set import CANDIDATES, SupportMethod, score_by_each

__all__ = ["Answers", "PhotoSet", "judge_classification", "judge_scenario", "judge_selective"]

_EXAMPLES_EACH = 6  # shown and right, shown and wrong, withheld though right, withheld and wrong


class PhotoSet(NamedTuple):
    """Photos to compare with or to name: unit vectors, ids, type ids, category ids and thumbnails; N each."""

    vectors: NDArray[np.float32]
    ids: tuple[str, ...]
    types: NDArray[np.int64]
    categories: NDArray[np.int64]
    pictures: NDArray[np.float32]


@dataclass(frozen=True)
class Answers:
    """What every part answered, by its name; see `Results`."""

    tests: dict[str, list[str]]
    predictions: dict[str, list[int]]
    per_class: dict[str, dict[str, ClassScore]]
    confusions: dict[str, Confusions]
    wrong: dict[str, dict[str, list[str]]]

    def keep(
        self,
        part: str,
        tests: Sequence[str],
        ids: Sequence[str],
        truth: NDArray[np.int64],
        predicted: NDArray[np.int64],
        names: Mapping[int, str],
    ) -> None:
        self.tests[part] = list(tests)
        self.predictions[part] = predicted.tolist()
        self.per_class[part] = per_class(truth, predicted, names)
        self.confusions[part] = confusions(truth, predicted, names)
        self.wrong[part] = mistakes(ids, truth, predicted, names)


def judge_classification(
    model: Model, dataset: Dataset, test: LabelledPhotos, name: str
) -> tuple[Score, NDArray[np.int64]]:
    """The figures, and the type id each photo was called (N,)."""
    learned = dict(zip(model.labels.type_ids, model.labels.types, strict=True))
    known = learned.keys() & test.name_of.keys()
    for type_id in sorted(known):
        ours, theirs = learned[type_id], test.name_of[type_id]
        if ours != theirs:
            raise NotMeasurable(
                f"type {type_id} is {ours} to the model and {theirs} in {name}; "
                "use splits that number the types as those it was trained on did"
            )
    if not known:
        raise NotMeasurable(f"the model learned none of the types in {name}")
    probabilities = run_on_pixels(model.classify, dataset, test.rows)
    labels = np.array(model.labels.type_ids)
    predicted = labels[probabilities.argmax(axis=1)]
    right = predicted == test.types
    spread, balanced_spread = accuracy_intervals(test.types, right)
    score = Score(
        accuracy(test.types, predicted),
        balanced_accuracy(test.types, predicted),
        len(test),
        spread,
        balanced_spread,
        top_k(test.types, probabilities, labels),
        judge_calibration(right, probabilities.max(axis=1).clip(0, 1)),
    )
    return score, predicted


def judge_scenario(
    support: PhotoSet,
    test: PhotoSet,
    reported: SupportMethod,
    others: Sequence[SupportMethod],
    duplicate: NDArray[np.bool_],
    *,
    categories: bool = False,
) -> tuple[Scenario, NDArray[np.int64]]:
    """The figures, and the class each test photo was called (N,)."""
    truth = test.categories if categories else test.types
    found = score_by_each(
        test.vectors,
        support.vectors,
        support.types,
        list(dict.fromkeys((*CANDIDATES, *others, reported))),
        groups=support.categories if categories else None,
    )
    methods = {
        method.label: MethodScore(accuracy(truth, scores.best()), balanced_accuracy(truth, scores.best()))
        for method, scores in found.items()
    }
    predicted = found[reported].best()
    spread, balanced_spread = accuracy_intervals(truth, predicted == truth)
    own = ~duplicate
    scenario = Scenario(
        accuracy=methods[reported.label].accuracy,
        balanced_accuracy=methods[reported.label].balanced_accuracy,
        method=reported.label,
        n_support=len(support.types),
        n_test=len(test.types),
        methods=methods,
        interval=spread,
        balanced_interval=balanced_spread,
        top_k=top_k(truth, found[reported].values, found[reported].labels),
        duplicates=[photo for photo, twice in zip(test.ids, duplicate, strict=True) if twice],
        without_duplicates=Score(
            accuracy(truth[own], predicted[own]),
            balanced_accuracy(truth[own], predicted[own]),
            int(own.sum()),
        )
        if own.any()
        else None,
    )
    return scenario, predicted


def judge_selective(
    support: PhotoSet,
    test: PhotoSet,
    confidence_of: ConfidenceOf | None,
    threshold: float,
    duplicate: NDArray[np.bool_],
    names: Mapping[int, str],
    absent: Mapping[str, NDArray[np.float32]],
) -> Selective:
    """The figures with examples; ``absent`` holds vectors of pictures that are no fashion, by kind."""
    if confidence_of is None:
        raise NotMeasurable("no confidence was given to judge")
    rows, confidence = confidence_of(test.vectors, support.vectors)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(support.types):
        raise ValueError(f"expected rows of {len(support.types)} items; got {rows.min()} to {rows.max()}")
    judged = judge_confidence(
        test.types,
        support.types[rows],
        confidence,
        threshold=threshold,
        n_support=len(support.types),
        duplicate=duplicate,
    )
    shown, right = np.asarray(confidence) >= threshold, np.array(judged.hits, np.bool_)
    rng = np.random.default_rng(0)
    chosen = [
        at
        for kind in (shown & right, shown & ~right, ~shown & right, ~shown & ~right)
        for at in rng.permutation(np.flatnonzero(kind))[:_EXAMPLES_EACH].tolist()
    ]
    examples = [
        Example(
            id=test.ids[at],
            type=names[int(test.types[at])],
            items=[support.ids[row] for row in rows[at]],
            item_types=[names[int(support.types[row])] for row in rows[at]],
            confidence=float(confidence[at]),
            shown=bool(shown[at]),
            right=bool(right[at]),
        )
        for at in chosen
    ]
    strangers = judge_absent(
        support.vectors, support.types, test.vectors, test.types, dict(absent), confidence_of, threshold
    )
    return replace(judged, examples=examples, absent=strangers)
