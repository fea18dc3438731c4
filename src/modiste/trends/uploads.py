"""Photos as open files → trends: for servers, which have no folder of arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import BinaryIO

import numpy as np

from modiste.catalogue import Catalogue
from modiste.datasets.listing import BROKEN, Skipped
from modiste.embedding import Encoder, embed_photo
from modiste.errors import PhotoError
from modiste.trends.finding import Trends, trends_among

__all__ = ["find_uploaded_trends"]


def find_uploaded_trends(
    catalogue: Catalogue, encoder: Encoder, photos: Sequence[tuple[str, BinaryIO]]
) -> Trends:
    """Which of the ``photos``, names of files and the files themselves, the catalogue has no type for.

    The ``id`` of an arrival, and the name of one that was skipped, is its place among the photos: "0", "1" …
    Its name is that of its file, as in a folder of photos. One photo is decoded at a time.

    Raises as `modiste.trends.find_trends`.
    """
    arrivals, vectors = [], [np.empty((0, encoder.dimension), np.float32)]
    skipped = []
    for place, (name, file) in enumerate(photos):
        try:
            vectors.append(embed_photo(encoder, file.read()))
        except PhotoError as error:
            skipped.append(Skipped(str(place), BROKEN, str(error)))
        else:
            words = PurePath(name).stem.replace("_", " ").replace("-", " ").strip()
            arrivals.append((str(place), name, words))
    return trends_among(arrivals, np.concatenate(vectors), catalogue, encoder, skipped=skipped)
