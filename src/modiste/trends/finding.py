"""New photos and a catalogue → which fit no known type, and groups of them, with a name for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue import Catalogue, NamedTypes, Snapshot
from modiste.catalogue.places import workplace
from modiste.catalogue.recognition import type_level
from modiste.datasets.listing import BROKEN, Listing, Skipped
from modiste.embedding import Encoder
from modiste.errors import ModelMismatch, PhotoError, TooFewItems
from modiste.photos import read_fitted
from modiste.progress import Progress, silent
from modiste.support_set import nearest
from modiste.trends.naming import suggest_name
from modiste.trends.novelty import FEWEST_ITEMS, STANDARD, Settings, find_novelty

__all__ = ["Arrival", "Group", "Trends", "find_trends", "trends_among"]

FALSE_DISCOVERIES = 0.1
# So many of a group's nearest types are named, and only those that a tenth of it is near to.
NEAR_TYPES = 3
NEAR_SHARE = 0.1
_AT_ONCE = 256
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new photo: its ``id``, where it is (``photo``), the product's ``name``, and how odd it is.

    ``p_value`` in (0, 1]: the share of the catalogue's items that are at least as odd. ``nearest`` is the
    type most of its neighbours have.
    """

    id: str
    photo: str
    name: str
    p_value: float
    nearest: str


