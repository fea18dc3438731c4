"""Which photos go into train, val and test: labels in proportion, what belongs together in one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modiste.errors import DataError

__all__ = ["SPLITS", "draw_splits", "given_splits", "reduce_to_top", "strata"]

SPLITS = ("train", "val", "test")

_SPELLINGS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
    "": "",
}


def given_splits(table: pd.DataFrame, column: str = "split") -> list[str] | None:
    """The table's own ``column`` as train, val, test or "" (in none); None if it has none or it is empty.

    Raises `DataError` for other words in it.

    >>> given_splits(pd.DataFrame({"split": ["Train", "valid", ""]}))
    ['train', 'val', '']
    """
    if column not in table or not table[column].str.strip().any():
        return None
    words = table[column].str.strip().str.lower()
    if unknown := sorted(set(words) - set(_SPELLINGS)):
        raise DataError(
            f"the column {column} says {unknown[0][:40]!r}; train, val or test was expected; correct it or "
            "have a new split drawn by saying how large the test set shall be"
        )
    return [_SPELLINGS[word] for word in words]


def reduce_to_top(table: pd.DataFrame, top: int) -> pd.DataFrame:
    """The rows of the ``top`` most frequent article types; if there are none, of the most frequent labels.

    In the second case rows keep only those of their labels. Of equally frequent ones the first by name stays.

    >>> reduce_to_top(pd.DataFrame({"articleType": ["Tee", "Tee", "Cape", ""]}), 1)["articleType"].tolist()
    ['Tee', 'Tee']
    """
    if top < 1:
        raise DataError(f"at least the 1 most frequent class can be kept, not {top}")
    if _has_types(table):
        kept = _most_frequent(table["articleType"], top)
        return table[table["articleType"].isin(kept)].reset_index(drop=True)
    if "labels" not in table:
        raise DataError("these photos have no labels, so none is the most frequent")
    kept = _most_frequent([label for labels in table["labels"] for label in labels], top)
    table = table.assign(labels=table["labels"].map(lambda labels: tuple(x for x in labels if x in kept)))
    return table[table["labels"].map(bool)].reset_index(drop=True)


def strata(table: pd.DataFrame) -> list[str]:
    """For each row what a split must hold in proportion: article type, or else rarest label; "" if none.

    Rare labels suffer most from an uneven split and common ones even out by themselves, which is why Sechidis
    et al. (2011, https://doi.org/10.1007/978-3-642-23808-6_10) start from the rarest, too.

    >>> strata(pd.DataFrame({"labels": [("hat", "shoe"), ("shoe",), ()]}))
    ['hat', 'shoe', '']
    """
    if _has_types(table):
        return list(table["articleType"])
    if "labels" not in table:
        return [""] * len(table)
    counts = Counter(label for labels in table["labels"] for label in labels)
    return [min(labels, key=lambda label: (counts[label], label), default="") for labels in table["labels"]]


def draw_splits(
    strata: Sequence[str],
    *,
    test: float,
    val: float = 0.0,
    seed: int = 0,
    together: Sequence[str] | None = None,
) -> list[str]:
    """train, val or test for each row; ``test`` and ``val`` are the shares of these two.

    Each stratum is shared out in that proportion, rounded, and leaves at least one row to learn from. Rows
    without a stratum are in no split (""), unless all are. Rows of equal ``together`` get the same split; the
    shares are then met as well as their sizes allow. Raises `DataError` for shares that leave nothing.

    >>> draw_splits(["a"] * 5, test=0.2).count("test")
    1
    """
    if not (0 <= test < 1 and 0 <= val < 1 and test + val < 1):
        raise DataError(
            f"shares from 0 to below 1, together below 1, expected; got test {test:g}, val {val:g}"
        )
    random = np.random.default_rng(seed)
    shares = {"train": 1 - test - val, "val": val, "test": test}
    labelled = any(strata)
    if together is None:
        splits = _by_stratum(np.array(strata, object), shares, random)
    else:
        splits = _by_group(strata, together, shares, random)
    return [split if stratum or not labelled else "" for split, stratum in zip(splits, strata, strict=True)]


def _by_stratum(
    strata: NDArray[np.object_], shares: dict[str, float], random: np.random.Generator
) -> list[str]:
    splits = np.full(len(strata), "train", object)
    for stratum in sorted(set(strata)):
        rows = random.permutation(np.flatnonzero(strata == stratum))
        begin = 0
        for split in ("test", "val"):
            wanted = int(len(rows) * shares[split] + 0.5)
            end = min(begin + wanted, len(rows) - 1)
            splits[rows[begin:end]] = split
            begin = end
    return [str(split) for split in splits]


def _by_group(
    strata: Sequence[str], together: Sequence[str], shares: dict[str, float], random: np.random.Generator
) -> list[str]:
    """Group after group, about by size, goes where its strata are still wanted most.

    Where ``wanted`` and ``have`` count rows by split and stratum, that minimises the growth of the squared
    misses, each stratum weighed by its size.
    """
    names = {name: column for column, name in enumerate(sorted(set(strata)))}
    groups = {group: row for row, group in enumerate(sorted(set(together)))}
    counts = np.zeros((len(groups), len(names)))
    for stratum, group in zip(strata, together, strict=True):
        counts[groups[group], names[stratum]] += 1
    if "" in names and len(names) > 1:
        counts[:, names[""]] = 0  # in no split, so in nobody's way
    totals = np.maximum(counts.sum(axis=0), 1)
    wanted = np.array([shares[split] for split in SPLITS])[:, None] * totals
    have = np.zeros_like(wanted)
    # Large groups first, as small ones fit anywhere; some disorder, so that another seed is another split.
    sizes = counts.sum(axis=1) * random.uniform(0.7, 1.3, len(groups))
    split_of = np.zeros(len(groups), int)
    for group in np.argsort(-sizes, kind="stable"):
        need = ((wanted - have) * counts[group] / totals).sum(axis=1)
        split_of[group] = int(need.argmax())
        have[split_of[group]] += counts[group]
    return [SPLITS[split_of[groups[group]]] for group in together]


def _has_types(table: pd.DataFrame) -> bool:
    return "articleType" in table and bool((table["articleType"] != "").any())


def _most_frequent(labels: Sequence[str] | pd.Series[str], top: int) -> set[str]:
    counts = Counter(label for label in labels if label)
    return set(sorted(counts, key=lambda label: (-counts[label], label))[:top])
