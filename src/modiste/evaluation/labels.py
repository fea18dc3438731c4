"""How well a model names photos: one label each, one of each group, or any number.

``results.json`` of `modiste score` is :meth:`LabelResults.as_dict` as it is; nothing in it is rounded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.datasets.label_set import LabelSet
from modiste.datasets.targets import Targets
from modiste.errors import DataError
from modiste.evaluation.maps import thumbnail
from modiste.evaluation.photos import run_on_pixels
from modiste.evaluation.results import from_values, write_values
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
    "Mistake",
    "Task",
    "evaluate_labels",
    "holds_labels",
    "judge_labels",
    "label_summary",
    "read_label_results",
    "write_label_results",
]

FORMAT = 1
# Of how many kinds of mistakes photos are kept to look at, and how many of each.
KINDS_SHOWN, PHOTOS_SHOWN = 12, 4


class Judged(Protocol):
    """Who gave the probabilities that are judged, and which labels they amount to."""

    @property
    def id(self) -> str: ...
    @property
    def labels(self) -> LabelSet: ...
    def decide(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]: ...


class Namer(Judged, Protocol):
    """What an evaluation asks of a model; see `modiste.label_model.LabelModel`."""

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...


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
    for each, said. A label the model never learned counts as missed, and has its own name. ``wrong`` are the
    ids of the photos for which another label was the most probable one.
    """

    accuracy: float
    balanced_accuracy: float
    n: int
    labels: list[str]
    confusion: list[list[int]]
    wrong: list[str] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Mistake:
    """Photos that bear the label ``true`` and were given ``said`` in its place.

    Without a label in its place ``said`` is empty: missed. Where none was missed ``true`` is: one too many.
    ``share`` is that of the photos that bear ``true``, or of those that were given ``said``.
    """

    true: str
    said: str
    photos: list[str]
    share: float


