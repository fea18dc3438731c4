"""A table of attributes: ``attributes.csv`` with a column of photos and one for each group of attributes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pandas as pd

from modiste.datasets.listing import Listing
from modiste.datasets.readers import table
from modiste.datasets.source import PhotoSource

__all__ = ["knows", "read"]

# A column with more values than this (a price, a remark) is no group of attributes.
_MOST_VALUES = 100
_NO_GROUPS = frozenset(("id", "photo", "name", "articleType", "split", "labels", "sender_id"))


def knows(source: PhotoSource, table_name: str) -> bool:
    """Whether the table is called ``attributes``, whatever its kind."""
    return PurePosixPath(table_name).stem.lower() == "attributes"


def read(source: PhotoSource, table_name: str) -> Listing:
    """What `table.read` finds, and in ``labels`` each photo's attributes as ``group:value``; "" is none.

    A group is any column but those of ids, names and splits that has at most 100 different values.
    """
    listing = table.read(source, table_name)
    found = listing.table
    groups = [
        column for column in found if column not in _NO_GROUPS and found[column].nunique() <= _MOST_VALUES
    ]
    labels = [
        tuple(f"{group}:{value}" for group, value in zip(groups, values, strict=True) if value)
        for values in zip(*(found[group].str.strip() for group in groups), strict=True)
    ]
    if not labels or "labels" in found:  # a table that says itself what its labels are
        return listing
    return replace(listing, table=found.assign(labels=pd.Series(labels, dtype=object)), layout="attributes")
