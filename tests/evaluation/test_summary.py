from __future__ import annotations

from dataclasses import replace

from modiste.evaluation import evaluate, summary


def test_the_main_figures_are_in_it(model, dataset, splits, confidence_of) -> None:
    results = evaluate(model, dataset, splits, confidence_of=confidence_of, few_shot={"2x1": (2, 1, 9)})
    text = summary(results)
    for title, part in [
        ("classification", results.classification),
        ("3. new_support → new_test", results.scenarios["3"]),
        ("categories", results.categories),
    ]:
        [line] = [line for line in text.splitlines() if line.startswith(f"| {title}")]
        assert f"{part.accuracy:.3f} |" in line
        assert f"{part.balanced_accuracy:.3f} |" in line
    assert f"hit rate {results.selective.hit_rate:.3f}" in text
    assert "Not measured" not in text
    assert f"Retrieval, as in 3: mAP {results.retrieval['3'].map:.3f}" in text
    table = text.split("\n\n")[1].splitlines()
    assert len({len(line) for line in table}) == 1, "columns line up"


def test_what_is_not_there_is_said(model, dataset, splits) -> None:
    results = evaluate(model, dataset, splits)
    missing = replace(results.data.splits["train"], missing=[str(i) for i in range(1234)])
    data = replace(results.data, splits=results.data.splits | {"train": missing})
    text = summary(replace(results, data=data, notes=["beware"]))
    assert "Not measured: selective (no confidence was given to judge)." in text
    assert "Missing: 1,234 photos of train are not in the data (0, 1, 2, 3, 4 …)." in text
    assert "Note: beware." in text


def test_nothing_measured_is_no_error(model, dataset, splits) -> None:
    results = evaluate(model, dataset, splits)
    bare = replace(results, classification=None, scenarios={}, categories=None, retrieval={})
    assert summary(bare).startswith(f"Model {model.id}, course regime\n\nNot measured")
