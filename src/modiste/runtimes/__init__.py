"""Other engines than PyTorch for the way from photos to vectors, and which of them is fastest here."""

from modiste.runtimes.choice import RUNTIMES, with_runtime
from modiste.runtimes.exported import EQUAL, Exported, export, read_exported

__all__ = ["EQUAL", "RUNTIMES", "Exported", "export", "read_exported", "with_runtime"]
