"""``modiste evaluate``, ``baseline`` and ``compare`` on a small drawn shop, with a model of colours."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.cli.conftest import ColourModel

from modiste.datasets import Labels, draw_sample, read_splits
from modiste.evaluation import read_results
from modiste.support_set import SupportMethod


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "shop"
    draw_sample(folder, per_type=6)
    return folder


@pytest.fixture
def colours(shop: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any model that is loaded is one of colours, which knows the shop's types and guesses among them."""
    labels = Labels.of(read_splits(shop / "splits").train)

    class Guessing(ColourModel):
        def __init__(self, name: str) -> None:
            self.id, self.regime = name, "rich" if name == "rich" else "course"
            self.named_by = "network"
            self.labels = labels
            self.style_head, self.text_matcher = object() if name == "rich" else None, None
            self.calibration = SimpleNamespace(
                **vars(ColourModel.calibration),
                support=SupportMethod("knn", k=1),
                style_pull=0.1 if name == "rich" else None,
            )

        def look(self, pixels):
            said = np.array(["Black"] * len(pixels))
            return SimpleNamespace(style=self.embed(pixels), words={"baseColour": said}, for_text=None)

        def classify(self, pixels):
            return np.full((len(pixels), len(labels)), 1 / len(labels), np.float32)

    monkeypatch.setattr("modiste.model_folder.load_model", Guessing)
    monkeypatch.setattr("modiste.model_folder.read_history", lambda name: [{"photos": 512.0, "loss": 2.0}])


def test_splits_give_every_part(run, shop: Path, colours: None, tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    line = ["evaluate", "m", "--data", shop, "--splits", shop / "splits", "--out", out]
    done = run(*line, "--few-shot", "2x1", "--method", "multi-prototypes-2")
    assert done.code == 0
    assert f"Written to {out}." in done.err
    found = read_results(out)
    assert {"scenarios.4", "categories", "classification"} <= set(found.predictions)
    assert "multi-prototypes-2" in found.scenarios["3"].methods
    assert "few_shot.2x1" in found.skipped or "2x1" in found.few_shot
    assert found.selective is not None
    assert (found.maps, found.examples) == (None, None)
    printed = json.loads(run(*line, "--json").out)
    assert printed["scenarios"]["3"]["accuracy"] == found.scenarios["3"].accuracy


def test_a_pair_and_a_vote(run, shop: Path, colours: None, tmp_path: Path) -> None:
    out, splits = tmp_path / "results.json", shop / "splits"
    pair = ["--support", splits / "new_support.csv", "--test", splits / "new_test.csv"]
    assert run("evaluate", "m", "--data", shop, *pair, "--out", out).code == 0
    assert list(read_results(out).scenarios) == ["pair"]
    assert run("evaluate", "m", "--with", "n", "--data", shop, *pair, "--out", out).code == 0
    found = read_results(out)
    assert found.model.id == "soft(m, n)"
    assert found.selective is None


def test_a_report_has_pictures_of_what_was_mapped(run, shop: Path, colours: None, tmp_path: Path) -> None:
    out, splits = tmp_path / "results.json", shop / "splits"
    first, second = list(dict.fromkeys(read_splits(splits).train.type_names))[:2]
    line = ["evaluate", "m", "--data", shop, "--splits", splits, "--out", out, "--maps"]
    chosen = ["--map-class", first, "--map-class", second, "--between", first, second]
    assert run(*line, *chosen).code == 0
    found = read_results(out)
    assert found.maps is not None
    assert found.maps.labels == [first, second]
    assert found.between is not None
    assert found.history == [{"photos": 512.0, "loss": 2.0}]
    assert run("report", out, "-o", tmp_path / "report.html").code == 0
    assert "data:image/jpeg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_rich_model_is_asked_for_style_unless_it_votes(
    run, shop: Path, colours: None, tmp_path: Path
) -> None:
    out, splits = tmp_path / "results.json", shop / "splits"
    line = ["evaluate", "rich", "--data", shop, "--splits", splits, "--out", out]
    assert run(*line).code == 0
    found = read_results(out)
    assert found.model.regime == "rich"
    assert found.style is not None
    assert found.style.pull == 0.1
    assert found.skipped["text"] == "the model has no text encoder"
    assert run(*line, "--with", "m").code == 0
    both = read_results(out)
    assert (both.model.regime, both.style) == ("rich", None)
    assert not {"style", "text"} & set(both.skipped)


def test_baselines_and_comparison(run, shop: Path, cache: Path, tmp_path: Path) -> None:
    files = [tmp_path / "knn.json", tmp_path / "mlp.json"]
    for file in files:
        options = [
            "--features",
            "colour",
            "--classifier",
            file.stem,
            "--data",
            shop,
            "--splits",
            shop / "splits",
        ]
        assert run("baseline", *options, "--out", file).code == 0
    done = run("compare", *files)
    assert done.code == 0
    assert "colour-mlp" in done.out.splitlines()[0]
    assert "scenarios.3 balanced accuracy" in done.out
    assert json.loads(run("compare", *files, "--json").out)["models"] == ["colour-knn", "colour-mlp"]
    alone = run("compare", files[0])
    assert (alone.code, alone.err) == (1, "Error: expected two results or more to compare; got 1\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "either --splits, or both --support and --test"),
        (["--splits", "s", "--support", "a.csv"], "either --splits, or both"),
        (["--splits", "SHOP", "--method", "svm"], "got 'svm'"),
        (["--splits", "SHOP", "--few-shot", "5"], "such as 10x5"),
    ],
)
def test_what_was_asked_for_wrongly(run, shop: Path, tmp_path: Path, options: list[str], said: str) -> None:
    given = [str(shop / "splits") if option == "SHOP" else option for option in options]
    done = run("evaluate", "m", "--data", shop, "--out", tmp_path / "r.json", *given)
    assert done.code == 2
    assert said in done.err
