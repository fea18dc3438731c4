"""What a teacher costs, against a loop that anybody can read."""

from __future__ import annotations

import pytest
import torch

from modiste.training.losses import teacher_loss


def test_it_is_what_a_loop_says_and_lengths_do_not_matter() -> None:
    generator = torch.Generator().manual_seed(0)
    told, vectors = torch.randn(2, 6, 5, generator=generator)
    cosines = [float(a @ b / (a.norm() * b.norm())) for a, b in zip(told, vectors, strict=True)]
    assert teacher_loss(told, vectors).item() == pytest.approx(1 - sum(cosines) / 6, abs=1e-6)
    assert teacher_loss(3 * told, vectors).item() == pytest.approx(1 - sum(cosines) / 6, abs=1e-6)
    assert teacher_loss(vectors, vectors).item() == pytest.approx(0, abs=1e-6)
    assert teacher_loss(told.bfloat16(), vectors).dtype == torch.float32
