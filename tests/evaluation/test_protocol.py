"""The evaluation, recomputed photo by photo."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from modiste.datasets import Dataset, Labels, Split, Splits
from modiste.errors import DataError
from modiste.evaluation import Results, evaluate, evaluate_pair, summary
from modiste.evaluation.absent import EACH, KINDS
from modiste.support_set import CANDIDATES, SupportMethod

SCENARIOS = {
    "1": (["train"], ["main_test"]),
    "2": (["main_support"], ["main_test"]),
    "3": (["new_support"], ["new_test"]),
    "4": (["main_support", "new_support"], ["main_test", "new_test"]),
}


@pytest.fixture
def results(model, dataset, splits, confidence_of) -> Results:
    return evaluate(model, dataset, splits, confidence_of=confidence_of)


def photos_of(dataset: Dataset, splits: Splits, names: list[str], model) -> list[tuple[np.ndarray, int, int]]:
    """(vector, type, category) of each photo of these splits, one by one."""
    photos = []
    for name in names:
        split: Split = getattr(splits, name)
        for photo_id, kind, category in zip(split.ids, split.type_ids, split.category_ids, strict=True):
            row = dataset.ids.index(photo_id)
            photos.append((model.embed(dataset.pixels[row : row + 1])[0], int(kind), int(category)))
    return photos


def nearest_three(
    query: np.ndarray, support: list[tuple[np.ndarray, int, int]]
) -> list[tuple[float, int, int]]:
    ranked = sorted(((float(query @ vector), t, c) for vector, t, c in support), reverse=True)
    return ranked[:3]


def vote(neighbours: list[tuple[float, int, int]], level: int) -> int:
    """kNN by hand: the label with the most weight."""
    votes: Counter[int] = Counter()
    for neighbour in neighbours:
        votes[neighbour[level]] += np.exp(neighbour[0] / 0.05)
    return votes.most_common(1)[0][0]


@pytest.mark.parametrize("number", SCENARIOS)
def test_scenarios_photo_by_photo(results: Results, model, dataset, splits, number: str) -> None:
    support, test = (photos_of(dataset, splits, names, model) for names in SCENARIOS[number])
    predicted = [vote(nearest_three(vector, support), 1) for vector, _, _ in test]
    truth = [kind for _, kind, _ in test]
    scenario = results.scenarios[number]
    assert scenario.method == "knn-3"
    assert (scenario.n_support, scenario.n_test) == (len(support), len(test))
    assert scenario.accuracy == pytest.approx(accuracy_score(truth, predicted), abs=1e-9)
    assert scenario.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, predicted), abs=1e-9)
    assert 0.5 < scenario.accuracy < 1
    reported = scenario.methods["knn-3"]
    assert (reported.accuracy, reported.balanced_accuracy) == (scenario.accuracy, scenario.balanced_accuracy)
    assert set(scenario.methods) == {method.label for method in CANDIDATES} | {"knn-3"}


def test_categories_photo_by_photo(results: Results, model, dataset, splits) -> None:
    support, test = (photos_of(dataset, splits, names, model) for names in SCENARIOS["2"])
    predicted = [vote(nearest_three(vector, support), 2) for vector, _, _ in test]
    truth = [category for _, _, category in test]
    assert results.categories is not None
    assert results.categories.accuracy == pytest.approx(accuracy_score(truth, predicted), abs=1e-9)
    assert results.categories.balanced_accuracy == pytest.approx(
        balanced_accuracy_score(truth, predicted), abs=1e-9
    )
    # Photos of one category mistaken for each other's type are no mistakes here.
    assert results.categories.accuracy > results.scenarios["2"].accuracy


def test_selective_photo_by_photo(results: Results, model, dataset, splits) -> None:
    support, test = (photos_of(dataset, splits, names, model) for names in SCENARIOS["4"])
    outcome = []
    for vector, kind, _ in test:
        neighbours = nearest_three(vector, support)
        outcome.append((neighbours[0][0], all(t != kind for _, t, _ in neighbours)))
    outcome.sort(reverse=True)
    n, errors, selective_risk, generalised_risk = len(test), 0, 0.0, 0.0
    for shown, (_, wrong) in enumerate(outcome, start=1):
        errors += wrong
        selective_risk += errors / shown / n
        generalised_risk += errors / n / n
    selective = results.selective
    assert selective is not None
    assert selective.hit_rate == pytest.approx(1 - errors / n, abs=1e-9)
    # The order of cosines within 1e-7 of each other is float32's affair.
    assert selective.aurc == pytest.approx(selective_risk, abs=2e-3)
    assert selective.augrc == pytest.approx(generalised_risk, abs=2e-3)
    assert 0 < selective.eaurc < selective.aurc
    shown = [wrong for cosine, wrong in outcome if cosine >= 0.9]
    assert (selective.threshold, selective.shown) == (0.9, pytest.approx(len(shown) / n))
    assert selective.shown_error == pytest.approx(sum(shown) / len(shown))
    assert (selective.n_test, selective.n_support) == (len(test), len(support))


def test_classification_is_the_networks_own_answer(results: Results, model, dataset, splits) -> None:
    rows = [dataset.ids.index(photo_id) for photo_id in splits.main_test.ids]
    predicted = np.array(model.labels.type_ids)[model.classify(dataset.pixels[rows]).argmax(axis=1)]
    assert results.classification is not None
    assert results.classification.accuracy == pytest.approx(
        accuracy_score(splits.main_test.type_ids, predicted), abs=1e-9
    )
    assert results.classification.balanced_accuracy == pytest.approx(
        balanced_accuracy_score(splits.main_test.type_ids, predicted), abs=1e-9
    )
    assert results.classification.n == len(splits.main_test)


def test_the_confidence_is_told_no_class(model, dataset, splits) -> None:
    given: list[Any] = []

    def spy(*arguments: Any) -> Any:
        given.extend(arguments)
        return np.zeros((len(arguments[0]), 3), np.int64), np.linspace(0, 1, len(arguments[0]))

    results = evaluate(model, dataset, splits, confidence_of=spy)
    assert all(isinstance(one, np.ndarray) and one.dtype.kind == "f" for one in given)  # vectors alone
    queries, catalogue = given[:2]
    assert queries.shape == (len(splits.main_test) + len(splits.new_test), 3)
    assert catalogue.shape == (len(splits.main_support) + len(splits.new_support), 3)
    assert np.allclose(np.linalg.norm(np.concatenate(given), axis=1), 1, atol=1e-6)
    assert results.selective is not None


def test_a_gap_among_the_recommended_is_not_the_last_item(model, dataset, splits) -> None:
    def with_gaps(queries: Any, catalogue: Any) -> Any:
        return np.full((len(queries), 3), -1), np.ones(len(queries))

    with pytest.raises(ValueError, match="expected rows of 46 items; got -1 to -1"):
        evaluate(model, dataset, splits, confidence_of=with_gaps)


def test_the_reported_method_is_the_stored_one_even_if_another_does_better(model, dataset, splits) -> None:
    for method in (SupportMethod("prototypes", centred=True), SupportMethod("knn", k=1)):
        stored = replace(model, calibration=replace(model.calibration, support=method))
        results = evaluate(stored, dataset, splits)
        assert results.model.support == method.as_dict()
        for scenario in [*results.scenarios.values(), results.categories]:
            assert scenario.method == method.label
            assert scenario.accuracy == scenario.methods[method.label].accuracy
            assert set(scenario.methods) == {candidate.label for candidate in CANDIDATES}


def test_every_photo_is_embedded_once_and_progress_is_told(model, dataset, splits) -> None:
    told: list[tuple[int, int, str]] = []
    evaluate(
        replace(model, batches=(batches := [])), dataset, splits, progress=lambda *step: told.append(step)
    )
    # classify() of the fake model embeds main_test once more.
    assert sum(batches) == len(dataset) + len(splits.main_test)
    embedding = [(done, total) for done, total, what in told if what == "embedding photos"]
    assert embedding == sorted(embedding)
    assert embedding[-1] == (len(dataset), len(dataset))
    assert told[-1] == (4, 4, "comparing with support sets")


def test_large_splits_come_in_batches(model, dataset, splits, monkeypatch, confidence_of) -> None:
    whole = evaluate(model, dataset, splits, confidence_of=confidence_of)
    monkeypatch.setattr("modiste.evaluation.photos.PHOTOS_AT_ONCE", 13)
    split_up = replace(model, batches=(batches := []))
    in_batches = evaluate(split_up, dataset, splits, confidence_of=confidence_of)
    *photos, drawn = sorted(batches)[: -len(KINDS) + 1]  # the drawn pictures come by kind
    assert (max(photos), drawn) == (13, EACH)
    assert in_batches.scenarios == whole.scenarios
    assert in_batches.selective == whole.selective


def without(dataset: Dataset, ids: set[str]) -> Dataset:
    kept = [row for row, photo_id in enumerate(dataset.ids) if photo_id not in ids]
    table: pd.DataFrame = dataset.table.iloc[kept].reset_index(drop=True)
    return Dataset(table, dataset.pixels[kept], dataset.preprocess)


def test_splits_that_are_not_there_are_left_out_with_the_reason(
    model, dataset, splits, confidence_of
) -> None:
    main_only = Splits(splits.train, splits.main_support, splits.main_test)
    results = evaluate(model, dataset, main_only, confidence_of=confidence_of)
    assert set(results.scenarios) == {"1", "2"}
    assert results.selective is None
    assert set(results.skipped) == {
        *("scenarios.3", "scenarios.4", "retrieval.3", "selective"),
        *("few_shot.5x1", "few_shot.5x5", "few_shot.30x5"),
    }
    assert results.skipped["scenarios.3"] == "there is no new_support.csv; there is no new_test.csv"
    assert "selective" not in results.as_dict()

    only_train = evaluate(model, dataset, Splits(splits.train), confidence_of=confidence_of)
    assert (only_train.classification, only_train.scenarios, only_train.categories) == (None, {}, None)
    assert "there is no main_test.csv" in only_train.skipped["classification"]


def test_photos_that_are_not_there_are_named(model, dataset, splits, confidence_of) -> None:
    gone = {splits.main_test.ids[0], splits.main_test.ids[-1], *splits.new_support.ids}
    results = evaluate(model, without(dataset, gone), splits, confidence_of=confidence_of)
    found = results.data.splits["main_test"]
    assert found.missing == [splits.main_test.ids[0], splits.main_test.ids[-1]]
    assert found.n == results.classification.n == len(splits.main_test) - 2
    assert "new_support" in results.skipped["scenarios.3"]
    # The photos that are left keep their own labels.
    kept = [i for i, photo_id in enumerate(splits.main_test.ids) if photo_id not in gone]
    rows = [dataset.ids.index(splits.main_test.ids[i]) for i in kept]
    predicted = np.array(model.labels.type_ids)[model.classify(dataset.pixels[rows]).argmax(axis=1)]
    assert results.classification.accuracy == pytest.approx(
        accuracy_score(splits.main_test.type_ids[kept], predicted), abs=1e-9
    )


def test_data_of_another_shop_are_refused(model, dataset, splits) -> None:
    train: Split = splits.train
    elsewhere = replace(train, ids=tuple(f"other-{photo_id}" for photo_id in train.ids))
    with pytest.raises(DataError, match="no photo of any split is in the data"):
        evaluate(model, dataset, Splits(elsewhere))


def test_types_numbered_otherwise_are_not_compared(dataset, splits, model) -> None:
    swapped = Labels(("Ties", "Shirts"), (0, 1), ("category 0",), (0,), (0, 0))
    results = evaluate(replace(model, labels=swapped), dataset, splits)
    assert results.classification is None
    assert "type 0 is Ties to the model and Shirts in main_test" in results.skipped["classification"]
    strange = Labels(("Kites",), (4,), ("category 0",), (0,), (0,))
    results = evaluate(replace(model, labels=strange), dataset, splits)
    assert results.skipped["classification"] == "the model learned none of the types in main_test"


def test_what_would_mislead_is_noted(dataset, splits, model) -> None:
    assert evaluate(model, dataset, splits).notes == []
    all_types = Labels(
        ("Shirts", "Ties", "Belts", "Robes", "Gloves"), (0, 1, 2, 4, 5), ("c",), (0,), (0, 0, 0, 0, 0)
    )
    few = [row for row, kind in enumerate(splits.main_support.type_ids) if kind != 1]
    thin = Split(
        tuple(splits.main_support.ids[row] for row in few),
        splits.main_support.type_ids[few],
        tuple(splits.main_support.type_names[row] for row in few),
        splits.main_support.category_ids[few],
        tuple(splits.main_support.category_names[row] for row in few),
    )
    results = evaluate(replace(model, labels=all_types), dataset, replace(splits, main_support=thin))
    assert results.notes == [
        "scenario 2: the support set has none of Ties; their 10 test photos count as wrong",
        "scenario 4: the support set has none of Ties; their 10 test photos count as wrong",
        "classification: the model did not learn Caps; their 10 test photos count as wrong",
        "scenarios 3 and 4: the model was trained on Gloves, Robes, which are not new to it",
    ]


def test_fingerprints_tell_data_apart(dataset, splits, model) -> None:
    first = evaluate(model, dataset, splits).data
    again = evaluate(replace(model, id="another"), dataset, splits).data
    assert first == again
    assert len({split.fingerprint for split in first.splits.values()}) == 5
    fewer = evaluate(model, without(dataset, {splits.new_test.ids[3]}), splits).data
    assert fewer.fingerprint != first.fingerprint
    assert fewer.splits["main_test"] == first.splits["main_test"]
    assert fewer.splits["new_test"].fingerprint != first.splits["new_test"].fingerprint
    relabelled = replace(
        splits, main_test=replace(splits.main_test, category_ids=splits.main_test.category_ids + 1)
    )
    assert evaluate(model, dataset, relabelled).data.fingerprint != first.fingerprint


@dataclass(frozen=True)
class FakeRich:
    """Its style is whether a photo is red; a name's vector is that of the photos whose name it is."""

    dataset: Dataset
    batches: list[int]

    def look(self, pixels: np.ndarray) -> Any:
        self.batches.append(len(pixels))
        red = pixels[..., 0].reshape(len(pixels), -1).mean(axis=1) / 255
        style = np.stack([red > 0.5, red <= 0.5], axis=1).astype(np.float32)
        words = {
            "baseColour": np.where(red > 0.5, "Red", "Blue"),
            "usage": np.array(["Casual"] * len(pixels)),
        }
        return SimpleNamespace(style=style, words=words, for_text=self._of(pixels))

    def _of(self, pixels: np.ndarray) -> np.ndarray:
        flat = pixels.reshape(len(pixels), -1).astype(np.float32) - 127.5
        return flat / np.linalg.norm(flat, axis=1, keepdims=True)

    def embed_text(self, texts: list[str]) -> np.ndarray:
        return self._of(
            self.dataset.pixels[[self.dataset.ids.index(text.partition(" ")[2]) for text in texts]]
        )


