"""From a photo to an answer: the right three, silence with a reason, the same for everybody at once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, CatalogueItem, Snapshot
from modiste.catalogue.approximate import ApproximateIndex
from modiste.embedding import Encoder, embed_photo
from modiste.errors import ModelError, ModelMismatch, PhotoError
from modiste.photos import read_photo
from modiste.recommendation import (
    Abstention,
    Answer,
    Confidence,
    Recommendation,
    Recommender,
    build_recommender,
    rank,
)
from modiste.recommendation.confidence import local_density
from modiste.recommendation.recommender import _Densities

Draw = Callable[..., bytes]

# Sure above a similarity of 0.8, unsure below.
BY_SIMILARITY = Confidence(names=("first",), mean=(0.8,), scale=(0.05,), weights=(1.0,), intercept=0.0)
BY_DENSITY = Confidence(("density",), mean=(0.5,), scale=(0.1,), weights=(-1.0,), intercept=0.0)


def shop(
    folder: Path, encoder: Encoder, draw_photo: Draw, count: int, types: list[str] | None = None
) -> Catalogue:
    catalogue = Catalogue.create(folder, model_id=encoder.id, dimension=encoder.dimension)
    items, vectors = [], [np.empty((0, encoder.dimension), np.float32)]
    for number in range(count):
        photo = draw_photo(number)
        labels = {"articleType": types[number]} if types else {}
        items.append(CatalogueItem.from_photo(f"p{number}", f"Item {number}", photo, labels=labels))
        vectors.append(embed_photo(encoder, photo))
    catalogue.add(items, np.concatenate(vectors))
    return catalogue


def test_the_most_similar_three_come_best_first(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, 30)
    answer = Recommender(encoder, catalogue, BY_SIMILARITY, 0.5).recommend(draw_photo(7, 120, 160))
    assert isinstance(answer, Recommendation)
    similarities = catalogue.vectors @ embed_photo(encoder, draw_photo(7, 120, 160))[0]
    best = np.argsort(-similarities, kind="stable")[:3]
    assert [item.id for item in answer.items] == [f"p{row}" for row in best]
    assert [item.similarity for item in answer.items] == pytest.approx(similarities[best].tolist(), abs=1e-6)
    assert (answer.items[0].id, answer.items[0].name, answer.threshold) == ("p7", "Item 7", 0.5)
    assert answer.confidence > 0.9


def test_bytes_file_and_pixels_get_the_same_answer(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw
) -> None:
    recommender = Recommender(
        encoder, shop(tmp_path / "shop", encoder, draw_photo, 9), BY_SIMILARITY, threshold=0.0
    )
    photo = draw_photo(3, 200, 90)
    (tmp_path / "photo.png").write_bytes(photo)
    answer = recommender.recommend(photo)
    assert answer.shown
    for same in (tmp_path / "photo.png", str(tmp_path / "photo.png"), read_photo(photo)):
        assert recommender.recommend(same) == answer
    with pytest.raises(PhotoError):
        recommender.recommend(b"no photo")


def test_excluded_items_are_not_recommended(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    recommender = Recommender(
        encoder, shop(tmp_path / "shop", encoder, draw_photo, 9), BY_SIMILARITY, threshold=0.0
    )
    every = recommender.recommend(draw_photo(3))
    first, second, third = (item.id for item in every.items)
    fewer = recommender.recommend(draw_photo(3), exclude={first, "unheard of"})
    assert [item.id for item in fewer.items][:2] == [second, third]
    vectors = embed_photo(encoder, draw_photo(3)).repeat(2, axis=0)
    assert recommender.recommend_vectors(vectors, [(), {first}]) == [every, fewer]


def test_silence_when_nothing_is_close_enough(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, 9)
    answer = Recommender(encoder, catalogue, BY_SIMILARITY, 0.5).recommend(draw_photo(1000))
    assert isinstance(answer, Abstention)
    assert answer.reason == "Nothing in the catalogue is close enough to this photo."
    assert 0 < answer.confidence < 0.5 == answer.threshold
    at_the_limit = Recommender(encoder, catalogue, BY_SIMILARITY, answer.confidence)
    assert at_the_limit.recommend(draw_photo(1000)).shown


@pytest.mark.parametrize(("count", "reason"), [(0, "is empty"), (1, "too few"), (2, "too few")])
def test_silence_in_an_almost_empty_shop(
    count: int, reason: str, tmp_path: Path, encoder: Encoder, draw_photo: Draw
) -> None:
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, count)
    answer = Recommender(encoder, catalogue, BY_DENSITY, 0.0).recommend(draw_photo(0))
    assert not answer.shown
    assert reason in str(answer.reason)
    assert answer.confidence == 0


def test_silence_when_all_but_two_are_excluded(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    recommender = Recommender(encoder, shop(tmp_path / "shop", encoder, draw_photo, 4), BY_DENSITY, 0.0)
    vectors = embed_photo(encoder, draw_photo(0)).repeat(3, axis=0)
    answers = recommender.recommend_vectors(vectors, [{"p0"}, {"p0", "p1"}, ()])
    assert [answer.shown for answer in answers] == [True, False, True]
    assert recommender.recommend_vectors(vectors[:0]) == []


def test_labels_change_no_answer(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    types = [f"type {number % 5}" for number in range(40)]
    answers: list[list[Answer]] = []
    queries = np.concatenate([embed_photo(encoder, draw_photo(seed)) for seed in range(100, 130)])
    for name in ("as they are", "permuted", "none"):
        here: list[str] | None = list(types)
        if name == "permuted":
            random.Random(0).shuffle(types)
        catalogue = shop(tmp_path / name, encoder, draw_photo, 40, None if name == "none" else here)
        for rule in (BY_SIMILARITY, BY_DENSITY):
            answers.append(Recommender(encoder, catalogue, rule, 0.5).recommend_vectors(queries))
        types = list(types)
    assert answers[0] == answers[2] == answers[4]
    assert answers[1] == answers[3] == answers[5]
    assert len({answer.confidence for answer in answers[0]}) > 20


def test_what_is_added_is_recommended_at_once(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, 9)
    recommender = Recommender(encoder, catalogue, BY_DENSITY, 0.0)
    before = recommender.recommend(draw_photo(50))
    catalogue.add(
        [CatalogueItem.from_photo("new", "New", draw_photo(50))], embed_photo(encoder, draw_photo(50))
    )
    after = recommender.recommend(draw_photo(50))
    assert after.items[0].id == "new"
    assert after.confidence != before.confidence  # densities follow
    catalogue.remove(["new"])
    assert recommender.recommend(draw_photo(50)) == before


def test_many_threads_get_true_answers_while_the_catalogue_changes(
    tmp_path: Path, encoder: Encoder, draw_photo: Draw
) -> None:
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, 40)
    recommender = Recommender(encoder, catalogue, BY_DENSITY, 0.0)
    drawn = {f"p{number}": draw_photo(number) for number in range(60)}
    vector_of = {id: embed_photo(encoder, photo)[0] for id, photo in drawn.items()}
    stop = threading.Event()

    def change() -> None:
        rng = random.Random(0)
        while not stop.is_set():
            id = f"p{rng.randrange(60)}"
            if id in catalogue and rng.random() < 0.5:
                catalogue.remove([id])
            else:
                name = f"Item {id.removeprefix('p')}"
                catalogue.add([CatalogueItem.from_photo(id, name, drawn[id])], vector_of[id][None])

    def ask(seed: int) -> None:
        photo = draw_photo(seed % 60)
        query = embed_photo(encoder, photo)[0]
        answer = recommender.recommend(photo)
        assert len({item.id for item in answer.items}) == 3
        for item in answer.items:
            assert item.name == f"Item {item.id.removeprefix('p')}"
            assert item.similarity == pytest.approx(float(vector_of[item.id] @ query), abs=1e-5)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(300)))
    finally:
        stop.set()
        changing.join()


def test_rank_is_what_the_recommender_does(tmp_path: Path, encoder: Encoder, draw_photo: Draw) -> None:
    rng = np.random.default_rng(0)
    bank = rng.standard_normal((5, encoder.dimension))
    bank /= np.linalg.norm(bank, axis=1, keepdims=True)
    rule = Confidence(
        ("first", "density", "bank_gap"), (0.8, 0.8, 0.1), (0.1, 0.1, 0.1), (1.0, -0.5, 0.5), 0.2
    )
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, 40)
    queries = np.concatenate([embed_photo(encoder, draw_photo(seed)) for seed in range(100, 120)])
    rows, sure = rank(queries, catalogue.vectors, rule, bank)
    for query, answer in enumerate(
        Recommender(encoder, catalogue, rule, 0.0, bank=bank).recommend_vectors(queries)
    ):
        assert [item.id for item in answer.items] == [catalogue.ids[row] for row in rows[query]]
        assert answer.confidence == pytest.approx(sure[query])


def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, make_encoder: Callable[..., Encoder], draw_photo: Draw
) -> None:
    encoder = make_encoder(id="one")
    catalogue = shop(tmp_path / "shop", encoder, draw_photo, 3)
    with pytest.raises(ModelMismatch, match=r"made by model one.*this one is other"):
        Recommender(make_encoder(id="other"), catalogue, BY_SIMILARITY, 0.5)
    with pytest.raises(ValueError, match=r"threshold in \[0, 1\]; got 1.5"):
        Recommender(encoder, catalogue, BY_SIMILARITY, 1.5)
    needy = Confidence(("bank_first",), (0.0,), (1.0,), (1.0,), 0.0)
    with pytest.raises(ValueError, match="as `bank`"):
        Recommender(encoder, catalogue, needy, 0.5)
    with pytest.raises(ValueError, match=r"\(N, 32\)"):
        Recommender(encoder, catalogue, needy, 0.5, bank=np.eye(4))


@dataclass(frozen=True)
class Calibration:
    confidence: dict[str, Any]
    threshold: float


def test_a_model_brings_its_own_calibration(
    tmp_path: Path, make_encoder: Callable[..., Any], draw_photo: Draw
) -> None:
    rule = Confidence(("first", "bank_first"), (0.8, 0.0), (0.05, 1.0), (1.0, 0.1), 0.0)

    class Model(make_encoder):  # type: ignore[misc, valid-type]
        calibration = Calibration(rule.as_dict(), 0.7)
        prototypes: NDArray[np.float32] = np.eye(5, 32, dtype=np.float32)

    catalogue = shop(tmp_path / "shop", Model(), draw_photo, 5)
    recommender = build_recommender(Model(), catalogue)
    assert (recommender.confidence, recommender.threshold) == (rule, 0.7)
    assert recommender.recommend(draw_photo(1)).shown
    assert build_recommender(Model(), catalogue, threshold=1.0).threshold == 1.0
    Model.calibration = Calibration({"names": ["first"]}, 0.7)
    with pytest.raises(ModelError, match="confidence"):
        build_recommender(Model(), catalogue)


def test_densities_by_the_index_are_nearly_those_by_all() -> None:
    pytest.importorskip("faiss", reason="the extra faiss is not installed")
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((40, 16))[rng.integers(0, 40, 1500)] + 0.3 * rng.standard_normal((1500, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = tuple(map(str, range(1500)))
    plain = Snapshot(1, ids, ids, np.arange(1500), vectors)
    rows = np.array([[3, 7, 9], [9, 1499, 0]])
    exact = _Densities(plain).at(rows)
    assert exact == pytest.approx(local_density(vectors, rows.ravel()).reshape(rows.shape))
    indexed = plain.with_index(ApproximateIndex.build(vectors, plain.positions))
    assert _Densities(indexed).at(rows) == pytest.approx(exact, abs=0.005)
