from __future__ import annotations

import json

import numpy as np
import pytest

from modiste.datasets.label_set import LabelSet
from modiste.errors import DataError

LABELS = LabelSet(("fit:loose", "fit:tight", "hood", "zip"), ("fit", "fit", "", ""))


def test_groups_come_from_spelling_unless_a_photo_has_two() -> None:
    found = LabelSet.of([("fit:loose", "hood"), ("fit:tight", "zip"), ("neck:v", "neck:round")])
    assert dict(zip(found.names, found.groups, strict=True)) == {
        "fit:loose": "fit",
        "fit:tight": "fit",
        "hood": "",
        "neck:round": "",
        "neck:v": "",
        "zip": "",
    }


def test_softmax_within_groups_and_the_logistic_function_for_the_rest() -> None:
    scores = np.array([[1.0, 2.0, 0.0, -500.0]], np.float32)
    made = LABELS.probabilities(scores, "softmax")[0]
    assert made[:2].sum() == pytest.approx(1)
    assert made[1] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)
    assert made[2:].tolist() == [0.5, 0]
    assert LABELS.probabilities(scores, "sigmoid")[0, 1] == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-6)


def test_one_of_each_group_and_what_passes_its_threshold() -> None:
    sure = np.array([[0.4, 0.3, 0.4, 0.9]], np.float32)
    thresholds = np.array([0.5, 0.2, 0.3, 0.95])
    assert LABELS.decide(sure, "softmax", thresholds).tolist() == [[True, False, True, False]]
    assert LABELS.decide(sure, "sigmoid", thresholds).tolist() == [[False, True, True, False]]


def test_a_description_makes_the_same_set_and_others_are_refused() -> None:
    assert LabelSet.from_dict(json.loads(json.dumps(LABELS.as_dict()))) == LABELS
    with pytest.raises(DataError, match="twice"):
        LabelSet(("a", "a"), ("", ""))
    with pytest.raises(DataError, match="as many groups"):
        LabelSet(("a",), ())
    with pytest.raises(DataError, match="incomplete"):
        LabelSet.from_dict({"names": ["a"]})
