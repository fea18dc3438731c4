"""How drawn figures look, and how they become PNG files.

One look for all of them: no background, in colours that read on white and on dark pages alike (a contrast
of at least 4 with both, WCAG 2.2, https://www.w3.org/TR/WCAG22/#contrast-minimum).

Only Matplotlib's objects are used, never pyplot, which chooses a backend for the whole process and keeps
every figure alive. Matplotlib is imported when the first figure is drawn: serving draws none.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["AMBER", "BLUE", "INK", "SERIES", "as_png", "as_svg", "new_figure", "tidy"]

INK = "#777d86"  # text and axes
BLUE = "#3a7fc8"
AMBER = "#b8691c"
SERIES = (BLUE, AMBER, "#1f9180", "#b8559a", "#7d6fd0")  # of several; each also needs a mark of its own
DOTS_PER_INCH = 150


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, whose parts make room for each other's labels.

    >>> new_figure(6, 4).get_size_inches().tolist()
    [6.0, 4.0]
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained", facecolor="none")


def tidy(axes: Axes, *, x: str = "", y: str = "") -> None:
    """Label the axes, take away what says nothing, and put the rest in one quiet colour."""
    axes.set_facecolor("none")
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.tick_params(which="both", colors=INK, labelsize=9)
    axes.grid(axis="y", color=INK, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)


def as_png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file.

    >>> as_png(new_figure(1, 1))[:4]
    b'\\x89PNG'
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    file = io.BytesIO()
    FigureCanvasAgg(figure).print_png(file)  # type: ignore[no-untyped-call]
    return file.getvalue()


def as_svg(figure: Figure, name: str) -> str:
    """The figure as an ``svg`` element to put into a page: text is text, in the colour of the page's.

    ``name`` keeps apart what several figures of one page refer to. The same figure gives the same text.

    >>> as_svg(new_figure(1, 1), "empty")[:4]
    '<svg'
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None})  # type: ignore[no-untyped-call]
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # figure_1, axes_1: every figure has them
    return text.replace(INK, "currentColor").strip()
