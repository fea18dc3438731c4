from __future__ import annotations

import torch

from modiste.training.rotation import quarter_turned


def test_middle_squares_are_turned_as_often_as_said() -> None:
    pictures = torch.rand(40, 3, 12, 8, generator=torch.Generator().manual_seed(0))
    turned, quarters = quarter_turned(pictures, torch.Generator().manual_seed(1))
    assert set(quarters.tolist()) == {0, 1, 2, 3}
    for picture, made, number in zip(pictures, turned, quarters.tolist(), strict=True):
        square = picture[:, 2:10]
        for _ in range(number):
            square = square.transpose(1, 2).flip(1)  # a quarter-turn: rows become columns, upside down
        assert torch.equal(made, square)


def test_the_generator_decides() -> None:
    pictures = torch.rand(40, 3, 12, 8)
    one, same, other = (quarter_turned(pictures, torch.Generator().manual_seed(s))[1] for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
