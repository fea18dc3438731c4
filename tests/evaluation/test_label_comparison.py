"""Models that name labels, compared photo by photo; figures as scikit-learn has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from modiste.datasets.label_set import LabelSet
from modiste.errors import DataError
from modiste.evaluation import comparison_table, evaluate, holds_labels, read_label_results
from modiste.evaluation.label_comparison import compare_labels, types_as_labels
from modiste.evaluation.labels import LabelResults, judge_labels, write_label_results

KINDS = LabelSet(("Cap", "Shoe", "Tie"), ("kind",) * 3)
MIXED = LabelSet(("fit:loose", "fit:tight", "hood", "zip"), ("fit", "fit", "", ""))
N = 200


def judged(name: str, labels: LabelSet, truth: np.ndarray, noise: float, answer: str) -> LabelResults:
    """A model whose probabilities are the truth and some noise."""
    sure = np.clip(truth + np.random.default_rng(len(name)).normal(0, noise, truth.shape), 0.001, 1)
    namer = SimpleNamespace(
        id=name,
        labels=labels,
        answer=answer,
        decide=lambda given: labels.decide(given, answer, np.full(len(labels), 0.5)),
    )
    borne = [[labels.names[at] for at in np.flatnonzero(row)] for row in truth]
    return judge_labels(namer, sure.astype(np.float32), [f"p{n}" for n in range(len(truth))], borne)


def one_each() -> np.ndarray:
    return np.eye(3)[np.random.default_rng(0).choice(3, N, p=[0.6, 0.3, 0.1])]


def some_each() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([np.eye(2)[rng.integers(0, 2, N)], rng.random((N, 2)) < 0.4], axis=1)


def test_one_label_each(tmp_path: Path) -> None:
    truth = one_each()
    models = [judged("good", KINDS, truth, 0.4, "softmax"), judged("poor one", KINDS, truth, 0.9, "softmax")]
    found = compare_labels([{"val": one, "test": one} for one in models])
    assert [*found.figures] == ["accuracy", "balanced accuracy", "F1 macro"]
    for at, one in enumerate(models):
        said = [one.misclassified.get(f"p{n}", {}).get("said", [""])[0] for n in range(N)]
        true = [KINDS.names[kind] for kind in truth.argmax(axis=1)]
        said = [given or own for given, own in zip(said, true, strict=True)]
        assert found.figures["accuracy"][at] == pytest.approx(accuracy_score(true, said))
        assert found.figures["balanced accuracy"][at] == pytest.approx(balanced_accuracy_score(true, said))
        assert found.figures["F1 macro"][at] == pytest.approx(f1_score(true, said, average="macro"))
    [gap] = found.differences["accuracy"]
    assert gap.difference == pytest.approx(models[1].accuracy - models[0].accuracy)
    assert gap.interval[0] < gap.difference < gap.interval[1] < 0
    # A paired interval: that of the mean of -1, 0 and 1 over the photos.
    wrong = [{*one.misclassified} for one in models]
    each = np.array([(f"p{n}" in wrong[0]) * 1 - (f"p{n}" in wrong[1]) for n in range(N)])
    assert np.diff(gap.interval)[0] == pytest.approx(2 * 1.96 * each.std() / N**0.5, rel=0.15)
    table = comparison_table(found)
    assert "poor one" in table
    assert " * " in table


@pytest.mark.parametrize("answer", ["softmax", "sigmoid"])
def test_groups_and_labels_that_stand_alone(answer: str) -> None:
    truth = some_each()
    models = [judged(name, MIXED, truth, noise, answer) for name, noise in (("a", 0.5), ("bb", 0.5))]
    found = compare_labels([{"test": one} for one in models])
    for name, values in {
        "accuracy": [one.accuracy for one in models],
        "all labels right": [one.subset_accuracy for one in models],
        "F1 micro": [one.f1_micro for one in models],
        "F1 macro": [one.f1_macro for one in models],
        "mAP": [one.mean_average_precision for one in models],
    }.items():
        assert found.figures[name] == pytest.approx(values), name
    [gap] = found.differences["mAP"]
    assert (gap.interval, gap.clear) == ([], False)
    row = next(line for line in comparison_table(found).splitlines() if line.startswith("| mAP"))
    assert row.rstrip(" |").endswith("–")


def test_a_model_does_not_differ_from_itself() -> None:
    one = judged("a", MIXED, some_each(), 0.5, "sigmoid")
    found = compare_labels([{"test": one}, {"test": one}])
    assert {gap.difference for gaps in found.differences.values() for gap in gaps} == {0.0}
    assert all(gap.interval in ([0.0, 0.0], []) for gaps in found.differences.values() for gap in gaps)


def test_what_cannot_be_compared_is_refused() -> None:
    truth = some_each()
    one = judged("a", MIXED, truth, 0.5, "sigmoid")
    with pytest.raises(DataError, match="two results or more"):
        compare_labels([{"test": one}])
    with pytest.raises(DataError, match=r"no part in common \(test; val\)"):
        compare_labels([{"test": one}, {"val": one}])
    with pytest.raises(DataError, match=r"measured on different data \(1 photos are in one only"):
        compare_labels([{"test": one}, {"test": judged("bb", MIXED, truth[1:], 0.0, "sigmoid")}])
    other = truth.copy()
    other[:2, 2] = 1 - other[:2, 2]
    with pytest.raises(DataError, match="2 photos have other labels"):
        compare_labels([{"test": one}, {"test": judged("bb", MIXED, other, 0.5, "sigmoid")}])
    with pytest.raises(DataError, match="do not tell every photo; score the model again"):
        compare_labels([{"test": one}, {"test": replace(one, right={})}])
    alone = judged("bb", LabelSet(MIXED.names, ("",) * 4), truth, 0.5, "sigmoid")
    with pytest.raises(DataError, match="group their labels differently"):
        compare_labels([{"test": one}, {"test": alone}])


def test_an_evaluation_takes_part_too(model, dataset, splits) -> None:
    results = evaluate(model, dataset, splits, few_shot={})
    [(part, found)] = types_as_labels(results).items()
    assert part == "test"
    assert found.accuracy == pytest.approx(results.classification.accuracy)
    [task] = found.tasks.values()
    assert task.balanced_accuracy == pytest.approx(results.classification.balanced_accuracy)
    assert compare_labels([{part: found}, {part: found}]).differences["accuracy"][0].difference == 0
    with pytest.raises(DataError, match="name no photos; evaluate the model again"):
        types_as_labels(replace(results, predictions={}))


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    one = judged("a", MIXED, some_each(), 0.5, "sigmoid")
    file = tmp_path / "results.json"
    write_label_results({"val": one, "test": one}, file)
    assert read_label_results(file) == {"val": one, "test": one}
    assert holds_labels(file)
    for text in ("{", "[]", "{}", '{"test": {"tasks": {}}}', '{"format": 1, "model": {}}'):
        file.write_text(text)
        with pytest.raises(DataError, match=r"results\.json: expected the JSON that modiste score writes"):
            read_label_results(file)
    assert not holds_labels(file)
    assert not holds_labels(tmp_path / "none.json")
