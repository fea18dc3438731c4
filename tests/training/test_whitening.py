from __future__ import annotations

import numpy as np
import pytest

from modiste.training.whitening import within_type_whitening


def test_photos_of_one_type_vary_equally_in_all_directions() -> None:
    rng = np.random.default_rng(0)
    types = np.repeat([2, 5, 9], [400, 300, 300])
    mixing = rng.normal(size=(6, 6))
    features = (rng.normal(size=(1000, 6)) @ mixing + 4 * types[:, None]).astype(np.float32)
    centre, whitening = within_type_whitening(features, types, shrinkage=1e-6)
    whitened = (features - centre) @ whitening
    apart = np.concatenate(
        [whitened[types == kind] - whitened[types == kind].mean(axis=0) for kind in (2, 5, 9)]
    )
    assert np.cov(apart.T, bias=True) == pytest.approx(np.eye(6), abs=0.1)
    means = [whitened[types == kind].mean(axis=0) for kind in (2, 5, 9)]
    assert np.mean(means, axis=0) == pytest.approx(np.zeros(6), abs=1e-5)


def test_components_keep_the_directions_in_which_types_differ() -> None:
    """Two of nine directions tell three types apart; the others are noise, and not worth their place."""
    rng = np.random.default_rng(0)
    types = np.repeat([0, 1, 2], 200)
    places = 6 * rng.normal(size=(3, 9))
    features = (rng.normal(size=(600, 9)) + places[types]).astype(np.float32)
    whole = [np.asarray(part) for part in within_type_whitening(features, types)]
    fewer = [np.asarray(part) for part in within_type_whitening(features, types, components=2)]
    assert fewer[1].shape == (9, 2)
    apart = [
        np.stack([((features[types == kind] - centre) @ whitening).mean(axis=0) for kind in range(3)])
        for centre, whitening in (whole, fewer)
    ]
    of_whole, of_fewer = (np.linalg.norm(means[:, None] - means, axis=2) for means in apart)
    assert of_fewer == pytest.approx(of_whole, rel=0.02)


def test_photos_that_are_all_alike_have_a_whitening() -> None:
    centre, whitening = within_type_whitening(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1]))
    assert centre.tolist() == [1.0, 1.0, 1.0]
    assert np.isfinite(whitening).all()
