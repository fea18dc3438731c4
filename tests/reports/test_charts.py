"""Charts: what they draw is what they are given, and it reads on light and on dark pages."""

from __future__ import annotations

import matplotlib.colors
import pytest

from modiste.figures import INK, SERIES, as_svg, new_figure
from modiste.reports import charts

WHITE, DARK = "#ffffff", "#161312"


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in matplotlib.colors.to_rgb(colour)
    ]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


@pytest.mark.parametrize("colour", [INK, *SERIES])
@pytest.mark.parametrize("paper", [WHITE, DARK])
def test_colours_stand_out_on_both_papers(colour: str, paper: str) -> None:
    """3 : 1 is what WCAG 2.2 asks of graphics (1.4.11)."""
    low, high = sorted((luminance(colour), luminance(paper)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_classes_of_one_colour_have_marks_of_their_own() -> None:
    looks = {(SERIES[at % len(SERIES)], charts.MARKS[at % len(charts.MARKS)]) for at in range(10)}
    assert len(looks) == len(set(charts.MARKS)) == 10


def test_error_is_on_x_and_coverage_on_y() -> None:
    figure = new_figure(6, 4)
    charts.error_against_coverage(figure, [[0.5, 0.01], [1.0, 0.2]], [(0.5, 0.01, "own")])
    [axes] = figure.axes
    line, mark = axes.lines
    assert line.get_xydata().tolist() == [[1, 50], [20, 100]]
    assert mark.get_xydata().tolist() == [[1, 50]]
    assert "error" in axes.get_xlabel()


def test_bars_and_dots_are_as_long_as_they_say() -> None:
    figure = new_figure(6, 4)
    charts.bars(figure, [("a", 80, "x"), ("b", 20, "y")], x="F1, %", percent=True)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [80, 20]
    figure = new_figure(6, 4)
    charts.interval_dots(figure, [("a", 0.5, [0.25, 0.75]), ("b", 0.25, [])], x="accuracy")
    assert [line.get_xdata().tolist() for line in figure.axes[0].lines] == [[25, 75], [50], [25]]


def test_empty_bins_are_no_points() -> None:
    figure = new_figure(6, 4)
    charts.reliability(figure, {"one": ([0.0, 0.5, 0.9], [0.0, 0.4, 1.0], [0, 3, 7])})
    ideal, line = figure.axes[0].lines
    assert ideal.get_xydata().tolist() == [[0, 0], [100, 100]]
    assert line.get_xydata().tolist() == [[50, 40], [90, 100]]


def test_a_matrix_says_how_many() -> None:
    figure = new_figure(4, 4)
    charts.confusion_matrix(figure, ["a", "b"], ["a", "b", "another"], [[5, 0, 1], [2, 0, 0]])
    assert [text.get_text() for text in figure.axes[0].texts] == ["5", "1", "2"]


def test_a_label_is_no_formula() -> None:
    figure = new_figure(4, 4)
    charts.bars(figure, [("$x^2$", 80, "$y$")], x="F1, %")
    drawn = as_svg(figure, "labels")
    assert "$x^2$" in drawn
    assert "$y$" in drawn
