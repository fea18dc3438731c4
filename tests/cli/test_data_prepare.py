"""``modiste data prepare`` and ``fetch``: thin, so only what people see."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_data import kaggle_folder


def test_prepare(run, tmp_path: Path) -> None:
    shop, made = kaggle_folder(tmp_path / "shop"), tmp_path / "made"
    done = run("data", "prepare", shop, made, "--test", 0.5)
    assert (done.code, done.out) == (0, f"{made}  kaggle: 2 photos (train 2)\n")
    assert "skipped 3: row without a photo" in done.err
    again = run("data", "prepare", shop, made, "--test", 0.5, "--json")
    assert json.loads(again.out) == {
        "folder": str(made), "layout": "kaggle", "photos": 2, "splits": {"train": 2},
        "skipped": {"row without a photo": 1},
    }  # fmt: skip
    assert run("data", "info", made).out.startswith(f"{made}: table\n2 photos, 2 rows")


def test_prepare_of_nothing(run, tmp_path: Path) -> None:
    done = run("data", "prepare", tmp_path / "gone", tmp_path / "made")
    assert (done.code, done.out) == (1, "")
    assert "no such file or folder" in done.err


def test_fetch_of_what_is_not_known(run) -> None:
    done = run("data", "fetch", "mnist")
    assert done.code == 1
    assert done.err == "Error: 'mnist': expected fashion-mnist, or owner/name of a Kaggle data set\n"
