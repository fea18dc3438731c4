"""A report on paper: A4 pages in a PDF, and every chart and gallery as a PNG file of its own.

Pages are filled from the top: each block has a height, and one that does not fit begins the next page. Only
Matplotlib is needed.
"""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from modiste.figures import INK, as_png, new_figure
from modiste.reports.contents import Chart, Gallery, Photo, Report, Row, Table
from modiste.reports.page import CHART_WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase, SubFigure
    from PIL import Image

__all__ = ["draw_pictures", "write_pdf"]

PAGE = (8.27, 11.69)  # inches: A4
TOP, BOTTOM, LEFT = 0.7, 0.7, 0.75
WIDTH = PAGE[0] - 2 * LEFT
TEXT = "#1c1c1c"
POINT = 1 / 72
CHARACTERS = 100  # of body text in a line
ROWS_AT_ONCE = 24  # of a table before it is cut
PHOTO = (0.48, 0.64)  # inches
DOTS = 125  # pixels of a photo per inch: 60 of 80 pixels high as they are
GALLERY_ROW = 1.02
COLUMNS = 2


@dataclass(frozen=True)
class _Piece:
    """Something of a height in inches; ``keep`` stays with what follows it."""

    height: float
    draw: Callable[[SubFigure], None]
    keep: bool = False


