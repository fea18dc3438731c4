"""The same photo twice: byte for byte, or alike to the eye; and whether that leaks from training into a test.

Near duplicates are found in two steps. A *perceptual hash* (the signs of a photo's lowest frequencies, see
C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010) gathers candidates in
seconds. It sees shapes only, and catalogue photos share them: every black T-shirt has nearly the hash of a
red one. So a candidate must also agree in *colour, place by place*, on a small thumbnail; on average is not
enough, as most of a catalogue photo is white. What is left is the same picture saved again, resized, or made
a little lighter; not the same product from another side, nor in another colour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leak", "groups_of", "hash_photos", "joined", "leaks_between", "near_pairs", "without_leaks"]

HASH_BITS = 6
"""Hashes of 63 bits may differ in this many. As each has half its bits set, they differ in an even number."""
DIFFERENCE = 10.0
"""All but one in a hundred of a thumbnail's cells may differ by this much, of 255, in any colour.

Found by looking at catalogue photos of 60 × 80: pairs up to 8 are the same picture, but for lipsticks of all
but one shade; beyond 12 there are sandals in two colours. Of 510 of these photos saved again, all are found
when resized, 93 % as JPEG of quality 90, 61 % of quality 75, which changes so small a photo visibly.
"""

_BLOCK = 4  # pixels of a thumbnail's cell
_FREQUENCIES = 8
_ROWS_AT_ONCE = 256
_PAIRS_AT_ONCE = 4096
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Group = tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """Photos of one group in two parts of a split; ``kind`` is "id" (the same row), "exact" or "near"."""

    kind: str
    first: str
    second: str
    ids: Group


def groups_of(keys: Mapping[str, Hashable]) -> list[Group]:
    """The ids that share a key (a hash of a file's bytes), in groups of two or more, in order.

    >>> groups_of({"1": b"a", "2": b"b", "3": b"a"})
    [('1', '3')]
    """
    by_key: defaultdict[Hashable, list[str]] = defaultdict(list)
    for id, key in keys.items():
        by_key[key].append(id)
    return [tuple(ids) for ids in by_key.values() if len(ids) > 1]


def joined(*parts: Iterable[Sequence[str]]) -> list[Group]:
    """Groups that share an id become one; the ids of each in the order of their first mention.

    >>> joined([("1", "2")], [("2", "3"), ("4", "5")])
    [('1', '2', '3'), ('4', '5')]
    """
    parent: dict[str, str] = {}

    def root(id: str) -> str:
        while (above := parent.setdefault(id, id)) != id:
            parent[id] = parent[above]
            id = parent[id]
        return id

    for groups in parts:
        for group in groups:
            first = root(group[0])
            for id in group[1:]:
                parent[root(id)] = first
    return groups_of({id: root(id) for id in list(parent)})


def hash_photos(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Photos (N, H, W, 3) → perceptual hashes (N,) and thumbnails (N, H // 4, W // 4, 3) in 0–255.

    ``ValueError`` when the photos are smaller than 32 × 32.
    """
    n, height, width = pixels.shape[:3]
    rows, columns = height // _BLOCK, width // _BLOCK
    if min(rows, columns) < _FREQUENCIES:
        raise ValueError(f"expected photos of at least 32 × 32 pixels; got {height} × {width}")
    thumbnails = np.empty((n, rows, columns, 3), np.float32)
    for start in range(0, n, 1024):
        part = pixels[start : start + 1024, : rows * _BLOCK, : columns * _BLOCK]
        # Sums along one axis at a time are several times faster than a mean over both.
        cells = part.reshape(len(part), rows, _BLOCK, columns * _BLOCK, 3).sum(axis=2, dtype=np.uint16)
        cells = cells.reshape(len(part), rows, columns, _BLOCK, 3).sum(axis=3, dtype=np.uint16)
        thumbnails[start : start + 1024] = cells
    thumbnails /= _BLOCK * _BLOCK
    waves = _cosines(rows) @ (thumbnails @ _LUMA) @ _cosines(columns).T
    lowest = waves.reshape(n, _FREQUENCIES**2)[:, 1:]  # the first is the mean brightness
    bits = np.zeros((n, 64), np.bool_)
    bits[:, :-1] = lowest > np.median(lowest, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0], thumbnails


def near_pairs(
    pixels: NDArray[np.uint8],
    *,
    bits: int = HASH_BITS,
    difference: float = DIFFERENCE,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.int64]:
    """Rows (P, 2) of photos (N, H, W, 3) that look the same, the earlier first; exact duplicates among them.

    Every pair is compared: 40,000 photos take some ten seconds on one core.

    >>> photo = np.random.default_rng(0).integers(0, 256, (80, 60, 3), np.uint8)
    >>> lighter, mirrored = np.clip(photo, 2, 255), photo[:, ::-1]
    >>> near_pairs(np.stack([photo, mirrored, lighter])).tolist()
    [[0, 2]]
    """
    hashes, thumbnails = hash_photos(pixels)
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(hashes), _ROWS_AT_ONCE):
        part = hashes[start : start + _ROWS_AT_ONCE]
        distances = np.bitwise_count(part[:, None] ^ hashes[None, start:])
        first, second = np.nonzero(distances <= bits)
        later = second > first
        found.append(_agreeing(thumbnails, first[later] + start, second[later] + start, difference))
        if progress is not None:
            progress(start + len(part), len(hashes))
    return np.concatenate(found)


