"""An inspection as one HTML file: it opens offline, loads nothing, and treats every label as text.

Photos are drawn into it at 80 × 60, a few per class, group and finding, so that it stays a few megabytes.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from PIL import Image

from modiste.cleaning.inspection import Inspection
from modiste.cleaning.sunburst import as_script_data, rings
from modiste.datasets import Dataset

__all__ = ["as_page"]

OF_EACH_CLASS = 8
GROUPS = 60
OF_EACH_GROUP = 6
FINDINGS = 120
LINES = 200
OPEN_BARS = 20
_QUALITY = 82
_LEAKS = {"id": "photos in both", "exact": "groups of copies", "near": "groups alike to the eye"}


def as_page(inspection: Inspection, title: str) -> str:
    """The whole page as text."""
    figures, dataset = inspection.figures, inspection.dataset
    photos = _Photos(dataset)
    sections = [
        ("Classes", _levels(figures["levels"])),
        ("Hierarchy", _hierarchy(dataset, list(figures["levels"]))),
        ("Sizes and kinds", _sizes(figures)),
        ("Missing and broken", _missing(figures)),
        ("Duplicates", _duplicates(inspection, photos)),
        ("Leakage", _leakage(figures.get("leakage"), photos)),
        ("Suspected label errors", _label_errors(figures.get("label_errors"), photos)),
        ("Odd photos", _odd(figures.get("odd_photos"), photos)),
        ("Photos of each class", _grids(dataset, figures["levels"], photos)),
    ]
    there = [(name, content) for name, content in sections if content]
    links = "".join(f'<li><a href="#{_anchor(name)}">{name}</a></li>' for name, _ in there)
    body = "".join(
        f'<section aria-labelledby="{_anchor(name)}"><h2 id="{_anchor(name)}">{name}</h2>{content}</section>'
        for name, content in there
    )
    room = files("modiste.cleaning")
    style, script = (room.joinpath(name).read_text("utf-8") for name in ("page.css", "sunburst.js"))
    allowed = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: what is in it</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>{_summary(figures)}"
        f'<nav aria-label="On this page"><ul>{links}</ul></nav></header>\n<main>{body}</main>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


class _Photos:
    """Photos of a dataset as ``<figure>``, by id; one that cannot be shown is a caption alone."""

    def __init__(self, dataset: Dataset) -> None:
        self._pixels = dataset.pixels
        self._row = {id: row for row, id in enumerate(dataset.ids)}
        self._name = dict(zip(dataset.ids, dataset.table["name"], strict=True))

    def figure(self, id: str, caption: str = "") -> str:
        shown = escape(caption or id)
        row = self._row.get(id)
        if row is None:
            return f"<li><figure><figcaption>{shown}</figcaption></figure></li>"
        file = io.BytesIO()
        Image.fromarray(np.asarray(self._pixels[row])).save(file, "JPEG", quality=_QUALITY)
        uri = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
        name = escape(self._name.get(id) or id, quote=True)
        return (
            f'<li><figure><img src="{uri}" alt="{name}" title="{name}" width="60" height="80" loading="lazy">'
            f"<figcaption>{shown}</figcaption></figure></li>"
        )

    def row(
        self, ids: Iterable[str], *, wide: bool = False, captions: Mapping[str, str] | None = None
    ) -> str:
        figures = "".join(self.figure(id, (captions or {}).get(id, "")) for id in ids)
        return f'<ul class="photos{" wide" if wide else ""}">{figures}</ul>'


def _summary(figures: Mapping[str, Any]) -> str:
    copies = figures["duplicates"]
    tiles: list[tuple[str, int]] = [
        ("photos", figures["photos"]),
        ("rows", figures["rows"]),
        ("rows without a photo", figures["missing"]),
        ("broken photos", len(figures["broken"])),
        ("groups of copies", copies["exact_groups"]),
        ("groups alike to the eye", copies["near_groups"]),
    ]
    if "leakage" in figures:
        tiles.append(("leaks between splits", len(figures["leakage"]["leaks"])))
    if "label_errors" in figures:
        tiles.append(("suspected label errors", len(figures["label_errors"])))
        tiles.append(("odd photos", len(figures["odd_photos"])))
    shown = "".join(f"<div><dt>{name}</dt><dd>{count:,}</dd></div>" for name, count in tiles)
    return f'<dl class="tiles">{shown}</dl>'


def _levels(levels: Mapping[str, Any]) -> str:
    parts = []
    for level, found in levels.items():
        counts = list(found["counts"].items())
        none = f", {found['unlabelled']:,} photos without a label" if found["unlabelled"] else ""
        parts.append(
            f"<h3>{escape(level)}</h3><p>{found['classes']:,} classes, balance {found['balance']:.3f}{none}. "
            '<span class="soft">Bars are logarithmic; balance is entropy over its maximum, 1 for even '
            f"classes.</span></p>{_bars(counts[:OPEN_BARS], counts, 'class')}"
        )
        if rest := counts[OPEN_BARS:]:
            parts.append(
                f"<details><summary>{len(rest)} more</summary>{_bars(rest, counts, 'class')}</details>"
            )
    return "".join(parts)


def _bars(shown: Sequence[tuple[str, int]], among: Sequence[tuple[str, int]], what: str) -> str:
    """Counts as bars whose length is the logarithm, on one scale with ``among``."""
    longest = math.log1p(max((count for _, count in among), default=1))
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        f'<td aria-hidden="true"><span class="bar"><i style="width:{100 * math.log1p(count) / longest:.1f}%">'
        f"</i></span></td><td>{count:,}</td></tr>"
        for name, count in shown
    )
    return f'<table class="bars" aria-label="Photos of each {what}"><tbody>{rows}</tbody></table>'


def _hierarchy(dataset: Dataset, levels: Sequence[str]) -> str:
    entries = rings(dataset.table, levels) if len(levels) > 1 else []
    if not entries:
        return ""
    return (
        "<p>Inside the category, outside what is in it. Choose a ring to see only that; the middle leads "
        "back. The same counts are in the tables above.</p>"
        '<svg id="sunburst" viewBox="-300 -300 600 600" role="group" '
        'aria-label="The hierarchy of labels as rings"></svg><p id="sunburst-said" aria-live="polite"></p>'
        f'<script type="application/json" id="rings">{as_script_data(entries)}</script>'
    )


def _sizes(figures: Mapping[str, Any]) -> str:
    parts = []
    for heading, key, what in (
        ("Sizes", "sizes", "size"),
        ("Colour modes", "modes", "mode"),
        ("Formats", "formats", "format"),
    ):
        counts = list(figures[key].items())
        if counts:
            more = (
                f'<p class="soft">and {len(counts) - OPEN_BARS:,} more</p>' if len(counts) > OPEN_BARS else ""
            )
            parts.append(f"<h3>{heading}</h3>{_bars(counts[:OPEN_BARS], counts, what)}{more}")
    return "".join(parts)


def _missing(figures: Mapping[str, Any]) -> str:
    reasons = "".join(f"<li>{escape(reason)}: {count:,}</li>" for reason, count in figures["skipped"].items())
    lines = [*figures["broken"], *figures["skipped_rows"]]
    if not lines and not reasons:
        return "<p>Every row has its photo, and every photo can be read.</p>"
    shown = "".join(f"<li>{escape(line)}</li>" for line in lines[:LINES])
    return (
        f"<ul>{reasons}</ul><details><summary>Which</summary><ul>{shown}</ul>{_more(lines, LINES)}</details>"
    )


def _duplicates(inspection: Inspection, photos: _Photos) -> str:
    found = inspection.figures["duplicates"]
    how = "hash, colours and vectors agree" if "encoder" in inspection.figures else "hash and colours agree"
    parts = [
        f"<p>{found['exact_photos']:,} photos are copies of another, byte for byte, in "
        f"{found['exact_groups']:,} groups. {found['near_photos']:,} are alike to the eye ({how}), in "
        f"{found['near_groups']:,} groups. Photos of a group belong on one side of a split.</p>"
    ]
    for heading, groups in (("Alike to the eye", inspection.near), ("The same file", inspection.exact)):
        if groups:
            largest = sorted(groups, key=len, reverse=True)[:GROUPS]
            shown = "".join(
                f'<div class="group">{photos.row(group[:OF_EACH_GROUP])}</div>' for group in largest
            )
            parts.append(
                f"<details><summary>{heading}: {len(groups):,} groups, the largest first</summary>{shown}"
                f"{_more(groups, GROUPS)}</details>"
            )
    return "".join(parts)


def _leakage(found: Mapping[str, Any] | None, photos: _Photos) -> str:
    if found is None:
        return ""
    parts = ", ".join(f"{escape(name)} ({count:,})" for name, count in found["parts"].items())
    if not found["leaks"]:
        return f"<p>Nothing is shared between {parts}.</p>"
    rows = "".join(
        f"<li>{escape(count['first'])} and {escape(count['second'])}: {count['groups']:,} "
        f"{_LEAKS[count['kind']]}</li>"
        for count in found["counts"]
    )
    shown = "".join(
        f'<div class="group"><small>{escape(leak["kind"])}: {escape(leak["first"])} and '
        f"{escape(leak['second'])}</small>{photos.row(leak['ids'][:OF_EACH_GROUP])}</div>"
        for leak in found["leaks"][:GROUPS]
    )
    return (
        f"<p>Between {parts}:</p><ul>{rows}</ul><details><summary>Which</summary>{shown}"
        f"{_more(found['leaks'], GROUPS)}</details>"
    )


def _label_errors(found: Sequence[Mapping[str, Any]] | None, photos: _Photos) -> str:
    if not found:
        return "" if found is None else "<p>None.</p>"
    shown = found[:FINDINGS]
    captions = {entry["id"]: f"{entry['label']} → {entry['looks_like']}?" for entry in shown}
    return (
        "<p>Their neighbours are of another class than they are; the surest first. A suspicion, not a "
        f"verdict: look before changing anything.</p>{photos.row(captions, wide=True, captions=captions)}"
        f"{_more(found, FINDINGS)}"
    )


def _odd(found: Sequence[Mapping[str, Any]] | None, photos: _Photos) -> str:
    if not found:
        return "" if found is None else "<p>None.</p>"
    return (
        "<p>Unlike all others, the oddest first: what is no product, and products there are few of.</p>"
        f"{photos.row([entry['id'] for entry in found[:FINDINGS]])}{_more(found, FINDINGS)}"
    )


def _grids(dataset: Dataset, levels: Mapping[str, Any], photos: _Photos) -> str:
    if not levels:
        return ""
    level = list(levels)[-1]
    ids = np.array(dataset.ids, object)
    rows_of = dataset.table.groupby(level).indices
    parts = []
    for name, count in levels[level]["counts"].items():
        rows = rows_of.get(name)
        if rows is not None:  # every photo of the class may be broken
            spread = rows[np.linspace(0, len(rows) - 1, min(OF_EACH_CLASS, len(rows))).astype(int)]
            parts.append(
                f"<details><summary>{escape(name)} <small>{count:,}</small></summary>"
                f"{photos.row(ids[spread].tolist())}</details>"
            )
    return f"<p>{escape(level)}, from the most frequent to the rarest.</p>{''.join(parts)}"


def _more(found: Sequence[Any], shown: int) -> str:
    rest = len(found) - shown
    return f'<p class="soft">and {rest:,} more; all are in the figures (--json)</p>' if rest > 0 else ""


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
