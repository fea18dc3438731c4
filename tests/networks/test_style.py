"""Style vectors: of length 1, and their products say how far two photos agree."""

from __future__ import annotations

import pytest
import torch

from modiste.networks.style import StyleConfig, StyleHead

VALUES = {"baseColour": ("Blue", "Navy", "Red"), "gender": ("Men", "Women"), "season": ("Fall", "Summer")}
SHARES = {"baseColour": 0.75, "gender": 0.25, "season": 0.0}
CONFIG = StyleConfig(6, 8, VALUES, SHARES)


def test_a_product_is_the_mean_agreement_of_the_attributes() -> None:
    torch.manual_seed(0)
    head = StyleHead(CONFIG).eval()
    features = 20 * torch.randn(4, 6)
    with torch.inference_mode():
        vectors, scores = head(features), head.scores(features)
    assert vectors.shape == (4, 5) == (4, CONFIG.dimension)
    colours, genders, seasons = (s.softmax(dim=1) for s in scores)
    assert seasons.shape == (4, 2)
    for one in range(4):
        for other in range(4):
            agree = 0.75 * sum((colours[one][v] * colours[other][v]).sqrt() for v in range(3))
            agree += 0.25 * sum((genders[one][v] * genders[other][v]).sqrt() for v in range(2))
            assert vectors[one] @ vectors[other] == pytest.approx(float(agree), abs=1e-5)


def test_a_description_comes_back_and_must_fit() -> None:
    assert StyleConfig.from_dict(CONFIG.as_dict()) == CONFIG
    with pytest.raises(ValueError, match="a share for each of baseColour, gender, season, 1 in sum"):
        StyleConfig(6, 8, VALUES, SHARES | {"season": 0.5})
