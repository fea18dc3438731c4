"""Maps of classes, what lies between two of them, typical photos and odd ones."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from modiste.datasets import Dataset, Splits
from modiste.evaluation import ConfidenceOf, MapChoice, Results, evaluate, read_results, write_results
from modiste.evaluation.maps import compare_overlap, map_overlap, project
from modiste.evaluation.results import Confusions


@pytest.fixture
def results(model, dataset: Dataset, splits: Splits, confidence_of: ConfidenceOf) -> Results:
    return evaluate(
        model, dataset, splits, confidence_of=confidence_of, maps=MapChoice(between=("Shirts", "Ties"))
    )


def two_groups(n: int) -> np.ndarray:
    """Half of the vectors lie around one point, half around another, in 6 dimensions."""
    noise = np.random.default_rng(1).standard_normal((n, 6)).astype(np.float32)
    noise[n // 2 :, 0] += 20
    return noise


@pytest.mark.parametrize("method", ["t-sne", "pca"])
def test_training_and_test_photos_share_a_space(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if method == "t-sne":
        pytest.importorskip("openTSNE", reason="modiste[maps] is not installed")
    else:
        monkeypatch.setattr("modiste.evaluation.maps.find_spec", lambda name: None)
    fitted = two_groups(120)
    said, (points, again, alone) = project(fitted, [fitted[:70] + 0.01, fitted[-1:]])
    assert said == method
    assert (points.shape, again.shape, alone.shape) == ((120, 2), (70, 2), (1, 2))
    centres = np.stack([points[:60].mean(axis=0), points[60:].mean(axis=0)])
    near = np.linalg.norm(again[:, None] - centres, axis=2).argmin(axis=1)
    assert near.tolist() == [0] * 60 + [1] * 10
    assert np.linalg.norm(alone - centres, axis=1).argmin() == 1


def test_few_photos_are_mapped_by_components() -> None:
    assert project(two_groups(12), [two_groups(12)])[0] == "pca"


def test_overlap_counts_classes_alike_and_not_points() -> None:
    apart = np.array([[0.0, 0.0]] * 20 + [[9.0, 9.0]] * 20)
    kinds = np.repeat([0, 1], 20)
    assert map_overlap(apart, kinds, apart, kinds, 2).tolist() == [[1, 0], [0, 1]]
    # Nine of ten neighbours are of class 0, which has nine times as many points: as near as class 1.
    mixed, uneven = np.zeros((10, 2)), np.array([0] * 9 + [1])
    assert map_overlap(mixed, uneven, mixed, uneven, 2) == pytest.approx(np.full((2, 2), 0.5))


def test_the_correlation_is_spearmans_over_pairs() -> None:
    labels = list("abcd")
    overlap = np.array([[0.7, 0.2, 0.1, 0], [0.1, 0.8, 0.1, 0], [0, 0.3, 0.6, 0.1], [0, 0, 0, 1]])
    counts = [[8, 2, 0, 0], [1, 9, 0, 0], [0, 2, 7, 1], [0, 0, 0, 5]]
    found = compare_overlap(overlap, labels, Confusions(labels, counts, []))
    assert len(found.pairs) == 6
    assert found.pairs[0] == ["b", "c", pytest.approx(0.2), pytest.approx(0.1)]
    expected = spearmanr([pair[2] for pair in found.pairs], [pair[3] for pair in found.pairs]).statistic
    assert found.correlation == pytest.approx(expected)
    assert found.p_value is not None
    assert 0 < found.p_value <= 1
    nothing = compare_overlap(overlap, labels, None)
    assert (nothing.correlation, nothing.p_value) == (None, None)
    assert nothing.pairs[0] == ["b", "c", pytest.approx(0.2), None]


def test_the_map_has_some_photos_of_each_class(results: Results, splits: Splits) -> None:
    assert results.maps is not None
    assert results.maps.labels == ["Shirts", "Ties", "Belts", "Caps"]
    assert list(results.maps.splits) == ["train", "main_test"]
    type_of = dict(zip(splits.main_test.ids, splits.main_test.type_names, strict=True))
    tested = results.maps.splits["main_test"]
    assert [results.maps.labels[kind] for kind in tested.classes] == [type_of[id] for id in tested.ids]
    assert len(tested.points) == len(tested.ids) == len(splits.main_test.ids)
    assert len(tested.centroids) == 4
    shares = [share for *_, share, _ in results.maps.overlap.pairs]
    assert len(shares) == 6
    assert shares == sorted(shares, reverse=True)


def test_between_two_classes(results: Results, model, dataset: Dataset, splits: Splits) -> None:
    between = results.between
    assert between is not None
    assert between.classes == ["Shirts", "Ties"]
    split = splits.main_test
    vectors = model.embed(dataset.pixels[dataset.rows(split.ids)])
    for name, closest in zip(between.classes, between.nearest["main_test"], strict=True):
        own = [at for at, called in enumerate(split.type_names) if called == name]
        mean = vectors[own].mean(axis=0)
        mean /= np.linalg.norm(mean)
        assert closest == min((np.linalg.norm(vectors[at] - mean), split.ids[at]) for at in own)[1]
    for way in between.way.values():
        places = [place for _, _, place in way]
        assert places == sorted(places)
        assert {kind for _, kind, _ in way} <= {"Shirts", "Ties"}
    assert between.apart["train"] > max(between.moved.values())


def test_examples_have_thumbnails(results: Results) -> None:
    examples = results.examples
    assert examples is not None
    assert results.selective is not None
    assert results.between is not None
    assert set(examples.classes) == {"Shirts", "Ties", "Belts", "Caps", "Robes", "Gloves"}
    for one in examples.classes.values():
        assert len(one.typical) == len(one.odd) == 3
        assert not set(one.typical) & set(one.odd)
    needed = {id for one in results.selective.examples for id in (one.id, *one.items)}
    needed |= {id for ids in results.between.nearest.values() for id in ids}
    assert needed <= set(examples.thumbnails)
    head, _, body = examples.thumbnails[next(iter(needed))].partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(body))).size == (6, 8)


def test_what_was_mapped_comes_back_as_it_was(results: Results, tmp_path) -> None:
    write_results(results, tmp_path / "r.json")
    assert read_results(tmp_path / "r.json") == results


def test_what_cannot_be_mapped_is_said(model, dataset: Dataset, splits: Splits) -> None:
    found = evaluate(model, dataset, splits, maps=MapChoice(classes=("Shirts", "Hats")))
    assert found.maps is None
    assert found.skipped["maps"] == "Hats: not a type with training and test photos"
    assert found.skipped["between"] == "there is no map"
    assert found.examples is not None
    other = evaluate(model, dataset, splits, maps=MapChoice(("Caps", "Ties"), between=("Caps", "Hats")))
    assert other.maps is not None
    assert other.maps.labels == ["Caps", "Ties"]
    assert other.skipped["between"] == "there is no type Hats"
