"""The learning curve shows the run, also one that was cut short or came from a file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from modiste.training.curves import draw_history, draw_label_history


def run(*heights: int) -> list[dict[str, float]]:
    """A report for each of these heights."""
    return [
        {
            "step": 20 * n,
            "photos": 640 * n,
            "seconds": n,
            "loss": 9 / n,
            "rate": 1 / n,
            "height": height,
            "width": 3 * height // 4,
        }
        for n, height in enumerate(heights, start=1)
    ]


def ink(png: bytes) -> np.ndarray:
    """Where something is drawn, (H, W) booleans."""
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGBA"))[..., 3] > 100


def test_a_change_of_size_is_marked_where_it_happens() -> None:
    same = ink(draw_history(run(*[48] * 10), title="a run"))
    grown = ink(draw_history(run(*[48] * 5, *[64] * 5), title="a run"))
    columns = np.flatnonzero((grown & ~same).sum(axis=0) > 100)
    middle = (np.flatnonzero(same.any(axis=0))[[0, -1]]).mean()
    assert len(columns) > 0
    assert abs(columns.mean() - middle) < 0.1 * same.shape[1]


def test_a_single_report_is_a_picture_too_and_none_is_refused() -> None:
    assert ink(draw_history(run(48), title="short")).any()
    with pytest.raises(ValueError, match="at least one row"):
        draw_history([], title="nothing")


@pytest.mark.parametrize("epochs", [1, 8])
def test_validation_has_a_panel_of_its_own(epochs: int) -> None:
    rows = [{"epoch": n, "loss": 9 / n} for n in range(1, epochs + 1)]
    judged = [row | {"val_loss": 10 / row["epoch"], "val_f1_macro": 0.5} for row in rows]
    alone, both = (ink(draw_label_history(history, title="a run")) for history in (rows, judged))
    assert alone.any()
    assert both.shape[0] > alone.shape[0]
    with pytest.raises(ValueError, match="at least one row"):
        draw_label_history([], title="a run")