def with_attributes(dataset: Dataset) -> Dataset:
    red = dataset.pixels[..., 0].reshape(len(dataset), -1).mean(axis=1) / 255 > 0.5
    table = dataset.table.assign(
        name=[f"photo {id}" for id in dataset.ids], baseColour=np.where(red, "Red", "Blue"), usage="NA"
    )
    return Dataset(table, dataset.pixels, dataset.preprocess)


def test_a_rich_model_is_also_asked_for_style_and_names(model, dataset, splits, confidence_of) -> None:
    described = with_attributes(dataset)
    rich = FakeRich(described, [])
    found = evaluate(model, described, splits, rich=rich, style_pull=0.3, confidence_of=confidence_of)
    assert sum(rich.batches) == len(dataset)  # once each
    style, text = found.style, found.text
    assert style is not None
    assert text is not None
    assert (style.pull, style.among) == (0.3, 20)
    assert style.named == {"baseColour": 1.0}  # of usage nothing is known
    assert list(style.scenarios) == ["1", "2", "3", "4"]
    gains = [s.styled.same["baseColour"] - s.plain.same["baseColour"] for s in style.scenarios.values()]
    assert min(gains) >= 0 < max(gains)
    # The first item by type is what the nearest neighbour says.
    by_type = found.scenarios["4"].methods["knn-1"].accuracy
    assert style.scenarios["4"].plain.first_of_type == pytest.approx(by_type)
    assert text.n_pool == len(dataset)
    assert {split: (r.recall_at_1, r.n) for split, r in text.queries.items()} == {
        "main_test": (1.0, 40),
        "new_test": (1.0, 18),
        "both": (1.0, 58),
    }
    course = evaluate(model, described, splits, confidence_of=confidence_of)
    assert (course.style, course.text) == (None, None)
    assert course.scenarios == found.scenarios  # style has no part in telling types
    assert Results.from_dict(found.as_dict()) == found
    for title in ("same baseColour", "4. both supports → both tests, in style", "recall@10"):
        assert title in summary(found)


def test_what_a_rich_evaluation_lacks_is_said(model, dataset, splits) -> None:
    plain = evaluate(model, dataset, splits, rich=FakeRich(dataset, []), style_pull=0.1)
    assert plain.skipped["style"] == "the data says nothing of base colour, gender, usage or season"
    assert plain.skipped["text"] == "no test photo has a name"
    described = with_attributes(dataset)
    without_pull = evaluate(model, described, splits, rich=FakeRich(described, []))
    assert without_pull.skipped["style"] == "the model has no style part"


def test_a_pair_is_asked_for_style_and_names_too(model, dataset, splits) -> None:
    described = with_attributes(dataset)
    found = evaluate_pair(
        model,
        described,
        splits.new_support,
        splits.new_test,
        rich=FakeRich(described, []),
        style_pull=0.3,
    )
    whole = evaluate(model, described, splits, rich=FakeRich(described, []), style_pull=0.3)
    assert found.style.scenarios == {"pair": whole.style.scenarios["3"]}
    assert found.text.queries == {"test": whole.text.queries["new_test"]}
    assert "support → test, in style" in summary(found)
