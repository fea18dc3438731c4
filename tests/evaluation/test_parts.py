"""What results say beyond accuracies: enough to draw every figure without the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from modiste.datasets import Dataset, Split, Splits
from modiste.errors import DataError
from modiste.evaluation import Results, evaluate, evaluate_pair, summary
from modiste.expansion import expand
from modiste.metrics import judge_retrieval
from modiste.support_set import SupportMethod


@pytest.fixture
def results(model, dataset, splits, confidence_of) -> Results:
    return evaluate(
        model, dataset, splits, confidence_of=confidence_of, few_shot={"2x1": (2, 1, 30), "9x1": (9, 1, 30)}
    )


def truth_of(results: Results, part: str) -> list[int]:
    splits = [results.photos[name] for name in results.tests[part]]
    return [t for split in splits for t in (split.categories if part == "categories" else split.types)]


PARTS = ("classification", "scenarios.1", "scenarios.2", "scenarios.3", "scenarios.4", "categories")


@pytest.mark.parametrize("part", PARTS)
def test_predictions_tell_every_figure(results: Results, part: str) -> None:
    truth, predicted = truth_of(results, part), results.predictions[part]
    score = {"classification": results.classification, "categories": results.categories}.get(part)
    score = score or results.scenarios[part.removeprefix("scenarios.")]
    assert score.accuracy == pytest.approx(np.mean(np.array(truth) == predicted), abs=1e-9)
    low, high = score.interval
    assert low <= score.accuracy <= high
    assert score.top_k["1"] == pytest.approx(score.accuracy, abs=1e-9)
    assert score.top_k["1"] <= score.top_k["3"] <= score.top_k["5"]

    names = results.names["categories" if part == "categories" else "types"]
    labels = sorted({*truth, *predicted})
    report = sklearn_metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    for label, *row in zip(labels, *report, strict=True):
        found = results.per_class[part][names[str(label)]]
        assert [found.precision, found.recall, found.f1, found.support] == pytest.approx(row, abs=1e-9)
    matrix = sklearn_metrics.confusion_matrix(truth, predicted)
    assert results.confusions[part].matrix == matrix.tolist()
    assert results.confusions[part].labels == [names[str(label)] for label in labels]
    true, called, often, share = results.confusions[part].pairs[0]
    np.fill_diagonal(matrix, 0)
    assert often == matrix.max()
    assert share == pytest.approx(often / results.per_class[part][true].support)
    assert true != called

    ids = [photo for name in results.tests[part] for photo in results.photos[name].ids]
    wrong = {
        photo: [names[str(t)], names[str(p)]]
        for photo, t, p in zip(ids, truth, predicted, strict=True)
        if t != p
    }
    assert results.wrong[part] == wrong
    assert wrong


def test_calibration_of_the_networks_answers(results: Results, model, dataset, splits) -> None:
    rows = [dataset.ids.index(photo) for photo in splits.main_test.ids]
    sure = model.classify(dataset.pixels[rows]).max(axis=1)
    found = results.classification.calibration
    assert sum(found.counts) == len(rows)
    assert np.dot(found.counts, found.confidence) / len(rows) == pytest.approx(sure.mean(), abs=1e-6)
    assert np.dot(found.counts, found.accuracy) / len(rows) == pytest.approx(results.classification.accuracy)
    assert found.ece == pytest.approx(
        sum(
            n / len(rows) * abs(c - a)
            for n, c, a in zip(found.counts, found.confidence, found.accuracy, strict=True)
        )
    )


def test_few_shot_and_what_is_too_much_to_ask(results: Results) -> None:
    found = results.few_shot["2x1"]
    assert found.episodes == len(found.each) == 30
    assert found.accuracy == pytest.approx(np.mean(found.each))
    assert found.interval[0] < found.accuracy < found.interval[1]
    assert results.skipped["few_shot.9x1"].startswith("expected 9 classes with 16 photos")
    assert "2 types from 1 photo each: accuracy" in summary(results)


def test_retrieval_is_that_of_the_scenario(results: Results, model, dataset, splits) -> None:
    def photos(split: Split) -> tuple[np.ndarray, np.ndarray]:
        return model.embed(dataset.pixels[[dataset.ids.index(photo) for photo in split.ids]]), split.type_ids

    assert set(results.retrieval) == {"2", "3"}
    found = results.retrieval["3"]
    expected = judge_retrieval(*photos(splits.new_test), *photos(splits.new_support))
    assert found.each == pytest.approx(expected.average_precision.tolist(), abs=1e-6)
    assert found.map == pytest.approx(np.mean(found.each))
    assert found.balanced_map == pytest.approx(np.mean(list(found.by_class.values())))
    assert found.precision_at["1"] == found.precision_at_1
    queries, gallery = expand(photos(splits.new_test)[0], photos(splits.new_support)[0])
    again = judge_retrieval(queries, splits.new_test.type_ids, gallery, splits.new_support.type_ids)
    assert found.expanded.each == pytest.approx(again.average_precision.tolist(), abs=1e-6)
    assert found.expanded.map == pytest.approx(np.mean(found.expanded.each))
    assert found.expanded.precision_at_1 == pytest.approx(again.precision_at[1].mean())
    assert found.interval[0] <= found.map <= found.interval[1]
    assert [recall for recall, _ in found.curve] == pytest.approx(np.linspace(0, 1, 21).tolist())


def test_examples_are_of_all_four_kinds(results: Results, splits) -> None:
    selective = results.selective
    ids = [photo for name in results.tests["scenarios.4"] for photo in results.photos[name].ids]
    kinds = set()
    for example in selective.examples:
        at = ids.index(example.id)
        assert example.confidence == selective.confidence[at]
        assert example.shown == (example.confidence >= selective.threshold)
        assert example.right == bool(selective.hits[at]) == (example.type in example.item_types)
        assert set(example.items) <= {*splits.main_support.ids, *splits.new_support.ids}
        kinds.add((example.shown, example.right))
    assert len(kinds) >= 3
    assert np.mean(selective.hits) == pytest.approx(selective.hit_rate)


def test_selective_figures_have_intervals_and_a_table(results: Results) -> None:
    found = results.selective
    low, high = found.intervals["aurc"]
    assert low <= found.aurc <= high
    assert found.table[0].coverage == 1
    assert found.table[0].error == pytest.approx(1 - found.hit_rate)
    for row in found.table:
        shown = np.array(found.confidence) >= row.threshold
        assert row.coverage == pytest.approx(shown.mean())
    for error, threshold in found.threshold_at_error.items():
        if threshold is not None:
            shown = np.array(found.confidence) >= threshold
            assert shown.mean() == pytest.approx(found.coverage_at_error[error])
            assert 1 - np.array(found.hits)[shown].mean() <= float(error) + 1e-9
    assert list(found.error_at_coverage) == ["0.5", "0.7", "0.9"]


def test_near_duplicates_are_named_and_left_out(model, dataset, splits, confidence_of) -> None:
    twice = dataset.ids.index(splits.new_test.ids[0]), dataset.ids.index(splits.new_support.ids[0])
    pixels = np.array(dataset.pixels)
    pixels[twice[0]] = pixels[twice[1]]
    found = evaluate(
        model,
        Dataset(dataset.table, pixels, dataset.preprocess),
        splits,
        confidence_of=confidence_of,
    )
    for number in "34":
        scenario = found.scenarios[number]
        assert scenario.duplicates == [splits.new_test.ids[0]]
        assert scenario.without_duplicates.n == scenario.n_test - 1
    assert found.selective.without_duplicates["n_test"] == found.selective.n_test - 1
    hits = [
        hit
        for hit, photo in zip(
            found.selective.hits, [*splits.main_test.ids, *splits.new_test.ids], strict=True
        )
        if photo != splits.new_test.ids[0]
    ]
    assert found.selective.without_duplicates["hit_rate"] == pytest.approx(np.mean(hits))


def test_other_methods_beside_the_usual(model, dataset, splits) -> None:
    asked = [SupportMethod.from_label(name) for name in ("multi-prototypes-2", "logistic", "mlp")]
    found = evaluate(model, dataset, splits, methods=asked)
    for name in ("multi-prototypes-2", "logistic", "mlp"):
        assert found.scenarios["2"].methods[name].accuracy > 0.5, "of four types"
    assert found.scenarios["3"].method == "knn-3"


def test_a_pair_of_ones_own_is_scenario_3_by_another_name(
    model, dataset, splits: Splits, confidence_of
) -> None:
    course = evaluate(model, dataset, splits)
    pair = evaluate_pair(
        model, dataset, splits.new_support, splits.new_test, confidence_of=confidence_of, few_shot={}
    )
    assert list(pair.scenarios) == ["pair"]
    assert pair.predictions["scenarios.pair"] == course.predictions["scenarios.3"]
    assert pair.retrieval["pair"] == course.retrieval["3"]
    assert pair.skipped == {"classification": "the model learned none of the types in test"}
    assert pair.categories is not None
    assert pair.selective is not None
    assert pair.selective.n_test == len(splits.new_test)
    assert "| support → test" in summary(pair)


def test_a_pair_must_not_share_photos_or_quarrel_over_names(model, dataset, splits) -> None:
    with pytest.raises(DataError, match="both in the support set and in the test"):
        evaluate_pair(model, dataset, splits.new_test, splits.new_test)
    asked = splits.new_test
    renamed = replace(
        asked, type_names=("Kites",) * len(asked), type_ids=np.full(len(asked), int(asked.type_ids[0]))
    )
    with pytest.raises(DataError, match="Kites"):
        evaluate_pair(model, dataset, splits.new_support, renamed)
