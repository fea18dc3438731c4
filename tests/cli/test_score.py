from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import test_label_model
from tests.cli.test_classify import ColourNamer


def test_a_model_is_scored_on_its_own_parts_or_on_all(
    run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modiste.label_model.load_label_model", lambda which: ColourNamer())
    (photos / "torn.jpg").unlink()
    table = "image,labels\nred.png,red\ngreen.png,green|blue\nblue.png,blue\n"
    (photos / "photos.csv").write_text(table)
    options = ("--data", photos, "--label", "labels", "--out", tmp_path / "scores.json")
    done = run("score", tmp_path / "model", *options, "--part", "all")
    assert done.code == 0
    assert "all labels right  0.6667" in done.out
    [part] = json.loads((tmp_path / "scores.json").read_text()).values()
    assert part["misclassified"] == {"green": {"true": ["green", "blue"], "said": ["green"]}}
    assert part["n"] == 3

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "split.csv").write_text("id,split,labels\nred,test,red\nblue,train,blue\n")
    done = run("score", tmp_path / "model", *options, "--json")
    assert json.loads(done.out)["n"] == 1
    assert run("score", tmp_path / "model", *options, "--part", "val").code == 1


def test_models_that_vote_must_not_have_seen_the_photos(run, photos: Path, tmp_path: Path) -> None:
    names = ["--data", photos, "--label", "labels", "--part", "test", "--out", tmp_path / "scores.json"]
    (photos / "torn.jpg").unlink()
    (photos / "photos.csv").write_text(
        "image,labels\nred.png,fit:loose\ngreen.png,fit:tight\nblue.png,hood\n"
    )
    one, two = (
        test_label_model.save(tmp_path / name, kind) for name, kind in (("one", "cnn3"), ("two", "vit"))
    )
    for name in (one.name, two.name):
        (tmp_path / name / "split.csv").write_text("id,split\nred,test\ngreen,test\nblue,train\n")
    done = run("score", tmp_path / "one", "--with", tmp_path / "two", *names, "--json")
    assert done.code == 0
    assert json.loads(done.out)["n"] == 2
    said = run("classify", tmp_path / "one", "--with", tmp_path / "two", photos / "red.png", "--json")
    assert json.loads(said.out)["model"].startswith("soft(one, two)-")

    (tmp_path / "two" / "split.csv").write_text("id,split\nred,train\ngreen,test\nblue,train\n")
    done = run("score", tmp_path / "one", "--with", tmp_path / "two", *names)
    assert done.code == 1
    assert "two learned from 1 of the photos of test" in done.err
