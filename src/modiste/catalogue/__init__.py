"""What the shop has: photos, names and vectors in a folder on disk, searched in memory.

Names are loaded when they are first touched: a server needs no tables of photos, nor a search a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modiste.lazy import loaded_when_touched

if TYPE_CHECKING:
    from modiste.catalogue.exchange import export as export
    from modiste.catalogue.exchange import import_items as import_items
    from modiste.catalogue.exchange import reembed as reembed
    from modiste.catalogue.filters import Condition as Condition
    from modiste.catalogue.indexing import IndexReport as IndexReport
    from modiste.catalogue.indexing import index as index
    from modiste.catalogue.items import CatalogueItem as CatalogueItem
    from modiste.catalogue.recognition import KnownType as KnownType
    from modiste.catalogue.recognition import TypeGuess as TypeGuess
    from modiste.catalogue.recognition import TypeRecogniser as TypeRecogniser
    from modiste.catalogue.search import Neighbours as Neighbours
    from modiste.catalogue.search import nearest as nearest
    from modiste.catalogue.snapshot import Snapshot as Snapshot
    from modiste.catalogue.store import Catalogue as Catalogue
    from modiste.catalogue.store import Version as Version
    from modiste.catalogue.types import NamedType as NamedType
    from modiste.catalogue.types import NamedTypes as NamedTypes

_HOME_OF = {
    "Catalogue": "store",
    "CatalogueItem": "items",
    "Condition": "filters",
    "IndexReport": "indexing",
    "KnownType": "recognition",
    "NamedType": "types",
    "NamedTypes": "types",
    "Neighbours": "search",
    "Snapshot": "snapshot",
    "TypeGuess": "recognition",
    "TypeRecogniser": "recognition",
    "Version": "store",
    "export": "exchange",
    "import_items": "exchange",
    "index": "indexing",
    "nearest": "search",
    "reembed": "exchange",
}

__all__ = [*_HOME_OF]
__getattr__, __dir__ = loaded_when_touched(__name__, _HOME_OF)
