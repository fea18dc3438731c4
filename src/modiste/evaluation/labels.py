"""How well a model names photos: one label each, one of each group, or any number.

``results.json`` of `modiste score` is :meth:`LabelResults.as_dict` as it is; nothing in it is rounded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.datasets.label_set import LabelSet
from modiste.datasets.targets import Targets
from modiste.errors import DataError
from modiste.evaluation.photos import run_on_pixels
from modiste.metrics import confusion_matrix
from modiste.metrics.labels import (
    f1_micro,
    group_accuracy,
    mean_average_precision,
    per_label,
    subset_accuracy,
)
from modiste.progress import Progress, silent

__all__ = [
    "LabelResults",
    "LabelScore",
    "Task",
    "evaluate_labels",
    "judge_labels",
    "label_summary",
    "write_label_results",
]

FORMAT = 1


class Namer(Protocol):
    """What an evaluation asks of a model; see `modiste.label_model.LabelModel`."""

    @property
    def id(self) -> str: ...
    @property
    def labels(self) -> LabelSet: ...
    @property
    def answer(self) -> str: ...
    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...
    def decide(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]: ...


@dataclass(frozen=True)
class LabelScore:
    """One label: shares in [0, 1], and how many of the photos bear it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Task:
    """A group of labels of which a photo bears one: the most probable one is the answer.

    Over the ``n`` photos that bear one. ``confusion`` has a row for each of ``labels``, true, and a column
    for each, said. A label the model never learned counts as missed, and has its own name.
    """

    accuracy: float
    balanced_accuracy: float
    n: int
    labels: list[str]
    confusion: list[list[int]]


@dataclass(frozen=True)
class LabelResults:
    """What `judge_labels` found over ``n`` photos.

    ``accuracy`` is the mean over the tasks, None without any; the rest counts every label by itself, macro
    figures those that at least one photo bears.
    ``misclassified`` maps the id of each photo that is not wholly right to what it bears and what was said.
    """

    model: str
    part: str
    n: int
    accuracy: float | None
    subset_accuracy: float
    f1_micro: float
    f1_macro: float
    precision_macro: float
    recall_macro: float
    mean_average_precision: float
    labels: dict[str, LabelScore]
    tasks: dict[str, Task]
    misclassified: dict[str, dict[str, list[str]]] = field(repr=False)
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_labels(
    model: Namer, dataset: Dataset, targets: Targets, part: str = "test", *, progress: Progress = silent
) -> LabelResults:
    """Measure a model on the photos of one part. `DataError` if none of them is in the data."""
    chosen = targets.where(part)
    row_of = {id: row for row, id in enumerate(dataset.ids)}
    there = [at for at in chosen.tolist() if targets.ids[at] in row_of]
    if not there:
        raise DataError(f"none of the {len(chosen)} photos in {part} is in the data")
    rows = np.array([row_of[targets.ids[at]] for at in there], np.int64)
    probabilities = run_on_pixels(
        model.probabilities, dataset, rows, lambda done: progress(done, len(rows), "naming photos")
    )
    return judge_labels(
        model,
        probabilities,
        [targets.ids[at] for at in there],
        [targets.lists[at] for at in there],
        part=part,
        missing=sorted({targets.ids[at] for at in chosen.tolist()} - row_of.keys()),
    )


