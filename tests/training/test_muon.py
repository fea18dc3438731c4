from __future__ import annotations

import pytest
import torch

from modiste.training.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 8), (4, 30), (30, 4)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    turned = orthogonalise(matrix, steps=5)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    assert torch.linalg.svdvals(turned).min() > 0.5
    assert torch.linalg.svdvals(turned).max() < 1.3
    assert torch.nn.functional.cosine_similarity(turned.flatten(), (left @ right).flatten(), dim=0) > 0.9


def test_what_has_died_counts_as_zero_and_changes_nothing_else() -> None:
    matrix = torch.randn((6, 20), generator=torch.Generator().manual_seed(0))
    alive = orthogonalise(matrix)
    with_dead = torch.cat([matrix, torch.full((2, 20), 1e-39)])  # subnormal, slow to multiply by
    turned = orthogonalise(with_dead)
    assert (turned[6:] == 0).all()
    assert torch.allclose(turned[:6], alive, atol=1e-5)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_step_goes_downhill_and_decays_weights(precision: torch.dtype) -> None:
    weight = torch.nn.Parameter(torch.eye(4) * 3)
    optimiser = Muon([weight], lr=0.1, weight_decay=0.5, precision=precision)
    before = weight.detach().square().sum()
    for _ in range(20):
        weight.square().sum().backward()
        optimiser.step()
        optimiser.zero_grad()
    assert weight.detach().square().sum() < 0.5 * before


def test_products_are_made_in_the_precision_that_is_fast_here(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(matrix: torch.Tensor) -> torch.Tensor:
        seen.append(matrix.dtype)
        return orthogonalise(matrix)

    monkeypatch.setattr("modiste.training.muon.orthogonalise", watched)
    for precision in (torch.float32, torch.bfloat16):
        kernel = torch.nn.Parameter(torch.ones(4, 3, 3, 3))
        kernel.sum().backward()
        Muon([kernel], lr=0.1, precision=precision).step()
        assert kernel.dtype == torch.float32
    assert seen == [torch.float32, torch.bfloat16]
