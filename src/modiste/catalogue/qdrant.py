"""Vectors in Qdrant, a distributed vector database, for catalogues that no machine's memory holds.

The same questions as `Snapshot.search` asks of memory: the nearest vectors, under conditions on labels,
without some ids. Photos and names stay in the catalogue; here are ids, labels and vectors. A cluster answers
them approximately (HNSW), the embedded form, in this process and in memory or a folder, exactly. Source:
Qdrant's documentation, https://qdrant.tech/documentation/; why Qdrant: ``docs/scaling.md``.
"""

from __future__ import annotations

import hashlib
import json
import uuid
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.filters import Condition, Where, as_conditions
from modiste.catalogue.search import Neighbours, diversify
from modiste.catalogue.store import Catalogue
from modiste.embedding import unit_rows
from modiste.errors import CatalogueError

__all__ = ["QdrantVectors"]

POINTS_AT_ONCE = 1_000
QUERIES_AT_ONCE = 64

# Qdrant's ids are numbers or UUIDs; an item always has the same one.
_NAMESPACE = uuid.UUID("7a3c5b1e-6d0f-5a55-9c1b-2f1d3e8b4a60")
_RANGE = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class QdrantVectors:
    """A collection of vectors (…, ``dimension``) of one model; open it with `open`.

    >>> shop = QdrantVectors.open(":memory:", model_id="m-1", dimension=2)  # doctest: +SKIP
    >>> shop.put(["7", "8"], [[0.6, 0.8], [1.0, 0.0]], [{"gender": "Men"}, {}])  # doctest: +SKIP
    >>> shop.search([[0.0, 1.0]], k=3, where={"gender": "men"})  # doctest: +SKIP
    [[('7', 0.800000011920929)]]
    """

    def __init__(self, client: Any, collection: str, dimension: int) -> None:
        self.collection = collection
        self.dimension = dimension
        self._client = client
        self._models = import_module("qdrant_client.models")
        self._levels: set[str] = set()

    @classmethod
    def open(cls, where: str, *, model_id: str, dimension: int, shards: int | None = None) -> Self:
        """The collection of the model ``model_id``, made if it is not there.

        ``where`` is a server (``http://host:6333``), a folder for the embedded form, or ``:memory:``.
        ``shards`` says over how many parts a cluster spreads a new collection. `CatalogueError` if the client
        is not installed, or the server cannot be reached or has the collection with another dimension.
        """
        if find_spec("qdrant_client") is None:
            raise CatalogueError(
                "the client is not installed; install it with: pip install 'modiste[qdrant]'"
            )
        qdrant, models = import_module("qdrant_client"), import_module("qdrant_client.models")
        place: dict[str, Any] = (
            {"url": where, "check_compatibility": False}
            if "://" in where
            else {"location": where}
            if where == ":memory:"
            else {"path": where}
        )
        collection = f"modiste-{model_id}"
        try:
            client = qdrant.QdrantClient(**place)
            if not client.collection_exists(collection):
                client.create_collection(
                    collection,
                    vectors_config=models.VectorParams(size=dimension, distance=models.Distance.DOT),
                    shard_number=shards,
                )
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # the embedded form needs no such index
                    client.create_payload_index(collection, "labels", models.PayloadSchemaType.KEYWORD)
            size = client.get_collection(collection).config.params.vectors.size
        except (OSError, RuntimeError, ValueError, _unreachable()) as error:
            raise CatalogueError(f"{where}: no Qdrant ({' '.join(str(error).split())[:200]})") from error
        if size != dimension:
            client.close()
            raise CatalogueError(f"{where}: {collection} has vectors of {size} numbers, expected {dimension}")
        return cls(client, collection, dimension)

    def __len__(self) -> int:
        return int(self._client.count(self.collection, exact=True).count)

    def close(self) -> None:
        """Let go of the server, or of the folder, which one process at a time may have."""
        self._client.close()

    def put(self, ids: Sequence[str], vectors: ArrayLike, labels: Sequence[Mapping[str, str]]) -> None:
        """Add items with their vectors (N, D) of length 1, or replace those whose id is there."""
        rows = unit_rows(vectors, self.dimension)
        if not len(ids) == len(rows) == len(labels):
            raise ValueError(
                f"expected as many ids as vectors and labels; got {len(ids)}, {len(rows)}, {len(labels)}"
            )
        for part in _parts(len(ids), POINTS_AT_ONCE):
            points = self._models.Batch(
                ids=[_point(ids[row]) for row in part],
                vectors=rows[part.start : part.stop].tolist(),
                payloads=[_payload(ids[row], labels[row]) for row in part],
            )
            self._client.upsert(self.collection, points, wait=True)

    def remove(self, ids: Collection[str]) -> None:
        """Remove the items of these ids; those that are not there are no error."""
        points = [_point(id) for id in ids]
        for part in _parts(len(points), POINTS_AT_ONCE):
            chosen = self._models.PointIdsList(points=[points[place] for place in part])
            self._client.delete(self.collection, chosen, wait=True)

    def fill(self, catalogue: Catalogue) -> None:
        """Put in all items of a catalogue; run again, it overwrites them with what they are now."""
        now = catalogue.snapshot
        labels = now.labels or ("{}",) * len(now)
        for part in _parts(len(now), POINTS_AT_ONCE):
            self.put(
                [now.ids[row] for row in part],
                now.vectors[part.start : part.stop],
                [json.loads(labels[row]) for row in part],
            )

    def search(
        self,
        vectors: ArrayLike,
        k: int,
        exclude_ids: Sequence[Collection[str]] | None = None,
        *,
        where: Where = (),
        diversity: float = 0.0,
    ) -> list[list[tuple[str, float]]]:
        """For each of ``vectors`` (Q, D) at most ``k`` ids and similarities, best first.

        Arguments and errors are those of `Snapshot.search`.
        """
        queries = unit_rows(vectors, self.dimension)
        if k < 1:
            raise ValueError(f"expected k ≥ 1; got {k}")
        if exclude_ids is not None and len(exclude_ids) != len(queries):
            raise ValueError(
                f"expected excluded items for each of {len(queries)} queries; got {len(exclude_ids)}"
            )
        conditions = as_conditions(where)
        for condition in conditions:
            self._check(condition)
        found: list[list[tuple[str, float]]] = []
        for part in _parts(len(queries), QUERIES_AT_ONCE):
            asked = [
                self._models.QueryRequest(
                    query=queries[query].tolist(),
                    filter=self._filter(conditions, () if exclude_ids is None else exclude_ids[query]),
                    limit=k if not diversity else max(5 * k, 50),
                    with_payload=["id"],
                    with_vector=bool(diversity),
                )
                for query in part
            ]
            for answer in self._client.query_batch_points(self.collection, asked):
                points = answer.points
                order = range(len(points)) if not diversity else _varied(points, k, diversity)
                found.append([(points[place].payload["id"], float(points[place].score)) for place in order])
        return found

    def _check(self, condition: Condition) -> None:
        if condition.level not in self._levels:
            has = self._models.FieldCondition(
                key="levels", match=self._models.MatchValue(value=condition.level)
            )
            if not self._client.scroll(self.collection, self._models.Filter(must=[has]), limit=1)[0]:
                raise CatalogueError(f"no item has a label {condition.level!r}")
            self._levels.add(condition.level)

    def _filter(self, conditions: Sequence[Condition], excluded: Collection[str]) -> Any:
        models = self._models
        must: list[Any] = []
        must_not: list[Any] = []
        for condition in conditions:
            if condition.operator in _RANGE:
                bound = models.Range(**{_RANGE[condition.operator]: float(condition.values[0])})
                must.append(models.FieldCondition(key=_number_key(condition.level), range=bound))
                continue
            among = models.MatchAny(any=[_label(condition.level, value) for value in condition.values])
            (must if condition.operator == "=" else must_not).append(
                models.FieldCondition(key="labels", match=among)
            )
        if excluded:
            must_not.append(models.HasIdCondition(has_id=[_point(id) for id in excluded]))
        return models.Filter(must=must or None, must_not=must_not or None)


