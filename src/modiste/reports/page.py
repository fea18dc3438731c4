"""A report as one HTML page: nothing is fetched, every label is escaped, charts are inline SVG."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from modiste.figures import as_svg, new_figure
from modiste.reports.contents import Block, Chart, Gallery, Photo, Report, Row, Section, Table

__all__ = ["CHART_WIDTH", "as_page"]

CHART_WIDTH = 6.8  # inches

_IN_A_NARROW_ROW = 4  # photos
_NOTHING_IS_FETCHED = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def as_page(report: Report) -> str:
    """The whole page as text.

    >>> from modiste.reports.contents import Section
    >>> page = as_page(Report("Ties & belts", "a test", [Section("good", "How good", ["<b>"])]))
    >>> "<h1>Ties &amp; belts</h1>" in page, "&lt;b&gt;" in page
    (True, True)
    """
    style = files("modiste.reports").joinpath("page.css").read_text(encoding="utf-8")
    links = "".join(f'<a href="#{escape(each.key)}">{escape(each.title)}</a>' for each in report.sections)
    brief = "".join(
        f'<section class="answer"><h2>{escape(each.title)}</h2>'
        f"{_headline(each)}{''.join(map(_block, each.blocks))}</section>"
        for each in report.brief
    )
    sections = "".join(map(_section, report.sections))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_IS_FETCHED}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head>\n<body><main>"
        f"<header><h1>{escape(report.title)}</h1><p>{escape(report.about)}</p></header>\n"
        f'<div class="brief">{brief}</div>\n<nav aria-label="Sections">{links}</nav>\n'
        f"{sections}</main></body></html>\n"
    )


def _headline(section: Section) -> str:
    return f'<p class="headline">{escape(section.headline)}</p>' if section.headline else ""


def _section(section: Section) -> str:
    blocks = "\n".join(map(_block, section.blocks))
    return f'<section id="{escape(section.key)}"><h2>{escape(section.title)}</h2>\n{blocks}</section>\n'


def _block(block: Block) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    if isinstance(block, Chart):
        return _chart(block)
    if isinstance(block, Table):
        return _table(block)
    return _gallery(block)


def _chart(chart: Chart) -> str:
    figure = new_figure(CHART_WIDTH, chart.height)
    chart.draw(figure)
    drawn = as_svg(figure, chart.name).replace(
        "<svg", f'<svg role="img" aria-label="{escape(chart.title)}. {escape(chart.alt)}"', 1
    )
    title = escape(chart.title)
    return (
        f'<figure class="chart"><figcaption>{title}</figcaption>'
        f'<div class="wide" tabindex="0" role="group" aria-label="{title}">{drawn}</div></figure>'
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    rows = ""
    for at, (name, *values) in enumerate(table.rows):
        strong = ' class="strong"' if at == table.strong else ""
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        rows += f'<tr{strong}><th scope="row">{escape(name)}</th>{cells}</tr>'
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(table.title)}"><table>'
        f"<caption>{escape(table.title)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _gallery(gallery: Gallery) -> str:
    rows = "".join(map(_row, gallery.rows))
    many = max(len(row.photos) for row in gallery.rows) > _IN_A_NARROW_ROW
    kind = "gallery long" if many else "gallery"
    return (
        f'<figure class="{kind}"><figcaption>{escape(gallery.title)}</figcaption><div>{rows}</div></figure>'
    )


def _row(row: Row) -> str:
    photos = "".join(map(_photo, row.photos))
    kind = ' class="query"' if row.query else ""
    return f"<div{kind}><p>{escape(row.text)}</p><ul>{photos}</ul></div>"


def _photo(photo: Photo) -> str:
    label = f"<small>{escape(photo.label)}</small>" if photo.label else ""
    return f'<li><img src="{escape(photo.uri)}" alt="{escape(photo.alt)}" loading="lazy">{label}</li>'
