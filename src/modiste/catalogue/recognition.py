"""What type is it? Named by the catalogue's own labelled items, and by types that people have named.

Nothing is trained: the items and the few photos of each named type are the support set, read by LDA and kNN
together (`modiste.support_set`). What can be worked out beforehand is, once for each state of the catalogue
and of the named types, so that a question costs little more than a search.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.items import photo_hash
from modiste.catalogue.places import workplace
from modiste.catalogue.snapshot import Snapshot
from modiste.catalogue.store import Catalogue
from modiste.catalogue.types import MOST_PHOTOS, NamedType, NamedTypes, check_name
from modiste.embedding import Encoder, embed_photo, unit_rows
from modiste.errors import ModelMismatch, NothingToRecognise, TypeNameError
from modiste.support_set import Discriminant, SupportMethod, fit_lda, pooled, vote, vote_worth

__all__ = ["KnownType", "TypeGuess", "TypeRecogniser", "type_level"]

METHOD = SupportMethod("lda+knn", k=20, shrinkage=0.5)
# Where a catalogue's items bear labels of several levels, the first of these that is there is the type.
TYPE_LEVELS = ("articleType", "class", "label", "type", "category")
# So many more neighbours are asked for where some items have no label.
SPARE = 5


@dataclass(frozen=True, slots=True)
class KnownType:
    """A type that is recognised, by how many ``photos``, and whether items bear it or people named it."""

    name: str
    photos: int
    kind: Literal["catalogue", "named"]


@dataclass(frozen=True, slots=True)
class TypeGuess:
    """A type a photo may show and how likely it is, in [0, 1]; over all types these sum to 1.

    The probability comes from the support set alone and is not calibrated.
    """

    name: str
    probability: float
    kind: Literal["catalogue", "named"]


class _Ready(NamedTuple):
    """All that is worked out beforehand for one snapshot and one state of the named types."""

    now: Snapshot
    named: Mapping[str, NamedType]
    level: str | None
    rule: Discriminant | None
    item_label: NDArray[np.int64]  # of each item its place among the rule's labels; -1 without one
    extra: NDArray[np.float32]  # the vectors of named types,
    extra_label: NDArray[np.int64]  # and theirs
    worth: NDArray[np.float64]  # of a vote for each label
    counts: dict[str, int]  # of each label, how many items bear it


class TypeRecogniser:
    """Recognises the types of ``catalogue`` with the encoder that made it, and those named here.

    ``level`` is the label that holds the type, such as ``articleType``; left out, the catalogue's own
    (`type_level`). May be used from several threads; what other processes name is seen at once.

    `ModelMismatch` if another model made the catalogue.
    """

    def __init__(self, encoder: Encoder, catalogue: Catalogue, *, level: str | None = None) -> None:
        if encoder.id != catalogue.model_id:
            raise ModelMismatch(
                f"{catalogue.folder}: made by model {catalogue.model_id}, but this one is {encoder.id}; "
                f"take the one that made it, or index the photos into a new folder"
            )
        self.encoder = encoder
        self.catalogue = catalogue
        self.level = level
        self.named = NamedTypes(workplace(catalogue.folder), encoder.id, encoder.dimension)
        self._turn = threading.Lock()
        self._kept: _Ready | None = None

    def name(self, name: str, photos: Sequence[bytes | str | Path]) -> NamedType:
        """Name a type by 1 to 20 photos, files or their bytes; it is recognised from now on.

        It replaces one named the same before; named as a type of the catalogue, it adds to its examples.
        `PhotoError` if one is no photo, `TypeNameError` for a name or a number of photos that cannot be.
        """
        check_name(name)
        if not 1 <= len(photos) <= MOST_PHOTOS:
            raise TypeNameError(f"a type is named by 1 to {MOST_PHOTOS} photos; got {len(photos)}")
        vectors, hashes = [], []
        for photo in photos:
            data = photo if isinstance(photo, bytes) else Path(photo)
            vectors.append(embed_photo(self.encoder, data))
            hashes.append(photo_hash(data if isinstance(data, bytes) else data.read_bytes()))
        self.named.put(name, np.concatenate(vectors), hashes)
        return self.named.all()[name]

    def types(self) -> list[KnownType]:
        """All that is recognised: the catalogue's types, most items first, then the named ones."""
        ready = self._ready()
        found = [KnownType(name, count, "catalogue") for name, count in ready.counts.items()]
        found.sort(key=lambda each: (-each.photos, each.name))
        return found + [KnownType(each.name, len(each.hashes), "named") for each in ready.named.values()]

    def recognise(self, photo: bytes | str | Path | NDArray[np.uint8], k: int = 5) -> list[TypeGuess]:
        """The ``k`` likeliest types of a photo, best first: a file, its bytes, or RGB pixels (h, w, 3).

        Raises `PhotoError` if it is no photo, `NothingToRecognise` if there is no type to recognise.
        """
        return self.recognise_vectors(embed_photo(self.encoder, photo), k)[0]

    def recognise_vectors(self, vectors: ArrayLike, k: int = 5) -> list[list[TypeGuess]]:
        """The same for the vectors (Q, D) of photos."""
        if k < 1:
            raise ValueError(f"expected k ≥ 1; got {k}")
        queries = unit_rows(vectors, self.catalogue.dimension)
        ready = self._ready()
        if ready.rule is None:
            raise NothingToRecognise(
                f"{self.catalogue.folder}: no type to recognise: no item has a label, and no type has been "
                f"named; name one with: modiste types add"
            )
        shares = pooled(ready.rule.posterior(queries), self._votes(ready, queries))
        names = ready.rule.labels.tolist()
        best = np.argsort(-shares, axis=1, kind="stable")[:, :k]
        return [
            [
                TypeGuess(names[at], float(row[at]), "catalogue" if names[at] in ready.counts else "named")
                for at in places.tolist()
            ]
            for row, places in zip(shares, best, strict=True)
        ]

    # Inside -----------------------------------------------------------------------------------------------

    def _votes(self, ready: _Ready, queries: NDArray[np.float32]) -> NDArray[np.float64]:
        """Share of the votes (Q, C) of the nearest items and named photos together."""
        assert ready.rule is not None
        labels, similarities = [], []
        if len(ready.now):
            k = METHOD.k * (SPARE if (ready.item_label < 0).any() else 1)
            found = ready.now.search(queries, k)
            there = np.where(found.rows >= 0, ready.item_label[found.rows], -1)
            labels.append(there)
            similarities.append(np.where(there >= 0, found.similarities, -np.inf))
        if len(ready.extra):
            similarities.append(queries @ ready.extra.T)
            labels.append(np.broadcast_to(ready.extra_label, similarities[-1].shape))
        return vote(
            np.concatenate(labels, axis=1),
            np.concatenate(similarities, axis=1),
            len(ready.rule.labels),
            METHOD,
            worth=ready.worth,
        )

    def _ready(self) -> _Ready:
        now, named = self.catalogue.snapshot, self.named.all()
        kept = self._kept
        if kept is None or kept.now is not now or kept.named is not named:
            with self._turn:
                kept = self._kept
                if kept is None or kept.now is not now or kept.named is not named:
                    kept = self._kept = _prepare(now, named, self.level)
        return kept


