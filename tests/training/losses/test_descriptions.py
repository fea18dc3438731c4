"""The losses on names and attributes against loops that anybody can read."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from modiste.training.losses import alignment_loss, style_loss


def naive_alignment(photos, texts, same, scale) -> float:
    n, total = len(photos), 0.0
    for queries, pool in ((photos, texts), (texts, photos)):
        for one in range(n):
            odds = [math.exp(scale * float(queries[one] @ pool[other])) for other in range(n)]
            mine = [other for other in range(n) if same[other] == same[one]]
            total -= sum(math.log(odds[other] / sum(odds)) for other in mine) / len(mine)
    return total / (2 * n)


@pytest.mark.parametrize("same", [[0, 1, 2, 3, 4], [0, 1, 0, 0, 2]])
def test_alignment_is_what_a_loop_says(same: list[int]) -> None:
    generator = torch.Generator().manual_seed(0)
    photos, texts = (F.normalize(torch.randn(5, 6, generator=generator), dim=1) for _ in range(2))
    loss = alignment_loss(photos, texts, torch.tensor(same), scale=7.0)
    assert loss.item() == pytest.approx(naive_alignment(photos, texts, same, 7.0), rel=1e-5)


def test_items_of_one_name_need_not_be_told_apart() -> None:
    vectors = torch.eye(3)[[0, 0, 1]]
    told, untold = (
        alignment_loss(vectors, vectors, torch.tensor(same), scale=50.0) for same in ([0, 1, 2], [0, 0, 1])
    )
    # Two of three are alike in all: whoever must tell them apart can only toss a coin.
    assert told.item() - untold.item() == pytest.approx(0.0, abs=1e-4)
    apart = alignment_loss(torch.eye(3), torch.eye(3), torch.tensor([0, 0, 1]), scale=50.0)
    assert apart.item() > 10 > told.item()


def test_style_is_the_mean_over_attributes_of_what_is_known() -> None:
    generator = torch.Generator().manual_seed(1)
    colours, seasons, usages = (torch.randn(4, size, generator=generator) for size in (5, 3, 2))
    codes = torch.tensor([[4, -1, -1], [-1, 2, -1], [0, 1, -1], [3, -1, -1]])
    colour = -sum(colours[at].log_softmax(0)[code] for at, code in ((0, 4), (2, 0), (3, 3))) / 3
    season = -sum(seasons[at].log_softmax(0)[code] for at, code in ((1, 2), (2, 1))) / 2
    loss = style_loss([colours, seasons, usages], codes)
    assert loss.item() == pytest.approx(float(colour + season + 0) / 3, rel=1e-5)
