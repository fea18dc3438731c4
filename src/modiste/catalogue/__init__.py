"""What the shop has: photos, names and vectors in a folder on disk, searched in memory."""

from modiste.catalogue.exchange import export, import_items, reembed
from modiste.catalogue.filters import Condition
from modiste.catalogue.indexing import IndexReport, index
from modiste.catalogue.items import CatalogueItem
from modiste.catalogue.recognition import KnownType, TypeGuess, TypeRecogniser
from modiste.catalogue.search import Neighbours, nearest
from modiste.catalogue.snapshot import Snapshot
from modiste.catalogue.store import Catalogue, Version
from modiste.catalogue.types import NamedType, NamedTypes

__all__ = [
    "Catalogue",
    "CatalogueItem",
    "Condition",
    "IndexReport",
    "KnownType",
    "NamedType",
    "NamedTypes",
    "Neighbours",
    "Snapshot",
    "TypeGuess",
    "TypeRecogniser",
    "Version",
    "export",
    "import_items",
    "index",
    "nearest",
    "reembed",
]
