"""A class for photos that have none, from those that have one: the support set is the data set itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset
from modiste.datasets.refining import UNKNOWN, Refined
from modiste.embedding import Encoder
from modiste.progress import Progress, silent
from modiste.support_set import SupportMethod, score

__all__ = ["embed_rows", "name_unknown"]

METHOD = SupportMethod("lda")
OF_EACH_CLASS = 200  # photos to compare with: enough for a mean, and few enough for seconds
_AT_ONCE = 1024


def name_unknown(
    refined: Refined, dataset: Dataset, encoder: Encoder, *, seed: int = 0, progress: Progress = silent
) -> int:
    """Give the *Unknown* rows of ``refined`` the class their photo looks like, in place; how many got one.

    Up to 200 photos of each class, drawn with ``seed``, are the support set, read by LDA. Only classes taken
    from the hierarchy take part: a class by name is itself a guess. ``class_from`` becomes "model",
    ``class_score`` the posterior, which is not calibrated. Rows whose photo is not in the data stay Unknown.
    """
    table = refined.table
    row_of = {id: row for row, id in enumerate(dataset.ids)}
    there = table["id"].isin(row_of.keys())
    asked = table.index[there & (table["class"] == UNKNOWN)]
    known = table[there & ~table["class_from"].isin(["name", "unmatched"])]
    if not len(asked) or not len(known):
        return 0
    rng = np.random.default_rng(seed)
    drawn = np.sort(
        np.concatenate(
            [
                rng.permutation(rows)[:OF_EACH_CLASS]
                for _, rows in sorted(known.groupby("class").indices.items())
            ]
        )
    )
    support = known.iloc[drawn]
    rows = np.array([row_of[id] for id in [*table.loc[asked, "id"], *support["id"]]], np.int64)
    vectors = embed_rows(encoder, dataset, rows, progress)
    found = score(vectors[: len(asked)], vectors[len(asked) :], support["class"].to_numpy(str), METHOD)
    table.loc[asked, "class"] = found.best().tolist()
    table.loc[asked, "class_from"] = "model"
    table.loc[asked, "class_score"] = [f"{share:.3f}" for share in found.values.max(axis=1)]
    return len(asked)


def embed_rows(
    encoder: Encoder, dataset: Dataset, rows: NDArray[np.int64], progress: Progress = silent
) -> NDArray[np.float32]:
    """The vectors (n, D) of the photos in these rows of a dataset fitted for the encoder."""
    made = np.zeros((len(rows), encoder.dimension), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        made[start : start + len(part)] = encoder.embed(dataset.pixels[part])
        progress(start + len(part), len(rows), "embedding photos")
    return made
