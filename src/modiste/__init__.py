"""Modiste: learn what fashion items look like, keep a catalogue, recommend only when confident.

The names below are the whole public surface for everyday use; each is loaded when it is first touched, so
``import modiste`` costs nothing.

>>> import modiste
>>> "load_model" in dir(modiste)
True
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue as Catalogue
    from modiste.catalogue import index as index
    from modiste.client import Client as Client
    from modiste.datasets import draw_sample as draw_sample
    from modiste.datasets import open_dataset as open_dataset
    from modiste.datasets import open_listing as open_listing
    from modiste.datasets.targets import read_targets as read_targets
    from modiste.errors import ModisteError as ModisteError
    from modiste.evaluation import evaluate as evaluate
    from modiste.label_model import load_label_model as load_label_model
    from modiste.label_model import soft_vote as soft_vote
    from modiste.learn import learn as learn
    from modiste.learn_labels import learn_labels as learn_labels
    from modiste.model_folder import load_model as load_model
    from modiste.photos import read_photo as read_photo
    from modiste.recommendation import build_recommender as build_recommender

_HOME_OF = {
    "Catalogue": "modiste.catalogue",
    "Client": "modiste.client",
    "ModisteError": "modiste.errors",
    "build_recommender": "modiste.recommendation",
    "draw_sample": "modiste.datasets",
    "evaluate": "modiste.evaluation",
    "index": "modiste.catalogue",
    "learn": "modiste.learn",
    "learn_labels": "modiste.learn_labels",
    "load_label_model": "modiste.label_model",
    "load_model": "modiste.model_folder",
    "open_dataset": "modiste.datasets",
    "open_listing": "modiste.datasets",
    "read_photo": "modiste.photos",
    "read_targets": "modiste.datasets.targets",
    "soft_vote": "modiste.label_model",
}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'modiste' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Public(ModuleType):
    """``modiste.learn`` stays the function, also once the module of that name is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Public
