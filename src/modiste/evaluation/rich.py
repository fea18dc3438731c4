"""The parts of an evaluation that only a model of the rich regime has: style, and names of products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.datasets.attributes import attribute_columns, names_of
from modiste.evaluation.photos import PHOTOS_AT_ONCE, FoundPhotos, NotMeasurable
from modiste.evaluation.results import Style, Text
from modiste.evaluation.style import Described, judge_style, share_named
from modiste.evaluation.subject import RichModel
from modiste.evaluation.text import find_by_text
from modiste.progress import Progress
from modiste.recommendation.style import AMONG

__all__ = ["Looks", "look_at_all", "measure_style", "measure_text"]

Scenarios = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


class Looks(NamedTuple):
    """What the rich parts of a model say of all N photos of the dataset."""

    style: NDArray[np.float32] | None
    words: dict[str, NDArray[Any]]
    for_text: NDArray[np.float32] | None


def look_at_all(model: RichModel, dataset: Dataset, progress: Progress) -> Looks:
    made = []
    for start in range(0, len(dataset), PHOTOS_AT_ONCE):
        made.append(model.look(dataset.pixels[start : start + PHOTOS_AT_ONCE]))
        progress(min(start + PHOTOS_AT_ONCE, len(dataset)), len(dataset), "looking at style")

    def joined(parts: list[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
        there = [part for part in parts if part is not None]
        return np.concatenate(there) if there else None

    words = {name: np.concatenate([look.words[name] for look in made]) for name in made[0].words}
    return Looks(joined([look.style for look in made]), words, joined([look.for_text for look in made]))


def measure_style(
    dataset: Dataset,
    photos: FoundPhotos,
    scenarios: Scenarios,
    vectors: Mapping[str, NDArray[np.float32]],
    looks: Looks,
    pull: float | None,
) -> Style:
    """Every scenario whose photos are there, by type alone and in style; ``vectors`` (N, D) are by split."""
    styles = looks.style
    if styles is None or pull is None:
        raise NotMeasurable("the model has no style part")
    known = {name: np.array(words) for name, words in attribute_columns(dataset.table).items()}
    known = {name: words for name, words in known.items() if (words != "").any()}
    if not known:
        raise NotMeasurable("the data says nothing of base colour, gender, usage or season")

    def described(names: tuple[str, ...]) -> Described:
        found = photos.need(*names)
        rows = np.concatenate([split.rows for split in found])
        return Described(
            np.concatenate([vectors[name] for name in names]),
            styles[rows],
            np.concatenate([split.types for split in found]),
            {name: words[rows] for name, words in known.items()},
        )

    judged = {
        number: judge_style(described(support), described(test), pull=pull)
        for number, (support, test) in scenarios.items()
        if {*support, *test} <= photos.here.keys()
    }
    if not judged:
        raise NotMeasurable("no scenario has photos in the data")
    rows = np.concatenate([photos.here[name].rows for name in _tests(scenarios, photos)])
    named = share_named(
        {name: words[rows] for name, words in known.items()},
        {name: words[rows] for name, words in looks.words.items()},
    )
    return Style(pull, AMONG, named, judged)


def measure_text(
    model: RichModel, dataset: Dataset, photos: FoundPhotos, scenarios: Scenarios, looks: Looks
) -> Text:
    """The names of each split's test photos, looked for among all photos of the dataset."""
    if looks.for_text is None:
        raise NotMeasurable("the model has no text encoder")
    names = names_of(dataset.table)
    numbered = np.unique(names, return_inverse=True)[1].astype(np.int64)
    rows_of: dict[str, NDArray[np.int64]] = {
        split: np.array(
            [row for row in photos.here[split].rows.tolist() if any(map(str.isalnum, names[row]))]
        )
        for split in _tests(scenarios, photos)
    }
    rows_of = {split: rows for split, rows in rows_of.items() if len(rows)}
    if not rows_of:
        raise NotMeasurable("no test photo has a name")
    if len(rows_of) > 1:
        rows_of["both"] = np.concatenate(list(rows_of.values()))
    queries = {
        split: find_by_text(model.embed_text([names[row] for row in rows]), looks.for_text, rows, numbered)
        for split, rows in rows_of.items()
    }
    return Text(len(dataset), queries)


def _tests(scenarios: Scenarios, photos: FoundPhotos) -> list[str]:
    """The splits that are a test and have photos here, each once."""
    tests = dict.fromkeys(name for _, test in scenarios.values() for name in test)
    return [name for name in tests if name in photos.here]
