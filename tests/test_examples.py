"""The examples run as they are, on less data and for less time."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import modiste

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = EXAMPLES / "learning_fashion_features.ipynb"


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


def test_the_notebook_is_its_source_without_outputs() -> None:
    jupytext = pytest.importorskip("jupytext", reason="jupytext is not installed: modiste[notebook]")
    source, made = jupytext.read(NOTEBOOK.with_suffix(".py")), jupytext.read(NOTEBOOK)
    assert [told(cell) for cell in source.cells] == [told(cell) for cell in made.cells], (
        "run make notebook, and commit both"
    )
    for cell in made.cells:
        assert not cell.get("outputs"), "outputs may show photos that are not ours to pass on"


def test_the_notebooks_page_tells_what_a_figure_shows(tmp_path: Path) -> None:
    pytest.importorskip("nbconvert", reason="nbconvert is not installed: modiste[notebook]")
    from nbconvert import HTMLExporter

    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
    figures = [("error & coverage, a <curve>", {"width": 400}), ("", {})]
    cells = []
    for number, (alt, size) in enumerate(figures):
        metadata = {"image/png": {**size, **({"alt": alt} if alt else {})}}
        out = {"output_type": "display_data", "data": {"image/png": dot}, "metadata": metadata}
        cell = {"cell_type": "code", "execution_count": 1, "id": str(number), "metadata": {}}
        cells.append({**cell, "source": "", "outputs": [out]})
    made = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "made.ipynb").write_text(json.dumps(made), encoding="utf-8")
    exporter = HTMLExporter(template_name="page", extra_template_basedirs=[str(NOTEBOOK.parent)])
    page, _ = exporter.from_filename(str(tmp_path / "made.ipynb"))
    first, second = re.findall(r"<img[^>]*data:image/png[^>]*>", page.replace("<curve>", "&lt;curve&gt;"))
    assert 'alt="error &amp; coverage, a &lt;curve&gt;"' in first
    assert 'width="400"' in first
    assert "No description" in second, "nbconvert says so, and warns"


def told(cell: Any) -> tuple[str, str, list[str]]:
    return cell.cell_type, cell.source, cell.metadata.get("tags", [])


def test_the_notebook_has_a_part_for_every_task_and_step() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    for expected in (
        "Task 1: classification",
        "The network",
        "How good is it?",
        "Task 2: representation",
        "Loss and choice of samples",
        "Naming photos from a support set, without training",
        "Task 3: recommendation",
        "Task 4: the feature space",
        "1. The first ten types in two dimensions",
        "2. Confusion of these ten types",
        "3. From shirts to T-shirts",
        "4. Categories, with the same model",
    ):
        assert expected in headings


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(shop: Path, tmp_path: Path) -> None:
    for package in ("nbconvert", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed: modiste[notebook]")
    settings = {"DATA": shop, "SPLITS": shop / "splits", "EPOCHS": 8, "CLASSIFIER": "", "EMBEDDING": ""}
    settings["PYTHONPATH"] = Path(modiste.__file__).parents[1]
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", NOTEBOOK]
    done = subprocess.run(
        [*map(str, command), "--output-dir", str(tmp_path)],
        env=os.environ | {name: str(value) for name, value in settings.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = (tmp_path / NOTEBOOK.name).read_text(encoding="utf-8")
    assert len(written) < 25e6
    outputs = [out for cell in json.loads(written)["cells"] for out in cell.get("outputs", [])]
    assert [out for out in outputs if out["output_type"] in ("error", "stream")] == [], "no warnings either"
    figures = [out for out in outputs if "image/png" in out.get("data", {})]
    assert len(figures) >= 15
    said = "\n".join("".join(out.get("data", {}).get("text/markdown", "")) for out in outputs)
    assert said.count("**Seen.**") >= 12
    measured = dict(re.findall(r"^\| (\d: [^|]*) \| ([\d.]+) % \|", said, re.MULTILINE))
    assert len(measured) == 8
    shares = {what.strip(): float(value) for what, value in measured.items()}
    assert all(0 <= share <= 100 for share in shares.values())
    # Chance is 1 in 31, 31, 9 and 40.
    assert shares["1: accuracy"] > 10
    assert shares["2: scenario 2, accuracy"] > 10
    assert shares["2: scenario 3, accuracy (new types)"] > 20
    assert shares["4: categories, accuracy"] >= shares["2: scenario 2, accuracy"] - 5
    assert "nan" not in said
