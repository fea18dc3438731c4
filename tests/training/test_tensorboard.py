"""The TensorBoard log has what the history has, and says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from modiste.errors import ModisteError
from modiste.training.tensorboard import tensorboard_log


def test_each_row_becomes_figures_at_its_step(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the tensorboard extra is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with tensorboard_log(tmp_path / "deep" / "log") as report:
        assert report is not None
        for step in (20, 40):
            report({"step": step, "photos": 32 * step, "loss": 100 / step, "rate": 0.5})
    log = EventAccumulator(str(tmp_path / "deep" / "log")).Reload()
    assert sorted(log.Tags()["scalars"]) == ["training/loss", "training/rate"]
    assert [(event.step, event.value) for event in log.Scalars("training/loss")] == [(20, 5.0), (40, 2.5)]


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with (
        pytest.raises(ModisteError, match=r"pip install 'modiste\[tensorboard\]'"),
        tensorboard_log(tmp_path / "log"),
    ):
        pass
    assert not (tmp_path / "log").exists()