def _parts(count: int, at_once: int) -> Iterator[range]:
    for start in range(0, count, at_once):
        yield range(start, min(start + at_once, count))


def _varied(points: Sequence[Any], k: int, diversity: float) -> list[int]:
    """Places of the points to take, by `diversify`."""
    if not points:
        return []
    vectors = np.array([point.vector for point in points], np.float32)
    similarities = np.array([[point.score for point in points]], np.float32)
    rows: NDArray[np.int64] = np.arange(len(points))[None]
    taken = diversify(vectors, Neighbours(rows, similarities), k, diversity)
    return [row for row in taken.rows[0].tolist() if row >= 0]


def _unreachable() -> type[Exception]:
    found: type[Exception] = import_module("qdrant_client.http.exceptions").ApiException
    return found


def _point(id: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, id))


def _label(level: str, value: str) -> str:
    return f"{level}={value.strip().casefold()}"


def _number_key(level: str) -> str:
    """A field for a level's numbers; its name may hold dots and brackets, which mean something to Qdrant."""
    return f"number_{hashlib.sha256(level.encode()).hexdigest()[:16]}"


def _payload(id: str, labels: Mapping[str, str]) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "id": id,
        "levels": list(labels),
        "labels": [_label(level, value) for level, value in labels.items()],
    }
    for level, value in labels.items():
        try:
            number = float(value)
        except ValueError:
            continue
        if np.isfinite(number):
            payload[_number_key(level)] = number
    return payload
