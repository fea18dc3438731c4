"""Photos and labels → one `Dataset`: a table, its pixels, and what was left out and why.

::

    source.py    a folder or a zip, read in place
    listing.py   what is in it: one table row per photo          readers/  one file per layout
    pixels.py    every photo decoded once, memory-mapped
    dataset.py   both together, of several sources if need be
    prepared.py  any layout → one folder                         partition.py  who is in train, val and test
    fetch.py     data sets from their publishers
    links.py     photos by their addresses, once fetched          download.py  fetching them
    splits.py    which photos to learn from and which to test on
    groups.py    the same, with whole groups left out
    labels.py    the classes a model knows
    info.py      what a data set looks like, in figures; duplicates.py  the same photo twice
    refining.py  one class per photo, by a recipe;       label_map.py   classes renamed and merged
    drawn/       a made-up shop to try everything on

Names are loaded when they are first touched: a model needs `Labels`, but no tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modiste.lazy import loaded_when_touched

if TYPE_CHECKING:
    from modiste.datasets.dataset import Dataset as Dataset
    from modiste.datasets.dataset import dataset_of as dataset_of
    from modiste.datasets.dataset import open_dataset as open_dataset
    from modiste.datasets.drawn import draw_sample as draw_sample
    from modiste.datasets.groups import leave_one_group_out as leave_one_group_out
    from modiste.datasets.info import describe as describe
    from modiste.datasets.labels import Labels as Labels
    from modiste.datasets.listing import Listing as Listing
    from modiste.datasets.listing import Skipped as Skipped
    from modiste.datasets.listing import open_listing as open_listing
    from modiste.datasets.listing import open_listings as open_listings
    from modiste.datasets.pixels import PhotosDone as PhotosDone
    from modiste.datasets.pixels import PixelStore as PixelStore
    from modiste.datasets.pixels import load_pixels as load_pixels
    from modiste.datasets.prepared import Prepared as Prepared
    from modiste.datasets.prepared import prepare as prepare
    from modiste.datasets.source import FolderSource as FolderSource
    from modiste.datasets.source import PhotoSource as PhotoSource
    from modiste.datasets.source import ZipSource as ZipSource
    from modiste.datasets.source import open_source as open_source
    from modiste.datasets.splits import Split as Split
    from modiste.datasets.splits import Splits as Splits
    from modiste.datasets.splits import read_split as read_split
    from modiste.datasets.splits import read_splits as read_splits

_HOME_OF = {
    "Dataset": "dataset",
    "FolderSource": "source",
    "Labels": "labels",
    "Listing": "listing",
    "PhotoSource": "source",
    "PixelStore": "pixels",
    "PhotosDone": "pixels",
    "Prepared": "prepared",
    "Skipped": "listing",
    "Split": "splits",
    "Splits": "splits",
    "ZipSource": "source",
    "dataset_of": "dataset",
    "describe": "info",
    "draw_sample": "drawn",
    "leave_one_group_out": "groups",
    "load_pixels": "pixels",
    "open_dataset": "dataset",
    "open_listing": "listing",
    "open_listings": "listing",
    "open_source": "source",
    "prepare": "prepared",
    "read_split": "splits",
    "read_splits": "splits",
}

__all__ = [*_HOME_OF]
__getattr__, __dir__ = loaded_when_touched(__name__, _HOME_OF)
