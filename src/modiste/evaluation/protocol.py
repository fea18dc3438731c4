"""The evaluation itself: which photos are compared with which, and what cannot be measured.

==============  ==================================================================================
classification  the model's own answer for ``main_test``
scenarios       test photos named from a support set, without training: see `SCENARIOS`
categories      scenario 2, answering with the category; the same model and method
retrieval       scenarios 2 and 3: how well the support photos are ranked for each test photo
few_shot        episodes of the new types, from support and test photos together
selective       scenario 4 as a shop: three items of the support set for each test photo, and what
                the confidence, which never sees a class, is worth for deciding whether to show them
style           models of the rich regime: do the three items look like the photo, at the same type?
text            models of the rich regime: does a test photo's name find it among all photos?
maps            on request: some classes in two dimensions, training and test in one space
between         on request: two classes' centroids, and the photos on the way from one to the other
examples        on request: typical and odd photos of each class, and thumbnails
==============  ==================================================================================

A pair of your own (`evaluate_pair`) goes through all of it as the one scenario ``pair``.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from modiste import __version__
from modiste.datasets import Dataset, Split, Splits
from modiste.datasets.splits import SPLITS, check_type_names
from modiste.errors import DataError
from modiste.evaluation.absent import KINDS, draw_absent
from modiste.evaluation.duplicates import near_duplicates, thumbnails
from modiste.evaluation.few_shot import EPISODES, judge_few_shot
from modiste.evaluation.maps import MapChoice, find_typical, look_between, make_examples, make_maps
from modiste.evaluation.notes import names_of, notes_on
from modiste.evaluation.parts import (
    Answers,
    PhotoSet,
    judge_classification,
    judge_scenario,
    judge_selective,
)
from modiste.evaluation.photos import (
    FoundPhotos,
    NotMeasurable,
    describe,
    find_photos,
    run_on_pixels,
)
from modiste.evaluation.ranking import judge_ranking
from modiste.evaluation.results import (
    Between,
    Examples,
    FewShot,
    Maps,
    ModelInfo,
    Photos,
    Ranking,
    Results,
    Scenario,
    Score,
    Selective,
    Style,
    Text,
)
from modiste.evaluation.rich import look_at_all, measure_style, measure_text
from modiste.evaluation.subject import ConfidenceOf, Model, RichModel
from modiste.progress import Progress, silent
from modiste.support_set import SupportMethod

__all__ = ["SCENARIOS", "evaluate", "evaluate_pair"]

SCENARIOS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "1": (("train",), ("main_test",)),
    "2": (("main_support",), ("main_test",)),
    "3": (("new_support",), ("new_test",)),
    "4": (("main_support", "new_support"), ("main_test", "new_test")),
}
"""The splits that are the support set, and those that are the test."""

PAIR: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {"pair": (("support",), ("test",))}

_PAIRS_SHOWN = 8  # of the pairs confused most often, photos of so many are kept to look at
_WRONG_SHOWN = 4  # photos of each pair


@dataclass(frozen=True)
class _Plan:
    """Which scenarios there are, and of which the other parts are made."""

    scenarios: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    classified: str
    categories: str
    retrieval: tuple[str, ...]
    few_shot: str
    selective: str
    mapped: tuple[str, str]

    @property
    def tests(self) -> list[str]:
        """The splits that are a test, each once."""
        return list(dict.fromkeys(name for _, test in self.scenarios.values() for name in test))


_COURSE = _Plan(
    SCENARIOS,
    "main_test",
    categories="2",
    retrieval=("2", "3"),
    few_shot="3",
    selective="4",
    mapped=("train", "main_test"),
)
_PAIR = _Plan(
    PAIR,
    "test",
    categories="pair",
    retrieval=("pair",),
    few_shot="pair",
    selective="pair",
    mapped=("support", "test"),
)


class Wanted(TypedDict, total=False):
    """What may be asked of an evaluation beside the course's figures; see :func:`evaluate`."""

    rich: RichModel | None
    style_pull: float | None
    confidence_of: ConfidenceOf | None
    methods: Sequence[SupportMethod]
    few_shot: Mapping[str, tuple[int, int, int]]
    maps: MapChoice | None
    progress: Progress


def evaluate(model: Model, dataset: Dataset, splits: Splits, **wanted: Unpack[Wanted]) -> Results:
    """Measure a model on photos whose classes are known.

    The support sets are read by the method stored in the model's calibration, and by `CANDIDATES` and
    ``methods`` beside it for comparison. ``few_shot`` names its parts: ways, shots and episodes of each. A
    part whose splits are not there, or have no photo in the data, is left out, with the reason in the
    results' ``skipped``; so is the selective part without ``confidence_of``. Style and names are looked at if
    the model is given as ``rich``, too, with what agreement in style is worth (``style_pull``). ``maps`` asks
    for what a report shows in pictures. Single photos that are missing are named in ``data``. Raises
    `DataError` when no photo of any split is in the data.
    """
    photos = find_photos(dataset, {name: getattr(splits, name) for name in SPLITS})
    return _measure(model, dataset, photos, _COURSE, **wanted)


