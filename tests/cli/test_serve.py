from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modiste.errors import TooFewItems
from modiste.model import MeasuredCurve


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be served: (recommender, host, port) of each call, in place of a server."""
    calls: list[Any] = []

    def serve(recommender, host, port, *, name, ready, **rest):
        calls.append((recommender, host, port, name))
        ready(f"http://{host}:{port}")

    monkeypatch.setattr("modiste.api.serve", serve)
    return calls


def test_a_catalogue_is_served_as_it_is(run, photos: Path, model, served, tmp_path: Path) -> None:
    run("index", photos, "--into", tmp_path / "shop")
    done = run("serve", tmp_path / "shop", "--port", "8123", "--name", "Colours")
    assert done.code == 0
    assert done.err == "4 items on http://127.0.0.1:8123 (Ctrl-C stops)\n"
    [(recommender, *rest)] = served
    assert recommender.recommend(photos / "red.png").items[0].id == "red"
    assert rest == ["127.0.0.1", 8123, "Colours"]


def test_photos_are_kept_as_a_catalogue_that_follows_them(
    run, photos: Path, model, served, cache: Path
) -> None:
    assert "skipped torn.jpg" in run("serve", photos).err
    [catalogue] = (cache / "catalogues").iterdir()
    assert catalogue.name.startswith("photos-")

    (photos / "grey.png").rename(photos / "stone.png")
    (photos / "green.png").unlink()
    assert run("serve", photos).err.endswith("3 items on http://127.0.0.1:8000 (Ctrl-C stops)\n")
    assert [kept.name for kept in (cache / "catalogues").iterdir()] == [catalogue.name]
    recommender = served[-1][0]
    assert {item.id for item in recommender.recommend(photos / "stone.png").items} == {"red", "blue", "stone"}


def test_items_that_came_through_the_api_stay(run, photos: Path, model, served) -> None:
    run("serve", photos)
    catalogue = served[-1][0].catalogue
    catalogue.add([replace(catalogue.get("red"), id="mine", path="")], catalogue.vectors[:1])
    run("serve", photos)
    assert "mine" in served[-1][0].catalogue


def test_each_of_several_workers_opens_the_catalogue(
    run, photos: Path, model, served, tmp_path: Path
) -> None:
    run("index", photos, "--into", tmp_path / "shop")
    assert run("serve", tmp_path / "shop", "--workers", "2", "--log", "json").code == 0
    [(open_recommender, *_)] = served
    opened = pickle.loads(pickle.dumps(open_recommender))()  # it travels to another process
    assert len(opened.catalogue) == 4


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False), ("localhost", False)])
def test_a_warning_when_others_can_reach_it(
    run, photos: Path, model, served, host: str, warned: bool
) -> None:
    done = run("serve", photos, "--host", host)
    assert done.code == 0
    assert ("Warning: whoever can reach" in done.err) == warned


def test_without_photos_the_sample_shop_is_drawn_once(run, model, served, cache: Path, monkeypatch) -> None:
    monkeypatch.setattr("modiste.cli.serve.SHOWN_PER_TYPE", 1)
    monkeypatch.setattr("modiste.cli.serve.SHOWN_HEIGHT", 40)
    first = run("serve")
    assert first.code == 0
    monkeypatch.setattr("modiste.datasets.drawn.draw_sample", None)
    assert run("serve").err == first.err
    assert len(served[-1][0].catalogue) >= 3 * 24, "at least three of each of at least 24 types"


def test_verdicts_are_kept_where_one_says(run, photos: Path, model, monkeypatch, tmp_path: Path) -> None:
    kept: list[Path] = []

    def serve(*args, feedback, ready, **rest):
        kept.append(feedback.file)
        ready("http://there")

    monkeypatch.setattr("modiste.api.serve", serve)
    run("index", photos, "--into", tmp_path / "shop")
    run("serve", tmp_path / "shop")
    run("serve", tmp_path / "shop", "--feedback", tmp_path / "verdicts.jsonl")
    assert kept == [tmp_path / "shop" / "feedback.jsonl", tmp_path / "verdicts.jsonl"]


def test_pages_get_models_measurements_and_a_threshold(
    run, photos: Path, model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        "modiste.api.serve", lambda recommender, *_, **rest: given.update(rest, it=recommender)
    )
    run("index", photos, "--into", tmp_path / "shop")
    measured = {
        "model": {"id": "colours-000000000000"},
        "classification": {"n": 4, "accuracy": 0.75, "balanced_accuracy": 0.5},
        "selective": {"n_test": 4, "curve": [[1.0, 0.25]], "curve_thresholds": [0.2]},
    }
    (tmp_path / "results.json").write_text(json.dumps(measured))
    options = ("--results", tmp_path / "results.json", "--classifier", "default", "--threshold", "0.75")
    assert run("serve", tmp_path / "shop", *options).code == 0
    first, second = given["classifiers"]
    assert (first.model.id, first.figures.accuracy) == ("colours-000000000000", 0.75)
    assert (second.model.name, second.figures) == ("colours", None)
    assert given["curve"].points[0].error == 0.25
    assert (given["it"].threshold, given["guarantee"]) == (0.75, None)


def test_without_results_the_models_own_curve_is_shown(
    run, photos: Path, model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr("modiste.api.serve", lambda *_, curve, **rest: given.append(curve))
    run("index", photos, "--into", tmp_path / "shop")
    run("serve", tmp_path / "shop")
    kept = MeasuredCurve("rehearsal", 9, (0.9, 0.2), (0.5, 1.0), (0.0, 0.25))
    monkeypatch.setattr(model.calibration, "curve", kept)
    run("serve", tmp_path / "shop")
    (tmp_path / "results.json").write_text('{"model": {"id": "x"}}')  # an evaluation that skipped it
    run("serve", tmp_path / "shop", "--results", tmp_path / "results.json")
    assert [None if curve is None else curve.source for curve in given] == [None, "rehearsal", "rehearsal"]


def test_trends_are_found_among_what_is_uploaded(
    run, photos: Path, model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr("modiste.api.serve", lambda it, *_, trends, **rest: given.append(trends(it)))
    run("index", photos, "--into", tmp_path / "shop")
    run("serve", tmp_path / "shop")
    with pytest.raises(TooFewItems, match="4 items"):
        given[0]([])


def test_measurements_that_are_none_are_refused(run, photos: Path, model, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("[]")
    done = run("serve", photos, "--results", tmp_path / "results.json")
    assert done.code == 1
    assert "expected what modiste evaluate or score wrote" in done.err
