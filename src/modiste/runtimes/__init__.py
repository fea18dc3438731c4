"""Other engines than PyTorch for the way from photos to vectors, and which of them is fastest here.

Names are loaded when they are first touched: an engine is to run without PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modiste.lazy import loaded_when_touched

if TYPE_CHECKING:
    from modiste.runtimes.choice import RUNTIMES as RUNTIMES
    from modiste.runtimes.choice import load_with_runtime as load_with_runtime
    from modiste.runtimes.choice import with_runtime as with_runtime
    from modiste.runtimes.exported import EQUAL as EQUAL
    from modiste.runtimes.exported import Exported as Exported
    from modiste.runtimes.exported import export as export
    from modiste.runtimes.exported import read_exported as read_exported
    from modiste.runtimes.serving import ServedModel as ServedModel
    from modiste.runtimes.serving import load_to_serve as load_to_serve

_HOME_OF = {
    "EQUAL": "exported",
    "RUNTIMES": "choice",
    "Exported": "exported",
    "ServedModel": "serving",
    "export": "exported",
    "load_to_serve": "serving",
    "load_with_runtime": "choice",
    "read_exported": "exported",
    "with_runtime": "choice",
}

__all__ = [*_HOME_OF]
__getattr__, __dir__ = loaded_when_touched(__name__, _HOME_OF)
