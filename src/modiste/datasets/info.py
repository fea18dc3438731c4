"""What a data set looks like, in figures: what ``modiste data info`` shows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from modiste.datasets.duplicates import groups_of
from modiste.datasets.listing import BROKEN, NO_ID, NO_PHOTO, NO_ROW, TWICE, Listing
from modiste.datasets.pixels import PhotosDone, PixelStore
from modiste.errors import PhotoError
from modiste.photos import read_header

__all__ = ["LEVELS", "balance", "describe"]

LEVELS = ("masterCategory", "subCategory", "articleType")


def describe(
    listings: Sequence[Listing], stores: Sequence[PixelStore] = (), *, progress: PhotosDone | None = None
) -> dict[str, Any]:
    """Figures over all listings, ready for JSON.

    ``photos`` (files found), ``rows`` (lines that describe one), ``missing`` (rows without a photo);
    ``skipped`` by reason, decoded ``stores`` included; ``levels`` with classes, balance and counts, most
    frequent first; ``sizes`` ("60x80"), ``odd_sizes`` (photos not of the commonest size), ``formats``,
    ``modes`` and ``broken``, from the files' headers alone, so that 40,000 photos take seconds;
    ``duplicates``: the ids of photos that are the same file byte for byte (``exact``), and how many groups
    and photos those are.
    """
    skipped = Counter(skip.reason for listing in listings for skip in listing.skipped)
    skipped.update(skip.reason for store in stores for skip in store.skipped)
    listed = sum(map(len, listings))
    table = pd.concat([listing.table for listing in listings], ignore_index=True).fillna("")

    sizes: Counter[str] = Counter()
    formats: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    broken: list[str] = []
    digests: dict[str, bytes] = {}
    seen = 0
    for listing in listings:
        for id, photo in zip(listing.ids, listing.photos, strict=True):
            try:
                content = listing.source.read(photo)
                kind, height, width, mode = read_header(content)
            except PhotoError as error:
                broken.append(f"{photo}: {error}")
            else:
                digests[id] = hashlib.blake2b(content, digest_size=16).digest()
                sizes[f"{width}x{height}"] += 1
                formats[kind] += 1
                modes[mode] += 1
            if progress is not None and (seen := seen + 1) % 500 in (0, listed % 500):
                progress(seen, listed)
    if not skipped[BROKEN]:
        skipped[BROKEN] = len(broken)
    exact = groups_of(digests)
    return {
        "photos": listed + skipped[NO_ROW],
        "rows": listed + skipped[NO_PHOTO] + skipped[NO_ID] + skipped[TWICE],
        "missing": skipped[NO_PHOTO],
        "skipped": {reason: count for reason, count in skipped.most_common() if count},
        "levels": {level: _level(table[level]) for level in LEVELS if level in table},
        "sizes": dict(sizes.most_common()),
        "odd_sizes": sizes.total() - max(sizes.values(), default=0),
        "formats": dict(formats.most_common()),
        "modes": dict(modes.most_common()),
        "broken": broken,
        "duplicates": {
            "exact_groups": len(exact),
            "exact_photos": sum(map(len, exact)),
            "exact": [list(group) for group in exact],
        },
    }


def balance(counts: Sequence[int]) -> float:
    """How evenly photos spread over classes: entropy / log(classes), 1 for even, 0 for a single class.

    >>> balance([5, 5, 5, 5]), round(balance([97, 1, 1, 1]), 3)
    (1.0, 0.121)
    """
    shares = np.array([count for count in counts if count > 0], float)
    if len(shares) < 2:
        return 0.0
    shares /= shares.sum()
    return float(-(shares * np.log(shares)).sum() / np.log(len(shares)))


def _level(labels: pd.Series[str]) -> dict[str, Any]:
    counts = Counter(label for label in labels if label)
    return {
        "classes": len(counts),
        "balance": round(balance(list(counts.values())), 4),
        "counts": dict(counts.most_common()),
        "unlabelled": len(labels) - counts.total(),
    }
