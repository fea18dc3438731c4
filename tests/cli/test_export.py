"""``modiste export`` and ``--runtime``, through the real command line and the encoder of the package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from modiste.cli import app

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("openvino")


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_export_then_index_and_recommend_with_any_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw_photo: Callable[..., bytes]
) -> None:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(6):
        (photos / f"{seed}.png").write_bytes(draw_photo(seed))
    made = json.loads(run("export", "default", "--to", "onnx", "--photos", photos, "--json"))
    assert made["lowest"] >= 0.999
    assert made["photos"] == 6
    assert Path(made["folder"]).is_relative_to(tmp_path / "cache")
    elsewhere = run("export", "default", "--to", "openvino", "-o", tmp_path / "mine")
    assert "for openvino in fp32" in elsewhere
    assert (tmp_path / "mine" / "encoder.xml").exists()
    indexed = json.loads(run("index", photos, "--into", tmp_path / "shop", "--runtime", "onnx", "--json"))
    assert indexed["added"] == 6
    assert indexed["model"] == made["id"]
    (answer,) = json.loads(
        run("recommend", tmp_path / "shop", photos / "0.png", "--runtime", "openvino", "--json")
    )
    assert "confidence" in answer
    lost = CliRunner().invoke(app, ["recommend", str(tmp_path / "shop"), "x.png", "--runtime", "onnx-int8"])
    assert lost.exit_code == 1
    assert "modiste export" in lost.stderr
