"""Scaling without PyTorch makes the bytes that PyTorch makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modiste.scaling import scale


@pytest.mark.parametrize("kind", ["noise", "black and white"])
def test_every_byte_is_pytorchs(kind: str) -> None:
    rng = np.random.default_rng(7)
    sizes = [(1, 1, 80, 60), (3000, 2, 80, 1), (800, 600, 80, 60), (100, 75, 80, 60), (37, 80, 80, 60)]
    sizes += [tuple(map(int, (*rng.integers(1, 500, 2), *rng.integers(1, 90, 2)))) for _ in range(60)]
    for h, w, height, width in sizes:
        photos = rng.integers(0, 256, (2, h, w, 3), dtype=np.uint8)
        if kind != "noise":  # steps as high as they get, beyond which the kernel shoots
            photos = np.where(photos > 127, np.uint8(255), np.uint8(0))
        pictures = torch.from_numpy(photos).permute(0, 3, 1, 2)
        small = torch.nn.functional.interpolate(pictures, (height, width), mode="bicubic", antialias=True)
        expected = small.permute(0, 2, 3, 1).numpy()
        np.testing.assert_array_equal(
            scale(photos, height, width), expected, f"{h} × {w} → {height} × {width}"
        )
