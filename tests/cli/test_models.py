from __future__ import annotations

import json
from pathlib import Path

import pytest

from modiste.model_folder import load_model, shipped


def test_shipped_encoders_are_listed(run) -> None:
    listed = json.loads(run("models", "--json").out)
    assert [model["name"] for model in listed] == list(shipped())
    done = run("models")
    assert done.code == 0
    for model in listed:
        assert model["id"] == load_model(model["name"]).id
        assert model["id"] in done.out
        assert model["megabytes"] <= (15 if model["name"] == "large" else 6)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b'{"format": 1}', b'{"format": 1, "name": []}']
)
def test_a_damaged_encoder_is_told(
    run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model.json").write_bytes(content)
    monkeypatch.setattr("modiste.model_card.ENCODERS", tmp_path)
    done = run("models")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {tmp_path / 'tiny'}: ")
    assert done.err.count("\n") == 1


def test_without_encoders_it_says_what_to_do(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("modiste.model_card.ENCODERS", tmp_path)
    done = run("models")
    assert (done.code, done.out) == (0, "")
    assert "modiste train --help" in done.err


@pytest.mark.parametrize("name", ["defualt", "no/such/folder"])
def test_unknown_models_are_named(run, photos: Path, name: str, tmp_path: Path) -> None:
    done = run("index", photos, "--into", tmp_path / "shop", "--model", name)
    assert done.code == 1
    assert done.err.startswith(f"Error: {name}: ")
    assert done.err.count("\n") == 1
