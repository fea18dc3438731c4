"""Splits in which whole groups are new: train on all brands (or senders, or seasons) but one, test on it.

Photos of one brand share models, backgrounds and lighting; a random split lets a network recognise those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from modiste.datasets.splits import Split, Splits
from modiste.errors import DataError

__all__ = ["leave_one_group_out"]


def leave_one_group_out(
    split: Split, group_of: Mapping[str, str], *, at_least: int = 1, seed: int = 0
) -> Iterator[tuple[str, Splits]]:
    """Each group's name with splits that train on all the others, in the groups' order.

    ``group_of`` maps photo ids to groups, such as a dataset's table does:
    ``dict(zip(table["id"], table["brand"]))``; photos without one, or with "", are in no split. A group's own
    photos become ``main_support`` and ``main_test``, dealt in turn within each type, at random. Groups of
    fewer than ``at_least`` photos are trained on but never left out, and so is one whose photos are all of
    different types, as there is nothing to test. `DataError` when there are not two groups.
    """
    groups = np.array([group_of.get(photo, "") for photo in split.ids], dtype=object)
    names = sorted({group for group in groups if group})
    if len(names) < 2:
        raise DataError(f"leaving a group out needs two groups or more; the photos have {len(names)}")
    rng = np.random.default_rng(seed)
    for name in names:
        mine = rng.permutation(np.flatnonzero(groups == name))
        mine = mine[np.argsort(split.type_ids[mine], kind="stable")]
        _, first, sizes = np.unique(split.type_ids[mine], return_index=True, return_counts=True)
        turn = (np.arange(len(mine)) - np.repeat(first, sizes)) % 2
        if len(mine) >= at_least and turn.any():
            others = np.flatnonzero((groups != name) & (groups != ""))
            yield (
                name,
                Splits(
                    split.part(others),
                    main_support=split.part(mine[turn == 0]),
                    main_test=split.part(mine[turn == 1]),
                ),
            )
