"""Every chart of a report, as a plain function: lists of numbers and labels drawn into a part of a figure.

They read on white and on dark pages, and in print. Colour never tells anything alone: classes also have a
mark of their own and their name beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modiste.figures import AMBER, BLUE, INK, SERIES, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

__all__ = [
    "bars",
    "class_map",
    "confusion_matrix",
    "error_against_coverage",
    "interval_dots",
    "learning_curve",
    "overlap_and_confusion",
    "precision_recall",
    "reliability",
]

MARKS = "os^Dv*PX<>"
LINES = ("-", "--", "-.", ":")
SMALL = 8
_NAMED_PAIRS = 3


def interval_dots(figure: FigureBase, rows: Sequence[tuple[str, float, Sequence[float]]], *, x: str) -> None:
    """A dot for each (label, share in [0, 1], interval or nothing), top to bottom, as percentages."""
    axes = figure.subplots()
    for at, (_, value, ends) in enumerate(rows):
        if len(ends) == 2:
            axes.plot([100 * end for end in ends], [at, at], color=BLUE, linewidth=2.2, alpha=0.55)
        axes.plot(100 * value, at, "o", color=BLUE, markersize=7)
        axes.annotate(
            f"{100 * value:.1f}",
            (100 * value, at),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            color=INK,
            fontsize=SMALL,
        )
    _rows_down(axes, [label for label, *_ in rows], x)


def bars(
    figure: FigureBase, rows: Sequence[tuple[str, float, str]], *, x: str, percent: bool = False
) -> None:
    """A bar for each (label, length, what to write behind it), top to bottom; to 100 if it is ``percent``."""
    full = 100 if percent else max(length for _, length, _ in rows)
    axes = figure.subplots()
    axes.barh(range(len(rows)), [length for _, length, _ in rows], color=BLUE, height=0.62)
    for at, (_, length, text) in enumerate(rows):
        axes.text(length + full / 100, at, _plain(text), va="center", color=INK, fontsize=SMALL)
    _rows_down(axes, [label for label, *_ in rows], x)
    axes.set_xlim(0, full * 1.35)  # room for the text behind the longest
    if percent:
        axes.set_xticks(range(0, 101, 20))


def error_against_coverage(
    figure: FigureBase,
    curve: Sequence[Sequence[float]],
    marked: Sequence[tuple[float, float, str]],
) -> None:
    """Points (coverage, error) as percentages, error on x and coverage on y; some of them with a text."""
    axes = figure.subplots()
    axes.plot([100 * error for _, error in curve], [100 * part for part, _ in curve], color=BLUE, linewidth=2)
    for at, (part, error, text) in enumerate(marked):
        axes.plot(100 * error, 100 * part, MARKS[at % len(MARKS)], color=AMBER, markersize=8, label=text)
    tidy(axes, x="error: wrong answers among those given, %", y="coverage: photos answered, %")
    axes.grid(axis="x", color=INK, alpha=0.25, linewidth=0.6)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 103)
    if marked:
        axes.legend(frameon=False, labelcolor=INK, fontsize=SMALL, loc="lower right")


def reliability(
    figure: FigureBase, series: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[int]]]
) -> None:
    """By name: mean confidence, share right and number of answers in each bin; the dotted line is ideal."""
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color=INK, linewidth=1, linestyle=":")
    for at, (name, (confidence, right, counts)) in enumerate(series.items()):
        filled = [bin for bin, count in enumerate(counts) if count]
        most = max(counts, default=1)
        x = [100 * confidence[bin] for bin in filled]
        y = [100 * right[bin] for bin in filled]
        colour = SERIES[at % len(SERIES)]
        axes.plot(x, y, LINES[at % len(LINES)], color=colour, linewidth=1.4, marker=MARKS[at], label=name)
        sizes = [10 + 110 * counts[bin] / most for bin in filled]
        axes.scatter(x, y, s=sizes, marker=MARKS[at], color=colour, alpha=0.35)
    tidy(axes, x="confidence, %", y="right, %")
    axes.set_xlim(0, 102)
    axes.set_ylim(0, 102)
    axes.legend(frameon=False, labelcolor=INK, fontsize=SMALL, loc="upper left")


def confusion_matrix(
    figure: FigureBase, labels: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]
) -> None:
    """Photos of the class of a row that were called the class of a column; shaded by the share of the row."""
    axes = figure.subplots()
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    from matplotlib.colors import LinearSegmentedColormap

    shade = LinearSegmentedColormap.from_list("blue", [(0.23, 0.5, 0.78, 0.0), (0.23, 0.5, 0.78, 0.85)])
    axes.pcolormesh(shares, cmap=shade, vmin=0, vmax=1, edgecolors=INK, linewidth=0.15)
    for row, numbers in enumerate(counts):
        for column, number in enumerate(numbers):
            if number:
                axes.text(
                    column + 0.5,
                    row + 0.5,
                    str(number),
                    ha="center",
                    va="center",
                    color=INK if shares[row][column] < 0.5 else "#ffffff",
                    fontsize=SMALL,
                )
    tidy(axes, x="called", y="is")
    axes.grid(visible=False)
    axes.invert_yaxis()
    axes.set_xticks(
        [at + 0.5 for at in range(len(columns))], [*map(_plain, columns)], rotation=40, ha="right"
    )
    axes.set_yticks([at + 0.5 for at in range(len(labels))], [*map(_plain, labels)])
    axes.tick_params(length=0)


def precision_recall(figure: FigureBase, curves: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """By name: points (recall, precision)."""
    axes = figure.subplots()
    for at, (name, points) in enumerate(curves.items()):
        axes.plot(
            [100 * recall for recall, _ in points],
            [100 * precision for _, precision in points],
            LINES[at % len(LINES)],
            marker=MARKS[at % len(MARKS)],
            markersize=4,
            color=SERIES[at % len(SERIES)],
            label=name,
        )
    tidy(axes, x="recall, %", y="precision, %")
    axes.set_xlim(0, 101)
    axes.set_ylim(0, 101)
    axes.legend(frameon=False, labelcolor=INK, fontsize=SMALL, loc="lower left")


def learning_curve(figure: FigureBase, history: Sequence[Mapping[str, float]]) -> None:
    """Rows with ``photos``, ``loss`` and ``rate``: the loss above, the learning rate below."""
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shown = [row["photos"] for row in history]
    losses.plot(shown, [row["loss"] for row in history], color=BLUE, linewidth=1.8)
    rates.plot(shown, [row["rate"] for row in history], color=AMBER, linewidth=1.8)
    tidy(losses, y="loss (running mean)")
    tidy(rates, x="photos shown", y="rate (of peak)")
    rates.set_ylim(0, 1.05)
    rates.set_xlim(0, shown[-1])
    rates.xaxis.set_major_formatter("{x:,.0f}")


def class_map(
    figure: FigureBase,
    labels: Sequence[str],
    classes: Sequence[int],
    points: Sequence[Sequence[float]],
    centroids: Sequence[Sequence[float]],
    frame: Sequence[float],
) -> None:
    """Points (x, y) with the place of each one's class in ``labels``, and the centroid of each class.

    ``frame`` (left, right, bottom, top) is what is shown, the same for maps to compare.
    """
    axes = figure.subplots()
    for at, label in enumerate(labels):
        own = [point for point, kind in zip(points, classes, strict=True) if kind == at]
        colour = SERIES[at % len(SERIES)]
        axes.plot(
            [x for x, _ in own],
            [y for _, y in own],
            MARKS[at % len(MARKS)],
            color=colour,
            markersize=3.5,
            alpha=0.6,
            markeredgewidth=0,
            label=_plain(label),
        )
    for at, (x, y) in enumerate(centroids):
        axes.plot(x, y, MARKS[at % len(MARKS)], color=SERIES[at % len(SERIES)], markersize=10, mec=INK)
        axes.annotate(
            _plain(labels[at]),
            (x, y),
            xytext=(7, 5),
            textcoords="offset points",
            color=INK,
            fontsize=9,
            weight="bold",
        )
    tidy(axes)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)  # its axes mean nothing
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlim(frame[0], frame[1])
    axes.set_ylim(frame[2], frame[3])
    axes.set_aspect("equal", adjustable="box")
    axes.legend(
        frameon=False,
        labelcolor=INK,
        fontsize=SMALL,
        loc="center left",
        bbox_to_anchor=(1, 0.5),
        markerscale=2,
    )


def overlap_and_confusion(figure: FigureBase, pairs: Sequence[tuple[str, str, float, float]]) -> None:
    """Pairs of classes: overlap in the map on x, share confused on y; the most confused have their names."""
    axes = figure.subplots()
    axes.plot([100 * x for _, _, x, _ in pairs], [100 * y for *_, y in pairs], "o", color=BLUE, alpha=0.7)
    for first, second, x, y in sorted(pairs, key=lambda pair: -pair[3])[:_NAMED_PAIRS]:
        if y:
            axes.annotate(
                _plain(f"{first} – {second}"),
                (100 * x, 100 * y),
                xytext=(5, 4),
                textcoords="offset points",
                color=INK,
                fontsize=SMALL,
            )
    tidy(axes, x="overlap in the map, %", y="one called the other, %")
    axes.set_xlim(left=min(-0.5, axes.get_xlim()[0]), right=max(5.0, 1.3 * axes.get_xlim()[1]))
    axes.set_ylim(bottom=-0.2)


def _plain(label: str) -> str:
    """A label that Matplotlib shows as it is: no pair of dollars makes a formula."""
    return label.replace("$", r"\$")


def _rows_down(axes: Axes, labels: Sequence[str], x: str) -> None:
    """Rows from top to bottom with these labels, and a grid to read values off."""
    tidy(axes, x=x)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=INK, alpha=0.25, linewidth=0.6)
    axes.set_yticks(range(len(labels)), [_plain(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.7)
