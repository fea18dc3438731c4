"""``modiste compare`` on results of labels; the figures are tested where they are made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.evaluation.test_label_comparison import KINDS, judged, one_each

from modiste.evaluation.labels import write_label_results


def test_results_of_labels_side_by_side(run, tmp_path: Path) -> None:
    truth = one_each()
    files = [tmp_path / "good.json", tmp_path / "poor.json"]
    for file, noise in zip(files, (0.4, 0.9), strict=True):
        write_label_results({"test": judged(file.stem, KINDS, truth, noise, "softmax")}, file)
    done = run("compare", *files)
    assert done.code == 0
    assert "| balanced accuracy |" in done.out
    assert "poor" in done.out
    found = json.loads(run("compare", *files, "--json").out)
    assert found["models"] == ["good", "poor"]
    assert np.diff(found["differences"]["accuracy"][0]["interval"]) > 0


def test_what_cannot_be_compared_is_said_in_a_line(run, tmp_path: Path) -> None:
    results = judged("one", KINDS, one_each(), 0.4, "softmax")
    labels, other, none = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "none.json"
    write_label_results({"test": results}, labels)
    write_label_results({"test": replace(results, right={})}, other)
    other_kind = tmp_path / "evaluated.json"
    other_kind.write_text('{"format": 1, "model": {"id": "m"}}')
    for files, told in (
        ((labels, other), "do not tell every photo; score the model again"),
        ((labels, other_kind), "expected evaluation results"),
        ((other_kind, labels), "expected evaluation results"),
        ((labels, none), "No such file or directory"),
    ):
        done = run("compare", *files)
        assert done.code == 1
        assert told in done.err
        assert done.err.count("\n") == 1
