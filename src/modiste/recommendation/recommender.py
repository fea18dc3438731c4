"""A photo → three similar items of the catalogue, or silence and its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue import Catalogue, Neighbours, Snapshot, nearest
from modiste.catalogue.filters import Where
from modiste.catalogue.search import fuse
from modiste.embedding import Encoder, fit_photo, unit_rows
from modiste.errors import ModelMismatch
from modiste.recommendation.answer import Abstention, Answer, Recommendation, Suggestion
from modiste.recommendation.confidence import NEIGHBOURS, SHOWN, Confidence, features, local_density
from modiste.recommendation.together import Together

__all__ = ["CalibratedModel", "Recommender", "build_recommender", "rank"]

EMPTY = "The catalogue is empty."
TOO_FEW = "The catalogue has too few items to choose three from."
TOO_FEW_LEFT = "The filters leave too few items to choose three from."
NOT_CLOSE = "Nothing in the catalogue is close enough to this photo."

# So many of the best by look and by name are fused.
FUSED = 100


class _Photo(NamedTuple):
    """Pixels (height, width, 3), and the ids not to recommend; None: it is not to be answered yet."""

    pixels: NDArray[np.uint8]
    exclude: Collection[str] | None


class Recommender:
    """Recommends from a catalogue with the encoder that made it.

    ``threshold`` in [0, 1]: three items are shown if the ``confidence`` that one of them is what the photo
    shows is at least that. ``bank`` (B, D) holds the prototypes of the model's training, for confidences that
    use them. May be called from several threads at once; each answer goes by the catalogue as it was when it
    was asked.

    `ModelMismatch` if another model made the catalogue, ``ValueError`` if threshold or bank are not usable.
    """

    def __init__(
        self,
        encoder: Encoder,
        catalogue: Catalogue,
        confidence: Confidence,
        threshold: float,
        *,
        bank: ArrayLike | None = None,
    ) -> None:
        if encoder.id != catalogue.model_id:
            raise ModelMismatch(
                f"{catalogue.folder}: made by model {catalogue.model_id}, but this one is {encoder.id}; "
                f"take the one that made it, or index the photos into a new folder"
            )
        if not 0 <= threshold <= 1:
            raise ValueError(f"expected a threshold in [0, 1]; got {threshold}")
        if confidence.needs_bank and bank is None:
            raise ValueError("this confidence looks at the model's prototypes; give them as `bank`")
        self.encoder = encoder
        self.catalogue = catalogue
        self.confidence = confidence
        self.threshold = threshold
        self._together = Together(self._look)
        self._bank = None if bank is None else unit_rows(bank, encoder.dimension)
        self._densities = _Densities(catalogue.snapshot)

    def recommend(
        self,
        photo: bytes | str | Path | NDArray[np.uint8],
        exclude: Collection[str] = (),
        *,
        text: str = "",
        where: Where = (),
        diversity: float = 0.0,
        count: int = SHOWN,
    ) -> Answer:
        """The answer to one photo: a file, its bytes, or RGB pixels (h, w, 3).

        Items whose id is in ``exclude`` are not recommended, and only those that meet the conditions in
        ``where`` are; `CatalogueError` for a level no item has. The confidence is that of the photo's three
        nearest among them, whatever else is wished for: with a ``text``, ``count`` items whose names also
        fit it come first (`fuse`); ``diversity`` in [0, 1] prefers items unlike one another. Raises
        `PhotoError` if it is no photo, ``ValueError`` for a text and diversity at once.
        """
        if text and diversity:
            raise ValueError("expected a text or diversity; got both")
        pixels = fit_photo(self.encoder.preprocess, photo)
        now, vector, answer = self._together.ask(_Photo(pixels, None if where else exclude))
        if answer is None:
            (answer,) = self._answers(now, vector, [exclude], where)
        if not answer.shown or not (text or diversity or count != SHOWN):
            return answer
        if text:
            rows = self._fitting(now, vector, exclude, text, where, count)
        else:
            rows = now.search(vector, count, [exclude], where=where, diversity=diversity).rows[0]
        rows = rows[rows >= 0]
        items = _suggestions(now, rows, now.vectors[rows] @ vector[0])
        return Recommendation(items, answer.confidence, self.threshold)

    def _look(self, photos: list[_Photo]) -> list[tuple[Snapshot, NDArray[np.float32], Answer | None]]:
        """The catalogue as it is, the vector (1, D) of each photo and, unless left for later, the answer.

        Vectors and confidence may differ in the last digits with the number of photos.
        """
        seen = self.encoder.embed(np.stack([photo.pixels for photo in photos]))
        vectors = unit_rows(seen, self.encoder.dimension)
        now = self.catalogue.snapshot
        excluded = {at: photo.exclude for at, photo in enumerate(photos) if photo.exclude is not None}
        answers: dict[int, Answer] = {}
        if excluded:
            made = self._answers(now, vectors[list(excluded)], list(excluded.values()))
            answers = dict(zip(excluded, made, strict=True))
        return [(now, vectors[at : at + 1], answers.get(at)) for at in range(len(photos))]

    def recommend_vectors(
        self, vectors: ArrayLike, exclude: Sequence[Collection[str]] | None = None
    ) -> list[Answer]:
        """The answers to photos given by their vectors (Q, D); ``exclude`` has ids for each of them."""
        return self._answers(self.catalogue.snapshot, vectors, exclude)

    def _answers(
        self,
        now: Snapshot,
        vectors: ArrayLike,
        exclude: Sequence[Collection[str]] | None = None,
        where: Where = (),
    ) -> list[Answer]:
        queries = unit_rows(vectors, self.catalogue.dimension)
        found = now.search(queries, NEIGHBOURS, exclude, where=where)
        enough = np.flatnonzero(found.found >= SHOWN)
        confidence = np.zeros(len(queries))
        if len(enough):
            these = Neighbours(found.rows[enough], found.similarities[enough])
            density = self._densities_of(now).at(these.rows[:, :SHOWN])
            described = features(queries[enough], now.vectors, these, self._bank, density=density)
            confidence[enough] = self.confidence.probability(described)
        too_few = TOO_FEW_LEFT if where else TOO_FEW
        return [
            self._answer(now, found, query, float(confidence[query]), too_few)
            for query in range(len(queries))
        ]

    def _answer(
        self, now: Snapshot, found: Neighbours, query: int, confidence: float, too_few: str
    ) -> Answer:
        if found.found[query] < SHOWN:
            return Abstention(too_few if len(now) else EMPTY, 0.0, self.threshold)
        if confidence < self.threshold:
            return Abstention(NOT_CLOSE, confidence, self.threshold)
        items = _suggestions(now, found.rows[query, :SHOWN], found.similarities[query, :SHOWN])
        return Recommendation(items, confidence, self.threshold)

    def _fitting(
        self,
        now: Snapshot,
        vector: NDArray[np.float32],
        exclude: Collection[str],
        text: str,
        where: Where,
        count: int,
    ) -> NDArray[np.int64]:
        """Rows whose names fit the text and that look like the photo, best first."""
        by_look = now.search(vector, FUSED, [exclude], where=where).rows[0]
        by_name = self.catalogue.search_text(text, FUSED, where=where)
        named = [now.row_of[id] for id, _ in by_name if id in now.row_of and id not in exclude]
        rankings = [by_look[by_look >= 0].tolist(), named]
        return np.array([row for row, _ in fuse(rankings, count)], np.int64)

    def _densities_of(self, now: Snapshot) -> _Densities:
        """What is known for this snapshot; kept until the catalogue changes."""
        known = self._densities
        if known.snapshot is not now:
            known = self._densities = _Densities(now)
        return known


def _suggestions(
    now: Snapshot, rows: NDArray[np.int64], similarities: NDArray[np.float32]
) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(now.ids[row], now.names[row], float(similarity))
        for row, similarity in zip(rows.tolist(), similarities, strict=True)
    )


class _Densities:
    """`local_density` of a snapshot's rows, computed when a row is first asked for.

    Where the snapshot has an index, the neighbours are those it finds. Two threads may compute the same row
    at once; they write the same number.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._known = np.full(len(snapshot), np.nan, np.float32)

    def at(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        asked = np.unique(rows)
        if len(missing := asked[np.isnan(self._known[asked])]):
            self._known[missing] = self._density(missing)
        return self._known[rows]

    def _density(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        now = self.snapshot
        if now.index is None:
            return local_density(now.vectors, rows)
        found = now.search(now.vectors[rows], NEIGHBOURS + 1)
        others = np.where(found.rows == rows[:, None], -np.inf, found.similarities)
        nearest_others = np.sort(others, axis=1)[:, -NEIGHBOURS:]
        density: NDArray[np.float32] = nearest_others.mean(axis=1, dtype=np.float32)
        return density


def rank(
    queries: ArrayLike, catalogue: ArrayLike, confidence: Confidence, bank: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows of ``catalogue`` (N, D), N ≥ 3, to recommend for each of ``queries`` (Q, D), and how surely.

    All vectors have length 1. Rows (Q, 3), best first, and the confidence (Q,) in [0, 1]: exactly what a
    `Recommender` finds, for whoever has vectors and no catalogue on disk, such as an evaluation.

    >>> rule = Confidence(names=("first",), mean=(0.7,), scale=(0.1,), weights=(2.0,), intercept=0.0)
    >>> rows, sure = rank([[1.0, 0.0]], [[0.0, 1.0], [0.6, 0.8], [0.8, 0.6]], rule)
    >>> rows.tolist(), sure.round(2).tolist()
    ([[2, 1, 0]], [0.88])
    """
    asked, shop = unit_rows(queries), unit_rows(catalogue)
    known = None if bank is None else unit_rows(bank)
    found = nearest(shop, asked, NEIGHBOURS)
    return found.rows[:, :SHOWN], confidence.probability(features(asked, shop, found, known))


class _Calibration(Protocol):
    @property
    def confidence(self) -> Mapping[str, Any]: ...
    @property
    def threshold(self) -> float: ...


class CalibratedModel(Encoder, Protocol):
    """An encoder that knows how far to trust itself: its confidence (`Confidence.as_dict`) and its threshold.

    ``prototypes`` (B, D), of length 1, stand for the types it was trained on.
    """

    @property
    def calibration(self) -> _Calibration: ...
    @property
    def prototypes(self) -> NDArray[np.float32]: ...


def build_recommender(
    model: CalibratedModel, catalogue: Catalogue, *, threshold: float | None = None
) -> Recommender:
    """A recommender with the calibration the model carries; ``threshold`` replaces the model's own.

    `ModelMismatch` if another model made the catalogue, `ModelError` if the calibration is not usable.
    """
    return Recommender(
        model,
        catalogue,
        Confidence.from_dict(model.calibration.confidence),
        model.calibration.threshold if threshold is None else threshold,
        bank=model.prototypes,
    )
