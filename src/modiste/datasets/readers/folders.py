"""Photos in folders and nothing else: a folder per class, or photos side by side."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import pandas as pd

from modiste.datasets.listing import NOT_A_PHOTO, Listing, Skipped
from modiste.datasets.source import PhotoSource
from modiste.photos import PHOTO_SUFFIXES

__all__ = ["read"]


def read(source: PhotoSource) -> Listing:
    """All photos of the source; other files are named in ``skipped``.

    Folders that only wrap everything (a zip's top folder) do not count. What is left of a photo's path,
    without its ending, is its id; the first folder in it is its class, given as ``articleType``. The file's
    name, with spaces for ``_`` and ``-``, is the photo's name.
    """
    photos = [name for name in source.names() if PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES]
    others = sorted(set(source.names()) - set(photos))
    wrapper = os.path.commonpath([name.rpartition("/")[0] for name in photos]) if photos else ""
    inside = [name[len(wrapper) + 1 :] if wrapper else name for name in photos]

    stems = [str(PurePosixPath(name).with_suffix("")) for name in inside]
    taken_twice = {stem for stem, count in pd.Series(stems, dtype=object).value_counts().items() if count > 1}
    ids = [name if stem in taken_twice else stem for name, stem in zip(inside, stems, strict=True)]
    table = pd.DataFrame(
        {
            "id": ids,
            "photo": photos,
            "name": [PurePosixPath(s).name.replace("_", " ").replace("-", " ").strip() for s in stems],
        },
        dtype=str,
    )
    classes = [name.split("/")[0] if "/" in name else "" for name in inside]
    if any(classes):
        table["articleType"] = classes
    skipped = tuple(Skipped(name, NOT_A_PHOTO) for name in others)
    return Listing(source, table, skipped, "class folders" if any(classes) else "photos")
