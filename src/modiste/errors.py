"""Everything Modiste raises on purpose, in one tree.

::

    ModisteError
    ├── PhotoError            bytes that are no usable photo, or exceed a limit
    ├── DataError             a dataset, table or split whose layout is not what was expected
    ├── RecipeError           a training recipe that does not exist or cannot work
    ├── ModelError            a model folder that is missing, damaged or of another format
    ├── CatalogueError        a catalogue that is missing, damaged or in use
    │   ├── ModelMismatch     a catalogue whose vectors another model made
    │   ├── TypeNameError     a name, or a number of photos, that no type can have
    │   └── NothingToRecognise no item has a type, and nobody has named one
    └── ServerError           a Modiste server that refuses, or cannot be reached

Messages are one line: what was expected, what came, what to do. The command line prints them as they
are and exits with 1; the HTTP API turns them into a 4xx.
"""

from __future__ import annotations

__all__ = [
    "CatalogueError",
    "DataError",
    "ModelError",
    "ModelMismatch",
    "ModisteError",
    "NothingToRecognise",
    "PhotoError",
    "RecipeError",
    "ServerError",
    "TypeNameError",
]


class ModisteError(Exception):
    """Base of all errors a caller may want to catch and show as they are."""


class PhotoError(ModisteError):
    """These bytes are no photo we can read, or the photo exceeds a limit."""


class DataError(ModisteError):
    """A dataset, table or split is missing or laid out differently from what was expected."""


class RecipeError(ModisteError):
    """No such training recipe, or one whose parts do not fit together."""


class ModelError(ModisteError):
    """A model folder is missing, damaged, or of a format this version cannot read."""


class CatalogueError(ModisteError):
    """A catalogue is missing, damaged, or cannot do what was asked."""


class ModelMismatch(CatalogueError):
    """The catalogue's vectors were made by another model than the one in hand."""


class TypeNameError(CatalogueError):
    """No type can be named so: by an empty or unprintable name, or by too few or too many photos."""


class NothingToRecognise(CatalogueError):
    """No item of the catalogue has a label that is its type, and nobody has named one."""


class TooFewItems(CatalogueError):
    """The catalogue has too few items to know what is usual, and so what is new."""


class ServerError(ModisteError):
    """A Modiste server refused, in its own words, or could not be reached: then ``status`` is None.

    ``request_id`` finds the request in the server's log.
    """

    def __init__(self, detail: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.request_id = request_id
