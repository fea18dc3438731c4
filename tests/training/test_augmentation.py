"""Altered photos stay the photo: shape, range, mirror symmetry, white from outside."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from modiste.training.augmentation import Augmentation, Mixture, _grid, augment, cutmix, mixup
from modiste.training.distributed import Share

STILL = Augmentation(rotation=0, zoom=0, stretch=0, shift=0, colour=0, erasing=0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_alterations_a_photo_is_itself_or_its_mirror_image() -> None:
    photos = torch.randint(0, 256, (16, 12, 10, 3), generator=generator(), dtype=torch.uint8)
    batch = augment(photos, STILL, height=12, width=10, generator=generator())
    same = [
        torch.allclose(b, p, atol=0.01)
        for b, p in zip(batch, photos.permute(0, 3, 1, 2).float(), strict=True)
    ]
    mirrored = [
        torch.allclose(b.flip(2), p, atol=0.01)
        for b, p in zip(batch, photos.permute(0, 3, 1, 2).float(), strict=True)
    ]
    assert all(a or b for a, b in zip(same, mirrored, strict=True))
    assert any(same)
    assert any(mirrored)


def test_what_moves_in_is_white() -> None:
    photos = torch.zeros(64, 20, 20, 3, dtype=torch.uint8)
    batch = augment(
        photos,
        Augmentation(0, 0, 0, shift=0.4, colour=0, erasing=0),
        height=20,
        width=20,
        generator=generator(),
    )
    assert set(batch.round().unique().tolist()) >= {0.0, 255.0}
    assert batch.min() >= -0.01
    assert batch.max() <= 255.01


def test_erasing_touches_the_asked_share_of_photos() -> None:
    photos = torch.full((400, 16, 16, 3), 255, dtype=torch.uint8)
    how = Augmentation(0, 0, 0, 0, colour=0, erasing=0.5)
    batch = augment(photos, how, height=16, width=16, generator=generator())
    touched = (batch < 254.9).flatten(1).any(dim=1).float().mean().item()
    assert 0.4 < touched < 0.6


def test_one_seed_one_batch() -> None:
    photos = torch.randint(0, 256, (8, 12, 10, 3), generator=generator(), dtype=torch.uint8)
    one, same, other = (
        augment(photos, Augmentation(), height=12, width=10, generator=generator(s)) for s in (3, 3, 4)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_cutmix_moves_one_rectangle_and_says_how_much_is_left() -> None:
    pictures = torch.arange(16.0).view(16, 1, 1, 1).expand(16, 3, 20, 14).contiguous()
    shares = []
    for seed in range(40):
        mixed, (whose, kept) = cutmix(pictures, generator=generator(seed))
        moved = whose != torch.arange(16)
        own = (mixed == pictures).all(dim=1)
        assert own[moved].float().mean(dim=(1, 2)).numpy() == pytest.approx(kept)
        rows, columns = (~own[moved]).any(dim=2), (~own[moved]).any(dim=1)
        assert (rows.sum(1) * columns.sum(1) == (~own[moved]).sum(dim=(1, 2))).all()  # a rectangle
        there = whose.view(16, 1, 1, 1).expand_as(mixed)
        assert ((mixed == pictures) | (mixed == there)).all()
        shares.append(kept)
    assert 0.3 < sum(shares) / 40 < 0.7
    assert min(shares) < 0.2 < 0.8 < max(shares)


def test_mixup_adds_two_pictures_by_a_share_that_is_mostly_large() -> None:
    pictures = torch.rand(16, 3, 20, 14, generator=generator(0))
    shares = []
    for seed in range(200):
        mixed, (whose, kept) = mixup(pictures, 0.2, generator=generator(seed))
        assert sorted(whose.tolist()) == list(range(16))
        torch.testing.assert_close(mixed, kept * pictures + (1 - kept) * pictures[whose])
        shares.append(kept)
    assert 0.5 <= min(shares) < 0.6
    spread = math.gamma(0.4) / math.gamma(0.2) ** 2 / (0.2 * 4**0.2)  # E|x - 1/2| of Beta(0.2, 0.2)
    assert sum(shares) / 200 == pytest.approx(0.5 + spread, abs=0.03)
    even = [mixup(pictures, 50.0, generator=generator(seed))[1].kept for seed in range(40)]
    assert max(even) < 0.7


def test_mixup_of_shares_is_that_of_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = torch.rand(9, 3, 4, 3, generator=generator(0))
    whole, mixture = mixup(pictures, 0.4, generator=generator(1))
    monkeypatch.setattr(Share, "gather", lambda share, rows: pictures)  # what the processes tell each other
    for share in (Share(0, 4, 9), Share(4, 9, 9)):
        mine, also = mixup(pictures[share.rows], 0.4, generator=generator(1), share=share)
        assert torch.equal(mine, whole[share.rows])
        assert torch.equal(also.whose, mixture.whose)
        assert also.kept == mixture.kept


def test_what_mixed_pictures_cost_is_of_both_by_their_shares() -> None:
    mixture = Mixture(torch.tensor([2, 0, 1]), kept=0.7)
    outputs, told = torch.randn(3, 4, generator=generator(0)), torch.tensor([0, 1, 3])
    by_shares = 0.7 * F.one_hot(told, 4) + 0.3 * F.one_hot(told[mixture.whose], 4)
    found = mixture.loss(lambda kinds: F.cross_entropy(outputs, kinds), told)
    assert float(found) == pytest.approx(float(F.cross_entropy(outputs, by_shares)))


def test_the_grid_is_torchs() -> None:
    moves = torch.randn(5, 2, 3, generator=generator())
    expected = F.affine_grid(moves, [5, 3, 16, 11], align_corners=False)
    assert torch.allclose(_grid(moves, 16, 11), expected, atol=1e-5)
