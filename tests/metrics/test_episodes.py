"""Episodes: what is drawn, and who wins, recomputed query by query."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.metrics import draw_episodes, episode_accuracies, mean_interval

LABELS = np.random.default_rng(0).permutation(np.repeat([3, 5, 8, 13, 21], [9, 12, 30, 15, 7]))


def vectors(noise: float = 0.8) -> np.ndarray:
    rng = np.random.default_rng(1)
    made = np.eye(30)[LABELS] + noise * rng.standard_normal((len(LABELS), 30))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("concentration", [None, 0.5, 2.0])
def test_an_episode_is_what_it_says(concentration: float | None) -> None:
    drawn = draw_episodes(LABELS, ways=3, shots=2, queries=6, episodes=40, concentration=concentration)
    assert drawn.support.shape == (40, 3, 2)
    assert drawn.queries.shape == drawn.truth.shape == (40, 18)
    uneven = 0
    for support, queries, truth in zip(*drawn, strict=True):
        kinds = LABELS[support]
        assert (kinds == kinds[:, :1]).all(), "a way is of one class"
        assert len(set(kinds[:, 0])) == 3, "no class is there twice"
        assert 21 not in kinds, "a class with fewer than shots + queries photos is passed over"
        assert (LABELS[queries] == kinds[truth, 0]).all()
        assert len({*support.ravel().tolist(), *queries.tolist()}) == 6 + 18, "no photo is there twice"
        uneven += len(set(np.bincount(truth, minlength=3))) > 1
    assert (uneven > 20) == (concentration is not None)


def test_the_same_seed_the_same_episodes() -> None:
    first, again, other = (draw_episodes(LABELS, ways=2, shots=1, queries=3, seed=s) for s in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.queries, other.queries)


def test_accuracies_query_by_query() -> None:
    drawn = draw_episodes(LABELS, ways=4, shots=3, queries=5, episodes=25)
    known = vectors()
    found = episode_accuracies(known, drawn)
    for episode, (support, queries, truth) in enumerate(zip(*drawn, strict=True)):
        right = 0
        for query, way in zip(queries, truth, strict=True):
            cosines = []
            for rows in support:
                mean = np.mean([known[row].astype(float) for row in rows], axis=0)
                cosines.append(float(known[query] @ mean) / float(np.linalg.norm(mean)))
            right += int(np.argmax(cosines)) == way
        assert found[episode] == pytest.approx(right / len(queries), abs=1e-6)
    assert 0.3 < found.mean() < 1


def test_smoothing_query_by_query() -> None:
    drawn = draw_episodes(LABELS, ways=3, shots=1, queries=5, episodes=6, concentration=2.0)
    known = vectors().astype(float)

    def softmax(row: np.ndarray) -> np.ndarray:
        return np.exp(row - row.max()) / np.exp(row - row.max()).sum()

    expected = []
    for support, queries, truth in zip(*drawn, strict=True):
        means = known[support].mean(axis=1)
        logits = 10 * known[queries] @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
        cosines = known[queries] @ known[queries].T
        np.fill_diagonal(cosines, -np.inf)
        nearest = np.argsort(-cosines, axis=1)[:, :3]
        shares = np.array([softmax(row) for row in logits])
        for _ in range(20):
            shares = np.array(
                [softmax(logits[q] + 0.7 * sum(shares[p] for p in nearest[q])) for q in range(len(queries))]
            )
        expected.append((shares.argmax(axis=1) == truth).mean())
    assert episode_accuracies(vectors(), drawn, smoothing=0.7).tolist() == pytest.approx(expected, abs=1e-6)


def test_smoothing_helps_where_queries_cluster() -> None:
    drawn = draw_episodes(LABELS, ways=3, shots=1, queries=6, episodes=100)
    alone, together = (episode_accuracies(vectors(0.25), drawn, smoothing=s).mean() for s in (0, 0.5))
    assert together > alone + 0.01


def test_many_episodes_come_in_parts(monkeypatch) -> None:
    drawn = draw_episodes(LABELS, ways=3, shots=2, queries=4, episodes=23)
    whole = episode_accuracies(vectors(), drawn, smoothing=0.5)
    monkeypatch.setattr("modiste.metrics.episodes._EPISODE_NUMBERS_AT_ONCE", 5000)
    assert np.array_equal(episode_accuracies(vectors(), drawn, smoothing=0.5), whole)


def test_a_single_query_leans_on_nobody() -> None:
    drawn = draw_episodes(LABELS, ways=1, shots=1, queries=1, episodes=2)
    assert episode_accuracies(vectors(), drawn, smoothing=1.0).tolist() == [1.0, 1.0]


def test_interval_of_a_mean_covers_it_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    within = [low < 0.7 < high for low, high in (mean_interval(rng.random(100) < 0.7) for _ in range(400))]
    assert 0.91 < np.mean(within) < 0.98


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: draw_episodes(LABELS, ways=5, shots=2, queries=6), "there are 4"),
        (lambda: draw_episodes(LABELS, ways=0, shots=2), "at least one"),
        (lambda: mean_interval([1.0]), "two values"),
    ],
)
def test_what_cannot_be_drawn(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