@dataclass(frozen=True)
class LabelResults:
    """What `judge_labels` found over ``n`` photos.

    ``accuracy`` is the mean over the tasks, None without any; the rest counts every label by itself, macro
    figures those that at least one photo bears.
    ``misclassified`` maps the id of each photo that is not wholly right to what it bears and what was said,
    ``right`` that of each other photo to what it bears. ``mistakes`` are the same by their kind, the most
    frequent first; of some there are ``thumbnails``, on request: data URIs by id.
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
    right: dict[str, list[str]] = field(default_factory=dict, repr=False)
    mistakes: list[Mistake] = field(default_factory=list, repr=False)
    thumbnails: dict[str, str] = field(default_factory=dict, repr=False)
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_labels(
    model: Namer,
    dataset: Dataset,
    targets: Targets,
    part: str = "test",
    *,
    photos: bool = False,
    progress: Progress = silent,
) -> LabelResults:
    """Measure a model on the photos of one part. `DataError` if none of them is in the data.

    With ``photos``, some of those named wrongly are kept as thumbnails, for a report.
    """
    chosen = targets.where(part)
    row_of = {id: row for row, id in enumerate(dataset.ids)}
    there = [at for at in chosen.tolist() if targets.ids[at] in row_of]
    if not there:
        raise DataError(f"none of the {len(chosen)} photos in {part} is in the data")
    rows = np.array([row_of[targets.ids[at]] for at in there], np.int64)
    probabilities = run_on_pixels(
        model.probabilities, dataset, rows, lambda done: progress(done, len(rows), "naming photos")
    )
    results = judge_labels(
        model,
        probabilities,
        [targets.ids[at] for at in there],
        [targets.lists[at] for at in there],
        part=part,
        missing=sorted({targets.ids[at] for at in chosen.tolist()} - row_of.keys()),
    )
    if not photos:
        return results
    shown = {id for one in results.mistakes[:KINDS_SHOWN] for id in one.photos[:PHOTOS_SHOWN]}
    return replace(results, thumbnails={id: thumbnail(dataset.pixels[row_of[id]]) for id in sorted(shown)})


def judge_labels(
    model: Judged,
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
        name: _task(ids, true, sure, labels, where)
        for name, where in labels.tasks.items()
        if true[:, where].any()
    }
    names = np.array(labels.names)
    wrong = (true != said).any(axis=1)
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
            for row in np.flatnonzero(wrong).tolist()
        },
        missing=list(missing),
        right={ids[row]: names[true[row].astype(bool)].tolist() for row in np.flatnonzero(~wrong).tolist()},
        mistakes=_mistakes(ids, true.astype(bool), said.astype(bool), labels),
    )


def _mistakes(
    ids: Sequence[str], true: NDArray[np.bool_], said: NDArray[np.bool_], labels: LabelSet
) -> list[Mistake]:
    """Labels in the place of others of their group, missed ones, and ones too many."""
    photos: dict[tuple[str, str], list[str]] = {}
    for row in np.flatnonzero((true != said).any(axis=1)).tolist():
        for kind in _kinds(true[row], said[row], labels):
            photos.setdefault(kind, []).append(ids[row])
    bear = dict(zip(labels.names, true.sum(axis=0).tolist(), strict=True))
    given = dict(zip(labels.names, said.sum(axis=0).tolist(), strict=True))
    found = [
        Mistake(label, other, where, len(where) / (bear[label] if label else given[other]))
        for (label, other), where in photos.items()
    ]
    return sorted(found, key=lambda one: (-len(one.photos), one.true, one.said))


def _kinds(true: NDArray[np.bool_], said: NDArray[np.bool_], labels: LabelSet) -> Iterator[tuple[str, str]]:
    """The mistakes in one photo's labels: (true, said), one of which may be empty."""
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for at in np.flatnonzero(true != said).tolist():
        name = labels.names[at]
        missed, extra = groups.setdefault(labels.groups[at] or f":{name}", ([], []))
        (missed if true[at] else extra).append(name)
    for missed, extra in groups.values():
        for label in missed or [""]:
            for other in extra or [""]:
                yield label, other


def _task(
    ids: Sequence[str],
    true: NDArray[np.uint8],
    sure: NDArray[np.floating[Any]],
    labels: LabelSet,
    where: NDArray[np.int64],
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
        wrong=[ids[photo] for photo in photos[truth != said].tolist()],
    )


def _group_like(name: str, labels: LabelSet) -> str:
    """The group a label would be in by its spelling, if the model has such a one."""
    prefix = name.partition(":")[0]
    return prefix if ":" in name and prefix in labels.groups else ""


def write_label_results(results: dict[str, LabelResults], file: Path) -> None:
    """The results of each part as JSON, beside its place first, then moved there."""
    write_values({part: found.as_dict() for part, found in results.items()}, file)


def holds_labels(file: str | Path) -> bool:
    """Whether a file is one that `write_label_results` wrote, and none of `modiste evaluate`."""
    try:
        values = json.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    parts = list(values.values()) if isinstance(values, dict) else []
    return bool(parts) and all(isinstance(part, dict) and "tasks" in part for part in parts)


def read_label_results(file: str | Path) -> dict[str, LabelResults]:
    """What :func:`write_label_results` wrote; `DataError` when it is not there or something else."""
    expected = f"{file}: expected the JSON that modiste score writes, or modiste train --label"
    try:
        values = json.loads(Path(file).read_text("utf-8"))
        found = {part: from_values(LabelResults, each) for part, each in values.items()}
    except (OSError, ValueError) as problem:
        raise DataError(f"{expected}; {problem}") from problem
    except (KeyError, TypeError, AttributeError) as problem:
        raise DataError(f"{expected}; got something else: {problem!r}") from problem
    if not found or any(one.format != FORMAT for one in found.values()):
        raise DataError(f"{expected}, in format {FORMAT}; score the model again")
    return found


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
