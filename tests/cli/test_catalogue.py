from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def shop(run, photos: Path, model, tmp_path: Path) -> Path:
    run("index", photos, "--into", tmp_path / "shop", "--quiet")
    return tmp_path / "shop"


def test_items_are_found_by_text_photo_and_item(run, shop: Path, photos: Path) -> None:
    assert [
        row["id"] for row in json.loads(run("catalogue", "search", shop, "--text", "red", "--json").out)
    ] == ["red"]
    assert (
        run("catalogue", "search", shop, "--photo", photos / "blue.png").out.splitlines()[0]
        == "1.000  blue  blue"
    )
    assert (
        run(
            "catalogue", "search", shop, "--photo", photos / "blue.png", "--text", "red", "-k", "2"
        ).out.count("\n")
        == 2
    )
    like = run("catalogue", "search", shop, "--like", "blue", "--diversity", "0.5").out
    assert "blue" not in like
    assert like.count("\n") == 3
    for wrong in ([], ["--like", "blue", "--text", "red"], ["--text", "red", "--diversity", "0.5"]):
        assert run("catalogue", "search", shop, *wrong).code == 2
    done = run("catalogue", "search", shop, "--text", "red", "--where", "gender=Men")
    assert (done.code, done.err) == (1, "Error: no item has a label 'gender'; there are: none\n")


def test_info_history_and_undo(run, shop: Path, model) -> None:
    assert f"4 items, model {model.id}" in run("catalogue", "info", shop).out
    assert json.loads(run("catalogue", "info", shop, "--json").out)["search"] == "exact"
    assert [state["items"] for state in json.loads(run("catalogue", "history", shop, "--json").out)] == [4, 0]
    assert run("catalogue", "duplicates", shop).out == ""
    assert "as in version 1 again, 0 items" in run("catalogue", "undo", shop).out
    assert "4 items" in run("catalogue", "undo", shop, "--to", "2").out


def test_export_import_and_another_model(run, shop: Path, model, tmp_path: Path, monkeypatch) -> None:
    assert run("catalogue", "export", shop, tmp_path / "shop.parquet").code == 0
    done = run("catalogue", "import", tmp_path / "shop.parquet", tmp_path / "copy")
    assert done.out == f"{tmp_path / 'copy'}: 4 items added or replaced\n"
    monkeypatch.setattr(type(model), "id", "others-111111111111")
    done = run("catalogue", "reembed", shop, "--model", "others")
    assert done.out == f"{shop}: now of model others-111111111111; 4 photos embedded, 0 had been before\n"
