"""Which settings of a recipe are best: trial after trial, judged on training photos alone.

A search varies some fields of a recipe (`SPACE`), trains a network by each variation and keeps everything
in a folder, so that a killed search goes on where it was. Neither test photos nor new types take part.
"""

from __future__ import annotations

from modiste.tune.results import Study, Trial, summary
from modiste.tune.score import Score, score_recipe
from modiste.tune.space import SPACE, choose_space
from modiste.tune.study import search, tune

__all__ = ["SPACE", "Score", "Study", "Trial", "choose_space", "score_recipe", "search", "summary", "tune"]
