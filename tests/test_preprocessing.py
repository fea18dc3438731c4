"""Photos fitted to a network: alone and together, in colour and in grey."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from modiste.preprocessing import Preprocess

SCENE = np.asarray(
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (10, 8, 3), np.uint8)).resize((60, 80))
)


@pytest.mark.parametrize("size", [(64, 48), (48, 36), (32, 24), (160, 120)])
def test_pictures_are_scaled_as_pillow_scales_them(size: tuple[int, int]) -> None:
    fitted = Preprocess(*size).fit(SCENE).astype(int)
    by_pillow = np.asarray(Image.fromarray(SCENE).resize(size[::-1], Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(fitted - by_pillow).max() <= 2
    assert (fitted == by_pillow).mean() > 0.98


def test_what_does_not_fill_the_picture_is_centred_on_white() -> None:
    wide = Preprocess(height=40, width=40).fit(np.zeros((10, 20, 3), np.uint8))
    assert (wide[10:30] == 0).all()
    assert (wide[:10] == 255).all()
    assert (wide[30:] == 255).all()


def test_photos_fitted_together_are_those_fitted_alone() -> None:
    photos = np.stack([SCENE, SCENE[::-1], SCENE[:, ::-1]])
    for preprocess in (Preprocess(33, 21), Preprocess(64, 64, grey=True), Preprocess()):
        together = preprocess.fit_alike(photos)
        assert (together == np.stack([preprocess.fit(photo) for photo in photos])).all()


def test_grey_is_pillows_luminance_in_all_channels() -> None:
    grey = Preprocess(grey=True).fit(SCENE)
    assert (grey == np.asarray(Image.fromarray(SCENE).convert("L"))[:, :, None]).all()


def test_a_photo_that_must_not_be_written_to_is_not() -> None:
    photo = SCENE.copy()
    photo.flags.writeable = False
    before = photo.copy()
    Preprocess(16, 12).fit(photo)
    assert (photo == before).all()