def leaks_between(
    parts: Mapping[str, Iterable[str]], exact: Iterable[Group] = (), near: Iterable[Group] = ()
) -> list[Leak]:
    """What two parts of a split (name → ids) share: rows, the same files, photos alike to the eye.

    A near group whose photos in the two parts are copies of one file is not told twice.

    >>> leaks = leaks_between({"train": ["1", "2"], "test": ["3"]}, exact=[("1", "3")])
    >>> [(leak.kind, leak.first, leak.second, leak.ids) for leak in leaks]
    [('exact', 'train', 'test', ('1', '3'))]
    """
    members = {name: set(ids) for name, ids in parts.items()}
    exact = list(exact)
    copy_of = {id: number for number, group in enumerate(exact) for id in group}
    leaks: list[Leak] = []
    for first, second in combinations(members, 2):
        here, there = members[first], members[second]
        leaks += (Leak("id", first, second, (id,)) for id in sorted(here & there))
        for kind, groups in (("exact", exact), ("near", near)):
            for group in groups:
                ours = [id for id in group if id in here]
                theirs = [id for id in group if id in there and id not in here]
                if not ours or not theirs:
                    continue
                if kind == "near" and len({copy_of.get(id, id) for id in (*ours, *theirs)}) == 1:
                    continue
                leaks.append(Leak(kind, first, second, (*ours, *theirs)))
    return leaks


def without_leaks(
    parts: Mapping[str, Sequence[str]], groups: Iterable[Group]
) -> tuple[dict[str, list[str]], int]:
    """The parts with every group in one of them alone, and how many photos were taken out for it.

    ``parts`` go from what is learned from to what is tested on: of a group that spans several, the photos in
    the last of these stay, as a test must not change, and those in earlier ones are taken out.

    >>> without_leaks({"train": ["1", "2"], "test": ["3"]}, [("1", "3")])
    ({'train': ['2'], 'test': ['3']}, 1)
    """
    at = {name: position for position, name in enumerate(parts)}
    group_of = {id: number for number, group in enumerate(groups) for id in group}
    last: dict[Hashable, int] = {}
    for name, ids in parts.items():
        for id in ids:
            last[group_of.get(id, id)] = at[name]
    kept = {name: [id for id in ids if last[group_of.get(id, id)] == at[name]] for name, ids in parts.items()}
    return kept, sum(map(len, parts.values())) - sum(map(len, kept.values()))


def _agreeing(
    thumbnails: NDArray[np.float32], first: NDArray[np.int64], second: NDArray[np.int64], difference: float
) -> NDArray[np.int64]:
    """Those of the pairs (first, second) whose thumbnails agree; see `DIFFERENCE`."""
    cells = thumbnails.shape[1] * thumbnails.shape[2]
    place = cells - 1 - cells // 100
    chosen = [np.zeros(0, np.int64)]
    for start in range(0, len(first), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        gaps = np.abs(thumbnails[first[part]] - thumbnails[second[part]])
        few = np.flatnonzero(gaps.mean(axis=(1, 2, 3)) <= difference)  # most go here, before sorting
        worst = np.partition(gaps[few].max(axis=3).reshape(len(few), cells), place, axis=1)[:, place]
        chosen.append(start + few[worst <= difference])
    at = np.concatenate(chosen)
    return np.stack([first[at], second[at]], axis=1)


def _cosines(size: int) -> NDArray[np.float32]:
    """The 8 lowest frequencies (8, size) of the discrete cosine transform."""
    waves = np.cos(np.pi / size * np.outer(np.arange(_FREQUENCIES), np.arange(size) + 0.5))
    return waves.astype(np.float32)
