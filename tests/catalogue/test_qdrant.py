"""The same questions, asked of memory and of Qdrant's embedded form: the same answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from tests.catalogue.test_search import by_loop, unit

from modiste.catalogue import Catalogue, CatalogueItem, Snapshot
from modiste.errors import CatalogueError

Found = list[list[tuple[str, float]]]


class Searched(Protocol):
    def put(self, ids: Sequence[str], vectors: ArrayLike, labels: Sequence[Mapping[str, str]]) -> None: ...
    def remove(self, ids: Collection[str]) -> None: ...
    def __len__(self) -> int: ...
    def search(self, vectors: ArrayLike, k: int, *rest: Any, **options: Any) -> Found: ...


@dataclass
class InMemory:
    """A `Snapshot` that answers with ids."""

    now: Snapshot = field(
        default_factory=lambda: Snapshot(0, (), (), np.empty(0, np.int64), np.empty((0, 16), np.float32))
    )

    def put(self, ids: Sequence[str], vectors: ArrayLike, labels: Sequence[Mapping[str, str]]) -> None:
        positions = self.now.next_position + np.arange(len(ids))
        texts = [json.dumps(each) for each in labels]
        self.now = self.now.with_items(1, ids, ids, positions, np.asarray(vectors, np.float32), texts)

    def remove(self, ids: Collection[str]) -> None:
        self.now = self.now.without(2, ids)

    def __len__(self) -> int:
        return len(self.now)

    def search(self, vectors: ArrayLike, k: int, *rest: Any, **options: Any) -> Found:
        found = self.now.search(vectors, k, *rest, **options)
        return [
            [(self.now.ids[row], float(s)) for row, s in zip(rows, similarities, strict=True) if row >= 0]
            for rows, similarities in zip(found.rows.tolist(), found.similarities.tolist(), strict=True)
        ]


@pytest.fixture(params=["memory", "qdrant"])
def shop(request: pytest.FixtureRequest) -> Searched:
    if request.param == "memory":
        return InMemory()
    pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    from modiste.catalogue.qdrant import QdrantVectors

    return QdrantVectors.open(":memory:", model_id="m-1", dimension=16)


@pytest.fixture
def vectors() -> NDArray[np.float32]:
    return unit(np.random.default_rng(0), 200)


IDS = [f"i/{number} “x”" for number in range(200)]
LABELS = [
    {
        "gender": ["Men", "Women"][n % 2],
        "a.price [€]": str(10 * n),
        **({"use": "Sports"} if n % 3 == 0 else {}),
    }
    for n in range(200)
]


@pytest.fixture
def filled(shop: Searched, vectors: NDArray[np.float32]) -> Searched:
    shop.put(IDS, vectors, LABELS)
    return shop


@pytest.mark.parametrize("k", [1, 3, 200, 300])
def test_the_nearest_are_those_a_loop_finds(filled: Searched, vectors: NDArray[np.float32], k: int) -> None:
    queries = unit(np.random.default_rng(1), 70)  # more than are asked at once
    exclude = [{n, 3 * n % 200} for n in range(70)]
    found = filled.search(queries, k, [[IDS[row] for row in rows] + ["unknown"] for rows in exclude])
    for query, rows, answer in zip(queries, exclude, found, strict=True):
        expected = by_loop(vectors, query, k, rows)
        assert [id for id, _ in answer] == [IDS[row] for row, _ in expected]
        assert [s for _, s in answer] == pytest.approx([s for _, s in expected], abs=1e-6)


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        ({"gender": "men "}, lambda n: n % 2 == 0),
        (["gender!=Men"], lambda n: n % 2 == 1),
        (["use!=Sports"], lambda n: n % 3 != 0),
        (["use=Home,sports", "gender=Women"], lambda n: n % 3 == 0 and n % 2 == 1),
        (["a.price [€]<=100"], lambda n: n <= 10),
        (["a.price [€]>1900", "gender=Men"], lambda n: n > 190 and n % 2 == 0),
        ({"gender": "Children"}, lambda n: False),
    ],
)
def test_only_what_meets_all_conditions(filled: Searched, where: Any, allowed: Any) -> None:
    [found] = filled.search(unit(np.random.default_rng(2), 1), 200, where=where)
    assert sorted(id for id, _ in found) == sorted(id for n, id in enumerate(IDS) if allowed(n))


def test_a_label_that_no_item_has_is_an_error(filled: Searched) -> None:
    with pytest.raises(CatalogueError, match="no item has a label 'colour'"):
        filled.search(unit(np.random.default_rng(2), 1), 3, where=["colour=Navy"])


def test_varied_answers_are_the_same(filled: Searched, vectors: NDArray[np.float32]) -> None:
    query = unit(np.random.default_rng(3), 1)
    memory = InMemory()
    memory.put(IDS, vectors, LABELS)
    expected = memory.search(query, 5, diversity=0.4)[0]
    found = filled.search(query, 5, diversity=0.4)[0]
    assert [id for id, _ in found] == [id for id, _ in expected]
    assert [id for id, _ in found] != [id for id, _ in filled.search(query, 5)[0]]


def test_items_are_replaced_and_removed(filled: Searched, vectors: NDArray[np.float32]) -> None:
    filled.put(IDS[:1], vectors[1:2], [{"gender": "None"}])
    filled.remove([IDS[1], "unknown"])
    assert len(filled) == 199
    assert filled.search(vectors[1:2], 1)[0][0][0] == IDS[0]
    assert [id for id, _ in filled.search(vectors[1:2], 3, where=["gender=none"])[0]] == IDS[:1]


def test_what_does_not_fit_is_refused(filled: Searched, vectors: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="k ≥ 1"):
        filled.search(vectors[:1], 0)
    with pytest.raises(ValueError, match=r"excluded (items|rows) for each of 2"):
        filled.search(vectors[:2], 1, [[]])
    with pytest.raises(ValueError, match=r"expected vectors \(N, 16\)"):
        filled.search(vectors[:1, :8], 1)


def test_a_catalogue_goes_in_as_it_is_and_is_still_there_later(
    tmp_path: Path, vectors: NDArray[np.float32]
) -> None:
    pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    from modiste.catalogue.qdrant import QdrantVectors

    catalogue = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=16)
    items = [
        CatalogueItem(id, id, b"x", "image/png", labels=labels)
        for id, labels in zip(IDS, LABELS, strict=True)
    ]
    catalogue.add(items, vectors)
    beside = QdrantVectors.open(str(tmp_path / "qdrant"), model_id="m-1", dimension=16)
    for _ in range(2):
        beside.fill(catalogue)
        assert len(beside) == 200
    query = unit(np.random.default_rng(4), 1)
    expected = [
        catalogue.ids[row] for row in catalogue.search(query, 7, where=["gender=Men"]).rows[0].tolist()
    ]
    beside.close()
    again = QdrantVectors.open(str(tmp_path / "qdrant"), model_id="m-1", dimension=16)
    assert [id for id, _ in again.search(query, 7, where=["gender=Men"])[0]] == expected
    again.close()
    with pytest.raises(CatalogueError, match="vectors of 16 numbers, expected 8"):
        QdrantVectors.open(str(tmp_path / "qdrant"), model_id="m-1", dimension=8)


def test_a_server_that_is_not_there_is_named() -> None:
    pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    from modiste.catalogue.qdrant import QdrantVectors

    with pytest.raises(CatalogueError, match=r"http://127\.0\.0\.1:1: no Qdrant"):
        QdrantVectors.open("http://127.0.0.1:1", model_id="m-1", dimension=8)
