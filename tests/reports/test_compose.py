"""What a report says of results: the three answers, and only what the results have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.reports.conftest import blocks, said

from modiste.errors import DataError
from modiste.reports import compose, read
from modiste.reports.contents import Chart, Gallery, Table
from modiste.reports.wording import Thumbnails, hardest, listed


def test_the_three_answers_are_the_results_figures(values) -> None:
    report = compose(values)
    good, fails, show = report.brief
    scenario = values["scenarios"]["3"]
    assert good.headline == f"{100 * scenario['accuracy']:.1f}\xa0%"
    assert f"{100 * scenario['interval'][0]:.1f}–{100 * scenario['interval'][1]:.1f}" in good.blocks[0]
    true, called, often, _ = values["confusions"]["scenarios.4"]["pairs"][0]
    assert fails.headline == f"{true} → {called}"
    assert f"{true} called {called} ({often} photos" in fails.blocks[0]
    at = values["selective"]["threshold_at_error"]["0.05"]
    assert show.headline == f"{at:.3f}"
    assert f"{100 * values['selective']['coverage_at_error']['0.05']:.1f}\xa0%" in show.blocks[0]


def test_every_part_has_its_charts(values) -> None:
    names = set(blocks(compose(values), Chart))
    assert names >= {
        "accuracy",
        "hardest",
        "confused",
        "confusion-matrix",
        "error-coverage",
        "reliability",
        "few-shot",
        "precision-recall",
        "map-train",
        "map-main_test",
        "overlap",
        "classes-categories",
        "learning",
    }
    galleries = set(blocks(compose(values), Gallery))
    assert galleries >= {"mistaken", "shown-right", "centroids", "transition", "typical"}


def test_the_matrix_has_the_classes_of_the_map_or_those_asked_for(values) -> None:
    matrix = blocks(compose(values), Chart)["confusion-matrix"]
    assert matrix.draw.keywords["labels"] == ["Shirts", "Ties", "Belts", "Caps"]
    assert matrix.draw.keywords["counts"] == values["confusions"]["scenarios.2"]["matrix"]
    chosen = blocks(compose(values, ["Ties", "Caps"]), Chart)["confusion-matrix"].draw.keywords
    assert (chosen["labels"], chosen["columns"]) == (["Ties", "Caps"], ["Ties", "Caps", "another"])
    assert [sum(row) for row in chosen["counts"]] == [10, 10]
    unseen = blocks(compose(values, ["Robes", "Ties"]), Chart)["confusion-matrix"].draw.keywords
    assert unseen["labels"] == ["Robes", "Ties"]
    with pytest.raises(DataError, match=r"^Hats: no class of these results; there are Belts, Caps"):
        compose(values, ["Hats"])


def test_thresholds_to_choose_from(values) -> None:
    selective = values["selective"]
    selective["threshold_at_error"]["0.01"] = None
    tables = blocks(compose(values), Table)
    table = tables["Choose by the errors you can bear"]
    assert table.rows[0][1] == "none"
    assert table.rows[table.strong][0] == "at most 5\xa0%"
    assert len(tables["Choose by the threshold"].rows) == len(selective["table"])
    selective["threshold_at_error"]["0.05"] = None
    assert "No threshold keeps errors within 5\xa0%." in said(compose(values))


def test_only_what_was_measured_is_told(values) -> None:
    kept = ("format", "model", "data")
    bare = {name: values[name] for name in kept} | {"skipped": {"selective": "no confidence was given"}}
    report = compose(bare)
    assert "Nothing was measured." in said(report)
    assert [section.key for section in report.sections] == ["notes"]
    assert "Not measured: selective (no confidence was given)." in report.sections[0].blocks
    for name in (
        "maps",
        "between",
        "examples",
        "history",
        "selective",
        "few_shot",
        "retrieval",
        "per_class",
        "confusions",
        "wrong",
    ):
        assert compose({key: value for key, value in values.items() if key != name}).sections


def test_a_pair_is_reported_too(values) -> None:
    pair = values["scenarios"]["2"]
    report = compose({**values, "scenarios": {"pair": pair}, "few_shot": {}, "retrieval": {}})
    assert f"{100 * pair['accuracy']:.1f}\xa0% ({100 * pair['interval'][0]:.1f}" in said(report)


def test_style_and_names_of_the_rich_regime(values) -> None:
    alike = {"first_of_type": 1.0, "hit_rate": 1.0, "same_type": 0.75, "same": {"baseColour": 0.25}}
    style = {"pull": 0.1, "among": 9, "named": {}, "scenarios": {"4": {"plain": alike, "styled": alike}}}
    found = {"recall_at_1": 0.5, "recall_at_10": 0.75, "n": 8}
    text = {"n_pool": 1234, "queries": {"both": found}}
    tables = blocks(compose({**values, "style": style, "text": text}), Table)
    assert ("baseColour", "25.0\xa0%", "25.0\xa0%") in [
        row for table in tables.values() for row in map(tuple, table.rows)
    ]
    assert any("1,234 photos" in title for title in tables)


def test_the_correlation_is_put_into_words(values) -> None:
    overlap = values["maps"]["overlap"]
    for correlation, words in ((0.9, "are the ones"), (0.3, "something"), (0.0, "little"), (None, "nothing")):
        overlap["correlation"] = correlation
        text = [
            block for section in compose(values).sections for block in section.blocks if type(block) is str
        ]
        assert any(words in each for each in text), correlation


def test_overlap_is_told_without_confusion(values) -> None:
    overlap = values["maps"]["overlap"]
    overlap["pairs"] = [[*pair[:3], None] for pair in overlap["pairs"]]
    report = compose(values)
    assert "overlap" not in blocks(report, Chart)
    first = overlap["pairs"][0]
    [row, *_] = blocks(report, Table)["The pairs that overlap most"].rows
    assert row == (f"{first[0]} and {first[1]}", f"{100 * first[2]:.1f}\xa0%")


def test_many_classes_take_several_charts(values) -> None:
    score = values["per_class"]["scenarios.3"]["Robes"]
    values["per_class"]["scenarios.3"] = {f"type {number}": score for number in range(90)}
    found = blocks(compose(values), Chart)
    names = [name for name in found if name.startswith("classes-scenarios-3")]
    assert names == ["classes-scenarios-3", "classes-scenarios-3-41", "classes-scenarios-3-81"]
    assert sum(len(found[name].draw.keywords["rows"]) for name in names) == 90
    assert max(found[name].height for name in names) < 10  # inches of a page


def test_small_classes_are_not_called_the_hardest() -> None:
    scores = {"A": {"f1": 0.0, "support": 4}, "B": {"f1": 0.5, "support": 5}, "C": {"f1": 0.4, "support": 9}}
    assert [name for name, _ in hardest(scores)] == ["C", "B"]
    assert listed(["C"]) == "C"
    assert listed("ABC") == "A, B and C"


def test_only_thumbnails_get_into_a_report() -> None:
    uris = {
        "a": "data:image/jpeg;base64,AAAA",
        "b": "https://elsewhere/b.jpg",
        "c": "data:image/svg+xml,<svg/>",
    }
    look = Thumbnails({"examples": {"thumbnails": uris}})
    assert [photo.label for photo in look.up((id, id, id) for id in "abcd")] == ["a"]


@pytest.mark.parametrize("text", ["", "[1]", '{"format": 1}', json.dumps({"format": 9, "model": {}})])
def test_what_is_no_results_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"other\.json: expected"):
        read(file)
    with pytest.raises(DataError, match="expected the JSON that modiste evaluate writes"):
        read(tmp_path / "absent.json")
