from __future__ import annotations

from pathlib import Path


def test_sample_is_drawn_and_described(run, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    done = run("sample", shop, "--per-type", "2", "--seed", "1", "--height", "80")
    assert done.code == 0
    assert done.out == f"{shop}\n"
    assert (shop / "styles.csv").is_file()
    described = run("data", "info", shop)
    assert described.code == 0
    assert "0 without a photo" in described.out


def test_a_full_folder_is_left_alone(run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = run("sample", tmp_path)
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
