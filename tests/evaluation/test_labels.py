"""What an evaluation of labels reports, against scikit-learn and by hand."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

from modiste.datasets.label_set import LabelSet
from modiste.evaluation.labels import judge_labels, label_summary, write_label_results


def namer(labels: LabelSet, answer: str = "softmax") -> SimpleNamespace:
    thresholds = np.full(len(labels), 0.5)
    return SimpleNamespace(
        id="namer-000000000000",
        labels=labels,
        answer=answer,
        decide=lambda sure: labels.decide(sure, answer, thresholds),
    )


KINDS = LabelSet(("Cap", "Shoe", "Tie"), ("kind",) * 3)


def test_one_label_each_as_scikit_learn_has_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 50)
    sure = rng.random((50, 3)).astype(np.float32) + 0.5 * np.eye(3, dtype=np.float32)[truth]
    sure /= sure.sum(axis=1, keepdims=True)
    ids = [f"p{n}" for n in range(50)]
    found = judge_labels(namer(KINDS), sure, ids, [(KINDS.names[kind],) for kind in truth])
    said = sure.argmax(axis=1)
    assert found.accuracy == pytest.approx(accuracy_score(truth, said))
    assert found.f1_micro == pytest.approx(found.accuracy)
    assert found.f1_macro == pytest.approx(f1_score(truth, said, average="macro"))
    [task] = found.tasks.values()
    assert task.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, said))
    assert task.confusion == confusion_matrix(truth, said).tolist()
    assert task.labels == ["Cap", "Shoe", "Tie"]
    assert {*found.misclassified} == {ids[at] for at in np.flatnonzero(truth != said)}
    first = int(np.flatnonzero(truth != said)[0])
    assert found.misclassified[ids[first]] == {
        "true": [KINDS.names[truth[first]]],
        "said": [KINDS.names[said[first]]],
    }
    write_label_results({"test": found}, tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text())
    assert written["test"]["labels"]["Cap"]["support"] == int((truth == 0).sum())
    assert f"accuracy  {found.accuracy:.4f}" in label_summary(found)


def test_what_was_never_learned_counts_as_missed() -> None:
    sure = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], np.float32)
    found = judge_labels(namer(KINDS), sure, ["a", "b"], [("Cap",), ("Belt",)])
    assert found.accuracy == 0.5
    assert found.labels["Belt"].support == 1
    assert found.labels["Belt"].recall == 0
    [task] = found.tasks.values()
    assert task.labels == ["Cap", "Shoe", "Tie", "Belt"]
    assert task.confusion[3] == [0, 1, 0, 0]


def test_many_labels_and_groups_side_by_side() -> None:
    labels = LabelSet(("fit:loose", "fit:tight", "hood"), ("fit", "fit", ""))
    sure = np.array([[0.9, 0.1, 0.9], [0.6, 0.4, 0.1], [0.2, 0.8, 0.1]], np.float32)
    truth = [("fit:loose", "hood"), ("fit:tight", "hood"), ("fit:tight",)]
    found = judge_labels(namer(labels), sure, ["a", "b", "c"], truth, missing=["z"])
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.subset_accuracy == pytest.approx(2 / 3)
    assert found.f1_micro == pytest.approx(2 * 3 / (4 + 5))
    assert found.labels["hood"].recall == 0.5
    assert found.tasks["fit"].confusion == [[1, 0], [1, 1]]
    assert found.misclassified == {"b": {"true": ["fit:tight", "hood"], "said": ["fit:loose"]}}
    assert found.missing == ["z"]
    text = label_summary(found)
    assert "all labels right  0.6667" in text
    assert "mAP" in text


def test_labels_without_groups_have_no_accuracy() -> None:
    labels = LabelSet(("hat", "shoe"), ("", ""))
    sure = np.array([[0.9, 0.9], [0.4, 0.9]], np.float32)
    found = judge_labels(namer(labels, "sigmoid"), sure, ["a", "b"], [("hat", "shoe"), ("hat",)])
    assert found.accuracy is None
    assert found.tasks == {}
    assert found.mean_average_precision == pytest.approx((1 + 0.5) / 2)
    assert "F1  micro 0.6667" in label_summary(found)


def test_mistakes_by_their_kind() -> None:
    labels = LabelSet(("fit:loose", "fit:tight", "hood"), ("fit", "fit", ""))
    sure = np.array([[0.9, 0.1, 0.9], [0.6, 0.4, 0.1], [0.7, 0.3, 0.1], [0.2, 0.8, 0.9]], np.float32)
    truth = [("fit:loose", "hood"), ("fit:tight", "hood"), ("fit:tight",), ("fit:tight",)]
    found = judge_labels(namer(labels), sure, ["a", "b", "c", "d"], truth)
    assert [(one.true, one.said, one.photos, one.share) for one in found.mistakes] == [
        ("fit:tight", "fit:loose", ["b", "c"], pytest.approx(2 / 3)),
        ("", "hood", ["d"], 0.5),
        ("hood", "", ["b"], 0.5),
    ]
    assert found.right == {"a": ["fit:loose", "hood"]}
    assert found.tasks["fit"].wrong == ["b", "c"]
