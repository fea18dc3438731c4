"""The examples run as they are, on less data and for less time."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import modiste

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, *arguments: object, **changed: object) -> None:
    """The example's ``main``, as from the command line; ``changed`` are constants of the module."""
    module = runpy.run_path(str(EXAMPLES / name))
    main = module["main"]
    main.__globals__.update(changed)
    main(*map(str, arguments))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    modiste.draw_sample(folder, per_type=20)
    return folder


def test_a_folder_is_indexed_and_asked(shop: Path, tmp_path: Path, capsys) -> None:
    photo = sorted((shop / "images").iterdir())[0]
    run("index_a_folder.py", shop, photo, tmp_path / "catalogue")
    first, *answer = capsys.readouterr().out.splitlines()
    assert first.endswith("items added, 0 updated, 0 photos skipped")
    assert len(answer) == 3
    assert answer[0].split()[:2] == ["1.000", photo.stem], "the photo is in the catalogue"


@pytest.mark.slow
def test_a_loss_of_ones_own_learns(shop: Path, capsys) -> None:
    run("add_a_loss.py", shop, shop / "splits", EPOCHS=6, BATCH=32)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["cross_entropy", "poly_loss"]
    for line in lines:
        assert float(line.split()[2].rstrip(",")) > 0.1, "chance is about one in thirty"


@pytest.mark.slow
def test_few_shot_recipes_are_compared(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    line = f"x {shop} --splits {shop / 'splits'} --epochs 0.5 --queries 4"
    monkeypatch.setattr(sys, "argv", [*line.split(), "--recipes", "prototypical", "course-classifier"])
    run("few_shot_comparison.py")
    table = capsys.readouterr().out.splitlines()
    assert [row.split("|")[1].strip() for row in table[2:]] == ["prototypical", "course-classifier"]
    for row in table[2:]:
        assert float(row.split("|")[3]) > 0.3, "chance is one in five"
