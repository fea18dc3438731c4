"""The map's colours can be told apart, and seen, with every kind of colour vision."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from modiste.api.pages import WEB

# Full loss of one kind of cone, on linear RGB (Machado, Oliveira and Fernandes 2009,
# https://doi.org/10.1109/TVCG.2009.113).
SEEN_BY = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
GROUND = {"LIGHT": "#faf7f2", "DARK": "#161312"}


def rgb(hex: str) -> NDArray[np.float64]:
    return np.array([int(hex[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def as_seen(colours: list[str], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours (N,) as CIELAB (N, 3), the way these eyes see them."""
    values = np.stack([rgb(colour) for colour in colours])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ matrix.T, 0, 1)
    again = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab: NDArray[np.float64] = rgb2lab(again)
    return lab


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("theme", GROUND)
def test_colours_differ(theme: str, eyes: str) -> None:
    script = (WEB / "map-colours.js").read_text(encoding="utf-8")
    (listed,) = re.findall(rf"const {theme} = \[(.*?)\];", script)
    colours = re.findall(r"#[0-9a-f]{6}", listed)
    assert len(colours) == 8
    lab = as_seen([*colours, GROUND[theme]], SEEN_BY[eyes])
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 1e3 * np.eye(len(lab))
    assert apart.min() > 11, (colours, apart.argmin())  # some 2 is what one just notices