def type_level(now: Snapshot) -> str | None:
    """Which level of label is the type: ``articleType``, ``class`` … or the only one; None if unclear."""
    levels = now.levels
    known = next((level for level in TYPE_LEVELS if level in levels), None)
    return known or (levels[0] if len(levels) == 1 else None)


def _prepare(now: Snapshot, named: Mapping[str, NamedType], level: str | None) -> _Ready:
    level = level or type_level(now)
    if level is None and now.levels:
        raise NothingToRecognise(
            f"which label is the type is unclear; name it, one of: {', '.join(now.levels)} (--type-label)"
        )
    items = np.full(len(now), "") if level is None else now.labels_of(level)
    labelled = np.flatnonzero(items != "")
    empty = np.empty((0, now.vectors.shape[1]), np.float32)
    extra = np.concatenate([empty, *(each.vectors for each in named.values())])
    extra_names = [each.name for each in named.values() for _ in each.hashes]
    names = np.array([*items[labelled].tolist(), *extra_names])
    kinds, count = np.unique(items[labelled], return_counts=True)
    counts = dict(zip(kinds.tolist(), count.tolist(), strict=True))
    item_label, extra_label = np.full(len(now), -1, np.int64), np.empty(0, np.int64)
    rule, worth = None, np.empty(0, np.float64)
    if len(names):
        support = np.concatenate([now.vectors[labelled], extra])
        rule = fit_lda(support, names, METHOD.shrinkage, even=True)
        places = np.searchsorted(rule.labels, names)
        worth = vote_worth(np.bincount(places))
        item_label[labelled], extra_label = places[: len(labelled)], places[len(labelled) :]
    return _Ready(now, named, level, rule, item_label, extra, extra_label, worth, counts)
