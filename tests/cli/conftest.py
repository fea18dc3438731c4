"""What the command tests share: a runner, a few photos, and a model that needs no training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from modiste.cli import app
from modiste.datasets import Labels
from modiste.label_model import as_label_model
from modiste.preprocessing import Preprocess

Run = Callable[..., SimpleNamespace]

COLOURS = {"red": (200, 30, 40), "green": (30, 180, 60), "blue": (40, 60, 200), "grey": (128, 128, 128)}


@pytest.fixture
def run() -> Run:
    """``run("index", folder, "--into", shop)`` → exit code, stdout, stderr; a traceback fails the test."""

    def invoke(*arguments: object) -> SimpleNamespace:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="modiste")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return SimpleNamespace(code=done.exit_code, out=done.stdout, err=done.stderr)

    return invoke


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache directory for this test alone."""
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def photos(tmp_path: Path, cache: Path) -> Path:
    """Four photos of one colour each, and a file that is none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (60, 80), colour).save(folder / f"{name}.png")
    (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a photo")
    return folder


class ColourModel:
    """Embeds a photo as the direction of its mean colour; knows what it would need to be calibrated."""

    id = "colours-000000000000"
    name, digest = "colours", "000000000000"
    labels = Labels(("Red", "Green", "Blue"), (0, 1, 2), ("Colours",), (0,), (0, 0, 0))
    scale = 1.0
    training: ClassVar[dict[str, object]] = {}
    card = ""
    dimension = 3
    preprocess = Preprocess()
    prototypes = np.eye(3, dtype=np.float32)
    calibration = SimpleNamespace(
        confidence={"names": ["first"], "mean": [0.9], "scale": [0.01], "weights": [2.0], "intercept": 0.0},
        threshold=0.5,
        guarantee=None,
        curve=None,
    )

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        means = pixels.reshape(len(pixels), -1, 3).mean(axis=1) + 1.0
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ColourModel:
    """`ColourModel` in place of any model a command loads."""
    # First: importing them once `find_model` is replaced would keep the replacement.
    monkeypatch.setattr("modiste.runtimes.load_with_runtime", lambda which, wanted="auto": ColourModel())
    monkeypatch.setattr(
        "modiste.label_model.load_label_model", lambda which: as_label_model(ColourModel(), ColourModel())
    )
    monkeypatch.setattr("modiste.model_folder.load_model", lambda which: ColourModel())
    monkeypatch.setattr("modiste.model_folder.find_model", Path)
    monkeypatch.setattr("modiste.model_card.find_model", Path)
    monkeypatch.setattr("modiste.runtimes.serving.load_to_serve", lambda *_, **__: ColourModel())
    return ColourModel()
