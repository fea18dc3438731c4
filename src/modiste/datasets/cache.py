"""Where what can be made again is kept from one run to the next."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_dir

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The environment variable MODISTE_CACHE, or the user's cache folder."""
    return Path(os.environ.get("MODISTE_CACHE") or user_cache_dir("modiste"))
