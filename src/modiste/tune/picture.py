"""A study as a picture: how the best score grew, and the scores over each field that was varied."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from modiste.figures import AMBER, BLUE, INK, as_png, new_figure, tidy
from modiste.tune.results import Study
from modiste.tune.space import Range

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_study"]

COLUMNS = 4
SHOWN_BELOW = 3.0  # trials further below the best than this many times the median are drawn at the edge


def draw_study(study: Study) -> bytes:
    """A PNG: the scores in the order of the trials, and below them over the values of each field.

    The best trial is amber; the dotted line is the score of the recipe itself (above) and the value it has
    (below). Scores far below the rest are triangles at the lower edge. ``ValueError`` without trials.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    if not study.trials:
        raise ValueError("expected a study with at least one trial, got none")
    scores = [trial.score.mean for trial in study.trials]
    floor = _floor(scores)
    columns = min(COLUMNS, len(study.space))
    rows = math.ceil(len(study.space) / columns)
    figure = new_figure(10, 3 + 2.1 * rows)
    places = figure.add_gridspec(1 + rows, columns, height_ratios=[3] + [2.1] * rows)
    room = 0.06 * (max(scores) - floor) or 0.01

    history = figure.add_subplot(places[0, :])
    numbers = list(range(len(scores)))
    leading = [max(scores[: number + 1]) for number in numbers]
    history.step(numbers, leading, where="post", color=AMBER, linewidth=1.6, label="best so far")
    history.axhline(scores[0], color=INK, linewidth=0.9, linestyle=":", label="the recipe itself")
    _dots(history, numbers, scores, study.best, floor)
    tidy(history, x="trial", y="score (mean balanced accuracy)")
    history.set_xlim(-0.5, max(len(scores), 2) - 0.5)
    history.xaxis.set_major_locator(MaxNLocator(integer=True))
    history.legend(frameon=False, labelcolor=INK, fontsize=9, loc="lower right")
    title = f"{len(scores)} trials from {study.recipe.name}, seed {study.seed}, {study.photos:,} photos"
    history.set_title(title, color=INK, fontsize=11, loc="left")

    for place, name in enumerate(study.space):
        axes = figure.add_subplot(places[1 + place // columns, place % columns])
        row = study.space[name]
        draws = [trial.draws[name] for trial in study.trials]
        axes.axvline(draws[0], color=INK, linewidth=0.9, linestyle=":")
        _dots(axes, draws, scores, study.best, floor)
        tidy(axes, x=name, y="" if place % columns else "score")
        if isinstance(row, Range) and row.log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlim(row.low / 1.2, row.high * 1.2)
        elif isinstance(row, Range):
            side = 0.05 * (row.high - row.low)
            axes.set_xlim(row.low - side, row.high + side)
        else:
            axes.set_xticks(range(len(row.names)), row.names)
            axes.set_xlim(-0.5, len(row.names) - 0.5)
        axes.tick_params(labelsize=8)
    for axes in figure.axes:
        axes.set_ylim(floor - room, max(scores) + room)
    return as_png(figure)


def _dots(axes: Axes, x: list[float] | list[int], scores: list[float], best: int, floor: float) -> None:
    inside = [at for at, score in enumerate(scores) if score >= floor and at != best]
    outside = [at for at, score in enumerate(scores) if score < floor]
    axes.scatter(
        [x[at] for at in inside], [scores[at] for at in inside], s=14, color=BLUE, alpha=0.8, zorder=3
    )
    axes.scatter([x[at] for at in outside], [floor] * len(outside), s=14, color=BLUE, marker="v", zorder=3)
    axes.scatter([x[best]], [scores[best]], s=40, color=AMBER, zorder=4)


def _floor(scores: list[float]) -> float:
    """The score below which trials would only squeeze the others together."""
    best, median = max(scores), sorted(scores)[len(scores) // 2]
    return max(min(scores), best - SHOWN_BELOW * (best - median)) if best > median else min(scores)
