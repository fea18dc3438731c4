"""What the shop has: photos, names and vectors in a folder on disk, searched in memory."""

from modiste.catalogue.indexing import IndexReport, index
from modiste.catalogue.items import CatalogueItem
from modiste.catalogue.search import Neighbours, nearest
from modiste.catalogue.snapshot import Snapshot
from modiste.catalogue.store import Catalogue

__all__ = ["Catalogue", "CatalogueItem", "IndexReport", "Neighbours", "Snapshot", "index", "nearest"]
