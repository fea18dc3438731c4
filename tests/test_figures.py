"""Figures read on white and on dark pages, and leave other people's Matplotlib alone."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from modiste.figures import AMBER, BLUE, INK, as_png, new_figure, tidy

WHITE, DARK = "#ffffff", "#0d1117"


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [INK, BLUE, AMBER])
@pytest.mark.parametrize("page", [WHITE, DARK])
def test_colours_read_on_white_and_on_dark(colour: str, page: str) -> None:
    dark, light = sorted(map(luminance, (colour, page)))
    assert (light + 0.05) / (dark + 0.05) >= 4


def test_a_figure_is_a_png_of_its_size_without_background() -> None:
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=BLUE)
    tidy(axes, x="time (s)", y="speed")
    with Image.open(io.BytesIO(as_png(figure))) as picture:
        assert picture.size == (450, 300)
        assert picture.convert("RGBA").getpixel((449, 0))[3] == 0
        colours = {colour[:3] for _, colour in picture.convert("RGBA").getcolors(10**6) if colour[3] == 255}
    assert bytes.fromhex(BLUE[1:]) in {bytes(colour) for colour in colours}


def test_drawing_leaves_pyplot_and_settings_alone() -> None:
    program = (
        "import sys, matplotlib\n"
        "before = matplotlib.rcParams.copy()\n"  # dict() of it would choose a backend
        "from modiste.figures import as_png, new_figure\n"
        "as_png(new_figure(1, 1))\n"
        "assert matplotlib.rcParams.copy() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_serving_and_loading_models_do_not_load_matplotlib() -> None:
    program = (
        "import sys, modiste.api, modiste.api.server, modiste.model_folder, modiste.learn\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