def evaluate_pair(
    model: Model, dataset: Dataset, support: Split, test: Split, **wanted: Unpack[Wanted]
) -> Results:
    """:func:`evaluate` for any support set and test of your own; their scenario is called ``pair``.

    Types and categories are whatever the two say: labels of another level or another data set will do.
    `DataError` when the two share a photo or disagree on what a type is called.
    """
    if both := set(support.ids) & set(test.ids):
        raise DataError(
            f"{len(both)} photos are both in the support set and in the test (such as {min(both)})"
        )
    check_type_names(support, test)
    photos = find_photos(dataset, {"support": support, "test": test})
    return _measure(model, dataset, photos, _PAIR, **wanted)


def _measure(
    model: Model,
    dataset: Dataset,
    photos: FoundPhotos,
    plan: _Plan,
    *,
    rich: RichModel | None = None,
    style_pull: float | None = None,
    confidence_of: ConfidenceOf | None = None,
    methods: Sequence[SupportMethod] = (),
    few_shot: Mapping[str, tuple[int, int, int]] = EPISODES,
    maps: MapChoice | None = None,
    progress: Progress = silent,
) -> Results:
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

    with part("embedding"):
        vectors = _embed(model, dataset, photos, progress)
    with part("duplicates"):
        pictures = {
            name: run_on_pixels(thumbnails, dataset, found.rows) for name, found in photos.here.items()
        }

    names = names_of(model, photos)
    answers = Answers({}, {}, {}, {}, {})

    def sets(scenario: str) -> tuple[PhotoSet, PhotoSet]:
        return _sets(plan.scenarios[scenario], photos, vectors, pictures)

    classification: Score | None = None
    with part("classification"):
        [tested] = photos.need(plan.classified)
        classification, predicted = judge_classification(model, dataset, tested, plan.classified)
        answers.keep("classification", [plan.classified], tested.ids, tested.types, predicted, names["types"])

    scenarios: dict[str, Scenario] = {}
    duplicates: dict[str, NDArray[np.bool_]] = {}
    for done, number in enumerate(plan.scenarios, start=1):
        with part(f"scenarios.{number}"):
            support, test = sets(number)
            duplicates[number] = near_duplicates(test.pictures, support.pictures)
            scenarios[number], predicted = judge_scenario(
                support, test, model.calibration.support, methods, duplicates[number]
            )
            tests = plan.scenarios[number][1]
            answers.keep(f"scenarios.{number}", tests, test.ids, test.types, predicted, names["types"])
        progress(done, len(plan.scenarios), "comparing with support sets")

    categories: Scenario | None = None
    with part("categories"):
        support, test = sets(plan.categories)
        categories, predicted = judge_scenario(
            support,
            test,
            model.calibration.support,
            methods,
            duplicates[plan.categories],
            categories=True,
        )
        tests = plan.scenarios[plan.categories][1]
        answers.keep("categories", tests, test.ids, test.categories, predicted, names["categories"])

    retrieval: dict[str, Ranking] = {}
    for number in plan.retrieval:
        with part(f"retrieval.{number}"):
            support, test = sets(number)
            if not np.isin(test.types, support.types).any():
                raise NotMeasurable("the support set has none of the test's types")
            retrieval[number] = judge_ranking(
                test.vectors, test.types, support.vectors, support.types, names["types"]
            )

    episodes: dict[str, FewShot] = {}
    for name, (ways, shots, count) in few_shot.items():
        with part(f"few_shot.{name}"):
            both = sets(plan.few_shot)
            try:
                episodes[name] = judge_few_shot(
                    np.concatenate([one.vectors for one in both]),
                    np.concatenate([one.types for one in both]),
                    ways=ways,
                    shots=shots,
                    episodes=count,
                )
            except ValueError as reason:
                raise NotMeasurable(str(reason)) from reason

    selective: Selective | None = None
    with part("selective"):
        support, test = sets(plan.selective)
        selective = judge_selective(
            support,
            test,
            confidence_of,
            model.calibration.threshold,
            duplicates[plan.selective],
            names["types"],
            _embed_absent(model, dataset) if confidence_of is not None else {},
        )

    style: Style | None = None
    text: Text | None = None
    if rich is not None:
        with part("looking"):
            looks = look_at_all(rich, dataset, progress)
        with part("style"):
            style = measure_style(dataset, photos, plan.scenarios, vectors, looks, style_pull)
        with part("text"):
            text = measure_text(rich, dataset, photos, plan.scenarios, looks)

    mapped: Maps | None = None
    between: Between | None = None
    pictured: Examples | None = None
    if maps is not None:
        progress(0, 1, "drawing the map")
        type_names = names["types"]
        with part("maps"):
            learned, tested = photos.need(*plan.mapped)
            mapped = make_maps(
                (learned, vectors[plan.mapped[0]]),
                (tested, vectors[plan.mapped[1]]),
                type_names,
                maps,
                answers.confusions.get(f"scenarios.{plan.categories}"),
                plan.mapped,
            )
        with part("between"):
            if mapped is None:
                raise NotMeasurable("there is no map")
            found = zip(plan.mapped, photos.need(*plan.mapped), strict=True)
            ends = {name: (each, vectors[name]) for name, each in found}
            between = look_between(ends, type_names, maps.ends(mapped))
        with part("examples"):
            looked_at = [name for name in plan.tests if name in photos.here]
            typical = find_typical([(photos.here[name], vectors[name]) for name in looked_at], type_names)
            pictured = make_examples(typical, _shown(selective, between, answers), dataset)
        progress(1, 1, "drawing the map")

    seconds["total"] = perf_counter() - began
    return Results(
        model=ModelInfo(
            id=model.id,
            dimension=next(iter(vectors.values())).shape[1],
            support=model.calibration.support.as_dict(),
            regime=model.regime,
            named_by=model.named_by,
        ),
        data=describe(photos),
        classification=classification,
        scenarios=scenarios,
        categories=categories,
        selective=selective,
        style=style,
        text=text,
        skipped=skipped,
        notes=notes_on(model, photos, plan.scenarios, plan.classified),
        versions=_versions(),
        seconds=seconds,
        few_shot=episodes,
        retrieval=retrieval,
        names={level: {str(key): name for key, name in each.items()} for level, each in names.items()},
        photos={
            name: Photos(list(found.ids), found.types.tolist(), found.categories.tolist())
            for name, found in photos.here.items()
            if any(name in tests for tests in answers.tests.values())
        },
        tests=answers.tests,
        predictions=answers.predictions,
        per_class=answers.per_class,
        confusions=answers.confusions,
        wrong=answers.wrong,
        maps=mapped,
        between=between,
        examples=pictured,
    )