def judge_labels(
    model: Namer,
    probabilities: NDArray[np.float32],
    ids: Sequence[str],
    truth: Sequence[Sequence[str]],
    *,
    part: str = "test",
    missing: Sequence[str] = (),
) -> LabelResults:
    """Probabilities (N, C) of the model's labels against the ``truth`` of N photos.

    Labels the model never learned count as missed: they are added to its own, and said of no photo.
    """
    known = set(model.labels.names)
    strange = sorted({label for labels in truth for label in labels} - known)
    single = set(model.labels.groups) - {""} if len(set(model.labels.groups)) == 1 else set()
    groups = {name: next(iter(single), _group_like(name, model.labels)) for name in strange}
    labels = LabelSet((*model.labels.names, *strange), (*model.labels.groups, *groups.values()))
    true = labels.matrix(truth)
    absent = np.zeros((len(ids), len(strange)))
    sure = np.concatenate([probabilities, absent - 1], axis=1)  # below whatever was said
    said = np.concatenate([model.decide(probabilities), absent > 0], axis=1)
    each = per_label(true, said)
    borne = each.support > 0
    tasks = {
        name: _task(true, sure, labels, where) for name, where in labels.tasks.items() if true[:, where].any()
    }
    names = np.array(labels.names)
    wrong = np.flatnonzero((true != said).any(axis=1))
    return LabelResults(
        model=model.id,
        part=part,
        n=len(ids),
        accuracy=float(np.mean([task.accuracy for task in tasks.values()])) if tasks else None,
        subset_accuracy=subset_accuracy(true, said),
        f1_micro=f1_micro(true, said),
        f1_macro=float(each.f1[borne].mean()) if borne.any() else 0.0,
        precision_macro=float(each.precision[borne].mean()) if borne.any() else 0.0,
        recall_macro=float(each.recall[borne].mean()) if borne.any() else 0.0,
        mean_average_precision=mean_average_precision(true, sure),
        labels={
            name: LabelScore(
                float(each.precision[at]), float(each.recall[at]), float(each.f1[at]), int(each.support[at])
            )
            for at, name in enumerate(labels.names)
        },
        tasks=tasks,
        misclassified={
            ids[row]: {
                "true": names[true[row].astype(bool)].tolist(),
                "said": names[said[row]].tolist(),
            }
            for row in wrong.tolist()
        },
        missing=list(missing),
    )


def _task(
    true: NDArray[np.uint8], sure: NDArray[np.floating[Any]], labels: LabelSet, where: NDArray[np.int64]
) -> Task:
    photos = np.flatnonzero(true[:, where].any(axis=1))
    truth = true[np.ix_(photos, where)].argmax(axis=1)
    said = sure[np.ix_(photos, where)].argmax(axis=1)
    counts, _ = confusion_matrix(truth, said, np.arange(len(where)))
    borne = counts.sum(axis=1) > 0
    return Task(
        accuracy=group_accuracy(true, sure, where),
        balanced_accuracy=float((counts.diagonal()[borne] / counts.sum(axis=1)[borne]).mean()),
        n=len(photos),
        labels=[labels.names[at] for at in where],
        confusion=counts.tolist(),
    )


def _group_like(name: str, labels: LabelSet) -> str:
    """The group a label would be in by its spelling, if the model has such a one."""
    prefix = name.partition(":")[0]
    return prefix if ":" in name and prefix in labels.groups else ""


def write_label_results(results: dict[str, LabelResults], file: Path) -> None:
    """The results of each part as JSON, beside its place first, then moved there."""
    beside = file.with_name(f".{file.name}.unfinished")
    values = {part: found.as_dict() for part, found in results.items()}
    beside.write_text(json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    beside.replace(file)


def label_summary(results: LabelResults, *, most: int = 10) -> str:
    """The main figures for people, with the labels named worst; no line break at the end."""
    lines = [f"{results.model} on {results.n:,} photos ({results.part})"]
    single = [*map(len, (task.labels for task in results.tasks.values()))] == [len(results.labels)]
    if results.accuracy is not None:
        what = "accuracy" if len(results.tasks) == 1 else f"mean accuracy of {len(results.tasks)} groups"
        lines.append(f"{what}  {results.accuracy:.4f}")
    if not single:
        lines += [f"  {name}  {task.accuracy:.4f}" for name, task in results.tasks.items()]
        lines.append(f"all labels right  {results.subset_accuracy:.4f}")
        lines.append(f"mAP  {results.mean_average_precision:.4f}")
    lines.append(f"F1  micro {results.f1_micro:.4f}, macro {results.f1_macro:.4f}")
    borne = {name: score for name, score in results.labels.items() if score.support}
    worst = sorted(borne.items(), key=lambda item: item[1].f1)[:most]
    lines.append("precision  recall  F1     photos  label")
    lines += [
        f"{score.precision:9.3f}  {score.recall:6.3f}  {score.f1:5.3f}  {score.support:6,}  {name}"
        for name, score in worst
    ]
    if len(borne) > most:
        lines.append(f"and {len(borne) - most} labels with a higher F1")
    return "\n".join(lines)
