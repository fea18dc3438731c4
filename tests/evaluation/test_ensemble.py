from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modiste.datasets import Labels
from modiste.errors import ModelError
from modiste.evaluation import Ensemble, evaluate


class Fixed:
    """Says the same of every photo."""

    def __init__(self, model, probabilities: list[float], vector: list[float]) -> None:
        self.id, self.regime = "fixed", model.regime
        self.labels, self.calibration = model.labels, model.calibration
        self.said, self.vector = np.array([probabilities], np.float32), np.array([vector], np.float32)

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        return np.repeat(self.vector, len(pixels), axis=0)

    def classify(self, pixels: np.ndarray) -> np.ndarray:
        return np.repeat(self.said, len(pixels), axis=0)


def test_votes_by_hand(model) -> None:
    sure, one, two = (
        Fixed(model, [0.97, 0.01, 0.01, 0.01], [1, 0]),
        Fixed(model, [0.2, 0.4, 0.3, 0.1], [0, 1]),
        Fixed(model, [0.2, 0.5, 0.2, 0.1], [0.6, 0.8]),
    )
    photo = np.zeros((2, 8, 6, 3), np.uint8)
    soft = Ensemble([sure, one, two]).classify(photo)
    assert soft[0] == pytest.approx(np.mean([sure.said, one.said, two.said], axis=0)[0])
    majority = Ensemble([sure, one, two], "majority").classify(photo)
    assert (soft[1].argmax(), majority[1].argmax()) == (0, 1)
    assert majority.sum(axis=1) == pytest.approx(1)
    tie = Ensemble([sure, two], "majority").classify(photo)
    assert tie[0].argmax() == 0, "the more probable of equal votes"


def test_a_cosine_is_the_mean_of_cosines(model) -> None:
    photo = np.zeros((1, 8, 6, 3), np.uint8)
    here = Ensemble([Fixed(model, [1, 0, 0, 0], [1, 0]), Fixed(model, [1, 0, 0, 0], [0, 1])]).embed(photo)
    there = Ensemble([Fixed(model, [1, 0, 0, 0], [0.6, 0.8]), Fixed(model, [1, 0, 0, 0], [0, 1])]).embed(
        photo
    )
    assert float(here[0] @ here[0]) == pytest.approx(1)
    assert float(here[0] @ there[0]) == pytest.approx((0.6 + 1) / 2)


def test_it_is_evaluated_like_a_model(model, dataset, splits) -> None:
    alone = evaluate(model, dataset, splits)
    thrice = evaluate(Ensemble([model, model, model], "majority"), dataset, splits)
    assert thrice.model.id == f"majority({model.id}, {model.id}, {model.id})"
    assert thrice.predictions == alone.predictions
    assert thrice.model.dimension == 9
    assert thrice.model.regime == "course"
    assert Ensemble([model, replace(model, regime="rich")]).regime == "rich", "one that saw more is enough"


def test_what_cannot_vote_together(model) -> None:
    stranger = replace(model, id="stranger", labels=Labels(("Kites",), (4,), ("c",), (0,), (0,)))
    with pytest.raises(ModelError, match="stranger know different types"):
        Ensemble([model, stranger])
    for models, vote in (([model], "soft"), ([model, model], "loud")):
        with pytest.raises(ModelError, match="expected two models or more"):
            Ensemble(models, vote)
