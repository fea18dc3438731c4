"""Each loss against a loop over pairs and triplets, or against pytorch-metric-learning."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from pytorch_metric_learning import losses as reference
from pytorch_metric_learning import miners
from torch import Tensor

from modiste.training.losses import (
    MINING,
    contrastive_loss,
    multi_similarity_loss,
    supcon_loss,
    triplet_loss,
)

CLASSES = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])  # the last one has no partner


def vectors(spread: float = 1.0) -> Tensor:
    """Unit vectors around four directions; the wider the spread, the more they mix."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.eye(4, 6, dtype=torch.float64)[CLASSES]
    noise = torch.randn(len(CLASSES), 6, generator=generator, dtype=torch.float64)
    return torch.nn.functional.normalize(centres + spread * noise, dim=1)


def triplets() -> list[tuple[int, int, int]]:
    kinds = CLASSES.tolist()
    return [
        (a, p, n)
        for a, p, n in itertools.product(range(len(kinds)), repeat=3)
        if a != p and kinds[a] == kinds[p] and kinds[a] != kinds[n]
    ]


def cost(rows: Tensor, triplet: tuple[int, int, int], margin: float) -> float:
    a, p, n = triplet
    return max(0.0, math.dist(rows[a], rows[p]) - math.dist(rows[a], rows[n]) + margin)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("p_mining", [0.05, 0.3, 1.0])
def test_top_k_is_the_mean_of_the_largest_triplet_losses(p_mining: float) -> None:
    losses = sorted((cost(vectors(), t, 0.3) for t in triplets()), reverse=True)
    expected = mean(losses[: round(p_mining * len(losses))])
    found = triplet_loss(vectors(), CLASSES, margin=0.3, mining="top-k", p_mining=p_mining)
    assert found.item() == pytest.approx(expected, abs=1e-9)


def test_batch_hard_takes_the_hardest_of_each_anchor() -> None:
    hardest = [max(cost(vectors(), t, 0.3) for t in triplets() if t[0] == a) for a in range(9)]
    found = triplet_loss(vectors(), CLASSES, margin=0.3, mining="batch-hard")
    assert found.item() == pytest.approx(mean(hardest), abs=1e-9)


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_semi_hard_takes_the_nearest_negative_beyond_the_positive(spread: float) -> None:
    rows, losses = vectors(spread), []
    for _, group in itertools.groupby(triplets(), key=lambda t: t[:2]):
        options = list(group)
        near = math.dist(rows[options[0][0]], rows[options[0][1]])
        beyond = [t for t in options if math.dist(rows[t[0]], rows[t[2]]) > near]
        chosen = (
            max(cost(rows, t, 0.3) for t in beyond) if beyond else min(cost(rows, t, 0.3) for t in options)
        )
        losses.append(chosen)
    found = triplet_loss(rows, CLASSES, margin=0.3, mining="semi-hard")
    assert found.item() == pytest.approx(mean(losses), abs=1e-9)


def test_random_negatives_average_to_all_triplets_and_hang_on_the_generator() -> None:
    def drawn(seed: int) -> float:
        generator = torch.Generator().manual_seed(seed)
        return triplet_loss(vectors(), CLASSES, margin=0.3, mining="random", generator=generator).item()

    groups = itertools.groupby(triplets(), key=lambda t: t[:2])
    expected = mean([mean([cost(vectors(), t, 0.3) for t in group]) for _, group in groups])
    assert mean([drawn(seed) for seed in range(300)]) == pytest.approx(expected, rel=0.02)
    assert drawn(1) == drawn(1) != drawn(2)


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.5])
def test_multi_similarity_equals_pytorch_metric_learning(margin: float) -> None:
    miner = miners.MultiSimilarityMiner(epsilon=margin)
    theirs = reference.MultiSimilarityLoss(alpha=2, beta=40, base=0.4)
    expected = theirs(vectors(), CLASSES, miner(vectors(), CLASSES))
    found = multi_similarity_loss(vectors(), CLASSES, alpha=2, beta=40, base=0.4, margin=margin)
    assert found.item() == pytest.approx(expected.item(), abs=1e-9)


def test_supcon_equals_pytorch_metric_learning() -> None:
    paired = vectors()[:9], CLASSES[:9]  # theirs averages in a zero for an anchor without a positive
    expected = reference.SupConLoss(temperature=0.2)(*paired)
    assert supcon_loss(*paired, temperature=0.2).item() == pytest.approx(expected.item(), abs=1e-9)


def test_an_anchor_without_a_positive_is_left_out_of_supcon() -> None:
    cosines = (vectors() @ vectors().T / 0.2).tolist()
    kinds, losses = CLASSES.tolist(), []
    for a, row in enumerate(cosines):
        others = math.log(sum(math.exp(s) for i, s in enumerate(row) if i != a))
        own = [s - others for i, s in enumerate(row) if i != a and kinds[i] == kinds[a]]
        losses += [-mean(own)] if own else []
    assert supcon_loss(vectors(), CLASSES, temperature=0.2).item() == pytest.approx(mean(losses), abs=1e-9)


def test_contrastive_equals_a_naive_loop() -> None:
    first, second = vectors()[:5], vectors()[5:]
    same = torch.tensor([True, False, False, True, False])
    losses = []
    for a, b, alike in zip(first, second, same.tolist(), strict=True):
        d = math.dist(a, b)
        losses.append(d**2 if alike else max(0.0, 1.5 - d) ** 2)
    found = contrastive_loss(first, second, same, margin=1.5)
    assert found.item() == pytest.approx(mean(losses), abs=1e-12)


@pytest.mark.parametrize("mining", MINING)
def test_coinciding_photos_have_a_finite_gradient(mining: str) -> None:
    alike = torch.ones(6, 4, requires_grad=True)
    kinds = torch.tensor([0, 0, 1, 1, 2, 2])
    rows = torch.nn.functional.normalize(alike, dim=1)
    loss = triplet_loss(rows, kinds, mining=mining) + contrastive_loss(
        rows[:3], rows[3:], torch.tensor([True, False, True])
    )
    loss.backward()
    assert alike.grad is not None
    assert alike.grad.isfinite().all()


@pytest.mark.parametrize("kinds", [[0, 0, 0], [0, 1, 2]])
def test_a_batch_with_nothing_to_compare_costs_nothing(kinds: list[int]) -> None:
    rows = vectors()[:3].requires_grad_()
    for mining in MINING:
        triplet_loss(rows, torch.tensor(kinds), mining=mining).backward()
    loss = multi_similarity_loss(rows, torch.tensor(kinds))
    loss.backward()
    assert loss.item() == 0
    assert rows.grad is not None
    assert not rows.grad.any()


def test_half_precision_is_widened_first() -> None:
    half = vectors().bfloat16()
    for loss in (triplet_loss, multi_similarity_loss, supcon_loss):
        assert torch.equal(loss(half, CLASSES), loss(half.float(), CLASSES))


def test_an_unknown_mining_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected mining of random.*got 'hardest'"):
        triplet_loss(vectors(), CLASSES, mining="hardest")