@dataclass(frozen=True, slots=True)
class Group:
    """Arrivals that belong together, the most typical first.

    ``name`` is suggested by the products' names, "" if they have nothing in common that others lack.
    ``p_value``: how likely ordinary arrivals have a group like this. ``near`` are the known types they
    resemble most.
    """

    name: str
    p_value: float
    near: tuple[str, ...]
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Trends:
    """What is new among ``arrivals`` photos: ``new`` fit no known type, ``groups`` belong together.

    ``named`` arrivals resemble photos of a type somebody has named more than any item, and are not new.

    Of ``new``, the oddest first, at most ``false_discoveries`` are ordinary, in expectation. A member of a
    group need not be among them: several weak signs make one strong one.
    """

    arrivals: int
    items: int
    named: int
    model_id: str
    false_discoveries: float
    new: tuple[Arrival, ...]
    groups: tuple[Group, ...]
    skipped: tuple[Skipped, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and text, for JSON."""
        return asdict(self)


def find_trends(
    catalogue: Catalogue,
    arrivals: Listing,
    encoder: Encoder,
    *,
    level: str | None = None,
    false_discoveries: float = FALSE_DISCOVERIES,
    seed: int = 0,
    settings: Settings = STANDARD,
    progress: Progress = silent,
) -> Trends:
    """Which of the ``arrivals`` the catalogue has no type for.

    ``level`` is the label that holds an item's type, such as ``articleType``; left out, the catalogue's own.
    Items that are among the arrivals, by their id, do not count as known. Arrivals that resemble a type
    somebody has named most of all are passed over.
    The same seed, the same answer.

    `ModelMismatch` if another model made the catalogue, `TooFewItems` if it has fewer than 50 items to
    compare with, ``ValueError`` if ``false_discoveries`` is not in (0, 1).
    """
    if not 0 < false_discoveries < 1:
        raise ValueError(f"expected a false-discovery rate in (0, 1); got {false_discoveries}")
    own = frozenset(arrivals.ids)
    _items_besides(own, catalogue, encoder)  # before what takes long
    rows, vectors, skipped = _embed(arrivals, encoder, progress)
    table = arrivals.table.iloc[rows]
    return trends_among(
        list(zip(table["id"], table["photo"], table["name"], strict=True)),
        vectors,
        catalogue,
        encoder,
        without=own,
        level=level,
        false_discoveries=false_discoveries,
        seed=seed,
        settings=settings,
        skipped=(*arrivals.skipped, *skipped),
    )


def trends_among(
    arrivals: Sequence[tuple[str, str, str]],
    vectors: NDArray[np.float32],
    catalogue: Catalogue,
    encoder: Encoder,
    *,
    without: Set[str] = frozenset(),
    level: str | None = None,
    false_discoveries: float = FALSE_DISCOVERIES,
    seed: int = 0,
    settings: Settings = STANDARD,
    skipped: Sequence[Skipped] = (),
) -> Trends:
    """The same for photos that have been embedded: ``vectors`` (M, D), and each one's id, photo and name.

    Items ``without`` these ids are what is known; ``skipped`` could not be embedded. Raises as `find_trends`.
    """
    now, items = _items_besides(without, catalogue, encoder)
    rows = list(range(len(arrivals)))
    read = len(rows)
    level = level or type_level(now)
    types = np.full(len(now), "") if level is None else now.labels_of(level)
    if named := NamedTypes(workplace(catalogue.folder), encoder.id, encoder.dimension).all():
        examples = np.concatenate([each.vectors for each in named.values()])
        to_named, to_items = (
            nearest(vectors, known, 1).cosines[:, 0] for known in (examples, now.vectors[items])
        )
        rest = np.flatnonzero(to_named <= to_items)
        rows, vectors = [rows[row] for row in rest.tolist()], vectors[rest]
    found = find_novelty(
        vectors,
        now.vectors[items],
        types[items],
        false_discoveries=false_discoveries,
        seed=seed,
        settings=settings,
    )
    all_of_them = [
        Arrival(*arrivals[row], float(p_value), str(nearest))
        for row, p_value, nearest in zip(rows, found.p_values, found.nearest, strict=True)
    ]
    groups = []
    for cluster in found.clusters:
        members = tuple(all_of_them[row] for row in cluster.rows.tolist())
        inside = set(cluster.rows.tolist())
        others = [now.names[row] for row in items.tolist()]
        others += [each.name for row, each in enumerate(all_of_them) if row not in inside]
        name = suggest_name([each.name for each in members], others)
        groups.append(Group(name, cluster.p_value, _near(members), members))
    new = sorted(
        (each for each, is_new in zip(all_of_them, found.new, strict=True) if is_new),
        key=lambda each: each.p_value,
    )
    return Trends(
        read,
        len(items),
        read - len(all_of_them),
        encoder.id,
        false_discoveries,
        tuple(new),
        tuple(groups),
        tuple(skipped),
    )


def _items_besides(
    own: Set[str], catalogue: Catalogue, encoder: Encoder
) -> tuple[Snapshot, NDArray[np.int64]]:
    """The catalogue as it is, and the rows of the items that arrivals are compared with."""
    if encoder.id != catalogue.model_id:
        raise ModelMismatch(
            f"{catalogue.folder}: made by model {catalogue.model_id}, but this one is {encoder.id}; "
            f"take the one that made it, or index the photos into a new folder"
        )
    now = catalogue.snapshot
    items = np.array([row for row, id in enumerate(now.ids) if id not in own], np.int64)
    if len(items) < FEWEST_ITEMS:
        raise TooFewItems(
            f"{catalogue.folder}: {len(items)} items besides the new photos; at least {FEWEST_ITEMS} are "
            f"needed to know what is usual"
        )
    return now, items


def _near(members: Sequence[Arrival]) -> tuple[str, ...]:
    counts = Counter(each.nearest for each in members if each.nearest)
    return tuple(name for name, count in counts.most_common(NEAR_TYPES) if count >= NEAR_SHARE * len(members))


def _embed(
    listing: Listing, encoder: Encoder, progress: Progress
) -> tuple[list[int], NDArray[np.float32], list[Skipped]]:
    """The rows of the listing whose photos can be read, their vectors, and what was left out."""
    rows: list[int] = []
    vectors = [np.empty((0, encoder.dimension), np.float32)]
    skipped: list[Skipped] = []

    def read(name: str) -> NDArray[np.uint8] | PhotoError:
        try:
            return read_fitted(listing.source.read(name), encoder.preprocess)
        except PhotoError as error:
            return error

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="modiste-trends") as pool:
        for numbers in _portions(len(listing)):
            pixels = []
            names = [listing.photos[row] for row in numbers]
            for row, name, photo in zip(numbers, names, pool.map(read, names), strict=True):
                if isinstance(photo, PhotoError):
                    skipped.append(Skipped(name, BROKEN, str(photo)))
                else:
                    rows.append(row)
                    pixels.append(photo)
            if pixels:
                vectors.append(encoder.embed(np.stack(pixels)))
            progress(numbers[-1] + 1, len(listing), "embedding photos")
    return rows, np.concatenate(vectors), skipped


def _portions(count: int) -> Iterator[list[int]]:
    numbers = iter(range(count))
    while portion := list(islice(numbers, _AT_ONCE)):
        yield portion
