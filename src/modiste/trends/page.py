"""Trends as one HTML file that fetches nothing: every group with its photos, then the odd ones."""

from __future__ import annotations

import base64

from modiste.catalogue.items import displayable
from modiste.datasets.source import PhotoSource
from modiste.errors import PhotoError
from modiste.reports.contents import Gallery, Photo, Report, Row, Section
from modiste.reports.page import as_page
from modiste.trends.finding import Arrival, Group, Trends

__all__ = ["trends_page"]

OF_EACH_GROUP = 24
ODD = 60
_IN_A_ROW = 8
# 1 × 1 pixel, transparent: what stands for a photo that has gone meanwhile.
_NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def trends_page(trends: Trends, source: PhotoSource, title: str) -> str:
    """The whole page as text; ``source`` has the photos of the arrivals."""
    grouped = {each.id for group in trends.groups for each in group.arrivals}
    alone = [each for each in trends.new if each.id not in grouped]
    sections = [_group(number, group, source) for number, group in enumerate(trends.groups, 1)]
    if alone:
        text = f"{len(alone):,} photos that fit no known type and are in no group, the oddest first."
        sections.append(Section("alone", "One of a kind", [text, *_photos("alone", alone[:ODD], source)]))
    about = (
        f"{trends.arrivals:,} new photos against {trends.items:,} items: {len(trends.new):,} fit no known "
        f"type (of these at most {trends.false_discoveries:.0%} are ordinary, on average), "
        f"{len(trends.groups)} new groups."
    )
    return as_page(Report(title, about, [], sections))


def _group(number: int, group: Group, source: PhotoSource) -> Section:
    near = f"; known types that look most like them: {', '.join(group.near)}" if group.near else ""
    text = (
        f"{len(group.arrivals):,} photos{near}. Ordinary photos have a group like this with a probability of "
        f"at most {group.p_value:.2f}."
    )
    title = group.name or f"Group {number}"
    shown = group.arrivals[:OF_EACH_GROUP]
    return Section(f"group-{number}", title, [text, *_photos(f"group-{number}", shown, source)])


def _photos(name: str, arrivals: tuple[Arrival, ...] | list[Arrival], source: PhotoSource) -> list[Gallery]:
    photos = [_photo(each, source) for each in arrivals]
    rows = [Row("", photos[start : start + _IN_A_ROW]) for start in range(0, len(photos), _IN_A_ROW)]
    return [Gallery(name, "Photos", rows)]


def _photo(arrival: Arrival, source: PhotoSource) -> Photo:
    label = f"p = {arrival.p_value:.2g}"
    try:
        data, media_type = displayable(source.read(arrival.photo))
    except PhotoError:
        return Photo(_NOTHING, label, f"{arrival.name} (cannot be shown)")
    uri = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    return Photo(uri, label, arrival.name)
