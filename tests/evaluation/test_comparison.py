"""Comparisons, recomputed from the photos' own answers, and what must not be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modiste.errors import DataError
from modiste.evaluation import Results, compare, comparison_table, evaluate
from modiste.support_set import SupportMethod


@pytest.fixture
def first(model, dataset, splits, confidence_of) -> Results:
    return evaluate(model, dataset, splits, confidence_of=confidence_of, few_shot={"2x1": (2, 1, 20)})


@pytest.fixture
def second(model, dataset, splits, confidence_of) -> Results:
    worse = replace(model.calibration, support=SupportMethod("knn", k=1))
    other = replace(model, id="other", calibration=worse)
    return evaluate(other, dataset, splits, confidence_of=confidence_of, few_shot={"2x1": (2, 1, 20)})


def test_values_are_those_of_the_results(first: Results, second: Results) -> None:
    found = compare([first, second])
    assert found.models == [first.model.id, "other"]
    for number in "1234":
        values = [one.scenarios[number].balanced_accuracy for one in (first, second)]
        assert found.figures[f"scenarios.{number} balanced accuracy"] == pytest.approx(values, abs=1e-9)
    for key, of in [
        ("classification accuracy", lambda one: one.classification.accuracy),
        ("categories accuracy", lambda one: one.categories.accuracy),
        ("retrieval.3 mAP", lambda one: one.retrieval["3"].map),
        ("retrieval.3 mAP by neighbourhoods", lambda one: one.retrieval["3"].expanded.map),
        ("few_shot.2x1 accuracy", lambda one: one.few_shot["2x1"].accuracy),
        ("recommendation AURC", lambda one: one.selective.aurc),
        ("recommendation hit rate", lambda one: one.selective.hit_rate),
    ]:
        assert found.figures[key] == pytest.approx([of(first), of(second)], abs=1e-9), key
    for name, values in found.figures.items():
        [gap] = found.differences[name]
        assert gap.difference == pytest.approx(values[1] - values[0], abs=1e-9), name
        assert gap.interval[0] <= gap.interval[1]


def test_differences_are_taken_photo_by_photo(first: Results, second: Results) -> None:
    truth = np.array(first.photos["main_test"].types)
    gap = (np.array(second.predictions["scenarios.2"]) == truth) * 1.0
    gap -= np.array(first.predictions["scenarios.2"]) == truth
    means = [gap[truth == kind].mean() for kind in np.unique(truth)]
    [found] = compare([first, second]).differences["scenarios.2 balanced accuracy"]
    assert found.difference == pytest.approx(np.mean(means), abs=1e-9)
    assert min(means) <= found.interval[0] <= found.interval[1] <= max(means)


def test_a_model_does_not_differ_from_itself(first: Results) -> None:
    found = compare([first, first, first])
    assert all(len(gaps) == 2 for gaps in found.differences.values())
    for gap in (gap for gaps in found.differences.values() for gap in gaps):
        assert (gap.difference, gap.interval, gap.clear) == (0, [0, 0], False)


def test_what_one_lacks_is_left_out(first: Results, second: Results) -> None:
    bare = replace(second, selective=None, retrieval={}, few_shot={})
    found = compare([first, bare])
    assert not [name for name in found.figures if name.startswith(("retrieval", "few", "recomm"))]
    with pytest.raises(DataError, match="no figure in common"):
        compare([first, replace(bare, predictions={})])


def test_rankings_by_neighbourhoods_need_each_photo_s_own(first: Results, second: Results) -> None:
    ranking = second.retrieval["3"]
    older = replace(ranking, expanded=replace(ranking.expanded, each=[]))
    found = compare([first, replace(second, retrieval={"3": older})])
    assert "retrieval.3 mAP" in found.figures
    assert "retrieval.3 mAP by neighbourhoods" not in found.figures


def test_other_data_are_refused(first: Results, model, dataset, splits) -> None:
    fewer = evaluate(model, dataset, replace(splits, new_test=None))
    with pytest.raises(DataError, match=r"different data \(new_test differs\)"):
        compare([first, fewer])
    with pytest.raises(DataError, match="two results or more"):
        compare([first])


def test_the_table_has_a_row_a_figure(first: Results, second: Results) -> None:
    found = compare([first, second])
    table, legend = comparison_table(found).split("\n\n")
    assert len(table.splitlines()) == len(found.figures) + 2
    assert "other" in table.splitlines()[0]
    assert "recommendation AURC (lower is better)" in table
    assert legend.startswith("* ")
