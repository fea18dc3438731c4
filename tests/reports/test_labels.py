"""What a report says of results of labels: one each, of groups, and any number."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.reports.conftest import blocks, said

from modiste.errors import DataError
from modiste.reports import compose, read, write_report
from modiste.reports.contents import Chart, Gallery, Table

PIXEL = (
    "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJ"
    "DRENDg8QEBEQCgwSExIQEw8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)


def score(f1: float, support: int) -> dict[str, float]:
    return {"precision": f1, "recall": f1, "f1": f1, "support": support}


def one_each() -> dict[str, Any]:
    """Eight of ten right: two ties called belts."""
    part = {
        "format": 1,
        "model": "types-0f",
        "part": "test",
        "n": 10,
        "accuracy": 0.8,
        "subset_accuracy": 0.8,
        "f1_micro": 0.8,
        "f1_macro": 0.75,
        "precision_macro": 0.77,
        "recall_macro": 0.79,
        "mean_average_precision": 0.9,
        "labels": {"Ties": score(0.5, 5), "Belts": score(0.85, 5)},
        "tasks": {
            "kind": {
                "accuracy": 0.8,
                "balanced_accuracy": 0.81,
                "n": 10,
                "labels": ["Belts", "Ties"],
                "confusion": [[5, 0], [2, 3]],
                "wrong": ["p1", "p2"],
            }
        },
        "misclassified": {name: {"true": ["Ties"], "said": ["Belts"]} for name in ("p1", "p2")},
        "mistakes": [{"true": "Ties", "said": "Belts", "photos": ["p1", "p2"], "share": 0.4}],
        "thumbnails": {"p1": PIXEL},
        "missing": ["gone"],
        "right": {},
    }
    return {"val": {**part, "part": "val", "n": 7}, "test": part}


def groups() -> dict[str, Any]:
    values = one_each()["test"]
    fit = {**values["tasks"]["kind"], "accuracy": 0.6, "labels": ["fit:loose", "fit:tight"]}
    values["tasks"]["fit"] = fit
    values["labels"] |= {"fit:loose": score(0.2, 3), "fit:tight": score(0.95, 7), "hood": score(0.1, 6)}
    values["mistakes"] += [
        {"true": "fit:tight", "said": "fit:loose", "photos": ["p1"], "share": 0.5},
        {"true": "hood", "said": "", "photos": ["p2"], "share": 0.5},
        {"true": "", "said": "hood", "photos": ["p1"], "share": 0.25},
    ]
    return {"all": values}


def test_one_label_each() -> None:
    report = compose(one_each())
    good, fails, trust = report.brief
    assert (good.headline, fails.headline, trust.headline) == ("80.0\xa0%", "Ties → Belts", "1 of 2")
    assert "81.0\xa0% in the mean over the labels" in said(report)
    assert "Ties → Belts (2 photos)" in said(report)
    assert report.title == "How good is types-0f?"
    assert report.about == "2 labels, measured on 10 photos that it had not learned from (test)."
    [table] = blocks(report, Table).values()
    assert [row[:2] for row in table.rows] == [("val", "7"), ("test", "10")]
    charts = blocks(report, Chart)
    assert [*charts] == ["hardest", "mistakes", "confusion-matrix-1", "labels"]
    assert charts["confusion-matrix-1"].draw.keywords["counts"] == [[5, 0], [2, 3]]
    gallery = blocks(report, Gallery)["mistaken"]
    assert [(row.text, len(row.photos)) for row in gallery.rows] == [("Ties → Belts: 1 of 2", 1)]
    assert "Not in the data: 1 photo." in report.sections[-1].blocks


def test_groups_and_labels_that_stand_alone() -> None:
    report = compose(groups())
    assert "in the mean over 2 groups" in said(report)
    assert report.about.endswith("on 10 photos (all).")
    assert "hood missed (1 photo)" in said(report)
    charts = blocks(report, Chart)
    assert {"groups", "confusion-matrix-1", "confusion-matrix-2"} <= {*charts}
    assert "hood missed: 1 photos" in charts["mistakes"].alt
    assert "hood where there is none" in charts["mistakes"].alt
    assert "fit: tight → loose" in charts["mistakes"].alt
    assert ("hood where there is none", 1, "25.0\xa0% of hood") in charts["mistakes"].draw.keywords["rows"]


def test_labels_alone_have_no_matrix() -> None:
    values = groups()
    values["all"] |= {"tasks": {}, "accuracy": None}
    report = compose(values)
    assert report.brief[0].headline == "80.0\xa0%"
    assert "F1 over all labels together" in said(report)
    assert not [name for name in blocks(report, Chart) if name.startswith("confusion")]
    with pytest.raises(DataError, match="there are none, as each label stands alone"):
        compose(values, ["hood"])


def test_the_matrix_has_the_labels_asked_for() -> None:
    chosen = blocks(compose(groups(), ["fit:tight"]), Chart)["confusion-matrix-1"].draw.keywords
    assert (chosen["labels"], chosen["columns"]) == (["tight"], ["tight", "another"])
    assert chosen["counts"] == [[3, 2]]
    with pytest.raises(DataError, match=r"^Hats: no label of a group in these results; there are Belts"):
        compose(groups(), ["Hats"])


def test_older_results_and_perfect_ones_are_told_too() -> None:
    values = one_each()
    for part in values.values():
        for key in ("mistakes", "thumbnails", "right"):
            del part[key]
    assert "scored with --photos" in compose(values).sections[-1].blocks[-1]
    perfect = copy.deepcopy(values)["test"] | {"misclassified": {}, "labels": {}}
    assert "Nothing was named wrongly." in said(compose({"test": perfect}))


def test_a_page_a_pdf_and_pictures(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(groups()))
    assert read(file) == groups()
    write_report(file, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Which labels to trust" in page
    assert PIXEL in page
    write_report(file, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    names = [written.name for written in write_report(file, tmp_path / "figures")]
    assert names[0] == "01-groups.png"