def _shown(selective: Selective | None, between: Between | None, answers: Answers) -> set[str]:
    """The ids of the photos that a report shows besides typical and odd ones."""
    ids: set[str] = set()
    for example in selective.examples if selective else ():
        ids |= {example.id, *example.items}
    if between:
        ids |= {id for closest in between.nearest.values() for id in closest}
        ids |= {step[0] for way in between.way.values() for step in way}
    for part, wrong in answers.wrong.items():
        often = {(true, called) for true, called, *_ in answers.confusions[part].pairs[:_PAIRS_SHOWN]}
        count: Counter[tuple[str, str]] = Counter()
        for id, (true, called) in wrong.items():
            count[true, called] += 1
            if (true, called) in often and count[true, called] <= _WRONG_SHOWN:
                ids.add(id)
    return ids


# Photos ---------------------------------------------------------------------------------------------------


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


def _embed_absent(model: Model, dataset: Dataset) -> dict[str, NDArray[np.float32]]:
    """Unit vectors of pictures that are no fashion, by kind, made ready as the dataset's photos were."""
    return {
        kind: model.embed(np.stack([dataset.preprocess.fit(picture) for picture in draw_absent(kind)]))
        for kind in KINDS
    }


def _sets(
    scenario: tuple[tuple[str, ...], tuple[str, ...]],
    photos: FoundPhotos,
    vectors: Mapping[str, NDArray[np.float32]],
    pictures: Mapping[str, NDArray[np.float32]],
) -> tuple[PhotoSet, PhotoSet]:
    """The support set and the test of a scenario; `NotMeasurable` when photos of either are not there."""
    photos.need(*(name for names in scenario for name in names))

    def joined(names: tuple[str, ...]) -> PhotoSet:
        splits = photos.need(*names)
        return PhotoSet(
            np.concatenate([vectors[name] for name in names]),
            tuple(photo for split in splits for photo in split.ids),
            np.concatenate([split.types for split in splits]),
            np.concatenate([split.categories for split in splits]),
            np.concatenate([pictures[name] for name in names]),
        )

    support, test = scenario
    return joined(support), joined(test)


def _versions() -> dict[str, str]:
    versions = {"modiste": __version__, "python": platform.python_version()}
    for package in ("numpy", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # figures can be measured without torch, by another encoder
            continue
    return versions