def write_pdf(report: Report, path: Path) -> None:
    """Write the report as a PDF beside its place, then move it there."""
    from matplotlib.backends.backend_pdf import PdfPages

    beside = path.with_name(f".{path.name}.unfinished")
    try:
        with PdfPages(beside, metadata={"Title": report.title, "CreationDate": None}) as pdf:
            for pieces in _pages(list(_pieces(report))):
                figure = new_figure(*PAGE)
                figure.set_facecolor("white")
                figure.set_layout_engine("none")
                for piece, part in zip(pieces, _parts(figure, pieces), strict=True):
                    piece.draw(part)
                pdf.savefig(figure)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def draw_pictures(report: Report) -> Iterator[tuple[str, bytes]]:
    """Name and PNG of every chart and gallery, in order; names are made for files."""
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Chart):
                figure = new_figure(CHART_WIDTH, block.height)
                block.draw(figure)
                yield block.name, as_png(figure)
            elif isinstance(block, Gallery):
                lines = -(-len(block.rows) // COLUMNS)
                figure = new_figure(WIDTH, GALLERY_ROW * lines)
                figure.set_layout_engine("none")
                _draw_rows(figure, block.rows)
                yield block.name, as_png(figure)


def _parts(figure: Figure, pieces: Sequence[_Piece]) -> list[SubFigure]:
    """A part of the page for each piece, below one another."""
    from matplotlib.gridspec import GridSpec

    used = sum(piece.height for piece in pieces)
    spare = max(PAGE[1] - TOP - BOTTOM - used, 0.001)
    # Margins are rows and columns of their own: parts of a figure ignore those of a grid.
    heights = [TOP, *(piece.height for piece in pieces), spare, BOTTOM]
    widths = [LEFT, WIDTH, LEFT]
    grid = GridSpec(len(heights), len(widths), figure=figure, width_ratios=widths, height_ratios=heights)
    return [figure.add_subfigure(grid[at, 1], facecolor="none") for at in range(1, len(pieces) + 1)]


def _pages(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    room = PAGE[1] - TOP - BOTTOM
    page: list[_Piece] = []
    used = 0.0
    for at, piece in enumerate(pieces):
        needed = piece.height
        following = at
        while pieces[following].keep and following + 1 < len(pieces):
            following += 1
            needed += pieces[following].height
        if page and used + needed > room:
            yield page
            page, used = [], 0.0
        page.append(piece)
        used += piece.height
    if page:
        yield page


def _pieces(report: Report) -> Iterator[_Piece]:
    yield _text(report.title, size=20, bold=True)
    yield _text(report.about, size=9)
    for section in report.brief:
        yield _text(section.title, size=14, bold=True, above=0.15, keep=True)
        if section.headline:
            yield _text(section.headline, size=18, bold=True)
        for block in section.blocks:
            if isinstance(block, str):
                yield _text(block)
    for section in report.sections:
        yield _text(section.title, size=16, bold=True, above=0.35, keep=True)
        for block in section.blocks:
            if isinstance(block, str):
                yield _text(block)
            elif isinstance(block, Chart):
                yield _text(block.title, bold=True, above=0.12, keep=True)
                yield _Piece(block.height, partial(_draw_chart, chart=block))
            elif isinstance(block, Table):
                yield from _table(block)
            else:
                yield _text(block.title, bold=True, above=0.12, keep=True)
                lines = [block.rows[at : at + COLUMNS] for at in range(0, len(block.rows), COLUMNS)]
                for start in range(0, len(lines), 8):
                    rows = [row for line in lines[start : start + 8] for row in line]
                    yield _Piece(GALLERY_ROW * -(-len(rows) // COLUMNS), partial(_draw_rows, rows=rows))


def _draw_chart(part: SubFigure, chart: Chart) -> None:
    """A chart in its part of a page: laid out on its own, as the page is not."""
    scratch = new_figure(WIDTH, chart.height)
    chart.draw(scratch)
    scratch.draw_without_rendering()  # the layout engine places the axes
    places = [axes.get_position(original=False) for axes in scratch.axes]
    chart.draw(part)
    for axes, place in zip(part.axes, places, strict=True):
        axes.set_position(place)


def _text(
    text: str, *, size: float = 9.5, bold: bool = False, above: float = 0.0, keep: bool = False
) -> _Piece:
    wrapped = textwrap.wrap(text, int(CHARACTERS * 9.5 / size * (0.92 if bold else 1)))
    height = above + len(wrapped) * size * 1.35 * POINT + 0.06

    def draw(part: SubFigure) -> None:
        part.text(
            0,
            1 - above / height,
            "\n".join(wrapped),
            va="top",
            fontsize=size,
            weight="bold" if bold else "normal",
            color=TEXT,
            linespacing=1.2,
            parse_math=False,
        )

    return _Piece(height, draw, keep)


def _table(table: Table) -> Iterator[_Piece]:
    yield _text(table.title, bold=True, above=0.12, keep=True)
    rows = [list(row) for row in table.rows]
    lengths = [
        max(len(row[column]) for row in [list(table.head), *rows]) + 2 for column in range(len(table.head))
    ]
    starts = [sum(lengths[:column]) / max(sum(lengths), 70) for column in range(len(lengths))]
    size = min(9.0, 9.0 * 85 / max(sum(lengths), 1))
    line = 0.19
    for first in range(0, len(rows), ROWS_AT_ONCE):
        cut = rows[first : first + ROWS_AT_ONCE]
        shown = [list(table.head), *cut]

        def draw(part: SubFigure, shown: list[list[str]] = shown, first: int = first) -> None:
            for at, row in enumerate(shown):
                strong = at > 0 and first + at - 1 == table.strong
                for x, value in zip(starts, row, strict=True):
                    part.text(
                        x,
                        1 - (at + 0.5) / len(shown),
                        value,
                        va="center",
                        fontsize=size,
                        weight="bold" if strong else "normal",
                        color=TEXT if at else INK,
                        parse_math=False,
                    )

        yield _Piece(line * len(shown), draw)


def _draw_rows(part: FigureBase, rows: Sequence[Row]) -> None:
    """Rows of photos in two columns, from the left to the right and then down."""
    from PIL import Image

    height = GALLERY_ROW * -(-len(rows) // COLUMNS)
    axes = part.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    whole = Image.new(
        "RGBA", (round(WIDTH * DOTS), round(height * DOTS))
    )  # one picture draws faster than many
    for at, row in enumerate(rows):
        left = (at % COLUMNS) * WIDTH / COLUMNS
        top = (at // COLUMNS) * GALLERY_ROW
        room = WIDTH / COLUMNS - 0.1
        gap = 0.12 if row.query else 0.0
        step = min(PHOTO[0] + 0.04, (room - gap - PHOTO[0]) / max(len(row.photos) - 1, 1))
        axes.text(left, top + 0.1, row.text[:52], va="center", fontsize=7.5, color=INK, parse_math=False)
        for place, photo in enumerate(row.photos):
            x, y = left + place * step + (gap if place else 0), top + 0.18
            whole.paste(_decoded(photo), (round(x * DOTS), round(y * DOTS)))
            below = y + PHOTO[1] + 0.07
            axes.text(x, below, photo.label[:11], va="center", fontsize=4.8, color=INK, parse_math=False)
    axes.imshow(whole, extent=(0, WIDTH, height, 0), aspect="auto", interpolation="none")
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)


def _decoded(photo: Photo) -> Image.Image:
    """The thumbnail, on white so that every photo has one shape."""
    from PIL import Image, ImageOps

    image = Image.open(io.BytesIO(base64.b64decode(photo.uri.partition(",")[2]))).convert("RGB")
    return ImageOps.pad(image, (round(PHOTO[0] * DOTS), round(PHOTO[1] * DOTS)), color="white")
